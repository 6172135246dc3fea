"""Columns: which column of a file is which field of the village table, and in which unit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from liancun_geo.decisions import HeaderDecision, Replay
from liancun_geo.errors import Fault, Where, error, warning
from liancun_geo.intake.ledgers.cells import as_found, is_missing
from liancun_geo.intake.ledgers.column_units import unit_of_column
from liancun_geo.intake.ledgers.headers import (
    SEPARATOR,
    Levels,
    Said,
    aliases,
    alike,
    look_up,
    normalised,
    year_of,
)
from liancun_geo.intake.ledgers.raw import Column, Part, RawTable, header_decision
from liancun_geo.messages import Listing
from liancun_geo.villages import FIELDS

__all__ = [
    "Column",
    "RawTable",
    "aliases",
    "count_recognised",
    "ignored_headers",
    "is_recognisable",
    "known_headers",
    "map_headers",
    "missing_named",
    "normalised",
]

_TOWNSHIP_ENDS: Final = ("镇", "乡", "街道", "办事处", "苏木")
_MOSTLY: Final = 0.9
"""Share of the filled cells of a column that must end like a township; totals do not."""
_OTHER_POPULATION: Final = {
    "population_registered_persons": "population_resident_persons",
    "population_resident_persons": "population_registered_persons",
}


def known_headers() -> Mapping[str, str]:
    """Return every known header, normalised -> field."""
    sure, fallback = aliases()
    return {**fallback, **sure}


def is_recognisable(headers: Sequence[object], named: Mapping[str, str]) -> bool:
    """Tell whether a row of cells is a header row: it names a code or a name column."""
    found = _fields_of([_text_of(cell) for cell in headers], named).values()
    return any(said.field in ("code", "name") for said in found)


def count_recognised(headers: Sequence[object], named: Mapping[str, str]) -> int:
    """Return how many cells of a row are known headers."""
    return len(_fields_of([_text_of(cell) for cell in headers], named))


def recognised(levels: Sequence[Levels], named: Mapping[str, str]) -> dict[int, Said]:
    """Return position -> what a header says, for the headers of several rows."""
    return _fields_of(levels, named)


def _text_of(cell: object) -> Levels:
    return ("" if is_missing(cell) else str(cell).strip(),)


def _fields_of(levels: Sequence[Levels], named: Mapping[str, str]) -> dict[int, Said]:
    """Return position -> field of the known headers; fallbacks where no sure header claims it."""
    chosen: dict[int, Said] = {}
    wanted = {normalised(header.replace(SEPARATOR, "")): f for f, header in named.items()}
    for position, texts in enumerate(levels):
        field = wanted.get(normalised("".join(texts)))
        if field is not None and any(texts):
            chosen[position] = Said(field, "sure")
    settled = {said.field for said in chosen.values()}
    known = {p: said for p, texts in enumerate(levels) if (said := look_up(texts)) is not None}
    for ways in (("sure", "listed", "named"), ("fallback",), ("part",)):
        found = {
            position: said
            for position, said in known.items()
            if position not in chosen and said.how in ways and said.field not in settled
        }
        chosen.update(found)
        settled.update(said.field for said in found.values())
    return chosen


def map_headers(
    table: RawTable, named: Mapping[str, str], *, replay: Replay = Replay()
) -> tuple[dict[str, Column], list[Fault]]:
    """Map the headers of a table to fields.

    A header named in the settings wins over every alias for its field. A header that two
    columns share, or two headers of one field, is a fault; a unit that does not measure what
    the field holds is one too; an assumed unit and a header that only resembles a known one are
    questions. The decisions that settle them are proposed with them.

    Parameters
    ----------
    table
        Sheet or layer.
    named
        Field -> header, from ``settings.fields``.
    replay
        Decisions on headers and units.

    Returns
    -------
    columns, faults
        Field -> column for the fields without fault, in the order of
        :data:`~liancun_geo.villages.FIELDS`; errors and warnings.
    """
    known, decided = _decided(table, _fields_of(_levels(table), named), replay)
    by_field: dict[str, list[int]] = {}
    for position, said in sorted(known.items()):
        if said.how != "part":
            by_field.setdefault(said.field, []).append(position)
    faults: list[Fault] = []
    columns: dict[str, Column] = {}
    for field in FIELDS:
        positions = by_field.get(field, [])
        if not positions:
            continue
        listed = [known[position].how in ("listed", "named") for position in positions]
        if len(positions) > 1 and not all(listed):
            faults.append(_ambiguous(table, field, positions))
            continue
        header = table.headers[positions[0]]
        faults.extend(_taken_for(table, header, known[positions[0]], field in named))
        unit, stated, note = unit_of_column(table, field, positions[0], field in named, replay)
        if note is not None:
            faults.append(note)
        if note is None or note.severity == "warning":
            parts = _parts(table, positions, known) if any(listed) else ()
            columns[field] = Column(field, positions[0], header, unit, parts, unit_known=stated)
    faults.extend(_resembling(table, known, set(by_field), decided))
    income = columns.get("collective_income_wan_yuan")
    year = None if income is None else year_of(table.levels_of(income.position))
    if income is not None and year is not None and "collective_income_year" not in by_field:
        name = "collective_income_year"
        columns[name] = Column(name, income.position, income.header, None, year=year)
    return {field: columns[field] for field in FIELDS if field in columns}, faults


def _taken_for(table: RawTable, header: str, said: Said, is_named: bool) -> Iterator[Fault]:
    """Yield what a planner should know of a header that does not say its field by itself."""
    label = FIELDS[said.field]
    if said.how == "fallback" and not is_named:
        yield _assumed(table, header, said.field)
    if said.how == "values":
        where = table.where(header=header)
        fault = warning("ledger.header_by_values", where, zh=label.zh, en=label.en)
        ways = (header_decision(table, header, name) for name in (said.field, ""))
        yield fault.proposing(*ways)
    if said.how == "cut":
        params = {"field": said.field, "zh": label.zh, "en": label.en}
        yield warning("layers.header_completed", table.where(header=header), **params)


def ignored_headers(
    table: RawTable, named: Mapping[str, str], *, replay: Replay = Replay()
) -> list[str]:
    """Return the headers of a table that are no field of the village table."""
    known, decided = _decided(table, _fields_of(_levels(table), named), replay)
    taken = {said.field for said in known.values() if said.how != "part"}
    asked = set(_asked(table, known, taken, decided))
    return [
        as_found(header)
        for position, header in enumerate(table.headers)
        if position not in known and position not in asked and normalised(header)
    ]


def missing_named(
    tables: Sequence[RawTable], named: Mapping[str, str], where: Where
) -> list[Fault]:
    """Return a fault for each header the settings name that no table has."""
    existing = [header for table in tables for header in table.headers]
    present = {normalised(header.replace(SEPARATOR, "")) for header in existing}
    present |= {normalised("".join(texts)) for table in tables for texts in table.levels}
    listed = Listing(dict.fromkeys(as_found(header) for header in existing if header))
    return [
        error("intake.header_missing", where, field=field, header=header, headers=listed)
        for field, header in named.items()
        if normalised(header.replace(SEPARATOR, "")) not in present
    ]


def _levels(table: RawTable) -> list[Levels]:
    return [table.levels_of(position) for position in range(len(table.headers))]


def _decided(
    table: RawTable, known: Mapping[int, Said], replay: Replay
) -> tuple[dict[int, Said], set[int]]:
    """Return position -> field as decided, and the positions that were decided on.

    A decision wins over every other column of its field that was not decided on.
    """
    chosen = dict(known)
    decided: set[int] = set()
    for position, header in enumerate(table.headers):
        decision = replay.of_column(HeaderDecision, table.where(header=header)) if header else None
        if decision is None:
            continue
        decided.add(position)
        chosen.pop(position, None)
        if decision.field:
            chosen = {p: s for p, s in chosen.items() if p in decided or s.field != decision.field}
            before = known.get(position)
            kept = before is not None and before.field == decision.field and before.how
            how = kept if kept in ("listed", "named") else "sure"
            chosen[position] = Said(decision.field, how)
    taken = {said.field for said in chosen.values()}
    for position, header in enumerate(table.headers):
        free = [field for field in table.cut.get(header, ()) if field not in taken]
        if position not in chosen and position not in decided and len(free) == 1:
            chosen[position] = Said(free[0], "cut")
    if not taken & {"township", "township_code", "code"}:
        towns = [
            position
            for position in range(len(table.headers))
            if position not in chosen
            and position not in decided
            and _holds_townships(table, position)
        ]
        if len(towns) == 1:
            chosen[towns[0]] = Said("township", "values")
    return chosen, decided


def _holds_townships(table: RawTable, position: int) -> bool:
    """Tell whether the cells of a column read as names of townships, whatever its header says.

    Without the township no name of a village is certain, so that every row would be asked about.
    """
    if table.cells.empty or not normalised(table.headers[position]):
        return False
    texts = [str(cell).strip() for cell in table.cells.iloc[:, position] if not is_missing(cell)]
    named = [text for text in texts if text.endswith(_TOWNSHIP_ENDS) and 2 <= len(text) <= 12]
    return len(named) >= 2 and len(named) >= _MOSTLY * len(texts)


def _parts(
    table: RawTable, positions: Sequence[int], known: Mapping[int, Said]
) -> tuple[Part, ...]:
    return tuple(
        Part(p, table.levels_of(p)[-1] if known[p].how == "named" else None) for p in positions
    )


def _ambiguous(table: RawTable, field: str, positions: Sequence[int]) -> Fault:
    """Ask which of several columns is the field: the latest year first, then the fullest."""
    label = FIELDS[field]

    def rank(position: int) -> tuple[int, int, int]:
        year = year_of(table.levels_of(position)) or 0
        filled = 0 if table.cells.empty else int(table.cells.iloc[:, position].notna().sum())
        return -year, -filled, position

    ranked = sorted(positions, key=rank)
    headers = [table.headers[position] for position in ranked]
    cells = [table.where(header=table.headers[position]).cell for position in positions]
    shown = {
        "headers": Listing(f"“{as_found(table.headers[p])}”" for p in positions),
        "field": field,
        "zh": label.zh,
        "en": label.en,
    }
    texts = {normalised("".join(table.levels_of(position))) for position in positions}
    if len(texts) == 1:
        shown["cells"] = Listing(cell for cell in cells if cell)
        fault = error("ledger.headers_identical", table.where(), **shown)
    elif len({year_of(table.levels_of(position)) for position in positions}) == len(positions):
        fault = error("ledger.headers_of_years", table.where(), **shown)
    else:
        fault = error("intake.headers_ambiguous", table.where(), **shown)
    return fault.proposing(*(header_decision(table, header, field) for header in headers))


def _assumed(table: RawTable, header: str, field: str) -> Fault:
    label = FIELDS[field]
    where = table.where(header=header)
    fault = warning("intake.header_assumed", where, field=field, zh=label.zh, en=label.en)
    other = _OTHER_POPULATION.get(field)
    if other is None or header.isascii():
        # Registered and resident are kept apart in Chinese ledgers only.
        return fault
    fields = (field, other, "")
    return fault.proposing(*(header_decision(table, header, name) for name in fields))


def _asked(
    table: RawTable, known: Mapping[int, Said], taken: set[str], decided: set[int]
) -> dict[int, list[str]]:
    """Return position -> fields that a header may mean and no other column is."""
    asked: dict[int, list[str]] = {}
    for position, header in enumerate(table.headers):
        said = known.get(position)
        if position in decided or not header or (said is not None and said.how != "part"):
            continue
        likely = table.cut.get(header) or alike(table.levels_of(position))
        fields = [name for name in likely if name not in taken]
        if fields:
            asked[position] = fields
    return asked


def _resembling(
    table: RawTable, known: Mapping[int, Said], taken: set[str], decided: set[int]
) -> Iterable[Fault]:
    for position, fields in _asked(table, known, taken, decided).items():
        header, label = table.headers[position], FIELDS[fields[0]]
        key = "layers.header_cut_which" if header in table.cut else "ledger.header_resembles"
        fault = warning(key, table.where(header=header), zh=label.zh, en=label.en)
        yield fault.proposing(
            *(header_decision(table, header, name) for name in (*fields, "")),
        )

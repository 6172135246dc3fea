"""Headers: which column of a file is which field of the village table, and in which unit."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

import pandas as pd

from liancun_geo.decisions import HeaderDecision, Replay, UnitDecision
from liancun_geo.errors import Fault, Where, error, warning
from liancun_geo.units import Unit, parse_unit, unit_of_field
from liancun_geo.villages import FIELDS

_BRACKETED = re.compile(r"[(\[【〔{]([^)\]】〕}]*)[)\]】〕}]")
_YEAR = re.compile(r"^(19|20)\d{2}年?度?末?|(19|20)\d{2}年?度?末?$")
_YEAR_NOTE = re.compile(r"(截至|截止)?(19|20)\d{2}(年.*)?|年末|年底")
_WRITTEN_UNIT = re.compile(r"(?:单位)?(百万元|千元|万元|亿元|元|亩|公顷|平方米|平方公里|人|户)$")


@dataclass(frozen=True, slots=True)
class RawTable:
    """A sheet or a layer before its values are read.

    ``cells`` has one column a header, by position; ``rows`` holds the row of each record as the
    file shows it, from 1. ``units`` are those a title above the headers states.
    """

    file: str
    sheet: str | None
    headers: tuple[str, ...]
    cells: pd.DataFrame
    rows: tuple[int, ...]
    units: tuple[Unit, ...] = ()

    def where(self, record: int | None = None, header: str | None = None) -> Where:
        """Return the place of a record, of a column, or of a cell."""
        row = None if record is None else self.rows[record]
        return Where(file=self.file, sheet=self.sheet, row=row, field=header)


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a file that is a field of the village table."""

    field: str
    position: int
    header: str
    unit: Unit | None


@cache
def aliases() -> tuple[Mapping[str, str], Mapping[str, str]]:
    """Return normalised header -> field: the sure ones, and those used only failing a sure one."""
    file = resources.files(__package__) / "headers.toml"
    tables = tomllib.loads(file.read_text(encoding="utf-8"))
    sure: dict[str, str] = {}
    for name, field in FIELDS.items():
        for header in (name, field.zh, field.en, *tables["headers"].get(name, ())):
            sure[_bare(header)] = name
    fallback = {
        _bare(header): name for name, headers in tables["fallback"].items() for header in headers
    }
    return sure, fallback


def normalised(header: object) -> str:
    """Return a header as it is compared: NFKC, no white space, no case, no ``_`` and ``*``."""
    if header is None:
        return ""
    text = unicodedata.normalize("NFKC", str(header)).casefold()
    return "".join(text.split()).replace("_", "").strip("*:：")


def _bare(header: object) -> str:
    return _BRACKETED.sub("", normalised(header))


def is_recognisable(headers: Sequence[object], named: Mapping[str, str]) -> bool:
    """Tell whether a row of cells is a header row: it names a code or a name column."""
    return any(field in ("code", "name") for field in _fields_of(headers, named).values())


def count_recognised(headers: Sequence[object], named: Mapping[str, str]) -> int:
    """Return how many cells of a row are known headers."""
    return len(_fields_of(headers, named))


def _fields_of(headers: Sequence[object], named: Mapping[str, str]) -> dict[int, str]:
    """Return position -> field of the known headers; fallbacks where no sure header claims it."""
    chosen: dict[int, str] = {}
    wanted = {normalised(header): field for field, header in named.items()}
    exact = {str(header).strip(): field for field, header in named.items()}
    for position, header in enumerate(headers):
        field = exact.get(str(header).strip()) or wanted.get(normalised(header))
        if field is not None and normalised(header):
            chosen[position] = field
    settled = set(chosen.values())
    sure, fallback = aliases()
    for table in (sure, fallback):
        found = {
            position: field
            for position, header in enumerate(headers)
            if position not in chosen
            and (field := _lookup(header, table)) is not None
            and field not in settled
        }
        chosen.update(found)
        settled.update(found.values())
    return chosen


def _lookup(header: object, table: Mapping[str, str]) -> str | None:
    text = normalised(header)
    if not text:
        return None
    bare = _BRACKETED.sub("", text)
    for form in (text, bare, _YEAR.sub("", bare), _WRITTEN_UNIT.sub("", _YEAR.sub("", bare))):
        field = table.get(form)
        if field is not None:
            return field
    return None


def map_headers(
    table: RawTable, named: Mapping[str, str], *, replay: Replay = Replay()
) -> tuple[dict[str, Column], list[Fault]]:
    """Map the headers of a table to fields.

    A header named in the settings wins over every alias for its field. A header that two
    columns share, or two headers of one field, is a fault; a unit that does not measure what
    the field holds is one too; an assumed unit is a warning.

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
    faults: list[Fault] = []
    by_field: dict[str, list[int]] = {}
    known = _decided(table, _fields_of(table.headers, named), replay)
    for position, field in sorted(known.items()):
        by_field.setdefault(field, []).append(position)
    columns: dict[str, Column] = {}
    sure, _ = aliases()
    for field in FIELDS:
        positions = by_field.get(field, [])
        if len(positions) > 1:
            shown = "、".join(f"“{table.headers[position]}”" for position in positions)
            label = FIELDS[field]
            faults.append(
                error(
                    "intake.headers_ambiguous",
                    table.where(),
                    headers=shown,
                    field=field,
                    zh=label.zh,
                    en=label.en,
                )
            )
        if len(positions) != 1:
            continue
        header = table.headers[positions[0]]
        if field not in named and _lookup(header, sure) is None:
            where = table.where(header=header)
            label = FIELDS[field]
            faults.append(
                warning("intake.header_assumed", where, field=field, zh=label.zh, en=label.en)
            )
        decided = replay.of_column(UnitDecision, table.where(header=header))
        if decided is None:
            unit, note = _unit(table, field, header, believed=field in named)
        else:
            unit, note = parse_unit(decided.unit), None
        if note is not None:
            faults.append(note)
        if note is None or note.severity == "warning":
            columns[field] = Column(field, positions[0], header, unit)
    return columns, faults


def ignored_headers(
    table: RawTable, named: Mapping[str, str], *, replay: Replay = Replay()
) -> list[str]:
    """Return the headers of a table that are no field of the village table."""
    known = _decided(table, _fields_of(table.headers, named), replay)
    return [
        header
        for position, header in enumerate(table.headers)
        if position not in known and normalised(header)
    ]


def _decided(table: RawTable, known: Mapping[int, str], replay: Replay) -> dict[int, str]:
    """Return position -> field as decided: a decision wins over every other column."""
    chosen = dict(known)
    for position, header in enumerate(table.headers):
        decided = replay.of_column(HeaderDecision, table.where(header=header))
        if decided is None:
            continue
        chosen = {p: f for p, f in chosen.items() if p != position and f != decided.field}
        if decided.field:
            chosen[position] = decided.field
    return chosen


def missing_named(
    tables: Sequence[RawTable], named: Mapping[str, str], where: Where
) -> list[Fault]:
    """Return a fault for each header the settings name that no table has."""
    existing = [header for table in tables for header in table.headers]
    present = {normalised(header) for header in existing}
    listed = "、".join(dict.fromkeys(header for header in existing if normalised(header)))
    return [
        error("intake.header_missing", where, field=field, header=header, headers=listed)
        for field, header in named.items()
        if normalised(header) not in present
    ]


def _unit(
    table: RawTable, field: str, header: str, *, believed: bool
) -> tuple[Unit | None, Fault | None]:
    """Return the unit of a column, and what is wrong with it or assumed."""
    canonical = unit_of_field(field)
    if canonical is None:
        return None, None
    where = table.where(header=header)
    text = normalised(header)
    notes = [note for note in _BRACKETED.findall(text) if note]
    for note in notes:
        unit = parse_unit(note.removeprefix("单位").lstrip(":"))
        if unit is None and not believed and not _YEAR_NOTE.fullmatch(note):
            return None, error("intake.unit_unknown", where, unit=note, expected=canonical.name)
        if unit is not None and unit.dimension != canonical.dimension:
            return None, error("intake.unit_wrong", where, unit=note, expected=canonical.name)
        if unit is not None:
            return unit, None
    if text == normalised(field):
        return canonical, None
    written = _WRITTEN_UNIT.search(text)
    unit = parse_unit(written.group(1)) if written else None
    if unit is not None and unit.dimension == canonical.dimension:
        return unit, None
    for unit in table.units:
        if unit.dimension == canonical.dimension:
            return unit, None
    if canonical.dimension in ("persons", "households"):
        # A number of people without a unit can only be a number of people.
        return canonical, None
    return canonical, warning("intake.unit_assumed", where, unit=canonical.name)


def title_units(cells: Sequence[object]) -> tuple[Unit, ...]:
    """Return the units that a title row states, as in ``单位：万元、亩``."""
    units: dict[str, Unit] = {}
    for cell in cells:
        text = unicodedata.normalize("NFKC", str(cell)) if isinstance(cell, str) else ""
        found = re.search(r"单\s*位\s*:\s*([^()\s]+)", text)
        for part in re.split(r"[、,;/]", found.group(1)) if found else ():
            unit = parse_unit(part)
            if unit is not None:
                units[unit.name] = unit
    return tuple(units.values())

"""Columns to values: numbers, flags, lists, codes - or faults with their cells, never a guess."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np
import pandas as pd
from pandas.api.types import is_bool_dtype, is_numeric_dtype

from liancun_geo.decisions import CellsDecision, Replay, ValueDecision
from liancun_geo.errors import Fault, Where, error, warning
from liancun_geo.intake.ledgers.cells import (
    Bad,
    Quantity,
    Way,
    as_found,
    broken,
    is_missing,
    is_plain,
    parse_number,
    read_quantity,
)
from liancun_geo.intake.ledgers.column_units import units_of_rows
from liancun_geo.intake.ledgers.odd import Problem, column_faults, value_decision
from liancun_geo.intake.ledgers.raw import Column, Part, RawTable
from liancun_geo.intake.ledgers.totals import agreeing_either_way, reconcile
from liancun_geo.intake.ledgers.words import (
    Parser,
    flag_parser,
    found_text,
    is_plain_year,
    parse_code,
    parse_flag,
    parse_in_post,
    parse_tags,
    parse_text,
    parse_year,
)
from liancun_geo.messages import Listing
from liancun_geo.units import Unit, convert, unit_of_field
from liancun_geo.villages import FIELDS

__all__ = [
    "Bad",
    "found_text",
    "parse_code",
    "parse_flag",
    "parse_in_post",
    "parse_number",
    "parse_tags",
    "parse_text",
    "parse_year",
    "read_values",
]

# No village has a million million of anything; beyond, sums and whole numbers break.
_LARGEST_SENSIBLE: Final = 1e12
_MAY_BE_NEGATIVE: Final = {"collective_income_wan_yuan", "income_per_head_yuan"}
_CODES: Final = {"code", "township_code"}
_LISTED: Final = 5


def _parser(field: str) -> Parser:
    if field in _CODES:
        return parse_code
    if field == "secretary_in_post":
        return parse_in_post
    kind = FIELDS[field].kind
    if kind == "flag":
        return flag_parser(field)
    return {"text": parse_text, "year": parse_year, "tags": parse_tags}[kind]


def read_values(
    table: RawTable, columns: Mapping[str, Column], *, replay: Replay = Replay()
) -> tuple[pd.DataFrame, list[Fault]]:
    """Read the cells of the mapped columns.

    Parameters
    ----------
    table
        Sheet or layer; not changed.
    columns
        Field -> column.
    replay
        ``value`` decisions on single cells or on every cell of a column that reads alike, and
        ``cells`` decisions on odd numbers of a column.

    Returns
    -------
    values, faults
        One row a record in the order of the table, one column a delivered field: numbers
        float64 in the unit of the field, everything else object with None for missing. A cell
        with a fault is missing in ``values``. Rows of totals are compared with the figures.
    """
    faults: list[Fault] = []
    values: dict[str, pd.Series] = {}
    figures: dict[str, pd.Series] = {}
    for field in _identities_first(columns):
        column = columns[field]
        reader = _ColumnReader(table, column, replay, values)
        if FIELDS[field].kind == "number":
            reader.units = units_of_rows(table, columns, column, replay)
        if column.year is not None:
            continue
        read = reader.tags() if column.parts else reader.read()
        faults.extend(reader.faults())
        if FIELDS[field].kind == "number":
            beyond = [*_negative(reader, read), *_too_large(reader, read)]
            faults.extend(beyond)
            if any(fault.severity == "error" for fault in beyond):
                read = _sensible(field, read)
            elif not reader.problems:
                figures[field] = read
            unit, canonical = column.unit, unit_of_field(field)
            if unit is not None and canonical is not None and unit != canonical:
                read = pd.Series(convert(read, unit, canonical))
        values[field] = read
    for field, column in columns.items():
        if column.year is not None:
            known = values.get("collective_income_wan_yuan", pd.Series(dtype=np.float64))
            values[field] = known.notna().map({True: float(column.year), False: math.nan})
    towns = values["township"].tolist() if "township" in values else None
    told = reconcile(table, columns, figures, towns, _figure_of(table, replay))
    if table.whole is not None and any(fault.fixes for fault in told):
        # A total may be that of the rows as they stand in the file, or of those that are used.
        before = read_values(table.whole, columns, replay=replay)[1]
        told = agreeing_either_way(told, before)
    faults.extend(told)
    frame = pd.DataFrame({field: values[field] for field in FIELDS if field in values})
    return frame.reset_index(drop=True), faults


def _identities_first(fields: Iterable[str]) -> list[str]:
    """Names, then codes, then the rest: the faults of other cells can name the village."""
    names = ("name", "township")
    return sorted(
        fields, key=lambda field: (field not in (*_CODES, *names), field not in names, field)
    )


def _sensible(field: str, read: pd.Series) -> pd.Series:
    """Return figures without those that cannot be; missing in their place."""
    least = -np.inf if field in _MAY_BE_NEGATIVE else 0
    return read.where((read >= least) & (read.abs() <= _LARGEST_SENSIBLE))


def _figure_of(table: RawTable, replay: Replay) -> Callable[[Any, Column], float | Bad]:
    """Return what reads a figure in a row of totals as the column reads its own."""

    def figure(cell: Any, column: Column) -> float | Bad:
        found = broken(cell) or read_quantity(cell, column.unit)
        if isinstance(found, Bad):
            return found
        agreed = accepted_ways(replay, table.where(header=column.header))
        return found.value if set(found.ways) <= set(agreed) else Bad("intake.not_a_number")

    return figure


def accepted_ways(replay: Replay, where: Where) -> tuple[Way, ...]:
    """Return the ways of reading that were agreed to for a column, in the order of agreeing."""
    ways: dict[Way, None] = {}
    for decision in replay.decisions:
        if isinstance(decision, CellsDecision) and (
            decision.file,
            decision.sheet,
            decision.header,
        ) == (where.file, where.sheet, where.field):
            replay.use(decision)
            for way in decision.accept:
                if way != "from_above":
                    ways.pop(way, None)
                    ways[way] = None
    return tuple(ways)


class _ColumnReader:
    """Reads one column: each different cell once, problems kept for the faults."""

    def __init__(
        self,
        table: RawTable,
        column: Column,
        replay: Replay,
        identities: Mapping[str, pd.Series],
    ) -> None:
        self.table = table
        self.column = column
        self.replay = replay
        self.identities = identities
        self.place = table.where(header=column.header)
        self.problems: list[Problem] = []
        self.tidied: list[int] = []
        self.unit = column.unit
        self.units: dict[int, Unit] = {}
        """Unit of the records that are not in that of the column."""
        self.kind = FIELDS[column.field].kind
        self.ways = accepted_ways(replay, self.place) if self.kind == "number" else ()
        self.parse = self._number if self.kind == "number" else _parser(column.field)
        self.named, self.wide = self._decisions()

    def read(self) -> pd.Series:
        """Return the values of the column, missing where a cell has a problem."""
        cells = self.table.cells.iloc[:, self.column.position]
        plain = is_numeric_dtype(cells.dtype) and not is_bool_dtype(cells.dtype)
        decided_on = self.named or self.wide or self.units
        if self.kind == "number" and plain and not decided_on:
            numbers = cells.to_numpy(dtype=np.float64, na_value=np.nan)
            if not np.isinf(numbers).any():
                return pd.Series(numbers)
        numeric = self.kind in ("number", "year")
        missing = math.nan if numeric else None
        known: dict[tuple[type, object, str | None], tuple[Any, bool]] = {}
        read: list[Any] = []
        for record, cell in enumerate(cells.tolist()):
            own = self.units.get(record)
            self.unit = self.column.unit if own is None else own
            if isinstance(cell, list | np.ndarray | dict):
                value, tidied = self.parse(cell), False
            else:
                key = (type(cell), cell, None if own is None else own.name)
                if key not in known:
                    known[key] = self._value(cell)
                value, tidied = known[key]
            if self.named or self.wide:
                decided = self._decided(record, cell)
                if decided is not None:
                    # What a cell was decided to mean is in the unit of the column.
                    own, self.unit = None, self.column.unit
                    value, tidied = self._value(decided or None)
            if isinstance(value, Bad | Quantity):
                self.problems.append(Problem(record, cell, value))
                value = missing
            elif tidied:
                self.tidied.append(record)
            if own is not None and self.column.unit is not None and isinstance(value, float):
                value = float(convert(value, own, self.column.unit))
            read.append(value)
        return pd.Series(read, dtype=np.float64 if numeric else object)

    def tags(self) -> pd.Series:
        """Return the lists that several columns make up."""
        parts = [self._tags_of(part) for part in self.column.parts]
        joined: list[tuple[str, ...] | None] = []
        for entries in zip(*parts, strict=True):
            given = [entry for entry in entries if entry is not None]
            every = dict.fromkeys(tag for entry in given for tag in entry)
            joined.append(tuple(every) if given else None)
        return pd.Series(joined, dtype=object)

    def faults(self) -> list[Fault]:
        """Return the faults of the cells, and a notice of what was read without loss."""
        found = column_faults(self.table, self.column, self.kind, self.problems, self.where)
        if self.tidied:
            cells = self.table.cells.iloc[:, self.column.position].tolist()
            shown = dict.fromkeys(f"“{as_found(cells[record])}”" for record in self.tidied)
            examples = Listing(list(shown)[:_LISTED])
            count = len(self.tidied)
            found.append(warning("ledger.tidied", self.place, count=count, examples=examples))
        return found

    def where(self, record: int, header: str | None = None) -> Where:
        """Return the place of a cell with what is known of its village."""
        place = self.table.where(record, header or self.column.header)
        known = {
            name: self.identities[field].iloc[record]
            for name, field in (("village", "name"), ("code", "code"), ("township", "township"))
            if field in self.identities and field != self.column.field
        }
        return replace(place, **known)

    def _value(self, cell: Any) -> tuple[Any, bool]:
        bad = broken(cell)
        if bad is not None:
            return bad, False
        value = self.parse(cell)
        if self.kind == "number":
            if not isinstance(value, float) or math.isnan(value) or is_plain(cell):
                return value, False
            # What a person had to agree to was not read without loss.
            quantity = read_quantity(cell, self.unit)
            return value, isinstance(quantity, Quantity) and not quantity.ways
        if self.kind == "year":
            tidied = isinstance(value, float) and not math.isnan(value)
            return value, tidied and not is_plain_year(cell)
        return value, False

    def _number(self, cell: object) -> float | Bad | Quantity:
        found = read_quantity(cell, self.unit)
        if isinstance(found, Bad) or not found.ways:
            return found if isinstance(found, Bad) else found.value
        if found.other is not None:
            last = [way for way in self.ways if way in ("with_unit", "multiplied")][-1:]
            rest = set(found.ways) - {"with_unit"}
            if not last or not rest <= set(self.ways):
                return found
            return found.value if last == ["with_unit"] else found.other
        return found.value if set(found.ways) <= set(self.ways) else found

    def _decisions(self) -> tuple[bool, dict[str, ValueDecision]]:
        """Return whether cells of this column were decided on, and decisions on alike cells."""
        place, named, wide = self.place, False, {}
        for decision in self.replay.decisions:
            if not isinstance(decision, ValueDecision) or (
                decision.file,
                decision.sheet,
                decision.header,
            ) != (place.file, place.sheet, place.field):
                continue
            if (decision.row, decision.name, decision.code) == (None, None, None):
                wide[decision.found] = decision
            else:
                named = True
        return named, wide

    def _decided(self, record: int, cell: Any) -> str | None:
        """Return what a person has decided a cell to mean, None if nothing."""
        # Names are decided on in the join, where they are looked up as they were found.
        texts = dict.fromkeys((as_found(cell), "" if is_missing(cell) else str(cell)))
        for text in texts if self.named else ():
            said = {"header": self.column.header, "found": text}
            decision = self.replay.of_row(ValueDecision, self.where(record), **said)
            if decision is not None:
                return decision.value
        for text in texts:
            if text in self.wide:
                self.replay.use(self.wide[text])
                return self.wide[text].value
        return None

    def _tags_of(self, part: Part) -> Sequence[tuple[str, ...] | None]:
        header = self.table.headers[part.position]
        column = replace(self.column, position=part.position, header=header, parts=())
        reader = _ColumnReader(self.table, column, self.replay, self.identities)
        if part.tag is not None:
            reader.parse = _mark_of(part.tag)
        read = reader.read().tolist()
        self.problems.extend(problem._replace(header=header) for problem in reader.problems)
        return read


def _mark_of(tag: str) -> Parser:
    """Return the parser of a column that stands for one tag: a mark or a figure means yes."""

    def parse(cell: object) -> tuple[str, ...] | Bad | None:
        flag = parse_flag(cell)
        if not isinstance(flag, Bad):
            return None if flag is None else (tag,) if flag else ()
        figure = read_quantity(cell, None)
        if isinstance(figure, Bad):
            text = as_found(cell)
            amount = text.lstrip("0123456789.,")
            figure = Quantity(1.0) if text != amount and len(amount) <= 4 else figure
        if isinstance(figure, Bad):
            return Bad("ledger.not_a_mark")
        return (tag,) if figure.value > 0 else ()

    return parse


def _negative(reader: _ColumnReader, read: pd.Series) -> list[Fault]:
    make, key = error, "intake.negative"
    if reader.column.field in _MAY_BE_NEGATIVE:
        make, key = warning, "intake.negative_income"
    faults = []
    for record in np.flatnonzero(read.to_numpy() < 0):
        where = reader.where(int(record))
        fault = make(key, where, value=f"{read[record]:g}")
        if make is error:
            raw = reader.table.cells.iloc[int(record), reader.column.position]
            fault = fault.proposing(
                *(value_decision(where, raw, v) for v in (f"{-read[record]:.15g}", ""))
            )
        faults.append(fault)
    return faults


def _too_large(reader: _ColumnReader, read: pd.Series) -> list[Fault]:
    faults = []
    for record in np.flatnonzero(np.abs(read.to_numpy()) > _LARGEST_SENSIBLE):
        where = reader.where(int(record))
        raw = reader.table.cells.iloc[int(record), reader.column.position]
        fault = error("intake.too_large", where, value=f"{read[record]:g}")
        faults.append(fault.proposing(value_decision(where, raw, "")))
    return faults

"""Ledger rows to villages: by code, else by township and exact name; nothing by likeness."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal, NamedTuple

import pandas as pd

from liancun_geo.decisions import Replay
from liancun_geo.errors import Fault, Where, error, warning
from liancun_geo.intake.fields import Column, RawTable
from liancun_geo.intake.identity import WhereOf, is_missing, key_of, same, usual_lengths
from liancun_geo.villages import FIELDS

_DESCRIPTIVE = ("name", "township", "township_code", "county")
_STRAY = -1
_SPOILT = -2


@dataclass(frozen=True, eq=False)
class ReadTable:
    """A ledger table with its headers mapped and its values read."""

    raw: RawTable
    columns: dict[str, Column]
    attributes: pd.DataFrame

    def __len__(self) -> int:
        return len(self.attributes)

    @cached_property
    def _lists(self) -> dict[str, list[Any]]:
        # A cell of a list costs a hundredth of a cell of a frame.
        return {str(column): self.attributes[column].tolist() for column in self.attributes}

    def where(self, record: int) -> Where:
        """Return the place of a record with all that identifies it."""
        place = self.raw.where(record)
        known = {
            name: self.cell(record, column)
            for name, column in (("village", "name"), ("code", "code"), ("township", "township"))
        }
        return Where(file=place.file, sheet=place.sheet, row=place.row, **known)

    def cell(self, record: int, column: str) -> Any:
        """Return a value, None if the table has no such column."""
        return self._lists[column][record] if column in self._lists else None

    def is_blank(self, record: int, column: str) -> bool:
        """Tell whether the file has nothing there: no column, or an empty cell."""
        if column not in self.columns:
            return True
        return is_missing(self.raw.cells.iat[record, self.columns[column].position])  # noqa: PD009


@dataclass
class Joined:
    """Villages with what the ledger says of them."""

    attributes: pd.DataFrame
    kept: list[int]
    faults: list[Fault] = field(default_factory=list)
    excluded: list[Fault] = field(default_factory=list)


class _Cell(NamedTuple):
    value: Any
    table: int
    record: int


def join_ledger(
    villages: pd.DataFrame,
    tables: Sequence[ReadTable],
    where_of: WhereOf,
    on_unmatched: Literal["stop", "exclude", "keep"],
    *,
    replay: Replay = Replay(),
) -> Joined:
    """Join ledger tables to villages.

    Parameters
    ----------
    villages
        Parsed attributes of the boundaries, one row a village, index 0 .. n-1; not changed.
    tables
        Ledger tables.
    where_of
        Position of a village -> its place in the boundary file.
    on_unmatched
        See :class:`~liancun_geo.settings.DataSettings`.
    replay
        Decisions on rows and villages.

    Returns
    -------
    Joined
        All villages with merged values (ledger before boundaries), the positions to keep, errors
        and warnings, and what was left out.
    """
    index = _Index(villages)
    joined = Joined(villages.copy(), list(range(len(villages))))
    cells: dict[str, dict[int, _Cell]] = {name: {} for name in FIELDS}
    strays: list[Where] = []
    matched: set[int] = set()
    for number, table in enumerate(tables):
        found = [index.find(table, record, joined.faults) for record in range(len(table))]
        matched.update(position for position in found if position >= 0)
        strays.extend(table.where(i) for i, position in enumerate(found) if position == _STRAY)
        _collect(cells, found, number, tables, joined.faults)
    _merge(joined, cells, where_of)
    lonely = [position for position in range(len(villages)) if position not in matched]
    _unmatched(joined, lonely, strays, where_of, on_unmatched)
    return joined


class _Index:
    """Villages by code, by township and name, and by name alone."""

    def __init__(self, villages: pd.DataFrame) -> None:
        count = len(villages)

        def column(name: str) -> list[str | None]:
            return list(villages[name]) if name in villages else [None] * count

        self.codes = {code: i for i, code in enumerate(column("code")) if code is not None}
        self.lengths = usual_lengths(list(self.codes))
        self.in_town: dict[tuple[str, str], set[int]] = {}
        self.by_name: dict[str, set[int]] = {}
        towns = list(zip(column("township"), column("township_code"), strict=True))
        self.towns = {key_of(town) for pair in towns for town in pair if town is not None}
        for position, name in enumerate(column("name")):
            if name is None:
                continue
            self.by_name.setdefault(key_of(name), set()).add(position)
            for town in towns[position]:
                if town is not None:
                    self.in_town.setdefault((key_of(town), key_of(name)), set()).add(position)

    def find(self, table: ReadTable, record: int, faults: list[Fault]) -> int:
        """Return the position of the village of a record, ``_STRAY``, or ``_SPOILT``."""
        code, name = table.cell(record, "code"), table.cell(record, "name")
        if code is not None and self.codes:
            if self.lengths and len(code) not in self.lengths:
                expected = "、".join(str(length) for length in sorted(self.lengths))
                params = {"length": str(len(code)), "expected": expected}
                faults.append(error("intake.code_length", table.where(record), **params))
                return _SPOILT
            return self.codes.get(code, _STRAY)
        if code is None and self.codes and not table.is_blank(record, "code"):
            # A damaged code has its own fault already.
            return _SPOILT
        if name is None:
            faults.append(error("intake.row_without_key", table.where(record)))
            return _SPOILT
        found = self._by_name(table, record, key_of(name))
        if len(found) > 1:
            faults.append(error("intake.row_ambiguous", table.where(record), count=len(found)))
            return _SPOILT
        return next(iter(found), _STRAY)

    def _by_name(self, table: ReadTable, record: int, name: str) -> set[int]:
        towns = [table.cell(record, field) for field in ("township", "township_code")]
        stated = [key_of(town) for town in towns if town is not None]
        if not stated and table.raw.sheet is not None and key_of(table.raw.sheet) in self.towns:
            # One sheet a township, named after it, is usual.
            stated = [key_of(table.raw.sheet)]
        if not stated or not self.towns:
            return self.by_name.get(name, set())
        found: set[int] = set()
        for town in stated:
            found |= self.in_town.get((town, name), set())
        return found


def _collect(
    cells: dict[str, dict[int, _Cell]],
    positions: Sequence[int],
    number: int,
    tables: Sequence[ReadTable],
    faults: list[Fault],
) -> None:
    """Take the values of one table; two rows may complete, not contradict each other."""
    table = tables[number]
    for name in table.attributes.columns:
        known = cells[name]
        values = table.attributes[name].tolist()
        for record, (position, value) in enumerate(zip(positions, values, strict=True)):
            if position < 0 or is_missing(value):
                continue
            before = known.setdefault(position, _Cell(value, number, record))
            if not same(before.value, value):
                faults.append(_difference(table, record, name, value, before, tables))


def _difference(
    table: ReadTable,
    record: int,
    name: str,
    value: Any,
    before: _Cell,
    tables: Sequence[ReadTable],
) -> Fault:
    other = tables[before.table]
    where = replace(table.where(record), field=table.columns[name].header)
    # How two sheets write a name is no matter of the plan; two names in one sheet are.
    loose = name in _DESCRIPTIVE and other is not table
    make, key = (warning, "intake.rows_differ") if loose else (error, "intake.rows_contradict")
    return make(
        key,
        where,
        value=value,
        before=before.value,
        row=other.raw.rows[before.record],
        file=other.raw.file,
    )


def _merge(joined: Joined, cells: dict[str, dict[int, _Cell]], where_of: WhereOf) -> None:
    """Write ledger values over those of the boundaries; one warning a field that differed."""
    columns: dict[str, pd.Series] = {}
    for name, found in cells.items():
        if not found:
            continue
        numeric = FIELDS[name].kind in ("number", "year")
        missing = float("nan") if numeric else None
        count = len(joined.attributes)
        base = joined.attributes[name].tolist() if name in joined.attributes else [missing] * count
        different: list[tuple[int, Any, Any]] = []
        for position, cell in sorted(found.items()):
            if not is_missing(base[position]) and not same(base[position], cell.value):
                different.append((position, base[position], cell.value))
            base[position] = cell.value
        columns[name] = pd.Series(base, dtype="float64" if numeric else object)
        if different:
            position, old, new = different[0]
            label = FIELDS[name]
            joined.faults.append(
                warning(
                    "intake.ledger_wins",
                    where_of(position),
                    zh=label.zh,
                    en=label.en,
                    count=len(different),
                    old=old,
                    new=new,
                )
            )
    joined.attributes = joined.attributes.assign(**columns)


def _unmatched(
    joined: Joined,
    lonely: list[int],
    strays: list[Where],
    where_of: WhereOf,
    on_unmatched: Literal["stop", "exclude", "keep"],
) -> None:
    if on_unmatched == "stop":
        joined.faults.extend(error("intake.village_without_row", where_of(p)) for p in lonely)
        joined.faults.extend(error("intake.row_without_village", where) for where in strays)
        return
    dropped = [warning("intake.row_dropped", where) for where in strays]
    if on_unmatched == "keep":
        joined.faults.extend(warning("intake.village_kept_empty", where_of(p)) for p in lonely)
        joined.faults.extend(dropped)
        return
    left_out = set(lonely)
    joined.kept = [position for position in joined.kept if position not in left_out]
    joined.excluded.extend(warning("intake.village_excluded", where_of(p)) for p in lonely)
    joined.excluded.extend(dropped)
    if lonely or strays:
        key = "intake.unmatched_excluded"
        joined.faults.append(warning(key, Where(), villages=len(lonely), rows=len(strays)))

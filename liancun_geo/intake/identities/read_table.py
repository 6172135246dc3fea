"""A table of the ledger, or the attributes of a layer, with its values read."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from liancun_geo.decisions import CodeDecision, Replay, ValueDecision
from liancun_geo.errors import Where
from liancun_geo.intake.identities.identity import is_missing
from liancun_geo.intake.ledgers.cells import as_found
from liancun_geo.intake.ledgers.fields import Column, RawTable
from liancun_geo.intake.ledgers.words import found_text
from liancun_geo.villages import FIELDS

_IDENTITY = (("village", "name"), ("code", "code"), ("township", "township"))


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

    @cached_property
    def _found(self) -> dict[str, list[str | None]]:
        found: dict[str, list[str | None]] = {}
        for _, name in _IDENTITY:
            if name in self.columns:
                cells = self.raw.cells.iloc[:, self.columns[name].position].tolist()
                found[name] = [found_text(cell, name) for cell in cells]
        return found

    @cached_property
    def _times(self) -> Counter[tuple[str | None, ...]]:
        return Counter(self._key(record) for record in range(len(self)))

    def _key(self, record: int) -> tuple[str | None, ...]:
        return tuple(column[record] for column in self._found.values())

    def where(self, record: int) -> Where:
        """Return the place of a record with all that identifies it."""
        place = self.raw.where(record)
        known = {name: self.cell(record, column) for name, column in _IDENTITY}
        return Where(file=place.file, sheet=place.sheet, row=place.row, **known)

    def found(self, record: int) -> Where:
        """Return the place of a record with what the file says of it, however damaged."""
        place = self.raw.where(record)
        name, code, township = (
            self._found[column][record] if column in self._found else None
            for _, column in _IDENTITY
        )
        return Where(name, code, township, place.file, place.sheet, place.row)

    def identity(self, record: int) -> dict[str, Any]:
        """Return what a decision on the row of a record says of it.

        Rows that the file describes alike are told apart by their number alone.
        """
        found = self.found(record)
        place = {"file": found.file, "sheet": found.sheet, "row": found.row}
        if self._times[self._key(record)] > 1 or (found.village is None and found.code is None):
            return place
        return {**place, "township": found.township, "name": found.village, "code": found.code}

    def cell(self, record: int, column: str) -> Any:
        """Return a value, None if the table has no such column."""
        return self._lists[column][record] if column in self._lists else None

    def is_blank(self, record: int, column: str) -> bool:
        """Tell whether the file has nothing there: no column, or an empty cell."""
        if column not in self.columns:
            return True
        position = self.columns[column].position
        return is_missing(self.raw.cells.iat[record, position])  # noqa: PD009  # of one cell

    def without(self, column: str) -> ReadTable:
        """Return the table as if it had no such column."""
        columns = {name: known for name, known in self.columns.items() if name != column}
        return ReadTable(self.raw, columns, self.attributes.drop(columns=column))


def decided_identities(table: ReadTable, replay: Replay) -> ReadTable:
    """Return a table with codes, names and townships as people have decided.

    Parameters
    ----------
    table
        Not changed.
    replay
        ``code`` decisions, and ``value`` decisions on the columns of names and townships; one
        that names neither row nor village holds for every cell of its column that reads so.
    """
    file, sheet = table.raw.file, table.raw.sheet
    if not any(
        isinstance(decision, CodeDecision | ValueDecision) and decision.file == file
        for decision in replay.decisions
    ):
        return table
    changed: dict[str, pd.Series] = {}
    for name in ("name", "township", "township_code"):
        if name not in table.columns or name not in table.attributes:
            continue
        column = table.columns[name]
        cells = table.raw.cells.iloc[:, column.position].tolist()
        values = table.attributes[name].tolist()
        wide = wide_values(replay, file, sheet, column.header)
        for record, cell in enumerate(cells):
            text = as_found(cell)
            said = {"header": column.header, "found": text}
            decision = replay.of_row(ValueDecision, table.found(record), **said)
            if decision is None and text in wide:
                decision = wide[text]
                replay.use(decision)
            if decision is not None:
                values[record] = decision.value or None
        changed[name] = pd.Series(values, dtype=object)
    codes = table.attributes["code"].tolist() if "code" in table.attributes else [None] * len(table)
    for record in range(len(table)):
        right = replay.of_row(CodeDecision, table.found(record))
        codes[record] = codes[record] if right is None else right.right or None
    if "code" in table.attributes or any(code is not None for code in codes):
        changed["code"] = pd.Series(codes, dtype=object)
    values_now = table.attributes.assign(**changed)
    ordered = [name for name in FIELDS if name in values_now]
    return ReadTable(table.raw, table.columns, values_now[ordered])


def wide_values(
    replay: Replay, file: str, sheet: str | None, header: str
) -> dict[str, ValueDecision]:
    """Return the decisions on every cell of a column: text found -> decision."""
    return {
        decision.found: decision
        for decision in replay.decisions
        if isinstance(decision, ValueDecision)
        and (decision.file, decision.sheet, decision.header) == (file, sheet, header)
        and (decision.row, decision.name, decision.code) == (None, None, None)
    }

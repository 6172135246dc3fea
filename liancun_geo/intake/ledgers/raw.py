"""Tables as they were read from sheets and layers, before their values are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import pandas as pd
from openpyxl.utils.cell import get_column_letter

from liancun_geo.decisions import HeaderDecision
from liancun_geo.errors import Where
from liancun_geo.intake.ledgers.headers import Levels
from liancun_geo.units import Unit


class TotalRow(NamedTuple):
    """A row of totals: its number, how many records stand above it, its words, its cells."""

    row: int
    above: int
    label: str
    cells: list[Any]


@dataclass(frozen=True, eq=False)
class RawTable:
    """A sheet or a layer before its values are read.

    ``cells`` has one column a header, by position; ``rows`` holds the row of each record as the
    file shows it, from 1. ``units`` are those a title above the headers states. ``levels`` are
    the texts of each header, row by row, where a header has several rows; ``header_row`` is the
    lowest of them in a file whose cells have names ("F12"). ``totals`` were found among the
    records and are none. ``cut`` are the fields that headers cut short may mean. ``whole`` is the
    table with the rows that decisions drop; None if they drop none.
    """

    file: str
    sheet: str | None
    headers: tuple[str, ...]
    cells: pd.DataFrame
    rows: tuple[int, ...]
    units: tuple[Unit, ...] = ()
    levels: tuple[Levels, ...] = ()
    header_row: int | None = None
    totals: tuple[TotalRow, ...] = field(default=())
    cut: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    whole: RawTable | None = None

    def where(self, record: int | None = None, header: str | None = None) -> Where:
        """Return the place of a record, of a column, or of a cell."""
        row = None if record is None else self.rows[record]
        cell = None
        if header is not None and self.header_row is not None:
            cell = self.cell_name(self._position[header], self.header_row if row is None else row)
        return Where(file=self.file, sheet=self.sheet, row=row, field=header, cell=cell)

    def cell_name(self, position: int, row: int) -> str:
        """Return a cell as a spreadsheet names it."""
        return f"{get_column_letter(position + 1)}{row}"

    def levels_of(self, position: int) -> Levels:
        """Return the texts of a header, the uppermost row first."""
        return self.levels[position] if self.levels else (self.headers[position],)

    @cached_property
    def _position(self) -> dict[str, int]:
        return {header: position for position, header in reversed(list(enumerate(self.headers)))}


class Part(NamedTuple):
    """One of several columns of a list of tags; ``tag`` if a mark in it stands for that tag."""

    position: int
    tag: str | None = None


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a file that is a field of the village table.

    ``parts`` are the columns of a list that has several; ``year`` is a year that the header of
    ``position`` states for every figure in it; ``unit_known`` tells that a unit is stated.
    """

    field: str
    position: int
    header: str
    unit: Unit | None
    parts: tuple[Part, ...] = ()
    year: int | None = None
    unit_known: bool = True


def header_decision(table: RawTable, header: str, field: str) -> HeaderDecision:
    """Return the decision that a column holds a field, ``""`` for none."""
    return HeaderDecision(file=table.file, sheet=table.sheet, header=header, field=field)

"""The figures of one field in one table, how they spread, and what they are compared with."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from types import MappingProxyType
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from liancun_geo.errors import Where
from liancun_geo.intake.identities.read_table import ReadTable
from liancun_geo.units import UNITS, Unit, unit_of_field

Floats = NDArray[np.float64]

FEWEST: Final = 12
"""Figures that make a distribution."""
LEAST_GAP: Final = 0.5
"""Empty stretch between figures and others, in decades; Paris is 0.4 beyond Marseille."""
COMPANIONS: Final = ("population_registered_persons", "population_resident_persons", "households")
"""Fields that others are sharper by the head of."""
_LEAST_SPREAD: Final = 0.08  # decades
# What people mix up; nobody reports the money of a village in 亿元.
_MIXED_UP: Final = ("元", "千元", "万元", "亩", "公顷", "平方米", "万亩", "人", "万人")


class FigureColumn(NamedTuple):
    """The figures of one field in one table, in the unit of the field; NaN for none."""

    table: ReadTable
    field: str
    values: Floats
    asked: Mapping[str, Collection[int]] = MappingProxyType({})
    """Field -> records of the table that are asked about as a block in another unit."""

    @property
    def unit(self) -> Unit | None:
        """What the figures stand in, in the file."""
        return self.table.columns[self.field].unit or unit_of_field(self.field)

    @property
    def scale(self) -> float:
        """What a figure of the field is multiplied by to stand in this column's unit."""
        own, canonical = self.unit, unit_of_field(self.field)
        if own is None or canonical is None:
            return 1.0
        return float(canonical.factor / own.factor)

    def has(self, name: str) -> bool:
        """Tell whether the table has another field."""
        return name in self.table.attributes

    def beside(self, name: str) -> Floats:
        """Return the figures of another field of the table, without those asked about."""
        values = self.table.attributes[name].to_numpy(dtype=np.float64, copy=True)
        values[list(self.asked.get(name, ()))] = np.nan
        return values

    def without(self, asked: Mapping[str, Collection[int]]) -> FigureColumn:
        """Return the column without figures that are asked about as a block."""
        values = self.values.copy()
        values[list(asked.get(self.field, ()))] = np.nan
        return self._replace(values=values, asked=asked)

    def place(self, record: int | None = None) -> Where:
        """Return the place of a cell, or of the column."""
        header = self.table.columns[self.field].header
        if record is None:
            return self.table.raw.where(header=header)
        cell = self.table.raw.where(record, header)
        named = self.table.where(record)
        known = {n: getattr(named, n) for n in ("village", "code", "township")}
        return replace(cell, **known)


@dataclass(frozen=True)
class Spread:
    """How figures lie on a logarithmic scale."""

    logs: Floats
    """NaN where there is none."""

    @cached_property
    def centre(self) -> float:
        """The median."""
        return float(np.nanmedian(self.logs))

    @cached_property
    def width(self) -> float:
        """What the standard deviation of a normal distribution would be."""
        deviation = float(np.nanmedian(np.abs(self.logs - self.centre)))
        return max(1.4826 * deviation, _LEAST_SPREAD)

    @cached_property
    def away(self) -> Floats:
        """Decades from the centre."""
        return np.asarray(self.logs - self.centre, dtype=np.float64)

    def isolated(self, gap: float = LEAST_GAP) -> NDArray[np.bool_]:
        """Tell which figures lie beyond an empty stretch of the scale, in decades."""
        apart = np.zeros(len(self.logs), dtype=bool)
        for side in (1.0, -1.0):
            away = side * self.away
            tail = np.sort(away[away > 2.0 * self.width])
            inner = away[away <= 2.0 * self.width]
            if not len(tail) or not len(inner):
                continue
            steps = np.diff(tail, prepend=inner.max())
            wide = np.flatnonzero(steps >= gap)
            if len(wide):
                apart |= away >= tail[wide[0]]
        return apart


def column_of(table: ReadTable, field: str, left_out: Sequence[int]) -> FigureColumn:
    """Return the figures of a field, without those of rows that nobody plans with."""
    values = table.attributes[field].to_numpy(dtype=np.float64, copy=True)
    values[list(left_out)] = np.nan
    return FigureColumn(table, field, values)


def logs_of(values: Floats) -> Floats:
    """Return logarithms to the base of ten, NaN for what is not positive."""
    logs = np.full(len(values), np.nan)
    positive = values > 0
    logs[positive] = np.log10(values[positive])
    return logs


def other_units(column: FigureColumn) -> Iterator[tuple[Unit, float]]:
    """Yield the units that the column may really be in, with the factor to what would be true."""
    own = column.unit
    if own is None:
        return
    for name in _MIXED_UP:
        unit = UNITS[name]
        if unit.dimension == own.dimension and unit != own:
            yield unit, float(unit.factor / own.factor)


def sharpest(columns: Sequence[FigureColumn], plain: Spread) -> Spread:
    """Return the spread of the figures, or of those per person or household if that is less."""
    best = plain
    for name in COMPANIONS:
        if name == columns[0].field or not all(column.has(name) for column in columns):
            continue
        parts = [column.beside(name) for column in columns]
        spread = Spread(plain.logs - logs_of(np.concatenate(parts)))
        both = np.count_nonzero(~np.isnan(spread.logs))
        enough = both >= 0.8 * np.count_nonzero(~np.isnan(plain.logs)) and both >= FEWEST
        if enough and spread.width < best.width:
            best = spread
    return best


def short(value: float) -> str:
    """Return a figure as it is told."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"

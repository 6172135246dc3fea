"""The assignment model of Hess et al. (1965) as arrays, with every rule of a zone.

Hess, S. W., Weaver, J. B., Siegfeldt, H. J., Whelan, J. N. and Zitlau, P. A. (1965).
Nonpartisan political redistricting by computer. Operations Research 13(6), 998-1006.
doi:10.1287/opre.13.6.998
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from liancun_geo.solve.judging import neighbours
from liancun_geo.solve.reach import finite_sizes, possible_pairs
from liancun_geo.zone import Zone

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Cut:
    """A row ``sum of coefficient * x[lead, village] <= greatest`` that every plan keeps."""

    lead: int
    villages: tuple[int, ...]
    coefficients: tuple[float, ...]
    greatest: float = 0.0


@dataclass(frozen=True, eq=False)
class HessModel:
    """The programme ``min cost x, row_lower <= rows x <= row_upper, 0 <= x <= upper``.

    The first columns are ``x[l, j]`` of the pairs that may be, ``x[l, l]`` saying that ``l``
    leads; then come ``y[j]`` (left out), and what size costs and group terms need.

    Attributes
    ----------
    column
        (k, k) column of ``x[l, j]``, -1 where there is none.
    left_out
        (k,) column of ``y[j]``, -1 where ``j`` must be placed.
    may
        (k, k) pairs that may be, [lead, village].
    near
        Neighbours of each village.
    cost, upper, whole
        (c,) cost, greatest value and whether it must be a whole number.
    rows, row_lower, row_upper
        (r, c) compressed rows and their bounds.
    """

    column: NDArray[np.intp]
    left_out: NDArray[np.intp]
    may: NDArray[np.bool_]
    near: list[list[int]]
    cost: FloatArray
    upper: FloatArray
    whole: NDArray[np.bool_]
    rows: sparse.csr_array
    row_lower: FloatArray
    row_upper: FloatArray

    def pairs(self, values: FloatArray) -> FloatArray:
        """Return (k, k) the values of ``x[l, j]``, 0 where there is no such column."""
        return np.where(self.column >= 0, values[self.column], 0.0)

    def lead_of(self, values: FloatArray) -> NDArray[np.intp]:
        """Return (k,) the lead of each village in a whole solution, -1 if left out."""
        pairs = self.pairs(values)
        lead = pairs.argmax(axis=0)
        return np.where(pairs.max(axis=0, initial=0.0) > 0.5, lead, -1).astype(np.intp)

    def values_of(self, lead_of: NDArray[np.intp]) -> tuple[NDArray[np.int32], FloatArray]:
        """Return the columns of all pairs and villages left out, and their values in a plan."""
        values = np.zeros(len(self.cost))
        for village, lead in enumerate(lead_of.tolist()):
            at = self.left_out[village] if lead < 0 else self.column[lead, village]
            if at >= 0:
                values[at] = 1.0
        known = np.concatenate([self.column[self.column >= 0], self.left_out[self.left_out >= 0]])
        return known.astype(np.int32), values[known]

    def cut_rows(self, cuts: Sequence[Cut]) -> tuple[sparse.csr_array, FloatArray]:
        """Return cuts as compressed rows with their greatest values."""
        index = [self.column[cut.lead, list(cut.villages)] for cut in cuts]
        starts = np.cumsum([0, *(len(each) for each in index)])
        values = [np.array(cut.coefficients) for cut in cuts]
        shape = (len(cuts), len(self.cost))
        none = np.zeros(0)
        return (
            sparse.csr_array(
                (
                    np.concatenate([none, *values]),
                    np.concatenate([none, *index]).astype(int),
                    starts,
                ),
                shape=shape,
            ),
            np.array([cut.greatest for cut in cuts], dtype=np.float64),
        )


def build_model(zone: Zone, placeable: NDArray[np.bool_]) -> HessModel:
    """Write a zone as an assignment model, contiguity by neighbour inequalities only.

    Parameters
    ----------
    zone
        The zone.
    placeable
        (k,) villages that some feasible alliance may hold; the others are left out, for nothing
        if they have no finite price.
    """
    builder = _Builder(zone, placeable)
    builder.add_cover()
    for lead in np.flatnonzero(builder.may.diagonal()).tolist():
        builder.add_lead(lead)
    builder.add_together()
    builder.add_numbers()
    return builder.model()


class _Builder:
    """Columns and rows as they are added."""

    def __init__(self, zone: Zone, placeable: NDArray[np.bool_]) -> None:
        self.zone = zone
        self.placeable = placeable
        self.near = neighbours(zone)
        self.may = possible_pairs(zone) & placeable[None, :]
        self.may &= self.may.diagonal()[:, None]
        self.sizes = finite_sizes(zone)
        self.cost: list[float] = []
        self.upper: list[float] = []
        self.whole: list[bool] = []
        self.index: list[list[int]] = []
        self.value: list[list[float]] = []
        self.lower_bound: list[float] = []
        self.upper_bound: list[float] = []
        self.column = np.full((zone.n, zone.n), -1, dtype=np.intp)
        for lead, village in np.argwhere(self.may).tolist():
            own = lead == village
            cost = zone.lead_cost[lead] if own else zone.pair_cost[lead, village]
            self.column[lead, village] = self.new_column(float(cost))
        self.left_out = np.full(zone.n, -1, dtype=np.intp)
        for village in range(zone.n):
            price = float(zone.unassigned_cost[village])
            if math.isfinite(price) or not placeable[village]:
                self.left_out[village] = self.new_column(price if math.isfinite(price) else 0.0)
        self.slope, self.intercept = _affine(zone.size_cost[self.sizes], self.sizes)

    def new_column(self, cost: float, upper: float = 1.0, *, whole: bool = True) -> int:
        self.cost.append(cost)
        self.upper.append(upper)
        self.whole.append(whole)
        return len(self.cost) - 1

    def row(
        self, index: NDArray[np.intp], value: FloatArray | float, lower: float, upper: float
    ) -> None:
        """Add a row, scaled so that its largest coefficient is 1 and tolerances are relative."""
        values = np.full(len(index), value) if isinstance(value, float) else value
        scale = float(np.abs(values).max(initial=0.0)) or 1.0
        self.unit_row(index.tolist(), (values / scale).tolist(), lower / scale, upper / scale)

    def unit_row(
        self, index: list[int], value: list[float], lower: float, upper: float = 0.0
    ) -> None:
        """Add a row whose largest coefficient is 1."""
        self.index.append(index)
        self.value.append(value)
        self.lower_bound.append(lower)
        self.upper_bound.append(upper)

    def add_cover(self) -> None:
        for village in range(self.zone.n):
            index = self.column[:, village]
            index = np.append(index[index >= 0], self.left_out[village])
            self.row(index[index >= 0], 1.0, 1.0, 1.0)

    def add_lead(self, lead: int) -> None:
        """Add the rows of the alliance that ``lead`` may lead."""
        zone = self.zone
        own = int(self.column[lead, lead])
        members = [j for j in np.flatnonzero(self.may[lead]).tolist() if j != lead]
        held = self.column[lead, members]
        for j, at in zip(members, held.tolist(), strict=True):
            self.unit_row([at, own], [1.0, -1.0], -np.inf)
            if lead not in self.near[j]:
                onward = [int(self.column[lead, i]) for i in self.near[j] if self.may[lead, i]]
                self.unit_row([at, *onward], [1.0] + [-1.0] * len(onward), -np.inf)
        everyone = np.append(held, own)
        ones = np.ones(len(members))
        if zone.min_size > 1:
            self.row(everyone, np.append(ones, 1.0 - self.sizes[0]), 0.0, np.inf)
        if self.sizes[-1] < len(everyone):
            self.row(everyone, np.append(ones, 1.0 - self.sizes[-1]), -np.inf, 0.0)
        if self.slope is None:
            self.add_sizes(everyone, own)
        else:
            for at in held.tolist():
                self.cost[at] += self.slope
            self.cost[own] += self.slope + self.intercept
        for r in range(zone.amount.shape[1]):
            self.add_sum(r, np.array([*members, lead], dtype=np.intp), everyone, own)
        if zone.weak[members].sum() > zone.max_weak:
            weak = held[zone.weak[members]]
            values = np.append(np.ones(len(weak)), -float(zone.max_weak))
            self.row(np.append(weak, own), values, -np.inf, 0.0)
        for a, b in zone.apart.tolist():
            if self.may[lead, a] and self.may[lead, b]:
                ends = [int(self.column[lead, a]), int(self.column[lead, b]), own]
                self.unit_row(ends, [1.0, 1.0, -1.0], -np.inf)

    def add_sizes(self, everyone: NDArray[np.intp], own: int) -> None:
        """Add one column a size, exactly one of which an alliance has."""
        sizes = self.sizes[self.sizes <= len(everyone)]
        z = [self.new_column(float(self.zone.size_cost[size])) for size in sizes]
        self.unit_row([*z, own], [1.0] * len(z) + [-1.0], 0.0)
        values = np.append(np.ones(len(everyone)), -sizes.astype(np.float64))
        self.row(np.append(everyone, np.array(z, dtype=np.intp)), values, 0.0, 0.0)

    def add_sum(
        self, r: int, villages: NDArray[np.intp], everyone: NDArray[np.intp], own: int
    ) -> None:
        """Add bounds and group terms of one amount."""
        zone = self.zone
        amount = zone.amount[villages, r]
        least, greatest = zone.bounds[r].tolist()
        for bound, lower, upper in ((least, 0.0, np.inf), (greatest, -np.inf, 0.0)):
            if math.isfinite(bound):
                values = amount.copy()
                values[-1] -= bound
                self.row(everyone, values, lower, upper)
        weight, shortfall = float(zone.target_weight[r]), float(zone.shortfall_weight[r])
        if weight:
            self.add_gap(amount, float(zone.target[r]), weight, weight, everyone, own)
        if shortfall:
            self.add_gap(amount, float(zone.threshold[r]), 0.0, shortfall, everyone, own)

    def add_gap(
        self,
        amount: FloatArray,
        wanted: float,
        over_cost: float,
        under_cost: float,
        everyone: NDArray[np.intp],
        own: int,
    ) -> None:
        """Add ``over_cost * max(0, sum - wanted) + under_cost * max(0, wanted - sum)``."""
        most = max(0.0, float(np.maximum(amount, 0.0).sum()) - wanted)
        least = max(0.0, wanted - float(np.minimum(amount, 0.0).sum()))
        scale = max(most, least, abs(wanted), float(np.abs(amount).max()), 1e-300)
        over = self.new_column(over_cost * scale, most / scale, whole=False)
        under = self.new_column(under_cost * scale, least / scale, whole=False)
        values = np.append(amount, [-scale, scale])
        values[len(amount) - 1] -= wanted
        self.row(np.append(everyone, [over, under]), values, 0.0, 0.0)
        self.unit_row([over, own], [1.0, -most / scale], -np.inf)
        self.unit_row([under, own], [1.0, -least / scale], -np.inf)

    def add_together(self) -> None:
        together = self.zone.together
        for group in np.unique(together[together >= 0]):
            villages = np.flatnonzero(together == group).tolist()
            for a, b in pairwise(villages):
                for lead in np.flatnonzero(self.may[:, a]).tolist():
                    ends = [int(self.column[lead, a]), int(self.column[lead, b])]
                    self.unit_row(ends, [1.0, -1.0], 0.0)

    def add_numbers(self) -> None:
        """Bound the number of alliances: as the rule says, and as sizes and sums imply."""
        zone = self.zone
        leads = self.column.diagonal()[self.may.diagonal()]
        placed = self.may.any(axis=0)
        forced = placed & (self.left_out < 0)
        fewest, most = zone.n_alliances
        ones = np.ones((zone.n, 1))
        size_bounds = np.array([[zone.min_size, min(zone.max_size, zone.n)]], dtype=np.float64)
        for amount, (least, greatest) in zip(
            np.column_stack([ones, zone.amount]).T,
            np.concatenate([size_bounds, zone.bounds]).tolist(),
            strict=True,
        ):
            if (amount >= 0).all():
                if greatest > 0:
                    fewest = max(fewest, math.ceil(amount[forced].sum() / greatest - 1e-6))
                if least > 0:
                    most = min(most, math.floor(amount[placed].sum() / least + 1e-6))
        self.row(leads, 1.0, fewest, most)

    def model(self) -> HessModel:
        starts = np.cumsum([0, *(len(index) for index in self.index)])
        rows = sparse.csr_array(
            (
                np.fromiter(chain.from_iterable(self.value), dtype=np.float64),
                np.fromiter(chain.from_iterable(self.index), dtype=np.intp),
                starts,
            ),
            shape=(len(self.index), len(self.cost)),
        )
        return HessModel(
            column=self.column,
            left_out=self.left_out,
            may=self.may,
            near=self.near,
            cost=np.array(self.cost),
            upper=np.array(self.upper),
            whole=np.array(self.whole, dtype=bool),
            rows=rows,
            row_lower=np.array(self.lower_bound),
            row_upper=np.array(self.upper_bound),
        )


def _affine(cost: FloatArray, sizes: NDArray[np.intp]) -> tuple[float | None, float]:
    """Return slope and intercept of size costs on a line over unbroken sizes, else None."""
    if len(sizes) == 0:
        return 0.0, 0.0
    if (np.diff(sizes) > 1).any():
        return None, 0.0
    slope = float(cost[1] - cost[0]) if len(sizes) > 1 else 0.0
    intercept = float(cost[0]) - slope * float(sizes[0])
    if np.allclose(slope * sizes + intercept, cost, rtol=1e-12, atol=1e-15):
        return slope, intercept
    return None, 0.0

"""The linear programme over the listed candidates, by column generation with subset-row cuts.

Rows are villages, columns are candidates. The restricted programme starts with a few columns;
the whole pool is priced with the duals, the best columns of every village join, until no column
has a negative reduced cost: then the programme over *all* candidates is solved.

Subset-row cuts (Jepsen, Petersen, Spoorendonk & Pisinger 2008, "Subset-row inequalities applied
to the vehicle-routing problem with time windows", doi:10.1287/opre.1070.0449) on triples of
villages say that at most one alliance holds two of any three villages. Because the pool is
listed, pricing them needs no more than a few bit operations a column.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import highspy
import numpy as np
from numpy.typing import NDArray

from liancun_geo.solve.listing import LEFT_OUT, CandidatePool
from liancun_geo.solve.pricing import (
    best_of_each_village,
    cut_bits,
    price,
    violated_triples,
    worst_shares,
)

FloatArray = NDArray[np.float64]

COLUMNS_PER_VILLAGE = 3
"""Columns that join a round for every village: fewer rounds against a larger programme."""
FIRST_COLUMNS_PER_VILLAGE = 5
PRICE_TOLERANCE = 1e-9
CUT_VIOLATION = 0.02
CUTS_A_ROUND = 40


@dataclass(frozen=True, eq=False)
class Relaxation:
    """The solved programme: a lower bound that anyone can check from its prices.

    Attributes
    ----------
    bound
        Lower bound on the cost of every plan made of the pool's columns.
    prices
        (n,) dual price of each village.
    side_prices
        (q,) dual price of each rule over all alliances of the zone.
    cuts
        (k, 3) triples of villages of the subset-row cuts.
    cut_prices
        (k,) dual price of each cut, never positive.
    reduced_cost
        (columns of the pool,) never negative: any plan costs at least ``bound`` plus the sum of
        the reduced costs of its columns.
    primal
        Column of the pool -> value, only the positive ones.
    """

    bound: float
    prices: FloatArray
    side_prices: FloatArray
    cuts: NDArray[np.int16]
    cut_prices: FloatArray
    reduced_cost: FloatArray
    primal: dict[int, float]

    @property
    def integral(self) -> bool:
        """Whether the programme's solution is itself a plan."""
        return all(value > 1.0 - 1e-6 for value in self.primal.values())


@dataclass(frozen=True, eq=False)
class SideRules:
    """Rules that count over all alliances of a zone: each a row of the programme.

    Attributes
    ----------
    share
        (columns, q) what a column adds to each count.
    bounds
        (q, 2) least and greatest sum.
    """

    share: FloatArray
    bounds: FloatArray

    @classmethod
    def of(cls, pool: CandidatePool, n_alliances: tuple[float, float], budget: float) -> SideRules:
        """Return the number of alliances, which is there to branch on as well, and a budget."""
        columns: list[FloatArray] = [(pool.lead != LEFT_OUT).astype(np.float64)]
        bounds: list[tuple[float, float]] = [n_alliances]
        if np.isfinite(budget):
            columns.append(pool.use)
            bounds.append((-np.inf, budget))
        return cls(np.column_stack(columns), np.array(bounds, dtype=np.float64))

    def counted(self, least: float, most: float) -> SideRules:
        """Return the rules with another number of alliances."""
        bounds = self.bounds.copy()
        bounds[0] = least, most
        return SideRules(self.share, bounds)


class Master:
    """The restricted programme, kept warm between rounds.

    Parameters
    ----------
    pool
        All columns of the zone.
    sides
        Rules over all its alliances.
    """

    def __init__(self, pool: CandidatePool, sides: SideRules) -> None:
        self.pool = pool
        self.sides = sides
        n, q = pool.n, len(sides.bounds)
        self._fixed_rows = n + q
        self._artificials = n + 2 * q
        self.cuts: NDArray[np.int16] = np.zeros((0, 3), dtype=np.int16)
        self._cost = pool.cost
        self._in: list[int] = []
        self._known = np.zeros(len(pool), dtype=bool)
        self._allowed = np.ones(len(pool), dtype=bool)
        self._repair = False
        self._highs = _quiet_highs()
        for _ in range(n):
            self._highs.addRow(1.0, 1.0, 0, [], [])
        for least, most in sides.bounds.tolist():
            self._highs.addRow(_finite(least), _finite(most), 0, [], [])
        # Artificial columns make every restricted programme feasible; their cost exceeds what
        # any column could save, and a programme that still needs them goes through phase one.
        self._penalty = 2.0 * float(np.abs(pool.cost).max(initial=0.0)) + 1.0
        rows = [*range(n), *(row for row in range(n, n + q) for _ in (0, 1))]
        signs = np.ones(self._artificials)
        signs[n + 1 :: 2] = -1.0
        self._add_raw(
            np.full(self._artificials, self._penalty),
            np.arange(self._artificials, dtype=np.int32),
            np.array(rows, dtype=np.int32),
            signs,
        )
        size = (pool.members < n).sum(axis=1)
        share = pool.cost / np.maximum(size, 1)
        self._add(best_of_each_village(pool.members, share, n, FIRST_COLUMNS_PER_VILLAGE, np.inf))

    def allow(self, allowed: NDArray[np.bool_]) -> None:
        """Use only some columns of the pool from now on."""
        inside = np.array(self._in, dtype=np.intp)
        changed = np.flatnonzero(self._allowed[inside] != allowed[inside])
        if len(changed):
            upper = np.where(allowed[inside[changed]], highspy.kHighsInf, 0.0)
            index = (changed + self._artificials).astype(np.int32)
            self._highs.changeColsBounds(len(index), index, np.zeros(len(index)), upper)
            self._repair = True
        self._allowed = allowed

    def count(self, least: float, most: float) -> None:
        """Allow only plans with so many alliances from now on."""
        if (self.sides.bounds[0] != (least, most)).any():
            self.sides = self.sides.counted(least, most)
            self._highs.changeRowBounds(self.pool.n, _finite(least), _finite(most))
            self._repair = True

    def solve(self, stop: NDArray[np.uint8]) -> Relaxation | None:
        """Solve over the allowed columns; None if there is no solution, not even a fractional one.

        With ``stop`` set on the way the bound is still valid, only weaker.
        """
        result = self._generate(stop)
        for _ in range(2):
            if self._artificial() <= 1e-7 or stop[0]:
                break
            if not self._coverable(stop):
                return None
            # Too small a penalty leaves the bound valid but weak.
            self._penalty *= 100.0
            self._set_costs(
                np.full(self._artificials, self._penalty),
                self.pool.cost[np.array(self._in, dtype=np.intp)],
            )
            result = self._generate(stop)
        return result

    def separate(self, primal: dict[int, float]) -> int:
        """Add the most violated subset-row cuts; return how many."""
        columns = np.fromiter(primal, dtype=np.intp, count=len(primal))
        values = np.fromiter(primal.values(), dtype=np.float64, count=len(primal))
        triples, violation = violated_triples(
            self.pool.members[columns], values, self.pool.n, CUT_VIOLATION
        )
        known = {tuple(cut) for cut in self.cuts.tolist()}
        fresh = [
            triples[i]
            for i in np.argsort(-violation, kind="stable")
            if tuple(triples[i].tolist()) not in known
        ][:CUTS_A_ROUND]
        if not fresh:
            return 0
        new = np.array(fresh, dtype=np.int16)
        inside = self.pool.members[np.array(self._in, dtype=np.intp)]
        for triple in new:
            index = np.flatnonzero(_holds_two(inside, triple)) + self._artificials
            self._highs.addRow(
                -highspy.kHighsInf, 1.0, len(index), index.astype(np.int32), np.ones(len(index))
            )
        self.cuts = np.concatenate([self.cuts, new])
        self._repair = True
        return len(fresh)

    def restrict(self, keep: NDArray[np.bool_]) -> NDArray[np.intp]:
        """Forget columns that no better plan can use; return the old numbers of those kept."""
        old = np.flatnonzero(keep | self._known)
        number = np.full(len(self.pool), -1, dtype=np.intp)
        number[old] = np.arange(len(old))
        self._in = number[self._in].tolist()
        self.pool = self.pool.subset(old)
        self.sides = SideRules(self.sides.share[old], self.sides.bounds)
        self._cost = self.pool.cost
        self._known = self._known[old]
        self._allowed = self._allowed[old]
        return old

    def _generate(self, stop: NDArray[np.uint8]) -> Relaxation:
        n, q = self.pool.n, len(self.sides.bounds)
        while True:
            # After new rows or bounds the basis is dual feasible, after new columns primal.
            self._highs.setOptionValue("simplex_strategy", 1 if self._repair else 4)
            self._repair = False
            self._highs.run()
            solution = self._highs.getSolution()
            duals = np.asarray(solution.row_dual)
            prices = np.zeros(n + 1)
            prices[:n] = duals[:n]
            side_prices = duals[n : n + q].copy()
            cut_prices = np.minimum(duals[n + q :], 0.0)
            reduced = price(
                self.pool.members, self._cost, prices, cut_bits(self.cuts, n), cut_prices
            )
            if q:
                reduced -= self.sides.share @ side_prices
            reduced[~self._allowed] = np.inf
            tolerance = PRICE_TOLERANCE * self._penalty
            eager = np.where(self._known, 0.0, reduced)
            entering = best_of_each_village(
                self.pool.members, eager, n, COLUMNS_PER_VILLAGE, -tolerance
            )
            if len(entering) == 0 or stop[0]:
                return self._relaxation(solution, prices[:n], side_prices, cut_prices, reduced)
            self._add(entering)

    def _relaxation(
        self,
        solution: Any,
        prices: FloatArray,
        side_prices: FloatArray,
        cut_prices: FloatArray,
        reduced: FloatArray,
    ) -> Relaxation:
        n = self.pool.n
        ends = np.where(side_prices > 0, self.sides.bounds[:, 0], self.sides.bounds[:, 1])
        # A price on an end that is open is a rounding error and counts for nothing.
        side_prices = np.where(np.isfinite(ends), side_prices, 0.0)
        bound = float(prices.sum() + cut_prices.sum())
        bound += float((side_prices * np.where(np.isfinite(ends), ends, 0.0)).sum())
        # A plan holds each village once, so the columns priced below zero (by rounding, or
        # because time ran out) can save at most their shares' worst over all villages.
        if reduced.size and reduced.min() < 0.0:
            bound += float(worst_shares(self.pool.members, np.minimum(reduced, 0.0), n).sum())
        values = np.asarray(solution.col_value)[self._artificials :]
        primal = {self._in[i]: float(values[i]) for i in np.flatnonzero(values > 1e-9)}
        return Relaxation(
            bound=bound,
            prices=prices,
            side_prices=side_prices,
            cuts=self.cuts,
            cut_prices=cut_prices,
            reduced_cost=np.maximum(reduced, 0.0),
            primal=primal,
        )

    def _artificial(self) -> float:
        return float(sum(self._highs.getSolution().col_value[: self._artificials]))

    def _coverable(self, stop: NDArray[np.uint8]) -> bool:
        """Say whether the real columns alone can keep every row (phase one)."""
        self._set_costs(np.ones(self._artificials), np.zeros(len(self._in)))
        self._cost = np.zeros(len(self.pool))
        self._generate(stop)
        self._cost = self.pool.cost
        possible = self._artificial() <= 1e-7 or bool(stop[0])
        if not possible:
            self._set_costs(
                np.full(self._artificials, self._penalty),
                self.pool.cost[np.array(self._in, dtype=np.intp)],
            )
        return possible

    def _set_costs(self, artificial: FloatArray, columns: FloatArray) -> None:
        costs = np.concatenate([artificial, columns])
        self._highs.changeColsCost(len(costs), np.arange(len(costs), dtype=np.int32), costs)

    def _add(self, columns: NDArray[np.intp]) -> None:
        members = self.pool.members[columns]
        held = members < self.pool.n
        width = held.sum(axis=1)
        rows = [members[held].astype(np.int32)]
        owner = [np.repeat(np.arange(len(columns)), width)]
        value = [np.ones(int(width.sum()))]
        for side in range(len(self.sides.bounds)):
            share = self.sides.share[columns, side]
            inside = np.flatnonzero(share)
            rows.append(np.full(len(inside), self.pool.n + side, dtype=np.int32))
            owner.append(inside)
            value.append(share[inside])
        for number, triple in enumerate(self.cuts):
            inside = np.flatnonzero(_holds_two(members, triple))
            rows.append(np.full(len(inside), self._fixed_rows + number, dtype=np.int32))
            owner.append(inside)
            value.append(np.ones(len(inside)))
        of_column = np.concatenate(owner)
        order = np.argsort(of_column, kind="stable")
        starts = np.searchsorted(of_column[order], np.arange(len(columns))).astype(np.int32)
        row, values = np.concatenate(rows)[order], np.concatenate(value)[order]
        self._add_raw(self._cost[columns], starts, row, values)
        self._known[columns] = True
        self._in.extend(columns.tolist())

    def _add_raw(
        self,
        cost: FloatArray,
        starts: NDArray[np.int32],
        rows: NDArray[np.int32],
        values: FloatArray,
    ) -> None:
        k = len(cost)
        lower, upper = np.zeros(k), np.full(k, highspy.kHighsInf)
        self._highs.addCols(k, cost, lower, upper, len(rows), starts, rows, values)


def _finite(end: float) -> float:
    return float(np.clip(end, -highspy.kHighsInf, highspy.kHighsInf))


def _holds_two(members: NDArray[np.int16], triple: NDArray[np.int16]) -> NDArray[np.bool_]:
    """Return whether each column holds at least two of three villages."""
    held = np.zeros(len(members), dtype=np.int64)
    for village in triple:
        held += (members == village).any(axis=1)
    two: NDArray[np.bool_] = held >= 2
    return two


def _quiet_highs() -> Any:
    highs = highspy.Highs()
    for option, value in (
        ("output_flag", False),
        ("presolve", "off"),
        ("solver", "simplex"),
        ("threads", 1),
        ("parallel", "off"),
    ):
        highs.setOptionValue(option, value)
    return highs

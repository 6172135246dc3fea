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
from numba import njit
from numpy.typing import NDArray

from liancun_geo.solve.listing import CandidatePool

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
    cuts: NDArray[np.int16]
    cut_prices: FloatArray
    reduced_cost: FloatArray
    primal: dict[int, float]

    @property
    def integral(self) -> bool:
        """Whether the programme's solution is itself a plan."""
        return all(value > 1.0 - 1e-6 for value in self.primal.values())


class Master:
    """The restricted programme, kept warm between rounds.

    Parameters
    ----------
    pool
        All columns of the zone.
    """

    def __init__(self, pool: CandidatePool) -> None:
        self.pool = pool
        n = pool.n
        self.cuts: NDArray[np.int16] = np.zeros((0, 3), dtype=np.int16)
        self._cost = pool.cost
        self._in: list[int] = []
        self._known = np.zeros(len(pool), dtype=bool)
        self._highs = _quiet_highs()
        for _ in range(n):
            self._highs.addRow(1.0, 1.0, 0, [], [])
        # Artificial columns make every restricted programme feasible; their cost exceeds what
        # any column could save, and a programme that still needs them goes through phase one.
        self._penalty = 2.0 * float(np.abs(pool.cost).max(initial=0.0)) + 1.0
        self._add_raw(
            np.full(n, self._penalty),
            np.arange(n, dtype=np.int32),
            np.arange(n, dtype=np.int32),
        )
        size = (pool.members < n).sum(axis=1)
        share = pool.cost / np.maximum(size, 1)
        self._add(_best_of_each_village(pool.members, share, n, FIRST_COLUMNS_PER_VILLAGE, np.inf))

    def solve(self, stop: NDArray[np.uint8]) -> Relaxation | None:
        """Solve over the whole pool; None if it has no solution, not even a fractional one.

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
                np.full(self.pool.n, self._penalty),
                self.pool.cost[np.array(self._in, dtype=np.intp)],
            )
            result = self._generate(stop)
        return result

    def separate(self, primal: dict[int, float]) -> int:
        """Add the most violated subset-row cuts; return how many."""
        columns = np.fromiter(primal, dtype=np.intp, count=len(primal))
        values = np.fromiter(primal.values(), dtype=np.float64, count=len(primal))
        triples, violation = _violated_triples(
            self.pool.members[columns], values, self.pool.n, CUT_VIOLATION
        )
        if len(triples) == 0:
            return 0
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
            held = np.isin(inside, triple).sum(axis=1) >= 2
            index = (np.flatnonzero(held) + self.pool.n).astype(np.int32)
            self._highs.addRow(-highspy.kHighsInf, 1.0, len(index), index, np.ones(len(index)))
        self.cuts = np.concatenate([self.cuts, new])
        return len(fresh)

    def restrict(self, keep: NDArray[np.bool_]) -> NDArray[np.intp]:
        """Forget columns that no better plan can use; return the old numbers of those kept."""
        old = np.flatnonzero(keep | self._known)
        number = np.full(len(self.pool), -1, dtype=np.intp)
        number[old] = np.arange(len(old))
        self._in = number[self._in].tolist()
        self.pool = self.pool.subset(old)
        self._cost = self.pool.cost
        self._known = self._known[old]
        return old

    def _generate(self, stop: NDArray[np.uint8]) -> Relaxation:
        n = self.pool.n
        while True:
            self._highs.run()
            solution = self._highs.getSolution()
            duals = np.asarray(solution.row_dual)
            prices = np.zeros(n + 1)
            prices[:n] = duals[:n]
            cut_prices = np.minimum(duals[n:], 0.0)
            reduced = _price(
                self.pool.members, self._cost, prices, _cut_bits(self.cuts, n), cut_prices
            )
            tolerance = PRICE_TOLERANCE * self._penalty
            eager = np.where(self._known, 0.0, reduced)
            entering = _best_of_each_village(
                self.pool.members, eager, n, COLUMNS_PER_VILLAGE, -tolerance
            )
            if len(entering) == 0 or stop[0]:
                return self._relaxation(solution, prices[:n], cut_prices, reduced)
            self._add(entering)

    def _relaxation(
        self, solution: Any, prices: FloatArray, cut_prices: FloatArray, reduced: FloatArray
    ) -> Relaxation:
        n = self.pool.n
        # A plan holds each village once, so the columns priced below zero (by rounding, or
        # because time ran out) can save at most their shares' worst over all villages.
        bound = float(prices.sum() + cut_prices.sum())
        if reduced.size and reduced.min() < 0.0:
            bound += float(_worst_shares(self.pool.members, np.minimum(reduced, 0.0), n).sum())
        values = np.asarray(solution.col_value)[n:]
        primal = {self._in[i]: float(values[i]) for i in np.flatnonzero(values > 1e-9)}
        return Relaxation(
            bound=bound,
            prices=prices,
            cuts=self.cuts,
            cut_prices=cut_prices,
            reduced_cost=np.maximum(reduced, 0.0),
            primal=primal,
        )

    def _artificial(self) -> float:
        return float(sum(self._highs.getSolution().col_value[: self.pool.n]))

    def _coverable(self, stop: NDArray[np.uint8]) -> bool:
        """Say whether the real columns alone can cover every village (phase one)."""
        self._set_costs(np.ones(self.pool.n), np.zeros(len(self._in)))
        self._cost = np.zeros(len(self.pool))
        self._generate(stop)
        self._cost = self.pool.cost
        return self._artificial() <= 1e-7 or bool(stop[0])

    def _set_costs(self, artificial: FloatArray, columns: FloatArray) -> None:
        costs = np.concatenate([artificial, columns])
        self._highs.changeColsCost(len(costs), np.arange(len(costs), dtype=np.int32), costs)

    def _add(self, columns: NDArray[np.intp]) -> None:
        members = self.pool.members[columns]
        held = members < self.pool.n
        width = held.sum(axis=1)
        rows = [members[held].astype(np.int32)]
        column = [np.repeat(np.arange(len(columns)), width)]
        for number, triple in enumerate(self.cuts):
            inside = np.flatnonzero(np.isin(members, triple).sum(axis=1) >= 2)
            rows.append(np.full(len(inside), self.pool.n + number, dtype=np.int32))
            column.append(inside)
        row = np.concatenate(rows)
        owner = np.concatenate(column)
        order = np.argsort(owner, kind="stable")
        starts = np.searchsorted(owner[order], np.arange(len(columns))).astype(np.int32)
        self._add_raw(self._cost[columns], starts, row[order])
        self._known[columns] = True
        self._in.extend(columns.tolist())

    def _add_raw(
        self, cost: FloatArray, starts: NDArray[np.int32], rows: NDArray[np.int32]
    ) -> None:
        k = len(cost)
        self._highs.addCols(
            k,
            cost,
            np.zeros(k),
            np.full(k, highspy.kHighsInf),
            len(rows),
            starts,
            rows,
            np.ones(len(rows)),
        )


def _quiet_highs() -> Any:
    highs = highspy.Highs()
    for option, value in (
        ("output_flag", False),
        ("presolve", "off"),
        ("solver", "simplex"),
        # New columns leave the basis primal feasible, so the primal simplex goes on from it.
        ("simplex_strategy", 4),
        ("threads", 1),
        ("parallel", "off"),
    ):
        highs.setOptionValue(option, value)
    return highs


def _cut_bits(cuts: NDArray[np.int16], n: int) -> NDArray[np.uint64]:
    """Return (n + 1, words) bits: the cuts whose triple holds the village."""
    words = -(-len(cuts) // 64)
    bits = np.zeros((n + 1, words), dtype=np.uint64)
    for number, triple in enumerate(cuts):
        bits[triple, number // 64] |= np.uint64(1) << np.uint64(number % 64)
    return bits


@njit(cache=True, nogil=True)
def _price(members, cost, prices, cut_bits, cut_prices):  # type: ignore[no-untyped-def]
    """Return the reduced cost of every column."""
    count, width = members.shape
    words = cut_bits.shape[1]
    reduced = np.empty(count, dtype=np.float64)
    for i in range(count):
        value = cost[i]
        for a in range(width):
            value -= prices[members[i, a]]
        for w in range(words):
            once = np.uint64(0)
            twice = np.uint64(0)
            for a in range(width):
                bits = cut_bits[members[i, a], w]
                twice |= once & bits
                once |= bits
            number = w * 64
            while twice:
                if twice & np.uint64(1):
                    value -= cut_prices[number]
                twice >>= np.uint64(1)
                number += 1
        reduced[i] = value
    return reduced


@njit(cache=True, nogil=True)
def _best_few(members, value, n, few, below):  # type: ignore[no-untyped-def]
    best = np.full((n, few), np.inf)
    column = np.full((n, few), -1, dtype=np.int64)
    count, width = members.shape
    for i in range(count):
        if value[i] >= below:
            continue
        for a in range(width):
            village = members[i, a]
            if village >= n:
                break
            if value[i] < best[village, few - 1]:
                k = few - 1
                while k > 0 and best[village, k - 1] > value[i]:
                    best[village, k] = best[village, k - 1]
                    column[village, k] = column[village, k - 1]
                    k -= 1
                best[village, k] = value[i]
                column[village, k] = i
    return column


def _best_of_each_village(
    members: NDArray[np.int16], value: FloatArray, n: int, few: int, below: float
) -> NDArray[np.intp]:
    """Return the columns with the smallest value of every village, each once, ascending."""
    column = _best_few(members, value, n, few, below)
    return np.unique(column[column >= 0]).astype(np.intp)


@njit(cache=True, nogil=True)
def _worst_shares(members, value, n):  # type: ignore[no-untyped-def]
    """Return (n,) the most negative ``value / size`` of any column holding the village."""
    worst = np.zeros(n)
    count, width = members.shape
    for i in range(count):
        if value[i] >= 0.0:
            continue
        size = 0
        while size < width and members[i, size] < n:
            size += 1
        share = value[i] / size
        for a in range(size):
            worst[members[i, a]] = min(worst[members[i, a]], share)
    return worst


@njit(cache=True, nogil=True)
def _violated_triples(members, values, n, violation):  # type: ignore[no-untyped-def]
    """Return the triples that more than ``1 + violation`` columns hold two of, and by how much."""
    together = np.zeros((n, n))
    count, width = members.shape
    for c in range(count):
        for a in range(width):
            if members[c, a] >= n:
                break
            for b in range(a + 1, width):
                if members[c, b] >= n:
                    break
                together[members[c, a], members[c, b]] += values[c]
                together[members[c, b], members[c, a]] += values[c]
    triples = []
    excess = []
    for i in range(n):
        for j in range(i + 1, n):
            for k in range(j + 1, n):
                pairs = together[i, j] + together[i, k] + together[j, k]
                if pairs <= 1.0 + violation:
                    continue
                # Columns that hold all three were counted three times.
                for c in range(count):
                    held = 0
                    for a in range(width):
                        v = members[c, a]
                        if v in (i, j, k):
                            held += 1
                    if held == 3:
                        pairs -= 2.0 * values[c]
                if pairs > 1.0 + violation:
                    triples.append((i, j, k))
                    excess.append(pairs - 1.0)
    found = np.empty((len(triples), 3), dtype=np.int16)
    for t in range(len(triples)):
        found[t, 0], found[t, 1], found[t, 2] = triples[t]
    return found, np.array(excess)

"""Every feasible alliance of a zone with what it costs by several criteria at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numba import njit
from numpy.typing import NDArray

from liancun_geo.arrays import BoolArray, FloatArray, IntArray
from liancun_geo.errors import DataError, error
from liancun_geo.research.objectives import Criterion
from liancun_geo.solve.listing import LEFT_OUT, CandidatePool, list_candidates
from liancun_geo.zone import Zone


@dataclass(frozen=True, eq=False)
class LedSets:
    """The columns of a zone, every lead worth having beside the cheapest.

    Attributes
    ----------
    pool
        The columns, leaving out included; their cost is 0 until criteria are weighted.
    values
        (columns, q) what each costs by each criterion.
    """

    pool: CandidatePool
    values: FloatArray

    def weighted(self, weights: FloatArray) -> CandidatePool:
        """Return the columns with one cost: the weighted sum of the criteria."""
        return replace(self.pool, cost=self.values @ weights)

    def cheapest(self, weights: FloatArray) -> IntArray:
        """Return the columns that a best plan needs under weights: of every set its best lead.

        Of leads that cost the same, the one with the least sum of criteria.
        """
        members = self.pool.members
        # Sets under several leads stand one after the other; leaving a village out is no lead.
        fresh = self.pool.lead == LEFT_OUT
        fresh[:1] = True
        fresh[1:] |= (members[1:] != members[:-1]).any(axis=1)
        number = np.cumsum(fresh)
        order = np.lexsort((self.values.sum(axis=1), self.values @ weights, number))
        first = np.ones(len(order), dtype=bool)
        first[1:] = number[order][1:] != number[order][:-1]
        return np.asarray(order[first], dtype=np.intp)

    def subset(self, keep: BoolArray) -> LedSets:
        """Return some of the columns."""
        return LedSets(self.pool.subset(keep), self.values[keep])


def led_sets(
    zone: Zone, criteria: Sequence[Criterion], stop: NDArray[np.uint8] | None = None
) -> LedSets | None:
    """List the alliances of a zone under every lead that no other lead of the set beats.

    Parameters
    ----------
    zone, criteria
        What is listed, and what each alliance is judged by.
    stop
        One byte; another thread sets it to end the listing.

    Returns
    -------
    LedSets or None
        None if it was stopped.

    Raises
    ------
    DataError
        If there are too many to list.
    """
    bare = replace(zone, use=None)
    pool = list_candidates(bare, stop=stop)
    if not pool.complete:
        # Listing ends early for two reasons, and only one of them is the zone's fault.
        if stop is not None and stop[0]:
            return None
        raise DataError([error("research.too_many_candidates", zone=str(zone.label))])
    n, q = zone.n, len(criteria)
    villages = zone.villages
    pair, lead, beside = _terms(zone, criteria, pool)
    rows, leads, values = _under_each_lead(
        pool.members,
        n,
        pair,
        lead,
        beside,
        zone.pair_cost,
        zone.lead_cost,
        zone.weak,
        zone.max_weak,
    )
    placeable = pool.covered()
    optional = np.flatnonzero(np.isfinite(zone.unassigned_cost) | ~placeable)
    # What no plan can place is no fault of any plan.
    priced = placeable | np.isfinite(zone.unassigned_cost)
    out = np.array([np.where(priced, c.unassigned_cost[villages], 0.0) for c in criteria])
    every = replace(
        pool,
        members=pool.members[rows],
        cost=np.zeros(len(rows)),
        lead=leads,
        use=np.zeros(len(rows)),
    ).with_left_out(optional, np.zeros(len(optional)))
    return LedSets(every, np.concatenate([values, out.T[optional].reshape(-1, q)]))


def _terms(
    zone: Zone, criteria: Sequence[Criterion], pool: CandidatePool
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return (q, n, n + 1) of pairs, (q, n) of leads, (sets, q) of size and amounts."""
    n, q, villages = zone.n, len(criteria), zone.villages
    pair, lead = np.zeros((q, n, n + 1)), np.zeros((q, n))
    beside = np.zeros((len(pool), q))
    size = (pool.members < n).sum(axis=1)
    for k, criterion in enumerate(criteria):
        if criterion.pairs is not None and n:
            block = np.array(criterion.pairs(villages), dtype=np.float64)
            np.fill_diagonal(block, 0.0)
            pair[k, :, :n] = block
        lead[k] = criterion.lead_cost[villages]
        beside[:, k] = criterion.size_cost[size]
        for term in criterion.group_terms:
            amount = np.append(np.asarray(term.amount, dtype=np.float64)[villages], 0.0)
            total = amount[pool.members].sum(axis=1)
            if term.target is not None:
                beside[:, k] += term.weight * np.abs(total - term.target)
            if term.threshold is not None:
                beside[:, k] += term.shortfall_weight * np.maximum(0.0, term.threshold - total)
    return pair, lead, beside


@njit(cache=True, nogil=True)
def _costs_by_lead(
    members: NDArray[np.int16],
    n: int,
    pair: FloatArray,
    lead: FloatArray,
    beside: FloatArray,
    base_pair: FloatArray,
    base_lead: FloatArray,
    weak: BoolArray,
    max_weak: int,
    cost: FloatArray,
    may: BoolArray,
) -> int:
    """Write what a set costs under each of its villages and which may lead; return its size."""
    size = 0
    weak_here = 0
    while size < len(members) and members[size] < n:
        weak_here += 1 if weak[members[size]] else 0
        size += 1
    for a in range(size):
        one = members[a]
        may[a] = base_lead[one] < np.inf and weak_here - (1 if weak[one] else 0) <= max_weak
        if not may[a]:
            continue
        for k in range(len(lead)):
            cost[a, k] = beside[k] + lead[k, one]
        for b in range(size):
            if b == a:
                continue
            other = members[b]
            if base_pair[one, other] == np.inf:
                may[a] = False
                break
            for k in range(len(lead)):
                cost[a, k] += pair[k, one, other]
    return size


@njit(cache=True, nogil=True)
def _is_beaten(
    a: int, members: NDArray[np.int16], size: int, cost: FloatArray, may: BoolArray
) -> bool:
    """Say whether another lead is nowhere worse and somewhere better, or equal and before it."""
    for b in range(size):
        if b == a or not may[b]:
            continue
        nowhere_worse = True
        equal = True
        for k in range(cost.shape[1]):
            if cost[b, k] > cost[a, k]:
                nowhere_worse = False
                break
            if cost[b, k] < cost[a, k]:
                equal = False
        if nowhere_worse and (not equal or members[b] < members[a]):
            return True
    return False


@njit(cache=True, nogil=True)
def _under_each_lead(
    members: NDArray[np.int16],
    n: int,
    pair: FloatArray,
    lead: FloatArray,
    beside: FloatArray,
    base_pair: FloatArray,
    base_lead: FloatArray,
    weak: BoolArray,
    max_weak: int,
) -> tuple[NDArray[np.int64], NDArray[np.int16], FloatArray]:
    """Return set, lead and costs of every set under every lead that no other beats."""
    count, width = members.shape
    q = len(lead)
    capacity = max(16, 2 * count)
    rows = np.empty(capacity, dtype=np.int64)
    leads = np.empty(capacity, dtype=np.int16)
    values = np.empty((capacity, q))
    found = 0
    cost = np.empty((width, q))
    may = np.empty(width, dtype=np.bool_)
    for i in range(count):
        size = _costs_by_lead(
            members[i], n, pair, lead, beside[i], base_pair, base_lead, weak, max_weak, cost, may
        )
        for a in range(size):
            if not may[a] or _is_beaten(a, members[i], size, cost, may):
                continue
            if found == capacity:
                capacity *= 2
                rows = np.append(rows, np.empty(capacity - found, dtype=np.int64))
                leads = np.append(leads, np.empty(capacity - found, dtype=np.int16))
                more = np.empty((capacity, q))
                more[:found] = values
                values = more
            rows[found] = i
            leads[found] = members[i, a]
            values[found] = cost[a]
            found += 1
    return rows[:found], leads[:found], values[:found]


__all__ = ["LEFT_OUT", "LedSets", "led_sets"]

"""Every feasible alliance of a zone with what it costs by several criteria at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numba import njit
from numpy.typing import NDArray

from liancun_geo.arrays import BoolArray, FloatArray
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

    def subset(self, keep: BoolArray) -> LedSets:
        """Return some of the columns."""
        return LedSets(self.pool.subset(keep), self.values[keep])


def led_sets(zone: Zone, criteria: Sequence[Criterion]) -> LedSets:
    """List the alliances of a zone under every lead that no other lead of the set beats.

    Raises
    ------
    DataError
        If there are too many to list.
    """
    bare = replace(zone, use=None)
    pool = list_candidates(bare)
    if not pool.complete:
        raise DataError([error("research.too_many_candidates", zone=str(zone.label))])
    n, q = zone.n, len(criteria)
    villages = zone.villages
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
        size = 0
        weak_here = 0
        while size < width and members[i, size] < n:
            weak_here += 1 if weak[members[i, size]] else 0
            size += 1
        for a in range(size):
            one = members[i, a]
            may[a] = base_lead[one] < np.inf and weak_here - (1 if weak[one] else 0) <= max_weak
            if not may[a]:
                continue
            for k in range(q):
                cost[a, k] = beside[i, k] + lead[k, one]
            for b in range(size):
                if b == a:
                    continue
                other = members[i, b]
                if base_pair[one, other] == np.inf:
                    may[a] = False
                    break
                for k in range(q):
                    cost[a, k] += pair[k, one, other]
        for a in range(size):
            if not may[a]:
                continue
            beaten = False
            for b in range(size):
                if b == a or not may[b]:
                    continue
                nowhere_worse = True
                equal = True
                for k in range(q):
                    if cost[b, k] > cost[a, k]:
                        nowhere_worse = False
                        break
                    if cost[b, k] < cost[a, k]:
                        equal = False
                if nowhere_worse and (not equal or members[i, b] < members[i, a]):
                    beaten = True
                    break
            if beaten:
                continue
            if found == capacity:
                capacity *= 2
                more_rows = np.empty(capacity, dtype=np.int64)
                more_rows[:found] = rows
                rows = more_rows
                more_leads = np.empty(capacity, dtype=np.int16)
                more_leads[:found] = leads
                leads = more_leads
                more_values = np.empty((capacity, q))
                more_values[:found] = values
                values = more_values
            rows[found] = i
            leads[found] = members[i, a]
            values[found] = cost[a]
            found += 1
    return rows[:found], leads[:found], values[:found]


__all__ = ["LEFT_OUT", "LedSets", "led_sets"]

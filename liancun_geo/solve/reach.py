"""Which lead may have which village: pairs that no feasible alliance can hold are dropped first."""

from __future__ import annotations

import heapq
import math

import numpy as np
from numpy.typing import NDArray

from liancun_geo.solve.judging import neighbours
from liancun_geo.zone import Zone

RELATIVE_SLACK = 1e-9
"""A pair is dropped only if a sum misses its bound by more: the order of addition."""


def possible_pairs(zone: Zone) -> NDArray[np.bool_]:
    """Return (k, k) whether lead ``l`` may have village ``j`` in a feasible alliance, at [l, j].

    A necessary test. The way from lead to village through villages the lead may have must not
    pass the greatest size, nor the greatest sum of an amount that is nowhere negative; all the
    villages a lead may have must together reach the least size and the least sums. What falls out
    may cut off more, so it is repeated until nothing does. Where sizes and connection are the
    only rules it is exact (:func:`is_exact`): the shortest way is a smallest alliance, which
    grows by one neighbour at a time.
    """
    near = neighbours(zone)
    may = np.isfinite(zone.pair_cost) & np.isfinite(zone.lead_cost)[:, None]
    for a, b in zone.apart.tolist():
        may[a, b] = may[b, a] = False
    if zone.max_weak < 1:
        may &= ~zone.weak[None, :] | np.eye(zone.n, dtype=bool)
    sizes = finite_sizes(zone)
    groups = [np.flatnonzero(zone.together == g) for g in np.unique(zone.together) if g >= 0]
    for lead in range(zone.n):
        while may[lead].any():
            kept = _kept(zone, lead, may[lead], near, sizes)
            for group in groups:
                if not kept[group].all():
                    kept[group] = False
            if not kept[lead]:
                kept[:] = False
            if np.array_equal(kept, may[lead]):
                break
            may[lead] = kept
    return may


def is_exact(zone: Zone) -> bool:
    """Say whether :func:`possible_pairs` decides exactly which villages can be placed."""
    return bool(
        np.isneginf(zone.bounds[:, 0]).all()
        and np.isposinf(zone.bounds[:, 1]).all()
        and (zone.together < 0).all()
        and len(zone.apart) == 0
        and zone.max_weak >= zone.weak.sum()
    )


def finite_sizes(zone: Zone) -> NDArray[np.intp]:
    """Return the sizes an alliance of the zone may have, ascending."""
    sizes = np.arange(zone.min_size, min(zone.max_size, zone.n) + 1)
    return sizes[np.isfinite(zone.size_cost[sizes])]


def _kept(
    zone: Zone,
    lead: int,
    may: NDArray[np.bool_],
    near: list[list[int]],
    sizes: NDArray[np.intp],
) -> NDArray[np.bool_]:
    """Return which of the villages a lead may have pass the tests once more."""
    hops = _lightest_ways(lead, may, near, np.ones(zone.n))
    kept = np.isfinite(hops)
    total = int(kept.sum())
    for village in np.flatnonzero(kept):
        kept[village] = ((sizes > hops[village] - 0.5) & (sizes <= total)).any()
    for column, (least, greatest) in enumerate(zone.bounds.tolist()):
        amount = zone.amount[:, column]
        if (amount < 0).any():
            continue
        slack = RELATIVE_SLACK * float(amount.sum())
        if math.isfinite(greatest):
            kept &= _lightest_ways(lead, may, near, amount) <= greatest + slack
        if amount[kept].sum() < least - slack:
            kept[:] = False
    return kept


def _lightest_ways(
    lead: int, may: NDArray[np.bool_], near: list[list[int]], weight: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return (k,) the least sum of weights, ends included, of a way from the lead; inf: none."""
    sums = np.full(len(may), np.inf)
    if not may[lead]:
        return sums
    sums[lead] = weight[lead]
    heap = [(float(weight[lead]), lead)]
    while heap:
        total, village = heapq.heappop(heap)
        if total > sums[village]:
            continue
        for other in near[village]:
            onward = total + float(weight[other])
            if may[other] and onward < sums[other]:
                sums[other] = onward
                heapq.heappush(heap, (onward, other))
    return sums

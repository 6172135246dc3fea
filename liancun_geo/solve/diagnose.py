"""Why a village is left out and why a zone has no plan: computed by solving again, not guessed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from liancun_geo.solve.listing import LEFT_OUT, CandidatePool, list_candidates
from liancun_geo.solve.partition import best_plan
from liancun_geo.solve.result import Reason, RuleName
from liancun_geo.solve.zoneplan import ZonePlan
from liancun_geo.zone import Zone

WIDER_BY = 4
"""How far past ``max_size`` a remedy is looked for."""
RELAXED_BUDGET = 3_000_000
"""Candidates listed for one remedy; a remedy that needs more is not looked for."""


def why_left_out(zone: Zone, plan: ZonePlan) -> dict[int, Reason]:
    """Return the reason of every village without alliance; positions of the problem.

    Parameters
    ----------
    zone, plan
        A zone and what was found for it.
    """
    if plan.lead_of is None:
        left_out = np.arange(zone.n)
        rule: RuleName = "zone_infeasible" if plan.status == "infeasible" else "time_limit"
    else:
        left_out = np.flatnonzero(plan.lead_of == LEFT_OUT)
        rule = "cheaper_left_out"
    reasons: dict[int, Reason] = {}
    if len(left_out) == 0:
        return reasons
    piece, size_of_piece = pieces(zone)
    neighbours = np.bincount(zone.edges.ravel(), minlength=zone.n)
    led = np.isfinite(zone.pair_cost) & np.isfinite(zone.lead_cost)[:, None]
    for village in left_out.tolist():
        position = int(zone.villages[village])
        connected = int(size_of_piece[piece[village]])
        if not plan.complete or plan.placeable[village]:
            reasons[position] = Reason(rule, (position,))
        elif neighbours[village] == 0 and zone.min_size > 1:
            reasons[position] = Reason("no_neighbour", (position,))
        elif connected < zone.min_size:
            reasons[position] = Reason("too_few_connected", (position,), connected)
        elif not (led[:, village] & (piece == piece[village])).any():
            reasons[position] = Reason("no_lead", (position,))
        else:
            reasons[position] = Reason("no_alliance", (position,))
    return reasons


def why_infeasible(
    zone: Zone,
    plan: ZonePlan,
    *,
    seconds: float,
    stop: NDArray[np.uint8],
) -> Reason:
    """Find the rule whose relaxation alone makes a zone feasible, and the villages in the way.

    The villages are a smallest set whose leaving out makes the rest feasible under the rules as
    they are.

    Parameters
    ----------
    zone, plan
        A zone and the proof that it has no plan.
    seconds, stop
        Time for the explanation, and a byte to stop it.
    """
    deadline = time.perf_counter() + seconds
    free = ~plan.placeable | np.isfinite(zone.unassigned_cost)
    left_out = _fewest_left_out(zone, free, seconds / 2.0, stop)
    villages = tuple(int(zone.villages[v]) for v in left_out)
    decided = True
    for rule, value, easier in relaxations(zone):
        left = deadline - time.perf_counter()
        pool = list_candidates(easier, budget=RELAXED_BUDGET, stop=stop) if left > 0 else None
        helps = None
        if pool is not None and pool.complete:
            helps = feasible(pool, easier, free, left, stop)
        if helps:
            return Reason(rule, villages, value)
        decided &= helps is not None
    return Reason("sizes" if decided else "undecided", villages)


def relaxations(zone: Zone) -> Iterator[tuple[RuleName, int | None, Zone]]:
    """Yield the zone with one rule relaxed, the gentlest relaxation first."""
    n = zone.n
    for size in range(zone.min_size - 1, 0, -1):
        yield "min_size", size, replace(zone, min_size=size)
    for size in range(zone.max_size + 1, zone.max_size + 1 + WIDER_BY):
        longer = np.append(zone.size_cost, np.zeros(size - zone.max_size))
        yield "max_size", size, replace(zone, max_size=size, size_cost=longer)
    if zone.n_alliances != (0, np.inf):
        yield "n_alliances", None, replace(zone, n_alliances=(0, np.inf))
    if np.isfinite(zone.bounds).any():
        anything = np.tile([-np.inf, np.inf], (len(zone.bounds), 1))
        yield "resource_bounds", None, replace(zone, bounds=anything)
    if (zone.together >= 0).any():
        yield "must_together", None, replace(zone, together=np.full(n, -1, dtype=np.intp))
    if len(zone.apart):
        yield "never_together", None, replace(zone, apart=zone.apart[:0])
    if zone.max_weak < n:
        yield "max_weak", None, replace(zone, max_weak=n)
    if np.isinf(zone.lead_cost).any():
        yield "can_lead", None, replace(zone, lead_cost=np.zeros(n))
    if np.isinf(zone.pair_cost).any():
        yield "forbidden_pairs", None, replace(zone, pair_cost=np.zeros((n, n)))


def feasible(
    pool: CandidatePool,
    zone: Zone,
    free: NDArray[np.bool_],
    seconds: float,
    stop: NDArray[np.uint8],
) -> bool | None:
    """Say whether the pool's alliances can hold every village but the free ones.

    None if time ran out before either was clear.
    """
    easy = replace(zone, unassigned_cost=np.where(free, 0.0, np.inf))
    found = best_plan(_costless(pool), easy, seconds=seconds, stop=stop)
    return None if found.status == "unknown" else found.lead_of is not None


def _fewest_left_out(
    zone: Zone, free: NDArray[np.bool_], seconds: float, stop: NDArray[np.uint8]
) -> list[int]:
    """Return a smallest set of villages, beside the free ones, whose absence helps."""
    pool = _costless(list_candidates(zone, stop=stop))
    counted = replace(zone, unassigned_cost=np.where(free, 0.0, 1.0))
    found = best_plan(pool, counted, seconds=seconds, stop=stop)
    if found.lead_of is None:
        return []
    left_out: list[int] = np.flatnonzero((found.lead_of == LEFT_OUT) & ~free).tolist()
    return left_out


def pieces(zone: Zone) -> tuple[NDArray[np.int32], NDArray[np.intp]]:
    """Return the connected piece of each village, and the villages of each piece."""
    ones = np.ones(len(zone.edges))
    graph = coo_array((ones, (zone.edges[:, 0], zone.edges[:, 1])), shape=(zone.n, zone.n))
    _, piece = connected_components(graph, directed=False)
    return piece, np.bincount(piece)


def _costless(pool: CandidatePool) -> CandidatePool:
    return replace(pool, cost=np.zeros(len(pool)))

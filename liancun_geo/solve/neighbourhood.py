"""Method C: free a few neighbouring alliances, solve them exactly, repeat.

Large-neighbourhood search (Shaw 1998, doi:10.1007/3-540-49481-2_30) with exact sub-problems: it
never leaves the feasible plans once it has one, and finds one by treating villages that must be
placed as left out at a high price.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from liancun_geo.solve.judging import zone_cost
from liancun_geo.solve.listing import LEFT_OUT, adjacency
from liancun_geo.zone import Zone

FREED_AT_MOST = 22
"""Villages freed at once, if the alliances allow it: a sub-problem of some ten milliseconds."""

SubSolver = Callable[[Zone], NDArray[np.intp] | None]
"""Solves a part of the zone exactly; None if it cannot."""


def improve(
    zone: Zone,
    start: NDArray[np.intp] | None,
    placeable: NDArray[np.bool_],
    *,
    solve_part: SubSolver,
    out_of_time: Callable[[], bool],
) -> tuple[NDArray[np.intp], float] | None:
    """Improve a plan until no neighbourhood of it can be improved.

    Parameters
    ----------
    zone
        The zone.
    start
        (k,) leads to start from; None starts with every village left out.
    placeable
        (k,) villages that some alliance can hold; the others are left alone.
    solve_part
        Exact method for the sub-problems.
    out_of_time
        Asked before every sub-problem.

    Returns
    -------
    tuple or None
        (k,) leads and their cost; None if no feasible plan was found.
    """
    priced, must_place = _priced(zone, placeable)
    lead_of = np.full(zone.n, LEFT_OUT, dtype=np.intp) if start is None else start.copy()
    indptr, indices = adjacency(zone.n, zone.edges)
    neighbours = [indices[indptr[v] : indptr[v + 1]] for v in range(zone.n)]
    cost = zone_cost(priced, lead_of)
    settled: set[bytes] = set()
    improved = True
    while improved and not out_of_time():
        improved = False
        for seed in range(zone.n):
            if lead_of[seed] not in (seed, LEFT_OUT) or out_of_time():
                continue
            freed = _neighbourhood(lead_of, seed, neighbours)
            # What was solved once stays best until one of its alliances changes.
            key = freed.tobytes() + lead_of[freed].tobytes()
            if key in settled:
                continue
            settled.add(key)
            fresh = _solved(priced, lead_of, freed, solve_part)
            if fresh is None:
                continue
            better = zone_cost(priced, fresh)
            if better < cost - 1e-9 * max(1.0, abs(cost)):
                lead_of, cost, improved = fresh, better, True
    if (must_place & (lead_of == LEFT_OUT)).any() or not _counted(zone, lead_of):
        return None
    return lead_of, zone_cost(zone, lead_of)


def part_of(zone: Zone, villages: NDArray[np.intp], alliances_elsewhere: int) -> Zone:
    """Return the sub-problem of some villages, the rest being decided.

    Parameters
    ----------
    zone
        The zone.
    villages
        (k,) local numbers, ascending.
    alliances_elsewhere
        Alliances that the rest of the zone keeps.
    """
    local = np.full(zone.n, -1, dtype=np.intp)
    local[villages] = np.arange(len(villages))
    inside = (local[zone.edges] >= 0).all(axis=1)
    apart = (local[zone.apart] >= 0).all(axis=1)
    together = zone.together[villages]
    lead_cost = zone.lead_cost[villages].copy()
    pair_cost = zone.pair_cost[np.ix_(villages, villages)].copy()
    everywhere = np.bincount(zone.together[zone.together >= 0], minlength=zone.n)
    here = np.bincount(together[together >= 0], minlength=zone.n)
    # A village whose partners lie outside can join no alliance of this part.
    torn = (together >= 0) & (here[together] < everywhere[together])
    lead_cost[torn] = np.inf
    pair_cost[torn, :] = np.inf
    pair_cost[:, torn] = np.inf
    np.fill_diagonal(pair_cost, 0.0)
    first, number = np.unique(together, return_inverse=True)
    renumbered = np.where(together >= 0, number, -1) if len(first) else together
    least, most = zone.n_alliances
    return replace(
        zone,
        villages=zone.villages[villages],
        pair_cost=pair_cost,
        edges=local[zone.edges[inside]],
        lead_cost=lead_cost,
        unassigned_cost=zone.unassigned_cost[villages],
        amount=zone.amount[villages],
        together=np.where(torn, -1, renumbered),
        apart=local[zone.apart[apart]],
        weak=zone.weak[villages],
        max_weak=min(zone.max_weak, len(villages)),
        n_alliances=(
            (0, np.inf)
            if zone.n_alliances == (0, np.inf)
            else (max(0.0, least - alliances_elsewhere), most - alliances_elsewhere)
        ),
        use=None if zone.use is None else zone.use[villages],
    )


def _priced(zone: Zone, placeable: NDArray[np.bool_]) -> tuple[Zone, NDArray[np.bool_]]:
    """Return the zone with a high price on leaving out, and the villages that must be placed."""
    finite = zone.pair_cost[np.isfinite(zone.pair_cost)]
    leads = zone.lead_cost[np.isfinite(zone.lead_cost)]
    largest = float(np.abs(finite).max(initial=0.0)) + float(np.abs(leads).max(initial=0.0))
    high = 10.0 * (largest + 1.0) * zone.max_size
    must_place = placeable & np.isinf(zone.unassigned_cost)
    price = np.where(np.isinf(zone.unassigned_cost), 0.0, zone.unassigned_cost)
    price = np.where(must_place, high, price)
    return replace(zone, unassigned_cost=price), must_place


def _counted(zone: Zone, lead_of: NDArray[np.intp]) -> bool:
    count = int((lead_of == np.arange(zone.n)).sum())
    return zone.n_alliances[0] <= count <= zone.n_alliances[1]


def _neighbourhood(
    lead_of: NDArray[np.intp], seed: int, neighbours: list[NDArray[np.int32]]
) -> NDArray[np.intp]:
    """Return the villages of an alliance, or one left out, and of what lies around it."""
    freed = np.zeros(len(lead_of), dtype=bool)
    _free(freed, lead_of, seed)
    touching: dict[int, int] = {}
    for village in np.flatnonzero(freed).tolist():
        for other in neighbours[village].tolist():
            if not freed[other]:
                key = int(lead_of[other]) if lead_of[other] != LEFT_OUT else other
                touching[key] = touching.get(key, 0) + 1
    for key, _ in sorted(touching.items(), key=lambda item: (-item[1], item[0])):
        wider = freed.copy()
        _free(wider, lead_of, key)
        if wider.sum() <= FREED_AT_MOST:
            freed = wider
    # Around a village left out there may be nothing but others left out: go further from there.
    while freed.sum() < FREED_AT_MOST:
        rim = sorted(
            {
                o
                for v in np.flatnonzero(freed).tolist()
                for o in neighbours[v].tolist()
                if not freed[o] and lead_of[o] == LEFT_OUT
            }
        )
        if not rim:
            break
        for other in rim[: FREED_AT_MOST - int(freed.sum())]:
            freed[other] = True
    return np.flatnonzero(freed)


def _free(freed: NDArray[np.bool_], lead_of: NDArray[np.intp], key: int) -> None:
    freed[key] = True
    if lead_of[key] != LEFT_OUT:
        freed |= lead_of == lead_of[key]


def _solved(
    zone: Zone, lead_of: NDArray[np.intp], freed: NDArray[np.intp], solve_part: SubSolver
) -> NDArray[np.intp] | None:
    """Return the plan with the freed villages solved anew."""
    fixed = np.ones(zone.n, dtype=bool)
    fixed[freed] = False
    elsewhere = int((fixed & (lead_of == np.arange(zone.n))).sum())
    part = solve_part(part_of(zone, freed, elsewhere))
    if part is None:
        return None
    fresh = lead_of.copy()
    fresh[freed] = np.where(part == LEFT_OUT, LEFT_OUT, freed[part])
    return fresh

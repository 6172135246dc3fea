"""Which method solves a zone: chosen by measured size, never changing what is meant."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from liancun_geo.solve.assignment import solve_by_assignment
from liancun_geo.solve.judging import is_feasible
from liancun_geo.solve.lagrangian import lagrangian_bound
from liancun_geo.solve.listing import list_candidates
from liancun_geo.solve.neighbourhood import improve
from liancun_geo.solve.partition import best_plan, solve_by_listing
from liancun_geo.solve.reach import possible_pairs
from liancun_geo.solve.zoneplan import Choice, ZonePlan
from liancun_geo.zone import Zone

Watch = Callable[[float, float], None]
"""Told the cost of the best plan and the bound whenever one of them moves."""

LISTED_SIZE = 10
"""Alliances up to this size are few enough to be listed in zones of any usual size."""
LISTED_ZONE = 20
"""Zones up to this size have at most a million connected sets, whatever the alliances' size."""
SEARCHED_FIRST = 80
"""Zones that are listed and larger than this are searched before."""
ASSIGNED_ZONE = 130
"""Larger zones are searched first: the assignment model has a column for every pair."""
PART_LISTED = 300_000
PART_SECONDS = 2.0


def solve_zone(
    zone: Zone,
    method: Choice,
    *,
    seconds: float,
    stop: NDArray[np.uint8],
    start: NDArray[np.intp] | None = None,
    watch: Watch | None = None,
) -> ZonePlan:
    """Solve one zone.

    Parameters
    ----------
    zone
        The zone.
    method
        ``"listing"`` lists all candidates, ``"assignment"`` solves the assignment model,
        ``"search"`` frees a few alliances at a time; ``"auto"`` lists where that is possible
        and falls back on the others.
    seconds, stop
        Time for this zone, and a byte to stop it.
    start
        (k,) leads of a plan to start from.
    watch
        Told how far the zone is.
    """
    begin = time.perf_counter()

    def left() -> float:
        return max(0.0, seconds - (time.perf_counter() - begin))

    if method == "listing":
        return solve_by_listing(zone, seconds=seconds, stop=stop, start=start, watch=watch)
    if method == "assignment":
        return solve_by_assignment(zone, seconds=seconds, stop=stop, start=start)
    if method == "search":
        return _search(zone, seconds=seconds, stop=stop, start=start)
    listed = zone.max_size <= LISTED_SIZE or zone.n <= LISTED_ZONE
    found: ZonePlan | None = None
    if zone.n > (SEARCHED_FIRST if listed else ASSIGNED_ZONE):
        # Large zones may run out of time: have a plan and a bound before anything else.
        found = _search(zone, seconds=0.4 * seconds, stop=stop, start=start)
        start = found.lead_of if found.lead_of is not None else start
        if watch is not None:
            watch(found.objective, found.bound)
    if listed and (found is None or left() > 0.0):
        plan = solve_by_listing(zone, seconds=left(), stop=stop, start=start, watch=watch)
        if plan.complete:
            return plan if found is None else _better(found, plan)
    if found is None or (left() > 0.0 and not stop[0]):
        plan = solve_by_assignment(zone, seconds=left(), stop=stop, start=start)
        return plan if found is None else _better(found, plan)
    return found


def _better(first: ZonePlan, second: ZonePlan) -> ZonePlan:
    """Return the cheaper plan of two with the better bound of both."""
    if second.status in ("infeasible", "optimal"):
        return second
    best = second if second.objective <= first.objective else first
    bound = max(first.bound, second.bound)
    proven = best.lead_of is not None and bound >= best.objective - 1e-9 * abs(best.objective)
    return replace(
        best,
        bound=best.objective if proven else bound,
        status="optimal" if proven else best.status,
    )


def _search(
    zone: Zone,
    *,
    seconds: float,
    stop: NDArray[np.uint8],
    start: NDArray[np.intp] | None,
) -> ZonePlan:
    """Improve a plan by exact sub-problems and bound it from below by prices."""
    deadline = time.perf_counter() + seconds
    placeable = np.asarray(possible_pairs(zone).any(axis=0), dtype=bool)

    def out_of_time() -> bool:
        return bool(stop[0]) or time.perf_counter() > deadline

    def solve_part(part: Zone) -> NDArray[np.intp] | None:
        never = np.zeros(1, dtype=np.uint8)
        if part.max_size <= LISTED_SIZE or part.n <= LISTED_ZONE:
            pool = list_candidates(part, budget=PART_LISTED)
            if pool.complete:
                return best_plan(pool, part, seconds=PART_SECONDS, stop=never).lead_of
        return solve_by_assignment(part, seconds=PART_SECONDS, stop=never).lead_of

    found = improve(zone, start, placeable, solve_part=solve_part, out_of_time=out_of_time)
    if found is not None and not is_feasible(zone, found[0], placeable):
        found = None
    objective = np.inf if found is None else found[1]
    bound = lagrangian_bound(zone, placeable, objective, out_of_time=out_of_time)
    proven = found is not None and bound >= objective - 1e-9 * max(1.0, abs(objective))
    return ZonePlan(
        status="optimal" if proven else "unknown" if found is None else "feasible",
        lead_of=None if found is None else found[0],
        objective=objective,
        bound=objective if proven else min(bound, objective),
        candidates=0,
        placeable=placeable,
        method="search",
    )


__all__ = ["LISTED_SIZE", "LISTED_ZONE", "Watch", "solve_zone"]

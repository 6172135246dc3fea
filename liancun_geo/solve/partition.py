"""Method A: list all candidates of a zone, bound, cut, search and branch until it is proven."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from liancun_geo.solve.branching import BranchAndCut, leads_of
from liancun_geo.solve.listing import CandidatePool, list_candidates
from liancun_geo.solve.master import SideRules
from liancun_geo.solve.neighbourhood import FREED_AT_MOST, improve
from liancun_geo.solve.zoneplan import ZonePlan
from liancun_geo.zone import Zone

PART_LISTED_AT_MOST = 400_000
PART_SECONDS = 1.0
"""A neighbourhood is small: one that takes longer is passed over."""


@dataclass(frozen=True, eq=False)
class SideRow:
    """One more rule that counts over all alliances of a zone, shares never negative.

    Attributes
    ----------
    share
        (candidates of the pool,) what each adds to the count.
    left_out
        (n,) what leaving out each village adds.
    bounds
        Least and greatest count.
    """

    share: NDArray[np.float64]
    left_out: NDArray[np.float64]
    bounds: tuple[float, float]

    def added_to(self, sides: SideRules, optional: NDArray[np.intp]) -> SideRules:
        """Return the rules with this one, over the candidates and then those left out."""
        share = np.concatenate([self.share, self.left_out[optional]])
        return SideRules(
            np.column_stack([sides.share, share]), np.vstack([sides.bounds, self.bounds])
        )


def solve_by_listing(
    zone: Zone,
    *,
    seconds: float,
    stop: NDArray[np.uint8],
    start: NDArray[np.intp] | None = None,
    watch: Callable[[float, float], None] | None = None,
) -> ZonePlan:
    """Find the best plan of a zone among all feasible alliances and prove it.

    Parameters
    ----------
    zone
        The zone.
    seconds
        Time this zone may take.
    stop
        One byte; set by another thread to make it return what it has.
    start
        (k,) leads of a plan to start from.
    watch
        Told cost and bound whenever one of them moves.
    """
    begin = time.perf_counter()
    pool = list_candidates(zone, stop=stop)
    left = seconds - (time.perf_counter() - begin)
    return best_plan(pool, zone, seconds=left, stop=stop, start=start, watch=watch)


def best_plan(
    pool: CandidatePool,
    zone: Zone,
    *,
    seconds: float,
    stop: NDArray[np.uint8],
    budget: float = np.inf,
    start: NDArray[np.intp] | None = None,
    watch: Callable[[float, float], None] | None = None,
    extra_sides: Sequence[SideRow] = (),
) -> ZonePlan:
    """Find the cheapest choice of alliances that holds every village once and prove it.

    A village may be left out at its finite ``unassigned_cost``. One that no candidate holds is
    left out for nothing if it has no such price: no plan can place it.

    Parameters
    ----------
    pool
        Candidates of the zone.
    zone
        Its prices of leaving out and its number of alliances.
    seconds, stop
        As for :func:`solve_by_listing`.
    budget
        Most that the alliances may use together.
    start, watch
        As for :func:`solve_by_listing`.
    extra_sides
        More rules over all alliances of the zone.
    """
    candidates = len(pool)
    placeable = pool.covered()
    if not pool.complete:
        return ZonePlan("unknown", None, np.inf, -np.inf, candidates, placeable, complete=False)
    price = np.where(placeable | np.isfinite(zone.unassigned_cost), zone.unassigned_cost, 0.0)
    optional = np.flatnonzero(np.isfinite(price))
    pool = pool.with_left_out(optional, price[optional])
    sides = SideRules.of(pool, zone.n_alliances, budget)
    for row in extra_sides:
        sides = row.added_to(sides, optional)
    search = BranchAndCut(pool, sides, seconds, stop)
    if np.isinf(budget) and not extra_sides:
        search.incumbents = lambda plan: _incumbents(zone, placeable, plan, search.out_of_time)
    search.watch = watch
    if start is not None:
        search.offer(start)
    status = search.run()
    return ZonePlan(
        status=status,
        lead_of=leads_of(pool, search.best),
        objective=search.upper,
        bound=search.lower,
        candidates=candidates,
        placeable=placeable,
        relaxation=search.root,
    )


def _incumbents(
    zone: Zone,
    placeable: NDArray[np.bool_],
    plan: NDArray[np.intp] | None,
    out_of_time: Callable[[], bool],
) -> NDArray[np.intp] | None:
    """Improve a plan by neighbourhoods small enough to be listed and solved at once."""

    def solve_part(part: Zone) -> NDArray[np.intp] | None:
        candidates = list_candidates(part, budget=PART_LISTED_AT_MOST)
        if not candidates.complete:
            return None
        quick = best_plan(candidates, part, seconds=PART_SECONDS, stop=np.zeros(1, dtype=np.uint8))
        return quick.lead_of

    if zone.n <= FREED_AT_MOST:
        return None
    found = improve(zone, plan, placeable, solve_part=solve_part, out_of_time=out_of_time)
    return None if found is None else found[0]

"""Rules over all zones: a number of alliances and a budget, solved exactly over the zones.

Each zone is solved for every number of alliances it can have and, under a budget, for every
trade-off between cost and use; a dynamic programme over the zones then finds the cheapest
combination. Plans and bounds are combined alike, so the bound holds even where time ran out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from liancun_geo.solve.listing import list_candidates
from liancun_geo.solve.partition import best_plan
from liancun_geo.solve.zoneplan import ZonePlan
from liancun_geo.zone import Zone

SMALLEST_USE = 1e-6
"""Uses closer than this are the same; ten times what the linear programme may be off."""

Solve = Callable[[Zone, float], ZonePlan]
"""Solves a zone with its number of alliances under a budget of its own."""


@dataclass(frozen=True, eq=False)
class Option:
    """One way to plan a zone.

    Attributes
    ----------
    plan
        Its plan and bound.
    alliances
        Number of alliances.
    use
        What they use of the budget.
    """

    plan: ZonePlan
    alliances: int
    use: float


def zone_options(
    zone: Zone,
    *,
    n_alliances: tuple[float, float],
    alone: bool,
    solve: Solve,
    out_of_time: Callable[[], bool],
) -> tuple[list[Option], bool]:
    """Return the ways to plan a zone that a combination may need, and whether all are known.

    Parameters
    ----------
    zone
        The zone.
    n_alliances
        Fewest and most alliances over all zones.
    alone
        Whether it is the only zone.
    solve
        Exact method.
    out_of_time
        Asked before every solve.
    """
    counts: list[tuple[float, float]] = [zone.n_alliances]
    least, most = zone.n_alliances
    most = min(most, n_alliances[1], zone.n // max(zone.min_size, 1))
    if alone:
        least = max(least, n_alliances[0])
        counts = [(least, most)] if least <= most else []
    elif n_alliances != (0, math.inf):
        counts = [(k, k) for k in range(math.ceil(max(0.0, least)), math.floor(most) + 1)]
    options: list[Option] = []
    complete = True
    for bounds in counts:
        counted = replace(zone, n_alliances=bounds)
        budget = math.inf
        while True:
            if out_of_time():
                return options, False
            plan = solve(counted, budget)
            if plan.lead_of is None:
                complete &= plan.status == "infeasible"
                break
            complete &= plan.status == "optimal"
            leads = np.flatnonzero(plan.lead_of == np.arange(zone.n))
            use = 0.0 if zone.use is None else float(np.sort(zone.use[leads]).sum())
            options.append(Option(plan, len(leads), use))
            if zone.use is None or use <= 0.0:
                break
            # The next trade-off uses less; what costs less was just found.
            budget = use - SMALLEST_USE * max(1.0, use)
    return options, complete


def listed_solver(zone: Zone, *, seconds: Callable[[], float], stop: NDArray[np.uint8]) -> Solve:
    """Return a solver that lists the candidates of a zone once for all questions."""
    pool = list_candidates(zone, stop=stop)

    def solve(counted: Zone, budget: float) -> ZonePlan:
        return best_plan(pool, counted, seconds=seconds(), stop=stop, budget=budget)

    return solve


def combine(
    options: Sequence[Sequence[Option]], n_alliances: tuple[float, float], budget: float
) -> list[Option] | None:
    """Return the cheapest choice of one option a zone that keeps both rules, None if none does.

    Parameters
    ----------
    options
        Of every zone.
    n_alliances
        Fewest and most alliances over the zones.
    budget
        Most that they may use together.
    """
    # (alliances so far) -> undominated (cost, use, choices as a linked list)
    states: dict[int, list[tuple[float, float, tuple[object, ...]]]] = {0: [(0.0, 0.0, ())]}
    slack = 1e-9 * max(1.0, abs(budget)) if math.isfinite(budget) else 0.0
    for of_zone in options:
        merged: dict[int, list[tuple[float, float, tuple[object, ...]]]] = {}
        for alliances, known in sorted(states.items()):
            for option in of_zone:
                total = alliances + option.alliances
                if total > n_alliances[1]:
                    continue
                for cost, use, chosen in known:
                    if use + option.use <= budget + slack:
                        merged.setdefault(total, []).append(
                            (cost + option.plan.objective, use + option.use, (chosen, option))
                        )
        states = {total: _undominated(found) for total, found in merged.items()}
    best: tuple[float, float, tuple[object, ...]] | None = None
    for total, found in sorted(states.items()):
        if total >= n_alliances[0]:
            for state in found:
                if best is None or state[0] < best[0]:
                    best = state
    return None if best is None else _unlinked(best[2])


def _undominated(
    found: list[tuple[float, float, tuple[object, ...]]],
) -> list[tuple[float, float, tuple[object, ...]]]:
    kept: list[tuple[float, float, tuple[object, ...]]] = []
    for state in sorted(found, key=lambda state: state[:2]):
        if not kept or state[1] < kept[-1][1]:
            kept.append(state)
    return kept


def _unlinked(chosen: tuple[object, ...]) -> list[Option]:
    options: list[Option] = []
    while chosen:
        rest, option = chosen
        assert isinstance(option, Option)
        assert isinstance(rest, tuple)
        options.append(option)
        chosen = rest
    return options[::-1]


__all__ = ["Option", "combine", "listed_solver", "zone_options"]

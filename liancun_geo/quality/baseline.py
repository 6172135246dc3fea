"""A rule of thumb to compare with: every village joins its strongest neighbour."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from liancun_geo.plan import UNASSIGNED
from liancun_geo.problem import AllianceProblem
from liancun_geo.scenario import Scenario


def strongest_neighbour(scenario: Scenario) -> NDArray[np.intp]:
    """Return the plan that a simple rule of thumb makes: (n,) leads, -1 if left out.

    See :func:`join_strongest`; villages excluded in the settings stay out.
    """
    codes = [str(code) for code in scenario.villages.frame["code"]]
    excluded = set(scenario.settings.rules.excluded)
    outside = [i for i, code in enumerate(codes) if code in excluded]
    return join_strongest(scenario.problem, scenario.leads.score, codes, outside)


def join_strongest(
    problem: AllianceProblem,
    score: NDArray[np.float64],
    codes: Sequence[str],
    outside: Collection[int] = (),
) -> NDArray[np.intp]:
    """Return the plan of the rule of thumb.

    1. A village that may lead and whose neighbours that may lead are all weaker is a lead. Every
       other village joins the strongest of its neighbours that may lead, and goes with it to
       whatever lead that one joined.
    2. An alliance that is too large keeps the villages fewest steps from its lead along these
       choices, of equal ones the strongest.
    3. An alliance that is too small is given up.
    4. Villages without alliance, the strongest first, join the alliance of a neighbour that has
       room, of several the one with the strongest lead; over and over until nobody can.

    Neighbours are those of the same zone; stronger is a higher lead score, of equal ones the
    smaller code. So contiguity, zones, gates, sizes, exclusions and frozen alliances hold; no
    other rule is looked at, and nobody is made to find a place.

    Parameters
    ----------
    problem
        Neighbours, zones, sizes, gates, frozen alliances.
    score
        (n,) lead score, higher is stronger.
    codes
        (n,) village codes, so that the order of a file makes no difference.
    outside
        Positions of villages that take no part.

    Returns
    -------
    numpy.ndarray
        (n,) positions of leads, -1 if left out.
    """
    lead_of = np.full(problem.n, UNASSIGNED, dtype=np.intp)
    frozen = {village for villages in problem.rules.frozen for village in villages}
    for villages in problem.rules.frozen:
        lead_of[list(villages)] = villages[0]
    free = [v for v in range(problem.n) if v not in frozen and v not in set(outside)]
    strength = sorted(free, key=lambda v: (-float(score[v]), codes[v]))
    rank = {village: place for place, village in enumerate(strength)}
    near = _neighbours(problem, rank)
    leads = {v for v in free if problem.can_lead[v] and np.isfinite(problem.lead_cost[v])}
    follows = _choices(strength, rank, near, leads)
    for lead, followers in _basins(strength, rank, follows).items():
        kept = followers[: problem.max_size]
        if len(kept) >= problem.min_size:
            lead_of[kept] = lead
    _let_in(lead_of, strength, rank, near, problem.max_size)
    return lead_of


def _neighbours(problem: AllianceProblem, rank: dict[int, int]) -> dict[int, list[int]]:
    """Return the neighbours of each free village inside its zone, the strongest first."""
    near: dict[int, list[int]] = {village: [] for village in rank}
    for one, other in problem.edges.tolist():
        if one in rank and other in rank and problem.zone_of[one] == problem.zone_of[other]:
            near[one].append(other)
            near[other].append(one)
    return {v: sorted(found, key=rank.__getitem__) for v, found in near.items()}


def _choices(
    strength: Sequence[int], rank: dict[int, int], near: dict[int, list[int]], leads: set[int]
) -> dict[int, int]:
    """Return whom each village joins, itself if it leads; villages without choice are absent."""
    follows: dict[int, int] = {}
    for village in strength:
        strongest = next((other for other in near[village] if other in leads), None)
        if village in leads and (strongest is None or rank[village] < rank[strongest]):
            follows[village] = village
        elif strongest is not None:
            follows[village] = strongest
    return follows


def _basins(
    strength: Sequence[int], rank: dict[int, int], follows: dict[int, int]
) -> dict[int, list[int]]:
    """Return lead -> everyone who ends there, fewest steps first, then the strongest."""
    end: dict[int, tuple[int, int]] = {}

    def walk(village: int) -> tuple[int, int]:
        # Each step leads to a stronger village that may lead, so the way ends.
        path = []
        while village not in end and follows[village] != village:
            path.append(village)
            village = follows[village]
        lead, steps = end.get(village, (village, 0))
        end[village] = lead, steps
        for back in reversed(path):
            steps += 1
            end[back] = lead, steps
        return end[path[0]] if path else (lead, steps)

    basins: dict[int, list[int]] = {}
    for village in strength:
        if village in follows:
            lead, _ = walk(village)
            basins.setdefault(lead, []).append(village)
    for villages in basins.values():
        villages.sort(key=lambda v: (end[v][1], rank[v]))
    return basins


def _let_in(
    lead_of: NDArray[np.intp],
    strength: Sequence[int],
    rank: dict[int, int],
    near: dict[int, list[int]],
    max_size: int,
) -> None:
    """Let villages without alliance join a neighbour's that has room, until nobody can."""
    size = {lead: int((lead_of == lead).sum()) for lead in set(lead_of.tolist()) if lead in rank}
    waiting = [village for village in strength if lead_of[village] == UNASSIGNED]
    while waiting:
        left = []
        for village in waiting:
            open_to = {int(lead_of[other]) for other in near[village]}
            room = [lead for lead in open_to if lead in size and size[lead] < max_size]
            if room:
                lead = min(room, key=rank.__getitem__)
                lead_of[village] = lead
                size[lead] += 1
            else:
                left.append(village)
        if len(left) == len(waiting):
            return
        waiting = left

"""Points: the cost of a plan as planners read it, higher is better, up to 10 a village.

The one place where costs are turned round. Nothing is added to what the solver weighs: the total
of a plan is ``10 * (villages that count) - 10 * cost``, so a plan with more points is a plan of
less cost and a difference of points is ten times the difference of costs.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from liancun_geo.plan import UNASSIGNED, Plan
from liancun_geo.problem import AllianceProblem
from liancun_geo.scenario import Scenario

PER_VILLAGE = 10.0
"""Points of a village that costs nothing."""

OTHER = "other"
"""Part of a village's points that no component explains: an unknown pair, a scaled lead cost."""

SIZE, TARGET, SHORTFALL = "size", "target", "shortfall"
"""Lines of an alliance as a whole."""

_CLOSE = 1e-9


@dataclass(frozen=True, slots=True)
class Part:
    """One line of a village's points.

    Attributes
    ----------
    name
        A component of the pair cost (of a member) or of the lead score (of a lead), or
        :data:`OTHER`.
    points, most
        What the village has and the most it could have there.
    """

    name: str
    points: float
    most: float


@dataclass(frozen=True)
class VillagePoints:
    """The points of one village under one lead.

    Attributes
    ----------
    village, lead
        Positions; ``lead`` is -1 for a village left out, and the village itself for a lead.
    points
        ``10 * (1 - cost)``; the sum of the parts. ``-inf`` for a forbidden pair.
    parts
        By component, known ones only: the weights of unknown ones go to the others, as in the
        cost itself.
    """

    village: int
    lead: int
    points: float
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True, eq=False)
class PlanPoints:
    """The points of a plan.

    Attributes
    ----------
    village
        (n,) points of each village; NaN for one that does not count (nothing can place it).
    alliance
        Lead -> points taken off (or given) for the alliance as a whole: its size, its targets.
    total
        Sum of both: ``10 * (villages that count) - 10 * cost``.
    """

    village: NDArray[np.float64]
    alliance: Mapping[int, float] = field(default_factory=dict)
    total: float = math.nan

    def of_alliance(self, villages: Sequence[int]) -> float:
        """Return the points of an alliance, its lead first: its villages and itself."""
        own = math.fsum(float(self.village[village]) for village in villages)
        return own + self.alliance.get(villages[0], 0.0)


def points_of_difference(cost: float) -> float:
    """Return a difference of costs as a difference of points: dearer is fewer."""
    return 0.0 - PER_VILLAGE * cost


def member_points(scenario: Scenario, village: int, lead: int) -> VillagePoints:
    """Return the points of a village under a lead, whether or not the plan has it so.

    Each component ``k`` of the pair cost gives ``10 * w_k * (1 - c_k)`` of at most ``10 * w_k``,
    with the weights scaled to 1 over the components that are known for the pair.
    """
    if village == lead:
        return lead_points(scenario, lead)
    cost = scenario.problem.pair(lead, village)
    components = scenario.pairs.components(lead, village)
    parts = _parts(
        {name: 1.0 - value for name, value in components.items()}, scenario.pairs.weights
    )
    return VillagePoints(village, lead, *_completed(PER_VILLAGE * (1.0 - cost), parts))


def lead_points(scenario: Scenario, village: int) -> VillagePoints:
    """Return the points of a village that leads: ``10 * (1 - its lead cost)``.

    Each indicator gives ``10 * v * w_k * x_k`` of at most ``10 * v * w_k``, ``v`` the weight of
    the lead cost.
    """
    scale = scenario.settings.rules.lead_cost_weight
    scores = scenario.leads
    values = {name: float(column[village]) for name, column in scores.components.items()}
    parts = tuple(
        Part(part.name, scale * part.points, scale * part.most)
        for part in _parts(values, scores.weights)
    )
    cost = float(scenario.problem.lead_cost[village])
    return VillagePoints(village, village, *_completed(PER_VILLAGE * (1.0 - cost), parts))


def left_out_points(problem: AllianceProblem, village: int) -> VillagePoints:
    """Return the points of a village left out: ``10 * (1 - its price)``.

    NaN if it does not count: it has no price, or takes no part.
    """
    price = float(problem.unassigned_cost[village])
    free = price == 0.0 and not _takes_part(problem, village)
    points = PER_VILLAGE * (1.0 - price) if math.isfinite(price) and not free else math.nan
    return VillagePoints(village, UNASSIGNED, points)


def alliance_lines(problem: AllianceProblem, villages: Sequence[int]) -> tuple[Part, ...]:
    """Return what an alliance as a whole gains or loses, line by line.

    ``size`` for its number of villages, ``target`` and ``shortfall`` for each sum aimed at, where
    the problem has such terms; ``most`` is 0, since no alliance is asked for more. What is
    forbidden (only a frozen alliance can have it) counts nothing.
    """
    size = len(villages)
    costs: list[tuple[str, float]] = []
    if problem.size_cost.any():
        costs.append((SIZE, float(problem.size_cost[size]) if size <= problem.max_size else 0.0))
    for term in problem.rules.group_terms:
        amount = np.asarray(term.amount)
        total = math.fsum(float(amount[village]) for village in villages)
        if term.target is not None:
            costs.append((TARGET, term.weight * abs(total - term.target)))
        if term.threshold is not None:
            costs.append((SHORTFALL, term.shortfall_weight * max(0.0, term.threshold - total)))
    return tuple(
        Part(name, points_of_difference(cost) if math.isfinite(cost) else 0.0, 0.0)
        for name, cost in costs
    )


def alliance_points(problem: AllianceProblem, villages: Sequence[int]) -> float:
    """Return the sum of the lines of an alliance: its size cost and its target costs."""
    return math.fsum(part.points for part in alliance_lines(problem, villages))


def points_under_lead(problem: AllianceProblem, villages: Sequence[int]) -> float:
    """Return the points of an alliance, its lead first; ``-inf`` if a part is forbidden."""
    lead, *members = villages
    own = [PER_VILLAGE * (1.0 - float(problem.lead_cost[lead]))]
    own += [PER_VILLAGE * (1.0 - problem.pair(lead, member)) for member in members]
    return math.fsum([*own, alliance_points(problem, villages)])


def points_in_plan(problem: AllianceProblem, villages: Sequence[int]) -> float:
    """Return what an alliance, its lead first, adds to the total of :func:`plan_points`.

    As :func:`points_under_lead`, but in a frozen alliance what is forbidden costs nothing.
    """
    return math.fsum([*_own_points(problem, villages), alliance_points(problem, villages)])


def counting(problem: AllianceProblem, lead_of: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Return (n,) which villages count: those placed, and those left out at a price.

    A village that must be placed and is not, since nothing can place it, does not count; nor
    does one that takes no part: it may not lead, nobody may lead it, and it has no price.
    """
    price = problem.unassigned_cost
    counts: NDArray[np.bool_] = (lead_of != UNASSIGNED) | np.isfinite(price)
    for village in np.flatnonzero((lead_of == UNASSIGNED) & (price == 0.0)).tolist():
        counts[village] = _takes_part(problem, village)
    return counts


def plan_points(problem: AllianceProblem, plan: Plan | ArrayLike) -> PlanPoints:
    """Return the points of a plan, village by village.

    Parameters
    ----------
    problem
        What may be chosen and what it costs.
    plan
        A plan, or (n,) positions of leads with -1 for villages left out.

    Returns
    -------
    PlanPoints
        ``total`` is ``-inf`` if the plan uses a pair or lead that is forbidden; in a frozen
        alliance what is forbidden costs nothing.
    """
    if not isinstance(plan, Plan):
        plan = Plan.from_lead_of(plan)
    village = np.full(problem.n, np.nan)
    alliance: dict[int, float] = {}
    for chosen in plan.alliances:
        everyone = list(chosen.villages)
        village[everyone] = _own_points(problem, everyone)
        alliance[chosen.lead] = alliance_points(problem, everyone)
    counts = counting(problem, plan.lead_of)
    for left_out in np.flatnonzero(counts & (plan.lead_of == UNASSIGNED)).tolist():
        village[left_out] = left_out_points(problem, left_out).points
    counted = village[counts]
    return PlanPoints(village, alliance, math.fsum([*counted.tolist(), *alliance.values()]))


def most_points(points: PlanPoints, objective: float, bound: float) -> float:
    """Return the most points any plan can have, from the bound of the cost.

    Parameters
    ----------
    points
        Of the plan.
    objective, bound
        Its cost, and the proven lower bound of the cost of any plan.
    """
    return points.total + PER_VILLAGE * max(0.0, objective - bound)


def _own_points(problem: AllianceProblem, villages: Sequence[int]) -> list[float]:
    """Return the points of each village of an alliance, its lead first."""
    lead, *members = villages
    own = [PER_VILLAGE * (1.0 - float(problem.lead_cost[lead]))]
    own += [PER_VILLAGE * (1.0 - problem.pair(lead, member)) for member in members]
    if all(map(math.isfinite, own)):
        return own
    frozen = any(a[0] == lead and set(a) == set(villages) for a in problem.rules.frozen)
    return [p if math.isfinite(p) or not frozen else PER_VILLAGE for p in own]


def _takes_part(problem: AllianceProblem, village: int) -> bool:
    if problem.can_lead[village] and math.isfinite(float(problem.lead_cost[village])):
        return True
    zone = np.flatnonzero(problem.zone_of == problem.zone_of[village])
    return any(
        math.isfinite(problem.pair(lead, village)) for lead in zone.tolist() if lead != village
    )


def _parts(values: Mapping[str, float], weights: Mapping[str, float]) -> tuple[Part, ...]:
    known = {
        name: weights[name]
        for name, value in values.items()
        if weights.get(name, 0.0) > 0.0 and not math.isnan(value)
    }
    total = math.fsum(known.values())
    return tuple(
        Part(name, PER_VILLAGE * weight / total * values[name], PER_VILLAGE * weight / total)
        for name, weight in known.items()
    )


def _completed(points: float, parts: tuple[Part, ...]) -> tuple[float, tuple[Part, ...]]:
    """Return the points with a last part for what the others leave unexplained."""
    if not math.isfinite(points):
        return points, ()
    rest = points - math.fsum(part.points for part in parts)
    if abs(rest) <= _CLOSE:
        return points, parts
    most = PER_VILLAGE - math.fsum(part.most for part in parts)
    return points, (*parts, Part(OTHER, rest, most))

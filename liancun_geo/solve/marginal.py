"""What one wish costs: two villages together or apart, a village leading or left out.

Each answer is exact: the one zone concerned is solved again under the wish, and its proven
optimum is compared with the zone's.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from liancun_geo.errors import ProblemError
from liancun_geo.problem import AllianceProblem
from liancun_geo.solve.context import ZoneContext
from liancun_geo.solve.listing import CandidatePool, list_candidates
from liancun_geo.solve.result import SolveResult, Status
from liancun_geo.zone import Zone

TIME_LIMIT = 60.0
"""Seconds for one question, listing and solving the zone included."""


@dataclass(frozen=True, eq=False)
class Marginal:
    """The answer to one wish.

    Attributes
    ----------
    cost
        Cost of the zone's best plan under the wish minus that of its best plan; ``inf`` if no
        plan grants it, NaN if time ran out before both were proven. Negative only for leaving a
        village out: then placing the village costs that much (``-inf`` if without the wish the
        zone has no plan at all).
    objective
        Cost of the zone's best plan under the wish, ``inf`` without one; frozen alliances not
        counted.
    villages, lead_of
        (k,) the zone's villages that are not frozen, and the position of the lead of each in
        that plan, -1 if left out; None without one.
    status
        ``"optimal"``: proven. ``"infeasible"``: no plan grants the wish. Else time ran out.
    """

    cost: float
    objective: float
    villages: NDArray[np.intp]
    lead_of: NDArray[np.intp] | None
    status: Status


def cost_of_together(
    problem: AllianceProblem,
    i: int,
    j: int,
    *,
    context: ZoneContext | None = None,
    time_limit: float = TIME_LIMIT,
) -> Marginal:
    """Return what it costs to put two villages into one alliance.

    As with ``must_together``, a plan that leaves both out grants the wish too, where both may be
    left out. Unlike there, a wish that no alliance can grant does not leave a village out for
    nothing: every village that must be placed stays placed, or the wish is impossible.

    Parameters
    ----------
    problem
        What may be chosen and what it costs.
    i, j
        Positions of two villages.
    context
        Their zone listed and solved before; without it that is done first.
    time_limit
        Seconds.

    Raises
    ------
    ProblemError
        If there is no such village, the two are one, or the context is of another zone.
    """
    _two(i, j)
    asked = _context(problem, i, context, time_limit)
    if _other_zones(problem, i, j):
        return _impossible(asked)
    one, other = asked.local(i), asked.local(j)
    if one < 0 or other < 0:
        return _as_it_is(asked) if _in_one_frozen(problem, i, j) else _impossible(asked)
    keep = asked.pool.holds(one) == asked.pool.holds(other)
    return _answer(asked, asked.pool.subset(keep), asked.zone, time_limit)


def cost_of_apart(
    problem: AllianceProblem,
    i: int,
    j: int,
    *,
    context: ZoneContext | None = None,
    time_limit: float = TIME_LIMIT,
) -> Marginal:
    """Return what it costs to keep two villages out of one alliance.

    Parameters and errors are those of :func:`cost_of_together`.
    """
    _two(i, j)
    asked = _context(problem, i, context, time_limit)
    if _other_zones(problem, i, j):
        return _as_it_is(asked)
    one, other = asked.local(i), asked.local(j)
    if one < 0 or other < 0:
        return _impossible(asked) if _in_one_frozen(problem, i, j) else _as_it_is(asked)
    keep = ~(asked.pool.holds(one) & asked.pool.holds(other))
    return _answer(asked, asked.pool.subset(keep), asked.zone, time_limit)


def cost_of_leading(
    problem: AllianceProblem,
    i: int,
    *,
    context: ZoneContext | None = None,
    time_limit: float = TIME_LIMIT,
) -> Marginal:
    """Return what it costs to let a village lead.

    As with ``must_lead``, the village is placed and leads; gates and forbidden pairs still hold.
    A wish that takes away the last possible alliance of a village that must be placed is
    impossible.

    Parameters and errors are those of :func:`cost_of_together`.
    """
    asked = _context(problem, i, context, time_limit)
    leading = asked.local(i)
    if leading < 0:
        leads = any(villages[0] == i for villages in problem.rules.frozen)
        return _as_it_is(asked) if leads else _impossible(asked)
    zone = asked.zone
    pair_cost, unassigned = zone.pair_cost.copy(), zone.unassigned_cost.copy()
    pair_cost[np.arange(zone.n) != leading, leading] = np.inf
    unassigned[leading] = np.inf
    # The cheapest lead of a set may be another one now, so the sets are priced again.
    zone = replace(zone, pair_cost=pair_cost, unassigned_cost=unassigned)
    pool = list_candidates(zone)
    if not pool.holds(leading).any():
        return _impossible(asked)
    return _answer(asked, pool, zone, time_limit)


def cost_of_leaving_out(
    problem: AllianceProblem,
    i: int,
    *,
    context: ZoneContext | None = None,
    time_limit: float = TIME_LIMIT,
) -> Marginal:
    """Return what it costs to leave a village out, whether or not the rules allow that.

    Its ``unassigned_cost`` is paid if it is finite; a village that must be placed is left out
    for nothing. Negative if the others are cheaper without it: then the village costs that much
    to place. Villages that must share its alliance are not let go with it.

    Parameters and errors are those of :func:`cost_of_together`.
    """
    asked = _context(problem, i, context, time_limit)
    out = asked.local(i)
    if out < 0:
        return _impossible(asked)
    price = float(problem.unassigned_cost[i])
    unassigned = asked.zone.unassigned_cost.copy()
    unassigned[out] = price if np.isfinite(price) else 0.0
    zone = replace(asked.zone, unassigned_cost=unassigned)
    return _answer(asked, asked.pool.subset(~asked.pool.holds(out)), zone, time_limit)


def village_prices(
    problem: AllianceProblem, result: SolveResult | None = None
) -> NDArray[np.float64]:
    """Return what the linear programme pays for serving each village.

    The dual price of the village's row in the root programme of its zone: the rate at which the
    programme's cost would rise if more than one alliance had to hold the village. A high price
    marks a village that is dear to place, for example remote from every capable lead. Prices of
    a zone add up, with those of its other rules and cuts, to its lower bound. They need not be
    unique, and they are rates at the margin: what leaving a village out saves exactly is
    :func:`cost_of_leaving_out`.

    Parameters
    ----------
    problem
        What may be chosen and what it costs.
    result
        A result of this problem, whose stored prices are taken; zones without any, and all
        zones if there is no result, are listed and their programme solved.

    Returns
    -------
    (n,) array
        In the unit of the costs; NaN for a frozen village, and in a zone whose candidates cannot
        be listed or that has no plan.

    Raises
    ------
    ProblemError
        If the result has other zones than the problem.
    """
    if result is not None and [z.label for z in result.zones] != [z.label for z in problem.zones]:
        raise ProblemError("the result has other zones than the problem")
    prices = np.full(problem.n, np.nan)
    for index, zone in enumerate(problem.zones):
        relaxation = None if result is None else result.zones[index].relaxation
        if relaxation is None and zone.n:
            context = ZoneContext.of(problem, index)
            if context.plan.status in ("optimal", "feasible"):
                relaxation = context.relaxation(*context.columns())
        if relaxation is not None:
            prices[zone.villages] = relaxation.prices
    return prices


def _two(i: int, j: int) -> None:
    if i == j:
        raise ProblemError(f"village {i} is asked about with itself")


def _context(
    problem: AllianceProblem, village: int, context: ZoneContext | None, time_limit: float
) -> ZoneContext:
    if context is None:
        return ZoneContext.holding(problem, village, time_limit=time_limit)
    if not 0 <= village < problem.n:
        raise ProblemError(f"village {village} is not one of 0 .. {problem.n - 1}")
    if context.problem is not problem or context.index != problem.zone_of[village]:
        raise ProblemError(f"the context is not that of the zone of village {village}")
    return context


def _other_zones(problem: AllianceProblem, i: int, j: int) -> bool:
    if not 0 <= j < problem.n:
        raise ProblemError(f"village {j} is not one of 0 .. {problem.n - 1}")
    return bool(problem.zone_of[i] != problem.zone_of[j])


def _in_one_frozen(problem: AllianceProblem, i: int, j: int) -> bool:
    return any(i in villages and j in villages for villages in problem.rules.frozen)


def _as_it_is(asked: ZoneContext) -> Marginal:
    """Answer a wish that every plan grants."""
    plan = asked.plan
    proven = plan.status == "optimal"
    lead_of = None if plan.lead_of is None else asked.outside(plan.lead_of)
    cost = 0.0 if proven else np.inf if plan.status == "infeasible" else np.nan
    return Marginal(cost, plan.objective, asked.zone.villages, lead_of, plan.status)


def _impossible(asked: ZoneContext) -> Marginal:
    return Marginal(np.inf, np.inf, asked.zone.villages, None, "infeasible")


def _answer(asked: ZoneContext, pool: CandidatePool, zone: Zone, time_limit: float) -> Marginal:
    if asked.plan.status == "infeasible" and zone is asked.zone:
        return _impossible(asked)
    wished = asked.solve(pool, zone, seconds=time_limit)
    if wished.status == "infeasible":
        return _impossible(asked)
    # From no plan to a plan the difference is infinite, not undefined.
    proven = wished.status == "optimal" and asked.plan.status in ("optimal", "infeasible")
    cost = wished.objective - asked.plan.objective if proven else np.nan
    lead_of = None if wished.lead_of is None else asked.outside(wished.lead_of)
    status: Status = wished.status
    return Marginal(cost, wished.objective, asked.zone.villages, lead_of, status)

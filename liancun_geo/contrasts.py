"""Three contrasting plans of one county: fit first, equity first, fewest changes.

**Fit first** is the settings as they are: near the lead, industries that fit, the strong with the
weak, each by its weight.

**Equity first** asks what the weak villages ask. In terms of the settings: the contrast of
strength weighs at least as much as all other parts of the pair cost together, so that a weak
village goes to a strong lead even if that lead is farther away; leaving out a small or weak
village costs three times as much (which matters under partial coverage); and no lead has more
weak members than must be, ``max_weak_members`` being the least number under which no zone loses
its plan. The last is found by asking the solver, see :func:`least_weak_members`.

**Fewest changes** keeps the alliances of the ledger: the planner's own settings, solved again from
the existing alliances, where every village that leaves its existing alliance costs
:data:`MOVE_POINTS` points, as much as a village can earn at all. So a village moves only where the
rules demand it, or where it gains several others more than everything it could have itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import linear_sum_assignment

from liancun_geo.agreements import existing_members
from liancun_geo.naming import alliance_name
from liancun_geo.plan import UNASSIGNED
from liancun_geo.points import PER_VILLAGE, points_under_lead
from liancun_geo.posing import zone_labels
from liancun_geo.problem import AllianceProblem
from liancun_geo.scenario import Groundwork, Scenario, assemble
from liancun_geo.settings import Settings
from liancun_geo.solve import resolve
from liancun_geo.villages import VillageTable

Contrast = Literal["fit", "equity", "fewest"]
CONTRASTS: tuple[Contrast, ...] = ("fit", "equity", "fewest")

WEAK_FACTOR = 3.0
"""How much dearer leaving out a weak or small village is under equity first."""
MOVE_POINTS = 10.0
"""Points that a village's leaving its existing alliance costs under fewest changes."""


def equity_first(settings: Settings, max_weak_members: int | None = None) -> Settings:
    """Return settings that put the weak villages first.

    Parameters
    ----------
    settings
        The planner's. Sizes, gates, zones, agreements stay as they are.
    max_weak_members
        Most weak members of one lead, if the planner's settings do not ask for fewer.
    """
    weights, rules = settings.criteria.pair_weights, settings.rules
    others = weights.proximity + weights.industry_similarity + weights.industry_complementarity
    contrast = max(weights.strength_contrast, others)
    caps = [cap for cap in (max_weak_members, rules.max_weak_members) if cap is not None]
    return settings.model_copy(
        update={
            "criteria": settings.criteria.model_copy(
                update={"pair_weights": weights.model_copy(update={"strength_contrast": contrast})}
            ),
            "rules": rules.model_copy(
                update={
                    "weak_village_weight": WEAK_FACTOR * rules.weak_village_weight,
                    "small_village_weight": WEAK_FACTOR * rules.small_village_weight,
                    "max_weak_members": min(caps, default=None),
                }
            ),
        }
    )


def least_weak_members(most: int, as_many_plans: Callable[[int], bool]) -> int | None:
    """Return the least cap on weak members that costs no zone its plan.

    Parameters
    ----------
    most
        A cap that does nothing: the members of the largest alliance.
    as_many_plans
        Whether every zone that has a plan without a cap has one under this cap.

    Returns
    -------
    int or None
        None if every cap below ``most`` costs some zone its plan: then no cap is set.
    """
    low, high = 0, most
    while low < high:
        middle = (low + high) // 2
        if as_many_plans(middle):
            high = middle
        else:
            low = middle + 1
    return high if high < most else None


def existing_plan(
    villages: VillageTable, settings: Settings, problem: AllianceProblem
) -> NDArray[np.intp]:
    """Return the alliances of the ledger as a plan.

    The ledger names alliances, not leads. The lead is the village the alliance is called after
    (西泉村 of 西泉片区); if there is none, the village that may lead with the most points.

    Returns
    -------
    (n,) array
        Lead of each village, -1 for a village in no existing alliance. An alliance that spans
        several zones counts as one in each; a village alone in its alliance is in none.
    """
    names = [str(name) for name in villages.frame["name"]]
    codes = [str(code) for code in villages.frame["code"]]
    excluded = set(settings.rules.excluded)
    takes_part = [code not in excluded for code in codes]
    zones = zone_labels(villages, settings.rules)
    before = np.full(len(names), UNASSIGNED, dtype=np.intp)
    for (_, called), members in existing_members(villages, zones, takes_part).items():
        if len(members) < 2:
            continue
        named = [v for v in members if called in (names[v], alliance_name(names[v]))]
        before[members] = named[0] if named else _ablest(problem, members)
    return before


def _ablest(problem: AllianceProblem, members: list[int]) -> int:
    def under(lead: int) -> float:
        others = [village for village in members if village != lead]
        return points_under_lead(problem, [lead, *others])

    able = [village for village in members if problem.can_lead[village]]
    return max(able or members, key=lambda lead: (under(lead), -lead))


def fewest_changes(
    villages: VillageTable,
    settings: Settings,
    groundwork: Groundwork,
    *,
    time_limit: float,
    workers: int = 1,
) -> Scenario | None:
    """Return the plan that keeps the existing alliances as far as possible, with its proof.

    Parameters
    ----------
    villages, settings, groundwork
        The county, and what :func:`~liancun_geo.scenario.lay_groundwork` made of it.
    time_limit, workers
        As for :func:`~liancun_geo.solve.resolve`.

    Returns
    -------
    Scenario or None
        Its result is a :class:`~liancun_geo.solve.ResolveResult`: proven among plans that move as
        few villages. None if the ledger has no existing alliances.
    """
    problem = groundwork.problem
    before = existing_plan(villages, settings, problem)
    if (before == UNASSIGNED).all():
        return None
    # Whoever is in no alliance yet has nothing to leave.
    price = np.where(before != UNASSIGNED, MOVE_POINTS / PER_VILLAGE, 0.0)
    result = resolve(
        problem,
        before,
        move_cost=price,
        time_limit=time_limit,
        workers=workers,
        seed=settings.solver.seed,
    )
    return assemble(villages, settings, groundwork, result)


def counterparts(before: ArrayLike, after: ArrayLike) -> dict[int, int]:
    """Return which alliance of a plan goes on as which of another, by their leads.

    The pairs that share the most villages in all; at equal numbers those that keep their lead.

    Parameters
    ----------
    before, after
        (n,) leads of two plans of the same villages, -1 if left out.

    Returns
    -------
    dict
        Lead in ``after`` -> lead in ``before``; alliances without a counterpart are missing.
    """
    old, new = np.asarray(before, dtype=np.intp), np.asarray(after, dtype=np.intp)
    both = (old != UNASSIGNED) & (new != UNASSIGNED)
    olds, news = np.unique(old[both]), np.unique(new[both])
    shared = np.zeros((len(news), len(olds)))
    np.add.at(shared, (np.searchsorted(news, new[both]), np.searchsorted(olds, old[both])), 1.0)
    value = shared + 0.5 / (len(old) + 1) * (news[:, None] == olds[None, :])
    rows, columns = linear_sum_assignment(value, maximize=True)
    return {
        int(news[row]): int(olds[column])
        for row, column in zip(rows.tolist(), columns.tolist(), strict=True)
        if shared[row, column] > 0
    }


def changed_villages(before: ArrayLike, after: ArrayLike) -> NDArray[np.bool_]:
    """Return (n,) which villages go another way.

    Placed or left out unlike before, or in an alliance that does not continue the one they were
    in. Another lead alone is no change.
    """
    old, new = np.asarray(before, dtype=np.intp), np.asarray(after, dtype=np.intp)
    goes_on = counterparts(old, new)
    came_from = np.array([goes_on.get(int(lead), -2) if lead >= 0 else -1 for lead in new])
    changed: NDArray[np.bool_] = came_from != old
    return changed

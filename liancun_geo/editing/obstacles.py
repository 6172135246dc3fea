"""Why an edit is not possible: what the checker says of the plan after it, in the planner's terms.

An obstacle is a rule that is broken after the edit and was not before, or is broken worse; so an
edit without obstacles breaks nothing, and none is refused that breaks nothing.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Hashable, Iterator

import numpy as np
from numpy.typing import NDArray

from liancun_geo.check import Violation
from liancun_geo.editing.base import Base
from liancun_geo.editing.judging import Judged
from liancun_geo.editing.kinds import EditError
from liancun_geo.plan import UNASSIGNED
from liancun_geo.problem import AllianceProblem
from liancun_geo.why.facts import Obstacle, ObstacleKind
from liancun_geo.why.moves import pair_obstacles, sum_obstacles

_SLACK = 1e-9
_PAIRS = ("forbidden_pair", "distance", "hops", "fixed_lead", "must_lead")
_BY_VILLAGE = (*_PAIRS, "connected", "zone", "can_lead")
_TIES = ("together", "apart")


def new_violations(
    problem: AllianceProblem, before: Judged, after: Judged
) -> tuple[Violation, ...]:
    """Return the rules that are broken after an edit and were not before, or are now worse."""
    if not after.violations:
        return ()
    heirs = {lead: int(after.lead_of[lead]) for lead in before.broken}
    worst: dict[Hashable, float] = {}
    for one in before.violations:
        lead = one.lead if one.lead is None else heirs.get(one.lead, one.lead)
        for key, much in _measured(problem, before, one, lead):
            worst[key] = max(much, worst.get(key, -math.inf))
    return tuple(
        one
        for one in after.violations
        if any(
            much > worst.get(key, -math.inf) + _SLACK
            for key, much in _measured(problem, after, one, one.lead)
        )
    )


def _measured(
    problem: AllianceProblem, judged: Judged, one: Violation, lead: int | None
) -> Iterator[tuple[Hashable, float]]:
    """Say what exactly is broken, and how badly where that can be told."""
    rules = problem.rules
    if one.rule in _BY_VILLAGE:
        for village in one.villages:
            yield (one.rule, lead, village), 0.0
    elif one.rule in _TIES or one.rule == "unassigned":
        yield (one.rule, one.villages), 0.0
    elif one.rule == "size":
        size = len(one.villages)
        away = max(problem.min_size - size, size - problem.max_size, 0)
        yield (one.rule, lead), float(away)
    elif one.rule == "resource":
        for r, (least, most) in enumerate(rules.resource_bounds.tolist()):
            total = math.fsum(rules.resource[list(one.villages), r].tolist())
            yield (one.rule, lead, r), max(least - total, total - most, 0.0)
    elif one.rule in ("n_alliances", "zone_alliances", "budget"):
        zone = int(problem.zone_of[one.villages[0]]) if one.rule == "zone_alliances" else None
        yield (one.rule, zone), _too_many(problem, judged, one.rule, zone)
    else:
        yield (one.rule, lead), float(len(one.villages)) if one.rule != "class" else 0.0


def _too_many(problem: AllianceProblem, judged: Judged, rule: str, zone: int | None) -> float:
    """Return how far the number of alliances, or what they use, is from what is allowed."""
    rules = problem.rules
    if rule == "budget" and rules.budget_use is not None:
        return math.fsum(rules.budget_use[sorted(judged.alliances)].tolist()) - rules.budget
    count = len(_leads_in(problem, judged, zone))
    least, most = _bounds(problem, zone)
    return max(least - count, count - most)


def _bounds(problem: AllianceProblem, zone: int | None) -> tuple[float, float]:
    if zone is None:
        return problem.rules.n_alliances
    return problem.rules.zone_alliances.get(problem.zones[zone].label, (0, math.inf))


def _leads_in(problem: AllianceProblem, judged: Judged, zone: int | None) -> list[int]:
    return [v for v in judged.alliances if zone is None or int(problem.zone_of[v]) == zone]


def obstacles_of(
    base: Base, after: Judged, found: Collection[Violation], moved: Collection[int], target: int
) -> tuple[Obstacle, ...]:
    """Put broken rules into the terms of a planner who is about to move villages.

    Parameters
    ----------
    base
        The proposal.
    after
        The plan after the edit.
    found
        The rules that it breaks.
    moved
        The villages of the edit.
    target
        Lead of the alliance they go to, -1 for none.
    """
    told: dict[Obstacle, None] = {}
    for one in found:
        for obstacle in _told(base, after, one, moved, target):
            told[obstacle] = None
    return tuple(told)


def _told(
    base: Base, after: Judged, one: Violation, moved: Collection[int], target: int
) -> Iterator[Obstacle]:
    ground, problem = base.ground, base.scenario.problem
    lead = -1 if one.lead is None else one.lead
    if one.rule in _PAIRS:
        for village in one.villages:
            pair = pair_obstacles(ground, village, lead)
            yield from pair or [Obstacle("forbidden_pair", ground.names([village, lead]))]
    elif one.rule == "size":
        yield _of_size(base, one, moved)
    elif one.rule == "connected":
        # Those who come do not touch; those who stay behind are cut off.
        come = lead == target and set(one.villages) <= set(moved)
        yield Obstacle("not_adjacent" if come else "cuts", ground.names(one.villages))
    elif one.rule == "can_lead":
        failed = ground.scenario.leads.gate_failed[lead]
        yield from [Obstacle("gates", ground.names([lead]), name=key) for key in failed] or [
            Obstacle("rule", ground.names([lead]))
        ]
    elif one.rule in ("resource", "class"):
        villages = after.alliances.get(lead, ())
        yield from sum_obstacles(ground, lead, villages)
    elif one.rule == "weak":
        most = problem.rules.max_weak
        limit = None if most is None else float(most)
        yield Obstacle("weak", ground.names([lead]), float(len(one.villages)), limit)
    elif one.rule in ("together", "apart"):
        others = [v for v in one.villages if v not in moved] or list(one.villages)
        yield Obstacle("together" if one.rule == "together" else "apart", ground.names(others))
    elif one.rule in ("n_alliances", "zone_alliances"):
        yield _of_number(base, after, one, moved)
    elif one.rule == "unassigned":
        yield Obstacle("must_place", ground.names(one.villages))
    elif one.rule == "frozen":
        yield Obstacle("locked_alliance", ground.names([lead]))
    elif one.rule == "zone":
        yield Obstacle("other_zone", ground.names([lead]))
    else:
        yield Obstacle("rule", ground.names(moved))


def _of_size(base: Base, one: Violation, moved: Collection[int]) -> Obstacle:
    problem, size = base.scenario.problem, len(one.villages)
    lead = base.ground.names([] if one.lead is None else [one.lead])
    if size < problem.min_size:
        kind: ObstacleKind = "too_small" if set(one.villages) & set(moved) else "left_small"
        return Obstacle(kind, lead, float(size), float(problem.min_size))
    if size > problem.max_size:
        come = len(set(one.villages) & set(moved))
        return Obstacle("too_large", lead, float(size - come), float(problem.max_size))
    return Obstacle("size_forbidden", lead, float(size))


def _of_number(base: Base, after: Judged, one: Violation, moved: Collection[int]) -> Obstacle:
    problem = base.scenario.problem
    zone = int(problem.zone_of[one.villages[0]]) if one.rule == "zone_alliances" else None
    count = len(_leads_in(problem, after, zone))
    least, _ = _bounds(problem, zone)
    if count < least:
        return Obstacle("number", base.ground.names(moved), float(count), float(least))
    return Obstacle("rule", base.ground.names(moved))


def refusal(base: Base, failed: EditError) -> tuple[Obstacle, ...]:
    """Return the obstacles of an edit that cannot be made at all."""
    found: dict[Obstacle, None] = {}
    held = []
    for fault in failed.faults:
        village = base.position.get(fault.where.code or "")
        if fault.key == "editing.locked" and village is not None:
            held.append(village)
        elif fault.key == "editing.locked_alliance" and village is not None:
            found[Obstacle("locked_alliance", base.ground.names([village]))] = None
        elif fault.key == "editing.other_zone":
            leads = [base.position[code] for code, _ in fault.params["lead"].villages]
            found[Obstacle("other_zone", base.ground.names(leads))] = None
        else:
            found[Obstacle("rule", base.ground.names([] if village is None else [village]))] = None
    if held:
        found = {Obstacle("locked", base.ground.names(held)): None, **found}
    return tuple(found)


def crossing(base: Base, lead: int) -> Obstacle:
    """Return what forbids an alliance of another township."""
    return Obstacle("other_zone", base.ground.names([lead]))


def touching(base: Base, lead_of: NDArray[np.intp], of: Collection[int]) -> tuple[int, ...]:
    """Return the leads of the alliances that border on some villages, ascending."""
    found = {
        int(lead_of[other])
        for village in of
        for other in base.ground.neighbours(village)
        if other not in of
    }
    return tuple(sorted(found - {UNASSIGNED}))

"""Ways in for a village that the rules keep out: each solved, each with what it costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from liancun_geo.errors import Fault
from liancun_geo.plan import UNASSIGNED
from liancun_geo.points import PER_VILLAGE, counting, points_of_difference
from liancun_geo.reasons import conflict_faults, relaxation_fault
from liancun_geo.solve import explain_left_out
from liancun_geo.solve.remedies import Relaxation
from liancun_geo.solve.wishes import Wishes
from liancun_geo.why.facts import WayIn

if TYPE_CHECKING:
    from liancun_geo.why.explainer import Explainer

SHOWN = 3
"""Ways that are named; the first, the gentlest, is solved again for what the plan gains."""


def ways_in(explainer: Explainer, village: int) -> tuple[tuple[Fault, ...], tuple[WayIn, ...]]:
    """Return the rules that keep a village out, in words, and the gentlest ways in.

    Both empty if it could be placed, or takes no part at all.
    """
    ground, scenario = explainer.ground, explainer.scenario
    try:
        conflict = explain_left_out(ground.problem, village, time_limit=explainer.seconds)
    except ValueError:
        # Some alliance could hold it: no rule keeps it out.
        return (), ()
    told = conflict_faults(conflict, scenario.villages, scenario.settings)
    ways = conflict.relaxations
    rules = told[: len(told) - len(ways)]
    return rules, tuple(
        _way(explainer, village, way, solved=at == 0) for at, way in enumerate(ways[:SHOWN])
    )


def _way(explainer: Explainer, village: int, way: Relaxation, *, solved: bool) -> WayIn:
    """Solve the zone under a relaxed rule, if asked to, and compare it with the plan at hand."""
    ground = explainer.ground
    sentence = relaxation_fault(way, explainer.scenario.villages, explainer.scenario.settings)
    if not solved:
        return WayIn(sentence, None, False, ())
    problem = ground.problem.changed(**way.changes)
    zone = int(problem.zone_of[village])
    coupled = problem.rules.couples_zones and len(problem.zones) > 1
    elsewhere = ground.lead_of if coupled else None
    relaxed = Wishes(problem, zone, elsewhere=elsewhere, seconds=explainer.seconds)
    answer = relaxed.as_it_is()
    before = explainer.wishes(zone).cost_of(ground.lead_of)
    if answer.lead_of is None or not np.isfinite(before):
        return WayIn(sentence, None, False, ())
    after = ground.lead_of.copy()
    villages = relaxed.zone.villages
    after[villages] = answer.lead_of
    lead = int(after[village])
    counts = int(counting(problem, after)[villages].sum())
    counted = int(counting(ground.problem, ground.lead_of)[villages].sum())
    change = PER_VILLAGE * (counts - counted) + points_of_difference(answer.objective - before)
    inside = [] if lead == UNASSIGNED else np.flatnonzero(after == lead).tolist()
    alliance = [lead, *(v for v in inside if v != lead)] if inside else []
    return WayIn(sentence, change, answer.status == "optimal", ground.names(alliance))

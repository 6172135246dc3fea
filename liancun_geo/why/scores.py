"""The lead score of a village against its township, its gates, and what two villages share."""

from __future__ import annotations

import numpy as np

from liancun_geo.criteria.lead_score import GATES
from liancun_geo.points import lead_points
from liancun_geo.why.facts import Gate, GateState, ScoreLine
from liancun_geo.why.ground import Ground


def score_lines(ground: Ground, village: int) -> tuple[ScoreLine, ...]:
    """Return each weighted indicator of the lead score, the heaviest first."""
    scenario = ground.scenario
    weights = scenario.leads.weights
    parts = {part.name: part for part in lead_points(scenario, village).parts}
    names = sorted((n for n, w in weights.items() if w > 0.0), key=lambda n: (-weights[n], n))
    township = ground.same_township(village)
    lines = []
    for name in names:
        field = _field(ground, name)
        known = (_value(ground, field, other) for other in township.tolist())
        there = [other for other in known if other is not None]
        value = _value(ground, field, village)
        part = parts.get(name)
        lines.append(
            ScoreLine(
                component=name,
                field=field,
                value=value,
                rank=None if value is None else 1 + sum(other > value for other in there),
                of=len(there),
                median=float(np.median(there)) if there else None,
                points=None if part is None else part.points,
                most=None if part is None else part.most,
            )
        )
    return tuple(lines)


def score_rank(ground: Ground, village: int) -> tuple[int, int]:
    """Return the rank of a village's lead score in its township, and of how many."""
    scores = ground.scenario.leads.score[ground.same_township(village)]
    return 1 + int((scores > ground.scenario.leads.score[village]).sum()), len(scores)


def strengths(ground: Ground, village: int, most: int) -> tuple[ScoreLine, ...]:
    """Return where a village stands above the middle of its township, what gave most points first.

    At most so many.
    """
    above = [
        line
        for line in score_lines(ground, village)
        if line.value is not None and line.median is not None and line.value > line.median
    ]
    above.sort(key=lambda line: (-(line.points or 0.0), line.field))
    return tuple(above[:most])


def gates_of(ground: Ground, village: int) -> tuple[Gate, ...]:
    """Return every gate and how the village fares."""
    settings = ground.scenario.settings.criteria.gates
    failed = ground.scenario.leads.gate_failed[village]
    known = {
        GATES[0]: ground.flag("weak_organisation", village) is not None,
        GATES[1]: ground.frame["village_class"].iloc[village] is not None,
        GATES[2]: ground.flag("secretary_in_post", village) is not None,
    }
    switched_on = {
        GATES[0]: settings.weak_organisation,
        GATES[1]: settings.to_be_relocated,
        GATES[2]: settings.secretary_in_post,
    }

    code = str(ground.frame["code"].iloc[village])
    exempt = code in ground.scenario.settings.rules.may_lead

    def state(key: str) -> GateState:
        if not switched_on[key]:
            return "off"
        if key in failed:
            return "waived" if exempt else "failed"
        return "passed" if known[key] else "unknown"

    return tuple(Gate(key, state(key)) for key in GATES)


def industry_links(
    ground: Ground, lead: int, member: int
) -> tuple[tuple[str, ...] | None, tuple[tuple[str, str], ...] | None]:
    """Return industries of both, and (of the lead, of the member) that feed each other."""
    theirs, own = ground.tags("industries", lead), ground.tags("industries", member)
    if theirs is None or own is None:
        return None, None
    pairs = {
        pair
        for a, b in ground.scenario.settings.criteria.complementary
        for pair in ((a, b), (b, a))
        if pair[0] in theirs and pair[1] in own
    }
    return tuple(sorted(set(theirs) & set(own))), tuple(sorted(pairs))


def _field(ground: Ground, indicator: str) -> str:
    return {
        "collective_income": "collective_income_wan_yuan",
        "party_members": "party_members_persons",
        "population": ground.population_field,
        "income_per_head": "income_per_head_yuan",
        "enterprises": "enterprises",
    }[indicator]


def _value(ground: Ground, field: str, village: int) -> float | None:
    if field == "enterprises":
        tags = ground.tags(field, village)
        return None if tags is None else float(len(tags))
    return ground.number(field, village)

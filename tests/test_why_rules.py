"""Why a village cannot move, and what each rule of the settings costs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from builders import village_table
from why_counties import (
    ROUNDING,
    alone,
    demo,
    made_up,
    made_up_table,
    points,
)

from liancun_geo.errors import DataError
from liancun_geo.messages import catalogue
from liancun_geo.rule_settings import RuleSettings
from liancun_geo.scenario import County, Scenario, plan_alliances, take_over
from liancun_geo.settings import parse_settings
from liancun_geo.solve import resolve, solve
from liancun_geo.why import (
    Explainer,
    MemberCard,
    Obstacle,
    UnplacedCard,
    VillageName,
)
from liancun_geo.why.rule_costs import NO_RULES


def obstacles_of(scenario: Scenario, village: int, lead: int) -> set[str]:
    card = Explainer(scenario).boundary(village, lead)
    [move] = [m for m in card.moves if m.village.position == village]
    return {obstacle.kind for obstacle in move.obstacles}


def row(lead_of: list[int], **rules: Any) -> Scenario:
    """Return villages in one row with a plan given by hand."""
    from builders import ORIGIN
    from shapely import box

    x, y = ORIGIN
    n = len(lead_of)
    shapes = [box(x + 1000 * i, y, x + 1000 * (i + 1), y + 1000) for i in range(n)]
    table = village_table(
        n,
        geometry=shapes,
        collective_income_wan_yuan=[float(10 + i) for i in range(n)],
        population_registered_persons=[100.0] * n,
        industries=("粮食",),
        weak_organisation=False,
        weak_economy=[i % 2 == 1 for i in range(n)],
        enterprises=[("厂",) if i % 3 == 0 else () for i in range(n)],
    )
    codes = table.frame["code"].tolist()

    def coded(value: Any) -> Any:
        if isinstance(value, dict):
            return {coded(k): coded(v) for k, v in value.items()}
        if isinstance(value, list):
            return [coded(v) for v in value]
        return codes[value] if isinstance(value, int) else value

    told = {
        name: coded(value) if name in ("must_together", "never_together", "fixed_lead", "frozen")
        else value
        for name, value in rules.items()
    }  # fmt: skip
    wanted = parse_settings({"rules": {"min_size": 2, "max_size": 4, **told}})
    return take_over(County(table), wanted, lead_of)


@pytest.mark.parametrize(
    ("kind", "lead_of", "village", "lead", "rules"),
    [
        ("too_small", [0, 0, 2, 2, 2], 1, 2, {}),
        ("too_large", [0, 0, 0, 3, 3, 3, 3], 2, 3, {}),
        ("cuts", [0, 0, 0, 0, 4, 4], 2, 4, {}),
        ("not_adjacent", [0, 0, 0, 3, 3], 1, 3, {}),
        ("leads", [2, 2, 2, 3, 3], 2, 3, {}),
        ("distance", [0, 0, 0, 5, 5, 5], 2, 5, {"max_distance_km": 2.5}),
        ("hops", [0, 0, 0, 5, 5, 5], 2, 5, {"max_hops": 2}),
        ("apart", [0, 0, 0, 3, 3], 2, 3, {"never_together": [[2, 4]]}),
        ("together", [0, 0, 0, 3, 3], 2, 3, {"must_together": [[1, 2]]}),
        ("fixed_lead", [0, 0, 0, 3, 3], 2, 3, {"fixed_lead": {2: 0}}),
        ("locked_alliance", [0, 0, 0, 3, 3], 2, 3, {"frozen": [[3, 4]]}),
        ("most", [0, 0, 0, 3, 3], 2, 3, {"population_persons": [100.0, 250.0]}),
        ("least", [0, 0, 0, 3, 3], 2, 3, {"population_persons": [250.0, 900.0]}),
        ("weak", [0, 0, 0, 0, 4, 4, 4], 3, 4, {"max_weak_members": 1}),
        ("class", [1, 1, 1, 4, 4, 4], 3, 1, {"each_with_enterprise": True}),
    ],
)  # fmt: skip
def test_why_a_village_cannot_move(
    kind: str, lead_of: list[int], village: int, lead: int, rules: dict[str, Any]
) -> None:
    scenario = row(lead_of, **rules)
    kinds = obstacles_of(scenario, village, lead)
    assert kind in kinds
    assert alone(scenario, village, lead) is None


def test_every_obstacle_and_every_rule_has_its_sentence() -> None:
    from typing import get_args

    from liancun_geo.why.facts import ObstacleKind

    who = (VillageName(0, "1", "甲村", "镇"),)
    for kind in get_args(ObstacleKind):
        name = "criteria.gate_secretary_in_post" if kind == "gates" else "arable_land_mu"
        for language in ("zh", "en"):
            assert Obstacle(kind, who, 2.0, 3.0, name).text(language)
    told = {name for name in RuleSettings.model_fields if f"why.rule_{name}" in catalogue()}
    # A rule without a sentence of its own is told by the name of its setting.
    assert len(told) > 15
    assert not told & NO_RULES


def test_locks_hold_in_every_answer() -> None:
    scenario = demo()
    lead_of = scenario.plan.lead_of
    a, b = next(
        (int(a), int(b))
        for a, b in scenario.problem.edges
        if scenario.problem.zone_of[a] == scenario.problem.zone_of[b]
        and -1 not in (lead_of[a], lead_of[b])
        and lead_of[a] != lead_of[b]
        and lead_of[a] != a
    )
    locked = [v for v in np.flatnonzero(lead_of == lead_of[b]).tolist() if v != b]
    explainer = Explainer(scenario, locked=locked)
    card = explainer.boundary(a, b)
    assert card.together is not None
    problem = scenario.problem.changed(must_together=[(a, b)])
    full = resolve(problem, lead_of, locked=locked)
    assert full.status == "optimal"
    want = points(problem, full.lead_of) - points(scenario.problem, lead_of)
    assert card.together.change == pytest.approx(want, abs=ROUNDING)
    own = explainer.card(locked[0])
    assert own.profile.locked
    assert all(not move.possible for move in getattr(own, "moves", ()))
    costs = [cost for cost in explainer.rule_costs() if cost.rule == "locked"]
    assert len(costs) == len(locked)
    for cost in costs:
        assert cost.least is not None
        assert cost.least >= -ROUNDING


def test_a_fully_locked_alliance_takes_nobody_in() -> None:
    scenario = row([0, 0, 0, 3, 3])
    explainer = Explainer(scenario, locked=[3, 4])
    [move] = [m for m in explainer.boundary(2, 3).moves if m.village.position == 2]
    assert {obstacle.kind for obstacle in move.obstacles} == {"locked_alliance"}
    assert move.best.status == "infeasible"


def test_a_number_of_alliances_is_held_over_all_zones() -> None:
    scenario = made_up(11)
    count = len(scenario.alliances)
    rules = scenario.settings.rules.model_copy(update={"n_alliances": (count, count)})
    held = take_over(
        County(scenario.villages),
        scenario.settings.model_copy(update={"rules": rules}),
        scenario.plan.lead_of,
    )
    explainer = Explainer(held)
    for a, b in held.problem.edges.tolist():
        if held.problem.zone_of[a] != held.problem.zone_of[b]:
            continue
        outcome = explainer.boundary(a, b).together
        if outcome is None or outcome.status != "optimal":
            continue
        zone = held.problem.zone_of[a]
        others = [x.villages for x in held.alliances if held.problem.zone_of[x.lead] != zone]
        fixed = held.problem.changed(frozen=others, must_together=[(a, b)])
        want = points(fixed, solve(fixed).lead_of) - points(held.problem, held.plan.lead_of)
        assert outcome.change == pytest.approx(want, abs=ROUNDING)
        return
    pytest.fail("no boundary could be asked")


def test_a_plan_that_breaks_rules_is_explained_as_it_is() -> None:
    scenario = row([0, 0, 0, 0, 0, 5, 5])
    assert {v.rule for v in scenario.violations} == {"size"}
    assert scenario.result.status == "unknown"
    explainer = Explainer(scenario)
    for village in range(7):
        card = explainer.card(village)
        assert card.text()
        assert card.proof.more is None or card.proof.more >= 0
    [mended] = [m for m in explainer.boundary(4, 5).moves if m.village.position == 4]
    assert mended.possible == (alone(scenario, 4, 5) is not None)


def test_a_plan_made_elsewhere_keeps_its_leads() -> None:
    scenario = row([1, 1, 1, 3, 3, -1])
    assert scenario.plan.lead_of.tolist() == [1, 1, 1, 3, 3, -1]
    assert [u.reason.key for u in scenario.unassigned] == ["reason.village_as_given"]
    assert {v.rule for v in scenario.violations} == {"unassigned"}
    card = Explainer(scenario).card(5)
    assert isinstance(card, UnplacedCard)
    assert card.placed is not None
    assert card.placed.status == "optimal"
    with pytest.raises(DataError):
        row([1, 0, 1, 3, 3, -1])


def test_a_village_that_is_let_lead_is_told_so() -> None:
    table = made_up_table(2)
    table.frame["weak_organisation"] = True
    code = table.frame["code"].tolist()[0]
    rules = {"min_size": 2, "max_size": 8, "may_lead": [code], "coverage": "partial"}
    given_rules = {**rules, "unassigned_cost": 2.0}
    scenario = plan_alliances(table, parse_settings({"rules": given_rules}))
    explainer = Explainer(scenario)
    assert scenario.plan.lead_of[0] == 0
    card = explainer.lead_card(0, every=True)
    assert card.gates[0].state == "waived"
    assert all("gates" in {o.kind for o in one.obstacles} for one in card.challengers)
    [cost] = [c for c in explainer.rule_costs() if c.rule == "gate_weak_organisation"]
    assert 0 not in {village.position for village in cost.villages}


def test_every_alliance_with_something_is_a_rule_of_its_own() -> None:
    table = made_up_table(4)
    table.frame["industries"] = [own or () for own in table.frame["industries"]]
    rules = {"min_size": 2, "max_size": 6, "each_with": [{"industry": "粮食"}]}
    scenario = plan_alliances(table, parse_settings({"rules": rules}))
    [cost] = [c for c in Explainer(scenario).rule_costs() if c.rule == "each_with"]
    assert cost.value == "粮食"
    assert "粮食" in cost.text()


def test_a_frozen_village_has_a_card() -> None:
    scenario = row([0, 0, 0, 3, 3], frozen=[[3, 4]])
    explainer = Explainer(scenario)
    card = explainer.card(4)
    assert isinstance(card, MemberCard)
    assert card.stability is None
    assert all(not move.possible for move in card.moves)
    assert explainer.card(3).text("en")
    assert replace(card, moves=()).text("zh")

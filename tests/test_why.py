"""Why cards: every number again from scratch, every change against a full re-solve."""

from __future__ import annotations

import json
import math
from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from why_counties import (
    ROUNDING,
    alone,
    breaks,
    demo,
    made_up,
    of_demo,
    points,
)

from liancun_geo.problem import AllianceProblem
from liancun_geo.rule_settings import RuleSettings
from liancun_geo.scenario import Scenario, plan_alliances
from liancun_geo.settings import Settings
from liancun_geo.solve import alternatives, solve
from liancun_geo.why import (
    Explainer,
    LeadCard,
    MemberCard,
    Move,
    Outcome,
)

FEED = [{"粮食", "养殖"}, {"林果", "乡村旅游"}]
FEED += [{"农产品加工", other} for other in ("粮食", "林果", "养殖")]
KEPT_OUT = ("no_neighbour", "too_few_connected", "no_lead", "no_alliance")


def gain(
    scenario: Scenario, problem: AllianceProblem, village: int, lead: int | None = None
) -> float | None:
    """Return what a village's zone gains from its best plan under a changed problem.

    None if there is no such plan, or if it leaves out a village that has to be placed.
    """
    zone = int(scenario.problem.zone_of[village])
    best = solve(problem, time_limit=60.0)
    here = problem.zone_of == zone
    before = solve(scenario.problem).left_out
    lost = {v for v, r in best.left_out.items() if r.rule in KEPT_OUT and here[v]}
    lost -= {v for v, r in before.items() if r.rule in KEPT_OUT}
    lost = {v for v in lost if math.isinf(problem.unassigned_cost[v])}
    if best.zones[zone].status != "optimal" or lost:
        return None
    if lead is not None and best.lead_of[village] != lead:
        # Nothing can hold it, with or without the wish.
        return None
    mixed = np.where(here, best.lead_of, scenario.plan.lead_of)
    return points(problem, mixed) - points(scenario.problem, scenario.plan.lead_of)


def same(outcome: Outcome, wanted: float | None) -> None:
    """Hold a re-solve on a card to a full one."""
    if wanted is None:
        assert outcome.status == "infeasible"
        assert outcome.change is None
        return
    assert outcome.status == "optimal"
    assert outcome.change == pytest.approx(wanted, abs=ROUNDING)
    assert outcome.most == pytest.approx(wanted, abs=ROUNDING)


def led_by(scenario: Scenario, village: int, lead: int) -> AllianceProblem:
    """Return the problem in which a village is placed and led by another."""
    problem = scenario.problem
    price = problem.unassigned_cost.copy()
    price[village] = math.inf
    if village == lead:
        return problem.changed(must_lead=[*problem.rules.must_lead, village])
    fixed = {**problem.rules.fixed_lead, village: lead}
    return problem.changed(fixed_lead=fixed, unassigned_cost=price)


def holds(scenario: Scenario, move: Move) -> None:
    """Recompute a move."""
    village, lead = move.village.position, move.alliance.lead.position
    wanted = alone(scenario, village, lead)
    assert move.possible == (wanted is not None), move.obstacles
    if wanted is None:
        assert move.change is None
    else:
        assert move.change == pytest.approx(wanted, abs=ROUNDING)
    same(move.best, gain(scenario, led_by(scenario, village, lead), village, lead))
    cost = scenario.problem.pair(lead, village)
    assert move.points.points == pytest.approx(10 * (1 - cost), abs=ROUNDING)


def member_by_hand(scenario: Scenario, card: MemberCard) -> None:
    """Recompute what a member's card says of the pair from the village table."""
    frame = scenario.villages.frame
    village, lead = card.profile.village.position, card.alliance.lead.position
    shapes = frame.geometry
    inside = [v for v in np.flatnonzero(scenario.plan.lead_of == lead).tolist() if v != village]
    assert sorted(card.alliance.villages) == sorted([*inside, village])
    lengths = {v: shapes[village].intersection(shapes[v]).length for v in inside}
    told = {b.neighbour.position: b.shared_border_m for b in card.borders}
    assert told == pytest.approx({v: m for v, m in lengths.items() if m >= 30.0}, rel=1e-6)
    at = [shape.point_on_surface() for shape in shapes]
    far = {v: at[v].distance(at[lead]) / 1000 for v in [*inside, village] if v != lead}
    assert card.distance_km == pytest.approx(far[village])
    assert card.distance_rank == 1 + sum(d < far[village] - 1e-9 for d in far.values())
    tags = frame["industries"].tolist()
    if tags[village] is None or tags[lead] is None:
        assert card.common is None
    else:
        assert set(card.common or ()) == set(tags[village]) & set(tags[lead])
        fed = {(a, b) for a in tags[lead] for b in tags[village] if {a, b} in FEED and a != b}
        assert set(card.feeding or ()) == fed
        parts = {part.name: part for part in card.points.parts}
        both = set(tags[village]) | set(tags[lead])
        jaccard = len(card.common or ()) / len(both) if both else 0.0
        part = parts["industry_similarity"]
        assert part.points == pytest.approx(part.most * jaccard)
        served = len({b for _, b in fed}) / len(tags[village]) if tags[village] else 0.0
        part = parts["industry_complementarity"]
        assert part.points == pytest.approx(part.most * served)
    score = scenario.leads.score
    part = next(p for p in card.points.parts if p.name == "strength_contrast")
    assert part.points == pytest.approx(part.most * (1 + score[lead] - score[village]) / 2)
    incomes = frame["collective_income_wan_yuan"].tolist()
    for told_income, at_village in (
        (card.income_wan_yuan, village),
        (card.lead_income_wan_yuan, lead),
    ):
        want = incomes[at_village]
        assert told_income is None if math.isnan(want) else told_income == want
    assert math.fsum(p.points for p in card.points.parts) == pytest.approx(card.points.points)
    assert card.points.points == pytest.approx(10 * (1 - scenario.problem.pair(lead, village)))


def lead_by_hand(scenario: Scenario, card: LeadCard) -> None:
    """Recompute what a lead's card says from the village table."""
    frame, lead = scenario.villages.frame, card.profile.village.position
    here = [v for v in range(len(frame)) if frame["township"][v] == frame["township"][lead]]
    for line in card.lines:
        column = frame[line.field].tolist()
        if line.field == "enterprises":
            column = [math.nan if tags is None else float(len(tags)) for tags in column]
        known = sorted(column[v] for v in here if not math.isnan(column[v]))
        assert line.of == len(known)
        if known:
            assert line.median == pytest.approx(float(np.median(known)))
        if math.isnan(column[lead]):
            assert (line.value, line.rank, line.points) == (None, None, None)
            continue
        assert line.value == column[lead]
        assert line.rank == 1 + sum(value > column[lead] for value in known)
        scaled = scenario.leads.components[line.component][lead]
        assert line.points == pytest.approx((line.most or 0.0) * scaled)
    score = scenario.leads.score
    assert card.score_rank == 1 + sum(score[v] > score[lead] for v in here)
    assert card.score_of == len(here)
    problem = scenario.problem
    assert card.points.points == pytest.approx(10 * (1 - problem.lead_cost[lead]))
    assert math.fsum(p.points for p in card.points.parts) == pytest.approx(card.points.points)
    failed = {
        "criteria.gate_weak_organisation": frame["weak_organisation"].fillna(value=False)[lead],
        "criteria.gate_secretary_in_post": not frame["secretary_in_post"].fillna(value=True)[lead],
    }
    states = {gate.key: gate.state for gate in card.gates}
    assert all((states[key] == "failed") == is_so for key, is_so in failed.items())


def challengers_by_hand(scenario: Scenario, card: LeadCard) -> None:
    """Recompute what every other lead of an alliance would change."""
    problem, before = scenario.problem, scenario.plan.lead_of
    swaps: dict[int, float] = {}
    for one in card.challengers:
        other = one.village.position
        swapped = before.copy()
        swapped[before == card.profile.village.position] = other
        if breaks(scenario, swapped):
            assert one.obstacles
            assert one.change is None
        else:
            assert one.obstacles == ()
            swaps[other] = points(problem, swapped) - points(problem, before)
            assert one.change == pytest.approx(swaps[other], abs=ROUNDING)
        assert one.best is not None
        same(one.best, gain(scenario, led_by(scenario, other, other), other, other))
    if swaps:
        assert card.runner_up is not None
        assert card.runner_up.change == pytest.approx(max(swaps.values()))
    else:
        assert card.runner_up is None


def stability_by_hand(scenario: Scenario, explainer: Explainer, card: Any) -> None:
    """Count leads over the plans that ``alternatives`` lists."""
    village = card.profile.village.position
    zone = int(scenario.problem.zone_of[village])
    if card.stability is None:
        return
    [near] = alternatives(
        scenario.problem, explainer.within, explainer.most_plans, zones=[zone], diverse=1
    )
    column = near.lead_of[:, near.villages.tolist().index(village)].tolist()
    shares = {lead: times / len(column) for lead, times in Counter(column).items()}
    told = {-1 if lead is None else lead.position: share for lead, share in card.stability.leads}
    assert told == pytest.approx(shares)
    now = int(scenario.plan.lead_of[village])
    assert card.stability.stays == pytest.approx(shares.get(now, 0.0))
    assert (card.stability.plans, card.stability.complete) == (len(column), near.complete)


def proof_by_hand(scenario: Scenario, card: Any) -> None:
    """Compare the zone of a card with the best plan of the county."""
    problem = scenario.problem
    zone = problem.zone_of[card.profile.village.position]
    best = solve(problem)
    if any(math.isinf(record.objective) for record in best.zones):
        return
    mixed = np.where(problem.zone_of == zone, best.lead_of, scenario.plan.lead_of)
    more = points(problem, mixed) - points(problem, scenario.plan.lead_of)
    assert card.proof.more == pytest.approx(more, abs=ROUNDING)


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 10_000))
def test_cards_of_random_counties_hold(seed: int) -> None:
    scenario = made_up(seed)
    explainer = Explainer(scenario)
    rng = np.random.default_rng(seed)
    for village in rng.permutation(len(scenario.villages))[:4].tolist():
        card = explainer.card(village)
        stability_by_hand(scenario, explainer, card)
        if isinstance(card, LeadCard):
            lead_by_hand(scenario, card)
            challengers_by_hand(scenario, explainer.lead_card(village, every=True))
            proof_by_hand(scenario, card)
        elif isinstance(card, MemberCard):
            member_by_hand(scenario, card)
            proof_by_hand(scenario, card)
            touched = alliances_next_to(scenario, village)
            assert {move.alliance.lead.position for move in card.moves} == touched
            for move in card.moves:
                holds(scenario, move)
        elif card.placed is not None:
            price = scenario.problem.unassigned_cost.copy()
            price[village] = math.inf
            changed = scenario.problem.changed(unassigned_cost=price)
            same(card.placed, gain(scenario, changed, village))
            for move in card.moves:
                holds(scenario, move)
        json.dumps(card.as_dict(), allow_nan=False)
        for language in ("zh", "en"):
            assert all(line and "{" not in line for line in card.text(language))


def alliances_next_to(scenario: Scenario, village: int) -> set[int]:
    zone_of, lead_of = scenario.problem.zone_of, scenario.plan.lead_of
    ends = scenario.problem.edges.tolist()
    near = {a if b == village else b for a, b in ends if village in (a, b)}
    leads = {int(lead_of[v]) for v in near if zone_of[v] == zone_of[village]}
    return leads - {-1, int(lead_of[village])}


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 10_000))
def test_boundaries_of_random_counties_hold(seed: int) -> None:
    scenario = made_up(seed)
    explainer, problem = Explainer(scenario), scenario.problem
    rng = np.random.default_rng(seed)
    for a, b in rng.permutation(problem.edges)[:3].tolist():
        card = explainer.boundary(a, b)
        assert card.shared_border_m == pytest.approx(1000.0, rel=1e-6)
        together = problem.rules.must_together.tolist()
        apart = problem.rules.never_together.tolist()
        if problem.zone_of[a] != problem.zone_of[b]:
            assert card.together is not None
            assert card.together.status == "infeasible"
        elif card.together is not None:
            changed = problem.changed(must_together=[*together, (a, b)])
            same(card.together, gain(scenario, changed, a))
        else:
            assert card.apart is not None
            changed = problem.changed(never_together=[*apart, (a, b)])
            same(card.apart, gain(scenario, changed, a))
        for move in card.moves:
            if problem.zone_of[a] == problem.zone_of[b]:
                holds(scenario, move)


@settings(deadline=None, max_examples=10)
@given(st.integers(0, 10_000))
def test_rule_costs_equal_plans_without_the_rule(seed: int) -> None:
    scenario = made_up(seed)
    costs = Explainer(scenario).rule_costs()
    given_rules = scenario.settings.rules
    best = solve(scenario.problem)
    if any(math.isinf(zone.objective) for zone in best.zones):
        return
    with_it = points(scenario.problem, best.lead_of)
    for cost in costs:
        dropped = without(scenario.settings, cost.rule)
        if dropped is None:
            continue
        other = plan_alliances(scenario.villages, dropped)
        if other.result.status == "infeasible":
            # More villages can be placed without the rule, and then must be.
            assert (cost.status, cost.least) == ("infeasible", None)
            continue
        want = points(other.problem, other.plan.lead_of) - with_it
        assert cost.proven, cost
        assert cost.most == pytest.approx(want, abs=ROUNDING), cost.rule
        placed = int((other.plan.lead_of >= 0).sum()) - int((best.lead_of >= 0).sum())
        assert cost.zones or placed == 0
    told = {cost.rule for cost in costs}
    assert {"min_size"} <= told
    assert ("coverage" in told) == (given_rules.coverage == "full")
    assert ("max_distance_km" in told) == (given_rules.max_distance_km is not None)


def without(given_settings: Settings, rule: str) -> Settings | None:
    """Return the settings without a rule of one entry."""
    if rule.startswith("gate_"):
        gates = given_settings.criteria.gates.model_copy(update={rule.removeprefix("gate_"): False})
        criteria = given_settings.criteria.model_copy(update={"gates": gates})
        return given_settings.model_copy(update={"criteria": criteria})
    free: dict[str, Any] = {"min_size": 1, "max_size": 60, "coverage": "partial"}
    value = free.get(rule, getattr(RuleSettings(), rule))
    rules = given_settings.rules.model_copy(update={rule: value})
    return given_settings.model_copy(update={"rules": rules})


def test_cards_of_the_demo_county_hold() -> None:
    scenario, explainer = demo(), of_demo()
    rng = np.random.default_rng(5)
    seen = Counter[str]()
    leads = [alliance.lead for alliance in scenario.alliances[::12]]
    for village in [72, *leads, *rng.permutation(len(scenario.villages))[:12].tolist()]:
        card = explainer.card(village)
        seen[type(card).__name__] += 1
        if isinstance(card, LeadCard):
            lead_by_hand(scenario, card)
        elif isinstance(card, MemberCard):
            assert card.points.points == pytest.approx(
                10 * (1 - scenario.problem.pair(card.alliance.lead.position, village))
            )
            for move in card.moves:
                lead = move.alliance.lead.position
                wanted = alone(scenario, village, lead)
                assert move.possible == (wanted is not None), move.obstacles
                assert move.change == (
                    None if wanted is None else pytest.approx(wanted, abs=ROUNDING)
                )
    assert len(seen) == 3
    member = next(
        v
        for v in range(len(scenario.villages))
        if scenario.plan.lead_of[v] not in (-1, v) and alliances_next_to(scenario, v)
    )
    card = explainer.card(member)
    assert isinstance(card, MemberCard)
    holds(scenario, card.moves[0])
    proof_by_hand(scenario, card)


def test_a_village_cut_off_by_the_river_is_told_the_way_in() -> None:
    card = of_demo().unplaced_card(72)
    assert card.reason.key == "reason.village_no_neighbour"
    assert card.placed is None
    assert card.moves == ()
    assert card.rules
    way = card.ways[0]
    assert way.proven
    links = way.sentence.params["villages"].villages
    ends = [demo().villages.frame["code"].tolist().index(code) for code, _ in links]
    edges = [*demo().problem.edges.tolist(), sorted(ends)]
    linked = demo().problem.changed(edges=edges)
    best = solve(linked)
    want = points(linked, best.lead_of) - points(demo().problem, demo().plan.lead_of)
    assert way.change == pytest.approx(want, abs=ROUNDING)
    assert 72 in {village.position for village in way.alliance}

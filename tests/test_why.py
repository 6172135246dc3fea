"""Why cards: every number again from scratch, every change against a full re-solve."""

from __future__ import annotations

import json
import math
from collections import Counter
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from builders import village_table
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from liancun_geo.check import check, plan_cost
from liancun_geo.cli import build_app
from liancun_geo.errors import DataError
from liancun_geo.messages import catalogue
from liancun_geo.problem import AllianceProblem
from liancun_geo.rule_settings import RuleSettings
from liancun_geo.sample import sample_county
from liancun_geo.scenario import County, Scenario, plan_alliances, read_county, take_over
from liancun_geo.settings import Settings, parse_settings, read_settings
from liancun_geo.solve import alternatives, resolve, solve
from liancun_geo.villages import VillageTable
from liancun_geo.why import (
    Explainer,
    LeadCard,
    MemberCard,
    Move,
    Obstacle,
    Outcome,
    UnplacedCard,
    VillageName,
)
from liancun_geo.why.finding import find_village
from liancun_geo.why.rule_costs import NO_RULES

TAGS = ("粮食", "养殖", "林果", "乡村旅游", "农产品加工")
FEED = [{"粮食", "养殖"}, {"林果", "乡村旅游"}]
FEED += [{"农产品加工", other} for other in ("粮食", "林果", "养殖")]
ROUNDING = 1e-6
KEPT_OUT = ("no_neighbour", "too_few_connected", "no_lead", "no_alliance")


def made_up_table(seed: int, n: int = 14) -> VillageTable:
    """Return two townships of a grid with random indicators, some missing."""
    rng = np.random.default_rng(seed)
    half = 2 * math.ceil(math.sqrt(n))
    town = [f"37040610{1 if i < half else 2}" for i in range(n)]

    def numbers(high: float) -> list[float | None]:
        return [None if rng.random() < 0.1 else float(rng.integers(1, int(high))) for _ in range(n)]

    tags = [tuple(t for t in TAGS if rng.random() < 0.4) for _ in range(n)]
    return village_table(
        n,
        code=[f"{town[i]}{200 + i}" for i in range(n)],
        township_code=town,
        township=[f"镇{code[-1]}" for code in town],
        collective_income_wan_yuan=numbers(90),
        party_members_persons=numbers(120),
        population_registered_persons=numbers(3000),
        income_per_head_yuan=numbers(30_000),
        enterprises=[("厂",) if rng.random() < 0.3 else () for _ in range(n)],
        industries=[None if rng.random() < 0.1 else own for own in tags],
        weak_organisation=[bool(rng.random() < 0.15) for _ in range(n)],
        secretary_in_post=[None if rng.random() < 0.1 else True for _ in range(n)],
    )


def made_up(seed: int) -> Scenario:
    """Return a plan, the best or a worse one, under random rules."""
    rng = np.random.default_rng([seed, 1])
    table = made_up_table(seed, int(rng.integers(8, 15)))
    codes = table.frame["code"].tolist()
    least = int(rng.integers(2, 4))
    rules: dict[str, Any] = {"min_size": least, "max_size": least + int(rng.integers(1, 4))}
    if rng.random() < 0.4:
        rules |= {"coverage": "partial", "unassigned_cost": float(rng.choice([0.3, 0.6]))}
    if rng.random() < 0.3:
        rules["max_distance_km"] = float(rng.choice([1.6, 2.3]))
    if rng.random() < 0.2:
        rules["max_hops"] = 2
    if rng.random() < 0.2:
        rules["never_together"] = [[codes[0], codes[1]]]
    if rng.random() < 0.2:
        rules["must_together"] = [[codes[0], codes[1]]]
    if rng.random() < 0.2:
        rules["each_with_enterprise"] = True
    if rng.random() < 0.2:
        rules["max_weak_members"] = 1
        table.frame["weak_economy"] = table.frame["weak_economy"].fillna(value=False)
    if rng.random() < 0.2:
        rules["size_cost"] = {str(least): 0.2}
    if rng.random() < 0.2:
        rules["excluded"] = [codes[-1]]
    wanted = parse_settings({"rules": rules})
    scenario = plan_alliances(table, wanted)
    if rng.random() < 0.5:
        scenario = take_over(County(table), wanted, worsened(scenario, rng))
    return scenario


def worsened(scenario: Scenario, rng: np.random.Generator) -> np.ndarray:
    """Return the plan after a few random moves that break no rule."""
    lead_of = np.array(scenario.plan.lead_of)
    for _ in range(6):
        a, b = scenario.problem.edges[rng.integers(len(scenario.problem.edges))].tolist()
        moved = lead_of.copy()
        moved[a] = lead_of[b]
        if moved[b] >= 0 and moved[moved[a]] == moved[a] and not check(scenario.problem, moved):
            lead_of = moved
    return lead_of


@cache
def demo() -> Scenario:
    files = sample_county()
    own = read_settings(files.settings)
    county = read_county(files.boundaries, files.ledger, settings=own, folder=files.folder)
    return plan_alliances(county, own)


@cache
def of_demo() -> Explainer:
    return Explainer(demo())


def counted(problem: AllianceProblem, lead_of: np.ndarray) -> int:
    """Return how many villages count: placed, or left out at a price they could be spared."""
    count = 0
    for village, lead in enumerate(lead_of.tolist()):
        price = float(problem.unassigned_cost[village])
        zone = [v for v in range(problem.n) if problem.zone_of[v] == problem.zone_of[village]]
        led = any(math.isfinite(problem.pair(v, village)) for v in zone if v != village)
        free = price == 0.0 and not led and not problem.can_lead[village]
        count += lead >= 0 or (math.isfinite(price) and not free)
    return count


def points(problem: AllianceProblem, lead_of: Any) -> float:
    """Return the points of a plan, its cost by the checker."""
    lead_of = np.asarray(lead_of)
    return 10.0 * counted(problem, lead_of) - 10.0 * plan_cost(problem, lead_of)


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


def breaks(scenario: Scenario, lead_of: np.ndarray) -> bool:
    """Return whether a plan breaks a rule that the plan at hand does not break."""
    old = {(v.rule, v.lead, v.villages) for v in scenario.violations}
    old |= {(v.rule, v.lead, v.villages) for v in check(scenario.problem, scenario.plan)}
    new = {(v.rule, v.lead, v.villages) for v in check(scenario.problem, lead_of)}
    return bool(new - old)


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


def alone(scenario: Scenario, village: int, lead: int) -> float | None:
    """Return the change of the plan if one village moves, by the checker; None if it breaks."""
    moved = scenario.plan.lead_of.copy()
    moved[village] = lead
    if breaks(scenario, moved):
        return None
    return points(scenario.problem, moved) - points(scenario.problem, scenario.plan.lead_of)


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


def test_villages_are_found_by_code_and_name_and_never_guessed() -> None:
    table = village_table(
        [
            {"code": "370406101200", "name": "双泉洼村", "township": "甲镇"},
            {"code": "370406101201", "name": "东河岔村", "township": "甲镇"},
            {"code": "370406102200", "name": "东河岔村", "township": "乙镇"},
            {"code": "370406102201", "name": "西河岔村", "township": "乙镇"},
        ]
    )
    for given_name in ("370406101200", "双泉洼村", "双泉洼", "双泉洼村委会", "甲镇双泉洼村"):
        assert find_village(given_name, table) == 0
    assert find_village("乙镇东河岔村", table) == 2
    with pytest.raises(DataError) as caught:
        find_village("东河岔村", table)
    assert caught.value.faults[0].key == "why.village_ambiguous"
    assert "370406102200" in caught.value.text("en")
    with pytest.raises(DataError) as caught:
        find_village("河岔", table)
    assert caught.value.faults[0].key == "why.village_similar"
    with pytest.raises(DataError) as caught:
        find_village("zzz", table)
    assert caught.value.faults[0].key == "why.village_unknown"


def test_wrong_questions_are_refused() -> None:
    explainer = of_demo()
    lead = demo().alliances[0].lead
    member = demo().alliances[0].members[0]
    for ask in (
        lambda: explainer.lead_card(member),
        lambda: explainer.member_card(lead),
        lambda: explainer.unplaced_card(lead),
        lambda: explainer.boundary(lead, lead),
        lambda: explainer.card(261),
    ):
        with pytest.raises(ValueError, match="village"):
            ask()


def command(*arguments: str) -> tuple[int, str]:
    files = sample_county()
    given_files = [str(files.boundaries), "--ledger", str(files.ledger)]
    told = CliRunner().invoke(build_app("en"), ["why", *given_files, *arguments])
    return told.exit_code, told.output


def test_the_command_explains_a_plan_as_it_is(tmp_path: Any) -> None:
    codes = demo().villages.frame["code"].tolist()
    lead_of = demo().plan.lead_of
    member = next(v for v in range(261) if lead_of[v] not in (-1, v))
    rows = [
        f"{code},{codes[lead] if lead >= 0 else ''}"
        for code, lead in zip(codes, lead_of, strict=True)
    ]
    assignment = tmp_path / "plan.csv"
    assignment.write_text("\n".join(["code,lead_code", *rows]), encoding="utf-8")
    wanted = ["--settings", str(sample_county().settings), "--plan", str(assignment)]
    exit_code, output = command(*wanted, "--village", codes[member], "--json", "--language", "en")
    assert exit_code == 0
    told = json.loads(output)
    [card] = told["cards"]
    assert card["card"] == "member"
    assert card["points"]["points"] == pytest.approx(of_demo().member_card(member).points.points)
    assert card["text"] == of_demo().member_card(member).text("en")
    exit_code, output = command(*wanted, "--village", "no such village")
    assert exit_code == 3
    assert "no such village" in output
    assert command(*wanted)[0] == 2
    assert command(*wanted, "--with", codes[member])[0] == 2


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

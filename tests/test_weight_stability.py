"""Plans under other weights: drawn, planned, counted; each against scoring and solving anew."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from builders import village_table
from hypothesis import given, settings
from hypothesis import strategies as st
from why_counties import made_up, made_up_table

from liancun_geo.criteria import composite, score_leads, score_pairs
from liancun_geo.errors import ProblemError
from liancun_geo.posing import zone_labels
from liancun_geo.problem import AllianceProblem
from liancun_geo.scenario import Scenario, plan_alliances
from liancun_geo.settings import Settings, parse_settings
from liancun_geo.solve import solve
from liancun_geo.why import Explainer, MemberCard, WeightStanding, weight_stability
from liancun_geo.why.stability import drawn


@cache
def planned(seed: int = 5) -> Scenario:
    rules = {"min_size": 2, "max_size": 5}
    return plan_alliances(made_up_table(seed, 24), parse_settings({"rules": rules}))


def under(
    scenario: Scenario, pair: dict[str, float], lead: dict[str, float]
) -> tuple[AllianceProblem, np.ndarray]:
    """Return the problem of other weights, from the village table on."""
    criteria = {**scenario.settings.model_dump()["criteria"]}
    criteria |= {"pair_weights": pair, "lead_weights": lead}
    other = Settings.model_validate({**scenario.settings.model_dump(), "criteria": criteria})
    table = scenario.villages
    leads = score_leads(table, other.criteria)
    pairs = score_pairs(table, leads, zone_labels(table, other.rules), other.criteria)
    weight = other.rules.lead_cost_weight
    problem = scenario.problem
    cost = np.full((problem.n, problem.n), np.inf)
    for block in pairs.blocks:
        cost[np.ix_(block.villages, block.villages)] = block.cost
    return problem, np.column_stack([cost, weight * (1.0 - leads.score)])


def cost_under(scenario: Scenario, table: np.ndarray, villages: Any, lead_of: Any) -> float:
    """Return what a plan of some villages costs under a table of :func:`under`."""
    n, total = scenario.problem.n, 0.0
    for village, lead in zip(villages, lead_of, strict=True):
        if lead >= 0:
            total += table[lead, n] if lead == village else table[lead, village]
        elif np.isfinite(scenario.problem.unassigned_cost[village]):
            total += float(scenario.problem.unassigned_cost[village])
    return total


@given(seed=st.integers(0, 2**32 - 1), concentration=st.floats(1.0, 1e4))
@settings(max_examples=50, deadline=None)
def test_drawn_weights_add_up_and_zero_stays_zero(seed: int, concentration: float) -> None:
    rng = np.random.default_rng(seed)
    given_weights = {"a": 0.5, "b": 0.0, "c": 0.3, "d": 0.2}
    for row in drawn(given_weights, 5, concentration, rng):
        assert list(row) == list(given_weights)
        assert row["b"] == 0.0
        assert sum(row.values()) == pytest.approx(1.0)


def test_drawn_weights_have_the_given_ones_as_mean() -> None:
    rows = drawn({"a": 0.7, "b": 0.3}, 4000, 50.0, np.random.default_rng(1))
    first = np.array([row["a"] for row in rows])
    assert first.mean() == pytest.approx(0.7, abs=0.005)
    assert first.std() == pytest.approx(np.sqrt(0.7 * 0.3 / 51.0), rel=0.05)


@pytest.mark.parametrize("seed", range(8))
def test_reweighted_scores_and_costs_are_those_of_the_criteria(seed: int) -> None:
    scenario = made_up(seed)
    rng = np.random.default_rng(seed)
    (pair,) = drawn(scenario.pairs.weights, 1, 20.0, rng)
    (lead,) = drawn(scenario.leads.weights, 1, 20.0, rng)
    _, table = under(scenario, pair, lead)
    score, _ = composite(scenario.leads.components, lead, scenario.problem.n)
    weight = scenario.settings.rules.lead_cost_weight
    assert weight * (1.0 - score) == pytest.approx(table[:, -1])
    for block in scenario.pairs.blocks:
        want = table[np.ix_(block.villages, block.villages)]
        assert block.under(pair, score) == pytest.approx(want)


def test_every_draw_is_the_best_plan_of_its_weights() -> None:
    scenario = planned()
    problem, draws = scenario.problem, 6
    told = weight_stability(scenario, draws, seed=3)
    rng = np.random.default_rng(3)
    pairs = drawn(scenario.pairs.weights, draws, 50.0, rng)
    leads = drawn(scenario.leads.weights, draws, 50.0, rng)
    for zone in told.zones:
        assert zone.draws == zone.asked == draws
        assert zone.proven.all()
    for draw in range(draws):
        _, table = under(scenario, pairs[draw], leads[draw])
        blocks = [(np.flatnonzero(problem.zone_of == z),) * 2 for z in range(len(problem.zones))]
        anew = AllianceProblem.from_arrays(
            [(own, table[np.ix_(own, own)]) for own, _ in blocks],
            problem.edges,
            min_size=problem.min_size,
            max_size=problem.max_size,
            zones=zone_labels(scenario.villages, scenario.settings.rules),
            lead_cost=table[:, -1],
            can_lead=problem.can_lead,
        )
        best = solve(anew)
        for zone in told.zones:
            own = zone.lead_of[draw]
            want = cost_under(scenario, table, zone.villages, best.lead_of[zone.villages])
            assert cost_under(scenario, table, zone.villages, own) == pytest.approx(want)


def test_shares_are_counts_of_the_plans() -> None:
    scenario = planned()
    told = weight_stability(scenario, 12, concentration=10.0)
    again = weight_stability(scenario, 12, concentration=10.0, workers=3)
    lead_of = scenario.plan.lead_of
    assert 0.0 < np.nanmean(told.stays) < 1.0
    for zone, same in zip(told.zones, again.zones, strict=True):
        assert (zone.lead_of == same.lead_of).all()
        for at, village in enumerate(zone.villages.tolist()):
            column = zone.lead_of[:, at].tolist()
            shares = told.village(village)
            assert shares is not None
            assert shares.kept == column.count(lead_of[village])
            assert told.stays[village] == shares.kept / 12
            assert dict(shares.leads) == {x: column.count(x) / 12 for x in set(column)}
            other = int(zone.villages[(at + 1) % len(zone.villages)])
            both = zone.lead_of[:, [at, (at + 1) % len(zone.villages)]]
            together = [a == b != -1 for a, b in both.tolist()]
            assert told.pair(village, other) == sum(together) / 12
    ends = int(told.zones[0].villages[0]), int(told.zones[1].villages[0])
    assert told.pair(*ends) is None


def test_only_the_zones_asked_for_are_known() -> None:
    scenario = planned()
    told = weight_stability(scenario, 2, zones=[1])
    here = scenario.problem.zone_of == 1
    assert np.isnan(told.stays).tolist() == (~here).tolist()
    assert told.village(int(np.flatnonzero(~here)[0])) is None
    assert [zone.zone for zone in told.zones] == [1]


def test_one_weight_alone_cannot_vary() -> None:
    only = {"proximity": 1.0, "industry_similarity": 0.0}
    only |= {"industry_complementarity": 0.0, "strength_contrast": 0.0}
    criteria = {"pair_weights": only}
    rules = {"min_size": 2, "max_size": 5, "lead_cost_weight": 0.0}
    table = made_up_table(3, 16)
    scenario = plan_alliances(table, parse_settings({"criteria": criteria, "rules": rules}))
    assert np.nanmin(weight_stability(scenario, 4).stays) == 1.0


def test_time_that_runs_out_leaves_draws_out() -> None:
    told = weight_stability(planned(), 50, seconds=0.0)
    assert [zone.draws for zone in told.zones] == [0, 0]
    assert told.zones[0].asked == 50
    assert np.isnan(told.stays).all()
    assert told.village(0) is None


def test_a_zone_without_plan_has_no_draws() -> None:
    table = village_table(3, code=["037040611201", "037040611202", "037040611203"])
    scenario = plan_alliances(table, parse_settings({"rules": {"min_size": 4}}))
    assert weight_stability(scenario, 3).zones[0].draws in (0, 3)


@pytest.mark.parametrize(("draws", "concentration"), [(0, 50.0), (1, 0.0), (1, float("nan"))])
def test_what_cannot_be_drawn_is_refused(draws: int, concentration: float) -> None:
    with pytest.raises(ValueError, match="draws"):
        weight_stability(planned(), draws, concentration=concentration)


def test_an_unknown_zone_is_refused() -> None:
    with pytest.raises(ProblemError):
        weight_stability(planned(), 1, zones=[9])


def test_cards_tell_of_other_weights_once_asked() -> None:
    scenario = planned()
    explainer = Explainer(scenario)
    village = next(i for i, lead in enumerate(scenario.plan.lead_of.tolist()) if lead != i)
    before = explainer.card(village)
    assert isinstance(before, MemberCard)
    assert before.weights is None
    zone = int(scenario.problem.zone_of[village])
    told = explainer.vary_weights(zone, draws=10)
    assert explainer.vary_weights(zone, draws=10) is told
    card = explainer.card(village)
    assert isinstance(card, MemberCard)
    assert card.weights is not None
    assert (card.weights.draws, card.weights.proven) == (10, 10)
    assert card.weights.stays == told.stays[village]
    assert card.as_dict()["weights"]["kept"] == card.weights.kept
    assert any("10 种" in line and f"{card.weights.kept} 种" in line for line in card.text("zh"))
    assert len(card.text("en")) > len(before.text("en"))


def test_locked_villages_keep_their_lead_under_any_weight() -> None:
    scenario = planned()
    lead_of = scenario.plan.lead_of.tolist()
    village = next(i for i, lead in enumerate(lead_of) if lead != i)
    explainer = Explainer(scenario, locked=[village])
    told = explainer.vary_weights(int(scenario.problem.zone_of[village]), draws=8)
    assert told.stays[village] == 1.0


def test_text_says_what_was_not_proven() -> None:
    from liancun_geo.why.wording_sure import under_weights_lines

    some = WeightStanding(draws=10, proven=7, kept=10, leads=((None, 1.0),))
    (line,) = under_weights_lines(some, "zh")
    assert "7 种" in line
    assert under_weights_lines(None, "zh") == []

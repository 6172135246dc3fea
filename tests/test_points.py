"""Points: costs turned round once, and nothing added."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from problems import RULES, random_rules_problem

from liancun_geo.check import plan_cost
from liancun_geo.points import (
    PER_VILLAGE,
    lead_points,
    member_points,
    most_points,
    plan_points,
    points_of_difference,
)
from liancun_geo.problem import AllianceProblem
from liancun_geo.sample import sample_county
from liancun_geo.scenario import Scenario, plan_alliances, read_county
from liancun_geo.settings import read_settings
from liancun_geo.solve import solve


@pytest.fixture(scope="module")
def demo() -> Scenario:
    files = sample_county()
    settings = read_settings(files.settings)
    county = read_county(files.boundaries, files.ledger, settings=settings, folder=files.folder)
    return plan_alliances(county, settings)


def test_the_total_is_the_cost_turned_round(demo: Scenario) -> None:
    points = plan_points(demo.problem, demo.plan)
    counted = int((~np.isnan(points.village)).sum())
    assert points.total == pytest.approx(PER_VILLAGE * (counted - demo.result.objective), abs=1e-9)
    by_alliance = math.fsum(points.of_alliance(alliance.villages) for alliance in demo.alliances)
    left_out = points.village[(demo.plan.lead_of == -1) & ~np.isnan(points.village)]
    assert by_alliance + math.fsum(left_out) == pytest.approx(points.total, abs=1e-9)


def test_parts_add_up_to_the_village(demo: Scenario) -> None:
    points = plan_points(demo.problem, demo.plan)
    for village, lead in enumerate(demo.plan.lead_of.tolist()):
        if lead == -1:
            continue
        own = member_points(demo, village, lead)
        assert math.fsum(part.points for part in own.parts) == pytest.approx(own.points, abs=1e-9)
        assert own.points == pytest.approx(points.village[village], abs=1e-9)
        assert math.fsum(part.most for part in own.parts) == pytest.approx(PER_VILLAGE, abs=1e-9)
        assert all(-1e-9 <= part.points <= part.most + 1e-9 for part in own.parts)


def test_a_lead_is_scored_by_its_indicators(demo: Scenario) -> None:
    lead = demo.alliances[0].lead
    own = lead_points(demo, lead)
    assert {part.name for part in own.parts} <= {*demo.leads.weights, "other"}
    assert own.points == pytest.approx(PER_VILLAGE * demo.leads.score[lead])


def test_a_proven_plan_has_the_most_points(demo: Scenario) -> None:
    points = plan_points(demo.problem, demo.plan)
    most = most_points(points, demo.result.objective, demo.result.bound)
    assert most == pytest.approx(points.total, abs=1e-6)
    assert most_points(points, 5.0, 4.5) == pytest.approx(points.total + 5.0)


def test_a_difference_changes_its_sign_only() -> None:
    assert points_of_difference(0.27) == pytest.approx(-2.7)
    assert math.copysign(1.0, points_of_difference(0.0)) == 1.0


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 2**32 - 1), st.sets(st.sampled_from(sorted(RULES)), max_size=3))
def test_points_of_any_plan_are_its_cost_turned_round(seed: int, rules: set[str]) -> None:
    problem = AllianceProblem.from_arrays(**random_rules_problem(seed, rules).arguments())
    result = solve(problem, time_limit=20.0)
    if not math.isfinite(result.objective):
        return
    points = plan_points(problem, result.lead_of)
    counted = int((~np.isnan(points.village)).sum())
    cost = plan_cost(problem, result.lead_of)
    assert points.total == pytest.approx(PER_VILLAGE * (counted - cost), abs=1e-6)

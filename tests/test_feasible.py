"""Whether each zone has a plan: the solver's own answer, costs left aside."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from problems import random_problem, random_rules_problem

from liancun_geo.problem import AllianceProblem
from liancun_geo.solve import solve
from liancun_geo.solve.feasible import beyond, costless, digest, feasible_zones

RULES = ("zone_alliances", "together", "apart", "weak", "group_terms")


def small_problem(seed: int = 5) -> AllianceProblem:
    return AllianceProblem.from_arrays(**random_problem(seed).arguments())


@settings(max_examples=25, deadline=None)
@given(some.integers(0, 10_000))
def test_the_answer_is_the_solver_s(seed: int) -> None:
    small = random_rules_problem(seed, RULES) if seed % 2 else random_problem(seed)
    problem = AllianceProblem.from_arrays(**small.arguments())
    result = solve(problem, time_limit=20.0)
    for zone, verdict in zip(result.zones, feasible_zones(problem), strict=True):
        assert verdict.label == zone.label
        assert verdict.answer == ("no" if zone.status == "infeasible" else "yes")


@settings(max_examples=25, deadline=None)
@given(some.integers(0, 10_000))
def test_no_plan_places_what_no_alliance_can_hold(seed: int) -> None:
    problem = small_problem(seed)
    lead_of = solve(problem, time_limit=20.0).lead_of
    assert (lead_of[list(beyond(problem))] < 0).all()


def test_a_zone_with_fewer_villages_than_an_alliance_is_beyond_and_still_feasible() -> None:
    problem = small_problem()
    [zone, *_] = problem.zones
    assert not set(beyond(problem)) & set(zone.villages.tolist())
    larger = problem.changed(min_size=zone.n + 1, max_size=zone.n + 2)
    assert set(zone.villages.tolist()) <= set(beyond(larger))
    assert feasible_zones(larger)[0].answer == "yes"


def test_finite_costs_do_not_matter_and_rules_do() -> None:
    problem = small_problem()
    dearer = problem.changed(lead_cost=np.asarray(problem.lead_cost) + 1.0)
    one, other = problem.zones[0], dearer.zones[0]
    assert digest(one) != digest(other)
    assert digest(costless(one)) == digest(costless(other))
    wider = problem.changed(min_size=1)
    assert digest(costless(wider.zones[0])) != digest(costless(one))


def test_what_is_known_is_not_asked_again() -> None:
    problem = small_problem()
    first = feasible_zones(problem)
    lie = {verdict.digest: "no" for verdict in first}
    assert {verdict.answer for verdict in feasible_zones(problem, lie)} == {"no"}


def test_no_time_leaves_it_open() -> None:
    problem = small_problem()
    told = []
    found = feasible_zones(problem, seconds=0.0, tell=told.append)
    assert {verdict.answer for verdict in found} == {"open"}
    assert told == list(found)


@pytest.mark.parametrize("answer", ["yes", "no"])
def test_open_answers_are_asked_again(answer: str) -> None:
    problem = small_problem()
    known = {verdict.digest: "open" for verdict in feasible_zones(problem)}
    assert "open" not in {verdict.answer for verdict in feasible_zones(problem, known)}

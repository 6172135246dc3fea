"""The checker finds every way to break a rule, and nothing else."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from brute_force import Small, cheapest_alliances, connected
from problems import random_problem

from liancun_geo.check import check, plan_cost
from liancun_geo.plan import Plan
from liancun_geo.problem import AllianceProblem

PATH = [(0, 1), (1, 2), (2, 3), (3, 4), (4, 5)]


def _problem(**changes: object) -> AllianceProblem:
    arguments: dict[str, object] = {"min_size": 2, "max_size": 3}
    arguments.update(changes)
    return AllianceProblem.from_arrays(np.ones((6, 6)), PATH, **arguments)  # type: ignore[arg-type]


def _rules(problem: AllianceProblem, lead_of: list[int]) -> list[str]:
    return [violation.rule for violation in check(problem, lead_of)]


def test_a_good_plan_breaks_nothing() -> None:
    problem = _problem()
    assert check(problem, [0, 0, 0, 4, 4, 4]) == ()
    assert check(problem, Plan.from_lead_of([0, 0, 0, 4, 4, 4])) == ()


@pytest.mark.parametrize(
    ("changes", "lead_of", "rule"),
    [
        ({}, [0, 0, 0, 0, 4, 4], "size"),
        ({}, [0, 1, 1, 1, 4, 4], "size"),
        ({}, [0, 0, 2, 2, 0, 2], "connected"),
        ({}, [0, 0, -1, 3, 3, 3], "unassigned"),
        ({}, [1, 0, 2, 2, 4, 4], "lead_of"),
        ({}, [9, 9, 2, 2, 4, 4], "lead_of"),
        ({"zones": list("aaabbb")}, [0, 0, 2, 2, 4, 4], "zone"),
        ({"can_lead": [False, True, True, True, True, True]}, [0, 0, 2, 2, 4, 4], "can_lead"),
        ({"size_cost": [0, 0, math.inf, 0]}, [0, 0, 2, 2, 4, 4], "size"),
    ],
)
def test_each_broken_rule_is_named(
    changes: dict[str, object], lead_of: list[int], rule: str
) -> None:
    assert rule in _rules(_problem(**changes), lead_of)


def test_a_forbidden_pair_is_named() -> None:
    cost = np.ones((6, 6))
    cost[0, 1] = np.inf
    problem = AllianceProblem.from_arrays(cost, PATH, 2, 3)
    violations = check(problem, [0, 0, 2, 2, 4, 4])
    assert [(v.rule, v.lead, v.villages) for v in violations] == [("forbidden_pair", 0, (1,))]
    assert "villages 1" in str(violations[0])
    assert math.isinf(plan_cost(problem, [0, 0, 2, 2, 4, 4]))


def test_the_cost_of_a_plan_with_too_large_an_alliance_is_infinite() -> None:
    assert math.isinf(plan_cost(_problem(), [0, 0, 0, 0, 0, 0]))


@pytest.mark.parametrize("bad", [[0, 0], np.zeros((6, 1), dtype=int), [0.0] * 6, None])
def test_what_is_no_assignment_is_a_violation_not_a_crash(bad: object) -> None:
    assert _rules(_problem(), bad) == ["lead_of"]  # type: ignore[arg-type]


def _is_good(small: Small, lead_of: tuple[int, ...]) -> bool:
    """Say whether a plan keeps the rules, from the definition alone."""
    n = len(lead_of)
    alliances = cheapest_alliances(small)
    held = set().union(*alliances) if alliances else set()
    edges = [(int(a), int(b)) for a, b in np.asarray(small.edges).reshape(-1, 2)]
    for lead in {x for x in lead_of if x >= 0}:
        villages = frozenset(v for v in range(n) if lead_of[v] == lead)
        if lead not in villages or villages not in alliances or not connected(villages, edges):
            return False
        if small.can_lead is not None and not small.can_lead[lead]:
            return False
        if any(math.isinf(small.pair_cost[lead][v]) for v in villages - {lead}):
            return False
    return all(
        lead_of[v] >= 0
        or v not in held
        or (small.unassigned_cost is not None and small.unassigned_cost[v] < math.inf)
        for v in range(n)
    )


def test_agrees_with_the_definition_on_every_assignment_of_small_problems() -> None:
    verdicts = set()
    for seed in range(400):
        small = random_problem(seed)
        n = len(small.pair_cost)
        if n > 4:
            continue
        problem = AllianceProblem.from_arrays(**small.arguments())
        for lead_of in itertools.product(range(-1, n), repeat=n):
            good = _is_good(small, lead_of)
            verdicts.add(good)
            assert (check(problem, list(lead_of)) == ()) is good, (seed, lead_of)
    assert verdicts == {True, False}


def test_plan_gathers_alliances_and_refuses_nonsense() -> None:
    plan = Plan.from_lead_of([2, -1, 2, 2])
    assert [(a.lead, a.members, a.size) for a in plan.alliances] == [(2, (0, 3), 3)]
    assert plan.alliances[0].villages == (2, 0, 3)
    with pytest.raises(ValueError, match="does not lead itself"):
        Plan.from_lead_of([1, 0])

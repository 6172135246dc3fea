"""The solver against brute force: each rule alone, each pair of rules, and all kinds of mixtures.

``LIANCUN_RULES_SEEDS=20`` asks for twenty random problems of each choice of rules instead of ten.
"""

from __future__ import annotations

import itertools
import math
import os

import numpy as np
import pytest
from brute_force import optimum
from problems import RULES, random_rules_problem

from liancun_geo.check import check, plan_cost
from liancun_geo.problem import AllianceProblem
from liancun_geo.solve import solve

SEEDS = int(os.environ.get("LIANCUN_RULES_SEEDS", "10"))
CHOICES = [(rule,) for rule in RULES] + list(itertools.combinations(RULES, 2))


def _agrees(seed: int, rules: tuple[str, ...]) -> bool:
    """Solve one problem, compare with brute force, and say whether it has a plan."""
    small = random_rules_problem(seed, rules)
    problem = AllianceProblem.from_arrays(**small.arguments())
    result = solve(problem, time_limit=20, workers=1 + seed % 2)
    best = optimum(small)
    which = (seed, rules)
    if math.isinf(best):
        assert result.status == "infeasible", which
        return False
    assert result.status == "optimal", which
    assert result.objective == pytest.approx(best, abs=1e-7), which
    assert result.bound == pytest.approx(best, abs=1e-7), which
    assert check(problem, result.lead_of) == (), which
    assert plan_cost(problem, result.lead_of) == pytest.approx(best, abs=1e-7), which
    return True


@pytest.mark.parametrize("rules", CHOICES, ids="+".join)
def test_agrees_with_brute_force(rules: tuple[str, ...]) -> None:
    feasible = [_agrees(seed, rules) for seed in range(SEEDS)]
    # Where no problem had a plan, nothing but infeasibility was tested.
    assert any(feasible)


@pytest.mark.parametrize("number", range(3, len(RULES), 3))
def test_agrees_with_brute_force_under_many_rules_at_once(number: int) -> None:
    rng = np.random.default_rng(number)
    for seed in range(2 * SEEDS):
        chosen = rng.permutation(len(RULES))[:number]
        _agrees(seed, tuple(RULES[i] for i in sorted(chosen)))

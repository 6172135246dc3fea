"""What rules that look at all zones together cost: against every plan there is."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from brute_force import Small, optimum
from why_counties import made_up_table

from liancun_geo.problem import AllianceProblem
from liancun_geo.rule_settings import RuleSettings
from liancun_geo.scenario import Scenario, plan_alliances, problem_under
from liancun_geo.settings import parse_settings
from liancun_geo.why import Explainer

PLACED_OR_PRICED = 10.0
"""Points per unit of cost; under partial coverage every village counts, with or without a rule."""

COUPLED: tuple[dict[str, Any], ...] = (
    {"n_alliances": [0, 2]},
    {"n_alliances": [4, 9]},
    {"budget_wan_yuan": 20.0, "budget_per_alliance_wan_yuan": 10.0},
    {"n_alliances": [1, 3], "budget_wan_yuan": 20.0, "budget_per_alliance_wan_yuan": 10.0},
    {"n_alliances": [3, 3], "max_hops": 1},
)
FREE: dict[str, Any] = {
    "n_alliances": None,
    "budget_wan_yuan": None,
    "max_hops": None,
    "max_size": 60,
    "min_size": 1,
}


def planned(seed: int, rules: dict[str, Any]) -> Scenario:
    table = made_up_table(seed, 9)
    given = {"min_size": 2, "max_size": 4, "coverage": "partial", "unassigned_cost": 0.45}
    return plan_alliances(table, parse_settings({"rules": given | rules}))


def every_plan(problem: AllianceProblem) -> float:
    """Return the least cost over every plan of a problem."""
    rules, n = problem.rules, problem.n
    cost = np.full((n, n), math.inf)
    for a in range(n):
        for b in range(n):
            if problem.zone_of[a] == problem.zone_of[b]:
                cost[a, b] = problem.pair(a, b)
    least, most = rules.n_alliances
    return optimum(
        Small(
            pair_cost=cost,
            edges=problem.edges,
            min_size=problem.min_size,
            max_size=problem.max_size,
            zones=problem.zone_of.tolist(),
            lead_cost=problem.lead_cost,
            can_lead=problem.can_lead,
            unassigned_cost=problem.unassigned_cost,
            n_alliances=(least, most),
            max_hops=rules.max_hops,
            budget_use=rules.budget_use,
            budget=None if rules.budget_use is None else rules.budget,
        )
    )


@pytest.mark.parametrize("rules", COUPLED, ids=lambda rules: "+".join(rules))
@pytest.mark.parametrize("seed", range(2))
def test_rules_over_all_zones_cost_what_every_plan_says(seed: int, rules: dict[str, Any]) -> None:
    scenario = planned(seed, rules)
    with_it = every_plan(scenario.problem)
    told = {cost.rule: cost for cost in Explainer(scenario).rule_costs()}
    assert set(rules) - {"budget_per_alliance_wan_yuan"} <= set(told)
    for name in set(FREE) & set(told):
        value = FREE[name] if name not in ("n_alliances",) else RuleSettings().n_alliances
        loose = scenario.settings.rules.model_copy(update={name: value})
        without = every_plan(problem_under(scenario, loose))
        cost = told[name]
        if math.isinf(with_it):
            assert math.isinf(without) or cost.most == math.inf
            continue
        want = PLACED_OR_PRICED * (with_it - without)
        assert cost.proven, cost
        assert cost.most == pytest.approx(want, abs=1e-6), name
        assert cost.least == cost.most


def test_a_rule_over_all_zones_that_holds_anyway_costs_nothing() -> None:
    scenario = planned(1, {"n_alliances": [0, 9]})
    [cost] = [c for c in Explainer(scenario).rule_costs() if c.rule == "n_alliances"]
    assert cost.most == pytest.approx(0.0, abs=1e-6)

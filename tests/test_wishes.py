"""Wishes asked of one zone, against brute force on the changed problem and full re-solves."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from brute_force import Small, frozen_cost, led_alliances, optimum, prices
from problems import RULES, grid_edges, random_rules_problem

from liancun_geo.check import check, plan_cost
from liancun_geo.errors import ProblemError
from liancun_geo.problem import AllianceProblem
from liancun_geo.solve import solve, wish_columns, wishes
from liancun_geo.solve.wishes import Wishes

KINDS = ("together", "apart", "led_by", "leading", "placed")


def small_problem(seed: int) -> Small:
    """Return a problem of one zone with a few rules."""
    rng = np.random.default_rng(seed)
    chosen = [RULES[i] for i in sorted(rng.permutation(len(RULES))[: rng.integers(0, 5)])]
    small = random_rules_problem(seed, chosen, most_villages=8)
    numbers = {label: n for label, n in (small.zone_alliances or {}).items() if label == 0}
    return replace(small, zones=None, zone_alliances=numbers or None)


def changed(small: Small, kind: str, i: int, j: int) -> Small:
    """Return the problem under a wish, stated as a rule."""
    price = np.full(small.n, np.inf)
    if small.unassigned_cost is not None:
        price = np.array(small.unassigned_cost, dtype=float)
    price[i] = math.inf
    if kind == "together":
        return replace(small, must_together=[*(small.must_together or []), (i, j)])
    if kind == "apart":
        return replace(small, never_together=[*(small.never_together or []), (i, j)])
    if kind == "leading":
        return replace(small, must_lead=[*(small.must_lead or []), i])
    if kind == "placed":
        return replace(small, unassigned_cost=price)
    fixed = {**(small.fixed_lead or {})}
    other = fixed.setdefault(i, j) != j
    can_lead = np.ones(small.n, bool) if small.can_lead is None else np.array(small.can_lead)
    # Two leads are wanted for one village: nobody can lead it.
    can_lead[[i, fixed[i]] if other else []] = False
    return replace(small, fixed_lead=fixed, unassigned_cost=price, can_lead=can_lead)


def expected(small: Small, kind: str, i: int, j: int) -> float:
    """Return the optimum under the wish, ``inf`` if a village loses every place it must have."""
    under = changed(small, kind, i, j)
    before = frozenset().union(*led_alliances(small))
    after = frozenset().union(*led_alliances(under))
    must = {v for v in before if math.isinf(prices(under, before)[v])}
    if must - after or (kind in ("led_by", "leading", "placed") and i not in after):
        return math.inf
    return optimum(under)


def ask(asked: Wishes, kind: str, i: int, j: int, **given: Any) -> wishes.Answer:
    if kind == "leading":
        return asked.led_by(i, i, **given)
    if kind == "led_by":
        return asked.led_by(i, j, **given)
    return asked.placed(i) if kind == "placed" else getattr(asked, kind)(i, j)


@pytest.mark.parametrize("kind", KINDS)
def test_equals_brute_force_on_the_changed_problem(kind: str) -> None:
    costs = []
    for seed in range(100):
        small = small_problem(seed)
        if len(small.free) < 2 or math.isinf(optimum(small)):
            continue
        i, j = (
            small.free[at] for at in np.random.default_rng(seed).permutation(len(small.free))[:2]
        )
        problem = AllianceProblem.from_arrays(**small.arguments())
        answer = ask(Wishes(problem, 0), kind, i, j)
        wanted = expected(small, kind, i, j)
        assert answer.objective == pytest.approx(wanted - frozen_cost(small), abs=1e-6), seed
        costs.append(wanted - optimum(small))
        if math.isinf(wanted):
            assert (answer.status, answer.lead_of) == ("infeasible", None), seed
            continue
        assert answer.status == "optimal"
        assert answer.bound == pytest.approx(answer.objective)
        assert answer.lead_of is not None
        lead_of = np.full(problem.n, -1, dtype=np.intp)
        lead_of[problem.zones[0].villages] = answer.lead_of
        for villages in small.frozen:
            lead_of[list(villages)] = villages[0]
        assert check(problem, lead_of) == ()
        assert plan_cost(problem, lead_of) == pytest.approx(wanted, abs=1e-6)
    assert sum(math.isinf(cost) for cost in costs) > 3
    assert sum(1e-9 < cost < math.inf for cost in costs) > 2 or kind == "placed"


def county(seed: int = 4, n: int = 36, **given: Any) -> AllianceProblem:
    """Return a grid of villages with more candidates than are looked at first."""
    rng = np.random.default_rng(seed)
    rest: dict[str, Any] = {"min_size": 3, "max_size": 6, "lead_cost": rng.random(n), **given}
    return AllianceProblem.from_arrays(rng.random((n, n)), grid_edges(n // 6, 6), **rest)


@pytest.mark.parametrize("few", [(10, 60), (200, 2_000), (4_000, 40_000)])
def test_few_columns_prove_what_all_prove(
    few: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wish_columns, "FEW_COLUMNS", few)
    problem = county()
    asked = Wishes(problem, 0)
    assert asked.context is not None
    assert len(asked.context.pool) > few[0]
    for i, j in [(0, 1), (7, 8), (14, 20), (35, 0)]:
        wished = {
            "together": {"must_together": [(i, j)]},
            "apart": {"never_together": [(i, j)]},
            "led_by": {"fixed_lead": {i: j}},
            "leading": {"must_lead": [i]},
        }
        for kind, change in wished.items():
            full = solve(problem.changed(**change))
            # A village nothing can hold any more would be left out for nothing.
            want = math.inf if full.left_out else full.objective
            assert ask(asked, kind, i, j).objective == pytest.approx(want, abs=1e-9), (kind, i, j)


@pytest.mark.parametrize("told", [-3.0, 0.0, 0.05, 1.0, 50.0])
def test_a_known_cost_never_changes_the_answer(told: float) -> None:
    problem = county(9)
    asked = Wishes(problem, 0)
    for i, j in itertools.pairwise(range(0, 30, 5)):
        right = ask(asked, "led_by", i, j)
        known = asked.best.objective + told
        assert ask(asked, "led_by", i, j, known=known).objective == pytest.approx(right.objective)


@pytest.mark.parametrize("kind", KINDS)
def test_a_zone_too_large_to_list_is_answered_all_the_same(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wishes, "LISTED_SIZE", 0)
    monkeypatch.setattr(wishes, "LISTED_ZONE", 0)
    asked_of = 0
    for seed in range(40):
        small = small_problem(seed)
        if len(small.free) < 2 or math.isinf(optimum(small)) or small.budget is not None:
            continue
        problem = AllianceProblem.from_arrays(**small.arguments())
        asked = Wishes(problem, 0)
        assert asked.context is None
        i, j = small.free[:2]
        wanted = expected(small, kind, i, j) - frozen_cost(small)
        assert ask(asked, kind, i, j).objective == pytest.approx(wanted, abs=1e-6), seed
        asked_of += 1
    assert asked_of > 10


def test_other_zones_count_as_the_plan_has_them() -> None:
    zones = np.repeat([0, 1], 18)
    problem = county(2, zones=zones, n_alliances=(9, 9))
    plan = solve(problem)
    assert plan.status == "optimal"
    asked = Wishes(problem, 0, elsewhere=plan.lead_of)
    others = [
        (lead, *(v for v in np.flatnonzero(plan.lead_of == lead).tolist() if v != lead))
        for lead in np.unique(plan.lead_of[18:]).tolist()
    ]
    held = problem.changed(frozen=others)
    assert asked.best.objective == pytest.approx(solve(held).objective - held.frozen_cost())
    for i, j in [(0, 1), (5, 4), (12, 6)]:
        full = solve(held.changed(must_together=[(i, j)]))
        want = full.objective - held.frozen_cost()
        assert asked.together(i, j).objective == pytest.approx(want, abs=1e-9)


def test_a_village_of_another_zone_is_refused() -> None:
    asked = Wishes(county(zones=np.repeat([0, 1], 18)), 0)
    with pytest.raises(ProblemError, match="not of zone 0"):
        asked.together(0, 20)
    with pytest.raises(ProblemError, match="asked about with itself"):
        asked.apart(3, 3)
    with pytest.raises(ProblemError, match="is not one of"):
        Wishes(county(), 1)

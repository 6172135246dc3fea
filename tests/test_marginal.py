"""What a wish costs, against brute force on the changed problem and against a full re-solve."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from brute_force import Small, frozen_cost, led_alliances, optimum, prices
from problems import RULES, grid_edges, random_rules_problem

from liancun_geo.check import check, plan_cost
from liancun_geo.errors import ProblemError
from liancun_geo.problem import AllianceProblem
from liancun_geo.solve import (
    Marginal,
    ZoneContext,
    cost_of_apart,
    cost_of_leading,
    cost_of_leaving_out,
    cost_of_together,
    solve,
    village_prices,
)


def _small(seed: int) -> Small:
    """Return a problem with a few rules; rules over all zones only where there is one zone."""
    rng = np.random.default_rng(seed)
    chosen = [RULES[i] for i in sorted(rng.permutation(len(RULES))[: rng.integers(0, 5)])]
    small = random_rules_problem(seed, chosen, most_villages=8)
    if len({small.zone[v] for v in range(small.n)}) > 1:
        small = replace(small, n_alliances=None, budget_use=None, budget=None)
    return small


def _together(small: Small, i: int, j: int) -> Small:
    return replace(small, must_together=[*(small.must_together or []), (i, j)])


def _apart(small: Small, i: int, j: int) -> Small:
    return replace(small, never_together=[*(small.never_together or []), (i, j)])


def _leading(small: Small, i: int, _: int) -> Small:
    return replace(small, must_lead=[*(small.must_lead or []), i])


def _left_out(small: Small, i: int, _: int) -> Small:
    n = small.n
    pair_cost = np.array(small.pair_cost, dtype=float)
    pair_cost[i, :] = pair_cost[:, i] = np.inf
    can_lead = np.ones(n, bool) if small.can_lead is None else np.array(small.can_lead)
    can_lead[i] = False
    price = (
        np.full(n, np.inf)
        if small.unassigned_cost is None
        else np.array(small.unassigned_cost, float)
    )
    price[i] = price[i] if price[i] < np.inf else 0.0
    return replace(
        small,
        pair_cost=pair_cost,
        can_lead=can_lead,
        unassigned_cost=price,
        must_lead=[v for v in small.must_lead or [] if v != i],
    )


Change = Callable[[Small, int, int], Small]
WISHES: dict[str, tuple[Callable[..., Marginal], Change]] = {
    "together": (cost_of_together, _together),
    "apart": (cost_of_apart, _apart),
    "leading": (lambda problem, i, _, **given: cost_of_leading(problem, i, **given), _leading),
    "leaving out": (
        lambda problem, i, _, **given: cost_of_leaving_out(problem, i, **given),
        _left_out,
    ),
}


def _expected(small: Small, changed: Small, leading: int | None) -> float:
    """Return the optimum under the wish, ``inf`` if a village loses every place it must have."""
    before = frozenset().union(*led_alliances(small))
    after = frozenset().union(*led_alliances(changed))
    must = {v for v in before if math.isinf(prices(changed, before)[v])}
    if must - after or (leading is not None and leading not in after):
        return math.inf
    return optimum(changed)


def _pair(small: Small, seed: int) -> tuple[int, int] | None:
    """Return two free villages of one zone."""
    zone = small.zone
    pairs = [(a, b) for a in small.free for b in small.free if a != b and zone[a] == zone[b]]
    return pairs[seed % len(pairs)] if pairs else None


@pytest.mark.parametrize("wish", WISHES)
def test_equals_brute_force_on_the_changed_problem(wish: str) -> None:
    ask, change = WISHES[wish]
    answers = []
    for seed in range(150):
        small = _small(seed)
        pair, best = _pair(small, seed), optimum(small)
        if pair is None or math.isinf(best):
            continue
        problem = AllianceProblem.from_arrays(**small.arguments())
        answer = ask(problem, *pair)
        changed = change(small, *pair)
        expected = _expected(small, changed, pair[0] if wish == "leading" else None)
        assert answer.cost == pytest.approx(expected - best, abs=1e-6), seed
        answers.append(answer.cost)
        if math.isinf(expected):
            assert (answer.status, answer.lead_of) == ("infeasible", None), seed
            continue
        assert answer.status == "optimal"
        if problem.zone_of.max() == 0:
            assert answer.objective == pytest.approx(expected - frozen_cost(small), abs=1e-6), seed
    assert sum(math.isinf(cost) for cost in answers) > 3
    assert sum(1e-9 < abs(cost) < math.inf for cost in answers) > 5


def _county(seed: int = 5) -> AllianceProblem:
    rng = np.random.default_rng(seed)
    return AllianceProblem.from_arrays(
        rng.random((40, 40)),
        grid_edges(5, 8),
        zones=np.repeat([0, 1], [24, 16]),
        lead_cost=rng.random(40),
        unassigned_cost=np.where(np.arange(40) % 7 == 0, 1.5, np.inf),
    )


@pytest.mark.parametrize("seed", range(3))
def test_equals_a_full_solve_of_the_changed_problem(seed: int) -> None:
    problem = _county(seed)
    best = solve(problem)
    context = ZoneContext.of(problem, 0)
    rng = np.random.default_rng(seed)
    wishes: tuple[tuple[Callable[..., Marginal], Callable[[int, int], dict[str, Any]]], ...] = (
        (cost_of_together, lambda i, j: {"must_together": [(i, j)]}),
        (cost_of_apart, lambda i, j: {"never_together": [(i, j)]}),
        (WISHES["leading"][0], lambda i, _: {"must_lead": [i]}),
    )
    for ask, wish in wishes:
        i, j = (int(v) for v in rng.permutation(10)[:2])
        changed = problem.changed(**wish(i, j))
        full = solve(changed)
        answer = ask(problem, i, j, context=context)
        assert answer.cost == pytest.approx(full.objective - best.objective, abs=1e-6)
        assert answer.lead_of is not None
        whole = best.lead_of.copy()
        whole[answer.villages] = answer.lead_of
        assert check(changed, whole) == ()
        assert plan_cost(changed, whole) == pytest.approx(full.objective)


def test_what_the_best_plan_does_already_costs_nothing() -> None:
    problem = _county()
    context = ZoneContext.of(problem, 0)
    best = solve(problem)
    lead = int(best.lead_of[0])
    partners = [v for v in range(1, 24) if best.lead_of[v] == lead]
    others = [v for v in range(1, 24) if best.lead_of[v] != lead]
    assert cost_of_together(problem, 0, partners[0], context=context).cost == pytest.approx(0.0)
    assert cost_of_apart(problem, 0, partners[0], context=context).cost > 1e-6
    assert cost_of_apart(problem, 0, others[0], context=context).cost == pytest.approx(0.0)
    assert cost_of_leading(problem, lead, context=context).cost == pytest.approx(0.0)


def test_two_zones_never_meet_and_frozen_alliances_stay_as_they_are() -> None:
    problem = _county().changed(frozen=[[0, 1, 2, 3]])
    assert cost_of_together(problem, 5, 30).cost == math.inf
    assert cost_of_apart(problem, 5, 30).cost == 0.0
    assert cost_of_together(problem, 0, 3).cost == 0.0
    assert cost_of_together(problem, 0, 4).cost == math.inf
    assert cost_of_apart(problem, 0, 3).cost == math.inf
    assert cost_of_apart(problem, 0, 4).cost == 0.0
    assert cost_of_leading(problem, 0).cost == 0.0
    assert cost_of_leading(problem, 1).cost == math.inf
    assert cost_of_leaving_out(problem, 1).cost == math.inf


def test_leaving_out_may_give_a_zone_a_plan() -> None:
    problem = AllianceProblem.from_arrays(np.ones((3, 3)), [(0, 1), (1, 2)], 2, 2)
    answer = cost_of_leaving_out(problem, 0)
    assert (answer.cost, answer.objective, answer.status) == (-math.inf, 1.0, "optimal")
    assert answer.lead_of is not None
    assert answer.lead_of.tolist() == [-1, 1, 1]
    assert cost_of_together(problem, 0, 1).cost == math.inf


def test_without_time_there_is_no_figure() -> None:
    answer = cost_of_together(_county(), 0, 1, time_limit=0.0)
    assert math.isnan(answer.cost)
    assert answer.status in ("unknown", "feasible")


def test_questions_that_make_no_sense_are_refused() -> None:
    problem = _county()
    context = ZoneContext.of(problem, 0)
    for ask in (
        lambda: cost_of_together(problem, 1, 1),
        lambda: cost_of_together(problem, 1, 40),
        lambda: cost_of_apart(problem, -1, 3),
        lambda: cost_of_leading(problem, 40),
        lambda: cost_of_leading(problem, 30, context=context),
        lambda: cost_of_leading(_county(1), 3, context=context),
        lambda: ZoneContext.of(problem, 2),
        lambda: village_prices(problem, solve(_county().changed(zones=None))),
    ):
        with pytest.raises(ProblemError):
            ask()


def test_prices_add_up_to_the_bound_and_never_exceed_the_cost_of_an_alliance() -> None:
    problem = _county().changed(unassigned_cost=None, frozen=[[36, 37, 38, 39]])
    result = solve(problem)
    for given in (result, None):
        price = village_prices(problem, given)
        assert np.isnan(price).tolist() == [False] * 36 + [True] * 4
        for zone, record in zip(problem.zones, result.zones, strict=True):
            relaxation = record.relaxation
            assert relaxation is not None
            total = price[zone.villages].sum()
            if len(relaxation.cuts) == 0:
                assert total == pytest.approx(relaxation.bound)
            pool = ZoneContext.of(problem, problem.zones.index(zone)).pool
            padded = np.append(price[zone.villages], 0.0)
            if len(relaxation.cuts) == 0:
                assert (padded[pool.members].sum(axis=1) <= pool.cost + 1e-6).all()


def test_a_zone_without_plan_has_no_prices() -> None:
    problem = AllianceProblem.from_arrays(np.ones((3, 3)), [(0, 1), (1, 2)], 2, 2)
    assert np.isnan(village_prices(problem)).all()

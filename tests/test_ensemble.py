"""Ensembles: the chain samples the distribution it says, every plan keeps the rules."""

from __future__ import annotations

import itertools
import math
from collections import Counter, defaultdict

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from liancun_geo import AllianceProblem, check, solve
from liancun_geo.errors import DataError
from liancun_geo.research import (
    effective_draws,
    place_plan,
    plan_metrics,
    r_hat,
    sample_plans,
    standing_text,
)

Division = frozenset[frozenset[int]]


def lattice(rows: int, wide: int) -> NDArray[np.intp]:
    at = np.arange(rows * wide).reshape(rows, wide)
    right = np.column_stack([at[:, :-1].ravel(), at[:, 1:].ravel()])
    up = np.column_stack([at[:-1].ravel(), at[1:].ravel()])
    return np.vstack([right, up])


def division(lead_of: NDArray[np.int32]) -> Division:
    parts: dict[int, set[int]] = defaultdict(set)
    for village, lead in enumerate(lead_of.tolist()):
        if lead >= 0:
            parts[lead].add(village)
    return frozenset(frozenset(part) for part in parts.values())


def every_division(
    edges: NDArray[np.intp],
    cost: NDArray[np.float64],
    can_lead: NDArray[np.bool_],
    price: float | None,
    sizes: tuple[int, int],
    beta: float,
    gamma: float,
) -> dict[Division, float]:
    """Return the chance of every division by counting them all, with networkx and nothing else."""
    graph = nx.Graph(edges.tolist())
    n = len(cost)
    weight: dict[frozenset[int], float] = {}
    for size in range(sizes[0], sizes[1] + 1):
        for chosen in itertools.combinations(range(n), size):
            inside = graph.subgraph(chosen)
            if not nx.is_connected(inside):
                continue
            laplacian = nx.laplacian_matrix(inside).toarray()[1:, 1:]
            trees = round(float(np.linalg.det(laplacian)))
            under = [sum(cost[lead, v] for v in chosen if v != lead) for lead in chosen
                     if can_lead[lead]]  # fmt: skip
            total = sum(math.exp(-beta * own) for own in under) * trees**gamma
            if total > 0:
                weight[frozenset(chosen)] = total
    found: dict[Division, float] = {}

    def divide(rest: frozenset[int], so_far: list[frozenset[int]], chance: float) -> None:
        if not rest:
            found[frozenset(so_far)] = chance
            return
        first = min(rest)
        if price is not None:
            divide(rest - {first}, so_far, chance * math.exp(-beta * price))
        for part, own in weight.items():
            if first in part and part <= rest:
                divide(rest - part, [*so_far, part], chance * own)

    divide(frozenset(range(n)), [], 1.0)
    found.pop(frozenset(), None)
    total = sum(found.values())
    return {parts: chance / total for parts, chance in found.items()}


@pytest.mark.parametrize(
    ("price", "beta", "gamma"), [(None, 0.0, 1.0), (None, 2.0, 0.0), (0.7, 1.0, 1.0)]
)
def test_plans_come_as_often_as_they_should(price: float | None, beta: float, gamma: float) -> None:
    draw = np.random.default_rng(4)
    edges, cost = lattice(2, 4), draw.random((8, 8))
    can_lead = np.arange(8) != 2
    problem = AllianceProblem.from_arrays(
        cost, edges, 2, 4, can_lead=can_lead,
        unassigned_cost=None if price is None else np.full(8, price),
    )  # fmt: skip
    chance = every_division(edges, cost, can_lead, price, (2, 4), beta, gamma)
    found = sample_plans(problem, draws=1_500, chains=2, seed=1, beta=beta, gamma=gamma, thin=25)
    seen = Counter(division(plan) for plan in found.plans)
    assert set(seen) <= set(chance)
    away = 0.5 * sum(abs(p - seen[parts] / len(found)) for parts, p in chance.items())
    # What independent draws of the true distribution would be away by, with room to spare: a
    # wrong acceptance (say, without the way back) is away by several times as much.
    p = np.array(list(chance.values()))
    fair = max(
        0.5 * float(np.abs(draw.multinomial(len(found), p) / len(found) - p).sum())
        for _ in range(20)
    )
    assert away < 1.5 * fair + 0.02


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_every_plan_keeps_every_rule(seed: int) -> None:
    draw = np.random.default_rng(seed)
    n = 24
    problem = AllianceProblem.from_arrays(
        draw.random((n, n)),
        lattice(4, 6),
        3,
        6,
        zones=np.repeat(["A", "B"], 12),
        can_lead=draw.random(n) < 0.8,
        unassigned_cost=np.where(draw.random(n) < 0.3, 1.0, np.inf),
        resource=draw.random(n),
        resource_bounds=[0.5, 5.0],
        must_together=[(0, 1)],
        never_together=[(2, 3)],
        weak=draw.random(n) < 0.4,
        max_weak=3,
    )
    start = solve(problem, time_limit=10.0)
    if start.status != "optimal":
        return
    found = sample_plans(problem, draws=20, chains=1, seed=seed, starts=[start.lead_of], burn=5)
    for plan in found.plans:
        assert check(problem, plan.astype(np.intp)) == ()


def test_equal_seeds_give_equal_plans_and_others_do_not() -> None:
    problem = AllianceProblem.from_arrays(np.ones((24, 24)), lattice(4, 6), 3, 5)
    first, again, other = (
        sample_plans(problem, draws=30, chains=2, seed=seed).lead_of for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
    assert (first[0] != first[1]).any()


def test_frozen_alliances_stay() -> None:
    problem = AllianceProblem.from_arrays(
        np.ones((12, 12)), lattice(2, 6), 3, 5, frozen=[(0, 1, 6)]
    )
    found = sample_plans(problem, draws=10, chains=1)
    assert (found.plans[:, [0, 1, 6]] == 0).all()


def test_what_cannot_be_sampled_is_told() -> None:
    few = AllianceProblem.from_arrays(np.ones((4, 4)), lattice(1, 4), 3, 3)
    with pytest.raises(DataError) as told:
        sample_plans(few)
    assert told.value.faults[0].key == "research.ensemble_no_start"
    whole = AllianceProblem.from_arrays(np.ones((6, 6)), lattice(1, 6), 3, 3, n_alliances=(1, 2))
    with pytest.raises(DataError) as told:
        sample_plans(whole)
    assert told.value.faults[0].key == "research.ensemble_coupled"
    fine = AllianceProblem.from_arrays(np.ones((6, 6)), lattice(1, 6), 3, 3)
    with pytest.raises(DataError) as told:
        sample_plans(fine, starts=[[0, 0, 0, 0, 0, 0]])
    assert told.value.faults[0].key == "research.ensemble_bad_start"


def test_the_best_plan_is_an_outlier_in_cost_and_a_sampled_one_is_not() -> None:
    draw = np.random.default_rng(8)
    problem = AllianceProblem.from_arrays(draw.random((24, 24)), lattice(4, 6), 3, 5)
    found = sample_plans(problem, draws=200, chains=2)
    best = place_plan(found, solve(problem).lead_of)
    assert best.loc["cost", "outlier"]
    assert best.loc["cost", "below"] < 0.02
    middle = sorted(found.plans, key=lambda plan: plan_metrics(problem)["cost"](plan))[200]
    usual = place_plan(found, middle)
    assert not usual.loc["cost", "outlier"]
    assert 0.4 < usual.loc["cost", "below"] < 0.6
    for language in ("zh", "en"):
        assert len(standing_text(best, len(found), language)) >= len(best)


# --- mixing ------------------------------------------------------------------------------------


def test_independent_draws_are_worth_themselves() -> None:
    draws = np.random.default_rng(0).normal(size=(4, 1_000))
    assert r_hat(draws) == pytest.approx(1.0, abs=0.01)
    assert effective_draws(draws) == pytest.approx(4_000, rel=0.15)


def test_slow_chains_are_worth_less() -> None:
    # Of an autoregressive chain n (1 - phi) / (1 + phi) draws count.
    draw, phi = np.random.default_rng(1), 0.8
    noise = draw.normal(size=(4, 5_000))
    chain = np.zeros_like(noise)
    for t in range(1, noise.shape[1]):
        chain[:, t] = phi * chain[:, t - 1] + noise[:, t]
    expected = chain.size * (1 - phi) / (1 + phi)
    assert effective_draws(chain) == pytest.approx(expected, rel=0.25)


def test_chains_apart_are_told() -> None:
    draw = np.random.default_rng(2)
    apart = draw.normal(size=(4, 500)) + np.array([[0.0], [0.0], [0.0], [3.0]])
    assert r_hat(apart) > 1.2
    wide = draw.normal(size=(4, 500)) * np.array([[1.0], [1.0], [1.0], [6.0]])
    assert r_hat(wide) > 1.05
    assert r_hat(np.ones((2, 10))) == 1.0
    assert math.isnan(r_hat(np.ones((2, 3))))
    with pytest.raises(ValueError, match="chains"):
        r_hat(np.ones(5))

"""The solver against brute force, its promises as properties, its answers when there is no plan."""

from __future__ import annotations

import math
import threading
from dataclasses import replace

import numpy as np
import pytest
from brute_force import Small, cheapest_alliances, optimum
from hypothesis import given, settings
from problems import grid_edges, grids, random_problem
from scipy import sparse

from liancun_geo.check import check, plan_cost
from liancun_geo.problem import AllianceProblem
from liancun_geo.solve import Progress, Reason, solve
from liancun_geo.solve.coordinator import _Shares


@pytest.mark.parametrize("block", range(10))
def test_agrees_with_brute_force(block: int) -> None:
    for seed in range(block * 60, block * 60 + 60):
        small = random_problem(seed)
        problem = AllianceProblem.from_arrays(**small.arguments())
        result = solve(problem, workers=1 + seed % 2)
        best = optimum(small)
        if math.isinf(best):
            assert result.status == "infeasible", seed
            assert any(zone.reason is not None for zone in result.zones), seed
            continue
        assert result.status == "optimal", seed
        assert result.objective == pytest.approx(best, abs=1e-7), seed
        assert result.bound == result.objective, seed
        assert check(problem, result.lead_of) == (), seed
        assert plan_cost(problem, result.lead_of) == pytest.approx(best, abs=1e-7), seed
        assert set(result.left_out) == set(np.flatnonzero(result.lead_of < 0)), seed


@given(grids())
@settings(max_examples=60, deadline=None)
def test_every_plan_keeps_the_rules(
    grid: tuple[np.ndarray, np.ndarray, int, int, np.ndarray],
) -> None:
    cost, edges, min_size, max_size, zones = grid
    problem = AllianceProblem.from_arrays(cost, edges, min_size, max_size, zones)
    result = solve(problem, time_limit=20)
    assert result.status in ("optimal", "infeasible")
    if result.status == "optimal":
        assert check(problem, result.lead_of) == ()
        assert result.objective == pytest.approx(plan_cost(problem, result.lead_of))
    for zone in result.zones:
        assert zone.bound <= zone.objective or math.isinf(zone.objective)


def _county(seed: int = 5, rows: int = 6, columns: int = 8) -> AllianceProblem:
    rng = np.random.default_rng(seed)
    n = rows * columns
    zones = np.repeat(["east", "west"], n // 2)
    return AllianceProblem.from_arrays(
        rng.random((n, n)),
        grid_edges(rows, columns),
        zones=zones.tolist(),
        lead_cost=rng.random(n),
    )


def test_the_plan_does_not_depend_on_the_number_of_workers() -> None:
    problem = _county()
    alone = solve(problem, workers=1)
    together = solve(problem, workers=4)
    np.testing.assert_array_equal(alone.lead_of, together.lead_of)
    assert alone.objective == together.objective
    assert [zone.label for zone in alone.zones] == [zone.label for zone in together.zones]


def test_costs_may_come_dense_sparse_or_in_blocks() -> None:
    rng = np.random.default_rng(3)
    cost = rng.random((12, 12)) + 0.1
    edges = grid_edges(3, 4)
    zones = [0] * 4 + [1] * 8
    blocks = [(np.arange(4), cost[:4, :4]), (np.arange(4, 12), cost[4:, 4:])]
    plans = [
        solve(AllianceProblem.from_arrays(given, edges, 2, 4, zones)).lead_of.tolist()
        for given in (cost, sparse.coo_array(cost), blocks)
    ]
    assert plans[0] == plans[1] == plans[2]
    without_zones = solve(AllianceProblem.from_arrays(blocks, edges, 2, 4))
    assert without_zones.lead_of.tolist() == plans[0]


def test_an_absent_sparse_entry_forbids_the_pair_and_a_stored_zero_does_not() -> None:
    entries = ([0.0, 5.0], ([0, 1], [1, 0]))
    problem = AllianceProblem.from_arrays(sparse.coo_array(entries, shape=(2, 2)), [(0, 1)], 2, 2)
    assert solve(problem).lead_of.tolist() == [0, 0]
    entries = ([5.0], ([1], [0]))
    problem = AllianceProblem.from_arrays(sparse.coo_array(entries, shape=(2, 2)), [(0, 1)], 2, 2)
    assert solve(problem).lead_of.tolist() == [1, 1]


def test_a_village_without_neighbour_is_left_out_and_the_rest_is_planned() -> None:
    edges = [(0, 1), (1, 2), (2, 3)]
    problem = AllianceProblem.from_arrays(np.ones((5, 5)), edges, 2, 4)
    result = solve(problem)
    assert result.status == "optimal"
    assert result.lead_of[4] == -1
    assert (result.lead_of[:4] >= 0).all()
    assert result.left_out[4].rule == "no_neighbour"
    assert check(problem, result.lead_of) == ()


def test_reasons_name_the_rule_that_keeps_a_village_out() -> None:
    edges = [(0, 1), (1, 2), (3, 4), (5, 6), (6, 7), (7, 8)]
    cost = np.ones((9, 9))
    cost[:, 8] = np.inf
    problem = AllianceProblem.from_arrays(cost, edges, 3, 3, can_lead=[True] * 8 + [False])
    result = solve(problem)
    rules = {village: reason.rule for village, reason in result.left_out.items()}
    assert rules == {3: "too_few_connected", 4: "too_few_connected", 8: "no_lead"}
    assert result.left_out[3].value == 2


def test_a_village_may_be_cheaper_left_out() -> None:
    cost = np.array([[0.0, 1.0, 9.0], [1.0, 0.0, 9.0], [9.0, 9.0, 0.0]])
    problem = AllianceProblem.from_arrays(
        cost, [(0, 1), (1, 2)], 2, 3, unassigned_cost=[2.0, 2.0, 2.0]
    )
    result = solve(problem)
    assert result.lead_of.tolist() == [0, 0, -1]
    assert result.objective == pytest.approx(3.0)
    assert result.left_out[2].rule == "cheaper_left_out"


def test_an_infeasible_zone_names_rule_and_villages_and_the_others_are_planned() -> None:
    # A path of five cannot be cut into pieces of two; the other township can.
    edges = [(0, 1), (1, 2), (2, 3), (3, 4), (5, 6)]
    zones = ["A"] * 5 + ["B"] * 2
    problem = AllianceProblem.from_arrays(np.ones((7, 7)), edges, 2, 2, zones)
    result = solve(problem)
    assert result.status == "infeasible"
    broken, fine = result.zones
    assert (broken.label, broken.status, broken.objective) == ("A", "infeasible", math.inf)
    assert broken.reason is not None
    assert broken.reason.rule == "min_size"
    assert broken.reason.value == 1
    assert len(broken.reason.villages) == 1
    assert fine.status == "optimal"
    assert result.lead_of.tolist() == [-1] * 5 + [5, 5]
    assert result.objective == pytest.approx(1.0)
    assert {reason.rule for reason in result.left_out.values()} == {"zone_infeasible"}


def _relaxed(small: Small, reason: Reason) -> Small:
    """Apply the relaxation that a reason names."""
    n = len(small.pair_cost)
    if reason.rule == "min_size":
        return replace(small, min_size=reason.value)
    if reason.rule == "max_size":
        assert reason.value is not None
        size_cost = small.size_cost
        if size_cost is not None:
            size_cost = np.append(size_cost, np.zeros(reason.value - small.max_size))
        return replace(small, max_size=reason.value, size_cost=size_cost)
    if reason.rule == "can_lead":
        return replace(small, can_lead=None, lead_cost=None)
    assert reason.rule == "forbidden_pairs"
    return replace(small, pair_cost=np.zeros((n, n)))


def test_relaxing_the_named_rule_or_leaving_out_the_named_villages_helps() -> None:
    rules = set()
    for seed in range(600):
        small = replace(random_problem(seed), zones=None)
        if not math.isinf(optimum(small)):
            continue
        problem = AllianceProblem.from_arrays(**small.arguments())
        reason = solve(problem).zones[0].reason
        assert reason is not None
        rules.add(reason.rule)
        n = len(small.pair_cost)
        price = np.full(n, np.inf) if small.unassigned_cost is None else small.unassigned_cost
        held = set().union(*cheapest_alliances(small))
        # Villages that nothing can hold under the rules as they are stay out of it.
        price = np.where([v in held for v in range(n)], price, 0.0)
        if reason.rule != "sizes":
            relaxed = replace(_relaxed(small, reason), unassigned_cost=price)
            assert optimum(relaxed) < math.inf, seed
        without = price.copy()
        without[list(reason.villages)] = 0.0
        assert optimum(replace(small, unassigned_cost=without)) < math.inf, seed
        for kept in reason.villages:
            fewer = without.copy()
            fewer[kept] = np.inf
            assert math.isinf(optimum(replace(small, unassigned_cost=fewer))), seed
    assert {"min_size", "max_size"} <= rules


def test_no_villages_and_one_village() -> None:
    nothing = solve(AllianceProblem.from_arrays(np.zeros((0, 0)), np.zeros((0, 2), dtype=int)))
    assert (nothing.status, nothing.objective, nothing.gap) == ("optimal", 0.0, 0.0)
    one = solve(AllianceProblem.from_arrays([[0.0]], [], 1, 1, lead_cost=[2.0]))
    assert one.lead_of.tolist() == [0]
    assert one.objective == 2.0


def test_without_time_the_status_is_honest() -> None:
    problem = _county()
    result = solve(problem, time_limit=0.0)
    assert result.status in ("unknown", "feasible")
    assert result.bound <= solve(problem).objective
    assert {z.reason.rule for z in result.zones if z.reason} == {"time_limit"}


def test_cancelling_stops_the_solve() -> None:
    cancel = threading.Event()
    cancel.set()
    result = solve(_county(), cancel=cancel, time_limit=60)
    assert result.status in ("unknown", "feasible", "optimal")
    assert result.seconds < 5


def test_progress_counts_the_zones() -> None:
    seen: list[Progress] = []
    result = solve(_county(), workers=2, progress=seen.append)
    counted = [p.zones_done for p in seen]
    assert counted == sorted(counted)
    assert counted[-1] == 2
    assert all(p.bound <= p.objective + 1e-9 for p in seen)
    assert seen[-1].objective == pytest.approx(result.objective)


def test_zones_with_more_than_64_villages() -> None:
    rng = np.random.default_rng(1)
    problem = AllianceProblem.from_arrays(rng.random((80, 80)), grid_edges(8, 10), 3, 4)
    result = solve(problem)
    assert result.status == "optimal"
    assert check(problem, result.lead_of) == ()


def test_a_zone_emptied_by_frozen_alliances_still_keeps_its_number_of_alliances() -> None:
    frozen = {"frozen": [(0, 1)], "zone_alliances": {0: (0, 0)}}
    problem = AllianceProblem.from_arrays(np.ones((2, 2)), [(0, 1)], 1, 2, **frozen)  # type: ignore[arg-type]
    assert solve(problem).status == "infeasible"


def test_sizes_that_do_not_divide_a_zone_are_found_infeasible_quickly() -> None:
    problem = AllianceProblem.from_arrays(np.ones((24, 24)), grid_edges(4, 6), 7, 7)
    result = solve(problem, time_limit=30)
    assert result.status == "infeasible"
    assert result.zones[0].reason is not None


@pytest.mark.parametrize("method", ["auto", "listing", "assignment", "search"])
def test_every_method_gives_a_good_plan_with_an_honest_bound(method: str) -> None:
    problem = _county(rows=4, columns=6)
    best = solve(problem)
    result = solve(problem, method=method, time_limit=60)  # type: ignore[arg-type]
    assert check(problem, result.lead_of) == ()
    assert result.bound <= best.objective + 1e-6
    assert result.objective >= best.objective - 1e-6
    assert {zone.method for zone in result.zones} <= {method} or method == "auto"
    if method != "search":
        assert result.status == "optimal"


def test_an_unknown_method_is_refused() -> None:
    with pytest.raises(ValueError, match="method"):
        solve(_county(), method="magic")  # type: ignore[arg-type]


def test_time_that_others_leave_goes_to_zones_that_had_too_little() -> None:
    class Clock:
        left = 60.0

    clock, tried = Clock(), []
    shares = _Shares(1, clock)  # type: ignore[arg-type]

    def work(z: int) -> None:
        given = shares.next(z)
        tried.append(z)
        needed = 20.0 if z == 0 else 1.0
        clock.left -= min(given, needed)
        if given >= needed:
            solved.add(z)

    solved: set[int] = set()
    shares.solve(work, [0, 1, 2, 3, 4, 5], solved.__contains__)
    assert tried == [0, 1, 2, 3, 4, 5, 0]
    assert solved == {0, 1, 2, 3, 4, 5}


def test_a_zone_is_not_tried_for_ever() -> None:
    class Clock:
        left = 60.0

    clock, tried = Clock(), []
    shares = _Shares(1, clock)  # type: ignore[arg-type]

    def work(z: int) -> None:
        tried.append(z)
        clock.left -= shares.next(z)

    shares.solve(work, [0, 1], lambda _: False)
    assert tried == [0, 1]

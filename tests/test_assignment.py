"""Method B against enumeration, against method A, and where it must stop or say no."""

from __future__ import annotations

import itertools
import json
import math
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from brute_force import connected, frozen_cost, optimum
from hypothesis import given, settings
from hypothesis import strategies as st
from problems import RULES, grid_edges, random_rules_problem

from liancun_geo.problem import AllianceProblem, GroupTerm
from liancun_geo.solve.assignment import solve_by_assignment
from liancun_geo.solve.hess import build_model
from liancun_geo.solve.judging import broken_leads, is_feasible, zone_cost
from liancun_geo.solve.partition import solve_by_listing
from liancun_geo.solve.programme import Clock, Linear, LinearProgramme, solve_whole
from liancun_geo.solve.reach import possible_pairs
from liancun_geo.solve.separators import contiguity_cuts, fractional_cuts
from liancun_geo.solve.zoneplan import ZonePlan
from liancun_geo.zone import Zone

OKLAHOMA = Path(__file__).parents[2] / "shared" / "data" / "ok2020" / "OK_county.json"
ZONE_RULES = [rule for rule in RULES if rule not in ("budget", "n_alliances")]


def going() -> np.ndarray:
    return np.zeros(1, dtype=np.uint8)


def zone_of(**arguments: Any) -> Zone:
    return AllianceProblem.from_arrays(**arguments).zones[0]


def solved(zone: Zone, seconds: float = 30.0, **more: Any) -> ZonePlan:
    plan = solve_by_assignment(zone, seconds=seconds, stop=going(), **more)
    if plan.lead_of is not None:
        assert is_feasible(zone, plan.lead_of, plan.placeable)
        assert plan.objective == zone_cost(zone, plan.lead_of)
        assert plan.bound <= plan.objective
    return plan


def grid_zone(rows: int, columns: int, low: int, high: int, seed: int, **more: Any) -> Zone:
    rng = np.random.default_rng(seed)
    n = rows * columns
    at = np.column_stack(np.divmod(np.arange(n), columns))
    apart = np.hypot(*(at[:, None] - at[None]).transpose(2, 0, 1))
    return zone_of(
        pair_cost=apart / 4 + rng.random((n, n)),
        edges=grid_edges(rows, columns),
        min_size=low,
        max_size=high,
        lead_cost=rng.random(n) * 2,
        **more,
    )


@given(seed=st.integers(0, 100_000), rules=st.sets(st.sampled_from(ZONE_RULES), max_size=5))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_finds_the_optimum_of_all_plans_under_any_rules(seed: int, rules: set[str]) -> None:
    # Frozen villages with partners elsewhere are the zone compiler's business.
    small = random_rules_problem(seed, rules - {"together"} if "frozen" in rules else rules)
    problem = AllianceProblem.from_arrays(**small.arguments())
    plans = [solved(zone) for zone in problem.zones]
    assert {plan.status for plan in plans} <= {"optimal", "infeasible"}
    found = sum(plan.objective for plan in plans) + frozen_cost(small)
    assert found == pytest.approx(optimum(small), rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("seed", range(6))
def test_agrees_with_listing_on_grids(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows, columns = int(rng.integers(3, 5)), int(rng.integers(4, 6))
    low = int(rng.integers(2, 5))
    people = rng.integers(100, 900, rows * columns).astype(float)
    zone = grid_zone(
        rows,
        columns,
        low,
        low + 4,
        seed,
        unassigned_cost=rng.random(rows * columns) * 4 if seed % 2 else None,
        resource=people if seed % 3 else None,
        resource_bounds=(800.0, 4000.0) if seed % 3 else None,
        group_terms=[GroupTerm(people, threshold=2000.0, shortfall_weight=2e-4)]
        if seed > 2
        else (),
        size_cost=rng.random(low + 5) if seed == 2 else None,
    )
    listed = solve_by_listing(zone, seconds=60.0, stop=going())
    assert listed.status == "optimal"
    plan = solved(zone)
    assert plan.status == "optimal"
    assert plan.bound == plan.objective
    assert plan.objective == pytest.approx(listed.objective, rel=1e-9)


@pytest.mark.parametrize("count", [2, 3, 4])
def test_number_of_alliances_holds(count: int) -> None:
    zone = grid_zone(4, 4, 2, 8, 3, zone_alliances={0: (count, count)})
    plan = solved(zone)
    assert plan.status == "optimal"
    assert plan.lead_of is not None
    assert len(np.unique(plan.lead_of)) == count
    listed = solve_by_listing(zone, seconds=60.0, stop=going())
    assert plan.objective == pytest.approx(listed.objective, rel=1e-9)


def far_pair() -> Zone:
    """Return a line of eight with a lead at one end that likes the two at the other end best."""
    cost = np.full((8, 8), 50.0)
    cost[0, [6, 7]] = 0.0
    cost[4, [1, 2, 3, 5]] = 1.0
    lead = np.full(8, 50.0)
    lead[[0, 4]] = 0.0
    edges = [(i, i + 1) for i in range(7)]
    return zone_of(pair_cost=cost, edges=edges, min_size=2, max_size=8, lead_cost=lead)


def test_neighbour_inequalities_alone_would_leave_an_alliance_in_pieces() -> None:
    zone = far_pair()
    model = build_model(zone, np.ones(8, dtype=bool))
    free = (np.zeros(len(model.cost)), model.upper)
    loose = solve_whole(model, model.cut_rows([]), free, 1.0, Clock(30.0, going()))
    lead_of = model.lead_of(loose.solutions[-1])
    assert broken_leads(zone, lead_of) == [0]
    # Everything between the two ends parts them; the first village does it alone.
    cuts = contiguity_cuts(model, lead_of)
    assert {(cut.lead, cut.villages[0]) for cut in cuts} == {(0, 6), (0, 7)}
    plan = solved(zone)
    assert plan.status == "optimal"
    assert plan.objective > loose.bound + 1.0
    listed = solve_by_listing(zone, seconds=60.0, stop=going())
    assert plan.objective == pytest.approx(listed.objective, rel=1e-9)


def test_cuts_hold_for_every_connected_alliance_and_cut_the_fraction_off() -> None:
    zone = grid_zone(3, 3, 1, 9, 0)
    model = build_model(zone, np.ones(9, dtype=bool))
    edges = [(int(a), int(b)) for a, b in zone.edges]
    subsets = itertools.chain.from_iterable(
        itertools.combinations(range(9), size) for size in range(1, 10)
    )
    alliances = [set(s) for s in subsets if connected(frozenset(s), edges)]
    made = 0
    for seed in range(20):
        pairs = np.random.default_rng(seed).choice([0.0, 0.1, 0.6, 1.0], (9, 9))
        for cut in fractional_cuts(model, pairs):
            made += 1
            villages, weight = list(cut.villages), np.array(cut.coefficients)
            assert weight @ pairs[cut.lead, villages] > cut.greatest
            for held in alliances:
                if cut.lead in held:
                    assert sum(w for v, w in zip(villages, weight, strict=True) if v in held) <= 0
    assert made > 50


@pytest.mark.parametrize("seed", range(4))
def test_relaxation_proves_its_bound_and_its_reduced_costs(seed: int) -> None:
    zone = grid_zone(4, 4, 2, 6, seed, unassigned_cost=np.full(16, 1.5))
    model = build_model(zone, np.ones(16, dtype=bool))
    relaxed = LinearProgramme(model, Clock(30.0, going())).solve()
    assert isinstance(relaxed, Linear)
    plan = solved(zone)
    assert plan.lead_of is not None
    index, values = model.values_of(plan.lead_of)
    reduced = relaxed.reduced[index]
    least = np.where(values > 0.5, np.maximum(reduced, 0.0), np.maximum(-reduced, 0.0)).sum()
    assert plan.objective >= relaxed.bound + least - 1e-9


def test_says_infeasible_when_the_villages_cannot_all_be_placed() -> None:
    edges = [(i, i + 1) for i in range(4)]
    zone = zone_of(pair_cost=np.ones((5, 5)), edges=edges, min_size=4, max_size=4)
    plan = solved(zone)
    assert plan.status == "infeasible"
    assert plan.lead_of is None
    assert (plan.objective, plan.bound) == (math.inf, math.inf)
    assert plan.placeable.all()


def test_village_that_no_alliance_can_hold_is_left_out_for_nothing() -> None:
    # On the line 0-1-2 every three villages hold 0 and 1, which must stay apart; village 2 could
    # lead either of them, so looking at pairs does not tell.
    zone = zone_of(
        pair_cost=np.ones((6, 6)),
        edges=[(0, 1), (1, 2), (3, 4), (4, 5)],
        min_size=3,
        max_size=4,
        never_together=[(0, 1)],
    )
    assert possible_pairs(zone)[2, :3].all()
    plan = solved(zone)
    assert plan.status == "optimal"
    assert plan.lead_of is not None
    assert plan.lead_of[:3].tolist() == [-1, -1, -1]
    assert plan.placeable.tolist() == [False] * 3 + [True] * 3
    assert plan.objective == 2.0


def hard() -> Zone:
    """Return a zone that takes minutes: costs without geography."""
    rng = np.random.default_rng(5)
    return zone_of(
        pair_cost=rng.random((100, 100)),
        edges=grid_edges(10, 10),
        min_size=8,
        max_size=14,
        lead_cost=np.full(100, 3.0),
    )


def stripes() -> np.ndarray:
    """Return a plan of :func:`hard`: every row an alliance, led by its first village."""
    return np.repeat(np.arange(10) * 10, 10).astype(np.intp)


def test_stops_soon_after_it_is_told() -> None:
    stop = going()
    told: list[float] = []

    def tell() -> None:
        told.append(time.process_time())
        stop[0] = 1

    timer = threading.Timer(2.0, tell)
    timer.start()
    zone = hard()
    plan = solve_by_assignment(zone, seconds=100.0, stop=stop, start=stripes())
    # Of its own work: a busy machine makes the clock on the wall run ahead.
    assert time.process_time() - told[0] < 1.0
    assert plan.status == "feasible"
    assert plan.lead_of is not None
    assert is_feasible(zone, plan.lead_of, plan.placeable)
    assert 0.0 < plan.bound < plan.objective


def test_keeps_its_time() -> None:
    zone = hard()
    start = time.process_time()
    plan = solved(zone, seconds=2.0)
    # Ten per cent, and room for a busy machine.
    assert time.process_time() - start < 3.0
    assert plan.status in ("feasible", "unknown")
    assert plan.bound > 0.0


def test_begins_with_the_plan_it_is_given() -> None:
    zone, stop = hard(), np.ones(1, dtype=np.uint8)
    plan = solve_by_assignment(zone, seconds=10.0, stop=stop, start=stripes())
    assert plan.status == "feasible"
    assert plan.lead_of is not None
    assert plan.lead_of.tolist() == stripes().tolist()
    assert plan.objective == pytest.approx(zone_cost(zone, stripes()))
    assert plan.bound == -math.inf
    broken = stripes()
    broken[0] = 90
    nothing = solve_by_assignment(zone, seconds=10.0, stop=stop, start=broken)
    assert (nothing.status, nothing.lead_of) == ("unknown", None)
    better = solved(zone, seconds=3.0, start=stripes())
    assert better.objective <= plan.objective


def test_optimal_start_is_confirmed() -> None:
    zone = grid_zone(4, 5, 4, 8, 2)
    cold = solved(zone)
    warm = solved(zone, start=cold.lead_of)
    assert (warm.status, warm.objective) == ("optimal", cold.objective)


def test_no_villages_is_a_plan() -> None:
    zone = zone_of(pair_cost=np.zeros((2, 2)), edges=[(0, 1)], min_size=1, max_size=2)
    rest = AllianceProblem.from_arrays(
        np.zeros((2, 2)), [(0, 1)], min_size=1, max_size=2, frozen=[[0, 1]]
    ).zones[0]
    assert solved(zone).objective == 0.0
    assert solved(rest).status == "optimal"


@pytest.mark.skipif(not OKLAHOMA.exists(), reason="../shared/data/ok2020 is not there")
def test_oklahoma_known_optimum() -> None:
    from pyproj import Geod

    graph = json.loads(OKLAHOMA.read_text(encoding="utf-8"))
    nodes = graph["nodes"]
    number = {node["id"]: i for i, node in enumerate(nodes)}
    edges = {
        tuple(sorted((i, number[other["id"]])))
        for i, others in enumerate(graph["adjacency"])
        for other in others
    }
    people = np.array([node["P0010001"] for node in nodes], dtype=float)
    lon, lat = (
        np.array([float(node[name]) for node in nodes]) for name in ("INTPTLON20", "INTPTLAT20")
    )
    i, j = np.indices((77, 77))
    miles = Geod(ellps="WGS84").inv(lon[i], lat[i], lon[j], lat[j])[2] / 1609.344
    zone = zone_of(
        pair_cost=people[None, :] * miles**2,
        edges=sorted(edges),
        min_size=1,
        max_size=77,
        resource=people,
        resource_bounds=(783_952.0, 799_789.0),
        zone_alliances={0: (5, 5)},
    )
    plan = solved(zone, seconds=60.0)
    assert plan.status == "optimal"
    assert plan.objective == pytest.approx(8408524436.390146, rel=1e-12)

"""All near-optimal plans, against brute force; truncation, diversity, shares, determinism."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from brute_force import Small, all_plans, frozen_cost
from problems import RULES, grid_edges, random_rules_problem

from liancun_geo.check import check, plan_cost
from liancun_geo.errors import ProblemError
from liancun_geo.problem import AllianceProblem
from liancun_geo.solve import ZoneAlternatives, alternatives, solve

Division = frozenset[frozenset[int]]


def _divisions(zone: ZoneAlternatives) -> list[Division]:
    return [
        frozenset(
            frozenset(zone.villages[row == lead].tolist())
            for lead in sorted(set(row[row >= 0].tolist()))
        )
        for row in zone.lead_of
    ]


def _small(seed: int) -> Small:
    rng = np.random.default_rng(seed)
    chosen = [RULES[i] for i in sorted(rng.permutation(len(RULES))[: rng.integers(0, 4)])]
    return replace(
        random_rules_problem(seed, chosen, most_villages=7), zones=None, zone_alliances=None
    )


@cache
def _plans(seed: int) -> dict[Division, float]:
    """Return every plan with the least it costs, by brute force."""
    small = _small(seed)
    frozen = {frozenset(alliance) for alliance in small.frozen}
    plans: dict[Division, float] = {}
    for cost, alliances in all_plans(small):
        division = frozenset(villages for _, villages in alliances) - frozen
        plans[division] = min(plans.get(division, math.inf), cost - frozen_cost(small))
    return plans


@pytest.mark.parametrize("within", [0.0, 0.1, 0.5, 3.0])
def test_lists_exactly_the_plans_that_brute_force_finds(within: float) -> None:
    listed = 0
    for seed in range(120):
        small, plans = _small(seed), _plans(seed)
        problem = AllianceProblem.from_arrays(**small.arguments())
        (zone,) = alternatives(problem, within, limit=100_000)
        if not plans:
            assert (zone.status, len(zone), zone.complete) == ("infeasible", 0, True), seed
            continue
        best = min(plans.values())
        ceiling = best + within * abs(best)
        assert zone.objective == pytest.approx(best, abs=1e-7), seed
        assert zone.complete, seed
        found = _divisions(zone)
        assert len(set(found)) == len(found), seed
        for division, cost in zip(found, zone.cost.tolist(), strict=True):
            assert cost == pytest.approx(plans[division], abs=1e-7), seed
            assert cost <= ceiling + 1e-7, seed
        missing = {d for d, cost in plans.items() if cost < ceiling - 1e-7} - set(found)
        assert not missing, seed
        listed += len(found)
    assert listed > 90 * (1 + within)


def _county(seed: int = 5) -> AllianceProblem:
    rng = np.random.default_rng(seed)
    return AllianceProblem.from_arrays(
        rng.random((48, 48)),
        grid_edges(6, 8),
        zones=np.repeat(["east", "west"], 24).tolist(),
        lead_cost=rng.random(48),
    )


def test_every_listed_plan_keeps_the_rules_and_costs_what_is_said() -> None:
    problem = _county()
    best = solve(problem)
    for zone, record in zip(alternatives(problem, 0.1), best.zones, strict=True):
        assert zone.label == record.label
        assert zone.complete
        assert len(zone) > 5
        assert zone.range == (pytest.approx(record.objective), zone.cost[-1])
        assert (np.diff(zone.cost) >= 0.0).all()
        assert zone.cost[-1] <= record.objective * 1.1 + 1e-9
        for row in range(0, len(zone), max(1, len(zone) // 20)):
            whole = zone.put_into(best.lead_of, row)
            assert check(problem, whole) == ()
            more = zone.cost[row] - record.objective
            assert plan_cost(problem, whole) == pytest.approx(best.objective + more)


def test_a_full_list_holds_exactly_the_cheapest() -> None:
    problem = _county()
    (whole,) = alternatives(problem, 0.15, zones=[1])
    assert whole.complete
    assert whole.complete_within == 0.15
    assert len(whole) > 60
    for limit in (1, 2, 50):
        (part,) = alternatives(problem, 0.15, limit=limit, zones=[1])
        assert not part.complete
        np.testing.assert_allclose(part.cost, whole.cost[:limit])
        assert _divisions(part) == _divisions(whole)[:limit]
        reached = part.objective + part.complete_within * abs(part.objective)
        assert (whole.cost <= reached + 1e-9).sum() <= limit
    (just,) = alternatives(problem, 0.15, limit=len(whole), zones=[1])
    assert just.complete


def test_equal_plans_beyond_the_limit_are_admitted() -> None:
    problem = AllianceProblem.from_arrays(np.ones((12, 12)), grid_edges(3, 4), 3, 3)
    (whole,) = alternatives(problem, 0.0)
    assert whole.complete
    assert len(set(whole.cost.tolist())) == 1
    assert len(whole) > 3
    (part,) = alternatives(problem, 0.0, limit=3)
    assert (len(part), part.complete, part.complete_within) == (3, False, -math.inf)


def test_together_counts_the_plans() -> None:
    (zone, _) = alternatives(_county(), 0.1)
    counted = np.zeros_like(zone.together)
    for division in _divisions(zone):
        for alliance in division:
            for a, b in itertools.product(alliance, repeat=2):
                counted[np.searchsorted(zone.villages, a), np.searchsorted(zone.villages, b)] += 1
    np.testing.assert_allclose(zone.together, counted / len(zone))
    assert ((zone.together > 0.0) & (zone.together < 1.0)).any()


def _distance(zone: ZoneAlternatives, one: int, other: int) -> float:
    pairs = [
        {(a, b) for alliance in _divisions(zone)[row] for a in alliance for b in alliance if a < b}
        for row in (one, other)
    ]
    k = len(zone.villages)
    return len(pairs[0] ^ pairs[1]) / (k * (k - 1) / 2)


def test_the_diverse_plans_are_the_farthest_from_those_before() -> None:
    (zone, _) = alternatives(_county(), 0.06, diverse=4)
    assert zone.diverse[0] == 0
    assert zone.distance[0] == 0.0
    assert len(zone.diverse) == 4
    for at in range(1, 4):
        nearest = [
            min(_distance(zone, row, before) for before in zone.diverse[:at])
            for row in range(len(zone))
        ]
        assert nearest[zone.diverse[at]] == pytest.approx(max(nearest))
        assert zone.distance[at] == pytest.approx(max(nearest))


def test_the_zones_number_of_alliances_holds_and_only_there_are_rules_over_all_zones_dropped() -> (
    None
):
    problem = _county().changed(zone_alliances={"east": (5, 5)}, n_alliances=(8, 8))
    east, west = alternatives(problem, 0.1)
    assert {len(division) for division in _divisions(east)} == {5}
    assert {len(division) for division in _divisions(west)} != {3}
    alone = _county().changed(zones=None, n_alliances=(11, 11), min_size=3, max_size=5)
    (zone,) = alternatives(alone, 0.005)
    assert {len(division) for division in _divisions(zone)} == {11}


def test_nothing_to_plan_and_no_time() -> None:
    problem = _county().changed(frozen=[list(range(24))], zones=np.repeat([0, 1], 24).tolist())
    empty, other = alternatives(problem, 0.02)
    assert (empty.lead_of.shape, empty.cost.tolist(), empty.complete) == ((1, 0), [0.0], True)
    assert other.complete
    for zone in alternatives(_county(), time_limit=0.0):
        assert not zone.complete
        assert zone.status in ("unknown", "feasible")
        assert len(zone) == 0
        assert all(map(math.isnan, zone.range))


def test_questions_that_make_no_sense_are_refused() -> None:
    problem = _county()
    with pytest.raises(ProblemError):
        alternatives(problem, zones=[2])
    for within, limit in ((-0.1, 5), (math.nan, 5), (math.inf, 5), (0.1, 0)):
        with pytest.raises(ValueError, match="must be"):
            alternatives(problem, within, limit)

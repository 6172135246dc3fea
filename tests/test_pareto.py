"""Fronts against all plans enumerated, sums of fronts, knees, what is refused."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from brute_force import Small, Villages, led_alliances, prices
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from liancun_geo import AllianceProblem, check, solve
from liancun_geo.errors import DataError, ProblemError
from liancun_geo.research import Criterion, ParetoFront, front_text, pareto, pareto_front
from liancun_geo.research import zone_front as module
from liancun_geo.research.dominance import open_boxes, summed, thinned, undominated
from liancun_geo.research.objectives import Ground, value_of
from liancun_geo.research.zone_front import ZoneFront
from liancun_geo.solve.stopping import Stop
from liancun_geo.zone import Zone

Points = NDArray[np.float64]


def random_small(seed: int, n: int = 8, *, partial: bool = False, zones: int = 1) -> Small:
    rng = np.random.default_rng(seed)
    edges = [(i, i + 1) for i in range(n - 1)]
    edges += [(i, j) for i in range(n) for j in range(i + 2, n) if rng.random() < 0.25]
    return Small(
        pair_cost=rng.random((n, n)),
        edges=edges,
        min_size=2,
        max_size=4,
        zones=np.sort(np.arange(n) % zones).tolist(),
        lead_cost=rng.random(n),
        can_lead=rng.random(n) < 0.8,
        unassigned_cost=rng.random(n) + 0.5 if partial else None,
    )


def own_criterion(problem: AllianceProblem, rng: np.random.Generator, name: str) -> Criterion:
    n = problem.n
    return Criterion.from_arrays(
        problem,
        name,
        # Whole numbers make ties and weak points; halves of them hit corners exactly.
        pair_cost=rng.integers(0, 6, (n, n)).astype(float),
        lead_cost=rng.integers(0, 4, n).astype(float),
        size_cost=rng.integers(0, 3, problem.max_size + 1).astype(float),
        unassigned_cost=rng.integers(0, 9, n).astype(float),
    )


def every_plan(small: Small) -> Iterator[list[int]]:
    """Yield every plan under every choice of leads."""
    alliances = led_alliances(small)
    price = prices(small, frozenset().union(*alliances))

    def grow(left: Villages, lead_of: list[int]) -> Iterator[list[int]]:
        if not left:
            yield lead_of
            return
        first = min(left)
        if price[first] < np.inf:
            yield from grow(left - {first}, lead_of)
        for villages, leads in alliances.items():
            if first in villages and villages <= left:
                for lead in leads:
                    grown = list(lead_of)
                    for village in villages:
                        grown[village] = lead
                    yield from grow(left - villages, grown)

    yield from grow(frozenset(range(small.n)), [-1] * small.n)


def brute_front(small: Small, problem: AllianceProblem, criteria: list[Criterion]) -> Points:
    held = frozenset().union(*led_alliances(small))
    excused = [
        v not in held and not np.isfinite(problem.unassigned_cost[v]) for v in range(small.n)
    ]
    values = {
        tuple(round(value_of(c, problem, lead_of, excused), 9) for c in criteria)
        for lead_of in every_plan(small)
    }
    return np.array(
        sorted(
            v
            for v in values
            if not any(all(b <= a for a, b in zip(v, w, strict=True)) and w != v for w in values)
        )
    ).reshape(-1, len(criteria))


def both(
    small: Small, seed: int, q: int, **options: Any
) -> tuple[ParetoFront, Points, list[Criterion], AllianceProblem]:
    problem = AllianceProblem.from_arrays(**small.arguments())
    rng = np.random.default_rng(seed)
    criteria = [own_criterion(problem, rng, f"c{k}") for k in range(q)]
    # The first one compiles, which takes minutes where the machine is busy.
    front = pareto_front(problem, criteria, **{"time_limit": 900.0, **options})
    return front, brute_front(small, problem, criteria), criteria, problem


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([2, 3]), st.booleans(), st.sampled_from([1, 2]))
def test_no_point_of_the_front_is_missing(seed: int, q: int, partial: bool, zones: int) -> None:
    small = random_small(seed, partial=partial, zones=zones)
    front, brute, criteria, problem = both(small, seed, q)
    if front.without or len(brute) == 0:
        # A zone without a plan counts nothing here, and there is no plan of all.
        assert len(brute) == 0 or all(status == "infeasible" for _, status in front.without)
        return
    assert front.status == "optimal" and not front.epsilon.any()
    np.testing.assert_allclose(front.points, brute, atol=1e-7)
    for point in front:
        assert check(problem, point.plan) == ()
        for criterion in criteria:
            told = point.values[criterion.name]
            given_out = value_of(criterion, problem, point.plan.lead_of)
            none_left = (point.plan.lead_of >= 0).all()
            assert given_out == pytest.approx(told) if none_left else given_out >= told - 1e-9


@pytest.mark.parametrize("q", [2, 3])
def test_the_epsilon_constraint_alone_finds_the_same(
    q: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = random_small(5)
    ranked, brute, _, _ = both(small, 5, q)
    asked = 0
    ask = module._Search._ask

    def counted(self: Any, box: Points) -> None:
        nonlocal asked
        asked += 1
        ask(self, box)

    monkeypatch.setattr(module._Search, "_ask", counted)
    # No direction can be ranked any further: every box is asked by itself.
    monkeypatch.setattr(
        module._Search, "_gap", lambda self, direction, boxes: np.full(len(boxes), np.inf)
    )
    front, _, _, _ = both(small, 5, q)
    assert asked > 0
    np.testing.assert_allclose(front.points, ranked.points, atol=1e-7)
    np.testing.assert_allclose(front.points, brute, atol=1e-7)


def test_unsupported_points_are_found() -> None:
    for seed in range(30):
        front, brute, _, _ = both(random_small(seed), seed, 2)
        if front.status == "optimal" and len(front.zones) and not front.zones[0].supported.all():
            np.testing.assert_allclose(front.points, brute, atol=1e-7)
            return
    pytest.fail("no front with an unsupported point among the cases")


def test_a_resolution_says_what_it_costs() -> None:
    seed = 11
    small = random_small(seed, n=9, partial=True, zones=2)
    exact, _, _, _ = both(small, seed, 2)
    coarse, _, _, _ = both(small, seed, 2, resolution=0.4)
    assert 0 < len(coarse) <= len(exact)
    for point in exact.points:
        assert (coarse.points <= point + coarse.epsilon + 1e-9).all(axis=1).any()


def test_the_cheapest_plan_is_on_the_front_and_named() -> None:
    small = random_small(3)
    problem = AllianceProblem.from_arrays(**small.arguments())
    front = pareto_front(problem, ["cost", "alliances"])
    best = solve(problem)
    at = front.names()["best_cost"]
    assert front[at].values["cost"] == pytest.approx(best.objective)
    assert "best_cost" in front[at].names and front[at].status == "optimal"
    frame = front.frame()
    assert (frame["n_alliances"] == frame["alliances"]).all()
    assert len(front.plans_frame([at])) == problem.n


def test_moves_from_a_plan_count_from_none_on() -> None:
    small = random_small(8)
    problem = AllianceProblem.from_arrays(**small.arguments())
    before = solve(problem, time_limit=10.0)
    front = pareto_front(problem, ["moved", "size_balance"], before=before.lead_of)
    assert front.points[0, 0] == 0.0
    np.testing.assert_array_equal(front.plan(0).lead_of, before.lead_of)
    with pytest.raises(DataError, match="before"):
        pareto_front(problem, ["moved", "cost"])


def test_a_knee_lies_farthest_below_the_chord() -> None:
    small = random_small(3)
    problem = AllianceProblem.from_arrays(**small.arguments())
    front = pareto_front(problem, ["cost", "alliances"])
    bent = np.array([[0.0, 10.0], [1.0, 2.0], [4.0, 1.0], [10.0, 0.0]])
    fake = ParetoFront(
        ("a", "b"), bent, "optimal", np.zeros(2), (), (), 0.0, np.zeros((4, 0), int), problem
    )
    assert fake.names() == {"best_a": 0, "best_b": 3, "knee": 1}
    assert fake.knees(2) == (1, 2)
    assert front.knees(0) == ()


def test_rules_over_all_zones_are_refused() -> None:
    small = random_small(2, zones=2)
    problem = AllianceProblem.from_arrays(**{**small.arguments(), "n_alliances": (None, 3)})
    with pytest.raises(DataError):
        pareto_front(problem, ["cost", "alliances"])


@pytest.mark.parametrize("names", [["cost"], ["cost", "alliances", "moved", "left_out"]])
def test_two_or_three_criteria(names: list[str]) -> None:
    problem = AllianceProblem.from_arrays(**random_small(1).arguments())
    with pytest.raises(ValueError, match="two or three"):
        pareto_front(problem, names)


def test_what_is_not_there_is_named() -> None:
    problem = AllianceProblem.from_arrays(**random_small(1).arguments())
    with pytest.raises(DataError, match="proximity"):
        pareto_front(problem, ["cost", "proximity"])
    with pytest.raises(ProblemError):
        Ground.of(object())
    with pytest.raises(ProblemError, match="c: lead_cost"):
        Criterion.from_arrays(problem, "c", lead_cost=np.full(problem.n, np.inf))


points_of = st.lists(st.tuples(*[st.integers(0, 6)] * 3), min_size=1, max_size=25).map(
    lambda rows: np.array(rows, dtype=float)
)


@given(points_of, st.sampled_from([2, 3]))
def test_what_stays_is_beaten_by_nobody(points: Points, q: int) -> None:
    points = points[:, :q]
    stays = points[undominated(points, np.full(q, 1e-9))]
    for point in points:
        beaten = ((points <= point).all(axis=1) & (points < point).any(axis=1)).any()
        assert (stays == point).all(axis=1).any() == (not beaten)
    assert len(np.unique(stays, axis=0)) == len(stays)


@given(points_of, points_of)
def test_sums_of_fronts_miss_nothing(one: Points, other: Points) -> None:
    slack = np.full(3, 1e-9)
    sums = (one[:, None, :] + other[None, :, :]).reshape(-1, 3)
    wanted = sums[undominated(sums, slack)]
    a, b = one[undominated(one, slack)], other[undominated(other, slack)]
    found, left, right = summed(a, b, slack)
    assert {tuple(row) for row in found.tolist()} == {tuple(row) for row in wanted.tolist()}
    np.testing.assert_array_equal(found, a[left] + b[right])


@given(points_of, st.sampled_from([2, 3]))
def test_open_boxes_hold_what_is_not_beaten(points: Points, q: int) -> None:
    points = points[:, :q]
    boxes = np.full((1, q), np.inf)
    for point in points:
        boxes = open_boxes(boxes, point)
    for asked in np.stack(np.meshgrid(*[np.arange(7.0) - 0.5] * q), -1).reshape(-1, q):
        beaten = (points <= asked).all(axis=1).any()
        assert (boxes > asked).all(axis=1).any() == (not beaten)


@given(points_of, st.sampled_from([2, 3]), st.floats(0.1, 3.0))
def test_thinning_keeps_somebody_near(points: Points, q: int, step: float) -> None:
    front = points[:, :q][undominated(points[:, :q], np.full(q, 1e-9))]
    kept = front[thinned(front, np.full(q, step))]
    for point in front:
        assert (kept <= point + step + 1e-12).all(axis=1).any()


def test_without_time_nothing_is_claimed() -> None:
    problem = AllianceProblem.from_arrays(**random_small(3).arguments())
    front = pareto_front(problem, ["cost", "alliances"], time_limit=0.0)
    assert front.status in ("unknown", "feasible")


def test_a_zone_whose_share_ran_out_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = AllianceProblem.from_arrays(**random_small(5, 10, zones=2).arguments())
    whole = pareto_front(problem, ["cost", "alliances"])
    honest, refused = module.zone_front, []

    def at_first_without_time(zone: Zone, criteria: Any, **given: Any) -> ZoneFront:
        if zone.label not in refused:
            refused.append(zone.label)
            with Stop(0.0) as none:
                while not none.flag[0]:
                    time.sleep(0.001)
                return honest(zone, criteria, **{**given, "stop": none})
        return honest(zone, criteria, **given)

    monkeypatch.setattr(pareto, "zone_front", at_first_without_time)
    again = pareto_front(problem, ["cost", "alliances"])
    assert len(refused) == 2
    assert again.status == "optimal" and not again.without
    assert np.allclose(again.points, whole.points)


def test_zones_without_a_plan_are_named() -> None:
    # Five villages cannot be divided into alliances of three or four; the other zone has four.
    small = replace(random_small(5, 9, zones=2), min_size=3, can_lead=None)
    front = pareto_front(AllianceProblem.from_arrays(**small.arguments()), ["cost", "alliances"])
    assert [label for label, _ in front.without] == [0]
    told = front_text(front, "en")
    assert any(line.startswith("Townships without a plan") and " 0." in line for line in told)

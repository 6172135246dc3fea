"""Learning from precedent: planted weights come back, agreement is what its formulas say."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from liancun_geo import AllianceProblem, check
from liancun_geo.research import Features, agreement, held_out, learn_weights, plan_with

ZONES, VILLAGES = 6, 12


def lattice(rows: int, wide: int) -> NDArray[np.intp]:
    at = np.arange(rows * wide).reshape(rows, wide)
    right = np.column_stack([at[:, :-1].ravel(), at[:, 1:].ravel()])
    up = np.column_stack([at[:-1].ravel(), at[1:].ravel()])
    return np.vstack([right, up])


@pytest.fixture(scope="module")
def features() -> Features:
    """Return six zones of twelve villages with two features of pairs and one of leads."""
    draw = np.random.default_rng(7)
    n = ZONES * VILLAGES
    edges = np.vstack([lattice(3, 4) + VILLAGES * zone for zone in range(ZONES)])
    zones = np.repeat([f"z{zone}" for zone in range(ZONES)], VILLAGES)
    problem = AllianceProblem.from_arrays(np.zeros((n, n)), edges, 2, 5, zones)
    pair = {
        name: [draw.random((VILLAGES, VILLAGES)) for _ in range(ZONES)]
        for name in ("near", "alike")
    }
    return Features(problem, pair, {"weak": draw.random(n)})


def test_planted_weights_account_for_the_plan(features: Features) -> None:
    planted = {"near": 0.6, "alike": 0.1, "weak": 0.3}
    truth = plan_with(features, planted)
    assert check(features.problem, truth) == ()
    wrong = {"near": 0.1, "alike": 0.6, "weak": 0.3}
    found = learn_weights(features, truth, start=wrong, margin=0.0, ridge=1e-6)
    assert found.converged
    assert found.gap == pytest.approx(0.0, abs=1e-3)
    assert found.gap_before > 0.02
    assert sum(found.weights.values()) == pytest.approx(1.0)
    assert found.weights["near"] > found.weights["alike"]
    again = plan_with(features, found.weights)
    assert agreement(again, truth).f1 > agreement(plan_with(features, wrong), truth).f1


def test_what_was_not_seen_is_planned_well(features: Features) -> None:
    truth = plan_with(features, {"near": 0.6, "alike": 0.1, "weak": 0.3})
    wrong = {"near": 0.1, "alike": 0.6, "weak": 0.3}
    unseen, lessons = held_out(features, truth, folds=2, start=wrong)
    assert len(lessons) == 2
    assert unseen.f1 > agreement(plan_with(features, wrong), truth).f1


def test_zones_that_break_the_rules_are_left_aside(features: Features) -> None:
    truth = plan_with(features, {"near": 1.0}).lead_of.copy()
    truth[:VILLAGES] = 0  # one alliance of twelve where five are allowed
    found = learn_weights(features, truth, rounds=3)
    assert found.left_aside == ("z0",)
    with pytest.raises(ValueError, match="no zone"):
        learn_weights(features, np.full(len(truth), -1))
    with pytest.raises(ValueError, match="weights"):
        learn_weights(features, truth, start={"near": -1.0})


def test_learning_is_the_same_every_time(features: Features) -> None:
    truth = plan_with(features, {"near": 0.5, "weak": 0.5})
    first, second = (learn_weights(features, truth, rounds=4).weights for _ in range(2))
    assert first == second


# --- agreement ---------------------------------------------------------------------------------


def test_agreement_of_a_known_pair_of_plans() -> None:
    # {0 1 2} {3 4} against {0 1} {2 3 4}: pairs 01 and 34 of four each are common.
    found = agreement([0, 0, 0, 3, 3], [0, 0, 3, 3, 3])
    assert (found.precision, found.recall, found.f1) == (0.5, 0.5, 0.5)
    assert found.adjusted_rand == pytest.approx((2 - 16 / 10) / (4 - 16 / 10))
    assert found.lead == 1.0
    assert found.led_alike == pytest.approx(0.8)


def test_villages_left_out_share_an_alliance_with_nobody() -> None:
    found = agreement([0, 0, -1, -1], [0, 0, 2, 2])
    assert found.precision == 1.0
    assert found.recall == 0.5
    nothing = agreement([-1, -1], [-1, -1])
    assert (nothing.f1, nothing.adjusted_rand, nothing.lead) == (1.0, 1.0, 1.0)
    assert math.isnan(nothing.led_alike)
    with pytest.raises(ValueError, match="compared"):
        agreement([0, 0], [0, 0, 0])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 3), min_size=2, max_size=12), st.integers(0, 99))
def test_adjusted_rand_is_that_of_scikit_learn(labels: list[int], seed: int) -> None:
    metrics = pytest.importorskip("sklearn.metrics", reason="scikit-learn is not installed")
    other = np.random.default_rng(seed).integers(0, 3, size=len(labels))
    leads = [_lead(np.asarray(part)) for part in (labels, other)]
    expected = metrics.adjusted_rand_score(other, labels)
    assert agreement(*leads).adjusted_rand == pytest.approx(expected)
    same = agreement(leads[0], leads[0])
    assert (same.f1, same.adjusted_rand, same.lead, same.led_alike) == (1.0, 1.0, 1.0, 1.0)


def _lead(labels: NDArray[np.intp]) -> NDArray[np.intp]:
    return np.array([int(np.flatnonzero(labels == label)[0]) for label in labels])

"""Peers: each divides the same map, and what it draws is judged by check. Skipped where absent."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from liancun_geo import AllianceProblem, check, plan_cost, solve
from liancun_geo.errors import DataError
from liancun_geo.research.peers import PEERS, Setting, installed, peer, peer_labels, registry

WIDE, ROWS = 6, 5


@pytest.fixture(scope="module")
def places() -> NDArray[np.float64]:
    x, y = np.meshgrid(np.arange(WIDE), np.arange(ROWS))
    return np.column_stack([x.ravel(), y.ravel()]).astype(np.float64)


@pytest.fixture(scope="module")
def problem(places: NDArray[np.float64]) -> AllianceProblem:
    """Return two townships on a grid; nearness counts, and a lead costs something."""
    at = np.arange(WIDE * ROWS).reshape(ROWS, WIDE)
    edges = np.vstack(
        [np.column_stack([at[:, :-1].ravel(), at[:, 1:].ravel()]),
         np.column_stack([at[:-1].ravel(), at[1:].ravel()])]
    )  # fmt: skip
    apart = np.linalg.norm(places[:, None] - places[None], axis=2)
    zones = np.where(places[:, 0] < WIDE // 2, "west", "east")
    lead = np.random.default_rng(1).random(WIDE * ROWS)
    return AllianceProblem.from_arrays(apart, edges, 3, 6, zones=zones, lead_cost=lead)


@pytest.mark.parametrize("name", PEERS)
def test_a_peer_gives_plans_that_can_be_judged(name, problem, places):
    if name not in installed():
        pytest.skip(f"{PEERS[name].package} is not installed")
    setting = Setting(steps=20) if name == "gerrychain_recom" else None
    labels = peer_labels(name, problem, attributes=places, setting=setting, seed=3)
    # Every village is in a part, and no part crosses a township.
    assert (labels >= 0).all()
    assert all(len(set(problem.zone_of[labels == part])) == 1 for part in set(labels.tolist()))
    plan = peer(name, problem, attributes=places, setting=setting, seed=3)
    assert check(problem, plan) == ()
    assert plan_cost(problem, plan) >= solve(problem).objective - 1e-9
    again = peer(name, problem, attributes=places, setting=setting, seed=3)
    np.testing.assert_array_equal(again.lead_of, plan.lead_of)


def test_a_peer_leaves_the_global_random_state_alone(problem, places):
    if "spopt_azp" not in installed():
        pytest.skip("spopt is not installed")
    np.random.seed(5)  # noqa: NPY002  what a caller may rely on
    expected = np.random.random()  # noqa: NPY002
    np.random.seed(5)  # noqa: NPY002
    peer("spopt_azp", problem, attributes=places)
    assert np.random.random() == expected  # noqa: NPY002


def test_unknown_and_absent_peers_are_told(problem, places, monkeypatch):
    with pytest.raises(DataError, match="spopt_maxp"):
        peer("zonation", problem, attributes=places)
    absent = registry.Peer("no_such_package", PEERS["spopt_ward"].ask, (Setting(),))
    monkeypatch.setattr(registry, "PEERS", {"ghost": absent})
    with pytest.raises(DataError, match="pip install no_such_package"):
        peer("ghost", problem, attributes=places)
    assert installed() == ()


def test_a_peer_that_gives_up_is_judged(problem, places):
    def gives_up(told: object) -> tuple[float, NDArray[np.intp]]:
        raise RuntimeError("no cut found")

    found = registry.divide(problem.n, problem.zones, places, gives_up, Setting())
    assert found.failures == len(problem.zones)
    assert found.first_failure == "RuntimeError: no cut found"
    # One part a township, which the repair divides.
    assert len(set(found.labels.tolist())) == 2
    assert check(problem, found.lead_of) == ()


def test_frozen_alliances_are_part_of_every_plan(problem, places):
    found = registry.PEERS["spopt_ward"]
    if "spopt_ward" not in installed():
        pytest.skip(f"{found.package} is not installed")
    plan = peer("spopt_ward", problem.changed(frozen=[(1, 0, 2)]), attributes=places)
    assert plan.lead_of[[0, 1, 2]].tolist() == [1, 1, 1]


def test_the_time_is_kept(problem, places):
    asked = PEERS["spopt_ward"].ask
    late = registry.divide(problem.n, problem.zones, places, asked, Setting(), deadline=0.0)
    assert late is None

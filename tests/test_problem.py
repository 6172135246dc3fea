"""The door of the solver: every fault of the arguments is told, and arrays are frozen."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from liancun_geo.errors import LiancunError, ProblemError
from liancun_geo.problem import AllianceProblem


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(ProblemError) as caught:
        AllianceProblem.from_arrays(
            np.ones((3, 3)),
            [(0, 9)],
            2,
            3,
            zones=["a"],
            lead_cost=[1.0, np.nan, 0.0],
            can_lead=[True],
            size_cost=[0.0],
        )
    told = str(caught.value)
    for name in ("lead_cost", "can_lead", "size_cost", "edges", "zones"):
        assert name in told
    assert isinstance(caught.value, LiancunError)
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize(
    ("pair_cost", "edges", "sizes"),
    [
        (np.ones((2, 3)), [(0, 1)], (1, 2)),
        (np.ones(3), [(0, 1)], (1, 2)),
        ("costs", [(0, 1)], (1, 2)),
        (np.array([[0, np.nan], [1, 0]]), [(0, 1)], (1, 2)),
        (np.array([[0, -np.inf], [1, 0]]), [(0, 1)], (1, 2)),
        (np.ones((2, 2)), [(0, 0)], (1, 2)),
        (np.ones((2, 2)), [(0, 2)], (1, 2)),
        (np.ones((2, 2)), [(-1, 0)], (1, 2)),
        (np.ones((2, 2)), [(0.0, 1.0)], (1, 2)),
        (np.ones((2, 2)), [(0, 1, 1)], (1, 2)),
        (np.ones((2, 2)), [(0, 1)], (0, 2)),
        (np.ones((2, 2)), [(0, 1)], (3, 2)),
        (sparse.coo_array(np.ones((2, 3))), [(0, 1)], (1, 2)),
        ([(np.arange(2), np.ones((3, 3)))], [(0, 1)], (1, 2)),
        ([(np.array([0, 0]), np.ones((2, 2)))], [(0, 1)], (1, 2)),
        ([(np.arange(2), np.full((2, 2), np.nan))], [(0, 1)], (1, 2)),
    ],
)
def test_faulty_arguments_are_refused(
    pair_cost: object, edges: object, sizes: tuple[int, int]
) -> None:
    with pytest.raises(ProblemError):
        AllianceProblem.from_arrays(pair_cost, edges, *sizes)  # type: ignore[arg-type]


def test_the_callers_arrays_are_neither_changed_nor_shared() -> None:
    cost = np.full((3, 3), 2.0)
    lead = np.ones(3)
    problem = AllianceProblem.from_arrays(cost, [(0, 1), (1, 2)], 1, 3, lead_cost=lead)
    assert (cost == 2.0).all()
    lead[0] = 99.0
    assert problem.zones[0].lead_cost[0] == 1.0
    for array in (problem.edges, problem.size_cost, problem.zones[0].pair_cost):
        with pytest.raises(ValueError, match="read-only"):
            array[:1] = 0


def test_the_diagonal_is_ignored() -> None:
    cost = np.ones((2, 2))
    np.fill_diagonal(cost, np.nan)
    problem = AllianceProblem.from_arrays(cost, [(0, 1)], 2, 2)
    assert problem.zones[0].pair_cost.tolist() == [[0.0, 1.0], [1.0, 0.0]]


def test_edges_are_sorted_once_each_and_only_inside_zones() -> None:
    edges = [(2, 1), (1, 2), (0, 1)]
    problem = AllianceProblem.from_arrays(np.ones((3, 3)), edges, 1, 3, zones=["x", "y", "y"])
    assert problem.edges.tolist() == [[0, 1], [1, 2]]
    assert [zone.edges.tolist() for zone in problem.zones] == [[], [[0, 1]]]
    assert [zone.label for zone in problem.zones] == ["x", "y"]
    assert problem.zones[1].villages.tolist() == [1, 2]


def test_a_zone_of_several_blocks_forbids_pairs_across_them() -> None:
    blocks = [(np.array([0, 2]), np.ones((2, 2))), (np.array([1]), np.zeros((1, 1)))]
    problem = AllianceProblem.from_arrays(blocks, [(0, 1), (1, 2)], 1, 3, zones=[0, 0, 0])
    cost = problem.zones[0].pair_cost
    assert cost[0, 2] == 1.0
    assert np.isinf(cost[0, 1])
    assert np.isinf(cost[1, 2])

"""Conflicts of small problems worked out by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from problems import grid_edges

from liancun_geo.problem import AllianceProblem
from liancun_geo.solve import solve
from liancun_geo.solve.conflict import explain_infeasible, explain_left_out


def _path(n: int = 5, **changes: Any) -> AllianceProblem:
    edges = [(v, v + 1) for v in range(n - 1)]
    arguments: dict[str, Any] = {"min_size": 2, "max_size": 2, **changes}
    return AllianceProblem.from_arrays(np.ones((n, n)), edges, **arguments)


def test_five_in_a_row_cannot_be_cut_into_pairs() -> None:
    conflict = explain_infeasible(_path(), 0)
    assert [item.rule for item in conflict.items] == ["coverage", "min_size", "max_size"]
    assert conflict.minimal
    ways = {(way.kind, way.villages, way.value): way.objective for way in conflict.relaxations}
    # Four alliances' members cost one each; a village left out breaks the row into pairs.
    assert ways == {
        ("min_size", (), 1): 0.0,
        ("max_size", (), 3): 3.0,
        ("leave_out", (0,), None): 2.0,
        ("leave_out", (2,), None): 2.0,
        ("leave_out", (4,), None): 2.0,
    }
    assert [way.kind for way in conflict.relaxations][:2] == ["min_size", "max_size"]


def test_the_first_infeasible_zone_of_a_result_and_positions_of_the_whole() -> None:
    edges = [(0, 1), (2, 3), (3, 4), (4, 5)]
    zones = ["a", "a", "b", "b", "b", "b"]
    problem = AllianceProblem.from_arrays(
        np.ones((6, 6)), edges, 2, 2, zones=zones, never_together=[(2, 3)], frozen=[[0, 1]]
    )
    conflict = explain_infeasible(problem, solve(problem))
    assert conflict.label == "b"
    assert ("never_together", (2, 3)) in [(item.rule, item.villages) for item in conflict.items]
    [drop] = [way for way in conflict.relaxations if way.kind == "drop"]
    assert drop.item is not None
    assert (drop.item.villages, drop.objective) == ((2, 3), 2.0)
    assert solve(problem.changed(**drop.changes)).lead_of.tolist() == [0, 0, 2, 2, 4, 4]
    assert {way.villages for way in conflict.relaxations if way.kind == "link"} <= {(2, 4), (2, 5)}


def test_what_is_feasible_is_not_explained() -> None:
    problem = _path(4)
    with pytest.raises(ValueError, match="has a plan by itself"):
        explain_infeasible(problem, 0)
    with pytest.raises(ValueError, match="no zone"):
        explain_infeasible(problem, 7)
    with pytest.raises(ValueError, match="infeasible"):
        explain_infeasible(problem, solve(problem))
    with pytest.raises(ValueError, match="village must be"):
        explain_left_out(problem, 4)


def test_a_village_behind_a_river_needs_a_link() -> None:
    edges = [(0, 1), (1, 2), (2, 3)]
    problem = AllianceProblem.from_arrays(
        np.ones((5, 5)),
        edges,
        2,
        5,
        distance=np.abs(np.subtract.outer(range(5), range(5))),
        max_distance=3.0,
    )
    conflict = explain_left_out(problem, 4)
    assert [item.rule for item in conflict.items] == ["min_size"]
    links = {w.villages: w.objective for w in conflict.relaxations if w.kind == "link"}
    # Village 0 is farther away than any lead may be from its member, yet 1 may lead both.
    assert sorted(links) == [(1, 4), (2, 4), (3, 4)]
    assert min(links.values()) == pytest.approx(3.0)


def test_the_nearest_greatest_distance_is_found() -> None:
    apart = np.abs(np.subtract.outer(np.arange(4.0), np.arange(4.0)))
    lead = [True, False, False, False]
    edges = [(0, 1), (1, 2), (2, 3)]
    problem = AllianceProblem.from_arrays(
        apart, edges, 2, 4, can_lead=lead, distance=apart, max_distance=2.5
    )
    conflict = explain_left_out(problem, 3)
    [way] = [way for way in conflict.relaxations if way.kind == "max_distance"]
    assert way.value == 3.0
    assert solve(problem.changed(**way.changes)).lead_of.tolist() == [0, 0, 0, 0]


def test_without_time_nothing_is_claimed() -> None:
    rng = np.random.default_rng(0)
    problem = AllianceProblem.from_arrays(rng.random((25, 25)), grid_edges(5, 5), 6, 6)
    conflict = explain_infeasible(problem, 0, time_limit=0.0)
    assert not conflict.minimal
    assert conflict.relaxations == ()

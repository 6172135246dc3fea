"""The benchmark's own instances and judge: figures are worth no more than these."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import counties, peers, tables
from benchmarks.rows import ROWS
from liancun_geo import AllianceProblem, solve
from liancun_geo.research.baselines import pieces


@pytest.fixture(scope="module")
def small() -> counties.Instance:
    return counties.synthetic(60, 2, seed=3)


def line(**changes: object) -> AllianceProblem:
    """Return six villages in a row; a pair costs its distance, leading costs ten."""
    at = np.arange(6.0)
    cost = np.abs(at[:, None] - at[None, :])
    edges = np.array([(i, i + 1) for i in range(5)])
    given = {"min_size": 2, "max_size": 3, "lead_cost": np.full(6, 10.0), **changes}
    return AllianceProblem.from_arrays(cost, edges, **given)


@pytest.mark.parametrize(
    ("villages", "townships", "seed"), [(60, 2, 3), (261, 10, 1), (261, 10, 2)]
)
def test_townships_are_connected_and_of_a_size_met_in_practice(villages, townships, seed):
    problem = counties.synthetic(villages, townships, seed).problem
    assert len(problem.zones) == townships
    assert all(15 <= zone.n <= 45 for zone in problem.zones)
    assert [part.n for part in pieces(problem)] == [z.n for z in problem.zones]


def test_the_same_seed_gives_the_same_county(small):
    again = counties.synthetic(60, 2, seed=3)
    other = counties.synthetic(60, 2, seed=4)
    assert np.array_equal(again.problem.edges, small.problem.edges)
    assert np.array_equal(again.xy, small.xy)
    assert not np.array_equal(other.xy, small.xy)


def test_our_own_plan_is_judged_at_its_own_cost(small):
    result = solve(small.problem)
    verdict = peers.judge(small.problem, result.lead_of)
    assert verdict.cost == pytest.approx(result.objective, rel=1e-12)
    assert verdict.broken == 0


def test_the_best_lead_is_chosen_afterwards():
    verdict = peers.judge(line(), np.array([0, 0, 0, 1, 1, 1]))
    assert verdict == peers.Judged(24.0, 2, 0, 0, 0, 0)


@pytest.mark.parametrize(
    ("labels", "changes", "broken"),
    [
        ([0, 0, 0, 0, 1, 1], {}, "wrong_size"),
        ([0, 0, 1, 0, 1, 1], {}, "disconnected"),
        ([0, 0, 0, 1, 1, -1], {}, "wrong_size"),
        ([0, 0, 0, 1, 1, 1], {"can_lead": np.array([1, 1, 1, 0, 0, 0], dtype=bool)}, "no_lead"),
        (
            [0, 0, 0, 1, 1, 1],
            {"resource": np.array([1.0, 1, 1, 5, 5, 5]), "resource_bounds": (0.0, 10.0)},
            "wrong_amount",
        ),
    ],
)
def test_every_broken_rule_is_counted(labels, changes, broken):
    verdict = peers.judge(line(**changes), np.array(labels))
    assert getattr(verdict, broken) >= 1
    assert np.isfinite(verdict.cost)


def test_leaving_out_costs_what_it_costs():
    problem = line(unassigned_cost=np.full(6, 3.0))
    verdict = peers.judge(problem, np.array([0, 0, 0, 1, 1, -1]))
    assert verdict.broken == 0
    assert verdict.cost == pytest.approx(12.0 + 11.0 + 3.0)


def test_a_missing_peer_is_said(small, tmp_path):
    told = peers.run_peer(small, "pygeoda_skater", tmp_path, seconds=20.0)
    if "cost" in told:
        assert told["broken"] >= 0
    else:
        assert "pygeoda" in told["absent"]


def test_every_row_has_a_line_in_the_document():
    text = (counties.ROOT / "docs" / "benchmarks.md").read_text(encoding="utf-8")
    assert text.count(tables.BEGIN) == text.count(tables.END) == 1
    assert [name for name in ROWS if f"`{name}`" not in text.split(tables.BEGIN)[0]] == []


def test_the_table_says_what_was_left_out(tmp_path):
    words = dict.fromkeys(("processor", "python", "commit", "date"), "x")
    machine = {**words, "cores": 2, "peer_seconds": 0.0}
    figures = {"city": {"target": "fast", "absent": "no layer", "machine": machine}}
    document = tmp_path / "benchmarks.md"
    document.write_text(f"before\n{tables.BEGIN}\nold\n{tables.END}\nafter\n", encoding="utf-8")
    tables.write_markdown(document, figures)
    text = document.read_text(encoding="utf-8")
    assert "left out: no layer" in text
    assert text.startswith("before\n") and text.endswith("after\n")
    assert "old" not in text

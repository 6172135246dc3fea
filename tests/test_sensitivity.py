"""Plans under other weights and other figures, and what the tables say of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from builders import village_table

from liancun_geo import plan_cost, solve
from liancun_geo.errors import DataError
from liancun_geo.research import (
    Redrawn,
    data_sensitivity,
    under_weights,
    weight_ranges,
    weight_sensitivity,
)
from liancun_geo.research.sensitivity import ERRORS, _factors, _lattice
from liancun_geo.scenario import Scenario


@pytest.fixture(scope="module")
def scenario(planned_county: Any) -> Scenario:
    found: Scenario = planned_county[2]
    return found


def redrawn(base: list[int], plans: list[list[int]]) -> Redrawn:
    table = village_table(len(base))
    rows = np.array(plans, dtype=np.intp).reshape(-1, len(base))
    told = pd.DataFrame(index=range(len(rows)))
    return Redrawn(table, np.array(base), rows, np.ones(len(rows), bool), told, len(rows))


def test_the_problem_under_its_own_weights_is_the_same(scenario: Scenario) -> None:
    same = under_weights(scenario, scenario.pairs.weights)
    assert plan_cost(same, scenario.plan) == pytest.approx(scenario.result.objective)


def test_every_draw_is_planned_and_proven(scenario: Scenario) -> None:
    found = weight_sensitivity(scenario, 5, seed=4)
    assert found.draws == found.asked == 5 and found.proven.all()
    used = [name for name, weight in scenario.pairs.weights.items() if weight > 0]
    np.testing.assert_allclose(found.drawn[used].sum(axis=1), 1.0)
    row = found.drawn.iloc[2]
    problem = under_weights(scenario, {n: float(row[n]) for n in scenario.pairs.weights})
    assert plan_cost(problem, found.lead_of[2]) == pytest.approx(solve(problem).objective)
    assert row["cost"] == pytest.approx(solve(problem).objective)


def test_the_same_seed_gives_the_same_on_any_number_of_threads(scenario: Scenario) -> None:
    one = weight_sensitivity(scenario, 4, seed=7, sampling="around", lead_weights=True)
    two = weight_sensitivity(scenario, 4, seed=7, sampling="around", lead_weights=True, workers=2)
    np.testing.assert_array_equal(one.lead_of, two.lead_of)
    pd.testing.assert_frame_equal(one.frame(), two.frame())
    other = weight_sensitivity(scenario, 4, seed=8, sampling="around", lead_weights=True)
    assert not one.drawn["cost"].equals(other.drawn["cost"])


def test_the_lattice_is_complete() -> None:
    rows = _lattice({"a": 0.5, "b": 0.3, "c": 0.0, "d": 0.2}, 4)
    assert len(rows) == 15 == len({tuple(row.values()) for row in rows})
    assert all(sum(row.values()) == pytest.approx(1.0) and row["c"] == 0.0 for row in rows)
    assert _lattice({"a": 1.0, "b": 0.0}, 3) == [{"a": 1.0, "b": 0.0}]


def test_without_errors_every_alliance_survives(scenario: Scenario) -> None:
    found = data_sensitivity(scenario, 2, errors={"collective_income_wan_yuan": 0.0})
    assert (found.stays() == 1.0).all() and not found.frame()["swing"].any()
    told = found.alliances()
    assert (told[["exact", "same_lead", "lead_leads", "jaccard"]] == 1.0).all().all()
    assert found.drawn["cost"].to_numpy() == pytest.approx(scenario.result.objective)


def test_large_errors_move_villages_and_leave_the_data_alone(scenario: Scenario) -> None:
    before = scenario.villages.frame.copy()
    found = data_sensitivity(scenario, 8, errors=dict.fromkeys(ERRORS, 3.0), seed=1)
    pd.testing.assert_frame_equal(scenario.villages.frame, before)
    assert found.stays().min() < 1.0
    told = found.alliances()
    assert (told["exact"] >= told["same_lead"]).all()
    assert (told["jaccard"] >= told["exact"]).all()
    assert (told["jaccard_min"] <= told["jaccard"]).all()


@pytest.mark.parametrize("distribution", ["normal", "lognormal", "uniform"])
def test_the_error_is_what_was_asked_for(distribution: Any) -> None:
    factors = _factors(distribution, 0.2, 20_000, np.random.default_rng(0))
    wide = 0.2 / np.sqrt(3.0) if distribution == "uniform" else 0.2
    assert factors.mean() == pytest.approx(1.0, abs=0.01)
    assert factors.std() == pytest.approx(wide, rel=0.05)


def test_all_faults_of_the_errors_are_told_at_once(scenario: Scenario) -> None:
    with pytest.raises(DataError) as caught:
        data_sensitivity(scenario, 1, errors={"name": 0.1, "households": -1.0, "nothing": 0.1})
    assert len(caught.value.faults) == 3


def test_a_weight_ends_where_another_plan_takes_over(scenario: Scenario) -> None:
    ranges = weight_ranges(scenario)
    assert ranges["proven"].all() and len(ranges) >= 2
    for row in ranges.itertuples():
        assert row.low <= row.weight + 1e-9 and row.weight <= row.high + 1e-9
        for end, moved, away in ((row.low, row.moved_below, -1), (row.high, row.moved_above, 1)):
            for at, still in ((end - away * 1e-4, True), (end + away * 1e-3, False)):
                if not 0.0 <= at <= 1.0 or (still and not row.low < at < row.high):
                    continue
                rest = (1.0 - at) / (1.0 - row.weight)
                weights = {
                    name: at if name == row.component else weight * rest
                    for name, weight in scenario.pairs.weights.items()
                }
                problem = under_weights(scenario, weights)
                best = solve(problem).objective
                assert (plan_cost(problem, scenario.plan) <= best + 1e-7) == still
                assert still or moved > 0


def test_the_tables_count_right() -> None:
    base = [0, 0, 0, 3, 3, -1]
    found = redrawn(base, [base, [0, 0, 3, 3, 3, -1], [1, 1, 1, 3, 3, 3]])
    frame = found.frame()
    assert frame["kept"].to_list() == pytest.approx([2 / 3, 2 / 3, 1 / 3, 1.0, 1.0, 2 / 3])
    assert frame["rival_code"].iloc[5] == frame["code"].iloc[3]
    assert frame["lead_code"].iloc[5] == ""
    assert pd.isna(frame["rival_code"].iloc[3]) and frame["rival_share"].iloc[3] == 0.0
    assert frame["company"].iloc[0] == pytest.approx((1.0 + 2 / 3) / 2)
    assert np.isnan(frame["company"].iloc[5])
    assert found.swing_villages()["code"].iloc[0] == frame["code"].iloc[2]
    told = found.alliances()
    assert told["exact"].to_list() == pytest.approx([2 / 3, 1 / 3])
    assert told["same_lead"].to_list() == pytest.approx([1 / 3, 1 / 3])
    assert told["lead_leads"].to_list() == pytest.approx([2 / 3, 1.0])
    assert told["jaccard"].to_list() == pytest.approx(
        [(1 + 2 / 3 + 1) / 3, (1 + 2 / 3 + 2 / 3) / 3]
    )
    pairs = found.pairs().set_index(["code_a", "code_b"])
    codes = frame["code"].to_list()
    assert pairs.loc[(codes[0], codes[1]), "share"] == 1.0
    assert pairs.loc[(codes[0], codes[2]), "share"] == pytest.approx(2 / 3)
    assert not pairs.loc[(codes[2], codes[3]), "together"]
    assert (codes[0], codes[5]) not in pairs.index


def test_without_draws_nothing_is_claimed() -> None:
    found = redrawn([0, 0], [])
    assert np.isnan(found.stays()).all() and np.isnan(found.alliances()["exact"]).all()
    assert not found.frame()["swing"].any()

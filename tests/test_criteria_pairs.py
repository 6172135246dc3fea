from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import shapely
from builders import village_table
from criteria_cases import (
    counties,
    keys,
    only,
    pairs_of,
    quick,
)
from hypothesis import given
from hypothesis import strategies as st

from liancun_geo.criteria import (
    PAIR_COMPONENTS,
    score_leads,
    score_pairs,
)
from liancun_geo.criteria import pair_cost as pair_cost_module
from liancun_geo.errors import DataError, SettingsError
from liancun_geo.settings import CriteriaSettings


def test_proximity_by_hand() -> None:
    # A 2 x 2 grid of 1 km squares: sides 1 km apart, corners 1.414 km.
    found = pairs_of(village_table(4), only("proximity", proximity_scale_km=1.25))
    (block,) = found.blocks
    assert block.distance_km[0].tolist() == pytest.approx([0, 1, 1, math.sqrt(2)])
    assert block.cost[0].tolist() == pytest.approx([0, 0.8, 0.8, 1])
    assert found.proximity_scale_km == 1.25
    assert "criteria.proximity_scale" not in keys(found)


def test_distance_scale_is_the_percentile_within_zones_and_is_reported() -> None:
    # Zones 0-1 and 3-5 of a row of squares: distances 1 | 1, 1, 2; the long way 0-5 is no pair.
    squares = [shapely.box(1000 * x, 0, 1000 * x + 1000, 1000) for x in range(6)]
    table = village_table(6, geometry=squares)
    found = pairs_of(table, only("proximity"), ["甲", "甲", "丙", "乙", "乙", "乙"])
    assert found.proximity_scale_km == pytest.approx(np.percentile([1, 1, 1, 2], 95))
    (fault,) = [fault for fault in found.warnings if fault.key == "criteria.proximity_scale"]
    assert (fault.params["scale_km"], fault.params["pairs"]) == (1.85, 4)


def test_distance_is_from_inside_the_largest_part() -> None:
    main, exclave = shapely.box(0, 0, 2000, 2000), shapely.box(9000, 0, 9500, 500)
    table = village_table(
        2, geometry=[shapely.MultiPolygon([exclave, main]), shapely.box(4000, 0, 6000, 2000)]
    )
    (block,) = pairs_of(table, only("proximity", proximity_scale_km=8)).blocks
    assert block.cost[0, 1] == pytest.approx(0.5)


def test_industry_similarity_by_hand() -> None:
    table = village_table(4, industries=[("粮食", "林果"), ("林果", "石材"), (), ()])
    (block,) = pairs_of(table, only("industry_similarity")).blocks
    # 1 of 3 in common; nothing in common; two villages without any industry have none in common.
    np.testing.assert_allclose(
        block.cost, [[0, 2 / 3, 1, 1], [2 / 3, 0, 1, 1], [1, 1, 0, 1], [1, 1, 1, 0]]
    )


def test_industry_complementarity_by_hand() -> None:
    criteria = only(
        "industry_complementarity",
        complementary=(("粮食", "加工"), ("加工", "电商"), ("林果", "加工")),
    )
    table = village_table(4, industries=[("加工",), ("粮食", "石材"), (), ("林果", "粮食")])
    (block,) = pairs_of(table, criteria).blocks
    # The share is the member's: the lead 加工 serves 粮食 but not 石材 (half of village 1), and
    # both 林果 and 粮食 (all of village 3); either of them serves all that 加工 needs.
    np.testing.assert_allclose(
        block.cost, [[0, 0.5, 1, 0], [0, 0, 1, 1], [1, 1, 0, 1], [0, 1, 1, 0]]
    )


def test_strength_contrast_by_hand() -> None:
    table = village_table(3, collective_income_wan_yuan=[0, 5, 10])
    (block,) = pairs_of(table, only("strength_contrast")).blocks
    # Scores 0, 0.5, 1 (capping moves both ends alike): the strong lead of the weakest costs 0.
    np.testing.assert_allclose(block.cost, [[0, 0.75, 1], [0.25, 0, 0.75], [0, 0.25, 0]])


def test_cost_is_the_weighted_mean_of_the_components() -> None:
    table = village_table(
        3,
        collective_income_wan_yuan=[0, 5, 10],
        industries=[("粮食",), ("养殖", "粮食"), None],
    )
    found = pairs_of(table, CriteriaSettings(proximity_scale_km=2))
    (block,) = found.blocks
    parts = found.components(0, 1)
    assert dict(parts) == pytest.approx(
        {
            "proximity": 0.5,
            "industry_similarity": 0.5,
            "industry_complementarity": 0.5,
            "strength_contrast": 0.75,
        }
    )
    assert block.cost[0, 1] == pytest.approx(0.4 * 0.5 + 0.15 * 0.5 + 0.15 * 0.5 + 0.3 * 0.75)
    # Village 2 does not state its industries: proximity and strength share the weight.
    parts = found.components(0, 2)
    assert math.isnan(parts["industry_similarity"])
    assert math.isnan(parts["industry_complementarity"])
    assert block.cost[0, 2] == pytest.approx((0.4 * 0.5 + 0.3 * 1) / 0.7)
    assert keys(found) == ["criteria.industries_missing"]


def test_components_reach_across_zones() -> None:
    table = village_table(4, collective_income_wan_yuan=[0, 1, 2, 3])
    found = pairs_of(table, CriteriaSettings(proximity_scale_km=2), ["甲", "甲", "乙", "乙"])
    assert found.components(0, 3)["proximity"] == pytest.approx(math.sqrt(2) / 2)


def test_what_the_county_lacks_is_dropped_with_one_warning_each() -> None:
    found = pairs_of(village_table(4), CriteriaSettings(proximity_scale_km=2))
    assert dict(found.weights) == dict.fromkeys(PAIR_COMPONENTS, 0.0) | {"proximity": 1.0}
    assert keys(found) == ["criteria.strength_dropped", "criteria.industries_dropped"]
    assert found.blocks[0].cost[0, 1] == pytest.approx(0.5)


def test_complementary_pairs_that_cannot_apply_are_said() -> None:
    table = village_table(2, collective_income_wan_yuan=[1, 2], industries=[("石材",), ("粮食",)])
    assert "criteria.complementary_unused" in keys(pairs_of(table, CriteriaSettings()))
    found = pairs_of(table, CriteriaSettings(complementary=()))
    assert "criteria.complementary_none" in keys(found)
    assert found.weights["industry_complementarity"] == 0


def test_pairs_without_any_component_take_the_median() -> None:
    table = village_table(4, industries=[("粮食", "林果"), ("粮食",), ("粮食",), None])
    found = pairs_of(table, only("industry_similarity"))
    # Known costs: 0.5, 0.5, 0, each twice.
    assert found.blocks[0].cost[3, :3].tolist() == [0.5, 0.5, 0.5]
    (fault,) = [fault for fault in found.warnings if fault.key == "criteria.pair_unknown"]
    assert fault.params["count"] == 6


@pytest.mark.parametrize("industries", [None, [("粮食",), None]])
def test_no_component_with_weight_and_data_is_refused(industries: Any) -> None:
    table = village_table(2, industries=industries)
    with pytest.raises(SettingsError) as caught:
        pairs_of(table, only("industry_similarity"))
    assert caught.value.faults[0].key == "criteria.no_pair_component"


def test_zones_are_sorted_and_keep_positions() -> None:
    found = pairs_of(village_table(5), CriteriaSettings(), ["b", "a", "b", "c", "a"])
    assert [block.label for block in found.blocks] == ["a", "b", "c"]
    assert [block.villages.tolist() for block in found.blocks] == [[1, 4], [0, 2], [3]]
    assert found.blocks[2].cost.tolist() == [[0.0]]


def test_zones_of_single_villages_have_no_scale() -> None:
    found = pairs_of(village_table(2), CriteriaSettings(), ["a", "b"])
    assert math.isnan(found.proximity_scale_km)
    assert [block.cost.tolist() for block in found.blocks] == [[[0.0]], [[0.0]]]


def test_villages_on_one_spot_cost_nothing_by_distance() -> None:
    table = village_table(2, geometry=[shapely.box(0, 0, 9, 9)] * 2)
    assert pairs_of(table, only("proximity")).blocks[0].cost.tolist() == [[0, 0], [0, 0]]


def test_faults_of_the_table_come_all_at_once() -> None:
    table = village_table(
        3, geometry=[shapely.box(0, 0, 1, 1), None, shapely.Polygon()], crs="EPSG:4490"
    )
    leads = score_leads(table)
    with pytest.raises(DataError) as caught:
        score_pairs(table, leads, ["a", "a", None])  # type: ignore[list-item]
    assert [(fault.key, fault.where.village) for fault in caught.value.faults] == [
        ("criteria.not_metres", None),
        ("criteria.no_geometry", "村1"),
        ("criteria.no_geometry", "村2"),
        ("criteria.zone_missing", "村2"),
    ]


def test_a_zone_too_large_for_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pair_cost_module, "MAX_ZONE_VILLAGES", 2)
    with pytest.raises(SettingsError) as caught:
        pairs_of(village_table(4), CriteriaSettings(), ["a", "b", "b", "b"])
    assert caught.value.faults[0].params == {"label": "b", "count": 3, "limit": 2}


def test_lengths_that_differ_are_refused() -> None:
    table = village_table(3)
    with pytest.raises(ValueError, match="3 villages, 2 zones"):
        score_pairs(table, score_leads(table), ["a", "a"])


@quick
@given(counties, st.data())
def test_costs_stay_in_bounds_and_agree_with_their_components(
    rows: list[dict[str, Any]], data: st.DataObject
) -> None:
    table = village_table(rows)
    zones = data.draw(st.lists(st.sampled_from("甲乙"), min_size=len(rows), max_size=len(rows)))
    found = pairs_of(table, CriteriaSettings(), zones)
    for block in found.blocks:
        assert ((block.cost >= 0) & (block.cost <= 1)).all()
        assert (np.diag(block.cost) == 0).all()
        parts = block.components()
        for at_lead, lead in enumerate(block.villages):
            for at_member, member in enumerate(block.villages):
                pair = found.components(int(lead), int(member))
                of_block = [parts[name][at_lead, at_member] for name in PAIR_COMPONENTS]
                np.testing.assert_array_equal(list(pair.values()), of_block)
                known = {name: cost for name, cost in pair.items() if not math.isnan(cost)}
                assert all(0 <= cost <= 1 for cost in known.values())
                weight = math.fsum(found.weights[name] for name in known)
                mean = math.fsum(found.weights[name] * cost for name, cost in known.items())
                assert block.cost[at_lead, at_member] == pytest.approx(mean / weight, abs=1e-9)

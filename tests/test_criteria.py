from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import shapely
from builders import village_table
from hypothesis import given, settings
from hypothesis import strategies as st

from liancun_geo.criteria import (
    GATES,
    LEAD_INDICATORS,
    PAIR_COMPONENTS,
    LeadScores,
    PairCosts,
    score_leads,
    score_pairs,
)
from liancun_geo.criteria import pair_cost as pair_cost_module
from liancun_geo.errors import DataError, SettingsError
from liancun_geo.messages import catalogue
from liancun_geo.settings import CriteriaSettings, Gates, LeadWeights, PairWeights
from liancun_geo.villages import VillageTable

WEAK, RELOCATED, SECRETARY = GATES
UNCAPPED = CriteriaSettings(winsorise=0)
SMALL: dict[str, Any] = {
    "collective_income_wan_yuan": [0, 5, 10, 20],
    "party_members_persons": [50, 10, 20, 30],
    "population_registered_persons": [300, 300, 700, 500],
    "income_per_head_yuan": [10_000, 12_000, 14_000, 20_000],
    "enterprises": [(), (), ("厂",), ()],
    "weak_organisation": False,
    "village_class": "其他",
    "secretary_in_post": True,
}


def keys(found: LeadScores | PairCosts) -> list[str]:
    return [fault.key for fault in found.warnings]


def lead_weights(**weights: float) -> LeadWeights:
    return LeadWeights(**(dict.fromkeys(LEAD_INDICATORS, 0.0) | weights))


def pair_weights(**weights: float) -> PairWeights:
    return PairWeights(**(dict.fromkeys(PAIR_COMPONENTS, 0.0) | weights))


def only(component: str, **more: Any) -> CriteriaSettings:
    return CriteriaSettings(pair_weights=pair_weights(**{component: 1.0}), **more)


def pairs_of(
    table: VillageTable, criteria: CriteriaSettings, zones: list[str] | None = None
) -> PairCosts:
    return score_pairs(table, score_leads(table), zones or ["一"] * len(table), criteria)


# Few distinct values make ties, the hard case of winsorising; full width makes the rest.
numbers = st.none() | st.integers(-2, 2) | st.floats(-1e6, 1e6).map(lambda value: round(value, 3))
tags = st.none() | st.lists(st.sampled_from(["粮食", "养殖", "林果", "石材"]), unique=True).map(
    tuple
)
village = st.fixed_dictionaries(
    {
        "collective_income_wan_yuan": numbers,
        "party_members_persons": numbers,
        "population_registered_persons": numbers,
        "income_per_head_yuan": numbers,
        "enterprises": tags,
        "industries": tags,
        "weak_organisation": st.none() | st.booleans(),
        "secretary_in_post": st.none() | st.booleans(),
        "village_class": st.none() | st.sampled_from(["其他", "搬迁撤并"]),
    }
)
counties = st.lists(village, min_size=1, max_size=12)
weights = st.floats(0.01, 1.0)
# A table takes milliseconds to build, and the suite is run often.
quick = settings(deadline=None, max_examples=30)


# Lead score


def test_lead_score_by_hand() -> None:
    found = score_leads(village_table(4, **SMALL), UNCAPPED)
    expected = {
        "collective_income": [0, 0.25, 0.5, 1],
        "party_members": [1, 0, 0.25, 0.5],
        "population": [0, 0, 1, 0.5],
        "income_per_head": [0, 0.2, 0.4, 1],
        "enterprises": [0, 0, 1, 0],
    }
    for name, scaled in expected.items():
        np.testing.assert_allclose(found.components[name], scaled)
    # 0.35, 0.20, 0.20, 0.10 and 0.15 add up to 1 as they are.
    np.testing.assert_allclose(found.score, [0.2, 0.1075, 0.615, 0.65])
    assert found.can_lead.all()
    assert found.warnings == ()


def test_extremes_are_capped() -> None:
    table = village_table(21, collective_income_wan_yuan=[*range(20), 1000])
    found = score_leads(table, CriteriaSettings(winsorise=0.05))
    # Positions 1 and 19 of 0..20 are the quantiles: 1 and 19.
    np.testing.assert_allclose(
        found.components["collective_income"], [0, *((np.arange(1, 20) - 1) / 18), 1]
    )


def test_rare_values_survive_the_capping() -> None:
    table = village_table(
        40,
        collective_income_wan_yuan=[0] * 39 + [7],
        enterprises=[("厂",)] + [()] * 39,
    )
    found = score_leads(table)
    assert found.components["collective_income"].tolist() == [0.0] * 39 + [1.0]
    assert found.components["enterprises"].tolist() == [1.0] + [0.0] * 39
    assert keys(found).count("criteria.indicator_not_capped") == 1


def test_constant_indicator_counts_half_and_is_said() -> None:
    table = village_table(
        3, collective_income_wan_yuan=[5, 5, None], party_members_persons=[1, 2, 3]
    )
    found = score_leads(table, UNCAPPED)
    np.testing.assert_array_equal(found.components["collective_income"], [0.5, 0.5, np.nan])
    assert "criteria.indicator_constant" in keys(found)


def test_missing_indicator_is_left_out_not_zero() -> None:
    table = village_table(4, **SMALL | {"collective_income_wan_yuan": [0, 5, 10, None]})
    found = score_leads(table, UNCAPPED)
    # (0.20 * 0.5 + 0.20 * 0.5 + 0.10 * 1 + 0.15 * 0) / 0.65
    assert found.score[3] == pytest.approx(0.3 / 0.65)
    assert found.weights["collective_income"] == pytest.approx(0.35)
    (fault,) = found.warnings
    assert fault.key == "criteria.indicator_missing"
    assert "镇100村3" in fault.text("zh")
    assert "collective operating income" in fault.text("en")


def test_indicator_nobody_has_is_dropped_once() -> None:
    table = village_table(4, **SMALL | {"collective_income_wan_yuan": None})
    found = score_leads(table, UNCAPPED)
    assert found.weights["collective_income"] == 0
    assert math.fsum(found.weights.values()) == pytest.approx(1)
    assert np.isnan(found.components["collective_income"]).all()
    assert found.score[0] == pytest.approx(0.2 / 0.65)
    assert keys(found) == ["criteria.indicator_dropped"]


def test_village_without_any_indicator_takes_the_median() -> None:
    lost = {name: [*values[:3], None] for name, values in SMALL.items() if isinstance(values, list)}
    found = score_leads(village_table(4, **SMALL | lost), UNCAPPED)
    assert found.score[3] == np.median(found.score[:3])
    (fault,) = [fault for fault in found.warnings if fault.key == "criteria.median_score"]
    assert (fault.where.village, fault.where.code) == ("村3", "370406100203")


def test_county_without_any_indicator_is_neutral_and_says_so() -> None:
    found = score_leads(village_table(3))
    assert found.score.tolist() == [0.5] * 3
    assert set(found.weights.values()) == {0.0}
    assert "criteria.no_lead_indicator" in keys(found)
    assert "criteria.median_score" not in keys(found)


def test_indicator_without_weight_is_not_reported() -> None:
    table = village_table(3, collective_income_wan_yuan=[1, 2, 3], secretary_in_post=True)
    found = score_leads(table, CriteriaSettings(lead_weights=lead_weights(collective_income=2)))
    assert not any(key.startswith("criteria.indicator") for key in keys(found))
    assert found.weights["collective_income"] == 1


def test_resident_population_only_if_nobody_has_the_registered() -> None:
    resident = [100, 200, 300]
    table = village_table(3, population_resident_persons=resident)
    found = score_leads(table, UNCAPPED)
    assert found.components["population"].tolist() == [0, 0.5, 1]
    assert "criteria.resident_population_used" in keys(found)

    table = village_table(
        3, population_resident_persons=resident, population_registered_persons=[5, None, 1]
    )
    found = score_leads(table, UNCAPPED)
    np.testing.assert_array_equal(found.components["population"], [1, np.nan, 0])
    assert "criteria.resident_population_used" not in keys(found)


def test_gates() -> None:
    flags: dict[str, Any] = {
        "weak_organisation": [True, False, False, None, True],
        "village_class": ["其他", "搬迁撤并类", "其他", None, "搬迁撤并"],
        "secretary_in_post": [True, True, False, None, False],
    }
    table = village_table(5, **flags)
    found = score_leads(table)
    assert found.gate_failed == ((WEAK,), (RELOCATED,), (SECRETARY,), (), GATES)
    assert found.can_lead.tolist() == [False, False, False, True, False]
    unknown = [fault for fault in found.warnings if fault.key.endswith("_unknown")]
    assert [fault.key for fault in unknown] == [f"{key}_unknown" for key in GATES]
    assert all(fault.params["count"] == 1 for fault in unknown)

    off = Gates(weak_organisation=False, to_be_relocated=False, secretary_in_post=False)
    found = score_leads(table, CriteriaSettings(gates=off))
    assert found.can_lead.all()
    assert not any(key.endswith("_unknown") for key in keys(found))


def test_infinite_indicators_are_refused_all_at_once() -> None:
    table = village_table(
        3, collective_income_wan_yuan=[math.inf, 1, 2], party_members_persons=[1, -math.inf, 2]
    )
    with pytest.raises(DataError) as caught:
        score_leads(table)
    assert [fault.where.village for fault in caught.value.faults] == ["村0", "村1"]


def test_settings_that_cannot_score_are_refused_all_at_once() -> None:
    criteria = CriteriaSettings(
        lead_weights=lead_weights(), pair_weights=pair_weights(), winsorise=0.5
    )
    with pytest.raises(SettingsError) as caught:
        score_leads(village_table(2), criteria)
    expected = ["lead_weights_zero", "pair_weights_zero", "winsorise_too_large"]
    assert [fault.key for fault in caught.value.faults] == [f"criteria.{key}" for key in expected]


@quick
@given(counties, st.floats(0, 0.49))
def test_scores_stay_in_bounds(rows: list[dict[str, Any]], share: float) -> None:
    found = score_leads(village_table(rows), CriteriaSettings(winsorise=share))
    for scaled in (found.score, *found.components.values()):
        known = scaled[~np.isnan(scaled)]
        assert ((known >= 0) & (known <= 1)).all()
    assert not np.isnan(found.score).any()


@quick
@given(counties, st.integers(0), st.integers(0, 4) | st.floats(0, 1e6), st.floats(0, 0.49))
def test_more_income_never_lowers_the_score(
    rows: list[dict[str, Any]], which: int, gain: float, share: float
) -> None:
    which %= len(rows)
    row = rows[which]
    row["collective_income_wan_yuan"] = row["collective_income_wan_yuan"] or 0.0
    richer = [*rows]
    income = round(row["collective_income_wan_yuan"] + gain, 3)
    richer[which] = row | {"collective_income_wan_yuan": income}
    criteria = CriteriaSettings(winsorise=share)
    before = score_leads(village_table(rows), criteria).score[which]
    after = score_leads(village_table(richer), criteria).score[which]
    assert after >= before - 1e-9


@quick
@given(counties, weights, weights, st.floats(1e-3, 1e6))
def test_only_the_ratio_of_weights_counts(
    rows: list[dict[str, Any]], one: float, other: float, factor: float
) -> None:
    table = village_table(rows)

    def both(by: float) -> tuple[LeadScores, PairCosts]:
        criteria = CriteriaSettings(
            lead_weights=lead_weights(collective_income=one * by, population=other * by),
            pair_weights=pair_weights(proximity=one * by, industry_similarity=other * by),
        )
        leads = score_leads(table, criteria)
        return leads, score_pairs(table, leads, ["一"] * len(rows), criteria)

    leads, pairs = both(1.0)
    leads_scaled, pairs_scaled = both(factor)
    np.testing.assert_allclose(leads.score, leads_scaled.score, atol=1e-12)
    np.testing.assert_allclose(pairs.blocks[0].cost, pairs_scaled.blocks[0].cost, atol=1e-12)


# Pair cost


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


@quick
@given(counties, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(rows: list[dict[str, Any]], random: Any) -> None:
    zones = ["甲" if at % 3 else "乙" for at in range(len(rows))]
    table = village_table(rows)
    order = list(range(len(rows)))
    random.shuffle(order)
    shuffled = replace(table, frame=table.frame.iloc[order].reset_index(drop=True))
    leads, leads_shuffled = score_leads(table), score_leads(shuffled)
    np.testing.assert_array_equal(leads.score[order], leads_shuffled.score)
    assert tuple(leads.gate_failed[at] for at in order) == leads_shuffled.gate_failed
    before = score_pairs(table, leads, zones)
    after = score_pairs(shuffled, leads_shuffled, [zones[at] for at in order])
    assert dict(before.weights) == dict(after.weights)
    for old, new in zip(before.blocks, after.blocks, strict=True):
        assert old.label == new.label
        place = {village: at for at, village in enumerate(old.villages.tolist())}
        moved = [place[order[at]] for at in new.villages]
        np.testing.assert_allclose(old.cost[np.ix_(moved, moved)], new.cost, atol=1e-12)


def test_nothing_of_the_caller_is_changed_and_results_are_closed() -> None:
    table = village_table(4, **SMALL, industries=[("粮食",), None, (), ("养殖",)])
    copy = table.frame.copy(deep=True)
    found = pairs_of(table, CriteriaSettings())
    pd.testing.assert_frame_equal(table.frame, copy)
    assert not found.blocks[0].cost.flags.writeable
    assert not score_leads(table).score.flags.writeable


def test_empty_table() -> None:
    table = village_table(0)
    leads = score_leads(table)
    assert leads.score.shape == (0,)
    assert score_pairs(table, leads, []).blocks == ()


def test_every_name_has_its_words_in_both_languages() -> None:
    words = catalogue()
    names = [f"criteria.lead_{name}" for name in LEAD_INDICATORS]
    names += [f"criteria.pair_{name}" for name in PAIR_COMPONENTS]
    names += [*GATES, *(f"{key}_unknown" for key in GATES)]
    assert all(words[name]["zh"] and words[name]["en"] for name in names)


def test_every_warning_can_be_read_in_both_languages() -> None:
    tables = [
        village_table(3),
        village_table(4, **SMALL | {"collective_income_wan_yuan": [1, 1, 1, None]}),
        village_table(
            3, population_resident_persons=[1, None, 3], industries=[(), None, ("石材",)]
        ),
    ]
    for table in tables:
        leads = score_leads(table)
        pairs = score_pairs(table, leads, ["甲"] * len(table))
        for fault in (*leads.warnings, *pairs.warnings):
            for sentence in (fault.text("zh"), fault.text("en")):
                assert "{" not in sentence

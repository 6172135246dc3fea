from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from builders import village_table
from criteria_cases import (
    SMALL,
    counties,
    keys,
    lead_weights,
    pair_weights,
    pairs_of,
    quick,
    weights,
)
from hypothesis import given
from hypothesis import strategies as st

from liancun_geo.criteria import (
    GATES,
    LeadScores,
    PairCosts,
    score_leads,
    score_pairs,
)
from liancun_geo.errors import DataError, SettingsError
from liancun_geo.messages import catalogue
from liancun_geo.settings import CriteriaSettings, Gates

WEAK, RELOCATED, SECRETARY = GATES
UNCAPPED = CriteriaSettings(winsorise=0)


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


def test_every_gate_has_its_words_in_both_languages() -> None:
    words = catalogue()
    names = [*GATES, *(f"{key}_unknown" for key in GATES)]
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

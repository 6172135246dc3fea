"""What the tests of the criteria share: settings in short, and random counties."""

from __future__ import annotations

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

from liancun_geo.criteria import (
    LEAD_INDICATORS,
    PAIR_COMPONENTS,
    LeadScores,
    PairCosts,
    score_leads,
    score_pairs,
)
from liancun_geo.settings import CriteriaSettings, LeadWeights, PairWeights
from liancun_geo.villages import VillageTable

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

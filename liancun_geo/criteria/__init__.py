"""Criteria: how capable a village is as a lead, and how well a lead and a member fit."""

from liancun_geo.criteria._components import PAIR_COMPONENTS
from liancun_geo.criteria.lead_score import (
    GATES,
    LEAD_INDICATORS,
    LeadScores,
    composite,
    score_leads,
)
from liancun_geo.criteria.pair_cost import PairCosts, ZoneCosts, score_pairs

__all__ = [
    "GATES",
    "LEAD_INDICATORS",
    "PAIR_COMPONENTS",
    "LeadScores",
    "PairCosts",
    "ZoneCosts",
    "composite",
    "score_leads",
    "score_pairs",
]

"""Why this plan: cards for villages, boundaries and rules, every figure computed."""

from liancun_geo.why.cards import (
    BoundaryCard,
    Card,
    LeadCard,
    MemberCard,
    RuleCost,
    UnplacedCard,
)
from liancun_geo.why.explainer import Explainer
from liancun_geo.why.facts import (
    AllianceName,
    Border,
    Challenger,
    Gate,
    Move,
    Obstacle,
    Outcome,
    Profile,
    Proof,
    ScoreLine,
    Stability,
    VillageName,
    WayIn,
    WeightStanding,
)
from liancun_geo.why.place import Place, place_of, swapped_leads
from liancun_geo.why.scores import score_rank
from liancun_geo.why.stability import (
    WeightShares,
    WeightStability,
    ZoneStability,
    weight_stability,
)

__all__ = [
    "AllianceName",
    "Border",
    "BoundaryCard",
    "Card",
    "Challenger",
    "Explainer",
    "Gate",
    "LeadCard",
    "MemberCard",
    "Move",
    "Obstacle",
    "Outcome",
    "Place",
    "Profile",
    "Proof",
    "RuleCost",
    "ScoreLine",
    "Stability",
    "UnplacedCard",
    "VillageName",
    "WayIn",
    "WeightShares",
    "WeightStability",
    "WeightStanding",
    "ZoneStability",
    "place_of",
    "score_rank",
    "swapped_leads",
    "weight_stability",
]

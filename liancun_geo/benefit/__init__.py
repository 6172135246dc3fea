"""Benefit and burden: what an alliance has, what its lead carries, how a pot is shared."""

from liancun_geo.benefit.burden import (
    AllianceBenefit,
    Amount,
    LandCheck,
    LandPiece,
    VillageBenefit,
    benefit_of,
    county_benefit,
)
from liancun_geo.benefit.sharing import (
    Fairness,
    Share,
    Sharing,
    SharingRule,
    fairness,
    share_among,
    share_pot,
)

__all__ = [
    "AllianceBenefit",
    "Amount",
    "Fairness",
    "LandCheck",
    "LandPiece",
    "Share",
    "Sharing",
    "SharingRule",
    "VillageBenefit",
    "benefit_of",
    "county_benefit",
    "fairness",
    "share_among",
    "share_pot",
]

"""Settings of the rules: what every alliance must satisfy, and what deviating costs."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from liancun_geo.place_rules import WithRule
from liancun_geo.setting_values import Alliances, Amount, Number, Pair, Weight
from liancun_geo.tables import Table

PRESETS: Mapping[str, tuple[int, int]] = MappingProxyType(
    {"party_alliance": (4, 8), "revitalisation_zone": (6, 25)}
)
"""Fewest and most villages in an alliance, for the two kinds that are in use."""


class RuleSettings(Table):
    """What every alliance must satisfy."""

    preset: Literal["party_alliance", "revitalisation_zone"] | None = None
    """Sets ``min_size`` and ``max_size`` where they are not given: 4 to 8 for party alliances,
    6 to 25 for revitalisation zones."""
    min_size: Annotated[int, Field(ge=1)] = 4
    """Fewest villages in an alliance, lead included."""
    max_size: Annotated[int, Field(ge=1, le=60)] = 8
    """Most villages in an alliance, lead included."""
    zone_field: Literal["township_code", "township", "county", "none"] = "township_code"
    """An alliance stays inside one zone."""
    coverage: Literal["full", "partial"] = "full"
    """``full``: every village that the rules let in is placed; ``partial``: a village may be left
    out at ``unassigned_cost``."""
    unassigned_cost: Weight = 1.0
    """Cost of leaving a village out under partial coverage; a pair costs between 0 and 1."""
    lead_cost_weight: Weight = 1.0
    """Cost of a lead is this weight times (1 - lead score)."""
    size_cost: dict[int, Annotated[float, Field(allow_inf_nan=False)]] = Field(default_factory=dict)
    """Extra cost of an alliance by its number of villages."""
    max_distance_km: Annotated[float, Field(gt=0)] | None = None
    """Greatest distance from lead to member."""
    max_travel_min: Annotated[float, Field(gt=0)] | None = None
    """Longest way from lead to member, minutes; needs ``travel.roads``."""
    max_hops: Annotated[int, Field(ge=1)] | None = None
    """Most neighbouring steps from lead to member."""
    excluded: tuple[str, ...] = ()
    """Codes of villages that do not take part (consent withheld)."""
    n_alliances: Number | None = None
    """Fewest and most alliances in the county."""
    township_alliances: dict[str, Number] = Field(default_factory=dict)
    """Fewest and most alliances by zone: a value of the column ``zone_field``."""
    population_persons: Amount | None = None
    """Least and greatest population of an alliance, persons."""
    arable_land_mu: Amount | None = None
    """Least and greatest arable land of an alliance, mu."""
    transferable_land_mu: Amount | None = None
    """Least and greatest transferable land of an alliance, mu."""
    target_population_persons: Weight | None = None
    """Population that an alliance should have."""
    target_population_weight: Weight = 0.1
    """Cost of every 1,000 persons away from the target."""
    min_transferable_land_mu: Weight | None = None
    """Transferable land that an alliance should have at least, mu."""
    transferable_land_shortfall_weight: Weight = 0.1
    """Cost of every 1,000 mu that are missing."""
    each_with_enterprise: bool = False
    """Every alliance has a village with an enterprise."""
    each_with: tuple[WithRule, ...] = ()
    """Every alliance has a village with each of these."""
    max_weak_members: Annotated[int, Field(ge=0)] | None = None
    """Most weak members (weak organisation or weak economy) of one lead."""
    must_together: tuple[Pair, ...] = ()
    """Pairs of codes that share an alliance, or are both left out."""
    never_together: tuple[Pair, ...] = ()
    """Pairs of codes that never share an alliance."""
    fixed_lead: dict[str, str] = Field(default_factory=dict)
    """Code of a village -> code of the only village that may lead it."""
    must_lead: tuple[str, ...] = ()
    """Codes of villages that lead."""
    may_lead: tuple[str, ...] = ()
    """Codes of villages that may lead although a gate bars them."""
    frozen: Alliances = ()
    """Alliances that are part of the plan as they are, exempt from all other rules."""
    keep_existing: bool = False
    """Villages of one existing alliance stay together."""
    small_village_persons: Weight = 500.0
    """A village with fewer people is small."""
    small_village_weight: Weight = 1.0
    """Leaving out a small village costs so many times as much."""
    weak_village_weight: Weight = 1.0
    """Leaving out a weak village costs so many times as much."""
    budget_wan_yuan: Weight | None = None
    """Money for all alliances together, 10,000 yuan."""
    budget_per_alliance_wan_yuan: Weight | None = None
    """Money that one alliance needs, 10,000 yuan."""

    @model_validator(mode="before")
    @classmethod
    def _sizes_of_preset(cls, given: Any) -> Any:
        if isinstance(given, dict) and given.get("preset") in PRESETS:
            least, greatest = PRESETS[given["preset"]]
            return {"min_size": least, "max_size": greatest, **given}
        return given

    @model_validator(mode="after")
    def _budget_in_full(self) -> Self:
        if (self.budget_wan_yuan is None) != (self.budget_per_alliance_wan_yuan is None):
            raise PydanticCustomError(
                "budget_in_part", "budget_wan_yuan and budget_per_alliance_wan_yuan go together"
            )
        return self

    @model_validator(mode="after")
    def _sizes_in_order(self) -> Self:
        if self.min_size > self.max_size:
            raise PydanticCustomError(
                "sizes_order",
                "min_size {least} > max_size {expected}",
                {"least": self.min_size, "expected": self.max_size},
            )
        return self

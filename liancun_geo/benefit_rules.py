"""Settings of benefit and quality: what a project needs, how a pot is shared, what is far."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from liancun_geo.tables import Table

Share = Annotated[float, Field(ge=0, le=1)]
Weight = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Above = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class SharingWeights(Table):
    """By what a pot is shared; only the ratio of the weights counts."""

    equal: Weight = 1.0
    """Every village the same."""
    population: Weight = 0.0
    """By population."""
    land: Weight = 0.0
    """By transferable land."""
    shares: Weight = 0.0
    """By the shares of ``benefit.shares``."""

    @model_validator(mode="after")
    def _something(self) -> SharingWeights:
        if not any(self.model_dump().values()):
            raise PydanticCustomError("sharing_weights_zero", "all weights of sharing are zero")
        return self


class BenefitSettings(Table):
    """Benefit and burden of the alliances."""

    project_land_mu: Above | None = None
    """Connected transferable land a project needs, mu; ``rules.min_transferable_land_mu`` if not
    given."""
    pot_wan_yuan: Above | None = None
    """Money that each alliance shares among its villages, 10,000 yuan."""
    sharing: SharingWeights = SharingWeights()
    shares: dict[str, Weight] = Field(default_factory=dict)
    """Code of a village -> its shares (percent, or any unit) of the pot of its alliance."""
    dividend_share: Share = 1.0
    """Part of a village's share that is paid out to its people."""


class QualitySettings(Table):
    """The plan quality sheet."""

    far_km: Above | None = None
    """Distance to the lead beyond which a member is far; where proximity cost reaches 1 if not
    given."""

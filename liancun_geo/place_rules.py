"""What a planner may say of places: how they are read, how they count, which must be there."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from liancun_geo.places import PlaceKind
from liancun_geo.tables import Table


class PlacesSettings(Table):
    """How enterprises, parks, institutions, sites and communities are read and counted."""

    tolerance_m: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 500.0
    """A point outside every village belongs to the nearest one this close; one this close to an
    alliance is next to it."""
    over_ledger: bool = False
    """Whether a place counts where the ledger says that the village has none of its kind."""
    complete: tuple[PlaceKind, ...] = ()
    """Kinds of which the files list every one: a village without one has none."""
    kinds: dict[str, PlaceKind] = Field(default_factory=dict)
    """What a word of the column of kinds means, beside the usual words."""
    fields: dict[
        Literal["name", "kind", "industries", "village_code", "township", "village", "lon", "lat"],
        str,
    ] = Field(default_factory=dict)
    """Headers of the files, where the usual ones do not apply."""


class WithRule(Table):
    """Something of which every alliance has at least one village; exactly one of these."""

    industry: str | None = None
    """A village with this industry."""
    place: PlaceKind | None = None
    """A village with a place of this kind, of ``data.places``."""
    enterprise_of: str | None = None
    """A village with an enterprise of this industry, of ``data.places``."""

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if sum(v is not None for v in (self.industry, self.place, self.enterprise_of)) != 1:
            raise PydanticCustomError("with_rule", "not exactly one")
        return self

"""Decisions on the map: who are neighbours, how exact the borders are."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from liancun_geo.decision_kinds.bases import AnyDecision
from liancun_geo.messages import Language, Listing, message

Length = Annotated[float, Field(ge=0, le=1000, allow_inf_nan=False)]
_SHOWN = 5


class LinkDecision(AnyDecision):
    """Two villages, by code, are neighbours whatever the map says."""

    kind: Literal["link"] = "link"
    villages: tuple[str, str]

    def _key(self) -> str:
        return super()._key() if self.note is None else "decisions.link_named"


class LinksDecision(AnyDecision):
    """Several pairs of villages, by code, are neighbours whatever the map says."""

    kind: Literal["links"] = "links"
    pairs: Annotated[tuple[tuple[str, str], ...], Field(min_length=1)]
    within_m: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    """How far apart they are at most; for information."""

    def _key(self) -> str:
        return super()._key() if self.within_m is None else "decisions.links_within"

    def _shown(self, name: str, language: Language) -> object:
        if name == "within_m" and self.within_m is not None:
            return f"{self.within_m:g}"
        if name != "pairs":
            return super()._shown(name, language)
        shown = Listing("–".join(pair) for pair in self.pairs[:_SHOWN])
        count, listed = len(self.pairs), self.note or shown
        # A list cut short must not look like a whole one.
        key = "decisions.pairs" if count <= _SHOWN else "decisions.pairs_and_more"
        return message(key, language, count=count, pairs=listed)


class ContiguityDecision(AnyDecision):
    """Borders of this layer are as exact as this."""

    kind: Literal["contiguity"] = "contiguity"
    gap_tolerance_m: Length | None = None
    min_shared_border_m: Length | None = None

    def _key(self) -> str:
        if self.min_shared_border_m is None:
            return "decisions.contiguity_gap"
        return super()._key() if self.gap_tolerance_m is not None else "decisions.contiguity_border"

    def _shown(self, name: str, language: Language) -> object:
        value = getattr(self, name)
        # A whole number of metres is written as one, and nought is a number.
        return f"{value:g}" if isinstance(value, float) else super()._shown(name, language)

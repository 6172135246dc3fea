"""Decisions on villages: which features are one, their township, which are planned."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator
from pydantic_core import PydanticCustomError

from liancun_geo.decision_kinds.bases import OfFile
from liancun_geo.messages import Language


class SameNameDecision(OfFile):
    """Features of one name in one township, without codes, are one village or several.

    ``one``: a village in parts. ``several``: each its own village, called by its name and its
    number in the order of the file.
    """

    kind: Literal["same_name"] = "same_name"
    township: str | None = None
    """Name or code, as the layer gives it; None if it gives none."""
    name: str
    meaning: Literal["one", "several"]

    def _key(self) -> str:
        return f"decisions.same_name_{self.meaning}"


class TownshipDecision(OfFile):
    """Villages of which neither map nor ledger says the township.

    ``named``: they belong to the township ``name``. ``nearest``: each belongs to the township of
    the nearest village that has one. ``excluded``: they are not planned.
    """

    kind: Literal["township"] = "township"
    meaning: Literal["named", "nearest", "excluded"] = "named"
    name: str | None = None
    village: str | None = None
    """Code or name of the village this is about; None for all villages without a township."""

    @model_validator(mode="after")
    def _named(self) -> Self:
        if (self.meaning == "named") != bool(self.name and self.name.strip()):
            raise PydanticCustomError("township_name", "a township is named or not")
        return self

    def _key(self) -> str:
        about = "township" if self.village is None else "township_of_one"
        return f"decisions.{about}_{self.meaning}"


class OfVillage(OfFile):
    """A decision on one village of the boundary layer."""

    village: str
    """Code, or ``township/name`` in a layer without codes."""

    def _shown(self, name: str, language: Language) -> object:
        # A name that stands in for a code is not said twice.
        if name == "note" and self.village.rpartition("/")[2] in (self.note or "").split():
            return ""
        return self.village.lstrip("/") if name == "village" else super()._shown(name, language)


class ExcludeDecision(OfVillage):
    """A village of the boundary layer, by code or ``township/name``, is not planned."""

    kind: Literal["exclude"] = "exclude"


class KeepDecision(OfVillage):
    """A village without a row in the ledger is planned with its indicators missing."""

    kind: Literal["keep"] = "keep"

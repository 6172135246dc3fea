"""Decisions on a whole file: its layer, its encoding, its coordinates."""

from __future__ import annotations

import re
from typing import Literal

from liancun_geo.decision_kinds.bases import OfFile
from liancun_geo.messages import Language, message

_SPOT = re.compile(r"-?[0-9.]+°E -?[0-9.]+°N")


class LayerDecision(OfFile):
    """Of several layers of a file, or data sets of a folder or archive, the one to use."""

    kind: Literal["layer"] = "layer"
    layer: str


class EncodingDecision(OfFile):
    """The texts of a file are in this encoding."""

    kind: Literal["encoding"] = "encoding"
    encoding: str


class CrsDecision(OfFile):
    """The coordinates of a layer are in this CRS, whatever the file says."""

    kind: Literal["crs"] = "crs"
    crs: str
    content: str | None = None
    """Digest of the coordinates that were looked at; with others the decision does not hold and
    the CRS is asked about again. None for whatever they are."""

    def _key(self) -> str:
        return super()._key() if self._spot() is None else "decisions.crs_at"

    def _spot(self) -> str | None:
        """Return where the data would lie, which the note of a proposal says."""
        found = _SPOT.search(self.note or "")
        return None if found is None else found.group()

    def _shown(self, name: str, language: Language) -> object:
        if name == "note":
            return self._spot() or ""
        if name == "crs":
            # Loading the library takes longer than everything else here.
            from liancun_geo.crs import name_of as name_of_crs

            named = name_of_crs(self.crs, language)
            return message("decisions.crs_named", language, crs=self.crs, name=named)
        return super()._shown(name, language)


class AxisOrderDecision(OfFile):
    """The first coordinate of a layer is the northing or latitude."""

    kind: Literal["axis_order"] = "axis_order"
    order: Literal["yx"] = "yx"

"""How far villages without a neighbour lie from the nearest one, in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from liancun_geo.messages import Language, Listing, message


@dataclass(frozen=True)
class Steps:
    """How many villages lie within each distance of their nearest neighbour."""

    count: Mapping[float, int]
    farthest: float

    def text(self, language: Language) -> str:
        """Return the distances with their counts in a row."""
        if not self.count:
            return message("doctor.beyond_distance", language, distance=f"{self.farthest:g}")
        return Listing(
            message("doctor.within_distance", language, distance=f"{step:g}", count=count)
            for step, count in self.count.items()
        ).text(language)

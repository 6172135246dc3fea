"""The words of the report: its own topic of the catalogue, and how figures are written."""

from __future__ import annotations

import math
from typing import Any

from liancun_geo.messages import Language, message


class Say:
    """The words of the report in one language."""

    def __init__(self, language: Language) -> None:
        self.language = language

    def __call__(self, key: str, **params: Any) -> str:
        """Return a sentence of the report's own topic."""
        return message(f"paper.{key}", self.language, **params)

    def heading(self, *names: str) -> tuple[str, ...]:
        """Return the heading of a table."""
        return tuple(self(f"heading_{name}") for name in names)

    def number(self, value: float | None, decimals: int = 0) -> str:
        """Return a number with thousands apart, or that it is not known."""
        if value is None or not math.isfinite(value):
            return self("unknown")
        return f"{value:,.{decimals}f}"


def distance(km: float | None, say: Say) -> str:
    """Return a distance in kilometres, or that it is not known."""
    return say("unknown") if km is None else say("km", value=f"{km:.1f}")

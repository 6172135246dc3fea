"""The measures of the sheet: what each is called, where it comes from, which way is better."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from liancun_geo.equity import gini, least_to_greatest
from liancun_geo.messages import Language, message
from liancun_geo.quality import measures
from liancun_geo.quality.compactness import polsby_popper, reock
from liancun_geo.quality.measures import Ground, Measured, Value

Direction = Literal["higher", "lower", "neither"]
Family = Literal[
    "coverage", "size", "compactness", "distance", "industry", "strength", "equity", "points"
]
Unit = Literal["share", "count", "ratio", "km", "min", "villages", "points"]

_DECIMALS: Mapping[Unit, int] = {
    "share": 1,
    "count": 0,
    "ratio": 3,
    "km": 2,
    "min": 1,
    "villages": 2,
    "points": 1,
}


@dataclass(frozen=True)
class Metric:
    """A measure: its words are in the catalogue, ``quality.name_<id>`` and so on.

    Attributes
    ----------
    id, family
        ``placed_share``, ...
    direction
        Whether more is better.
    unit
        ``share`` and ``ratio`` are between 0 and 1 (a ratio of incomes may be more).
    source
        ``quality.source_<source>`` names the literature; ``own``: defined here.
    alone
        Whether it has a meaning where every village stands alone.
    whole
        Whether it is a whole number.
    """

    id: str
    family: Family
    direction: Direction
    unit: Unit
    compute: Callable[[Ground, Measured], Value] = field(repr=False)
    source: str = "own"
    alone: bool = False
    whole: bool = False

    def text(self, part: Literal["name", "definition", "formula"], language: Language) -> str:
        """Return the name, the one-line definition or the formula in words."""
        return message(f"quality.{part}_{self.id}", language)

    def rounded(self, value: Value) -> float | int | None:
        """Return the value as it is shown, shares in percent; None if there is none."""
        if value.value is None:
            return None
        shown = value.value * 100.0 if self.unit == "share" else value.value
        decimals = 0 if self.whole else _DECIMALS[self.unit]
        # No minus before a zero.
        return round(shown) if decimals == 0 else round(shown, decimals) + 0.0

    def shown(self, value: Value, language: Language) -> str:
        """Return the value with its decimals, or why there is none, in words."""
        number = self.rounded(value)
        if number is None:
            return message(f"quality.blank_{value.blank}", language)
        return f"{number:,.{0 if self.whole else _DECIMALS[self.unit]}f}"

    def source_text(self, language: Language) -> str:
        """Return where the measure comes from."""
        return message(f"quality.source_{self.source}", language)


_SPREADS: tuple[tuple[str, Direction, Callable[[list[float]], float], str], ...] = (
    ("gini", "lower", gini, "gini"),
    ("min_max", "higher", least_to_greatest, "min_max"),
)

METRICS: tuple[Metric, ...] = (
    Metric(
        "placed_share",
        "coverage",
        "higher",
        "share",
        lambda ground, plan: measures.placed(ground, plan, [True] * ground.n),
        alone=True,
    ),
    Metric(
        "small_placed_share",
        "coverage",
        "higher",
        "share",
        lambda ground, plan: measures.placed(ground, plan, ground.small),
        alone=True,
    ),
    Metric(
        "weak_placed_share",
        "coverage",
        "higher",
        "share",
        lambda ground, plan: measures.placed(ground, plan, ground.weak),
        alone=True,
    ),
    Metric(
        "alliances",
        "size",
        "neither",
        "count",
        lambda ground, plan: Value(float(len(plan.units)), len(plan.units)),
    ),
    Metric(
        "size_mean",
        "size",
        "neither",
        "villages",
        measures.of_sizes(lambda s: math.fsum(s) / len(s)),
    ),
    Metric(
        "size_min",
        "size",
        "neither",
        "villages",
        measures.of_sizes(lambda sizes: float(min(sizes))),
        whole=True,
    ),
    Metric(
        "size_max",
        "size",
        "neither",
        "villages",
        measures.of_sizes(lambda sizes: float(max(sizes))),
        whole=True,
    ),
    Metric("size_sd", "size", "lower", "villages", measures.of_sizes(measures.deviation)),
    *(
        Metric(
            f"{name}_{part}",
            "compactness",
            "higher",
            "ratio",
            measures.of_shapes(measure, least=part == "min"),
            source=name,
            alone=True,
        )
        for name, measure in (("polsby_popper", polsby_popper), ("reock", reock))
        for part in ("mean", "min")
    ),
    Metric(
        "distance_mean",
        "distance",
        "lower",
        "km",
        lambda ground, plan: measures.mean_of(measures.distances(ground, plan)),
    ),
    Metric("distance_max", "distance", "lower", "km", measures.distance_max),
    Metric("far_share", "distance", "lower", "share", measures.far),
    Metric("travel_mean", "distance", "lower", "min", measures.travel),
    Metric(
        "similar_share",
        "industry",
        "higher",
        "share",
        measures.industry(measures.similar),
        "accounts",
    ),
    Metric(
        "complementary_share",
        "industry",
        "higher",
        "share",
        measures.industry(measures.complementary),
        "hirschman",
    ),
    Metric(
        "fitting_share",
        "industry",
        "higher",
        "share",
        measures.industry(measures.either),
        "accounts",
    ),
    Metric("weaker_share", "strength", "higher", "share", measures.weaker, "accounts"),
    Metric("contrast_mean", "strength", "higher", "ratio", measures.contrast, "accounts"),
    Metric("income_ratio", "strength", "higher", "ratio", measures.income_ratio, "accounts"),
    Metric(
        "weak_most",
        "strength",
        "lower",
        "villages",
        measures.weak_most,
        "accounts",
        whole=True,
    ),
    *(
        Metric(
            f"{name}_{part}",
            "equity",
            direction,
            "ratio",
            measures.spread(index, figure),
            source,
            True,
        )
        for name, figure in (
            ("population", measures.people),
            ("income", measures.collective),
            ("per_head", measures.per_head),
        )
        for part, direction, index, source in _SPREADS
    ),
    Metric("points", "points", "higher", "points", measures.points, alone=True),
    Metric("points_behind", "points", "lower", "points", measures.points_behind, alone=True),
)
"""Every measure, in the order of the sheet."""


def measure(ground: Ground, plan: Measured, *, alone: bool = False) -> Mapping[str, Value]:
    """Return every measure of a plan, by id; ``alone``: no village is in any alliance."""
    return {
        metric.id: Value(None, blank="no_alliances")
        if alone and not metric.alone
        else metric.compute(ground, plan)
        for metric in METRICS
    }

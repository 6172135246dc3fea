"""How good a plan is: one sheet of measures beside other plans for the same county."""

from liancun_geo.quality.baseline import strongest_neighbour
from liancun_geo.quality.compactness import polsby_popper, reock
from liancun_geo.quality.measures import Value
from liancun_geo.quality.metrics import METRICS, Metric
from liancun_geo.quality.sheet import COLUMNS, QualityRow, QualitySheet, quality_sheet

__all__ = [
    "COLUMNS",
    "METRICS",
    "Metric",
    "QualityRow",
    "QualitySheet",
    "Value",
    "polsby_popper",
    "quality_sheet",
    "reock",
    "strongest_neighbour",
]

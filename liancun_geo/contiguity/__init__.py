"""Contiguity: which villages are neighbours on the map, and why two are not."""

from liancun_geo.contiguity.build import build_contiguity
from liancun_geo.contiguity.drawn import barriers_in_force, drawn_lines
from liancun_geo.contiguity.graph import BarredPair, ContiguityGraph

__all__ = [
    "BarredPair",
    "ContiguityGraph",
    "barriers_in_force",
    "build_contiguity",
    "drawn_lines",
]

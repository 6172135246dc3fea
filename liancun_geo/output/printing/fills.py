"""Fills of alliances: the ten colours, and ten hatches for a printer without colour."""

from __future__ import annotations

from typing import Final, Literal

from liancun_geo.output.picture.colours import PALETTE
from liancun_geo.output.picture.markup import Element, add
from liancun_geo.output.printing.paper import PX

Tone = Literal["colour", "bw"]

INK: Final = "#1B2A34"
INK_2: Final = "#4A5963"
INK_3: Final = "#65727B"
BORDER: Final = "#3A4A55"
WEAK: Final = "#A65A00"
WATER: Final = "#4F8FC0"
GROUND: Final = "#F7F8F8"
GROUND_LINE: Final = "#E1E6E9"
TOWNSHIP_LINE: Final = "#AEB8BF"
UNPLACED: Final = "#E7EAEC"
UNPLACED_DOTS: Final = "#8A959D"
UNPLACED_LINE: Final = "#5F6C75"

_HATCH = "#444444"
_MESH = "#6E6E6E"
_GREYS = {2: "#D9D9D9", 5: "#BDBDBD", 8: "#E8E8E8"}

HATCHES_TOO_LIKE: Final = frozenset(
    frozenset(pair) for pair in ((2, 5), (2, 8), (5, 8), (3, 8), (6, 9), (0, 8))
)
"""Two greys, two meshes, two fields of dots are never side by side."""


def fill(place: int, tone: Tone) -> str:
    """Return the ``fill`` of an alliance: its colour, or its hatch as defined by :func:`define`."""
    return PALETTE[place] if tone == "colour" else f"url(#hatch{place})"


def define(definitions: Element, tone: Tone, scale: float = 1.0) -> None:
    """Add the patterns that :func:`fill` and the villages left out refer to.

    Parameters
    ----------
    definitions
        The ``defs`` of an SVG in millimetres.
    tone
        Of the map.
    scale
        Size of the tiles: 10 px of the design at 1.
    """
    dots = _pattern(definitions, "unplaced", 7 * PX * scale)
    add(dots, "circle", cx=f"{0.53 * scale:.3f}", cy=f"{0.53 * scale:.3f}", r=f"{0.24 * scale:.3f}")
    dots.set("fill", UNPLACED_DOTS)
    if tone == "bw":
        for place in range(len(PALETTE)):
            _hatch(definitions, place, 10 * PX * scale)


def _pattern(definitions: Element, name: str, tile: float, turned: bool = False) -> Element:
    pattern = add(definitions, "pattern", id=name, width=f"{tile:.4f}", height=f"{tile:.4f}")
    pattern.set("patternUnits", "userSpaceOnUse")
    if turned:
        pattern.set("patternTransform", "rotate(45)")
    return pattern


def _hatch(definitions: Element, place: int, tile: float) -> None:
    """Add one of the ten: white, diagonal, grey, dots, horizontal, and so on (DESIGN, 2)."""
    pattern = _pattern(definitions, f"hatch{place}", tile, turned=place in (1, 6))
    # A little larger than the tile: renderers leave hairlines between tiles that just touch.
    ground = {"x": -0.1 * tile, "y": -0.1 * tile, "width": 1.2 * tile, "height": 1.2 * tile}
    shown = {name: f"{value:.4f}" for name, value in ground.items()}
    add(pattern, "rect", fill=_GREYS.get(place, "#FFFFFF"), **shown)
    middle = f"{tile / 2:.4f}"
    line = f"{0.12 * tile:.4f}"
    down = f"M{middle},0V{tile:.4f}"
    across = f"M0,{middle}H{tile:.4f}"
    ways = {1: across, 4: across, 6: down + across, 7: down, 9: down + across}
    if place in ways:
        # Two directions of lines carry twice the ink: drawn finer, or names drown in them.
        mesh = place in (6, 9)
        thin = f"{0.07 * tile:.4f}" if mesh else line
        ink = _MESH if mesh else _HATCH
        add(pattern, "path", d=ways[place], stroke=ink, stroke_width=thin, fill="none")
    if place in (3, 8):
        radius = f"{(0.15 if place == 3 else 0.13) * tile:.4f}"
        add(pattern, "circle", cx=middle, cy=middle, r=radius, fill=_HATCH)

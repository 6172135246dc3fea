"""The sheet of paper: what lies where, in millimetres."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

PaperName = Literal["A3", "A4"]

PX: Final = 25.4 / 96
"""Millimetres of a pixel of the design, which draws A3 at 96 dots an inch."""


@dataclass(frozen=True, slots=True)
class Paper:
    """A sheet in landscape.

    Attributes
    ----------
    name
        As typst calls it.
    width_mm, height_mm
        Of the sheet.
    margin_mm
        Left and right; top and bottom are a little less.
    map_width_mm, map_height_mm
        Of the map inside the neat line.
    panel_width_mm
        Of the legend beside it.
    head_mm
        Height of the title above the neat line.
    scale
        Size of type and signs beside those of A3.
    """

    name: PaperName
    width_mm: float
    height_mm: float
    margin_mm: float
    map_width_mm: float
    map_height_mm: float
    panel_width_mm: float
    head_mm: float
    scale: float


PAPERS: Final[dict[PaperName, Paper]] = {
    "A3": Paper("A3", 420.0, 297.0, 11.0, 304.0, 231.0, 94.0, 24.0, 1.0),
    # Type shrinks less than the sheet: 15 px become 8.5 points, which a meeting can still read.
    "A4": Paper("A4", 297.0, 210.0, 8.5, 209.0, 162.0, 71.0, 17.5, 0.76),
}
"""A3 after the design; A4 keeps its proportions, with a wider legend and larger type."""

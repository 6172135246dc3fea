"""What the maps without script share: page, view, what is left out, the scale bar."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from liancun_geo.output.picture.markup import Element, add, new
from liancun_geo.output.picture.scene import Scene
from liancun_geo.studio.markup import shipped
from liancun_geo.studio.words import Words

# Should a name ever get past the escaping, the browser still runs and loads nothing.
POLICY = "default-src 'none'; style-src 'unsafe-inline'"

View = tuple[float, float, float, float]
"""Left, top, width and height in drawing units."""


def new_page(title: str, sheets: Iterable[str], words: Words, *, style: str = "") -> Element:
    """Return an HTML document with its head.

    Parameters
    ----------
    title
        Of the page.
    sheets
        Style sheets that come with the app.
    words
        The language.
    style
        Rules of this page alone.
    """
    page = new("html", lang="zh-CN" if words.language == "zh" else "en")
    head = add(page, "head")
    add(head, "meta", charset="utf-8")
    add(head, "meta", http_equiv="Content-Security-Policy", content=POLICY)
    add(head, "title", title)
    add(head, "style", "".join(map(shipped, sheets)) + style)
    return page


def view_of(scene: Scene, township: int | None, frame: tuple[float, float]) -> View:
    """Return what is in view, with a margin: a township, or the county if none is given.

    At least as wide as ``frame`` (px), so that the scale bar finds its corner.
    """
    shown = scene.townships if township is None else scene.townships[township : township + 1]
    bounds = np.array([shape.bounds for shape in shown if not shape.is_empty]).reshape(-1, 4)
    if not len(bounds):
        return 0.0, 0.0, 1000.0, 1000.0
    low, high = bounds[:, :2].min(axis=0), bounds[:, 2:].max(axis=0)
    wide, tall = (float(value) for value in 1.06 * (high - low))
    wide = max(wide, tall * frame[0] / frame[1])
    left, top = (low + high) / 2 - np.array([wide, tall]) / 2
    return float(left), float(top), wide, tall


def add_dots(defs: Element, size: float, radius: float) -> None:
    """Add the pattern ``dots`` of villages that are left out, or of which nothing is known."""
    wide, half = f"{size:.3f}", f"{size / 2:.3f}"
    pattern = add(
        defs, "pattern", id="dots", width=wide, height=wide, patternUnits="userSpaceOnUse"
    )
    add(pattern, "rect", width=wide, height=wide, fill="#E7EAEC")
    add(pattern, "circle", cx=half, cy=half, r=f"{radius:.3f}", fill="#8A959D")


class ScaleBar(NamedTuple):
    """A bar that was drawn, and what is to be written on it."""

    layer: Element
    key: str
    """``scale_km`` or ``scale_m``."""
    length: str
    place: tuple[float, float]
    """Middle of the text."""


def add_scale_bar(svg: Element, view: View, unit: float, metres_per_unit: float) -> ScaleBar:
    """Draw a bar of a round length in the lower left corner; ``unit`` is a pixel."""
    left, top, _, high = view
    metres = round_length(90 * unit * metres_per_unit)
    wide = metres / metres_per_unit
    key, length = ("scale_km", metres / 1000) if metres >= 1000 else ("scale_m", metres)
    x, y, tick = left + 12 * unit, top + high - 12 * unit, 5 * unit
    layer = add(svg, "g", class_="scale")
    add(layer, "path", d=f"M{x:.2f},{y - tick:.2f}v{tick:.2f}h{wide:.2f}v{-tick:.2f}")
    return ScaleBar(layer, key, f"{length:g}", (x + wide / 2, y - 5 * unit))


def round_length(metres: float) -> float:
    """Return the nearest smaller of 1, 2, 5, 10, 20, 50 ..."""
    power = 10.0 ** math.floor(math.log10(metres))
    return max(step * power for step in (1, 2, 5) if step * power <= metres * (1 + 1e-9))

"""The map of one indicator as a self-contained page: SVG and style, no script, no network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from liancun_geo.output.picture.markup import Element, add, markup
from liancun_geo.output.picture.scene import path_data, united
from liancun_geo.output.picture.symbols import triangle
from liancun_geo.studio.plain_map import add_dots, new_page
from liancun_geo.studio.profile import Classes, Mark
from liancun_geo.studio.words import Words
from liancun_geo.villages import townships_of

RAMP = ("#EEF3F8", "#C9DCEC", "#97BDDC", "#5B93C3", "#1D5B8F")
"""Less to more: one hue, each step darker, so that grey paper and colour-blind eyes read it."""
FLAGS = ("#EEF1F3", "#C98A3A")
NAMED = (
    *("#86B3DF", "#EBCF92", "#AECDBB", "#D4A99D", "#C4B1CE"),
    *("#C8AB74", "#8FB0AE", "#D2ECCA", "#B4D8F6", "#E9DEF2"),
)
_UNKNOWN, _ELSEWHERE = "url(#dots)", "#F7F8F8"
_WIDTH = 1000.0


@dataclass(frozen=True, eq=False)
class Outline:
    """Villages and townships in drawing units: x right, y down, the longer side 1000."""

    villages: NDArray[Any]
    townships: NDArray[Any]
    township_of: NDArray[np.intp]
    middles: NDArray[np.float64]


def outline(frame: gpd.GeoDataFrame) -> Outline:
    """Return what is drawn of a county; its geometry is in metres and not touched."""
    shapes = frame.geometry.to_numpy()
    left, low, right, high = (float(value) for value in shapely.total_bounds(shapes))
    scale = max(right - left, high - low, 1.0) / _WIDTH
    drawn = shapely.transform(
        shapes, lambda xy: np.column_stack((xy[:, 0] - left, high - xy[:, 1])) / scale
    )
    villages = shapely.coverage_simplify(drawn, 0.8)
    townships = townships_of(frame)
    whole = united(villages, townships.of, len(townships.keys))
    middles = shapely.get_coordinates(shapely.point_on_surface(villages))
    return Outline(villages, whole, townships.of, middles)


def profile_page(
    drawn: Outline,
    classes: Classes,
    marks: Mapping[Mark, tuple[bool | None, ...]],
    tips: list[str],
    title: str,
    words: Words,
    township: int | None = None,
) -> str:
    """Return the map as an HTML document.

    Parameters
    ----------
    drawn
        From :func:`outline`.
    classes
        Class of each village.
    marks
        Which villages bear a sign.
    tips
        (n,) what a village says when pointed at.
    title
        The indicator.
    words
        The language.
    township
        The one in view; None for the county.
    """
    page = new_page(title, ["map.css", "profile_map.css"], words)
    body = add(page, "body")
    colours = _colours(classes)
    _picture(body, drawn, classes, marks, tips, title, township, colours)
    _legend(body, classes, title, words, colours)
    return "<!doctype html>" + markup(page)


def _colours(classes: Classes) -> tuple[str, ...]:
    count = len(classes.labels)
    if not classes.ordered:
        return NAMED[:count]
    if count == 2:
        return FLAGS
    places = np.linspace(0, len(RAMP) - 1, max(count, 1)).round().astype(int)
    return tuple(RAMP[place] for place in places)


def _picture(
    body: Element,
    drawn: Outline,
    classes: Classes,
    marks: Mapping[Mark, tuple[bool | None, ...]],
    tips: list[str],
    title: str,
    township: int | None,
    colours: tuple[str, ...],
) -> None:
    inside = drawn.township_of == township if township is not None else np.ones(len(tips), bool)
    left, top, right, low = shapely.total_bounds(drawn.villages[inside])
    unit = max(right - left, low - top) / 480
    pad = 10 * unit
    box = (left - pad, top - pad, right - left + 2 * pad, low - top + 2 * pad)
    view = " ".join(f"{value:.2f}" for value in box)
    svg = add(body, "svg", viewBox=view, role="img", aria_label=title)
    add_dots(add(svg, "defs"), 5 * unit, 5 * unit / 7)
    layer = add(svg, "g", class_="villages")
    for village, shape in enumerate(drawn.villages):
        if not inside[village]:
            add(layer, "path", class_="elsewhere", d=path_data(shape), fill=_ELSEWHERE)
            continue
        number = int(classes.class_of[village])
        fill = _UNKNOWN if number < 0 else colours[number]
        path = add(layer, "path", class_="placed", d=path_data(shape), fill=fill)
        add(path, "title", tips[village])
    borders = add(svg, "g", class_="borders")
    for number, shape in enumerate(drawn.townships):
        there = township in (None, number)
        add(borders, "path", class_="township" if there else "faint", d=path_data(shape))
    signs = add(svg, "g", class_="signs")
    for village in np.flatnonzero(inside).tolist():
        x, y = (float(value) for value in drawn.middles[village])
        if marks["strong"][village]:
            add(signs, "circle", class_="strong", cx=f"{x:.1f}", cy=f"{y:.1f}", r=f"{4 * unit:.2f}")
        if marks["small"][village]:
            add(signs, "circle", class_="small", cx=f"{x:.1f}", cy=f"{y:.1f}", r=f"{6 * unit:.2f}")
        if marks["weak"][village]:
            add(signs, "path", class_="weak", d=triangle(x, y, 4.4 * unit))


def _legend(
    body: Element, classes: Classes, title: str, words: Words, colours: tuple[str, ...]
) -> None:
    strip = add(body, "footer", class_="classes")
    add(strip, "b", title)
    for label, colour in zip(classes.labels, colours, strict=False):
        entry = add(strip, "span", class_="entry")
        add(entry, "i", class_="swatch", style=f"background:{colour}")
        add(entry, "span", label)
    if (classes.class_of < 0).any():
        entry = add(strip, "span", class_="entry")
        add(entry, "i", class_="swatch unknown")
        add(entry, "span", words("unknown"))
    for mark in ("small", "weak", "strong"):
        entry = add(strip, "span", class_="entry")
        sign = add(entry, "svg", class_=f"sign {mark}", viewBox="0 0 18 12", aria_hidden="true")
        if mark == "weak":
            add(sign, "path", class_="weak", d=triangle(9, 5.5, 5))
        else:
            add(sign, "circle", class_=mark, cx=9, cy=6, r=4 if mark == "strong" else 5)
        add(entry, "span", words(f"mark_{mark}"))

"""Scale bar, north arrow, and the small map of the county."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import shapely

from liancun_geo.messages import Language, message
from liancun_geo.output.picture.markup import Element, add
from liancun_geo.output.picture.scene import path_data
from liancun_geo.output.printing.chart import Chart
from liancun_geo.output.printing.fills import INK
from liancun_geo.output.printing.layout import NORTH_MM, Layout
from liancun_geo.output.printing.window import Box, Window

_LONGEST_BAR_MM = 52.0
_STEPS = (1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0)


def draw_furniture(svg: Element, chart: Chart, layout: Layout, language: Language) -> None:
    """Draw each piece into its corner."""
    boxes = layout.window.furniture
    scale = (boxes["north"][2] - boxes["north"][0]) / NORTH_MM
    _scale_bar(svg, layout.window, boxes["scale"], scale, language)
    _north(svg, boxes["north"], scale, language)
    if "inset" in boxes and layout.zone is not None:
        _inset(svg, chart, layout.zone, boxes["inset"], scale, language)


def bar_length_m(denominator: float, longest_mm: float) -> float:
    """Return the longest round length that a bar of so many millimetres holds, metres."""
    most = longest_mm * denominator / 1000.0
    power = 10.0 ** math.floor(math.log10(most))
    return float(max(step * power for step in _STEPS if step * power <= most))


def _panel(svg: Element, box: Box) -> None:
    left, top, right, bottom = box
    add(
        svg,
        "rect",
        x=f"{left:.2f}",
        y=f"{top:.2f}",
        width=f"{right - left:.2f}",
        height=f"{bottom - top:.2f}",
        fill="#FFFFFF",
        fill_opacity=0.9,
    )


def _scale_bar(svg: Element, window: Window, box: Box, scale: float, language: Language) -> None:
    length = bar_length_m(window.denominator, _LONGEST_BAR_MM * scale)
    wide = length / window.metres_per_mm
    # The room was kept for the longest bar; it stands at the edge of the map.
    needed = max(wide + 18.0 * scale, 44.0 * scale)
    if box[0] > window.width_mm / 2:
        box = (box[2] - needed, *box[1:])
    else:
        box = (*box[:2], box[0] + needed, box[3])
    _panel(svg, box)
    left, base = box[0] + 5.0 * scale, box[1] + 10.0 * scale
    lines = f"M{left:.2f},{base - 1.6 * scale:.2f}V{base:.2f}H{left + wide:.2f}"
    lines += f"v{-1.6 * scale:.2f}M{left + wide / 2:.2f},{base:.2f}v{-1.1 * scale:.2f}"
    add(svg, "path", d=lines, fill="none", stroke=INK, stroke_width=f"{0.42 * scale:.2f}")
    far = length >= 1000.0
    unit = 1000.0 if far else 1.0
    key = "printing.bar_km" if far else "printing.bar_m"
    ends = (
        (left, "0"),
        (left + wide / 2, f"{length / 2 / unit:g}"),
        (left + wide, message(key, language, length=f"{length / unit:g}")),
    )
    for x, text in ends:
        _text(svg, x, base - 2.6 * scale, 3.7 * scale, text)
    told = message("printing.scale", language, denominator=f"{window.denominator:,.0f}")
    _text(svg, left, base + 6.0 * scale, 3.97 * scale, told, anchor="start")


def _north(svg: Element, box: Box, scale: float, language: Language) -> None:
    middle, top = (box[0] + box[2]) / 2, box[1]

    def at(points: Iterator[tuple[float, float]]) -> str:
        told = (f"{middle + x * scale:.2f},{top + y * scale:.2f}" for x, y in points)
        return "M" + "L".join(told) + "Z"

    whole = ((0.0, 5.6), (3.4, 19.4), (0.0, 16.2), (-3.4, 19.4))
    half = ((0.0, 5.6), (0.0, 16.2), (-3.4, 19.4))
    width = f"{0.42 * scale:.2f}"
    add(svg, "path", d=at(iter(whole)), fill="#FFFFFF", stroke=INK, stroke_width=width)
    add(svg, "path", d=at(iter(half)), fill=INK)
    _text(svg, middle, top + 4.4 * scale, 4.23 * scale, message("printing.north", language), True)


def _inset(
    svg: Element, chart: Chart, zone: int, box: Box, scale: float, language: Language
) -> None:
    left, top, right, bottom = box
    _panel(svg, box)
    frame = add(svg, "g", stroke=INK, stroke_width=f"{0.25 * scale:.2f}", fill="none")
    rect = {"x": left, "y": top, "width": right - left, "height": bottom - top}
    add(frame, "rect", **{name: f"{value:.2f}" for name, value in rect.items()})
    head = 5.5 * scale
    _text(
        svg,
        (left + right) / 2,
        top + 4.2 * scale,
        3.2 * scale,
        message("printing.inset", language, county=chart.county)
        if chart.county
        else message("printing.inset_plain", language),
    )
    bounds = shapely.total_bounds(chart.shapes)
    room = right - left - 3.0, bottom - top - head - 1.5
    metres = max((bounds[2] - bounds[0]) / room[0], (bounds[3] - bounds[1]) / room[1], 1e-9)
    x = left + 1.5 + (room[0] - (bounds[2] - bounds[0]) / metres) / 2
    y = top + head + (room[1] - (bounds[3] - bounds[1]) / metres) / 2
    outlines = shapely.transform(
        chart.outlines,
        lambda xy: np.column_stack(
            (x + (xy[:, 0] - bounds[0]) / metres, y + (bounds[3] - xy[:, 1]) / metres)
        ),
    )
    shapes = shapely.simplify(outlines, 0.1)
    layer = add(svg, "g", stroke="#8A959D", stroke_width=f"{0.18 * scale:.3f}", fill="#FFFFFF")
    for number, shape in enumerate(shapes):
        if number != zone:
            add(layer, "path", d=path_data(shape, 2))
    add(
        svg,
        "path",
        d=path_data(shapes[zone], 2),
        fill=INK,
        stroke=INK,
        stroke_width=f"{0.3 * scale:.3f}",
    )


def _text(
    svg: Element,
    x: float,
    y: float,
    size: float,
    text: str,
    bold: bool = False,
    anchor: str = "middle",
) -> None:
    element = add(
        svg,
        "text",
        text,
        x=f"{x:.2f}",
        y=f"{y:.2f}",
        font_size=f"{size:.3f}",
        fill=INK,
        text_anchor=anchor,
    )
    if bold:
        element.set("font-weight", "700")

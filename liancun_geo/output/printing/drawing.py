"""A laid-out sheet as SVG: fills, lines, signs and names, in this order."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import shapely

from liancun_geo.messages import Language
from liancun_geo.output.picture.markup import Element, add, new
from liancun_geo.output.picture.scene import path_data
from liancun_geo.output.picture.symbols import star, triangle
from liancun_geo.output.printing import fills
from liancun_geo.output.printing.chart import Chart
from liancun_geo.output.printing.fills import BORDER, INK, INK_3, Tone, fill
from liancun_geo.output.printing.furniture import draw_furniture
from liancun_geo.output.printing.layout import NORTH_MM, Layout
from liancun_geo.output.printing.lettering import Placed
from liancun_geo.output.printing.paper import PX
from liancun_geo.output.printing.sheet_names import sign_radius, star_radius

_DIGITS = 2
_CROWDED = 900
"""Villages on a map of the county past which their lines and links are left out."""
_SVG = "http://www.w3.org/2000/svg"


def draw(
    chart: Chart, layout: Layout, tone: Tone, families: tuple[str, ...], language: Language
) -> str:
    """Return a map as SVG, its units millimetres.

    Parameters
    ----------
    chart, layout
        The plan, and the sheet as it was laid out.
    tone
        Colours or hatches.
    families
        Typefaces of the names, the best first.
    language
        Of what stands on the map beside names.
    """
    window = layout.window
    svg = new(
        "svg",
        xmlns=_SVG,
        width=f"{window.width_mm:g}mm",
        height=f"{window.height_mm:g}mm",
        viewBox=f"0 0 {window.width_mm:g} {window.height_mm:g}",
        font_family=", ".join(f"'{family}'" for family in families),
    )
    north = window.furniture["north"]
    fills.define(add(svg, "defs"), tone, (north[2] - north[0]) / NORTH_MM)
    add(svg, "rect", width=window.width_mm, height=window.height_mm, fill="#FFFFFF")
    drawing = _Drawing(chart, layout, tone, svg)
    drawing.ground()
    drawing.villages()
    drawing.lines()
    drawing.unplaced()
    drawing.water()
    drawing.links()
    drawing.names()
    drawing.signs()
    draw_furniture(svg, chart, layout, language)
    return ET.tostring(svg, encoding="unicode")


class _Drawing:
    """The layers of one map."""

    def __init__(self, chart: Chart, layout: Layout, tone: Tone, svg: Element) -> None:
        self.chart, self.layout, self.tone, self.svg = chart, layout, tone, svg
        self.overview = layout.zone is None
        thin = layout.window.width_mm / 304.0 if self.overview else 1.0
        # Lines shrink less than type: thinner ones are lost on an office printer.
        self.px = PX * max(layout.scale * min(thin, 1.0), 0.7)
        self.crowded = self.overview and len(layout.villages) > _CROWDED

    def ground(self) -> None:
        """Draw the villages around and their township lines."""
        layer = self._layer(fill=fills.GROUND, stroke=fills.GROUND_LINE, width=1.0)
        around = ~self.layout.subject
        for shape in self.layout.shapes[around]:
            self._path(layer, shape)
        layer = self._layer(fill="none", stroke=fills.TOWNSHIP_LINE, width=1.4)
        layer.set("stroke-dasharray", self._mm(9, 3, 2, 3))
        for zone, outline in self.layout.townships.items():
            if zone != self.layout.zone and not self.overview:
                self._path(layer, outline)

    def villages(self) -> None:
        """Draw the fills, with the lines between villages."""
        bw = self.tone == "bw"
        line = "#7A7A7A" if bw else "#FFFFFF"
        layer = self._layer(stroke=line, width=0.4 if self.crowded else 0.9 if bw else 1.1)
        layer.set("stroke-linejoin", "round")
        places = self.chart.fills[self.tone]
        for at in np.flatnonzero(self.layout.subject).tolist():
            number = int(self.chart.alliance_of[self.layout.villages[at]])
            if number < 0:
                # Its dots come after the lines.
                self._path(layer, self.layout.shapes[at], fill=fills.UNPLACED)
            elif not bw:
                self._path(layer, self.layout.shapes[at], fill=fill(places[number], "colour"))
        if bw:
            # One hatch an alliance: cut at every village it would show seams.
            for number, outline in self.layout.alliances.items():
                add(
                    layer,
                    "path",
                    d=self._data(outline),
                    fill=fill(places[number], "bw"),
                    stroke="none",
                )
            for at in np.flatnonzero(self.layout.subject).tolist():
                self._path(layer, self.layout.shapes[at], fill="none")

    def lines(self) -> None:
        """Draw the lines of alliances and of the township, or of all townships."""
        layer = self._layer(
            fill="none", stroke=BORDER, width=0.9 if self.crowded else 1.3 if self.overview else 1.9
        )
        layer.set("stroke-linejoin", "round")
        for outline in self.layout.alliances.values():
            self._path(layer, outline)
        if self.overview:
            halo, outlines = 0.0, list(self.layout.townships.values())
        else:
            assert self.layout.zone is not None
            halo, outlines = 6.0, [self.layout.townships[self.layout.zone]]
        dark = 1.9 if self.crowded else 2.6
        for colour, width, opacity in (("#FFFFFF", halo, 0.85), (INK, dark, 1.0)):
            if not width:
                continue
            layer = self._layer(fill="none", stroke=colour, width=width)
            layer.set("stroke-linejoin", "round")
            if opacity < 1:
                layer.set("stroke-opacity", f"{opacity:g}")
            for outline in outlines:
                self._path(layer, outline)

    def unplaced(self) -> None:
        """Draw villages left out: grey, dots, a dashed line."""
        left_out = np.flatnonzero(
            self.layout.subject & (self.chart.alliance_of[self.layout.villages] < 0)
        )
        for at in left_out.tolist():
            shape = self.layout.shapes[at]
            layer = self._layer(fill="none", stroke="#FFFFFF", width=3.5)
            self._path(layer, shape, fill=fills.UNPLACED)
            self._path(layer, shape, fill="url(#unplaced)")
            layer = self._layer(fill="none", stroke=fills.UNPLACED_LINE, width=1.8)
            layer.set("stroke-dasharray", self._mm(6, 4))
            self._path(layer, shape)

    def water(self) -> None:
        """Draw what cuts villages apart, and what joins them across it."""
        layer = self._layer(fill="none", stroke=fills.WATER, width=1.6)
        layer.set("stroke-linecap", "round")
        if self.tone == "bw":
            layer.set("stroke", INK_3)
        for shape in self.layout.barriers:
            self._path(layer, shape)
        layer = self._layer(fill="none", stroke=INK, width=2.4)
        for shape in self.layout.bridges:
            self._path(layer, shape)

    def links(self) -> None:
        """Draw the lines from the leads to their members."""
        if self.crowded:
            return
        opacity = 0.32 if self.tone == "bw" else 0.24
        layer = self._layer(fill="none", stroke=INK, width=0.8 if self.overview else 1.1)
        layer.set("stroke-opacity", f"{opacity:g}")
        place = {int(village): at for at, village in enumerate(self.layout.villages)}
        for number in self.layout.alliances:
            alliance = self.chart.scenario.alliances[number]
            if alliance.lead not in place:
                continue
            x, y = self.layout.points[place[alliance.lead]]
            for member in alliance.members:
                if member in place:
                    to = self.layout.points[place[member]]
                    add(layer, "path", d=f"M{x:.2f},{y:.2f}L{to[0]:.2f},{to[1]:.2f}")

    def signs(self) -> None:
        """Draw stars, dots and triangles."""
        stars = self._layer(fill=INK, stroke="#FFFFFF", width=1.2 if self.crowded else 2.2)
        stars.set("paint-order", "stroke")
        stars.set("stroke-linejoin", "round")
        dots = self._layer(fill=INK, stroke="none", width=0)
        dots.set("fill-opacity", "0.45")
        weak = self._layer(
            fill=fills.WEAK if self.tone == "colour" else INK, stroke="#FFFFFF", width=1.6
        )
        weak.set("paint-order", "stroke")
        for at in np.flatnonzero(self.layout.subject).tolist():
            village = int(self.layout.villages[at])
            number = int(self.chart.alliance_of[village])
            leads = number >= 0 and self.chart.scenario.alliances[number].lead == village
            is_weak = bool(self.chart.weak[village])
            x, y = self.layout.points[at].tolist()
            radius = (
                star_radius(self.chart, self.layout.window, self.layout.scale)
                if self.overview
                else sign_radius(leads, is_weak, self.layout.scale)
            )
            if leads:
                add(stars, "path", d=star(x, y, radius))
            elif self.overview:
                continue
            elif is_weak:
                add(weak, "path", d=triangle(x, y, radius))
            else:
                add(dots, "circle", cx=f"{x:.2f}", cy=f"{y:.2f}", r=f"{radius:.2f}")

    def names(self) -> None:
        """Draw the names with their halo, and the lines to those that stand apart."""
        layer = self._layer(fill="none", stroke=INK, width=0.8)
        for placed in self.layout.names:
            if placed.leader is not None:
                x, y, to_x, to_y = placed.leader
                add(layer, "path", d=f"M{x:.2f},{y:.2f}L{to_x:.2f},{to_y:.2f}")
        for placed in self.layout.names:
            self._name(placed)

    def _name(self, placed: Placed) -> None:
        name = placed.name
        grey = name.kind in ("around", "unplaced")
        element = add(
            self.svg,
            "text",
            name.text,
            x=f"{placed.x:.2f}",
            y=f"{placed.y:.2f}",
            font_size=f"{name.size:.3f}",
            fill=INK_3 if grey else INK,
            text_anchor="middle",
            stroke="#FFFFFF",
            stroke_opacity=0.9,
            stroke_width=f"{(0.2 if self.tone == 'colour' else 0.3) * name.size:.3f}",
            stroke_linejoin="round",
            paint_order="stroke",
        )
        if name.kind in ("lead", "township"):
            element.set("font-weight", "700")
        if name.spacing:
            element.set("letter-spacing", f"{name.spacing * name.size:.3f}")

    def _layer(self, *, width: float, stroke: str, fill: str | None = None) -> Element:
        layer = add(self.svg, "g", stroke=stroke, stroke_width=f"{width * self.px:.3f}")
        if fill is not None:
            layer.set("fill", fill)
        return layer

    def _path(self, layer: Element, shape: Any, **attributes: str) -> None:
        data = self._data(shape)
        if data:
            add(layer, "path", d=data, **attributes)

    def _data(self, shape: Any) -> str:
        # A shape is drawn several times, and again for the other tone.
        known = self.layout.paths.get(id(shape))
        if known is None:
            known = self.layout.paths[id(shape)] = _data(shape)
        return known

    def _mm(self, *pixels: float) -> str:
        return " ".join(f"{one * self.px:.3f}" for one in pixels)


def _data(shape: Any) -> str:
    """Return lines and polygons as path data; points of a cut shape are left out."""
    parts = [part for part in shapely.get_parts(shape) if part.geom_type != "Point"]
    nested = [one for part in parts for one in shapely.get_parts(part) if one.geom_type != "Point"]
    return path_data(shapely.geometrycollections(nested), _DIGITS) if nested else ""

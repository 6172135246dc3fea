"""The small map of a card: the village, its alliance, who is next to it."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import shapely

from liancun_geo.output.picture.colours import PALETTE
from liancun_geo.output.picture.labels import Labels
from liancun_geo.output.picture.markup import Element, add
from liancun_geo.output.picture.scene import Scene, build_scene, path_data
from liancun_geo.output.picture.symbols import star, triangle
from liancun_geo.output.why_card.parts import Say
from liancun_geo.plan import UNASSIGNED
from liancun_geo.scenario import Scenario

WIDE, HIGH = 348.0, 270.0
"""Of the map on the card, px."""

_PALE = "#F7F8F8"
_SPACING = 0.2  # between the letters of a township, as in the style sheet
_TOLERANCE = 0.02  # of the side of a usual village: about a pixel on a card
_USUAL = 20.0  # drawing units: villages smaller than that need a second digit
_NEAREST = 2.4  # sides of the village: its surroundings are always seen
_FARTHEST = 6.0  # sides of the village: a lead farther off does not shrink the map to nothing

View = tuple[float, float, float, float]


class Neighbourhoods:
    """Small maps of one plan; every shape is written once and used by all of them.

    Parameters
    ----------
    scenario
        The plan.
    """

    def __init__(self, scenario: Scenario) -> None:
        area = shapely.area(scenario.villages.frame.geometry.to_numpy())
        bounds = scenario.villages.frame.total_bounds
        longer = max(bounds[2] - bounds[0], bounds[3] - bounds[1], 1.0)
        self.usual = float(np.sqrt(np.median(area))) / longer * 1000.0
        self.scene: Scene = build_scene(scenario, tolerance=_TOLERANCE * self.usual)
        self.scenario = scenario
        self._tree = shapely.STRtree(self.scene.villages)
        self._neighbours: dict[int, set[int]] = defaultdict(set)
        for a, b in scenario.problem.edges.tolist():
            self._neighbours[a].add(b)
            self._neighbours[b].add(a)
        frame = scenario.villages.frame
        weak = [frame[name].fillna(False).astype(bool) for name in ("weak_organisation",)]
        weak.append(frame["weak_economy"].fillna(False).astype(bool))
        self._weak = np.logical_or.reduce([one.to_numpy() for one in weak])
        self._used: dict[str, set[int]] = {"v": set(), "a": set(), "t": set()}

    def draw(self, parent: Element, village: int, say: Say) -> None:
        """Append the map of a village."""
        view = self._view(village)
        unit = view[2] / WIDE
        svg = add(
            parent,
            "svg",
            class_="map",
            width=f"{WIDE:.0f}",
            height=f"{HIGH:.0f}",
            viewBox=" ".join(f"{value:.2f}" for value in view),
            role="img",
            aria_label=say("map", village=self.scene.names[village]),
        )
        shown = sorted(
            self._tree.query(
                shapely.box(view[0], view[1], view[0] + view[2], view[1] + view[3])
            ).tolist()
        )
        self._fills(svg, village, shown, unit)
        self._lines(svg, village, shown, unit)
        self._links(svg, village, shown, unit)
        self._chosen(svg, village, unit)
        self._signs(svg, village, shown, view, unit)

    def shapes(self) -> Element:
        """Return the shapes that the maps drawn so far refer to."""
        svg = Element("svg", {"width": "0", "height": "0", "class": "shapes"})
        svg.set("aria-hidden", "true")
        defs = add(svg, "defs")
        digits = 1 if self.usual >= _USUAL else 2
        shapes = {
            "v": self.scene.villages,
            "a": self.scene.alliances,
            "t": self.scene.townships,
        }
        for kind, numbers in self._used.items():
            for number in sorted(numbers):
                add(defs, "path", id=f"{kind}{number}", d=path_data(shapes[kind][number], digits))
        size = "5"
        pattern = add(
            defs, "pattern", id="dots", width=size, height=size, patternUnits="userSpaceOnUse"
        )
        pattern.set("patternTransform", f"scale({self.usual / 80:.3f})")
        add(pattern, "rect", width=size, height=size, fill="#E7EAEC")
        add(pattern, "circle", cx="2.5", cy="2.5", r="0.8", fill="#8A959D")
        return svg

    def _view(self, village: int) -> View:
        """Return left, top, width and height: the village, what touches it, its alliance."""
        scene = self.scene
        left, top, right, bottom = scene.villages[village].bounds
        side = max(right - left, bottom - top, 1e-6)
        middle = np.array([(left + right) / 2, (top + bottom) / 2])
        around = {*self._neighbours[village]}
        number = int(scene.alliance_of[village])
        if number >= 0:
            alliance = self.scenario.alliances[number]
            around |= set(alliance.villages) if alliance.lead == village else {alliance.lead}
        points = scene.points[sorted(around)].reshape(-1, 2)
        near = np.abs(points - middle).max(axis=1) <= _FARTHEST * side
        corners = np.vstack([[[left, top], [right, bottom]], points[near]])
        low, high = corners.min(axis=0), corners.max(axis=0)
        margin = 0.14 * float((high - low).max())
        wide, tall = np.maximum((high - low) + 2 * margin, _NEAREST * side)
        wide = max(float(wide), float(tall) * WIDE / HIGH)
        tall = wide * HIGH / WIDE
        centre = (low + high) / 2
        return float(centre[0] - wide / 2), float(centre[1] - tall / 2), wide, tall

    def _use(self, parent: Element, kind: str, number: int) -> None:
        self._used[kind].add(number)
        add(parent, "use", href=f"#{kind}{number}")

    def _fills(self, svg: Element, village: int, shown: list[int], unit: float) -> None:
        scene, zone_of = self.scene, self.scenario.problem.zone_of
        by_fill: dict[str, list[int]] = defaultdict(list)
        for other in shown:
            number = int(scene.alliance_of[other])
            if zone_of[other] != zone_of[village]:
                by_fill[_PALE].append(other)
            elif number < 0:
                by_fill["url(#dots)"].append(other)
            else:
                by_fill[PALETTE[scene.colours[number]]].append(other)
        for fill in sorted(by_fill):
            stroke = "#DDE3E7" if fill == _PALE else "#FFFFFF"
            layer = add(svg, "g", fill=fill, stroke=stroke, stroke_width=f"{1.1 * unit:.3f}")
            for other in by_fill[fill]:
                self._use(layer, "v", other)

    def _lines(self, svg: Element, village: int, shown: list[int], unit: float) -> None:
        scene, zone_of = self.scene, self.scenario.problem.zone_of
        own = int(scene.alliance_of[village])
        there = [other for other in shown if zone_of[other] == zone_of[village]]
        numbers = sorted({int(scene.alliance_of[other]) for other in there} - {own, -1})
        style = {"class_": "outline", "stroke": "#3A4A55", "stroke_width": f"{1.9 * unit:.3f}"}
        layer = add(svg, "g", **style)
        for number in numbers:
            self._use(layer, "a", number)
        for number in sorted({int(scene.township_of[other]) for other in shown}):
            style = {"class_": "outline", "stroke": "#1B2A34", "stroke_width": f"{2.4 * unit:.3f}"}
            self._use(add(svg, "g", **style), "t", number)
        if own >= 0:
            style = {"class_": "outline", "stroke": "#1B2A34", "stroke_width": f"{3.2 * unit:.3f}"}
            self._use(add(svg, "g", **style), "a", own)

    def _links(self, svg: Element, village: int, shown: list[int], unit: float) -> None:
        points, lead_of = self.scene.points, self.scenario.plan.lead_of
        zone_of = self.scenario.problem.zone_of
        for kind in ("faint", "own"):
            steps = []
            for other in shown:
                lead = int(lead_of[other])
                inside = lead == lead_of[village] != UNASSIGNED
                if lead in (UNASSIGNED, other) or inside != (kind == "own"):
                    continue
                if zone_of[other] == zone_of[village]:
                    (x, y), (to_x, to_y) = points[other], points[lead]
                    steps.append(f"M{x:.1f},{y:.1f}L{to_x:.1f},{to_y:.1f}")
            if steps:
                style = {"class_": f"link {kind}", "stroke_width": f"{1.3 * unit:.3f}"}
                add(svg, "path", d="".join(steps), **style)

    def _chosen(self, svg: Element, village: int, unit: float) -> None:
        for stroke, width in (("#FFFFFF", 8), ("#1D5B8F", 4)):
            style = {"class_": "outline", "stroke": stroke, "stroke_width": f"{width * unit:.3f}"}
            self._use(add(svg, "g", **style), "v", village)

    def _signs(self, svg: Element, village: int, shown: list[int], view: View, unit: float) -> None:
        """Draw stars, triangles and dots, then the names that fit: the village's own first."""
        scene, lead_of = self.scene, self.scenario.plan.lead_of
        zone_of = self.scenario.problem.zone_of
        labels = Labels(view)
        layer = add(svg, "g", class_="signs", stroke_width=f"{2.4 * unit:.3f}")
        there = [v for v in shown if zone_of[v] == zone_of[village]]
        radius = {}
        for other in there:
            x, y = (float(value) for value in scene.points[other])
            if not (view[0] < x < view[0] + view[2] and view[1] < y < view[1] + view[3]):
                continue
            leads = lead_of[other] == other
            radius[other] = (10 if leads else 5.5 if self._weak[other] else 2.6) * unit
            if leads:
                add(layer, "path", d=star(x, y, radius[other]))
            elif self._weak[other]:
                add(layer, "path", class_="weak", d=triangle(x, y, radius[other]))
            else:
                add(layer, "path", d=f"M{x:.1f},{y:.1f}h0", class_="dot",
                    stroke_width=f"{5.2 * unit:.2f}")  # fmt: skip
            labels.block(x, y, radius[other])
        names = add(svg, "g", class_="names", stroke_width=f"{3 * unit:.3f}")
        order = sorted(radius, key=lambda v: (v != village, lead_of[v] != v, v))
        for other in order:
            x, y = (float(value) for value in scene.points[other])
            size = (15 if other == village else 13.5 if lead_of[other] == other else 12) * unit
            place = labels.place(scene.names[other], x, y, size, radius[other] + 2 * unit)
            if place is not None:
                bold = other == village or lead_of[other] == other
                add(
                    names,
                    "text",
                    scene.names[other],
                    x=f"{place[0]:.1f}",
                    y=f"{place[1]:.1f}",
                    font_size=f"{size:.2f}",
                    **({"font_weight": 700} if bold else {}),
                )
        self._townships(names, village, shown, labels, view)

    def _townships(
        self, layer: Element, village: int, shown: list[int], labels: Labels, view: View
    ) -> None:
        """Write the names of the townships next to it where they fit."""
        scene, size = self.scene, 13 * view[2] / WIDE
        window = shapely.box(view[0], view[1], view[0] + view[2], view[1] + view[3])
        own = int(scene.township_of[village])
        for number in sorted({int(scene.township_of[other]) for other in shown} - {own}):
            name = scene.township_names[number]
            seen = shapely.intersection(scene.townships[number], window)
            place = labels.place_inside(name, seen, size, _SPACING)
            if place is not None:
                at = {"x": f"{place[0]:.1f}", "y": f"{place[1]:.1f}"}
                add(layer, "text", name, class_="township", font_size=f"{size:.2f}", **at)

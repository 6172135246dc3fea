"""A sheet laid out: shapes at the paper's resolution, signs, and every name in its place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from liancun_geo.output.picture.scene import middles, united
from liancun_geo.output.printing.chart import Chart, Shapes
from liancun_geo.output.printing.lettering import Kind, Lettering, Name, Placed, shortened
from liancun_geo.output.printing.paper import PX
from liancun_geo.output.printing.window import Box, Window, fit

_RESOLUTION_MM = 0.12
_BLEED_MM = 4.0
_SHRINK = (1.0, 0.92, 0.84, 0.77, 0.7, 0.64, 0.58, 0.5, 0.43, 0.36)
_GOOD = 0.06
"""Share of names that may stand apart before smaller type is tried."""
_READABLE = 0.55
"""Type is not made smaller than this for the sake of fewer leader lines."""
_MOST_LEAD_NAMES = 90
_MOST_WITHOUT = 0.25
"""Share of leads without a name on the map of the county, past which none is named."""


@dataclass(frozen=True, eq=False)
class Layout:
    """Everything that a sheet draws, in millimetres of its map.

    Attributes
    ----------
    window
        The piece of land.
    zone
        Number of the township it is about, None for the county.
    villages
        (k,) the villages in sight, by their number.
    shapes, points
        (k,) polygons cut to the map, (k, 2) their middles.
    subject
        (k,) whether the sheet is about them.
    alliances
        Of each alliance the sheet is about, its outline.
    townships
        Outline of each township in sight.
    names
        All names.
    scale
        Size of signs and type beside those of the design.
    barriers, bridges
        Cut to the map.
    """

    window: Window
    zone: int | None
    villages: NDArray[np.intp]
    shapes: Shapes
    points: NDArray[np.float64]
    subject: NDArray[np.bool_]
    alliances: dict[int, Any]
    townships: dict[int, Any]
    names: tuple[Placed, ...]
    scale: float
    barriers: Shapes
    bridges: Shapes


def lay_out(
    chart: Chart,
    zone: int | None,
    width_mm: float,
    height_mm: float,
    scale: float,
    *,
    inset: bool = True,
) -> Layout:
    """Lay out one sheet.

    Parameters
    ----------
    chart
        The plan.
    zone
        Township, None for the whole county.
    width_mm, height_mm
        Of the map.
    scale
        Size of type and signs beside those of the design.
    inset
        Keep a corner for a map of the county.
    """
    about = chart.villages_of(zone)
    zones = np.unique(chart.zone_of[about])
    window = fit(
        shapely.union_all(chart.outlines[zones]),
        shapely.total_bounds(chart.shapes[about]).tolist(),
        width_mm,
        height_mm,
        furniture_sizes(chart, scale, inset=inset and zone is not None),
        margin_mm=(7.0 if zone is not None else 5.0) * scale,
    )
    left, low, right, high = window.bounds_m
    seen = np.sort(chart.tree.query(shapely.box(left, low, right, high), predicate="intersects"))
    seen = np.union1d(seen, about).astype(np.intp)
    whole = shapely.coverage_simplify(window.drawn(chart.shapes[seen]), _RESOLUTION_MM)
    paper = (-_BLEED_MM, -_BLEED_MM, width_mm + _BLEED_MM, height_mm + _BLEED_MM)
    subject = np.isin(seen, about)
    shapes = _cut(whole, paper)
    points = np.zeros((len(seen), 2))
    points[subject] = middles(whole[subject])
    alliances, townships = _outlines(chart, seen, shapes, subject)
    sheet = _Sheet(chart, window, zone, seen, shapes, points, subject, townships)
    names, shrunk = sheet.lettered(scale)
    return Layout(
        window,
        zone,
        seen,
        shapes,
        points,
        subject,
        alliances,
        townships,
        names,
        shrunk,
        _cut(window.drawn(chart.barriers), paper),
        _cut(window.drawn(chart.bridges), paper),
    )


def furniture_sizes(chart: Chart, scale: float, *, inset: bool) -> dict[str, tuple[float, float]]:
    """Return the room that scale bar, north arrow and inset take, millimetres."""
    sizes = {"scale": (84.0 * scale, 19.0 * scale), "north": (13.0 * scale, 21.0 * scale)}
    if inset:
        left, low, right, high = shapely.total_bounds(chart.shapes).tolist()
        longer = max(right - left, high - low, 1.0)
        wide, tall = (right - left) / longer, (high - low) / longer
        side = 44.0 * scale
        sizes["inset"] = (side * max(wide, 0.6) + 3, side * max(tall, 0.35) + 7.5 * scale)
    return sizes


def _cut(shapes: Shapes, box: Box) -> Shapes:
    cut: Shapes = shapes.copy()
    broken = ~shapely.is_valid(cut)
    cut[broken] = shapely.make_valid(cut[broken])
    frame = shapely.box(*box)
    outside = ~shapely.covered_by(cut, frame)
    cut[outside] = shapely.intersection(cut[outside], frame)
    return cut


def _outlines(
    chart: Chart, seen: NDArray[np.intp], shapes: Shapes, subject: NDArray[np.bool_]
) -> tuple[dict[int, Any], dict[int, Any]]:
    """Return the outlines of the alliances the sheet is about and of all townships in sight."""
    ours = np.where(subject, chart.alliance_of[seen], -1)
    numbers, place = np.unique(ours, return_inverse=True)
    merged = united(shapes, place, len(numbers))
    alliances = {int(a): shape for a, shape in zip(numbers, merged, strict=True) if a >= 0}
    zones, place = np.unique(chart.zone_of[seen], return_inverse=True)
    merged = united(shapes, place, len(zones))
    return alliances, {int(z): shape for z, shape in zip(zones, merged, strict=True)}


@dataclass(frozen=True, eq=False)
class _Sheet:
    """The names of one sheet, tried at smaller and smaller type."""

    chart: Chart
    window: Window
    zone: int | None
    villages: NDArray[np.intp]
    shapes: Shapes
    points: NDArray[np.float64]
    subject: NDArray[np.bool_]
    townships: dict[int, Any]

    def lettered(self, scale: float) -> tuple[tuple[Placed, ...], float]:
        """Return all names in their places, and the size of type that let them."""
        best: tuple[int, Lettering, float] | None = None
        for shrink in _SHRINK:
            size = scale * shrink
            lettering, apart, lost = self._tried(size)
            if lost:
                continue
            if best is None or apart < best[0]:
                best = apart, lettering, size
            names = int(self.subject.sum()) if self.zone is not None else len(self.townships)
            allowed = max(1.0, _GOOD * names)
            if apart <= allowed or shrink <= _READABLE:
                break
        if best is None:
            best = apart, lettering, size
        self._around(best[1], scale)
        return tuple(best[1].placed), best[2]

    def _tried(self, size: float) -> tuple[Lettering, int, int]:
        """Return the sheet at a size of type, how many names stand apart, how many are lost."""
        window = self.window
        lettering = Lettering((1.0, 1.0, window.width_mm - 1.0, window.height_mm - 1.0))
        for box in window.furniture.values():
            lettering.block(box)
        for at in np.flatnonzero(self.subject).tolist():
            sign = self._sign(at, size)
            if sign is not None:
                lettering.block(sign)
        ours = shapely.simplify(shapely.union_all(list(self.shapes[self.subject])), 0.3)
        if self.zone is None:
            without = self._townships(lettering, size)
        else:
            without = lettering.place_all(self._names(size))
        lost = sum(not lettering.lead_out(name, ours) for name in without)
        if self.zone is None:
            self._leads(lettering, size)
        return lettering, len(without), lost

    def _sign(self, at: int, size: float) -> Box | None:
        village = int(self.villages[at])
        number = int(self.chart.alliance_of[village])
        leads = number >= 0 and self.chart.scenario.alliances[number].lead == village
        if self.zone is None and not leads:
            return None
        radius = sign_radius(leads, bool(self.chart.weak[village]), size, self.zone is None)
        x, y = self.points[at]
        return x - radius, y - radius, x + radius, y + radius

    def _names(self, size: float) -> list[Name]:
        """Return the names of the villages, leads first, then those with the least room."""
        chart, names = self.chart, []
        for at in np.flatnonzero(self.subject).tolist():
            village = int(self.villages[at])
            number = int(chart.alliance_of[village])
            leads = number >= 0 and chart.scenario.alliances[number].lead == village
            kind: Kind = "lead" if leads else "member" if number >= 0 else "unplaced"
            type_mm = (18 if leads else 15) * PX * size
            radius = sign_radius(leads, bool(chart.weak[village]), size, False)
            names.append(
                Name(
                    shortened(chart.names[village]),
                    kind,
                    float(self.points[at, 0]),
                    float(self.points[at, 1]),
                    type_mm,
                    radius + 0.1 * type_mm,
                    self.shapes[at],
                )
            )
        order = {"lead": 0, "member": 1, "unplaced": 1}
        return sorted(names, key=lambda name: (order[name.kind], shapely.area(name.home)))

    def _townships(self, lettering: Lettering, size: float) -> list[Name]:
        """Name the townships of the county, and return those whose names found no room."""
        without = []
        # The smallest first: they have the least choice.
        for zone, outline in sorted(
            self.townships.items(), key=lambda item: (shapely.area(item[1]), item[0])
        ):
            home = max(shapely.get_parts(outline), key=shapely.area)
            home = shapely.simplify(home, 0.3)
            x, y = middles(np.array([home], dtype=object))[0].tolist()
            text = shortened(self.chart.zones[zone].name)
            tried = [
                Name(text, "township", x, y, pixels * PX * size, 0.0, home, 0.12)
                for pixels in (20, 17, 14, 12)
            ]
            if not any(lettering.place_inside(name) for name in tried) and not any(
                lettering.place_inside(name, whole=False) for name in tried[1:]
            ):
                without.append(tried[-2])
        return without

    def _leads(self, lettering: Lettering, size: float) -> None:
        """Name the leads of the county, if they are few enough and nearly all find room."""
        chart, names = self.chart, []
        alliances = chart.scenario.alliances
        if len(alliances) > _MOST_LEAD_NAMES:
            return
        place = {int(village): at for at, village in enumerate(self.villages)}
        for alliance in alliances:
            at = place[alliance.lead]
            text = shortened(chart.names[alliance.lead], 10)
            x, y = self.points[at].tolist()
            radius = sign_radius(True, False, size, True)
            gap = radius + 0.5 * PX
            names.append(Name(text, "lead", x, y, 12 * PX * size, gap, self.shapes[at]))
        before = lettering.placed.copy()
        if len(lettering.place_all(names)) > _MOST_WITHOUT * len(names):
            lettering.placed[:] = before

    def _around(self, lettering: Lettering, scale: float) -> None:
        """Name the townships around, where there is room."""
        if self.zone is None:
            return
        ours = shapely.union_all(list(self.shapes[self.subject]))
        view = shapely.box(*lettering.view)
        for zone, outline in sorted(self.townships.items()):
            if zone == self.zone:
                continue
            home = shapely.intersection(shapely.difference(outline, ours), view)
            home = max(shapely.get_parts(home), key=shapely.area, default=home)
            if home.is_empty or home.geom_type != "Polygon":
                continue
            middle = middles(np.array([home], dtype=object))[0]
            text = shortened(self.chart.zones[zone].name)
            x, y = float(middle[0]), float(middle[1])
            for size in (15, 12):
                name = Name(text, "around", x, y, size * PX * scale, 0.0, home, 0.2)
                if lettering.place_inside(name):
                    break


def sign_radius(leads: bool, weak: bool, scale: float, overview: bool) -> float:
    """Return the radius of a village's sign in millimetres."""
    pixels = (6.5 if overview else 9.0) if leads else 5.0 if weak else 1.8
    return pixels * PX * scale

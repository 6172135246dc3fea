"""A sheet laid out: shapes at the paper's resolution, signs, and every name in its place."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from liancun_geo.output.picture.scene import middles, united
from liancun_geo.output.printing.chart import Chart, Shapes
from liancun_geo.output.printing.lettering import Placed
from liancun_geo.output.printing.sheet_names import SheetNames
from liancun_geo.output.printing.window import Box, Window, fit

_RESOLUTION_MM = 0.12
_BLEED_MM = 4.0
NORTH_MM = 13.0
"""Width of the north arrow at the scale of the design."""

_APART_M = 50.0
_MOST_FOR_EXCLAVES = 1.5


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
    off
        Villages of the township that lie far off its body, outside the map.
    paths
        Path data of shapes that were drawn already, by their identity.
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
    off: tuple[int, ...]
    paths: dict[int, str] = field(default_factory=dict, repr=False)


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
    about, off, bounds = main_body(chart, chart.villages_of(zone), width_mm / height_mm)
    zones = np.unique(chart.zone_of[about])
    window = fit(
        shapely.clip_by_rect(shapely.union_all(chart.outlines[zones]), *bounds),
        bounds,
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
    ours = shapely.simplify(shapely.union_all(list(shapes[subject])), 0.3)
    sheet = SheetNames(chart, window, zone, seen, shapes, points, subject, townships, ours)
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
        off,
    )


def main_body(
    chart: Chart, about: NDArray[np.intp], aspect: float
) -> tuple[NDArray[np.intp], tuple[int, ...], Box]:
    """Return the villages that a sheet shows, those too far off for it, and what it must hold.

    Pieces of land are added to the largest, the nearest first, while the map does not become
    half as small again for their sake: an exclave at the other end of the county would leave a
    township as large as a stamp.
    """
    parts, owner = shapely.get_parts(chart.shapes[about], return_index=True)
    pairs = shapely.STRtree(parts).query(parts, predicate="dwithin", distance=_APART_M)
    links = coo_array((np.ones(pairs.shape[1]), pairs), shape=(len(parts), len(parts)))
    count, piece = connected_components(links, directed=False)
    areas = np.bincount(piece, weights=shapely.area(parts), minlength=count)
    bounds = np.array([shapely.total_bounds(parts[piece == one]) for one in range(count)])
    body = int(np.argmax(areas))
    held, kept = bounds[body], {body}
    allowed = _MOST_FOR_EXCLAVES * _extent(held, aspect)
    centre = (held[:2] + held[2:]) / 2
    far = np.hypot(*((bounds[:, :2] + bounds[:, 2:]) / 2 - centre).T)
    for one in np.argsort(far, kind="stable").tolist():
        wider = np.concatenate(
            (np.minimum(held[:2], bounds[one, :2]), np.maximum(held[2:], bounds[one, 2:]))
        )
        if _extent(wider, aspect) <= allowed:
            held, kept = wider, kept | {one}
    largest = np.lexsort((-shapely.area(parts), owner))
    main = largest[np.searchsorted(owner[largest], np.arange(len(about)))]
    shown = np.isin(piece[main], sorted(kept))
    left, low, right, high = held.tolist()
    return about[shown], tuple(about[~shown].tolist()), (left, low, right, high)


def _extent(bounds: NDArray[np.float64], aspect: float) -> float:
    return float(max(bounds[2] - bounds[0], (bounds[3] - bounds[1]) * aspect, 1.0))


def furniture_sizes(chart: Chart, scale: float, *, inset: bool) -> dict[str, tuple[float, float]]:
    """Return the room that scale bar, north arrow and inset take, millimetres."""
    sizes = {"scale": (70.0 * scale, 19.0 * scale), "north": (NORTH_MM * scale, 21.0 * scale)}
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

"""Where villages overlap and where land lies between them: arrays of shapes, no words.

All shapes are polygons in one projected CRS in metres. The **width** of a polygon is its greatest
width: the diameter of its greatest inscribed circle, to 2 %. So a strip of 2 m has the width 2
however long it is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from shapely.geometry import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

Shapes = NDArray[np.object_]
Ints = NDArray[np.intp]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

MICRO_M = 0.01
"""Narrower than this is no surveyed width but rounding: of coordinates, of a projection."""
TOUCH_M = 1e-3
"""Shapes this close touch: computed corners are rounded."""
_SHAVING_M = 2e-3
_ROUND = 8  # segments in a quarter circle of a buffer


@dataclass(frozen=True)
class Overlaps:
    """Land that belongs to two villages.

    Attributes
    ----------
    pairs
        (k, 2) positions ``i < j``, sorted.
    shapes
        (k,) Polygon or MultiPolygon.
    width_m
        (k,) greatest width.
    """

    pairs: Ints
    shapes: Shapes
    width_m: Floats


@dataclass(frozen=True)
class Gaps:
    """Land between villages that belongs to none.

    Attributes
    ----------
    shapes
        (k,) Polygon.
    width_m
        (k,) greatest width.
    is_open
        (k,) whether it is a stretch of a wider gap, or of the outside, that is narrower than
        the tolerance; the others are surrounded by villages.
    around
        For each gap the positions of the villages that touch it, ascending.
    """

    shapes: Shapes
    width_m: Floats
    is_open: Flags
    around: tuple[tuple[int, ...], ...]


def as_shapes(items: list[BaseGeometry] | Shapes) -> Shapes:
    """Return shapes as a one-dimensional array of objects."""
    array = np.empty(len(items), dtype=object)
    array[:] = items
    return array


def valid(shapes: Shapes) -> Shapes:
    """Return a copy with valid polygons in place of invalid ones, as the intake makes them.

    A shape of which no area is left becomes an empty polygon.
    """
    fixed = shapes.copy()
    wrong = np.flatnonzero(~shapely.is_valid(shapes))
    if len(wrong):
        repaired = shapely.make_valid(shapes[wrong], method="structure", keep_collapsed=False)
        fixed[wrong] = [polygonal(shape) for shape in repaired]
    return fixed


def polygonal(shape: BaseGeometry) -> BaseGeometry:
    """Return the parts of a shape that have an area; an empty polygon if there are none."""
    parts = _polygons(shape)
    parts = parts[shapely.area(parts) > 0]
    if not len(parts):
        return Polygon()
    return together(parts)


def together(parts: Shapes) -> BaseGeometry:
    """Return polygons as one shape."""
    shape: BaseGeometry = parts[0] if len(parts) == 1 else MultiPolygon(list(parts))
    return shape


def widths(shapes: Shapes) -> Floats:
    """Return (k,) the greatest width in metres of polygons; of several parts, the widest.

    Right to 2 %, and not above the true width of a straight strip. Below :data:`MICRO_M` the mean
    width 2 A / P stands for it.
    """
    parts, owner = shapely.get_parts(shapes, return_index=True)
    area = shapely.area(parts)
    # No shape is wider than the circle of its area: most rounding noise needs no closer look.
    width = 2 * np.sqrt(area / np.pi)
    real = np.flatnonzero(width > MICRO_M)
    micro = shapely.is_empty(_eroded(parts[real], np.full(len(real), MICRO_M)))
    thin = np.concatenate([np.flatnonzero(width <= MICRO_M), real[micro]])
    width[thin] = 2 * area[thin] / np.maximum(shapely.length(parts[thin]), TOUCH_M)
    real = real[~micro]
    # Bisection of the offset at which nothing is left: slivers with many vertices are what the
    # search for their inscribed circle takes longest for.
    low, high = np.full(len(real), MICRO_M), width[real]
    while (open_ := np.flatnonzero(high > low * 1.01)).size:
        middle = np.sqrt(low[open_] * high[open_])
        gone = shapely.is_empty(_eroded(parts[real[open_]], middle))
        low[open_] = np.where(gone, low[open_], middle)
        high[open_] = np.where(gone, middle, high[open_])
    width[real] = low
    widest = np.zeros(len(shapes))
    np.maximum.at(widest, owner, width)
    return widest


def _eroded(parts: Shapes, width_m: Floats) -> Shapes:
    return np.asarray(shapely.buffer(parts, -width_m / 2, quad_segs=_ROUND // 2), dtype=object)


def mismatched(shapes: Shapes) -> Shapes:
    """Return (n,) the stretches of every village's border that match no neighbour's exactly.

    Stretches of the outside are no mismatch (``CoverageValidator`` of JTS/GEOS). Villages with
    the same shape are told wholly.
    """
    return np.asarray(shapely.coverage_invalid_edges(shapes), dtype=object)


def overlaps(shapes: Shapes, edges: Shapes) -> Overlaps:
    """Return the land that villages have in common.

    Parameters
    ----------
    shapes
        (n,) valid.
    edges
        (n,) as :func:`mismatched` returns them: only such villages can overlap others.
    """
    suspects = np.flatnonzero(~shapely.is_empty(edges))
    one, two = shapely.STRtree(shapes).query(shapes[suspects], predicate="intersects")
    one = suspects[one]
    pairs = np.sort(np.column_stack([one, two])[one != two], axis=1)
    pairs = np.unique(pairs, axis=0).reshape(-1, 2)
    common = shapely.intersection(shapes[pairs[:, 0]], shapes[pairs[:, 1]])
    # Neighbours meet in lines and points as well: only areas count.
    wide = np.flatnonzero(shapely.area(common) > 0)
    common = as_shapes([polygonal(shape) for shape in common[wide]])
    return Overlaps(pairs[wide].astype(np.intp), common, widths(common))


def territory(shapes: Shapes, edges: Shapes) -> BaseGeometry:
    """Return the union of all villages; exact and fast if all borders match."""
    if shapely.is_empty(edges).all():
        return shapely.coverage_union_all(shapes)
    return shapely.union_all(shapes)


def gaps(shapes: Shapes, union: BaseGeometry, tolerance_m: float) -> Gaps:
    """Return the land between villages.

    Surrounded gaps are the holes of the union. Open ones are what a morphological closing with
    a disc of ``tolerance_m`` adds to it (Serra 1982), where that is longer than four times the
    tolerance and lies between at least two villages: shorter is the corner of two borders.

    Parameters
    ----------
    shapes
        (n,) valid.
    union
        As :func:`territory` returns it.
    tolerance_m
        Width in metres up to which gaps are narrow.
    """
    holes = _holes(union)
    width = widths(holes)
    slits = _slits(shapes, _without(union, holes[width <= tolerance_m]), tolerance_m)
    every = np.concatenate([holes, slits])
    around = touching(every, shapes)
    is_open = np.arange(len(every)) >= len(holes)
    several = np.array([len(villages) > 1 for villages in around], dtype=np.bool_)
    keep = np.flatnonzero(~is_open | several)
    return Gaps(
        every[keep],
        np.concatenate([width, widths(slits)])[keep],
        is_open[keep],
        tuple(around[number] for number in keep),
    )


def touching(places: Shapes, shapes: Shapes) -> list[tuple[int, ...]]:
    """Return for each place the positions of the villages that touch it, ascending."""
    found: list[list[int]] = [[] for _ in places]
    place, village = shapely.STRtree(shapes).query(places, predicate="dwithin", distance=TOUCH_M)
    for number, position in zip(place.tolist(), village.tolist(), strict=True):
        found[number].append(position)
    return [tuple(sorted(villages)) for villages in found]


def _holes(union: BaseGeometry) -> Shapes:
    parts = _polygons(union)
    rings, part = shapely.get_rings(parts, return_index=True)
    inner = np.concatenate([[False], part[1:] == part[:-1]]) if len(rings) else np.zeros(0, bool)
    holes = shapely.polygons(rings[inner])
    # A village on an island is no part of the lake.
    hole, island = shapely.STRtree(parts).query(holes, predicate="contains")
    for number in np.unique(hole):
        inside = parts[island[hole == number]]
        holes[number] = polygonal(shapely.difference(holes[number], shapely.union_all(inside)))
    return as_shapes(holes)


def _without(union: BaseGeometry, holes: Shapes) -> BaseGeometry:
    """Return the union with some of its holes filled."""
    if not len(holes):
        return union
    filled = {_outline(hole) for hole in shapely.get_parts(holes)}
    parts = []
    for part in _polygons(union):
        rings = [ring for ring in part.interiors if _outline(Polygon(ring)) not in filled]
        parts.append(Polygon(part.exterior, rings) if part.interiors else part)
    return MultiPolygon(parts)


def _outline(polygon: Polygon) -> bytes:
    """Return the outer ring, the same wherever it begins and however it turns."""
    ring: bytes = Polygon(polygon.exterior).normalize().wkb
    return ring


def _slits(shapes: Shapes, union: BaseGeometry, tolerance_m: float) -> Shapes:
    if tolerance_m <= MICRO_M or shapely.is_empty(union):
        return as_shapes([])
    wide = shapely.buffer(union, tolerance_m / 2, quad_segs=_ROUND)
    closed = shapely.buffer(wide, -tolerance_m / 2, quad_segs=_ROUND)
    # Offsetting leaves shavings along straight borders, which a thicker union hides.
    thick = shapely.buffer(union, _SHAVING_M, quad_segs=1)
    slits = _polygons(shapely.difference(closed, thick))
    slits = slits[shapely.length(slits) / 2 > 4 * tolerance_m]
    if not len(slits):
        return slits
    # Flush with the borders again: each slit anew, with the villages around it.
    areas = shapely.buffer(slits, 2 * _SHAVING_M, quad_segs=1)
    near = touching(areas, shapes)
    exact = [
        _largest(shapely.difference(area, shapely.union_all(shapes[list(villages)])))
        for area, villages in zip(areas, near, strict=True)
    ]
    return as_shapes([slit for slit in exact if not slit.is_empty])


def _polygons(shape: BaseGeometry) -> Shapes:
    parts = shapely.get_parts(shapely.get_parts([shape]))
    return as_shapes(parts[shapely.get_type_id(parts) == 3])


def _largest(shape: BaseGeometry) -> BaseGeometry:
    parts = _polygons(shape)
    largest: BaseGeometry = parts[np.argmax(shapely.area(parts))] if len(parts) else Polygon()
    return largest


def contacts(shapes: Shapes, tolerance_m: float) -> Ints:
    """Return (m, 2) positions ``i < j`` of the villages at most ``tolerance_m`` apart, sorted."""
    here = np.flatnonzero(~shapely.is_empty(shapes))
    one, two = shapely.STRtree(shapes).query(
        shapes[here], predicate="dwithin", distance=max(tolerance_m, TOUCH_M)
    )
    one = here[one]
    pairs = np.column_stack([one, two])[one < two].astype(np.intp)
    order: Ints = np.lexsort((pairs[:, 1], pairs[:, 0]))
    return np.take(pairs, order, axis=0)


def spikes(shapes: Shapes, angle_degrees: float, length_m: float) -> tuple[Floats, Ints]:
    """Return the vertices where a border turns back on itself, and whose they are.

    Parameters
    ----------
    shapes
        (n,) polygons.
    angle_degrees
        Greatest angle between the two sides.
    length_m
        Least length of the shorter side.

    Returns
    -------
    points, villages
        (k, 2) in metres; (k,) positions.
    """
    rings, village = _all_rings(shapes)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    if not len(xy):
        return np.zeros((0, 2)), np.zeros(0, dtype=np.intp)
    # The closing vertex repeats the first; without it every vertex stands once.
    last = np.concatenate([ring[1:] != ring[:-1], [True]])
    xy, ring = xy[~last], ring[~last]
    index = np.arange(len(ring))
    first = pd.Series(index).groupby(ring).transform("min").to_numpy()
    size = pd.Series(index).groupby(ring).transform("size").to_numpy()
    before = xy[first + (index - first - 1) % size] - xy
    after = xy[first + (index - first + 1) % size] - xy
    sides = np.hypot(*before.T), np.hypot(*after.T)
    dot = (before * after).sum(axis=1)
    sharp = dot > np.cos(np.radians(angle_degrees)) * sides[0] * sides[1]
    found = np.flatnonzero(sharp & (np.minimum(*sides) >= length_m))
    return xy[found], village[ring[found]].astype(np.intp)


def _all_rings(shapes: Shapes) -> tuple[Shapes, Ints]:
    parts, owner = shapely.get_parts(shapes, return_index=True)
    rings, part = shapely.get_rings(parts, return_index=True)
    return rings, owner[part]

"""Shapes for a map in a web page: projected, simplified together if need be, packed small."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray

UNIT_M = 0.1
"""Metres of a unit of the packed coordinates: gaps of a few decimetres stay visible."""

_ALPHABET = np.frombuffer(
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", dtype=np.uint8
)
_BITS = 5
_FIRST_TOLERANCE_M = 1.0
_LAST_TOLERANCE_M = 1e5
_ROUND_EARTH_DEGREES = 60.0

Shapes = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Ground:
    """Where the map lies: a projection of its own, true in area and near enough in length.

    Attributes
    ----------
    to_metres
        Longitude and latitude to metres east and north of the middle (Lambert azimuthal
        equal-area, GRS 80).
    """

    to_metres: pyproj.Transformer

    def placed(self, shapes: Any) -> Shapes:
        """Return shapes of EPSG:4326 in units, x to the right, y down; empty where none is."""

        def place(xy: NDArray[np.float64]) -> NDArray[np.float64]:
            x, y = self.to_metres.transform(xy[:, 0], xy[:, 1])
            return np.column_stack((x, -np.asarray(y))) / UNIT_M

        drawn: Shapes = np.array(shapes, dtype=object).reshape(-1)
        drawn[[one is None for one in drawn]] = shapely.Point()
        drawn = shapely.transform(shapely.force_2d(drawn), place)
        finite = np.isfinite(shapely.bounds(drawn)).all(axis=1)
        drawn[~finite] = shapely.Point()
        return drawn


def ground(shapes: Any) -> Ground:
    """Return the ground under shapes of EPSG:4326, its middle in the middle of their bounds."""
    left, low, right, high = _bounds(shapes)
    middle = (left + right) / 2, (low + high) / 2
    if not np.isfinite(middle).all() or max(right - left, high - low) > _ROUND_EARTH_DEGREES:
        # Shapes scattered over the earth are shown as they are, in degrees made metres.
        there = pyproj.CRS("+proj=eqc +ellps=GRS80")
    else:
        there = pyproj.CRS(f"+proj=laea +lon_0={middle[0]} +lat_0={middle[1]} +ellps=GRS80")
    return Ground(pyproj.Transformer.from_crs(4326, there, always_xy=True))


def simplified(shapes: Shapes, most_vertices: int) -> tuple[Shapes, float]:
    """Return shapes with at most so many vertices, borders still shared, and the tolerance.

    Parameters
    ----------
    shapes
        In units; polygons that should cover the map without overlap, though surveyed ones seldom
        do (Visvalingam-Whyatt as in GEOS' coverage simplifier).
    most_vertices
        They are left as they are if they have no more.

    Returns
    -------
    tuple
        The shapes and the tolerance in metres, 0 if nothing was simplified.
    """
    tolerance_m = 0.0
    while int(shapely.get_num_coordinates(shapes).sum()) > most_vertices:
        tolerance_m = 2 * tolerance_m or _FIRST_TOLERANCE_M
        if tolerance_m > _LAST_TOLERANCE_M:
            break
        try:
            shapes = shapely.coverage_simplify(shapes, tolerance_m / UNIT_M)
        except shapely.errors.GEOSException:
            shapes = shapely.simplify(shapes, tolerance_m / UNIT_M)
    return shapes, tolerance_m


def outlines(shapes: Shapes, number_of: NDArray[np.intp], count: int) -> Shapes:
    """Return the outline of each group of shapes, without the hairline gaps inside.

    Parameters
    ----------
    shapes
        (n,) in units.
    number_of
        (n,) the group of each.
    count
        Number of groups.
    """
    left, top, right, bottom = _bounds(shapes)
    if not np.isfinite([left, top, right, bottom]).all():
        return np.full(count, shapely.Point(), dtype=object)
    # About the width of a pixel on a large screen: thinner gaps cannot be seen at this scale.
    width = max(right - left, bottom - top) / 2000
    thick = shapely.buffer(shapely.simplify(shapes, width / 2), width, join_style="mitre")
    united = np.empty(count, dtype=object)
    for number in range(count):
        united[number] = shapely.union_all(thick[number_of == number])
    return shapely.simplify(shapely.buffer(united, -width, join_style="mitre"), width / 2)


def middles(shapes: Shapes) -> NDArray[np.float64]:
    """Return (n, 2) a point inside each shape, NaN where a shape is empty."""
    points = np.full((len(shapes), 2), np.nan)
    there = ~shapely.is_empty(shapes)
    points[there] = shapely.get_coordinates(shapely.point_on_surface(shapes[there]))
    return points


def packed(shapes: Shapes) -> str:
    """Return shapes as one string of letters.

    A shape is its number of lines, a line its number of points, then the points, each as the
    step from the one before (the first from 0, 0). Every number is zigzag-coded and written in
    groups of five bits, the least first, each a letter of the URL-safe base 64; the sixth bit
    says that more follow. Polygons come as rings, outer ones counter to inner ones; points are
    left out.
    """
    rings, owner = _lines(shapes)
    points, line_of = shapely.get_coordinates(rings, return_index=True)
    points = np.rint(points).astype(np.int64)
    lengths = np.bincount(line_of, minlength=len(rings))
    lines_of_shape = np.bincount(owner, minlength=len(shapes))
    steps = np.diff(points, axis=0, prepend=np.zeros((1, 2), dtype=np.int64))
    begins = np.cumsum(lengths) - lengths
    steps[begins] = points[begins]
    # Counts go in front of what they count.
    numbers = np.insert(steps.reshape(-1), 2 * begins, lengths)
    first_line = np.cumsum(lines_of_shape) - lines_of_shape
    starts = 2 * np.append(begins, len(points)) + np.arange(len(rings) + 1)
    return _letters(np.insert(numbers, starts[first_line], lines_of_shape))


def _bounds(shapes: Any) -> tuple[float, float, float, float]:
    """Return left, low, right and high; NaN if there is no shape."""
    if not len(shapes):
        return (np.nan,) * 4
    left, low, right, high = shapely.total_bounds(shapes)
    return float(left), float(low), float(right), float(high)


def _lines(shapes: Shapes) -> tuple[Shapes, NDArray[np.intp]]:
    """Return rings and lines of the shapes and the shape that each belongs to."""
    parts, owner = shapely.get_parts(shapes, return_index=True)
    # A collection may hold others.
    parts, inner = shapely.get_parts(parts, return_index=True)
    owner = owner[inner]
    kinds = shapely.get_type_id(parts)
    polygon = kinds == shapely.GeometryType.POLYGON
    line = np.isin(kinds, (shapely.GeometryType.LINESTRING, shapely.GeometryType.LINEARRING))
    rings, of_polygon = shapely.get_rings(
        shapely.orient_polygons(parts[polygon]), return_index=True
    )
    every = np.concatenate((rings, parts[line]))
    owners = np.concatenate((owner[polygon][of_polygon], owner[line]))
    lengths = shapely.get_num_coordinates(every)
    order = np.argsort(owners, kind="stable")
    order = order[lengths[order] > 1]
    return every[order], owners[order]


def _letters(numbers: NDArray[np.int64]) -> str:
    if not len(numbers):
        return ""
    zigzag = (numbers << 1) ^ (numbers >> 63)
    most = max(int(zigzag.max()).bit_length(), 1)
    places = np.arange(0, most, _BITS)
    rest = zigzag[:, None] >> places
    more = (rest >> _BITS) > 0
    digits = (rest & (2**_BITS - 1)) | (more << _BITS)
    used = np.column_stack((np.ones(len(numbers), dtype=bool), rest[:, 1:] > 0))
    return bytes(_ALPHABET[digits[used]]).decode("ascii")

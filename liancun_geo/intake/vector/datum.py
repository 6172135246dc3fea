"""Coordinates of online maps: suspected by their shift against a reference, never corrected.

Maps published online in China are shifted by 100 to 700 m against CGCS2000 (GCJ-02), and on
Baidu's maps by some 1,000 m more (BD-09). The shift changes from place to place; undoing it is
approximate and not permitted, so a layer that shows it is asked for in its original form.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal, NamedTuple

import geopandas as gpd
import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray
from pyproj.exceptions import ProjError
from scipy.ndimage import distance_transform_edt
from scipy.spatial import cKDTree

from liancun_geo.crs import projected_crs_for
from liancun_geo.decisions import accepting
from liancun_geo.errors import DataError, Fault, Where, warning

# The forward formula as published in many tools, for example github.com/wandergis/coordtransform
# and github.com/googollee/eviltransform: the Krassovsky ellipsoid and a sum of sines.
_AXIS_M: Final = 6_378_245.0
_ECCENTRICITY_SQUARED: Final = 0.006_693_421_622_965_943
_BAIDU: Final = np.pi * 3000.0 / 180.0

_FARTHEST_M: Final = 2000.0
_STEP_M: Final = 25.0
_SAMPLES: Final = 3000
# Borders drawn for a map of a province are true to some 100 m; those of a county to far less.
_MATCHED_M: Final = 60.0
_LEAST_SHIFT_M: Final = 40.0
_LEAST_MATCHED: Final = 0.4
_LEAST_GAIN: Final = 0.15
_LARGEST_GRID: Final = 4_000_000

System = Literal["GCJ-02", "BD-09"]
Points = NDArray[np.float64]

# Columns that the boundary services of online maps add; their boundaries are in GCJ-02.
_SIGNATURES: Final = (
    ("DataV.GeoAtlas", {"adcode", "subfeatureindex"}),
    ("DataV.GeoAtlas", {"adcode", "acroutes"}),
    ("ECharts", {"cp", "childnum"}),
)


class Shift(NamedTuple):
    """How far a layer lies from its reference.

    ``east_m`` and ``north_m`` lead from the reference to the layer; ``matched`` is the share of
    the reference's borders that lie on borders of the layer once it is moved back, ``before``
    the share as it stands.
    """

    east_m: float
    north_m: float
    matched: float
    before: float

    @property
    def length_m(self) -> float:
        """Length of the shift in metres."""
        return float(np.hypot(self.east_m, self.north_m))


class Suspicion(NamedTuple):
    """A shift like that of an online map."""

    system: System
    of: Literal["layer", "reference"]
    shift: Shift
    expected_m: float


def to_gcj02(lon: Points, lat: Points) -> tuple[Points, Points]:
    """Return where GCJ-02 puts points given in CGCS2000 or WGS 84, in degrees, shape (n,)."""
    x, y = lon - 105.0, lat - 35.0
    root = np.sqrt(np.abs(x))
    waves = 20.0 * np.sin(6.0 * x * np.pi) + 20.0 * np.sin(2.0 * x * np.pi)
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root
    north += (waves + 20.0 * np.sin(y * np.pi) + 40.0 * np.sin(y / 3.0 * np.pi)) * 2.0 / 3.0
    north += (160.0 * np.sin(y / 12.0 * np.pi) + 320.0 * np.sin(y * np.pi / 30.0)) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root
    east += (waves + 20.0 * np.sin(x * np.pi) + 40.0 * np.sin(x / 3.0 * np.pi)) * 2.0 / 3.0
    east += (150.0 * np.sin(x / 12.0 * np.pi) + 300.0 * np.sin(x / 30.0 * np.pi)) * 2.0 / 3.0
    phi = np.radians(lat)
    w = 1.0 - _ECCENTRICITY_SQUARED * np.sin(phi) ** 2
    meridian = _AXIS_M * (1.0 - _ECCENTRICITY_SQUARED) / w**1.5
    parallel = _AXIS_M / np.sqrt(w) * np.cos(phi)
    return lon + np.degrees(east / parallel), lat + np.degrees(north / meridian)


def to_bd09(lon: Points, lat: Points) -> tuple[Points, Points]:
    """Return where Baidu's maps put points given in CGCS2000 or WGS 84, in degrees, shape (n,)."""
    x, y = to_gcj02(lon, lat)
    radius = np.hypot(x, y) + 0.00002 * np.sin(y * _BAIDU)
    angle = np.arctan2(y, x) + 0.000003 * np.cos(x * _BAIDU)
    return radius * np.cos(angle) + 0.0065, radius * np.sin(angle) + 0.006


def compare_with_reference(
    frame: gpd.GeoDataFrame, reference_frame: gpd.GeoDataFrame, where: Where
) -> list[Fault]:
    """Return what a reference layer of the same area says about the place of a layer.

    Parameters
    ----------
    frame, reference_frame
        Polygons or lines with a CRS; not changed. The reference may be a layer of townships or
        of the county.
    where
        File of the layer.

    Returns
    -------
    list of Fault
        A question if the layers are shifted against each other (by GCJ-02, BD-09, or anything
        else); a notice if they lie on each other, or cannot be compared.
    """
    shift = None
    if frame.crs is not None and reference_frame.crs is not None:
        shift = measure_shift(frame, reference_frame)
    if shift is None or shift.matched < _LEAST_MATCHED:
        return [warning("datum.reference_no_help", where)]
    if shift.length_m < _LEAST_SHIFT_M or shift.matched - shift.before < _LEAST_GAIN:
        return [warning("datum.reference_agrees", where, matched=f"{shift.matched:.0%}")]
    suspicion = _explained(shift, frame)
    figures = {"shift_m": f"{shift.length_m:.0f}", "matched": f"{shift.matched:.0%}"}
    directions = {"east_m": f"{shift.east_m:.0f}", "north_m": f"{shift.north_m:.0f}"}
    if suspicion is None:
        fault = warning("datum.reference_shifted", where, **figures, **directions)
    else:
        key = "datum.gcj02" if suspicion.of == "layer" else "datum.gcj02_reference"
        expected = f"{suspicion.expected_m:.0f}"
        fault = warning(key, where, system=suspicion.system, expected_m=expected, **figures)
    return [fault.proposing(accepting(fault))]


def measure_shift(frame: gpd.GeoDataFrame, reference: gpd.GeoDataFrame) -> Shift | None:
    """Measure how far the borders of a layer are shifted against those of a reference.

    Points along the reference's borders are moved over a grid of shifts up to 2 km; the shift
    that brings most of them onto borders of the layer is refined by the median of the distances
    to the nearest border points. Borders that only one of the layers has do not matter.

    Returns
    -------
    Shift or None
        None if the layers have no common area.
    """
    try:
        metres = projected_crs_for(frame)
        ours = np.asarray(frame.geometry.to_crs(metres).array)
        theirs = np.asarray(reference.geometry.to_crs(metres).array)
    except (DataError, ProjError):
        return None
    ours, theirs = _borders(ours), _borders(theirs)
    near = shapely.box(*shapely.total_bounds(ours)).buffer(_FARTHEST_M) if len(ours) else None
    theirs = theirs[shapely.intersects(theirs, near)] if near is not None else theirs
    theirs = _borders(shapely.intersection(theirs, near)) if len(theirs) else theirs
    if not len(ours) or not len(theirs):
        return None
    samples = _along(theirs, _SAMPLES)
    spacing = max(_STEP_M / 2, float(shapely.length(ours).sum()) / 500_000)
    borders = _along(ours, int(float(shapely.length(ours).sum()) / spacing) + 1)
    return _refined(samples, borders, _coarse_shift(samples[::3], borders))


def origin_faults(frame: gpd.GeoDataFrame, where: Where) -> list[Fault]:
    """Return the question of a layer that says itself it comes from an online map."""
    headers = {str(column).casefold() for column in frame.columns}
    crs = "" if frame.crs is None else frame.crs.name.casefold()
    named = f"{(where.file or '').casefold()} {crs}"
    for source, columns in _SIGNATURES:
        if columns <= headers:
            return [_origin(source, where)]
    for mark in ("gcj02", "gcj-02", "gcj_02", "bd09", "bd-09", "火星坐标"):
        if mark in named:
            return [_origin(mark.upper(), where)]
    return []


def _origin(source: str, where: Where) -> Fault:
    fault = warning("layers.gcj02_origin", where, source=source)
    return fault.proposing(accepting(fault))


_SYSTEMS: Final[
    tuple[tuple[Literal["GCJ-02", "BD-09"], Callable[[Points, Points], tuple[Points, Points]]], ...]
] = (
    ("GCJ-02", to_gcj02),
    ("BD-09", to_bd09),
)
_SIDES: Final[tuple[tuple[Literal["layer", "reference"], float], ...]] = (
    ("layer", 1.0),
    ("reference", -1.0),
)


def _explained(shift: Shift, frame: gpd.GeoDataFrame) -> Suspicion | None:
    """Return the online map whose formula gives the shift at this place."""
    metres = projected_crs_for(frame)
    minx, miny, maxx, maxy = frame.geometry.to_crs(metres).total_bounds
    x, y = np.meshgrid(np.linspace(minx, maxx, 5), np.linspace(miny, maxy, 5))
    degrees = pyproj.Transformer.from_crs(metres, 4326, always_xy=True)
    lon, lat = degrees.transform(x.ravel(), y.ravel())
    found = []
    for system, formula in _SYSTEMS:
        there = degrees.transform(*formula(lon, lat), direction="INVERSE")
        expected = np.array([np.mean(there[0] - x.ravel()), np.mean(there[1] - y.ravel())])
        length = float(np.hypot(*expected))
        for side, sign in _SIDES:
            off = np.hypot(*(sign * expected - [shift.east_m, shift.north_m]))
            if off <= max(_MATCHED_M, 0.2 * length):
                found.append((off, Suspicion(system, side, shift, length)))
    return min(found, key=lambda pair: pair[0])[1] if found else None


def _borders(shapes: NDArray[np.object_]) -> NDArray[np.object_]:
    """Return the lines of shapes; points and empty shapes are left out."""
    parts = shapely.get_parts(shapes[~(shapely.is_missing(shapes) | shapely.is_empty(shapes))])
    areal = shapely.get_dimensions(parts) == 2
    parts = np.where(areal, shapely.boundary(parts), parts)
    lines: NDArray[np.object_] = shapely.get_parts(shapely.force_2d(parts))
    finite = np.isfinite(shapely.bounds(lines)).all(axis=1)
    lines = lines[finite & (shapely.get_dimensions(lines) == 1)]
    return lines


def _along(lines: NDArray[np.object_], count: int) -> Points:
    """Return about ``count`` points evenly spread along lines, shape (m, 2)."""
    corners, line = shapely.get_coordinates(lines, return_index=True)
    step = np.hypot(*np.diff(corners, axis=0).T) * (line[1:] == line[:-1])
    ends = np.concatenate([[0.0], np.cumsum(step)])
    at = (np.arange(count) + 0.5) * ends[-1] / count
    return np.column_stack([np.interp(at, ends, ordinate) for ordinate in corners.T])


def _coarse_shift(samples: Points, borders: Points) -> Points:
    """Return the shift, of a grid, that brings most samples near a border point."""
    low = np.minimum(samples.min(axis=0), borders.min(axis=0)) - _FARTHEST_M
    high = np.maximum(samples.max(axis=0), borders.max(axis=0)) + _FARTHEST_M
    cell = max(_STEP_M, float(np.sqrt(np.prod(high - low) / _LARGEST_GRID)))
    # The last step may lie a cell beyond what is looked at.
    shape = np.ceil((high - low) / cell).astype(int) + 2
    empty = np.ones(shape, dtype=np.bool_)
    empty[tuple(((borders - low) / cell).astype(int).T)] = False
    # A distance of two matches counts for nothing: a far border says nothing about the shift.
    reach = 2 * _MATCHED_M / cell + 1
    misfit = np.minimum(distance_transform_edt(empty), reach).astype(np.float32)
    steps = np.arange(-_FARTHEST_M, _FARTHEST_M + cell, cell)
    # One row of the grid per shift to the east, all shifts to the north at once.
    rows = ((samples[:, 1, None] + steps - low[1]) / cell).astype(int)
    best, chosen = np.inf, np.zeros(2)
    for east in steps:
        columns = ((samples[:, 0] + east - low[0]) / cell).astype(int)
        # The shorter of two equal shifts.
        costs = misfit[columns[:, None], rows].sum(axis=0) + 1e-6 * np.hypot(east, steps)
        k = int(np.argmin(costs))
        if costs[k] < best:
            best, chosen = float(costs[k]), np.array([east, steps[k]])
    return chosen


def _refined(samples: Points, borders: Points, shift: Points) -> Shift:
    """Refine a shift by the mean distance to the nearest border points that are near."""
    tree = cKDTree(borders)
    for _ in range(20):
        distances, nearest = tree.query(samples + shift)
        close = distances <= 2 * _MATCHED_M
        if not close.any():
            break
        step = np.mean(borders[nearest[close]] - (samples + shift)[close], axis=0)
        shift = shift + step
        if np.hypot(*step) < 0.1:
            break
    matched = float(np.mean(tree.query(samples + shift)[0] <= _MATCHED_M))
    before = float(np.mean(tree.query(samples)[0] <= _MATCHED_M))
    return Shift(float(shift[0]), float(shift[1]), matched, before)

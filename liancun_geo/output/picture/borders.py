"""The map's geometry: borders, label points and neighbours, worked out once for a county."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from liancun_geo.output.picture.arcs import DEGREES_PER_STEP, Arcs, arcs_of, encoded
from liancun_geo.villages import VillageTable, townships_of

WGS84 = 4326

_TOLERANCE_M = 12.0  # about a pixel where a township fills the screen
_MOST_VERTICES = 150_000
_GAP_M = 5.0  # hairline gaps between surveyed borders, closed in the drawing only


@dataclass(frozen=True, eq=False)
class MapGeometry:
    """What the browser draws; names and figures are not part of it.

    Attributes
    ----------
    arcs
        Borders of the villages, in WGS84.
    points
        (n, 2) longitude and latitude of the middle of each village: the centre of its largest
        inscribed circle.
    radii_m
        (n,) radius of that circle.
    township_of
        (n,) township of each village.
    townships
        (t,) names in the order of their codes.
    codes
        (n,) of the villages.
    names
        (n,) of the villages.
    barriers, links
        Lines in WGS84: what cuts villages apart, what joins them.
    key
        Hash of all of it: the same county has the same key.
    """

    arcs: Arcs
    points: NDArray[np.float64]
    radii_m: NDArray[np.float64]
    township_of: NDArray[np.intp]
    townships: tuple[str, ...]
    codes: tuple[str, ...]
    names: tuple[str, ...]
    barriers: tuple[NDArray[np.int64], ...] = ()
    links: tuple[NDArray[np.int64], ...] = ()
    key: str = ""

    @property
    def n(self) -> int:
        """Number of villages."""
        return len(self.names)


def build_geometry(
    villages: VillageTable,
    *,
    barriers: gpd.GeoSeries | None = None,
    bridges: gpd.GeoSeries | None = None,
) -> MapGeometry:
    """Return the geometry of a county's map.

    Borders are simplified together, so that neighbours keep sharing them; gaps and overlaps of
    surveyed layers are closed in the drawing, never in the data.

    Parameters
    ----------
    villages
        In a projected CRS in metres; not touched.
    barriers, bridges
        Lines, points or areas in the same CRS.
    """
    frame = villages.frame
    shapes = drawable(frame.geometry.to_numpy())
    points, radii = _middles(shapes)
    in_degrees = gpd.GeoSeries(shapes, crs=frame.crs).to_crs(WGS84).to_numpy()
    centres = gpd.GeoSeries(shapely.points(points), crs=frame.crs).to_crs(WGS84)
    townships = townships_of(frame)
    geometry = MapGeometry(
        arcs=arcs_of(in_degrees),
        points=shapely.get_coordinates(centres.to_numpy()),
        radii_m=radii,
        township_of=townships.of,
        townships=townships.names,
        codes=tuple(frame["code"].fillna("").astype(str)),
        names=tuple(frame["name"].astype(str)),
        barriers=_lines(barriers),
        links=_lines(bridges),
    )
    object.__setattr__(geometry, "key", _key(geometry))
    return geometry


def drawable(shapes: NDArray[Any]) -> NDArray[Any]:
    """Return villages simplified so that neighbours share their borders.

    Parameters
    ----------
    shapes
        (n,) polygons in metres, gaps and overlaps allowed.
    """
    shapes = shapely.make_valid(shapes)
    if not shapely.coverage_is_valid(shapes, gap_width=0.0):
        shapes = _closed(shapes)
    tolerance = _TOLERANCE_M
    while True:
        simple: NDArray[Any] = shapely.coverage_simplify(shapes, tolerance)
        if shapely.get_num_coordinates(simple).sum() <= _MOST_VERTICES or tolerance > 1000.0:
            return simple
        tolerance *= 1.6


def _closed(shapes: NDArray[Any]) -> NDArray[Any]:
    try:
        cleaned: NDArray[Any] = shapely.coverage_clean(  # type: ignore[attr-defined]  # no stub
            shapes,
            gap_width=_GAP_M,
            # Without it every sliver is a polygon of its own to be merged: 60 times slower.
            snapping_distance=_GAP_M,
        )
    except shapely.GEOSException:
        return shapes
    if len(cleaned) != len(shapes):
        return shapes
    # A village that lies wholly under another is drawn as it is: none may vanish.
    lost = shapely.is_empty(cleaned) | shapely.is_missing(cleaned)
    return np.where(lost, shapes, cleaned)


def _middles(shapes: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    parts, owner = shapely.get_parts(shapes, return_index=True)
    areas = shapely.area(parts)
    largest_first = np.lexsort((-areas, owner))
    first = largest_first[np.searchsorted(owner[largest_first], np.arange(len(shapes)))]
    largest = parts[first]
    scale = float(np.sqrt(np.median(areas[first]))) or 1.0
    lines = shapely.maximum_inscribed_circle(largest, tolerance=max(scale / 50, 1.0))
    centres: NDArray[np.float64] = shapely.get_coordinates(shapely.get_point(lines, 0))
    return centres, shapely.length(lines)


def _lines(layer: gpd.GeoSeries | None) -> tuple[NDArray[np.int64], ...]:
    if layer is None or layer.empty:
        return ()
    parts = shapely.get_parts(shapely.simplify(layer.to_numpy(), _TOLERANCE_M))
    areal = shapely.get_type_id(parts) == shapely.GeometryType.POLYGON
    parts = np.concatenate((parts[~areal], shapely.get_rings(parts[areal])))
    degrees = gpd.GeoSeries(parts, crs=layer.crs).to_crs(WGS84).to_numpy()
    steps = [np.rint(shapely.get_coordinates(one) / DEGREES_PER_STEP) for one in degrees]
    return tuple(one.astype(np.int64) for one in steps if len(one))


def _key(geometry: MapGeometry) -> str:
    digest = hashlib.sha256()
    for line in (*geometry.arcs.lines, *geometry.barriers, *geometry.links):
        digest.update(encoded(line).encode())
        digest.update(b"\n")
    for array in (geometry.arcs.sides, geometry.township_of):
        digest.update(np.ascontiguousarray(array, dtype="<i8").tobytes())
    digest.update(np.ascontiguousarray(geometry.points.round(6), dtype="<f8").tobytes())
    texts: Sequence[str] = (*geometry.codes, *geometry.names, *geometry.townships)
    digest.update("\x1f".join(texts).encode())
    return digest.hexdigest()[:20]

"""Geometry at the door: present, finite, polygonal, projected in metres, valid."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import MultiPolygon
from shapely.geometry.base import BaseGeometry

from liancun_geo.crs import to_projected
from liancun_geo.errors import Fault, Where, error, warning

# No map of the Earth has such coordinates in any unit; their squares would overflow.
_FARTHEST = 1e12
_POLYGONAL = (int(shapely.GeometryType.POLYGON), int(shapely.GeometryType.MULTIPOLYGON))


def check_geometry(
    geometry: gpd.GeoSeries, where_of: Callable[[int], Where]
) -> tuple[NDArray[np.bool_], list[Fault]]:
    """Tell which geometries can be used, and what is wrong with the others.

    Parameters
    ----------
    geometry
        Shape (n,), as read.
    where_of
        Position -> place.

    Returns
    -------
    usable, faults
        Boolean array of shape (n,); one error for each geometry that is missing, empty, no
        polygon, or has coordinates that are not finite or beyond any map.
    """
    shapes = np.asarray(geometry.array, dtype=object)
    missing = shapely.is_missing(shapes)
    empty = ~missing & shapely.is_empty(shapes)
    other = ~missing & ~empty & ~np.isin(shapely.get_type_id(shapes), _POLYGONAL)
    coordinates, owners = shapely.get_coordinates(shapes, return_index=True)
    infinite = np.zeros(len(shapes), dtype=np.bool_)
    sensible = np.isfinite(coordinates) & (np.abs(coordinates) < _FARTHEST)
    infinite[owners[~sensible.all(axis=1)]] = True
    faults = [
        error(key, where_of(int(position)), **_kind(shapes[position]))
        for key, found in (
            ("intake.geometry_missing", missing),
            ("intake.geometry_empty", empty),
            ("intake.geometry_no_polygon", other),
            ("intake.geometry_not_finite", infinite),
        )
        for position in np.flatnonzero(found)
    ]
    return ~(missing | empty | other | infinite), faults


def _kind(shape: BaseGeometry | None) -> dict[str, str]:
    return {"kind": "" if shape is None else shape.geom_type}


def working_geometry(
    geometry: gpd.GeoSeries,
    projected_crs: str | None,
    where: Where,
    where_of: Callable[[int], Where],
) -> tuple[gpd.GeoSeries, list[Fault]]:
    """Return a flat, projected and valid copy of polygons, and what was done to them.

    Parameters
    ----------
    geometry
        Polygons or multipolygons with a CRS, shape (n,); not changed.
    projected_crs
        CRS asked for, or None.
    where
        Place of faults of the whole layer.
    where_of
        Position -> place.

    Raises
    ------
    DataError
        If the layer cannot be projected.
    """
    flat = gpd.GeoDataFrame(
        geometry=shapely.force_2d(np.asarray(geometry.array, dtype=object)), crs=geometry.crs
    )
    frame, notes = to_projected(flat, projected_crs, where=where)
    raised = np.asarray(geometry.array, dtype=object)
    raised = shapely.has_z(raised) | shapely.has_m(raised)
    if raised.any():
        notes.append(warning("layers.flattened", where, count=int(raised.sum())))
    shapes = np.array(frame.geometry.array, dtype=object)
    invalid = np.flatnonzero(~shapely.is_valid(shapes))
    if len(invalid):
        reasons = shapely.is_valid_reason(shapes[invalid])
        repaired = shapely.make_valid(shapes[invalid], method="structure", keep_collapsed=False)
        for position, shape, reason in zip(invalid.tolist(), repaired, reasons, strict=True):
            polygons = _polygons_of(shape)
            if polygons is None:
                notes.append(
                    error("intake.geometry_beyond_repair", where_of(position), reason=reason)
                )
            else:
                shapes[position] = polygons
                notes.append(warning("intake.geometry_repaired", where_of(position), reason=reason))
    return gpd.GeoSeries(shapes, crs=frame.crs), notes


def _polygons_of(shape: BaseGeometry) -> BaseGeometry | None:
    parts = shapely.get_parts(shapely.get_parts([shape]))
    parts = parts[np.isin(shapely.get_type_id(parts), _POLYGONAL) & (shapely.area(parts) > 0)]
    if not len(parts):
        return None
    return parts[0] if len(parts) == 1 else MultiPolygon(list(parts))


def dissolve(geometry: gpd.GeoSeries, members: Sequence[Sequence[int]]) -> gpd.GeoSeries:
    """Return one geometry for each group of index labels; groups of one stay untouched."""
    shape_of = dict(zip(geometry.index, geometry.array, strict=True))
    merged = [
        shape_of[group[0]]
        if len(group) == 1
        else shapely.union_all([shape_of[member] for member in group])
        for group in members
    ]
    return gpd.GeoSeries(merged, crs=geometry.crs)

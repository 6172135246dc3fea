"""The CRS that a map file is written in: that of the table, one asked for, or the usual zone."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pyproj
from pyproj.exceptions import ProjError

from liancun_geo.crs import label, lon_lat_bounds, parse_crs, projected_crs_for
from liancun_geo.errors import DataError, Where, error
from liancun_geo.output.layers import Layers
from liancun_geo.output.options import AUTO_CRS

_CHINA = (73.0, 3.0, 135.5, 54.0)
_FIRST_ZONE, _LAST_ZONE = 25, 45
# A county at the edge of a zone is often kept in that of its province.
_FARTHEST_DEGREES = 3.0


def layers_in(layers: Layers, choice: str | None) -> Layers:
    """Return the layers in the CRS that a planner chose.

    Parameters
    ----------
    layers
        In one CRS; not changed.
    choice
        As for :func:`export_crs`.

    Raises
    ------
    DataError
        As :func:`export_crs`, and if the CRS is made for another part of the world.
    """
    villages = layers["villages"]
    target = export_crs(villages, choice)
    if target is None or villages.crs is None or target.equals(villages.crs):
        return layers
    _require_near(villages, target)
    try:
        return {name: layer.to_crs(target) for name, layer in layers.items()}
    except ProjError as cause:
        raise _elsewhere(target) from cause


def export_crs(villages: gpd.GeoDataFrame, choice: str | None) -> pyproj.CRS | None:
    """Return the CRS to write in, None for that of the table.

    Parameters
    ----------
    villages
        Where the county lies.
    choice
        None: as the table. ``"auto"``: CGCS2000 / 3-degree Gauss-Krueger with the zone number
        before the easting (EPSG:4513 for zone 25 to EPSG:4533 for zone 45), the zone being that
        of the longitude in the middle of the county: round(longitude / 3) (GB/T 22021-2008);
        outside China as :func:`~liancun_geo.crs.projected_crs_for`. Else an authority code
        (``"EPSG:4490"``, ``"4527"``), WKT or PROJ string.

    Raises
    ------
    DataError
        If it is no CRS, or none of a map: geographic or projected, with two axes.
    """
    if choice is None or not choice.strip():
        return None
    text = choice.strip()
    if text.lower() == AUTO_CRS:
        return _usual(villages)
    where = Where(field="crs")
    crs = parse_crs(f"EPSG:{text}" if text.isascii() and text.isdigit() else text, where=where)
    if not (crs.is_geographic or crs.is_projected) or len(crs.axis_info) != 2:
        raise DataError([error("gis.crs_not_of_maps", where, crs=label(crs))])
    return crs


def _require_near(villages: gpd.GeoDataFrame, target: pyproj.CRS) -> None:
    """Refuse a CRS that is made for another part of the world, as the zone of another province."""
    area = target.area_of_use
    if area is None or not len(villages):
        return
    bounds = [float(value) for value in villages.total_bounds]
    west, south, east, north = lon_lat_bounds(bounds, villages.crs)
    apart = [west - area.east, south - area.north, area.south - north]
    # An area over the date line begins in the east.
    apart += [area.west - east] if area.west <= area.east else []
    if max(apart) > _FARTHEST_DEGREES:
        raise _elsewhere(target)


def _elsewhere(target: pyproj.CRS) -> DataError:
    return DataError([error("gis.crs_elsewhere", Where(field="crs"), crs=label(target))])


def _usual(villages: gpd.GeoDataFrame) -> pyproj.CRS | None:
    if villages.crs is None or not len(villages):
        return None
    bounds = [float(value) for value in villages.total_bounds]
    west, south, east, north = lon_lat_bounds(bounds, villages.crs)
    inside = west >= _CHINA[0] and south >= _CHINA[1] and east <= _CHINA[2] and north <= _CHINA[3]
    chosen = projected_crs_for((west, south, east, north))
    # Taiwan has a system of its own.
    if not inside or chosen.to_epsg() == 3826:
        return chosen
    zone = min(max(int(np.floor((west + east) / 6.0 + 0.5)), _FIRST_ZONE), _LAST_ZONE)
    return pyproj.CRS.from_epsg(4513 + zone - _FIRST_ZONE)

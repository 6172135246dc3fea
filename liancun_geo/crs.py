"""Coordinate reference systems: degrees to metres, on purpose and reported."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import geopandas as gpd
import numpy as np
import pyproj
from pyproj.crs import ProjectedCRS
from pyproj.crs.coordinate_operation import LambertAzimuthalEqualAreaConversion
from pyproj.exceptions import CRSError, ProjError

from liancun_geo.errors import DataError, Fault, Where, error, warning
from liancun_geo.messages import Language, message

Bounds = tuple[float, float, float, float]

# A projected CRS is kept only if a metre on the map is a metre on the ground to within 1 %:
# this admits every Gauss-Krueger, UTM and national system and turns Web Mercator away.
_GREATEST_SCALE_ERROR: Final = 0.01
# How far outside the published area of use data may lie before the CRS must be wrong, degrees.
_AREA_OF_USE_MARGIN: Final = 10.0
_ZONED: Final = re.compile(
    r"(?:(?P<width>3)-degree )?Gauss-Kruger (?P<kind>zone|CM) (?P<number>[0-9]+)E?"
)


def parse_crs(text: str, *, where: Where | None = None) -> pyproj.CRS:
    """Return the CRS that a planner stated.

    Parameters
    ----------
    text
        Authority code (``"EPSG:4490"``), WKT or PROJ string.
    where
        Place named in the fault.

    Raises
    ------
    DataError
        If it is no CRS.
    """
    try:
        return pyproj.CRS.from_user_input(text)
    except CRSError as cause:
        fault = error("crs.unknown", where or Where(), crs=text)
        raise DataError([fault]) from cause


def is_metric(crs: pyproj.CRS) -> bool:
    """Tell whether a CRS is projected with both horizontal axes in metres."""
    axes = crs.axis_info[:2]
    return bool(
        crs.is_projected
        and len(axes) == 2
        and all(axis.unit_conversion_factor == 1.0 for axis in axes)
    )


def range_fault(
    bounds: Sequence[float], crs: pyproj.CRS, where: Where | None = None
) -> Fault | None:
    """Return the fault of coordinates that the CRS cannot hold, or None.

    Parameters
    ----------
    bounds
        ``(minx, miny, maxx, maxy)`` in ``crs``, x first.
    crs
        CRS of the bounds.
    where
        Place named in the fault.
    """
    place = where or Where()
    shown = ", ".join(f"{value:.8g}" for value in bounds)
    if not np.isfinite(np.asarray(bounds, dtype=float)).all():
        return error("crs.not_finite", place, bounds=shown)
    try:
        lon_lat = lon_lat_bounds(bounds, crs)
        # Degrees on another celestial body are no places on this one.
        transformer(crs, pyproj.CRS.from_epsg(4326))
    except ProjError:
        return error("crs.out_of_range", place, bounds=shown, crs=label(crs))
    minx, miny, maxx, maxy = lon_lat
    limits = (-180.0, -90.0, 180.0, 90.0)
    area = crs.area_of_use
    if area is not None and area.west <= area.east:
        margin = _AREA_OF_USE_MARGIN
        limits = (area.west - margin, area.south - margin, area.east + margin, area.north + margin)
    if crs.is_geographic:
        limits = (-180.0, -90.0, 180.0, 90.0)
    inside = (
        np.isfinite(lon_lat).all()
        and minx >= limits[0]
        and miny >= limits[1]
        and maxx <= limits[2]
        and maxy <= limits[3]
    )
    if inside:
        return None
    return error("crs.out_of_range", place, bounds=shown, crs=label(crs))


def projected_crs_for(
    data: gpd.GeoDataFrame | gpd.GeoSeries | Sequence[float], crs: pyproj.CRS | str | None = None
) -> pyproj.CRS:
    """Choose the projected CRS in metres to work in.

    Data already in a projected CRS in metres whose scale is true to 1 % keep it. Otherwise:
    Taiwan (119-122.5 E, 21.5-25.5 N) TWD97 / TM2 zone 121 (EPSG:3826); China (73-135 E,
    3-54 N, at most 3 degrees wide) CGCS2000 / 3-degree Gauss-Krueger by central meridian
    (EPSG:4534 for 75 E to EPSG:4554 for 135 E, GB 22021-2008 and the EPSG registry); elsewhere
    the UTM zone of the centre on WGS 84 if at most 6 degrees wide and between 80 S and 84 N;
    else a Lambert azimuthal equal-area projection centred on the data.

    Parameters
    ----------
    data
        Frame or series with a CRS, or bounds ``(minx, miny, maxx, maxy)``, x first.
    crs
        CRS of the bounds; WGS 84 degrees if not given. Not used for frames.

    Returns
    -------
    pyproj.CRS
        Projected, both axes in metres.

    Raises
    ------
    DataError
        If there is no CRS, or the coordinates do not fit it.
    """
    bounds: Sequence[float]
    source: pyproj.CRS | None
    if isinstance(data, gpd.GeoDataFrame | gpd.GeoSeries):
        source, bounds = data.crs, [float(value) for value in data.total_bounds]
    else:
        source, bounds = pyproj.CRS.from_user_input(crs or "EPSG:4326"), data
    if source is None:
        raise DataError([error("crs.missing")])
    fault = range_fault(bounds, source)
    if fault is not None:
        raise DataError([fault])
    if is_metric(source) and _scale_error(bounds, source) <= _GREATEST_SCALE_ERROR:
        return source
    return _chosen(lon_lat_bounds(bounds, source), mainland=source.to_epsg() == 4490)


def to_projected(
    frame: gpd.GeoDataFrame, stated: str | None = None, *, where: Where | None = None
) -> tuple[gpd.GeoDataFrame, list[Fault]]:
    """Return a copy of a frame in a projected CRS in metres, and what to say about the choice.

    Parameters
    ----------
    frame
        Frame with a CRS; not changed.
    stated
        The CRS the planner asks for; chosen by :func:`projected_crs_for` if None.
    where
        Place named in faults.

    Raises
    ------
    DataError
        If the CRS is missing, does not fit the coordinates, is not projected in metres, or
        some coordinates have no image in it.
    """
    place = where or Where()
    if frame.crs is None:
        raise DataError([error("crs.missing", place)])
    fault = range_fault([float(value) for value in frame.total_bounds], frame.crs, place)
    if fault is not None:
        raise DataError([fault])
    notes: list[Fault] = []
    if stated is not None:
        target = parse_crs(stated, where=place)
        if not is_metric(target):
            raise DataError([error("crs.not_metric", place, crs=label(target))])
    else:
        target = projected_crs_for(frame)
        if not target.equals(frame.crs):
            params = {"source": label(frame.crs), "target": label(target)}
            notes.append(warning("crs.chosen", place, **params))
    if target.equals(frame.crs):
        return frame.copy(), notes
    try:
        projected = frame.to_crs(target)
    except ProjError as cause:
        raise DataError([error("crs.no_image", place, crs=label(target))]) from cause
    if not np.isfinite(projected.total_bounds).all():
        raise DataError([error("crs.no_image", place, crs=label(target))])
    return projected, notes


def label(crs: pyproj.CRS) -> str:
    """Return a CRS in a few words: authority code and name."""
    authority = crs.to_authority()
    return f"{':'.join(authority)} {crs.name}" if authority else crs.name


def name_of(text: str, language: Language) -> str:
    """Return what a CRS is called by people, an empty text if it is not known.

    Parameters
    ----------
    text
        As settings and decisions write it, for example ``"EPSG:4527"``.
    language
        Chinese names the zones of CGCS2000, Xian 1980 and Beijing 1954 as planners do.
    """
    try:
        known = pyproj.CRS.from_user_input(text)
    except CRSError:
        return ""
    datum, _, projection = known.name.partition(" / ")
    datums = {
        "China Geodetic Coordinate System 2000": "CGCS2000",
        "Xian 1980": message("listing.xian_1980", language),
        "Beijing 1954": message("listing.beijing_1954", language),
    }
    said = {"datum": datums.get(datum, datum)}
    if known.is_geographic:
        return message("listing.named_degrees", language, **said)
    zoned = _ZONED.fullmatch(projection)
    if zoned is None:
        return known.name
    key = "listing.named_zone" if zoned["kind"] == "zone" else "listing.named_meridian"
    return message(key, language, width=zoned["width"] or 6, number=zoned["number"], **said)


@lru_cache(maxsize=64)
def transformer(source: pyproj.CRS, target: pyproj.CRS) -> pyproj.Transformer:
    """Return the transformation between two systems, x first in both.

    Kept, because finding it takes longer than transforming a county.
    """
    return pyproj.Transformer.from_crs(source, target, always_xy=True)


def lon_lat_bounds(bounds: Sequence[float], crs: pyproj.CRS) -> Bounds:
    """Return bounds ``(minx, miny, maxx, maxy)``, x first, in degrees of longitude and latitude.

    Raises
    ------
    pyproj.exceptions.ProjError
        If they have no image.
    """
    minx, miny, maxx, maxy = (float(value) for value in bounds)
    if crs.is_geographic and all(
        abs(axis.unit_conversion_factor - np.pi / 180) < 1e-12 for axis in crs.axis_info[:2]
    ):
        # Datum shifts are metres, the choice of a zone is degrees: no transformation needed.
        return minx, miny, maxx, maxy
    to_degrees = transformer(crs, pyproj.CRS.from_epsg(4326))
    # Corners and edge points of the box; transform_bounds would widen boxes near the poles.
    x = np.array([minx, maxx, minx, maxx, (minx + maxx) / 2, (minx + maxx) / 2, minx, maxx])
    y = np.array([miny, miny, maxy, maxy, miny, maxy, (miny + maxy) / 2, (miny + maxy) / 2])
    lon, lat = to_degrees.transform(x, y, errcheck=True)
    return float(min(lon)), float(min(lat)), float(max(lon)), float(max(lat))


def _scale_error(bounds: Sequence[float], crs: pyproj.CRS) -> float:
    """Return the greatest departure of the scale from 1 at the centre of the bounds."""
    minx, miny, maxx, maxy = lon_lat_bounds(bounds, crs)
    try:
        factors = pyproj.Proj(crs).get_factors((minx + maxx) / 2, (miny + maxy) / 2)
    except ProjError:
        return np.inf
    scales = [factors.meridional_scale, factors.parallel_scale]
    return float(max(abs(scale - 1.0) for scale in scales))


def _chosen(bounds: Bounds, *, mainland: bool) -> pyproj.CRS:
    minx, miny, maxx, maxy = bounds
    lon, lat, width = (minx + maxx) / 2, (miny + maxy) / 2, maxx - minx
    # The box of Taiwan also holds the coast of Fujian south of Fuzhou.
    fujian = mainland or (minx < 120.0 and maxy > 24.5)
    if minx >= 119.0 and maxx <= 122.5 and miny >= 21.5 and maxy <= 25.5 and not fujian:
        return pyproj.CRS.from_epsg(3826)
    if minx >= 73.0 and maxx <= 135.0 + 1.5 and miny >= 3.0 and maxy <= 54.0 and width <= 3.0:
        zone = min(max(int(np.floor(lon / 3.0 + 0.5)), 25), 45)
        return pyproj.CRS.from_epsg(4534 + zone - 25)
    if width <= 6.0 and miny >= -80.0 and maxy <= 84.0:
        zone = min(int((lon + 180.0) // 6.0) + 1, 60)
        return pyproj.CRS.from_epsg((32600 if lat >= 0 else 32700) + zone)
    name = f"Lambert azimuthal equal-area at {lat:.4f} N, {lon:.4f} E"
    conversion = LambertAzimuthalEqualAreaConversion(round(lat, 4), round(lon, 4))
    return ProjectedCRS(conversion, name=name)

"""Layers to compare the villages with: townships, and a layer whose place is known to be right."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from liancun_geo.doctor.noticed import Examined
from liancun_geo.errors import DataError, Fault, Where, error, warning
from liancun_geo.intake.identities.names import township_form
from liancun_geo.intake.vector.geometry import check_geometry
from liancun_geo.intake.vector.layers import Layer, read_layer
from liancun_geo.messages import Listing
from liancun_geo.settings import DataSettings


def side_layer(path: Path, examined: Examined) -> tuple[Layer | None, list[Fault]]:
    """Read a layer that is only compared with; None with the faults if it cannot be used."""
    try:
        layer = read_layer(path, DataSettings(), replay=examined.reading.replay)
    except DataError as cause:
        return None, list(cause.faults)
    if layer.frame.crs is None:
        if not any(fault.key == "crs.missing" for fault in layer.warnings):
            return None, [*layer.warnings, error("crs.missing", Where(file=path.name))]
        return None, list(layer.warnings)
    if not layer.sound:
        return None, list(layer.warnings)
    return layer, list(layer.warnings)


def township_shapes(
    layer: Layer, townships: list[str], crs: pyproj.CRS
) -> tuple[Mapping[str, BaseGeometry], list[Fault]]:
    """Return the polygon of each township of the villages.

    The column that names most of them is used, whatever its header; 城关 and 城关镇 are one name
    if no other township is called so.

    Parameters
    ----------
    layer
        Polygons, with a CRS.
    townships
        (n,) name or code of the township of each village.
    crs
        To return the polygons in.

    Returns
    -------
    shapes, faults
        Township -> polygon; a warning that names the townships without one.
    """
    frame = layer.frame.to_crs(crs)
    wanted = sorted({town for town in townships if town})
    best: dict[str, list[int]] = {}
    for header in frame.columns.drop(frame.geometry.name):
        found = _rows_of(wanted, [str(value).strip() for value in frame[header]])
        if len(found) > len(best):
            best = found
    where = Where(file=Path(layer.source.path).name)
    shapes, faults = _polygons(frame.geometry, where)
    known = {
        town: shape
        for town, rows in best.items()
        if not (shape := shapely.union_all(shapes[rows])).is_empty
    }
    missing = [town for town in wanted if town not in known]
    if not missing:
        return known, faults
    listed = Listing(missing[:8], " …" if len(missing) > 8 else "")
    fault = warning("doctor.townships_missing", where, count=len(missing), townships=listed)
    return known, [*faults, fault]


def _polygons(geometry: gpd.GeoSeries, where: Where) -> tuple[NDArray[np.object_], list[Fault]]:
    """Return valid polygons, None for what is none, and a warning for each of those."""
    usable, faults = check_geometry(geometry, lambda row: replace(where, row=row + 1))
    shapes = np.array(geometry.array, dtype=object)
    shapes[~usable] = None
    shapes = shapely.make_valid(shapes, method="structure", keep_collapsed=False)
    return shapes, [replace(fault, severity="warning") for fault in faults]


def _rows_of(wanted: list[str], values: list[str]) -> dict[str, list[int]]:
    """Return the rows that bear each name, exactly or, if only one does, without its ending."""
    exact: dict[str, list[int]] = {}
    loose: dict[str, list[int]] = {}
    for row, value in enumerate(values):
        exact.setdefault(value, []).append(row)
        loose.setdefault(township_form(value).core, []).append(row)
    found = {}
    for town in wanted:
        core = township_form(town).core
        others = sum(township_form(other).core == core for other in wanted)
        rows = exact.get(town) or (loose.get(core) if others == 1 else None)
        if rows:
            found[town] = rows
    return found


def as_frame(layer: Layer) -> gpd.GeoDataFrame:
    """Return the features of a layer that have a shape, all of it at a place."""
    frame = layer.frame
    coordinates, owners = shapely.get_coordinates(frame.geometry.array, return_index=True)
    usable = ~(frame.geometry.isna() | frame.geometry.is_empty).to_numpy()
    usable[owners[~np.isfinite(coordinates).all(axis=1)]] = False
    return frame[usable].reset_index(drop=True)

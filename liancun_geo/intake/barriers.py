"""Barriers: rivers, motorways and the like, read for the contiguity of villages."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import geopandas as gpd
import pyproj

from liancun_geo.crs import parse_crs, range_fault
from liancun_geo.errors import DataError, Fault, Where, error, warning
from liancun_geo.intake.vector.layers import read_layer
from liancun_geo.settings import DataSettings
from liancun_geo.villages import Source


def read_barriers(paths: Sequence[Path | str], crs: pyproj.CRS | str) -> gpd.GeoSeries:
    """Read barrier layers (rivers, motorways) into one series.

    Parameters
    ----------
    paths
        Vector files of any geometry, each with its own CRS.
    crs
        CRS to return, usually that of ``VillageTable.frame``.

    Returns
    -------
    geopandas.GeoSeries
        In ``crs``, index 0 .. n-1, empty geometries left out. ``attrs["sources"]`` holds one
        :class:`~liancun_geo.villages.Source` a file, ``attrs["warnings"]`` what was noticed.

    Raises
    ------
    DataError
        With all faults of all files.
    """
    target = parse_crs(crs) if isinstance(crs, str) else crs
    parts: list[gpd.GeoSeries] = []
    sources: list[Source] = []
    faults: list[Fault] = []
    for path in map(Path, paths):
        where = Where(file=path.name)
        try:
            layer = read_layer(path, DataSettings(), role="barriers")
        except DataError as cause:
            faults.extend(cause.faults)
            continue
        sources.append(layer.source)
        faults.extend(layer.warnings)
        shapes = layer.frame.geometry
        shapes = shapes[~(shapes.isna() | shapes.is_empty)]
        if layer.frame.crs is None:
            faults.append(error("crs.missing", where))
            continue
        if not len(shapes):
            faults.append(warning("intake.barriers_empty", where))
            continue
        fault = range_fault([float(v) for v in shapes.total_bounds], layer.frame.crs, where)
        if fault is not None:
            faults.append(fault)
            continue
        parts.append(shapes.to_crs(target))
    _raise_errors(faults)
    shapes = [shape for part in parts for shape in part]
    series = gpd.GeoSeries(shapes, crs=target)
    series.attrs = {"sources": tuple(sources), "warnings": tuple(faults)}
    return series


def _raise_errors(faults: Sequence[Fault]) -> None:
    if any(fault.severity == "error" for fault in faults):
        raise DataError(faults)

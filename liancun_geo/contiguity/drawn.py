"""Barriers drawn by hand: lines in the settings, used like those of a layer."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely
from numpy.typing import NDArray

from liancun_geo.setting_values import DrawnLine
from liancun_geo.settings import ContiguitySettings

WGS84 = 4326


def drawn_lines(lines: tuple[DrawnLine, ...], crs: pyproj.CRS) -> gpd.GeoSeries:
    """Return lines drawn in longitude and latitude (WGS84) in another CRS.

    Parameters
    ----------
    lines
        Of ``contiguity.drawn_barriers``.
    crs
        That of the villages.

    Returns
    -------
    geopandas.GeoSeries
        A LineString each, in order; an empty one where the CRS cannot show it.
    """
    there = gpd.GeoSeries([shapely.LineString(line) for line in lines], crs=WGS84).to_crs(crs)
    shown = [
        line if np.isfinite(shapely.get_coordinates(line)).all() else shapely.LineString()
        for line in there
    ]
    return gpd.GeoSeries(shown, crs=crs)


def barriers_in_force(
    barriers: gpd.GeoSeries | None, settings: ContiguitySettings, crs: pyproj.CRS | None
) -> gpd.GeoSeries | None:
    """Return the barriers of all layers, and those drawn by hand after them.

    Parameters
    ----------
    barriers
        Of the layers, in ``crs``.
    settings
        With the lines drawn by hand.
    crs
        That of the villages; without one nothing drawn has a place.
    """
    if not settings.drawn_barriers or crs is None:
        return barriers
    drawn = drawn_lines(settings.drawn_barriers, crs)
    drawn = drawn[~drawn.is_empty]
    if barriers is None:
        return drawn.reset_index(drop=True)
    return gpd.GeoSeries(pd.concat([barriers, drawn], ignore_index=True), crs=crs)


def idle_lines(
    settings: ContiguitySettings,
    crs: pyproj.CRS | None,
    shapes: NDArray[np.object_],
    cut: NDArray[np.intp],
) -> tuple[int, ...]:
    """Return the numbers, from 1, of the drawn lines that part no two villages.

    Parameters
    ----------
    settings
        With the lines and how close a border must be.
    crs, shapes
        Of the villages.
    cut
        (k, 2) pairs of villages parted by any barrier.
    """
    if not settings.drawn_barriers or crs is None:
        return ()
    near_m = settings.barrier_tolerance_m + settings.gap_tolerance_m
    tree = shapely.STRtree(shapes)
    idle = []
    for number, line in enumerate(drawn_lines(settings.drawn_barriers, crs), start=1):
        beside = np.zeros(len(shapes), dtype=np.bool_)
        if not line.is_empty:
            beside[tree.query(line, predicate="dwithin", distance=near_m)] = True
        if not beside[cut].all(axis=1).any():
            idle.append(number)
    return tuple(idle)

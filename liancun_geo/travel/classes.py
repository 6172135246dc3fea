"""The speed of every road, and what a planner should know about it."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from liancun_geo.errors import Fault, warning
from liancun_geo.settings import TravelSettings
from liancun_geo.speeds import WITHOUT_ACCESS, known_class

_NAMES_SHOWN = 40


def road_speeds(
    classes: pd.Series, length_m: NDArray[np.float64], settings: TravelSettings
) -> tuple[NDArray[np.float64], NDArray[np.bool_], list[Fault]]:
    """Look up the speed of each road.

    Parameters
    ----------
    classes
        (l,) class as it stands in the layer, None where missing.
    length_m
        (l,) length, for the report.
    settings
        ``speeds_km_h`` and ``unknown_km_h``.

    Returns
    -------
    speed_km_h
        (l,) 0 where nobody travels.
    enterable
        (l,) whether a village beside the road can use it: not from a motorway.
    notes
        Classes with their speeds, those that are not known, those not travelled on.
    """
    table = settings.speeds_km_h
    distinct = {name: known_class(name, table) for name in classes.dropna().unique()}
    missing = classes.isna().to_numpy()
    named = classes.where(~missing, None).tolist()
    known = np.array([distinct.get(name) or "" for name in named], dtype=object)
    speed_of = {name: table[name] for name in distinct.values() if name is not None}
    speed = np.array([speed_of.get(name, settings.unknown_km_h) for name in known], np.float64)
    enterable = ~np.isin(known, sorted(WITHOUT_ACCESS)) & (speed > 0)
    km = pd.Series(length_m / 1000.0).groupby(known).sum()
    listed = [
        f"{name} {table[name]:g} km/h ({km[name]:.1f} km)"
        for name in sorted(speed_of, key=lambda name: (-table[name], name))
        if table[name] > 0
    ]
    notes: list[Fault] = []
    if listed:
        notes.append(warning("roads.classes", classes=_listed(listed)))
    if missing.all() and len(missing):
        notes.append(warning("roads.no_class", speed=f"{settings.unknown_km_h:g}"))
    elif missing.any():
        notes.append(
            warning(
                "roads.class_missing",
                count=int(missing.sum()),
                km=f"{length_m[missing].sum() / 1000:.1f}",
                speed=f"{settings.unknown_km_h:g}",
            )
        )
    strange = sorted(str(name) for name, meant in distinct.items() if meant is None)
    if strange:
        notes.append(
            warning(
                "roads.class_unknown",
                classes=_listed(strange),
                speed=f"{settings.unknown_km_h:g}",
            )
        )
    idle = sorted(name for name, km_h in speed_of.items() if km_h == 0)
    if idle:
        length_km = float(sum(km[name] for name in idle))
        notes.append(warning("roads.class_idle", classes=_listed(idle), km=f"{length_km:.1f}"))
    return speed, enterable, notes


def travelled_roads(
    roads: gpd.GeoDataFrame | None, settings: TravelSettings
) -> gpd.GeoSeries | None:
    """Return the roads that somebody travels on: one under construction is no bridge yet.

    Parameters
    ----------
    roads
        With a column ``road_class``; None without roads.
    settings
        ``speeds_km_h`` is used.
    """
    if roads is None:
        return None
    length_m = np.zeros(len(roads))
    speed, _, _ = road_speeds(roads["road_class"], length_m, settings)
    return roads.geometry[speed > 0]


def _listed(names: list[str]) -> str:
    shown = "、".join(name[:60] for name in names[:_NAMES_SHOWN])
    return shown if len(names) <= _NAMES_SHOWN else f"{shown} … ({len(names)})"

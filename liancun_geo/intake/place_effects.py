"""What places add to the villages: enterprises and resettlement, never against a no in silence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import geopandas as gpd
import pandas as pd

from liancun_geo.errors import Fault, Where, warning
from liancun_geo.messages import Listing
from liancun_geo.place_rules import PlacesSettings
from liancun_geo.places import Place, PlaceKind
from liancun_geo.villages import VillageTable

_LISTED = 8


def extended(
    villages: VillageTable, places: Sequence[Place], settings: PlacesSettings
) -> tuple[gpd.GeoDataFrame, list[Place], list[Fault]]:
    """Extend what the ledger says of enterprises and resettlement by the places.

    Parameters
    ----------
    villages
        Not changed.
    places
        At villages of the table.
    settings
        ``over_ledger`` and ``complete`` are used.

    Returns
    -------
    frame, places, notices
        A new frame; the places, those that the ledger contradicts with ``counted`` False unless
        they go before it; what was added, and every contradiction.
    """
    frame = villages.frame.copy()
    notes: list[Fault] = []
    enterprises = frame["enterprises"].tolist()
    sites = frame["resettlement"].tolist()
    # Places that were added already are no answer of the ledger.
    given = {"enterprise": tuple(enterprises), "resettlement": tuple(sites)}
    names = frame["name"].astype(str).tolist()
    kept: list[Place] = []
    filled: dict[str, dict[str, None]] = {"enterprise": {}, "resettlement": {}}
    for place in places:
        no = _says_none(place, given[place.kind]) if place.kind in given else False
        if no:
            key = "places.over_ledger" if settings.over_ledger else "places.against_ledger"
            key = f"{key}_{place.kind}"
            notes.append(warning(key, _village_where(villages, place), name=place.name))
        place = replace(place, counted=place.counted and (not no or settings.over_ledger))
        kept.append(place)
        if not place.counted or place.kind not in filled:
            continue
        name = names[place.village]
        if place.kind == "enterprise":
            before = enterprises[place.village] or ()
            if place.name not in before:
                enterprises[place.village] = (*before, place.name)
                filled["enterprise"][name] = None
        elif sites[place.village] is pd.NA or sites[place.village] is not True:
            sites[place.village] = True
            filled["resettlement"][name] = None
    for kind, of_kind in filled.items():
        if of_kind:
            listed = Listing(list(of_kind)[:_LISTED])
            key = f"places.added_{kind}"
            notes.append(warning(key, count=len(of_kind), villages=listed))
    if "enterprise" in settings.complete:
        _complete(enterprises, (), "enterprise", notes)
    if "resettlement" in settings.complete:
        _complete(sites, False, "resettlement", notes)
    frame["enterprises"] = pd.Series(enterprises, index=frame.index, dtype=object)
    frame["resettlement"] = pd.Series(sites, index=frame.index, dtype="boolean")
    return frame, kept, notes


def _says_none(place: Place, given: Sequence[Any]) -> bool:
    """Tell whether the ledger says that the village has none."""
    value = given[place.village]
    if place.kind == "enterprise":
        return isinstance(value, tuple | list) and len(value) == 0
    return not pd.isna(value) and not bool(value)


def _complete(values: list[Any], none: Any, kind: PlaceKind, notes: list[Fault]) -> None:
    unknown = [i for i, value in enumerate(values) if value is None or value is pd.NA]
    for i in unknown:
        values[i] = none
    if unknown:
        notes.append(warning(f"places.complete_{kind}", count=len(unknown)))


def _village_where(villages: VillageTable, place: Place) -> Where:
    frame = villages.frame
    return Where(
        village=str(frame["name"].iloc[place.village]),
        code=str(frame["code"].iloc[place.village]),
        township=str(frame["township"].iloc[place.village]),
        file=place.file,
        row=place.row,
    )

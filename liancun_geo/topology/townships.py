"""Villages away from their township: an exclave, or a wrong township in the data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from shapely.geometry.base import BaseGeometry

from liancun_geo.topology.flaws import Flaw, Places, asking
from liancun_geo.topology.shapes import Ints, Shapes

INSIDE_SHARE = 0.5


def township_flaws(
    villages: Shapes,
    contacts: Ints,
    places: Places,
    townships: Sequence[str],
    township_shapes: Mapping[str, BaseGeometry] | gpd.GeoSeries | None,
) -> list[Flaw]:
    """Return villages off the rest of their township, or outside its polygon.

    Parameters
    ----------
    villages
        (n,) valid.
    contacts
        (m, 2) positions of villages that touch.
    places
        Where they are.
    townships
        (n,) township of every village; a missing one is not looked at.
    township_shapes
        Township -> polygon; townships without one are not looked at.

    Raises
    ------
    ValueError
        If there is not one township per village.
    """
    if len(townships) != len(villages):
        raise ValueError(f"{len(townships)} townships for {len(villages)} villages")
    labels = ["" if pd.isna(label) else str(label) for label in townships]
    flaws = _detached(villages, contacts, places, labels)
    if township_shapes is not None:
        flaws += _outside(villages, places, labels, dict(township_shapes.items()))
    return flaws


def _detached(
    villages: Shapes, contacts: Ints, places: Places, labels: Sequence[str]
) -> list[Flaw]:
    number, _ = pd.factorize(np.array(labels, dtype=object))
    inner = contacts[number[contacts[:, 0]] == number[contacts[:, 1]]]
    n = len(villages)
    links = coo_array((np.ones(len(inner), dtype=np.int8), (inner[:, 0], inner[:, 1])), (n, n))
    piece = connected_components(links, directed=False)[1]
    pieces: dict[str, dict[int, list[int]]] = {}
    for village in np.flatnonzero(~shapely.is_empty(villages)).tolist():
        if labels[village]:
            pieces.setdefault(labels[village], {}).setdefault(piece[village], []).append(village)
    strangers: dict[int, Counter[str]] = {}
    for i, j in contacts[number[contacts[:, 0]] != number[contacts[:, 1]]].tolist():
        strangers.setdefault(piece[i], Counter())[labels[j]] += 1
        strangers.setdefault(piece[j], Counter())[labels[i]] += 1
    flaws = []
    for label, found in pieces.items():
        # The first of equal size is the township; which one it is, nobody can know.
        main = max(found, key=lambda p: (len(found[p]), -found[p][0]))
        for key, members in found.items():
            # Islands are told as such.
            if key == main or key not in strangers:
                continue
            beside = min(strangers[key], key=lambda name: (-strangers[key][name], name))
            flaw = places.flaw(
                "detached",
                members,
                shapely.union_all(villages[members]),
                villages=places.names(members),
                count=len(members),
                township=label,
                beside=beside,
            )
            flaws.append(asking(flaw))
    return flaws


def _outside(
    villages: Shapes,
    places: Places,
    labels: Sequence[str],
    township_shapes: Mapping[str, BaseGeometry],
) -> list[Flaw]:
    names = [str(name) for name in township_shapes]
    polygons = np.empty(len(names), dtype=object)
    polygons[:] = shapely.make_valid(np.array(list(township_shapes.values()), dtype=object))
    village, township = shapely.STRtree(polygons).query(villages, predicate="intersects")
    common = shapely.area(shapely.intersection(villages[village], polygons[township]))
    lies_in: dict[int, dict[str, float]] = {}
    for v, t, area in zip(village.tolist(), township.tolist(), common.tolist(), strict=True):
        lies_in.setdefault(v, {})[names[t]] = lies_in.get(v, {}).get(names[t], 0.0) + area
    known = set(names)
    flaws = []
    for v in np.flatnonzero(~shapely.is_empty(villages)).tolist():
        shares = lies_in.get(v, {})
        share = shares.get(labels[v], 0.0) / float(shapely.area(villages[v]))
        if labels[v] not in known or share >= INSIDE_SHARE:
            continue
        most = min(shares, key=lambda name: (-shares[name], name)) if shares else "—"
        flaw = places.flaw(
            "outside_township",
            [v],
            villages[v],
            township=labels[v],
            share=f"{share:.0%}",
            beside=most,
        )
        flaws.append(asking(flaw))
    return flaws

"""Where the ways of a village start, and where it enters the roads."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from liancun_geo.errors import Fault, Where, warning
from liancun_geo.settings import TravelSettings
from liancun_geo.travel.noding import Breaks, Floats, Ints
from liancun_geo.villages import VillageTable, representative_points_m, village_where

# Above this, villages are told township by township.
_TOLD_ONE_BY_ONE = 30


@dataclass(frozen=True, eq=False)
class Access:
    """The nearest road of every village.

    Attributes
    ----------
    node
        (n,) node where the village enters the roads, -1 if none is near enough.
    walk_m
        (n,) straight line from the village to that node, metres; NaN without.
    nearest_m
        (n,) distance of the nearest road a village can enter, however far.
    """

    node: Ints
    walk_m: Floats
    nearest_m: Floats


def starting_points_m(
    villages: VillageTable, seats: gpd.GeoSeries | None
) -> tuple[Floats, list[Fault]]:
    """Return (n, 2) where the ways of each village start, and what was noticed.

    The seat that lies in the village, if it has exactly one; else the representative point.
    """
    frame = villages.frame
    points_m = representative_points_m(frame)
    if seats is None:
        return points_m, []
    shapes = np.asarray(frame.geometry.array, dtype=object)
    places = np.asarray(seats.array, dtype=object)
    seat, village = shapely.STRtree(shapes).query(places, predicate="intersects")
    count = np.bincount(village, minlength=len(frame))
    alone = count[village] == 1
    points_m[village[alone]] = shapely.get_coordinates(places[seat[alone]])
    notes = [
        warning("roads.seats_several", village_where(villages.frame, int(at)), count=int(count[at]))
        for at in np.flatnonzero(count > 1)
    ]
    if (count == 0).any():
        without = np.flatnonzero(count == 0)
        names = _names(villages, without[:12])
        notes.append(
            warning("roads.seats_missing", count=len(without), total=len(frame), names=names)
        )
    return points_m, notes


def find_access(
    points_m: Floats,
    lines: NDArray[np.object_],
    enterable: NDArray[np.bool_],
    breaks: Breaks,
    max_access_m: float,
) -> tuple[Access, Breaks]:
    """Enter every village on the nearest road, at the point of it that lies nearest.

    Parameters
    ----------
    points_m
        (n, 2) where ways start.
    lines, enterable
        (l,) roads, and whether one can enter them from the side.
    breaks
        Nodes of the network.
    max_access_m
        Farthest road that is still used.

    Returns
    -------
    Access
        Of roads equally near, the first counts.
    Breaks
        With a node for every village that has a road.
    """
    n = len(points_m)
    node = np.full(n, -1, dtype=np.intp)
    walk_m, nearest_m = np.full(n, np.nan), np.full(n, np.inf)
    candidates = np.flatnonzero(enterable)
    if not n or not len(candidates):
        return Access(node, walk_m, nearest_m), breaks
    points = np.asarray(shapely.points(points_m), dtype=object)
    tree = shapely.STRtree(lines[candidates])
    (village, near), apart = tree.query_nearest(points, return_distance=True)
    order = np.lexsort((near, village))
    village, first = np.unique(village[order], return_index=True)
    near, apart = candidates[near[order][first]], apart[order][first]
    nearest_m[village] = apart
    reached = apart <= max_access_m
    village, near = village[reached], near[reached]
    at_m = np.asarray(shapely.line_locate_point(lines[near], points[village]))
    breaks, new = breaks.adding(near.astype(np.intp), at_m)
    node[village], walk_m[village] = new, apart[reached]
    return Access(node, walk_m, nearest_m), breaks


def reach_faults(
    villages: VillageTable, access: Access, piece: Ints, settings: TravelSettings
) -> list[Fault]:
    """Name the villages that no road reaches, or none that leads to most of the others."""
    params = {
        "walking": f"{settings.walking_km_h:g}",
        "detour": f"{settings.detour_factor:g}",
    }
    return [
        *_unreached(villages, access, params | {"limit": f"{settings.max_access_m:g}"}),
        *_cut_off(villages, piece, params | {"tolerance": f"{settings.snap_tolerance_m:g}"}),
    ]


def _unreached(villages: VillageTable, access: Access, params: dict[str, str]) -> list[Fault]:
    without = np.flatnonzero(access.node < 0)
    if len(without) > _TOLD_ONE_BY_ONE:
        return _told_by_township("roads.unreached_many", villages, without, params)
    return [
        warning(
            "roads.unreached",
            village_where(villages.frame, int(at)),
            distance=f"{access.nearest_m[at]:.0f}",
            **params,
        )
        for at in without
    ]


def _cut_off(villages: VillageTable, piece: Ints, params: dict[str, str]) -> list[Fault]:
    on_road = piece[piece >= 0]
    largest = int(np.bincount(on_road).argmax()) if len(on_road) else -1
    cut_off = np.flatnonzero((piece >= 0) & (piece != largest))
    if len(cut_off) > _TOLD_ONE_BY_ONE:
        return _told_by_township("roads.cut_off_many", villages, cut_off, params)
    return [
        warning(
            "roads.cut_off",
            village_where(villages.frame, int(at)),
            together=int((piece == piece[at]).sum()),
            **params,
        )
        for at in cut_off
    ]


def _told_by_township(
    key: str, villages: VillageTable, positions: Ints, params: dict[str, str]
) -> list[Fault]:
    return [
        warning(
            key,
            Where(township=township),
            count=len(members),
            names=_names(villages, members, township=False),
            **params,
        )
        for township, members in _by_township(villages, positions)
    ]


def _by_township(villages: VillageTable, positions: Ints) -> list[tuple[str, Ints]]:
    townships = villages.frame["township"].to_numpy()[positions]
    return [(str(name), positions[townships == name]) for name in dict.fromkeys(townships.tolist())]


def _names(villages: VillageTable, positions: Ints, *, township: bool = True) -> str:
    rows = villages.frame.iloc[positions]
    if not township:
        return "、".join(rows["name"].astype(str))
    return "、".join(f"{t}{n}" for t, n in zip(rows["township"], rows["name"], strict=True))

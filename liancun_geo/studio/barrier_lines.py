"""A line drawn on the map made a barrier: checked, and laid on the village borders beside it.

A border counts as cut only where it runs along a barrier, and no hand follows it to 20 metres:
between two clicks near borders the line takes the way along them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import geopandas as gpd
import networkx as nx
import numpy as np
import shapely
from numpy.typing import NDArray

from liancun_geo.contiguity import build_contiguity
from liancun_geo.contiguity.drawn import WGS84
from liancun_geo.errors import DataError, error
from liancun_geo.setting_values import MOST_POINTS, DrawnLine
from liancun_geo.settings import ContiguitySettings
from liancun_geo.villages import VillageTable

__all__ = ["MOST_CLICKS", "parted", "placed_line"]

MOST_CLICKS = 200
"""Clicks of one line."""

_BESIDE_M = 5_000.0
"""How far outside the county a line may reach: a river has another bank."""

_LEAST_NEAR_M, _MOST_NEAR_M = 5.0, 500.0
_JOINED_M = 4.0
"""Vertices of two borders this close are one crossing."""

_MOST_DETOUR = 2.5
"""A way along borders longer than this many times the straight one is not meant."""

_ROUND_M = 4.0
_DIGITS = 6

Floats = NDArray[np.float64]
Node = tuple[int, int]


def placed_line(
    points: Sequence[tuple[float, float]], near_m: float, villages: VillageTable
) -> DrawnLine:
    """Return a drawn line as a barrier of the settings.

    Parameters
    ----------
    points
        Longitude and latitude of each click, whatever the browser sent.
    near_m
        How near a border a click must be to mean it: a few pixels.
    villages
        Whose borders the line follows; in a projected CRS in metres.

    Raises
    ------
    DataError
        If the points are no places, too many, all in one place, or away from the county.
    """
    if len(points) > MOST_CLICKS:
        raise DataError([error("lines.too_many_points", most=MOST_CLICKS)])
    if not all(map(_is_place, points)):
        raise DataError([error("lines.no_places")])
    there = gpd.GeoSeries([shapely.Point(point) for point in points], crs=WGS84)
    clicks = shapely.get_coordinates(there.to_crs(villages.frame.crs).to_numpy())
    if not np.isfinite(clicks).all():
        raise DataError([error("lines.no_places")])
    apart = np.ones(len(clicks), dtype=np.bool_)
    apart[1:] = np.hypot(*np.diff(clicks, axis=0).T) > 0.5
    clicks = clicks[apart]
    if len(clicks) < 2:
        raise DataError([error("lines.too_short")])
    left, low, right, high = villages.frame.total_bounds
    inside = (clicks >= [left - _BESIDE_M, low - _BESIDE_M]) & (
        clicks <= [right + _BESIDE_M, high + _BESIDE_M]
    )
    if not inside.all():
        raise DataError([error("lines.outside")])
    near = min(max(near_m, _LEAST_NEAR_M), _MOST_NEAR_M) if math.isfinite(near_m) else _LEAST_NEAR_M
    line = shapely.simplify(shapely.LineString(_along_borders(clicks, near, villages)), _ROUND_M)
    if shapely.get_num_coordinates(line) > MOST_POINTS:
        raise DataError([error("lines.too_long")])
    back = gpd.GeoSeries([line], crs=villages.frame.crs).to_crs(WGS84)
    return tuple(
        (round(float(x), _DIGITS), round(float(y), _DIGITS))
        for x, y in shapely.get_coordinates(back.to_numpy())
    )


def parted(
    line: DrawnLine, villages: VillageTable, settings: ContiguitySettings
) -> tuple[tuple[str, str], ...]:
    """Return the names of the villages that a drawn line alone would part, pair by pair.

    Parameters
    ----------
    line
        Of the settings.
    villages
        Of the county; only those beside the line are looked at.
    settings
        How neighbours are found.
    """
    frame = villages.frame
    (drawn,) = gpd.GeoSeries([shapely.LineString(line)], crs=WGS84).to_crs(frame.crs)
    reach = settings.barrier_tolerance_m + settings.gap_tolerance_m
    shapes: NDArray[Any] = frame.geometry.to_numpy()
    beside = np.flatnonzero(shapely.dwithin(shapes, drawn, reach))
    few = VillageTable(frame=frame.iloc[beside].reset_index(drop=True))
    alone = settings.model_copy(update={"drawn_barriers": (line,), "links": ()})
    graph = build_contiguity(few, alone)
    names = few.frame["name"].astype(str).tolist()
    return tuple((names[pair.i], names[pair.j]) for pair in graph.barred)


def _is_place(point: tuple[float, float]) -> bool:
    lon, lat = point
    return math.isfinite(lon) and math.isfinite(lat) and abs(lon) <= 180 and abs(lat) <= 90


def _along_borders(clicks: Floats, near_m: float, villages: VillageTable) -> Floats:
    """Return the line through the clicks, laid on borders where there are some."""
    frame = villages.frame
    reach = shapely.LineString(clicks).buffer(_reach(clicks) + near_m)
    beside = frame.geometry.to_numpy()[shapely.intersects(frame.geometry.to_numpy(), reach)]
    if not len(beside):
        return clicks
    graph, places = _network(beside, reach)
    if not len(places):
        return clicks
    ends = _nearest(clicks, list(places), places, near_m)
    # Who begins or ends near a crossing means the whole border up to it.
    crossings = [node for node in places if graph.degree[node] > 2]
    nearest = _nearest(clicks[[0, -1]], crossings, places, near_m)
    for at, crossing in zip((0, -1), nearest, strict=True):
        ends[at] = crossing or ends[at]
    found: list[Any] = [clicks[0] if ends[0] is None else places[ends[0]]]
    for (start, to), (one, other) in zip(pairwise(clicks), pairwise(ends), strict=True):
        way = _way(graph, one, other, float(np.hypot(*(to - start))))
        found += [places[node] for node in way[1:]]
        if not way:
            found.append(to if other is None else places[other])
    return np.array(found, dtype=np.float64)


def _nearest(
    clicks: Floats, nodes: Sequence[Node], places: Mapping[Node, Floats], near_m: float
) -> list[Node | None]:
    """Return the nearest of some vertices to each click, None where none is near."""
    if not len(nodes):
        return [None] * len(clicks)
    spots: Any = shapely.points(np.array([places[node] for node in nodes]))
    tree = shapely.STRtree(spots)
    found, far = tree.query_nearest(shapely.points(clicks), return_distance=True, all_matches=False)
    return [
        nodes[int(node)] if distance <= near_m else None
        for node, distance in zip(found[1], far, strict=True)
    ]


def _reach(clicks: Floats) -> float:
    """Return how far beside the straight line a border may swing."""
    return float(np.hypot(*np.diff(clicks, axis=0).T).max()) * _MOST_DETOUR / 2


def _way(
    graph: nx.Graph[Node], one: Node | None, other: Node | None, straight: float
) -> list[Node]:
    if one is None or other is None:
        return []
    try:
        way: list[Node] = nx.dijkstra_path(graph, one, other)
    except nx.NetworkXNoPath:
        return []
    length = nx.path_weight(graph, way, "weight")
    return way if length <= max(straight, 50.0) * _MOST_DETOUR else []


def _network(shapes: NDArray[Any], reach: Any) -> tuple[nx.Graph[Node], dict[Node, Floats]]:
    """Return the borders as a network of their vertices, near ones of two villages taken as one."""
    rings = shapely.get_parts(shapely.boundary(shapes))
    # Long straight borders get vertices, so that every click finds one near it.
    coordinates, ring = shapely.get_coordinates(shapely.segmentize(rings, 25.0), return_index=True)
    keys = np.rint(coordinates / _JOINED_M).astype(np.int64)
    within = shapely.contains_xy(reach, coordinates[:, 0], coordinates[:, 1])
    graph: nx.Graph[Node] = nx.Graph()
    places: dict[Node, Floats] = {}
    for at in np.flatnonzero((ring[1:] == ring[:-1]) & within[1:] & within[:-1]).tolist():
        one: Node = (int(keys[at, 0]), int(keys[at, 1]))
        other: Node = (int(keys[at + 1, 0]), int(keys[at + 1, 1]))
        places.setdefault(one, coordinates[at])
        places.setdefault(other, coordinates[at + 1])
        if one != other:
            graph.add_edge(one, other, weight=float(np.hypot(*(places[other] - places[one]))))
    return graph, {node: place for node, place in places.items() if node in graph}

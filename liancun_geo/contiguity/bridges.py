"""Bridges: where a border that a barrier cuts can be crossed all the same.

A bridge leads across the cut border that lies nearest to it, if that is within the tolerance; one
that crosses several cut borders leads across all of them. What is a bridge is told by a layer, or
found as the places where roads cross a barrier: a road that only reaches a barrier or runs along
it does not cross it.
"""

from __future__ import annotations

from collections.abc import Mapping

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

Ints = NDArray[np.intp]
Shapes = NDArray[np.object_]

_SAME_M = 1e-3


def road_crossings(roads: Shapes, barriers: gpd.GeoSeries) -> Shapes:
    """Return the places where roads cross barriers.

    Parameters
    ----------
    roads
        (r,) LineStrings in a projected CRS in metres.
    barriers
        Lines and polygons in the same CRS.

    Returns
    -------
    numpy.ndarray
        Points where a road crosses a line; of a polygon, the stretches of road that lead from
        bank to bank.
    """
    cuts = shapely.get_parts(np.asarray(barriers.dropna(), dtype=object))
    areal = shapely.get_dimensions(cuts) == 2
    cuts[areal] = shapely.make_valid(cuts[areal])
    tree = shapely.STRtree(cuts)
    near = np.unique(tree.query(roads, predicate="intersects")[0])
    # A road that is split on its bridge is one road.
    merged = shapely.line_merge(shapely.multilinestrings(roads[near])) if len(near) else None
    ways = shapely.get_parts(np.array([] if merged is None else [merged], dtype=object))
    way, cut = tree.query(ways, predicate="crosses")
    common = shapely.intersection(ways[way], cuts[cut])
    parts, index = shapely.get_parts(common, return_index=True)
    dimension = shapely.get_dimensions(parts)
    over_area = shapely.get_dimensions(cuts[cut[index]]) == 2
    points = parts[(dimension == 0) & ~over_area]
    stretch = (dimension == 1) & over_area
    through, bank = parts[stretch], shapely.boundary(cuts[cut[index[stretch]]])
    from_bank = np.ones(len(through), dtype=np.bool_)
    for end in (0, -1):
        from_bank &= shapely.distance(shapely.get_point(through, end), bank) <= _SAME_M
    return np.concatenate([points, through[from_bank]])


def bridged_pairs(
    geometries: Shapes,
    pairs: Ints,
    bridges: Shapes,
    *,
    tolerance_m: float,
    gap_tolerance_m: float,
    main_part_only: bool,
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Find the pairs of villages whose cut border a bridge leads across.

    Parameters
    ----------
    geometries
        (n,) villages in a projected CRS in metres.
    pairs
        (k, 2) positions of villages whose shared border is cut.
    bridges
        (b,) geometries of any kind in the same CRS.
    tolerance_m
        Farthest a bridge may lie from the border.
    gap_tolerance_m, main_part_only
        As for :func:`~liancun_geo.contiguity.borders.shared_borders`.

    Returns
    -------
    bridged
        (k,) whether a bridge leads across.
    used
        (b,) whether a bridge leads across any of the borders.
    """
    bridged = np.zeros(len(pairs), dtype=np.bool_)
    used = np.zeros(len(bridges), dtype=np.bool_)
    if not len(pairs) or not len(bridges):
        return bridged, used
    shapes = {
        int(at): _largest(geometries[at]) if main_part_only else geometries[at]
        for at in np.unique(pairs)
    }
    # Two villages within the tolerance of the bridge, before borders are laid over each other.
    around = _villages_around(bridges, shapes, tolerance_m + gap_tolerance_m + _SAME_M)
    borders: dict[int, shapely.Geometry] = {}
    of_village: dict[int, list[int]] = {}
    for k, (i, _) in enumerate(pairs.tolist()):
        of_village.setdefault(i, []).append(k)
    for b, close in sorted(around.items()):
        candidates = [
            k for i in sorted(close) for k in of_village.get(i, ()) if int(pairs[k, 1]) in close
        ]
        for k in candidates:
            if k not in borders:
                i, j = pairs[k].tolist()
                borders[k] = _border(shapes[i], shapes[j], gap_tolerance_m)
        apart = np.array([shapely.distance(borders[k], bridges[b]) for k in candidates])
        if not len(apart):
            continue
        across = (apart <= tolerance_m + _SAME_M) & (apart <= np.nanmin(apart) + _SAME_M)
        bridged[np.array(candidates, dtype=np.intp)[across]] = True
        used[b] = bool(across.any())
    return bridged, used


def _villages_around(
    bridges: Shapes, shapes: Mapping[int, shapely.Geometry], reach_m: float
) -> dict[int, set[int]]:
    """Return the villages within reach of each bridge that has any."""
    villages = list(shapes)
    tree = shapely.STRtree(list(shapes.values()))
    around: dict[int, set[int]] = {}
    for bridge, near in tree.query(bridges, predicate="dwithin", distance=reach_m).T.tolist():
        around.setdefault(bridge, set()).add(villages[near])
    return around


def _largest(shape: shapely.Geometry) -> shapely.Geometry:
    parts = shapely.get_parts(shape)
    return parts[int(np.argmax(shapely.area(parts)))] if len(parts) else shape


def _border(
    one: shapely.Geometry, two: shapely.Geometry, gap_tolerance_m: float
) -> shapely.Geometry:
    """Return the part of one boundary that runs along another."""
    along = shapely.buffer(shapely.boundary(two), gap_tolerance_m + _SAME_M)
    return shapely.intersection(shapely.boundary(one), along)

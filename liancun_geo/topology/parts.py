"""Parts of villages: slivers, crumbs, exclaves."""

from __future__ import annotations

import numpy as np
import shapely

from liancun_geo.topology import shapes
from liancun_geo.topology.flaws import Flaw, Places, asking, metres, square_metres
from liancun_geo.topology.shapes import Shapes
from liancun_geo.units import M2_PER_MU

TINY_M2 = 1000.0
"""A part below one and a half mu is no exclave but a slip of the pen."""
_ENCLOSED_SHARE = 0.99


def part_flaws(villages: Shapes, places: Places, tolerance_m: float) -> list[Flaw]:
    """Return villages that are slivers, and the lesser parts of villages with several.

    Parameters
    ----------
    villages
        (n,) valid.
    places
        Where they are.
    tolerance_m
        Greatest width of a sliver.
    """
    flaws = []
    area = shapely.area(villages)
    # The width of a strip is about 2 A / P: no closer look at a village far above that.
    bound = 2 * area / np.maximum(shapely.length(villages), shapes.TOUCH_M)
    thin = np.flatnonzero((bound <= tolerance_m) & (area > 0))
    for village, width in zip(thin.tolist(), shapes.widths(villages[thin]).tolist(), strict=True):
        if width > tolerance_m:
            continue
        flaw = places.flaw(
            "sliver",
            [village],
            villages[village],
            width_m=width,
            area=square_metres(area[village]),
            width=metres(width),
        )
        flaws.append(asking(flaw, places.excluding(village)))
    return flaws + _lesser_parts(villages, places, tolerance_m)


def _lesser_parts(villages: Shapes, places: Places, tolerance_m: float) -> list[Flaw]:
    parts, owner = shapely.get_parts(villages, return_index=True)
    order = np.lexsort((np.arange(len(parts)), -shapely.area(parts), owner))
    main = order[np.unique(owner[order], return_index=True)[1]]
    lesser = np.setdiff1d(np.arange(len(parts)), main)
    if not len(lesser):
        return []
    width = shapes.widths(parts[lesser])
    hosts = _hosts(parts, owner, lesser)
    flaws = []
    for number, part in enumerate(lesser.tolist()):
        village, host = int(owner[part]), hosts[number]
        area = float(shapely.area(parts[part]))
        kind = "exclave" if host is None else "exclave_inside"
        if width[number] <= tolerance_m:
            kind = "part_sliver"
        elif area < TINY_M2:
            kind = "part_tiny"
        flaws.append(
            places.flaw(
                kind,
                [village],
                parts[part],
                width_m=float(width[number]),
                area=square_metres(area),
                mu=square_metres(area / M2_PER_MU),
                width=metres(float(width[number])),
                host="" if host is None else places.name(host),
                distance=metres(float(shapely.distance(parts[part], parts[main[village]]))),
            )
        )
    return flaws


def _hosts(parts: Shapes, owner: shapes.Ints, lesser: shapes.Ints) -> list[int | None]:
    """Return for each lesser part the other village all around it, if there is just one."""
    outlines = shapely.get_exterior_ring(parts[lesser])
    number, other = shapely.STRtree(parts).query(
        parts[lesser], predicate="dwithin", distance=shapes.TOUCH_M
    )
    strangers = owner[other] != owner[lesser[number]]
    number, other = number[strangers], other[strangers]
    near = shapely.buffer(parts[other], shapes.MICRO_M, quad_segs=2)
    beside = shapely.length(shapely.intersection(outlines[number], near))
    whole = shapely.length(outlines)
    hosts: list[int | None] = [None] * len(lesser)
    for k in np.flatnonzero(beside >= _ENCLOSED_SHARE * whole[number]).tolist():
        hosts[int(number[k])] = int(owner[other[k]])
    return hosts

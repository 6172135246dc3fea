"""Examination of the map: what keeps the villages from lying side by side without gap or overlap.

Nothing is changed here, and nothing is guessed: what surely does not matter is a notice, what
may matter is a question.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from math import ceil

import geopandas as gpd
import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from liancun_geo.crs import transformer
from liancun_geo.decisions import ContiguityDecision
from liancun_geo.errors import Where
from liancun_geo.topology import parts, shapes
from liancun_geo.topology.flaws import (
    GREATEST_TOLERANCE_M,
    Flaw,
    Places,
    Reason,
    asking,
    checked,
    metres,
    square_metres,
)
from liancun_geo.topology.shapes import MICRO_M, Gaps, Overlaps, Shapes
from liancun_geo.topology.townships import township_flaws
from liancun_geo.units import M2_PER_MU

SAME_SHARE = 0.95
"""Two villages with this share of their land in common are the same polygon twice."""
THIN = 0.1
"""4 pi area / perimeter^2 (Polsby and Popper 1991): 1 for a disc, 0.1 for a strip 1 : 29."""
VILLAGE_SHARE = 0.25
"""A gap of at least this share of the median village may be a village that is missing."""
SPIKE_DEGREES = 1.0


def examine_topology(
    geometry: gpd.GeoSeries,
    where_of: Callable[[int], Where],
    *,
    original: gpd.GeoSeries | None = None,
    townships: Sequence[str] | None = None,
    township_shapes: Mapping[str, BaseGeometry] | gpd.GeoSeries | None = None,
    gap_tolerance_m: float = 2.0,
) -> list[Flaw]:
    """Find what is wrong with the borders of villages.

    Kinds (:attr:`Flaw.kind`), each a sentence of the catalogue ``topology``; (?) marks questions:

    ``invalid``
        A ring that crosses itself, with reason and place.
    ``duplicate`` (?), ``inside`` (?)
        Two villages with over 95 % of their land in common; a village over 95 % inside another.
    ``overlap_wide`` (?), ``overlap_narrow``, ``overlap_micro``
        Land of two villages, wider than the tolerance, narrower, below 1 cm.
    ``gap_village`` (?), ``gap_enclosed``, ``gap_sliver`` (?), ``gap_narrow``, ``gap_micro``
        Land surrounded by villages: as large as a village (a quarter of the median at least);
        a lake, a farm; a thin strip (4 pi A / P^2 below 0.1) of at most 50 m that is wider than
        the tolerance; narrower; below 1 cm.
    ``gap_open``
        A narrow strip between villages that is open at an end.
    ``sliver`` (?), ``part_sliver``, ``part_tiny``
        A whole village, or a part of one, narrower than the tolerance; a part below 1000 m2.
    ``exclave_inside``, ``exclave``
        A part of a village inside another one; a part elsewhere.
    ``detached`` (?), ``outside_township`` (?)
        Villages off the rest of their township and beside another; more than half outside the
        polygon of their township.
    ``isolated``
        Touches nothing within the tolerance.
    ``mismatch``
        Border with vertices that its neighbour lacks, where there is neither gap nor overlap.
    ``spike``
        Border that turns back on itself at less than 1 degree.

    Parameters
    ----------
    geometry
        (n,) Polygon or MultiPolygon in a projected CRS in metres, index ``0 .. n-1``; invalid,
        missing and empty ones are allowed.
    where_of
        Position -> place.
    original
        (n,) the same villages before they were projected and repaired, any CRS: rings that were
        invalid there are told.
    townships
        (n,) township of every village.
    township_shapes
        Township -> polygon, in the CRS of ``geometry``.
    gap_tolerance_m
        Width up to which gaps and overlaps are narrow.

    Returns
    -------
    list of Flaw
        Questions before notices, kind by kind, the largest first within a kind.

    Raises
    ------
    ValueError
        If the CRS is not projected in metres or the index is not ``0 .. n-1``.
    """
    places = Places(checked(geometry), where_of)
    raw = np.array(geometry.array, dtype=object)
    raw[shapely.is_missing(raw)] = shapely.Polygon()
    flaws = _invalid(geometry if original is None else original, places)
    villages = shapes.valid(raw)
    if shapely.is_empty(villages).all():
        return flaws
    edges = shapes.mismatched(villages)
    common = shapes.overlaps(villages, edges)
    between = shapes.gaps(villages, shapes.territory(villages, edges), gap_tolerance_m)
    contacts = shapes.contacts(villages, gap_tolerance_m)
    found = [
        *_overlaps(common, villages, places, gap_tolerance_m),
        *_gaps(between, villages, places, gap_tolerance_m),
    ]
    flaws += [
        *found,
        *_mismatches(edges, found, places),
        *parts.part_flaws(villages, places, gap_tolerance_m),
        *_isolated(villages, contacts, places, gap_tolerance_m),
        *_spikes(villages, places, gap_tolerance_m),
    ]
    if townships is not None:
        flaws += township_flaws(villages, contacts, places, townships, township_shapes)
    return _in_order(flaws)


def _in_order(flaws: Sequence[Flaw]) -> list[Flaw]:
    first: dict[str, int] = {}
    for number, flaw in enumerate(flaws):
        first.setdefault(flaw.kind, number)
    return sorted(
        flaws, key=lambda f: (not f.fault.fixes, first[f.kind], -f.area_m2, -f.width_m, f.villages)
    )


def _invalid(geometry: gpd.GeoSeries, places: Places) -> list[Flaw]:
    raw = np.array(geometry.array, dtype=object)
    wrong = np.flatnonzero(~shapely.is_missing(raw) & ~shapely.is_valid(raw))
    if not len(wrong):
        return []
    transform = transformer(geometry.crs, places.crs).transform
    flaws = []
    for village, reason in zip(wrong.tolist(), shapely.is_valid_reason(raw[wrong]), strict=True):
        name, _, place = reason.partition("[")
        numbers = re.findall(r"[-+.\deE]+", place)
        # A coordinate that is no number has no place on the map.
        point = _at(transform, float(numbers[0]), float(numbers[1])) if len(numbers) > 1 else None
        if point is None or not np.isfinite(shapely.get_coordinates(point)).all():
            point = _at(transform, *_some_vertex(raw[village]))
        flaws.append(places.flaw("invalid", [village], point, reason=Reason(name.strip())))
    return flaws


def _at(transform: Callable[..., tuple[float, float]], x: float, y: float) -> BaseGeometry:
    return shapely.Point(*transform(x, y))


def _some_vertex(shape: BaseGeometry) -> tuple[float, float]:
    xy = shapely.get_coordinates(shape)
    finite = xy[np.isfinite(xy).all(axis=1)]
    return (float(finite[0, 0]), float(finite[0, 1])) if len(finite) else (0.0, 0.0)


def _overlaps(
    overlaps: Overlaps, villages: Shapes, places: Places, tolerance_m: float
) -> list[Flaw]:
    area = shapely.area(villages)
    flaws = []
    for (i, j), shape, width in zip(
        overlaps.pairs.tolist(), overlaps.shapes, overlaps.width_m.tolist(), strict=True
    ):
        common = float(shapely.area(shape))
        less, more = sorted((i, j), key=lambda village: (area[village], village))
        kind = "overlap_wide"
        if common > SAME_SHARE * (area[i] + area[j] - common):
            kind = "duplicate"
        elif common > SAME_SHARE * area[less]:
            kind = "inside"
        elif width < MICRO_M:
            kind = "overlap_micro"
        elif width <= tolerance_m:
            kind = "overlap_narrow"
        flaw = places.flaw(
            kind,
            [i, j],
            shape,
            width_m=width,
            villages=places.names([i, j]),
            inner=places.name(less),
            outer=places.name(more),
            area=square_metres(common),
            mu=square_metres(common / M2_PER_MU),
            width=metres(width),
            share=f"{common / area[less]:.0%}",
        )
        if kind == "duplicate":
            flaw = asking(flaw, places.excluding(j), places.excluding(i))
        elif kind in ("inside", "overlap_wide"):
            flaw = asking(flaw)
        flaws.append(flaw)
    return flaws


def _gaps(gaps: Gaps, villages: Shapes, places: Places, tolerance_m: float) -> list[Flaw]:
    flaws = []
    area = shapely.area(gaps.shapes)
    compact = 4 * np.pi * area / shapely.length(gaps.shapes) ** 2
    of_village = VILLAGE_SHARE * float(np.median(shapely.area(villages)))
    for number, around in enumerate(gaps.around):
        width = float(gaps.width_m[number])
        kind = "gap_enclosed"
        if gaps.is_open[number]:
            kind = "gap_open"
        elif width < MICRO_M:
            kind = "gap_micro"
        elif width <= tolerance_m:
            kind = "gap_narrow"
        elif compact[number] < THIN and width <= GREATEST_TOLERANCE_M:
            kind = "gap_sliver"
        elif compact[number] >= THIN and area[number] >= of_village:
            kind = "gap_village"
        flaw = places.flaw(
            kind,
            around,
            gaps.shapes[number],
            width_m=width,
            villages=places.names(around),
            area=square_metres(area[number]),
            mu=square_metres(area[number] / M2_PER_MU),
            width=metres(width),
        )
        if kind == "gap_sliver":
            flaw = asking(flaw, ContiguityDecision(gap_tolerance_m=float(ceil(width))))
        elif kind == "gap_village":
            flaw = asking(flaw)
        flaws.append(flaw)
    return flaws


def _mismatches(edges: Shapes, found: Sequence[Flaw], places: Places) -> list[Flaw]:
    """Tell the stretches that no gap or overlap explains."""
    explained = {village for flaw in found for village in flaw.villages}
    loose = [v for v in np.flatnonzero(~shapely.is_empty(edges)).tolist() if v not in explained]
    return [
        places.flaw("mismatch", [v], edges[v], length=metres(float(shapely.length(edges[v]))))
        for v in loose
    ]


def _isolated(
    villages: Shapes, contacts: shapes.Ints, places: Places, tolerance_m: float
) -> list[Flaw]:
    here = ~shapely.is_empty(villages)
    here[contacts] = False
    alone = np.flatnonzero(here)
    if not len(alone) or (~shapely.is_empty(villages)).sum() < 2:
        return []
    (of, nearest), distance = shapely.STRtree(villages).query_nearest(
        villages[alone], exclusive=True, return_distance=True, all_matches=False
    )
    return [
        places.flaw(
            "isolated",
            [int(alone[number])],
            villages[alone[number]],
            tolerance=metres(tolerance_m),
            nearest=places.name(int(other)),
            distance=metres(float(metres_apart)),
        )
        for number, other, metres_apart in zip(of, nearest, distance, strict=True)
    ]


def _spikes(villages: Shapes, places: Places, tolerance_m: float) -> list[Flaw]:
    points, owners = shapes.spikes(villages, SPIKE_DEGREES, max(tolerance_m, 1.0))
    return [
        places.flaw(
            "spike",
            [village],
            shapely.multipoints(points[owners == village]),
            count=int((owners == village).sum()),
        )
        for village in np.unique(owners).tolist()
    ]

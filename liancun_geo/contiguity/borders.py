"""Length of the border that two villages share.

All boundary rings are laid out one after the other on a single line, so that a stretch of
boundary is an interval in metres and every step below is a sort or a scan of intervals.

**The measure.** Let B(i) be the boundary of village i (outer rings and holes).

1. A segment that villages have in common vertex for vertex is *matched*; all others are *free*.
2. The stretches of B(i) *near* B(j) are the segments matched with j and the points of the free
   part of B(i) at most ``tolerance_m`` from the free part of B(j). (A matched segment has its
   neighbour already, so a third village between two others keeps them apart.) Of these the
   *coincident* stretches are the matched ones and those within 1 mm.
3. Near stretches that follow each other on a ring form a *run*. Where two borders part, a tail
   up to tolerance / sin(angle) long is still near: a tail that does not coincide and is at most
   2 x tolerance long is cut. A run that coincides nowhere is two tails: it counts, in full, only
   if longer than 4 x tolerance. (Coincident stretches are found likewise, with matched segments
   for coincident ones and 1 mm for the tolerance.) So a corner touch has length 0, down to an
   angle of 30 degrees, and an edge-matched border has its exact length; a border across a gap
   may come out longer by up to 2 x tolerance.
4. length(i -> j) is the sum of the runs; the shared border is the smaller of length(i -> j) and
   length(j -> i), so that a jagged copy of a border does not lengthen it.
5. A barrier takes away the part of the runs that lies within its tolerance, in each direction.
"""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from liancun_geo.contiguity.intervals import Floats, in_triangle, near_segment

COINCIDENT_M = 1e-3
_ROUNDING_M = 1e-6
_CHUNK = 20_000

Ints = NDArray[np.intp]


@dataclass(frozen=True)
class SharedBorders:
    """Pairs of villages with a shared border.

    Attributes
    ----------
    pairs
        (k, 2) positions ``i < j``, sorted.
    shared_m
        (k,) length of the shared border in metres, above 0.
    lost_m
        (k,) length of it along barriers, in metres.
    """

    pairs: Ints
    shared_m: Floats
    lost_m: Floats


@dataclass(frozen=True)
class _Line:
    """Every boundary segment; ``at_m`` is where it starts on the common line.

    A ring owns twice its length there, so that a run across its first vertex is one interval.
    """

    village: Ints
    ring: Ints
    start: Floats
    end: Floats
    direction: Floats
    length_m: Floats
    at_m: Floats
    ring_village: Ints
    ring_from_m: Floats
    ring_length_m: Floats


@dataclass(frozen=True)
class _Runs:
    """Stretches of boundary near village ``other``; between first and last they coincide."""

    other: Ints
    low: Floats
    high: Floats
    first: Floats
    last: Floats

    def take(self, which: Ints | NDArray[np.bool_]) -> _Runs:
        return _Runs(
            self.other[which],
            self.low[which],
            self.high[which],
            self.first[which],
            self.last[which],
        )


def shared_borders(
    geometries: NDArray[np.object_],
    *,
    tolerance_m: float,
    main_part_only: bool,
    barriers: gpd.GeoSeries | None = None,
    barrier_tolerance_m: float = 0.0,
) -> SharedBorders:
    """Return the shared border of every pair of villages; see the module for the measure.

    Parameters
    ----------
    geometries
        (n,) Polygon or MultiPolygon in a projected CRS in metres; None and empty have no border.
    tolerance_m
        Borders at most this far apart are shared.
    main_part_only
        Whether only the largest part of a village touches its neighbours.
    barriers
        Lines and polygons in the same CRS; other kinds are ignored.
    barrier_tolerance_m
        A border at most this far from a barrier (of a polygon: from its inside) is lost.

    Returns
    -------
    SharedBorders
        All pairs whose shared border is longer than 0, however short.
    """
    n = len(geometries)
    line = _lay_out(geometries, main_part_only)
    radius = max(tolerance_m, COINCIDENT_M) + _ROUNDING_M
    matched, free = _matched(line)
    near, coincident = _near(line, free, radius)
    exact = _trim(line, _merge(_join(matched, coincident)), COINCIDENT_M)
    exact = _Runs(exact.other, exact.low, exact.high, exact.low, exact.high)
    near = near if radius > 2 * COINCIDENT_M else near.take(np.zeros(0, dtype=np.intp))
    runs = _trim(line, _close(line, _merge(_join(exact, near))), radius)
    length = runs.high - runs.low
    lost = np.zeros(len(length))
    if barriers is not None and len(length):
        reach = max(barrier_tolerance_m, COINCIDENT_M) + _ROUNDING_M
        lost = _covered(line, runs, _along_barriers(line, barriers, reach))
    return _by_pair(n, line.ring_village[_ring_at(line, runs.low)], runs.other, length, lost)


def _lay_out(geometries: NDArray[np.object_], main_part_only: bool) -> _Line:
    parts, village = shapely.get_parts(geometries, return_index=True)
    polygon = (shapely.get_type_id(parts) == shapely.GeometryType.POLYGON) & ~shapely.is_empty(
        parts
    )
    parts, village = parts[polygon], village[polygon]
    if main_part_only:
        largest = np.lexsort((np.arange(len(parts)), -shapely.area(parts), village))
        largest = largest[np.unique(village[largest], return_index=True)[1]]
        parts, village = parts[largest], village[largest]
    rings, part = shapely.get_rings(parts, return_index=True)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    # Adding zero turns -0.0 into 0.0, which must compare equal bit by bit.
    xy = xy + 0.0
    step = np.diff(xy, axis=0)
    length = np.hypot(step[:, 0], step[:, 1])
    real = (ring[1:] == ring[:-1]) & (length > 0)
    at = np.flatnonzero(real)
    ring, length = ring[at], length[at]
    along = pd.Series(length).groupby(ring).cumsum().to_numpy() - length
    ring_length = np.bincount(ring, weights=length, minlength=len(rings)).astype(np.float64)
    ring_from = np.concatenate([[0.0], np.cumsum(2 * ring_length + 1.0)[:-1]])[: len(rings)]
    ring_village = village[part].astype(np.intp)
    return _Line(
        village=ring_village[ring],
        ring=ring.astype(np.intp),
        start=xy[at],
        end=xy[at + 1],
        direction=step[at] / length[:, None],
        length_m=length,
        at_m=ring_from[ring] + along,
        ring_village=ring_village,
        ring_from_m=ring_from,
        ring_length_m=ring_length,
    )


def _matched(line: _Line) -> tuple[_Runs, Ints]:
    """Return the segments that villages have in common, and the positions of the free ones."""
    count = len(line.village)
    points = np.concatenate([line.start, line.end]).view(np.complex128).ravel()
    numbers, distinct = pd.factorize(points)
    ends = np.sort(numbers.reshape(2, count), axis=0)
    key = ends[0] * np.int64(max(len(distinct), 1)) + ends[1]
    order = np.argsort(key, kind="stable")
    key, village = key[order], line.village[order]
    segments, others = [], []
    for shift in range(1, count):
        same = key[shift:] == key[:-shift]
        if not same.any():
            break
        same &= village[shift:] != village[:-shift]
        one, two = order[:-shift][same], order[shift:][same]
        segments += [one, two]
        others += [line.village[two], line.village[one]]
    segment = np.concatenate([np.zeros(0, dtype=np.intp), *segments])
    other = np.concatenate([np.zeros(0, dtype=np.intp), *others])
    free = np.ones(count, dtype=np.bool_)
    free[segment] = False
    low = line.at_m[segment]
    high = low + line.length_m[segment]
    return _Runs(other, low, high, low, high), np.flatnonzero(free)


def _near(line: _Line, free: Ints, radius: float) -> tuple[_Runs, _Runs]:
    """Return the stretches of free segments near those of other villages: at radius, at 1 mm."""
    start, end = line.start[free], line.end[free]
    low, high = np.minimum(start, end) - radius / 2, np.maximum(start, end) + radius / 2
    boxes = shapely.box(low[:, 0], low[:, 1], high[:, 0], high[:, 1])
    tree = shapely.STRtree(boxes)
    near: list[_Runs] = []
    coincident: list[_Runs] = []
    for begin in range(0, len(free), _CHUNK):
        one, two = tree.query(boxes[begin : begin + _CHUNK])
        one, two = free[one + begin], free[two]
        strangers = line.village[one] != line.village[two]
        one, two = one[strangers], two[strangers]
        for distance, found in ((radius, near), (COINCIDENT_M, coincident)):
            first, last = near_segment(
                line.start[one],
                line.direction[one],
                line.length_m[one],
                line.start[two],
                line.end[two],
                distance,
            )
            hit = first < last
            one, two = one[hit], two[hit]
            at, other = line.at_m[one], line.village[two]
            nowhere = np.full(len(one), np.nan)
            found.append(_merge(_Runs(other, at + first[hit], at + last[hit], nowhere, nowhere)))
    return _join(*near), _join(*coincident)


def _join(*runs: _Runs) -> _Runs:
    nothing = np.zeros(0)
    return _Runs(
        np.concatenate([np.zeros(0, dtype=np.intp), *(r.other for r in runs)]),
        np.concatenate([nothing, *(r.low for r in runs)]),
        np.concatenate([nothing, *(r.high for r in runs)]),
        np.concatenate([nothing, *(r.first for r in runs)]),
        np.concatenate([nothing, *(r.last for r in runs)]),
    )


def _merge(runs: _Runs) -> _Runs:
    """Unite stretches near the same village that overlap or follow each other."""
    if not len(runs.low):
        return runs
    runs = runs.take(np.lexsort((runs.low, runs.other)))
    reach = pd.Series(runs.high).groupby(runs.other).cummax().to_numpy()
    begins = np.ones(len(reach), dtype=np.bool_)
    begins[1:] = (runs.other[1:] != runs.other[:-1]) | (runs.low[1:] > reach[:-1] + _ROUNDING_M)
    at = np.flatnonzero(begins)
    return _Runs(
        runs.other[at],
        runs.low[at],
        np.maximum.reduceat(runs.high, at),
        np.fmin.reduceat(runs.first, at),
        np.fmax.reduceat(runs.last, at),
    )


def _ring_at(line: _Line, at_m: Floats) -> Ints:
    return np.searchsorted(line.ring_from_m, at_m + _ROUNDING_M, side="right") - 1


def _close(line: _Line, runs: _Runs) -> _Runs:
    """Unite the two runs at the first vertex of a ring, where it closes."""
    ring = _ring_at(line, runs.low)
    turn = line.ring_length_m[ring]
    at_start = runs.low <= line.ring_from_m[ring] + _ROUNDING_M
    at_end = runs.high >= line.ring_from_m[ring] + turn - _ROUNDING_M
    key = ring * np.int64(line.village.max(initial=0) + 1) + runs.other
    heads, tails = np.flatnonzero(at_start & ~at_end), np.flatnonzero(at_end & ~at_start)
    _, head, tail = np.intersect1d(key[heads], key[tails], return_indices=True)
    head, tail = heads[head], tails[tail]
    high, first, last = runs.high.copy(), runs.first.copy(), runs.last.copy()
    high[tail] = runs.high[head] + turn[head]
    first[tail] = np.fmin(runs.first[tail], runs.first[head] + turn[head])
    last[tail] = np.fmax(runs.last[tail], runs.last[head] + turn[head])
    keep = np.ones(len(high), dtype=np.bool_)
    keep[head] = False
    return _Runs(runs.other, runs.low, high, first, last).take(keep)


def _trim(line: _Line, runs: _Runs, radius: float) -> _Runs:
    """Cut the tails of corners and drop the runs that are nothing else."""
    whole = runs.high - runs.low >= line.ring_length_m[_ring_at(line, runs.low)] - _ROUNDING_M
    coincides = ~np.isnan(runs.first)
    longest = 2 * radius + _ROUNDING_M
    cut_low = coincides & ~whole & (runs.first - runs.low <= longest)
    cut_high = coincides & ~whole & (runs.high - runs.last <= longest)
    low = np.where(cut_low, runs.first, runs.low)
    high = np.where(cut_high, runs.last, runs.high)
    keep = coincides | (runs.high - runs.low > 2 * longest)
    return _Runs(runs.other, low, high, runs.first, runs.last).take(keep)


def _along_barriers(line: _Line, barriers: gpd.GeoSeries, reach: float) -> _Runs:
    """Return the stretches of boundary within ``reach`` of a barrier, disjoint and sorted."""
    parts = shapely.get_parts(shapely.get_parts(np.asarray(barriers.dropna(), dtype=object)))
    kind = shapely.get_type_id(parts)
    areas = parts[kind == shapely.GeometryType.POLYGON]
    areas = shapely.get_parts(shapely.make_valid(areas))
    areas = areas[shapely.get_type_id(areas) == shapely.GeometryType.POLYGON]
    is_line = (kind == shapely.GeometryType.LINESTRING) | (kind == shapely.GeometryType.LINEARRING)
    lines = np.concatenate([parts[is_line], shapely.get_rings(areas)])
    xy, index = shapely.get_coordinates(lines, return_index=True)
    at = np.flatnonzero(index[1:] == index[:-1])
    a, b = xy[at], xy[at + 1]
    triangles = shapely.get_parts(shapely.constrained_delaunay_triangles(areas))
    corners = shapely.get_coordinates(triangles).reshape(-1, 4, 2)[:, :3]
    low = np.concatenate([np.minimum(a, b) - reach, corners.min(axis=1)])
    high = np.concatenate([np.maximum(a, b) + reach, corners.max(axis=1)])
    tree = shapely.STRtree(shapely.box(low[:, 0], low[:, 1], high[:, 0], high[:, 1]))
    segments = shapely.linestrings(np.stack([line.start, line.end], axis=1))
    one, two = tree.query(segments)
    by_line = two < len(a)
    who, to = one[by_line], two[by_line]
    near = near_segment(
        line.start[who], line.direction[who], line.length_m[who], a[to], b[to], reach
    )
    inside, to = one[~by_line], two[~by_line] - len(a)
    within = in_triangle(
        line.start[inside], line.direction[inside], line.length_m[inside], corners[to]
    )
    at_m = line.at_m[np.concatenate([who, inside])]
    first, last = np.concatenate([near, within], axis=1)
    hit = first < last
    zone = np.zeros(int(hit.sum()), dtype=np.intp)
    nowhere = np.full(len(zone), np.nan)
    return _merge(_Runs(zone, (at_m + first)[hit], (at_m + last)[hit], nowhere, nowhere))


def _covered(line: _Line, runs: _Runs, cover: _Runs) -> Floats:
    """Return the length of every run that lies in ``cover``."""
    if not len(cover.low):
        return np.zeros(len(runs.low))
    ring = _ring_at(line, runs.low)
    begin, turn = line.ring_from_m[ring], line.ring_length_m[ring]
    knots = np.column_stack([cover.low, cover.high]).ravel()
    total = np.cumsum(cover.high - cover.low)
    values = np.column_stack([np.concatenate([[0.0], total[:-1]]), total]).ravel()

    def up_to(at_m: Floats) -> Floats:
        beyond = at_m > begin + turn
        inner = np.interp(np.where(beyond, at_m - turn, at_m), knots, values)
        once = np.interp(begin + turn, knots, values) - np.interp(begin, knots, values)
        return np.asarray(inner + np.where(beyond, once, 0.0))

    return up_to(runs.high) - up_to(runs.low)


def _by_pair(n: int, village: Ints, other: Ints, length: Floats, lost: Floats) -> SharedBorders:
    directed, where = np.unique(village * np.int64(n) + other, return_inverse=True)
    count = len(directed)
    # An empty bincount forgets its weights and comes back as integers.
    length = np.bincount(where, weights=length, minlength=count).astype(np.float64)
    lost = np.bincount(where, weights=lost, minlength=count).astype(np.float64)
    i, j = directed // max(n, 1), directed % max(n, 1)
    there = np.flatnonzero(i < j)
    back = np.searchsorted(directed, j[there] * np.int64(n) + i[there])
    back = np.minimum(back, max(count - 1, 0))
    mutual = (i[back] == j[there]) & (j[back] == i[there])
    there, back = there[mutual], back[mutual]
    shared = np.minimum(length[there], length[back])
    left = np.minimum(length[there] - lost[there], length[back] - lost[back])
    pairs = np.column_stack([i[there], j[there]]).astype(np.intp)
    return SharedBorders(pairs, shared, np.clip(shared - left, 0.0, shared))

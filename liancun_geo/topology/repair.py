"""Repair of the map: rings made valid, narrow gaps and overlaps given to one village.

What is wider than the tolerance stays as it is: a lake, a disputed field, a strip of river. A
village no flaw concerns keeps every vertex. Where an overlap was cut, a thin tongue of one village
may run into another: nothing is missing or twice, but the border is not handsome. The steps, all
in metres:

1. Invalid rings are made valid (``make_valid``, method structure).
2. Narrow gaps and overlaps (greatest width at most the tolerance) are found as in
   :mod:`liancun_geo.topology.shapes`. A gap goes to the village with the longest border along
   it; one that runs along more than three villages is triangulated first, so that no village
   gets a border with villages far away. Narrow parts off the rest of their village, along
   another one, go the same way. Land of two villages that is wider is set aside.
3. The villages concerned, the pieces of gaps and the land set aside go through GEOS'
   ``CoverageCleaner`` (snapping 1 mm; an overlap goes to the village with the longest border
   along it), together with their neighbours; then every piece joins its village.
4. Steps 2 and 3 are repeated while narrow flaws are left, at most three times.
5. Detached parts narrower than 1 cm that touch no village are dropped. Nothing else is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import geopandas as gpd
import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from liancun_geo.topology import shapes
from liancun_geo.topology.flaws import checked
from liancun_geo.topology.shapes import MICRO_M, TOUCH_M, Ints, Shapes

_ROUNDS = 3
_SEVERAL = 3
Kind = Literal["ring", "gap", "overlap", "part", "border"]


@dataclass(frozen=True, eq=False)
class Change:
    """One thing that was done.

    Attributes
    ----------
    kind
        ``ring``: an invalid ring was made valid. ``gap``: land of nobody was given to
        ``village``. ``overlap``: land of ``village`` and ``other`` was left to ``village``.
        ``part``: a narrow part of ``other``, off the rest of it, was given to ``village``, or
        dropped as narrower than 1 cm. ``border``: vertices of ``village`` were added, or moved
        by at most a few millimetres.
    village, other
        Positions; -1 where there is none.
    shape
        The land concerned; empty if it has no area to speak of.
    area_m2, width_m
        Of it.
    """

    kind: Kind
    village: int
    other: int
    shape: BaseGeometry
    area_m2: float = 0.0
    width_m: float = 0.0


@dataclass(frozen=True, eq=False)
class Repair:
    """A repaired map and all that was done.

    Attributes
    ----------
    geometry
        (n,) in the CRS of the input; missing where the input was missing, empty or without
        area.
    changes
        By village.
    valid
        Whether the villages now lie side by side with borders that match exactly (wide gaps
        are no fault in that sense; wide overlaps are).
    """

    geometry: gpd.GeoSeries
    changes: tuple[Change, ...]
    valid: bool


def repair_topology(geometry: gpd.GeoSeries, *, gap_tolerance_m: float = 2.0) -> Repair:
    """Close narrow gaps and overlaps and make rings valid; see the module for the way.

    Parameters
    ----------
    geometry
        (n,) Polygon or MultiPolygon in a projected CRS in metres, index ``0 .. n-1``; not
        changed.
    gap_tolerance_m
        Greatest width of a gap or an overlap that is closed; 0 only mends rounding.

    Returns
    -------
    Repair
        The same for every run, and for any order of the villages up to ties.

    Raises
    ------
    ValueError
        If the CRS is not projected in metres or the index is not ``0 .. n-1``.
    """
    checked(geometry)
    raw = np.array(geometry.array, dtype=object)
    raw[shapely.is_missing(raw)] = shapely.Polygon()
    before = shapes.valid(raw)
    work = _Work(before.copy(), max(gap_tolerance_m, MICRO_M))
    changes = _rings(raw, before)
    for _ in range(_ROUNDS):
        done = work.step()
        if done is None:
            break
        changes += done
    changes += work.drop_shavings()
    changes += _borders(before, work.villages, changes)
    result = work.villages.copy()
    result[shapely.is_empty(result)] = None
    present = work.villages[~shapely.is_empty(work.villages)]
    return Repair(
        gpd.GeoSeries(result, crs=geometry.crs),
        tuple(sorted(_measured(changes), key=lambda c: (c.village, c.kind, c.other, -c.area_m2))),
        bool(shapely.coverage_is_valid(present)),
    )


def refit(polygons: Shapes, snapping: float) -> Shapes:
    """Match borders again that another projection has moved apart in their last digits.

    Parameters
    ----------
    polygons
        (k,) present, as they fitted before.
    snapping
        Distance within which vertices become one, in units of the CRS.

    Returns
    -------
    Shapes
        The same objects but for villages whose borders did not fit, and those beside them.
    """
    fitted = polygons.copy()
    for _ in range(_ROUNDS):
        loose = ~shapely.is_empty(shapes.mismatched(fitted))
        if not loose.any():
            break
        beside = shapely.STRtree(fitted).query(
            fitted[loose], predicate="dwithin", distance=snapping
        )[1]
        some = np.union1d(np.flatnonzero(loose), beside)
        fitted[some] = shapely.coverage_clean(  # type: ignore[attr-defined]  # not in the stubs
            fitted[some], snapping_distance=snapping
        )
    return fitted


def _rings(raw: Shapes, fixed: Shapes) -> list[Change]:
    wrong = np.flatnonzero(~shapely.is_valid(raw)).tolist()
    return [Change("ring", v, -1, shapely.Polygon()) for v in wrong]


def _borders(before: Shapes, after: Shapes, changes: list[Change]) -> list[Change]:
    told = {position for c in changes for position in (c.village, c.other)}
    same = np.array([a is b for a, b in zip(before, after, strict=True)], dtype=np.bool_)
    return [
        Change("border", v, -1, shapely.Polygon())
        for v in np.flatnonzero(~same).tolist()
        if v not in told
    ]


@dataclass(frozen=True, eq=False)
class _Strip:
    """Land to give away: its old village, -1 if it had none, and those that may get it."""

    shape: BaseGeometry
    source: int
    around: tuple[int, ...]


@dataclass
class _Work:
    villages: Shapes
    tolerance_m: float

    def step(self) -> list[Change] | None:
        """Close what is narrow once, and tell what was closed; None if nothing was to be done."""
        edges = shapes.mismatched(self.villages)
        common = shapes.overlaps(self.villages, edges)
        narrow = common.width_m <= self.tolerance_m
        wide = shapes.Overlaps(
            common.pairs[~narrow], common.shapes[~narrow], common.width_m[~narrow]
        )
        union = shapes.territory(self.villages, edges)
        between = shapes.gaps(self.villages, union, self.tolerance_m)
        micro = ~between.is_open & (between.width_m <= MICRO_M)
        closable = np.flatnonzero(
            ~micro & (between.is_open | (between.width_m <= self.tolerance_m))
        ).tolist()
        strips = [_Strip(between.shapes[k], -1, between.around[k]) for k in closable]
        strips += self._detach_scraps()
        loose = np.flatnonzero(~shapely.is_empty(edges))
        settled = np.isin(loose, wide.pairs).all() and not narrow.any()
        if settled and not strips and not micro.any():
            return None
        pieces, owners, sources = self._pieces(strips)
        concerned = ~shapely.is_empty(edges)
        concerned[owners] = True
        concerned[sources[sources >= 0]] = True
        for number in np.flatnonzero(micro):
            concerned[list(between.around[number])] = True
        self._clean(concerned, pieces, owners, wide)
        real = np.flatnonzero(narrow & (common.width_m >= MICRO_M))
        return [
            *_given(pieces, owners, sources),
            *_left(self.villages, common.pairs[real], common.shapes[real]),
        ]

    def _detach_scraps(self) -> list[_Strip]:
        """Take from villages the detached parts that are narrow and lie along another village."""
        parts, owner, lesser, width = _lesser_parts(self.villages)
        narrow = lesser[width <= self.tolerance_m]
        around = shapes.touching(parts[narrow], self.villages)
        scraps = []
        for part, villages in zip(narrow.tolist(), around, strict=True):
            village = int(owner[part])
            others = tuple(v for v in villages if v != village)
            if others:
                scraps.append((part, _Strip(parts[part], village, others)))
        self._without_parts(parts, owner, np.array([part for part, _ in scraps], dtype=np.intp))
        return [strip for _, strip in scraps]

    def drop_shavings(self) -> list[Change]:
        """Drop detached parts too narrow to be drawn and along no village."""
        parts, owner, lesser, width = _lesser_parts(self.villages)
        gone = lesser[width < MICRO_M]
        self._without_parts(parts, owner, gone)
        return [Change("part", -1, int(owner[k]), parts[k]) for k in gone.tolist()]

    def _without_parts(self, parts: Shapes, owner: Ints, gone: Ints) -> None:
        for village in np.unique(owner[gone]).tolist():
            kept = np.setdiff1d(np.flatnonzero(owner == village), gone)
            self.villages[village] = shapes.together(parts[kept])

    def _pieces(self, strips: list[_Strip]) -> tuple[Shapes, Ints, Ints]:
        """Cut up strips along several villages; return pieces, their new and their old owners."""
        cut: list[tuple[BaseGeometry, _Strip]] = []
        for strip in strips:
            parts = [strip.shape]
            if len(strip.around) > _SEVERAL:
                parts = list(shapely.get_parts(shapely.constrained_delaunay_triangles(strip.shape)))
            cut += [(part, strip) for part in parts]
        pieces = shapes.as_shapes([part for part, _ in cut])
        number = np.repeat(np.arange(len(cut)), [len(strip.around) for _, strip in cut])
        village = np.array([v for _, strip in cut for v in strip.around], dtype=np.intp)
        touch = shapely.dwithin(pieces[number], self.villages[village], TOUCH_M)
        number, village = number[touch], village[touch]
        # A strip beside the piece: borders that were cut at one another match only roughly.
        near = shapely.buffer(pieces[number], 2 * TOUCH_M, quad_segs=1)
        length = shapely.area(shapely.intersection(self.villages[village], near))
        order = np.lexsort((village, -np.round(length, 9), number))
        first = order[np.unique(number[order], return_index=True)[1]]
        sources = np.array([strip.source for _, strip in cut], dtype=np.intp)
        return pieces[number[first]], village[first], sources[number[first]]

    def _clean(
        self, concerned: shapes.Flags, pieces: Shapes, owners: Ints, wide: shapes.Overlaps
    ) -> None:
        """Clean the villages concerned and those beside them, and give every piece its owner."""
        tree = shapely.STRtree(self.villages)
        beside = tree.query(self.villages[concerned], predicate="dwithin", distance=TOUCH_M)[1]
        some = concerned.copy()
        some[beside] = True
        here = np.flatnonzero(some & ~shapely.is_empty(self.villages))
        cores = self.villages[here].copy()
        place = {int(village): k for k, village in enumerate(here)}
        for pair, shape in zip(wide.pairs.tolist(), wide.shapes, strict=True):
            for village in pair:
                k = place[village]
                cores[k] = shapes.polygonal(shapely.difference(cores[k], shape))
        joined = np.concatenate([cores, pieces, wide.shapes])
        kept = np.flatnonzero(~shapely.is_empty(joined))
        clean = shapes.as_shapes([shapely.Polygon()] * len(joined))
        clean[kept] = shapely.coverage_clean(  # type: ignore[attr-defined]  # missing in the stubs
            joined[kept], gap_width=MICRO_M, snapping_distance=TOUCH_M
        )
        whose = [
            *((k, k) for k in range(len(here))),
            *((len(here) + k, place[int(v)]) for k, v in enumerate(owners)),
            *(
                (len(here) + len(pieces) + k, place[village])
                for k, pair in enumerate(wide.pairs.tolist())
                for village in pair
            ),
        ]
        members: dict[int, list[int]] = {}
        for item, k in whose:
            if not shapely.is_empty(clean[item]):
                members.setdefault(k, []).append(item)
        for k, items in members.items():
            self.villages[here[k]] = _joined(self.villages[here[k]], clean[items])


def _lesser_parts(villages: Shapes) -> tuple[Shapes, Ints, Ints, shapes.Floats]:
    """Return all parts, their villages, the positions of those not the largest, their width."""
    parts, owner = shapely.get_parts(villages, return_index=True)
    order = np.lexsort((np.arange(len(parts)), -shapely.area(parts), owner))
    largest = order[np.unique(owner[order], return_index=True)[1]]
    lesser = np.setdiff1d(np.arange(len(parts)), largest)
    return parts, owner, lesser, shapes.widths(parts[lesser])


def _left(villages: Shapes, pairs: Ints, common: Shapes) -> list[Change]:
    """Tell to which village the land of two was left, part by part."""
    parts, number = shapely.get_parts(common, return_index=True)
    inside = shapely.point_on_surface(parts)
    one, two = pairs[number, 0], pairs[number, 1]
    to_one = shapely.intersects(villages[one], inside)
    to_two = shapely.intersects(villages[two], inside)
    done: dict[tuple[int, int], list[int]] = {}
    for k in np.flatnonzero(to_one != to_two).tolist():
        winner, loser = (one[k], two[k]) if to_one[k] else (two[k], one[k])
        done.setdefault((int(winner), int(loser)), []).append(k)
    return [
        Change("overlap", village, other, shapes.together(parts[which]))
        for (village, other), which in sorted(done.items())
    ]


def _joined(before: BaseGeometry, pieces: Shapes) -> BaseGeometry:
    """Return the village of its pieces; the very same object if it is the same polygon."""
    after = pieces[0] if len(pieces) == 1 else shapely.coverage_union_all(pieces)
    return before if after.equals_exact(before, normalize=True) else after


def _given(pieces: Shapes, owners: Ints, sources: Ints) -> list[Change]:
    changes: list[Change] = []
    # Pieces of one gap are told as one.
    for village, source in np.unique(np.column_stack([owners, sources]), axis=0).tolist():
        own = pieces[(owners == village) & (sources == source)]
        kind: Kind = "gap" if source < 0 else "part"
        for part in shapely.get_parts(shapely.union_all(own)):
            changes.append(Change(kind, village, source, part))
    return changes


def _measured(changes: list[Change]) -> list[Change]:
    every = shapes.as_shapes([change.shape for change in changes])
    area, width = shapely.area(every).tolist(), shapes.widths(every).tolist()
    return [
        replace(change, area_m2=a, width_m=w)
        for change, a, w in zip(changes, area, width, strict=True)
    ]

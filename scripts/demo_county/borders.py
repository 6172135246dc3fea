"""Borders to polygons: every shared border is drawn once and used by both its villages."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import shapely
from scipy.spatial import KDTree
from shapely import LineString, MultiLineString, MultiPolygon, Polygon

from demo_county.mosaic import OUTSIDE, Floats, Ints, Mosaic, SmoothNoise

DECIMALS = 2
"""Coordinates are given to the centimetre, as surveyed ones are."""


@dataclass(frozen=True)
class Border:
    """One border between two villages (or a village and the outside), river or not."""

    sides: tuple[int, int]
    river: str | None
    line: LineString


def _pieces_of_border(mosaic: Mosaic, village: Ints) -> list[Border]:
    """Return the borders as chains of ridges, cut where three villages meet or a river ends."""
    sides = np.sort(village[mosaic.ridge_pieces], axis=1)
    river_of = {int(r): name for name, ridges in mosaic.rivers.items() for r in ridges.tolist()}
    chains: defaultdict[tuple[int, int, str], list[Ints]] = defaultdict(list)
    for r in np.flatnonzero(sides[:, 0] != sides[:, 1]).tolist():
        a, b = sides[r].tolist()
        chains[a, b, river_of.get(r, "")].append(mosaic.ridge_corners[r])
    borders = []
    for (a, b, river), ridges in sorted(chains.items()):
        merged = shapely.line_merge(MultiLineString([mosaic.corners[pair] for pair in ridges]))
        lines = sorted(shapely.get_parts(merged), key=lambda line: line.coords[0])
        borders += [Border((a, b), river or None, line) for line in lines]
    return borders


def _round_off(line: Floats, times: int) -> Floats:
    """Cut the corners of a polyline (Chaikin 1974), ends fixed."""
    for _ in range(times):
        if len(line) < 3:
            return line
        a, b = line[:-1], line[1:]
        cut = np.stack([0.75 * a + 0.25 * b, 0.25 * a + 0.75 * b], axis=1).reshape(-1, 2)
        line = np.vstack([line[:1], cut[1:-1], line[-1:]])
    return line


def _stations(line: LineString, spacing_m: float, shake: np.random.Generator) -> Floats:
    """Return points along a line at uneven distances of about ``spacing_m``, ends included."""
    count = max(1, round(line.length / spacing_m))
    steps = shake.uniform(0.45, 1.55, count)
    along = np.concatenate([[0.0], np.cumsum(steps)]) / steps.sum()
    return shapely.get_coordinates(shapely.line_interpolate_point(line, along, normalized=True))


def _survey(border: Border, relief: float, rng: np.random.Generator) -> Floats:
    """Redraw one border the way a surveyor would meet it.

    Rivers meander smoothly. In the plain borders follow field edges: long straight legs with
    corners. In the mountains they wind.
    """
    coordinates = shapely.get_coordinates(border.line)
    if border.river:
        return _stations(LineString(_round_off(coordinates, 2)), 95.0, rng)
    if relief < 0.35:
        straight = shapely.simplify(border.line, rng.uniform(70, 130))
        return _stations_with_corners(straight, 190.0, rng)
    if relief < 0.7:
        bent = shapely.simplify(border.line, rng.uniform(20, 60))
        return _stations(LineString(_round_off(shapely.get_coordinates(bent), 1)), 130.0, rng)
    return _stations(LineString(_round_off(coordinates, 1)), 100.0, rng)


def _stations_with_corners(line: LineString, spacing_m: float, rng: np.random.Generator) -> Floats:
    """Return the corners of a line and stations on its legs."""
    corners = shapely.get_coordinates(line)
    legs = [_stations(LineString(leg), spacing_m, rng)[:-1] for leg in pairwise(corners)]
    return np.vstack([*legs, corners[-1:]])


class _Warp:
    """A smooth shift of the plane; no fold as long as its slope stays well under one."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._octaves = [
            (size, SmoothNoise(rng, wave), SmoothNoise(rng, wave))
            for wave, size in ((5_000, 130.0), (1_500, 32.0), (620, 16.0))
        ]

    def __call__(self, points: Floats) -> Floats:
        shifted = points.copy()
        for size, east, north in self._octaves:
            shifted += size * np.column_stack([east(points), north(points)])
        return shifted


def _crossing(lines: list[Floats]) -> set[int]:
    """Return the positions of lines that cross themselves or another line."""
    drawn = np.array([LineString(line) for line in lines])
    bad = set(np.flatnonzero(~shapely.is_simple(drawn)).tolist())
    tree = shapely.STRtree(drawn)
    first, second = tree.query(drawn, predicate="intersects")
    for a, b in zip(first.tolist(), second.tolist(), strict=True):
        if a < b:
            ends = {tuple(line[k]) for line in (lines[a], lines[b]) for k in (0, -1)}
            met = shapely.get_coordinates(shapely.intersection(drawn[a], drawn[b]))
            if any(tuple(point) not in ends for point in met):
                bad |= {a, b}
    return bad


def survey_borders(
    mosaic: Mosaic, village: Ints, origin: tuple[float, float], seed: int
) -> list[Border]:
    """Return every border of the county, drawn once, in projected metres.

    Parameters
    ----------
    mosaic, village
        The land and the village of each piece.
    origin
        Easting and northing of the local origin, metres.
    seed
        Source of the bends.

    Raises
    ------
    RuntimeError
        If a border crosses another whatever is tried.
    """
    rng = np.random.default_rng([seed, 3])
    warp = _Warp(rng)
    rough = _pieces_of_border(mosaic, village)
    middles = np.array([line.line.interpolate(0.5, normalized=True).coords[0] for line in rough])
    relief = mosaic.relief[KDTree(mosaic.points).query(middles)[1]]
    relief = np.clip(relief + rng.normal(0, 0.12, len(rough)), 0, 1)

    def place(line: Floats) -> Floats:
        placed: Floats = np.round(warp(line) + np.asarray(origin), DECIMALS)
        return placed

    lines = [place(_survey(border, relief[k], rng)) for k, border in enumerate(rough)]
    for attempt in range(4):
        bad = _crossing(lines)
        if not bad:
            return [
                Border(border.sides, border.river, LineString(line))
                for border, line in zip(rough, lines, strict=True)
            ]
        for k in sorted(bad):
            plain = shapely.get_coordinates(rough[k].line)
            lines[k] = place(_round_off(plain, 1) if attempt == 0 else plain)
    raise RuntimeError(f"{len(bad)} borders cross")


def village_polygons(
    mosaic: Mosaic, village: Ints, borders: list[Border], origin: tuple[float, float]
) -> list[Polygon | MultiPolygon]:
    """Return one polygon a village (a multipolygon for one with an exclave), in projected metres.

    A face between borders belongs to the village whose pieces of land lie in it.
    """
    faces = shapely.get_parts(shapely.polygonize([border.line for border in borders]))
    tree = shapely.STRtree(faces)
    points = shapely.points(mosaic.points[village >= 0] + np.asarray(origin))
    which, face = tree.query(points, predicate="within")
    owner = village[village >= 0]
    votes: defaultdict[int, Counter[int]] = defaultdict(Counter)
    for point, f in zip(which.tolist(), face.tolist(), strict=True):
        votes[f][int(owner[point])] += 1
    parts: defaultdict[int, list[Polygon]] = defaultdict(list)
    for f, count in sorted(votes.items()):
        parts[count.most_common(1)[0][0]].append(shapely.normalize(faces[f]))
    polygons: list[Polygon | MultiPolygon] = []
    for v in range(int(village.max()) + 1):
        largest_first = sorted(parts[v], key=lambda part: -part.area)
        polygons.append(
            largest_first[0] if len(largest_first) == 1 else MultiPolygon(largest_first)
        )
    if OUTSIDE in parts or len(votes) != sum(map(len, parts.values())):
        raise RuntimeError("a face belongs to no village")
    return polygons

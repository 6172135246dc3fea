"""A fine mosaic of land pieces, its rivers, and the villages grown on it.

Villages made as cells around points look like cells around points. Here the points only start a
growth over some six thousand small pieces of land, slowed by a rough terrain and stopped by
rivers, so that borders wander the way surveyed borders do.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import networkx as nx
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.interpolate import CubicSpline
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components, dijkstra
from scipy.spatial import KDTree, Voronoi

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

HALF_WIDTH_M = 25_000.0
"""Half the side of the square in which the county is cut out, in metres."""
PIECE_SPACING_M = 400.0
RIVER_SPACING_M = 220.0
COUNTY_AREA_M2 = 1_000e6
OUTSIDE = -1


@dataclass(frozen=True)
class Mosaic:
    """Small land pieces (Voronoi cells of jittered points) and the ridges between them.

    Attributes
    ----------
    points
        Shape (n, 2): the point of each piece, local metres.
    corners
        Shape (c, 2): the corners of the pieces.
    ridge_pieces, ridge_corners
        Shape (r, 2) each: the two pieces beside a ridge and its two corners.
    rivers
        Name of the river -> positions of its ridges, in order downstream.
    relief
        Shape (n,): 0 in the plain to 1 in the mountains.
    inside
        Shape (n,): whether the piece belongs to the county.
    """

    points: Floats
    corners: Floats
    ridge_pieces: Ints
    ridge_corners: Ints
    rivers: dict[str, Ints]
    relief: Floats
    inside: NDArray[np.bool_]

    def river_ridges(self) -> NDArray[np.bool_]:
        """Return for each ridge whether a river runs along it, shape (r,)."""
        mask = np.zeros(len(self.ridge_pieces), dtype=bool)
        for ridges in self.rivers.values():
            mask[ridges] = True
        return mask


class SmoothNoise:
    """A smooth random field over the square, mean 0, standard deviation 1.

    Parameters
    ----------
    rng
        Source of randomness.
    wavelength_m
        Rough size of its hills.
    """

    def __init__(self, rng: np.random.Generator, wavelength_m: float) -> None:
        self._step = wavelength_m / 4
        count = int(np.ceil(2 * 1.2 * HALF_WIDTH_M / self._step)) + 8
        field = ndimage.gaussian_filter(rng.standard_normal((count, count)), 1.6, mode="wrap")
        self._field = ndimage.spline_filter((field - field.mean()) / field.std(), mode="grid-wrap")

    def __call__(self, points: Floats) -> Floats:
        """Return the field at ``points``, shape (n, 2) -> (n,)."""
        at = (points + 1.2 * HALF_WIDTH_M) / self._step
        values: Floats = ndimage.map_coordinates(
            self._field, at.T, order=3, mode="grid-wrap", prefilter=False
        )
        return values


def _river_course(control: list[tuple[float, float]], meander_m: float, phase: float) -> Floats:
    """Return a meandering course through control points (km), one point every RIVER_SPACING_M."""
    at = np.asarray(control) * 1000.0
    spline = CubicSpline(np.arange(len(at)), at)
    fine = spline(np.linspace(0, len(at) - 1, 4000))
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(fine, axis=0).T))])
    tangent = np.gradient(fine, along, axis=0)
    normal = np.column_stack([-tangent[:, 1], tangent[:, 0]])
    swing = np.sin(2 * np.pi * along / 5_300 + phase) + 0.6 * np.sin(
        2 * np.pi * along / 2_900 + 2.3 * phase
    )
    fine = fine + meander_m * swing[:, None] * normal
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(fine, axis=0).T))])
    stations = np.arange(0.0, along[-1], RIVER_SPACING_M)
    return np.column_stack([np.interp(stations, along, fine[:, k]) for k in (0, 1)])


def _beside(course: Floats, offset_m: float) -> Floats:
    """Return pairs of points mirrored across the course, so that a ridge follows it."""
    tangent = np.gradient(course, axis=0)
    tangent /= np.hypot(tangent[:, 0], tangent[:, 1])[:, None]
    normal = np.column_stack([-tangent[:, 1], tangent[:, 0]])
    return np.vstack([course + offset_m * normal, course - offset_m * normal])


def _scatter(rng: np.random.Generator, courses: list[Floats]) -> Floats:
    """Return the points of the pieces: a shaken hexagonal grid, regular along the rivers."""
    step = PIECE_SPACING_M
    rows = np.arange(-HALF_WIDTH_M, HALF_WIDTH_M, step * np.sqrt(3) / 2)
    columns = np.arange(-HALF_WIDTH_M, HALF_WIDTH_M, step)
    x, y = np.meshgrid(columns, rows)
    x = x + (np.arange(len(rows)) % 2)[:, None] * step / 2
    grid = np.column_stack([x.ravel(), y.ravel()])
    grid += rng.uniform(-0.36 * step, 0.36 * step, grid.shape)
    kept: list[Floats] = []
    taken = np.empty((0, 2))
    for course in courses:
        pairs = _beside(course, 0.45 * RIVER_SPACING_M)
        if len(taken):
            pairs = pairs[KDTree(taken).query(pairs)[0] > 1.6 * RIVER_SPACING_M]
        kept.append(pairs)
        taken = np.vstack([taken, course])
    grid = grid[KDTree(taken).query(grid)[0] > 1.25 * RIVER_SPACING_M]
    return np.vstack([*kept, grid])


def _trace(
    corners: Floats, ridge_corners: Ints, course: Floats, end: Ints | None
) -> tuple[Ints, Ints]:
    """Return the ridges and corners of the way along the ridges that stays nearest to a course."""
    middle = corners[ridge_corners].mean(axis=1)
    length = np.hypot(*(corners[ridge_corners[:, 0]] - corners[ridge_corners[:, 1]]).T)
    away = KDTree(course).query(middle)[0]
    cost = (length + 1.0) * (1 + (away / (0.4 * RIVER_SPACING_M)) ** 4)
    cost[~np.isfinite(cost)] = 1e12
    count = len(corners)
    graph = coo_array((cost, ridge_corners.T), shape=(count, count)).tocsr()
    tree = KDTree(corners)
    start = int(tree.query(course[0])[1])
    stop = (
        int(tree.query(course[-1])[1])
        if end is None
        else int(end[KDTree(corners[end]).query(course[-1])[1]])
    )
    _, before = dijkstra(graph, directed=False, indices=start, return_predecessors=True)
    way = [stop]
    while way[-1] != start:
        way.append(int(before[way[-1]]))
    way.reverse()
    position = {(min(a, b), max(a, b)): r for r, (a, b) in enumerate(ridge_corners.tolist())}
    ridges = [position[min(a, b), max(a, b)] for a, b in pairwise(way)]
    return np.asarray(ridges), np.asarray(way)


def _cut_out(points: Floats, area_m2: Floats, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Return the pieces of an irregular county of about COUNTY_AREA_M2."""
    angle = np.arctan2(points[:, 1], points[:, 0])
    reach = np.full(len(points), 1.0)
    for wave, size in ((2, 0.12), (3, 0.10), (5, 0.04), (7, 0.02)):
        reach += size * np.cos(wave * angle + rng.uniform(0, 2 * np.pi))
    rough = 0.05 * SmoothNoise(rng, 6_000)(points) + 0.025 * SmoothNoise(rng, 2_000)(points)
    score = np.hypot(points[:, 0], points[:, 1]) / (reach + rough)
    order = np.argsort(score, kind="stable")
    count = int(np.searchsorted(np.cumsum(area_m2[order]), COUNTY_AREA_M2))
    inside = np.zeros(len(points), dtype=bool)
    inside[order[:count]] = True
    return inside


def _tidy(inside: NDArray[np.bool_], ridge_pieces: Ints) -> NDArray[np.bool_]:
    """Return the county without islands and without holes."""
    for wanted in (True, False):
        same = (inside[ridge_pieces] == wanted).all(axis=1)
        a, b = ridge_pieces[same].T
        count = len(inside)
        graph = coo_array((np.ones(len(a)), (a, b)), shape=(count, count))
        _, label = connected_components(graph, directed=False)
        largest = np.bincount(label[inside == wanted]).argmax()
        inside = np.where(inside == wanted, (label == largest) == wanted, inside)
    return inside


def build_mosaic(seed: int) -> Mosaic:
    """Return the land of the county before any village is drawn on it.

    Parameters
    ----------
    seed
        The same seed gives the same mosaic.
    """
    rng = np.random.default_rng(seed)
    main = _river_course(
        [(-21, 17), (-13, 7.5), (-6, 4), (1, 2), (6, -4), (12, -7), (23, -15)], 420, 0.4
    )
    brook = _river_course([(5.5, 12.5), (2.5, 8.5), (1.5, 5.0), (0.5, 2.4)], 260, 1.9)
    points = _scatter(rng, [main, brook])
    voronoi = Voronoi(points)
    ridge_pieces = voronoi.ridge_points.astype(np.int64)
    ridge_corners = np.asarray(voronoi.ridge_vertices, dtype=np.int64)
    closed = (ridge_corners >= 0).all(axis=1)
    ridge_pieces, ridge_corners = ridge_pieces[closed], ridge_corners[closed]
    corners = voronoi.vertices

    main_ridges, main_way = _trace(corners, ridge_corners, main, None)
    brook_ridges, _ = _trace(corners, ridge_corners, brook, main_way)
    brook_ridges = brook_ridges[~np.isin(brook_ridges, main_ridges)]

    # The fan formula: a piece is made of one triangle a ridge.
    a, b = corners[ridge_corners[:, 0]], corners[ridge_corners[:, 1]]
    area = np.zeros(len(points))
    for side in (0, 1):
        p = points[ridge_pieces[:, side]]
        u, v = a - p, b - p
        np.add.at(area, ridge_pieces[:, side], abs(u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]) / 2)
    inside = _tidy(_cut_out(points, area, rng), ridge_pieces)

    slope = (points[:, 0] * 0.4 + points[:, 1]) / HALF_WIDTH_M
    relief = slope * 1.1 + 0.35 * SmoothNoise(rng, 14_000)(points)
    relief = 1 / (1 + np.exp(-3.2 * relief))
    in_county = inside[ridge_pieces].all(axis=1)
    rivers = {
        name: ridges[in_county[ridges]]
        for name, ridges in (("示例河", main_ridges), ("清溪", brook_ridges))
    }
    return Mosaic(points, corners, ridge_pieces, ridge_corners, rivers, relief, inside)


def piece_graph(mosaic: Mosaic, *, across_rivers: bool) -> nx.Graph[int]:
    """Return the pieces of the county as a graph, edges weighted by distance in metres."""
    keep = mosaic.inside[mosaic.ridge_pieces].all(axis=1)
    if not across_rivers:
        keep &= ~mosaic.river_ridges()
    pairs = mosaic.ridge_pieces[keep]
    distance = np.hypot(*(mosaic.points[pairs[:, 0]] - mosaic.points[pairs[:, 1]]).T)
    graph: nx.Graph[int] = nx.Graph()
    graph.add_nodes_from(np.flatnonzero(mosaic.inside).tolist())
    graph.add_weighted_edges_from(
        (int(a), int(b), float(d)) for (a, b), d in zip(pairs, distance, strict=True)
    )
    return graph


def _seats(mosaic: Mosaic, count: int, rng: np.random.Generator) -> Ints:
    """Return the pieces in which villages start: random, kept apart, denser in the plain."""
    candidates = rng.permutation(np.flatnonzero(mosaic.inside))
    factor = 1_900.0
    while True:
        apart = factor * (0.85 + 0.35 * mosaic.relief)
        free = np.ones(len(mosaic.points), dtype=bool)
        chosen: list[int] = []
        for piece in candidates.tolist():
            if not free[piece]:
                continue
            chosen.append(piece)
            if len(chosen) == count:
                return np.asarray(chosen)
            gaps = mosaic.points - mosaic.points[piece]
            free &= np.hypot(gaps[:, 0], gaps[:, 1]) >= apart
        factor *= 0.99


def grow_villages(mosaic: Mosaic, count: int, seed: int) -> Ints:
    """Return the village of each piece, shape (n,), OUTSIDE where there is none.

    Every village is one connected piece of land and none crosses a river: each piece goes to
    the village that reaches it first (Dijkstra 1959), over a terrain of uneven pace.
    """
    rng = np.random.default_rng([seed, 1])
    seats = _seats(mosaic, count, rng)
    pace = np.exp(
        0.4 * SmoothNoise(rng, 2_600)(mosaic.points) + 0.4 * SmoothNoise(rng, 1_200)(mosaic.points)
    )
    graph = piece_graph(mosaic, across_rivers=False)
    for a, b, data in graph.edges(data=True):
        data["weight"] *= (pace[a] + pace[b]) / 2
    ahead = rng.uniform(0, 450, count)
    start = len(mosaic.points)
    graph.add_weighted_edges_from(
        (start, int(seat), float(lead)) for seat, lead in zip(seats, ahead, strict=True)
    )
    number = {int(seat): position for position, seat in enumerate(seats)}
    village = np.full(len(mosaic.points), OUTSIDE)
    for piece, way in nx.single_source_dijkstra_path(graph, start).items():
        if piece != start:
            village[piece] = number[way[1]]
    return village

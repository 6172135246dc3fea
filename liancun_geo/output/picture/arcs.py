"""Shared borders as arcs: every border once, with the village on either side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

DEGREES_PER_STEP = 1e-5
"""Coordinates are kept as whole steps of about a metre: far below a pixel of the map."""

_BASE = 63


@dataclass(frozen=True, eq=False)
class Arcs:
    """Borders of a layer of villages.

    Attributes
    ----------
    lines
        Of each arc an (m, 2) array of longitude and latitude in :data:`DEGREES_PER_STEP`.
    sides
        (a, 2) the village left and right of each arc, -1 for the land outside.
    rings
        Of each village its rings, each a sequence of arcs; ``~arc`` runs backwards.
    """

    lines: tuple[NDArray[np.int64], ...]
    sides: NDArray[np.intp]
    rings: tuple[tuple[tuple[int, ...], ...], ...]

    def touching(self) -> NDArray[np.intp]:
        """Return the pairs of villages that share a border, (p, 2), smaller first."""
        inner = np.sort(self.sides[(self.sides >= 0).all(axis=1)], axis=1)
        pairs: NDArray[np.intp] = np.unique(inner, axis=0).reshape(-1, 2)
        return pairs


def arcs_of(shapes: NDArray[Any]) -> Arcs:
    """Return the borders of villages as arcs.

    Parameters
    ----------
    shapes
        (n,) polygons in longitude and latitude whose common borders share their vertices, as
        ``shapely.coverage_simplify`` leaves them. Where they do not (gaps, overlaps), each side
        keeps a border of its own and the drawing stays whole.
    """
    ring_list, starts, points = _rings(shapes)
    _, vertex = np.unique(points, axis=0, return_inverse=True)
    vertex = vertex.ravel()
    owner = np.asarray([village for village, _ in ring_list], dtype=np.intp)
    other, edge = _other_side(vertex, starts, owner)
    breaks = _breaks(vertex, starts, other)
    lines: list[NDArray[np.int64]] = []
    sides: list[tuple[int, int]] = []
    arc_of_edge: dict[int, int] = {}
    rings: list[list[tuple[int, ...]]] = [[] for _ in range(len(shapes))]
    for ring, (village, size) in enumerate(ring_list):
        start = int(starts[ring])
        at = np.flatnonzero(breaks[start : start + size])
        cuts = at if len(at) else np.array([0])
        parts: list[int] = []
        for one, two in zip(cuts, [*cuts[1:], cuts[0] + size], strict=True):
            first = int(edge[start + one])
            neighbour = int(other[start + one])
            known = arc_of_edge.get(first) if neighbour >= 0 else None
            if known is not None:
                parts.append(~known)
                continue
            places = start + np.arange(one, two + 1) % size
            for place in places[:-1] if neighbour >= 0 else ():
                arc_of_edge[int(edge[place])] = len(lines)
            parts.append(len(lines))
            lines.append(points[places])
            sides.append((village, neighbour))
        rings[village].append(tuple(parts))
    return Arcs(
        tuple(lines),
        np.asarray(sides, dtype=np.intp).reshape(-1, 2),
        tuple(tuple(one) for one in rings),
    )


def encoded(line: NDArray[np.int64]) -> str:
    """Return a line as text: steps from point to point in groups of five bits.

    Source: the encoded polyline format of Google's maps, longitude first.
    """
    steps = np.diff(line, axis=0, prepend=np.zeros((1, 2), dtype=np.int64)).ravel()
    letters: list[str] = []
    for step in steps.tolist():
        value = ~(step << 1) if step < 0 else step << 1
        while value >= 0x20:
            letters.append(chr((0x20 | (value & 0x1F)) + _BASE))
            value >>= 5
        letters.append(chr(value + _BASE))
    return "".join(letters)


def _rings(
    shapes: NDArray[Any],
) -> tuple[list[tuple[int, int]], NDArray[np.intp], NDArray[np.int64]]:
    """Return (village, size) and the start of each ring, and all vertices, last one left off."""
    parts, village = shapely.get_parts(shapes, return_index=True)
    areal = shapely.get_type_id(parts) == shapely.GeometryType.POLYGON
    parts, village = shapely.normalize(parts[areal]), village[areal]
    rings, part = shapely.get_rings(parts, return_index=True)
    coordinates, ring = shapely.get_coordinates(rings, return_index=True)
    steps = np.rint(coordinates / DEGREES_PER_STEP).astype(np.int64)
    # Each vertex but the last of its ring, and none that rounding laid on the one before.
    kept = np.append((ring[1:] == ring[:-1]) & (steps[1:] != steps[:-1]).any(axis=1), False)
    steps, ring = steps[kept], ring[kept]
    size = np.bincount(ring, minlength=len(rings))
    whole = size >= 3
    held = whole[ring]
    sizes = size[whole]
    starts = np.concatenate(([0], np.cumsum(sizes)))[:-1].astype(np.intp)
    owners = village[part[whole]]
    return list(zip(owners.tolist(), sizes.tolist(), strict=True)), starts, steps[held]


def _other_side(
    vertex: NDArray[np.intp], starts: NDArray[np.intp], owner: NDArray[np.intp]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the village behind each edge (-1: none) and the number of the undirected edge."""
    n = len(vertex)
    sizes = np.diff(np.append(starts, n))
    of_edge = np.repeat(owner, sizes)
    after = np.arange(1, n + 1)
    after[starts + sizes - 1] = starts
    one, two = vertex, vertex[after]
    low, high = np.minimum(one, two), np.maximum(one, two)
    _, edge, count = np.unique(
        low * (int(vertex.max(initial=0)) + 1) + high, return_inverse=True, return_counts=True
    )
    order = np.argsort(edge, kind="stable")
    first = np.cumsum(count) - count
    paired = np.flatnonzero(count == 2)
    a, b = order[first[paired]], order[first[paired] + 1]
    opposite = (one[a] == two[b]) & (of_edge[a] != of_edge[b])
    a, b = a[opposite], b[opposite]
    other = np.full(n, -1, dtype=np.intp)
    other[a], other[b] = of_edge[b], of_edge[a]
    return other, edge.astype(np.intp)


def _breaks(
    vertex: NDArray[np.intp], starts: NDArray[np.intp], other: NDArray[np.intp]
) -> NDArray[np.bool_]:
    """Return where an arc begins: at a change of neighbour, or where more than two borders meet."""
    n = len(vertex)
    sizes = np.diff(np.append(starts, n))
    before = np.arange(-1, n - 1)
    before[starts] = starts + sizes - 1
    changes = other != other[before]
    # A vertex where one village sees a change ends the arcs of all villages there.
    ends = np.zeros(int(vertex.max(initial=-1)) + 1, dtype=bool)
    ends[vertex[changes]] = True
    rings_at = np.bincount(vertex, minlength=len(ends))
    shared = np.bincount(vertex[other >= 0], minlength=len(ends))
    ends |= (rings_at > 2) | ((rings_at == 2) & (shared == 0))
    breaks: NDArray[np.bool_] = ends[vertex]
    return breaks

"""Where roads meet: from lines as they were drawn to stretches between nodes.

A *break* is a node at a place on a line. Two lines have a node in common

1. at a vertex that both have (to the millimetre), be it an end or not;
2. where an end of one lies within the tolerance of an end of the other;
3. where an end of one lies within the tolerance of the course of the other, vertex or not.

Lines that cross without a common vertex do not meet there: one is a bridge over the other. All
steps are sorts and scans, so the result does not depend on anything but the lines.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from liancun_geo.errors import DataError, error

Ints = NDArray[np.intp]
Floats = NDArray[np.float64]

SAME_VERTEX_M = 1e-3
# Ends of real roads have a handful of neighbours; a layer of dots and dashes has thousands.
_MOST_NEAR_ENDS = 50
_CHUNK = 200
_CROSSINGS_COUNTED = 10_000


@dataclass(frozen=True, eq=False)
class Breaks:
    """Nodes on lines, one row each, in no particular order.

    Attributes
    ----------
    line
        (b,) number of the line.
    at_m
        (b,) place on it, metres from its start.
    node
        (b,) number of the node, ``0 .. n_nodes-1``.
    n_nodes
        How many nodes there are.
    """

    line: Ints
    at_m: Floats
    node: Ints
    n_nodes: int

    def adding(self, line: Ints, at_m: Floats) -> tuple[Breaks, Ints]:
        """Return the breaks with a new node at each of some places, and the new nodes."""
        new = np.arange(self.n_nodes, self.n_nodes + len(line))
        both = Breaks(
            np.concatenate([self.line, line]),
            np.concatenate([self.at_m, at_m]),
            np.concatenate([self.node, new]),
            self.n_nodes + len(line),
        )
        return both, new

    def stretches(self) -> tuple[Ints, Ints, Floats]:
        """Return line, (e, 2) nodes and length in metres of every stretch between two nodes."""
        order = np.lexsort((self.node, self.at_m, self.line))
        line, at_m, node = self.line[order], self.at_m[order], self.node[order]
        on = (line[1:] == line[:-1]) & (node[1:] != node[:-1])
        ends = np.column_stack([node[:-1], node[1:]])[on]
        return line[:-1][on], ends, (at_m[1:] - at_m[:-1])[on]


def node_lines(lines: NDArray[np.object_], tolerance_m: float) -> Breaks:
    """Find the nodes of a road network.

    Parameters
    ----------
    lines
        (l,) LineStrings of length above 0 in a projected CRS in metres.
    tolerance_m
        How far an end may lie from what it meets.

    Raises
    ------
    DataError
        If so many ends lie within the tolerance of each other that this is no road network.
    """
    xy, line = shapely.get_coordinates(lines, return_index=True)
    first = np.searchsorted(line, np.arange(len(lines)))
    last = np.append(first[1:], len(xy))[: len(lines)] - 1
    at_m = _along(xy, line, first)
    grid = np.rint(xy / SAME_VERTEX_M)
    keys, vertex = np.unique(grid[:, 0] + 1j * grid[:, 1], return_inverse=True)
    place = np.zeros((len(keys), 2))
    place[vertex] = xy
    is_end = np.zeros(len(keys), dtype=np.bool_)
    is_end[vertex[first]] = is_end[vertex[last]] = True
    is_node = is_end | (np.bincount(vertex, minlength=len(keys)) > 1)
    ends = np.flatnonzero(is_end)
    reach = max(tolerance_m, SAME_VERTEX_M)
    united = np.arange(len(keys))
    united[ends] = ends[_united(place[ends], reach)]
    nodes, number = np.unique(united[is_node], return_inverse=True)
    node_of = np.full(len(keys), -1, dtype=np.intp)
    node_of[is_node] = number
    on_line = is_node[vertex]
    breaks = Breaks(line[on_line], at_m[on_line], node_of[vertex[on_line]], len(nodes))
    return _with_junctions(breaks, lines, place[ends], node_of[ends], reach)


def _along(xy: Floats, line: Ints, first: Ints) -> Floats:
    """Return how far along its line every vertex lies."""
    if not len(xy):
        return np.zeros(0)
    step = np.hypot(*np.diff(xy, axis=0).T)
    step[line[1:] != line[:-1]] = 0.0
    total = np.concatenate([[0.0], np.cumsum(step)])
    return np.asarray(total - total[first[line]])


def _united(points: Floats, reach: float) -> Ints:
    """Return for each point the first of those it hangs together with."""
    n = len(points)
    if not n:
        return np.zeros(0, dtype=np.intp)
    tree = cKDTree(points)
    if tree.count_neighbors(tree, reach) > (1 + _MOST_NEAR_ENDS) * n + 1000:
        raise DataError([error("roads.too_dense", tolerance=f"{reach:g}")])
    pairs = tree.query_pairs(reach, output_type="ndarray")
    graph = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(n, n))
    _, piece = connected_components(graph, directed=False)
    _, first, of_piece = np.unique(piece, return_index=True, return_inverse=True)
    return np.asarray(first[of_piece], dtype=np.intp)


def _with_junctions(
    breaks: Breaks, lines: NDArray[np.object_], ends: Floats, node: Ints, reach: float
) -> Breaks:
    """Add the places where an end meets the course of another line."""
    points = np.asarray(shapely.points(ends), dtype=object).reshape(-1)
    tree = shapely.STRtree(lines)
    end, line = tree.query(points, predicate="dwithin", distance=reach)
    known = breaks.line * np.int64(max(breaks.n_nodes, 1)) + breaks.node
    found = line * np.int64(max(breaks.n_nodes, 1)) + node[end]
    new = ~np.isin(found, known)
    end, line, found = end[new], line[new], found[new]
    apart = shapely.distance(points[end], lines[line])
    at_m = np.asarray(shapely.line_locate_point(lines[line], points[end]))
    # Of the ends of one node, the nearest says where the lines meet.
    order = np.lexsort((at_m, apart, found))
    _, nearest = np.unique(found[order], return_index=True)
    pick = order[nearest]
    return Breaks(
        np.concatenate([breaks.line, line[pick]]),
        np.concatenate([breaks.at_m, at_m[pick]]),
        np.concatenate([breaks.node, node[end[pick]]]),
        breaks.n_nodes,
    )


def count_crossings(lines: NDArray[np.object_], breaks: Breaks) -> int:
    """Return how many pairs of lines cross without a node in common.

    Counting stops a little above 10,000: a layer with so many was not drawn as a network.
    """
    tree = shapely.STRtree(lines)
    ones = np.ones(len(breaks.line))
    shape = (len(lines), max(breaks.n_nodes, 1))
    meets = coo_array((ones, (breaks.line, breaks.node)), shape=shape).tocsr()
    count = 0
    for begin in range(0, len(lines), _CHUNK):
        part = lines[begin : begin + _CHUNK]
        shapely.prepare(part)
        # The predicate of the tree would also ask every line whether it crosses itself.
        one, two = tree.query(part)
        one = one + begin
        one, two = one[one < two], two[one < two]
        cross = shapely.crosses(lines[one], lines[two])
        one, two = one[cross], two[cross]
        if len(one):
            common = meets[one].multiply(meets[two]).sum(axis=1)
            count += int((common == 0).sum())
        if count > _CROSSINGS_COUNTED:
            break
    return count

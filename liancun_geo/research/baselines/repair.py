"""From any division of the map to alliances: contiguous, of the right size, each with a lead.

Methods that know no leads, no contiguity or no upper size are given the same repair, so that what
is compared is their idea and not who wrote the better repair. It is greedy and deterministic, and
honest: a village it cannot place stays out, and :func:`liancun_geo.check` says so.
"""

from __future__ import annotations

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from liancun_geo.plan import UNASSIGNED
from liancun_geo.research.baselines.pieces import Piece

Ints = NDArray[np.intp]
Villages = frozenset[int]

_ROUNDS = 200


def repaired(piece: Piece, labels: Ints) -> Ints:
    """Return the plan of a piece that a division of it comes to.

    1. What is not contiguous is parted.
    2. What is too large is cut along an edge of its spanning tree, as evenly as the sizes allow.
    3. What is too small, the smallest first, joins the neighbour with which it costs least; where
       the two are too large together they are cut anew.
    4. Each part takes the lead under which it costs least.

    Parameters
    ----------
    piece
        Villages, contiguity, sizes, costs.
    labels
        (k,) any numbers; a negative one is a village of its own.

    Returns
    -------
    numpy.ndarray
        (k,) lead of each village, -1 if no place was found. Other rules of the problem are not
        looked at.
    """
    low, high = piece.zone.min_size, piece.zone.max_size
    parts = [part for drawn in _drawn(labels) for part in _connected(piece.graph, drawn)]
    parts = [part for whole in parts for part in _cut(piece, whole, high)]
    for _ in range(_ROUNDS):
        small = sorted((p for p in parts if len(p) < low), key=lambda p: (len(p), min(p)))
        merged = next((m for m in (_merged(piece, p, parts) for p in small) if m), None)
        if merged is None:
            break
        parts = merged
    lead_of = np.full(piece.n, UNASSIGNED, dtype=np.intp)
    for part in parts:
        if low <= len(part) <= high:
            lead, _ = best_lead(piece, part)
            lead_of[list(part)] = lead
    return lead_of


def best_lead(piece: Piece, villages: Villages) -> tuple[int, float]:
    """Return the lead under which a set of villages costs least, and what it costs.

    If nobody may lead it, the village with the cheapest pairs, and ``inf``.
    """
    own = np.array(sorted(villages), dtype=np.intp)
    pairs = piece.pair_cost[np.ix_(own, own)].copy()
    np.fill_diagonal(pairs, 0.0)
    opening = np.asarray(piece.zone.lead_cost, dtype=np.float64)[piece.at[own]]
    cost = opening + pairs.sum(axis=1)
    if np.isfinite(cost).any():
        best = int(np.argmin(cost))
        return int(own[best]), float(cost[best])
    loose = np.where(np.isfinite(pairs), pairs, 0.0).sum(axis=1)
    return int(own[int(np.argmin(loose))]), float("inf")


def _drawn(labels: Ints) -> list[Villages]:
    found: dict[int, set[int]] = {}
    for village, label in enumerate(labels.tolist()):
        found.setdefault(label if label >= 0 else -2 - village, set()).add(village)
    return sorted((frozenset(villages) for villages in found.values()), key=min)


def _connected(graph: nx.Graph[int], villages: Villages) -> list[Villages]:
    inside = graph.subgraph(villages)
    return sorted((frozenset(part) for part in nx.connected_components(inside)), key=min)


def _cut(piece: Piece, villages: Villages, high: int) -> list[Villages]:
    """Return contiguous parts of at most ``high`` villages."""
    if len(villages) <= high:
        return [villages]
    first, second = _halves(piece, villages)
    return [*_cut(piece, first, high), *_cut(piece, second, high)]


def _halves(piece: Piece, villages: Villages) -> tuple[Villages, Villages]:
    """Return the two parts that one edge of a cheapest spanning tree leaves, as even as any."""
    low, high = piece.zone.min_size, piece.zone.max_size
    cost = piece.pair_cost
    inside: nx.Graph[int] = nx.Graph()
    for a, b in sorted(piece.graph.subgraph(villages).edges):
        both = [c for c in (cost[a, b], cost[b, a]) if np.isfinite(c)]
        inside.add_edge(a, b, weight=min(both) if both else 1e9)
    tree = nx.minimum_spanning_tree(inside)
    choices = []
    for edge in sorted(tree.edges):
        rest = tree.copy()
        rest.remove_edge(*edge)
        part = frozenset(nx.node_connected_component(rest, edge[0]))
        other = villages - part
        sizes = sorted((len(part), len(other)))
        # Both of an allowed size, else room for several, else as even as it gets.
        good = sum(_holds(size, low, high) for size in sizes)
        choices.append((-good, sizes[1] - sizes[0], tuple(sorted(part)), part, other))
    _, _, _, part, other = min(choices)
    return part, other


def _holds(size: int, low: int, high: int) -> bool:
    """Tell whether so many villages can be alliances of allowed sizes."""
    return any(count * low <= size <= count * high for count in range(1, size // low + 1))


def _merged(piece: Piece, small: Villages, parts: list[Villages]) -> list[Villages] | None:
    """Return the parts with a too small one put right, None if nothing helps."""
    low, high = piece.zone.min_size, piece.zone.max_size
    near = [part for part in parts if part != small and _touch(piece.graph, small, part)]
    choices: list[tuple[float, int, list[Villages]]] = []
    for other in near:
        union = small | other
        if len(union) <= high:
            new = [union]
        else:
            new = list(_halves(piece, union))
            if any(len(part) < low or len(part) > high for part in new):
                continue
        before = best_lead(piece, other)[1] if len(other) >= low else 0.0
        after = sum(best_lead(piece, part)[1] for part in new)
        choices.append((after - before if np.isfinite(after) else 1e12, min(other), new))
    if not choices:
        return None
    _, first, new = min(choices, key=lambda choice: choice[:2])
    gone = next(part for part in near if min(part) == first)
    return sorted([part for part in parts if part not in (small, gone)] + new, key=min)


def _touch(graph: nx.Graph[int], a: Villages, b: Villages) -> bool:
    return any(neighbour in b for village in a for neighbour in graph.adj[village])

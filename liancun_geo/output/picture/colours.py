"""Colours for alliances: neighbours differ, for colour-blind eyes as well."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Sequence

import networkx as nx

PALETTE = (
    "#86B3DF",
    "#EBCF92",
    "#AECDBB",
    "#D4A99D",
    "#E9DEF2",
    "#C8AB74",
    "#8FB0AE",
    "#D2ECCA",
    "#B4D8F6",
    "#C4B1CE",
)
"""Ten fills that carry ink at a contrast of 6:1 or more."""

TOO_LIKE = frozenset(
    frozenset(pair)
    for pair in (
        (0, 8),
        (0, 9),
        (1, 5),
        (2, 3),
        (2, 6),
        (2, 7),
        (3, 5),
        (3, 6),
        (4, 8),
        (6, 9),
        (8, 9),
    )
)
"""Pairs of the palette under a CIEDE2000 distance of 10 for normal, protanope or deuteranope
sight (Machado 2009): never side by side."""


_ROUNDS = 5


def assign_colours(
    neighbours: Iterable[tuple[int, int]],
    townships: Sequence[Hashable],
    too_like: Collection[frozenset[int]] = TOO_LIKE,
) -> list[int]:
    """Return the colour of each alliance, as its place in :data:`PALETTE`.

    In the order of DSATUR (Brélaz 1979) each alliance takes the colour that clashes least with
    its neighbours, then the one least used in its township, then the one least used at all. A
    few rounds over all alliances mend what came too early.

    Parameters
    ----------
    neighbours
        Pairs of alliances that touch on the map.
    townships
        Of each alliance.
    too_like
        Pairs of places that are kept apart; those of the hatches of a black-and-white map differ.
    """
    graph: nx.Graph[int] = nx.Graph()
    graph.add_nodes_from(range(len(townships)))
    graph.add_edges_from(sorted(neighbours))
    colours: dict[int, int] = {}
    if not len(graph):
        return []
    for node in nx.coloring.strategy_saturation_largest_first(graph, colours):
        colours[node] = _best(node, graph, colours, townships, too_like)
    for _ in range(_ROUNDS):
        before = dict(colours)
        for node in graph:
            del colours[node]
            colours[node] = _best(node, graph, colours, townships, too_like)
        if colours == before:
            break
    return [colours[node] for node in range(len(townships))]


def _best(
    node: int,
    graph: nx.Graph[int],
    colours: dict[int, int],
    townships: Sequence[Hashable],
    too_like: Collection[frozenset[int]],
) -> int:
    around = [colours[other] for other in graph[node] if other in colours]
    local = [colour for other, colour in colours.items() if townships[other] == townships[node]]
    used = list(colours.values())

    def cost(colour: int) -> tuple[int, int, int, int]:
        alike = sum(frozenset((colour, other)) in too_like for other in around)
        clashes = 1000 * around.count(colour) + 4 * alike
        return clashes + local.count(colour), local.count(colour), used.count(colour), colour

    return min(range(len(PALETTE)), key=cost)

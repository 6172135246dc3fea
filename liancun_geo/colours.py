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
    few rounds over all alliances mend what came too early, one at a time and then several at
    once, so that two alliances of a township rarely bear the same colour.

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
    _Mender(graph, colours, townships, too_like).mend()
    return [colours[node] for node in range(len(townships))]


class _Mender:
    """Moves by which two or more alliances change colours at once, where one alone cannot."""

    def __init__(
        self,
        graph: nx.Graph[int],
        colours: dict[int, int],
        townships: Sequence[Hashable],
        too_like: Collection[frozenset[int]],
    ) -> None:
        places = range(len(PALETTE))
        self.colours = colours
        self.around = {node: sorted(graph[node]) for node in graph}
        mates: dict[Hashable, list[int]] = {}
        for node in sorted(graph):
            mates.setdefault(townships[node], []).append(node)
        self.mates = {
            node: [one for one in mates[townships[node]] if one != node] for node in graph
        }
        self.clash = [
            [1000 if a == b else 10 * (frozenset((a, b)) in too_like) for b in places]
            for a in places
        ]

    def mend(self) -> None:
        """Try until nothing helps: neighbours too like first, then twins in a township."""
        for _ in range(_ROUNDS):
            troubled = [node for node in sorted(self.around) if self._cost(node)]
            if not sum(self._helped(node) for node in troubled):
                return

    def _helped(self, node: int) -> bool:
        if not self._cost(node):
            return False
        for colour in range(len(PALETTE)):
            if colour == self.colours[node]:
                continue
            pushed = self._pushed(node, colour)
            touched = {node, *pushed}
            near = {other for one in touched for other in (*self.around[one], *self.mates[one])}
            concerned = sorted(touched | near)
            was = {one: self.colours[one] for one in touched}
            before = sum(map(self._cost, concerned))
            self.colours[node] = colour
            for one in pushed:
                self.colours[one] = self._least(one)
            if sum(map(self._cost, concerned)) < before:
                return True
            self.colours.update(was)
        return False

    def _pushed(self, node: int, colour: int) -> list[int]:
        """Return those that would mind if an alliance took a colour."""
        row = self.clash[colour]
        minding = [one for one in self.around[node] if row[self.colours[one]]]
        return sorted({*minding, *(o for o in self.mates[node] if self.colours[o] == colour)})

    def _least(self, node: int) -> int:
        costs = [self._cost(node, colour) for colour in range(len(PALETTE))]
        return costs.index(min(costs))

    def _cost(self, node: int, colour: int | None = None) -> int:
        own = self.colours[node] if colour is None else colour
        row = self.clash[own]
        near = sum(row[self.colours[other]] for other in self.around[node])
        return near + 3 * sum(self.colours[other] == own for other in self.mates[node])


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

"""The connected parts of a problem's zones: what a method that knows no zones is asked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from liancun_geo.problem import AllianceProblem, Zone

Ints = NDArray[np.intp]
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Piece:
    """A connected part of a zone that can hold an alliance.

    Attributes
    ----------
    zone
        It is a part of.
    at
        (k,) positions in the zone.
    graph
        Its villages 0 .. k-1 and their contiguities.
    """

    zone: Zone
    at: Ints
    graph: nx.Graph[int]

    @property
    def n(self) -> int:
        """Number of villages."""
        return len(self.at)

    @property
    def villages(self) -> Ints:
        """(k,) positions in the problem."""
        return np.asarray(self.zone.villages[self.at], dtype=np.intp)

    @property
    def pair_cost(self) -> Floats:
        """(k, k) cost of each village under each lead, the lead first."""
        return np.asarray(self.zone.pair_cost[np.ix_(self.at, self.at)], dtype=np.float64)

    @property
    def count(self) -> int:
        """How many alliances of middling size it would hold."""
        middling = (self.zone.min_size + self.zone.max_size) / 2
        return max(1, round(self.n / middling))


def pieces(problem: AllianceProblem) -> Iterator[Piece]:
    """Yield every connected part of every zone that can hold an alliance, in order."""
    return pieces_of(problem.zones)


def pieces_of(zones: Iterable[Zone]) -> Iterator[Piece]:
    """Yield every connected part of some zones that can hold an alliance, in order."""
    for zone in zones:
        whole: nx.Graph[int] = nx.Graph()
        whole.add_nodes_from(range(zone.n))
        whole.add_edges_from(np.asarray(zone.edges).tolist())
        for part in sorted(nx.connected_components(whole), key=min):
            if len(part) >= zone.min_size:
                at = np.array(sorted(part), dtype=np.intp)
                graph: nx.Graph[int] = nx.Graph()
                graph.add_nodes_from(range(len(at)))
                local = {int(village): number for number, village in enumerate(at)}
                inside = whole.subgraph(part)
                graph.add_edges_from(sorted((local[a], local[b]) for a, b in inside.edges))
                yield Piece(zone, at, graph)

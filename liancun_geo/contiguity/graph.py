"""The contiguity graph: a value object in the manner of ``libpysal.graph``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from liancun_geo.errors import Fault


@dataclass(frozen=True, slots=True)
class BarredPair:
    """Two villages that touch, but only along a barrier.

    Attributes
    ----------
    i, j
        Positions of the villages, ``i < j``.
    shared_border_m
        Length of their shared border before the barrier, in metres.
    lost_m
        Length of it that runs along the barrier, in metres.
    """

    i: int
    j: int
    shared_border_m: float
    lost_m: float


@dataclass(frozen=True, eq=False)
class ContiguityGraph:
    """Neighbours of every village; villages without any are kept.

    The arrays are read-only. Positions are rows of ``VillageTable.frame``.

    Attributes
    ----------
    codes
        Village code of every position, length n.
    edges
        (m, 2) positions ``i < j``, sorted, each pair once.
    shared_border_m
        (m,) length of the border the two villages share, in metres, without the part along a
        barrier. On a manual link it may lie below the minimum, down to 0.
    is_link
        (m,) whether the pair was linked by hand.
    barred
        Pairs cut by a barrier and not linked by hand, sorted.
    warnings
        Findings for the planner: barred pairs, isolated villages, disconnected zones.
    bridged
        Pairs cut by a barrier that are neighbours because of a bridge, sorted.
    """

    codes: tuple[str, ...]
    edges: NDArray[np.intp]
    shared_border_m: NDArray[np.float64]
    is_link: NDArray[np.bool_]
    barred: tuple[BarredPair, ...] = ()
    warnings: tuple[Fault, ...] = ()
    bridged: tuple[BarredPair, ...] = ()

    def __post_init__(self) -> None:
        for array in (self.edges, self.shared_border_m, self.is_link):
            array.setflags(write=False)

    @classmethod
    def from_edges(
        cls,
        codes: Sequence[str],
        edges: ArrayLike,
        shared_border_m: ArrayLike | None = None,
    ) -> ContiguityGraph:
        """Build a graph from known neighbours, for example a published adjacency list.

        Parameters
        ----------
        codes
            Village codes, length n.
        edges
            (m, 2) positions, any order, each pair at least once.
        shared_border_m
            (m,) lengths in metres; NaN where not given. Of a repeated pair the first counts.

        Raises
        ------
        ValueError
            If a position lies outside ``0 .. n-1`` or a village is its own neighbour.
        """
        pairs = np.sort(np.asarray(edges, dtype=np.intp).reshape(-1, 2), axis=1)
        if pairs.size and (pairs.min() < 0 or pairs.max() >= len(codes)):
            raise ValueError(f"edge positions must lie in 0 .. {len(codes) - 1}")
        if (pairs[:, 0] == pairs[:, 1]).any():
            raise ValueError("a village cannot be its own neighbour")
        lengths = np.full(len(pairs), np.nan)
        if shared_border_m is not None:
            lengths[:] = np.asarray(shared_border_m, dtype=np.float64)
        unique, first = np.unique(pairs, axis=0, return_index=True)
        return cls(tuple(codes), unique, lengths[first], np.zeros(len(unique), dtype=np.bool_))

    @property
    def n(self) -> int:
        """Number of villages."""
        return len(self.codes)

    @cached_property
    def degree(self) -> NDArray[np.intp]:
        """(n,) number of neighbours of every village."""
        return np.bincount(self.edges.ravel(), minlength=self.n).astype(np.intp)

    @cached_property
    def _adjacency(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        both = np.concatenate([self.edges, self.edges[:, ::-1]])
        both = both[np.lexsort((both[:, 1], both[:, 0]))]
        starts = np.concatenate([[0], np.cumsum(self.degree)]).astype(np.intp)
        indices = np.ascontiguousarray(both[:, 1])
        for array in (starts, indices):
            array.setflags(write=False)
        return starts, indices

    @property
    def indptr(self) -> NDArray[np.intp]:
        """(n+1,) where the neighbours of each village begin in :attr:`indices` (CSR)."""
        return self._adjacency[0]

    @property
    def indices(self) -> NDArray[np.intp]:
        """(2m,) neighbours of village 0, then of village 1, ...; ascending for each (CSR)."""
        return self._adjacency[1]

    def neighbours(self, i: int) -> NDArray[np.intp]:
        """Return the positions of the neighbours of village ``i``, ascending.

        Raises
        ------
        IndexError
            If there is no village ``i``.
        """
        if not 0 <= i < self.n:
            raise IndexError(f"village position {i} not in 0 .. {self.n - 1}")
        return self.indices[self.indptr[i] : self.indptr[i + 1]]

    def has_edge(self, i: int, j: int) -> bool:
        """Return whether villages ``i`` and ``j`` are neighbours."""
        return bool(np.any(self.neighbours(i) == j))

    @property
    def isolates(self) -> NDArray[np.intp]:
        """Positions of the villages without any neighbour, ascending."""
        return np.flatnonzero(self.degree == 0)

    def inside(self, zones: Sequence[object] | NDArray[Any]) -> NDArray[np.bool_]:
        """Return (m,) whether an edge stays inside one zone.

        Parameters
        ----------
        zones
            (n,) label of every village; missing labels count as one zone.

        Raises
        ------
        ValueError
            If there is not exactly one label per village.
        """
        labels = zone_numbers(zones, self.n)
        return np.asarray(labels[self.edges[:, 0]] == labels[self.edges[:, 1]], dtype=np.bool_)

    def within(self, zones: Sequence[object] | NDArray[Any]) -> ContiguityGraph:
        """Return the graph with only the edges that stay inside one zone (no warnings)."""
        keep = self.inside(zones)
        return ContiguityGraph(
            self.codes, self.edges[keep], self.shared_border_m[keep], self.is_link[keep]
        )

    def components(self, zones: Sequence[object] | NDArray[Any] | None = None) -> NDArray[np.intp]:
        """Return (n,) the number of the connected piece each village belongs to.

        Parameters
        ----------
        zones
            (n,) labels; given, edges between zones do not connect.

        Returns
        -------
        Piece numbers ``0, 1, ...`` in the order of their first village.
        """
        edges = self.edges if zones is None else self.edges[self.inside(zones)]
        matrix = coo_array(
            (np.ones(len(edges), dtype=np.int8), (edges[:, 0], edges[:, 1])),
            shape=(self.n, self.n),
        )
        if self.n == 0:
            return np.zeros(0, dtype=np.intp)
        _, labels = connected_components(matrix, directed=False)
        return zone_numbers(labels, self.n)

    def to_networkx(self) -> nx.Graph[str]:
        """Return an undirected graph over village codes.

        Edges carry ``shared_border_m`` and ``is_link``; isolated villages are nodes.
        """
        graph: nx.Graph[str] = nx.Graph()
        graph.add_nodes_from(self.codes)
        for (i, j), length, link in zip(
            self.edges.tolist(), self.shared_border_m.tolist(), self.is_link.tolist(), strict=True
        ):
            graph.add_edge(self.codes[i], self.codes[j], shared_border_m=length, is_link=link)
        return graph


def zone_numbers(zones: Sequence[object] | NDArray[Any], n: int) -> NDArray[np.intp]:
    """Return (n,) zone numbers ``0, 1, ...`` in the order of their first village.

    Raises
    ------
    ValueError
        If there is not exactly one label per village.
    """
    if len(zones) != n:
        raise ValueError(f"{len(zones)} zone labels for {n} villages")
    labels = np.asarray(zones) if isinstance(zones, np.ndarray) else np.array(zones, dtype=object)
    return np.asarray(pd.factorize(labels, use_na_sentinel=False)[0], dtype=np.intp)

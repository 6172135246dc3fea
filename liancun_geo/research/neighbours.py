"""Contiguity in whatever form a researcher has it, as pairs of positions."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from liancun_geo.contiguity import ContiguityGraph
from liancun_geo.errors import DataError, error
from liancun_geo.messages import Listing

Edges = NDArray[np.intp]

_SHOWN = 5


def edges_of(w: Any, index: Sequence[Hashable] | pd.Index[Any]) -> Edges:
    """Return the contiguities of ``w`` as positions in ``index``.

    Parameters
    ----------
    w
        A :class:`~liancun_geo.contiguity.ContiguityGraph`; a libpysal ``Graph`` or ``W``; a
        networkx graph whose nodes are in ``index``; a mapping from id to the ids of its
        neighbours; or an (n, n) matrix, sparse or dense, in the order of ``index``. Weights do
        not matter beyond not being zero; a contiguity told one way holds both ways; a place with
        itself is none.
    index
        (n,) ids of the places, unique, in the order of the caller's table.

    Returns
    -------
    numpy.ndarray
        (m, 2) positions, each pair once with the smaller first, in ascending order. A place
        without neighbours is in no pair.

    Raises
    ------
    DataError
        If ``w`` is none of these, has another size, or names places that are not in ``index``:
        the first of them by name.
    """
    if isinstance(w, ContiguityGraph):
        return _tidy(_sized(np.asarray(w.edges, dtype=np.intp), w.n, len(index)))
    if sparse.issparse(w) or isinstance(w, np.ndarray | list):
        return _of_matrix(w, len(index))
    pairs = _named_pairs(w)
    if pairs is None:
        raise DataError([error("research.contiguity_unknown", kind=type(w).__name__)])
    ids, links = pairs
    return _of_names(ids, links, index)


def _of_matrix(w: Any, n: int) -> Edges:
    if not sparse.issparse(w):
        w = np.asarray(w)
        if w.ndim != 2:
            raise DataError([error("research.contiguity_shape", shape=str(w.shape), n=n)])
    if w.shape != (n, n):
        raise DataError([error("research.contiguity_shape", shape=str(w.shape), n=n)])
    found = sparse.coo_array(w)
    there = found.data != 0
    return _tidy(np.column_stack([found.row[there], found.col[there]]).astype(np.intp))


def _sized(edges: Edges, own: int, n: int) -> Edges:
    if own != n:
        raise DataError([error("research.contiguity_shape", shape=f"({own}, {own})", n=n)])
    return edges


def _named_pairs(
    w: Any,
) -> tuple[list[Hashable], Iterable[tuple[Hashable, Hashable]]] | None:
    """Return ids and pairs of ids, None if it is nothing known."""
    if isinstance(w, nx.Graph):
        return list(w.nodes), [(a, b) for a, b, *_ in w.edges]
    if hasattr(w, "adjacency") and hasattr(w, "unique_ids"):
        weights = w.adjacency[w.adjacency != 0]
        return list(w.unique_ids), list(weights.index)
    neighbours = w if isinstance(w, Mapping) else getattr(w, "neighbors", None)
    if isinstance(neighbours, Mapping):
        links = [(a, b) for a, others in neighbours.items() for b in others]
        return list(neighbours), links
    return None


def _of_names(
    ids: list[Hashable],
    links: Iterable[tuple[Hashable, Hashable]],
    index: Sequence[Hashable] | pd.Index[Any],
) -> Edges:
    at = {name: position for position, name in enumerate(index)}
    if len(at) != len(index):
        raise DataError([error("research.ids_repeated")])
    links = list(links)
    named = dict.fromkeys([*ids, *(name for link in links for name in link)])
    strangers = [name for name in named if name not in at]
    missing = [name for name in at if name not in named]
    faults = []
    if strangers:
        names = Listing(str(name) for name in strangers[:_SHOWN])
        faults.append(error("research.ids_strange", names=names, count=len(strangers)))
    if missing:
        names = Listing(str(name) for name in missing[:_SHOWN])
        faults.append(error("research.ids_missing", names=names, count=len(missing)))
    if faults:
        raise DataError(faults)
    return _tidy(np.array([(at[a], at[b]) for a, b in links], dtype=np.intp).reshape(-1, 2))


def _tidy(edges: Edges) -> Edges:
    apart = edges[edges[:, 0] != edges[:, 1]]
    return np.unique(np.sort(apart, axis=1), axis=0).astype(np.intp).reshape(-1, 2)

"""What others would do: baselines from the literature and from the field, repaired alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from liancun_geo.errors import DataError, error
from liancun_geo.messages import Listing
from liancun_geo.plan import UNASSIGNED, Plan
from liancun_geo.problem import AllianceProblem
from liancun_geo.quality.baseline import join_strongest
from liancun_geo.research.baselines.pieces import Piece, pieces
from liancun_geo.research.baselines.repair import repaired
from liancun_geo.research.needs import needed

Ints = NDArray[np.intp]
Floats = NDArray[np.float64]

_RESOLUTIONS = 12
_SWAPS = 20


@dataclass(frozen=True, eq=False)
class Asked:
    """What a baseline may look at.

    Attributes
    ----------
    problem
        The same that the engine solves.
    attributes
        (n, p) what likeness is judged by, standardised; None where nothing was given: then pair
        costs stand for it.
    strength
        (n,) how strong each village is, higher is stronger.
    seed
        Of methods that draw.
    """

    problem: AllianceProblem
    attributes: Floats | None
    strength: Floats
    seed: int


def baseline(
    name: str,
    problem: AllianceProblem,
    *,
    attributes: Floats | None = None,
    strength: Floats | None = None,
    seed: int = 0,
) -> Plan:
    """Return the plan of a baseline.

    Parameters
    ----------
    name
        One of :data:`BASELINES`.
    problem
        Zones, contiguity, sizes, costs, frozen alliances. Other rules (amounts, together, apart)
        are not looked at by any baseline; :func:`liancun_geo.check` tells what that breaks.
    attributes
        (n, p) numbers without gaps; standardised here. Default: likeness is a low pair cost.
    strength
        (n,) lead score. Default: minus the cost of opening an alliance, minus the mean cost of
        leading the others.
    seed
        Of methods that draw; equal seeds give equal plans.

    Raises
    ------
    DataError
        If there is no such baseline, or a package it needs is not installed.
    """
    if name not in BASELINES:
        raise DataError([error("research.baseline_unknown", name=name, known=Listing(BASELINES))])
    given = None if attributes is None else _standardised(np.asarray(attributes, dtype=np.float64))
    strong = _default_strength(problem) if strength is None else np.asarray(strength, np.float64)
    lead_of = np.array(BASELINES[name](Asked(problem, given, strong, seed)), dtype=np.intp)
    # Frozen alliances are no question: they are part of every plan.
    for villages in problem.rules.frozen:
        lead_of[list(villages)] = villages[0]
    return Plan.from_lead_of(lead_of)


def _standardised(values: Floats) -> Floats:
    spread = values.std(axis=0)
    return np.asarray((values - values.mean(axis=0)) / np.where(spread > 0, spread, 1.0))


def _default_strength(problem: AllianceProblem) -> Floats:
    strength = np.full(problem.n, -np.inf)
    for zone in problem.zones:
        pairs = np.where(np.isfinite(zone.pair_cost), zone.pair_cost, np.nan)
        np.fill_diagonal(pairs, 0.0)
        known = np.maximum((~np.isnan(pairs)).sum(axis=1), 1)
        strength[zone.villages] = -np.nansum(pairs, axis=1) / known - zone.lead_cost
    return strength


# --- the methods -------------------------------------------------------------------------------


def strongest_neighbour(asked: Asked) -> Ints:
    """Each village joins its strongest neighbour: see :mod:`liancun_geo.quality.baseline`.

    The field's simplest rule: 以强带弱, a strong village takes its weaker neighbours along.
    """
    codes = [f"{village:09d}" for village in range(asked.problem.n)]
    return join_strongest(asked.problem, asked.strength, codes)


def agglomerative(asked: Asked) -> Ints:
    """Contiguity-constrained Ward clustering (scikit-learn's ``AgglomerativeClustering``).

    As many clusters as alliances of middling size; see Chavent et al. 2018, "ClustGeo",
    doi:10.1007/s00180-018-0791-1, for the constrained form.
    """
    cluster = needed("sklearn.cluster", "scikit-learn")

    def labels(piece: Piece) -> Ints:
        linked = nx.to_scipy_sparse_array(piece.graph, nodelist=range(piece.n), format="csr")
        model = cluster.AgglomerativeClustering(
            n_clusters=piece.count, connectivity=linked, linkage="ward"
        )
        return np.asarray(model.fit(_features(asked, piece)).labels_, dtype=np.intp)

    return _over_pieces(asked, labels)


def louvain(asked: Asked) -> Ints:
    """Louvain communities of the contiguity graph weighted by likeness (networkx).

    Blondel et al. 2008, doi:10.1088/1742-5468/2008/10/P10008; of the resolutions 0.5 to 8 the
    one that gives the number of alliances nearest to that of middling size.
    """

    def labels(piece: Piece) -> Ints:
        graph = _weighted(asked, piece)
        best: tuple[tuple[int, float], list[set[int]]] | None = None
        for resolution in np.geomspace(0.5, 8.0, _RESOLUTIONS):
            found = nx.community.louvain_communities(
                graph, weight="weight", resolution=float(resolution), seed=asked.seed
            )
            key = (abs(len(found) - piece.count), float(resolution))
            if best is None or key < best[0]:
                best = (key, found)
        return _numbered(piece.n, best[1] if best else [])

    return _over_pieces(asked, labels)


def greedy_modularity(asked: Asked) -> Ints:
    """Greedy modularity communities (Clauset, Newman, Moore 2004, doi:10.1103/PhysRevE.70.066111).

    Of the contiguity graph weighted by likeness, as many as alliances of middling size.
    """

    def labels(piece: Piece) -> Ints:
        found = nx.community.greedy_modularity_communities(
            _weighted(asked, piece), weight="weight", cutoff=piece.count, best_n=piece.count
        )
        return _numbered(piece.n, [set(group) for group in found])

    return _over_pieces(asked, labels)


def p_median(asked: Asked) -> Ints:
    """p-median of the pair costs, contiguity aside, then repaired.

    Greedy start and vertex substitution (Teitz & Bart 1968, doi:10.1287/opre.16.5.955), with as
    many leads as alliances of middling size.
    """

    def labels(piece: Piece) -> Ints:
        cost = np.where(np.isfinite(piece.pair_cost), piece.pair_cost, 1e6)
        np.fill_diagonal(cost, 0.0)
        opening = np.asarray(piece.zone.lead_cost, dtype=np.float64)[piece.at]
        able = np.flatnonzero(np.isfinite(opening))
        if len(able) == 0:
            return np.zeros(piece.n, dtype=np.intp)
        leads = _medians(cost, np.where(np.isfinite(opening), opening, 1e6), able, piece.count)
        return np.asarray(np.array(leads)[np.argmin(cost[leads], axis=0)], dtype=np.intp)

    return _over_pieces(asked, labels)


BASELINES: Mapping[str, Callable[[Asked], Ints]] = MappingProxyType(
    {
        "strongest_neighbour": strongest_neighbour,
        "agglomerative": agglomerative,
        "louvain": louvain,
        "greedy_modularity": greedy_modularity,
        "p_median": p_median,
    }
)
"""Baselines by name: what they may look at -> (n,) leads, -1 for a village left out."""


# --- what they share ---------------------------------------------------------------------------


def _over_pieces(asked: Asked, labels: Callable[[Piece], Ints]) -> Ints:
    lead_of = np.full(asked.problem.n, UNASSIGNED, dtype=np.intp)
    for piece in pieces(asked.problem):
        own = repaired(piece, labels(piece))
        placed = own != UNASSIGNED
        lead_of[piece.villages[placed]] = piece.villages[own[placed]]
    return lead_of


def _features(asked: Asked, piece: Piece) -> Floats:
    """Return (k, q) what villages are alike by: attributes, else their columns of pair costs."""
    if asked.attributes is not None:
        return asked.attributes[piece.villages]
    cost = piece.pair_cost
    most = float(cost[np.isfinite(cost)].max(initial=1.0))
    both = np.where(np.isfinite(cost), cost, most)
    np.fill_diagonal(both, 0.0)
    return np.asarray((both + both.T) / 2)


def _weighted(asked: Asked, piece: Piece) -> nx.Graph[int]:
    """Return the contiguity graph, an edge the heavier the more alike its ends are."""
    features = _features(asked, piece)
    graph: nx.Graph[int] = nx.Graph()
    graph.add_nodes_from(range(piece.n))
    edges = sorted(piece.graph.edges)
    apart = np.array([np.linalg.norm(features[a] - features[b]) for a, b in edges])
    typical = float(np.median(apart)) if len(apart) and np.median(apart) > 0 else 1.0
    for (a, b), distance in zip(edges, apart.tolist(), strict=True):
        graph.add_edge(a, b, weight=float(np.exp(-distance / typical)))
    return graph


def _numbered(n: int, groups: list[set[int]]) -> Ints:
    labels = np.full(n, -1, dtype=np.intp)
    for number, group in enumerate(sorted(groups, key=min)):
        labels[list(group)] = number
    return labels


def _medians(cost: Floats, opening: Floats, able: Ints, count: int) -> list[int]:
    def total(leads: list[int]) -> float:
        return float(cost[leads].min(axis=0).sum() + opening[leads].sum())

    leads: list[int] = []
    for _ in range(min(count, len(able))):
        rest = [int(one) for one in able if int(one) not in leads]
        leads.append(min(rest, key=lambda one: (total([*leads, one]), one)))
    for _ in range(_SWAPS):
        swaps = [
            (total([*leads[:at], int(new), *leads[at + 1 :]]), at, int(new))
            for at in range(len(leads))
            for new in able
            if int(new) not in leads
        ]
        if not swaps or min(swaps)[0] >= total(leads) - 1e-12:
            break
        _, at, new = min(swaps)
        leads[at] = new
    return sorted(leads)

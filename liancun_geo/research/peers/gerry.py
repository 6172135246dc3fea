"""GerryChain's ReCom as an optimiser: the best of the plans that short bursts come by.

ReCom: DeFord, Duchin, Solomon 2021, doi:10.1162/99608f92.eb30390f. Short bursts: Cannon,
Goldbloom-Helzner, Gupta, Matthews, Suwal 2023, doi:10.1007/s11009-023-09994-1. Of all peers it
alone looks at our costs: every plan is rated by the cheapest lead of each of its alliances.
"""

from __future__ import annotations

from contextlib import suppress
from functools import cache, partial
from typing import Any

import networkx as nx
import numpy as np

from liancun_geo.research.baselines.repair import best_lead
from liancun_geo.research.needs import needed
from liancun_geo.research.peers.asking import Answer, Told, timed

_BURST = 10
_STEPS = 300
_TREES = 200
"""Spanning trees drawn before a cut is given up."""
_STARTS = 25
"""Times a first plan is drawn before a piece is given up."""
_NO_LEAD = 1e6
"""An alliance that nobody may lead: worse than any that can be led."""


def recom(told: Told) -> Answer:
    """Best plan of short bursts of ReCom, sizes within the bounds."""
    chain = needed("gerrychain")
    propose = needed("gerrychain.proposals", "gerrychain").recom
    optimiser = needed("gerrychain.optimization", "gerrychain").SingleMetricOptimizer
    low, high = told.piece.zone.min_size, told.piece.zone.max_size
    # A step deals with two alliances at once and wants both within a share of one target.
    target, share = (low + high) / 2, (high - low) / (high + low)
    count = int(np.clip(told.count, -(-told.piece.n // high), max(1, told.piece.n // low)))

    def search() -> Any:
        start = _start(chain, told, count)
        if count == 1:
            return start
        runs = optimiser(
            lambda plan, rng: propose(
                plan, "one", target, share, bipartition_tree_fn=_cut(reselect=True), rng=rng
            ),
            [],
            start,
            _rating(told),
            maximize=False,
            rng=told.seed,
        )
        bursts = max(1, (told.setting.steps or _STEPS) // _BURST)
        for _ in runs.short_bursts(_BURST, bursts):
            pass
        return runs.best_part

    seconds, best = timed(search)
    labels = np.zeros(told.piece.n, dtype=np.intp)
    for label, villages in enumerate(sorted(map(sorted, _parts(best)))):
        labels[villages] = label
    return seconds, labels


def _start(chain: Any, told: Told, count: int) -> Any:
    graph: nx.Graph[int] = nx.Graph()
    graph.add_nodes_from(range(told.piece.n), one=1)
    graph.add_edges_from(told.edges)
    linked = chain.Graph.from_networkx(graph)
    if count == 1:
        return chain.Partition(linked, dict.fromkeys(range(told.piece.n), 0))
    low, high, even = told.piece.zone.min_size, told.piece.zone.max_size, told.piece.n / count
    share = max(min(1 - low / even, high / even - 1), 0.0)
    # It paints itself into corners, and says so only after very many trees: begin again sooner.
    drawn = partial(
        needed("gerrychain.partition", "gerrychain").recursive_tree_part,
        bipartition_tree_fn=_cut(reselect=False),
    )
    for attempt in range(_STARTS - 1):
        with suppress(RuntimeError):
            return chain.Partition.from_random_assignment(
                linked, count, share, "one", partition_fn=drawn, rng=told.seed + 1000 * attempt
            )
    return chain.Partition.from_random_assignment(
        linked, count, share, "one", partition_fn=drawn, rng=told.seed + 1000 * _STARTS
    )


def _cut(*, reselect: bool) -> Any:
    bipartition = needed("gerrychain.tree.bipartition_tree", "gerrychain").bipartition_tree
    return partial(
        bipartition, max_attempts=_TREES, warn_attempts=_TREES, allow_pair_reselection=reselect
    )


def _rating(told: Told) -> Any:
    @cache
    def cost(villages: frozenset[int]) -> float:
        return min(best_lead(told.piece, villages)[1], _NO_LEAD)

    return lambda plan: sum(cost(frozenset(part)) for part in sorted(map(sorted, _parts(plan))))


def _parts(plan: Any) -> list[list[int]]:
    graph = plan.graph
    return [
        [graph.original_nx_node_id_for_internal_node_id(node) for node in nodes]
        for nodes in plan.parts.values()
    ]

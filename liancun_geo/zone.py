"""One zone of the problem, with every rule worked into arrays the solver can use."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components, shortest_path

from liancun_geo.arrays import BoolArray, FloatArray, IntArray, readonly
from liancun_geo.rules import Bounds

if TYPE_CHECKING:
    from liancun_geo.problem import AllianceProblem


@dataclass(frozen=True, eq=False)
class Zone:
    """One zone with its villages numbered ``0 .. k-1``: all the solver needs to know of it.

    Rules that look at one pair are folded into the costs: a pair that is too far apart or a
    member with another fixed lead costs ``inf``. Frozen alliances are taken out.

    Attributes
    ----------
    label
        As the caller gave it.
    villages
        (k,) positions in the problem, ascending.
    pair_cost
        (k, k) cost of member ``j`` under lead ``i`` at ``[i, j]``; ``inf`` forbids the pair, the
        diagonal is zero.
    edges
        (m, 2) contiguities inside the zone, local numbers, ``i < j``, sorted.
    lead_cost
        (k,) cost of opening an alliance led by ``i``; ``inf`` where ``i`` cannot lead.
    unassigned_cost
        (k,) cost of leaving ``i`` out; ``inf`` where ``i`` must be placed.
    min_size, max_size, size_cost
        Villages in an alliance, and (max_size + 1,) cost by size.
    amount, bounds
        (k, r) amounts and (r, 2) least and greatest sum over an alliance: resources, and classes
        as amounts 0 and 1 of which there is at least one.
    target, target_weight, threshold, shortfall_weight
        (r,) group terms of the same amounts; the weight is 0 where there is none.
    together
        (k,) number of the group of villages that share an alliance, -1 for none.
    apart
        (p, 2) pairs that never share an alliance.
    weak, max_weak
        (k,) weak villages and the most weak members of one lead (k if there is no such rule).
    n_alliances
        Fewest and most alliances of the zone.
    use
        (k,) what an alliance led by ``i`` uses of the overall budget; None without one.
    """

    label: Hashable
    villages: IntArray
    pair_cost: FloatArray
    edges: IntArray
    lead_cost: FloatArray
    unassigned_cost: FloatArray
    min_size: int
    max_size: int
    size_cost: FloatArray
    amount: FloatArray
    bounds: FloatArray
    target: FloatArray
    target_weight: FloatArray
    threshold: FloatArray
    shortfall_weight: FloatArray
    together: IntArray
    apart: IntArray
    weak: BoolArray
    max_weak: int
    n_alliances: Bounds = (0, np.inf)
    use: FloatArray | None = None

    @property
    def n(self) -> int:
        """Number of villages."""
        return len(self.villages)


def compile_zones(problem: AllianceProblem, labels: Sequence[Hashable]) -> Iterator[Zone]:
    """Cut the problem into zones with every rule worked in."""
    rules, zone_of = problem.rules, problem.zone_of
    taken = np.zeros(problem.n, dtype=bool)
    taken[[v for villages in rules.frozen for v in villages]] = True
    frozen_here = np.bincount(
        [zone_of[villages[0]] for villages in rules.frozen], minlength=len(labels)
    )
    edges = problem.edges
    free = ~taken[edges].any(axis=1)
    inner = edges[(zone_of[edges[:, 0]] == zone_of[edges[:, 1]]) & free]
    edge_zone = zone_of[inner[:, 0]]
    by_zone = np.argsort(edge_zone, kind="stable")
    edge_starts = np.searchsorted(edge_zone[by_zone], np.arange(len(labels) + 1))
    order = np.argsort(zone_of, kind="stable")
    starts = np.searchsorted(zone_of[order], np.arange(len(labels) + 1))
    local = np.full(problem.n, -1, dtype=np.intp)
    for z, label in enumerate(labels):
        villages = order[starts[z] : starts[z + 1]]
        villages = villages[~taken[villages]]
        local[villages] = np.arange(len(villages))
        zone_edges = local[inner[by_zone[edge_starts[z] : edge_starts[z + 1]]]]
        least, most = rules.zone_alliances.get(label, (0, np.inf))
        yield _zone(
            problem,
            label,
            villages,
            zone_edges,
            local,
            (max(0.0, least - frozen_here[z]), most - frozen_here[z]),
        )


def _zone(
    problem: AllianceProblem,
    label: Hashable,
    villages: IntArray,
    edges: IntArray,
    local: IntArray,
    n_alliances: Bounds,
) -> Zone:
    rules, k = problem.rules, len(villages)
    pair_cost = _pair_cost(problem, villages, edges)
    lead_cost = np.where(problem.can_lead[villages], problem.lead_cost[villages], np.inf)
    unassigned = problem.unassigned_cost[villages].copy()
    here = set(villages.tolist())
    for village, lead in rules.fixed_lead.items():
        if village in here:
            v = local[village]
            others = np.arange(k) != (local[lead] if lead in here else -1)
            pair_cost[others & (np.arange(k) != v), v] = np.inf
            if lead != village:
                lead_cost[v] = np.inf
    for village in rules.must_lead:
        if village in here:
            v = local[village]
            pair_cost[np.arange(k) != v, v] = np.inf
            unassigned[v] = np.inf
    amount, bounds, target, target_weight, threshold, shortfall = _sums(problem, villages)
    together = _groups(rules.must_together, villages, here, local, lead_cost, pair_cost)
    apart = [
        (local[a], local[b]) for a, b in rules.never_together.tolist() if a in here and b in here
    ]
    return Zone(
        label=label,
        villages=readonly(villages),
        pair_cost=readonly(pair_cost),
        edges=readonly(edges),
        lead_cost=readonly(lead_cost),
        unassigned_cost=readonly(unassigned),
        min_size=problem.min_size,
        max_size=problem.max_size,
        size_cost=problem.size_cost,
        amount=readonly(amount),
        bounds=readonly(bounds),
        target=readonly(target),
        target_weight=readonly(target_weight),
        threshold=readonly(threshold),
        shortfall_weight=readonly(shortfall),
        together=readonly(together),
        apart=readonly(np.array(apart, dtype=np.intp).reshape(-1, 2)),
        weak=readonly(np.zeros(k, dtype=bool) if rules.weak is None else rules.weak[villages]),
        max_weak=k if rules.max_weak is None else int(rules.max_weak),
        n_alliances=n_alliances,
        use=None if rules.budget_use is None else readonly(rules.budget_use[villages]),
    )


def _pair_cost(problem: AllianceProblem, villages: IntArray, edges: IntArray) -> FloatArray:
    """Return (k, k) costs of the pairs, ``inf`` where they are too far apart."""
    rules, k = problem.rules, len(villages)
    pair_cost = problem.cost_block(villages)
    np.fill_diagonal(pair_cost, 0.0)
    distance = problem.distance_block(villages)
    if distance is not None and rules.max_distance is not None:
        too_far = distance > rules.max_distance
        np.fill_diagonal(too_far, False)
        pair_cost[too_far] = np.inf
    if rules.max_hops is not None and k:
        pair_cost[_hops(k, edges) > rules.max_hops] = np.inf
    return pair_cost


def _hops(k: int, edges: IntArray) -> FloatArray:
    graph = sparse.coo_array((np.ones(len(edges)), (edges[:, 0], edges[:, 1])), shape=(k, k))
    steps: FloatArray = shortest_path(graph.tocsr(), directed=False, unweighted=True)
    return steps


def _sums(problem: AllianceProblem, villages: IntArray) -> tuple[FloatArray, ...]:
    """Return amounts with their bounds and group terms, one column a rule."""
    rules = problem.rules
    columns: list[FloatArray] = []
    rows: list[tuple[float, float, float, float, float, float]] = []
    for r, (least, most) in enumerate(rules.resource_bounds.tolist()):
        columns.append(rules.resource[villages, r])
        rows.append((least, most, 0.0, 0.0, 0.0, 0.0))
    for q in range(0 if rules.classes is None else rules.classes.shape[1]):
        assert rules.classes is not None
        columns.append(rules.classes[villages, q].astype(np.float64))
        rows.append((1.0, np.inf, 0.0, 0.0, 0.0, 0.0))
    for term in rules.group_terms:
        columns.append(np.asarray(term.amount, dtype=np.float64)[villages])
        weight = 0.0 if term.target is None else term.weight
        shortfall = 0.0 if term.threshold is None else term.shortfall_weight
        rows.append((-np.inf, np.inf, term.target or 0.0, weight, term.threshold or 0.0, shortfall))
    amount = np.column_stack(columns) if columns else np.zeros((len(villages), 0))
    table = np.array(rows, dtype=np.float64).reshape(-1, 6)
    return amount, table[:, :2], table[:, 2], table[:, 3], table[:, 4], table[:, 5]


def _groups(
    pairs: IntArray,
    villages: IntArray,
    here: Collection[int],
    local: IntArray,
    lead_cost: FloatArray,
    pair_cost: FloatArray,
) -> IntArray:
    """Return the number of each village's must-together group, -1 for none.

    A village whose partner was frozen elsewhere can join no alliance any more.
    """
    k = len(villages)
    inside = [(local[a], local[b]) for a, b in pairs.tolist() if a in here and b in here]
    for a, b in pairs.tolist():
        for village, partner in ((a, b), (b, a)):
            if village in here and partner not in here:
                v = local[village]
                lead_cost[v] = np.inf
                pair_cost[:, v] = np.inf
                pair_cost[v, :] = np.inf
                pair_cost[v, v] = 0.0
    if not inside:
        return np.full(k, -1, dtype=np.intp)
    ends = np.array(inside, dtype=np.intp)
    graph = sparse.coo_array((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(k, k))
    _, piece = connected_components(graph, directed=False)
    size = np.bincount(piece)[piece]
    return np.where(size > 1, piece, -1).astype(np.intp)

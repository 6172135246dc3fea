"""The best exact cover of a zone's villages by listed candidates, by depth-first search.

Every plan costs at least the bound of the linear programme plus the reduced costs of its columns,
so a search over the few columns with small reduced cost that never lets their sum pass a budget
finds every plan within that budget of the bound, and proves that there are no others. A subset-row
cut that a plan leaves slack costs the plan its price as well: once two villages of a triple lie
in different alliances, that is certain. The search always branches on the uncovered village with
the fewest columns (Knuth 2000, "Dancing links").

The same search finds the cheapest cover or the cheapest few thousand: what it keeps is a heap of
the best, and what it looks for must be cheaper than the dearest of a full heap.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from liancun_geo.solve.cover_search import search
from liancun_geo.solve.listing import CandidatePool
from liancun_geo.solve.master import Relaxation, SideRules
from liancun_geo.solve.pricing import cut_bits


@dataclass(frozen=True, eq=False)
class CoverSearch:
    """What a search found.

    Attributes
    ----------
    columns
        Columns of the pool that make the best cover, None if none was found.
    cost
        Their cost, ``inf`` if none.
    nodes
        Nodes visited.
    exhausted
        Whether every cover within the budget was looked at.
    """

    columns: NDArray[np.intp] | None
    cost: float
    nodes: int
    exhausted: bool


@dataclass(frozen=True, eq=False)
class CoverList:
    """The cheapest covers that a search found.

    Attributes
    ----------
    columns
        (p, depth) columns of the pool that make each cover, padded with -1; the cheapest first.
    cost
        (p,) their costs, ascending.
    nodes
        Nodes visited.
    exhausted
        Whether no other cover within the budget is cheaper than the last of a full list.
    """

    columns: NDArray[np.intp]
    cost: NDArray[np.float64]
    nodes: int
    exhausted: bool


def search_covers(
    pool: CandidatePool,
    relaxation: Relaxation,
    *,
    sides: SideRules,
    budget: float,
    upper: float,
    node_limit: int,
    stop: NDArray[np.uint8],
) -> CoverSearch:
    """Find the cheapest cover that costs at most ``budget`` more than the bound.

    Parameters
    ----------
    pool
        The columns.
    relaxation
        Their reduced costs (``inf`` for one that may not be used), the bound and the cuts.
    sides
        Rules over all alliances of the zone.
    budget
        How far above the bound to look; ``inf`` for at every cover.
    upper
        Cost of the best plan known; only cheaper ones are returned. ``inf`` if none is known.
    node_limit
        Nodes after which the search gives up.
    stop
        One byte; set by another thread to give up.
    """
    found = list_covers(
        pool,
        relaxation,
        sides=sides,
        budget=budget,
        upper=upper,
        most=1,
        node_limit=node_limit,
        stop=stop,
    )
    if len(found.cost) == 0:
        return CoverSearch(None, np.inf, found.nodes, found.exhausted)
    columns = found.columns[0][found.columns[0] >= 0]
    return CoverSearch(columns, float(found.cost[0]), found.nodes, found.exhausted)


def list_covers(
    pool: CandidatePool,
    relaxation: Relaxation,
    *,
    sides: SideRules,
    budget: float,
    upper: float,
    most: int,
    node_limit: int,
    stop: NDArray[np.uint8],
) -> CoverList:
    """Find the cheapest covers that cost at most ``budget`` more than the bound.

    Parameters
    ----------
    most
        How many to keep. Once there are so many, only cheaper ones take their place; among
        covers of equal cost those found first stay.
    pool, relaxation, sides, budget, upper, node_limit, stop
        As for :func:`search_covers`.
    """
    reduced_cost = relaxation.reduced_cost
    # A column that may not be used stays out of a search without a budget, too.
    kept = np.flatnonzero((reduced_cost <= budget) & np.isfinite(reduced_cost))
    kept = kept[np.argsort(reduced_cost[kept], kind="stable")]
    members = pool.members[kept]
    priced = relaxation.cut_prices < 0.0
    chosen, cost, nodes, exhausted = search(
        members,
        _masks(members, pool.n),
        reduced_cost[kept],
        pool.cost[kept],
        sides.share[kept],
        sides.bounds,
        cut_bits(relaxation.cuts[priced], pool.n),
        -relaxation.cut_prices[priced],
        pool.n,
        relaxation.bound,
        budget,
        upper,
        most,
        node_limit,
        stop,
    )
    order = np.argsort(cost, kind="stable")
    columns = np.full(chosen.shape, -1, dtype=np.intp)
    columns[chosen >= 0] = kept[chosen[chosen >= 0]]
    return CoverList(columns[order], cost[order], int(nodes), bool(exhausted))


def _masks(members: NDArray[np.int16], n: int) -> NDArray[np.uint64]:
    """Return (columns, words) bits of the villages each column holds."""
    held = np.zeros((len(members), n + 1), dtype=bool)
    np.put_along_axis(held, members.astype(np.intp), True, axis=1)
    words = max(1, -(-n // 64))
    packed = np.zeros((len(members), words * 8), dtype=np.uint8)
    bits = np.packbits(held[:, :n], axis=1, bitorder="little")
    packed[:, : bits.shape[1]] = bits
    return packed.view(np.uint64)

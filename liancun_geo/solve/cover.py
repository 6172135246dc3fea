"""The best exact cover of a zone's villages by listed candidates, by depth-first search.

Every plan costs at least the bound of the linear programme plus the reduced costs of its columns,
so a search over the few columns with small reduced cost that never lets their sum pass a budget
finds every plan within that budget of the bound, and proves that there are no others. It always
branches on the uncovered village with the fewest columns (Knuth 2000, "Dancing links").
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from liancun_geo.solve.listing import CandidatePool


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


def search_covers(
    pool: CandidatePool,
    reduced_cost: NDArray[np.float64],
    *,
    bound: float,
    budget: float,
    upper: float,
    node_limit: int,
    stop: NDArray[np.uint8],
) -> CoverSearch:
    """Find the cheapest cover whose reduced costs add up to at most ``budget``.

    Parameters
    ----------
    pool, reduced_cost, bound
        Columns, their reduced costs (none negative) and the bound they belong to.
    budget
        Largest sum of reduced costs to look at.
    upper
        Cost of the best plan known; only cheaper ones are returned.
    node_limit
        Nodes after which the search gives up.
    stop
        One byte; set by another thread to give up.
    """
    kept = np.flatnonzero(reduced_cost <= budget)
    kept = kept[np.argsort(reduced_cost[kept], kind="stable")]
    members = pool.members[kept]
    chosen, cost, nodes, exhausted = _search(
        members,
        _masks(members, pool.n),
        reduced_cost[kept],
        pool.cost[kept],
        pool.n,
        bound,
        budget,
        upper,
        node_limit,
        stop,
    )
    columns = kept[chosen] if np.isfinite(cost) and cost < upper else None
    return CoverSearch(
        columns, float(cost) if columns is not None else np.inf, int(nodes), bool(exhausted)
    )


def _masks(members: NDArray[np.int16], n: int) -> NDArray[np.uint64]:
    """Return (columns, words) bits of the villages each column holds."""
    held = np.zeros((len(members), n + 1), dtype=bool)
    np.put_along_axis(held, members.astype(np.intp), True, axis=1)
    words = max(1, -(-n // 64))
    packed = np.zeros((len(members), words * 8), dtype=np.uint8)
    bits = np.packbits(held[:, :n], axis=1, bitorder="little")
    packed[:, : bits.shape[1]] = bits
    return packed.view(np.uint64)


@njit(cache=True, nogil=True)
def _search(  # type: ignore[no-untyped-def]
    members, masks, reduced, cost, n, bound, budget, upper, node_limit, stop
):
    """Return the chosen columns, their cost, the nodes and whether the search was exhaustive."""
    count, width = members.shape
    words = masks.shape[1]
    slack = 1e-9 * max(1.0, abs(bound))
    best_cost = upper
    best = np.empty(n + 1, dtype=np.int64)
    best_depth = 0
    nodes = 0

    # Active columns of every depth, one list behind the other in one buffer.
    buffer = np.empty(max(16, 2 * count), dtype=np.int32)
    begin = np.zeros(n + 2, dtype=np.int64)
    end = np.zeros(n + 2, dtype=np.int64)
    cursor = np.zeros(n + 2, dtype=np.int64)
    branch = np.full(n + 2, -1, dtype=np.int64)
    used = np.zeros((n + 2, words), dtype=np.uint64)
    spent = np.zeros(n + 2)
    paid = np.zeros(n + 2)
    chosen = np.empty(n + 2, dtype=np.int64)
    options = np.empty(n, dtype=np.int64)
    cheapest = np.empty(n)

    for i in range(count):
        buffer[i] = i
    end[0] = count
    depth = 0
    fresh = True
    while depth >= 0:
        if fresh:
            fresh = False
            nodes += 1
            if nodes > node_limit or (nodes % 256 == 0 and stop[0]):
                return best[:best_depth].copy(), best_cost, nodes, False
            for v in range(n):
                options[v] = 0
                cheapest[v] = np.inf
            for p in range(begin[depth], end[depth]):
                c = buffer[p]
                size = 0
                while size < width and members[c, size] < n:
                    size += 1
                share = reduced[c] / size
                for a in range(size):
                    v = members[c, a]
                    options[v] += 1
                    cheapest[v] = min(cheapest[v], share)
            pick = -1
            need = 0.0
            for v in range(n):
                if used[depth, v >> 6] >> np.uint64(v & 63) & np.uint64(1):
                    continue
                if options[v] == 0:
                    need = np.inf
                    break
                need += cheapest[v]
                if pick < 0 or options[v] < options[pick]:
                    pick = v
            limit = min(budget, best_cost - bound - slack)
            if pick < 0 and need < np.inf:
                if paid[depth] < best_cost - slack and spent[depth] <= budget + slack:
                    best_cost = paid[depth]
                    best_depth = depth
                    best[:depth] = chosen[:depth]
                depth -= 1
                continue
            if need == np.inf or spent[depth] + need > limit + slack:
                depth -= 1
                continue
            branch[depth] = pick
            cursor[depth] = begin[depth]
            continue

        # Next column of this depth that holds the branching village.
        pick = branch[depth]
        word = pick >> 6
        bit = np.uint64(1) << np.uint64(pick & 63)
        p = cursor[depth]
        while p < end[depth] and not masks[buffer[p], word] & bit:
            p += 1
        cursor[depth] = p + 1
        limit = min(budget, best_cost - bound - slack)
        if p >= end[depth] or spent[depth] + reduced[buffer[p]] > limit + slack:
            # Columns are sorted by reduced cost: what follows is too dear as well.
            depth -= 1
            continue
        c = buffer[p]
        chosen[depth] = c
        below = depth + 1
        for w in range(words):
            used[below, w] = used[depth, w] | masks[c, w]
        spent[below] = spent[depth] + reduced[c]
        paid[below] = paid[depth] + cost[c]
        start = end[depth]
        if start + end[depth] - begin[depth] > len(buffer):
            longer = np.empty(2 * len(buffer) + count, dtype=np.int32)
            longer[:start] = buffer[:start]
            buffer = longer
        stopped = start
        room = limit - spent[below] + slack
        for q in range(begin[depth], end[depth]):
            other = buffer[q]
            if reduced[other] > room:
                break
            clash = False
            for w in range(words):
                if masks[other, w] & masks[c, w]:
                    clash = True
                    break
            if not clash:
                buffer[stopped] = other
                stopped += 1
        begin[below] = start
        end[below] = stopped
        depth = below
        fresh = True
    return best[:best_depth].copy(), best_cost, nodes, True

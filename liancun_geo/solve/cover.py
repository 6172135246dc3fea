"""The best exact cover of a zone's villages by listed candidates, by depth-first search.

Every plan costs at least the bound of the linear programme plus the reduced costs of its columns,
so a search over the few columns with small reduced cost that never lets their sum pass a budget
finds every plan within that budget of the bound, and proves that there are no others. A subset-row
cut that a plan leaves slack costs the plan its price as well: once two villages of a triple lie
in different alliances, that is certain. The search always branches on the uncovered village with
the fewest columns (Knuth 2000, "Dancing links").
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

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
        How far above the bound to look.
    upper
        Cost of the best plan known; only cheaper ones are returned.
    node_limit
        Nodes after which the search gives up.
    stop
        One byte; set by another thread to give up.
    """
    reduced_cost = relaxation.reduced_cost
    kept = np.flatnonzero(reduced_cost <= budget)
    kept = kept[np.argsort(reduced_cost[kept], kind="stable")]
    members = pool.members[kept]
    priced = relaxation.cut_prices < 0.0
    chosen, cost, nodes, exhausted = _search(
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
    members,
    masks,
    reduced,
    cost,
    share,
    sides,
    bits_of_cuts,
    slack_cost,
    n,
    bound,
    budget,
    upper,
    node_limit,
    stop,
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
    counts = len(sides)
    counted = np.zeros((n + 2, counts))
    cut_words = bits_of_cuts.shape[1]
    touched = np.zeros((n + 2, cut_words), dtype=np.uint64)
    slackened = np.zeros((n + 2, cut_words), dtype=np.uint64)
    chosen = np.empty(n + 2, dtype=np.int64)
    options = np.empty(n, dtype=np.int64)
    cheapest = np.empty(n)

    sizes = np.empty(count, dtype=np.int64)
    for i in range(count):
        buffer[i] = i
        size = 0
        while size < width and members[i, size] < n:
            size += 1
        sizes[i] = size
    end[0] = count
    depth = 0
    fresh = True
    while depth >= 0:
        if fresh:
            fresh = False
            nodes += 1
            if nodes > node_limit or (nodes % 256 == 0 and stop[0]):
                return best[:best_depth].copy(), best_cost, nodes, False
            limit = min(budget, best_cost - bound - slack)
            pick = -1
            need = 0.0
            while True:
                for v in range(n):
                    options[v] = 0
                    cheapest[v] = np.inf
                for p in range(begin[depth], end[depth]):
                    c = buffer[p]
                    each = reduced[c] / sizes[c]
                    for a in range(sizes[c]):
                        v = members[c, a]
                        options[v] += 1
                        cheapest[v] = min(cheapest[v], each)
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
                if pick < 0 or spent[depth] + need > limit + slack:
                    break
                # A column is of no use if it and the cheapest shares of all others cost too much;
                # without it the shares may rise, so look again.
                before = end[depth] - begin[depth]
                stays = begin[depth]
                room = limit + slack - spent[depth] - need
                for p in range(begin[depth], end[depth]):
                    c = buffer[p]
                    more = reduced[c]
                    for a in range(sizes[c]):
                        more -= cheapest[members[c, a]]
                    if more <= room:
                        buffer[stays] = c
                        stays += 1
                end[depth] = stays
                if stays - begin[depth] > 0.9 * before:
                    break
            fits = True
            for side in range(counts):
                # Shares are never negative, so a sum that is too great stays so.
                if counted[depth, side] > sides[side, 1] + 1e-9 * max(1.0, abs(sides[side, 1])):
                    fits = False
                    need = np.inf
                elif counted[depth, side] < sides[side, 0] - 1e-9:
                    fits = False
            if pick < 0 and need < np.inf:
                if fits and paid[depth] < best_cost - slack and spent[depth] <= budget + slack:
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
        for w in range(cut_words):
            once = np.uint64(0)
            twice = np.uint64(0)
            for a in range(width):
                bits = bits_of_cuts[members[c, a], w]
                twice |= once & bits
                once |= bits
            fresh_slack = touched[depth, w] & once & ~twice & ~slackened[depth, w]
            touched[below, w] = touched[depth, w] | once
            slackened[below, w] = slackened[depth, w] | fresh_slack | twice
            cut = w * 64
            while fresh_slack:
                if fresh_slack & np.uint64(1):
                    spent[below] += slack_cost[cut]
                fresh_slack >>= np.uint64(1)
                cut += 1
        if spent[below] > limit + slack:
            continue
        paid[below] = paid[depth] + cost[c]
        for side in range(counts):
            counted[below, side] = counted[depth, side] + share[c, side]
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

"""The compiled part of the search over covers (:mod:`liancun_geo.solve.cover`)."""

from __future__ import annotations

from heapq import heappush, heapreplace
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from liancun_geo.solve.listing import longer

Floats = NDArray[np.float64]
Numbers = NDArray[np.integer[Any]]
Bits = NDArray[np.uint64]


@njit(cache=True, nogil=True)
def search(
    members: Numbers,
    masks: Bits,
    reduced: Floats,
    cost: Floats,
    share: Floats,
    sides: Floats,
    bits_of_cuts: Bits,
    slack_cost: Floats,
    n: int,
    bound: float,
    budget: float,
    upper: float,
    most: int,
    node_limit: int,
    stop: NDArray[np.uint8],
) -> tuple[NDArray[np.int32], Floats, int, bool]:
    """Return the columns of the covers, their costs, the nodes, and whether it was exhaustive."""
    # Long, since its state is a row of every array for each depth: handing these on costs time.
    count, words = masks.shape
    # Costs of covers that are as close as this count as the same.
    slack = 1e-9 * max(1.0, abs(bound))
    best_cost = upper
    best = np.full((1, n + 1), -1, dtype=np.int32)
    best_paid = np.empty(1)
    kept = 0
    # The dearest kept cover comes first.
    heap = [(0.0, 0) for _ in range(0)]
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

    sizes = _sizes(members, n)
    buffer[:count] = np.arange(count)
    end[0] = count
    depth = 0
    fresh = True
    while depth >= 0:
        if fresh:
            fresh = False
            nodes += 1
            if nodes > node_limit or (nodes % 256 == 0 and stop[0]):
                return best[:kept], best_paid[:kept], nodes, False
            limit = min(budget, best_cost - bound - slack)
            active = buffer[begin[depth] : end[depth]]
            pick, need, stays = _branching(
                active,
                used[depth],
                members,
                sizes,
                reduced,
                options,
                cheapest,
                spent[depth],
                limit + slack,
            )
            end[depth] = begin[depth] + stays
            fits, too_great = _sums(counted[depth], sides)
            if too_great:
                need = np.inf
            if pick < 0 and need < np.inf:
                if fits and paid[depth] < best_cost - slack and spent[depth] <= budget + slack:
                    if kept == len(best) and kept < most:
                        best = longer(best, min(2 * kept, most))
                        best_paid = longer(best_paid, min(2 * kept, most))
                    slot = _slot(heap, kept, most, paid[depth])
                    kept = max(kept, slot + 1)
                    best[slot] = -1
                    best[slot, :depth] = chosen[:depth]
                    best_paid[slot] = paid[depth]
                    if kept == most:
                        best_cost = -heap[0][0]
                depth -= 1
                continue
            if need == np.inf or spent[depth] + need > limit + slack:
                depth -= 1
                continue
            branch[depth] = pick
            cursor[depth] = begin[depth]
            continue

        # Next column of this depth that holds the branching village.
        p = _next_with(branch[depth], buffer, cursor[depth], end[depth], masks)
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
        spent[below] = _with_slack(
            spent[depth] + reduced[c],
            members,
            c,
            bits_of_cuts,
            slack_cost,
            touched,
            slackened,
            depth,
        )
        if spent[below] > limit + slack:
            continue
        paid[below] = paid[depth] + cost[c]
        for side in range(counts):
            counted[below, side] = counted[depth, side] + share[c, side]
        start = end[depth]
        if start + end[depth] - begin[depth] > len(buffer):
            more = np.empty(2 * len(buffer) + count, dtype=np.int32)
            more[:start] = buffer[:start]
            buffer = more
        room = limit - spent[below] + slack
        stopped = _disjoint(buffer, begin[depth], start, masks, c, reduced, room)
        begin[below] = start
        end[below] = stopped
        depth = below
        fresh = True
    return best[:kept], best_paid[:kept], nodes, True


# Inlined: as a call it makes the search 7 % slower.
@njit(cache=True, nogil=True, inline="always")
def _branching(
    active: Numbers,
    covered: Bits,
    members: Numbers,
    sizes: Numbers,
    reduced: Floats,
    options: Numbers,
    cheapest: Floats,
    spent: float,
    limit: float,
) -> tuple[int, float, int]:
    """Return the village to branch on, the least cost of all uncovered, and the columns of use.

    Those are moved to the front of the active ones; ``limit`` is the most that may be spent.
    """
    stays = len(active)
    while True:
        active = active[:stays]
        _look(active, members, sizes, reduced, options, cheapest)
        pick, need = _fewest_options(covered, options, cheapest)
        # Without a limit there is nothing that ``inf`` would be above.
        if pick < 0 or need == np.inf or spent + need > limit:
            return pick, need, stays
        # Without the columns that are of no use the shares may rise, so look again.
        stays = _useful(active, members, sizes, reduced, cheapest, limit - spent - need)
        if stays > 0.9 * len(active):
            return pick, need, stays


@njit(cache=True, nogil=True)
def _sums(counted: Floats, sides: Floats) -> tuple[bool, bool]:
    """Return whether the sums over the chosen columns fit, and whether they never will."""
    fits = True
    for side in range(len(sides)):
        # Shares are never negative, so a sum that is too great stays so.
        if counted[side] > sides[side, 1] + 1e-9 * max(1.0, abs(sides[side, 1])):
            return False, True
        if counted[side] < sides[side, 0] - 1e-9:
            fits = False
    return fits, False


@njit(cache=True, nogil=True)
def _next_with(village: int, buffer: Numbers, at: int, end: int, masks: Bits) -> int:
    """Return the place of the next column that holds a village, ``end`` if there is none."""
    word = village >> 6
    bit = np.uint64(1) << np.uint64(village & 63)
    while at < end and not masks[buffer[at], word] & bit:
        at += 1
    return at


@njit(cache=True, nogil=True)
def _sizes(members: Numbers, n: int) -> Numbers:
    """Return (c,) how many villages each column holds."""
    count, width = members.shape
    sizes = np.empty(count, dtype=np.int64)
    for i in range(count):
        size = 0
        while size < width and members[i, size] < n:
            size += 1
        sizes[i] = size
    return sizes


@njit(cache=True, nogil=True)
def _look(
    active: Numbers,
    members: Numbers,
    sizes: Numbers,
    reduced: Floats,
    options: Numbers,
    cheapest: Floats,
) -> None:
    """Count the active columns of every village and find the least reduced cost per village."""
    for v in range(len(options)):
        options[v] = 0
        cheapest[v] = np.inf
    for c in active:
        each = reduced[c] / sizes[c]
        for a in range(sizes[c]):
            v = members[c, a]
            options[v] += 1
            cheapest[v] = min(cheapest[v], each)


@njit(cache=True, nogil=True)
def _fewest_options(covered: Bits, options: Numbers, cheapest: Floats) -> tuple[int, float]:
    """Return the uncovered village with the fewest columns, and what covering all costs at least.

    The village is -1 if all are covered; the cost is ``inf`` if no column covers one of them.
    """
    pick = -1
    need = 0.0
    for v in range(len(options)):
        if covered[v >> 6] >> np.uint64(v & 63) & np.uint64(1):
            continue
        if options[v] == 0:
            return pick, np.inf
        need += cheapest[v]
        if pick < 0 or options[v] < options[pick]:
            pick = v
    return pick, need


@njit(cache=True, nogil=True)
def _useful(
    active: Numbers,
    members: Numbers,
    sizes: Numbers,
    reduced: Floats,
    cheapest: Floats,
    room: float,
) -> int:
    """Move the columns that leave room for the cheapest shares of all others to the front.

    Returns how many there are.
    """
    stays = 0
    for c in active:
        more = reduced[c]
        for a in range(sizes[c]):
            more -= cheapest[members[c, a]]
        if more <= room:
            active[stays] = c
            stays += 1
    return stays


@njit(cache=True, nogil=True)
def _slot(heap: list[tuple[float, int]], kept: int, most: int, paid: float) -> int:
    """Return where to keep a cover: a new place, or that of the dearest if there are enough."""
    if kept < most:
        heappush(heap, (-paid, kept))
        return kept
    slot = heap[0][1]
    heapreplace(heap, (-paid, slot))
    return slot


@njit(cache=True, nogil=True)
def _with_slack(
    spent: float,
    members: Numbers,
    chosen: int,
    bits_of_cuts: Bits,
    slack_cost: Floats,
    touched: Bits,
    slackened: Bits,
    depth: int,
) -> float:
    """Return what is spent with the prices of the cuts that one more column leaves slack.

    Rows ``depth + 1`` of the cuts touched and slackened so far are set.
    """
    for w in range(bits_of_cuts.shape[1]):
        once = np.uint64(0)
        twice = np.uint64(0)
        for a in range(members.shape[1]):
            bits = bits_of_cuts[members[chosen, a], w]
            twice |= once & bits
            once |= bits
        fresh = touched[depth, w] & once & ~twice & ~slackened[depth, w]
        touched[depth + 1, w] = touched[depth, w] | once
        slackened[depth + 1, w] = slackened[depth, w] | fresh | twice
        cut = w * 64
        while fresh:
            if fresh & np.uint64(1):
                spent += slack_cost[cut]
            fresh >>= np.uint64(1)
            cut += 1
    return spent


@njit(cache=True, nogil=True)
def _disjoint(
    buffer: Numbers, begin: int, end: int, masks: Bits, chosen: int, reduced: Floats, room: float
) -> int:
    """Copy the columns ``begin .. end`` that go with a chosen one to ``end`` and following.

    Returns where the copy ends. Columns are sorted by reduced cost; those above ``room`` are out.
    """
    stopped = end
    for q in range(begin, end):
        other = buffer[q]
        if reduced[other] > room:
            break
        clash = False
        for w in range(masks.shape[1]):
            if masks[other, w] & masks[chosen, w]:
                clash = True
                break
        if not clash:
            buffer[stopped] = other
            stopped += 1
    return stopped

"""Compiled passes over all listed candidates: reduced costs, best columns, violated cuts."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
Members = NDArray[np.int16]


def cut_bits(cuts: NDArray[np.int16], n: int) -> NDArray[np.uint64]:
    """Return (n + 1, words) bits: the cuts whose triple holds the village."""
    words = -(-len(cuts) // 64)
    bits = np.zeros((n + 1, words), dtype=np.uint64)
    for number, triple in enumerate(cuts):
        bits[triple, number // 64] |= np.uint64(1) << np.uint64(number % 64)
    return bits


@njit(cache=True, nogil=True)
def price(
    members: Members,
    cost: FloatArray,
    prices: FloatArray,
    bits_of_cuts: NDArray[np.uint64],
    cut_prices: FloatArray,
) -> FloatArray:
    """Return the reduced cost of every column."""
    count, width = members.shape
    words = bits_of_cuts.shape[1]
    reduced = np.empty(count, dtype=np.float64)
    for i in range(count):
        value = cost[i]
        for a in range(width):
            value -= prices[members[i, a]]
        for w in range(words):
            once = np.uint64(0)
            twice = np.uint64(0)
            for a in range(width):
                bits = bits_of_cuts[members[i, a], w]
                twice |= once & bits
                once |= bits
            number = w * 64
            while twice:
                if twice & np.uint64(1):
                    value -= cut_prices[number]
                twice >>= np.uint64(1)
                number += 1
        reduced[i] = value
    return reduced


@njit(cache=True, nogil=True)
def _best_few(
    members: Members, value: FloatArray, n: int, few: int, below: float
) -> NDArray[np.int64]:
    best = np.full((n, few), np.inf)
    column = np.full((n, few), -1, dtype=np.int64)
    count, width = members.shape
    for i in range(count):
        if value[i] >= below:
            continue
        for a in range(width):
            village = members[i, a]
            if village >= n:
                break
            if value[i] < best[village, few - 1]:
                k = few - 1
                while k > 0 and best[village, k - 1] > value[i]:
                    best[village, k] = best[village, k - 1]
                    column[village, k] = column[village, k - 1]
                    k -= 1
                best[village, k] = value[i]
                column[village, k] = i
    return column


def best_of_each_village(
    members: NDArray[np.int16], value: FloatArray, n: int, few: int, below: float
) -> NDArray[np.intp]:
    """Return the columns with the smallest value of every village, each once, ascending."""
    column = _best_few(members, value, n, few, below)
    return np.unique(column[column >= 0]).astype(np.intp)


@njit(cache=True, nogil=True)
def worst_shares(members: Members, value: FloatArray, n: int) -> FloatArray:
    """Return (n,) the most negative ``value / size`` of any column holding the village."""
    worst = np.zeros(n)
    count, width = members.shape
    for i in range(count):
        if value[i] >= 0.0:
            continue
        size = 0
        while size < width and members[i, size] < n:
            size += 1
        share = value[i] / size
        for a in range(size):
            worst[members[i, a]] = min(worst[members[i, a]], share)
    return worst


@njit(cache=True, nogil=True)
def violated_triples(
    members: Members, values: FloatArray, n: int, violation: float
) -> tuple[NDArray[np.int16], FloatArray]:
    """Return the triples that more than ``1 + violation`` columns hold two of, and by how much."""
    together = np.zeros((n, n))
    count, width = members.shape
    for c in range(count):
        for a in range(width):
            if members[c, a] >= n:
                break
            for b in range(a + 1, width):
                if members[c, b] >= n:
                    break
                together[members[c, a], members[c, b]] += values[c]
                together[members[c, b], members[c, a]] += values[c]
    triples = []
    excess = []
    for i in range(n):
        for j in range(i + 1, n):
            for k in range(j + 1, n):
                pairs = together[i, j] + together[i, k] + together[j, k]
                if pairs <= 1.0 + violation:
                    continue
                # Columns that hold all three were counted three times.
                for c in range(count):
                    held = 0
                    for a in range(width):
                        v = members[c, a]
                        if v in (i, j, k):
                            held += 1
                    if held == 3:
                        pairs -= 2.0 * values[c]
                if pairs > 1.0 + violation:
                    triples.append((i, j, k))
                    excess.append(pairs - 1.0)
    found = np.empty((len(triples), 3), dtype=np.int16)
    for t in range(len(triples)):
        found[t, 0], found[t, 1], found[t, 2] = triples[t]
    return found, np.array(excess)

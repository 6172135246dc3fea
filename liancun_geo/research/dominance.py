"""Points that no other point beats, sums of fronts, boxes still open, knees. Lower is better."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from liancun_geo.arrays import BoolArray, FloatArray, IntArray

CHUNK = 4_000_000
"""Sums of two fronts that are looked at together."""


def undominated(points: FloatArray, slack: FloatArray) -> IntArray:
    """Return the rows that no other row beats, sorted by the first column.

    A row is beaten by one that is nowhere worse by more than ``slack`` and comes before it in
    lexicographic order: so of points that are the same but for rounding one stays, and weak
    points are cut off.

    Parameters
    ----------
    points
        (m, q) with q of 1, 2 or 3.
    slack
        (q,) differences that count as none.
    """
    if len(points) == 0:
        return np.zeros(0, dtype=np.intp)
    q = points.shape[1]
    rows = np.arange(len(points))
    # Once from each column: where two are the same but for rounding, the order hides weak points.
    for first in range(q - 1, -1, -1):
        turned = np.roll(points[rows], -first, axis=1)
        order = np.lexsort(turned.T[::-1])
        rows = rows[order][_sweep(turned[order], np.roll(slack, -first))]
    return rows


@njit(cache=True, nogil=True)
def _sweep(points: FloatArray, slack: FloatArray) -> NDArray[np.bool_]:
    """Return which of the lexicographically sorted points stay."""
    m, q = points.shape
    stays = np.zeros(m, dtype=np.bool_)
    # Of the points kept so far: second ascending, third descending (a staircase).
    second = np.empty(m)
    third = np.empty(m)
    count = 0
    for i in range(m):
        b = points[i, 1] if q > 1 else 0.0
        c = points[i, 2] if q > 2 else 0.0
        more = slack[1] if q > 1 else 0.0
        most = slack[2] if q > 2 else 0.0
        low, high = 0, count
        while low < high:
            middle = (low + high) // 2
            if second[middle] <= b + more:
                low = middle + 1
            else:
                high = middle
        if low > 0 and third[low - 1] <= c + most:
            continue
        stays[i] = True
        at = 0
        while at < count and second[at] < b:
            at += 1
        end = at
        while end < count and third[end] >= c:
            end += 1
        if at > 0 and third[at - 1] <= c:
            continue
        # What lies between is beaten in both; the new step takes its place.
        shift = 1 - (end - at)
        if shift > 0:
            for k in range(count - 1, end - 1, -1):
                second[k + 1] = second[k]
                third[k + 1] = third[k]
        elif shift < 0:
            for k in range(end, count):
                second[k + shift] = second[k]
                third[k + shift] = third[k]
        count += shift
        second[at] = b
        third[at] = c
    return stays


def thinned(points: FloatArray, step: FloatArray) -> IntArray:
    """Return rows such that every row is within ``step`` of one of them, or beaten by it.

    Parameters
    ----------
    points
        (m, q) a front, sorted by the first column.
    step
        (q,) how much worse the one that stays may be, in each column.
    """
    if not (step > 0).any() or len(points) < 3:
        return np.arange(len(points))
    return np.flatnonzero(_greedy(points, step))


@njit(cache=True, nogil=True)
def _greedy(points: FloatArray, step: FloatArray) -> NDArray[np.bool_]:
    """Keep the ends and, going on, the last point that still stands for all before it."""
    m, q = points.shape
    kept = np.zeros(m, dtype=np.bool_)
    if q == 2:
        # From left to right: the last one whose first value is within the step of the first
        # point it has to stand for; its second value is the smaller one.
        kept[0] = kept[m - 1] = True
        at = 1
        while at < m - 1:
            last = at
            while last + 1 < m and points[last + 1, 0] <= points[at, 0] + step[0]:
                last += 1
            kept[last] = True
            at = last + 1
        return kept
    for i in range(m):
        covered = False
        for j in range(i):
            if not kept[j]:
                continue
            inside = True
            for k in range(q):
                if points[j, k] > points[i, k] + step[k]:
                    inside = False
                    break
            if inside:
                covered = True
                break
        kept[i] = not covered
    return kept


def summed(
    one: FloatArray, other: FloatArray, slack: FloatArray
) -> tuple[FloatArray, IntArray, IntArray]:
    """Return the front of all sums of a point of each, and which points they are made of.

    Every point of the front of a sum is a sum of points of the fronts, so nothing is missed.
    """
    rows = max(1, CHUNK // max(1, len(other)))
    points, first, second = [], [], []
    for begin in range(0, len(one), rows):
        part = one[begin : begin + rows]
        sums = (part[:, None, :] + other[None, :, :]).reshape(-1, one.shape[1])
        stay = undominated(sums, slack)
        points.append(sums[stay])
        first.append(begin + stay // len(other))
        second.append(stay % len(other))
    every, a, b = np.concatenate(points), np.concatenate(first), np.concatenate(second)
    stay = undominated(every, slack) if len(points) > 1 else np.arange(len(every))
    return every[stay], a[stay], b[stay]


def open_boxes(boxes: FloatArray, point: FloatArray) -> FloatArray:
    """Return the boxes that are left once a point is known.

    Parameters
    ----------
    boxes
        (b, q) upper corners; whatever is better than a corner in all criteria lies in its box.
    point
        (q,) what a new point rules out: everything it beats.

    Notes
    -----
    Local upper bounds with the filter for redundant ones: Klamroth, Lacour and Vanderpooten
    (2015), doi:10.1016/j.ejor.2015.03.031.
    """
    cut = (boxes > point).all(axis=1)
    if not cut.any():
        return boxes
    parts = []
    for corner in range(boxes.shape[1]):
        lowered = boxes[cut].copy()
        lowered[:, corner] = point[corner]
        parts.append(lowered)
    fresh, kept = np.unique(np.concatenate(parts), axis=0), boxes[~cut]
    inside: BoolArray = np.array(
        [
            (kept >= box).all(axis=1).any()
            or ((fresh >= box).all(axis=1) & (fresh > box).any(axis=1)).any()
            for box in fresh
        ],
        dtype=bool,
    )
    return np.concatenate([kept, fresh[~inside]])


def chord_distance(points: FloatArray) -> FloatArray:
    """Return how far each point lies below the chord of the ends, ranges brought to 1.

    Two criteria: the chord of the two ends. Three: the plane through the best point of each.
    The point that lies farthest below is the knee of Das (1999), doi:10.1007/BF01195985.
    """
    low, high = points.min(axis=0), points.max(axis=0)
    wide = np.where(high > low, high - low, 1.0)
    scaled = (points - low) / wide
    q = points.shape[1]
    ends = np.array([scaled[np.lexsort((scaled.sum(axis=1), scaled[:, k]))[0]] for k in range(q)])
    normal = np.ones(q)
    if np.linalg.matrix_rank(ends[1:] - ends[0]) == q - 1:
        solved = np.linalg.svd(ends[1:] - ends[0])[2][-1]
        if (solved >= -1e-12).all() or (solved <= 1e-12).all():
            normal = np.abs(solved)
    distance: FloatArray = (ends[0] - scaled) @ (normal / np.linalg.norm(normal))
    return distance

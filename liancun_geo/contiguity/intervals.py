"""Which stretch of a segment lies near another one: closed forms on arrays.

A segment is ``p + t * d`` with ``d`` of unit length and ``0 <= t <= length``. The points within
``radius`` of a second segment form a capsule (a rectangle with two half discs), which is convex:
the answer is always one stretch ``[low, high]``, empty where ``low >= high``.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def _cross(a: Floats, b: Floats) -> Floats:
    return np.asarray(a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0])


def _dot(a: Floats, b: Floats) -> Floats:
    return np.asarray(a[:, 0] * b[:, 0] + a[:, 1] * b[:, 1])


def _clip(low: Floats, high: Floats, value: Floats, slope: Floats) -> None:
    """Narrow ``[low, high]`` in place to where ``value + t * slope >= 0``."""
    with np.errstate(divide="ignore", invalid="ignore"):
        root = -value / slope
    rising, falling = slope > 0, slope < 0
    low[rising] = np.maximum(low[rising], root[rising])
    high[falling] = np.minimum(high[falling], root[falling])
    low[~rising & ~falling & (value < 0)] = np.inf


def near_segment(
    p: Floats, d: Floats, length: Floats, a: Floats, b: Floats, radius: float
) -> tuple[Floats, Floats]:
    """Return the stretch of ``p + t*d`` within ``radius`` of the segment ``a``-``b``.

    Parameters
    ----------
    p, d
        (k, 2) start and unit direction.
    length
        (k,) length of the segment in metres.
    a, b
        (k, 2) ends of the other segment.
    radius
        In metres, at least 0.

    Returns
    -------
    low, high
        (k,) in metres from ``p``; empty where ``low >= high``.
    """
    step = b - a
    reach = np.hypot(step[:, 0], step[:, 1])
    e = step / np.where(reach > 0, reach, 1.0)[:, None]
    from_a = p - a
    along, along_slope = _dot(from_a, e), _dot(d, e)
    across, across_slope = _cross(e, from_a), _cross(e, d)
    low, high = np.full(len(p), -np.inf), np.full(len(p), np.inf)
    _clip(low, high, along, along_slope)
    _clip(low, high, reach - along, -along_slope)
    _clip(low, high, radius + across, across_slope)
    _clip(low, high, radius - across, -across_slope)
    empty = low > high
    low[empty], high[empty] = np.inf, -np.inf
    for end in (a, b):
        to_end = end - p
        half = radius**2 - _cross(to_end, d) ** 2
        inside = half >= 0
        middle, half = _dot(to_end, d), np.sqrt(np.maximum(half, 0.0))
        low = np.where(inside, np.minimum(low, middle - half), low)
        high = np.where(inside, np.maximum(high, middle + half), high)
    return np.maximum(low, 0.0), np.minimum(high, length)


def in_triangle(
    p: Floats, d: Floats, length: Floats, corners: NDArray[np.float64]
) -> tuple[Floats, Floats]:
    """Return the stretch of ``p + t*d`` inside a triangle.

    Parameters
    ----------
    p, d, length
        As in :func:`near_segment`.
    corners
        (k, 3, 2) corners, in either orientation.

    Returns
    -------
    low, high
        (k,) in metres from ``p``; empty where ``low >= high``.
    """
    turn = np.sign(_cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]))
    low, high = np.zeros(len(p)), length.copy()
    for k in range(3):
        edge = (corners[:, (k + 1) % 3] - corners[:, k]) * turn[:, None]
        _clip(low, high, _cross(edge, p - corners[:, k]), _cross(edge, d))
    low[turn == 0] = np.inf
    return low, high

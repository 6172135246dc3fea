"""Weights under which plans of a zone are known: the proof, and how far it reaches."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from liancun_geo.arrays import BoolArray, FloatArray
from liancun_geo.research.led import LedSets
from liancun_geo.solve.master import Relaxation, SideRules
from liancun_geo.solve.pricing import cut_bits, price, worst_shares

CLOSE = 1e-9
"""Relative difference of a criterion that counts as none."""
FIRST_LISTED = 2_000
"""Plans that are ranked at first."""


@dataclass(eq=False)
class Part:
    """The plans with so many alliances under one set of weights: how far they are known."""

    counts: tuple[float, float]
    relaxation: Relaxation
    reach: float
    """No unknown plan of the part has a smaller weighted sum."""
    most: int = FIRST_LISTED
    closed: bool = False


@dataclass(eq=False)
class Direction:
    """One set of weights, with one part or a part for every number of alliances."""

    weights: FloatArray
    parts: list[Part]

    @property
    def reach(self) -> float:
        """No unknown plan has a smaller weighted sum."""
        return min((part.reach for part in self.parts), default=np.inf)

    def tops(self, boxes: FloatArray) -> FloatArray:
        """Return (b,) the weighted sums of corners, ``inf`` where a box has no end."""
        used = self.weights > 0.0
        tops: FloatArray = boxes[:, used] @ self.weights[used]
        return tops


def still_useful(directions: list[Direction], box: FloatArray, columns: int) -> BoolArray:
    """Return (columns,) which of them some plan inside a box may use."""
    useful = np.ones(columns, dtype=bool)
    for direction in directions:
        top = float(direction.tops(box[None, :])[0])
        if not np.isfinite(top):
            continue
        slack = CLOSE * max(1.0, abs(top))
        fits = np.zeros(columns, dtype=bool)
        for part in direction.parts:
            if part.reach < top - slack:
                fits |= part.relaxation.reduced_cost <= top - part.relaxation.bound + slack
        useful &= fits
    return useful


def repriced(sets: LedSets, weights: FloatArray, sides: SideRules, known: Relaxation) -> Relaxation:
    """Return the proof of a programme with the reduced costs of all columns.

    The search may have dropped columns on its way; its prices bound every plan all the same.
    """
    pool, n = sets.weighted(weights), sets.pool.n
    prices = np.append(known.prices, 0.0)
    reduced = price(pool.members, pool.cost, prices, cut_bits(known.cuts, n), known.cut_prices)
    reduced -= sides.share @ known.side_prices
    ends = np.where(known.side_prices > 0, sides.bounds[:, 0], sides.bounds[:, 1])
    open_ended = ~np.isfinite(ends)
    bound = float(known.prices.sum() + known.cut_prices.sum())
    bound += float((known.side_prices * np.where(open_ended, 0.0, ends)).sum())
    if reduced.size and reduced.min() < 0.0:
        bound += float(worst_shares(pool.members, np.minimum(reduced, 0.0), n).sum())
    return replace(known, bound=bound, reduced_cost=np.maximum(reduced, 0.0))


def lattice(q: int, steps: int = 4) -> FloatArray:
    """Return the weights in steps that add up to 1, single criteria left out."""
    rows = [
        (a, b, steps - a - b)
        for a in range(steps + 1)
        for b in range(steps + 1 - a)
        if max(a, b, steps - a - b) < steps
    ]
    assert q == 3
    return np.array(rows, dtype=np.float64) / steps

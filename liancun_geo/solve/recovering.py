"""A second, plain search over covers, for the certificate alone: no plan may cost less."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Columns:
    """Candidates and the leaving out of single villages.

    Attributes
    ----------
    held
        (c, k) which villages each column holds, at least one.
    cost
        (c,) its cost.
    reduced
        (c,) its reduced cost, never negative: a plan costs at least the bound and the sum of
        these.
    alliance
        (c,) False for leaving out.
    """

    held: BoolArray
    cost: FloatArray
    reduced: FloatArray
    alliance: BoolArray

    def within(self, room: float) -> Columns:
        """Return the columns whose reduced cost is at most ``room``, the smallest first."""
        kept = np.flatnonzero(self.reduced <= room)
        kept = kept[np.argsort(self.reduced[kept], kind="stable")]
        return Columns(self.held[kept], self.cost[kept], self.reduced[kept], self.alliance[kept])


@dataclass(frozen=True, slots=True)
class Recovered:
    """What the search says.

    Attributes
    ----------
    cheapest
        Cost of the cheapest cover below the limit that was found, ``inf`` if none.
    exhausted
        Whether every cover within the room was looked at.
    nodes
        Nodes visited.
    """

    cheapest: float
    exhausted: bool
    nodes: int


def recover(
    columns: Columns,
    *,
    room: float,
    below: float,
    n_alliances: tuple[float, float],
    node_limit: int,
) -> Recovered:
    """Look for a cover that is cheaper than a given cost, or prove that there is none.

    Parameters
    ----------
    columns
        What covers are made of.
    room
        Most that the reduced costs of a cover may add up to; ``inf`` looks at every cover.
    below
        Covers must cost less than this. The search ends with the first.
    n_alliances
        Fewest and most alliances of a cover.
    node_limit
        Nodes after which to give up.

    Notes
    -----
    Depth first over the uncovered village with the fewest columns. A branch ends when the reduced
    costs spent, and for each uncovered village the least ``reduced / size`` of a column that
    holds it, pass the room.
    """
    columns = columns.within(room)
    share = columns.reduced / np.maximum(1, columns.held.sum(axis=1))
    every = np.arange(len(columns.cost))
    # (columns still possible, villages uncovered, reduced cost spent, cost, alliances)
    waiting = [(every, np.ones(columns.held.shape[1], dtype=bool), 0.0, 0.0, 0)]
    nodes = 0
    while waiting:
        possible, uncovered, spent, paid, alliances = waiting.pop()
        nodes += 1
        if nodes > node_limit:
            return Recovered(np.inf, False, nodes)
        if not uncovered.any():
            if n_alliances[0] <= alliances <= n_alliances[1] and paid < below:
                return Recovered(paid, True, nodes)
            continue
        if alliances > n_alliances[1]:
            continue
        village = _fewest(columns.held[possible], uncovered)
        if village is None:
            continue
        useful = _useful(columns, share, possible, uncovered, spent, room)
        possible = possible[useful]
        held = columns.held[possible]
        for at in np.flatnonzero(held[:, village])[::-1]:
            chosen = possible[at]
            if spent + float(columns.reduced[chosen]) > room:
                continue
            after = possible[~(held & held[at]).any(axis=1)]
            waiting.append(
                (
                    after,
                    uncovered & ~columns.held[chosen],
                    spent + float(columns.reduced[chosen]),
                    paid + float(columns.cost[chosen]),
                    alliances + int(columns.alliance[chosen]),
                )
            )
    return Recovered(np.inf, True, nodes)


def _fewest(held: BoolArray, uncovered: BoolArray) -> int | None:
    """Return the uncovered village that the fewest columns hold; None if one has none."""
    options = np.where(uncovered, held.sum(axis=0), len(held) + 1)
    village = int(np.argmin(options))
    return None if options[village] == 0 else village


def _useful(
    columns: Columns,
    share: FloatArray,
    possible: IntArray,
    uncovered: BoolArray,
    spent: float,
    room: float,
) -> BoolArray:
    """Return which columns leave room for the cheapest shares of all other villages, if any do."""
    held = columns.held[possible]
    least = np.where(held, share[possible][:, None], np.inf).min(axis=0)
    need = float(least[uncovered].sum())
    if spent + need > room:
        return np.zeros(len(possible), dtype=bool)
    more = columns.reduced[possible] - held @ np.where(uncovered, least, 0.0)
    useful: BoolArray = more <= room - spent - need
    return useful

"""A second, plain listing of a zone's candidates, for the certificate alone.

It grows all connected sets size by size as bit masks (every set of ``s + 1`` villages is one of
``s`` and a neighbour of it; double ones are sorted out), where the solver grows each set along
one path; it prices whole arrays of sets at once, where the solver adds up on the way. Nothing of
the solver is used, so that a fault of its listing cannot hide in the proof.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from liancun_geo.zone import Zone

MOST_SETS = 1_500_000
"""Connected sets, feasible or not, after which the listing gives up."""
PRICED_AT_ONCE = 50_000
ROUNDING = 1e-9
"""A sum this close to its bound, relatively, may count as inside or outside."""

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
Words = NDArray[np.uint64]


@dataclass(frozen=True, eq=False)
class Relisting:
    """The candidates of a zone.

    Attributes
    ----------
    held
        (c, k) which villages each candidate holds.
    cost
        (c,) its cost under its cheapest lead.
    certain
        Candidates that no rounding of a sum could make infeasible.
    complete
        Whether all are listed; if not, the arrays are empty.
    """

    held: BoolArray
    cost: FloatArray
    certain: int
    complete: bool


def relist(zone: Zone, most_sets: int = MOST_SETS) -> Relisting:
    """List the feasible alliances of a zone, each once.

    Parameters
    ----------
    zone
        The zone with its rules.
    most_sets
        Connected sets after which to give up.
    """
    k = zone.n
    near = np.zeros((k, k), dtype=bool)
    near[zone.edges[:, 0], zone.edges[:, 1]] = True
    neighbours = _packed(near | near.T)
    alone = sets = _packed(np.eye(k, dtype=bool))
    reach = neighbours
    held, cost = [np.zeros((0, k), dtype=bool)], [np.zeros(0)]
    certain, listed = 0, k
    for size in range(1, min(zone.max_size, k) + 1):
        if size > 1:
            sets, reach = _grown(sets, reach, alone, neighbours)
            listed += len(sets)
            if listed > most_sets:
                return Relisting(held[0], cost[0], 0, complete=False)
        if size < zone.min_size or np.isinf(zone.size_cost[size]):
            continue
        for start in range(0, len(sets), PRICED_AT_ONCE):
            some = _unpacked(sets[start : start + PRICED_AT_ONCE], k)
            allowed, sure = keeps_sums(zone, some)
            cheapest = priced(zone, some[allowed]).min(axis=1, initial=np.inf)
            feasible = np.isfinite(cheapest)
            held.append(some[allowed][feasible])
            cost.append(cheapest[feasible])
            certain += int(sure[allowed][feasible].sum())
    return Relisting(np.concatenate(held), np.concatenate(cost), certain, complete=True)


def _packed(held: BoolArray) -> Words:
    """Return (c, words) bits of (c, k) flags."""
    words = max(1, -(-held.shape[1] // 64))
    padded = np.zeros((len(held), words * 64), dtype=bool)
    padded[:, : held.shape[1]] = held
    return np.packbits(padded, axis=1, bitorder="little").view(np.uint64)


def _unpacked(words: Words, k: int) -> BoolArray:
    flags = np.unpackbits(words.view(np.uint8), axis=1, bitorder="little")
    return flags[:, :k].astype(bool)


def _grown(sets: Words, reach: Words, alone: Words, neighbours: Words) -> tuple[Words, Words]:
    """Return all sets with one more village, each once, and the villages next to each."""
    longer, wider = [sets[:0]], [reach[:0]]
    for bit, around in zip(alone, neighbours, strict=True):
        fits = ((reach & ~sets & bit) != 0).any(axis=1)
        longer.append(sets[fits] | bit)
        wider.append(reach[fits] | around)
    every, next_to = np.concatenate(longer), np.concatenate(wider)
    order = np.lexsort(every.T)
    every, next_to = every[order], next_to[order]
    first = np.ones(len(every), dtype=bool)
    first[1:] = (every[1:] != every[:-1]).any(axis=1)
    return every[first], next_to[first]


def keeps_sums(zone: Zone, held: BoolArray) -> tuple[BoolArray, BoolArray]:
    """Say which sets keep the rules on sums, partners and pairs apart, and which surely do.

    Parameters
    ----------
    zone
        The zone.
    held
        (c, k) flags.

    Returns
    -------
    tuple
        (c,) sets that keep them up to the rounding of a sum, and those that keep them whichever
        way the sum is rounded.
    """
    sums = held.astype(np.float64) @ zone.amount
    least, most = zone.bounds[:, 0], zone.bounds[:, 1]
    slack = ROUNDING * np.maximum(1.0, np.abs(sums))
    allowed = np.array(((sums >= least - slack) & (sums <= most + slack)).all(axis=1))
    exact = np.abs(sums - np.round(sums)) == 0.0
    # Sums of whole numbers are not rounded, so at the bound is inside.
    slack = np.where(exact & (zone.amount == np.round(zone.amount)).all(axis=0), 0.0, slack)
    sure = np.array(((sums >= least + slack) & (sums <= most - slack)).all(axis=1))
    for group in np.unique(zone.together[zone.together >= 0]):
        present = held[:, zone.together == group]
        allowed &= present.all(axis=1) | ~present.any(axis=1)
    for a, b in zone.apart.tolist():
        allowed &= ~(held[:, a] & held[:, b])
    return allowed, sure & allowed


def priced(zone: Zone, held: BoolArray) -> FloatArray:
    """Return the cost of sets of one size under each of their villages.

    Parameters
    ----------
    zone
        The zone.
    held
        (c, k) flags, the same number in each row.

    Returns
    -------
    (c, size) array
        Columns follow the villages of each set, ascending; ``inf`` where that village may not
        lead the set.
    """
    size = int(held[0].sum()) if len(held) else 0
    villages = np.nonzero(held)[1].reshape(len(held), size)
    led = zone.pair_cost[villages[:, :, None], villages[:, None, :]].sum(axis=2)
    led += zone.lead_cost[villages]
    weak = zone.weak[villages]
    members = weak.sum(axis=1, keepdims=True) - weak
    led[members > zone.max_weak] = np.inf
    sums = held.astype(np.float64) @ zone.amount
    terms = np.abs(sums - zone.target) @ zone.target_weight
    terms += np.maximum(0.0, zone.threshold - sums) @ zone.shortfall_weight
    total: FloatArray = led + terms[:, None] + zone.size_cost[size]
    return total

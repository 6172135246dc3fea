"""The four components of the pair cost, for any leads and members by position."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

PAIR_COMPONENTS = (
    "proximity",
    "industry_similarity",
    "industry_complementarity",
    "strength_contrast",
)
"""Names of the components, as in :class:`~liancun_geo.settings.PairWeights`."""

Positions = NDArray[np.intp]
Matrix = NDArray[np.float64]


class Travel(Protocol):
    """Ways between villages, as :mod:`liancun_geo.travel` computes them."""

    def times_min(self, starts: Positions, ends: Positions) -> Matrix:
        """Return (a, b) minutes from some villages to others."""

    def block_min(self, villages: Positions) -> Matrix:
        """Return (k, k) minutes between some villages, symmetric."""


@dataclass(frozen=True, eq=False)
class Apart:
    """How far apart villages are: in km, or in minutes if there is ``travel``."""

    points_m: Matrix
    detour_factor: float = 1.0
    travel: Travel | None = None

    def between(self, leads: Positions, members: Positions) -> Matrix:
        """Return (a, b) how far apart the villages are."""
        if self.travel is not None:
            return self.travel.times_min(leads, members)
        return straight_line_km(self.points_m, leads, members) * self.detour_factor

    def of_block(self, distance_km: Matrix, travel_min: Matrix | None) -> Matrix:
        """Return the same for the villages of one zone, from what is known of them."""
        if self.travel is not None and travel_min is not None:
            return travel_min
        # Without a factor, the matrix itself: of a large zone it is 200 MB.
        return distance_km if self.detour_factor == 1.0 else distance_km * self.detour_factor


@dataclass(frozen=True, eq=False)
class PairInputs:
    """What any pair is computed from; n rows each."""

    apart: Apart
    strength: NDArray[np.float64] | None
    has: csr_array
    """(n, t) 1 where the village has the industry."""
    feeds: csr_array | None
    """(n, t) 1 where the village has a complementary partner of the industry."""
    known: NDArray[np.bool_]
    """(n,) whether the industries are known."""
    scale: float
    """How far apart villages are when proximity costs 1."""


def straight_line_km(points_m: Matrix, leads: Positions, members: Positions) -> Matrix:
    gap_m = points_m[leads][:, None, :] - points_m[members][None, :, :]
    distance_km: Matrix = np.hypot(gap_m[..., 0], gap_m[..., 1]) / 1000.0
    return distance_km


def industry_tables(
    tags: list[tuple[str, ...] | None], complementary: Sequence[tuple[str, str]]
) -> tuple[csr_array, csr_array | None, bool]:
    """Return who has which industry, who feeds which, and whether any two here feed each other.

    Sparse: free-text industries may be as many as the villages.
    """
    column = {tag: at for at, tag in enumerate(sorted({tag for own in tags if own for tag in own}))}
    rows = np.array([row for row, own in enumerate(tags) for _ in own or ()], dtype=np.intp)
    columns = np.array([column[tag] for own in tags for tag in own or ()], dtype=np.intp)
    shape = (len(tags), max(len(column), 1))
    has = csr_array((np.ones(len(rows)), (rows, columns)), shape=shape)
    if not complementary:
        return has, None, False
    links = sorted(
        {
            (column[one], column[other])
            for pair in complementary
            for one, other in (pair, pair[::-1])
            if one in column and other in column
        }
    )
    ends = np.array(links, dtype=np.intp).reshape(-1, 2)
    partner = csr_array((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(shape[1], shape[1]))
    feeds = csr_array(has @ partner)
    feeds.data[:] = 1.0
    return has, feeds, bool(links)


def pair_component(
    name: str, inputs: PairInputs, leads: Positions, members: Positions, apart: Matrix
) -> Matrix:
    """Return one component, (a, b) ``[lead, member]``; a village with itself costs 0."""
    component = _FORMULAS[name](inputs, leads, members, apart)
    return np.where(leads[:, None] == members[None, :], 0.0, component)


def _proximity(inputs: PairInputs, leads: Positions, members: Positions, apart: Matrix) -> Matrix:
    if inputs.scale == 0.0:
        return np.zeros_like(apart)
    return np.minimum(apart / inputs.scale, 1.0)


def _similarity(inputs: PairInputs, leads: Positions, members: Positions, _: Matrix) -> Matrix:
    mine, theirs = inputs.has[leads], inputs.has[members]
    common = (mine @ theirs.T).toarray()
    union = mine.sum(axis=1)[:, None] + theirs.sum(axis=1)[None, :] - common
    return _industry_cost(inputs, leads, members, common, union)


def _complementarity(inputs: PairInputs, leads: Positions, members: Positions, _: Matrix) -> Matrix:
    if inputs.feeds is None:
        return np.full((len(leads), len(members)), np.nan)
    theirs = inputs.has[members]
    fed = (inputs.feeds[leads] @ theirs.T).toarray()
    own = np.broadcast_to(theirs.sum(axis=1)[None, :], fed.shape)
    return _industry_cost(inputs, leads, members, fed, own)


def _industry_cost(
    inputs: PairInputs, leads: Positions, members: Positions, hits: Matrix, of: Matrix
) -> Matrix:
    """Return ``1 - hits / of``, 1 where there is nothing to hit, NaN where tags are unknown."""
    cost = 1.0 - np.divide(hits, of, out=np.zeros_like(hits), where=of > 0)
    return np.where(inputs.known[leads][:, None] & inputs.known[members][None, :], cost, np.nan)


def _strength(inputs: PairInputs, leads: Positions, members: Positions, _: Matrix) -> Matrix:
    if inputs.strength is None:
        return np.full((len(leads), len(members)), np.nan)
    return (1.0 + inputs.strength[members][None, :] - inputs.strength[leads][:, None]) / 2.0


_FORMULAS: Mapping[str, Callable[[PairInputs, Positions, Positions, Matrix], Matrix]] = {
    "proximity": _proximity,
    "industry_similarity": _similarity,
    "industry_complementarity": _complementarity,
    "strength_contrast": _strength,
}

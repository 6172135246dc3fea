"""List every feasible alliance of a zone, each once, with its best lead and its cost.

A connected set is grown from its lowest-numbered village by the frontier scheme of Wernicke
(2006, "Efficient detection of network motifs", doi:10.1109/TCBB.2006.51): each set is reached
along exactly one path, so no set is stored or compared twice. The cost of every possible lead is
carried along, one addition a village and lead.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numba import njit
from numpy.typing import NDArray

from liancun_geo.problem import Zone

LEFT_OUT = -1
MAX_VILLAGES = 32_000
"""A zone's villages are numbered in 16 bits."""


@dataclass(frozen=True, eq=False)
class CandidatePool:
    """The columns of the set-partitioning problem of one zone.

    Attributes
    ----------
    n
        Villages of the zone.
    members
        (c, width) int16 villages of each column, lead included, padded with ``n``.
    cost
        (c,) cost under the best lead.
    lead
        (c,) int16 best lead; -1 for a column that leaves its one village out.
    complete
        Whether every candidate is listed; False if the budget or the deadline stopped it.
    """

    n: int
    members: NDArray[np.int16]
    cost: NDArray[np.float64]
    lead: NDArray[np.int16]
    complete: bool

    def __len__(self) -> int:
        return len(self.cost)

    def subset(self, keep: NDArray[np.bool_] | NDArray[np.intp]) -> CandidatePool:
        """Return some of the columns, in the same order."""
        return CandidatePool(
            self.n, self.members[keep], self.cost[keep], self.lead[keep], self.complete
        )

    def with_left_out(self, villages: NDArray[np.intp], cost: NDArray[np.float64]) -> CandidatePool:
        """Return the pool with one more column for each village that may be left out."""
        alone = np.full((len(villages), self.members.shape[1]), self.n, dtype=np.int16)
        alone[:, 0] = villages
        return replace(
            self,
            members=np.concatenate([self.members, alone]),
            cost=np.concatenate([self.cost, cost]),
            lead=np.concatenate([self.lead, np.full(len(villages), LEFT_OUT, dtype=np.int16)]),
        )

    def covered(self) -> NDArray[np.bool_]:
        """Return (n,) whether any column other than leaving out holds the village."""
        held = np.zeros(self.n + 1, dtype=bool)
        held[self.members[self.lead != LEFT_OUT].ravel()] = True
        return held[: self.n]


def list_candidates(
    zone: Zone,
    min_size: int,
    max_size: int,
    size_cost: NDArray[np.float64],
    *,
    budget: int = 12_000_000,
    stop: NDArray[np.uint8] | None = None,
) -> CandidatePool:
    """List the feasible alliances of a zone.

    Parameters
    ----------
    zone
        The zone.
    min_size, max_size, size_cost
        As in the problem.
    budget
        Most candidates to list; past it the pool is marked incomplete.
    stop
        One byte; another thread sets it to make the listing stop soon.
    """
    n = zone.n
    width = min(max_size, max(n, 1))
    if n > MAX_VILLAGES:
        return _empty(n, width, complete=False)
    indptr, indices = adjacency(n, zone.edges)
    flag = np.zeros(1, dtype=np.uint8) if stop is None else stop
    members, cost, lead, complete = _grow_all(
        n,
        indptr,
        indices,
        zone.pair_cost,
        zone.lead_cost,
        size_cost,
        min_size,
        width,
        _possible_leads(zone),
        budget,
        flag,
    )
    return CandidatePool(n, members, cost, lead, bool(complete))


def adjacency(n: int, edges: NDArray[np.intp]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return the contiguities as compressed rows: neighbours of ``i`` ascending."""
    both = np.concatenate([edges, edges[:, ::-1]]).astype(np.int32)
    order = np.lexsort((both[:, 1], both[:, 0]))
    indptr = np.searchsorted(both[order, 0], np.arange(n + 1)).astype(np.int32)
    return indptr, np.ascontiguousarray(both[order, 1])


def _possible_leads(zone: Zone) -> NDArray[np.uint64]:
    """Return (n, words) bits: who may lead village ``j``, itself included.

    Sets whose villages have no possible lead in common are never extended, which keeps the
    listing short when distances are limited.
    """
    may = np.isfinite(zone.pair_cost.T) & np.isfinite(zone.lead_cost)[None, :]
    packed = np.packbits(may, axis=1, bitorder="little")
    words = -(-packed.shape[1] // 8)
    padded = np.zeros((zone.n, words * 8), dtype=np.uint8)
    padded[:, : packed.shape[1]] = packed
    return padded.view(np.uint64)


def _empty(n: int, width: int, *, complete: bool) -> CandidatePool:
    return CandidatePool(
        n,
        np.zeros((0, width), dtype=np.int16),
        np.zeros(0),
        np.zeros(0, dtype=np.int16),
        complete,
    )


@njit(cache=True, nogil=True)
def _grow_all(  # type: ignore[no-untyped-def]
    n, indptr, indices, pair_cost, lead_cost, size_cost, min_size, width, leads, budget, stop
):
    """Return members, cost and lead of every feasible alliance; see the module's docstring."""
    capacity = 4096
    members = np.empty((capacity, width), dtype=np.int16)
    cost = np.empty(capacity, dtype=np.float64)
    lead = np.empty(capacity, dtype=np.int16)
    count = 0
    words = leads.shape[1]
    chosen = np.empty(width, dtype=np.int32)
    led = np.empty((width, width), dtype=np.float64)
    alive = np.empty((width, words), dtype=np.uint64)
    frontier = np.empty(n + 1, dtype=np.int32)
    position = np.empty(width + 1, dtype=np.int32)
    end = np.empty(width + 1, dtype=np.int32)
    seen = np.zeros(n, dtype=np.bool_)

    for root in range(n):
        if stop[0]:
            return members[:count], cost[:count], lead[:count], False
        # Villages below the root are out for good: their own trees hold all their sets.
        frontier[0] = root
        seen[root] = True
        position[0] = 0
        end[0] = 1
        depth = 0
        while depth >= 0:
            at = position[depth]
            if at >= end[depth] or (depth == 0 and at > 0):
                # The villages this level's last choice brought to the frontier leave it again.
                depth -= 1
                if depth >= 0:
                    for q in range(end[depth], end[depth + 1]):
                        seen[frontier[q]] = False
                continue
            village = frontier[at]
            position[depth] = at + 1
            any_lead = False
            for w in range(words):
                bits = leads[village, w]
                if depth > 0:
                    bits &= alive[depth - 1, w]
                alive[depth, w] = bits
                if bits != 0:
                    any_lead = True
            if not any_lead:
                continue
            chosen[depth] = village
            own = 0.0
            for a in range(depth):
                led[depth, a] = led[depth - 1, a] + pair_cost[chosen[a], village]
                own += pair_cost[village, chosen[a]]
            led[depth, depth] = own + lead_cost[village]
            size = depth + 1
            if size >= min_size:
                best = np.inf
                best_lead = -1
                for a in range(size):
                    if led[depth, a] < best or (
                        led[depth, a] == best and best_lead >= 0 and chosen[a] < best_lead
                    ):
                        best = led[depth, a]
                        best_lead = chosen[a]
                best += size_cost[size]
                if best < np.inf:
                    if count == capacity:
                        if count >= budget:
                            return members[:count], cost[:count], lead[:count], False
                        capacity = min(capacity * 2, max(budget, capacity + 1))
                        members = _longer(members, capacity)
                        cost = _longer(cost, capacity)
                        lead = _longer(lead, capacity)
                    for a in range(size):
                        members[count, a] = chosen[a]
                    for a in range(size, width):
                        members[count, a] = n
                    cost[count] = best
                    lead[count] = best_lead
                    count += 1
            if size < width:
                last = end[depth]
                for q in range(indptr[village], indptr[village + 1]):
                    other = indices[q]
                    if other > root and not seen[other]:
                        seen[other] = True
                        frontier[last] = other
                        last += 1
                position[depth + 1] = at + 1
                end[depth + 1] = last
                depth += 1
        seen[root] = False
    return members[:count], cost[:count], lead[:count], True


@njit(cache=True, nogil=True)
def _longer(array, capacity):  # type: ignore[no-untyped-def]
    longer = np.empty((capacity, *array.shape[1:]), dtype=array.dtype)
    longer[: len(array)] = array
    return longer

"""List every feasible alliance of a zone, each once, with its best lead and its cost.

A connected set is grown from its lowest-numbered village by the frontier scheme of Wernicke
(2006, "Efficient detection of network motifs", doi:10.1109/TCBB.2006.51): each set is reached
along exactly one path, so no set is stored or compared twice. The cost of every possible lead is
carried along, one addition a village and lead.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from liancun_geo.zone import Zone

Floats = NDArray[np.float64]
Numbers = NDArray[np.integer[Any]]
Flags = NDArray[np.bool_]
Bits = NDArray[np.uint64]

LEFT_OUT = -1
MAX_VILLAGES = 32_000
"""A zone's villages are numbered in 16 bits."""
LISTED_AT_MOST = 8_000_000
"""Candidates of one zone; listing more would take too much memory (about 35 bytes each)."""


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
    use
        (c,) what the column uses of the overall budget; zeros without one.
    complete
        Whether every candidate is listed; False if the budget or the deadline stopped it.
    """

    n: int
    members: NDArray[np.int16]
    cost: NDArray[np.float64]
    lead: NDArray[np.int16]
    use: NDArray[np.float64]
    complete: bool

    def __len__(self) -> int:
        return len(self.cost)

    def subset(self, keep: NDArray[np.bool_] | NDArray[np.intp]) -> CandidatePool:
        """Return some of the columns, in the same order."""
        return replace(
            self,
            members=self.members[keep],
            cost=self.cost[keep],
            lead=self.lead[keep],
            use=self.use[keep],
        )

    def holds(self, village: int) -> NDArray[np.bool_]:
        """Return (c,) whether each column holds a village."""
        held: NDArray[np.bool_] = (self.members == village).any(axis=1)
        return held

    def with_left_out(self, villages: NDArray[np.intp], cost: NDArray[np.float64]) -> CandidatePool:
        """Return the pool with one more column for each village that may be left out."""
        alone = np.full((len(villages), self.members.shape[1]), self.n, dtype=np.int16)
        alone[:, 0] = villages
        return replace(
            self,
            members=np.concatenate([self.members, alone]),
            cost=np.concatenate([self.cost, cost]),
            lead=np.concatenate([self.lead, np.full(len(villages), LEFT_OUT, dtype=np.int16)]),
            use=np.concatenate([self.use, np.zeros(len(villages))]),
        )

    def covered(self) -> NDArray[np.bool_]:
        """Return (n,) whether any column other than leaving out holds the village."""
        held = np.zeros(self.n + 1, dtype=bool)
        held[self.members[self.lead != LEFT_OUT].ravel()] = True
        return held[: self.n]


def list_candidates(
    zone: Zone,
    *,
    budget: int = LISTED_AT_MOST,
    stop: NDArray[np.uint8] | None = None,
) -> CandidatePool:
    """List the feasible alliances of a zone.

    With an overall budget every lead of a set is listed that no other lead beats in both cost
    and use; without one, the cheapest.

    Parameters
    ----------
    zone
        The zone with its rules.
    budget
        Most candidates to list; past it the pool is marked incomplete.
    stop
        One byte; another thread sets it to make the listing stop soon.
    """
    n = zone.n
    width = min(zone.max_size, max(n, 1))
    if n > MAX_VILLAGES:
        return _pool(n, width)
    indptr, indices = adjacency(n, zone.edges)
    flag = np.zeros(1, dtype=np.uint8) if stop is None else stop
    groups = np.bincount(zone.together[zone.together >= 0], minlength=n)
    first = np.full(n, n, dtype=np.int64)
    np.minimum.at(first, zone.together[zone.together >= 0], np.flatnonzero(zone.together >= 0))
    apart = np.zeros((n, n) if len(zone.apart) else (0, 0), dtype=np.bool_)
    for a, b in zone.apart.tolist():
        apart[a, b] = apart[b, a] = True
    members, cost, lead, complete = _grow_all(
        n,
        indptr,
        indices,
        zone.pair_cost,
        zone.lead_cost,
        zone.size_cost,
        zone.min_size,
        width,
        _possible_leads(zone),
        zone.amount,
        zone.bounds,
        (zone.amount >= 0.0).all(axis=0),
        zone.target,
        zone.target_weight,
        zone.threshold,
        zone.shortfall_weight,
        zone.together,
        groups,
        first,
        apart,
        zone.weak,
        zone.max_weak,
        np.zeros(0) if zone.use is None else zone.use,
        budget,
        flag,
    )
    use = np.zeros(len(cost)) if zone.use is None else zone.use[lead]
    return CandidatePool(n, members, cost, lead, use, bool(complete))


def _pool(n: int, width: int) -> CandidatePool:
    """Return the empty pool of a zone too large to list."""
    none = np.zeros(0)
    return CandidatePool(
        n, np.zeros((0, width), dtype=np.int16), none, none.astype(np.int16), none, complete=False
    )


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


@njit(cache=True, nogil=True)
def _grow_all(
    n: int,
    indptr: Numbers,
    indices: Numbers,
    pair_cost: Floats,
    lead_cost: Floats,
    size_cost: Floats,
    min_size: int,
    width: int,
    leads: Bits,
    amount: Floats,
    bounds: Floats,
    grows: Flags,
    target: Floats,
    target_weight: Floats,
    threshold: Floats,
    shortfall_weight: Floats,
    together: Numbers,
    group_size: Numbers,
    group_first: Numbers,
    apart: Flags,
    weak: Flags,
    max_weak: int,
    use: Floats,
    budget: int,
    stop: NDArray[np.uint8],
) -> tuple[NDArray[np.int16], Floats, NDArray[np.int16], bool]:
    """Return members, cost and lead of every feasible alliance; see the module's docstring.

    Whatever is left unextended breaks a rule that no larger set can mend. The function is long on
    purpose: with its steps in compiled functions of their own the listing takes a fifth longer.
    """
    capacity = 4096
    members = np.empty((capacity, width), dtype=np.int16)
    cost = np.empty(capacity, dtype=np.float64)
    lead = np.empty(capacity, dtype=np.int16)
    count = 0
    words = leads.shape[1]
    sums_count = amount.shape[1]
    chosen = np.empty(width, dtype=np.int32)
    led = np.empty((width, width), dtype=np.float64)
    alive = np.empty((width, words), dtype=np.uint64)
    sums = np.zeros((width + 1, sums_count))
    missing = np.zeros(width + 1, dtype=np.int64)
    weak_count = np.zeros(width + 1, dtype=np.int64)
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
            size = depth + 1
            group = together[village]
            missing[size] = missing[depth]
            if group >= 0:
                present = 0
                for a in range(depth):
                    if together[chosen[a]] == group:
                        present += 1
                missing[size] += group_size[group] - 1 if present == 0 else -1
                if group_first[group] < root or size + missing[size] > width:
                    continue
            clash = False
            if apart.shape[0] > 0:
                for a in range(depth):
                    if apart[village, chosen[a]]:
                        clash = True
                        break
            for r in range(sums_count):
                sums[size, r] = sums[depth, r] + amount[village, r]
                if grows[r] and sums[size, r] > bounds[r, 1]:
                    clash = True
            weak_count[size] = weak_count[depth] + (1 if weak[village] else 0)
            if clash or weak_count[size] > max_weak + 1:
                continue
            chosen[depth] = village
            own = 0.0
            for a in range(depth):
                led[depth, a] = led[depth - 1, a] + pair_cost[chosen[a], village]
                own += pair_cost[village, chosen[a]]
            led[depth, depth] = own + lead_cost[village]
            if size >= min_size and missing[size] == 0:
                extra = size_cost[size]
                for r in range(sums_count):
                    total = sums[size, r]
                    if total < bounds[r, 0] or total > bounds[r, 1]:
                        extra = np.inf
                    extra += target_weight[r] * abs(total - target[r])
                    if total < threshold[r]:
                        extra += shortfall_weight[r] * (threshold[r] - total)
                leading = 0
                best_lead = -1
                best = np.inf
                for a in range(size):
                    if weak_count[size] - (1 if weak[chosen[a]] else 0) > max_weak:
                        continue
                    if led[depth, a] < best or (led[depth, a] == best and chosen[a] < best_lead):
                        best = led[depth, a]
                        best_lead = chosen[a]
                if best + extra < np.inf:
                    leading = 1 if use.shape[0] == 0 else size
                for k in range(leading):
                    if use.shape[0] > 0:
                        best = led[depth, k]
                        best_lead = chosen[k]
                        allowed = weak_count[size] - (1 if weak[best_lead] else 0) <= max_weak
                        if not allowed or best == np.inf:
                            continue
                        beaten = False
                        for a in range(size):
                            other = chosen[a]
                            if a == k or weak_count[size] - (1 if weak[other] else 0) > max_weak:
                                continue
                            cheaper = led[depth, a] <= best and use[other] <= use[best_lead]
                            equal = led[depth, a] == best and use[other] == use[best_lead]
                            if cheaper and (not equal or other < best_lead):
                                beaten = True
                                break
                        if beaten:
                            continue
                    if count == capacity:
                        if count >= budget:
                            return members[:count], cost[:count], lead[:count], False
                        capacity = min(capacity * 2, max(budget, capacity + 1))
                        members = longer(members, capacity)
                        cost = longer(cost, capacity)
                        lead = longer(lead, capacity)
                    for a in range(size):
                        members[count, a] = chosen[a]
                    for a in range(size, width):
                        members[count, a] = n
                    cost[count] = best + extra
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
def longer(array: NDArray[Any], capacity: int) -> NDArray[Any]:
    """Return an array with room for ``capacity`` rows that begins with the given one."""
    copy = np.empty((capacity, *array.shape[1:]), dtype=array.dtype)
    copy[: len(array)] = array
    return copy

"""Contiguity as cuts: a village reaches its lead only through every set that separates the two.

For a set ``S`` of villages whose removal parts ``j`` from ``l`` (among the villages ``l`` may
have), every plan keeps ``x[l, j] <= sum of x[l, i] over i in S``: Validi, H., Buchanan, A. and
Lykhovyd, E. (2022). Imposing contiguity constraints in political districting models. Operations
Research 70(2), 867-892. doi:10.1287/opre.2021.2141. Smallest separators of whole solutions as in
Fischetti, M. et al. (2017). Thinning out Steiner trees. Mathematical Programming Computation
9(2), 203-229. doi:10.1007/s12532-016-0111-0.
"""

from __future__ import annotations

import heapq

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import breadth_first_order, maximum_flow

from liancun_geo.solve.hess import Cut, HessModel
from liancun_geo.solve.judging import alliances_of, pieces
from liancun_geo.zone import Zone

FloatArray = NDArray[np.float64]

VIOLATION = 0.05
"""A fractional solution is cut off where it misses a separator by at least this much."""
UNIT = 1_000_000
"""Flows are whole numbers: this many make one."""


def contiguity_cuts(model: HessModel, lead_of: NDArray[np.intp]) -> list[Cut]:
    """Return cuts that every disconnected alliance of a whole solution breaks."""
    cuts: list[Cut] = []
    for lead, villages in alliances_of(lead_of).items():
        for piece in pieces(villages, model.near):
            if lead in piece:
                continue
            separator = _near_side(model, lead, piece)
            cuts += [_cut(lead, village, separator) for village in piece]
    return cuts


def broken_rule_cut(zone: Zone, model: HessModel, lead: int, villages: list[int]) -> Cut:
    """Return a cut against one alliance and no other: for what slips through a tolerance."""
    others = [j for j in np.flatnonzero(model.may[lead]).tolist() if j not in villages]
    coefficients = (*([1.0] * len(villages)), *([-1.0] * len(others)))
    return Cut(lead, (*villages, *others), coefficients, len(villages) - 1.0)


def fractional_cuts(model: HessModel, pairs: FloatArray) -> list[Cut]:
    """Return cuts that a fractional solution breaks by :data:`VIOLATION` or more.

    Parameters
    ----------
    model
        The model.
    pairs
        (k, k) values of ``x[l, j]``.
    """
    cuts: list[Cut] = []
    for lead in np.flatnonzero(pairs.diagonal() > VIOLATION).tolist():
        value = pairs[lead]
        widest = _widest_ways(lead, value, model.near)
        suspects = np.flatnonzero(value > widest + VIOLATION / 10)
        suspects = suspects[(suspects != lead) & (value[suspects] > VIOLATION)]
        if len(suspects):
            flow = _Flow(model, lead, value)
            for village in suspects.tolist():
                cuts += [_cut(lead, village, each) for each in flow.separators(village)]
    return cuts


def _cut(lead: int, village: int, separator: list[int]) -> Cut:
    return Cut(lead, (village, *separator), (1.0, *([-1.0] * len(separator))))


def _near_side(model: HessModel, lead: int, piece: list[int]) -> list[int]:
    """Return the villages around a piece that can be reached from the lead without crossing them.

    Among all separators within the piece's surroundings it is the smallest that parts every
    village of the piece from the lead.
    """
    may, near = model.may[lead], model.near
    inside = set(piece)
    around = {w for v in piece for w in near[v] if may[w]} - inside
    reached, front = {lead}, [lead]
    touched: set[int] = set()
    for village in front:
        if village in around:
            touched.add(village)
            continue
        for other in near[village]:
            if may[other] and other not in reached and other not in inside:
                reached.add(other)
                front.append(other)
    return sorted(touched)


def _widest_ways(lead: int, value: FloatArray, near: list[list[int]]) -> FloatArray:
    """Return (k,) the greatest least value on a way from the lead: a flow it surely carries."""
    width = np.zeros(len(value))
    width[lead] = np.inf
    heap = [(-np.inf, lead)]
    while heap:
        wide, village = heapq.heappop(heap)
        if -wide < width[village]:
            continue
        for other in near[village]:
            onward = min(-wide, float(value[other]))
            if onward > width[other]:
                width[other] = onward
                heapq.heappush(heap, (-onward, other))
    return width


class _Flow:
    """Flows from a lead through villages, each of which carries no more than its value."""

    def __init__(self, model: HessModel, lead: int, value: FloatArray) -> None:
        self.lead, self.value = lead, value
        self.near = set(model.near[lead])
        self.k = k = len(value)
        self.among = np.flatnonzero(model.may[lead])
        inside = {int(v) for v in self.among}
        ways = [(v + k, w) for v in self.among.tolist() for w in model.near[v] if w in inside]
        tails, heads = np.array(ways, dtype=np.int32).reshape(-1, 2).T
        self.tails = np.concatenate([self.among, tails]).astype(np.int32)
        self.heads = np.concatenate([self.among + k, heads]).astype(np.int32)
        through = np.round(value[self.among] * UNIT).astype(np.int32)
        endless = np.full(len(ways), 10 * UNIT, dtype=np.int32)
        self.capacity = np.concatenate([through, endless])
        self.shape = (2 * k, 2 * k)

    def separators(self, village: int) -> list[list[int]]:
        """Return the violated smallest separators nearest to the village and to the lead."""
        if village in self.near:
            return []
        graph = sparse.csr_array((self.capacity, (self.tails, self.heads)), shape=self.shape)
        result = maximum_flow(graph, self.lead + self.k, village)
        if result.flow_value > (self.value[village] - VIOLATION) * UNIT:
            return []
        left = (graph - result.flow).tocsr()
        left.data = (left.data > 0).astype(np.int32)
        left.eliminate_zeros()
        to_village = np.zeros(2 * self.k, dtype=bool)
        to_village[breadth_first_order(left.T.tocsr(), village, return_predecessors=False)] = True
        from_lead = np.zeros(2 * self.k, dtype=bool)
        from_lead[breadth_first_order(left, self.lead + self.k, return_predecessors=False)] = True
        inner, outer = self.among, self.among + self.k
        by_village = self.among[to_village[outer] & ~to_village[inner]].tolist()
        by_lead = self.among[from_lead[inner] & ~from_lead[outer]].tolist()
        found = [by_village] if by_village == by_lead else [by_village, by_lead]
        # Rounding to whole flows may name a set that does not cut the solution off.
        return [s for s in found if self.value[s].sum() < self.value[village] - VIOLATION / 2]

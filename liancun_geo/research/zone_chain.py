"""The Markov chain on the divisions of one zone; see :mod:`liancun_geo.research.ensemble`."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from liancun_geo.zone import Zone

Floats = NDArray[np.float64]
Part = frozenset[int]

_NEVER = -math.inf


@dataclass(frozen=True, slots=True)
class Weighed:
    """What an alliance weighs: logarithms of its weight and of its number of spanning trees."""

    weight: float
    trees: float


class ZoneChain:
    """A walk over the divisions of a zone.

    Parameters
    ----------
    zone
        With its rules worked into arrays.
    lead_of
        (n,) leads, positions in the problem, of the zone's villages: where it starts.
    draw
        Its randomness.
    beta, gamma
        Of the distribution.
    """

    def __init__(
        self,
        zone: Zone,
        lead_of: NDArray[np.intp],
        draw: random.Random,
        *,
        beta: float,
        gamma: float,
    ) -> None:
        self._zone, self._draw = zone, draw
        self._beta, self._gamma = beta, gamma
        self._edges = [(int(a), int(b)) for a, b in zone.edges]
        self._near: list[list[int]] = [[] for _ in range(zone.n)]
        for a, b in self._edges:
            self._near[a].append(b)
            self._near[b].append(a)
        self._known: dict[Part, Weighed] = {}
        groups: dict[int, set[int]] = {}
        for village, group in enumerate(zone.together.tolist()):
            if group >= 0:
                groups.setdefault(group, set()).add(village)
        self._together = [frozenset(group) for group in groups.values()]
        self._leaving = [float(cost) for cost in zone.unassigned_cost]
        self.parts: dict[int, Part] = {}
        self.part_of = [-1] * zone.n
        self._next = 0
        self.tried = self.accepted = 0
        by_lead: dict[int, list[int]] = {}
        for village, lead in enumerate(lead_of.tolist()):
            if lead >= 0:
                by_lead.setdefault(lead, []).append(village)
        for villages in by_lead.values():
            self._put(frozenset(villages))

    def walk(self, steps: int) -> None:
        """Try so many moves."""
        if not self._edges:
            return
        draw = self._draw
        for _ in range(steps):
            self.tried += 1
            a, b = self._edges[int(draw.random() * len(self._edges))]
            at_a, at_b = self.part_of[a], self.part_of[b]
            if at_a < 0 and at_b < 0:
                continue
            if at_a < 0 or at_b < 0:
                self._take_in(a if at_a < 0 else b, max(at_a, at_b))
            elif at_a == at_b:
                if draw.random() < 0.5:
                    self._split(at_a)
                else:
                    self._leave_out(a if draw.random() < 0.5 else b, at_a)
            elif draw.random() < 0.5:
                self._merge(at_a, at_b)
            else:
                self._recombine(at_a, at_b)

    def leads(self) -> NDArray[np.intp]:
        """Return (k,) a lead for each village, each alliance's drawn by its own weights."""
        own = np.full(self._zone.n, -1, dtype=np.intp)
        for part in self.parts.values():
            villages = sorted(part)
            cost = self._costs(villages)
            finite = np.isfinite(cost)
            chance = np.zeros(len(cost))
            chance[finite] = np.exp(-self._beta * (cost[finite] - cost[finite].min()))
            mark = self._draw.random() * float(chance.sum())
            lead = int(np.searchsorted(np.cumsum(chance), mark, side="right"))
            own[villages] = villages[min(lead, len(villages) - 1)]
        return own

    # --- moves -----------------------------------------------------------------------------

    def _merge(self, i: int, j: int) -> None:
        union = self.parts[i] | self.parts[j]
        if len(union) > self._zone.max_size or not self._count_after(-1):
            return
        a, b, both = (self._weighed(p) for p in (self.parts[i], self.parts[j], union))
        back = a.trees + b.trees - both.trees + self._cut_chance(union)
        self._settle(both.weight - a.weight - b.weight + back, (i, j), (union,))

    def _split(self, i: int) -> None:
        whole = self.parts[i]
        if len(whole) < 2 * self._zone.min_size or not self._count_after(1):
            return
        first, second = self._cut(whole)
        if not (self._sized(first) and self._sized(second)):
            return
        a, b, both = (self._weighed(p) for p in (first, second, whole))
        back = both.trees - a.trees - b.trees - self._cut_chance(whole)
        self._settle(a.weight + b.weight - both.weight + back, (i,), (first, second))

    def _recombine(self, i: int, j: int) -> None:
        union = self.parts[i] | self.parts[j]
        first, second = self._cut(union)
        if not (self._sized(first) and self._sized(second)):
            return
        old = [self._weighed(self.parts[number]) for number in (i, j)]
        new = [self._weighed(part) for part in (first, second)]
        change = sum(one.weight - one.trees for one in new)
        change -= sum(one.weight - one.trees for one in old)
        self._settle(change, (i, j), (first, second))

    def _take_in(self, village: int, i: int) -> None:
        part = self.parts[i] | {village}
        if len(part) > self._zone.max_size:
            return
        change = self._weighed(part).weight - self._weighed(self.parts[i]).weight
        change += self._beta * self._price(village)
        # Leaving it out again is tried a quarter as often as taking it in.
        self._settle(change - math.log(4.0), (i,), (part,))

    def _leave_out(self, village: int, i: int) -> None:
        if not math.isfinite(self._leaving[village]):
            return
        part = self.parts[i] - {village}
        if not self._sized(part) or not self._connected(part):
            return
        change = self._weighed(part).weight - self._weighed(self.parts[i]).weight
        change -= self._beta * self._price(village)
        if self._settle(change + math.log(4.0), (i,), (part,)):
            self.part_of[village] = -1

    def _settle(self, change: float, old: tuple[int, ...], new: tuple[Part, ...]) -> bool:
        """Accept a move by its logarithm and carry it out."""
        if change < 0.0 and (change == _NEVER or self._draw.random() >= math.exp(change)):
            return False
        for number in old:
            del self.parts[number]
        for part in new:
            self._put(part)
        self.accepted += 1
        return True

    def _put(self, part: Part) -> None:
        self.parts[self._next] = part
        for village in part:
            self.part_of[village] = self._next
        self._next += 1

    # --- what they need --------------------------------------------------------------------

    def _sized(self, part: Part) -> bool:
        return self._zone.min_size <= len(part) <= self._zone.max_size

    def _count_after(self, change: int) -> bool:
        fewest, most = self._zone.n_alliances
        return fewest <= len(self.parts) + change <= most

    def _price(self, village: int) -> float:
        price = self._leaving[village]
        return price if math.isfinite(price) else 0.0

    def _cut_chance(self, whole: Part) -> float:
        """Return the logarithm of (edges inside) / (edges of a spanning tree)."""
        inside = sum(other in whole for village in whole for other in self._near[village]) / 2
        return math.log(inside / (len(whole) - 1))

    def _connected(self, part: Part) -> bool:
        first = min(part)
        seen, front = {first}, [first]
        while front:
            for other in self._near[front.pop()]:
                if other in part and other not in seen:
                    seen.add(other)
                    front.append(other)
        return len(seen) == len(part)

    def _cut(self, whole: Part) -> tuple[Part, Part]:
        """Return the two sides of an edge of a spanning tree, both drawn uniformly."""
        towards = self._tree(whole)
        cut = sorted(towards)[int(self._draw.random() * len(towards))]
        below: dict[int, list[int]] = {}
        for village, other in towards.items():
            below.setdefault(other, []).append(village)
        side, front = {cut}, [cut]
        while front:
            for village in below.get(front.pop(), ()):
                side.add(village)
                front.append(village)
        return frozenset(side), whole - side

    def _tree(self, whole: Part) -> dict[int, int]:
        """Return a uniform spanning tree: each village but the root -> the next towards it."""
        draw = self._draw
        near = {v: [o for o in self._near[v] if o in whole] for v in sorted(whole)}
        villages = list(near)
        inside, towards = {villages[0]}, {}
        for first in villages[1:]:
            walker, step = first, {}
            while walker not in inside:
                choices = near[walker]
                step[walker] = choices[int(draw.random() * len(choices))]
                walker = step[walker]
            walker = first
            while walker not in inside:
                inside.add(walker)
                towards[walker] = step[walker]
                walker = step[walker]
        return towards

    def _weighed(self, part: Part) -> Weighed:
        found = self._known.get(part)
        if found is None:
            found = self._known[part] = self._weigh(part)
        return found

    def _weigh(self, part: Part) -> Weighed:
        trees = self._trees(part)
        villages = sorted(part)
        if any(not (group <= part or group.isdisjoint(part)) for group in self._together):
            return Weighed(_NEVER, trees)
        if any(a in part and b in part for a, b in self._zone.apart.tolist()):
            return Weighed(_NEVER, trees)
        cost = self._costs(villages)
        finite = cost[np.isfinite(cost)]
        if not len(finite):
            return Weighed(_NEVER, trees)
        least = float(finite.min())
        summed = math.log(float(np.exp(-self._beta * (finite - least)).sum()))
        return Weighed(summed - self._beta * least + self._gamma * trees, trees)

    def _trees(self, part: Part) -> float:
        """Return the logarithm of the number of spanning trees (Kirchhoff)."""
        at = {village: number for number, village in enumerate(sorted(part))}
        laplacian = np.zeros((len(at), len(at)))
        for village, number in at.items():
            for other in self._near[village]:
                if other in at:
                    laplacian[number, number] += 1.0
                    laplacian[number, at[other]] -= 1.0
        return float(np.linalg.slogdet(laplacian[1:, 1:])[1]) if len(at) > 1 else 0.0

    def _costs(self, villages: list[int]) -> Floats:
        """Return (size,) the cost of an alliance under each of its villages, inf if not allowed."""
        zone = self._zone
        own = np.array(villages, dtype=np.intp)
        size_cost = float(zone.size_cost[len(own)]) if len(own) < len(zone.size_cost) else math.inf
        sums = zone.amount[own].sum(axis=0)
        if ((sums < zone.bounds[:, 0]) | (sums > zone.bounds[:, 1])).any():
            return np.full(len(own), math.inf)
        shared = size_cost + float(np.abs(sums - zone.target) @ zone.target_weight)
        shared += float(np.maximum(0.0, zone.threshold - sums) @ zone.shortfall_weight)
        cost = zone.lead_cost[own] + zone.pair_cost[np.ix_(own, own)].sum(axis=1) + shared
        weak = zone.weak[own]
        return np.where(int(weak.sum()) - weak > zone.max_weak, math.inf, cost)

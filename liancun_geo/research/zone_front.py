"""The front of one zone: weighted sums find its corners, ranked plans and bounds fill it.

1. **Corners.** For each criterion alone and then for the direction of each chord between two
   neighbouring points, the engine finds the best plan with its proof (Aneja & Nair 1979).
2. **Between.** The boxes in which a better point could still lie are known (local upper bounds).
   Under the weights of a chord, all plans are listed from the best on, up to the corner of the
   farthest open box: whatever lies in a box has been seen (two phases, Ulungu & Teghem 1995; with
   ranking, Przybylski, Gandibleux & Ehrgott 2008).
3. **What is too long to list** is asked by the epsilon-constraint: the best plan inside one box,
   each criterion a side row of the programme (Haimes, Lasdon & Wismer 1971). Either a new point
   comes back or the box is proven empty.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from liancun_geo.arrays import BoolArray, FloatArray, IntArray
from liancun_geo.research.directions import (
    CLOSE,
    Direction,
    Part,
    lattice,
    repriced,
    still_useful,
)
from liancun_geo.research.dominance import open_boxes, undominated
from liancun_geo.research.led import LedSets, led_sets
from liancun_geo.research.objectives import Criterion
from liancun_geo.solve.branching import BranchAndCut, leads_of
from liancun_geo.solve.cover import list_covers
from liancun_geo.solve.master import SideRules
from liancun_geo.solve.partition import SideRow
from liancun_geo.solve.result import Status
from liancun_geo.solve.stopping import Stop
from liancun_geo.zone import Zone

EPSILON = 1e-6
"""Smallest relative step of the epsilon-constraint, above what a programme may be off."""
LISTED_AT_MOST = 256_000
"""Plans ranked under one set of weights; a box that needs more is asked by itself."""
NODES_AT_MOST = 4_000_000
TOUCH = 0.01
SHARE_OF_TIME = 0.25
"""Of what is left, the most that one programme takes: a hard end must not cost the rest."""


@dataclass(frozen=True, eq=False)
class ZoneFront:
    """The plans of one zone that no other plan beats.

    Attributes
    ----------
    zone
        The zone.
    points
        (m, q) their criteria, ascending by the first.
    lead_of
        (m, k) leads in the zone's own numbers, -1 if left out.
    step
        (q,) no plan is better than all points by more than this; 0 is exact (to 1e-9).
    status
        ``"optimal"``: proven complete up to ``step``; ``"feasible"``: time ran out, the points are
        plans and some may be missing or beaten; ``"infeasible"``, ``"unknown"``: no plan.
    supported
        (m,) whether some weighted sum is best there.
    programmes, listed
        Programmes solved, and plans ranked.
    """

    zone: Zone
    points: FloatArray
    lead_of: IntArray
    step: FloatArray
    status: Status
    supported: BoolArray
    programmes: int
    listed: int


def zone_front(
    zone: Zone, criteria: Sequence[Criterion], *, resolution: float = 0.0, stop: Stop
) -> ZoneFront:
    """Find the front of one zone.

    Parameters
    ----------
    zone
        Its number of alliances holds; a budget does not.
    criteria
        Two or three.
    resolution
        Share of each criterion's range (over the best plans of the single criteria) that a point
        may be worse than the plan it stands for; 0: exact.
    stop
        When to return what there is.

    Raises
    ------
    DataError
        If the zone has too many candidates to list.
    """
    sets = led_sets(zone, criteria, stop.flag)
    if sets is None:
        step, plans = np.zeros(len(criteria)), np.zeros((0, zone.n), dtype=np.intp)
        return ZoneFront(zone, step[None][:0], plans, step, "unknown", np.zeros(0, bool), 0, 0)
    return _Search(zone, sets, resolution, stop).run()


class _Search:
    def __init__(self, zone: Zone, sets: LedSets, resolution: float, stop: Stop) -> None:
        self.zone, self.stop, self.resolution = zone, stop, resolution
        self.q = sets.values.shape[1]
        self.sets = sets
        self.points = np.zeros((0, self.q))
        self.plans = np.zeros((0, zone.n), dtype=np.intp)
        self.step = np.zeros(self.q)
        self.slack = np.full(self.q, CLOSE)
        self.boxes = np.full((1, self.q), np.inf)
        self.directions: list[Direction] = []
        self.given_up: list[FloatArray] = []
        self.programmes = self.listed = 0
        self.status: Status = "optimal"
        self.said: Status = self.status

    def run(self) -> ZoneFront:
        if self.zone.n == 0:
            self.points, self.plans = np.zeros((1, self.q)), np.zeros((1, 0), dtype=np.intp)
            return self._front()
        if self._look(np.full(self.q, 1.0 / self.q)) is None:
            return self._front()
        for criterion in range(self.q):
            # A touch of the others first: of many equally good plans it is then a good one.
            self._look(np.where(np.arange(self.q) == criterion, 1.0, TOUCH))
            self._look(np.eye(self.q)[criterion])
        self._measure()
        self._corners()
        self._fill()
        return self._front()

    def _measure(self) -> None:
        """Set steps by the ranges between the best plans of the single criteria."""
        wide = self.points.max(axis=0) - self.points.min(axis=0)
        size = np.maximum(1.0, np.abs(self.points).max(axis=0))
        self.slack = CLOSE * size
        self.step = self.resolution * wide
        self._forget_beaten()
        self._rebox()

    def _corners(self) -> None:
        """Look along chords (or a lattice of weights) until nothing new comes of it."""
        wide = np.ptp(self.points, axis=0)
        wide = np.where(wide > self.slack, wide, 1.0)
        self._only_useful()
        if self.q > 2:
            for weights in lattice(self.q):
                self._look(weights / wide)
            self._only_useful()
            return
        waiting = [(self.points[0], self.points[-1])]
        while waiting and not self._over():
            left, right = waiting.pop()
            apart = np.abs(right - left)
            if (apart <= self.slack).any() or (apart <= self.step).all():
                continue
            weights = apart[::-1] / (apart[::-1] * wide).sum()
            found = self._look(weights)
            if found is not None and found @ weights < left @ weights - CLOSE:
                waiting += [(left, found), (found, right)]
        self._only_useful()

    def _fill(self) -> None:
        """Rank plans under the weights of the corners until every box is closed."""
        while True:
            still = self._still_open()
            for box in self.given_up:
                still = still[(still != box).any(axis=1)]
            if len(still) == 0 or self._over():
                return
            gaps = np.array([self._gap(direction, still) for direction in self.directions])
            best = gaps.argmin(axis=0)
            near = np.isfinite(gaps.min(axis=0))
            if not near.any():
                self._ask(still[0])
                continue
            # The direction that most boxes are nearest to closes them together.
            chosen = int(np.bincount(best[near]).argmax())
            self._rank(self.directions[chosen], still[(best == chosen) & near])

    def _over(self) -> bool:
        if self.stop.left <= 0.0:
            self.status = "feasible"
            return True
        return False

    def _gap(self, direction: Direction, boxes: FloatArray) -> FloatArray:
        """Return how far plans would have to be ranked to close each box, ``inf`` if too far."""
        tops = direction.tops(boxes)
        gap = np.zeros(len(boxes))
        for part in direction.parts:
            needed = tops > part.reach + CLOSE * max(1.0, abs(part.reach))
            gap += np.where(needed, np.inf if part.closed else tops - part.relaxation.bound, 0.0)
        scale: float = direction.weights @ np.ptp(self.points, axis=0)
        return gap / max(scale, 1e-12)

    def _still_open(self) -> FloatArray:
        """Return the boxes that no direction has ruled out yet."""
        still = np.ones(len(self.boxes), dtype=bool)
        for direction in self.directions:
            reach = direction.reach
            still &= direction.tops(self.boxes) > reach + CLOSE * max(1.0, abs(reach))
        return self.boxes[still]

    def _rank(self, direction: Direction, boxes: FloatArray) -> None:
        """List plans from the best on, up to the farthest corner of some boxes."""
        top = float(direction.tops(boxes).max())
        slack = CLOSE * max(1.0, abs(top))
        pool = self.sets.weighted(direction.weights)
        for part in direction.parts:
            if part.closed or part.reach >= top - slack:
                continue
            found = list_covers(
                pool,
                part.relaxation,
                sides=self._sides(part.counts),
                budget=top - part.relaxation.bound + slack,
                upper=top + 2.0 * slack,
                most=part.most,
                node_limit=NODES_AT_MOST,
                stop=self.stop.flag,
            )
            self.listed += len(found.cost)
            if len(found.cost):
                held = (found.columns >= 0)[:, :, None]
                self._add(
                    np.where(held, self.sets.values[found.columns], 0.0).sum(axis=1), found.columns
                )
            if not found.exhausted:
                part.closed = True
                if len(direction.parts) == 1:
                    # With the number of alliances given, bounds are tighter.
                    direction.parts = self._by_count(direction.weights, part)
                    return
            elif len(found.cost) < part.most:
                part.reach = max(part.reach, top)
            else:
                part.reach = max(part.reach, float(found.cost[-1]) - slack)
                part.most *= 4
                part.closed = part.most > LISTED_AT_MOST

    def _look(self, weights: FloatArray) -> FloatArray | None:
        """Find the best plan under some weights; return its criteria."""
        search = self._search(weights, self.zone.n_alliances)
        if search.best is None:
            if len(self.points) == 0:
                self.status = self.said
            return None
        values = self._values(search)
        if search.root is None:
            return values
        parts = [self._part(weights, self.zone.n_alliances, search)]
        self.directions.append(Direction(weights, parts))
        return values

    def _search(self, weights: FloatArray, counts: tuple[float, float]) -> BranchAndCut:
        own = self.sets.cheapest(weights)
        pool = self.sets.weighted(weights).subset(own)
        seconds = self.stop.left * SHARE_OF_TIME if len(self.points) else self.stop.left
        search = BranchAndCut(pool, SideRules.of(pool, counts, np.inf), seconds, self.stop.flag)
        if len(self.plans):
            alliances = (self.plans == np.arange(self.zone.n)).sum(axis=1)
            fits = (alliances >= counts[0]) & (alliances <= counts[1])
            sums = np.where(fits, self.points @ weights, np.inf)
            if fits.any():
                search.offer(self.plans[int(sums.argmin())])
        self.said = search.run()
        if search.best is not None:
            search.best = own[search.best]
        self.programmes += 1
        return search

    def _part(self, weights: FloatArray, counts: tuple[float, float], search: BranchAndCut) -> Part:
        assert search.root is not None
        relaxation = repriced(self.sets, weights, self._sides(counts), search.root)
        reach = max(search.lower, relaxation.bound)
        return Part(counts, relaxation, reach, closed=self.said != "optimal")

    def _by_count(self, weights: FloatArray, whole: Part) -> list[Part]:
        """Return a part for every number of alliances: each bound is tighter than that of all."""
        fewest, most = whole.counts
        most = min(most, self.zone.n // max(self.zone.min_size, 1))
        parts = []
        for count in range(int(max(0.0, fewest)), int(most) + 1):
            search = self._search(weights, (count, count))
            if search.best is not None:
                self._values(search)
            if search.root is not None and not (search.best is None and self.said == "infeasible"):
                parts.append(self._part(weights, (count, count), search))
            elif self.said not in ("infeasible", "optimal"):
                return [whole, whole]
        for part in parts:
            part.reach = max(part.reach, whole.reach)
        return parts if len(parts) > 1 else [whole, whole]

    def _values(self, search: BranchAndCut) -> FloatArray:
        assert search.best is not None
        values: FloatArray = self.sets.values[search.best].sum(axis=0)
        self._add(values[None, :], np.asarray(search.best, dtype=np.intp)[None, :])
        return values

    def _ask(self, box: FloatArray) -> None:
        """Find a plan inside one box, or prove that there is none."""
        wide = np.maximum(np.ptp(self.points, axis=0), self.slack)
        weights = 1.0 / wide
        size = (self.sets.pool.members < self.zone.n).sum(axis=1)
        rows = []
        for k in np.flatnonzero(np.isfinite(box)):
            share = self.sets.values[:, k]
            # Shares must not be negative; so much a village is the same for every plan.
            lift = max(0.0, -float((share / size).min()))
            tight = EPSILON * max(1.0, abs(float(box[k])))
            end = float(box[k]) - tight + lift * self.zone.n
            rows.append(SideRow(share + lift * size, np.zeros(0), (-np.inf, end)))
        pool = self.sets.weighted(weights)
        sides, none = self._sides(), np.zeros(0, dtype=np.intp)
        for row in rows:
            sides = row.added_to(sides, none)
        search = BranchAndCut(pool, sides, self.stop.left * SHARE_OF_TIME, self.stop.flag)
        status = search.run()
        self.programmes += 1
        if search.best is not None:
            self._values(search)
        if search.best is None and status == "infeasible":
            self.boxes = self.boxes[(self.boxes != box).any(axis=1)]
        elif search.best is None:
            self.status = "feasible"
            self.given_up.append(box)

    def _add(self, values: FloatArray, columns: IntArray) -> None:
        """Take plans, given as columns, into the front."""
        fresh = undominated(values, self.slack)
        plans = np.empty((len(fresh), self.zone.n), dtype=np.intp)
        for at, row in enumerate(fresh.tolist()):
            chosen = columns[row][columns[row] >= 0]
            plans[at] = np.asarray(leads_of(self.sets.pool, chosen))
        known, self.points = len(self.points), np.concatenate([self.points, values[fresh]])
        self.plans = np.concatenate([self.plans, plans])
        kept = self._forget_beaten()
        for row in np.flatnonzero(kept >= known):
            self.boxes = open_boxes(self.boxes, self.points[row] - self._margin())

    def _margin(self) -> FloatArray:
        return np.asarray(np.maximum(self.step, self.slack))

    def _forget_beaten(self) -> IntArray:
        kept = undominated(self.points, self.slack)
        self.points, self.plans = self.points[kept], self.plans[kept]
        return kept

    def _rebox(self) -> None:
        self.boxes = np.full((1, self.q), np.inf)
        for point in self.points:
            self.boxes = open_boxes(self.boxes, point - self._margin())

    def _only_useful(self) -> None:
        """Forget columns that no plan in an open box can use."""
        keep = np.zeros(len(self.sets.pool), dtype=bool)
        for box in self._still_open():
            keep |= still_useful(self.directions, box, len(keep))
        if keep.sum() > 0.8 * len(keep) or not keep.any():
            return
        self.sets = self.sets.subset(keep)
        for part in [part for direction in self.directions for part in direction.parts]:
            own = part.relaxation
            part.relaxation = replace(own, reduced_cost=own.reduced_cost[keep])

    def _sides(self, counts: tuple[float, float] | None = None) -> SideRules:
        counts = self.zone.n_alliances if counts is None else counts
        return SideRules.of(self.sets.pool, counts, np.inf)

    def _front(self) -> ZoneFront:
        supported = np.zeros(len(self.points), dtype=bool)
        for direction in self.directions:
            sums = self.points @ direction.weights
            if (direction.weights > 0.0).all() and len(sums):
                close = CLOSE * max(1.0, abs(direction.reach))
                supported |= sums <= sums.min() + close
        return ZoneFront(
            zone=self.zone,
            points=self.points,
            lead_of=self.plans,
            step=self.step,
            status=self.status,
            supported=supported,
            programmes=self.programmes,
            listed=self.listed,
        )

"""Many wishes asked of one zone: each the proven best plan under it, fast enough for a card.

A wish only takes plans away. The programme that bounds the zone therefore bounds the zone under
the wish as well, and a plan that costs at most so much more than the bound uses no column whose
reduced cost is greater: a few thousand columns usually hold the answer and its proof. Where they
do not, more are taken, at last all of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from liancun_geo.errors import ProblemError
from liancun_geo.problem import AllianceProblem
from liancun_geo.solve.branching import BranchAndCut, leads_of
from liancun_geo.solve.context import ZoneContext, alone
from liancun_geo.solve.judging import zone_cost
from liancun_geo.solve.listing import list_candidates
from liancun_geo.solve.master import SideRules
from liancun_geo.solve.methods import LISTED_SIZE, LISTED_ZONE, solve_zone
from liancun_geo.solve.partition import best_plan
from liancun_geo.solve.result import Status
from liancun_geo.solve.stopping import Stop
from liancun_geo.solve.zoneplan import ZonePlan
from liancun_geo.zone import Zone

IntArray = NDArray[np.intp]

FEW_COLUMNS = (5_000, 40_000)
"""Columns of least reduced cost among which a first plan is looked for."""
CLOSE = 1e-9
"""Difference of costs that counts as none."""
KEPT_MASKS = 1_000_000
"""With more candidates than this, who holds a village is looked up anew each time."""


@dataclass(frozen=True, eq=False)
class Answer:
    """The best plan of a zone under a wish.

    Attributes
    ----------
    status
        ``"optimal"``: proven. ``"infeasible"``: no plan grants the wish. ``"feasible"``: a plan,
        not proven. ``"unknown"``: neither plan nor proof in time.
    objective, bound
        Cost of the plan, and a lower bound on that of any; frozen alliances not counted.
    lead_of
        (k,) position of the lead of each of the zone's villages, -1 if left out; None without a
        plan.
    """

    status: Status
    objective: float
    bound: float
    lead_of: IntArray | None


@dataclass(frozen=True, eq=False)
class _Columns:
    """Candidates that a wish leaves, some of them under another lead.

    ``rows`` of the pool, with their cost, lead and reduced cost; ``held`` are those of which
    every plan uses exactly one, if there are such.
    """

    rows: IntArray
    cost: NDArray[np.float64]
    lead: NDArray[np.int16]
    reduced: NDArray[np.float64]
    held: NDArray[np.bool_] | None = None

    def raised(self) -> tuple[NDArray[np.float64], float]:
        """Return tighter reduced costs, and by how much the bound then rises."""
        if self.held is None or not self.held.any():
            return self.reduced, 0.0
        rise = float(self.reduced[self.held].min())
        return self.reduced - np.where(self.held, rise, 0.0), rise


NOT_GRANTED = Answer("infeasible", np.inf, np.inf, None)


class Wishes:
    """One zone, solved once, ready to be asked.

    Parameters
    ----------
    problem, index
        The problem, and which of its zones.
    elsewhere
        (n,) a plan: the alliances of all other zones count as it has them, where the number of
        alliances or the budget of the whole is limited. Without it these rules are left out of
        sight, unless there is one zone only.
    seconds
        For solving the zone, and for each wish.

    Attributes
    ----------
    zone
        The zone as it is solved.
    context
        With its candidates; None if they are too many to be listed.
    best
        The zone's best plan.
    """

    def __init__(
        self,
        problem: AllianceProblem,
        index: int,
        *,
        elsewhere: IntArray | None = None,
        seconds: float = 60.0,
    ) -> None:
        if not 0 <= index < len(problem.zones):
            raise ProblemError(f"zone {index} is not one of 0 .. {len(problem.zones) - 1}")
        self.problem, self.index, self.seconds = problem, index, seconds
        self.zone, budget = alone(problem, index, elsewhere)
        self.context: ZoneContext | None = None
        with Stop(seconds) as stop:
            plan = None
            if self.zone.max_size <= LISTED_SIZE or self.zone.n <= LISTED_ZONE:
                pool = list_candidates(self.zone, stop=stop.flag)
                plan = best_plan(pool, self.zone, seconds=stop.left, stop=stop.flag, budget=budget)
                if plan.complete:
                    self.context = ZoneContext(problem, index, self.zone, pool, plan, budget)
            if self.context is None:
                plan = self._without_list(self.zone, stop)
        assert plan is not None
        self.best: ZonePlan = plan
        self._reduced: NDArray[np.float64] | None = None
        self._bound = -np.inf
        self._beside: NDArray[np.float64] | None = None
        self._holds: dict[int, NDArray[np.bool_]] = {}

    def local(self, village: int) -> int:
        """Return the zone's own number of a village, -1 if it is frozen or of another zone."""
        found = np.flatnonzero(self.zone.villages == village)
        return int(found[0]) if len(found) else -1

    def cost_of(self, lead_of: IntArray) -> float:
        """Return what a plan of the whole problem costs in this zone, frozen alliances apart.

        ``inf`` if it uses what is forbidden, or leads a village of the zone from outside.
        """
        own = self.inside(lead_of)
        return np.inf if (own < -1).any() else zone_cost(self.zone, own)

    def inside(self, lead_of: IntArray) -> IntArray:
        """Return (k,) leads in the zone's own numbers: -1 left out, -2 led from outside."""
        number = np.full(self.problem.n + 1, -2, dtype=np.intp)
        number[self.zone.villages] = np.arange(self.zone.n)
        number[-1] = -1
        own: IntArray = number[lead_of[self.zone.villages]]
        return own

    def as_it_is(self) -> Answer:
        """Return the zone's best plan."""
        return self._told(self.best)

    def together(self, i: int, j: int) -> Answer:
        """Return the best plan with two villages in one alliance, or both left out.

        As :func:`~liancun_geo.solve.cost_of_together`.
        """
        one, other = self._two(i, j)
        if self.context is not None:
            both = self._held(one) & self._held(other)
            left = both | ~(self._held(one) | self._held(other))
            placed = bool(np.isinf(self.zone.unassigned_cost[[one, other]]).any())
            return self._few_first(self._left(left, both if placed else None), self.zone)
        groups = self.zone.together.copy()
        number = int(groups.max(initial=-1)) + 1
        for village in (one, other):
            same = groups == groups[village] if groups[village] >= 0 else np.arange(0)
            groups[same] = number
            groups[village] = number
        return self._anew({"together": groups})

    def apart(self, i: int, j: int) -> Answer:
        """Return the best plan that keeps two villages out of one alliance."""
        one, other = self._two(i, j)
        if self.context is not None:
            left = ~(self._held(one) & self._held(other))
            return self._few_first(self._left(left), self.zone)
        return self._anew({"apart": np.concatenate([self.zone.apart, [[one, other]]])})

    def led_by(self, village: int, lead: int, *, known: float = np.inf) -> Answer:
        """Return the best plan in which a village is placed and led by another, or by itself.

        Parameters
        ----------
        village, lead
            Positions; the same for a village that is to lead.
        known
            Cost of a plan that grants the wish: dearer ones need not be looked at. A wrong cost
            takes time, it does not change the answer.
        """
        member, at = self._two(village, lead) if village != lead else (self._own(village),) * 2
        pair_cost, lead_cost = self.zone.pair_cost.copy(), self.zone.lead_cost.copy()
        others = np.arange(self.zone.n)
        pair_cost[(others != at) & (others != member), member] = np.inf
        if member != at:
            lead_cost[member] = np.inf
        changes = {"pair_cost": pair_cost, "lead_cost": lead_cost}
        changes["unassigned_cost"] = self._to_be_placed(member)
        if self.context is None:
            return self._anew(changes, member)
        here = self._held(member)
        wanted = here if member == at else here & self._held(at)
        rows, cost = self._under(np.flatnonzero(wanted & self._fresh()), at)
        if len(rows) == 0:
            return NOT_GRANTED
        pool, reduced = self.context.pool, self._reduced_costs()
        kept = np.flatnonzero(~here)
        columns = _Columns(
            rows=np.concatenate([kept, rows]),
            cost=np.concatenate([pool.cost[kept], cost]),
            lead=np.concatenate([pool.lead[kept], np.full(len(rows), at, dtype=np.int16)]),
            reduced=np.concatenate([reduced[kept], reduced[rows] + cost - pool.cost[rows]]),
            held=np.arange(len(kept) + len(rows)) >= len(kept),
        )
        zone = replace(self.zone, unassigned_cost=changes["unassigned_cost"])
        return self._few_first(columns, zone, known)

    def placed(self, village: int) -> Answer:
        """Return the best plan in which a village is placed."""
        own = self._own(village)
        price = self._to_be_placed(own)
        if self.context is None:
            return self._anew({"unassigned_cost": price}, own)
        held = self._held(own)
        if not held.any():
            return NOT_GRANTED
        every = np.ones(len(held), dtype=bool)
        return self._few_first(self._left(every, held), replace(self.zone, unassigned_cost=price))

    def _own(self, village: int) -> int:
        own = self.local(village)
        if own < 0:
            raise ProblemError(f"village {village} is frozen or not of zone {self.index}")
        return own

    def _two(self, i: int, j: int) -> tuple[int, int]:
        if i == j:
            raise ProblemError(f"village {i} is asked about with itself")
        return self._own(i), self._own(j)

    def _to_be_placed(self, own: int) -> NDArray[np.float64]:
        price = self.zone.unassigned_cost.copy()
        price[own] = np.inf
        return price

    def _reduced_costs(self) -> NDArray[np.float64]:
        """Return the reduced costs of all candidates; zeros where they say nothing."""
        assert self.context is not None
        if self._reduced is None:
            reduced = np.zeros(len(self.context.pool))
            # Under a budget the price of a column depends on its lead as well.
            if np.isinf(self.context.budget):
                relaxation = self.context.relaxation(*self.context.columns())
                if relaxation is not None:
                    reduced = relaxation.reduced_cost[: len(reduced)]
                    self._bound = relaxation.bound
            self._reduced = reduced
        return self._reduced

    def _held(self, own: int) -> NDArray[np.bool_]:
        """Return (c,) which candidates hold a village."""
        assert self.context is not None
        if own in self._holds:
            return self._holds[own]
        held = self.context.pool.holds(own)
        if len(held) <= KEPT_MASKS:
            self._holds[own] = held
        return held

    def _fresh(self) -> NDArray[np.bool_]:
        """Return (c,) the first column of each set."""
        assert self.context is not None
        members = self.context.pool.members
        fresh = np.ones(len(members), dtype=bool)
        if self.zone.use is not None:
            # With a budget a set occurs once for each lead worth listing, one after the other.
            fresh[1:] = (members[1:] != members[:-1]).any(axis=1)
        return fresh

    def _under(self, rows: IntArray, lead: int) -> tuple[IntArray, NDArray[np.float64]]:
        """Return which columns may have another lead, and what they cost under it."""
        assert self.context is not None
        zone, pool = self.zone, self.context.pool
        led = np.pad(zone.pair_cost, ((0, 0), (0, 1)))
        if self._beside is None:
            chosen = pool.lead.astype(np.intp)
            own = zone.lead_cost[chosen] + led[chosen[:, None], pool.members].sum(axis=1)
            self._beside = pool.cost - own
        members = pool.members[rows]
        cost = zone.lead_cost[lead] + led[lead][members].sum(axis=1) + self._beside[rows]
        kept = np.isfinite(cost)
        if zone.weak.any():
            weak = np.append(zone.weak, False)
            kept &= weak[members].sum(axis=1) - int(zone.weak[lead]) <= zone.max_weak
        return rows[kept], cost[kept]

    def _left(self, keep: NDArray[np.bool_], held: NDArray[np.bool_] | None = None) -> _Columns:
        """Return the columns that a wish keeps as they are."""
        assert self.context is not None
        pool, rows = self.context.pool, np.flatnonzero(keep)
        return _Columns(
            rows,
            pool.cost[rows],
            pool.lead[rows],
            self._reduced_costs()[rows],
            None if held is None else held[rows],
        )

    def _few_first(self, columns: _Columns, zone: Zone, known: float = np.inf) -> Answer:
        """Find a plan among the columns of least reduced cost, then prove it or find a better."""
        assert self.context is not None
        must = self.best.placeable & np.isinf(zone.unassigned_cost)
        if self.best.status == "infeasible":
            return NOT_GRANTED
        reduced, rise = columns.raised()
        floor = self._bound + rise
        with Stop(self.seconds) as stop:
            for limit in _limits(reduced, known - floor + CLOSE * max(1.0, abs(known))):
                plan = self._solved(columns, reduced <= limit, zone, must, stop)
                if plan is None or plan.lead_of is None:
                    if np.isinf(limit):
                        return NOT_GRANTED if plan is None else self._told(plan)
                    continue
                # Whatever uses a dearer column costs at least the bound and that much more.
                room = plan.objective - floor + CLOSE * max(1.0, abs(plan.objective))
                if plan.status == "optimal" and room > limit:
                    limit = room
                    plan = self._solved(columns, reduced <= limit, zone, must, stop) or plan
                if np.isfinite(limit):
                    plan = replace(plan, bound=min(plan.bound, floor + limit))
                return self._told(plan)
        raise AssertionError("the last limit takes all columns")

    def _solved(
        self,
        columns: _Columns,
        some: NDArray[np.bool_],
        zone: Zone,
        must: NDArray[np.bool_],
        stop: Stop,
    ) -> ZonePlan | None:
        """Return the best plan made of some columns; None if they miss a village to be placed."""
        assert self.context is not None
        rows = columns.rows[some]
        part = replace(
            self.context.pool.subset(rows), cost=columns.cost[some], lead=columns.lead[some]
        )
        if zone.use is not None:
            part = replace(part, use=zone.use[part.lead])
        if (must & ~part.covered()).any():
            return None
        placeable = self.best.placeable
        price = np.where(placeable | np.isfinite(zone.unassigned_cost), zone.unassigned_cost, 0.0)
        optional = np.flatnonzero(np.isfinite(price))
        with_out = part.with_left_out(optional, price[optional])
        sides = SideRules.of(with_out, zone.n_alliances, self.context.budget)
        search = BranchAndCut(with_out, sides, stop.left, stop.flag)
        status = search.run()
        lead_of = leads_of(with_out, search.best)
        return ZonePlan(status, lead_of, search.upper, search.lower, len(part), placeable)

    def _anew(self, changes: dict[str, Any], to_place: int | None = None) -> Answer:
        """Solve the changed zone without a list."""
        if self.best.status == "infeasible":
            return NOT_GRANTED
        with Stop(self.seconds) as stop:
            plan = self._without_list(replace(self.zone, **changes), stop)
        must = self.best.placeable & np.isinf(self.zone.unassigned_cost)
        if to_place is not None:
            must[to_place] = True
        if plan.lead_of is not None and (must & (plan.lead_of < 0)).any():
            # It was left out for nothing, since nothing can hold it any more.
            return NOT_GRANTED
        return self._told(plan)

    def _without_list(self, zone: Zone, stop: Stop) -> ZonePlan:
        plan = solve_zone(replace(zone, use=None), "auto", seconds=stop.left, stop=stop.flag)
        if zone.use is None or plan.status == "infeasible":
            return plan
        # The budget was out of sight: what is left is a bound.
        return replace(plan, status="unknown", lead_of=None, objective=np.inf)

    def _told(self, plan: ZonePlan) -> Answer:
        lead_of = None
        if plan.lead_of is not None:
            lead_of = np.where(plan.lead_of >= 0, self.zone.villages[plan.lead_of], -1)
        return Answer(plan.status, plan.objective, plan.bound, lead_of)


def _limits(reduced: NDArray[np.float64], known: float) -> Iterator[float]:
    """Yield how dear a column may be: few columns first, at last all of them."""
    if np.isfinite(known) and int((reduced <= known).sum()) <= FEW_COLUMNS[-1]:
        yield known
    for few in FEW_COLUMNS if reduced.any() else ():
        if few < len(reduced):
            yield float(np.partition(reduced, few)[few])
    yield np.inf

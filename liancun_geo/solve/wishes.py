"""Many wishes asked of one zone: each the proven best plan under it, fast enough for a card."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from liancun_geo.errors import ProblemError
from liancun_geo.problem import AllianceProblem
from liancun_geo.solve.context import ZoneContext, alone
from liancun_geo.solve.judging import zone_cost
from liancun_geo.solve.listing import list_candidates
from liancun_geo.solve.methods import LISTED_SIZE, LISTED_ZONE, solve_zone
from liancun_geo.solve.partition import best_plan
from liancun_geo.solve.result import Status
from liancun_geo.solve.stopping import Stop
from liancun_geo.solve.wish_columns import Candidates, Columns
from liancun_geo.solve.zoneplan import ZonePlan
from liancun_geo.zone import Zone

IntArray = NDArray[np.intp]


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
        self._listed = None if self.context is None else Candidates(self.context, seconds)

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
        if self._listed is not None:
            with_one, with_other = self._listed.holding(one), self._listed.holding(other)
            both = with_one & with_other
            placed = bool(np.isinf(self.zone.unassigned_cost[[one, other]]).any())
            left = both | ~(with_one | with_other)
            columns = self._listed.kept(left, both if placed else None)
            return self._among(self._listed, columns, self.zone)
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
        if self._listed is not None:
            left = ~(self._listed.holding(one) & self._listed.holding(other))
            return self._among(self._listed, self._listed.kept(left), self.zone)
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
        if self._listed is None:
            return self._anew(changes, member)
        columns = self._listed.led_by(member, at)
        if columns is None:
            return NOT_GRANTED
        zone = replace(self.zone, unassigned_cost=changes["unassigned_cost"])
        return self._among(self._listed, columns, zone, known)

    def placed(self, village: int) -> Answer:
        """Return the best plan in which a village is placed."""
        own = self._own(village)
        price = self._to_be_placed(own)
        if self._listed is None:
            return self._anew({"unassigned_cost": price}, own)
        held = self._listed.holding(own)
        if not held.any():
            return NOT_GRANTED
        columns = self._listed.kept(np.ones(len(held), dtype=bool), held)
        return self._among(self._listed, columns, replace(self.zone, unassigned_cost=price))

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

    def _among(
        self, listed: Candidates, columns: Columns, zone: Zone, known: float = np.inf
    ) -> Answer:
        """Answer from the columns that a wish leaves."""
        if self.best.status == "infeasible":
            return NOT_GRANTED
        plan = listed.best_plan(columns, zone, known)
        return NOT_GRANTED if plan is None else self._told(plan)

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

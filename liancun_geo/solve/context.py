"""One zone, listed and solved once, ready to be asked."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from liancun_geo.errors import ProblemError
from liancun_geo.problem import AllianceProblem
from liancun_geo.solve.listing import CandidatePool, list_candidates
from liancun_geo.solve.master import Master, Relaxation, SideRules
from liancun_geo.solve.partition import best_plan
from liancun_geo.solve.stopping import Stop
from liancun_geo.solve.zoneplan import ZonePlan
from liancun_geo.zone import Zone


@dataclass(frozen=True, eq=False)
class ZoneContext:
    """A zone with its candidates and its proven optimum: the ground of further questions.

    Listing and solving take most of the time of a question, so ask several of one context.

    Attributes
    ----------
    problem, index
        The problem, and which of its zones.
    zone
        That zone. If it is the problem's only one, a number of alliances and a budget over all
        zones are worked in; of several zones each is looked at without them.
    pool
        Its candidates.
    plan
        Its best plan, in the zone's own numbers.
    budget
        Most that its alliances may use together; ``inf`` without such a rule.
    """

    problem: AllianceProblem
    index: int
    zone: Zone
    pool: CandidatePool
    plan: ZonePlan
    budget: float

    @classmethod
    def of(cls, problem: AllianceProblem, index: int, *, time_limit: float = 60.0) -> Self:
        """List and solve one zone.

        Parameters
        ----------
        problem
            What may be chosen and what it costs.
        index
            Which of ``problem.zones``.
        time_limit
            Seconds; if they run out, ``plan.status`` says so.

        Raises
        ------
        ProblemError
            If there is no such zone.
        """
        if not 0 <= index < len(problem.zones):
            raise ProblemError(f"zone {index} is not one of 0 .. {len(problem.zones) - 1}")
        zone, budget = alone(problem, index)
        with Stop(time_limit) as stop:
            pool = list_candidates(zone, stop=stop.flag)
            plan = best_plan(pool, zone, seconds=stop.left, stop=stop.flag, budget=budget)
        return cls(problem, index, zone, pool, plan, budget)

    @classmethod
    def holding(cls, problem: AllianceProblem, village: int, *, time_limit: float = 60.0) -> Self:
        """List and solve the zone of a village.

        Raises
        ------
        ProblemError
            If there is no such village.
        """
        if not 0 <= village < problem.n:
            raise ProblemError(f"village {village} is not one of 0 .. {problem.n - 1}")
        return cls.of(problem, int(problem.zone_of[village]), time_limit=time_limit)

    @property
    def must_place(self) -> NDArray[np.bool_]:
        """(k,) villages that some candidate holds and that have no price of being left out."""
        return self.plan.placeable & np.isinf(self.zone.unassigned_cost)

    def local(self, village: int) -> int:
        """Return the zone's own number of a village, -1 if it is frozen or of another zone."""
        found = np.flatnonzero(self.zone.villages == village)
        return int(found[0]) if len(found) else -1

    def outside(self, lead_of: NDArray[np.intp]) -> NDArray[np.intp]:
        """Return leads in the zone's own numbers as positions of the problem."""
        if len(self.zone.villages) == 0:
            return lead_of.astype(np.intp)
        positions: NDArray[np.intp] = np.where(lead_of >= 0, self.zone.villages[lead_of], -1)
        return positions

    def columns(self) -> tuple[CandidatePool, SideRules]:
        """Return the candidates and the leaving out of villages, and the rules that count them."""
        price = np.where(
            self.plan.placeable | np.isfinite(self.zone.unassigned_cost),
            self.zone.unassigned_cost,
            0.0,
        )
        optional = np.flatnonzero(np.isfinite(price))
        columns = self.pool.with_left_out(optional, price[optional])
        return columns, SideRules.of(columns, self.zone.n_alliances, self.budget)

    def relaxation(self, columns: CandidatePool, sides: SideRules) -> Relaxation | None:
        """Return a programme over all columns; None if even it has no solution."""
        known = self.plan.relaxation
        # A search that dropped columns on its way priced only the rest.
        if known is not None and len(known.reduced_cost) == len(columns):
            return known
        return Master(columns, sides).solve(np.zeros(1, dtype=np.uint8))

    def solve(self, pool: CandidatePool, zone: Zone, *, seconds: float) -> ZonePlan:
        """Solve the zone over other candidates, or with other prices of leaving out.

        Every village that must be placed must be placed still: where no candidate holds one any
        more, there is no plan.
        """
        if (
            self.pool.complete
            and (self.must_place & np.isinf(zone.unassigned_cost) & ~pool.covered()).any()
        ):
            return replace(
                self.plan,
                status="infeasible",
                lead_of=None,
                objective=np.inf,
                bound=np.inf,
                relaxation=None,
            )
        with Stop(seconds) as stop:
            return best_plan(
                pool,
                zone,
                seconds=stop.left,
                stop=stop.flag,
                budget=self.budget,
                start=self.plan.lead_of,
            )


def alone(
    problem: AllianceProblem, index: int, elsewhere: NDArray[np.intp] | None = None
) -> tuple[Zone, float]:
    """Return a zone without the rules that look at other zones, and its own budget.

    Parameters
    ----------
    problem, index
        The problem, and which of its zones.
    elsewhere
        (n,) a plan: what is left of the number of alliances and of the budget of the whole, once
        the alliances that it has in all other zones are counted, is then the zone's own.
    """
    zone, rules = problem.zones[index], problem.rules
    if len(problem.zones) > 1 and elsewhere is None:
        return replace(zone, use=None), np.inf
    agreed = np.array([villages[0] for villages in rules.frozen], dtype=np.intp)
    if elsewhere is not None:
        leads = np.unique(elsewhere[elsewhere >= 0])
        others = leads[problem.zone_of[leads] != index]
        agreed = np.union1d(others, agreed[problem.zone_of[agreed] == index])
    least, most = rules.n_alliances
    own_least, own_most = zone.n_alliances
    counted = len(agreed)
    zone = replace(
        zone, n_alliances=(max(own_least, least - counted), min(own_most, most - counted))
    )
    if rules.budget_use is None:
        return zone, np.inf
    return zone, rules.budget - float(rules.budget_use[agreed].sum())

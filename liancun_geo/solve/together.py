"""Rules over all zones: which rules together leave the county without a plan, and ways out.

The same deletion filter as for one zone (:mod:`liancun_geo.solve.conflict`), over the rules of
the whole county. Whether rules over all zones can be kept is decided zone by zone: each is asked
for the least it must use of the budget with a number of alliances, and the numbers are added up.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from liancun_geo.arrays import BoolArray
from liancun_geo.problem import AllianceProblem
from liancun_geo.solve.coordinator import solve
from liancun_geo.solve.listing import CandidatePool, list_candidates
from liancun_geo.solve.methods import solve_zone
from liancun_geo.solve.partition import best_plan
from liancun_geo.solve.relaxation import Relaxation
from liancun_geo.solve.remedies import Outcome, Remedies, is_listed
from liancun_geo.solve.rule_items import ItemRule, RuleItem, ZoneCase, without
from liancun_geo.solve.stopping import Stop
from liancun_geo.solve.trials import Trial, rounded_up
from liancun_geo.solve.zoneplan import ZonePlan
from liancun_geo.zone import Zone

LISTED = 600_000
"""Candidates listed for one question; a zone that has more is solved without a list."""
QUESTION_SECONDS = 5.0
"""Time for one question of one zone; one that takes longer counts as open."""
TRIAL_SECONDS = 20.0
"""Time for the plan of the county under one relaxation."""
FARTHER = 12
"""Numbers of alliances past the nearest thinkable one that are tried."""

Asked = Sequence[BoolArray]
"""For each zone (k,) villages that must be placed."""


class OpenQuestionError(Exception):
    """Time ran out before a zone's answer was clear."""


class Counts:
    """How many alliances each zone can have, and the least it then uses of the budget.

    Parameters
    ----------
    problem
        With its rules over all zones.
    asked
        Villages that must be placed; one that nothing can hold is excused.
    stop
        When to stop.
    """

    def __init__(self, problem: AllianceProblem, asked: Asked, stop: Stop) -> None:
        self.problem, self.stop = problem, stop
        self.zones = [
            replace(zone, unassigned_cost=np.where(must, np.inf, 0.0), use=None)
            for zone, must in zip(problem.zones, asked, strict=True)
        ]
        self._pools: dict[int, CandidatePool | None] = {}
        self._has: dict[tuple[int, int], bool] = {}
        frozen = problem.rules.frozen
        least, most = problem.rules.n_alliances
        self.n_alliances = (max(0.0, least - len(frozen)), most - len(frozen))
        spent = problem.rules.budget_use
        self.use = np.zeros(problem.n) if spent is None else spent
        self.frozen_use = float(sum(self.use[villages[0]] for villages in frozen))

    def fewest(self) -> float:
        """Return the fewest alliances in all that place everyone asked, ``inf`` if none do."""
        return sum(self._first(z, self._range(z)) for z in range(len(self.zones)))

    def most(self) -> float:
        """Return the most alliances in all, ``inf`` if not everyone can be placed."""
        return sum(self._first(z, self._range(z)[::-1]) for z in range(len(self.zones)))

    def least_use(self) -> float:
        """Return the least that any plan uses of the budget, ``inf`` if there is no plan.

        Raises
        ------
        OpenQuestionError
            If time ran out.
        """
        zones = range(len(self.zones))
        freely = self.frozen_use + sum(self._least(z, self._range(z)) for z in zones)
        if math.isinf(freely) or self.n_alliances == (0, math.inf):
            return freely
        fewest, most = self.fewest(), self.most()
        least, greatest = self.n_alliances
        if fewest > greatest or most < least or least > greatest:
            return math.inf
        budgeted = self.problem.rules.budget_use is not None
        if not budgeted and (least <= fewest or most <= greatest):
            return freely
        return self.frozen_use + self._by_number()

    def _by_number(self) -> float:
        """Return the least use of the free alliances, their number counted zone by zone."""
        least, greatest = self.n_alliances
        sums = {0: 0.0}
        for z in range(len(self.zones)):
            ways = {k: self._least(z, [k]) for k in self._range(z)}
            grown: dict[int, float] = {}
            for total, used in sums.items():
                for k, use in ways.items():
                    if used + use < grown.get(total + k, math.inf):
                        grown[total + k] = used + use
            sums = grown
        return min((use for k, use in sums.items() if least <= k <= greatest), default=math.inf)

    def _range(self, z: int) -> Sequence[int]:
        """Return the numbers of alliances that a zone may have as far as sizes alone tell."""
        zone = self.zones[z]
        pool = self._pool(z)
        asked = np.isinf(zone.unassigned_cost)
        # What nothing can hold needs no alliance.
        needed = (
            0 if pool is None else math.ceil(int((asked & pool.covered()).sum()) / zone.max_size)
        )
        low = max(needed, math.ceil(zone.n_alliances[0]))
        high = min(zone.n_alliances[1], zone.n // zone.min_size)
        return range(low, math.floor(high) + 1)

    def _first(self, z: int, numbers: Sequence[int]) -> float:
        return next((float(k) for k in numbers if self._possible(z, k)), math.inf)

    def _possible(self, z: int, number: int) -> bool:
        """Say whether a zone can have just so many alliances: the first plan is enough."""
        if (z, number) not in self._has:
            zone = replace(self.zones[z], n_alliances=(number, number))
            plan = self._plan(zone, self._pool(z))
            if plan.lead_of is None and plan.status != "infeasible":
                raise OpenQuestionError
            self._has[z, number] = plan.lead_of is not None
        return self._has[z, number]

    def _least(self, z: int, numbers: Sequence[int]) -> float:
        """Return the least use of a zone with one of some numbers of alliances in a row."""
        zone = self.zones[z]
        use = self.use[zone.villages]
        alike = np.unique(use[np.isfinite(zone.lead_cost)])
        if len(alike) <= 1:
            each = float(alike[0]) if len(alike) else 0.0
            number = self._first(z, numbers)
            return each * number if math.isfinite(number) else math.inf
        if not len(numbers):
            return math.inf
        lead_cost = np.where(np.isfinite(zone.lead_cost), use, np.inf)
        bounds = (float(numbers[0]), float(numbers[-1]))
        costless = replace(_costless(zone), lead_cost=lead_cost, n_alliances=bounds)
        plan = self._plan(costless, None, first=False)
        if plan.status not in ("optimal", "infeasible"):
            raise OpenQuestionError
        return plan.objective

    def _pool(self, z: int) -> CandidatePool | None:
        """Return all candidates of a zone, None if they are too many."""
        if z not in self._pools:
            zone = self.zones[z]
            pool = None
            if is_listed(zone) and self.stop.left > 0.0:
                pool = list_candidates(zone, budget=LISTED, stop=self.stop.flag)
            self._pools[z] = pool if pool is not None and pool.complete else None
        return self._pools[z]

    def _plan(self, zone: Zone, pool: CandidatePool | None, *, first: bool = True) -> ZonePlan:
        if self.stop.left <= 0.0:
            raise OpenQuestionError
        seconds = min(QUESTION_SECONDS, self.stop.left)
        if pool is None and not first and is_listed(zone):
            pool = list_candidates(zone, budget=LISTED, stop=self.stop.flag)
        if pool is None or not pool.complete:
            return solve_zone(zone, "assignment", seconds=seconds, stop=self.stop.flag)
        enough = np.zeros(1, dtype=np.uint8)

        def watch(objective: float, _: float) -> None:
            enough[0] = first and np.isfinite(objective)

        return best_plan(pool, zone, seconds=seconds, stop=enough, watch=watch)


def _costless(zone: Zone) -> Zone:
    """Return a zone where only leads will cost anything."""
    k = zone.amount.shape[1]
    return replace(
        zone,
        pair_cost=np.where(np.isfinite(zone.pair_cost), 0.0, np.inf),
        size_cost=np.where(np.isfinite(zone.size_cost), 0.0, np.inf),
        target_weight=np.zeros(k),
        shortfall_weight=np.zeros(k),
    )


def _fits(use: float, budget: float) -> bool:
    """Say whether a budget is enough, sums rounded as the solver rounds them."""
    slack = 1e-9 * max(1.0, abs(budget)) if math.isfinite(budget) else 0.0
    return math.isfinite(use) and use <= budget + slack


class PlacingTogether:
    """The question whether all villages that must be placed can be, under rules over all zones."""

    def __init__(self, case: ZoneCase, stop: Stop) -> None:
        self.case, self.stop = case, stop
        problem = case.problem
        self.covered = np.zeros(problem.n, dtype=bool)
        self.must_lead = np.zeros(problem.n, dtype=bool)
        self.must_lead[list(problem.rules.must_lead)] = True
        self.known = True
        for zone in problem.zones:
            placeable = self._placeable(zone)
            inf = np.isinf(problem.unassigned_cost[zone.villages])
            self.covered[zone.villages] = placeable & inf
            self.must_lead[zone.villages] &= placeable

    def _placeable(self, zone: Zone) -> BoolArray:
        if is_listed(zone):
            pool = list_candidates(zone, budget=LISTED, stop=self.stop.flag)
            if pool.complete:
                return pool.covered()
        seconds = min(QUESTION_SECONDS, self.stop.left)
        plan = solve_zone(
            replace(zone, use=None), "assignment", seconds=seconds, stop=self.stop.flag
        )
        self.known &= plan.status != "unknown"
        return plan.placeable

    def possible(self, gone: Sequence[RuleItem]) -> bool | None:
        """Say whether it can be done without some rules, None if that stayed open."""
        problem = self.case.problem
        changes = without(problem, gone)
        changed = problem.changed(**changes) if changes else problem
        rules = {item.rule for item in gone}
        free = [item.villages[0] for item in gone if item.rule == "must_lead"]
        must = np.zeros(problem.n, dtype=bool) if "coverage" in rules else self.covered.copy()
        still = self.must_lead.copy()
        still[free] = False
        asked = [(must | still)[zone.villages] for zone in changed.zones]
        try:
            use = Counts(changed, asked, self.stop).least_use()
        except OpenQuestionError:
            return None
        return _fits(use, changed.rules.budget)


class RemediesTogether(Remedies):
    """Tries ways out of a conflict over all zones."""

    def of_county(self) -> list[Relaxation]:
        """Return what gives the county a plan."""
        trials = [self._overall("fewest_overall"), self._overall("most_overall"), self._budget()]
        found = [way for some in trials for way in self.tried(some, 1)]
        return [*found, *self._leaving_out(), *self.changing_rules()]

    def outcome(self, trial: Trial) -> Outcome | None:
        """Return what the best plan of the county costs after a change."""
        changed = self.case.problem.changed(**trial.changes)
        try:
            use = self._counts(changed).least_use()
        except OpenQuestionError:
            use = 0.0
        if not _fits(use, changed.rules.budget) or self.stop.left <= 0.0:
            return None
        result = solve(changed, time_limit=min(TRIAL_SECONDS, self.stop.left))
        if result.status not in ("optimal", "feasible"):
            return None
        return Outcome(result.objective, result.status == "optimal")

    def _counts(self, problem: AllianceProblem) -> Counts:
        asked = [np.isinf(zone.unassigned_cost) for zone in problem.zones]
        return Counts(problem, asked, self.stop)

    def _overall(self, rule: ItemRule) -> Iterator[Trial]:
        """Move a bound on the number of all alliances to the nearest number that can be had."""
        problem = self.case.problem
        fewest, most = problem.rules.n_alliances
        frozen = len(problem.rules.frozen)
        try:
            for item in self.items.get(rule, ()):
                counts = self._counts(problem.changed(n_alliances=None))
                if rule == "fewest_overall":
                    start = frozen + counts.most()
                    nearest = int(min(fewest - 1, start)) if math.isfinite(start) else -1
                    for value in range(nearest, max(-1, nearest - FARTHER), -1):
                        changes = {"n_alliances": (float(value), most)}
                        yield Trial("fewest_overall", changes, item, value=value)
                else:
                    start = frozen + counts.fewest()
                    nearest = int(max(most + 1, start)) if math.isfinite(start) else problem.n + 1
                    for value in range(nearest, min(problem.n + 1, nearest + FARTHER)):
                        changes = {"n_alliances": (fewest, float(value))}
                        yield Trial("most_overall", changes, item, value=value)
        except OpenQuestionError:
            return

    def _budget(self) -> Iterator[Trial]:
        """Raise the budget to the least that any plan needs."""
        problem = self.case.problem
        for item in self.items.get("budget", ()):
            try:
                use = self._counts(problem).least_use()
            except OpenQuestionError:
                return
            if math.isfinite(use):
                value = float(rounded_up(np.array([use]), 6)[0])
                changes = {"budget_use": problem.rules.budget_use, "budget": value}
                yield Trial("budget", changes, item, value=value)

    def _leaving_out(self) -> list[Relaxation]:
        """Return a smallest set of villages whose leaving out is enough."""
        if "coverage" not in self.items or self.stop.left <= 0.0:
            return []
        problem = self.case.problem
        pairs = problem.cost_block(np.arange(problem.n))
        price = problem.unassigned_cost
        result = solve(
            problem.changed(
                pair_cost=np.where(np.isfinite(pairs), 0.0, np.inf),
                zones=[problem.zones[z].label for z in problem.zone_of],
                lead_cost=np.where(np.isfinite(problem.lead_cost), 0.0, np.inf),
                size_cost=np.where(np.isfinite(problem.size_cost), 0.0, np.inf),
                group_terms=(),
                unassigned_cost=np.where(np.isinf(price), 1.0, 0.0),
            ),
            time_limit=min(TRIAL_SECONDS, self.stop.left),
        )
        if result.status not in ("optimal", "feasible"):
            return []
        out = (result.lead_of < 0) & np.isinf(price)
        out[[v for v, reason in result.left_out.items() if reason.rule != "cheaper_left_out"]] = (
            False
        )
        villages = tuple(np.flatnonzero(out).tolist())
        return self.tried(iter([self.trials.left_out(villages)]), 1) if villages else []

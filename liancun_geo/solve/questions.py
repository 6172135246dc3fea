"""What the search for a conflict asks: is there a plan, or an alliance, without some rules."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from liancun_geo.arrays import BoolArray, IntArray
from liancun_geo.solve.listing import CandidatePool, list_candidates
from liancun_geo.solve.methods import solve_zone
from liancun_geo.solve.neighbourhood import part_of
from liancun_geo.solve.partition import best_plan
from liancun_geo.solve.remedies import is_listed, numbers_fit
from liancun_geo.solve.rule_items import RuleItem, ZoneCase, without
from liancun_geo.solve.stopping import Stop
from liancun_geo.solve.zoneplan import ZonePlan
from liancun_geo.zone import Zone

LISTED = 600_000
"""Candidates listed for one question; a zone that has more is solved without a list."""
QUESTION_SECONDS = 5.0
"""Time for one question; one that takes longer counts as open."""

CORE_SHARE = 0.3
"""Share of the time left that may go into sparing villages."""


def connected_with_first(zone: Zone) -> IntArray:
    """Return the villages of a zone that are connected with its first, itself included."""
    graph = coo_array(
        (np.ones(len(zone.edges)), (zone.edges[:, 0], zone.edges[:, 1])), shape=(zone.n, zone.n)
    )
    _, piece = connected_components(graph, directed=False)
    return np.flatnonzero(piece == piece[0])


class _Question:
    """What both questions share: the zone without some rules, and the candidates it then has."""

    def __init__(self, case: ZoneCase, stop: Stop) -> None:
        self.case, self.stop = case, stop

    def zone(self, gone: Sequence[RuleItem]) -> Zone:
        """Return the zone without some rules and without the budget of the whole."""
        problem = self.case.problem
        changes = without(problem, gone)
        [zone] = problem.changed(**changes).zones if changes else problem.zones
        return replace(zone, use=None)

    @property
    def seconds(self) -> float:
        """Time for one question."""
        return min(QUESTION_SECONDS, self.stop.left)


class Placing(_Question):
    """The question whether all villages that must be placed can be placed."""

    def __init__(self, case: ZoneCase, stop: Stop) -> None:
        super().__init__(case, stop)
        [zone] = case.problem.zones
        price = case.problem.unassigned_cost[zone.villages]
        leads = np.isin(zone.villages, case.problem.rules.must_lead)
        asked = np.isinf(price) | leads
        plan = solve_zone(
            replace(self.zone([]), unassigned_cost=np.where(asked, np.inf, 0.0)),
            "auto",
            seconds=self.seconds,
            stop=stop.flag,
        )
        self.first = None if plan.status == "unknown" else plan.lead_of is not None
        self.covered = plan.placeable & np.isinf(price)
        self.must_lead = plan.placeable & leads

    def possible(self, gone: Sequence[RuleItem]) -> bool | None:
        """Say whether it can be done without some rules."""
        if not gone:
            return self.first
        return self._possible(self.zone(gone), self._must(gone))

    def _must(self, gone: Sequence[RuleItem]) -> BoolArray:
        """Return the villages to be placed: no more than under all rules."""
        rules = {item.rule for item in gone}
        must = np.zeros_like(self.covered) if "coverage" in rules else self.covered.copy()
        free = [item.villages[0] for item in gone if item.rule == "must_lead"]
        [zone] = self.case.problem.zones
        still = self.must_lead & ~np.isin(zone.villages, free)
        joined: BoolArray = must | still
        return joined

    def _possible(
        self, zone: Zone, must: BoolArray, pool: CandidatePool | None = None
    ) -> bool | None:
        if self.stop.left <= 0.0:
            return None
        if pool is None and is_listed(zone):
            pool = list_candidates(zone, budget=LISTED, stop=self.stop.flag)
        easy = replace(zone, unassigned_cost=np.where(must, np.inf, 0.0))
        if not numbers_fit(zone, must):
            return False
        if pool is not None and pool.complete:
            plan = self._any_plan(pool, easy)
        else:
            plan = solve_zone(easy, "assignment", seconds=self.seconds, stop=self.stop.flag)
        return None if plan.status == "unknown" else plan.lead_of is not None

    def _any_plan(self, pool: CandidatePool, zone: Zone) -> ZonePlan:
        """Return the first plan that is met: with costs it is met much sooner than without."""
        enough = np.zeros(1, dtype=np.uint8)

        def watch(objective: float, _: float) -> None:
            enough[0] = np.isfinite(objective)

        return best_plan(pool, zone, seconds=self.seconds, stop=enough, watch=watch)

    def core(
        self, gone: Sequence[RuleItem], kept: Sequence[RuleItem], stop: Stop
    ) -> tuple[list[int], bool]:
        """Return villages none of which can be spared from the conflict, and whether that is sure.

        Numbers of the case.
        """
        if not any(item.rule == "coverage" for item in kept):
            return [], True
        [own] = self.case.problem.zones
        zone, must = self.zone(gone), self._must(gone)
        pool = list_candidates(zone, budget=LISTED, stop=stop.flag) if is_listed(zone) else None
        certain = True
        deadline = time.perf_counter() + CORE_SHARE * stop.left
        for village in np.flatnonzero(must & ~self.must_lead).tolist():
            fewer = must.copy()
            fewer[village] = False
            in_time = time.perf_counter() < deadline
            answer = self._possible(zone, fewer, pool) if in_time else None
            if answer is False:
                must = fewer
            certain &= answer is not None
        return own.villages[must].tolist(), certain


class Holding(_Question):
    """The question whether any alliance can hold the first village of the case."""

    def possible(self, gone: Sequence[RuleItem]) -> bool | None:
        """Say whether it can be done without some rules."""
        zone = replace(self.zone(gone), n_alliances=(0, np.inf))
        if self.stop.left <= 0.0:
            return None
        # No alliance of the village reaches farther, and a few villages are listed at once.
        zone = part_of(zone, connected_with_first(zone), 0)
        if is_listed(zone):
            # The alliances of village 0 are listed first, so one candidate is as good as all.
            pool = list_candidates(zone, budget=1, stop=self.stop.flag)
            held = bool(pool.holds(0).any())
            return held if held or pool.complete or len(pool) else None
        only = np.zeros(zone.n)
        only[0] = np.inf
        plan = solve_zone(
            replace(zone, unassigned_cost=only),
            "assignment",
            seconds=self.seconds,
            stop=self.stop.flag,
        )
        if plan.status == "unknown":
            return None
        return plan.lead_of is not None and bool(plan.lead_of[0] >= 0)

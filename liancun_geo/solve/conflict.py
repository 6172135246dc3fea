"""Which rules together leave a zone without a plan, or a village without an alliance.

A deletion filter (Chinneck & Dravnieks 1991, "Locating minimal infeasible constraint sets in
linear programs", doi:10.1287/ijoc.3.2.157) drops one rule after the other and takes it back only
if the zone can be planned without it. What is left cannot be kept together, and without any one
of it the zone has a plan. Every way out that is named was solved.
"""

from __future__ import annotations

import time
from collections.abc import Hashable, Sequence
from dataclasses import replace

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from liancun_geo.arrays import BoolArray, IntArray
from liancun_geo.problem import AllianceProblem
from liancun_geo.solve.deletion import Conflict, deletion_filter, situations
from liancun_geo.solve.listing import CandidatePool, list_candidates
from liancun_geo.solve.methods import solve_zone
from liancun_geo.solve.neighbourhood import part_of
from liancun_geo.solve.partition import best_plan
from liancun_geo.solve.relaxation import Relaxation, ranked
from liancun_geo.solve.remedies import Remedies, is_listed, numbers_fit
from liancun_geo.solve.result import SolveResult
from liancun_geo.solve.rule_items import (
    RuleItem,
    ZoneCase,
    items_of,
    whole_case,
    without,
    zone_case,
)
from liancun_geo.solve.stopping import Stop
from liancun_geo.solve.together import PlacingTogether, RemediesTogether
from liancun_geo.solve.zoneplan import ZonePlan
from liancun_geo.zone import Zone

LISTED = 600_000
"""Candidates listed for one question; a zone that has more is solved without a list."""
QUESTION_SECONDS = 5.0
"""Time for one question; one that takes longer counts as open."""

CORE_SHARE = 0.3
"""Share of the time left that may go into sparing villages."""


def explain_infeasible(
    problem: AllianceProblem,
    zone: Hashable | SolveResult,
    *,
    time_limit: float = 30.0,
) -> Conflict:
    """Find a minimal set of rules that leaves a zone without a plan, and ways out.

    Parameters
    ----------
    problem
        The problem.
    zone
        Label of the zone, or a result: its first infeasible zone.
    time_limit
        Seconds; what was found until then is returned. Half of them are for the ways out.

    Returns
    -------
    Conflict
        The villages to be placed are those that some alliance could hold under all rules, and
        those that must lead: a rule that is dropped asks for no further village.

    Raises
    ------
    ValueError
        If there is no such zone, or it has a plan by itself: a rule over all zones, such as a
        budget, may still stand in the way (:func:`explain_together`).
    """
    label = _infeasible_label(zone) if isinstance(zone, SolveResult) else zone
    case = zone_case(problem, _number(problem, label))
    with Stop(time_limit) as stop:
        question = _Placing(case, stop)
        items = items_of(case)
        answer = question.possible([])
        if answer:
            raise ValueError(f"zone {label!r} has a plan by itself")
        if answer is None:
            return Conflict(label, None, (), (), (), False, stop.elapsed)
        kept, minimal = deletion_filter(items, question.possible, time_limit / 2.0, stop)
        core, sure = question.core([item for item in items if item not in kept], kept, stop)
        remedies = Remedies(problem, case, kept, core, stop)
        found = ranked(remedies.of_zone())
        return _conflict(case, None, kept, core, found, minimal and sure, stop)


def explain_together(problem: AllianceProblem, *, time_limit: float = 60.0) -> Conflict:
    """Find a minimal set of rules, some of them over all zones, that leaves no plan, and ways out.

    Parameters
    ----------
    problem
        A problem whose zones have plans one by one, but not under the rules over all zones (the
        number of all alliances, the budget).
    time_limit
        Seconds; what was found until then is returned. A third of them is for the conflict.

    Returns
    -------
    Conflict
        Its villages are left empty: mostly nearly all of them are needed for such a conflict.

    Raises
    ------
    ValueError
        If there is a plan, or no rule looks at all zones.
    """
    if not problem.rules.couples_zones:
        raise ValueError("no rule looks at all zones together")
    case = whole_case(problem)
    with Stop(time_limit) as stop:
        question = PlacingTogether(case, stop)
        answer = question.possible([])
        if answer:
            raise ValueError("the problem has a plan")
        if answer is None:
            return Conflict(None, None, (), (), (), False, stop.elapsed, whole=True)
        seconds = time_limit / 3.0
        kept, minimal = deletion_filter(items_of(case), question.possible, seconds, stop)
        found = ranked(RemediesTogether(problem, case, kept, [], stop).of_county())
        return _conflict(case, None, kept, [], found, minimal and question.known, stop)


def explain_all(
    problem: AllianceProblem, result: SolveResult, *, time_limit: float = 30.0
) -> tuple[Conflict, ...]:
    """Find what leaves zones of a result without a plan: zone by zone, else over all of them.

    Parameters
    ----------
    problem, result
        A problem and what :func:`~liancun_geo.solve.solve` made of it.
    time_limit
        Seconds for each conflict.

    Returns
    -------
    tuple of Conflict
        One for each zone that has no plan by itself; if all have one, that of the rules over
        all zones. Empty if there is a plan.
    """
    lost = [zone.label for zone in result.zones if zone.status == "infeasible"]
    alone = []
    for label in lost:
        try:
            alone.append(explain_infeasible(problem, label, time_limit=time_limit))
        except ValueError:
            # Only the rules over all zones stand in its way.
            continue
    if alone or not lost:
        return tuple(alone)
    return (explain_together(problem, time_limit=2.0 * time_limit),)


def explain_left_out(
    problem: AllianceProblem, village: int, *, time_limit: float = 30.0
) -> Conflict:
    """Find the rules that together keep a village out of every alliance, and ways to let it in.

    Parameters
    ----------
    problem
        The problem.
    village
        Position of a village that no feasible alliance can hold.
    time_limit
        Seconds; what was found until then is returned.

    Returns
    -------
    Conflict
        A way out makes some alliance able to hold the village while its zone has a plan.

    Raises
    ------
    ValueError
        If there is no such village, or some feasible alliance can hold it: then its price, or
        the other villages, keep it out.
    """
    if not 0 <= village < problem.n:
        raise ValueError(f"village must be 0 .. {problem.n - 1}, got {village}")
    number = int(problem.zone_of[village])
    case = zone_case(problem, number, first=village)
    with Stop(time_limit) as stop:
        question = _Holding(case, stop)
        if any(village in agreed for agreed in problem.rules.frozen) or question.possible([]):
            raise ValueError(f"village {village} can be placed")
        items = [
            item
            for item in items_of(case)
            if item.rule not in ("coverage", "fewest_alliances", "most_alliances")
        ]
        kept, minimal = deletion_filter(items, question.possible, time_limit / 2.0, stop)
        remedies = Remedies(problem, case, kept, _piece_of_first(case), stop)
        found = ranked(remedies.of_village())
        return _conflict(case, village, kept, [], found, minimal, stop)


def _piece_of_first(case: ZoneCase) -> list[int]:
    """Return the first village, with all it is connected with if they are too few."""
    [zone] = case.problem.zones
    together = zone.villages[_connected_with_first(zone)].tolist()
    return together if len(together) < zone.min_size else [0]


def _connected_with_first(zone: Zone) -> IntArray:
    """Return the villages of a zone that are connected with its first, itself included."""
    graph = coo_array(
        (np.ones(len(zone.edges)), (zone.edges[:, 0], zone.edges[:, 1])), shape=(zone.n, zone.n)
    )
    _, piece = connected_components(graph, directed=False)
    return np.flatnonzero(piece == piece[0])


def _conflict(
    case: ZoneCase,
    village: int | None,
    kept: Sequence[RuleItem],
    core: Sequence[int],
    relaxations: Sequence[Relaxation],
    minimal: bool,
    stop: Stop,
) -> Conflict:
    """Return the conflict with the positions of the whole problem."""
    of = case.villages
    return Conflict(
        label=case.label,
        village=village,
        items=tuple(case.told(item) for item in kept),
        villages=tuple(sorted(int(of[v]) for v in core)),
        relaxations=tuple(relaxations),
        minimal=minimal,
        seconds=stop.elapsed,
        situations=situations(case, list(core) if village is None else [0]),
        whole=case.whole,
    )


def _infeasible_label(result: SolveResult) -> Hashable:
    for zone in result.zones:
        if zone.status == "infeasible":
            return zone.label
    raise ValueError("no zone of the result is infeasible")


def _number(problem: AllianceProblem, label: Hashable) -> int:
    for number, zone in enumerate(problem.zones):
        if zone.label == label:
            return number
    raise ValueError(f"there is no zone {label!r}")


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


class _Placing(_Question):
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


class _Holding(_Question):
    """The question whether any alliance can hold the first village of the case."""

    def possible(self, gone: Sequence[RuleItem]) -> bool | None:
        """Say whether it can be done without some rules."""
        zone = replace(self.zone(gone), n_alliances=(0, np.inf))
        if self.stop.left <= 0.0:
            return None
        # No alliance of the village reaches farther, and a few villages are listed at once.
        zone = part_of(zone, _connected_with_first(zone), 0)
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


__all__ = [
    "Conflict",
    "explain_all",
    "explain_infeasible",
    "explain_left_out",
    "explain_together",
]

"""Which rules together leave a zone without a plan, or a village without an alliance.

A deletion filter (Chinneck & Dravnieks 1991, "Locating minimal infeasible constraint sets in
linear programs", doi:10.1287/ijoc.3.2.157) drops one rule after the other and takes it back only
if the zone can be planned without it. What is left cannot be kept together, and without any one
of it the zone has a plan. Every way out that is named was solved.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from liancun_geo.arrays import BoolArray
from liancun_geo.problem import AllianceProblem
from liancun_geo.solve.listing import CandidatePool, list_candidates
from liancun_geo.solve.methods import solve_zone
from liancun_geo.solve.partition import best_plan
from liancun_geo.solve.remedies import Relaxation, Remedies, is_listed, numbers_fit, ranked
from liancun_geo.solve.result import SolveResult
from liancun_geo.solve.rule_items import RuleItem, ZoneCase, items_of, without, zone_case
from liancun_geo.solve.stopping import Stop
from liancun_geo.solve.zoneplan import ZonePlan
from liancun_geo.zone import Zone

LISTED = 600_000
"""Candidates listed for one question; a zone that has more is solved without a list."""
QUESTION_SECONDS = 5.0
"""Time for one question; one that takes longer counts as open."""

CORE_SHARE = 0.3
"""Share of the time left that may go into sparing villages."""


@dataclass(frozen=True, eq=False)
class Conflict:
    """Rules that cannot be kept together, and ways out.

    Attributes
    ----------
    label
        Of the zone.
    village
        The village that nothing can hold; None if a whole zone has no plan.
    items
        The rules in conflict: together they cannot be kept, and without any one of them they
        can. Empty if time ran out, or if no rule but contiguity stands in the way.
    villages
        A smallest set (none of them can be spared) of villages that cannot all be placed under
        these rules; empty if coverage is no part of the conflict.
    relaxations
        Ways out, the gentlest first; each was tried.
    minimal
        Whether it is proven that no rule can be spared; False if a question stayed open.
    seconds
        Time it took.
    """

    label: Hashable
    village: int | None
    items: tuple[RuleItem, ...]
    villages: tuple[int, ...]
    relaxations: tuple[Relaxation, ...]
    minimal: bool
    seconds: float


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
        If there is no such zone, or it has a plan by itself (a rule over all zones, such as a
        budget, may still stand in the way).
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
        kept, minimal = _filter(items, question.possible, time_limit / 2.0, stop)
        core, sure = question.core([item for item in items if item not in kept], kept, stop)
        remedies = Remedies(problem, case, kept, core, stop)
        found = ranked(remedies.of_zone())
        return _conflict(case, None, kept, core, found, minimal and sure, stop)


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
        kept, minimal = _filter(items, question.possible, time_limit / 2.0, stop)
        remedies = Remedies(problem, case, kept, _piece_of_first(case), stop)
        found = ranked(remedies.of_village())
        return _conflict(case, village, kept, [], found, minimal, stop)


def _piece_of_first(case: ZoneCase) -> list[int]:
    """Return the first village, with all it is connected with if they are too few."""
    [zone] = case.problem.zones
    graph = coo_array(
        (np.ones(len(zone.edges)), (zone.edges[:, 0], zone.edges[:, 1])), shape=(zone.n, zone.n)
    )
    _, piece = connected_components(graph, directed=False)
    together = zone.villages[piece == piece[0]].tolist()
    return together if len(together) < zone.min_size else [0]


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


Possible = Callable[[Sequence[RuleItem]], bool | None]
"""Whether it can be done without some rules; None if time ran out before that was clear."""


def _filter(
    items: Sequence[RuleItem], possible: Possible, seconds: float, stop: Stop
) -> tuple[list[RuleItem], bool]:
    """Return the rules that cannot be spared from the conflict, and whether that is proven."""
    gone: list[RuleItem] = []
    kept: list[RuleItem] = []
    certain = True
    deadline = min(stop.deadline, time.perf_counter() + seconds)

    def spare(some: list[RuleItem]) -> None:
        """Drop what can be dropped at once, else look at either half."""
        nonlocal certain
        answer = possible([*gone, *some]) if time.perf_counter() < deadline else None
        if answer is False:
            gone.extend(some)
        elif len(some) == 1:
            kept.extend(some)
            certain &= answer is True
        else:
            middle = len(some) // 2
            spare(some[middle:])
            spare(some[:middle])

    # The last ones go first: a conflict of sizes and map is no fault of what was agreed.
    some = [item for item in items if item.rule not in _LATE]
    if some:
        spare(some)
    for item in reversed([item for item in items if item.rule in _LATE]):
        spare([item])
    return [item for item in items if item in kept], certain


_LATE = ("coverage", "min_size", "max_size")
"""Dropped one by one and last: without a greatest size there are very many alliances."""


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

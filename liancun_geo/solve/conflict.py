"""Which rules together leave a zone without a plan, or a village without an alliance.

A deletion filter (Chinneck & Dravnieks 1991, "Locating minimal infeasible constraint sets in
linear programs", doi:10.1287/ijoc.3.2.157) drops one rule after the other and takes it back only
if the zone can be planned without it. What is left cannot be kept together, and without any one
of it the zone has a plan. Every way out that is named was solved.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from liancun_geo.problem import AllianceProblem
from liancun_geo.solve.deletion import Conflict, deletion_filter, situations
from liancun_geo.solve.questions import Holding, Placing, connected_with_first
from liancun_geo.solve.relaxation import Relaxation, ranked
from liancun_geo.solve.remedies import Remedies
from liancun_geo.solve.result import SolveResult
from liancun_geo.solve.rule_items import (
    RuleItem,
    ZoneCase,
    items_of,
    whole_case,
    zone_case,
)
from liancun_geo.solve.stopping import Stop
from liancun_geo.solve.together import PlacingTogether, RemediesTogether


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
        question = Placing(case, stop)
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
        question = Holding(case, stop)
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
    together = zone.villages[connected_with_first(zone)].tolist()
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


__all__ = [
    "Conflict",
    "explain_all",
    "explain_infeasible",
    "explain_left_out",
    "explain_together",
]

"""Ways out of a conflict as changes of the settings: exact, and tried through the settings.

A way out of :mod:`liancun_geo.solve.conflict` changes arrays. Here it becomes the change of the
settings file that means the same, the plan is solved again under the changed settings, and only
what gives a plan then is offered, with the cost of that plan.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from liancun_geo.errors import Fault
from liancun_geo.messages import Language
from liancun_geo.problem import AllianceProblem
from liancun_geo.reasons import conflict_faults, relaxation_fault
from liancun_geo.scenario import Scenario, problem_under
from liancun_geo.settings import Settings, parse_settings
from liancun_geo.settings_edits import SettingsEdit, edited, edits_for
from liancun_geo.solve import Conflict, explain_all, explain_left_out, solve
from liancun_geo.solve.methods import solve_zone
from liancun_geo.solve.relaxation import Relaxation
from liancun_geo.solve.stopping import Stop
from liancun_geo.solve.trials import rounded_up
from liancun_geo.villages import VillageTable

KEPT_OUT = ("no_neighbour", "too_few_connected", "no_lead", "no_alliance")
"""Reasons of villages that no alliance can hold."""
RETRIED_S = 10.0
"""Time for the plan of a zone under changed settings."""


@dataclass(frozen=True, eq=False)
class WayOut:
    """One way out that was tried through the settings.

    Attributes
    ----------
    number
        From 1, over all conflicts of an explanation: what ``--apply`` names.
    relaxation
        With the cost of the plan under the changed settings.
    edits
        The exact change of the settings.
    settings
        The settings with it.
    fault
        It in words.
    """

    number: int
    relaxation: Relaxation
    edits: tuple[SettingsEdit, ...]
    settings: Settings
    fault: Fault


@dataclass(frozen=True, eq=False)
class Explanation:
    """One conflict in words, and the ways out of it.

    Attributes
    ----------
    conflict
        As found.
    faults
        The headline, the rules, what the map says.
    ways
        The gentlest first.
    """

    conflict: Conflict
    faults: tuple[Fault, ...]
    ways: tuple[WayOut, ...]


def apply_relaxation(
    settings: Settings, relaxation: Relaxation, villages: VillageTable
) -> Settings:
    """Return settings with one way out applied.

    Parameters
    ----------
    settings
        What the problem was made from.
    relaxation
        Way out of a conflict of that problem.
    villages
        The villages its positions refer to.

    Raises
    ------
    ValueError
        If no setting means the same: the problem was not made from these settings.
    """
    edits = edits_for(settings, relaxation, villages)
    if not edits:
        raise ValueError(f"no setting relaxes {relaxation.kind} {relaxation.item}")
    return apply_edits(settings, edits)


def apply_edits(settings: Settings, edits: tuple[SettingsEdit, ...]) -> Settings:
    """Return settings with some changes, validated anew.

    Raises
    ------
    SettingsError
        If a value is out of bounds.
    """
    return parse_settings(edited(settings.model_dump(mode="json", exclude_none=True), edits))


def explain_scenario(
    scenario: Scenario, *, most: int = 10, time_limit_s: float = 30.0
) -> tuple[Explanation, ...]:
    """Explain why zones have no plan and villages no alliance, with ways out that work.

    Parameters
    ----------
    scenario
        What was planned.
    most
        Villages without alliance that are explained, at most.
    time_limit_s
        Seconds for each conflict.

    Returns
    -------
    tuple of Explanation
        Zones first. Empty if every zone has a plan and every village could have an alliance.
    """
    result, problem = scenario.result, scenario.problem
    conflicts = list(explain_all(problem, result, time_limit=time_limit_s))
    excluded = set(scenario.settings.rules.excluded)
    codes = [str(code) for code in scenario.villages.frame["code"]]
    out = [
        village
        for village, reason in result.left_out.items()
        if reason.rule in KEPT_OUT and codes[village] not in excluded
    ]
    for village in out[:most]:
        try:
            conflicts.append(explain_left_out(problem, village, time_limit=time_limit_s))
        except ValueError:
            # Some alliance could hold it: not the rules keep it out.
            continue
    numbers = iter(range(1, 1_000_000))
    return tuple(_explanation(scenario, conflict, numbers) for conflict in conflicts)


def _explanation(scenario: Scenario, conflict: Conflict, numbers: Iterator[int]) -> Explanation:
    villages, settings = scenario.villages, scenario.settings
    ways = []
    for relaxation in _with_shorter_ways(scenario, conflict):
        edits = edits_for(settings, relaxation, villages)
        if not edits:
            continue
        after = apply_edits(settings, edits)
        told = _tried(scenario, after, conflict, relaxation)
        if told is not None:
            fault = relaxation_fault(told, villages, settings)
            ways.append(WayOut(next(numbers), told, edits, after, fault))
    bare = replace(conflict, relaxations=())
    return Explanation(conflict, conflict_faults(bare, villages, settings), tuple(ways))


def _with_shorter_ways(scenario: Scenario, conflict: Conflict) -> Iterator[Relaxation]:
    """Yield the ways out, and before giving up the longest way allowed: the least that helps."""
    limit = scenario.settings.rules.max_travel_min
    for relaxation in conflict.relaxations:
        rule = None if relaxation.item is None else relaxation.item.rule
        if limit is not None and (relaxation.kind, rule) == ("drop", "forbidden_pairs"):
            yield from _shortest_way(scenario, conflict, relaxation, limit)
        yield relaxation


def _shortest_way(
    scenario: Scenario, conflict: Conflict, dropped: Relaxation, limit_min: float
) -> list[Relaxation]:
    """Return the least ``max_travel_min`` that helps, found by halving: more helps too."""
    assert dropped.item is not None
    longer: list[float] = []
    for block in scenario.pairs.blocks:
        if block.travel_min is not None and np.isin(dropped.item.villages, block.villages).any():
            ways = block.travel_min[np.isfinite(block.travel_min)]
            longer += np.unique(rounded_up(ways[ways > limit_min])).tolist()
    values = sorted(set(longer))
    found: list[Relaxation] = []
    low, high = 0, len(values)
    while low < high:
        middle = (low + high) // 2
        blank = replace(dropped, kind="max_travel", value=values[middle])
        rules = scenario.settings.rules.model_copy(update={"max_travel_min": values[middle]})
        after = scenario.settings.model_copy(update={"rules": rules})
        told = _tried(scenario, after, conflict, blank)
        if told is None:
            low = middle + 1
        else:
            costs = problem_under(scenario, rules).arguments["pair_cost"]
            found, high = [replace(told, changes={"pair_cost": costs})], middle
    return found


def _tried(
    scenario: Scenario, after: Settings, conflict: Conflict, relaxation: Relaxation
) -> Relaxation | None:
    """Return a way out with its cost under the changed settings, None if it gives no plan."""
    problem = problem_under(scenario, after.rules)
    if relaxation.kind == "link":
        ends = np.array([relaxation.villages], dtype=np.intp)
        problem = problem.changed(edges=np.concatenate([problem.edges, ends]))
    if conflict.whole:
        result = solve(problem, time_limit=2.0 * RETRIED_S)
        if result.status not in ("optimal", "feasible"):
            return None
        return replace(relaxation, objective=result.objective, proven=result.status == "optimal")
    return _tried_on_zone(problem, conflict, relaxation)


def _tried_on_zone(
    problem: AllianceProblem, conflict: Conflict, relaxation: Relaxation
) -> Relaxation | None:
    [zone] = [zone for zone in problem.zones if zone.label == conflict.label]
    with Stop(RETRIED_S) as stop:
        plan = solve_zone(replace(zone, use=None), "auto", seconds=RETRIED_S, stop=stop.flag)
    if plan.lead_of is None:
        return None
    if conflict.village is not None and not plan.placeable[zone.villages == conflict.village].all():
        return None
    return replace(relaxation, objective=plan.objective, proven=plan.status == "optimal")


def as_document(
    explanations: tuple[Explanation, ...], language: Language
) -> list[list[dict[str, Any]]]:
    """Return explanations for machine-readable output: one list of sentences a conflict.

    A way out carries its number, kind, cost and the exact change of the settings as well.
    """
    return [
        [
            *(fault.as_dict(language) for fault in one.faults),
            *(
                {
                    **way.fault.as_dict(language),
                    "number": way.number,
                    "kind": way.relaxation.kind,
                    "cost": way.relaxation.objective,
                    "proven": way.relaxation.proven,
                    "settings": [edit.as_dict() for edit in way.edits],
                }
                for way in one.ways
            ),
        ]
        for one in explanations
    ]

"""The solver at the planner's elbow: the rest solved again, or a broken plan made whole."""

from __future__ import annotations

import math
import threading
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from liancun_geo.editing.base import Base
from liancun_geo.editing.judging import Judge, Judged
from liancun_geo.editing.kinds import Adopt, EditError
from liancun_geo.editing.state import State
from liancun_geo.errors import Fault, error
from liancun_geo.plan import UNASSIGNED
from liancun_geo.reasons import zone_reason
from liancun_geo.solve import ResolveResult, resolve

_SAME = 1e-9


@dataclass(frozen=True, eq=False)
class Found:
    """What a solve gave: the edit that adopts it, and what is to be said of zones without."""

    edit: Adopt
    told: tuple[Fault, ...]


@dataclass(frozen=True, eq=False)
class Task:
    """What to solve again.

    Attributes
    ----------
    zones
        Labels; the others stay as they are.
    seconds
        Time limit.
    cancel
        Set to stop early.
    """

    zones: tuple[Hashable, ...]
    seconds: float
    cancel: threading.Event | None = None


def task_of(
    base: Base,
    judged: Judged,
    zones: Iterable[Hashable] | None,
    seconds: float,
    cancel: threading.Event | None,
    *,
    broken_only: bool = False,
) -> Task:
    """Return what to solve again: the zones asked for, else all, or all that are broken.

    Raises
    ------
    EditError
        If a zone is unknown.
    """
    labels = [zone.label for zone in base.scenario.problem.zones]
    if zones is not None:
        wanted = list(dict.fromkeys(zones))
        if unknown := [label for label in wanted if label not in labels]:
            raise EditError(error("editing.unknown_zone", zone=str(z)) for z in unknown)
        return Task(tuple(wanted), seconds, cancel)
    whole = any(one.rule in ("n_alliances", "budget") for one in judged.violations)
    if not broken_only or whole:
        return Task(tuple(labels), seconds, cancel)
    return Task(tuple(labels[z] for z in sorted(broken_zones(base, judged))), seconds, cancel)


def broken_zones(base: Base, judged: Judged) -> set[int]:
    """Return the numbers of the zones in which rules are broken."""
    return {base.zone_of[v] for one in judged.violations for v in one.villages}


def reoptimised(
    base: Base, state: State, judged: Judged, task: Task, max_moves: int | None
) -> Found:
    """Find the best plan of some zones that keeps locks, ties and villages left out by hand.

    Raises
    ------
    EditError
        With the reason, if nothing better was found.
    """
    held = state.locked | state.left_out.keys()
    result = _resolved(base, state, task, held, max_moves)
    return _adoptable(base, state, judged, task, result, "reoptimised")


def repaired(base: Base, state: State, judged: Judged, task: Task) -> Found:
    """Find the plan that breaks no rule and moves the fewest villages.

    Locked villages stay. A village left out by hand that the rules place is placed.

    Raises
    ------
    EditError
        With the reason, if nothing is broken or there is no such plan.
    """
    if not judged.violations:
        raise EditError([error("editing.nothing_broken")])
    first = _resolved(base, state, task, state.locked, 0)
    fewest = [
        zone.reason.value
        for zone in first.zones
        if zone.reason is not None and zone.reason.rule == "max_moves"
    ]
    if fewest and fewest[0] is not None:
        first = _resolved(base, state, task, state.locked, fewest[0])
    return _adoptable(base, state, judged, task, first, "repaired")


def _resolved(
    base: Base, state: State, task: Task, held: Iterable[int], max_moves: int | None
) -> ResolveResult:
    problem, held = base.judge(state).problem, set(held)
    agreed = problem.rules.frozen
    # What the planner holds goes before an agreed alliance that it breaks; that is told anyway.
    kept = [a for a in agreed if all(int(state.lead_of[v]) == a[0] for v in a if v in held)]
    if len(kept) < len(agreed):
        problem = problem.changed(frozen=kept)
    asked = {z for z, zone in enumerate(problem.zones) if zone.label in task.zones}
    # Zones that are not asked stay even where they break a rule.
    locked = {*held, *(v for v, z in enumerate(base.zone_of) if z not in asked)}
    if not problem.rules.couples_zones:
        # Nothing joins the zones: the others need not even be looked at.
        problem = replace(problem, zones=tuple(problem.zones[z] for z in sorted(asked)))
    return resolve(
        problem,
        state.lead_of,
        max_moves=max_moves,
        locked=locked,
        zones=task.zones,
        time_limit=task.seconds,
        cancel=task.cancel,
    )


def _adoptable(
    base: Base, state: State, judged: Judged, task: Task, result: ResolveResult, label: str
) -> Found:
    """Return the edit that takes over every zone that became better, with the reasons of others.

    A zone that is as good as before stays as it is: nothing moves for nothing.
    """
    judge, scenario = base.judge(state), base.scenario
    coupled = judge.problem.rules.couples_zones
    lead_of, told = state.lead_of.copy(), list[Fault]()
    planned: list[int] = []
    proven = True
    records = {record.label: record for record in result.zones}
    for z, zone in enumerate(judge.problem.zones):
        if zone.label not in task.zones:
            continue
        record = records[zone.label]
        proven = proven and record.status == "optimal"
        if math.isfinite(record.objective):
            planned.append(z)
        elif record.reason is not None:
            told.append(
                zone_reason(record.reason, zone.label, scenario.villages, scenario.settings)
            )
    for z in planned:
        here = np.flatnonzero(judge.problem.zone_of == z)
        lead_of[here] = result.lead_of[here]
    after = judge.after(judged, lead_of)
    broken = broken_zones(base, judged)
    if not coupled:
        for z in planned:
            better = _points(judge, after, z) > _points(judge, judged, z) + _SAME
            if z not in broken and not better:
                here = np.flatnonzero(judge.problem.zone_of == z)
                lead_of[here] = state.lead_of[here]
    elif len(after.violations) > len(judged.violations) or (
        len(after.violations) == len(judged.violations) and after.total <= judged.total + _SAME
    ):
        lead_of = state.lead_of.copy()
    moved = np.flatnonzero(lead_of != state.lead_of).tolist()
    if not moved:
        raise EditError(told or [_unchanged(task, proven, label)])
    return Found(Adopt(lead_of=coded(base, lead_of, moved), label=label), tuple(told))


def _unchanged(task: Task, proven: bool, label: str) -> Fault:
    if task.cancel is not None and task.cancel.is_set():
        return error("editing.cancelled")
    if label == "repaired":
        return error("editing.cannot_repair")
    return error("editing.already_best" if proven else "editing.nothing_better")


def _points(judge: Judge, judged: Judged, z: int) -> float:
    zone_of = judge.problem.zone_of
    alliances = ((lead, own) for lead, own in judged.alliances.items() if zone_of[lead] == z)
    return judge.total_of(alliances, (v for v in judged.left_out if zone_of[v] == z))


def coded(base: Base, lead_of: NDArray[np.intp], moved: list[int]) -> dict[str, str | None]:
    """Return the leads of some villages by code, None for left out."""
    leads = {v: int(lead_of[v]) for v in moved}
    return {
        base.codes[v]: None if lead == UNASSIGNED else base.codes[lead] for v, lead in leads.items()
    }

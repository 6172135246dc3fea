"""Two plans of the same villages: what differs, what it is worth, what the rest could be."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from liancun_geo.editing import Entry, matched_alliances
from liancun_geo.errors import ProblemError
from liancun_geo.plan import UNASSIGNED
from liancun_geo.points import PER_VILLAGE, PlanPoints, plan_points
from liancun_geo.quality import METRICS
from liancun_geo.quality.measures import Ground, Measured
from liancun_geo.scenario import Groundwork, Scenario, assemble
from liancun_geo.solve import resolve

_METRIC = {metric.id: metric for metric in METRICS}


@dataclass(frozen=True, slots=True)
class Moved:
    """A village that is elsewhere in the second plan.

    Attributes
    ----------
    village
        Position.
    before, after
        Leads of its alliance in the first and in the second plan; None: in none.
    points
        Its own points in the second plan minus those in the first; None if either is unknown.
    """

    village: int
    before: int | None
    after: int | None
    points: float | None


@dataclass(frozen=True, slots=True)
class LeadChange:
    """An alliance that goes on under another lead; ``points`` of those who stay in it."""

    before: int
    after: int
    points: float | None


@dataclass(frozen=True)
class Difference:
    """What a second plan does otherwise.

    Alliances of the two are matched by :func:`liancun_geo.editing.matched_alliances`: those of
    one lead, else those that share most villages.

    Attributes
    ----------
    moved
        Villages in another alliance, in one instead of none or in none instead of one; by
        position.
    leads
        Alliances that go on under another lead.
    gone, new
        Leads of alliances that only the first, only the second has.
    goes_on
        Lead in the second plan -> lead in the first of the same alliance.
    change
        Points of the second plan minus those of the first, both by the rules of the first; None
        if either breaks them in a way that has no points.
    rest
        What of it is neither in ``moved`` nor in ``leads``: sizes and targets of alliances.
    same_rules
        Whether both were planned by the same rules and weights.
    """

    moved: tuple[Moved, ...]
    leads: tuple[LeadChange, ...]
    gone: tuple[int, ...]
    new: tuple[int, ...]
    goes_on: Mapping[int, int]
    change: float | None
    rest: float | None
    same_rules: bool

    @property
    def n_switched(self) -> int:
        """Number of villages that go from one alliance to another."""
        return sum(None not in (one.before, one.after) for one in self.moved)

    @property
    def n_left_out(self) -> int:
        """Number of villages that only the first plan places."""
        return sum(one.after is None for one in self.moved)

    @property
    def n_placed(self) -> int:
        """Number of villages that only the second plan places."""
        return sum(one.before is None for one in self.moved)


@dataclass(frozen=True, slots=True)
class Figures:
    """One plan in figures; None where there is none.

    Attributes
    ----------
    total
        Points.
    most
        At most so many more has any plan under its own rules; 0 when proven best.
    gap
        The same as a share of its cost.
    placed, count, alliances
        Villages in alliances, villages in all, alliances.
    weak_led, weak
        Weak villages that a strong village leads, weak villages that take part.
    distance_mean_km, distance_max_km
        From member to lead, straight lines.
    similar_share
        Pairs of lead and member with an industry in common, of those known.
    broken
        Rules it breaks.
    """

    total: float | None
    most: float | None
    gap: float | None
    placed: int
    count: int
    alliances: int
    weak_led: int
    weak: int
    distance_mean_km: float | None
    distance_max_km: float | None
    similar_share: float | None
    broken: int


@dataclass(frozen=True, eq=False)
class Kept:
    """The best plan that keeps what differs, and what else it moves.

    ``proven``: no plan of the zones that were solved again is better.
    """

    scenario: Scenario
    difference: Difference
    proven: bool


def difference(first: Scenario, second: Scenario) -> Difference:
    """Return what the second of two plans does otherwise.

    Raises
    ------
    ProblemError
        If they are plans of other villages.
    """
    _require_same_villages(first, second)
    before, after = first.plan.lead_of, second.plan.lead_of
    match, gone, new = matched_alliances(before, after)
    here = np.flatnonzero(_moved(before, after, match)).tolist()
    one, other = plan_points(first.problem, first.plan), plan_points(first.problem, second.plan)
    own = _own(one, other)
    moved = tuple(
        Moved(village, _lead(before, village), _lead(after, village), _known(own[village]))
        for village in here
    )
    leads = tuple(
        LeadChange(a, b, _known(_sum(own, (before == a) & (after == b))))
        for a, b in match.items()
        if a != b
    )
    change = _known(other.total - one.total)
    told = [*(one.points for one in moved), *(one.points for one in leads)]
    sums = None if None in told else math.fsum(part for part in told if part is not None)
    return Difference(
        moved=moved,
        leads=leads,
        gone=tuple(gone),
        new=tuple(new),
        goes_on={b: a for a, b in match.items()},
        change=change,
        rest=None if change is None or sums is None else change - sums,
        same_rules=(
            first.settings.rules == second.settings.rules
            and first.settings.criteria == second.settings.criteria
        ),
    )


def figures(scenario: Scenario, *, judged_by: Scenario | None = None) -> Figures:
    """Return a plan in figures.

    Parameters
    ----------
    scenario
        The plan.
    judged_by
        By whose rules points are counted, so that two plans can be held beside each other;
        default: its own.
    """
    ground = Ground(scenario)
    measured = Measured.of(scenario.plan.lead_of)
    result, judge = scenario.result, judged_by or scenario
    bounded = not scenario.violations and math.isfinite(result.gap)
    weak = [v for v in range(ground.n) if ground.takes_part[v] and ground.weak[v]]
    strong = scenario.settings.types.strong_income_wan_yuan
    return Figures(
        total=_known(plan_points(judge.problem, scenario.plan).total),
        most=PER_VILLAGE * max(0.0, result.objective - result.bound) if bounded else None,
        gap=result.gap if bounded else None,
        placed=int((scenario.plan.lead_of != UNASSIGNED).sum()),
        count=ground.n,
        alliances=len(scenario.alliances),
        weak_led=sum(strongly_led(ground, measured, village, strong) for village in weak),
        weak=len(weak),
        distance_mean_km=_METRIC["distance_mean"].compute(ground, measured).value,
        distance_max_km=_METRIC["distance_max"].compute(ground, measured).value,
        similar_share=_METRIC["similar_share"].compute(ground, measured).value,
        broken=len(scenario.violations),
    )


def best_keeping(
    first: Scenario,
    second: Scenario,
    *,
    seconds: float = 10.0,
    workers: int = 1,
    cancel: threading.Event | None = None,
) -> Kept:
    """Return the best plan that keeps every village of the second where it differs.

    Only the zones with a difference are solved again, by the rules of the second plan.

    Parameters
    ----------
    first, second
        As for :func:`difference`; the locks are the villages moved, and the leads changed.
    seconds, workers, cancel
        As for :func:`liancun_geo.solve.solve`.
    """
    found = difference(first, second)
    kept = {one.village for one in found.moved} | {one.after for one in found.leads}
    kept |= {one.after for one in found.moved if one.after is not None}
    problem = second.problem
    zones = [problem.zones[z].label for z in sorted({int(problem.zone_of[v]) for v in kept})]
    result = resolve(
        problem,
        second.plan,
        locked=sorted(kept),
        zones=zones,
        previous=second.result,
        time_limit=seconds,
        workers=workers,
        seed=second.settings.solver.seed,
        cancel=cancel,
    )
    groundwork = Groundwork(second.contiguity, second.leads, second.pairs, problem)
    scenario = assemble(second.villages, second.settings, groundwork, result)
    again = [zone for zone in result.zones if zone.label not in result.kept]
    proven = all(zone.status == "optimal" for zone in again)
    return Kept(scenario, difference(second, scenario), proven)


def reasons(entries: Iterable[Entry]) -> dict[str, str]:
    """Return why villages were moved, by code: the last words of the log on each.

    Parameters
    ----------
    entries
        Those in force.
    """
    told: dict[str, str] = {}
    for entry in entries:
        for code in entry.lead_of:
            words = entry.reasons.get(code) or entry.note
            if words:
                told[code] = words
    return told


def _require_same_villages(first: Scenario, second: Scenario) -> None:
    codes = [scenario.villages.frame["code"].tolist() for scenario in (first, second)]
    if codes[0] != codes[1]:
        raise ProblemError("plans of other villages cannot be compared")


def _moved(
    before: NDArray[np.intp], after: NDArray[np.intp], match: Mapping[int, int]
) -> NDArray[np.bool_]:
    goes_to = {**match, UNASSIGNED: UNASSIGNED}
    expected = np.array([goes_to.get(lead, -2) for lead in before.tolist()], dtype=np.intp)
    moved: NDArray[np.bool_] = expected != after
    return moved


def _own(one: PlanPoints, other: PlanPoints) -> NDArray[np.float64]:
    """Return what each village has more; one that does not count has none."""
    with np.errstate(invalid="ignore"):
        own: NDArray[np.float64] = other.village - one.village
    # Placed by one plan only, and without a price: its whole points come or go.
    own = np.where(np.isnan(one.village) & ~np.isnan(other.village), other.village, own)
    return np.where(np.isnan(other.village) & ~np.isnan(one.village), -one.village, own)


def _sum(own: NDArray[np.float64], here: NDArray[np.bool_]) -> float:
    return math.fsum(own[here].tolist()) if np.isfinite(own[here]).all() else math.nan


def _lead(lead_of: NDArray[np.intp], village: int) -> int | None:
    lead = int(lead_of[village])
    return None if lead == UNASSIGNED else lead


def _known(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def strongly_led(ground: Ground, plan: Measured, village: int, strong: float) -> bool:
    """Say whether another village leads a village, and has an income of ``strong`` or more."""
    lead = int(plan.lead_of[village])
    return lead not in (UNASSIGNED, village) and bool(ground.collective[lead] >= strong)

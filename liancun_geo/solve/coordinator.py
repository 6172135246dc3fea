"""Solve all zones, in parallel if asked, and put their plans and proofs together."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np

from liancun_geo.problem import AllianceProblem
from liancun_geo.solve.coupling import Option, combine, listed_solver, zone_options
from liancun_geo.solve.diagnose import why_infeasible, why_left_out
from liancun_geo.solve.methods import LISTED_SIZE, LISTED_ZONE, solve_zone
from liancun_geo.solve.result import Reason, SolveResult, Status, ZoneResult
from liancun_geo.solve.stopping import Stop
from liancun_geo.solve.zoneplan import Choice, ZonePlan
from liancun_geo.zone import Zone

EXPLAINED_IN = 3.0
"""Seconds that each question may take when a zone has no plan: its explanation is not the plan."""
WORTH_A_TRY = 1.5
"""How many times as long as before a zone must have to be solved again from the start."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a solve is.

    ``objective`` and ``bound`` are sums over the zones that are done or have begun; the
    objective is ``inf`` while one of them has no plan, the bound ``-inf`` while one has none.
    """

    zones_done: int
    zones: int
    objective: float
    bound: float


@dataclass(frozen=True, eq=False)
class _Done:
    """A zone's plan with what is said of it."""

    plan: ZonePlan
    seconds: float
    reason: Reason | None


class _Board:
    """What is known so far, told to the caller one message at a time."""

    def __init__(self, zones: int, tell: Callable[[Progress], None] | None) -> None:
        self._lock = threading.Lock()
        self._figures: dict[int, tuple[float, float]] = {}
        self._zones = zones
        self._done: set[int] = set()
        self._tell = tell

    def watch(self, z: int) -> Callable[[float, float], None]:
        """Return what a zone calls when its plan or its bound moves."""

        def moved(objective: float, bound: float) -> None:
            self._note(z, objective, bound, done=False)

        return moved

    def finish(self, z: int, plan: ZonePlan) -> None:
        """Note that a zone is done."""
        self._note(z, plan.objective, plan.bound, done=True)

    def _note(self, z: int, objective: float, bound: float, *, done: bool) -> None:
        with self._lock:
            self._figures[z] = (objective, bound)
            if done:
                self._done.add(z)
            if self._tell is not None:
                figures = [self._figures[key] for key in sorted(self._figures)]
                objective = float(sum(of_zone for of_zone, _ in figures))
                bound = float(sum(of_zone for _, of_zone in figures))
                self._tell(Progress(len(self._done), self._zones, objective, bound))


def solve(
    problem: AllianceProblem,
    time_limit: float = 60.0,
    workers: int = 1,
    seed: int = 0,
    *,
    method: Choice = "auto",
    progress: Callable[[Progress], None] | None = None,
    cancel: threading.Event | None = None,
) -> SolveResult:
    """Find the best plan of every zone and prove it.

    Parameters
    ----------
    problem
        What may be chosen and what it costs.
    time_limit
        Seconds in all. If they run out, the status says what is proven.
    workers
        Threads that solve zones side by side. The plan does not depend on it.
    seed
        Recorded with the result; no method draws random numbers.
    method
        ``"listing"``, ``"assignment"`` or ``"search"`` for every zone, or ``"auto"``, which
        chooses by measured size. The meaning of the problem does not depend on it.
    progress
        Called when a zone has a better plan, a better bound or is done; from one thread at a
        time.
    cancel
        Set it from another thread to stop as if the time were up.

    Returns
    -------
    SolveResult
        Always: an infeasible zone is a state, not an exception, and the others are planned.
    """
    if method not in ("auto", "listing", "assignment", "search"):
        raise ValueError(f"method must be auto, listing, assignment or search, got {method!r}")
    board = _Board(len(problem.zones), progress)
    with Stop(time_limit, cancel) as stop:
        if problem.rules.couples_zones:
            done = _coupled(problem, method, workers, stop, board)
        else:
            done = _one_by_one(problem, method, workers, stop, board)
        seconds = stop.elapsed
    return _together(problem, done, seed, seconds)


def _in_parallel(work: Callable[[int], None], order: list[int], workers: int) -> None:
    if workers == 1:
        for z in order:
            work(z)
        return
    with ThreadPoolExecutor(max_workers=workers) as pool:
        for _ in pool.map(work, order):
            pass


class _Shares:
    """Time for each zone: what is left, shared by the zones that wait."""

    def __init__(self, workers: int, stop: Stop) -> None:
        self._lock = threading.Lock()
        self._waiting, self._workers, self._stop = 0, workers, stop
        self.given: dict[int, float] = {}

    def next(self, z: int) -> float:
        """Return the seconds of the zone that begins now."""
        with self._lock:
            waiting = max(self._waiting, 1)
            self._waiting -= 1
            self.given[z] = self._stop.left * min(self._workers, waiting) / waiting
            return self.given[z]

    def solve(
        self, work: Callable[[int], None], order: list[int], settled: Callable[[int], bool]
    ) -> None:
        """Work on every zone, and again on those that their share was too short for.

        The first zones get a share only; what the last ones leave would otherwise be lost.
        """
        waiting = order
        while waiting:
            self._waiting = len(waiting)
            _in_parallel(work, waiting, self._workers)
            open_yet = [z for z in waiting if not settled(z)]
            share = self._stop.left * min(self._workers / max(len(open_yet), 1), 1.0)
            waiting = [z for z in open_yet if share > WORTH_A_TRY * self.given[z]]


def _order(problem: AllianceProblem) -> list[int]:
    """Return the zones, small ones first: what they leave of their time goes to the hard ones."""
    return sorted(range(len(problem.zones)), key=lambda z: (problem.zones[z].n, z))


def _one_by_one(
    problem: AllianceProblem, method: Choice, workers: int, stop: Stop, board: _Board
) -> list[_Done]:
    done: dict[int, _Done] = {}
    shares = _Shares(workers, stop)

    def work(z: int) -> None:
        zone, seconds, start = problem.zones[z], shares.next(z), time.perf_counter()
        plan = solve_zone(zone, method, seconds=seconds, stop=stop.flag, watch=board.watch(z))
        before = done.get(z)
        spent = time.perf_counter() - start
        if before is not None:
            plan, spent = _better(before.plan, plan), spent + before.seconds
        done[z] = _Done(plan, spent, _reason(zone, plan, seconds, stop))
        board.finish(z, plan)

    def settled(z: int) -> bool:
        reason = done[z].reason
        return reason is None or reason.rule != "time_limit"

    shares.solve(work, _order(problem), settled)
    return [done[z] for z in range(len(problem.zones))]


def _better(before: ZonePlan, after: ZonePlan) -> ZonePlan:
    """Return the better of two plans of a zone, with the better of their bounds."""
    if after.status in ("optimal", "infeasible"):
        return after
    best = after if after.objective <= before.objective else before
    return replace(best, bound=max(before.bound, after.bound))


def _reason(zone: Zone, plan: ZonePlan, seconds: float, stop: Stop) -> Reason | None:
    if plan.status == "infeasible":
        return why_infeasible(zone, plan, seconds=min(seconds, EXPLAINED_IN), stop=stop.flag)
    if not plan.complete and not stop.flag[0]:
        return Reason("too_many_candidates", value=plan.candidates)
    return None if plan.status == "optimal" else Reason("time_limit")


def _coupled(
    problem: AllianceProblem, method: Choice, workers: int, stop: Stop, board: _Board
) -> list[_Done]:
    """Solve every zone for all that the others may need, and combine."""
    rules = problem.rules
    frozen = len(rules.frozen)
    least, most = rules.n_alliances
    n_alliances = (max(0.0, least - frozen), most - frozen)
    budget = rules.budget
    if rules.budget_use is not None:
        budget -= float(sum(rules.budget_use[villages[0]] for villages in rules.frozen))
    options: dict[int, list[Option]] = {}
    spent: dict[int, float] = {}
    complete: dict[int, bool] = {}
    shares = _Shares(workers, stop)

    def work(z: int) -> None:
        zone, seconds, start = problem.zones[z], shares.next(z), time.perf_counter()

        def left() -> float:
            return max(0.0, seconds - (time.perf_counter() - start))

        listed = zone.max_size <= LISTED_SIZE or zone.n <= LISTED_ZONE
        if zone.use is not None or method == "listing" or (method == "auto" and listed):
            solver = listed_solver(zone, seconds=left, stop=stop.flag)
        else:

            def solver(counted: Zone, _: float) -> ZonePlan:
                return solve_zone(counted, method, seconds=left(), stop=stop.flag)

        found, complete[z] = zone_options(
            zone,
            n_alliances=n_alliances,
            alone=len(problem.zones) == 1,
            solve=solver,
            out_of_time=lambda: left() <= 0.0,
        )
        if complete[z] or len(found) >= len(options.get(z, ())):
            options[z] = found
        spent[z] = spent.get(z, 0.0) + time.perf_counter() - start
        if options[z]:
            board.finish(z, min((o.plan for o in options[z]), key=lambda plan: plan.objective))

    shares.solve(work, _order(problem), lambda z: complete[z])
    zones = range(len(problem.zones))
    proven = all(complete[z] for z in zones)
    chosen = combine([options[z] for z in zones], n_alliances, budget)
    if chosen is None:
        return _no_combination(problem, options, spent, proven)
    done = []
    for z in zones:
        plan = chosen[z].plan
        if not proven:
            # Some way to plan some zone is unknown: only the zones' own bounds hold.
            floor = min((o.plan.bound for o in options[z]), default=-np.inf)
            floor = floor if complete[z] else -np.inf
            plan = replace(plan, status="feasible", bound=floor)
        reason = None if proven else Reason("time_limit")
        done.append(_Done(plan, spent[z], reason))
    return done


def _no_combination(
    problem: AllianceProblem,
    options: dict[int, list[Option]],
    spent: dict[int, float],
    proven: bool,
) -> list[_Done]:
    """Say which rule over all zones cannot be kept, with the nearest number that can."""
    rules = problem.rules
    frozen = len(rules.frozen)
    nothing = np.zeros(0, dtype=bool)
    status: Status = "infeasible" if proven else "unknown"
    fewest = frozen + sum(min((o.alliances for o in of), default=0) for of in options.values())
    most = frozen + sum(max((o.alliances for o in of), default=0) for of in options.values())
    if not proven:
        reason = Reason("time_limit")
    elif not all(options.values()):
        reason = Reason("sizes")
    elif fewest > rules.n_alliances[1] or most < rules.n_alliances[0]:
        reason = Reason("n_alliances", value=fewest if fewest > rules.n_alliances[1] else most)
    else:
        reason = Reason("budget")
    bound = np.inf if proven else -np.inf
    done = []
    for z, zone in enumerate(problem.zones):
        own = reason
        if proven and not options[z]:
            own = Reason("n_alliances" if zone.n_alliances != (0, np.inf) else "sizes")
        placeable = options[z][0].plan.placeable if options[z] else np.ones(zone.n, dtype=bool)
        plan = ZonePlan(status, None, np.inf, bound, 0, placeable if zone.n else nothing)
        done.append(_Done(plan, spent[z], own))
    return done


def _totals(plans: list[ZonePlan]) -> tuple[float, float]:
    """Return objective and bound over the zones that have a plan."""
    planned = [plan for plan in plans if np.isfinite(plan.objective)]
    if plans and not planned:
        bound = np.inf if all(plan.status == "infeasible" for plan in plans) else -np.inf
        return np.inf, bound
    return float(sum(p.objective for p in planned)), float(sum(p.bound for p in planned))


def _together(
    problem: AllianceProblem, done: list[_Done], seed: int, seconds: float
) -> SolveResult:
    lead_of = np.full(problem.n, -1, dtype=np.intp)
    left_out: dict[int, Reason] = {}
    records: list[ZoneResult] = []
    for zone, outcome in zip(problem.zones, done, strict=True):
        plan = outcome.plan
        records.append(
            ZoneResult(
                label=zone.label,
                n=zone.n,
                status=plan.status,
                objective=plan.objective,
                bound=plan.bound,
                candidates=plan.candidates,
                seconds=outcome.seconds,
                reason=outcome.reason,
                method=plan.method,
                relaxation=plan.relaxation,
            )
        )
        left_out.update(why_left_out(zone, plan))
        if plan.lead_of is not None:
            placed = plan.lead_of >= 0
            lead_of[zone.villages[placed]] = zone.villages[plan.lead_of[placed]]
    for villages in problem.rules.frozen:
        lead_of[list(villages)] = villages[0]
    lead_of.flags.writeable = False
    objective, bound = _totals([outcome.plan for outcome in done])
    agreed = problem.frozen_cost()
    return SolveResult(
        lead_of=lead_of,
        objective=objective + agreed,
        bound=bound + agreed,
        status=_status(records),
        zones=tuple(records),
        left_out=MappingProxyType(dict(sorted(left_out.items()))),
        seed=seed,
        seconds=seconds,
    )


def _status(records: list[ZoneResult]) -> Status:
    of_zones = {record.status for record in records}
    for status in ("infeasible", "unknown", "feasible"):
        if status in of_zones:
            return status
    return "optimal"

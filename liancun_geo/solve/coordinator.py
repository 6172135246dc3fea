"""Solve all zones, in parallel if asked, and put their plans and proofs together."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from liancun_geo.problem import AllianceProblem
from liancun_geo.solve.diagnose import why_infeasible, why_left_out
from liancun_geo.solve.partition import solve_by_listing
from liancun_geo.solve.result import Reason, SolveResult, Status, ZoneResult
from liancun_geo.solve.stopping import Stop
from liancun_geo.solve.zoneplan import ZonePlan
from liancun_geo.zone import Zone


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a solve is.

    ``objective`` and ``bound`` are sums over the zones done.
    """

    zones_done: int
    zones: int
    objective: float
    bound: float


def solve(
    problem: AllianceProblem,
    time_limit: float = 60.0,
    workers: int = 1,
    seed: int = 0,
    *,
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
        Recorded with the result; the exact method draws no random numbers.
    progress
        Called after every zone, from the calling thread's workers one at a time.
    cancel
        Set it from another thread to stop as if the time were up.

    Returns
    -------
    SolveResult
        Always: an infeasible zone is a state, not an exception, and the others are planned.
    """
    done: list[tuple[ZonePlan, dict[int, Reason], ZoneResult] | None] = [None] * len(problem.zones)
    # Small zones first: what they leave of their time goes to the hard ones.
    order = sorted(range(len(problem.zones)), key=lambda z: (problem.zones[z].n, z))
    waiting = len(order)
    lock = threading.Lock()

    with Stop(time_limit, cancel) as stop:

        def work(z: int) -> None:
            nonlocal waiting
            with lock:
                share = stop.left * min(workers, waiting) / max(waiting, 1)
                waiting -= 1
            outcome = _solve_zone(problem.zones[z], share, stop)
            with lock:
                done[z] = outcome
                if progress is not None:
                    progress(_progress(done))

        if workers == 1:
            for z in order:
                work(z)
        else:
            with ThreadPoolExecutor(max_workers=workers) as pool:
                for _ in pool.map(work, order):
                    pass
        seconds = stop.elapsed
    return _together(problem, [outcome for outcome in done if outcome], seed, seconds)


def _solve_zone(
    zone: Zone, seconds: float, stop: Stop
) -> tuple[ZonePlan, dict[int, Reason], ZoneResult]:
    start = time.perf_counter()
    plan = solve_by_listing(zone, seconds=seconds, stop=stop.flag)
    reason: Reason | None = None
    if plan.status == "infeasible":
        reason = why_infeasible(zone, plan, seconds=seconds, stop=stop.flag)
    elif not plan.complete and not stop.flag[0]:
        reason = Reason("too_many_candidates", value=plan.candidates)
    elif plan.status != "optimal":
        reason = Reason("time_limit")
    record = ZoneResult(
        label=zone.label,
        n=zone.n,
        status=plan.status,
        objective=plan.objective,
        bound=plan.bound,
        candidates=plan.candidates,
        seconds=time.perf_counter() - start,
        reason=reason,
    )
    return plan, why_left_out(zone, plan), record


def _progress(
    done: list[tuple[ZonePlan, dict[int, Reason], ZoneResult] | None],
) -> Progress:
    records = [outcome[2] for outcome in done if outcome]
    objective, bound = _totals(records)
    return Progress(len(records), len(done), objective, bound)


def _totals(records: list[ZoneResult]) -> tuple[float, float]:
    """Return objective and bound over the zones that have a plan."""
    planned = [record for record in records if np.isfinite(record.objective)]
    if records and not planned:
        bound = np.inf if all(r.status == "infeasible" for r in records) else -np.inf
        return np.inf, bound
    return float(sum(r.objective for r in planned)), float(sum(r.bound for r in planned))


def _together(
    problem: AllianceProblem,
    outcomes: list[tuple[ZonePlan, dict[int, Reason], ZoneResult]],
    seed: int,
    seconds: float,
) -> SolveResult:
    lead_of = np.full(problem.n, -1, dtype=np.intp)
    left_out: dict[int, Reason] = {}
    records: list[ZoneResult] = []
    for zone, (plan, reasons, record) in zip(problem.zones, outcomes, strict=True):
        records.append(record)
        left_out.update(reasons)
        if plan.lead_of is not None:
            placed = plan.lead_of >= 0
            lead_of[zone.villages[placed]] = zone.villages[plan.lead_of[placed]]
    lead_of.flags.writeable = False
    objective, bound = _totals(records)
    return SolveResult(
        lead_of=lead_of,
        objective=objective,
        bound=bound,
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

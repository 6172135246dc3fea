"""Solve again from a plan: keep what is locked, change as little as possible, touch few zones.

What a change costs is linear in lead and member, so it folds into the costs of a zone and the
same methods solve the problem exactly. A greatest number of changes is one more row over the
candidates of a zone; the zones are then combined over the number of changes.
"""

from __future__ import annotations

import threading
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike

from liancun_geo.arrays import Faults
from liancun_geo.plan import UNASSIGNED, Plan
from liancun_geo.problem import AllianceProblem
from liancun_geo.solve.again import Again, Asked, Done
from liancun_geo.solve.diagnose import why_left_out
from liancun_geo.solve.result import Reason, SolveResult, Status, ZoneResult
from liancun_geo.solve.stopping import Stop
from liancun_geo.zone import Zone


@dataclass(frozen=True, eq=False)
class ResolveResult(SolveResult):
    """A plan with its proof, and how far it is from the plan it started from.

    ``objective`` is the plan's own cost. ``bound`` holds for every plan that keeps the locks and
    whose moves cost no more than this one's; with a greatest number of moves, for every plan
    that keeps that number. The same is true of each zone. What was minimised is ``total``.

    Attributes
    ----------
    move_cost
        What the moves cost.
    moved
        Villages, in zones with a plan, whose lead differs from the one they had.
    kept
        Labels of the zones that were not solved again.
    """

    move_cost: float = 0.0
    moved: tuple[int, ...] = ()
    kept: tuple[Hashable, ...] = ()

    @property
    def total(self) -> float:
        """The plan's own cost and the cost of its moves."""
        return self.objective + self.move_cost


def resolve(
    problem: AllianceProblem,
    plan: Plan | ArrayLike,
    *,
    move_cost: ArrayLike = 0.0,
    max_moves: int | None = None,
    locked: Iterable[int] = (),
    zones: Iterable[Hashable] | None = None,
    previous: SolveResult | None = None,
    time_limit: float = 60.0,
    workers: int = 1,
    seed: int = 0,
    cancel: threading.Event | None = None,
) -> ResolveResult:
    """Find the best plan near a given one and prove it.

    Parameters
    ----------
    problem
        What may be chosen now; it may differ from the problem the plan was made for.
    plan
        A plan, or (n,) the lead of each village's alliance, -1 if left out.
    move_cost
        Cost of each village whose lead changes, one number or (n,); being left out, or placed
        after having been left out, counts as a change.
    max_moves
        Most villages whose lead may change, over all zones, those in frozen alliances included.
    locked
        Villages that keep their lead. An alliance all of whose villages are locked is frozen:
        nobody joins or leaves, and no other rule is asked of it.
    zones
        Labels of the zones to solve again; the others keep the plan as it is, unless it breaks
        a rule there. Default: all.
    previous
        The result that the plan came from, for the proofs of zones that are kept: their rules and
        costs must be what they were then.
    time_limit, workers, seed, cancel
        As for :func:`~liancun_geo.solve.solve`.

    Returns
    -------
    ResolveResult
        Always. A zone whose locks cannot be kept has the reason ``locked``; if more villages
        have to move than may, every zone solved again has the reason ``max_moves`` with the
        fewest that must move.

    Raises
    ------
    ProblemError
        Listing every fault of the arguments.
    """
    with Stop(time_limit, cancel) as stop:
        asked = _read(problem, plan, move_cost, max_moves, locked, zones)
        done = Again(problem, asked, previous, stop, workers).run()
        return _together(problem, asked, done, seed, stop.elapsed)


def _read(
    problem: AllianceProblem,
    plan: Plan | ArrayLike,
    move_cost: ArrayLike,
    max_moves: int | None,
    locked: Iterable[int],
    zones: Iterable[Hashable] | None,
) -> Asked:
    faults, n = Faults(), problem.n
    before = np.asarray(plan.lead_of if isinstance(plan, Plan) else plan)
    if before.size == 0 and n == 0:
        before = np.zeros(0, dtype=np.intp)
    if before.shape != (n,) or not np.issubdtype(before.dtype, np.integer):
        faults.add(f"plan must be ({n},) integers, got {before.dtype} {before.shape}")
    elif (before < UNASSIGNED).any() or (before >= n).any():
        faults.add(f"plan must name leads -1 .. {n - 1}")
    cost = np.asarray(move_cost, dtype=np.float64)
    if cost.shape not in ((), (n,)) or not np.isfinite(cost).all() or (cost < 0).any():
        faults.add("move_cost must be one number or (n,), finite and not negative")
    if max_moves is not None and max_moves < 0:
        faults.add(f"max_moves must not be negative, got {max_moves}")
    fixed = tuple(sorted({int(v) for v in locked}))
    if any(not 0 <= v < n for v in fixed):
        faults.add(f"locked must name villages 0 .. {n - 1}")
    labels = [zone.label for zone in problem.zones]
    wanted = labels if zones is None else list(zones)
    unknown = [label for label in wanted if label not in labels]
    if unknown:
        faults.add(f"zones names unknown zones: {unknown[:5]}")
    faults.stop_if_any()
    return Asked(
        before=before.astype(np.intp),
        move_cost=np.broadcast_to(cost, (n,)),
        locked=fixed,
        most_moves=np.inf if max_moves is None else float(max_moves),
        touched=tuple(label in wanted for label in labels),
    )


def _together(
    problem: AllianceProblem, asked: Asked, done: list[Done], seed: int, seconds: float
) -> ResolveResult:
    lead_of = np.full(problem.n, UNASSIGNED, dtype=np.intp)
    planned = np.zeros(problem.n, dtype=bool)
    left_out: dict[int, Reason] = {}
    for zone, outcome in zip(problem.zones, done, strict=True):
        plan = outcome.plan
        left_out.update(why_left_out(zone, plan))
        if plan.lead_of is not None:
            placed = plan.lead_of >= 0
            lead_of[zone.villages[placed]] = zone.villages[plan.lead_of[placed]]
            planned[zone.villages] = True
    for villages in problem.rules.frozen:
        lead_of[list(villages)] = villages[0]
        planned[list(villages)] = True
    lead_of.flags.writeable = False
    moves = planned & (lead_of != asked.before)
    paid = np.where(moves, asked.move_cost, 0.0)
    records = [
        _record(zone, outcome, float(np.sort(paid[zone.villages]).sum()))
        for zone, outcome in zip(problem.zones, done, strict=True)
    ]
    agreed = problem.frozen_cost()
    objective, bound, status = _totals(records)
    return ResolveResult(
        lead_of=lead_of,
        objective=objective + agreed,
        bound=bound + agreed,
        status=status,
        zones=tuple(records),
        left_out=MappingProxyType(dict(sorted(left_out.items()))),
        seed=seed,
        seconds=seconds,
        move_cost=float(np.sort(paid).sum()),
        moved=tuple(np.flatnonzero(moves).tolist()),
        kept=tuple(r.label for r, d in zip(records, done, strict=True) if d.kept is not None),
    )


def _record(zone: Zone, outcome: Done, paid: float) -> ZoneResult:
    """Return the record of a zone, without what its moves cost."""
    if outcome.kept is not None:
        return outcome.kept
    plan = outcome.plan
    return ZoneResult(
        label=zone.label,
        n=zone.n,
        status=plan.status,
        objective=plan.objective - paid,
        bound=plan.bound if plan.status == "infeasible" else plan.bound - paid,
        candidates=plan.candidates,
        seconds=outcome.seconds,
        reason=outcome.reason,
        method=plan.method,
        # The prices are those of the zone with moves and locks: no proof for the zone itself.
        relaxation=None,
    )


def _totals(records: list[ZoneResult]) -> tuple[float, float, Status]:
    """Return objective and bound over the zones that have a plan, and the worst status."""
    status: Status = "optimal"
    worse: tuple[Status, ...] = ("infeasible", "unknown", "feasible")
    for each in worse:
        if any(record.status == each for record in records):
            status = each
            break
    planned = [record for record in records if np.isfinite(record.objective)]
    if records and not planned:
        lost = all(record.status == "infeasible" for record in records)
        return np.inf, np.inf if lost else -np.inf, status
    objective = float(sum(record.objective for record in planned))
    return objective, float(sum(record.bound for record in planned)), status

"""Method A: list all candidates of a zone, bound, cut, and search until the best plan is proven."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from liancun_geo.problem import AllianceProblem, Zone
from liancun_geo.solve.cover import search_covers
from liancun_geo.solve.listing import LEFT_OUT, CandidatePool, list_candidates
from liancun_geo.solve.master import Master, Relaxation
from liancun_geo.solve.result import Status

FIRST_BUDGET = 0.002
"""The first search looks at plans this close (relative) to the bound; then twice as far, ..."""
NODE_LIMIT = 20_000
"""Nodes of the first search; every search that runs into its limit doubles it."""
SEARCHED_COLUMNS = 4_000
"""More columns than this are cut down by tightening the bound before they are searched."""


@dataclass(frozen=True, eq=False)
class ZonePlan:
    """The best plan of one zone with its proof, in the zone's own numbers.

    Attributes
    ----------
    status
        ``"optimal"``, ``"feasible"``, ``"infeasible"`` or ``"unknown"``.
    lead_of
        (k,) lead of each village, -1 if left out; None without a plan.
    objective
        Its cost, ``inf`` without a plan.
    bound
        Lower bound on the cost of every plan; ``inf`` if there is none.
    candidates
        Feasible alliances listed.
    placeable
        (k,) whether any feasible alliance holds the village.
    complete
        Whether all candidates were listed; if not, there is neither plan nor bound.
    relaxation
        The last programme, with the dual prices behind the bound.
    """

    status: Status
    lead_of: NDArray[np.intp] | None
    objective: float
    bound: float
    candidates: int
    placeable: NDArray[np.bool_]
    complete: bool = True
    relaxation: Relaxation | None = None


def solve_by_listing(
    zone: Zone,
    problem: AllianceProblem,
    *,
    seconds: float,
    stop: NDArray[np.uint8],
) -> ZonePlan:
    """Find the best plan of a zone among all feasible alliances and prove it.

    Parameters
    ----------
    zone, problem
        The zone, and the sizes and size costs of its problem.
    seconds
        Time this zone may take.
    stop
        One byte; set by another thread to make it return what it has.
    """
    pool = list_candidates(zone, problem.min_size, problem.max_size, problem.size_cost, stop=stop)
    return best_plan(pool, zone.unassigned_cost, seconds=seconds, stop=stop)


def best_plan(
    pool: CandidatePool,
    unassigned_cost: NDArray[np.float64],
    *,
    seconds: float,
    stop: NDArray[np.uint8],
) -> ZonePlan:
    """Find the cheapest choice of alliances that holds every village once and prove it.

    A village may be left out at its finite ``unassigned_cost``. One that no candidate holds is
    left out for nothing if it has no such price: no plan can place it.
    """
    candidates = len(pool)
    placeable = pool.covered()
    if not pool.complete:
        return ZonePlan("unknown", None, np.inf, -np.inf, candidates, placeable, complete=False)
    price = np.where(placeable | np.isfinite(unassigned_cost), unassigned_cost, 0.0)
    optional = np.flatnonzero(np.isfinite(price))
    pool = pool.with_left_out(optional, price[optional])
    search = _Search(pool, seconds, stop)
    status = search.run()
    return ZonePlan(
        status=status,
        lead_of=_lead_of(pool, search.best),
        objective=search.upper,
        bound=search.lower,
        candidates=candidates,
        placeable=placeable,
        relaxation=search.relaxation,
    )


def _lead_of(pool: CandidatePool, columns: NDArray[np.intp] | None) -> NDArray[np.intp] | None:
    if columns is None:
        return None
    lead_of = np.full(pool.n + 1, LEFT_OUT, dtype=np.intp)
    for column in columns:
        lead_of[pool.members[column]] = pool.lead[column]
    return lead_of[: pool.n]


class _Search:
    """Bound from below by the programme and its cuts, from above by covers, until they meet."""

    def __init__(self, pool: CandidatePool, seconds: float, stop: NDArray[np.uint8]) -> None:
        self.pool = pool
        self.deadline = time.perf_counter() + seconds
        self.stop = stop
        self.best: NDArray[np.intp] | None = None
        self.upper = np.inf
        self.lower = -np.inf
        self.relaxation: Relaxation | None = None
        self._number: NDArray[np.intp] = np.arange(len(pool))

    def run(self) -> Status:
        if self.pool.n == 0:
            self.best, self.upper, self.lower = np.zeros(0, dtype=np.intp), 0.0, 0.0
            return "optimal"
        master = Master(self.pool)
        node_limit = NODE_LIMIT
        cutting = True
        while True:
            relaxation = master.solve(self.stop)
            if relaxation is None:
                if self.best is not None:
                    return self._proven()
                self.lower = np.inf
                return "infeasible"
            self.relaxation = relaxation
            self.lower = max(self.lower, relaxation.bound)
            if self._integral(relaxation):
                return self._proven()
            outcome = self._search(master.pool, relaxation, node_limit)
            if outcome is not None:
                return outcome
            if self._out_of_time():
                return "unknown" if self.best is None else "feasible"
            if np.isfinite(self.upper):
                room = self.upper - relaxation.bound
                kept = master.restrict(relaxation.reduced_cost <= room + 1e-9 * abs(self.upper))
                self._number = self._number[kept]
                relaxation = master.solve(self.stop) or relaxation
            if cutting:
                cutting = master.separate(relaxation.primal) > 0
            if not cutting:
                node_limit *= 4

    def _integral(self, relaxation: Relaxation) -> bool:
        """Take over a programme whose solution is a plan already."""
        if not relaxation.integral:
            return False
        columns = np.sort(np.fromiter(relaxation.primal, dtype=np.intp))
        covered = self.pool.members[self._number[columns]]
        if np.bincount(covered.ravel(), minlength=self.pool.n + 1)[: self.pool.n].tolist() != (
            [1] * self.pool.n
        ):
            return False
        self._take(self._number[columns])
        return self.upper <= relaxation.bound + 1e-9 * max(1.0, abs(self.upper))

    def _search(
        self, pool: CandidatePool, relaxation: Relaxation, node_limit: int
    ) -> Status | None:
        """Search wider and wider; None if the node limit or the number of columns stopped it."""
        reduced = relaxation.reduced_cost
        budget = FIRST_BUDGET * max(abs(relaxation.bound), 1e-3)
        widest = float(reduced.sum())
        while True:
            room = self.upper - relaxation.bound
            last = room <= budget or budget >= widest
            budget = min(budget, room)
            if (reduced <= budget).sum() > SEARCHED_COLUMNS and node_limit <= NODE_LIMIT:
                return None
            found = search_covers(
                pool,
                reduced,
                bound=relaxation.bound,
                budget=budget,
                upper=self.upper,
                node_limit=node_limit,
                stop=self.stop,
            )
            if found.columns is not None:
                self._take(self._number[found.columns])
            if not found.exhausted:
                return None
            if last or self.upper - relaxation.bound <= budget:
                return self._proven() if self.best is not None else self._none()
            # Every plan costs more than the budget that has just been searched in vain.
            self.lower = max(self.lower, min(self.upper, relaxation.bound + budget))
            budget *= 2.0

    def _take(self, columns: NDArray[np.intp]) -> None:
        cost = float(np.sum(np.sort(self.pool.cost[columns])))
        if self.best is None or cost < self.upper:
            self.best, self.upper = columns, cost

    def _proven(self) -> Status:
        self.lower = self.upper
        return "optimal"

    def _none(self) -> Status:
        self.lower = np.inf
        return "infeasible"

    def _out_of_time(self) -> bool:
        return bool(self.stop[0]) or time.perf_counter() > self.deadline

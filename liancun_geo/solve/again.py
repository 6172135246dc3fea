"""One run of solving again: zones that are kept, zones that are solved, and what joins them."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from time import perf_counter

import numpy as np

from liancun_geo.arrays import BoolArray, FloatArray, IntArray
from liancun_geo.problem import AllianceProblem
from liancun_geo.solve.diagnose import why_infeasible
from liancun_geo.solve.judging import is_feasible, zone_cost
from liancun_geo.solve.listing import LEFT_OUT, CandidatePool
from liancun_geo.solve.methods import solve_zone
from liancun_geo.solve.moves import (
    LED_FROM_OUTSIDE,
    Limits,
    Part,
    Trade,
    combine_trades,
    fewest_moves,
    keeps_locks,
    part_with_locks,
    pool_of_moves,
    trades,
)
from liancun_geo.solve.reach import possible_pairs
from liancun_geo.solve.result import Reason, SolveResult, Status, ZoneResult
from liancun_geo.solve.stopping import Stop
from liancun_geo.solve.zoneplan import ZonePlan
from liancun_geo.zone import Zone


@dataclass(frozen=True, eq=False)
class Asked:
    """What was asked for, positions of the problem.

    Attributes
    ----------
    before
        (n,) lead each village had, -1 if left out.
    move_cost
        (n,) cost of moving each village.
    locked
        Villages that keep their lead, ascending.
    most_moves
        Most villages that may move, ``inf`` for any number.
    touched
        For every zone whether it is to be solved again.
    """

    before: IntArray
    move_cost: FloatArray
    locked: tuple[int, ...]
    most_moves: float
    touched: tuple[bool, ...]


@dataclass(frozen=True, eq=False)
class Done:
    """A zone's plan, in the zone's own numbers, with what is said of it.

    ``kept`` is the record of a zone that was not solved again.
    """

    plan: ZonePlan
    seconds: float = 0.0
    reason: Reason | None = None
    kept: ZoneResult | None = None


class Again:
    """One run: zones that are kept, zones that are solved, and what joins them."""

    def __init__(
        self,
        problem: AllianceProblem,
        asked: Asked,
        previous: SolveResult | None,
        stop: Stop,
        workers: int,
    ) -> None:
        self.problem, self.asked, self.stop, self.workers = problem, asked, stop, workers
        self.previous = previous
        self.before = [self._local(zone) for zone in problem.zones]
        self.done: dict[int, Done] = {}
        self.parts: dict[int, Part] = {}
        self.agreed: dict[int, float] = {}
        for z, zone in enumerate(problem.zones):
            if not asked.touched[z] and (kept := self._kept(zone, self.before[z])) is not None:
                self.done[z] = kept
        if not self._kept_are_enough():
            self.done = {}
        self.todo = [z for z in range(len(problem.zones)) if z not in self.done]
        is_locked = np.zeros(problem.n, dtype=bool)
        is_locked[list(asked.locked)] = True
        for z in self.todo:
            villages = problem.zones[z].villages
            part = part_with_locks(
                problem.zones[z],
                self.before[z],
                is_locked[villages],
                self._frozen(z, is_locked),
                asked.move_cost[villages],
            )
            self.parts[z] = part
            self.agreed[z] = _cost_of_frozen(problem, villages, part.frozen)

    def run(self) -> list[Done]:
        """Solve what is to be solved."""
        rules = self.problem.rules
        forced = self._forced_moves()
        if not rules.couples_zones and np.isinf(self.asked.most_moves):
            self._each(self._solve_alone)
        else:
            self._solve_together(forced)
        return [self.done[z] for z in range(len(self.problem.zones))]

    def _each(self, work: Callable[[int], None]) -> None:
        order = sorted(self.todo, key=lambda z: (self.problem.zones[z].n, z))
        if self.workers == 1:
            for z in order:
                work(z)
            return
        with ThreadPoolExecutor(max_workers=self.workers) as pool:
            for _ in pool.map(work, order):
                pass

    def _local(self, zone: Zone) -> IntArray:
        """Return the lead that each village of a zone had, in the zone's numbers."""
        local = np.full(self.problem.n + 1, LED_FROM_OUTSIDE, dtype=np.intp)
        local[zone.villages] = np.arange(zone.n)
        local[-1] = LEFT_OUT
        return local[self.asked.before[zone.villages]]

    def _frozen(self, z: int, locked: BoolArray) -> tuple[tuple[int, ...], ...]:
        """Return the alliances of a zone of which every village is locked, in its numbers."""
        zone, before = self.problem.zones[z], self.asked.before
        frozen = []
        for lead in np.flatnonzero(self.before[z] == np.arange(zone.n)).tolist():
            villages = np.flatnonzero(before == zone.villages[lead])
            here = np.isin(villages, zone.villages).all()
            if here and locked[villages].all():
                local = np.searchsorted(zone.villages, villages).tolist()
                frozen.append((lead, *(v for v in local if v != lead)))
        return tuple(frozen)

    def _kept(self, zone: Zone, before: IntArray) -> Done | None:
        """Return the record of a zone that stays as it is, None if its plan breaks a rule."""
        left_out = (before == LEFT_OUT) & np.isinf(zone.unassigned_cost)
        placeable = np.ones(zone.n, dtype=bool)
        if left_out.any():
            placeable = np.asarray(possible_pairs(zone).any(axis=0), dtype=bool)
        if not is_feasible(zone, before, placeable):
            return None
        cost = zone_cost(zone, before)
        known = self.previous.zones if self.previous is not None else ()
        for record in known:
            same = abs(record.objective - cost) <= 1e-9 * max(1.0, abs(cost))
            if record.label == zone.label and record.n == zone.n and same:
                plan = ZonePlan(
                    record.status,
                    before,
                    cost,
                    min(record.bound, cost),
                    record.candidates,
                    placeable,
                )
                return Done(plan, 0.0, record.reason, kept=replace(record, seconds=0.0))
        plan = ZonePlan("feasible", before, cost, -np.inf, 0, placeable)
        return Done(plan, kept=ZoneResult(zone.label, zone.n, "feasible", cost, -np.inf, 0, 0.0))

    def _kept_are_enough(self) -> bool:
        """Say whether zones that are all kept keep the rules over all zones."""
        rules = self.problem.rules
        if len(self.done) < len(self.problem.zones) or not rules.couples_zones:
            return True
        leads = self._elsewhere()
        fewest, most = rules.n_alliances
        used = 0.0 if rules.budget_use is None else float(rules.budget_use[leads].sum())
        slack = 1e-9 * max(1.0, used)
        return bool(fewest <= len(leads) <= most and used <= rules.budget + slack)

    def _forced_moves(self) -> int:
        """Return how many villages of agreed alliances had another lead."""
        before = self.asked.before
        agreed = self.problem.rules.frozen
        return sum(int(before[v]) != villages[0] for villages in agreed for v in villages)

    def _solve_alone(self, z: int) -> None:
        part, begin = self.parts[z], perf_counter()
        found = solve_zone(
            part.zone, "auto", seconds=self.stop.left, stop=self.stop.flag, start=part.before
        )
        if found.lead_of is not None and not keeps_locks(part, found.lead_of):
            found = _without_plan(found, "infeasible")
        self._finish(z, found, perf_counter() - begin)

    def _solve_together(self, forced: int) -> None:
        """Solve each zone for all that the others may need, and combine."""
        begin = perf_counter()
        limits = self._limits(forced)
        pools = {z: pool_of_moves(self.parts[z], stop=self.stop.flag) for z in self.todo}
        found: dict[int, list[Trade]] = {}
        complete: dict[int, bool] = {}
        alone = len(self.todo) == 1

        def work(z: int) -> None:
            found[z], complete[z] = trades(
                self.parts[z],
                pools[z],
                counts=_counts(self.parts[z].zone, limits.n_alliances, alone),
                most_moves=limits.most_moves,
                budget=limits.budget,
                alone=alone,
                left=lambda: self.stop.left,
                stop=self.stop.flag,
            )

        self._each(work)
        if not self.problem.rules.couples_zones:
            self._give_up_lost([z for z in self.todo if not found[z] and complete[z]], pools)
        chosen = combine_trades([found[z] for z in self.todo], limits)
        proven = all(complete[z] for z in self.todo)
        seconds = (perf_counter() - begin) / max(len(self.todo), 1)
        if chosen is None or limits.most_moves < 0:
            self._no_combination(pools, forced, proven, seconds)
            return
        for z, trade in zip(self.todo, chosen, strict=True):
            plan = trade.plan
            if not proven:
                # Some way to plan some zone is unknown: only the zones' own bounds hold.
                floor = min(other.plan.bound for other in found[z])
                plan = replace(plan, status="feasible", bound=floor if complete[z] else -np.inf)
            self._finish(z, plan, seconds)

    def _limits(self, forced: int) -> Limits:
        """Return what the rules over all zones leave for the alliances to be decided."""
        rules, elsewhere = self.problem.rules, self._elsewhere()
        least, most = rules.n_alliances
        n_alliances: tuple[float, float] = (0, np.inf)
        if rules.n_alliances != (0, np.inf):
            n_alliances = (max(0.0, least - len(elsewhere)), most - len(elsewhere))
        budget = rules.budget
        if rules.budget_use is not None:
            budget -= float(sum(rules.budget_use[lead] for lead in elsewhere))
        return Limits(n_alliances, self.asked.most_moves - forced, budget)

    def _give_up_lost(self, zones: list[int], pools: dict[int, CandidatePool]) -> None:
        """Set aside zones that have no plan whatever may move: the others do not wait for them."""
        for z in zones:
            part = self.parts[z]
            fewest = fewest_moves(part, pools[z], seconds=self.stop.left, stop=self.stop.flag)
            planned = fewest.lead_of is not None and keeps_locks(part, fewest.lead_of)
            if not planned and fewest.status != "unknown":
                self.todo.remove(z)
                self._finish(z, _without_plan(fewest, "infeasible"), 0.0)

    def _elsewhere(self) -> list[int]:
        """Return the leads of all alliances that are not to be decided."""
        leads = [villages[0] for villages in self.problem.rules.frozen]
        for z, done in self.done.items():
            assert done.plan.lead_of is not None
            of_zone = self.problem.zones[z].villages
            own = np.arange(len(of_zone)) == done.plan.lead_of
            leads += of_zone[own].tolist()
        for z, part in self.parts.items():
            leads += [int(self.problem.zones[z].villages[each[0]]) for each in part.frozen]
        return leads

    def _no_combination(
        self, pools: dict[int, CandidatePool], forced: int, proven: bool, seconds: float
    ) -> None:
        rules = self.problem.rules
        status: Status = "infeasible" if proven else "unknown"
        reason = Reason("time_limit")
        if proven and np.isfinite(self.asked.most_moves):
            fewest = [
                fewest_moves(self.parts[z], pools[z], seconds=self.stop.left, stop=self.stop.flag)
                for z in self.todo
            ]
            total = forced + float(sum(each.objective for each in fewest))
            reason = Reason("max_moves", value=round(total) if np.isfinite(total) else None)
        elif proven:
            reason = Reason("n_alliances" if rules.n_alliances != (0, np.inf) else "budget")
        for z in self.todo:
            everything = np.ones(self.parts[z].zone.n, dtype=bool)
            bound = np.inf if proven else -np.inf
            plan = ZonePlan(status, None, np.inf, bound, len(pools[z]), everything)
            self._finish(z, plan, seconds, reason)

    def _finish(
        self, z: int, found: ZonePlan, seconds: float, reason: Reason | None = None
    ) -> None:
        """Put a part's plan back into its zone, and say why it is not proven best."""
        zone, part = self.problem.zones[z], self.parts[z]
        if reason is None and found.status == "infeasible":
            reason = self._why(zone, part, found)
        elif reason is None and not found.complete and not self.stop.flag[0]:
            reason = Reason("too_many_candidates", value=found.candidates)
        elif reason is None and found.status != "optimal":
            reason = Reason("time_limit")
        lead_of = None
        placeable = np.ones(zone.n, dtype=bool)
        placeable[part.inside] = found.placeable
        if found.lead_of is not None:
            lead_of = np.full(zone.n, LEFT_OUT, dtype=np.intp)
            placed = found.lead_of >= 0
            lead_of[part.inside[placed]] = part.inside[found.lead_of[placed]]
            for villages in part.frozen:
                lead_of[list(villages)] = villages[0]
        whole = replace(
            found,
            lead_of=lead_of,
            placeable=placeable,
            objective=found.objective + self.agreed[z] + self._uncounted(part, found, z),
            bound=found.bound + self.agreed[z] + self._uncounted(part, found, z),
        )
        self.done[z] = Done(whole, seconds, reason)

    def _uncounted(self, part: Part, found: ZonePlan, z: int) -> float:
        """Return what the moves of villages cost that nothing can hold any more."""
        lost = ~found.placeable & np.isinf(part.zone.unassigned_cost) & (part.before != LEFT_OUT)
        of_zone = self.problem.zones[z].villages[part.inside[lost]]
        return float(np.sort(self.asked.move_cost[of_zone]).sum())

    def _why(self, zone: Zone, part: Part, found: ZonePlan) -> Reason:
        locked = part.pinned.any() or bool(part.frozen)
        if locked:
            free = solve_zone(zone, "auto", seconds=self.stop.left, stop=self.stop.flag)
            if free.lead_of is not None:
                here = set(zone.villages.tolist())
                return Reason("locked", tuple(v for v in self.asked.locked if v in here))
        return why_infeasible(part.zone, found, seconds=self.stop.left, stop=self.stop.flag)


def _without_plan(plan: ZonePlan, status: Status) -> ZonePlan:
    return replace(plan, status=status, lead_of=None, objective=np.inf, bound=np.inf)


def _counts(zone: Zone, n_alliances: tuple[float, float], alone: bool) -> list[tuple[float, float]]:
    """Return the bounds on a zone's number of alliances that are to be told apart."""
    if n_alliances == (0, np.inf):
        return [zone.n_alliances]
    least = max(0.0, zone.n_alliances[0])
    most = min(zone.n_alliances[1], zone.n // max(zone.min_size, 1))
    if alone:
        least, most = max(least, n_alliances[0]), min(most, n_alliances[1])
        return [(least, most)] if least <= most else []
    return [(k, k) for k in range(int(np.ceil(least)), int(most) + 1)]


def _cost_of_frozen(
    problem: AllianceProblem, villages: IntArray, frozen: tuple[tuple[int, ...], ...]
) -> float:
    """Return what locked alliances cost: what is forbidden counts nothing."""
    if not frozen:
        return 0.0
    alliances = tuple(tuple(int(villages[v]) for v in each) for each in frozen)
    locked = replace(problem, rules=replace(problem.rules, frozen=alliances))
    return locked.frozen_cost()

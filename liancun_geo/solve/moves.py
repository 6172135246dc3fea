"""Moves and locks, worked into a zone: what may not change, and what a change costs.

A village moves if its lead differs from the one it had; being left out counts as a lead of its
own. What a move costs is linear in lead and member, so it is added to the zone's costs. How many
villages move is one row over the candidates; the lead of a candidate then matters beside its
cost, so every lead that spares a move is listed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from liancun_geo.arrays import BoolArray, FloatArray, IntArray
from liancun_geo.solve.listing import LEFT_OUT, CandidatePool, list_candidates
from liancun_geo.solve.neighbourhood import part_of
from liancun_geo.solve.partition import SideRow, best_plan
from liancun_geo.solve.zoneplan import ZonePlan
from liancun_geo.zone import Zone

LED_FROM_OUTSIDE = -2
"""Lead of a village whose lead lies in no alliance of its zone: whatever it gets is a move."""
SMALLEST_USE = 1e-6
"""Uses of the budget closer than this are the same."""


@dataclass(frozen=True, eq=False)
class Part:
    """What is left of a zone to decide once locked alliances are taken out.

    Attributes
    ----------
    zone
        The villages to decide, costs of moves included.
    inside
        (k,) their numbers in the whole zone, ascending.
    before
        (k,) lead each had, local to the part; -1 left out, :data:`LED_FROM_OUTSIDE` elsewhere.
    pinned
        (k,) villages that must keep their lead.
    frozen
        Locked alliances, lead first, numbers of the whole zone.
    """

    zone: Zone
    inside: IntArray
    before: IntArray
    pinned: BoolArray
    frozen: tuple[tuple[int, ...], ...]


def part_with_locks(
    zone: Zone,
    before: IntArray,
    locked: BoolArray,
    frozen: tuple[tuple[int, ...], ...],
    move_cost: FloatArray,
) -> Part:
    """Return what is left to decide of a zone.

    Parameters
    ----------
    zone
        The zone.
    before
        (k,) lead each village had, as in :class:`Part`.
    locked
        (k,) villages that keep their lead.
    frozen
        Alliances of which every village is locked, lead first.
    move_cost
        (k,) cost of moving each village.
    """
    numbers = np.arange(zone.n)
    pair_cost = zone.pair_cost + move_cost[None, :] * (numbers[:, None] != before[None, :])
    np.fill_diagonal(pair_cost, 0.0)
    lead_cost = zone.lead_cost + move_cost * (before != numbers)
    unassigned = zone.unassigned_cost + move_cost * (before != LEFT_OUT)
    for village in np.flatnonzero(locked).tolist():
        lead = int(before[village])
        pair_cost[(numbers != lead) & (numbers != village), village] = np.inf
        if lead != village:
            lead_cost[village] = np.inf
        if lead != LEFT_OUT:
            unassigned[village] = np.inf
    changed = replace(zone, pair_cost=pair_cost, lead_cost=lead_cost, unassigned_cost=unassigned)
    taken = np.zeros(zone.n, dtype=bool)
    taken[[v for villages in frozen for v in villages]] = True
    inside = np.flatnonzero(~taken)
    local = np.full(zone.n, LED_FROM_OUTSIDE, dtype=np.intp)
    local[inside] = np.arange(len(inside))
    was = before[inside]
    return Part(
        zone=part_of(changed, inside, len(frozen)) if frozen else changed,
        inside=inside,
        before=np.where(was >= 0, local[np.maximum(was, 0)], was),
        pinned=locked[inside],
        frozen=frozen,
    )


def keeps_locks(part: Part, lead_of: IntArray) -> bool:
    """Say whether every locked village has its lead; one that nothing can hold was left out."""
    return bool((lead_of[part.pinned] == part.before[part.pinned]).all())


def pool_of_moves(part: Part, *, stop: NDArray[np.uint8]) -> CandidatePool:
    """List the candidates of a part with every lead that spares a move."""
    zone, before = part.zone, part.before
    pool = list_candidates(zone, stop=stop)
    if not pool.complete or len(pool) == 0:
        return pool
    # With a budget a set occurs once for each lead worth listing, one after the other.
    fresh = np.ones(len(pool), dtype=bool)
    fresh[1:] = (pool.members[1:] != pool.members[:-1]).any(axis=1)
    sets = pool.subset(fresh)
    led = np.pad(zone.pair_cost, ((0, 0), (0, 1)))
    weak = np.append(zone.weak, False)
    chosen = sets.lead.astype(np.intp)
    beside = sets.cost - zone.lead_cost[chosen] - led[chosen[:, None], sets.members].sum(axis=1)
    spared = _stays(sets, before)
    pools = [pool]
    for lead in np.flatnonzero(before == np.arange(zone.n)).tolist():
        some = np.flatnonzero(sets.holds(lead) & (sets.lead != lead))
        members = sets.members[some]
        cost = zone.lead_cost[lead] + led[lead, members].sum(axis=1) + beside[some]
        carried = weak[members].sum(axis=1) - weak[lead]
        stays = _stays(replace(sets.subset(some), lead=np.full(len(some), lead)), before)
        wanted = np.isfinite(cost) & (carried <= zone.max_weak)
        if zone.use is None:
            wanted &= stays > spared[some]
        pools.append(
            CandidatePool(
                zone.n,
                members[wanted],
                cost[wanted],
                np.full(int(wanted.sum()), lead, dtype=np.int16),
                np.full(int(wanted.sum()), 0.0 if zone.use is None else zone.use[lead]),
                complete=True,
            )
        )
    return CandidatePool(
        zone.n,
        np.concatenate([each.members for each in pools]),
        np.concatenate([each.cost for each in pools]),
        np.concatenate([each.lead for each in pools]),
        np.concatenate([each.use for each in pools]),
        complete=True,
    )


def _stays(pool: CandidatePool, before: IntArray) -> IntArray:
    """Return how many villages of each candidate keep their lead."""
    had = np.append(before, LED_FROM_OUTSIDE)
    stays: IntArray = (had[pool.members] == pool.lead[:, None]).sum(axis=1)
    return stays


@dataclass(frozen=True, eq=False)
class Trade:
    """One way to plan a part, among those that a combination over the zones may need.

    Attributes
    ----------
    plan
        Plan and bound of the part.
    alliances, moves
        Its alliances, and its villages that move.
    use
        What its alliances use of the budget.
    """

    plan: ZonePlan
    alliances: int
    moves: int
    use: float


def count_moves(part: Part, lead_of: IntArray) -> int:
    """Return how many villages of a part move."""
    return int((lead_of != part.before).sum())


def fewest_moves(
    part: Part, pool: CandidatePool, *, seconds: float, stop: NDArray[np.uint8]
) -> ZonePlan:
    """Return the plan of a part that moves the fewest villages, whatever it costs."""
    held = (pool.members < pool.n).sum(axis=1)
    still = replace(pool, cost=(held - _stays(pool, part.before)).astype(np.float64))
    optional = np.isfinite(part.zone.unassigned_cost) | ~pool.covered()
    price = np.where(optional, (part.before != LEFT_OUT) * 1.0, np.inf)
    return best_plan(still, replace(part.zone, unassigned_cost=price), seconds=seconds, stop=stop)


class _CheapestTrade:
    """Asks for the cheapest way to plan a part within limits."""

    def __init__(
        self,
        part: Part,
        pool: CandidatePool,
        left: Callable[[], float],
        stop: NDArray[np.uint8],
    ) -> None:
        self.part, self.pool, self.left, self.stop = part, pool, left, stop
        held = (pool.members < pool.n).sum(axis=1)
        self.moved = (held - _stays(pool, part.before)).astype(np.float64)
        self.out = (part.before != LEFT_OUT).astype(np.float64)

    def within(self, count: tuple[float, float], cap: float, budget: float) -> Trade | bool:
        """Return the cheapest way, or whether it is proven that there is none."""
        part = self.part
        if self.left() <= 0.0 or not self.pool.complete:
            return False
        rows = [SideRow(self.moved, self.out, (-np.inf, cap))] if np.isfinite(cap) else []
        plan = best_plan(
            self.pool,
            replace(part.zone, n_alliances=count),
            seconds=self.left(),
            stop=self.stop,
            budget=budget,
            extra_sides=rows,
        )
        if plan.lead_of is None or not keeps_locks(part, plan.lead_of):
            return plan.lead_of is not None or plan.status == "infeasible"
        leads = np.flatnonzero(plan.lead_of == np.arange(part.zone.n))
        use = 0.0 if part.zone.use is None else float(np.sort(part.zone.use[leads]).sum())
        return Trade(plan, len(leads), count_moves(part, plan.lead_of), use)


def trades(
    part: Part,
    pool: CandidatePool,
    *,
    counts: Sequence[tuple[float, float]],
    most_moves: float,
    budget: float,
    alone: bool,
    left: Callable[[], float],
    stop: NDArray[np.uint8],
) -> tuple[list[Trade], bool]:
    """Return the ways to plan a part that a combination may need, and whether all are known.

    Parameters
    ----------
    part, pool
        The part and its candidates (of :func:`pool_of_moves` if moves are limited).
    counts
        Bounds on its number of alliances to be told apart.
    most_moves, budget
        Most villages that may move and most that may be used, in this part; ``inf`` for any.
    alone
        No other part competes for moves and budget: the cheapest plan is enough.
    left
        Returns the seconds left.
    stop
        One byte; set by another thread to stop early.
    """
    cheapest = _CheapestTrade(part, pool, left, stop)
    found: list[Trade] = []
    complete = True
    for count in counts:
        cap = most_moves
        while True:
            most = budget
            greatest = 0
            while True:
                trade = cheapest.within(count, cap, most)
                if not isinstance(trade, Trade):
                    complete &= trade
                    break
                found.append(trade)
                complete &= trade.plan.status == "optimal"
                greatest = max(greatest, trade.moves)
                if alone or part.zone.use is None or trade.use <= 0.0:
                    break
                most = trade.use - SMALLEST_USE * max(1.0, trade.use)
            # What moves more costs less and was just found.
            if alone or not np.isfinite(cap) or greatest == 0:
                break
            cap = greatest - 1
    return found, complete


@dataclass(frozen=True, slots=True)
class Limits:
    """Rules over all parts: fewest and most alliances, most moves, most use of the budget."""

    n_alliances: tuple[float, float]
    most_moves: float
    budget: float


def combine_trades(of_parts: Sequence[Sequence[Trade]], limits: Limits) -> list[Trade] | None:
    """Return the cheapest choice of one way for each part that keeps all rules, None if none does.

    Parameters
    ----------
    of_parts
        Ways to plan each part.
    limits
        Rules over all parts.
    """
    n_alliances, most_moves, budget = limits.n_alliances, limits.most_moves, limits.budget
    slack = 1e-9 * max(1.0, abs(budget)) if np.isfinite(budget) else 0.0
    start: _State = (0.0, 0.0, ())
    states: dict[tuple[int, int], list[_State]] = {(0, 0): [start]}
    for ways in of_parts:
        merged: dict[tuple[int, int], list[_State]] = {}
        for (alliances, moves), known in sorted(states.items()):
            for way in ways:
                total = (
                    alliances + way.alliances if n_alliances != (0, np.inf) else 0,
                    moves + way.moves if np.isfinite(most_moves) else 0,
                )
                if total[0] > n_alliances[1] or total[1] > most_moves:
                    continue
                merged.setdefault(total, []).extend(
                    (cost + way.plan.objective, use + way.use, (*chosen, way))
                    for cost, use, chosen in known
                    if use + way.use <= budget + slack
                )
        states = {total: _undominated(reached) for total, reached in merged.items()}
    ends = [
        state
        for (alliances, _), reached in sorted(states.items())
        for state in reached
        if alliances >= n_alliances[0]
    ]
    return list(min(ends, key=lambda state: state[0])[2]) if ends else None


_State = tuple[float, float, tuple[Trade, ...]]


def _undominated(states: Iterable[_State]) -> list[_State]:
    kept: list[_State] = []
    for state in sorted(states, key=lambda state: state[:2]):
        if not kept or state[1] < kept[-1][1]:
            kept.append(state)
    return kept

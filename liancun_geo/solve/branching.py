"""Branch and cut over the listed candidates: programmes, cuts, cover searches, decisions.

A node of the tree is a set of decisions. Its programme over the candidates they allow bounds it
from below; cover searches close to the bound either look at all of its plans that could be
better, or it is cut, then split: by the number of alliances, or by whether two villages are
together (Ryan & Foster 1981, "An integer programming approach to scheduling").
"""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from liancun_geo.solve.cover import search_covers
from liancun_geo.solve.listing import LEFT_OUT, CandidatePool
from liancun_geo.solve.master import Master, Relaxation, SideRules
from liancun_geo.solve.result import Status

FIRST_BUDGET = 0.002
"""The first search looks at plans this close (relative) to the bound; then twice as far, ..."""
FIRST_COLUMNS = 5_000
"""... but at no more columns than this."""
NODE_LIMIT = 20_000
"""Nodes of one search at the root; a zone that needs more is cut, then branched."""
BRANCH_NODE_LIMIT = 400_000
"""Nodes of a search below a branch, about the time of the branch's programme."""
SEARCHED_COLUMNS = 40_000
"""More columns than this are not searched: a tighter bound will leave fewer."""
CUT_ROUNDS = 12
CUT_PROGRESS = 0.05
"""Cutting goes on while a round gains this share of all that cutting has gained."""
LARGE_POOL = 1_000_000
"""With more candidates than this the programme takes seconds: a plan is looked for before it."""
CLOSE = 1e-9
"""Relative difference that counts as equal."""


def leads_of(pool: CandidatePool, columns: NDArray[np.intp] | None) -> NDArray[np.intp] | None:
    """Return (k,) the lead of each village in a plan made of columns, -1 if left out."""
    if columns is None:
        return None
    lead_of = np.full(pool.n + 1, LEFT_OUT, dtype=np.intp)
    for column in columns:
        lead_of[pool.members[column]] = pool.lead[column]
    return lead_of[: pool.n]


@dataclass(frozen=True, slots=True)
class _Decision:
    """Two villages together or apart; or, if they are one village, whether it leads."""

    first: int
    second: int
    yes: bool

    def allows(self, pool: CandidatePool) -> NDArray[np.bool_]:
        if self.first == self.second:
            leads: NDArray[np.bool_] = pool.lead == self.first
            if self.yes:
                leads |= ~pool.holds(self.first)
            return leads if self.yes else ~leads
        one, other = pool.holds(self.first), pool.holds(self.second)
        allowed: NDArray[np.bool_] = one == other if self.yes else ~(one & other)
        return allowed


@dataclass(frozen=True, slots=True)
class _Count:
    """So many alliances in all."""

    least: float
    most: float


@dataclass(order=True)
class _Node:
    """A part of all plans: those that follow some decisions."""

    bound: float
    number: int
    decisions: tuple[_Decision | _Count, ...] = field(compare=False)


def _alliances(pool: CandidatePool, relaxation: Relaxation) -> float:
    """Return how many alliances the programme's solution has."""
    return sum(
        value for column, value in relaxation.primal.items() if pool.lead[column] != LEFT_OUT
    )


def _is_fraction(value: float) -> bool:
    return abs(value - round(value)) > 1e-6


class BranchAndCut:
    """Bound from below by the programme and its cuts, from above by covers, until they meet.

    Parameters
    ----------
    pool
        Every column, those that leave a village out included.
    sides
        Rules over all alliances.
    seconds, stop
        Time, and a byte to stop it.

    Attributes
    ----------
    best, upper, lower
        Columns of the best plan, its cost, and the bound.
    root
        The last programme over all plans, with the prices behind the bound.
    incumbents
        Called once with the best plan, to look for a better one near it.
    watch
        Told cost and bound whenever one of them moves.
    """

    def __init__(
        self, pool: CandidatePool, sides: SideRules, seconds: float, stop: NDArray[np.uint8]
    ) -> None:
        self.pool = pool
        self.sides = sides
        self.deadline = time.perf_counter() + seconds
        self.stop = stop
        self.best: NDArray[np.intp] | None = None
        self.upper = np.inf
        self.lower = -np.inf
        self.root: Relaxation | None = None
        self.incumbents: Callable[[NDArray[np.intp] | None], NDArray[np.intp] | None] | None = None
        self.watch: Callable[[float, float], None] | None = None
        self._number: NDArray[np.intp] = np.arange(len(pool))
        self._nodes_made = 0

    def run(self) -> Status:
        """Search best bound first; return what is known at the end."""
        if self.pool.n == 0:
            ends = self.sides.bounds
            possible = bool(((ends[:, 0] <= 0.0) & (ends[:, 1] >= 0.0)).all())
            self.best = np.zeros(0, dtype=np.intp) if possible else None
            self.upper = self.lower = 0.0 if possible else np.inf
            return "optimal" if possible else "infeasible"
        if len(self.pool) > LARGE_POOL:
            # The programme alone takes seconds: have a plan before, should time run out.
            self._look_around()
        if self.out_of_time():
            return "unknown" if self.best is None else "feasible"
        master = Master(self.pool, self.sides)
        waiting = [_Node(-np.inf, 0, ())]
        while waiting:
            node = heapq.heappop(waiting)
            self._raise(node.bound)
            if self._closed(node.bound):
                break
            relaxation = self._explore(master, node, alone=not waiting)
            if relaxation is not None:
                if self.out_of_time():
                    first = min([relaxation.bound, *(other.bound for other in waiting)])
                    self._raise(first)
                    return "unknown" if self.best is None else "feasible"
                for decision in self._branch(master.pool, relaxation):
                    self._nodes_made += 1
                    bound = max(node.bound, relaxation.bound)
                    decisions = (*node.decisions, decision)
                    heapq.heappush(waiting, _Node(bound, self._nodes_made, decisions))
        self.lower = self.upper
        return "infeasible" if self.best is None else "optimal"

    def _explore(self, master: Master, node: _Node, *, alone: bool) -> Relaxation | None:
        """Settle a node; return its programme if it could not be settled.

        ``alone`` says that no other node is open: what a better plan cannot use here, it cannot
        use at all.
        """
        allowed = np.ones(len(master.pool), dtype=bool)
        least, most = self.sides.bounds[0].tolist()
        for decision in node.decisions:
            if isinstance(decision, _Count):
                least, most = max(least, decision.least), min(most, decision.most)
            else:
                allowed &= decision.allows(master.pool)
        if least > most:
            return None
        master.allow(allowed)
        master.count(least, most)
        # Parts that only fix the number of alliances are as hard as the whole.
        at_top = all(isinstance(decision, _Count) for decision in node.decisions)
        rounds = CUT_ROUNDS if at_top else 1
        first = last = -np.inf
        while True:
            relaxation = master.solve(self.stop)
            if relaxation is None:
                return None
            if not node.decisions:
                self.root = relaxation
                self._raise(relaxation.bound)
            if self._closed(relaxation.bound) or self._integral(relaxation):
                return None
            if self.out_of_time():
                return relaxation
            if self._covered(master, relaxation, NODE_LIMIT if at_top else BRANCH_NODE_LIMIT):
                return None
            if self.out_of_time():
                return relaxation
            if at_top:
                self._look_around()
            if alone:
                relaxation = self._forget(master, relaxation, is_root=not node.decisions)
            if _is_fraction(_alliances(master.pool, relaxation)):
                return relaxation
            if last == -np.inf:
                first = relaxation.bound
            elif relaxation.bound - last < CUT_PROGRESS * (relaxation.bound - first):
                return relaxation
            last = relaxation.bound
            rounds -= 1
            if rounds < 0 or not master.separate(relaxation.primal):
                return relaxation

    def offer(self, lead_of: NDArray[np.intp]) -> None:
        """Take a plan that was found elsewhere, if it can be made of the pool's columns."""
        pool = self.pool
        wanted = {
            frozenset(np.flatnonzero(lead_of == lead).tolist()): False
            for lead in sorted({int(x) for x in lead_of if x != LEFT_OUT})
        }
        wanted |= {frozenset([village]): True for village in np.flatnonzero(lead_of < 0).tolist()}
        # Sums of random keys single out the few columns worth a closer look.
        keys = np.append(np.random.default_rng(0).integers(0, 2**62, pool.n, dtype=np.uint64), 0)
        keys = keys.astype(np.uint64)
        sums = np.zeros(len(pool), dtype=np.uint64)
        for place in range(pool.members.shape[1]):
            sums += keys[pool.members[:, place]]
        targets = np.array([keys[list(villages)].sum() for villages in wanted], dtype=np.uint64)
        found: dict[frozenset[int], int] = {}
        for column in np.flatnonzero(np.isin(sums, targets)).tolist():
            villages = frozenset(v for v in pool.members[column].tolist() if v < pool.n)
            alone = wanted.get(villages)
            if alone is None or alone != (pool.lead[column] == LEFT_OUT):
                continue
            if villages not in found or pool.cost[column] < pool.cost[found[villages]]:
                found[villages] = column
        if len(found) < len(wanted) or not found:
            return
        chosen = np.array(sorted(found.values()), dtype=np.intp)
        counts = self.sides.share[chosen].sum(axis=0)
        if ((counts >= self.sides.bounds[:, 0]) & (counts <= self.sides.bounds[:, 1])).all():
            self._take(chosen)

    def _look_around(self) -> None:
        """Look once for a good plan near the best one: it lets the search forget most columns."""
        if self.incumbents is None:
            return
        plan = self.incumbents(leads_of(self.pool, self.best))
        self.incumbents = None
        if plan is not None:
            self.offer(plan)

    def _closed(self, bound: float) -> bool:
        """Say whether no plan above a bound can be better than the best one."""
        return self.best is not None and bound >= self.upper - CLOSE * max(1.0, abs(self.upper))

    def _forget(self, master: Master, relaxation: Relaxation, *, is_root: bool) -> Relaxation:
        """Drop columns for good that no better plan uses, by their reduced costs."""
        if not np.isfinite(self.upper):
            return relaxation
        room = self.upper - relaxation.bound + CLOSE * max(1.0, abs(self.upper))
        keep = relaxation.reduced_cost <= room
        if keep.sum() > 0.8 * len(keep):
            return relaxation
        kept = master.restrict(keep)
        self._number = self._number[kept]
        number = {int(old): new for new, old in enumerate(kept)}
        shorter = replace(
            relaxation,
            reduced_cost=relaxation.reduced_cost[kept],
            primal={number[column]: value for column, value in relaxation.primal.items()},
        )
        if is_root:
            self.root = shorter
        return shorter

    def _integral(self, relaxation: Relaxation) -> bool:
        """Take over a programme whose solution is a plan already."""
        if not relaxation.integral:
            return False
        columns = self._number[np.sort(np.fromiter(relaxation.primal, dtype=np.intp))]
        held = np.bincount(self.pool.members[columns].ravel(), minlength=self.pool.n + 1)
        counts = self.sides.share[columns].sum(axis=0)
        ends = self.sides.bounds
        if (held[: self.pool.n] != 1).any() or (
            (counts < ends[:, 0] - 1e-9) | (counts > ends[:, 1] + 1e-9 * np.abs(ends[:, 1]) + 1e-9)
        ).any():
            return False
        self._take(columns)
        return self._closed(relaxation.bound)

    def _covered(self, master: Master, relaxation: Relaxation, node_limit: int) -> bool:
        """Search wider and wider; say whether all plans of the node have been looked at."""
        reduced = relaxation.reduced_cost
        budget = FIRST_BUDGET * max(abs(relaxation.bound), 1e-3)
        if len(reduced) > FIRST_COLUMNS:
            near = float(np.partition(reduced, FIRST_COLUMNS)[FIRST_COLUMNS])
            budget = min(budget, max(near, CLOSE * max(1.0, abs(relaxation.bound))))
        widest = float(reduced[np.isfinite(reduced)].sum())
        while True:
            room = self.upper - relaxation.bound
            if (reduced <= room).sum() <= SEARCHED_COLUMNS:
                # A plan close to the bound is known: look at once at all that could be better.
                budget = room
            last = room <= budget or budget >= widest
            budget = min(budget, room)
            if (reduced <= budget).sum() > SEARCHED_COLUMNS:
                return False
            found = search_covers(
                master.pool,
                relaxation,
                sides=master.sides,
                budget=budget,
                upper=self.upper,
                node_limit=node_limit,
                stop=self.stop,
            )
            if found.columns is not None:
                self._take(self._number[found.columns])
            if not found.exhausted:
                return False
            if last or self.upper - relaxation.bound <= budget:
                return True
            budget *= 2.0

    def _branch(
        self, pool: CandidatePool, relaxation: Relaxation
    ) -> list[_Decision] | list[_Count]:
        """Return two decisions, one of which every plan of the node follows."""
        n = pool.n
        total = _alliances(pool, relaxation)
        if _is_fraction(total):
            return [_Count(-np.inf, np.floor(total)), _Count(np.ceil(total), np.inf)]
        together = np.zeros((n, n))
        leads = np.zeros(n)
        for column, value in sorted(relaxation.primal.items()):
            inside = pool.members[column][pool.members[column] < n]
            together[np.ix_(inside, inside)] += value
            if pool.lead[column] != LEFT_OUT:
                leads[pool.lead[column]] += value
        distance = np.abs(together - 0.5)
        distance[np.tril_indices(n)] = np.inf
        pair = divmod(int(np.argmin(distance)), n)
        if distance[pair] > 0.5 - 1e-6:
            # The alliances are decided; what is left open is who leads them, or who is left out.
            village = int(np.argmin(np.abs(leads - 0.5)))
            pair = village, village
        return [_Decision(*pair, True), _Decision(*pair, False)]

    def _take(self, columns: NDArray[np.intp]) -> None:
        cost = float(np.sum(np.sort(self.pool.cost[columns])))
        if self.best is None or cost < self.upper:
            self.best, self.upper = np.sort(columns), cost
            self._tell()

    def _raise(self, bound: float) -> None:
        bound = min(bound, self.upper)
        if bound > self.lower:
            self.lower = bound
            self._tell()

    def _tell(self) -> None:
        if self.watch is not None:
            self.watch(self.upper, self.lower)

    def out_of_time(self) -> bool:
        """Say whether to return what there is."""
        return bool(self.stop[0]) or time.perf_counter() > self.deadline

"""The problem village by village, for the checker: raw arguments in, plain facts out.

Nothing here reads the compiled zones, and the solver reads nothing from here.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator
from functools import cache

import numpy as np

from liancun_geo.arrays import IntArray
from liancun_geo.problem import AllianceProblem

MOST_SETS = 200_000
"""Connected sets looked at for one village before it counts as undecided."""
_SLACK = 1e-9


class County:
    """What the rules say of single villages, pairs and alliances.

    Parameters
    ----------
    problem
        Only its arguments are read, each as it was given.
    """

    def __init__(self, problem: AllianceProblem) -> None:
        self.problem = problem
        self.rules = rules = problem.rules
        self.zone: list[int] = problem.zone_of.tolist()
        self.villages_of: list[list[int]] = [[] for _ in problem.zones]
        for village, number in enumerate(self.zone):
            self.villages_of[number].append(village)
        self._place = [0] * problem.n
        for villages in self.villages_of:
            for place, village in enumerate(villages):
                self._place[village] = place
        self.neighbours = _partners(problem.n, problem.edges.tolist())
        self.together = _partners(problem.n, rules.must_together.tolist())
        self.apart = _partners(problem.n, rules.never_together.tolist())
        self.must_lead = frozenset(rules.must_lead)
        self.frozen = frozenset(v for villages in rules.frozen for v in villages)
        # For growing sets a class is an amount of which there is at least one.
        classes = np.zeros((problem.n, 0)) if rules.classes is None else rules.classes
        self._amounts = np.column_stack([rules.resource, classes])
        self._bounds = rules.resource_bounds.tolist() + [(1.0, math.inf)] * classes.shape[1]
        # Bound to the object, so that what is remembered goes with it. Costs that came in
        # blocks are looked up by zone: pair by pair a country would take hours.
        self._costs = cache(lambda zone: problem.cost_block(self._positions(zone)))
        self._distances = cache(lambda zone: problem.distance_block(self._positions(zone)))
        self.steps_from = cache(self._steps_from)
        self.possible_members = cache(self._possible_members)
        self._possible_leads = cache(self._find_possible_leads)
        self._sums_to_come = cache(self._find_sums_to_come)
        self._held: set[int] = set()

    def _positions(self, zone: int) -> IntArray:
        return np.array(self.villages_of[zone], dtype=np.intp)

    def pair(self, lead: int, member: int) -> float:
        """Return the cost of a pair as given, ``inf`` across zones."""
        if self.zone[lead] != self.zone[member]:
            return math.inf
        return float(self._costs(self.zone[lead])[self._place[lead], self._place[member]])

    def lead_cost(self, village: int) -> float:
        """Return the cost of opening an alliance, ``inf`` where the village may not lead."""
        problem = self.problem
        return float(problem.lead_cost[village]) if problem.can_lead[village] else math.inf

    def size_cost(self, size: int) -> float:
        """Return the cost by size, ``inf`` for a size that may not be."""
        allowed = self.problem.min_size <= size <= self.problem.max_size
        return float(self.problem.size_cost[size]) if allowed else math.inf

    def price_of_leaving_out(self, village: int) -> float:
        """Return the cost of leaving out, ``inf`` for a village that must be placed."""
        if village in self.must_lead:
            return math.inf
        return float(self.problem.unassigned_cost[village])

    def group_cost(self, villages: Collection[int]) -> float:
        """Return the group terms of one alliance."""
        parts = []
        for term in self.rules.group_terms:
            amount = np.asarray(term.amount)
            total = math.fsum(float(amount[v]) for v in villages)
            if term.target is not None:
                parts.append(term.weight * abs(total - term.target))
            if term.threshold is not None:
                parts.append(term.shortfall_weight * max(0.0, term.threshold - total))
        return math.fsum(parts)

    def too_far(self, lead: int, member: int) -> bool:
        """Say whether the distance from a lead to a member of the same zone is too great."""
        greatest, distances = self.rules.max_distance, self._distances(self.zone[lead])
        if greatest is None or distances is None:
            return False
        return bool(distances[self._place[lead], self._place[member]] > greatest)

    def too_many_steps(self, lead: int, member: int) -> bool:
        """Say whether a member can be reached from its lead, but in too many steps."""
        most = self.rules.max_hops
        return most is not None and self.steps_from(lead).get(member, 0) > most

    def led_by_another(self, lead: int, village: int) -> bool:
        """Say whether the village has a fixed lead and this is another one."""
        return self.rules.fixed_lead.get(village, lead) != lead

    def off_limits(self, villages: Collection[int]) -> Iterator[str]:
        """Tell of every resource whose sum over an alliance is out of bounds."""
        for r, (least, greatest) in enumerate(self.rules.resource_bounds.tolist()):
            total = math.fsum(float(self.rules.resource[v, r]) for v in villages)
            if within(total, least, greatest):
                continue
            yield f"resource {r} adds up to {total:g}, allowed {least:g} to {greatest:g}"

    def missing_classes(self, villages: Collection[int]) -> Iterator[int]:
        """Return the classes of which the alliance holds no village."""
        classes = self.rules.classes
        if classes is not None:
            for q in range(classes.shape[1]):
                if not any(classes[v, q] for v in villages):
                    yield q

    def weak_members(self, lead: int, villages: Iterable[int]) -> list[int]:
        """Return the weak villages beside the lead."""
        weak = self.rules.weak
        return [] if weak is None else [v for v in villages if v != lead and weak[v]]

    def too_many_weak(self, number: int) -> bool:
        """Say whether one lead may not have so many weak members."""
        return self.rules.max_weak is not None and number > self.rules.max_weak

    def reached(self, start: int, among: Collection[int]) -> dict[int, int]:
        """Return the fewest steps from ``start`` to each village without leaving ``among``."""
        steps = {start: 0}
        front = [start]
        while front:
            onward = []
            for village in front:
                for other in self.neighbours[village]:
                    if other in among and other not in steps:
                        steps[other] = steps[village] + 1
                        onward.append(other)
            front = onward
        return steps

    def _steps_from(self, lead: int) -> dict[int, int]:
        """Return the fewest steps inside the zone, through villages that are not frozen."""
        return self.reached(lead, frozenset(self.villages_of[self.zone[lead]]) - self.frozen)

    def may_lead(self, village: int) -> bool:
        """Say whether a village that is not frozen may lead some alliance."""
        return (
            village not in self.frozen
            and math.isfinite(self.lead_cost(village))
            and not self.led_by_another(village, village)
        )

    def _possible_members(self, lead: int) -> frozenset[int]:
        """Return the villages that every rule on a pair lets this lead have."""
        return frozenset(
            v
            for v in self.villages_of[self.zone[lead]]
            if v != lead
            and v not in self.frozen
            and v not in self.must_lead
            and not self.led_by_another(lead, v)
            and not self.too_many_steps(lead, v)
            and not self.too_far(lead, v)
            and math.isfinite(self.pair(lead, v))
        )

    def must_place(self, village: int) -> bool:
        """Say whether leaving a village out breaks a rule.

        It does if there is no price for it and some alliance that keeps the rules of one
        alliance can hold it. With rules on whole sets this is decided by looking at connected
        sets, at most :data:`MOST_SETS`; an undecided village is excused.
        """
        if village in self.frozen or math.isfinite(self.price_of_leaving_out(village)):
            return False
        if village in self._held:
            return True
        zone = self.villages_of[self.zone[village]]
        leads = [lead for lead in zone if self.may_lead(lead) and self.can_hold(lead, village)]
        if not leads or not self._looks_at_sets():
            return bool(leads)
        return self._grows_to_an_alliance(village)

    def _looks_at_sets(self) -> bool:
        rules = self.rules
        return bool(
            len(rules.resource_bounds)
            or rules.classes is not None
            or len(rules.must_together)
            or len(rules.never_together)
            or rules.weak is not None
        )

    def can_hold(self, lead: int, village: int) -> bool:
        """Say whether an alliance of this lead that keeps all rules on pairs holds the village.

        The shortest way from lead to village through villages the lead may have is the smallest
        such set; it can then grow by one neighbour at a time up to all that are connected.
        """
        steps = self.reached(lead, self.possible_members(lead))
        if village not in steps:
            return False
        smallest = max(self.problem.min_size, steps[village] + 1)
        largest = min(self.problem.max_size, len(steps))
        return any(math.isfinite(self.size_cost(size)) for size in range(smallest, largest + 1))

    def _find_possible_leads(self, village: int) -> frozenset[int]:
        """Return the leads whose alliance the village can be in, itself included."""
        return frozenset(
            lead
            for lead in self.villages_of[self.zone[village]]
            if self.may_lead(lead) and (lead == village or village in self.possible_members(lead))
        )

    def _grows_to_an_alliance(self, village: int) -> bool:
        """Grow connected sets from a village, each once, until one is a feasible alliance."""
        here = frozenset(self.villages_of[self.zone[village]]) - self.frozen
        start = frozenset({village})
        border = sorted(self.neighbours[village] & here)
        # Of each set: who may still lead it, what may be added, what was met before.
        stack = [(start, self._possible_leads(village), border, start | set(border))]
        looked_at = 0
        while stack and looked_at < MOST_SETS:
            villages, leads, border, met = stack.pop()
            looked_at += 1
            if self._is_feasible(villages, leads):
                self._held |= villages
                return True
            grown = []
            for place, new in enumerate(border):
                larger = villages | {new}
                onward = self._leads_left(larger, leads & self._possible_leads(new))
                if onward and self._can_grow(larger, new):
                    beyond = sorted(self.neighbours[new] & here - met)
                    grown.append((larger, onward, border[place + 1 :] + beyond, met | set(beyond)))
            stack += reversed(grown)
        return False

    def _leads_left(self, villages: frozenset[int], leads: frozenset[int]) -> frozenset[int]:
        if self.rules.weak is None:
            return leads
        return frozenset(
            lead for lead in leads if not self.too_many_weak(len(self.weak_members(lead, villages)))
        )

    def _can_grow(self, villages: frozenset[int], new: int) -> bool:
        """Say whether the set may still become an alliance; only what no growth can mend counts."""
        if self.apart[new] & villages:
            return False
        missing = {partner for v in villages for partner in self.together[v]} - villages
        if missing & self.frozen or len(villages) + len(missing) > self.problem.max_size:
            return False
        room = self.problem.max_size - len(villages)
        to_come = self._sums_to_come(self.zone[new])
        for r, (least, greatest) in enumerate(self._bounds):
            total = math.fsum(float(self._amounts[v, r]) for v in villages)
            less, more = to_come[r]
            if not within(total, least - more[room], greatest - less[room]):
                return False
        return True

    def _find_sums_to_come(self, zone: int) -> list[tuple[list[float], list[float]]]:
        """Return by amount and number of villages the least and the most they can add."""
        free = [v for v in self.villages_of[zone] if v not in self.frozen]
        sums = []
        for amount in self._amounts[free].T:
            ordered = np.zeros((2, self.problem.max_size + 1))
            for row, values in zip(ordered, (np.sort(amount), np.sort(-amount)), strict=True):
                few = np.minimum(values[: self.problem.max_size], 0.0)
                row[1 : len(few) + 1] = few
            less, more = np.cumsum(ordered, axis=1)
            # Fewer villages than there are places leave the sum as it is.
            sums.append((less.tolist(), (-more).tolist()))
        return sums

    def _is_feasible(self, villages: frozenset[int], leads: frozenset[int]) -> bool:
        return (
            bool(leads & villages)
            and math.isfinite(self.size_cost(len(villages)))
            and all(self.together[v] <= villages for v in villages)
            and not any(self.apart[v] & villages for v in villages)
            and next(self.off_limits(villages), None) is None
            and next(self.missing_classes(villages), None) is None
        )


def within(total: float, least: float, greatest: float) -> bool:
    """Say whether a sum keeps its bounds, but for the rounding of its summands."""
    slack = _SLACK * max(1.0, abs(total))
    return least - slack <= total <= greatest + slack


def _partners(n: int, pairs: Iterable[tuple[int, int]]) -> list[set[int]]:
    partners: list[set[int]] = [set() for _ in range(n)]
    for a, b in pairs:
        partners[a].add(b)
        partners[b].add(a)
    return partners

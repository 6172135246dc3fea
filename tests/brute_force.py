"""Every plan of a small problem, enumerated without any code of the package under test."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

Villages = frozenset[int]


@dataclass
class Small:
    """Arguments of ``AllianceProblem.from_arrays`` for a problem of at most about ten villages."""

    pair_cost: Any
    edges: Any
    min_size: int = 4
    max_size: int = 8
    zones: Any = None
    lead_cost: Any = None
    can_lead: Any = None
    size_cost: Any = None
    unassigned_cost: Any = None
    resource: Any = None
    resource_bounds: Any = None
    group_terms: Any = ()
    n_alliances: Any = None
    zone_alliances: Any = None
    distance: Any = None
    max_distance: Any = None
    max_hops: Any = None
    must_together: Any = None
    never_together: Any = None
    fixed_lead: Any = None
    must_lead: Any = None
    frozen: Any = ()
    weak: Any = None
    max_weak: Any = None
    classes: Any = None
    budget_use: Any = None
    budget: Any = None

    def arguments(self) -> dict[str, Any]:
        return dict(vars(self))

    @property
    def n(self) -> int:
        return len(self.pair_cost)

    @property
    def zone(self) -> list[Any]:
        return [0] * self.n if self.zones is None else list(self.zones)

    @property
    def links(self) -> list[tuple[int, int]]:
        return [(int(a), int(b)) for a, b in np.asarray(self.edges).reshape(-1, 2)]

    @property
    def free(self) -> list[int]:
        taken = {v for alliance in self.frozen for v in alliance}
        return [v for v in range(self.n) if v not in taken]


def connected(villages: Villages, edges: list[tuple[int, int]]) -> bool:
    """Say whether the villages hang together."""
    return len(steps_within(min(villages), villages, edges)) == len(villages)


def steps_within(start: int, among: Villages, edges: list[tuple[int, int]]) -> dict[int, int]:
    """Return the fewest steps from ``start`` to each village without leaving ``among``."""
    steps, front = {start: 0}, {start}
    for step in range(1, len(among)):
        ways = [(v, w) for a, b in edges for v, w in ((a, b), (b, a))]
        front = {w for v, w in ways if v in front and w in among and w not in steps}
        steps.update(dict.fromkeys(front, step))
    return steps


def keeps_set_rules(small: Small, villages: Villages) -> bool:
    """Say whether a set of villages keeps the rules that do not look at the lead."""
    if not small.min_size <= len(villages) <= small.max_size:
        return False
    if len({small.zone[v] for v in villages}) > 1 or not connected(villages, small.links):
        return False
    if small.resource is not None:
        amounts = np.asarray(small.resource, dtype=float).reshape(small.n, -1)
        limits = np.asarray(small.resource_bounds, dtype=float).reshape(-1, 2)
        sums = amounts[sorted(villages)].sum(axis=0)
        if (sums < limits[:, 0]).any() or (sums > limits[:, 1]).any():
            return False
    if small.classes is not None:
        belongs = np.asarray(small.classes).reshape(small.n, -1)
        if not belongs[sorted(villages)].any(axis=0).all():
            return False
    if any((a in villages) != (b in villages) for a, b in small.must_together or ()):
        return False
    return not any(a in villages and b in villages for a, b in small.never_together or ())


def keeps_lead_rules(small: Small, lead: int, villages: Villages) -> bool:
    """Say whether a set of villages keeps the rules that look at its lead."""
    members = villages - {lead}
    fixed, must_lead = small.fixed_lead or {}, set(small.must_lead or ())
    if small.can_lead is not None and not small.can_lead[lead]:
        return False
    if members & must_lead or any(fixed.get(v, lead) != lead for v in villages):
        return False
    if small.max_distance is not None and any(
        small.distance[lead][v] > small.max_distance for v in members
    ):
        return False
    if small.max_hops is not None:
        here = frozenset(v for v in small.free if small.zone[v] == small.zone[lead])
        steps = steps_within(lead, here, small.links)
        if any(steps.get(v, math.inf) > small.max_hops for v in members):
            return False
    return small.weak is None or sum(bool(small.weak[v]) for v in members) <= small.max_weak


def cost_parts(small: Small, lead: int, villages: Villages) -> list[float]:
    """Return lead cost, size cost and pair costs of an alliance, group terms last."""
    size = len(villages)
    parts = [0.0 if small.lead_cost is None else float(small.lead_cost[lead])]
    if small.size_cost is not None:
        parts.append(float(small.size_cost[size]) if size < len(small.size_cost) else math.inf)
    for v in villages - {lead}:
        same = small.zone[v] == small.zone[lead]
        parts.append(float(small.pair_cost[lead][v]) if same else math.inf)
    for term in small.group_terms:
        total = sum(float(term.amount[v]) for v in villages)
        if term.target is not None:
            parts.append(term.weight * abs(total - term.target))
        if term.threshold is not None:
            parts.append(term.shortfall_weight * max(0.0, term.threshold - total))
    return parts


def led_alliances(small: Small) -> dict[Villages, dict[int, float]]:
    """Return every feasible alliance: set of villages -> possible lead -> finite cost.

    Only rules of one alliance count here, not those on the number of alliances or the budget.
    """
    found: dict[Villages, dict[int, float]] = {}
    for size in range(small.min_size, min(small.max_size, len(small.free)) + 1):
        for villages in map(frozenset, itertools.combinations(small.free, size)):
            if not keeps_set_rules(small, villages):
                continue
            costs = {
                lead: sum(cost_parts(small, lead, villages))
                for lead in sorted(villages)
                if keeps_lead_rules(small, lead, villages)
            }
            costs = {lead: cost for lead, cost in costs.items() if cost < math.inf}
            if costs:
                found[villages] = costs
    return found


def cheapest_alliances(small: Small) -> dict[Villages, float]:
    """Return every set of villages that may form an alliance, with its least cost."""
    return {villages: min(costs.values()) for villages, costs in led_alliances(small).items()}


def prices(small: Small, held: Villages) -> list[float]:
    """Return what leaving each village out costs, given those that some alliance can hold.

    A village that no alliance can hold and that has no finite price is left out for nothing.
    """
    found = []
    for v in range(small.n):
        price = math.inf if small.unassigned_cost is None else float(small.unassigned_cost[v])
        if v in set(small.must_lead or ()):
            price = math.inf
        found.append(price if v in held or price < math.inf else 0.0)
    return found


def frozen_cost(small: Small) -> float:
    """Return the cost of the frozen alliances: what is forbidden counts nothing."""
    parts = [cost_parts(small, a[0], frozenset(a)) for a in small.frozen]
    return sum(part for alliance in parts for part in alliance if part < math.inf)


def keeps_plan_rules(small: Small, leads: list[int]) -> bool:
    """Say whether the leads of all alliances, frozen ones included, keep numbers and budget."""
    here = Counter(small.zone[lead] for lead in leads)
    wanted = [(len(leads), small.n_alliances or (None, None))]
    wanted += [(here[label], count) for label, count in (small.zone_alliances or {}).items()]
    for number, (fewest, most) in wanted:
        if fewest is not None and number < fewest:
            return False
        if most is not None and number > most:
            return False
    return small.budget is None or sum(float(small.budget_use[v]) for v in leads) <= small.budget


def optimum(small: Small) -> float:
    """Return the least cost of any plan, ``inf`` if there is none.

    Plans that place the same villages with as many alliances in each zone and the same use of
    the budget go on alike, so only the cheapest of them is followed.
    """
    alliances = led_alliances(small)
    price = prices(small, frozenset().union(*alliances))
    zone = small.zone
    counted = small.n_alliances is not None or bool(small.zone_alliances)
    starting = [alliance[0] for alliance in small.frozen]
    options: dict[int, list[tuple[Villages, int, float]]] = {v: [] for v in range(small.n)}
    for villages, costs in alliances.items():
        cheapest = min(costs, key=lambda lead: costs[lead])
        for lead in costs if small.budget is not None else [cheapest]:
            options[min(villages)].append((villages, lead, costs[lead]))

    @cache
    def best(left: Villages, leads: tuple[int, ...]) -> float:
        if not left:
            return 0.0 if keeps_plan_rules(small, list(leads)) else math.inf
        first = min(left)
        cheapest = (
            price[first] + best(left - {first}, leads) if price[first] < math.inf else price[first]
        )
        for villages, lead, cost in options[first]:
            if villages <= left:
                cheapest = min(cheapest, cost + best(left - villages, onward(leads, lead)))
        return cheapest

    def onward(leads: tuple[int, ...], lead: int) -> tuple[int, ...]:
        if small.budget is not None:
            return tuple(sorted((*leads, lead)))
        # Without a budget a lead counts by its zone alone.
        return tuple(sorted((*leads, zone.index(zone[lead])))) if counted else leads

    return frozen_cost(small) + best(frozenset(small.free), tuple(starting))


def all_plans(small: Small) -> Iterator[tuple[float, frozenset[tuple[int, Villages]]]]:
    """Yield every feasible plan of at most about seven villages, in no order of cost.

    Each is its cost and its alliances as (lead, villages), frozen ones included; of each
    partition only the cheapest choice of leads within the budget, the first of equals.
    """
    alliances = led_alliances(small)
    price = prices(small, frozenset().union(*alliances))
    frozen = [(alliance[0], frozenset(alliance)) for alliance in small.frozen]

    def partitions(left: Villages) -> Iterator[tuple[float, tuple[Villages, ...]]]:
        if not left:
            yield 0.0, ()
            return
        first = min(left)
        if price[first] < math.inf:
            for paid, rest in partitions(left - {first}):
                yield price[first] + paid, rest
        for villages in alliances:
            if first in villages and villages <= left:
                for paid, rest in partitions(left - villages):
                    yield paid, (villages, *rest)

    for paid, chosen in partitions(frozenset(small.free)):
        best: tuple[float, tuple[int, ...]] | None = None
        for leads in itertools.product(*(alliances[villages] for villages in chosen)):
            cost = sum(alliances[s][lead] for s, lead in zip(chosen, leads, strict=True))
            if (best is None or cost < best[0]) and keeps_plan_rules(
                small, [lead for lead, _ in frozen] + list(leads)
            ):
                best = cost, leads
        if best is not None:
            plan = frozenset([*frozen, *zip(best[1], chosen, strict=True)])
            yield frozen_cost(small) + paid + best[0], plan

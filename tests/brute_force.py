"""Every plan of a small problem, enumerated without any code of the package under test."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import Any

import numpy as np


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

    def arguments(self) -> dict[str, Any]:
        return dict(vars(self))


def connected(villages: frozenset[int], edges: list[tuple[int, int]]) -> bool:
    """Say whether the villages hang together."""
    todo = set(villages)
    front = {min(todo)}
    while front:
        todo -= front
        front = {w for a, b in edges for v, w in ((a, b), (b, a)) if v in front and w in todo}
    return not todo


def cheapest_alliances(small: Small) -> dict[frozenset[int], float]:
    """Return every set of villages that may form an alliance, with its least cost."""
    n = len(small.pair_cost)
    edges = [(int(a), int(b)) for a, b in np.asarray(small.edges).reshape(-1, 2)]
    zones = [0] * n if small.zones is None else list(small.zones)
    found: dict[frozenset[int], float] = {}
    for size in range(small.min_size, min(small.max_size, n) + 1):
        extra = 0.0 if small.size_cost is None else float(small.size_cost[size])
        for chosen in itertools.combinations(range(n), size):
            if len({zones[v] for v in chosen}) > 1 or not connected(frozenset(chosen), edges):
                continue
            best = math.inf
            for lead in chosen:
                if small.can_lead is not None and not small.can_lead[lead]:
                    continue
                cost = 0.0 if small.lead_cost is None else float(small.lead_cost[lead])
                cost += sum(float(small.pair_cost[lead][v]) for v in chosen if v != lead)
                best = min(best, cost + extra)
            if best < math.inf:
                found[frozenset(chosen)] = best
    return found


def optimum(small: Small) -> float:
    """Return the least cost of any plan, ``inf`` if there is none.

    A village that no alliance can hold and that has no finite price is left out for nothing.
    """
    n = len(small.pair_cost)
    alliances = cheapest_alliances(small)
    held = set().union(*alliances) if alliances else set()
    price = []
    for v in range(n):
        given = math.inf if small.unassigned_cost is None else float(small.unassigned_cost[v])
        price.append(given if v in held or given < math.inf else 0.0)

    def best(left: frozenset[int]) -> float:
        if not left:
            return 0.0
        first = min(left)
        cheapest = price[first] + best(left - {first}) if price[first] < math.inf else math.inf
        for villages, cost in alliances.items():
            if first in villages and villages <= left:
                cheapest = min(cheapest, cost + best(left - villages))
        return cheapest

    return best(frozenset(range(n)))

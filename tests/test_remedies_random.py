"""Conflicts of random infeasible problems are minimal, over one zone and over all of them.

Every way out is tried as well. The suite looks at a few problems for every rule;
``LIANCUN_ALL_CONFLICTS=1`` looks at more than 200 for each kind of conflict, as
``python -m benchmarks.conflicts`` does.
"""

from __future__ import annotations

import math
import os
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from brute_force import Small, Villages, led_alliances, optimum
from problems import RULES, random_rules_problem
from test_conflict import _all_items, _arguments, key, without

from liancun_geo.problem import AllianceProblem
from liancun_geo.solve import Conflict, explain_all, solve
from liancun_geo.solve.rule_items import RuleItem

ALL = bool(os.environ.get("LIANCUN_ALL_CONFLICTS"))
OVER_ZONES = ("n_alliances", "budget")
OTHERS = [rule for rule in RULES if rule not in OVER_ZONES]


def without_together(small: Small, gone: list[RuleItem]) -> Small:
    """Return the problem without some rules, those over all zones among them."""
    rules = {item.rule for item in gone}
    zones = np.asarray(small.zone)
    apart = zones[:, None] != zones[None, :]
    masked = replace(small, pair_cost=np.where(apart, math.inf, small.pair_cost))
    other = without(replace(masked, zone_alliances={None: (None, None)}), gone)
    other.zone_alliances = {
        label: (
            None if ("fewest_alliances", label) in _named(gone) else fewest,
            None if ("most_alliances", label) in _named(gone) else most,
        )
        for label, (fewest, most) in (small.zone_alliances or {}).items()
    }
    fewest, most = small.n_alliances or (None, None)
    other.n_alliances = (
        None if "fewest_overall" in rules else fewest,
        None if "most_overall" in rules else most,
    )
    if "budget" in rules:
        other.budget = other.budget_use = None
    return other


def _named(items: list[RuleItem]) -> set[tuple[str, Any]]:
    return {(item.rule, item.zone) for item in items}


def can_place_together(small: Small, must: frozenset[int]) -> bool:
    """Say whether disjoint alliances hold all these villages within numbers and budget."""
    alliances = led_alliances(small)
    zone = small.zone
    labels = sorted(set(zone))
    use = np.zeros(small.n) if small.budget_use is None else np.asarray(small.budget_use)

    @cache
    def reach(left: Villages, asked: Villages) -> frozenset[tuple[tuple[int, ...], float]]:
        """Return the possible numbers of alliances by zone, and the sums they use."""
        found = set() if asked else {((0,) * len(labels), 0.0)}
        for villages, leads in alliances.items():
            if villages <= left and (not asked or min(asked) in villages):
                place = labels.index(zone[min(villages)])
                for counts, used in reach(left - villages, asked - villages):
                    more = tuple(k + (i == place) for i, k in enumerate(counts))
                    found |= {(more, used + float(use[lead])) for lead in leads}
        return frozenset(found)

    frozen = [alliance[0] for alliance in small.frozen]
    spent = sum(float(use[lead]) for lead in frozen)

    def keeps(counts: tuple[int, ...], used: float) -> bool:
        here = dict(zip(labels, counts, strict=True))
        for lead in frozen:
            here[zone[lead]] += 1
        wanted = [(sum(here.values()), small.n_alliances or (None, None))]
        wanted += [(here.get(label, 0), b) for label, b in (small.zone_alliances or {}).items()]
        for number, (fewest, most) in wanted:
            if not (fewest or 0) <= number <= (math.inf if most is None else most):
                return False
        return small.budget is None or used + spent <= small.budget

    return any(keeps(*way) for way in reach(frozenset(small.free), must))


def is_minimal_together(small: Small, conflict: Conflict) -> None:
    """Check that the rules cannot be kept together, and without any one of them can be."""
    held = frozenset().union(*led_alliances(small))
    price = np.full(small.n, math.inf) if small.unassigned_cost is None else small.unassigned_cost
    covered = frozenset(v for v in held if math.isinf(price[v]))
    leads = held & set(small.must_lead or ())
    every = list(_all_items(replace(small, frozen=[], zone_alliances={})))
    every = [item for item in every if item.rule not in ("fewest_alliances", "most_alliances")]
    every += [RuleItem("fewest_overall"), RuleItem("most_overall"), RuleItem("budget")]
    for label in small.zone_alliances or {}:
        every += [RuleItem("fewest_alliances", zone=label), RuleItem("most_alliances", zone=label)]

    def name(item: RuleItem) -> tuple[Any, ...]:
        return (*key(item), item.zone)

    def possible(kept: list[RuleItem]) -> bool:
        named = {name(item) for item in kept}
        bound = {item.villages[0] for item in kept if item.rule == "must_lead"} & leads
        must = (covered if "coverage" in {item.rule for item in kept} else frozenset()) | bound
        gone = [item for item in every if name(item) not in named]
        return can_place_together(without_together(small, gone), must)

    items = list(conflict.items)
    assert items, conflict
    assert not possible(items), items
    for item in items:
        assert possible([other for other in items if other != item]), (item, items)


def every_way_out_works(small: Small, problem: AllianceProblem, conflict: Conflict) -> int:
    """Check that each way gives a plan at its cost, by the solver and by enumeration."""
    for way in conflict.relaxations:
        changed = problem.changed(**way.changes)
        assert solve(changed).objective == pytest.approx(way.objective, abs=1e-7), way
        assert way.proven
        relaxed = replace(small, **_arguments(changed))
        assert optimum(relaxed) == pytest.approx(way.objective, abs=1e-7), way
    return len(conflict.relaxations)


def explained_together(rule: str, wanted: int, first: int = 0) -> tuple[int, int]:
    """Look at infeasible problems under a rule over all zones; return conflicts and ways out."""
    rng = np.random.default_rng([len(rule), first])
    found = ways = 0
    seed = first
    while found < wanted:
        others = rng.permutation(OTHERS)[: int(rng.integers(0, 3))].tolist()
        both = [one for one in OVER_ZONES if rng.random() < 0.2]
        small = random_rules_problem(seed, {rule, *others, *both}, most_villages=7)
        seed += 1
        assert seed < first + 3000, found
        problem = AllianceProblem.from_arrays(**small.arguments())
        result = solve(problem)
        if result.status != "infeasible":
            continue
        for conflict in explain_all(problem, result):
            if not conflict.whole:
                continue
            assert conflict.minimal
            is_minimal_together(small, conflict)
            ways += every_way_out_works(small, problem, conflict)
            found += 1
    return found, ways


@pytest.mark.parametrize("rule", OVER_ZONES)
def test_conflicts_over_all_zones(rule: str) -> None:
    found, ways = explained_together(rule, 110 if ALL else 12)
    assert ways > found

"""Conflicts are minimal and every way out works: against brute force, on random problems."""

from __future__ import annotations

import itertools
import math
import os
from collections import Counter
from collections.abc import Collection
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from brute_force import Small, Villages, frozen_cost, led_alliances, optimum
from problems import RULES, random_rules_problem

from liancun_geo.problem import AllianceProblem
from liancun_geo.solve import solve
from liancun_geo.solve.conflict import Conflict, explain_infeasible, explain_left_out
from liancun_geo.solve.rule_items import RuleItem


def one_zone(small: Small, label: Any) -> tuple[Small, list[int]]:
    """Return one zone as a problem of its own, and its villages, without the package's code."""
    here = [v for v in range(small.n) if small.zone[v] == label]
    number = {v: i for i, v in enumerate(here)}

    def rows(values: Any) -> Any:
        return None if values is None else np.asarray(values)[here]

    def pairs(values: Any) -> list[tuple[int, int]]:
        return [(number[a], number[b]) for a, b in values or () if a in number and b in number]

    part = replace(
        small,
        pair_cost=np.asarray(small.pair_cost)[np.ix_(here, here)],
        edges=np.array(pairs(small.links), dtype=np.intp).reshape(-1, 2),
        zones=[label] * len(here),
        lead_cost=rows(small.lead_cost),
        can_lead=rows(small.can_lead),
        unassigned_cost=rows(small.unassigned_cost),
        resource=rows(small.resource),
        group_terms=[replace(term, amount=rows(term.amount)) for term in small.group_terms],
        n_alliances=None,
        zone_alliances={label: _free_alliances(small, label)},
        distance=None if small.distance is None else small.distance[np.ix_(here, here)],
        must_together=pairs(small.must_together),
        never_together=pairs(small.never_together),
        fixed_lead=dict(pairs((small.fixed_lead or {}).items())),
        must_lead=[number[v] for v in small.must_lead or () if v in number],
        frozen=[f for f in ([number[v] for v in a if v in number] for a in small.frozen) if f],
        weak=rows(small.weak),
        classes=rows(small.classes),
        budget_use=None,
        budget=None,
    )
    return part, here


def _free_alliances(small: Small, label: Any) -> tuple[float | None, float | None]:
    """Return fewest and most alliances of a zone beside its frozen ones."""
    fewest, most = (small.zone_alliances or {}).get(label, (None, None))
    led = sum(small.zone[alliance[0]] == label for alliance in small.frozen)
    return (
        None if fewest is None else max(0, fewest - led),
        None if most is None else most - led,
    )


def without(small: Small, gone: Collection[RuleItem]) -> Small:
    """Return the problem without some rules; coverage is left to the caller."""
    n = small.n
    rules = Counter(item.rule for item in gone)
    named = {rule: [i.villages for i in gone if i.rule == rule] for rule in rules}
    least = 1 if rules["min_size"] else small.min_size
    size_cost = np.zeros(small.max_size + 1) if small.size_cost is None else small.size_cost
    if rules["size_cost"]:
        size_cost = np.where(np.isinf(size_cost), 0.0, size_cost)
    size_cost = np.append(size_cost, np.zeros(n + 1))
    most = n if rules["max_size"] else small.max_size
    alone = np.isinf(small.pair_cost + np.diag([math.inf] * n))
    alone = alone.all(axis=0) & alone.all(axis=1) & (n > 1)
    other = replace(small, min_size=least, max_size=max(most, least), size_cost=size_cost)
    if rules["can_lead"]:
        gates = np.ones(n, dtype=bool) if small.can_lead is None else np.asarray(small.can_lead)
        other.can_lead = gates | ~alone
        own = np.zeros(n) if small.lead_cost is None else small.lead_cost
        other.lead_cost = np.where(alone, own, 0.0)
    if rules["forbidden_pairs"]:
        free = ~alone[:, None] & ~alone[None, :]
        other.pair_cost = np.where(free, 0.0, small.pair_cost)
    if rules["max_distance"]:
        other.max_distance = None
    if rules["max_hops"]:
        other.max_hops = None
    if rules["max_weak"]:
        other.weak = None
    [(label, (fewest, greatest))] = small.zone_alliances.items()
    other.zone_alliances = {
        label: (
            None if rules["fewest_alliances"] else fewest,
            None if rules["most_alliances"] else greatest,
        )
    }
    return _without_entries(other, gone, named)


def _without_entries(
    small: Small, gone: Collection[RuleItem], named: dict[str, list[tuple[int, ...]]]
) -> Small:
    if small.classes is not None:
        classes = np.array(small.classes).reshape(small.n, -1)
        classes[:, [i.index for i in gone if i.rule == "class"]] = True
        small = replace(small, classes=classes)
    if small.resource is not None:
        bounds = np.array(small.resource_bounds, dtype=float).reshape(-1, 2)
        bounds[[i.index for i in gone if i.rule == "resource_least"], 0] = -math.inf
        bounds[[i.index for i in gone if i.rule == "resource_most"], 1] = math.inf
        small = replace(small, resource_bounds=bounds)

    def left(name: str, pairs: Any) -> list[tuple[int, int]]:
        dropped = {tuple(sorted(pair)) for pair in named.get(name, ())}
        return [(a, b) for a, b in pairs or () if tuple(sorted((a, b))) not in dropped]

    fixed = {
        v: lead
        for v, lead in (small.fixed_lead or {}).items()
        if (v, lead) not in named.get("fixed_lead", ())
    }
    return replace(
        small,
        must_together=left("must_together", small.must_together),
        never_together=left("never_together", small.never_together),
        fixed_lead=fixed,
        must_lead=[v for v in small.must_lead or () if (v,) not in named.get("must_lead", ())],
    )


def can_place(small: Small, must: frozenset[int]) -> bool:
    """Say whether disjoint alliances, as many as allowed, hold all these villages."""
    alliances = list(led_alliances(small))
    [(fewest, most)] = small.zone_alliances.values()
    most = math.inf if most is None else most

    @cache
    def reach(left: Villages, asked: Villages) -> frozenset[int]:
        """Return the possible numbers of alliances."""
        found = {0} if not asked else set()
        for villages in alliances:
            # Of a plan the alliances that hold asked villages come first, each by the lowest.
            if villages <= left and (not asked or min(asked) in villages):
                onward = reach(left - villages, asked - villages)
                found |= {k + 1 for k in onward if k + 1 <= len(left)}
        return frozenset(found)

    numbers = reach(frozenset(range(small.n)), must)
    return any((fewest or 0) <= k <= most for k in numbers)


def _is_minimal(small: Small, conflict: Conflict) -> None:
    part, here = one_zone(small, conflict.label)
    number = {v: i for i, v in enumerate(here)}
    items = [
        replace(item, villages=tuple(number[v] for v in item.villages)) for item in conflict.items
    ]
    held = frozenset().union(*led_alliances(part))
    price = np.full(part.n, math.inf) if part.unassigned_cost is None else part.unassigned_cost
    covered = {v for v in held if math.isinf(price[v])}
    leads = held & set(part.must_lead)
    every = _all_items(part)

    def possible(kept: list[RuleItem], villages: set[int]) -> bool:
        rules = {item.rule for item in kept}
        bound = {item.villages[0] for item in kept if item.rule == "must_lead"} & leads
        must = (villages if "coverage" in rules else set()) | bound
        named = {key(item) for item in kept}
        gone = [item for item in every if key(item) not in named]
        return can_place(without(part, gone), frozenset(must))

    assert items, conflict
    assert not possible(items, covered)
    for item in items:
        assert possible([other for other in items if other != item], covered), item
    core = {number[v] for v in conflict.villages}
    if core:
        assert not possible(items, core)
        for village in core & covered - leads:
            assert possible(items, core - {village})


ENTRIES = ("must_lead", "fixed_lead", "must_together", "never_together")


def key(item: RuleItem) -> tuple[Any, ...]:
    return item.rule, item.index, item.villages if item.rule in ENTRIES else ()


def _all_items(part: Small) -> list[RuleItem]:
    """Return every rule, whether it can be in anybody's way or not."""
    # Numbers of alliances are items whatever they are, and may be below nothing here.
    bare = replace(part, zone_alliances=None, frozen=())
    case = AllianceProblem.from_arrays(**bare.arguments())
    n = part.n
    items = [RuleItem("coverage")]
    items += [RuleItem(rule) for rule in ("size_cost", "can_lead", "forbidden_pairs")]
    items += [RuleItem(rule) for rule in ("max_distance", "max_hops", "max_weak")]
    items += [RuleItem("min_size"), RuleItem("max_size")]
    items += [RuleItem("fewest_alliances"), RuleItem("most_alliances")]
    items += [RuleItem("resource_least", index=r) for r in range(len(case.rules.resource_bounds))]
    items += [RuleItem("resource_most", index=r) for r in range(len(case.rules.resource_bounds))]
    classes = case.rules.classes
    items += [RuleItem("class", index=q) for q in range(0 if classes is None else classes.shape[1])]
    items += [RuleItem("must_lead", (v,)) for v in range(n)]
    items += [RuleItem("fixed_lead", pair) for pair in itertools.product(range(n), repeat=2)]
    pairs = list(itertools.combinations(range(n), 2))
    items += [RuleItem("must_together", pair) for pair in pairs]
    items += [RuleItem("never_together", pair) for pair in pairs]
    return items


def _every_way_out_works(small: Small, problem: AllianceProblem, conflict: Conflict) -> None:
    number = [zone.label for zone in problem.zones].index(conflict.label)
    for way in conflict.relaxations:
        changed = problem.changed(**way.changes)
        result = solve(changed, time_limit=20)
        zone = result.zones[number]
        assert zone.label == conflict.label
        assert zone.objective == pytest.approx(way.objective, abs=1e-7), way
        assert way.proven
        if conflict.village is not None:
            assert conflict.village in _placeable(small, changed), way
        if small.zones is None:
            relaxed = replace(small, **_arguments(changed))
            assert optimum(relaxed) == pytest.approx(way.objective + frozen_cost(small)), way


def _arguments(problem: AllianceProblem) -> dict[str, Any]:
    pairs = {
        name: [tuple(pair) for pair in getattr(problem.rules, name).tolist()]
        for name in ("must_together", "never_together")
    }
    whole = problem.cost_block(np.arange(problem.n))
    return {**problem.arguments, **pairs, "pair_cost": whole}


def _placeable(small: Small, problem: AllianceProblem) -> Villages:
    return frozenset().union(*led_alliances(replace(small, **_arguments(problem))))


EXPLAINED = [rule for rule in RULES if rule not in ("n_alliances", "budget")]
UNFROZEN = [rule for rule in EXPLAINED if rule != "frozen"]
"""What is frozen is placed, whatever holds it."""


def _explained(small: Small) -> int:
    """Check the conflict of every infeasible zone of a problem; return their number."""
    problem = AllianceProblem.from_arrays(**small.arguments())
    lost = [zone.label for zone in solve(problem, time_limit=20).zones if zone.reason is not None]
    for label in lost:
        conflict = explain_infeasible(problem, label)
        assert conflict.minimal
        _is_minimal(small, conflict)
        _every_way_out_works(small, problem, conflict)
    return len(lost)


ENOUGH = 17 if os.environ.get("LIANCUN_ALL_CONFLICTS") else 3
"""Infeasible problems looked at for each rule: more than 200 in all if all are asked for."""


@pytest.mark.parametrize("rule", [*EXPLAINED, "sizes"])
def test_conflicts_of_random_problems(rule: str) -> None:
    rng = np.random.default_rng(len(rule))
    found = seed = 0
    while found < ENOUGH:
        others = rng.permutation(EXPLAINED)[: int(rng.integers(0, 4))].tolist()
        rules = {rule, *others} - {"sizes"}
        found += _explained(random_rules_problem(seed, rules, most_villages=7))
        seed += 1
        assert seed < 1000, found


@pytest.mark.parametrize("block", range(2))
def test_villages_that_nothing_can_hold(block: int) -> None:
    rng = np.random.default_rng(block)
    found = 0
    for seed in range(block * 50, block * 50 + 50):
        rules = rng.permutation(UNFROZEN)[: int(rng.integers(0, 3))].tolist()
        small = random_rules_problem(seed, rules, most_villages=7)
        problem = AllianceProblem.from_arrays(**small.arguments())
        held = frozenset().union(*led_alliances(small))
        for village in range(small.n):
            if village in held:
                with pytest.raises(ValueError, match="can be placed"):
                    explain_left_out(problem, village)
                continue
            conflict = explain_left_out(problem, village)
            assert conflict.minimal
            assert conflict.village == village
            _keeps_out(small, conflict)
            _every_way_out_works(small, problem, conflict)
            found += 1
    assert found > 10


def _keeps_out(small: Small, conflict: Conflict) -> None:
    """Check that the rules keep the village out, and that without any of them it could be in."""
    part, here = one_zone(small, conflict.label)
    number = {v: i for i, v in enumerate(here)}
    village = number[conflict.village]
    every = _all_items(part)
    items = [
        replace(item, villages=tuple(number[v] for v in item.villages)) for item in conflict.items
    ]

    def held(kept: list[RuleItem]) -> bool:
        named = {key(item) for item in kept}
        alliances = led_alliances(without(part, [i for i in every if key(i) not in named]))
        return any(village in villages for villages in alliances)

    assert not held(items)
    for item in items:
        assert held([other for other in items if other != item]), item

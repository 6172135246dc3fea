"""The rules of a zone, or of all, as items dropped one by one, and the problem without some."""

from __future__ import annotations

from collections.abc import Collection, Hashable
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from liancun_geo.arrays import BoolArray, FloatArray, IntArray
from liancun_geo.problem import AllianceProblem
from liancun_geo.rules import GroupTerm

ItemRule = Literal[
    "coverage",
    "min_size",
    "max_size",
    "size_cost",
    "can_lead",
    "forbidden_pairs",
    "max_distance",
    "max_hops",
    "fewest_alliances",
    "most_alliances",
    "fewest_overall",
    "most_overall",
    "budget",
    "max_weak",
    "class",
    "resource_least",
    "resource_most",
    "must_lead",
    "fixed_lead",
    "never_together",
    "must_together",
]
"""In the order in which a conflict names them: what is agreed of few villages comes last."""


@dataclass(frozen=True, slots=True)
class RuleItem:
    """One rule, or one entry of a rule that has several.

    Attributes
    ----------
    rule
        Which rule.
    villages
        Positions of the villages it names: a pair, a village and its lead, those barred from
        leading, weak villages, those of a class; empty if it is asked of all alike.
    index
        Which resource or class, counted from 0; None for other rules.
    value
        Its figure: a size, a distance, a number of steps, of alliances, of weak members, a sum.
    zone
        Label of the zone a number of alliances is asked of.
    """

    rule: ItemRule
    villages: tuple[int, ...] = ()
    index: int | None = None
    value: float | None = None
    zone: Hashable = None


@dataclass(frozen=True, eq=False)
class ZoneCase:
    """One zone as a problem of its own, its villages numbered ``0 .. k-1``.

    Attributes
    ----------
    problem
        The zone alone; rules over all zones are left out.
    villages
        (k,) positions in the whole problem, frozen villages included.
    label
        Of the zone.
    led_elsewhere
        Frozen alliances of which a part lies here and the lead does not.
    whole
        Whether it is no zone but the whole problem, with the rules over all zones.
    """

    problem: AllianceProblem
    villages: IntArray
    label: Hashable
    led_elsewhere: int = 0
    whole: bool = False

    def told(self, item: RuleItem) -> RuleItem:
        """Return an item of the case with the positions of the whole problem."""
        villages = [int(self.villages[v]) for v in item.villages]
        # A village comes before its lead; all other lists ascend.
        return replace(
            item, villages=tuple(villages if item.rule == "fixed_lead" else sorted(villages))
        )


def zone_case(problem: AllianceProblem, number: int, first: int | None = None) -> ZoneCase:
    """Cut one zone out of a problem.

    Parameters
    ----------
    problem
        The whole.
    number
        Of the zone in ``problem.zones``.
    first
        Position of a village that gets the number 0; by default villages keep their order.
    """
    villages = np.flatnonzero(problem.zone_of == number)
    pairs = problem.cost_block(villages)
    distances = problem.distance_block(villages)
    order = np.arange(len(villages))
    if first is not None:
        order = np.concatenate([order[villages == first], order[villages != first]])
        villages = villages[order]
    local = np.full(problem.n, -1, dtype=np.intp)
    local[villages] = np.arange(len(villages))
    label = problem.zones[number].label
    frozen, led_elsewhere = _frozen_here(problem, local)
    least, most = problem.rules.zone_alliances.get(label, (0, np.inf))
    rules = problem.rules
    arguments: dict[str, Any] = {
        "pair_cost": pairs[np.ix_(order, order)],
        "edges": _inside(problem.edges, local),
        "min_size": problem.min_size,
        "max_size": problem.max_size,
        "zones": [label] * len(villages),
        "lead_cost": problem.lead_cost[villages],
        "can_lead": problem.can_lead[villages],
        "size_cost": problem.size_cost,
        "unassigned_cost": problem.unassigned_cost[villages],
        "group_terms": [_term_of(term, villages) for term in rules.group_terms],
        # A frozen alliance counts in the zone of its lead.
        "zone_alliances": {
            label: (least + led_elsewhere if least > 0 else 0, most + led_elsewhere)
        },
        "max_hops": rules.max_hops,
        "must_together": _inside(rules.must_together, local),
        "never_together": _inside(rules.never_together, local),
        "fixed_lead": {
            int(local[v]): int(local[lead]) for v, lead in rules.fixed_lead.items() if local[v] >= 0
        },
        "must_lead": [int(local[v]) for v in rules.must_lead if local[v] >= 0],
        "frozen": frozen,
    }
    if len(rules.resource_bounds):
        arguments["resource"] = rules.resource[villages]
        arguments["resource_bounds"] = rules.resource_bounds
    if distances is not None:
        arguments["distance"] = distances[np.ix_(order, order)]
        arguments["max_distance"] = rules.max_distance
    if rules.weak is not None:
        arguments["weak"], arguments["max_weak"] = rules.weak[villages], rules.max_weak
    if rules.classes is not None:
        arguments["classes"] = rules.classes[villages]
    return ZoneCase(AllianceProblem.from_arrays(**arguments), villages, label, led_elsewhere)


def whole_case(problem: AllianceProblem) -> ZoneCase:
    """Return a problem as a case of its own, with its rules over all zones."""
    return ZoneCase(problem, np.arange(problem.n), None, whole=True)


def _term_of(term: GroupTerm, villages: IntArray) -> GroupTerm:
    return replace(term, amount=np.asarray(term.amount)[villages])


def _inside(pairs: IntArray, local: IntArray) -> IntArray:
    here: IntArray = local[pairs]
    return here[(here >= 0).all(axis=1)]


def _frozen_here(problem: AllianceProblem, local: IntArray) -> tuple[list[list[int]], int]:
    """Return the frozen villages of a zone, and how many alliances of them are led elsewhere."""
    frozen, led_elsewhere = [], 0
    for villages in problem.rules.frozen:
        here = [int(local[v]) for v in villages if local[v] >= 0]
        if here:
            frozen.append(here)
            led_elsewhere += local[villages[0]] < 0
    return frozen, led_elsewhere


def _costs(problem: AllianceProblem) -> FloatArray:
    """Return (n, n) pair costs as given, infinite between zones."""
    same = problem.zone_of[:, None] == problem.zone_of[None, :]
    return np.where(same, problem.cost_block(np.arange(problem.n)), np.inf)


def barred(problem: AllianceProblem) -> BoolArray:
    """Return the villages of a case that take no part: they neither lead nor are led."""
    if problem.n < 2:
        return np.zeros(problem.n, dtype=bool)
    cost = _costs(problem)
    np.fill_diagonal(cost, np.inf)
    return np.asarray(np.isinf(cost).all(axis=0) & np.isinf(cost).all(axis=1))


def may_not_lead(problem: AllianceProblem) -> BoolArray:
    """Return the villages of a case that a gate or a cost keeps from leading."""
    free = np.ones(problem.n, dtype=bool)
    free[[v for villages in problem.rules.frozen for v in villages]] = False
    gated: BoolArray = ~problem.can_lead | np.isinf(problem.lead_cost)
    return gated & free & ~barred(problem)


def items_of(case: ZoneCase) -> list[RuleItem]:
    """Return every rule that may be in somebody's way, in the order of a conflict."""
    problem, rules = case.problem, case.problem.rules
    items = [RuleItem("coverage")]
    if problem.min_size > 1:
        items.append(RuleItem("min_size", value=problem.min_size))
    if problem.max_size < _largest(problem):
        items.append(RuleItem("max_size", value=problem.max_size))
    if np.isinf(problem.size_cost[1:]).any():
        items.append(RuleItem("size_cost"))
    gated = np.flatnonzero(may_not_lead(problem))
    if len(gated):
        items.append(RuleItem("can_lead", tuple(gated.tolist())))
    forbidden = _forbidden(problem)
    if forbidden.any():
        concerned = np.flatnonzero(forbidden.any(axis=0) | forbidden.any(axis=1))
        items.append(RuleItem("forbidden_pairs", tuple(concerned.tolist())))
    if rules.max_distance is not None:
        items.append(RuleItem("max_distance", value=rules.max_distance))
    if rules.max_hops is not None:
        items.append(RuleItem("max_hops", value=rules.max_hops))
    for label, (fewest, most) in rules.zone_alliances.items():
        if fewest > 0:
            items.append(RuleItem("fewest_alliances", value=fewest, zone=label))
        if most < np.inf:
            items.append(RuleItem("most_alliances", value=most, zone=label))
    if case.whole:
        items += _items_of_the_whole(problem)
    if rules.weak is not None:
        weak = tuple(np.flatnonzero(rules.weak).tolist())
        items.append(RuleItem("max_weak", weak, value=rules.max_weak))
    for q in range(0 if rules.classes is None else rules.classes.shape[1]):
        assert rules.classes is not None
        items.append(RuleItem("class", tuple(np.flatnonzero(rules.classes[:, q]).tolist()), q))
    for r, (least, greatest) in enumerate(rules.resource_bounds.tolist()):
        if least > -np.inf:
            items.append(RuleItem("resource_least", index=r, value=least))
        if greatest < np.inf:
            items.append(RuleItem("resource_most", index=r, value=greatest))
    items += [RuleItem("must_lead", (v,)) for v in rules.must_lead]
    items += [RuleItem("fixed_lead", pair) for pair in rules.fixed_lead.items()]
    items += [RuleItem("never_together", (a, b)) for a, b in rules.never_together.tolist()]
    items += [RuleItem("must_together", (a, b)) for a, b in rules.must_together.tolist()]
    return items


def _largest(problem: AllianceProblem) -> int:
    return max((zone.n for zone in problem.zones), default=0)


def _items_of_the_whole(problem: AllianceProblem) -> list[RuleItem]:
    rules = problem.rules
    fewest, most = rules.n_alliances
    items = []
    if fewest > 0:
        items.append(RuleItem("fewest_overall", value=fewest))
    if most < np.inf:
        items.append(RuleItem("most_overall", value=most))
    if rules.budget_use is not None:
        items.append(RuleItem("budget", value=rules.budget))
    return items


def _forbidden(problem: AllianceProblem) -> BoolArray:
    """Return (n, n) pairs of a case forbidden one by one, not with all others of a village."""
    alone = barred(problem)
    forbidden: BoolArray = np.isinf(_costs(problem))
    forbidden &= problem.zone_of[:, None] == problem.zone_of[None, :]
    forbidden &= ~alone[:, None] & ~alone[None, :]
    np.fill_diagonal(forbidden, False)
    return forbidden


def without(problem: AllianceProblem, items: Collection[RuleItem]) -> dict[str, Any]:
    """Return the arguments of a case that drop some rules; coverage is not an argument.

    A pair, lead or size that was forbidden costs as much as the dearest that is allowed.
    """
    rules = problem.rules
    gone = {item.rule for item in items}
    changes: dict[str, Any] = {}
    if "min_size" in gone:
        changes["min_size"] = 1
    by_size = problem.size_cost
    if "size_cost" in gone:
        by_size = allowed(by_size)
    if "max_size" in gone:
        changes["max_size"] = greatest = max(_largest(problem), problem.max_size)
        by_size = np.append(by_size, np.zeros(greatest - problem.max_size))
    if gone & {"size_cost", "max_size"}:
        changes["size_cost"] = by_size
    if "can_lead" in gone:
        changes |= letting_lead(problem, np.flatnonzero(may_not_lead(problem)))
    if "forbidden_pairs" in gone:
        cost = _costs(problem)
        changes["pair_cost"] = np.where(_forbidden(problem), allowed(cost), cost)
        changes["zones"] = [problem.zones[z].label for z in problem.zone_of]
    if "max_distance" in gone:
        changes |= {"distance": None, "max_distance": None}
    if "max_hops" in gone:
        changes["max_hops"] = None
    if gone & {"fewest_alliances", "most_alliances"}:
        named = {(item.rule, item.zone) for item in items}
        changes["zone_alliances"] = {
            label: (
                0 if {("fewest_alliances", zone) for zone in (None, label)} & named else fewest,
                np.inf if {("most_alliances", zone) for zone in (None, label)} & named else most,
            )
            for label, (fewest, most) in rules.zone_alliances.items()
        }
    if gone & {"fewest_overall", "most_overall"}:
        changes["n_alliances"] = (
            0 if "fewest_overall" in gone else rules.n_alliances[0],
            np.inf if "most_overall" in gone else rules.n_alliances[1],
        )
    if "budget" in gone:
        changes |= {"budget_use": None, "budget": None}
    if "max_weak" in gone:
        changes |= {"weak": None, "max_weak": None}
    return changes | _without_entries(problem, items)


def _without_entries(problem: AllianceProblem, items: Collection[RuleItem]) -> dict[str, Any]:
    """Drop entries of the rules that have several."""
    rules = problem.rules
    changes: dict[str, Any] = {}
    named: dict[ItemRule, list[tuple[int, ...]]] = {}
    numbered: dict[ItemRule, list[int]] = {}
    for item in items:
        named.setdefault(item.rule, []).append(item.villages)
        if item.index is not None:
            numbered.setdefault(item.rule, []).append(item.index)
    if "class" in numbered and rules.classes is not None:
        changes["classes"] = rules.classes.copy()
        changes["classes"][:, numbered["class"]] = True
    if "resource_least" in numbered or "resource_most" in numbered:
        bounds = rules.resource_bounds.copy()
        bounds[numbered.get("resource_least", []), 0] = -np.inf
        bounds[numbered.get("resource_most", []), 1] = np.inf
        changes["resource_bounds"] = bounds
        changes["resource"] = rules.resource
    if "must_lead" in named:
        changes["must_lead"] = [v for v in rules.must_lead if (v,) not in named["must_lead"]]
    if "fixed_lead" in named:
        changes["fixed_lead"] = {
            v: lead for v, lead in rules.fixed_lead.items() if (v, lead) not in named["fixed_lead"]
        }
    of_pairs: dict[ItemRule, IntArray] = {
        "must_together": rules.must_together,
        "never_together": rules.never_together,
    }
    for rule, pairs in of_pairs.items():
        dropped = named.get(rule, ())
        if dropped:
            kept = [pair for pair in pairs.tolist() if tuple(pair) not in dropped]
            changes[rule] = np.array(kept, dtype=np.intp).reshape(-1, 2)
    return changes


def letting_lead(problem: AllianceProblem, villages: IntArray) -> dict[str, Any]:
    """Return the arguments that let some villages lead, at the price of the dearest lead."""
    may, cost = problem.can_lead.copy(), problem.lead_cost.copy()
    may[villages] = True
    cost[villages] = allowed(cost)[villages]
    return {"can_lead": may, "lead_cost": cost}


def allowed(cost: FloatArray) -> FloatArray:
    """Return the costs with the greatest finite one in place of infinite ones."""
    finite = cost[np.isfinite(cost)]
    return np.where(np.isfinite(cost), cost, float(finite.max()) if len(finite) else 0.0)

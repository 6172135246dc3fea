"""The rules of one zone as items that can be dropped one by one, and the problem without some."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

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
    """

    rule: ItemRule
    villages: tuple[int, ...] = ()
    index: int | None = None
    value: float | None = None


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
    """

    problem: AllianceProblem
    villages: IntArray
    label: Hashable
    led_elsewhere: int = 0

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


def barred(problem: AllianceProblem) -> BoolArray:
    """Return the villages of a case that take no part: they neither lead nor are led."""
    if problem.n < 2:
        return np.zeros(problem.n, dtype=bool)
    cost = problem.cost_block(np.arange(problem.n))
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
    if problem.max_size < problem.n:
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
    fewest, most = rules.zone_alliances[case.label]
    if fewest > 0:
        items.append(RuleItem("fewest_alliances", value=fewest))
    if most < np.inf:
        items.append(RuleItem("most_alliances", value=most))
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


def _forbidden(problem: AllianceProblem) -> BoolArray:
    """Return (n, n) pairs of a case forbidden one by one, not with all others of a village."""
    alone = barred(problem)
    forbidden: BoolArray = np.isinf(problem.cost_block(np.arange(problem.n)))
    forbidden &= ~alone[:, None] & ~alone[None, :]
    np.fill_diagonal(forbidden, False)
    return forbidden


def without(problem: AllianceProblem, items: Collection[RuleItem]) -> dict[str, Any]:
    """Return the arguments of a case that drop some rules; coverage is not an argument.

    A pair, lead or size that was forbidden costs as much as the dearest that is allowed.
    """
    rules, n = problem.rules, problem.n
    gone = {item.rule for item in items}
    changes: dict[str, Any] = {}
    if "min_size" in gone:
        changes["min_size"] = 1
    by_size = problem.size_cost
    if "size_cost" in gone:
        by_size = allowed(by_size)
    if "max_size" in gone:
        changes["max_size"] = n
        by_size = np.append(by_size, np.zeros(max(0, n - problem.max_size)))
    if gone & {"size_cost", "max_size"}:
        changes["size_cost"] = by_size
    if "can_lead" in gone:
        changes |= letting_lead(problem, np.flatnonzero(may_not_lead(problem)))
    if "forbidden_pairs" in gone:
        cost = problem.cost_block(np.arange(n))
        changes["pair_cost"] = np.where(_forbidden(problem), allowed(cost), cost)
    if "max_distance" in gone:
        changes |= {"distance": None, "max_distance": None}
    if "max_hops" in gone:
        changes["max_hops"] = None
    if gone & {"fewest_alliances", "most_alliances"}:
        [(label, (fewest, most))] = rules.zone_alliances.items()
        changes["zone_alliances"] = {
            label: (
                0 if "fewest_alliances" in gone else fewest,
                np.inf if "most_alliances" in gone else most,
            )
        }
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
    for rule, pairs in (
        ("must_together", rules.must_together),
        ("never_together", rules.never_together),
    ):
        dropped = named.get(rule, ())  # type: ignore[call-overload]
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


def lifted(problem: AllianceProblem, case: ZoneCase, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return arguments of the whole problem that change a zone as its case was changed.

    Parameters
    ----------
    problem
        The whole.
    case
        The zone cut out of it.
    changes
        Arguments of the case.
    """
    told: dict[str, Any] = {}
    for name, value in changes.items():
        if name in ("can_lead", "lead_cost", "unassigned_cost"):
            told[name] = _spread(getattr(problem, name), case.villages, value)
        elif name == "classes":
            assert problem.rules.classes is not None
            told[name] = _spread(problem.rules.classes, case.villages, value)
        elif name == "resource":
            told[name] = problem.rules.resource
        elif name == "edges":
            told[name] = _joined(problem.edges, case.villages, value)
        elif name in ("must_together", "never_together"):
            told[name] = _joined(getattr(problem.rules, name), case.villages, value)
        elif name == "must_lead":
            elsewhere = [v for v in problem.rules.must_lead if v not in case.villages]
            told[name] = [*elsewhere, *case.villages[np.array(value, dtype=np.intp)].tolist()]
        elif name == "fixed_lead":
            fixed = problem.rules.fixed_lead
            told[name] = {v: lead for v, lead in fixed.items() if v not in case.villages} | {
                int(case.villages[v]): int(case.villages[lead]) for v, lead in value.items()
            }
        elif name == "zone_alliances":
            fewest, most = value[case.label]
            own = (max(0, fewest - case.led_elsewhere), most - case.led_elsewhere)
            told[name] = {**problem.rules.zone_alliances, case.label: own}
        elif name == "pair_cost":
            told |= _blocks_with(problem, case, value)
        else:
            told[name] = value
    return told


def _spread(whole: NDArray[Any], villages: IntArray, values: ArrayLike) -> NDArray[Any]:
    spread = whole.copy()
    spread[villages] = values
    return spread


def _joined(pairs: IntArray, villages: IntArray, here: IntArray) -> IntArray:
    inside = np.isin(pairs, villages).all(axis=1)
    return np.concatenate([pairs[~inside], villages[here]])


def _blocks_with(problem: AllianceProblem, case: ZoneCase, cost: FloatArray) -> dict[str, Any]:
    blocks = []
    for number in range(len(problem.zones)):
        villages = np.flatnonzero(problem.zone_of == number)
        blocks.append((villages, problem.cost_block(villages)))
        if problem.zones[number].label == case.label:
            blocks[-1] = (case.villages, cost)
    return {"pair_cost": blocks, "zones": [problem.zones[z].label for z in problem.zone_of]}

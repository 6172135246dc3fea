"""What each rule and each manual override costs: the best plan with it against that without it."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from liancun_geo.criteria.lead_score import GATES
from liancun_geo.plan import UNASSIGNED
from liancun_geo.points import PER_VILLAGE, counting, points_of_difference
from liancun_geo.problem import AllianceProblem
from liancun_geo.rule_settings import RuleSettings
from liancun_geo.scenario import Scenario, problem_under
from liancun_geo.solve import Status, solve
from liancun_geo.solve.wishes import Wishes
from liancun_geo.villages import positions_by_code
from liancun_geo.why.cards import RuleCost
from liancun_geo.why.ground import with_locks
from liancun_geo.zone import Zone

if TYPE_CHECKING:
    from liancun_geo.why.explainer import Explainer

NO_RULES = frozenset(
    {
        "preset",
        "may_lead",
        "zone_field",
        "unassigned_cost",
        "lead_cost_weight",
        "size_cost",
        "target_population_persons",
        "target_population_weight",
        "min_transferable_land_mu",
        "transferable_land_shortfall_weight",
        "small_village_persons",
        "small_village_weight",
        "weak_village_weight",
        "budget_per_alliance_wan_yuan",
    }
)
"""Settings that forbid nothing: prices, weights, what rules are made from, exemptions, the map."""
PAIRS_AND_LISTS = ("must_together", "never_together", "frozen")
SINGLE_VILLAGES = ("must_lead", "excluded")
GREATEST = 60
"""Greatest size that the settings allow."""
_WORST: tuple[Status, ...] = ("infeasible", "unknown", "feasible", "optimal")


@dataclass(frozen=True, eq=False)
class _Item:
    """One rule, and the problem without it."""

    rule: str
    problem: AllianceProblem
    villages: tuple[int, ...] = ()
    value: str | None = None


@dataclass(frozen=True, slots=True)
class _Best:
    """The best plan of some zones: cost and bound, how many villages count and are placed."""

    objective: float
    bound: float
    counts: int
    placed: int
    status: Status


def rule_costs(explainer: Explainer, *, seconds: float) -> tuple[RuleCost, ...]:
    """Return every active rule and override with its cost in points, the dearest first.

    Parameters
    ----------
    explainer
        Of the plan at hand; what a rule costs does not depend on that plan, only on the rules.
    seconds
        For solving one zone with and without one rule.
    """
    whole = explainer.ground.problem
    known: dict[int, _Best] = {}
    found = []
    for item in _items(explainer):
        pairs = zip(whole.zones, item.problem.zones, strict=True)
        zones = [z for z, (one, other) in enumerate(pairs) if not _same(one, other)]
        if whole.rules.couples_zones or item.problem.rules.couples_zones:
            zones = list(range(len(whole.zones)))
            with_it = _all_zones(whole, seconds)
            without = _all_zones(item.problem, seconds)
        else:
            for z in zones:
                if z not in known:
                    known[z] = _one_zone(whole, z, seconds)
            with_it = _together(whole, [known[z] for z in zones])
            parts = [_one_zone(item.problem, z, seconds) for z in zones]
            without = _together(item.problem, parts)
        found.append(_cost(explainer, item, with_it, without, len(zones)))
    return tuple(sorted(found, key=lambda cost: -(-1.0 if cost.most is None else cost.most)))


def _cost(
    explainer: Explainer, item: _Item, with_it: _Best, without: _Best, zones: int
) -> RuleCost:
    more = PER_VILLAGE * (without.counts - with_it.counts)
    least: float | None = None
    most: float | None = None
    placed: int | None = None
    if math.isfinite(without.objective) and math.isfinite(with_it.objective):
        least = _known(points_of_difference(without.objective - with_it.bound) + more)
        most = _known(points_of_difference(without.bound - with_it.objective) + more)
        if with_it.status == without.status == "optimal":
            least = most
        placed = without.placed - with_it.placed
    elif math.isfinite(without.objective) and with_it.status == "infeasible":
        least = most = math.inf
    return RuleCost(
        rule=item.rule,
        villages=explainer.ground.names(item.villages),
        value=item.value,
        least=least,
        most=most,
        placed=placed,
        status=without.status,
        zones=zones,
    )


def _known(points: float) -> float | None:
    return points if math.isfinite(points) else None


def _one_zone(problem: AllianceProblem, zone: int, seconds: float) -> _Best:
    """Return the best plan of a zone, frozen alliances placed but not counted in the cost."""
    answer = Wishes(problem, zone, seconds=seconds).as_it_is()
    lead_of = np.full(problem.n, UNASSIGNED, dtype=np.intp)
    if answer.lead_of is not None:
        lead_of[problem.zones[zone].villages] = answer.lead_of
    return _best(problem, lead_of, problem.zone_of == zone, answer)


def _all_zones(problem: AllianceProblem, seconds: float) -> _Best:
    """Return the best plan under rules that look at all zones together."""
    result = solve(problem, time_limit=seconds * len(problem.zones))
    everywhere = np.ones(problem.n, dtype=bool)
    best = _best(problem, result.lead_of.copy(), everywhere, result)
    if any(math.isinf(zone.objective) for zone in result.zones):
        return replace(best, objective=math.inf, bound=-math.inf)
    return best


def _best(
    problem: AllianceProblem, lead_of: NDArray[np.intp], here: NDArray[np.bool_], found: Any
) -> _Best:
    for villages in problem.rules.frozen:
        lead_of[list(villages)] = villages[0]
    counts = counting(problem, lead_of) & here
    placed = int((lead_of[here] != UNASSIGNED).sum())
    return _Best(found.objective, found.bound, int(counts.sum()), placed, found.status)


def _together(problem: AllianceProblem, parts: Sequence[_Best]) -> _Best:
    """Return several zones as one, with what the frozen alliances cost."""
    agreed = problem.frozen_cost()
    return _Best(
        math.fsum([agreed, *(part.objective for part in parts)]),
        math.fsum([agreed, *(part.bound for part in parts)])
        if all(math.isfinite(part.bound) for part in parts)
        else -math.inf,
        sum(part.counts for part in parts),
        sum(part.placed for part in parts),
        min((part.status for part in parts), key=_WORST.index, default="optimal"),
    )


def _same(one: Zone, other: Zone) -> bool:
    """Say whether two zones are the same problem."""
    return all(
        np.array_equal(getattr(one, field.name), getattr(other, field.name))
        for field in dataclasses.fields(Zone)
    )


def _items(explainer: Explainer) -> Iterator[_Item]:
    """Yield every active rule with the problem that is left without it."""
    scenario, ground = explainer.scenario, explainer.ground
    position = positions_by_code(ground.frame["code"])

    def dropping(name: str, value: Any) -> AllianceProblem:
        rules = scenario.settings.rules.model_copy(update={name: value})
        return _locked(explainer, problem_under(scenario, rules))

    for name, value in _active(scenario):
        if name in PAIRS_AND_LISTS or name in SINGLE_VILLAGES:
            for at, entry in enumerate(value):
                rest = tuple(value[:at]) + tuple(value[at + 1 :])
                codes = (entry,) if name in SINGLE_VILLAGES else entry
                who = tuple(position[str(code)] for code in codes)
                yield _Item(name, dropping(name, rest), who)
        elif name == "each_with":
            for at, entry in enumerate(value):
                rest = tuple(value[:at]) + tuple(value[at + 1 :])
                asked = entry.model_dump(mode="json", exclude_none=True)
                told = ", ".join(str(each) for each in asked.values())
                yield _Item(name, dropping(name, rest), (), told)
        elif name == "fixed_lead":
            for code, lead in value.items():
                rest_of = {c: other for c, other in value.items() if c != code}
                yield _Item(name, dropping(name, rest_of), (position[code], position[lead]))
        elif name == "township_alliances":
            for label, number in value.items():
                rest_of = {other: n for other, n in value.items() if other != label}
                yield _Item(name, dropping(name, rest_of), (), f"{label} {_figure(number)}")
        else:
            yield _Item(name, dropping(name, _without(name)), (), _figure(value))
    yield from _gates(explainer)
    for village in sorted(ground.locked):
        others = ground.locked - {village}
        unlocked = with_locks(scenario.problem, ground.lead_of, others)
        yield _Item("locked", unlocked, (village,))


def _active(scenario: Scenario) -> Iterator[tuple[str, Any]]:
    """Yield the settings that forbid something, with their values."""
    rules = scenario.settings.rules
    default = RuleSettings()
    largest = max((zone.n for zone in scenario.problem.zones), default=0)
    for name in RuleSettings.model_fields:
        value = getattr(rules, name)
        if name in NO_RULES:
            continue
        if name == "min_size":
            active = rules.min_size > 1
        elif name == "max_size":
            active = rules.max_size < largest
        elif name == "coverage":
            active = rules.coverage == "full"
        else:
            active = value != getattr(default, name)
        if active:
            yield name, value


def _without(name: str) -> Any:
    """Return the value of a setting that forbids nothing."""
    free = {"min_size": 1, "max_size": GREATEST, "coverage": "partial"}
    return free.get(name, getattr(RuleSettings(), name))


def _gates(explainer: Explainer) -> Iterator[_Item]:
    """Yield each gate that keeps somebody from leading."""
    scenario = explainer.scenario
    for key in GATES:
        exempt = set(scenario.settings.rules.may_lead)
        barred = [
            v
            for v, failed in enumerate(scenario.leads.gate_failed)
            if key in failed and str(explainer.ground.frame["code"].iloc[v]) not in exempt
        ]
        if not barred:
            continue
        may_lead = scenario.leads.can_lead.copy()
        may_lead[[v for v in barred if scenario.leads.gate_failed[v] == (key,)]] = True
        opened = replace(scenario, leads=replace(scenario.leads, can_lead=may_lead))
        problem = _locked(explainer, problem_under(opened, scenario.settings.rules))
        name = key.removeprefix("criteria.gate_")
        yield _Item(f"gate_{name}", problem, tuple(barred))


def _locked(explainer: Explainer, problem: AllianceProblem) -> AllianceProblem:
    ground = explainer.ground
    return with_locks(problem, ground.lead_of, ground.locked)


def _figure(value: Any) -> str:
    if isinstance(value, tuple):
        return "–".join(f"{end:g}" for end in value)
    return f"{value:g}" if isinstance(value, int | float) else str(value)

"""Reasons and violations in the planner's words: positions become village names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

import numpy as np

from liancun_geo.check import Violation
from liancun_geo.errors import Fault, Where, error, warning
from liancun_geo.messages import DEFAULT_LANGUAGE, Language, catalogue, message
from liancun_geo.problem import AllianceProblem
from liancun_geo.settings import Settings
from liancun_geo.solve import SolveResult
from liancun_geo.solve.deletion import Conflict
from liancun_geo.solve.relaxation import Relaxation
from liancun_geo.solve.result import Reason
from liancun_geo.solve.rule_items import RuleItem
from liancun_geo.villages import FIELDS, VillageTable, village_where

MOST_NAMES = 12
"""A list of villages longer than this is cut, with the number of all of them."""

_NEEDS_VALUE = frozenset({"min_size", "max_size", "too_few_connected", "max_moves"})


class Names:
    """Villages as a sentence names them, in whatever language the sentence is read.

    A fault carries this object as a parameter; only when its text is asked for does the list
    become words, so that the same fault reads well in Chinese and in English.

    Parameters
    ----------
    positions
        Positions in ``villages``, listed in this order.
    villages
        The village table.
    """

    def __init__(self, positions: Iterable[int], villages: VillageTable) -> None:
        rows = villages.frame
        known = [p for p in positions if 0 <= p < len(rows)]
        codes, names = rows["code"], rows["name"]
        self.villages = tuple((str(codes.iat[p]), str(names.iat[p])) for p in known)

    def text(self, language: Language) -> str:
        """Return the names joined; a name that occurs twice is followed by its code."""
        times = Counter(name for _, name in self.villages)
        shown = [
            name if times[name] == 1 else message("reason.named", language, name=name, code=code)
            for code, name in self.villages[:MOST_NAMES]
        ]
        joined = message("reason.separator", language).join(shown)
        if len(self.villages) <= MOST_NAMES:
            return joined
        return message("reason.and_more", language, names=joined, count=len(self.villages))

    def __str__(self) -> str:
        return self.text(DEFAULT_LANGUAGE)


class ZoneName:
    """A zone as a sentence names it: township or county, else the whole county."""

    def __init__(self, name: str | None) -> None:
        self.name = name

    def text(self, language: Language) -> str:
        """Return the name, or the words for the whole county."""
        return message("reason.whole_county", language) if self.name is None else self.name

    def __str__(self) -> str:
        return self.text(DEFAULT_LANGUAGE)


def zone_of_village(position: int, villages: VillageTable, settings: Settings) -> ZoneName:
    """Return the name of the zone a village lies in."""
    column = _name_column(settings)
    name = None if column is None else villages.frame[column].iat[position]
    return ZoneName(name if isinstance(name, str) and name else None)


def zone_name(label: object, villages: VillageTable, settings: Settings) -> ZoneName:
    """Return the name behind a zone's label: for a township code the name of the township."""
    field, column = settings.rules.zone_field, _name_column(settings)
    if field == "none" or column is None or label is None:
        return ZoneName(None)
    names = villages.frame[column][villages.frame[field] == label]
    name = names.iat[0] if len(names) else None
    return ZoneName(name if isinstance(name, str) and name else str(label))


def village_reason(
    reason: Reason, position: int, villages: VillageTable, settings: Settings
) -> Fault:
    """Put the reason why a village has no alliance into words.

    Parameters
    ----------
    reason
        As the solver gave it for the village.
    position
        Of the village in ``villages``.
    villages, settings
        What the plan was made from.

    Returns
    -------
    Fault
        A warning (a village without alliance is a result, not a fault of the input) placed at
        the village.
    """
    params = _rule_params(reason, villages, settings)
    key = _known_key("reason.village_", reason)
    zone = zone_of_village(position, villages, settings)
    return warning(key, village_where(villages.frame, position), zone=zone, **params)


def excluded_reason(position: int, villages: VillageTable) -> Fault:
    """Return the reason for a village that the settings leave out (``rules.excluded``)."""
    return warning("reason.village_excluded", village_where(villages.frame, position))


def zone_reason(reason: Reason, label: object, villages: VillageTable, settings: Settings) -> Fault:
    """Put the reason why a zone has no plan, or none proven best, into words.

    The sentence names the zone itself, so the fault has no further place. It names the rule
    whose relaxation is enough and, where the solver gives one, a smallest set of villages whose
    leaving out is enough.

    Parameters
    ----------
    reason
        As the solver gave it for the zone.
    label
        Of the zone: a value of the column ``settings.rules.zone_field``.
    villages, settings
        What the plan was made from.
    """
    params = _rule_params(reason, villages, settings)
    key = _known_key("reason.zone_", reason)
    if reason.value is not None and f"{key}_to" in catalogue():
        key = f"{key}_to"
    elif reason.villages and f"{key}_without" in catalogue():
        key = f"{key}_without"
    return warning(key, zone=zone_name(label, villages, settings), **params)


def violation_fault(violation: Violation, villages: VillageTable) -> Fault:
    """Put a broken rule into words, with village names, placed at the alliance's lead."""
    n = len(villages)
    lead = violation.lead
    known = lead is not None and 0 <= lead < n
    # A broken assignment may name a lead that is no village at all.
    place = village_where(villages.frame, lead) if known and lead is not None else Where()
    if lead is None and len(violation.villages) == 1 and 0 <= violation.villages[0] < n:
        place = village_where(villages.frame, violation.villages[0])
    return error(
        f"reason.violation_{violation.rule}",
        place,
        lead=Names((lead,), villages) if known and lead is not None else str(lead),
        villages=Names(violation.villages, villages),
        count=len(violation.villages),
    )


def conflict_faults(
    conflict: Conflict, villages: VillageTable, settings: Settings
) -> tuple[Fault, ...]:
    """Put a conflict into words: what it is, the rules in it, and the ways out with their price.

    Parameters
    ----------
    conflict
        As :mod:`liancun_geo.solve.conflict` found it.
    villages, settings
        What the problem was made from.

    Returns
    -------
    tuple of Fault
        Warnings: the headline (placed at the village, if one is explained), one for each rule,
        what the map says of the villages, and last one for each way out, the gentlest first.
    """
    zone = ZoneName(None) if conflict.whole else zone_name(conflict.label, villages, settings)
    count = len(conflict.items)
    if not conflict.items:
        return (warning("reason.conflict_open", zone=zone),)
    if conflict.village is not None:
        place = village_where(villages.frame, conflict.village)
        headline = "reason.conflict_village" if count > 1 else "reason.conflict_village_one"
        told = [warning(_as_proven(headline, conflict), place, count=count)]
    else:
        headline = "reason.conflict_county" if conflict.whole else "reason.conflict_zone"
        told = [warning(_as_proven(headline, conflict), zone=zone, count=count)]
    core = Names(conflict.villages, villages)
    for item in conflict.items:
        params = _item_params(item, villages, settings)
        key = f"reason.conflict_{item.rule}"
        if item.rule == "coverage" and not conflict.villages:
            key = "reason.conflict_coverage_all"
        told.append(warning(_of_travel(key, item, settings), core=core, **params))
    told += _facts(conflict, villages, settings)
    if not conflict.minimal:
        told.append(warning("reason.conflict_unproven", zone=zone))
    told += [relaxation_fault(way, villages, settings) for way in conflict.relaxations]
    return tuple(told)


def _as_proven(key: str, conflict: Conflict) -> str:
    """Return the key that claims no more than was proven."""
    open_key = f"{key}_unproven"
    return open_key if not conflict.minimal and open_key in catalogue() else key


def _facts(conflict: Conflict, villages: VillageTable, settings: Settings) -> list[Fault]:
    """Say what the map has to do with it: who touches only whom, and that no choice is left."""
    rules = {item.rule for item in conflict.items}
    sizes: dict[str, Any] = {
        "min_size": settings.rules.min_size,
        "max_size": settings.rules.max_size,
    }
    told = []
    for one in conflict.situations:
        key = "fact_touches" if one.neighbours else "fact_alone"
        if one.neighbours and rules == {"min_size"} and one.connected < settings.rules.min_size:
            key = "fact_too_few"
        told.append(
            warning(
                f"reason.{key}",
                village=Names((one.village,), villages),
                neighbours=Names(one.neighbours, villages),
                connected=one.connected,
                **sizes,
            )
        )
    few = 0 < len(conflict.villages) <= MOST_NAMES
    if conflict.minimal and few and rules <= {"coverage", "min_size", "max_size"}:
        core = Names(conflict.villages, villages)
        told.append(warning("reason.fact_no_choice", villages=core, **sizes))
    return told


def relaxation_fault(way: Relaxation, villages: VillageTable, settings: Settings) -> Fault:
    """Put one way out of a conflict into words, with what the plan of the zone then costs."""
    params = {} if way.item is None else _item_params(way.item, villages, settings)
    if way.kind != "drop":
        params["before"] = params.get("max_travel_min" if way.kind == "max_travel" else "value")
        value = None if way.value is None else _figure(way.value)
        params |= {"value": value, "villages": Names(way.villages, villages)}
        params["count"] = len(way.villages)
        key = f"reason.relax_{way.kind}"
    else:
        assert way.item is not None
        key = _of_travel(f"reason.relax_drop_{way.item.rule}", way.item, settings)
    return warning(key, cost=f"{way.objective:.3f}", **params)


def _of_travel(key: str, item: RuleItem, settings: Settings) -> str:
    """Return the key that names the longest way allowed, where that forbids the pairs."""
    travel = item.rule == "forbidden_pairs" and settings.rules.max_travel_min is not None
    return f"{key}_travel" if travel else key


def _figure(value: float) -> str:
    """Return a number as it is, without an exponent or zeros at its end."""
    return np.format_float_positional(value, trim="-")


class _Amount:
    """What a resource of the problem is called."""

    def __init__(self, index: int, settings: Settings) -> None:
        rules = settings.rules
        fields = (
            ("population_registered_persons", rules.population_persons),
            ("arable_land_mu", rules.arable_land_mu),
            ("transferable_land_mu", rules.transferable_land_mu),
        )
        named = [name for name, bounds in fields if bounds is not None]
        self.field = FIELDS[named[index]] if index < len(named) else None
        self.index = index

    def text(self, language: Language) -> str:
        """Return the label of the field, or the number of the resource."""
        if self.field is None:
            return message("reason.amount_other", language, number=self.index + 1)
        return self.field.zh if language == "zh" else self.field.en


def _item_params(item: RuleItem, villages: VillageTable, settings: Settings) -> dict[str, Any]:
    rules = settings.rules
    enterprises = rules.each_with_enterprise and not item.index
    return {
        "value": None if item.value is None else _figure(item.value),
        "villages": Names(item.villages, villages),
        "village": Names(item.villages[:1], villages),
        "lead": Names(item.villages[1:], villages),
        "amount": _Amount(item.index or 0, settings),
        "zone": zone_name(item.zone, villages, settings),
        "class_rule": "each_with_enterprise" if enterprises else "each_with",
        "max_travel_min": None if rules.max_travel_min is None else _figure(rules.max_travel_min),
        "per_alliance": _figure(rules.budget_per_alliance_wan_yuan or 0.0),
    }


def _known_key(prefix: str, reason: Reason) -> str:
    key = f"{prefix}{reason.rule}"
    lacks_value = reason.rule in _NEEDS_VALUE and reason.value is None
    return f"{prefix}other" if lacks_value or key not in catalogue() else key


def _rule_params(reason: Reason, villages: VillageTable, settings: Settings) -> dict[str, Any]:
    rules = settings.rules
    return {
        "rule": reason.rule,
        "value": reason.value,
        "villages": Names(reason.villages, villages),
        "min_size": rules.min_size,
        "max_size": rules.max_size,
        "unassigned_cost": f"{rules.unassigned_cost:g}",
        "time_limit_s": f"{settings.solver.time_limit_s:g}",
        "gap_tolerance_m": f"{settings.contiguity.gap_tolerance_m:g}",
    }


def _name_column(settings: Settings) -> str | None:
    field = settings.rules.zone_field
    if field == "none":
        return None
    return "county" if field == "county" else "township"


def unexplained(
    violations: tuple[Violation, ...], problem: AllianceProblem, result: SolveResult
) -> tuple[Violation, ...]:
    """Return the violations but for what follows from a zone without plan: its reason is told."""
    without_plan = {i for i, zone in enumerate(result.zones) if np.isinf(zone.objective)}
    if not without_plan:
        return violations
    return tuple(
        violation
        for violation in violations
        if violation.rule not in ("unassigned", "n_alliances", "zone_alliances")
        or any(int(problem.zone_of[village]) not in without_plan for village in violation.villages)
    )

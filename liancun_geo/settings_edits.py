"""Exact changes of the settings that a way out of a conflict stands for."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

from liancun_geo.agreements import existing_members
from liancun_geo.rule_settings import RuleSettings
from liancun_geo.settings import Settings
from liancun_geo.solve.relaxation import Relaxation
from liancun_geo.solve.rule_items import RuleItem
from liancun_geo.villages import VillageTable

_NAMED: Mapping[str, str] = {
    "min_size": "min_size",
    "max_size": "max_size",
    "max_hops": "max_hops",
    "max_weak": "max_weak_members",
}
_DECIMAL: Mapping[str, str] = {
    "max_distance": "max_distance_km",
    "max_travel": "max_travel_min",
    "budget": "budget_wan_yuan",
}
_SUMS = ("population_persons", "arable_land_mu", "transferable_land_mu")


@dataclass(frozen=True, slots=True)
class SettingsEdit:
    """One change of a settings file.

    Attributes
    ----------
    table, name
        Which setting: ``rules`` and ``min_size``.
    action
        ``set`` a value; ``add`` entries to a list or ``remove`` them; ``unset``: back to the
        default. With a ``key`` it is one entry of a table that is set or removed.
    value
        The new value, or the entries.
    key
        Entry of a setting that is a table (``rules.fixed_lead``).
    """

    table: Literal["rules", "contiguity", "criteria"]
    name: str
    action: Literal["set", "add", "remove", "unset"]
    value: Any = None
    key: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return the change for machine-readable output."""
        named = {"setting": f"{self.table}.{self.name}", "action": self.action}
        key = {} if self.key is None else {"key": self.key}
        return {**named, **key, **({} if self.value is None else {"value": self.value})}


def edited(tables: Mapping[str, Any], edits: Iterable[SettingsEdit]) -> dict[str, Any]:
    """Return nested tables of settings with some changes."""
    changed: dict[str, Any] = copy.deepcopy(dict(tables))
    for edit in edits:
        table = changed.setdefault(edit.table, {})
        if edit.key is not None:
            entries = table.setdefault(edit.name, {})
            if edit.action == "remove":
                entries.pop(edit.key, None)
            else:
                entries[edit.key] = edit.value
        elif edit.action == "set":
            table[edit.name] = edit.value
        elif edit.action == "unset":
            table.pop(edit.name, None)
        elif edit.action == "add":
            here = list(table.get(edit.name, ()))
            table[edit.name] = [*here, *(one for one in edit.value if one not in here)]
        else:
            table[edit.name] = [one for one in table.get(edit.name, ()) if one not in edit.value]
    return changed


def edits_for(
    settings: Settings, relaxation: Relaxation, villages: VillageTable
) -> tuple[SettingsEdit, ...]:
    """Return the changes of the settings that a way out stands for.

    Parameters
    ----------
    settings
        What the problem was made from.
    relaxation
        Way out of a conflict of that problem.
    villages
        The villages its positions refer to.

    Returns
    -------
    tuple of SettingsEdit
        Empty if no setting means the same.
    """
    return tuple(_Writing(settings, villages).edits(relaxation))


class _Writing:
    """Turns positions into codes, and rules into the settings they come from."""

    def __init__(self, settings: Settings, villages: VillageTable) -> None:
        self.rules: RuleSettings = settings.rules
        self.villages = villages
        self.code = [str(code) for code in villages.frame["code"]]

    def edits(self, way: Relaxation) -> list[SettingsEdit]:
        item, value = way.item, way.value
        if way.kind == "link":
            return [SettingsEdit("contiguity", "links", "add", [self._codes(way.villages)])]
        if way.kind == "let_lead":
            return [_rule("may_lead", "add", self._codes(way.villages))]
        if way.kind == "leave_out":
            return self._leaving_out(self._codes(way.villages))
        assert item is not None
        if way.kind == "drop":
            return self._dropping(item)
        assert value is not None
        if way.kind in _NAMED:
            return [_rule(_NAMED[way.kind], "set", int(value))]
        if way.kind in _DECIMAL:
            return [_rule(_DECIMAL[way.kind], "set", float(value))]
        if way.kind in ("fewest_overall", "most_overall"):
            return self._number("n_alliances", None, self.rules.n_alliances, way)
        if way.kind in ("fewest_alliances", "most_alliances"):
            label = str(item.zone)
            own = self.rules.township_alliances.get(label)
            return self._number("township_alliances", label, own, way)
        return self._sum(item, float(value))

    def _codes(self, positions: Iterable[int]) -> list[str]:
        return [self.code[position] for position in positions]

    def _number(
        self, name: str, key: str | None, own: tuple[int, int] | None, way: Relaxation
    ) -> list[SettingsEdit]:
        if own is None or way.value is None:
            return []
        fewest, most = own
        value = int(way.value)
        bounds = [value, most] if way.kind.startswith("fewest") else [fewest, value]
        return [_rule(name, "set", bounds, key)]

    def _sum(self, item: RuleItem, value: float) -> list[SettingsEdit]:
        """Widen the bounds on a sum; the settings know no sums below nothing."""
        names = [name for name in _SUMS if getattr(self.rules, name) is not None]
        if item.index is None or item.index >= len(names):
            return []
        name = names[item.index]
        least, most = getattr(self.rules, name)
        lower = item.rule == "resource_least"
        return [_rule(name, "set", [max(0.0, value), most] if lower else [least, value])]

    def _leaving_out(self, codes: Sequence[str]) -> list[SettingsEdit]:
        """Leave villages out, and take them off every agreement that names them."""
        rules, gone = self.rules, set(codes)
        edits = [_rule("excluded", "add", list(codes))]
        for name in ("must_together", "never_together"):
            pairs = [list(pair) for pair in getattr(rules, name) if gone & set(pair)]
            if pairs:
                edits.append(_rule(name, "remove", pairs))
        for name in ("must_lead", "may_lead"):
            named = [code for code in getattr(rules, name) if code in gone]
            if named:
                edits.append(_rule(name, "remove", named))
        edits += [
            _rule("fixed_lead", "remove", key=village)
            for village, lead in rules.fixed_lead.items()
            if gone & {village, lead}
        ]
        return edits

    def _dropping(self, item: RuleItem) -> list[SettingsEdit]:
        rules = self.rules
        codes = self._codes(item.villages)
        if item.rule == "can_lead":
            return [_rule("may_lead", "add", codes)]
        if item.rule == "forbidden_pairs" and rules.max_travel_min is not None:
            return [_rule("max_travel_min", "unset")]
        if item.rule == "class":
            return self._dropping_class(item)
        if item.rule == "must_lead":
            return [_rule("must_lead", "remove", codes)]
        if item.rule == "fixed_lead":
            return [_rule("fixed_lead", "remove", key=codes[0])]
        if item.rule == "never_together":
            return [_rule("never_together", "remove", _as_listed(rules.never_together, codes))]
        if item.rule == "must_together":
            return self._parting(item.villages)
        return []

    def _dropping_class(self, item: RuleItem) -> list[SettingsEdit]:
        rules, index = self.rules, item.index or 0
        if rules.each_with_enterprise and index == 0:
            return [_rule("each_with_enterprise", "set", False)]
        entry = rules.each_with[index - int(rules.each_with_enterprise)]
        return [_rule("each_with", "remove", [entry.model_dump(mode="json", exclude_none=True)])]

    def _parting(self, pair: tuple[int, ...]) -> list[SettingsEdit]:
        """Let two villages part; of an existing alliance all others stay together one by one."""
        rules = self.rules
        listed = _as_listed(rules.must_together, self._codes(pair))
        edits = [_rule("must_together", "remove", listed)] if listed else []
        if not rules.keep_existing:
            return edits
        excluded = set(rules.excluded)
        takes_part = [code not in excluded for code in self.code]
        zones = self._zones()
        chains = [
            tuple(sorted(two))
            for members in existing_members(self.villages, zones, takes_part).values()
            for two in pairwise(members)
        ]
        if tuple(sorted(pair)) not in chains:
            return edits
        rest = [self._codes(two) for two in chains if two != tuple(sorted(pair))]
        edits.append(_rule("keep_existing", "set", False))
        return [*edits, _rule("must_together", "add", rest)] if rest else edits

    def _zones(self) -> list[str]:
        field = self.rules.zone_field
        if field == "none":
            return [""] * len(self.code)
        return [str(label) for label in self.villages.frame[field].fillna("")]


def _rule(
    name: str,
    action: Literal["set", "add", "remove", "unset"],
    value: Any = None,
    key: str | None = None,
) -> SettingsEdit:
    return SettingsEdit("rules", name, action, value, key)


def _as_listed(pairs: Iterable[tuple[str, str]], codes: Sequence[str]) -> list[list[str]]:
    """Return the entries of a list of pairs that join two villages, in whatever order."""
    return [list(pair) for pair in pairs if set(pair) == set(codes)]

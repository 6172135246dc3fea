"""Settings in a planner's words: what each is called, and its value with its unit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import pandas as pd
from pydantic import BaseModel

from liancun_geo.messages import Language, Listing, catalogue, message
from liancun_geo.output.export import clean, file_name
from liancun_geo.place_rules import WithRule
from liancun_geo.settings import Settings
from liancun_geo.type_rules import ChosenType, TypeRule
from liancun_geo.villages import FIELDS

_TOPIC = "setting_names"
_FILES = frozenset(
    [
        "data.decisions",
        "data.places",
        "contiguity.barriers",
        "contiguity.bridges",
        "travel.roads",
        "travel.seats",
    ]
)
_UNITS: Mapping[str, str] = {
    "rules.min_size": "villages",
    "rules.max_size": "villages",
    "rules.max_weak_members": "villages",
    "rules.max_hops": "steps",
    "rules.n_alliances": "alliances",
    "rules.township_alliances": "alliances",
    "rules.small_village_weight": "times",
    "rules.weak_village_weight": "times",
    "travel.detour_factor": "times",
    "solver.workers": "threads",
    "criteria.winsorise": "percent",
    "benefit.dividend_share": "percent",
}
_ENDINGS = ("wan_yuan", "km_h", "persons", "mu", "km", "min", "m", "s")
"""Units that names end with; of two that fit the longer comes first."""
_LIMITS = frozenset(
    [
        "rules.n_alliances",
        "rules.max_distance_km",
        "rules.max_travel_min",
        "rules.max_hops",
        "rules.max_weak_members",
        "rules.population_persons",
        "rules.arable_land_mu",
        "rules.transferable_land_mu",
    ]
)
"""Not given, these bound nothing."""
_CHOSEN = frozenset(
    [
        "data.layer",
        "data.encoding",
        "data.crs",
        "data.projected_crs",
        "travel.class_field",
        "criteria.proximity_scale_min",
        "criteria.proximity_scale_km",
        "solver.workers",
        "quality.far_km",
    ]
)
"""Not given, the program finds these."""
_ALL = frozenset(("data.sheets", "types.used"))
"""Empty, these leave nothing out."""


def leaves(table: BaseModel, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every setting: its path in a settings file, and its value."""
    for name in type(table).model_fields:
        value = getattr(table, name)
        if isinstance(value, BaseModel):
            yield from leaves(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def setting_label(path: str, language: Language) -> str:
    """Return what a setting, a table of settings or a choice (its path and value) is called."""
    return message(f"{_TOPIC}.{path}", language)


def setting_group(path: str, language: Language) -> str:
    """Return what the table is called that a setting stands in."""
    table = path.rpartition(".")[0]
    # What stands in no table is about the files.
    return setting_label(table or "data", language)


def village_words(villages: pd.DataFrame, language: Language) -> dict[str, str]:
    """Return code -> name, with the township where several villages of the county share it."""
    names = [" ".join(clean(str(one)).split()) for one in villages["name"]]
    often = Counter(names)
    towns = (clean(str(one)) for one in villages["township"])
    told: dict[str, str] = {}
    for code, name, township in zip(villages["code"], names, towns, strict=True):
        shared = often[name] > 1
        key = f"{_TOPIC}.value.village_of"
        told[str(code)] = message(key, language, name=name, township=township) if shared else name
    return told


class SettingWords:
    """Says values of settings.

    Parameters
    ----------
    settings
        Those in force; types are called as they say.
    villages
        The village table: codes become names. A code it lacks stays a code.
    language
        Of everything said.
    """

    def __init__(self, settings: Settings, villages: pd.DataFrame, language: Language) -> None:
        self._language = language
        self._types = settings.types
        self._villages = village_words(villages, language)
        both = zip(villages["township_code"], villages["township"], strict=True)
        self._townships = {str(code): clean(str(name)) for code, name in both}

    def value(self, path: str, value: Any) -> str:
        """Return a value of the setting ``path`` with its unit."""
        if value is None:
            return self._absent(path)
        if isinstance(value, bool):
            return self._say("yes" if value else "no")
        special = _SPECIAL.get(path)
        if special is not None and (value or path == "decisions"):
            return special(self, value)
        if isinstance(value, str):
            return self._text(path, value)
        if isinstance(value, int | float):
            return self._number(path, value)
        if path in _RANGES and value:
            return self._between(path, value)
        if not value:
            return self._say("all" if path in _ALL else "none")
        if isinstance(value, Mapping):
            return self._entries((self._name(str(k)), v) for k, v in value.items())
        return self._list(self._text(path, str(one)) for one in value)

    def _say(self, key: str, **params: object) -> str:
        return message(f"{_TOPIC}.value.{key}", self._language, **params)

    def _absent(self, path: str) -> str:
        if path in _LIMITS:
            return self._say("unlimited")
        return self._say("automatic" if path in _CHOSEN else "unset")

    def _text(self, path: str, value: str) -> str:
        choice = f"{path}.{value}"
        if f"{_TOPIC}.{choice}" in catalogue():
            return setting_label(choice, self._language)
        if path in _FILES:
            return clean(file_name(value))
        return self._villages.get(value, clean(value)) if path in _VILLAGES else clean(value)

    def _number(self, path: str, value: float | str) -> str:
        unit = _UNITS.get(path) or next((u for u in _ENDINGS if path.endswith(f"_{u}")), None)
        if unit == "percent" and not isinstance(value, str):
            value = 100 * value
        shown = value if isinstance(value, str) else f"{value:.10g}"
        return shown if unit is None else self._say(f"in_{unit}", value=shown)

    def _between(self, path: str, ends: Sequence[float]) -> str:
        least, greatest = (f"{one:.10g}" for one in ends)
        same = least == greatest
        shown = least if same else self._say("range", least=least, most=greatest)
        return self._number(path, shown)

    def _list(self, names: Iterable[str]) -> str:
        return Listing(names).text(self._language)

    def _apart(self, parts: Iterable[str]) -> str:
        return self._say("separator").join(parts)

    def _entries(self, entries: Iterable[tuple[str, object]]) -> str:
        said = (self._say("is", name=clean(str(k)), value=clean(str(v))) for k, v in entries)
        return self._apart(said)

    def _name(self, code: str) -> str:
        return self._villages.get(code, clean(code))

    # --- settings of a kind of their own ----------------------------------------------------------

    def _pairs(self, pairs: Sequence[Sequence[str]]) -> str:
        return self._list(
            self._say("pair", one=self._name(one), other=self._name(other)) for one, other in pairs
        )

    def _frozen(self, alliances: Sequence[Sequence[str]]) -> str:
        return self._apart(self._list(map(self._name, villages)) for villages in alliances)

    def _led(self, leads: Mapping[str, str]) -> str:
        return self._list(
            self._say("led", village=self._name(village), lead=self._name(lead))
            for village, lead in leads.items()
        )

    def _speeds(self, speeds: Mapping[str, float]) -> str:
        usual = Settings().travel.speeds_km_h
        own = {name: speed for name, speed in speeds.items() if usual.get(name) != speed}
        shipped = [self._say("speeds", value=len(usual))]
        return self._apart(
            shipped
            + [
                self._say("is", name=clean(k), value=self._number("travel.speeds_km_h", v))
                for k, v in own.items()
            ]
        )

    def _size_costs(self, costs: Mapping[int, float]) -> str:
        return self._entries(
            (self._say("in_villages", value=size), f"{cost:.10g}") for size, cost in costs.items()
        )

    def _by_township(self, bounds: Mapping[str, Sequence[int]]) -> str:
        return self._entries(
            (self._townships.get(zone, zone), self._between("rules.township_alliances", ends))
            for zone, ends in bounds.items()
        )

    def _each_with(self, asked: Sequence[WithRule]) -> str:
        said = []
        for one in asked:
            kind, value = next((k, v) for k, v in one.model_dump().items() if v is not None)
            said.append(self._say(kind, value=self._kind(value) if kind == "place" else value))
        return self._list(said)

    def _kind(self, kind: str) -> str:
        return message(f"places.kind_{kind}", self._language)

    def _kinds(self, kinds: Sequence[str]) -> str:
        return self._list(self._kind(kind) for kind in kinds)

    def _words_of_kinds(self, kinds: Mapping[str, str]) -> str:
        return self._entries((word, self._kind(kind)) for word, kind in kinds.items())

    def _headers(self, headers: Mapping[str, str]) -> str:
        zh = self._language == "zh"
        return self._entries(
            (FIELDS[name].zh if zh else FIELDS[name].en, header) for name, header in headers.items()
        )

    def _type(self, name: str) -> str:
        known = self._types.named(name)
        return known.zh if self._language == "zh" else known.en

    def _added_types(self, rules: Sequence[TypeRule]) -> str:
        return self._list(rule.zh if self._language == "zh" else rule.en for rule in rules)

    def _used_types(self, names: Sequence[str]) -> str:
        return self._list(map(self._type, names))

    def _chosen_types(self, chosen: Mapping[str, ChosenType]) -> str:
        return self._entries(
            (self._name(lead), self._type(one.type)) for lead, one in chosen.items()
        )

    def _count(self, key: str, entries: Sequence[Any]) -> str:
        return self._say(key, value=len(entries)) if entries else self._say("none")


_RANGES = frozenset(
    [
        "rules.n_alliances",
        "rules.population_persons",
        "rules.arable_land_mu",
        "rules.transferable_land_mu",
    ]
)
_VILLAGES = frozenset(("rules.excluded", "rules.must_lead", "rules.may_lead"))
_SPECIAL: Mapping[str, Callable[[SettingWords, Any], str]] = {
    "fields": SettingWords._headers,
    "decisions": lambda words, them: words._count("decisions", them),
    "contiguity.drawn_barriers": lambda words, lines: words._count("lines", lines),
    "contiguity.links": SettingWords._pairs,
    "travel.speeds_km_h": SettingWords._speeds,
    "criteria.complementary": SettingWords._pairs,
    "rules.must_together": SettingWords._pairs,
    "rules.never_together": SettingWords._pairs,
    "rules.fixed_lead": SettingWords._led,
    "rules.frozen": SettingWords._frozen,
    "rules.size_cost": SettingWords._size_costs,
    "rules.township_alliances": SettingWords._by_township,
    "rules.each_with": SettingWords._each_with,
    "places.complete": SettingWords._kinds,
    "places.kinds": SettingWords._words_of_kinds,
    "types.rules": SettingWords._added_types,
    "types.used": SettingWords._used_types,
    "types.chosen": SettingWords._chosen_types,
}

"""The rules that the step of rules shows: where each stands in the settings, and its limits."""

from __future__ import annotations

import copy
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from liancun_geo.errors import SettingsError, error
from liancun_geo.rule_settings import PRESETS
from liancun_geo.settings import Settings, parse_settings

Kind = Literal["whole", "number", "whole_or_none", "number_or_none", "switch"]
Path = tuple[str, ...]


@dataclass(frozen=True)
class Field:
    """One rule with a widget.

    Attributes
    ----------
    path
        Tables and name in the settings file.
    kind
        What it holds; ``_or_none``: it may be left empty for no limit.
    low, high, step
        Of the widget.
    """

    path: Path
    kind: Kind
    low: float = 0.0
    high: float = 100.0
    step: float = 0.05

    @property
    def name(self) -> str:
        """Last part of the path."""
        return self.path[-1]

    @property
    def setting(self) -> str:
        """Its path as it is written, by which it is called everywhere."""
        return ".".join(self.path)

    @property
    def help(self) -> str:
        """Key of its explanation: names of weights appear twice."""
        return "_".join(self.path[1:]) if self.path[0] == "criteria" else self.name


def _rule(name: str, kind: Kind, low: float, high: float, step: float) -> Field:
    return Field(("rules", name), kind, low, high, step)


SIZES = (
    _rule("min_size", "whole", 1, 60, 1),
    _rule("max_size", "whole", 1, 60, 1),
)
LEFT_OUT = (
    _rule("unassigned_cost", "number", 0.0, 100.0, 0.1),
    _rule("small_village_weight", "number", 0.0, 100.0, 0.5),
    _rule("weak_village_weight", "number", 0.0, 100.0, 0.5),
)
DISTANCES = (
    _rule("max_distance_km", "number_or_none", 0.1, 500.0, 0.5),
    _rule("max_hops", "whole_or_none", 1, 60, 1),
)
TRAVEL = (_rule("max_travel_min", "number_or_none", 1.0, 600.0, 5.0),)
MEMBERS = (
    _rule("max_weak_members", "whole_or_none", 0, 60, 1),
    _rule("keep_existing", "switch", 0, 1, 1),
    _rule("each_with_enterprise", "switch", 0, 1, 1),
)
GATES = tuple(
    Field(("criteria", "gates", name), "switch")
    for name in ("weak_organisation", "to_be_relocated", "secretary_in_post")
)
LEAD_WEIGHTS = tuple(
    Field(("criteria", "lead_weights", name), "number", 0.0, 10.0)
    for name in (
        "collective_income",
        "party_members",
        "population",
        "income_per_head",
        "enterprises",
    )
)
PAIR_WEIGHTS = tuple(
    Field(("criteria", "pair_weights", name), "number", 0.0, 10.0)
    for name in (
        "proximity",
        "industry_similarity",
        "industry_complementarity",
        "strength_contrast",
    )
)
LEAD_COST = (_rule("lead_cost_weight", "number", 0.0, 10.0, 0.1),)

Preset = Literal["party_alliance", "revitalisation_zone", "own"]
PRESET_CHOICES: tuple[Preset, ...] = ("party_alliance", "revitalisation_zone", "own")


def value_at(settings: Settings, path: Path) -> Any:
    """Return one value of the settings."""
    value: Any = settings
    for name in path:
        value = getattr(value, name)
    return value


def default_at(path: Path) -> Any:
    """Return what the program takes if nobody says anything."""
    return value_at(Settings(), path)


def with_values(settings: Settings, values: Mapping[Path, Any]) -> Settings:
    """Return settings with some values replaced, validated anew.

    Raises
    ------
    SettingsError
        If a value is out of bounds, or two contradict each other.
    """
    tables = copy.deepcopy(settings.model_dump(mode="json"))
    for path, value in values.items():
        table = tables
        for name in path[:-1]:
            table = table[name]
        table[path[-1]] = value
    rules = tables["rules"]
    if rules["min_size"] > rules["max_size"]:
        crossed = {"min_size": rules["min_size"], "max_size": rules["max_size"]}
        raise SettingsError([error("studio.sizes_crossed", **crossed)])
    return parse_settings(tables)


def preset_of(settings: Settings) -> Preset:
    """Return which preset the sizes are."""
    sizes = settings.rules.min_size, settings.rules.max_size
    for name in PRESET_CHOICES:
        if PRESETS.get(name) == sizes:
            return name
    return "own"


_OF_LEDGER: Mapping[str, tuple[str, ...]] = {
    "collective_income": ("collective_income_wan_yuan",),
    "party_members": ("party_members_persons",),
    "population": ("population_registered_persons", "population_resident_persons"),
    "income_per_head": ("income_per_head_yuan",),
    "enterprises": ("enterprises",),
    "industry_similarity": ("industries",),
    "industry_complementarity": ("industries",),
}
"""Columns of the village table that a weight is for; one of them is enough."""


def lacking(frame: pd.DataFrame) -> frozenset[str]:
    """Return the weights of indicators that no village has: they count nothing."""
    return frozenset(
        name
        for name, columns in _OF_LEDGER.items()
        if all(frame[column].isna().all() for column in columns)
    )


def shares(
    settings: Settings, fields: tuple[Field, ...], without: Collection[str] = ()
) -> dict[str, float]:
    """Return weights as shares of one, by name; zeros if there is no weight at all.

    Those of ``without`` count nothing.
    """
    values = {
        field.name: 0.0 if field.name in without else float(value_at(settings, field.path))
        for field in fields
    }
    total = sum(values.values())
    return {name: value / total if total > 0 else 0.0 for name, value in values.items()}

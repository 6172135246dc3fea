"""Facts of an alliance, and types as rules on them: what a planner may add, replace or choose.

The shipped types are in ``types.toml`` beside this module. A type in the settings replaces the
shipped one of the same id or, under a new id, comes after all of them.
"""

from __future__ import annotations

import math
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from liancun_geo.messages import DEFAULT_LANGUAGE, Language, Listing, catalogue, message
from liancun_geo.tables import Table

FactName = Literal[
    "villages",
    "lead_income_wan_yuan",
    "lead_income_ratio",
    "income_spread",
    "lead_strong",
    "weak_members",
    "leading_industry_share",
    "industry_quotient",
    "lead_in_leading_industry",
    "enterprises",
    "core_enterprise",
    "parks",
    "institutions",
    "communities",
    "urban_share",
    "resettlement_villages",
    "resettlement_share",
]
"""What is known of an alliance; :mod:`liancun_geo.typology` says how each is computed."""
FACT_NAMES: tuple[FactName, ...] = get_args(FactName)
YES_OR_NO: frozenset[FactName] = frozenset(
    {"lead_strong", "lead_in_leading_industry", "core_enterprise"}
)

_SHARES = ("leading_industry_share", "urban_share", "resettlement_share")
_OF_INDUSTRY = ("leading_industry_share", "industry_quotient")
_MOST_NAMES = 6
_INF = math.inf


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact of an alliance.

    Attributes
    ----------
    name
        Of the fact.
    low, high
        Least and greatest value that the data allow; equal if nothing is missing. Yes-or-no
        facts are 1 and 0, shares lie between 0 and 1, incomes are in 10,000 yuan.
    missing
        Villages whose data are missing, and were needed.
    names
        What it counts: enterprises, parks, the leading industry.
    """

    name: FactName
    low: float
    high: float
    missing: int = 0
    names: tuple[str, ...] = ()

    @property
    def known(self) -> bool:
        """Whether no missing value could change it."""
        return self.low == self.high

    @property
    def value(self) -> float | None:
        """Return the value, None if it is not known."""
        return self.low if self.known and math.isfinite(self.low) else None

    def text(self, language: Language = DEFAULT_LANGUAGE) -> str:
        """Return the fact with its value in words; what is unknown is said to be."""
        label = message(f"types.name_{self.name}", language)
        if not self.known:
            if self.name in YES_OR_NO or (self.low <= 0 and self.high == _INF):
                return message("types.fact_unknown", language, fact=label)
            key = "types.fact_between" if self.high < _INF else "types.fact_from"
            params = {"low": self._shown(self.low), "high": self._shown(self.high)}
            return message(key, language, fact=label, **params)
        if self.name in YES_OR_NO:
            key = f"types.{self.name}_{'yes' if self.low else 'no'}"
            return message(key, language, names=self._names(language))
        if self.low == _INF:
            return message("types.fact_without_limit", language, fact=label)
        key = f"types.told_{self.name}"
        # Without any industry there is none to name.
        if key not in catalogue() or (self.name in _OF_INDUSTRY and not self.names):
            key = "types.fact_with_names" if self.names else "types.fact"
        shown = self._shown(self.low)
        return message(key, language, fact=label, value=shown, names=self._names(language))

    def as_dict(self, language: Language = DEFAULT_LANGUAGE) -> dict[str, Any]:
        """Return the fact for machine-readable output; an infinite end is null."""
        return {
            "fact": self.name,
            "low": self.low if math.isfinite(self.low) else None,
            "high": self.high if math.isfinite(self.high) else None,
            "known": self.known,
            "missing_villages": self.missing,
            "names": list(self.names),
            "text": self.text(language),
        }

    def _shown(self, value: float) -> str:
        if self.name in _SHARES:
            return f"{value:.0%}"
        return f"{round(value, 2):g}"

    def _names(self, language: Language) -> str:
        shown = message("types.name_separator", language).join(self.names[:_MOST_NAMES])
        if len(self.names) <= _MOST_NAMES:
            return shown
        return message("types.names_and_more", language, names=shown, count=len(self.names))


Finite = Annotated[float, Field(allow_inf_nan=False)]
Count = Annotated[float, Field(ge=0, allow_inf_nan=False)]


def _filled(text: str) -> str:
    if not text.strip():
        raise PydanticCustomError("type_text_empty", "an empty text")
    return text


Text = Annotated[str, AfterValidator(_filled)]


class Condition(Table):
    """One condition on a fact, or several of which one is enough.

    Both limits are included. A yes-or-no fact is asked by ``yes``.
    """

    fact: FactName | None = None
    at_least: Finite | None = None
    at_most: Finite | None = None
    yes: bool | None = None
    any_of: tuple[Condition, ...] = ()
    weight: Count = 1.0
    """What the condition counts when it is met; of a part of ``any_of`` it is not looked at."""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        limits = self.at_least is not None or self.at_most is not None
        if self.any_of:
            sound = self.fact is None and not limits and self.yes is None
        elif self.fact in YES_OR_NO:
            sound = self.yes is not None and not limits
        else:
            sound = self.fact is not None and limits and self.yes is None
        if not sound:
            raise PydanticCustomError("type_condition", "not a condition")
        return self

    @property
    def parts(self) -> tuple[Condition, ...]:
        """Return the plain conditions it is made of."""
        return tuple(p for c in self.any_of for p in c.parts) or (self,)

    def text(self, language: Language = DEFAULT_LANGUAGE) -> str:
        """Return what is asked, in words."""
        if self.any_of:
            asked = (part.text(language) for part in self.parts)
            return message("types.or", language).join(asked)
        fact = message(f"types.name_{self.fact}", language)
        if self.yes is not None:
            return message(f"types.asked_{'yes' if self.yes else 'no'}", language, fact=fact)
        if self.at_least is not None and self.at_most is not None:
            key = "types.asked_exactly" if self.at_least == self.at_most else "types.asked_between"
        else:
            key = "types.asked_at_least" if self.at_most is None else "types.asked_at_most"
        least, most = self._shown(self.at_least), self._shown(self.at_most)
        return message(key, language, fact=fact, least=least, most=most)

    def _shown(self, limit: float | None) -> str:
        if limit is None:
            return ""
        return f"{limit:.0%}" if self.fact in _SHARES else f"{limit:g}"


class TypeRule(Table):
    """A type of alliance: its names and its conditions.

    An alliance is of a type if every condition of ``require`` is met. Of several types the one
    whose met conditions weigh most is recommended, the first listed if equal.
    """

    id: Annotated[str, Field(pattern="^[a-z][a-z0-9_]*$")]
    zh: Text
    en: Text
    also: tuple[Text, ...] = ()
    """Other names of the same type."""
    family: str | None = None
    """Variants of one type share it, and are no runner-up of each other."""
    source: str | None = None
    """Where the type comes from."""
    require: Annotated[tuple[Condition, ...], Field(min_length=1)]
    count: tuple[Condition, ...] = ()
    """Conditions that need not be met but weigh."""

    @property
    def most(self) -> float:
        """Return the weight of all conditions."""
        return sum(condition.weight for condition in (*self.require, *self.count))

    def goes_by(self, name: str) -> bool:
        """Tell whether the type is called so."""
        return name in (self.id, self.zh, self.en, *self.also)


class ChosenType(Table):
    """A type that a person has set, and why."""

    type: Text
    """Id or name of a known type."""
    reason: Text


class TypeSettings(Table):
    """How alliances are named by type; nothing of it shapes the plan."""

    rules: tuple[TypeRule, ...] = ()
    """Types beside the shipped ones, or in their place if the id is the same."""
    used: tuple[str, ...] = ()
    """Ids of the types in use; all if empty."""
    chosen: dict[str, ChosenType] = Field(default_factory=dict)
    """Code of a lead village -> the type its alliance is given whatever the rules say."""
    core_enterprise: dict[str, Text] = Field(default_factory=dict)
    """Code of a lead village -> name of the core enterprise of its alliance."""
    strong_income_wan_yuan: Count = 50.0
    """Collective operating income from which a lead village is strong."""
    branch_above_persons: Count = 50.0
    """More party members than this: a general branch (党总支)."""
    committee_above_persons: Count = 100.0
    """More party members than this: a committee (党委)."""

    @model_validator(mode="after")
    def _names_known_types(self) -> Self:
        repeated = [rule.id for rule in self.rules]
        if len(set(repeated)) < len(repeated):
            raise PydanticCustomError("type_twice", "a type is listed twice")
        known = all_types(self.rules)
        names = Listing(rule.id for rule in known)
        for name in self.used:
            if not any(rule.id == name for rule in known):
                raise PydanticCustomError("type_unknown", "unknown type", {"expected": names})
        for chosen in self.chosen.values():
            if not any(rule.goes_by(chosen.type) for rule in known):
                raise PydanticCustomError("type_unknown", "unknown type", {"expected": names})
        if self.branch_above_persons > self.committee_above_persons:
            raise PydanticCustomError("party_thresholds", "thresholds out of order")
        return self

    @property
    def in_use(self) -> tuple[TypeRule, ...]:
        """Return the types in use, in the order in which they are listed."""
        known = all_types(self.rules)
        return tuple(rule for rule in known if not self.used or rule.id in self.used)

    def named(self, name: str) -> TypeRule:
        """Return the type of this id or name, in use or not."""
        return next(rule for rule in all_types(self.rules) if rule.goes_by(name))


class _Shipped(Table):
    type: tuple[TypeRule, ...]


@cache
def shipped_types() -> tuple[TypeRule, ...]:
    """Return the types that come with the program."""
    text = (resources.files(__package__) / "types.toml").read_text(encoding="utf-8")
    return _Shipped.model_validate(tomllib.loads(text)).type


def all_types(given: tuple[TypeRule, ...]) -> tuple[TypeRule, ...]:
    """Return the shipped types with those given in their place, then those given beside them."""
    own = {rule.id: rule for rule in given}
    shipped = tuple(own.pop(rule.id, rule) for rule in shipped_types())
    return (*shipped, *own.values())

"""The facts of an alliance that types are told by, each an interval that missing data leave open.

Formulas are this program's own; the accounts that name the types give none.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
import pandas as pd
import shapely

from liancun_geo.messages import DEFAULT_LANGUAGE, Language, message
from liancun_geo.places import Place, PlaceKind
from liancun_geo.scenario import NamedAlliance, Scenario
from liancun_geo.type_rules import Fact, FactName

URBAN = frozenset({"111", "112", "121", "122", "123"})
"""城乡分类 of town and town fringe (国家统计局《统计用区划代码和城乡划分代码编制规则》); 210 and
220 are rural."""

_INF = math.inf


@dataclass(frozen=True, slots=True)
class CoreEnterprise:
    """The enterprise an alliance is built around, beside its lead village.

    Attributes
    ----------
    name
        Of the enterprise.
    industries
        Its industries, those of the alliance first; None if unknown.
    village
        Position of its village; None if no list and no ledger of the alliance has it.
    how
        ``"settings"``: a planner has named it; ``"leading_industry"``: it is of the industry
        most villages of the alliance have; ``"lead_industry"``: of an industry of the lead.
    near
        It lies next to the alliance, not in it.
    """

    name: str
    industries: tuple[str, ...] | None
    village: int | None
    how: Literal["settings", "leading_industry", "lead_industry"]
    near: bool = False

    def text(self, language: Language = DEFAULT_LANGUAGE) -> str:
        """Return why this enterprise is the core one."""
        listed = message("types.name_separator", language).join(self.industries or ("—",))
        key = f"types.core_{self.how}" + ("_near" if self.near else "")
        return message(key, language, name=self.name, industries=listed)


@dataclass(frozen=True, slots=True)
class Survey:
    """What is known of one alliance; places by position in the list of the village table."""

    facts: Mapping[FactName, Fact]
    core: CoreEnterprise | None
    places_in: tuple[int, ...]
    places_near: tuple[int, ...]


class Surveyor:
    """Computes the facts of alliance after alliance.

    Parameters
    ----------
    scenario
        Only its villages, places, settings and alliances are looked at.
    """

    def __init__(self, scenario: Scenario) -> None:
        self.settings = scenario.settings
        self.places = scenario.villages.places
        frame = scenario.villages.frame
        self.codes = frame["code"].astype(str).tolist()
        self.income = frame["collective_income_wan_yuan"].to_numpy(dtype=np.float64)
        self.industries = [_tags(cell) for cell in frame["industries"].tolist()]
        self.enterprises = [_tags(cell) for cell in frame["enterprises"].tolist()]
        known = [tags for tags in self.industries if tags is not None]
        self.stated = len(known)
        self.in_county = Counter(tag for tags in known for tag in set(tags))
        self.weak = _weak(frame)
        self.resettled = [_flag(cell) for cell in frame["resettlement"].tolist()]
        self.urban = [_urban(cell) for cell in frame["urban_rural_class"].tolist()]
        self.at: list[list[int]] = [[] for _ in self.codes]
        for number, place in enumerate(self.places):
            if place.counted:
                self.at[place.village].append(number)
        self.around = self._places_around(frame.geometry.to_numpy())
        self.kinds = {place.kind for place in self.places}

    def survey(self, alliance: NamedAlliance) -> Survey:
        """Return the facts of one alliance."""
        villages = alliance.villages
        inside, near = self._linked(frozenset(villages))
        industry, share = self._leading_industry(villages)
        enterprises = self._enterprises(villages, inside, near)
        core, certain = self._core(alliance, industry, inside, near, enterprises)
        facts = [
            _exact("villages", len(villages)),
            *self._incomes(alliance),
            self._weak_members(alliance.members),
            share,
            self._quotient(industry, share),
            self._lead_has(alliance.lead, industry),
            enterprises,
            Fact(
                "core_enterprise",
                float(core is not None),
                float(core is not None or not certain),
                names=() if core is None else (core.name,),
            ),
            *(self._number(name, kind, inside, near) for name, kind in _OTHER_KINDS),
            self._share("urban_share", self.urban, villages),
            *self._resettlement(villages),
        ]
        by_name = MappingProxyType({fact.name: fact for fact in facts})
        return Survey(by_name, core, inside, near)

    def _places_around(self, shapes: Any) -> list[list[int]]:
        """Return the places with coordinates that lie in or next to each village."""
        around: list[list[int]] = [[] for _ in self.codes]
        located = [n for n, p in enumerate(self.places) if p.counted and p.point is not None]
        if located:
            points = shapely.points(np.array([self.places[n].point for n in located], np.float64))
            found, villages = shapely.STRtree(shapes).query(
                points, predicate="dwithin", distance=self.settings.places.tolerance_m
            )
            for place, village in zip(found.tolist(), villages.tolist(), strict=True):
                around[village].append(located[place])
        return around

    def _linked(self, villages: frozenset[int]) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Return the places that count in an alliance, and those next to it."""
        inside = {number for village in villages for number in self.at[village]}
        reached = {number for village in villages for number in self.around[village]}
        return tuple(sorted(inside)), tuple(sorted(reached - inside))

    def _incomes(self, alliance: NamedAlliance) -> list[Fact]:
        lead = float(self.income[alliance.lead])
        members = [float(self.income[member]) for member in alliance.members]
        everyone = [lead, *members]
        unknown = sum(math.isnan(value) for value in everyone)
        strong = self.settings.types.strong_income_wan_yuan
        open_lead = math.isnan(lead)
        ends = (-_INF, _INF) if open_lead else (lead, lead)
        return [
            Fact("lead_income_wan_yuan", *ends, int(open_lead)),
            Fact("lead_income_ratio", *_ratio(lead, members), unknown),
            Fact("income_spread", *_spread(everyone), unknown),
            Fact(
                "lead_strong",
                float(not open_lead and lead >= strong),
                float(open_lead or lead >= strong),
                int(open_lead),
            ),
        ]

    def _weak_members(self, members: Sequence[int]) -> Fact:
        known = sum(self.weak[member] is True for member in members)
        unknown = sum(self.weak[member] is None for member in members)
        return Fact("weak_members", known, known + unknown, unknown)

    def _leading_industry(self, villages: Sequence[int]) -> tuple[str | None, Fact]:
        """Return the industry most villages have.

        Of equals the one that is rarest in the county, then the lead's, then by name.
        """
        given = [self.industries[village] for village in villages]
        unknown = sum(tags is None for tags in given)
        times = Counter(tag for tags in given if tags is not None for tag in sorted(set(tags)))
        name: FactName = "leading_industry_share"
        if not times:
            return None, Fact(name, 0.0, unknown / len(villages), unknown)
        of_lead = given[0] or ()
        industry = min(
            times, key=lambda tag: (-times[tag], self.in_county[tag], tag not in of_lead, tag)
        )
        low = times[industry] / len(villages)
        high = (times[industry] + unknown) / len(villages)
        return industry, Fact(name, low, high, unknown, (industry,))

    def _quotient(self, industry: str | None, share: Fact) -> Fact:
        """Return the share of the industry in the alliance by its share in the county.

        The location quotient of regional economics (Florence 1939), of villages and not of jobs;
        villages of the county whose industries are unknown are left out of its share.
        """
        if industry is None:
            return Fact("industry_quotient", 0.0, _INF, share.missing)
        in_county = self.in_county[industry] / self.stated
        low, high = share.low / in_county, share.high / in_county
        return Fact("industry_quotient", low, high, share.missing, (industry,))

    def _lead_has(self, lead: int, industry: str | None) -> Fact:
        tags = self.industries[lead]
        name: FactName = "lead_in_leading_industry"
        if tags is None:
            return Fact(name, 0.0, 1.0, 1)
        has = float(industry is not None and industry in tags)
        return Fact(name, has, has, names=() if industry is None else (industry,))

    def _enterprises(
        self, villages: Sequence[int], inside: Sequence[int], near: Sequence[int]
    ) -> Fact:
        """Return the enterprises of the ledger and of the lists, in or next to the alliance."""
        names = dict.fromkeys(tag for v in villages for tag in self.enterprises[v] or ())
        linked = [self.places[number] for number in (*inside, *near)]
        names |= dict.fromkeys(p.name for p in linked if p.kind == "enterprise")
        unknown = sum(self.enterprises[village] is None for village in villages)
        high = _INF if unknown else len(names)
        return Fact("enterprises", len(names), high, unknown, tuple(names))

    def _core(
        self,
        alliance: NamedAlliance,
        industry: str | None,
        inside: Sequence[int],
        near: Sequence[int],
        enterprises: Fact,
    ) -> tuple[CoreEnterprise | None, bool]:
        """Return the core enterprise, and whether it is certain that there is no other."""
        linked = [self.places[n] for n in (*inside, *near) if self.places[n].kind == "enterprise"]
        wanted = self.settings.types.core_enterprise.get(self.codes[alliance.lead])
        if wanted is not None:
            return self._named_core(wanted, alliance, linked), True
        own = self.industries[alliance.lead] or ()
        ranked: list[tuple[tuple[object, ...], CoreEnterprise]] = []
        for place in linked:
            tags = place.industries or ()
            shared = industry is not None and industry in tags
            fitting = tuple(tag for tag in tags if tag == industry or tag in own)
            if not fitting:
                continue
            away = place.village not in alliance.villages
            rank = (not shared, away, place.village != alliance.lead, place.name, place.village)
            first = tuple(dict.fromkeys((*((industry,) if shared and industry else ()), *fitting)))
            how: Literal["leading_industry", "lead_industry"] = (
                "leading_industry" if shared else "lead_industry"
            )
            core = CoreEnterprise(place.name, first, place.village, how, away)
            ranked.append((rank, core))
        if ranked:
            return min(ranked, key=lambda pair: pair[0])[1], True
        stated = {place.name for place in linked if place.industries is not None}
        told = all(name in stated for name in enterprises.names)
        compared = not enterprises.names or (told and self.industries[alliance.lead] is not None)
        return None, enterprises.known and compared

    def _named_core(
        self, name: str, alliance: NamedAlliance, linked: Sequence[Place]
    ) -> CoreEnterprise:
        for place in linked:
            if place.name == name:
                away = place.village not in alliance.villages
                return CoreEnterprise(name, place.industries, place.village, "settings", away)
        for village in alliance.villages:
            if name in (self.enterprises[village] or ()):
                return CoreEnterprise(name, None, village, "settings")
        return CoreEnterprise(name, None, None, "settings")

    def _number(
        self, name: FactName, kind: PlaceKind, inside: Sequence[int], near: Sequence[int]
    ) -> Fact:
        found = [self.places[n].name for n in (*inside, *near) if self.places[n].kind == kind]
        # A kind that no list has was not looked for.
        listed = kind in self.kinds or kind in self.settings.places.complete
        names = tuple(dict.fromkeys(found))
        return Fact(name, len(found), len(found) if listed else _INF, names=names)

    def _share(
        self, name: FactName, values: Sequence[bool | None], villages: Sequence[int]
    ) -> Fact:
        known = sum(values[village] is True for village in villages)
        unknown = sum(values[village] is None for village in villages)
        n = len(villages)
        return Fact(name, known / n, (known + unknown) / n, unknown)

    def _resettlement(self, villages: Sequence[int]) -> list[Fact]:
        share = self._share("resettlement_share", self.resettled, villages)
        n = len(villages)
        low, high = round(share.low * n), round(share.high * n)
        return [Fact("resettlement_villages", low, high, share.missing), share]


_OTHER_KINDS: tuple[tuple[FactName, PlaceKind], ...] = (
    ("parks", "park"),
    ("institutions", "institution"),
    ("communities", "community"),
)


def _exact(name: FactName, value: float) -> Fact:
    return Fact(name, value, value)


def _ratio(lead: float, members: Sequence[float]) -> tuple[float, float]:
    """Return the bounds of income of the lead by median income of the members.

    A loss counts as no income; with no income of the members the ratio is infinite, or 1 if the
    lead has none either. Without members it is unknown.
    """
    if math.isnan(lead) or not members:
        return 0.0, _INF
    own = max(lead, 0.0)
    known = [max(value, 0.0) for value in members if not math.isnan(value)]
    unknown = len(members) - len(known)
    least = median([*known, *[0.0] * unknown])
    greatest = median([*known, *[_INF] * unknown])
    if math.isnan(greatest):
        greatest = _INF
    return _divided(own, greatest), _divided(own, least)


def _spread(incomes: Sequence[float]) -> tuple[float, float]:
    """Return the bounds of greatest by least income of the villages."""
    known = [max(value, 0.0) for value in incomes if not math.isnan(value)]
    if not known:
        return 1.0, _INF
    low = _divided(max(known), min(known))
    return low, low if len(known) == len(incomes) else _INF


def _divided(a: float, b: float) -> float:
    if b == 0:
        return 1.0 if a == 0 else _INF
    return 0.0 if math.isinf(b) else a / b


def _tags(cell: Any) -> tuple[str, ...] | None:
    return tuple(cell) if isinstance(cell, tuple | list) else None


def _flag(cell: Any) -> bool | None:
    return None if cell is None or pd.isna(cell) else bool(cell)


def _urban(cell: Any) -> bool | None:
    return cell.strip() in URBAN if isinstance(cell, str) and cell.strip() else None


def _weak(frame: Any) -> list[bool | None]:
    """Return the weak villages; a flag that nobody delivered says nothing of any village."""
    flags = ("weak_organisation", "weak_economy")
    given = [flag for flag in flags if frame[flag].notna().any()]
    columns = [[_flag(cell) for cell in frame[flag].tolist()] for flag in given]
    weak: list[bool | None] = []
    for village in range(len(frame)):
        said = [column[village] for column in columns]
        weak.append(True if True in said else False if said and None not in said else None)
    return weak

"""The rules of the settings file, by village codes, as arguments of the problem."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from liancun_geo.arrays import BoolArray, FloatArray
from liancun_geo.errors import DataError, Fault, Where, error, warning
from liancun_geo.indicators import population_field
from liancun_geo.messages import Language, message
from liancun_geo.place_rules import WithRule
from liancun_geo.rule_settings import RuleSettings
from liancun_geo.rules import GroupTerm
from liancun_geo.villages import FIELDS, VillageTable, positions_by_code

THOUSAND = 1000.0
"""Weights are told for a thousand persons or mu."""


def rule_arguments(
    villages: VillageTable, rules: RuleSettings, zones: Sequence[str]
) -> tuple[dict[str, Any], tuple[Fault, ...]]:
    """Return the arguments that the rules are for :class:`~liancun_geo.problem.AllianceProblem`.

    Parameters
    ----------
    villages
        The villages the codes refer to.
    rules
        As read from the settings file.
    zones
        (n,) label of each village's zone.

    Returns
    -------
    tuple
        Arguments of ``AllianceProblem.from_arrays`` (sizes, costs of leads and sizes and the
        greatest distance are not among them; ``may_lead`` lists villages that no gate bars), and
        what a planner should know.

    Raises
    ------
    DataError
        With every unknown code, every rule that contradicts another, and every village whose
        amount is missing though a rule needs it: a missing amount never counts as zero.
    """
    return _Reading(villages, rules, zones).arguments()


def existing_members(
    villages: VillageTable, zones: Sequence[str], takes_part: Sequence[bool] | BoolArray
) -> dict[tuple[str, str], list[int]]:
    """Return the villages of each existing alliance that take part, by zone and its name."""
    members: dict[tuple[str, str], list[int]] = {}
    for village, name in enumerate(villages.frame["existing_alliance"].tolist()):
        if isinstance(name, str) and name.strip() and takes_part[village]:
            members.setdefault((zones[village], name.strip()), []).append(village)
    return members


class _Reading:
    """Reads the rules one after the other and gathers what is wrong with them."""

    def __init__(self, villages: VillageTable, rules: RuleSettings, zones: Sequence[str]) -> None:
        self.villages, self.rules, self.zones = villages, rules, zones
        self.frame = villages.frame
        self.position = positions_by_code(self.frame["code"])
        self.faults: list[Fault] = []
        self.warnings: list[Fault] = []
        self.takes_part = np.ones(len(villages), dtype=bool)
        self.takes_part[self._positions("excluded", rules.excluded)] = False

    def arguments(self) -> tuple[dict[str, Any], tuple[Fault, ...]]:
        """Return all arguments, or raise with all faults."""
        rules = self.rules
        together = self._pairs("must_together", rules.must_together, same_zone=True)
        frozen = [self._taking_part("frozen", codes) for codes in rules.frozen]
        if rules.keep_existing:
            together += self._existing()
        self._frozen_in_full(together, frozen)
        arguments: dict[str, Any] = {
            "max_hops": rules.max_hops,
            "n_alliances": rules.n_alliances,
            "zone_alliances": self._zone_alliances(),
            "must_together": _array(together),
            "never_together": _array(
                self._pairs("never_together", rules.never_together, same_zone=False)
            ),
            "fixed_lead": dict(self._pairs("fixed_lead", rules.fixed_lead.items(), same_zone=True)),
            "must_lead": self._taking_part("must_lead", rules.must_lead),
            "may_lead": self._taking_part("may_lead", rules.may_lead),
            "frozen": frozen,
            **self._resources(),
            "group_terms": self._terms(),
            "unassigned_cost": self._prices(),
        }
        if rules.max_weak_members is not None:
            arguments["weak"] = self._weak("max_weak_members")
            arguments["max_weak"] = rules.max_weak_members
        classes = [self._with_enterprise()] if rules.each_with_enterprise else []
        classes += [self._with(wanted) for wanted in rules.each_with]
        if classes:
            arguments["classes"] = classes[0] if len(classes) == 1 else np.column_stack(classes)
        if rules.budget_wan_yuan is not None:
            arguments["budget_use"] = np.full(
                len(self.frame), rules.budget_per_alliance_wan_yuan, dtype=np.float64
            )
            arguments["budget"] = rules.budget_wan_yuan
        if self.faults:
            raise DataError(self.faults)
        return arguments, tuple(self.warnings)

    def _positions(self, rule: str, codes: Iterable[str]) -> list[int]:
        found = []
        for code in codes:
            if code in self.position:
                found.append(self.position[code])
            elif rule == "excluded":
                self.faults.append(error("plan.unknown_excluded", Where(code=code), code=code))
            else:
                where = Where(code=code, field=f"rules.{rule}")
                self.faults.append(error("plan.unknown_code", where, code=code, rule=rule))
        return found

    def _taking_part(self, rule: str, codes: Iterable[str]) -> list[int]:
        """Return positions, each of a village that takes part."""
        found = self._positions(rule, codes)
        for village in found:
            if not self.takes_part[village]:
                self.faults.append(
                    error("plan.excluded_but_named", self._where(village, rule), rule=rule)
                )
        return found

    def _where(self, village: int, rule: str) -> Where:
        row = self.frame.iloc[village]
        return Where(
            village=row["name"], code=row["code"], township=row["township"], field=f"rules.{rule}"
        )

    def _name(self, village: int) -> str:
        return str(self.frame["name"].to_numpy()[village])

    def _pairs(
        self, rule: str, pairs: Iterable[tuple[str, str]], *, same_zone: bool
    ) -> list[tuple[int, int]]:
        found = []
        for pair in pairs:
            read = self._taking_part(rule, pair) if same_zone else self._positions(rule, pair)
            if len(read) < 2:
                continue
            first, second = read
            found.append((first, second))
            if same_zone and self.zones[first] != self.zones[second]:
                other = self._name(second)
                where = self._where(first, rule)
                self.faults.append(error("plan.across_zones", where, rule=rule, other=other))
        return found

    def _zone_alliances(self) -> Mapping[str, tuple[int, int]]:
        known = set(self.zones)
        for label in self.rules.township_alliances:
            if label not in known:
                where = Where(field="rules.township_alliances")
                self.faults.append(error("plan.unknown_township", where, township=label))
        return {
            label: number
            for label, number in self.rules.township_alliances.items()
            if label in known
        }

    def _existing(self) -> list[tuple[int, int]]:
        """Return pairs that hold the villages of each existing alliance together."""
        members = existing_members(self.villages, self.zones, self.takes_part)
        zones_of: dict[str, dict[str, None]] = {}
        for zone, name in members:
            zones_of.setdefault(name, {})[zone] = None
        for name, zones in zones_of.items():
            if len(zones) > 1:
                where = Where(field="rules.keep_existing")
                self.warnings.append(
                    warning("plan.existing_across_zones", where, name=name, count=len(zones))
                )
        return [pair for villages in members.values() for pair in pairwise(villages)]

    def _frozen_in_full(self, together: list[tuple[int, int]], frozen: list[list[int]]) -> None:
        """Note pairs that are to stay together though a frozen alliance parts them."""
        home = {village: number for number, of in enumerate(frozen) for village in of}
        for first, second in together:
            if home.get(first) != home.get(second):
                inside, outside = (first, second) if first in home else (second, first)
                other = self._name(outside)
                where = self._where(inside, "frozen")
                self.faults.append(error("plan.frozen_parts_pair", where, other=other))

    def _amount(self, field: str, rule: str) -> FloatArray:
        """Return an amount of every village that takes part, 0 of the others."""
        values = self.frame[field].to_numpy(dtype=np.float64, na_value=np.nan)
        self._all_known(np.isnan(values), rule, field)
        return np.where(self.takes_part & ~np.isnan(values), values, 0.0)

    def _all_known(self, missing: BoolArray, rule: str, field: str) -> None:
        for village in np.flatnonzero(missing & self.takes_part).tolist():
            self.faults.append(
                error(
                    "plan.amount_missing",
                    self._where(village, rule),
                    field_zh=FIELDS[field].zh,
                    field_en=FIELDS[field].en,
                    rule=rule,
                )
            )

    def _population(self, rule: str) -> FloatArray:
        return self._amount(population_field(self.frame), rule)

    def _resources(self) -> dict[str, Any]:
        rules = self.rules
        columns: list[FloatArray] = []
        bounds: list[tuple[float, float]] = []
        if rules.population_persons is not None:
            columns.append(self._population("population_persons"))
            bounds.append(rules.population_persons)
        if rules.arable_land_mu is not None:
            columns.append(self._amount("arable_land_mu", "arable_land_mu"))
            bounds.append(rules.arable_land_mu)
        if rules.transferable_land_mu is not None:
            columns.append(self._amount("transferable_land_mu", "transferable_land_mu"))
            bounds.append(rules.transferable_land_mu)
        if not columns:
            return {}
        return {"resource": np.column_stack(columns), "resource_bounds": np.array(bounds)}

    def _terms(self) -> list[GroupTerm]:
        rules = self.rules
        terms = []
        if rules.target_population_persons is not None:
            terms.append(
                GroupTerm(
                    self._population("target_population_persons") / THOUSAND,
                    target=rules.target_population_persons / THOUSAND,
                    weight=rules.target_population_weight,
                )
            )
        if rules.min_transferable_land_mu is not None:
            land = self._amount("transferable_land_mu", "min_transferable_land_mu")
            terms.append(
                GroupTerm(
                    land / THOUSAND,
                    threshold=rules.min_transferable_land_mu / THOUSAND,
                    shortfall_weight=rules.transferable_land_shortfall_weight,
                )
            )
        return terms

    def _weak(self, rule: str) -> BoolArray:
        """Return the weak villages; a flag that nobody delivered says nothing of any village."""
        flags = ("weak_organisation", "weak_economy")
        given = [flag for flag in flags if self.frame[flag].notna().any()] or list(flags)
        weak = pd.Series(False, index=self.frame.index, dtype="boolean")
        for flag in given:
            weak |= self.frame[flag].astype("boolean")
        for flag in given:
            # Known to be weak by one flag, a village needs no other.
            unknown = (self.frame[flag].isna() & weak.isna()).to_numpy(dtype=bool)
            self._all_known(unknown, rule, flag)
        return weak.fillna(value=False).to_numpy(dtype=bool) & self.takes_part

    def _with_enterprise(self) -> BoolArray:
        tags = self.frame["enterprises"].tolist()
        known = np.array([isinstance(tag, tuple | list | set | frozenset) for tag in tags], bool)
        self._all_known(~known, "each_with_enterprise", "enterprises")
        has = np.array([known[i] and len(tag) > 0 for i, tag in enumerate(tags)], dtype=bool)
        return has & self.takes_part

    def _with(self, wanted: WithRule) -> BoolArray:
        """Return the villages that have what an entry of ``each_with`` asks for."""
        has = np.zeros(len(self.frame), dtype=bool)
        if wanted.industry is not None:
            tags = self.frame["industries"].tolist()
            known = np.array([isinstance(tag, tuple | list) for tag in tags], dtype=bool)
            self._all_known(~known, "each_with", "industries")
            has = np.array([k and wanted.industry in t for k, t in zip(known, tags, strict=True)])
        for place in self.villages.places:
            of_kind = place.kind == (wanted.place or "enterprise")
            tag = wanted.enterprise_of
            fitting = tag is None or tag in (place.industries or ())
            if wanted.industry is None and place.counted and of_kind and fitting:
                has[place.village] = True
        has &= self.takes_part
        if not has.any():
            where = Where(field="rules.each_with")
            self.faults.append(error("places.with_nobody", where, what=_What(wanted)))
        return has

    def _prices(self) -> FloatArray | None:
        """Return what leaving each village out costs; None under full coverage."""
        rules = self.rules
        if rules.coverage == "full":
            return None
        price = np.full(len(self.frame), rules.unassigned_cost, dtype=np.float64)
        if rules.small_village_weight != 1.0:
            people = self._population("small_village_weight")
            price[people < rules.small_village_persons] *= rules.small_village_weight
        if rules.weak_village_weight != 1.0:
            price[self._weak("weak_village_weight")] *= rules.weak_village_weight
        return np.where(self.takes_part, price, 0.0)


class _What:
    """What an entry of ``each_with`` asks for, in words."""

    def __init__(self, wanted: WithRule) -> None:
        self.wanted = wanted

    def text(self, language: Language) -> str:
        """Return a village with it."""
        if self.wanted.place is not None:
            name = message(f"places.kind_{self.wanted.place}", language)
            return message("places.with_place", language, name=name)
        if self.wanted.industry is not None:
            return message("places.with_industry", language, name=self.wanted.industry)
        return message("places.with_enterprise_of", language, name=self.wanted.enterprise_of)


def _array(pairs: list[tuple[int, int]]) -> Any:
    return np.array(pairs, dtype=np.intp).reshape(-1, 2)

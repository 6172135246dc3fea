"""The fields of the written layers: canonical names, short names, meanings, units."""

from __future__ import annotations

from liancun_geo.messages import Language, message
from liancun_geo.villages import FIELDS

SUMMED = (
    "population_registered_persons",
    "population_resident_persons",
    "households",
    "party_members_persons",
    "collective_income_wan_yuan",
    "arable_land_mu",
    "transferable_land_mu",
)
"""Fields of the village table that are added up over an alliance."""

COUNTS = frozenset(SUMMED[:4])
"""Fields that count heads or households: written as whole numbers where they are whole."""

_MISSING = "_missing"

SHORT_NAMES = {
    "code": "code",
    "name": "name",
    "township_code": "town_code",
    "township": "township",
    "county": "county",
    "urban_rural_class": "urb_rural",
    "population_registered_persons": "pop_reg",
    "population_resident_persons": "pop_res",
    "households": "households",
    "party_members_persons": "party_mem",
    "collective_income_wan_yuan": "coll_inc",
    "collective_income_year": "coll_year",
    "income_per_head_yuan": "inc_head",
    "arable_land_mu": "arable_mu",
    "transferable_land_mu": "transf_mu",
    "industries": "industries",
    "enterprises": "enterprise",
    "weak_organisation": "weak_org",
    "weak_economy": "weak_econ",
    "village_class": "vill_class",
    "resettlement": "resettle",
    "secretary_in_post": "secretary",
    "existing_alliance": "exist_alli",
    "alliance_id": "alli_id",
    "alliance_name": "alli_name",
    "role": "role",
    "lead_code": "lead_code",
    "lead_name": "lead_name",
    "reason": "reason",
    "member_codes": "memb_codes",
    "member_names": "memb_names",
    "villages": "villages",
    "alliance_type": "alli_type",
    "party_body": "party_body",
    "core_enterprise": "core_enter",
    "population_registered_persons_missing": "popreg_na",
    "population_resident_persons_missing": "popres_na",
    "households_missing": "househ_na",
    "party_members_persons_missing": "party_na",
    "collective_income_wan_yuan_missing": "income_na",
    "arable_land_mu_missing": "arable_na",
    "transferable_land_mu_missing": "transf_na",
    "industries_missing": "indust_na",
    "area_km2": "area_km2",
    "member_code": "memb_code",
    "member_name": "memb_name",
    "distance_m": "distance_m",
    "travel_min": "travel_min",
    "shared_border_m": "border_m",
    "pair_cost": "pair_cost",
}
"""Canonical name -> name in a shapefile: ASCII, at most 10 bytes, unique."""

_UNITS = ("persons", "wan_yuan", "yuan", "mu", "km2", "km", "min", "m")


def missing(name: str) -> str:
    """Return the name of the field that counts the villages without a value of ``name``."""
    return f"{name}{_MISSING}"


def meaning(name: str, language: Language) -> str:
    """Return what a field means, in words."""
    if name.endswith(_MISSING):
        field = meaning(name.removesuffix(_MISSING), language)
        return message("output.column_missing", language, field=field)
    if name in FIELDS:
        return FIELDS[name].zh if language == "zh" else FIELDS[name].en
    return message(f"output.column_{name}", language)


def unit(name: str, language: Language) -> str:
    """Return the unit of a field, empty if it has none."""
    if name.endswith(_MISSING) or name == "villages":
        return message("output.unit_villages", language)
    if name == "households":
        return message("output.unit_households", language)
    for suffix in _UNITS:
        if name.endswith(f"_{suffix}"):
            return message(f"output.unit_{suffix}", language)
    return ""

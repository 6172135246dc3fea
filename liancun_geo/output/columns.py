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

"""The columns of the ledger to fill in: order, groups, examples, and what their cells may hold."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, Literal, TypedDict

import pandas as pd

from liancun_geo.messages import Language, message
from liancun_geo.output.columns import unit
from liancun_geo.units import unit_of_field
from liancun_geo.villages import FIELDS

Needed = Literal["required", "recommended", "optional"]
CellKind = Literal["whole", "decimal", "list", "textLength"]
CheckStyle = Literal["stop", "warning"]

LAYOUT: Final[Mapping[str, Mapping[str, Needed]]] = MappingProxyType(
    {
        "identity": {
            "township": "required",
            "name": "required",
            "code": "recommended",
            "township_code": "optional",
            "county": "optional",
            "urban_rural_class": "optional",
        },
        "people": {
            "population_registered_persons": "recommended",
            "population_resident_persons": "optional",
            "households": "optional",
        },
        "party": {"party_members_persons": "recommended", "secretary_in_post": "recommended"},
        "income": {
            "collective_income_wan_yuan": "recommended",
            "collective_income_year": "recommended",
            "income_per_head_yuan": "recommended",
        },
        "land": {"arable_land_mu": "optional", "transferable_land_mu": "optional"},
        "industries": {"industries": "recommended", "enterprises": "recommended"},
        "flags": {
            "weak_organisation": "recommended",
            "weak_economy": "recommended",
            "village_class": "recommended",
            "resettlement": "optional",
            "existing_alliance": "optional",
        },
    }
)
"""Group -> its fields in the order of the columns -> how much they are needed."""

COLUMNS: Final = tuple(field for fields in LAYOUT.values() for field in fields)
"""Every field of the village table, in the order of the columns."""

URBAN_RURAL_CLASSES: Final = ("111", "112", "121", "122", "123", "210", "220")
"""Statistical classes (国家统计局《统计用区划代码和城乡划分代码编制规则》)."""

VILLAGE_CLASSES: Final = ("集聚提升", "城郊融合", "特色保护", "搬迁撤并", "其他")
"""Classes of villages in village planning, after the plan for rural revitalisation 2018-2022."""

EXAMPLES: Final[Sequence[Mapping[str, Any]]] = (
    {
        "township": "城头镇",
        "name": "王家村",
        "code": "370499100201",
        "township_code": "370499100",
        "county": "示例县",
        "urban_rural_class": "220",
        "population_registered_persons": 1286,
        "population_resident_persons": 930,
        "households": 402,
        "party_members_persons": 61,
        "secretary_in_post": True,
        "collective_income_wan_yuan": 62.5,
        "collective_income_year": 2024,
        "income_per_head_yuan": 24600,
        "arable_land_mu": 1850.5,
        "transferable_land_mu": 600,
        "industries": ("苹果", "农产品加工"),
        "enterprises": ("王家果业合作社",),
        "weak_organisation": False,
        "weak_economy": False,
        "village_class": "集聚提升",
        "resettlement": False,
        "existing_alliance": "王家片区",
    },
    {
        "township": "城头镇",
        "name": "东河岔村",
        "code": "370499100203",
        "urban_rural_class": "220",
        "population_registered_persons": 438,
        "party_members_persons": 17,
        "secretary_in_post": False,
        "collective_income_wan_yuan": 2.8,
        "collective_income_year": 2024,
        "income_per_head_yuan": 16800,
        "arable_land_mu": 610,
        "industries": ("粮食",),
        "enterprises": (),
        "weak_organisation": False,
        "weak_economy": True,
        "village_class": "特色保护",
        "resettlement": False,
    },
)
"""Two villages that do not exist: field -> value, blank where it may stay blank."""

TONES: Final = {
    "identity": "D9E2EC",
    "people": "DCEBD9",
    "party": "F6DDD8",
    "income": "FBEBC8",
    "land": "E6E3D3",
    "industries": "DDE7F3",
    "flags": "E9DFEE",
}


class CellRule(TypedDict, total=False):
    """What a data validation of openpyxl says."""

    type: CellKind
    operator: Literal["between"]
    formula1: str
    formula2: str
    errorStyle: CheckStyle


def cell_value(field: str, value: Any, language: Language) -> str | float | int | None:
    """Return how a value of the village table stands in a ledger; None for a missing one."""
    if isinstance(value, tuple | list):
        return "、".join(map(str, value)) or ("无" if language == "zh" else "none")
    if value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value)):
        return None
    kind = FIELDS[field].kind
    if kind == "flag":
        return _yes_no(language)[0 if value else 1]
    if kind in ("number", "year"):
        number = float(value)
        return int(number) if number.is_integer() else number
    return str(value)


def group_of(field: str) -> str:
    """Return the group a column belongs to."""
    return next(group for group, fields in LAYOUT.items() if field in fields)


def how(field: str, language: Language) -> str:
    """Return how to fill in a column."""
    return message(f"template.how_{field}", language)


def _yes_no(language: Language) -> tuple[str, str]:
    return ("是", "否") if language == "zh" else ("yes", "no")


def number_format(field: str) -> str:
    """Return the number format of a column; text keeps zeros and long codes."""
    kind = FIELDS[field].kind
    if kind in ("text", "tags"):
        return "@"
    if _is_count(field):
        return "#,##0"
    return "0" if kind == "year" else "General"


def _is_count(field: str) -> bool:
    measured = unit_of_field(field)
    return measured is not None and measured.dimension in ("persons", "households")


def cell_rule(field: str, language: Language) -> tuple[CellRule, str]:
    """Return how a column is checked and which sentence says so; odd but possible may be kept."""
    kind = FIELDS[field].kind
    if kind == "flag":
        return _listed(_yes_no(language), "stop"), "bad_flag"
    if kind == "year":
        return _between("whole", "1990", "2100", "stop"), "bad_year"
    if _is_count(field):
        return _between("whole", "0", "1000000", "stop"), "bad_whole"
    rules: dict[str, tuple[CellRule, str]] = {
        "code": (_between("textLength", "12", "12", "warning"), "bad_code"),
        "township_code": (_between("textLength", "9", "12", "warning"), "bad_township_code"),
        "urban_rural_class": (_listed(URBAN_RURAL_CLASSES, "warning"), "bad_choice"),
        "village_class": (_listed(VILLAGE_CLASSES, "warning"), "bad_choice"),
        "collective_income_wan_yuan": (
            _between("decimal", "-10000", "10000", "warning"),
            "bad_collective_income_wan_yuan",
        ),
        "income_per_head_yuan": (
            _between("decimal", "500", "500000", "warning"),
            "bad_income_per_head_yuan",
        ),
        "arable_land_mu": (_between("decimal", "0", "1000000", "stop"), "bad_area"),
        "transferable_land_mu": (_between("decimal", "0", "1000000", "stop"), "bad_area"),
    }
    return rules.get(field, (CellRule(), ""))


def _listed(values: Sequence[str], style: CheckStyle) -> CellRule:
    return CellRule(type="list", formula1=f'"{",".join(values)}"', errorStyle=style)


def _between(kind: CellKind, least: str, greatest: str, style: CheckStyle) -> CellRule:
    return CellRule(
        type=kind, operator="between", formula1=least, formula2=greatest, errorStyle=style
    )


def form(field: str, language: Language) -> str:
    """Return the unit of a column, else what form its cells have."""
    measured = unit(field, language)
    if measured:
        return measured
    if field in ("village_class", "urban_rural_class"):
        return message("template.form_choice", language)
    form = "code" if field in ("code", "township_code") else FIELDS[field].kind
    return message(f"template.form_{form}", language)

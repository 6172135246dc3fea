"""The list of villages: who is where, with the figures that the totals are counted from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from liancun_geo.indicators import population_field
from liancun_geo.messages import Language, message
from liancun_geo.output.export import clean
from liancun_geo.output.roster import roster
from liancun_geo.output.sheets import A3, Cell, Sheet
from liancun_geo.villages import FIELDS

if TYPE_CHECKING:
    from liancun_geo.scenario import Scenario

_PLACED: Mapping[str, float] = {
    "code": 15,
    "village": 16,
    "township": 12,
    "alliance_id": 9,
    "alliance_name": 16,
    "role": 9,
    "lead_code": 15,
}
_FIGURES: Mapping[str, float] = {
    "households": 9,
    "party_members_persons": 9,
    "collective_income_wan_yuan": 13,
    "income_per_head_yuan": 11,
    "arable_land_mu": 11,
    "transferable_land_mu": 11,
}
_FACTS: Mapping[str, float] = {
    "industries": 18,
    "village_class": 11,
    "weak_economy": 9,
    "weak_organisation": 9,
}
_POPULATION_WIDTH = 10.0
_REASON_WIDTH = 34.0


@dataclass(frozen=True, slots=True)
class VillageList:
    """The list of villages and where its columns are, for formulas that count from it.

    Attributes
    ----------
    sheet
        The list.
    columns
        Name -> place of its column, from 0.
    """

    sheet: Sheet
    columns: Mapping[str, int]

    @property
    def name(self) -> str:
        """Of the sheet."""
        return self.sheet.name

    def cells(self, column: str) -> str:
        """Return the cells of a column as a formula names them."""
        from openpyxl.utils import get_column_letter

        letter = get_column_letter(self.columns[column] + 1)
        sheet = self.name.replace("'", "''")
        return f"'{sheet}'!${letter}$2:${letter}${max(len(self.sheet.rows), 1) + 1}"


def village_list(scenario: Scenario, language: Language) -> VillageList:
    """Return 村名单: every village, alliance by alliance, lead first, then those without.

    Figures are those of the village table; unknown ones are blank. The last column says why a
    village has no alliance.
    """
    frame = scenario.villages.frame
    population = population_field(frame)
    figures = {population: _POPULATION_WIDTH, **_FIGURES}
    position = {str(code): place for place, code in enumerate(frame["code"])}
    columns = {name: frame[name].tolist() for name in (*figures, *_FACTS)}
    rows: list[tuple[Cell, ...]] = []
    for row in roster(scenario, language):
        place = position.get(row.code)
        known = {name: None if place is None else columns[name][place] for name in columns}
        rows.append(
            (
                row.code,
                row.name,
                row.township,
                row.alliance_id,
                row.alliance_name,
                message(f"output.role_{row.role}", language),
                row.lead_code,
                *(number(known[name]) for name in figures),
                *(_told(known[name], language) for name in _FACTS),
                row.reason,
            )
        )
    named = (*_PLACED, *figures, *_FACTS, "reason")
    widths = (*_PLACED.values(), *figures.values(), *_FACTS.values(), _REASON_WIDTH)
    sheet = Sheet(
        message("output.sheet_villages", language),
        tuple(_heading(name, language) for name in named),
        rows,
        A3,
        "#,##0.00",
        widths=tuple(widths),
    )
    return VillageList(sheet, {name: place for place, name in enumerate(named)})


def number(value: Any) -> float | int | None:
    """Return a figure as a cell has it: whole ones as whole numbers, unknown ones blank."""
    if value is None or pd.isna(value):
        return None
    plain = float(value)
    return int(plain) if plain.is_integer() else plain


def _heading(name: str, language: Language) -> str:
    if name in _PLACED or name not in FIELDS:
        return message(f"output.heading_{name}", language)
    return FIELDS[name].zh if language == "zh" else FIELDS[name].en


def _told(value: Any, language: Language) -> str | None:
    if isinstance(value, tuple | list):
        return message("output.separator", language).join(clean(str(tag)) for tag in value)
    if isinstance(value, str):
        return clean(value)
    if value is None or pd.isna(value):
        return None
    return message("output.yes" if bool(value) else "output.no", language)

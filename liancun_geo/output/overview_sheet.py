"""一览表: the alliances of the county and of each township, their totals as live formulas."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from liancun_geo.indicators import population_field
from liancun_geo.messages import Language, Listing, message
from liancun_geo.output.columns import missing
from liancun_geo.output.export import clean, county_name, office_time, one_line, sentence
from liancun_geo.output.layers import alliance_layer
from liancun_geo.output.sheets import A3, Cell, Formula, Sheet
from liancun_geo.output.village_sheet import VillageList, number
from liancun_geo.typology import classify
from liancun_geo.villages import FIELDS
from liancun_geo.why.ground import Ground
from liancun_geo.why.scores import score_rank, strengths

if TYPE_CHECKING:
    from liancun_geo.scenario import Scenario, Unassigned

_COLUMNS: Mapping[str, float] = {
    "alliance_id": 9,
    "alliance_name": 15,
    "township": 11,
    "lead": 13,
    "lead_code": 15,
    "members": 32,
    "villages": 6.5,
    "population": 10,
    "party_members": 11,
    "industries": 17,
    "income": 12.5,
    "alliance_type": 12,
    "type_reason": 30,
    "lead_reason": 34,
    "party_body": 13,
    "core_enterprise": 15,
    "remark": 20,
}
_WHOLE_COUNTY = ("villages", "population", "party_members", "income")
_MOST_SHEET_NAME = 31
_NOT_IN_SHEET_NAMES = re.compile(r"[\[\]:*?/\\\x00-\x1f]")
_MOST_STRENGTHS = 2


@dataclass(frozen=True, slots=True)
class _Row:
    """An alliance: its township, and what stands in each column."""

    township: tuple[str, str]
    cells: Mapping[str, Cell]


def overview_tables(
    scenario: Scenario,
    listed: VillageList,
    created: datetime,
    language: Language,
    taken: Iterable[str] = (),
) -> list[Sheet]:
    """Return 一览表 of the county, then one a township with its villages left out below.

    The number of villages and the sums of an alliance are counted from the list of villages by
    the number of the alliance: a figure changed there changes them.

    Parameters
    ----------
    scenario
        The plan.
    listed
        The list of villages that the formulas refer to.
    created
        For the line under the title.
    language
        Of headings and sentences.
    taken
        Names of the other sheets.
    """
    rows = _rows(scenario, listed, language)
    townships = _townships(scenario)
    title = message("output.sheet_alliances", language)
    date = f"{office_time(created):%Y-%m-%d}"
    about = message(
        "output.about_county",
        language,
        townships=len(townships),
        alliances=len(rows),
        villages=sum(len(alliance.villages) for alliance in scenario.alliances),
        left_out=len(scenario.unassigned),
        date=date,
    )
    county = message("output.title_county", language, county=county_name(scenario.villages.frame))
    tables = [_table(title, rows, tuple(_COLUMNS), (county, about), (), language)]
    names = sheet_names([name for _, name in townships], [title, listed.name, *taken])
    columns = tuple(name for name in _COLUMNS if name != "township")
    for township, name in zip(townships, names, strict=True):
        own = [row for row in rows if row.township == township]
        out = [one for one in scenario.unassigned if clean(one.township) == township[1]]
        about = message(
            "output.about_township",
            language,
            alliances=len(own),
            villages=sum(_value(row.cells["villages"]) for row in own),
            left_out=len(out),
            date=date,
        )
        heading = message("output.title_township", language, township=township[1])
        below = [_left_out(one, language) for one in out]
        tables.append(_table(name, own, columns, (heading, about), below, language))
    return tables


def _left_out(one: Unassigned, language: Language) -> str:
    reason = clean(sentence(one.reason, language))
    return message("output.left_out_line", language, village=one_line(one.name), reason=reason)


def sheet_names(wanted: Sequence[str], taken: Iterable[str]) -> list[str]:
    """Return names for sheets: without what none may hold, short enough, each only once."""
    used = {name.casefold() for name in taken}
    found = []
    for name in wanted:
        # An apostrophe may stand inside but not at an end.
        plain = _NOT_IN_SHEET_NAMES.sub("", clean(name)).strip(" '")[:_MOST_SHEET_NAME] or "—"
        told, again = plain, 2
        while told.casefold() in used or told.casefold() == "history":
            ending = f" {again}"
            told, again = plain[: _MOST_SHEET_NAME - len(ending)] + ending, again + 1
        used.add(told.casefold())
        found.append(told)
    return found


def lead_reason(ground: Ground, lead: int, language: Language) -> str:
    """Return in one sentence why a village leads: its score in its township, its strengths."""
    rank, of = score_rank(ground, lead)
    score = f"{float(ground.scenario.leads.score[lead]):.2f}"
    places = {"score": score, "rank": rank, "of": of}
    names = [
        # Without the unit: nothing is measured here.
        (
            FIELDS[line.field].zh.partition("（")
            if language == "zh"
            else FIELDS[line.field].en.partition(" (")
        )[0]
        for line in strengths(ground, lead, _MOST_STRENGTHS)
    ]
    if not names:
        return message("output.lead_reason_plain", language, **places)
    return message("output.lead_reason", language, strengths=Listing(names), **places)


def _rows(scenario: Scenario, listed: VillageList, language: Language) -> list[_Row]:
    population = population_field(scenario.villages.frame)
    fields = {
        "population": population,
        "party_members": "party_members_persons",
        "income": "collective_income_wan_yuan",
    }
    counted = (*fields.values(), "industries")
    ground = Ground(scenario)
    layer = alliance_layer(scenario, language)
    found = []
    records = layer.drop(columns="geometry").to_dict("records")
    for row, typed in zip(records, classify(scenario), strict=True):
        core = typed.core_enterprise
        sums = {
            name: _summed(listed, row["alliance_id"], field, number(row[field]))
            for name, field in fields.items()
        }
        found.append(
            _Row(
                (_text(row["township_code"]), _text(row["township"])),
                {
                    "alliance_id": row["alliance_id"],
                    "alliance_name": row["alliance_name"],
                    "township": row["township"],
                    "lead": row["lead_name"],
                    "lead_code": row["lead_code"],
                    "members": row["member_names"],
                    "villages": _counted(listed, row["alliance_id"], int(row["villages"])),
                    **sums,
                    "industries": row["industries"],
                    "alliance_type": row["alliance_type"],
                    "type_reason": typed.short_reason(language),
                    "lead_reason": lead_reason(ground, typed.alliance.lead, language),
                    "party_body": typed.party_body.short(language),
                    "core_enterprise": "" if core is None else core.text(language),
                    "remark": "\n".join(
                        message(f"output.remark_{name}", language, count=row[missing(name)])
                        for name in counted
                        if row[missing(name)]
                    ),
                },
            )
        )
    return found


def _counted(listed: VillageList, alliance: str, value: int) -> Formula:
    # The number of an alliance is ours (A001): nothing of a file gets into a formula.
    return Formula(f'=COUNTIF({listed.cells("alliance_id")},"{alliance}")', value)


def _summed(listed: VillageList, alliance: str, field: str, value: float | int | None) -> Formula:
    """Return the sum of a field over an alliance; blank where no village has a figure."""
    ids, cells = listed.cells("alliance_id"), listed.cells(field)
    known = f'COUNTIFS({ids},"{alliance}",{cells},"<>")'
    return Formula(f'=IF({known}=0,"",SUMIFS({cells},{ids},"{alliance}"))', value)


def _table(
    name: str,
    rows: Sequence[_Row],
    columns: tuple[str, ...],
    titles: tuple[str, str],
    below: Sequence[str],
    language: Language,
) -> Sheet:
    return Sheet(
        name,
        tuple(message(f"output.heading_{column}", language) for column in columns),
        [tuple(row.cells[column] for column in columns) for row in rows],
        A3,
        "#,##0.00",
        widths=tuple(_COLUMNS[column] for column in columns),
        title=titles[0],
        about=titles[1],
        total=_total(rows, columns, language) if rows else (),
        below=tuple(below),
        middle=True,
    )


def _total(rows: Sequence[_Row], columns: tuple[str, ...], language: Language) -> list[Cell]:
    """Return the last row: sums over the rows above, blank where nothing is known."""
    from openpyxl.utils import get_column_letter

    first, last = 4, len(rows) + 3
    cells: list[Cell] = [message("output.total", language)]
    for place, column in enumerate(columns[1:], start=2):
        if column not in _WHOLE_COUNTY:
            cells.append(None)
            continue
        known = [_value(row.cells[column]) for row in rows if _value(row.cells[column]) is not None]
        letter = get_column_letter(place)
        area = f"{letter}{first}:{letter}{last}"
        cells.append(
            Formula(
                f'=IF(COUNT({area})=0,"",SUM({area}))', number(math.fsum(known)) if known else None
            )
        )
    return cells


def _value(cell: Cell) -> Any:
    return cell.value if isinstance(cell, Formula) else cell


def _townships(scenario: Scenario) -> list[tuple[str, str]]:
    frame = scenario.villages.frame
    codes, names = frame["township_code"].tolist(), frame["township"].tolist()
    return sorted({(_text(c), _text(n)) for c, n in zip(codes, names, strict=True)})


def _text(value: object) -> str:
    return one_line(value) if isinstance(value, str) else ""

"""The tables of the page: alliances, villages left out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from liancun_geo.indicators import population_field
from liancun_geo.messages import message
from liancun_geo.output.columns import missing
from liancun_geo.output.export import sentence
from liancun_geo.output.layers import alliance_layer
from liancun_geo.output.picture.markup import add, markup, new
from liancun_geo.scenario import Scenario
from liancun_geo.studio.panels import quiet
from liancun_geo.studio.words import Words

NUMBER, TEXT = "number", "text"


def alliance_table(scenario: Scenario, words: Words) -> str:
    """Return 一览表: one row an alliance with its villages and totals."""
    population = population_field(scenario.villages.frame)
    columns = [
        (_heading("alliance_id", words), TEXT),
        (_heading("alliance_name", words), "strong"),
        (_heading("township", words), TEXT),
        (_heading("lead", words), "strong"),
        (_heading("members", words), "wide"),
        (_heading("villages", words), NUMBER),
        (_heading("population", words), NUMBER),
        (_heading("party_members", words), NUMBER),
        (_heading("income", words), NUMBER),
        (_heading("industries", words), "wide"),
    ]
    summed = (population, "party_members_persons", "collective_income_wan_yuan")
    rows = []
    for row in alliance_layer(scenario, words.language).drop(columns="geometry").to_dict("records"):
        totals = [_total(row[name], row[missing(name)], words) for name in summed]
        names = ("alliance_id", "alliance_name", "township", "lead_name", "member_names")
        rows.append(
            [
                *(row[name] or "" for name in names),
                f"{row['villages']}",
                *totals,
                row["industries"] or "",
            ]
        )
    note = message(f"output.{population.removesuffix('_persons')}", words.language)
    units = message("output.units", words.language)
    return _table(columns, rows) + quiet(words("table_notes", population=note, units=units))


def left_out_table(scenario: Scenario, words: Words) -> str:
    """Return the villages without alliance, each with its reason."""
    if not scenario.unassigned:
        return quiet(words("none_left_out"))
    columns = [
        (_heading("code", words), TEXT),
        (_heading("village", words), "strong"),
        (_heading("township", words), TEXT),
        (_heading("reason", words), "wide"),
    ]
    rows = [
        [one.code, one.name, one.township, sentence(one.reason, words.language)]
        for one in scenario.unassigned
    ]
    return _table(columns, rows)


def _table(columns: Sequence[tuple[str, str]], rows: Sequence[Sequence[str]]) -> str:
    frame = new("div", class_="table-frame", tabindex="0")
    table = add(frame, "table")
    top = add(add(table, "thead"), "tr")
    for name, kind in columns:
        add(top, "th", name, class_=kind, scope="col")
    body = add(table, "tbody")
    for row in rows:
        line = add(body, "tr")
        for (_, kind), value in zip(columns, row, strict=True):
            add(line, "td", value, class_=kind)
    return markup(frame)


def _heading(name: str, words: Words) -> str:
    return message(f"output.heading_{name}", words.language)


def _total(value: Any, unknown: int, words: Words) -> str:
    if pd.isna(value):
        return words("total_unknown")
    number = f"{float(value):,.2f}".removesuffix(".00")
    return words("total_partly", total=number, count=unknown) if unknown else number

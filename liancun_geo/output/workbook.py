"""The workbook for the meeting: alliances, villages, villages left out, notes."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from liancun_geo.messages import DEFAULT_LANGUAGE, Language, message
from liancun_geo.output.benefit_sheet import benefit_table
from liancun_geo.output.columns import missing
from liancun_geo.output.document import plan_document
from liancun_geo.output.export import creation_time, exporting
from liancun_geo.output.layers import alliance_layer
from liancun_geo.output.quality_sheet import quality_table
from liancun_geo.output.roster import roster
from liancun_geo.output.sheets import A3, Sheet, fill_sheet, new_book, save_book
from liancun_geo.typology import classify

if TYPE_CHECKING:
    from liancun_geo.scenario import Scenario

WORKBOOK = "alliances.xlsx"
_ALLIANCE_WIDTHS = (9, 14, 11, 12, 15, 34, 7, 9, 8, 20, 10, 16, 36, 15, 20, 20)


def write_workbook(
    scenario: Scenario,
    path: Path | str,
    *,
    language: Language = DEFAULT_LANGUAGE,
    created: datetime | None = None,
) -> Path:
    """Write the workbook: 一览表, 村名单, 未入片, 效益与负担, 方案质量, 说明.

    Codes are text cells. No cell holds a formula: a name that begins with ``=``, ``+``, ``-`` or
    ``@`` is stored as text and marked so (quotePrefix). Characters that XML cannot hold are
    left out. Totals add up the known values; the notes of an alliance say how many are unknown.

    Parameters
    ----------
    scenario
        A plan that breaks no rule.
    path
        The file; replaced as a whole.
    language
        Of headings and sentences.
    created
        The date in the file; default ``SOURCE_DATE_EPOCH``, else now. The same date and plan
        give the same bytes.

    Raises
    ------
    DataError
        If the plan breaks a rule or the file cannot be written.
    """
    path = Path(path)
    with exporting(scenario, path.parent, [path.name]) as stage:
        fill_workbook(scenario, stage.path(path.name), creation_time(created), language)
    return path


def fill_workbook(scenario: Scenario, path: Path, created: datetime, language: Language) -> None:
    """Write the workbook to a file that is not there yet."""
    book = new_book(created, language)
    for table in (
        _alliances(scenario, language),
        _villages(scenario, language),
        _left_out(scenario, language),
        benefit_table(scenario, language),
        quality_table(scenario, language),
        _notes(scenario, created, language),
    ):
        fill_sheet(book.create_sheet(table.name), table, language)
    save_book(book, path, created)


def _heading(names: Iterable[str], language: Language) -> tuple[str, ...]:
    return tuple(message(f"output.heading_{name}", language) for name in names)


def _alliances(scenario: Scenario, language: Language) -> Sheet:
    names = (
        "alliance_id",
        "alliance_name",
        "township",
        "lead",
        "lead_code",
        "members",
        "villages",
        "population",
        "party_members",
        "industries",
        "income",
        "alliance_type",
        "type_reason",
        "party_body",
        "core_enterprise",
        "remark",
    )
    population = _population(scenario)
    layer = alliance_layer(scenario, language)
    typed = classify(scenario)
    counted = (population, "party_members_persons", "collective_income_wan_yuan", "industries")
    rows = [
        (
            row["alliance_id"],
            row["alliance_name"],
            row["township"],
            row["lead_name"],
            row["lead_code"],
            row["member_names"],
            row["villages"],
            _number(row[population]),
            _number(row["party_members_persons"]),
            row["industries"],
            _number(row["collective_income_wan_yuan"]),
            row["alliance_type"],
            one.short_reason(language),
            one.party_body.short(language),
            "" if one.core_enterprise is None else one.core_enterprise.text(language),
            "\n".join(
                message(f"output.remark_{name}", language, count=row[missing(name)])
                for name in counted
                if row[missing(name)]
            ),
        )
        for row, one in zip(layer.drop(columns="geometry").to_dict("records"), typed, strict=True)
    ]
    title = message("output.sheet_alliances", language)
    heading = _heading(names, language)
    return Sheet(title, heading, rows, A3, "#,##0.00", widths=_ALLIANCE_WIDTHS)


def _population(scenario: Scenario) -> str:
    """Return the field behind 人口: registered, unless nobody delivered it."""
    registered = "population_registered_persons"
    known = scenario.villages.frame[registered].notna().any()
    return registered if known else "population_resident_persons"


def _villages(scenario: Scenario, language: Language) -> Sheet:
    names = ("code", "village", "township", "alliance_id", "alliance_name", "role", "lead_code")
    rows = [
        (
            row.code,
            row.name,
            row.township,
            row.alliance_id,
            row.alliance_name,
            message(f"output.role_{row.role}", language),
            row.lead_code,
        )
        for row in roster(scenario, language)
    ]
    return Sheet(message("output.sheet_villages", language), _heading(names, language), rows)


def _left_out(scenario: Scenario, language: Language) -> Sheet:
    rows = [
        (row.code, row.name, row.township, row.reason)
        for row in roster(scenario, language)
        if row.role == "unassigned"
    ]
    names = ("code", "village", "township", "reason")
    return Sheet(message("output.sheet_left_out", language), _heading(names, language), rows)


def _notes(scenario: Scenario, created: datetime, language: Language) -> Sheet:
    """Return the certificate of the plan: how good it is, and what it was made from."""
    document = plan_document(scenario, language, created=created)
    gap = document["gap"]
    rows: list[tuple[str, str | float | None]] = [
        ("", message("output.decision_support", language)),
        ("status", message(f"output.status_{document['status']}", language)),
        ("objective", document["objective"]),
        ("bound", document["bound"]),
        ("gap", None if gap is None else f"{gap:.4%}"),
        ("seed", document["seed"]),
        ("version", document["liancun_geo"]),
        ("created", document["created"]),
        ("fingerprint", document["fingerprint"]),
        (
            "population",
            message(f"output.{_population(scenario).removesuffix('_persons')}", language),
        ),
        ("units", message("output.units", language)),
    ]
    for source in document["sources"]:
        rows.append(("source", f"{source['path']}\nsha256 {source['sha256']}"))
    rows += [("zone", z["reason"]["message"]) for z in document["zones"] if z["reason"]]
    rows += [("warning", warning.text(language)) for warning in scenario.warnings]
    unset = message("output.unset", language)
    rows += [
        ("setting", f"{name} = {unset if value is None else json.dumps(value, ensure_ascii=False)}")
        for name, value in _flat(document["settings"])
    ]
    labelled = [
        (message(f"output.note_{key}", language) if key else "", value) for key, value in rows
    ]
    title = message("output.sheet_notes", language)
    heading = _heading(("item", "content"), language)
    return Sheet(title, heading, labelled, decimals="0.0000")


def _flat(settings: dict[str, Any], prefix: str = "") -> Iterable[tuple[str, Any]]:
    for name, value in settings.items():
        if isinstance(value, dict) and value:
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _number(value: Any) -> float | int | None:
    if pd.isna(value):
        return None
    number = float(value)
    return int(number) if number.is_integer() else number

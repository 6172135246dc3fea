"""The workbook for the meeting: alliances, villages, villages left out, notes."""

from __future__ import annotations

import json
import unicodedata
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pandas as pd

from liancun_geo.messages import DEFAULT_LANGUAGE, Language, message
from liancun_geo.output.columns import missing
from liancun_geo.output.document import plan_document
from liancun_geo.output.export import clean, creation_time, exporting, guarded
from liancun_geo.output.layers import alliance_layer
from liancun_geo.output.roster import roster

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

    from liancun_geo.scenario import Scenario

WORKBOOK = "alliances.xlsx"

_MOST_CHARACTERS = 32_767  # in one cell, by the specification of Excel
_WIDEST = 60
_A4, _A3 = 9, 8
_HEAD, _LINE = "FFE8ECEF", "FFBFBFBF"


@dataclass(frozen=True, slots=True)
class _Sheet:
    """A table to be: heading and rows; text is written as text, whatever it looks like."""

    name: str
    columns: tuple[str, ...]
    rows: Sequence[Sequence[str | float | int | None]]
    paper: int = _A4
    decimals: str = "General"


def write_workbook(
    scenario: Scenario,
    path: Path | str,
    *,
    language: Language = DEFAULT_LANGUAGE,
    created: datetime | None = None,
) -> Path:
    """Write the workbook: 一览表, 村名单, 未入片, 说明.

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
    import openpyxl

    book = openpyxl.Workbook()
    del book[book.sheetnames[0]]
    book.properties.creator = "liancun_geo"
    book.properties.title = message("output.decision_support", language)
    book.properties.created = created.replace(tzinfo=None)
    for table in (
        _alliances(scenario, language),
        _villages(scenario, language),
        _left_out(scenario, language),
        _notes(scenario, created, language),
    ):
        _fill(book.create_sheet(table.name), table, language)
    book.save(path)
    _fix_dates(path, book, created)


def _heading(names: Iterable[str], language: Language) -> tuple[str, ...]:
    return tuple(message(f"output.heading_{name}", language) for name in names)


def _alliances(scenario: Scenario, language: Language) -> _Sheet:
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
        "remark",
    )
    population = _population(scenario)
    layer = alliance_layer(scenario)
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
            "\n".join(
                message(f"output.remark_{name}", language, count=row[missing(name)])
                for name in counted
                if row[missing(name)]
            ),
        )
        for row in layer.drop(columns="geometry").to_dict("records")
    ]
    title = message("output.sheet_alliances", language)
    return _Sheet(title, _heading(names, language), rows, _A3, "#,##0.00")


def _population(scenario: Scenario) -> str:
    """Return the field behind 人口: registered, unless nobody delivered it."""
    registered = "population_registered_persons"
    known = scenario.villages.frame[registered].notna().any()
    return registered if known else "population_resident_persons"


def _villages(scenario: Scenario, language: Language) -> _Sheet:
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
    return _Sheet(message("output.sheet_villages", language), _heading(names, language), rows)


def _left_out(scenario: Scenario, language: Language) -> _Sheet:
    rows = [
        (row.code, row.name, row.township, row.reason)
        for row in roster(scenario, language)
        if row.role == "unassigned"
    ]
    names = ("code", "village", "township", "reason")
    return _Sheet(message("output.sheet_left_out", language), _heading(names, language), rows)


def _notes(scenario: Scenario, created: datetime, language: Language) -> _Sheet:
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
    return _Sheet(title, heading, labelled, decimals="0.0000")


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


def _fill(sheet: Worksheet, table: _Sheet, language: Language) -> None:
    from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
    from openpyxl.utils import get_column_letter

    wrapped = Alignment(vertical="top", wrap_text=True)
    centred = Alignment(horizontal="center", vertical="center", wrap_text=True)
    bold, grey = Font(bold=True), PatternFill("solid", fgColor=_HEAD)
    line = Side(style="thin", color=_LINE)
    box = Border(left=line, right=line, top=line, bottom=line)
    widths = [_width(name) for name in table.columns]
    for number, values in enumerate([table.columns, *table.rows], start=1):
        for place, value in enumerate(values):
            cell = sheet.cell(number, place + 1)
            cell.border = box
            # An empty cell is blank to every count and filter; a cell with "" is not.
            if value is None or value == "":
                continue
            if isinstance(value, str):
                text = clean(value)[:_MOST_CHARACTERS]
                cell.value = text
                cell.data_type = "s"
                cell.number_format = "@"
                cell.quotePrefix = guarded(text)
                widths[place] = max(widths[place], _width(text))
            else:
                cell.value = value
                cell.number_format = table.decimals if isinstance(value, float) else "#,##0"
                widths[place] = max(widths[place], 10)
            cell.alignment = wrapped if number > 1 else centred
            if number == 1:
                cell.font, cell.fill = bold, grey
    for place, width in enumerate(widths):
        sheet.column_dimensions[get_column_letter(place + 1)].width = min(width + 2, _WIDEST)
    _set_up_print(sheet, table, language)


def _set_up_print(sheet: Worksheet, table: _Sheet, language: Language) -> None:
    from openpyxl.worksheet.properties import PageSetupProperties

    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = sheet.dimensions
    sheet.print_title_rows = "1:1"
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = table.paper
    sheet.page_setup.fitToWidth = 1
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    # Its stubs call them optional; openpyxl always makes them.
    header, footer = cast("Any", sheet.oddHeader), cast("Any", sheet.oddFooter)
    header.center.text = table.name
    footer.left.text = message("output.decision_support", language)
    footer.right.text = "&P / &N"


def _width(text: str) -> int:
    """Return the width of the longest line; a Chinese character is two wide."""
    return max(
        sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in line)
        for line in text.split("\n")
    )


def _fix_dates(path: Path, book: Workbook, created: datetime) -> None:
    """Set the dates that openpyxl takes from the clock, so that equal plans are equal files."""
    from openpyxl.xml.functions import tostring

    book.properties.modified = created.replace(tzinfo=None)
    properties = tostring(book.properties.to_tree())
    date = max(created.timetuple()[:6], (1980, 1, 1, 0, 0, 0))
    with zipfile.ZipFile(path) as archive:
        parts = [(name, archive.read(name)) for name in archive.namelist()]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts:
            info = zipfile.ZipInfo(name, date)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            archive.writestr(info, properties if name == "docProps/core.xml" else content)

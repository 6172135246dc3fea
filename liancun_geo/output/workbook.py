"""The workbook for the meeting: alliances by township, villages, figures, notes."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from liancun_geo.messages import DEFAULT_LANGUAGE, Language, message
from liancun_geo.output.benefit_sheet import benefit_table
from liancun_geo.output.export import creation_time, exporting
from liancun_geo.output.overview_sheet import overview_tables
from liancun_geo.output.quality_sheet import quality_table
from liancun_geo.output.record_sheets import data_table, notes_table, settings_table
from liancun_geo.output.roster import roster
from liancun_geo.output.sheets import Sheet, fill_sheet, new_book, save_book
from liancun_geo.output.village_sheet import village_list

if TYPE_CHECKING:
    from liancun_geo.scenario import Scenario


def write_workbook(
    scenario: Scenario,
    path: Path | str,
    *,
    language: Language = DEFAULT_LANGUAGE,
    created: datetime | None = None,
) -> Path:
    """Write the workbook: 一览表 of county and townships, 村名单, 暂不入片, figures, 说明.

    Codes are text cells. What the input files brought along is never a formula: a name that
    begins with ``=``, ``+``, ``-`` or ``@`` is stored as text and marked so (quotePrefix), and
    characters that XML cannot hold are left out. Sums and numbers of villages in 一览表 are
    formulas over 村名单, with their values beside them for programs that do not calculate; they
    add up the known values, and the notes of an alliance say how many are unknown.

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
    listed = village_list(scenario, language)
    others = [
        listed.sheet,
        _left_out(scenario, language),
        benefit_table(scenario, language),
        quality_table(scenario, language),
        data_table(scenario, language),
        settings_table(scenario, language),
        notes_table(scenario, created, language),
    ]
    taken = [table.name for table in others]
    book = new_book(created, language)
    formulas = {}
    for table in (*overview_tables(scenario, listed, created, language, taken), *others):
        sheet = book.create_sheet(table.name)
        formulas[table.name] = fill_sheet(sheet, table, language)
    save_book(book, path, created, formulas)


def _left_out(scenario: Scenario, language: Language) -> Sheet:
    rows = [
        (row.code, row.name, row.township, row.reason)
        for row in roster(scenario, language)
        if row.role == "unassigned"
    ]
    names = ("code", "village", "township", "reason")
    heading = tuple(message(f"output.heading_{name}", language) for name in names)
    title = message("output.sheet_left_out", language)
    # An empty sheet would leave open whether it was filled at all.
    below = () if rows else (message("output.left_out_none", language),)
    return Sheet(title, heading, rows, widths=(16, 18, 14, 80), below=below)

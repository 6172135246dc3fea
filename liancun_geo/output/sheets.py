"""Tables as sheets of a workbook: text stays text, equal contents give equal bytes."""

from __future__ import annotations

import math
import unicodedata
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from liancun_geo.messages import Language, message
from liancun_geo.output.export import clean, guarded

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

A4, A3 = 9, 8
"""Paper sizes, by their numbers in the file."""

_MOST_CHARACTERS = 32_767  # in one cell, by the specification of Excel
_WIDEST = 60
_HEAD, _LINE = "FFE8ECEF", "FFBFBFBF"
_LINE_PT, _MOST_LINES = 15.0, 27  # Excel takes rows up to 409 points
_SLACK = 0.82  # of a column's width holds text: letters are not all as wide as a digit


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table to be: heading and rows; text is written as text, whatever it looks like.

    Attributes
    ----------
    name
        Of the sheet; also the header of the printed page.
    columns
        The heading.
    rows
        As wide as the heading; None and ``""`` leave a cell blank.
    paper
        :data:`A4` or :data:`A3`.
    decimals
        Number format of floats.
    widths
        Of the columns in characters; by their contents if not given. With widths, rows are made
        as high as their texts.
    tones
        (row from 0, column from 0) -> colour of the cell, ``"RRGGBB"``.
    """

    name: str
    columns: tuple[str, ...]
    rows: Sequence[Sequence[str | float | int | None]]
    paper: int = A4
    decimals: str = "General"
    widths: tuple[float, ...] = ()
    tones: Mapping[tuple[int, int], str] = field(default_factory=dict)


def fill_sheet(sheet: Worksheet, table: Sheet, language: Language) -> None:
    """Fill an empty sheet with a table, its heading frozen, with filters, ready to print.

    Codes are text cells. No cell holds a formula: a text that begins with ``=``, ``+``, ``-`` or
    ``@`` is stored as text and marked so (quotePrefix). Characters that XML cannot hold are left
    out.
    """
    write_table(sheet, table)
    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = sheet.dimensions
    sheet.print_title_rows = "1:1"
    set_up_print(sheet, table.name, language, table.paper)


def write_table(sheet: Worksheet, table: Sheet, first_row: int = 1) -> int:
    """Write heading and rows from ``first_row`` (from 1) on and return the next free row."""
    from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
    from openpyxl.utils import get_column_letter

    wrapped = Alignment(vertical="top", wrap_text=True)
    centred = Alignment(horizontal="center", vertical="center", wrap_text=True)
    bold, grey = Font(bold=True), PatternFill("solid", fgColor=_HEAD)
    line = Side(style="thin", color=_LINE)
    box = Border(left=line, right=line, top=line, bottom=line)
    tones = {tone: PatternFill("solid", fgColor=f"FF{tone}") for tone in table.tones.values()}
    widths = [_width(name) for name in table.columns]
    for number, values in enumerate([table.columns, *table.rows], start=-1):
        for place, value in enumerate(values):
            cell = sheet.cell(first_row + number + 1, place + 1)
            cell.border = box
            if (number, place) in table.tones:
                cell.fill = tones[table.tones[number, place]]
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
            cell.alignment = wrapped if number >= 0 else centred
            if number < 0:
                cell.font, cell.fill = bold, grey
    if table.widths:
        _set_heights(sheet, table, first_row)
    for place, width in enumerate(widths):
        chosen = table.widths[place] if table.widths else min(width + 2, _WIDEST)
        sheet.column_dimensions[get_column_letter(place + 1)].width = chosen
    return first_row + 1 + len(table.rows)


def set_up_print(sheet: Worksheet, name: str, language: Language, paper: int = A4) -> None:
    """Set a sheet up for printing: landscape, as wide as the page, named and numbered."""
    from openpyxl.worksheet.properties import PageSetupProperties

    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = paper
    sheet.page_setup.fitToWidth = 1
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    # Its stubs call them optional; openpyxl always makes them.
    header, footer = cast("Any", sheet.oddHeader), cast("Any", sheet.oddFooter)
    header.center.text = name
    footer.left.text = message("output.decision_support", language)
    footer.right.text = "&P / &N"


def _set_heights(sheet: Worksheet, table: Sheet, first_row: int) -> None:
    """Make each row as high as its longest text: not every program does so on opening."""
    for number, values in enumerate([table.columns, *table.rows]):
        lines = max(
            sum(max(math.ceil(_width(line) / (_SLACK * width)), 1) for line in value.split("\n"))
            if isinstance(value, str)
            else 1
            for value, width in zip(values, table.widths, strict=True)
        )
        sheet.row_dimensions[first_row + number].height = min(lines, _MOST_LINES) * _LINE_PT


def _width(text: str) -> int:
    """Return the width of the longest line; a Chinese character is two wide."""
    return max(
        sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in line)
        for line in text.split("\n")
    )


def new_book(created: datetime, language: Language) -> Workbook:
    """Return a workbook without sheets."""
    import openpyxl

    book = openpyxl.Workbook()
    del book[book.sheetnames[0]]
    book.properties.creator = "liancun_geo"
    book.properties.title = message("output.decision_support", language)
    book.properties.created = created.replace(tzinfo=None)
    return book


def save_book(book: Workbook, path: Path, created: datetime) -> None:
    """Save a workbook with the dates that openpyxl takes from the clock set to ``created``."""
    from openpyxl.xml.functions import tostring

    book.save(path)
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

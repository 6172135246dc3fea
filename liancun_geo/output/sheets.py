"""Tables as sheets of a workbook: text stays text, equal contents give equal bytes."""

from __future__ import annotations

import math
import re
import unicodedata
import zipfile
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

from liancun_geo.messages import Language, message
from liancun_geo.output.dated_zip import write_dated_zip
from liancun_geo.output.export import clean, guarded, office_time

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.cell import Cell as OneCell
    from openpyxl.cell import MergedCell
    from openpyxl.styles.cell_style import StyleArray
    from openpyxl.worksheet.worksheet import Worksheet

A4, A3 = 9, 8
"""Paper sizes, by their numbers in the file."""
FONT = "DengXian"
"""等线, which every Chinese Excel has; programs without it take another one."""

_MOST_CHARACTERS = 32_767  # in one cell, by the specification of Excel
_WIDEST = 60
_HEAD, _LINE = "FFE8ECEF", "FFBFBFBF"
_LINE_PT, _MOST_LINES = 15.0, 27  # Excel takes rows up to 409 points
# A formula as openpyxl writes it: its value is left open.
_FORMULA_CELL = re.compile(
    rb'(<c r="([A-Z]+[0-9]+)")((?: s="[0-9]+")?)>(<f>[^<]*</f>)<v ?(?:/>|></v>)'
)
_SLACK = 0.82  # of a column's width holds text: letters are not all as wide as a digit


@dataclass(frozen=True, slots=True)
class Formula:
    """A cell that counts by itself, with its value now for programs that do not calculate.

    Attributes
    ----------
    text
        With its ``=``. Never made from what a file brought along.
    value
        What it comes to; None where it leaves the cell blank.
    """

    text: str
    value: float | int | None


Cell = str | float | int | Formula | None


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
    title, about
        Two lines above the table, as wide as it; none without a title.
    total
        A last row, outside of the filter.
    below
        Lines of text under the table, as wide as it.
    middle
        Cells are centred in the height of their row, figures in their column as well: for paper.
    """

    name: str
    columns: tuple[str, ...]
    rows: Sequence[Sequence[Cell]]
    paper: int = A4
    decimals: str = "General"
    widths: tuple[float, ...] = ()
    tones: Mapping[tuple[int, int], str] = field(default_factory=dict)
    title: str = ""
    about: str = ""
    total: Sequence[Cell] = ()
    below: Sequence[str] = ()
    middle: bool = False


def fill_sheet(sheet: Worksheet, table: Sheet, language: Language) -> dict[str, Formula]:
    """Fill an empty sheet with a table, its heading frozen, with filters, ready to print.

    Codes are text cells. A text that begins with ``=``, ``+``, ``-`` or ``@`` is stored as text
    and marked so (quotePrefix): no cell holds a formula but those of :class:`Formula`. Characters
    that XML cannot hold are left out.

    Returns
    -------
    dict
        Cell -> its formula, for :func:`save_book`.
    """
    from openpyxl.utils import get_column_letter

    first = 1
    if table.title:
        write_heading(sheet, table.title, table.about, table.widths or [12.0] * len(table.columns))
        first = 3
    rows = [*table.rows, *([table.total] if table.total else [])]
    after = write_table(sheet, replace(table, rows=rows), first)
    filtered = first + len(table.rows)
    last = get_column_letter(max(len(table.columns), 1))
    sheet.freeze_panes = f"A{first + 1}"
    sheet.auto_filter.ref = f"A{first}:{last}{filtered}"
    sheet.print_title_rows = f"{first}:{first}"
    if table.total:
        _stress(sheet, after - 1, len(table.columns))
    for number, text in enumerate(table.below, start=after):
        _write_line(sheet, number, text, table)
    set_up_print(sheet, table.title or table.name, language, table.paper)
    if table.middle:
        narrow_margins(sheet)
    return {
        f"{get_column_letter(column)}{row}": value
        for row, values in enumerate(rows, start=first + 1)
        for column, value in enumerate(values, start=1)
        if isinstance(value, Formula)
    }


def write_heading(sheet: Worksheet, title: str, about: str, widths: Sequence[float]) -> None:
    """Write a title and a line about the table into the first two rows, as wide as the table."""
    from openpyxl.styles import Alignment, Font

    for row, text, size, height in ((1, title, 18, 34.0), (2, about, 11, 20.0)):
        cell = put_text(sheet.cell(row, 1), text)
        cell.font = Font(name=FONT, size=size, bold=row == 1)
        cell.alignment = Alignment(horizontal="center", vertical="center")
        sheet.merge_cells(start_row=row, start_column=1, end_row=row, end_column=len(widths))
        sheet.row_dimensions[row].height = height


def put_text(cell: OneCell | MergedCell, text: str) -> OneCell:
    """Write a text into a cell as text, whatever it looks like, and return the cell."""
    from openpyxl.styles import Font

    cell = cast("OneCell", cell)
    told = clean(text)[:_MOST_CHARACTERS]
    cell.value = told
    cell.data_type = "s"
    cell.number_format = "@"
    cell.quotePrefix = guarded(told)
    cell.font = Font(name=FONT)
    return cell


def _stress(sheet: Worksheet, row: int, wide: int) -> None:
    """Set a row off as the total."""
    from openpyxl.styles import Alignment, Font, PatternFill

    for column in range(1, wide + 1):
        cell = sheet.cell(row, column)
        cell.font, cell.fill = Font(name=FONT, bold=True), PatternFill("solid", fgColor=_HEAD)
        cell.alignment = Alignment(vertical="center", horizontal="center", wrap_text=True)
    sheet.row_dimensions[row].height = 1.5 * _LINE_PT


def _write_line(sheet: Worksheet, row: int, text: str, table: Sheet) -> None:
    from openpyxl.styles import Alignment

    cell = put_text(sheet.cell(row, 1), text)
    cell.alignment = Alignment(wrap_text=True, vertical="center")
    wide = len(table.columns)
    sheet.merge_cells(start_row=row, start_column=1, end_row=row, end_column=wide)
    room = _SLACK * (sum(table.widths) or 12.0 * wide)
    lines = sum(max(math.ceil(_width(line) / room), 1) for line in text.split("\n"))
    sheet.row_dimensions[row].height = min(lines + 0.4, _MOST_LINES) * _LINE_PT


def write_table(sheet: Worksheet, table: Sheet, first_row: int = 1) -> int:
    """Write heading and rows from ``first_row`` (from 1) on and return the next free row."""
    from openpyxl.utils import get_column_letter

    looks = _Looks(table)
    widths = [0] * len(table.columns)
    for number, values in enumerate([table.columns, *table.rows], start=-1):
        for place, value in enumerate(values):
            cell = cast("OneCell", sheet.cell(first_row + number + 1, place + 1))
            widths[place] = max(widths[place], _put_value(cell, value))
            looks.give(cell, value, number < 0, table.tones.get((number, place)))
    if table.widths:
        _set_heights(sheet, table, first_row)
    for place, width in enumerate(widths):
        chosen = table.widths[place] if table.widths else min(width + 2, _WIDEST)
        sheet.column_dimensions[get_column_letter(place + 1)].width = chosen
    return first_row + 1 + len(table.rows)


def _put_value(cell: OneCell, value: Cell) -> int:
    """Write a value into a cell and return how many characters wide it is."""
    # An empty cell is blank to every count and filter; a cell with "" is not.
    if value is None or value == "":
        return 0
    if isinstance(value, str):
        text = clean(value)[:_MOST_CHARACTERS]
        cell.value = text
        cell.data_type = "s"
        return _width(text)
    cell.value = value.text if isinstance(value, Formula) else value
    return 10


class _Looks:
    """What the cells of a table look like, each look worked out once.

    openpyxl compares what is set with every style of the workbook, cell by cell and attribute by
    attribute: most of the time that a large workbook would take.
    """

    def __init__(self, table: Sheet) -> None:
        self._table = table
        self._known: dict[tuple[object, ...], StyleArray] = {}

    def give(self, cell: OneCell, value: Cell, head: bool, tone: str | None) -> None:
        """Give a cell the look of its value, as part of the heading or not."""
        blank = value is None or value == ""
        text = isinstance(value, str) and not blank
        quoted = text and guarded(clean(cast("str", value))[:_MOST_CHARACTERS])
        look = (blank, text, quoted, "" if text else self._format(value), head, tone)
        known = self._known.get(look)
        if known is not None:
            # As openpyxl itself copies a sheet; its stubs do not know of it.
            cast("Any", cell)._style = copy(known)
            return
        self._dress(cell, blank, text, head, tone)
        if not blank:
            cell.number_format = "@" if text else self._format(value)
            cell.quotePrefix = quoted
        self._known[look] = copy(cast("Any", cell)._style)

    def _format(self, value: Cell) -> str:
        number = value.value if isinstance(value, Formula) else value
        return self._table.decimals if isinstance(number, float) else "#,##0"

    def _dress(self, cell: OneCell, blank: bool, text: bool, head: bool, tone: str | None) -> None:
        from openpyxl.styles import Alignment, Border, Font, PatternFill, Side

        line = Side(style="thin", color=_LINE)
        cell.border = Border(left=line, right=line, top=line, bottom=line)
        cell.font = Font(name=FONT, bold=head and not blank)
        if tone is not None:
            cell.fill = PatternFill("solid", fgColor=f"FF{tone}")
        if blank:
            return
        if head:
            cell.fill = PatternFill("solid", fgColor=_HEAD)
            cell.alignment = Alignment(horizontal="center", vertical="center", wrap_text=True)
        elif self._table.middle and not text:
            cell.alignment = Alignment(horizontal="center", vertical="center")
        else:
            height: Literal["center", "top"] = "center" if self._table.middle else "top"
            cell.alignment = Alignment(vertical=height, wrap_text=True)


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
    # In headers & begins a code; a name that has one is data.
    header.left.text = message("output.internal", language)
    header.center.text = name.replace("&", "&&")
    made = cast("Workbook", sheet.parent).properties.created
    header.right.text = f"{office_time(made.replace(tzinfo=UTC)):%Y-%m-%d}"
    footer.left.text = message("output.decision_support", language)
    footer.right.text = message("output.page", language)


def narrow_margins(sheet: Worksheet) -> None:
    """Leave as little white as printers allow: a wide table stays readable."""
    sheet.page_margins.left = sheet.page_margins.right = 0.4


def _set_heights(sheet: Worksheet, table: Sheet, first_row: int) -> None:
    """Make each row as high as its longest text: not every program does so on opening."""
    for number, values in enumerate([table.columns, *table.rows]):
        lines = max(
            sum(max(math.ceil(_width(line) / (_SLACK * width)), 1) for line in value.split("\n"))
            if isinstance(value, str)
            else 1
            for value, width in zip(values, table.widths, strict=True)
        )
        # On paper texts must not touch the lines.
        air = 0.5 if table.middle else 0.0
        height = min(lines + air, _MOST_LINES) * _LINE_PT
        sheet.row_dimensions[first_row + number].height = height


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


def save_book(
    book: Workbook,
    path: Path,
    created: datetime,
    formulas: Mapping[str, Mapping[str, Formula]] | None = None,
) -> None:
    """Save a workbook with the dates that openpyxl takes from the clock set to ``created``.

    Parameters
    ----------
    book, path
        The workbook, and its file.
    created
        For every date in the file.
    formulas
        Sheet -> cell -> formula: their values are written beside them, which openpyxl cannot.
    """
    from openpyxl.xml.functions import tostring

    book.save(path)
    book.properties.modified = created.replace(tzinfo=None)
    replaced = {"docProps/core.xml": tostring(book.properties.to_tree())}
    with zipfile.ZipFile(path) as archive:
        parts = [(name, archive.read(name)) for name in archive.namelist()]
    of_part = {
        f"xl/worksheets/sheet{number}.xml": (formulas or {}).get(name, {})
        for number, name in enumerate(book.sheetnames, start=1)
    }

    def final(name: str, content: bytes) -> bytes:
        values = of_part.get(name)
        return replaced.get(name) or (with_values(content, values) if values else content)

    write_dated_zip(path, [(name, final(name, content)) for name, content in parts], created)


def with_values(xml: bytes, formulas: Mapping[str, Formula]) -> bytes:
    """Return the XML of a sheet with the value of each formula written beside it."""

    def valued(match: re.Match[bytes]) -> bytes:
        start, cell, style, formula = match.groups()
        value = formulas[cell.decode()].value
        if value is None:
            return start + style + b' t="str">' + formula + b"<v></v>"
        return start + style + b">" + formula + b"<v>" + repr(value).encode() + b"</v>"

    return _FORMULA_CELL.sub(valued, xml)

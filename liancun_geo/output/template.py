"""The ledger to fill in: a workbook whose headers the reader knows, prefilled with the villages."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

import pandas as pd

from liancun_geo.errors import DataError, Fault, Where, error
from liancun_geo.messages import DEFAULT_LANGUAGE, Language, message
from liancun_geo.output.atomic import staged
from liancun_geo.output.export import clean, creation_time, guarded
from liancun_geo.output.sheets import A3, Sheet, new_book, save_book, set_up_print, write_table
from liancun_geo.output.template_columns import (
    COLUMNS,
    EXAMPLES,
    LAYOUT,
    TONES,
    Needed,
    cell_rule,
    cell_value,
    form,
    group_of,
    how,
    number_format,
)
from liancun_geo.units import unit_of_field
from liancun_geo.villages import FIELDS

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

    from liancun_geo.intake.reading import Reading

_GUIDE_NOTES: Final = ("rows", "blank", "numbers", "codes", "totals", "check")
_GUIDE_COLUMNS: Final = ("field", "group", "unit", "how", "needed", "use")
_GUIDE_WIDTHS: Final = (30.0, 17.0, 18.0, 52.0, 15.0, 46.0, 20.0, 20.0)

_LAST_ROW: Final = 10_001
_FROZEN: Final = COLUMNS.index("code") + 1
# The hint opens whenever a cell is chosen: only where people go wrong.
_HINTED: Final = frozenset(
    {"code", "urban_rural_class", "collective_income_wan_yuan", "collective_income_year"}
    | {"income_per_head_yuan", "industries", "enterprises", "village_class"}
)
_WIDTHS: Final = {
    "code": 15.0,
    "township": 14.0,
    "name": 18.0,
    "collective_income_wan_yuan": 21.0,
} | dict.fromkeys(("industries", "enterprises", "existing_alliance"), 20.0)
_BLANK_ROWS: Final = 40  # of an empty ledger, ruled so that it can be printed and filled in by hand
_BAD_IN_SHEET_NAME: Final = re.compile(r"[\[\]:*?/\\\x00-\x1f]")
_LONGEST_SHEET_NAME: Final = 31
_LINE: Final = "FFBFBFBF"
_OF_THE_MAP: Final = ("crs.", "intake.geometry_", "layers.crs_", "layers.axis_order")


def write_template(
    path: Path | str,
    villages: pd.DataFrame | None = None,
    *,
    language: Language = DEFAULT_LANGUAGE,
    by_township: bool = False,
    force: bool = False,
    created: datetime | None = None,
) -> tuple[str, ...]:
    """Write a ledger to fill in.

    The first sheets hold one column for every field of the village table, with headers that
    :func:`~liancun_geo.intake.read_villages` knows and units that it takes from them; the last
    one tells how to fill them in. Codes are text, cells are checked as they are typed, no cell
    holds a formula.

    Parameters
    ----------
    path
        An ``.xlsx`` file.
    villages
        Villages to prefill, one row each: any columns of :data:`~liancun_geo.villages.FIELDS`,
        in the units of their names. Not changed. None for an empty ledger.
    language
        Of headers, hints and the guide.
    by_township
        One sheet a township, in the order of ``villages``.
    force
        Overwrite a file that is there.
    created
        The date in the file; default ``SOURCE_DATE_EPOCH``, else now. The same date and villages
        give the same bytes.

    Returns
    -------
    tuple of str
        The names of the sheets to fill in.

    Raises
    ------
    DataError
        If the file exists and may not be overwritten, cannot be written, has another ending, or
        if there is nothing to make sheets by township from.
    """
    path = Path(path)
    faults = list(_obstacles(path, villages, by_township=by_township, force=force))
    if faults:
        raise DataError(faults)
    with staged(path.parent, [path.name]) as stage:
        moment = creation_time(created)
        book = new_book(moment, language)
        book.properties.title = message("template.title", language)
        parts = _parts(villages, language, by_township=by_township)
        for name, rows in parts.items():
            _fill_in(book.create_sheet(name), name, rows, language)
        _guide(book.create_sheet(message("template.sheet_guide", language)), language)
        save_book(book, stage.path(path.name), moment)
    return tuple(parts)


def empty_template(language: Language = DEFAULT_LANGUAGE) -> bytes:
    """Return the file of an empty ledger."""
    with tempfile.TemporaryDirectory(prefix="liancun-") as folder:
        path = Path(folder) / "ledger.xlsx"
        write_template(path, language=language)
        return path.read_bytes()


def known_villages(reading: Reading) -> pd.DataFrame:
    """Return the villages of a reading, to prefill a ledger with.

    Neither a CRS nor sound polygons are needed to fill in a ledger: what is wrong with them does
    not count here.

    Returns
    -------
    pandas.DataFrame
        One row a village; columns of :data:`~liancun_geo.villages.FIELDS`, without geometry.

    Raises
    ------
    DataError
        If the villages cannot be told for another reason, with all faults.
    """
    if reading.villages is not None:
        return pd.DataFrame(reading.villages.frame.drop(columns="geometry"))
    grave = [
        fault
        for fault in reading.faults
        if fault.severity == "error" and not fault.key.startswith(_OF_THE_MAP)
    ]
    if grave or reading.joined is None:
        raise DataError(reading.faults)
    return reading.joined.attributes.iloc[reading.joined.kept].reset_index(drop=True)


def _obstacles(
    path: Path, villages: pd.DataFrame | None, *, by_township: bool, force: bool
) -> Iterator[Fault]:
    where = Where(file=str(path))
    if path.suffix.lower() != ".xlsx":
        yield error("template.not_xlsx", where, name=path.name)
    if path.is_file() and not force:
        yield error("template.exists", where)
    if villages is None and by_township:
        yield error("template.no_townships")
    if villages is not None and not len(villages):
        yield error("template.no_villages")


def _parts(
    villages: pd.DataFrame | None, language: Language, *, by_township: bool
) -> dict[str, pd.DataFrame]:
    """Return the sheets to fill in: name -> its villages."""
    if villages is None:
        return {message("template.sheet_ledger", language): pd.DataFrame()}
    if not by_township or "township" not in villages:
        return {message("template.sheet_ledger", language): villages}
    taken = {message("template.sheet_guide", language).casefold()}
    parts = {}
    for township, rows in villages.groupby("township", sort=False, dropna=False):
        parts[_sheet_name(str(township), taken)] = rows
    return parts


def _sheet_name(township: str, taken: set[str]) -> str:
    """Return a name that Excel allows and no other sheet has, case aside; it is noted."""
    plain = _BAD_IN_SHEET_NAME.sub(" ", township).strip(" '")[:_LONGEST_SHEET_NAME] or "-"
    name, number = plain, 1
    while name.casefold() in taken:
        number += 1
        name = f"{plain[: _LONGEST_SHEET_NAME - 4]} {number}"
    taken.add(name.casefold())
    return name


def _fill_in(sheet: Worksheet, name: str, villages: pd.DataFrame, language: Language) -> None:
    from openpyxl.utils import get_column_letter

    headers = tuple(getattr(FIELDS[field], language) for field in COLUMNS)
    # A unit should not be torn from its name more often than needed.
    widths = tuple(_WIDTHS.get(field, 15.0 if unit_of_field(field) else 12.0) for field in COLUMNS)
    write_table(sheet, Sheet(name, headers, [], A3, widths=widths))
    rows = len(villages) or _BLANK_ROWS
    for place, field in enumerate(COLUMNS, start=1):
        letter = get_column_letter(place)
        _head(sheet.cell(1, place), field, language)
        # The format of the column holds for cells that nobody has touched yet.
        sheet.column_dimensions[letter].number_format = number_format(field)
        _fill_column(sheet, place, field, _cells(villages, field, language) or [None] * rows)
        _check_cells(sheet, field, f"{letter}2:{letter}{_LAST_ROW}", language)
    sheet.row_dimensions[1].height = 62
    sheet.freeze_panes = f"{get_column_letter(_FROZEN + 1)}2"
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(COLUMNS))}{rows + 1}"
    sheet.print_title_rows = "1:1"
    sheet.print_title_cols = f"A:{get_column_letter(_FROZEN)}"
    set_up_print(sheet, f"{message('template.title', language)}  {_no_codes(name)}", language, A3)
    cast("Any", sheet.oddFooter).left.text = message("template.footer", language)


def _head(cell: Any, field: str, language: Language) -> None:
    """Colour a header by its group and hang the hints on it."""
    from openpyxl.comments import Comment
    from openpyxl.styles import Alignment, PatternFill

    cell.fill = PatternFill("solid", fgColor=f"FF{TONES[group_of(field)]}")
    cell.alignment = Alignment(horizontal="center", vertical="center", wrap_text=True)
    note = f"{how(field, language)}\n{message(f'template.use_{field}', language)}"
    cell.comment = Comment(note, "liancun_geo", height=150, width=300)


def _fill_column(
    sheet: Worksheet, place: int, field: str, values: Sequence[str | float | int | None]
) -> None:
    """Write the cells below a header; text stays text, whatever it looks like."""
    from openpyxl.styles import Alignment, Border, Side

    line = Side(style="thin", color=_LINE)
    model: Any = sheet.cell(2, place)
    model.border = Border(left=line, right=line, top=line, bottom=line)
    model.alignment = Alignment(vertical="center", wrap_text=FIELDS[field].kind == "tags")
    model.number_format = number_format(field)
    # Looking a style up for every cell takes most of the time of a large county.
    style = copy(model._style)
    for row, value in enumerate(values, start=2):
        cell: Any = sheet.cell(row, place)
        cell._style = copy(style)
        if isinstance(value, str):
            cell.value = clean(value)
            cell.data_type = "s"
            if guarded(value):
                cell.quotePrefix = True
        elif value is not None:
            cell.value = value


def _no_codes(text: str) -> str:
    """Return a text that a printed header shows as it is: ``&`` begins a code there."""
    return text.replace("&", "&&")


def _cells(
    villages: pd.DataFrame, field: str, language: Language
) -> list[str | float | int | None]:
    if field not in villages:
        return [None] * len(villages)
    return [cell_value(field, value, language) for value in villages[field].tolist()]


def _check_cells(sheet: Worksheet, field: str, cells: str, language: Language) -> None:
    """Check what is typed into a column: a friendly word, or a hint, or both."""
    from openpyxl.worksheet.datavalidation import DataValidation

    rule, bad = cell_rule(field, language)
    if not rule and field not in _HINTED:
        return
    check = DataValidation(allow_blank=True, sqref=cells, **rule)
    if rule:
        check.showErrorMessage = True
        check.errorTitle = message("template.bad_title", language)
        check.error = message(f"template.{bad}", language)
    if field in _HINTED:
        check.showInputMessage = True
        check.prompt = how(field, language)
    sheet.add_data_validation(check)


@dataclass(frozen=True, slots=True)
class _Guide:
    """One row of the guide."""

    field: str
    letter: str
    group: str
    needed: Needed

    def cells(self, language: Language) -> tuple[str | None, ...]:
        examples = (cell_value(self.field, e.get(self.field), language) for e in EXAMPLES)
        label = getattr(FIELDS[self.field], language)
        return (
            # A header alone in a cell would make the reader take this sheet for a table.
            message("template.guide_column", language, letter=self.letter, label=label),
            message(f"template.group_{self.group}", language),
            form(self.field, language),
            how(self.field, language),
            message(f"template.needed_{self.needed}", language),
            message(f"template.use_{self.field}", language),
            *(None if example is None else str(example) for example in examples),
        )


def _guide(sheet: Worksheet, language: Language) -> None:
    """Fill the sheet that tells how to fill in the others."""
    from openpyxl.styles import Alignment, Font, PatternFill
    from openpyxl.utils import get_column_letter

    sheet.cell(1, 1, message("template.sheet_guide", language)).font = Font(bold=True, size=14)
    for row, note in enumerate(_GUIDE_NOTES, start=2):
        sheet.cell(row, 1, message(f"template.guide_{note}", language))
        sheet.merge_cells(start_row=row, end_row=row, start_column=1, end_column=8)
        sheet.cell(row, 1).alignment = Alignment(wrap_text=True, vertical="center")
        sheet.row_dimensions[row].height = 18
    heading = [message(f"template.guide_{name}", language) for name in _GUIDE_COLUMNS]
    heading += [
        message("template.guide_example", language, number=number)
        for number in range(1, len(EXAMPLES) + 1)
    ]
    rows = [
        _Guide(field, get_column_letter(COLUMNS.index(field) + 1), group, needed)
        for group, fields in LAYOUT.items()
        for field, needed in fields.items()
    ]
    name = message("template.sheet_guide", language)
    cells = [row.cells(language) for row in rows]
    table = Sheet(name, tuple(heading), cells, A3, widths=_GUIDE_WIDTHS)
    first = len(_GUIDE_NOTES) + 3
    write_table(sheet, table, first)
    for number, told in enumerate(rows, start=first + 1):
        tone = PatternFill("solid", fgColor=f"FF{TONES[told.group]}")
        sheet.cell(number, 1).fill = sheet.cell(number, 2).fill = tone
        if told.needed == "required":
            sheet.cell(number, 1).font = Font(name="Calibri", bold=True)
    sheet.print_title_rows = f"{first}:{first}"
    set_up_print(sheet, message("template.title", language), language, A3)

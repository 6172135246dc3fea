"""Workbooks: XLSX and XLSM by openpyxl, after a look that bounds the work."""

from __future__ import annotations

import re
import warnings
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final

import openpyxl
from defusedxml.common import DefusedXmlException
from openpyxl.utils.cell import column_index_from_string, range_boundaries
from openpyxl.utils.exceptions import InvalidFileException

from liancun_geo.errors import DataError, Fault, error
from liancun_geo.intake.ledgers.cells import NOT_CALCULATED, shortened
from liancun_geo.intake.ledgers.sheets import (
    MAX_CELLS,
    MAX_COLUMNS,
    MAX_ROWS,
    Range,
    Row,
    Sheet,
    chosen_sheets,
    too_large,
    trimmed,
)
from liancun_geo.intake.vector.files import place

MAX_STRINGS_BYTES: Final = 40_000_000
"""Greatest size of the texts of a workbook, and of its other parts but the sheets."""
MAX_SHEET_BYTES: Final = 400_000_000
"""Greatest size of the XML of one sheet."""
_BLOCK: Final = 1 << 20
_HEAD: Final = 1 << 12
_MAX_ROW_BYTES: Final = 32 << 20

_ROW: Final = re.compile(rb"<(?:\w+:)?row\b([^>]*)>")
# A cell that is not closed at once; attributes of cells hold no slash.
_CELL: Final = re.compile(rb'<(?:\w+:)?c\s[^>/]*?\br="([A-Z]{1,3})(\d{1,7})"([^>/]*)>')
_NUMBER: Final = re.compile(rb'\br="(\d{1,7})"')
_HIDDEN: Final = re.compile(rb'\bhidden="(?:1|true)"')
_COLUMN: Final = re.compile(rb"<(?:\w+:)?col\b([^>]*)>")
_MERGED: Final = re.compile(rb'<(?:\w+:)?mergeCell\b[^>]*?\bref="([A-Z]+\d+:[A-Z]+\d+)"')
_FORMULA: Final = re.compile(
    rb'<(?:\w+:)?c\s[^>/]*?\br="([A-Z]{1,3})(\d{1,7})"([^>/]*)><(?:\w+:)?f\b(?:[^>]*/>|[^>]*>[^<]*'
    rb"</(?:\w+:)?f>)(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v></(?:\w+:)?v>)?</(?:\w+:)?c>"
)


@dataclass
class _Look:
    """What a first look at the XML of a sheet tells."""

    cells: int = 0
    rows: int = 0
    last_row: int = 0
    last_column: int = 0
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)
    merged: list[Range] = field(default_factory=list)
    filtered: bool = False
    uncalculated: dict[int, list[int]] = field(default_factory=dict)


def read_xlsx(path: Path, wanted: tuple[str, ...]) -> tuple[list[Sheet], list[Fault]]:
    """Read the sheets of an XLSX or XLSM workbook: values only, as last calculated.

    Raises
    ------
    DataError
        If it is damaged, or larger than any county's ledger.
    """
    try:
        # openpyxl closes no file that it opened itself and cannot read.
        with (
            path.open("rb") as stream,
            zipfile.ZipFile(stream) as archive,
            warnings.catch_warnings(),
        ):
            # Of parts that hold no values, such as extensions of styles.
            warnings.simplefilter("ignore")
            looked = _look_at_parts(path, archive)
            book = openpyxl.load_workbook(stream, read_only=True, data_only=True, keep_links=False)
            try:
                hidden = {s.title for s in book.worksheets if s.sheet_state != "visible"}
                names, faults = chosen_sheets(
                    path, [s.title for s in book.worksheets], hidden, wanted
                )
                # A damaged list may name one sheet a thousand times.
                of_name: dict[str, Any] = {s.title: s for s in reversed(book.worksheets)}
                first = {of_name[name]._worksheet_path: name for name in reversed(names)}
                names = [name for name in dict.fromkeys(names) if name in first.values()]
                read = [_sheet(path, of_name[name], looked) for name in names]
            finally:
                book.close()
    except DataError:
        raise
    except (zipfile.BadZipFile, InvalidFileException, KeyError, ValueError, OSError) as cause:
        raise DataError([_damage(path, cause)]) from cause
    except Exception as cause:
        # openpyxl lets the errors of the XML parser and of its own descriptors through.
        raise DataError([_damage(path, cause)]) from cause
    return read, faults


def require_bounded(path: Path) -> None:
    """Refuse a workbook with more cells than any county's ledger, before it is parsed.

    Raises
    ------
    DataError
        If it is too large.
    """
    with zipfile.ZipFile(path) as archive:
        _look_at_parts(path, archive)


def _damage(path: Path, cause: BaseException) -> Fault:
    root: BaseException | None = cause
    while root is not None:
        if isinstance(root, DefusedXmlException):
            return error("ledger.xml_entities", place(path))
        root = root.__cause__ or root.__context__
    return error("intake.damaged", place(path), cause=shortened(str(cause) or repr(cause), 120))


def _declares(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> bool:
    """Return whether a part begins with declarations, where entities are made.

    Where lxml is installed, openpyxl reads with it and passes over entities without a word.
    """
    with archive.open(part) as stream:
        return b"<!DOCTYPE" in stream.read(_HEAD).replace(b"\0", b"")


def _look_at_parts(path: Path, archive: zipfile.ZipFile) -> dict[str, _Look]:
    """Look at every sheet before openpyxl does, which parses sheets and texts whole.

    Raises
    ------
    DataError
        If there is more than any county's ledger holds, or a part declares entities.
    """
    parts = [e for e in archive.infolist() if e.filename.endswith((".xml", ".rels"))]
    sheets = [entry for entry in parts if "worksheets/" in entry.filename]
    if sum(entry.file_size for entry in parts if entry not in sheets) > MAX_STRINGS_BYTES:
        raise DataError([error("ledger.texts_too_large", place(path))])
    if any(_declares(archive, entry) for entry in parts):
        raise DataError([error("ledger.xml_entities", place(path))])
    found: dict[str, _Look] = {}
    left = MAX_CELLS
    for entry in sheets:
        looked = found[entry.filename] = _Look()
        with archive.open(entry) as stream:
            for block in _blocks(stream, path):
                _take(looked, block)
                if (
                    looked.rows > MAX_ROWS
                    or looked.cells > left
                    or looked.last_column > MAX_COLUMNS
                ):
                    raise too_large(path)
        left -= looked.cells
    return found


def _blocks(stream: IO[bytes], path: Path) -> Iterator[bytes]:
    """Yield the XML of a sheet in pieces that end where a row does."""
    rest, size = b"", 0
    while block := stream.read(_BLOCK):
        rest += block
        size += len(block)
        cut = rest.rfind(b"<row ")
        if cut <= 0:
            cut = rest.rfind(b"row>") + len(b"row>")
        if cut > len(b"row>"):
            yield rest[:cut]
            rest = rest[cut:]
        if len(rest) > _MAX_ROW_BYTES or size > MAX_SHEET_BYTES:
            raise too_large(path)
    yield rest


def _take(looked: _Look, block: bytes) -> None:
    starts = list(_ROW.finditer(block))
    number = looked.last_row
    for found in starts:
        stated = _NUMBER.search(found.group(1))
        number = int(stated.group(1)) if stated else number + 1
        if _HIDDEN.search(found.group(1)):
            looked.hidden_rows.add(number)
    rows: set[bytes] = set()
    letters: set[bytes] = set()
    for column, row, _ in _CELL.findall(block):
        looked.cells += 1
        rows.add(row)
        letters.add(column)
    looked.rows += len(rows)
    looked.last_row = max([looked.last_row, *map(int, rows)])
    columns = (column_index_from_string(column.decode()) for column in letters)
    looked.last_column = max([looked.last_column, *columns])
    if b"hidden=" in block:
        for found in _COLUMN.finditer(block):
            if _HIDDEN.search(found.group(1)):
                first, last = (
                    re.search(rb'\b%s="(\d{1,5})"' % end, found.group(1))
                    for end in (b"min", b"max")
                )
                if first and last:
                    span = range(int(first.group(1)) - 1, min(int(last.group(1)), MAX_COLUMNS))
                    looked.hidden_columns.update(span)
    if b"filterColumn" in block:
        looked.filtered = True
    for found in _MERGED.findall(block):
        left, top, right, bottom = (bound or 0 for bound in range_boundaries(found.decode()))
        looked.merged.append(Range(top, bottom, left - 1, right - 1))
    if b"<f" in block or b":f" in block:
        for column, row, attributes in _FORMULA.findall(block):
            # Calculated to an empty text is calculated.
            if b't="str"' not in attributes:
                position = column_index_from_string(column.decode()) - 1
                looked.uncalculated.setdefault(int(row), []).append(position)


def _sheet(path: Path, sheet: Any, parts: Mapping[str, _Look]) -> Sheet:
    looked = parts[str(sheet._worksheet_path).lstrip("/")]
    # Some programs write a wrong extent of the sheet, which would cut it short.
    sheet.reset_dimensions()
    rows: list[Row] = []
    forms: dict[int, str] = {}
    ends = {"max_row": looked.last_row or None, "max_col": looked.last_column or None}
    for number, cells in enumerate(sheet.iter_rows(**ends), start=1):
        values = [_value(cell, forms) for cell in cells]
        for position in looked.uncalculated.get(number, ()):
            if position < len(values) and values[position] is None:
                values[position] = NOT_CALCULATED
        values = trimmed(values)
        if values:
            rows.append((number, values))
    return Sheet(
        path.name,
        str(sheet.title),
        rows,
        tuple(looked.merged),
        frozenset(looked.hidden_rows),
        frozenset(looked.hidden_columns),
        looked.filtered,
    )


def _value(cell: Any, forms: dict[int, str]) -> Any:
    value = cell.value
    if value is None or isinstance(value, str | bool) or not isinstance(value, int | float):
        return value
    style = cell._style_id
    form = forms.get(style)
    if form is None:
        form = forms[style] = str(cell.number_format or "")
    return as_shown(value, form)


def as_shown(value: float, form: str) -> Any:
    """Return a number as its format shows it where that says more than the number.

    A percentage is no count: with its sign it becomes a fault. Leading zeros of a code live in a
    format such as ``000000000000`` alone.
    """
    if "%" in form:
        return f"{value * 100:g}%"
    if len(form) > 1 and not form.strip("0") and float(value).is_integer() and value >= 0:
        return str(int(value)).zfill(len(form))
    return value

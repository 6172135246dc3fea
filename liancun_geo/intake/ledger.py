"""The ledger: sheets of a workbook or a CSV file to tables of cells, headers found."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import openpyxl
import pandas as pd
from openpyxl.utils.cell import range_boundaries
from openpyxl.utils.exceptions import InvalidFileException

from liancun_geo.decisions import Replay
from liancun_geo.errors import DataError, Fault, Where, error, warning
from liancun_geo.intake.fields import (
    RawTable,
    count_recognised,
    is_recognisable,
    map_headers,
    title_units,
)
from liancun_geo.intake.files import MAX_UNPACKED_BYTES, place, require_file, sha256_of
from liancun_geo.settings import Settings
from liancun_geo.villages import Source

_HEADER_ROWS: Final = 10
_DELIMITERS: Final = (",", ";", "\t")
_TOTAL: Final = re.compile(r"(合计|小计|总计|共计|总合计)[:：]?$")
_NOTE: Final = re.compile(r"^(注|备注|说明|填表|制表|审核|填报|数据来源)")

Row = tuple[int, list[Any]]


def read_ledger(
    path: Path, settings: Settings, *, replay: Replay = Replay()
) -> tuple[list[RawTable], Source, list[Fault]]:
    """Read every table of a ledger.

    Parameters
    ----------
    path
        XLSX, XLSM or CSV (TXT, TSV); never modified.
    settings
        ``data.sheets`` and ``fields`` are used.
    replay
        Decisions on headers.

    Returns
    -------
    tables, source, faults
        Tables without title, blank, total and note rows; errors and warnings that concern
        single sheets or rows.

    Raises
    ------
    DataError
        If the file cannot be read at all.
    """
    require_file(path)
    suffix = path.suffix.lower()
    encoding = None
    if suffix in (".xlsx", ".xlsm"):
        sheets, faults = _workbook(path, settings.data.sheets)
    elif suffix in (".csv", ".txt", ".tsv"):
        rows, encoding, faults = _csv(path, settings.fields)
        sheets = [(None, rows, [])]
    elif suffix == ".xls":
        raise DataError([error("intake.old_xls", place(path))])
    else:
        raise DataError([error("intake.ledger_format", place(path), ending=suffix or path.name)])
    tables: list[RawTable] = []
    headless: list[str | None] = []
    for sheet, rows, merged in sheets:
        if not any(_is_filled(cells) for _, cells in rows):
            continue
        table = _table(path.name, sheet, rows, merged, settings.fields, replay, faults)
        if table is None:
            headless.append(sheet)
        else:
            tables.append(table)
    faults = _without_skipped(faults)
    make = warning if tables else error
    faults.extend(make("intake.no_header", Where(file=path.name, sheet=name)) for name in headless)
    if not tables and not headless:
        faults.append(error("intake.ledger_empty", place(path)))
    return tables, Source(str(path), "ledger", sha256_of([path]), encoding=encoding), faults


def _without_skipped(faults: Sequence[Fault]) -> list[Fault]:
    """Drop the faults of formulas in rows of totals and notes, which nobody reads."""
    skipped = {
        (fault.where.sheet, fault.where.row)
        for fault in faults
        if fault.key in ("intake.total_row", "intake.note_row")
    }
    return [
        fault
        for fault in faults
        if fault.key != "intake.formula_without_value"
        or (fault.where.sheet, fault.where.row) not in skipped
    ]


def _table(
    file: str,
    sheet: str | None,
    rows: Sequence[Row],
    merged: Sequence[str],
    named: Mapping[str, str],
    replay: Replay,
    faults: list[Fault],
) -> RawTable | None:
    filled = [(number, cells) for number, cells in rows if _is_filled(cells)]
    start = next(
        (
            index
            for index, (number, cells) in enumerate(filled)
            if number <= _HEADER_ROWS and is_recognisable(cells, named)
        ),
        None,
    )
    if start is None:
        return None
    header_row, head = filled[start]
    headers = tuple("" if cell is None else str(cell).strip() for cell in head)
    units = title_units([cell for _, cells in filled[:start] for cell in cells])
    empty = RawTable(file, sheet, headers, pd.DataFrame(), (), units)
    columns, _ = map_headers(empty, named, replay=replay)
    records: list[list[Any]] = []
    numbers: list[int] = []
    keys = [columns[f].position for f in ("code", "township", "name") if f in columns]
    body = (
        _filled_down(filled[start + 1 :], merged, columns["township"].position)
        if ("township" in columns)
        else filled[start + 1 :]
    )
    for number, cells in body:
        where = Where(file=file, sheet=sheet, row=number)
        if _is_total(cells, keys):
            faults.append(warning("intake.total_row", where))
        elif _is_note(cells):
            faults.append(warning("intake.note_row", where))
        elif any(_cell(cell) is not None for cell in cells[len(headers) :]):
            faults.append(error("intake.row_too_long", where, row=header_row))
        else:
            records.append([_cell(cell) for cell in cells[: len(headers)]])
            numbers.append(number)
    width = len(headers)
    padded = [record + [None] * (width - len(record)) for record in records]
    frame = pd.DataFrame(padded, columns=range(width), dtype=object)
    return RawTable(file, sheet, headers, frame, tuple(numbers), units)


def _cell(cell: Any) -> Any:
    return None if isinstance(cell, str) and not cell.strip() else cell


def _is_filled(cells: Sequence[Any]) -> bool:
    return any(_cell(cell) is not None for cell in cells)


def _squeezed(cell: Any) -> str:
    return "".join(unicodedata.normalize("NFKC", str(cell)).split())


def _is_total(cells: Sequence[Any], keys: Sequence[int]) -> bool:
    first = next((cell for cell in cells if _cell(cell) is not None), None)
    candidates = [cells[key] for key in keys if key < len(cells)] + [first]
    return any(isinstance(cell, str) and _TOTAL.search(_squeezed(cell)) for cell in candidates)


def _is_note(cells: Sequence[Any]) -> bool:
    filled = [cell for cell in cells if _cell(cell) is not None]
    return len(filled) == 1 and bool(_NOTE.match(_squeezed(filled[0])))


def _filled_down(rows: Sequence[Row], merged: Sequence[str], column: int) -> list[Row]:
    """Return the rows with the township of a merged cell in each row it spans."""
    tall: list[tuple[int, int]] = []
    for reference in merged:
        left, low, right, high = (bound or 0 for bound in range_boundaries(reference))
        if left <= column + 1 <= right and high > low:
            tall.append((low, high))
    if not tall:
        return list(rows)
    at = dict(rows)
    filled: list[Row] = []
    for number, cells in rows:
        span = next((span for span in tall if span[0] < number <= span[1]), None)
        top = at.get(span[0]) if span is not None else None
        if top is not None and column < len(top) and column < len(cells):
            cells = [*cells[:column], top[column], *cells[column + 1 :]]
        filled.append((number, cells))
    return filled


def _workbook(
    path: Path, wanted: Sequence[str]
) -> tuple[list[tuple[str | None, list[Row], list[str]]], list[Fault]]:
    faults: list[Fault] = []
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > MAX_UNPACKED_BYTES:
                raise DataError([error("intake.zip_too_large", place(path))])
            book = openpyxl.load_workbook(path, read_only=True, data_only=True)
            try:
                names = [sheet.title for sheet in book.worksheets]
                listed = "、".join(names)
                faults.extend(
                    error("intake.sheet_missing", place(path), sheet=name, sheets=listed)
                    for name in wanted
                    if name not in names
                )
                sheets = [s for s in book.worksheets if not wanted or s.title in wanted]
                read = [_sheet(sheet, archive, path, faults) for sheet in sheets]
            finally:
                book.close()
    except DataError:
        raise
    except (zipfile.BadZipFile, InvalidFileException, KeyError, ValueError, OSError) as cause:
        raise DataError([error("intake.damaged", place(path), cause=str(cause))]) from cause
    except Exception as cause:
        # openpyxl lets the errors of the XML parser and of its own descriptors through.
        raise DataError([error("intake.damaged", place(path), cause=repr(cause))]) from cause
    return read, faults


def _sheet(
    sheet: Any, archive: zipfile.ZipFile, path: Path, faults: list[Fault]
) -> tuple[str | None, list[Row], list[str]]:
    # Some programs write a wrong extent of the sheet, which would cut it short.
    sheet.reset_dimensions()
    rows: list[Row] = []
    for number, cells in enumerate(sheet.iter_rows(), start=1):
        values = [_value(cell) for cell in cells]
        while values and values[-1] is None:
            values.pop()
        rows.append((number, values))
    xml = archive.read(str(sheet._worksheet_path).lstrip("/"))
    merged = [found.decode() for found in re.findall(rb'<mergeCell [^>]*ref="([A-Z0-9:]+)"', xml)]
    for row, cell in _uncalculated(xml):
        where = Where(file=path.name, sheet=sheet.title, row=row)
        faults.append(error("intake.formula_without_value", where, cell=cell))
    return str(sheet.title), rows, merged


def _value(cell: Any) -> Any:
    value = cell.value
    if isinstance(value, int | float) and not isinstance(value, bool):
        form = str(getattr(cell, "number_format", "") or "")
        if "%" in form:
            # A percentage is no count; shown as the sheet shows it, it becomes a fault.
            return f"{value * 100:g}%"
    return value


def _uncalculated(xml: bytes) -> list[tuple[int, str]]:
    """Return row and name of the cells whose formula was never calculated."""
    if b"<f" not in xml:
        return []
    pattern = rb'<c r="([A-Z]+)(\d+)"[^>]*><f[^>]*?(?:/>|>[^<]*</f>)(?:<v\s*/>|<v></v>)?</c>'
    return [(int(row), (letters + row).decode()) for letters, row in re.findall(pattern, xml)]


def _csv(path: Path, named: Mapping[str, str]) -> tuple[list[Row], str, list[Fault]]:
    raw = path.read_bytes()
    faults: list[Fault] = []
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    elif b"\x00" in raw or raw.startswith((b"PK\x03\x04", bytes.fromhex("d0cf11e0"))):
        raise DataError([error("intake.not_its_ending", place(path), ending=path.suffix)])
    else:
        encoding = "utf-8-sig"
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError:
        encoding = "gb18030"
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError as cause:
            raise DataError([error("intake.not_text", place(path))]) from cause
        faults.append(warning("intake.encoding_detected", place(path), encoding=encoding))
    delimiter = max(
        _DELIMITERS,
        key=lambda mark: max(
            (count_recognised(cells, named) for cells in _records(text, mark, path, _HEADER_ROWS)),
            default=0,
        ),
    )
    records = _records(text, delimiter, path, None)
    return list(enumerate(records, start=1)), encoding, faults


def _records(text: str, delimiter: str, path: Path, limit: int | None) -> list[list[Any]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=limit is None)
    records: list[list[Any]] = []
    try:
        for record in reader:
            records.append(list(record))
            if limit is not None and len(records) >= limit:
                break
    except csv.Error as cause:
        if limit is not None:
            return records
        where = Where(file=path.name, row=len(records) + 1)
        raise DataError([error("intake.damaged", where, cause=str(cause))]) from cause
    return records

"""Sheets of cells: what a ledger file holds, before anything is known of its meaning."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

from liancun_geo.decisions import accepting
from liancun_geo.errors import DataError, Fault, Where, error, warning
from liancun_geo.intake.ledgers.cells import is_missing
from liancun_geo.intake.ledgers.fields import count_recognised
from liancun_geo.intake.vector.files import place
from liancun_geo.messages import Listing

MAX_ROWS: Final = 50_000
"""Most rows with content in a sheet; the largest county has fewer than 10,000 villages."""
MAX_CELLS: Final = 2_000_000
"""Most filled cells in a file."""
MAX_COLUMNS: Final = 702
"""Most columns (to ZZ)."""
# A sheet of Excel, filled to its end with blank rows.
_MAX_LINES: Final = 1_048_576
MAX_TEXT_BYTES: Final = 200_000_000
"""Greatest size of a text file."""

HEADER_ROWS: Final = 10
_DELIMITERS: Final = (",", ";", "\t")

Row = tuple[int, list[Any]]


class Range(NamedTuple):
    """A merged range: rows from 1, columns from 0, both ends included."""

    top: int
    bottom: int
    left: int
    right: int


@dataclass(frozen=True)
class Sheet:
    """One sheet: its rows that hold anything, with their numbers from 1.

    ``filtered`` tells that a filter hides rows.
    """

    file: str
    name: str | None
    rows: list[Row]
    merged: tuple[Range, ...] = ()
    hidden_rows: frozenset[int] = frozenset()
    hidden_columns: frozenset[int] = frozenset()
    filtered: bool = False


def is_filled(cell: Any) -> bool:
    """Tell whether a cell holds anything but white space."""
    if isinstance(cell, str):
        return bool(cell.strip())
    return cell is not None and not is_missing(cell)


def trimmed(values: list[Any]) -> list[Any]:
    """Return a row without the empty cells at its end."""
    end = len(values)
    while end and not is_filled(values[end - 1]):
        end -= 1
    return values[:end]


def too_large(path: Path, sheet: str | None = None) -> DataError:
    """Return the refusal of a file with more cells than any county's ledger."""
    where = Where(file=path.name, sheet=sheet)
    return DataError([error("ledger.too_large", where, rows=MAX_ROWS, cells=MAX_CELLS)])


def chosen_sheets(
    path: Path, names: list[str], hidden: set[str], wanted: tuple[str, ...]
) -> tuple[list[str], list[Fault]]:
    """Return the sheets to read: those named in the settings, else all that can be seen."""
    faults: list[Fault] = []
    listed = Listing(names)
    for name in wanted:
        if name not in names:
            faults.append(error("intake.sheet_missing", place(path), sheet=name, sheets=listed))
    if wanted:
        return [name for name in names if name in wanted], faults
    seen = [name for name in names if name not in hidden]
    if not seen:
        return names, faults
    faults.extend(
        warning("ledger.sheet_hidden", Where(file=path.name, sheet=name))
        for name in names
        if name in hidden
    )
    return seen, faults


def read_text(path: Path, named: Mapping[str, str]) -> tuple[Sheet, str, list[Fault]]:
    """Read a CSV, TSV or TXT file.

    Returns
    -------
    sheet, encoding, faults

    Raises
    ------
    DataError
        If it is no text, or too large.
    """
    if path.stat().st_size > MAX_TEXT_BYTES:
        raise too_large(path)
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
            (
                count_recognised(cells, named)
                for _, cells in _records(text, mark, path, HEADER_ROWS)
            ),
            default=0,
        ),
    )
    rows = _records(text, delimiter, path, None)
    if rows and _is_cut(text, delimiter):
        fault = warning("ledger.last_row_short", Where(file=path.name, row=rows[-1][0]))
        faults.append(fault.proposing(accepting(fault)))
    return Sheet(path.name, None, rows), encoding, faults


def _is_cut(text: str, delimiter: str) -> bool:
    """Tell whether the last row neither ends nor has as many cells as the others."""
    if text.endswith(("\n", "\r")):
        return False
    *others, last = [line.count(delimiter) for line in text.splitlines() if line.strip()]
    # Without any delimiter it is a note below the table.
    return len(others) > 1 and 0 < last < min(others)


def _records(text: str, delimiter: str, path: Path, limit: int | None) -> list[Row]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=limit is None)
    records: list[Row] = []
    cells = 0
    try:
        for number, record in enumerate(reader, start=1):
            values = trimmed(list(record))
            if values:
                records.append((number, values))
            cells += len(values)
            if limit is not None and number >= limit:
                break
            too_many = len(records) > MAX_ROWS or cells > MAX_CELLS
            if too_many or len(values) > MAX_COLUMNS or number > _MAX_LINES:
                raise too_large(path)
    except csv.Error as cause:
        if limit is not None:
            return records
        where = Where(file=path.name, row=len(records) + 1)
        raise DataError([error("intake.damaged", where, cause=str(cause))]) from cause
    return records

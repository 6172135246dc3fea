"""Workbooks in the old Excel format (.xls, BIFF)."""

from __future__ import annotations

import io
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import xlrd
from xlrd.compdoc import CompDoc, CompDocError

from liancun_geo.errors import DataError, Fault, error
from liancun_geo.intake.ledgers.sheets import (
    MAX_CELLS,
    MAX_ROWS,
    Range,
    Row,
    Sheet,
    chosen_sheets,
    too_large,
    trimmed,
)
from liancun_geo.intake.ledgers.xlsx import as_shown
from liancun_geo.intake.vector.files import place

MAX_BYTES: Final = 15_000_000
"""Greatest size of an XLS file."""
_OLE2: Final = bytes.fromhex("d0cf11e0a1b11ae1")
# BIFF2 to BIFF5 without a container.
_BARE: Final = (b"\x09\x00", b"\x09\x02", b"\x09\x04", b"\x09\x08")


def read_xls(path: Path, wanted: tuple[str, ...]) -> tuple[list[Sheet], list[Fault]]:
    """Read the sheets of an XLS workbook: values only, as last calculated.

    Raises
    ------
    DataError
        If it is damaged, protected by a password, something else under this ending, or too large.
    """
    with path.open("rb") as stream:
        head = stream.read(512)
    if head.lstrip()[:1] == b"<":
        raise DataError([error("ledger.xls_is_html", place(path))])
    if not head.startswith((_OLE2, *_BARE)):
        raise DataError([error("intake.not_its_ending", place(path), ending=path.suffix)])
    if path.stat().st_size > MAX_BYTES:
        raise too_large(path)
    if "EncryptedPackage".encode("utf-16-le") in path.read_bytes():
        raise DataError([error("intake.password", place(path))])
    try:
        # Merged cells and hidden rows are known with the formats only; what xlrd has to say of
        # odd files, it says to a log.
        with xlrd.open_workbook(
            file_contents=_stream_of(path.read_bytes()),
            formatting_info=True,
            on_demand=True,
            ragged_rows=True,
            logfile=io.StringIO(),
        ) as book:
            return _sheets(path, book, wanted)
    except DataError:
        raise
    except xlrd.XLRDError as cause:
        if "encrypt" in str(cause).lower():
            raise DataError([error("intake.password", place(path))]) from cause
        raise DataError([error("intake.damaged", place(path), cause=str(cause)[:200])]) from cause
    except Exception as cause:
        # xlrd lets errors of unpacking through.
        raise DataError([error("intake.damaged", place(path), cause=repr(cause)[:200])]) from cause


class _Chain(list[int]):
    """A table of sectors that can be walked once: xlrd follows a ring for ever."""

    def __init__(self, links: Iterable[int]) -> None:
        super().__init__(links)
        self.left = len(self) + 1

    def __getitem__(self, position: Any) -> Any:
        self.left -= 1
        if self.left < 0:
            raise CompDocError("ring of sectors")
        return super().__getitem__(position)


class _Container(CompDoc):  # type: ignore[misc]  # xlrd has no types
    def _get_stream(self, mem: Any, base: Any, sat: Any, *rest: Any, **more: Any) -> Any:
        return super()._get_stream(mem, base, _Chain(sat), *rest, **more)


def _stream_of(raw: bytes) -> bytes:
    """Return the workbook out of its container."""
    if not raw.startswith(_OLE2):
        return raw
    container = _Container(raw, logfile=io.StringIO())
    for name in ("Workbook", "Book"):
        memory, base, length = container.locate_named_stream(name)
        if memory:
            return bytes(memory[base : base + length])
    raise CompDocError("no workbook in it")


def _sheets(path: Path, book: Any, wanted: tuple[str, ...]) -> tuple[list[Sheet], list[Fault]]:
    names = list(book.sheet_names())
    hidden = {name for name, state in zip(names, book._sheet_visibility, strict=False) if state}
    chosen, faults = chosen_sheets(path, names, hidden, wanted)
    read, left = [], MAX_CELLS
    for name in chosen:
        sheet = book.sheet_by_name(name)
        rows: list[Row] = []
        for index in range(sheet.nrows):
            values = trimmed([_value(book, cell) for cell in sheet.row(index)])
            left -= len(values)
            if left < 0 or len(rows) > MAX_ROWS:
                raise too_large(path, name)
            if values:
                rows.append((index + 1, values))
        read.append(
            Sheet(
                path.name,
                name,
                rows,
                tuple(
                    Range(top + 1, bottom, left, right - 1)
                    for top, bottom, left, right in sheet.merged_cells
                ),
                frozenset(row + 1 for row, info in sheet.rowinfo_map.items() if info.hidden),
                frozenset(col for col, info in sheet.colinfo_map.items() if info.hidden),
                # xlrd tells nothing of filters.
                False,
            )
        )
        book.unload_sheet(name)
    return read, faults


def _value(book: Any, cell: Any) -> Any:
    if cell.ctype in (xlrd.XL_CELL_EMPTY, xlrd.XL_CELL_BLANK):
        return None
    if cell.ctype == xlrd.XL_CELL_ERROR:
        return xlrd.error_text_from_code.get(cell.value, "#N/A")
    if cell.ctype == xlrd.XL_CELL_BOOLEAN:
        return bool(cell.value)
    if cell.ctype == xlrd.XL_CELL_DATE:
        try:
            return xlrd.xldate_as_datetime(cell.value, book.datemode)
        except (ValueError, OverflowError):
            return cell.value
    if cell.ctype != xlrd.XL_CELL_NUMBER:
        return cell.value
    form = book.format_map.get(book.xf_list[cell.xf_index].format_key)
    return as_shown(cell.value, form.format_str if form is not None else "")

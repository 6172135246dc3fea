"""A consultation workbook as it comes back: its hidden facts and its rows, wherever they stand."""

from __future__ import annotations

import unicodedata
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from liancun_geo.errors import DataError, Where, error
from liancun_geo.intake.ledgers.xlsx import require_bounded
from liancun_geo.intake.vector.files import require_regular
from liancun_geo.messages import Language, message
from liancun_geo.output.consultation import COLUMNS, FORMAT, FORMAT_VERSION, SHEET

_HEADING_ROWS = 20


@dataclass(frozen=True, slots=True)
class FilledRow:
    """A row that somebody may have filled in: where it stands, and its cells by column."""

    where: Where
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class FilledBook:
    """A workbook as read: its facts, the codes it asks about, its rows."""

    file: str
    facts: Mapping[str, str]
    villages: tuple[str, ...]
    rows: tuple[FilledRow, ...]


def opened(path: Path) -> FilledBook:
    """Return a workbook as read.

    Raises
    ------
    DataError
        If it is none, or none of these.
    """
    import openpyxl

    where = Where(file=path.name)
    try:
        require_regular(path)
        require_bounded(path)
        with path.open("rb") as stream, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            book = openpyxl.load_workbook(stream, read_only=True, data_only=True, keep_links=False)
            try:
                # A damaged list may name one sheet thousands of times; the hidden one is the last.
                sheets: list[Any] = list(book.worksheets)
                named = {sheet._worksheet_path: sheet for sheet in sheets}
                tables = {
                    sheet.title: [list(row) for row in sheet.iter_rows(values_only=True)]
                    for sheet in named.values()
                }
            finally:
                book.close()
    except DataError as cause:
        if cause.faults[0].key == "intake.not_found":
            missing = error("consultation.file_missing", Where(file=str(path)))
            raise DataError([missing]) from None
        raise
    except Exception as cause:
        # openpyxl lets the errors of the XML parser and of its own descriptors through.
        raise DataError([error("consultation.not_a_workbook", where)]) from cause
    hidden = tables.pop(SHEET, None)
    if hidden is None:
        raise DataError([error("consultation.not_a_workbook", where)])
    facts = {cell_text(row[0]): cell_text(row[1]) for row in hidden[1:] if len(row) > 1 and row[0]}
    if facts.get("format") != FORMAT:
        raise DataError([error("consultation.not_a_workbook", where)])
    version = facts.get("version", "")  # thousands of digits are no number to Python
    if not version.isdecimal() or len(version) > 9 or int(version) > FORMAT_VERSION:
        raise DataError([error("consultation.newer", where)])
    villages = tuple(cell_text(row[2]) for row in hidden[1:] if len(row) > 2 and row[2] is not None)
    rows = _rows_of(tables, path.name)
    if rows is None:
        raise DataError([error("consultation.no_headings", where)])
    return FilledBook(path.name, facts, villages, tuple(rows))


def _rows_of(
    tables: Mapping[str, Sequence[Sequence[Any]]], file: str
) -> Iterator[FilledRow] | None:
    """Return the rows below the heading, on the first sheet that has it, in any language."""
    for title, table in tables.items():
        for at, cells in enumerate(table[:_HEADING_ROWS]):
            columns = _columns(cells)
            if {"answer", "code"} <= columns.keys() or {"answer", "village"} <= columns.keys():
                return _below(table, at, columns, file, title)
    return None


def _columns(cells: Sequence[Any]) -> dict[str, int]:
    texts = [squeezed(cell_text(cell)) for cell in cells]
    found = {}
    for name, _ in COLUMNS:
        for language in get_args(Language):
            heading = squeezed(message(f"consultation.heading_{name}", language))
            if name not in found and heading in texts:
                found[name] = texts.index(heading)
    return found


def _below(
    table: Sequence[Sequence[Any]], at: int, columns: Mapping[str, int], file: str, title: str
) -> Iterator[FilledRow]:
    for number, cells in enumerate(table[at + 1 :], start=at + 2):
        told = {n: cell_text(cells[c]) if c < len(cells) else "" for n, c in columns.items()}
        yield FilledRow(Where(file=file, sheet=title, row=number), told)


def cell_text(cell: object) -> str:
    """Return what a cell says; a number, such as a code that became one, is a whole one."""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return "" if cell is None else unicodedata.normalize("NFKC", str(cell)).strip()


def squeezed(text: str) -> str:
    """Return a text without any blank, full-width characters made plain."""
    return "".join(unicodedata.normalize("NFKC", text).split())

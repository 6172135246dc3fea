"""The ledger: sheets to tables of records - headers found, totals, notes and titles set aside."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from liancun_geo.decisions import CellsDecision, DropRowDecision, Replay, accepting
from liancun_geo.errors import DataError, Fault, Where, error, warning
from liancun_geo.intake.ledgers.cells import as_found, cleaned
from liancun_geo.intake.ledgers.fields import map_headers
from liancun_geo.intake.ledgers.header_rows import Headers, find_headers
from liancun_geo.intake.ledgers.headers import title_units
from liancun_geo.intake.ledgers.raw import Column, RawTable, TotalRow
from liancun_geo.intake.ledgers.sheets import Row, Sheet, is_filled, read_text
from liancun_geo.intake.ledgers.totals import is_total
from liancun_geo.intake.ledgers.values import found_text
from liancun_geo.intake.ledgers.xls import read_xls
from liancun_geo.intake.ledgers.xlsx import read_xlsx
from liancun_geo.intake.vector.files import LAYER_ENDINGS, is_folder, place, require_file, sha256_of
from liancun_geo.messages import Listing, catalogue
from liancun_geo.settings import Settings
from liancun_geo.villages import Source

_NOTE: Final = re.compile(
    r"^(注|备注|说明|填表|填报|制表|审核|数据来源|负责人|单位负责人|联系人|联系电话|统计|复核|盖章|签字|日期)"
)
_TOWNSHIP: Final = ("township", "township_code", "county")
# A row that numbers the columns of a form: 甲 乙 1 2 3.
_LETTERS: Final = "甲乙丙丁戊己庚"
_MOST_ASKED: Final = 20
_LISTED: Final = 10


def read_ledger(
    path: Path, settings: Settings, *, replay: Replay = Replay()
) -> tuple[list[RawTable], Source, list[Fault]]:
    """Read every table of a ledger.

    Parameters
    ----------
    path
        XLSX, XLSM, XLS or CSV (TXT, TSV); never modified.
    settings
        ``data.sheets`` and ``fields`` are used.
    replay
        Decisions on headers and rows.

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
    sheets, encoding, faults = _read_sheets(path, settings)
    tables: list[RawTable] = []
    headless: list[str | None] = []
    unfilled: list[str | None] = []
    guides = set(catalogue()["template.sheet_guide"].values())
    for sheet in sheets:
        # The guide of our own template holds no villages, and nobody needs to be told.
        if not sheet.rows or sheet.name in guides:
            continue
        headers = find_headers(sheet, settings.fields)
        if headers is None:
            headless.append(sheet.name)
            continue
        table, notes = _Body(sheet, headers, settings.fields, replay).read()
        faults.extend(notes)
        if len(table.rows):
            tables.append(table)
        else:
            unfilled.append(sheet.name)
    make = warning if tables else error
    faults.extend(make("intake.no_header", Where(file=path.name, sheet=name)) for name in headless)
    faults.extend(
        make("intake.ledger_empty", Where(file=path.name, sheet=name)) for name in unfilled
    )
    refused = any(fault.severity == "error" for fault in faults)
    if not tables and not refused:
        faults.append(error("intake.ledger_empty", place(path)))
    return tables, Source(str(path), "ledger", sha256_of([path]), encoding=encoding), faults


def _read_sheets(path: Path, settings: Settings) -> tuple[list[Sheet], str | None, list[Fault]]:
    """Return the sheets of a file, its encoding if it is text, and what was noticed."""
    suffix = path.suffix.lower()
    if suffix in LAYER_ENDINGS:
        raise DataError([error("layers.is_boundaries", place(path), ending=suffix)])
    if is_folder(path):
        raise DataError([error("layers.is_folder", place(path))])
    require_file(path)
    if suffix in (".xlsx", ".xlsm"):
        sheets, faults = read_xlsx(path, settings.data.sheets)
        return sheets, None, faults
    if suffix == ".xls":
        sheets, faults = read_xls(path, settings.data.sheets)
        return sheets, None, faults
    if suffix in (".csv", ".txt", ".tsv"):
        sheet, encoding, faults = read_text(path, settings.fields)
        return [sheet], encoding, faults
    raise DataError([error("intake.ledger_format", place(path), ending=suffix or path.name)])


class _Body:
    """The rows below the headers of one sheet, sorted into records, totals and the rest."""

    def __init__(
        self, sheet: Sheet, headers: Headers, named: Mapping[str, str], replay: Replay
    ) -> None:
        self.sheet = sheet
        self.replay = replay
        self.width = len(headers.levels)
        above = [cell for _, cells in sheet.rows[: headers.top] for cell in cells]
        self.table = RawTable(
            sheet.file,
            sheet.name,
            headers.shown(),
            pd.DataFrame(columns=range(self.width), dtype=object),
            (),
            title_units(above),
            headers.levels,
            header_row=sheet.rows[headers.bottom][0],
        )
        self.columns, _ = map_headers(self.table, named, replay=replay)
        self.heads = [_texts(cells) for _, cells in sheet.rows[headers.top : headers.bottom + 1]]
        self.first_words = {"1", "(1)", *_LETTERS, *(head[0] for head in self.heads)}
        self.body = sheet.rows[headers.bottom + 1 :]
        self.faults: list[Fault] = []

    def read(self) -> tuple[RawTable, list[Fault]]:
        """Return the table, and what a planner should know of its rows."""
        keys = [self.columns[f].position for f in ("code", "township", "name") if f in self.columns]
        records: list[list[Any]] = []
        numbers: list[int] = []
        dropped: set[int] = set()
        totals: list[TotalRow] = []
        aside: list[int] = []
        for number, cells in self._filled_down():
            label = is_total(cells, keys)
            if label is not None:
                totals.append(TotalRow(number, len(records), label, list(cells)))
            elif _is_note(cells):
                self.faults.append(warning("intake.note_row", self._where(number)))
            elif self._is_header_again(cells):
                aside.append(number)
            elif any(is_filled(cell) for cell in cells[self.width :]):
                if not self._is_dropped(number, cells):
                    self.faults.append(self._too_long(number, cells))
            else:
                if self._is_dropped(number, cells):
                    dropped.add(number)
                cut = [cell if is_filled(cell) else None for cell in cells[: self.width]]
                records.append(cut + [None] * (self.width - len(cut)))
                numbers.append(number)
        if aside:
            rows = Listing(map(str, aside[:_LISTED]))
            where = self._where(None)
            self.faults.append(warning("ledger.header_again", where, count=len(aside), rows=rows))
        whole = self._table(dict(zip(numbers, records, strict=True)), totals)
        kept = {n: r for n, r in zip(numbers, records, strict=True) if n not in dropped}
        self._hidden(kept)
        self._merged(set(kept))
        if not dropped:
            return whole, self.faults
        lost = np.cumsum([0, *(number in dropped for number in numbers)])
        totals = [total._replace(above=total.above - int(lost[total.above])) for total in totals]
        return replace(self._table(kept, totals), whole=whole), self.faults

    def _table(self, records: Mapping[int, list[Any]], totals: Sequence[TotalRow]) -> RawTable:
        frame = pd.DataFrame(list(records.values()), columns=range(self.width), dtype=object)
        return replace(self.table, cells=frame, rows=tuple(records), totals=tuple(totals))

    def _where(self, row: int | None) -> Where:
        return Where(file=self.sheet.file, sheet=self.sheet.name, row=row)

    def _identity(self, number: int, cells: Sequence[Any]) -> Where:
        """Return the place of a row with what it says of its village, however damaged."""

        def said(field: str) -> str | None:
            column = self.columns.get(field)
            if column is None or column.position >= len(cells):
                return None
            return found_text(cells[column.position], field)

        return replace(
            self._where(number),
            village=said("name"),
            code=said("code"),
            township=said("township"),
        )

    def _too_long(self, number: int, cells: Sequence[Any]) -> Fault:
        """Return the fault of a row that goes beyond the headers; it can only be left out."""
        fault = error("intake.row_too_long", self._where(number), row=self.table.header_row)
        return fault.proposing(self._drop(number, cells))

    def _drop(self, number: int, cells: Sequence[Any]) -> DropRowDecision:
        where = self._identity(number, cells)
        return DropRowDecision(
            file=self.sheet.file,
            sheet=self.sheet.name,
            row=number,
            township=where.township,
            name=where.village,
            code=where.code,
        )

    def _is_dropped(self, number: int, cells: Sequence[Any]) -> bool:
        if not any(isinstance(d, DropRowDecision) for d in self.replay.decisions):
            return False
        return self.replay.of_row(DropRowDecision, self._identity(number, cells)) is not None

    def _is_header_again(self, cells: Sequence[Any]) -> bool:
        """Tell whether a row repeats a header row, or numbers the columns."""
        first = next(cell for cell in cells if is_filled(cell))
        if "".join(cleaned(first).split()) not in self.first_words:
            return False
        texts = _texts(cells)
        if texts in self.heads:
            return True
        plain = [text.strip("()") for text in texts if text not in _LETTERS]
        # A village in the first row of its list has a name between its numbers.
        return len(texts) >= 3 and plain == [str(n) for n in range(1, len(plain) + 1)]

    def _filled_down(self) -> list[Row]:
        """Return the rows with the township of a merged, or decided, cell in each row it spans."""
        rows = self.body
        for field in _TOWNSHIP:
            if field in self.columns:
                rows = self._filled_column(rows, self.columns[field])
        return rows

    def _filled_column(self, rows: list[Row], column: Column) -> list[Row]:
        position = column.position
        at = dict(rows)
        source: dict[int, Any] = {}
        for span in self.sheet.merged:
            if span.left <= position <= span.right and span.bottom > span.top:
                top = at.get(span.top)
                if top is not None and span.left < len(top):
                    source.update(dict.fromkeys(range(span.top, span.bottom + 1), top[span.left]))
        rows = [
            (n, _with(cells, position, source[n]) if n in source else cells) for n, cells in rows
        ]
        return self._from_above(rows, column) if column.field == "township" else rows

    def _from_above(self, rows: list[Row], column: Column) -> list[Row]:
        """Ask whether a blank township is the one above, as where merged cells were exported."""
        position, name = column.position, self.columns.get("name")
        keys = [] if name is None else [name.position]
        blank: list[int] = []
        above: Any = None
        filled: list[Row] = []
        for number, cells in rows:
            own = cells[position] if position < len(cells) else None
            named = (
                name is not None and name.position < len(cells) and is_filled(cells[name.position])
            )
            if is_filled(own):
                above = own
            elif above is not None and named and not _is_aside(cells, keys):
                blank.append(number)
                cells = _with(cells, position, above)
            filled.append((number, cells))
        if not blank:
            return rows
        where = self.table.where(header=column.header)
        decision = CellsDecision(
            file=self.sheet.file,
            sheet=self.sheet.name,
            header=column.header,
            accept=("from_above",),
        )
        for known in self.replay.decisions:
            same = known.model_dump(include={"file", "sheet", "header"}) == decision.model_dump(
                include={"file", "sheet", "header"}
            )
            if isinstance(known, CellsDecision) and same and "from_above" in known.accept:
                self.replay.use(known)
                return filled
        listed = Listing(self.table.cell_name(position, row) for row in blank[:_LISTED])
        fault = warning("ledger.township_blank", where, count=len(blank), cells=listed)
        self.faults.append(fault.proposing(decision, accepting(fault)))
        return rows

    def _hidden(self, records: Mapping[int, list[Any]]) -> None:
        """Name the hidden columns, and ask about the hidden rows."""
        columns = [
            self.table.headers[position]
            for position in sorted(self.sheet.hidden_columns)
            if position < self.width and self.table.headers[position]
        ]
        if columns:
            names = Listing(as_found(name) for name in columns)
            self.faults.append(warning("ledger.columns_hidden", self._where(None), headers=names))
        rows = [number for number in records if number in self.sheet.hidden_rows]
        if not rows:
            return
        listed = Listing(map(str, rows[:_LISTED]))
        if self.sheet.filtered or len(rows) > _MOST_ASKED:
            key = "ledger.rows_filtered" if self.sheet.filtered else "ledger.rows_hidden"
            fault = warning(key, self._where(None), count=len(rows), rows=listed)
            if not self.sheet.filtered:
                fault = fault.proposing(accepting(fault))
            self.faults.append(fault)
            return
        for number in rows:
            where = self._identity(number, records[number])
            fault = warning("ledger.row_hidden", where)
            drop = self._drop(number, records[number])
            self.faults.append(fault.proposing(drop, accepting(fault)))

    def _merged(self, numbers: set[int]) -> None:
        """Say which merged cells leave rows without a value of their own."""
        used = {
            column.position: column
            for column in self.columns.values()
            if column.field not in _TOWNSHIP
        }
        spans: dict[int, list[str]] = {}
        for span in self.sheet.merged:
            if span.top not in numbers or not numbers & set(
                range(span.top + 1, min(span.bottom, span.top + 10_000) + 1)
            ):
                continue
            for position in range(span.left, span.right + 1):
                if position in used:
                    first = self.table.cell_name(position, span.top)
                    last = self.table.cell_name(position, span.bottom)
                    spans.setdefault(position, []).append(f"{first}:{last}")
        for position, found in spans.items():
            where = self.table.where(header=used[position].header)
            cells = Listing(found[:_LISTED])
            fault = warning("ledger.cells_merged", where, count=len(found), cells=cells)
            self.faults.append(fault.proposing(accepting(fault)))


def _texts(cells: Sequence[Any]) -> list[str]:
    """Return the filled cells of a row as they are compared with headers."""
    return ["".join(cleaned(cell).split()) for cell in cells if is_filled(cell)]


def _with(cells: Sequence[Any], position: int, value: Any) -> list[Any]:
    padded = [*cells, *[None] * (position + 1 - len(cells))]
    padded[position] = value
    return padded


def _is_aside(cells: Sequence[Any], keys: Sequence[int]) -> bool:
    return is_total(cells, keys) is not None or _is_note(cells)


def _is_note(cells: Sequence[Any]) -> bool:
    filled = [cell for cell in cells if is_filled(cell)]
    text = "".join(cleaned(filled[0]).split())
    # In a row of several cells a colon tells "填表人：" from a village.
    return bool(_NOTE.match(text)) and (len(filled) == 1 or ":" in text)

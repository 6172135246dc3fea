"""Reading an assignment: which village is led by which, as a person may have edited it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple, NoReturn

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from liancun_geo.errors import DataError, Fault, Where, error
from liancun_geo.intake.ledgers.fields import normalised
from liancun_geo.intake.ledgers.sheets import MAX_CELLS, MAX_COLUMNS, MAX_ROWS, too_large
from liancun_geo.intake.ledgers.xlsx import require_bounded
from liancun_geo.intake.vector.files import is_folder, require_regular
from liancun_geo.intake.vector.tables import TABLE_ENDINGS, layer_tables
from liancun_geo.plan import UNASSIGNED
from liancun_geo.villages import VillageTable, positions_by_code

_CODE = frozenset(normalised(h) for h in ("code", "村代码", "village code"))
_LEAD = frozenset(
    normalised(h) for h in ("lead_code", "领建村代码", "领建码", "code of the lead village", "lead")
)
_NOW = ("member_codes", "memb_codes", "联建村代码", "各联建码", "各村码")
_BEFORE = ("成员村代码", "成员代码", "成员码")
_MEMBERS = frozenset(normalised(h) for h in (*_NOW, *_BEFORE))
_SEPARATORS = re.compile(r"[\s、，,;；]+")
_HEADER_ROWS = 10
_MAX_CSV_BYTES = 20_000_000


class _Row(NamedTuple):
    """One village and its lead, and where that is said."""

    number: int
    code: str
    lead: str


def read_assignment(path: Path | str, villages: VillageTable) -> NDArray[np.intp]:
    """Read which lead each village has.

    Parameters
    ----------
    path
        CSV or XLSX with a column of village codes and one of lead codes (empty: left out); any
        sheet of a workbook that has both will do. Or a layer with such columns: GeoPackage,
        zipped shapefile, GeoJSON, KML and whatever else
        :func:`~liancun_geo.intake.vector.layers.read_layer` reads; of several layers the first
        that has both, else the first of alliances, with the code of the lead and those of the
        members. Villages that do not occur are left out.
    villages
        The villages the codes refer to.

    Returns
    -------
    numpy.ndarray
        (n,) position of the lead of each village, -1 if left out.

    Raises
    ------
    DataError
        With every unknown or repeated code, or if the file cannot be used.
    """
    path = Path(path)
    of_layers = path.suffix.lower() in TABLE_ENDINGS or is_folder(path)
    rows, sheet = _of_layers(path) if of_layers else _of_sheets(path)
    position = positions_by_code(villages.frame["code"])
    # They are listed with the plan, though they were left out when the data were read.
    excluded = {fault.where.code for fault in villages.excluded}
    lead_of = np.full(len(position), UNASSIGNED, dtype=np.intp)
    seen: set[str] = set()
    faults: list[Fault] = []
    for number, code, lead in rows:
        if not code or (code in excluded and not lead):
            continue
        where = Where(file=path.name, sheet=sheet, row=number, code=code)
        if code in seen:
            faults.append(error("cli.assignment_twice", where, code=code))
        seen.add(code)
        unknown = [given for given in (code, lead) if given and given not in position]
        faults += [error("cli.assignment_unknown", where, code=given) for given in unknown]
        if lead and not unknown:
            lead_of[position[code]] = position[lead]
    if faults:
        raise DataError(faults)
    return lead_of


def _of_layers(path: Path) -> tuple[list[_Row], str | None]:
    """Return the rows of the first layer that says who leads whom, and its name."""
    of_alliances: tuple[list[_Row], str | None] | None = None
    headers: list[str] = []
    for name, table in layer_tables(path):
        code, lead, members = (
            next((c for c in table.columns if normalised(c) in known), None)
            for known in (_CODE, _LEAD, _MEMBERS)
        )
        if code is not None and lead is not None:
            pairs = zip(table[code], table[lead], strict=True)
            rows = [_Row(i, _text(a), _text(b)) for i, (a, b) in enumerate(pairs, start=1)]
            # A GIS may have taken a village of several parts apart.
            return list({(row.code, row.lead): row for row in rows}.values()), name
        if lead is not None and members is not None and of_alliances is None:
            of_alliances = _unfolded(table[lead], table[members]), name
        headers += [str(header) for header in table.columns]
    return of_alliances or _without_columns(path, headers)


def _unfolded(leads: Iterable[object], members: Iterable[object]) -> list[_Row]:
    rows: list[_Row] = []
    for number, (lead, listed) in enumerate(zip(leads, members, strict=True), start=1):
        chief = _text(lead)
        codes = [chief, *(code for code in _SEPARATORS.split(_text(listed)) if code)]
        rows += [_Row(number, code, chief) for code in codes]
    return rows


def _of_sheets(path: Path) -> tuple[list[_Row], str | None]:
    """Return the rows below the header, and the sheet."""
    headers: list[str] = []
    for sheet, frame in _sheets(path).items():
        rows: list[list[object]] = frame.to_numpy(dtype=object).tolist()
        for index, row in enumerate(rows[:_HEADER_ROWS]):
            names = [normalised(_text(cell)) for cell in row]
            code = next((i for i, name in enumerate(names) if name in _CODE), None)
            lead = next((i for i, name in enumerate(names) if name in _LEAD), None)
            if code is not None and lead is not None:
                below = enumerate(rows[index + 1 :], start=index + 2)
                return [_Row(i, _text(r[code]), _text(r[lead])) for i, r in below], sheet
        headers += [_text(cell) for cell in rows[0] if _text(cell)] if rows else []
    return _without_columns(path, headers)


def _without_columns(path: Path, headers: Sequence[str]) -> NoReturn:
    found = ", ".join(headers[:12]) or "-"
    raise DataError([error("cli.no_lead_column", Where(file=path.name), headers=found)])


def _sheets(path: Path) -> dict[str | None, pd.DataFrame]:
    require_regular(path)
    try:
        _require_bounded(path)
        if path.suffix.lower() in (".xlsx", ".xlsm"):
            book = pd.read_excel(path, sheet_name=None, header=None, dtype=str)
            return _filled_down(path, {str(name): sheet for name, sheet in book.items()})
        raw = path.read_bytes()
        try:
            raw.decode("utf-8-sig")
            encoding = "utf-8-sig"
        except UnicodeDecodeError:
            encoding = "gb18030"
        return {None: pd.read_csv(path, header=None, dtype=str, encoding=encoding)}
    except OSError as cause:
        reason = cause.strerror or str(cause)
    except DataError:
        raise DataError(
            [error("bounds.assignment", Where(file=path.name), rows=MAX_ROWS, cells=MAX_CELLS)]
        ) from None
    # pandas and openpyxl raise whatever their parsers raise on a damaged file.
    except Exception as cause:
        reason = str(cause)
    raise DataError([error("cli.assignment_unreadable", Where(file=path.name), cause=reason)])


def _require_bounded(path: Path) -> None:
    """Refuse a table that pandas would need gigabytes for, as a ledger of that size is."""
    if path.suffix.lower() in (".xlsx", ".xlsm"):
        require_bounded(path)
    elif path.stat().st_size > _MAX_CSV_BYTES:
        raise too_large(path)
    else:
        lines = path.read_bytes().splitlines()
        widest = max((line.count(b",") for line in lines), default=0)
        if len(lines) > MAX_ROWS or widest >= MAX_COLUMNS:
            raise too_large(path)


def _filled_down(
    path: Path, sheets: dict[str | None, pd.DataFrame]
) -> dict[str | None, pd.DataFrame]:
    """Return the sheets with the value of a cell merged over several rows in each of them."""
    import openpyxl

    filled = {name: sheet.astype(object) for name, sheet in sheets.items()}
    for sheet in openpyxl.load_workbook(path, data_only=True).worksheets:
        frame = filled[sheet.title]
        for area in sheet.merged_cells.ranges:
            top, column = area.min_row - 1, area.min_col - 1
            if area.max_col == area.min_col and top < len(frame) and column < frame.shape[1]:
                frame.iloc[top : area.max_row, column] = frame.iloc[top, column]
    return filled


def _text(cell: object) -> str:
    if cell is None or (isinstance(cell, float) and np.isnan(cell)):
        return ""
    if isinstance(cell, float) and cell.is_integer():
        # A GIS that takes codes for numbers.
        cell = int(cell)
    return str(cell).strip().removeprefix("'")

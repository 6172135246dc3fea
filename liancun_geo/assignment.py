"""Reading an assignment: which village is led by which, as a person may have edited it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from liancun_geo.errors import DataError, Fault, Where, error
from liancun_geo.intake.ledgers.fields import normalised
from liancun_geo.intake.ledgers.sheets import MAX_CELLS, MAX_COLUMNS, MAX_ROWS, too_large
from liancun_geo.intake.ledgers.xlsx import require_bounded
from liancun_geo.intake.vector.files import require_regular
from liancun_geo.plan import UNASSIGNED
from liancun_geo.villages import VillageTable, positions_by_code

_CODE = frozenset(normalised(h) for h in ("code", "村代码", "village code"))
_LEAD = frozenset(
    normalised(h) for h in ("lead_code", "领建村代码", "code of the lead village", "lead")
)
_HEADER_ROWS = 10
_MAX_CSV_BYTES = 20_000_000


def read_assignment(path: Path | str, villages: VillageTable) -> NDArray[np.intp]:
    """Read which lead each village has.

    Parameters
    ----------
    path
        CSV or XLSX with a column of village codes and one of lead codes (empty: left out); any
        sheet of a workbook that has both will do. Villages that do not occur are left out.
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
    rows, sheet, columns = _table(path)
    code_column, lead_column = columns
    position = positions_by_code(villages.frame["code"])
    lead_of = np.full(len(position), UNASSIGNED, dtype=np.intp)
    seen: set[str] = set()
    faults: list[Fault] = []
    for number, row in rows:
        code, lead = _text(row[code_column]), _text(row[lead_column])
        if not code:
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


def _table(path: Path) -> tuple[list[tuple[int, list[object]]], str | None, tuple[int, int]]:
    """Return numbered rows below the header, the sheet, and the two columns."""
    headers: list[str] = []
    for sheet, frame in _sheets(path).items():
        rows: list[list[object]] = frame.to_numpy(dtype=object).tolist()
        for index, row in enumerate(rows[:_HEADER_ROWS]):
            names = [normalised(_text(cell)) for cell in row]
            code = next((i for i, name in enumerate(names) if name in _CODE), None)
            lead = next((i for i, name in enumerate(names) if name in _LEAD), None)
            if code is not None and lead is not None:
                below = list(enumerate(rows[index + 1 :], start=index + 2))
                return below, sheet, (code, lead)
        headers += [_text(cell) for cell in rows[0] if _text(cell)] if rows else []
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
    return str(cell).strip().removeprefix("'")

"""Rows of totals: told from villages, compared with the rows they add up, then left out."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from liancun_geo.decisions import accepting
from liancun_geo.errors import Fault, Where, warning
from liancun_geo.intake.ledgers.cells import Bad, cleaned
from liancun_geo.intake.ledgers.raw import Column, RawTable, TotalRow
from liancun_geo.messages import Listing
from liancun_geo.units import unit_of_field
from liancun_geo.villages import FIELDS

# Shares and figures per head do not add up.
_NOT_ADDED: Final = {"income_per_head_yuan"}
_TOTAL: Final = re.compile(
    r"(合计|小计|总计|共计|总合计|累计|汇总|平均|平均值|均值)(\(.*\))?[:：]?$"
)
_WHOLE: Final = re.compile(r"(全|本)(县|区|市|镇|乡|街道|旗)(\(.*\))?[:：]?|[县区市镇乡]计")
_AVERAGE: Final = re.compile(r"平均|均值")
_SUBTOTAL: Final = re.compile(r"小计")
_LISTED: Final = 10

Numbers = NDArray[np.float64]


class _Scope(NamedTuple):
    """Records that a row of totals may add up."""

    members: NDArray[np.intp]


def is_total(cells: Sequence[Any], keys: Sequence[int]) -> str | None:
    """Return the words that make a row one of totals, None if it is none.

    Parameters
    ----------
    cells
        A row.
    keys
        Positions of the columns of code, township and name.
    """
    first = next((cell for cell in cells if cell is not None and str(cell).strip()), None)
    for cell in (first, *(cells[key] for key in keys if key < len(cells))):
        if isinstance(cell, str) and len(cell) <= 40:
            text = "".join(cleaned(cell).split())
            if _TOTAL.search(text) or _WHOLE.fullmatch(text):
                return text
    return None


def reconcile(
    table: RawTable,
    columns: Mapping[str, Column],
    figures: Mapping[str, pd.Series],
    townships: Sequence[str | None] | None,
    read: Callable[[Any, Column], float | Bad],
) -> list[Fault]:
    """Compare the rows of totals with the rows they add up.

    A row of totals is held against the rows since the one before it, those of the township it
    names, all rows above, all rows, and those below up to the next one (totals may stand on
    top); what fits best in most columns is what it means.

    Parameters
    ----------
    table
        With its ``totals``.
    columns
        Field -> column.
    figures
        Field -> numbers as read, in the unit of the column, NaN for none; a column with a fault
        is not in it.
    townships
        Of the records; None if the table has none.
    read
        Reads a cell of a column.

    Returns
    -------
    list of Fault
        A notice for the rows that agree, a question for each sum that differs by more than
        rounding explains.
    """
    agreeing: list[TotalRow] = []
    faults: list[Fault] = []
    added = [
        column
        for field, column in columns.items()
        if field in figures and FIELDS[field].kind == "number" and field not in _NOT_ADDED
    ]
    for number, total in enumerate(table.totals):
        stated = {}
        for column in added:
            value = read(_cell(total, column.position), column)
            if not isinstance(value, Bad) and not np.isnan(value):
                stated[column.field] = value
        scopes = _scopes(table, number, townships)
        if _AVERAGE.search(total.label) or not stated or not scopes:
            agreeing.append(total)
            continue
        different = min(
            (_differences(stated, figures, scope) for scope in scopes), key=lambda found: len(found)
        )
        if not different:
            agreeing.append(total)
        faults.extend(
            _question(table, columns[field], total, stated[field], total_of, scope)
            for field, (total_of, scope) in different.items()
        )
    return [*_notice(table, agreeing), *faults]


def agreeing_either_way(after: Sequence[Fault], before: Sequence[Fault]) -> list[Fault]:
    """Return the questions on totals that agree neither with all rows nor with those used.

    Parameters
    ----------
    after
        What :func:`reconcile` says of the rows without those that decisions drop.
    before
        Faults of the whole table, those of other kinds as well.
    """

    def cell(fault: Fault) -> tuple[int | None, str | None]:
        return fault.where.row, fault.where.field

    before = [fault for fault in before if fault.key == "ledger.total_differs"]
    never = {cell(fault) for fault in before} & {cell(fault) for fault in after if fault.fixes}
    notices = [fault for fault in after if not fault.fixes]
    return [*notices, *(fault for fault in before if cell(fault) in never)]


def _cell(total: TotalRow, position: int) -> Any:
    return total.cells[position] if position < len(total.cells) else None


def _scopes(table: RawTable, number: int, townships: Sequence[str | None] | None) -> list[_Scope]:
    total, count = table.totals[number], len(table.rows)
    before = table.totals[number - 1].above if number else 0
    after = table.totals[number + 1].above if number + 1 < len(table.totals) else count
    every = np.arange(count)
    scopes = [every[before : total.above], every[: total.above], every, every[total.above : after]]
    if _SUBTOTAL.search(total.label) is None:
        scopes = [scopes[1], scopes[2], scopes[0], scopes[3]]
    if townships is not None:
        said = _TOTAL.sub("", total.label)
        named = {"".join(cleaned(cell).split()) for cell in total.cells if isinstance(cell, str)}
        own = [
            position
            for position, town in enumerate(townships)
            if town is not None and (town == said or town in named)
        ]
        scopes.insert(0, np.array(own, dtype=np.intp))
    return [_Scope(members) for members in scopes if len(members)]


def _differences(
    stated: Mapping[str, float], figures: Mapping[str, pd.Series], scope: _Scope
) -> dict[str, tuple[float, _Scope]]:
    different = {}
    for field, value in stated.items():
        parts = figures[field].to_numpy(dtype=np.float64)[scope.members]
        computed = float(np.nansum(parts))
        if abs(computed - value) > _tolerance(parts, value):
            different[field] = computed, scope
    return different


def _tolerance(parts: Numbers, stated: float) -> float:
    """Return by how much a sum of rounded figures may differ from the rounded sum."""
    known = parts[~np.isnan(parts)]
    decimals = max((_decimals(part) for part in known), default=0)
    own = 0.5 * 10.0 ** -min(_decimals(stated), decimals)
    if decimals == 0:
        return 1e-6 * max(1.0, abs(stated))
    return own + 0.5 * len(known) * 10.0**-decimals + 1e-9 * abs(stated)


def _decimals(value: float) -> int:
    text = f"{value:.6f}".rstrip("0")
    return len(text.partition(".")[2])


def _question(
    table: RawTable, column: Column, total: TotalRow, stated: float, computed: float, scope: _Scope
) -> Fault:
    rows = [table.rows[position] for position in scope.members]
    unit = column.unit or unit_of_field(column.field)
    where = Where(
        file=table.file,
        sheet=table.sheet,
        row=total.row,
        field=column.header,
        cell=table.cell_name(column.position, total.row) if table.header_row else None,
    )
    fault = warning(
        "ledger.total_differs",
        where,
        label=total.label,
        stated=_short(stated),
        computed=_short(computed),
        difference=_short(computed - stated),
        unit="" if unit is None else unit.name,
        count=len(rows),
        first=table.cell_name(column.position, min(rows)),
        last=table.cell_name(column.position, max(rows)),
    )
    return fault.proposing(accepting(fault))


def _notice(table: RawTable, totals: Sequence[TotalRow]) -> list[Fault]:
    if not totals:
        return []
    rows = Listing(str(total.row) for total in totals[:_LISTED])
    where = Where(
        file=table.file, sheet=table.sheet, row=totals[0].row if len(totals) == 1 else None
    )
    return [warning("intake.total_row", where, count=len(totals), rows=rows)]


def _short(value: float) -> str:
    return f"{value:,.6f}".rstrip("0").rstrip(".")

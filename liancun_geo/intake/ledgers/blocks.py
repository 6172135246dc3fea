"""Runs of rows in another unit than their column: one question each, never a conversion.

A county's ledger is put together from those of its townships, and one of them may have filled in
元 where the others wrote 万元. Figures of a field fall into two heaps then, with an empty stretch
between them on the logarithmic scale, and the heaps are as far apart as two units are. Rows of
the smaller heap (or of the one whose median no county has) that follow each other are a block.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from liancun_geo.decisions import RowsUnitDecision, UnitDecision, accepting
from liancun_geo.errors import Fault, warning
from liancun_geo.intake.ledgers.figures import (
    COMPANIONS,
    FEWEST,
    LEAST_GAP,
    FigureColumn,
    Floats,
    logs_of,
    other_units,
    short,
)
from liancun_geo.units import Unit

_FEWEST_ROWS: Final = 3  # fewer are asked about one by one
_MOST_AWAY: Final = 0.6  # decades between where a block would lie and where the others do
_MOST_SPLITS: Final = 4
MOST_PROPOSALS: Final = 3
"""Ways to read a figure, or many, that are proposed."""


class Block(NamedTuple):
    """Rows of a column that follow each other and seem to be in another unit."""

    column: FigureColumn
    records: list[int]
    """Those with a figure, in the order of the table."""
    units: list[Unit]
    """What they may be in, the likeliest first."""
    usual: float
    """The median of the others, in the unit of the field."""
    whole: bool
    """Whether they are all figures of the column."""


class _Heaps(NamedTuple):
    """Figures in two heaps."""

    wrong: NDArray[np.bool_]
    right: NDArray[np.bool_]


def blocks_of(
    columns: Sequence[FigureColumn], usual: Mapping[str, tuple[float, float]]
) -> list[Block]:
    """Return the blocks of a field that seem to be in another unit.

    Parameters
    ----------
    columns
        Of one field, one a table.
    usual
        Between what the median of a county lies, by field.
    """
    if not columns:
        return []
    values = np.concatenate([column.values for column in columns])
    plain = logs_of(values)
    if np.count_nonzero(values > 0) < FEWEST:
        return []
    bounds = usual.get(columns[0].field)
    for logs in (plain, *_per_head(columns, plain)):
        for heaps in _heaps(logs, plain, bounds):
            found = list(_runs(columns, plain, heaps))
            if found:
                return found
    return []


def _per_head(columns: Sequence[FigureColumn], plain: Floats) -> Iterator[Floats]:
    """Yield the figures per person and household, which lie closer together."""
    for name in COMPANIONS:
        if name != columns[0].field and all(column.has(name) for column in columns):
            yield plain - logs_of(np.concatenate([column.beside(name) for column in columns]))


def _heaps(logs: Floats, plain: Floats, bounds: tuple[float, float] | None) -> Iterator[_Heaps]:
    """Yield ways to part the figures at an empty stretch, the widest first."""
    known = np.sort(logs[~np.isnan(logs)])
    steps = np.diff(known)
    widest = np.argsort(-steps, kind="stable")[:_MOST_SPLITS]
    for at in (int(n) for n in widest if steps[n] >= LEAST_GAP):
        with np.errstate(invalid="ignore"):
            low, high = logs <= known[at], logs > known[at]
        heaps = [_Heaps(high, low), _Heaps(low, high)]
        heaps.sort(key=lambda heap: int(heap.wrong.sum()))
        if bounds is not None:
            # No county has a median beyond these, whichever heap is the larger.
            heaps.sort(key=lambda heap: not _is_beyond(plain[heap.wrong], bounds))
            if _is_beyond(plain[heaps[0].right], bounds):
                continue
        if np.count_nonzero(heaps[0].right) >= _FEWEST_ROWS:
            yield heaps[0]


def _is_beyond(logs: Floats, bounds: tuple[float, float]) -> bool:
    return not bounds[0] <= 10.0 ** min(float(np.median(logs)), 300.0) <= bounds[1]


def _runs(columns: Sequence[FigureColumn], plain: Floats, heaps: _Heaps) -> Iterator[Block]:
    """Yield the runs of one heap that another unit brings among the other heap."""
    centre = float(np.median(plain[heaps.right]))
    start = 0
    for column in columns:
        logs = plain[start : start + len(column.values)]
        wrong = heaps.wrong[start : start + len(logs)]
        known = np.flatnonzero(heaps.right[start : start + len(logs)] | wrong)
        start += len(logs)
        edges = np.flatnonzero(np.diff(wrong[known].astype(int))) + 1
        for run in np.split(known, edges):
            if len(run) < _FEWEST_ROWS or not wrong[run[0]]:
                continue
            units = _units(column, float(np.median(logs[run])) - centre)
            if units:
                whole = len(run) == len(known) and len(columns) > 1
                yield Block(column, run.tolist(), units, 10.0**centre, whole)


def _units(column: FigureColumn, off: float) -> list[Unit]:
    """Return the units that bring figures among the others, the likeliest first."""
    most = min(abs(off) / 3, _MOST_AWAY)
    left = {unit: abs(off + math.log10(factor)) for unit, factor in other_units(column)}
    return sorted((unit for unit in left if left[unit] <= most), key=lambda unit: left[unit])


def question_of_block(block: Block) -> Fault:
    """Ask whether rows that follow each other are in another unit than their column."""
    column, records = block.column, block.records
    if block.whole:
        return unit_question(column, block.units, block.usual)
    rows = [column.table.raw.rows[record] for record in (records[0], records[-1])]
    values = column.values[records]
    fault = warning(
        "outliers.rows_in_other_unit",
        column.place(records[0]),
        label=f"{rows[0]}-{rows[1]}",
        count=len(records),
        median=short(float(np.median(values)) * column.scale),
        usual=short(block.usual * column.scale),
        unit="" if column.unit is None else column.unit.name,
        other=block.units[0].name,
    )
    # The block is asked about as one, whichever villages it holds.
    where = replace(fault.where, village=None, code=None, township=None)
    fault = replace(fault, where=where)
    first, last = (column.table.found(record) for record in (records[0], records[-1]))
    decisions = [
        RowsUnitDecision(
            file=where.file or "",
            sheet=where.sheet,
            header=where.field or "",
            first_row=rows[0],
            last_row=rows[1],
            first_village=first.village or first.code,
            last_village=last.village or last.code,
            unit=unit.name,
        )
        for unit in block.units[:MOST_PROPOSALS]
    ]
    return fault.proposing(*decisions, accepting(fault))


def unit_question(
    column: FigureColumn, units: Sequence[Unit], usual: float | None, **bounds: str
) -> Fault:
    """Ask whether a whole column is in another unit than it says.

    Parameters
    ----------
    column
        Of one table.
    units
        What it may be in, the likeliest first.
    usual
        The median of the other tables, in the unit of the field; None if ``bounds`` say what a
        county has.
    """
    where = column.place()
    positive = column.values[column.values > 0]
    said = {
        "count": len(positive),
        "median": short(float(np.median(positive)) * column.scale),
        "unit": "" if column.unit is None else column.unit.name,
        "other": units[0].name,
    }
    if usual is None:
        fault = warning("outliers.column_beyond_reason", where, **said, **bounds)
    else:
        fault = warning("outliers.column_apart", where, usual=short(usual * column.scale), **said)
    decisions = [
        UnitDecision(
            file=where.file or "", sheet=where.sheet, header=where.field or "", unit=unit.name
        )
        for unit in units[:MOST_PROPOSALS]
    ]
    return fault.proposing(*decisions, accepting(fault))

"""Odd cells to faults: alike ones together, each with the decisions that would settle it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

from liancun_geo.decisions import CellsDecision, Decision, HeaderDecision, ValueDecision
from liancun_geo.errors import Fault, Where, error
from liancun_geo.intake.ledgers.cells import Bad, Quantity, Way, as_found, likely_numbers
from liancun_geo.intake.ledgers.raw import Column, RawTable, header_decision
from liancun_geo.messages import Listing
from liancun_geo.villages import FieldKind

_EXAMPLES: Final = 5
_MOST_SINGLE: Final = 20

WhereOf = Callable[[int, str | None], Where]


class Problem(NamedTuple):
    """A cell that is no value, or only if it may be read in some way."""

    record: int
    cell: Any
    value: Bad | Quantity
    header: str | None = None
    """Of a list in several columns."""


def value_decision(where: Where, cell: object, value: str) -> ValueDecision:
    """Return the decision that one cell means a value."""
    return ValueDecision(
        file=where.file or "",
        sheet=where.sheet,
        row=where.row,
        township=where.township,
        name=where.village,
        code=where.code,
        header=where.field or "",
        found=as_found(cell),
        value=value,
    )


def column_faults(
    table: RawTable,
    column: Column,
    kind: FieldKind,
    problems: Sequence[Problem],
    where_of: WhereOf,
) -> list[Fault]:
    """Return the faults of the odd cells of a column.

    Cells that one decision settles are one fault: numbers to be read in one way, and equal
    words of a flag or year. Cells that no decision settles together are one fault each, unless
    there are so many that the column itself is in question.
    """
    alike: dict[object, list[Problem]] = {}
    for problem in problems:
        alike.setdefault(_likeness(problem, kind), []).append(problem)
    faults: list[Fault] = []
    for group in alike.values():
        first = group[0].value
        if isinstance(first, Quantity):
            faults.append(_odd_numbers(table, column, group, first, where_of))
        elif len(group) > 1 and kind in ("flag", "year", "tags"):
            faults.append(_same_words(table, column, kind, group, where_of))
        elif len(group) > _MOST_SINGLE:
            faults.append(_no_values(table, column, group))
        else:
            faults.extend(_single(problem, kind, where_of) for problem in group)
    return faults


def _likeness(problem: Problem, kind: FieldKind) -> object:
    value = problem.value
    if isinstance(value, Quantity):
        return value.ways, value.other is None
    if kind in ("flag", "year", "tags"):
        return value.key, as_found(problem.cell), problem.header
    return value.key


def _single(problem: Problem, kind: FieldKind, where_of: WhereOf) -> Fault:
    where = where_of(problem.record, problem.header)
    key = problem.value.key if isinstance(problem.value, Bad) else ""
    shown = as_found(problem.cell)
    fault = error(key, where, value=shown, cell=where.cell or "")
    meanings = _meanings(problem, kind)
    return fault.proposing(*(value_decision(where, problem.cell, value) for value in meanings))


def _meanings(problem: Problem, kind: FieldKind) -> list[str]:
    """Return what a cell that is no value may mean; ``""`` for missing."""
    key = problem.value.key if isinstance(problem.value, Bad) else ""
    if key.startswith("intake.code") or key == "ledger.text_too_long":
        return []
    if kind == "number" and key not in ("intake.cell_error", "intake.formula_without_value"):
        return [*likely_numbers(problem.cell), ""]
    if kind == "year" and key in ("intake.not_a_number", "intake.year_out_of_range"):
        numbers = [text for text in likely_numbers(problem.cell) if len(text) == 2]
        return [*(f"20{text}" for text in numbers if int(text) < 90), ""]
    if kind == "flag" or key == "ledger.not_a_mark":
        return ["是", "否", ""]
    return [""]


def _odd_numbers(
    table: RawTable,
    column: Column,
    group: Sequence[Problem],
    first: Quantity,
    where_of: WhereOf,
) -> Fault:
    """Ask whether odd numbers mean what they seem to."""
    column_place = table.where(header=column.header)

    def cells(*ways: Way) -> CellsDecision:
        return CellsDecision(
            file=table.file, sheet=table.sheet, header=column.header, accept=tuple(ways)
        )

    unit = "" if column.unit is None else column.unit.name
    wide: list[Decision] = [cells(*first.ways)]
    if first.other is not None:
        rest = [way for way in first.ways if way != "with_unit"]
        wide.append(cells(*rest, "multiplied"))
    if len(group) > 1:
        shown = [
            f"{place} “{as_found(problem.cell)}” → {_short(problem.value.value)}"
            for problem in group[:_EXAMPLES]
            if isinstance(problem.value, Quantity)
            for place in [_cell_name(table, problem, column)]
        ]
        key = "ledger.odd_numbers" if first.other is None else "ledger.odd_numbers_in_wan"
        fault = error(key, column_place, count=len(group), examples=Listing(shown), unit=unit)
        return fault.proposing(*wide)
    problem = group[0]
    where = where_of(problem.record, None)
    other = "" if first.other is None else _short(first.other)
    key = "ledger.odd_number" if first.other is None else "ledger.odd_number_in_wan"
    said = {"value": as_found(problem.cell), "reading": _short(first.value), "unit": unit}
    fault = error(key, where, **said) if not other else error(key, where, other=other, **said)
    values = [f"{first.value:.15g}", *([f"{first.other:.15g}"] if first.other is not None else [])]
    singles = [value_decision(where, problem.cell, value) for value in (*values, "")]
    return fault.proposing(singles[0], *wide, *singles[1:])


def _same_words(
    table: RawTable, column: Column, kind: FieldKind, group: Sequence[Problem], where_of: WhereOf
) -> Fault:
    """Ask once for all cells of a column that read alike."""
    first = group[0]
    header = first.header or column.header
    where = table.where(header=header)
    named = Listing(_cell_name(table, problem, column) for problem in group[:_EXAMPLES])
    key = first.value.key if isinstance(first.value, Bad) else ""
    shown = as_found(first.cell)
    fault = error("ledger.same_words", where, count=len(group), cells=named, value=shown)
    if key in ("intake.cell_error", "intake.formula_without_value"):
        fault = error("ledger.cells_without_value", where, count=len(group), cells=named)
    wide = Where(file=table.file, sheet=table.sheet, field=header)
    return fault.proposing(
        *(value_decision(wide, first.cell, value) for value in _meanings(first, kind))
    )


def _no_values(table: RawTable, column: Column, group: Sequence[Problem]) -> Fault:
    """Tell of many cells that are no values and that no single decision settles."""
    named = Listing(
        f"{_cell_name(table, problem, column)} “{as_found(problem.cell)}”"
        for problem in group[:_EXAMPLES]
    )
    first = group[0]
    where = table.where(header=column.header)
    key = first.value.key if isinstance(first.value, Bad) else ""
    if key in ("intake.cell_error", "intake.formula_without_value"):
        fault = error("ledger.cells_without_value", where, count=len(group), cells=named)
    else:
        fault = error("ledger.no_values", where, count=len(group), examples=named)
    ignored: HeaderDecision = header_decision(table, column.header, "")
    return fault if column.field in ("code", "name") else fault.proposing(ignored)


def _cell_name(table: RawTable, problem: Problem, column: Column) -> str:
    place = table.where(problem.record, problem.header or column.header)
    return place.cell or f"{place.row}"


def _short(value: float) -> str:
    return f"{value:,.6f}".rstrip("0").rstrip(".")

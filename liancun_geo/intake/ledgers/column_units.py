"""The unit of a column: from its header, its title, its cells, a decision - or asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from liancun_geo.decisions import Decision, Replay, RowsUnitDecision, UnitDecision
from liancun_geo.errors import Fault, error, warning
from liancun_geo.intake.ledgers.cells import as_found, parse_number
from liancun_geo.intake.ledgers.headers import normalised, unit_notes, written_unit
from liancun_geo.intake.ledgers.raw import Column, RawTable, header_decision
from liancun_geo.intake.ledgers.words import found_text
from liancun_geo.units import UNITS, Unit, convert, parse_unit, unit_of_field

_PLAUSIBLE: Final[Mapping[str, float]] = {
    # What a village of average size has, in the unit of the field: only ranks proposals.
    "collective_income_wan_yuan": 15.0,
    "income_per_head_yuan": 18_000.0,
    "arable_land_mu": 1_200.0,
    "transferable_land_mu": 400.0,
}
# How much rarer a unit is than the others of its kind, on the logarithmic scale.
_RARE: Final = {"千元": 2.5, "公顷": 1.0, "平方米": 1.0, "万亩": 2.0}
_MONEY: Final = ("万元", "元", "千元")
_AREA: Final = ("亩", "公顷", "平方米", "万亩")


def unit_of_column(
    table: RawTable, field: str, position: int, believed: bool, replay: Replay
) -> tuple[Unit | None, bool, Fault | None]:
    """Return the unit of a column, whether it is stated, and what is wrong with it or assumed."""
    canonical = unit_of_field(field)
    if canonical is None:
        return None, True, None
    header, levels = table.headers[position], table.levels_of(position)
    where = table.where(header=header)
    decided = replay.of_column(UnitDecision, where)
    notes = [decided.unit] if decided is not None else unit_notes(levels)
    for note in notes:
        unit = parse_unit(note)
        if unit is None and believed:
            continue
        if unit is not None and unit.dimension == canonical.dimension:
            return unit, True, None
        key = "intake.unit_unknown" if unit is None else "intake.unit_wrong"
        fault = error(key, where, unit=as_found(note), expected=canonical.name)
        fixes = _unit_decisions(table, field, position)
        ignoring = header_decision(table, header, "")
        ranked: tuple[Decision, ...] = (
            (ignoring, *fixes) if unit is not None else (*fixes, ignoring)
        )
        return None, False, fault.proposing(*ranked)
    if normalised(levels[-1]) == normalised(field):
        return canonical, True, None
    unit = written_unit(levels)
    if unit is not None and unit.dimension == canonical.dimension:
        return unit, True, None
    for unit in table.units:
        if unit.dimension == canonical.dimension:
            return unit, True, None
    if canonical.dimension in ("persons", "households"):
        # A number of people without a unit can only be a number of people.
        return canonical, True, None
    if _units_in_cells(table, position, canonical):
        return canonical, False, None
    if believed and notes:
        # Its header names no unit known here; the planner has named the column all the same.
        return canonical, True, warning("intake.unit_assumed", where, unit=canonical.name)
    fixes = _unit_decisions(table, field, position)
    make = warning if fixes[0].unit == canonical.name else error
    return (
        canonical,
        False,
        make("intake.unit_assumed", where, unit=canonical.name).proposing(*fixes),
    )


def units_of_rows(
    table: RawTable, columns: Mapping[str, Column], column: Column, replay: Replay
) -> dict[int, Unit]:
    """Return the records of a column that were decided to be in another unit: record -> unit.

    Parameters
    ----------
    table, columns
        The table and where its fields are.
    column
        Of figures.
    replay
        ``rows_unit`` decisions; one whose rows are not there any more is left unused.
    """
    place = (table.file, table.sheet, column.header)
    decided = [
        decision
        for decision in replay.decisions
        if isinstance(decision, RowsUnitDecision)
        and (decision.file, decision.sheet, decision.header) == place
    ]
    if not decided or column.unit is None:
        return {}
    # A row that is not used may still be the first or the last of the block.
    whole = table if table.whole is None else table.whole
    names = _names(whole, columns)
    units: dict[int, Unit] = {}
    for decision in decided:
        unit = parse_unit(decision.unit)
        first = _row_of(whole, names, decision.first_row, decision.first_village)
        last = _row_of(whole, names, decision.last_row, decision.last_village)
        if unit is None or unit.dimension != column.unit.dimension or first is None or last is None:
            continue
        if last - first == decision.last_row - decision.first_row:
            replay.use(decision)
            rows = range(first, last + 1)
            units.update((record, unit) for record, row in enumerate(table.rows) if row in rows)
    return units


def _names(table: RawTable, columns: Mapping[str, Column]) -> list[str | None]:
    """Return what the file calls the village of each record: its name, else its code."""
    names: list[str | None] = [None] * len(table.cells)
    for field in ("name", "code"):
        if field in columns:
            cells = table.cells.iloc[:, columns[field].position].tolist()
            names = [
                found_text(cell, field) if name is None else name
                for name, cell in zip(names, cells, strict=True)
            ]
    return names


def _row_of(table: RawTable, names: list[str | None], row: int, village: str | None) -> int | None:
    """Return the row of a village now, None if it is gone or no longer told from others."""
    rows = [now for now, name in zip(table.rows, names, strict=True) if name == village]
    if village is None or row in rows:
        return row if row in table.rows else None
    return rows[0] if len(rows) == 1 else None


def _units_in_cells(table: RawTable, position: int, canonical: Unit) -> bool:
    """Tell whether every filled cell of a column names its unit itself."""
    texts = [as_found(cell) for cell in table.cells.iloc[:, position]] if len(table.cells) else []
    ends = {text.lstrip("约近0123456789.,，．０１２３４５６７８９ ") for text in texts if text}
    units = [parse_unit(end) for end in ends]
    return bool(units) and all(u is not None and u.dimension == canonical.dimension for u in units)


def _unit_decisions(table: RawTable, field: str, position: int) -> list[UnitDecision]:
    """Return the units a column may be in, ranked by how large a usual village would be."""
    canonical = unit_of_field(field)
    if canonical is None:
        raise AssertionError(field)
    names = {"money": _MONEY, "area": _AREA}.get(canonical.dimension, (canonical.name,))
    header = table.headers[position]
    figures = (
        [parse_number(cell) for cell in table.cells.iloc[:, position]] if len(table.cells) else []
    )
    positive = [figure for figure in figures if isinstance(figure, float) and figure > 0]
    if positive and field in _PLAUSIBLE:
        median, usual = float(np.median(positive)), _PLAUSIBLE[field]

        def strange(name: str) -> float:
            converted = float(convert(median, UNITS[name], canonical))
            return abs(float(np.log(converted / usual))) + _RARE.get(name, 0.0)

        names = tuple(sorted(names, key=lambda name: strange(name) - (name == canonical.name)))
    return [
        UnitDecision(file=table.file, sheet=table.sheet, header=header, unit=name)
        for name in names[:3]
    ]

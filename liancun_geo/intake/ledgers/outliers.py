"""Figures that are off by a factor: asked about with what they would be, never rescaled.

A figure is asked about if it lies far from all others of its column on a logarithmic scale (or,
where that is sharper, its ratio to the people or households of the same row does), if nothing
lies between it and the others, and if a change of unit or of one or two digits brings it among
them. Spread is 1.4826 times the median absolute deviation, which estimates the standard
deviation of a normal distribution and is not moved by the outliers themselves (Hampel 1974, "The
influence curve and its role in robust estimation", JASA 69).

Some figures are asked about without any such change: those so far beyond all others that they
cannot be right (a decade off the range of the county), and people that are no whole number.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final, NamedTuple

import numpy as np

from liancun_geo.decisions import ValueDecision, accepting
from liancun_geo.errors import Fault, warning
from liancun_geo.intake.identities.joining import Joined
from liancun_geo.intake.identities.read_table import ReadTable
from liancun_geo.intake.ledgers.blocks import (
    MOST_PROPOSALS,
    blocks_of,
    question_of_block,
    unit_question,
)
from liancun_geo.intake.ledgers.cells import as_found
from liancun_geo.intake.ledgers.figures import (
    COMPANIONS,
    FEWEST,
    FigureColumn,
    Floats,
    Spread,
    column_of,
    logs_of,
    other_units,
    sharpest,
    short,
)
from liancun_geo.messages import Listing
from liancun_geo.units import Unit
from liancun_geo.villages import FIELDS

_SPREADS_AWAY: Final = 4.0
_SPREADS_AWAY_DIGITS: Final = 6.0  # a digit too many is rarer than a wrong unit
_SPREADS_AMONG: Final = 2.0
_SPREADS_EXTREME: Final = 8.0
_GAP_EXTREME: Final = 1.0  # decades
_MOST_HALVES: Final = 5  # figures with fractions asked about one by one
_TOO_MANY: Final = 0.4
_DIGITS: Final = (0.1, 10.0, 0.01, 100.0)

USUAL: Final[Mapping[str, tuple[float, float]]] = MappingProxyType(
    {
        "population_registered_persons": (20.0, 50_000.0),
        "population_resident_persons": (20.0, 50_000.0),
        "collective_income_wan_yuan": (0.05, 5_000.0),
        "income_per_head_yuan": (500.0, 300_000.0),
    }
)
"""Where the median of a county lies, in the unit of the field. A median beyond means that the
whole column is in another unit; the bounds are wide on purpose and only ever ask."""
_LEAST_MU_PER_HEAD: Final = 0.15
_LEAST_SHARE_OF_AREA: Final = 0.02


class _Suspect(NamedTuple):
    column: FigureColumn
    record: int
    factors: tuple[float, ...]
    """The likeliest first; none for a figure that is only too far away."""
    times: float
    """How far from the centre."""
    usual: tuple[float, float]
    """Between which half of the others lie, in the unit of the field."""


def find_outliers(
    ledgers: Sequence[ReadTable],
    features: ReadTable | None = None,
    area_mu: Floats | None = None,
    left_out: Sequence[Collection[int]] = (),
) -> list[Fault]:
    """Return a question for each figure, or column, that seems to be off by a factor.

    Parameters
    ----------
    ledgers
        Tables of the ledger with their values.
    features
        Attributes of the boundary layer, looked at where the ledger has no such column.
    area_mu
        Areas of the villages in mu, which bound their land.
    left_out
        Records that nobody plans with, of each ledger and, last, of ``features``.

    Returns
    -------
    list of Fault
        Warnings with proposals: ``unit`` for a column, ``value`` for a cell, and ``accept``.
    """
    tables = [*ledgers, features] if features is not None else list(ledgers)
    unused = [sorted(records) for records in left_out] or [[]] * len(tables)
    of_field: dict[str, list[FigureColumn]] = {}
    for field in FIELDS:
        if FIELDS[field].kind != "number":
            continue
        columns = [
            column_of(table, field, records)
            for table, records in zip(tables, unused, strict=False)
            if field in table.attributes
        ]
        if features is not None and len(columns) > 1 and columns[-1].table is features:
            # The ledger goes before the layer.
            columns.pop()
        of_field[field] = columns
    blocks = {field: blocks_of(columns, USUAL) for field, columns in of_field.items()}
    asked: dict[int, dict[str, list[int]]] = {}
    for block in (one for found in blocks.values() for one in found):
        known = asked.setdefault(id(block.column.table), {})
        known.setdefault(block.column.field, []).extend(block.records)
    faults: list[Fault] = []
    suspects: list[_Suspect] = []
    for field, columns in of_field.items():
        left = [column.without(asked.get(id(column.table), {})) for column in columns]
        faults.extend(question_of_block(block) for block in blocks[field])
        more, others = _of_field(left, area_mu, whole=not blocks[field])
        faults.extend(more)
        suspects.extend(others)
    faults.extend(_question(suspect) for suspect in suspects)
    return faults


def _of_field(
    columns: list[FigureColumn], area_mu: Floats | None, *, whole: bool
) -> tuple[list[Fault], list[_Suspect]]:
    """Return the questions on columns of a field, and the cells to ask about."""
    shifted = dict(_shifted(columns))
    faults = list(shifted.values())
    columns = [column for number, column in enumerate(columns) if number not in shifted]
    if not shifted and whole:
        beyond = _whole(columns, area_mu)
        if beyond:
            return beyond, []
    suspects = _suspects(columns)
    asked = {(id(suspect.column.table), suspect.record) for suspect in suspects}
    for column in columns:
        faults.extend(_not_whole(column, asked))
    return faults, suspects


def left_out_records(
    joined: Joined, ledgers: Sequence[ReadTable], groups: Sequence[Sequence[int]]
) -> list[set[int]]:
    """Return the records that nobody plans with, of each ledger and, last, of the layer.

    Parameters
    ----------
    joined
        Which rows belong to which village, and which villages are planned.
    ledgers
        The tables it was joined from.
    groups
        Features of each village.
    """
    kept = set(joined.kept)
    used = {(match.table, match.record) for match in joined.matched if match.position in kept}
    # A row whose village is still asked for may be used yet.
    used.update((row.table, row.record) for row in joined.rows_without_village)
    rows = [
        {record for record in range(len(table)) if (number, record) not in used}
        for number, table in enumerate(ledgers)
    ]
    gone = {n for i, group in enumerate(groups) if i not in kept for n in group}
    return [*rows, gone]


def _shifted(columns: Sequence[FigureColumn]) -> Iterator[tuple[int, Fault]]:
    """Yield the columns that are off as a whole against those of the other sheets."""
    logs = [logs_of(column.values) for column in columns]
    for number, column in enumerate(columns):
        own = logs[number][~np.isnan(logs[number])]
        others = [part[~np.isnan(part)] for n, part in enumerate(logs) if n != number]
        rest = np.concatenate(others) if others else np.empty(0)
        if len(own) < 3 or len(rest) < FEWEST:
            continue
        spread = Spread(rest)
        off = float(np.median(own)) - spread.centre
        if abs(off) < max(0.8, 2.0 * spread.width):
            continue
        near = [
            (abs(off + math.log10(factor)), unit)
            for unit, factor in other_units(column)
            if abs(off + math.log10(factor)) <= min(abs(off) / 3, 2.0 * spread.width)
        ]
        if near:
            usual = 10.0**spread.centre
            yield (
                number,
                unit_question(column, [unit for _, unit in sorted(near, key=_how_near)], usual),
            )


def _how_near(pair: tuple[float, Unit]) -> float:
    return pair[0]


def _whole(columns: Sequence[FigureColumn], area_mu: Floats | None) -> list[Fault]:
    """Return questions on a field that is off in all its columns."""
    faults = []
    for column in columns:
        positive = column.values[column.values > 0]
        if len(positive) < FEWEST:
            continue
        median = float(np.median(positive))
        bounds = _bounds(column, area_mu)
        if bounds is None or bounds[0] <= median <= bounds[1]:
            continue
        middle = math.sqrt(max(bounds[0], bounds[1] / 100) * bounds[1])
        near = [
            (abs(math.log10(median * factor / middle)), unit)
            for unit, factor in other_units(column)
            if bounds[0] <= median * factor <= bounds[1]
        ]
        if near:
            low, high = (bound * column.scale for bound in bounds)
            units = [unit for _, unit in sorted(near, key=_how_near)]
            faults.append(unit_question(column, units, None, low=short(low), high=short(high)))
    return faults


def _bounds(column: FigureColumn, area_mu: Floats | None) -> tuple[float, float] | None:
    if column.field in USUAL:
        return USUAL[column.field]
    if not column.field.endswith("_mu") or area_mu is None or not len(area_mu):
        return None
    area = float(np.median(area_mu))
    people = [column.beside(name) for name in COMPANIONS[:2] if column.has(name)]
    land = float(np.median(column.values[column.values > 0]))
    if column.field != "arable_land_mu" or not people or not np.any(people[0] > 0):
        return 0.0, 1.2 * area
    # Little land is little only if it is so for the people and for the village.
    per_head = float(np.median(people[0][people[0] > 0]))
    little = land < _LEAST_MU_PER_HEAD * per_head and land < _LEAST_SHARE_OF_AREA * area
    return (_LEAST_MU_PER_HEAD * per_head if little else 0.0), 1.2 * area


def _suspects(columns: Sequence[FigureColumn]) -> list[_Suspect]:
    """Return the cells of a field that are off by a factor."""
    if not columns:
        return []
    values = np.concatenate([column.values for column in columns])
    plain = Spread(logs_of(values))
    if np.count_nonzero(values > 0) < FEWEST:
        return []
    spread = sharpest(columns, plain)
    apart = spread.isolated() & (np.abs(plain.away) >= 1.5 * plain.width)
    extreme = plain.isolated(_GAP_EXTREME) & (np.abs(plain.away) > _SPREADS_EXTREME * plain.width)
    asked = apart | extreme
    if not asked.any() or asked.sum() > _TOO_MANY * np.count_nonzero(values > 0):
        return []
    low, high = (float(q) for q in np.nanpercentile(values[values > 0], [25, 75]))
    starts = np.cumsum([0, *(len(column.values) for column in columns)])
    found = []
    for position in np.flatnonzero(asked):
        number = int(np.searchsorted(starts, position, side="right")) - 1
        column = columns[number]
        off = float(spread.away[position])
        factors = _factors(column, off, spread.width) if apart[position] else ()
        if factors or extreme[position]:
            # A figure of 1e308 is farther away than a float can say.
            times = 10.0 ** min(abs(float(plain.away[position])), 300.0)
            record = int(position - starts[number])
            found.append(_Suspect(column, record, factors, times, (low, high)))
    return found


def _factors(column: FigureColumn, away: float, width: float) -> tuple[float, ...]:
    """Return the factors that bring a figure among the others, the likeliest first."""
    units = [factor for _, factor in other_units(column)]
    fitting = []
    for rank, factors in enumerate((units, _DIGITS)):
        least = (_SPREADS_AWAY, _SPREADS_AWAY_DIGITS)[rank]
        if abs(away) < least * width:
            continue
        for factor in factors:
            left = abs(away + math.log10(factor))
            if left <= _SPREADS_AMONG * width + 0.1 and left < abs(away) / 2:
                fitting.append((left > width, rank, left, factor))
    if any(rank == 0 for _, rank, *_ in fitting):
        # Another unit explains the figure; a digit too many would be a guess beside it.
        fitting = [found for found in fitting if found[1] == 0]
    return tuple(dict.fromkeys(factor for *_, factor in sorted(fitting)))[:MOST_PROPOSALS]


def _question(suspect: _Suspect) -> Fault:
    column, record = suspect.column, suspect.record
    where = column.place(record)
    raw = _raw(column, record)
    stated = float(column.values[record]) * column.scale
    low, high = (bound * column.scale for bound in suspect.usual)
    said = {
        "value": _said(raw),
        "times": short(suspect.times),
        "low": short(low),
        "high": short(high),
        "unit": "" if column.unit is None else column.unit.name,
    }
    if not suspect.factors:
        fault = warning("outliers.extreme", where, **said)
        return fault.proposing(_meaning(column, record, ""), accepting(fault))
    of_unit = {factor: other.name for other, factor in other_units(column)}
    would = [short(stated * factor) for factor in suspect.factors]
    units = [of_unit[factor] for factor in suspect.factors if factor in of_unit]
    if len(units) > 1:
        second = {"other": units[0], "second": units[1], "would_second": would[1]}
        fault = warning("outliers.by_two_units", where, would=would[0], **second, **said)
    elif units:
        fault = warning("outliers.by_unit", where, other=units[0], would=would[0], **said)
    else:
        fault = warning("outliers.by_digits", where, would=would[0], **said)
    values = [_meaning(column, record, _exact(stated * factor)) for factor in suspect.factors]
    return fault.proposing(*values, accepting(fault))


def _not_whole(column: FigureColumn, asked: Collection[tuple[int, int]]) -> list[Fault]:
    """Ask about people or households with a fraction, unless they are asked about already."""
    unit = column.unit
    if unit is None or unit.dimension not in ("persons", "households") or column.scale != 1.0:
        return []
    # 0.1294 of 万人 is 1293.9999999999998 people to a float.
    whole = np.isclose(column.values, np.round(column.values), rtol=1e-12, atol=1e-8)
    fractions = np.flatnonzero(~whole & ~np.isnan(column.values))
    records = [int(n) for n in fractions if (id(column.table), int(n)) not in asked]
    if len(records) > _MOST_HALVES:
        examples = Listing(_said(_raw(column, record)) for record in records[:_MOST_HALVES])
        fault = warning(
            "outliers.not_whole_column", column.place(), count=len(records), examples=examples
        )
        return [fault.proposing(accepting(fault))]
    faults = []
    for record in records:
        fault = warning(
            "outliers.not_whole",
            column.place(record),
            value=_said(_raw(column, record)),
            unit=unit.name,
        )
        faults.append(fault.proposing(_meaning(column, record, ""), accepting(fault)))
    return faults


def _raw(column: FigureColumn, record: int) -> object:
    return column.table.raw.cells.iat[record, column.table.columns[column.field].position]


def _said(raw: object) -> str:
    return _exact(raw) if isinstance(raw, float) else as_found(raw)


def _meaning(column: FigureColumn, record: int, value: str) -> ValueDecision:
    """Return the decision that a figure means a value; ``""`` for missing."""
    header = column.table.columns[column.field].header
    row = column.table.identity(record)
    return ValueDecision(**row, header=header, found=as_found(_raw(column, record)), value=value)


def _exact(value: float) -> str:
    return f"{value:.10g}"

"""Ledger rows to villages, and what the ledger says of each village."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, NamedTuple

import pandas as pd

from liancun_geo.decisions import DropRowDecision, ExcludeDecision, KeepDecision, Replay
from liancun_geo.errors import Fault, Where, error, warning
from liancun_geo.intake.identities.asking import code_disagreements, open_faults, stray_faults
from liancun_geo.intake.identities.identity import WhereOf, is_missing, same
from liancun_geo.intake.identities.matching import How, Matching, Outcome, notices_of
from liancun_geo.intake.identities.read_table import ReadTable
from liancun_geo.intake.identities.register import Register
from liancun_geo.intake.ledgers.cells import as_found
from liancun_geo.villages import FIELDS

__all__ = ["Joined", "Match", "ReadTable", "Unmatched", "exclude_decided", "join_ledger"]

_DESCRIPTIVE = ("name", "township", "township_code", "county")
_IDENTITY = ("code", *_DESCRIPTIVE)

OnUnmatched = Literal["stop", "exclude", "keep"]


class Match(NamedTuple):
    """A row with its village: by code, exact name, form of the name, or a person's decision."""

    position: int
    table: int
    record: int
    how: How


class Unmatched(NamedTuple):
    """A row without a village, and the villages that wait for the answer on it."""

    table: int
    record: int
    likely: tuple[int, ...] = ()


@dataclass
class Joined:
    """Villages with what the ledger says of them.

    Attributes
    ----------
    attributes
        All villages with merged values, ledger before boundaries.
    kept
        Positions of the villages to plan.
    faults
        Errors, questions and notices.
    excluded
        What was left out, villages and rows.
    matched
        Rows with their village, in the order of tables and rows.
    villages_without_row
        Positions, excluded ones included.
    rows_without_village
        Table and record of each, with the villages it may be by name or code; rows that a person
        dropped are not among them.
    """

    attributes: pd.DataFrame
    kept: list[int]
    faults: list[Fault] = field(default_factory=list)
    excluded: list[Fault] = field(default_factory=list)
    matched: list[Match] = field(default_factory=list)
    villages_without_row: list[int] = field(default_factory=list)
    rows_without_village: list[Unmatched] = field(default_factory=list)


class _Cell(NamedTuple):
    value: Any
    table: int
    record: int


def join_ledger(
    villages: pd.DataFrame,
    tables: Sequence[ReadTable],
    where_of: WhereOf,
    on_unmatched: OnUnmatched,
    *,
    replay: Replay = Replay(),
) -> Joined:
    """Join ledger tables to villages.

    A row is matched by its code; else by township and exact name; else by township and another
    form of the name (王权村村民委员会 = 王权村), if it can be no other pair. Everything else is a
    question: an error whose fixes are decisions.

    Parameters
    ----------
    villages
        Parsed attributes of the boundaries, one row a village, index 0 .. n-1; not changed.
    tables
        Ledger tables.
    where_of
        Position of a village -> its place in the boundary file.
    on_unmatched
        See :class:`~liancun_geo.settings.DataSettings`.
    replay
        Decisions on rows and villages.

    Returns
    -------
    Joined
        All villages with merged values, the positions to keep, errors and warnings, what was
        left out, and which row belongs to which village.
    """
    register = Register(villages)
    joined = Joined(villages.copy(), list(range(len(villages))))
    matchings = [Matching(register, table, replay).run() for table in tables]
    awaited: set[int] = set()
    strays: list[Fault] = []
    cells: dict[str, dict[int, _Cell]] = {name: {} for name in FIELDS}
    for number, matching in enumerate(matchings):
        if on_unmatched != "stop":
            _let_go(matching)
        joined.faults.extend(open_faults(matching))
        strays.extend(stray_faults(matching) if on_unmatched == "stop" else _plain_strays(matching))
        joined.faults.extend(code_disagreements(matching))
        joined.faults.extend(matching.faults)
        joined.faults.extend(notices_of(matching))
        awaited.update(_keep_outcomes(joined, matching, number))
        _collect(cells, matching, number, tables, joined.faults)
    excluded = exclude_decided(joined, where_of, replay)
    _merge(joined, cells, where_of)
    found = {match.position for match in joined.matched}
    joined.villages_without_row = [p for p in range(len(villages)) if p not in found]
    # Whoever answers the question on the row answers that on the village.
    settled = excluded | awaited | set(register.nameless)
    lonely = [position for position in joined.villages_without_row if position not in settled]
    lonely = _kept_by_decision(joined, lonely, register, where_of, replay)
    _unmatched(joined, lonely, strays, register, where_of, on_unmatched)
    return joined


def _keep_outcomes(joined: Joined, matching: Matching, number: int) -> set[int]:
    """Write down which row belongs to which village; return the villages asked about."""
    awaited: set[int] = set()
    for outcome in matching.outcomes:
        if outcome.position is not None and outcome.how is not None:
            match = Match(outcome.position, number, outcome.record, outcome.how)
            joined.matched.append(match)
        elif outcome.state != "dropped":
            row = Unmatched(number, outcome.record, outcome.awaited)
            joined.rows_without_village.append(row)
            awaited.update(outcome.awaited)
    return awaited


def exclude_decided(joined: Joined, where_of: WhereOf, replay: Replay) -> set[int]:
    """Leave out the villages that people have excluded, and return their positions."""
    if not any(isinstance(decision, ExcludeDecision) for decision in replay.decisions):
        return set()
    register = Register(joined.attributes)
    out = {
        position
        for position in range(len(register))
        if replay.of_village(ExcludeDecision, where_of(position), register.reference(position))
    }
    joined.kept = [position for position in joined.kept if position not in out]
    joined.excluded.extend(warning("names.village_excluded", where_of(p)) for p in sorted(out))
    return out


def _kept_by_decision(
    joined: Joined, lonely: list[int], register: Register, where_of: WhereOf, replay: Replay
) -> list[int]:
    """Keep the villages that people want planned without figures; return the others."""
    keep = {
        position
        for position in lonely
        if replay.of_village(KeepDecision, where_of(position), register.reference(position))
    }
    joined.faults.extend(warning("intake.village_kept_empty", where_of(p)) for p in sorted(keep))
    return [position for position in lonely if position not in keep]


def _let_go(matching: Matching) -> None:
    """Count rows whose code is not on the map as rows without a village."""
    for outcome in matching.outcomes:
        if outcome.reason == "unknown":
            outcome.state, outcome.fault, outcome.awaited = "stray", None, ()


def _plain_strays(matching: Matching) -> list[Fault]:
    return [
        warning("intake.row_dropped", matching.table.where(outcome.record))
        for outcome in matching.outcomes
        if outcome.state == "stray"
    ]


def _collect(
    cells: dict[str, dict[int, _Cell]],
    matching: Matching,
    number: int,
    tables: Sequence[ReadTable],
    faults: list[Fault],
) -> None:
    """Take the values of one table; two rows may complete, not contradict each other."""
    table = tables[number]
    told: set[tuple[int, int]] = set()
    for name in table.attributes.columns:
        known = cells[name]
        values = table.attributes[name].tolist()
        for outcome, value in zip(matching.outcomes, values, strict=True):
            position = outcome.position
            if position is None or is_missing(value):
                continue
            if _is_settled(matching, outcome, position, name):
                continue
            before = known.setdefault(position, _Cell(value, number, outcome.record))
            if not same(before.value, value):
                fault = _difference(table, outcome.record, name, value, before, tables)
                pair = (before.record, outcome.record)
                if before.table == number and pair not in told:
                    told.add(pair)
                    twins = [DropRowDecision(**table.identity(record)) for record in pair[::-1]]
                    fault = fault.proposing(*twins)
                faults.append(fault)


def _is_settled(matching: Matching, outcome: Outcome, position: int, name: str) -> bool:
    """Tell whether the map has said who the village is, so that the row need not."""
    register = matching.register
    known = {
        "code": register.codes,
        "name": register.names,
        "township": register.town_names,
        "township_code": register.town_codes,
    }.get(name)
    if known is None or known[position] is None:
        return False
    if outcome.how != "code":
        return True
    # One township must not get two names because the ledger writes it in another way.
    return name == "township" and register.town_of[position] in outcome.towns


def _difference(
    table: ReadTable,
    record: int,
    name: str,
    value: Any,
    before: _Cell,
    tables: Sequence[ReadTable],
) -> Fault:
    other = tables[before.table]
    where = replace(table.where(record), field=table.columns[name].header)
    # How two sheets write a name is no matter of the plan; two names in one sheet are.
    loose = name in _DESCRIPTIVE and other is not table
    make, key = (warning, "intake.rows_differ") if loose else (error, "intake.rows_contradict")
    return make(
        key,
        where,
        value=_shown(value),
        before=_shown(before.value),
        row=other.raw.rows[before.record],
        file=other.raw.file,
    )


def _shown(value: Any) -> str:
    return "、".join(value) if isinstance(value, tuple) else as_found(value)


def _merge(joined: Joined, cells: dict[str, dict[int, _Cell]], where_of: WhereOf) -> None:
    """Write ledger values over those of the boundaries; one warning a field that differed."""
    columns: dict[str, pd.Series] = {}
    for name, found in cells.items():
        if not found:
            continue
        numeric = FIELDS[name].kind in ("number", "year")
        missing = float("nan") if numeric else None
        count = len(joined.attributes)
        base = joined.attributes[name].tolist() if name in joined.attributes else [missing] * count
        different: list[tuple[int, Any, Any]] = []
        for position, cell in sorted(found.items()):
            if not is_missing(base[position]) and not same(base[position], cell.value):
                different.append((position, base[position], cell.value))
            base[position] = cell.value
        columns[name] = pd.Series(base, dtype="float64" if numeric else object)
        if different:
            position, old, new = different[0]
            label = FIELDS[name]
            joined.faults.append(
                warning(
                    "intake.ledger_wins",
                    where_of(position),
                    zh=label.zh,
                    en=label.en,
                    count=len(different),
                    old=_shown(old),
                    new=_shown(new),
                )
            )
    joined.attributes = joined.attributes.assign(**columns)


def _unmatched(
    joined: Joined,
    lonely: list[int],
    strays: list[Fault],
    register: Register,
    where_of: WhereOf,
    on_unmatched: OnUnmatched,
) -> None:
    if on_unmatched == "stop":
        for position in lonely:
            where = where_of(position)
            fixes = [
                kind(
                    file=where.file or "",
                    village=register.reference(position),
                    note=register.label(position),
                )
                for kind in (KeepDecision, ExcludeDecision)
            ]
            joined.faults.append(error("intake.village_without_row", where).proposing(*fixes))
        joined.faults.extend(strays)
        return
    if on_unmatched == "keep":
        joined.faults.extend(warning("intake.village_kept_empty", where_of(p)) for p in lonely)
        joined.faults.extend(strays)
        return
    left_out = set(lonely)
    joined.kept = [position for position in joined.kept if position not in left_out]
    joined.excluded.extend(warning("intake.village_excluded", where_of(p)) for p in lonely)
    joined.excluded.extend(strays)
    if lonely or strays:
        key = "intake.unmatched_excluded"
        joined.faults.append(warning(key, Where(), villages=len(lonely), rows=len(strays)))

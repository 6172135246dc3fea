"""Confirmed decisions that cannot both hold: two answers to one question."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Iterator, Sequence
from typing import TypeVar

from liancun_geo.decision_kinds import (
    AnyDecision,
    CodeDecision,
    ContiguityDecision,
    CrsDecision,
    Decision,
    DropRowDecision,
    EncodingDecision,
    ExcludeDecision,
    HeaderDecision,
    KeepDecision,
    LayerDecision,
    MatchDecision,
    OfColumn,
    OfRow,
    RowsUnitDecision,
    SameNameDecision,
    TownshipDecision,
    UnitDecision,
    ValueDecision,
    short_code,
)

D = TypeVar("D", bound=AnyDecision)

_SIGNED = {"confirmed", "by", "on", "note"}


def essence(decision: AnyDecision) -> str:
    """Return what a decision says, whoever signed it."""
    return decision.model_dump_json(exclude=_SIGNED)


def claims(decision: AnyDecision) -> Iterator[tuple[Hashable, object]]:
    """Yield what a decision answers and what it answers; other kinds contradict nothing."""
    match decision:
        case LayerDecision():
            yield ("layer", decision.file), decision.layer
        case EncodingDecision():
            yield ("encoding", decision.file), decision.encoding.casefold()
        case CrsDecision():
            yield ("crs", decision.file, decision.content), decision.crs.casefold()
        case HeaderDecision():
            yield ("header", decision.file, decision.sheet, decision.header), decision.field
        case UnitDecision():
            yield ("unit", decision.file, decision.sheet, decision.header), decision.unit
        case RowsUnitDecision():
            yield ("rows_unit", *_column(decision), _rows(decision)), decision.unit
        case SameNameDecision():
            named = (decision.file, decision.township, decision.name)
            yield ("same_name", *named), decision.meaning
        case TownshipDecision():
            answer = (decision.meaning, decision.name)
            yield ("township", decision.file, decision.village), answer
        case ContiguityDecision():
            for name in ("gap_tolerance_m", "min_shared_border_m"):
                metres = getattr(decision, name)
                if metres is not None:
                    yield (name,), metres
        case _:
            yield from _of_villages(decision)


def _of_villages(decision: AnyDecision) -> Iterator[tuple[Hashable, object]]:
    match decision:
        case ValueDecision():
            cell = (*_row(decision), decision.header, decision.found)
            yield ("value", *cell), decision.value
        case CodeDecision():
            yield ("code", *_row(decision)), decision.right
        case MatchDecision():
            village = short_code(decision.village)
            yield ("row", *_row(decision)), village
            yield ("village", village), "matched"
        case DropRowDecision():
            yield ("row", *_row(decision)), None
        case ExcludeDecision() | KeepDecision():
            village = short_code(decision.village)
            yield ("planned", decision.file, village), decision.kind
            if isinstance(decision, ExcludeDecision):
                yield ("village", village), "excluded"


def _row(decision: OfRow) -> tuple[Hashable, ...]:
    code = short_code(decision.code)
    return (decision.file, decision.sheet, decision.row, decision.township, decision.name, code)


def contradictions(decisions: Sequence[Decision]) -> list[tuple[int, int]]:
    """Return the confirmed decisions that contradict an earlier one, as pairs of positions.

    Parameters
    ----------
    decisions
        Unconfirmed ones are left aside.
    """
    first: dict[Hashable, tuple[int, object]] = {}
    found: dict[tuple[int, int], None] = {}
    for number, decision in enumerate(decisions):
        if not decision.confirmed:
            continue
        for slot, answer in claims(decision):
            before, known = first.setdefault(slot, (number, answer))
            if known != answer:
                found[before, number] = None
    found.update(dict.fromkeys((*_overlaps(decisions), *_crs_of_any_content(decisions))))
    return list(found)


def _crs_of_any_content(decisions: Sequence[Decision]) -> Iterator[tuple[int, int]]:
    """Yield decisions on the CRS of a file, and those on it whatever its content that differ."""
    confirmed = [
        (number, decision)
        for number, decision in enumerate(decisions)
        if decision.confirmed and isinstance(decision, CrsDecision)
    ]
    whatever = {one.file: (number, one) for number, one in confirmed if one.content is None}
    for number, decision in confirmed:
        other, known = whatever.get(decision.file, (number, decision))
        if decision.content is not None and _clash(decision, known):
            yield min(number, other), max(number, other)


def _overlaps(decisions: Sequence[Decision]) -> Iterator[tuple[int, int]]:
    """Yield blocks of rows of one column that share rows and are in different units."""
    of_column: dict[Hashable, list[tuple[int, int, int]]] = {}
    for number, decision in enumerate(decisions):
        if decision.confirmed and isinstance(decision, RowsUnitDecision):
            block = (decision.first_row, decision.last_row, number)
            of_column.setdefault(_column(decision), []).append(block)
    for blocks in of_column.values():
        blocks.sort()
        end, last = 0, -1  # the block that reaches farthest so far
        for first_row, last_row, number in blocks:
            if first_row <= end and _unit(decisions[last]) != _unit(decisions[number]):
                yield min(last, number), max(last, number)
            if last_row > end:
                end, last = last_row, number


def _unit(decision: AnyDecision) -> str | None:
    return decision.unit if isinstance(decision, RowsUnitDecision) else None


def _column(decision: OfColumn) -> tuple[Hashable, ...]:
    return (decision.file, decision.sheet, decision.header)


def _rows(decision: RowsUnitDecision) -> tuple[Hashable, ...]:
    ends = (decision.first_village, decision.last_village)
    return (decision.first_row, decision.last_row, *ends)


def contradicted(by: AnyDecision, among: Iterable[D]) -> list[D]:
    """Return those of some decisions, confirmed or not, that a decision contradicts."""
    own = dict(claims(by))
    return [
        decision
        for decision in among
        if any(slot in own and own[slot] != answer for slot, answer in claims(decision))
        or _clash(by, decision)
    ]


def _clash(one: AnyDecision, other: AnyDecision) -> bool:
    """Tell whether decisions that answer no equal question answer one differently.

    Blocks of rows that share some, and a CRS for one content of a file and for any content.
    """
    if isinstance(one, CrsDecision) and isinstance(other, CrsDecision):
        same = one.file == other.file and None in (one.content, other.content)
        return same and one.crs.casefold() != other.crs.casefold()
    return (
        isinstance(one, RowsUnitDecision)
        and isinstance(other, RowsUnitDecision)
        and _column(one) == _column(other)
        and one.unit != other.unit
        and one.first_row <= other.last_row
        and other.first_row <= one.last_row
    )


def without_contradicted(
    before: Iterable[Decision], new: Collection[Decision]
) -> tuple[Decision, ...]:
    """Return decisions with new ones that replace those they contradict."""
    kept = list(before)
    for decision in new:
        replaced = {id(old) for old in contradicted(decision, kept)}
        kept = [old for old in kept if id(old) not in replaced]
    return tuple(dict.fromkeys((*kept, *new)))


def answers(decision: AnyDecision) -> tuple[object, ...]:
    """Return what a decision answers, whatever it was asked by."""
    return tuple(answer for _, answer in claims(decision))

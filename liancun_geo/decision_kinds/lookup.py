"""How a decision is found again: what it is looked up by, and whether it means a row."""

from __future__ import annotations

from collections.abc import Hashable

from liancun_geo.decision_kinds import (
    AcceptDecision,
    Decision,
    ExcludeDecision,
    KeepDecision,
    OfColumn,
    OfFile,
    OfRow,
    SameNameDecision,
    TownshipDecision,
    short_code,
)
from liancun_geo.errors import Where


def lookup_key(decision: Decision) -> Hashable:
    """Return what a decision is looked up by."""
    if isinstance(decision, AcceptDecision):
        said = decision.model_dump(exclude={"confirmed", "by", "on", "note"})
        return tuple(said.values())
    if isinstance(decision, OfColumn):
        return (decision.kind, decision.file, decision.sheet, decision.header)
    if isinstance(decision, OfRow):
        # By its name, so that thousands of decisions are found as fast as one.
        other = decision.row if decision.code is None else short_code(decision.code)
        other = None if decision.name is not None else other
        return (decision.kind, decision.file, decision.sheet, decision.name, other)
    if isinstance(decision, ExcludeDecision | KeepDecision):
        return (decision.kind, decision.file, short_code(decision.village))
    if isinstance(decision, TownshipDecision):
        return (decision.kind, decision.file, decision.village)
    if isinstance(decision, SameNameDecision):
        return (decision.kind, decision.file, decision.township, decision.name)
    if isinstance(decision, OfFile):
        return (decision.kind, decision.file)
    return decision.kind


def same_row(decision: OfRow, where: Where) -> bool:
    """Say whether a decision on a row is about the row at a place."""
    same_number = decision.row is not None and decision.row == where.row
    known = False
    for wanted, found in (
        (decision.code and short_code(decision.code), where.code and short_code(where.code)),
        (decision.name, where.village),
        (decision.township, where.township),
    ):
        # A column that another decision leaves out says nothing any more.
        if wanted is not None and wanted != found and not (found is None and same_number):
            return False
        known = known or (wanted is not None and found is not None)
    named = decision.code is not None or decision.name is not None
    if named and decision.row is not None and not same_number and decision.code is None:
        # Made for a row that says no township; its namesake says one.
        known = known and (decision.township is not None or where.township is None)
    return known if named else same_number

"""Edits made: from a state and an edit to the next state, or the reason why not.

A rule of the plan stops no edit: what it breaks is shown, and can be repaired. Locks stop edits,
and so do township borders that the settings do not open.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from liancun_geo.editing import kinds
from liancun_geo.editing.base import Base
from liancun_geo.editing.entries import misled
from liancun_geo.editing.kinds import Edit, EditError
from liancun_geo.editing.state import State, settled
from liancun_geo.errors import Fault, Where, error
from liancun_geo.plan import UNASSIGNED
from liancun_geo.reasons import Names
from liancun_geo.villages import village_where


def applied(base: Base, state: State, edit: Edit) -> State:
    """Return the state after an edit.

    Raises
    ------
    EditError
        If it cannot be made at all: a code that the county does not have, a lead that does not
        lead, a village that is locked, villages of two zones, or nothing that would change.
    """
    after = _MAKERS[edit.kind](base, state, edit)
    _hold_locks(base, state, after)
    _stay_in_zone(base, state, after)
    same = (after.lead_of == state.lead_of).all() and after.left_out == state.left_out
    told = edit.kind == "consulted"  # what was said is kept even where nothing follows
    if same and after.locked == state.locked and after.ties == state.ties and not told:
        raise EditError([error("editing.nothing")])
    return after


def successor(base: Base, state: State, villages: Iterable[int]) -> int:
    """Return who leads villages best: the fewest broken rules, then the most points."""
    inside = tuple(sorted(villages))
    judge, problem = base.judge(state), base.scenario.problem

    def worth(lead: int) -> tuple[int, bool, float, int]:
        points = judge.points_of(lead, inside)
        broken = len(judge.checker.of_alliance(lead, inside))
        barred = not (problem.can_lead[lead] and math.isfinite(float(problem.lead_cost[lead])))
        return (broken, barred, -points, lead)

    return min(inside, key=worth)


class _Board:
    """Villages being put elsewhere; alliances that lose their lead get another one."""

    def __init__(self, base: Base, state: State) -> None:
        self.base, self.state = base, state
        self.lead_of = state.lead_of.copy()
        self.leaderless: list[list[int]] = []

    def take(self, villages: Iterable[int]) -> None:
        """Take villages out of their alliances; what a lead leaves behind waits for another."""
        taken = list(villages)
        gone = [v for v in taken if self.state.leads(v)]
        self.lead_of[taken] = UNASSIGNED
        for lead in gone:
            rest = np.flatnonzero(self.lead_of == lead).tolist()
            self.lead_of[rest] = UNASSIGNED
            if rest:
                self.leaderless.append(rest)

    def put(self, villages: list[int], lead: int | None) -> None:
        """Put villages under a lead, that of another alliance or one of them; None: the best."""
        own = successor(self.base, self.state, villages) if lead is None else lead
        self.lead_of[villages] = own

    def done(self, reasons: dict[int, str] | None = None) -> State:
        """Find leads for alliances that lost theirs, and return the state."""
        for rest in self.leaderless:
            self.put(rest, None)
        return settled(self.state, self.lead_of, reasons=reasons)


def _move(base: Base, state: State, edit: kinds.Move) -> State:
    villages, target = base.positions(edit.villages), _lead(base, state, edit.to)
    coming = [v for v in villages if int(state.lead_of[v]) != target]
    board = _Board(base, state)
    board.take(coming)
    board.put(coming, target)
    return board.done()


def _swap(base: Base, state: State, edit: kinds.Swap) -> State:
    (first,), (second,) = base.positions([edit.first]), base.positions([edit.second])
    homes = int(state.lead_of[first]), int(state.lead_of[second])
    if homes[0] == homes[1]:
        raise EditError([error("editing.nothing")])
    board = _Board(base, state)
    for leaving, coming, home in ((first, second, homes[0]), (second, first, homes[1])):
        if home == UNASSIGNED:
            board.lead_of[coming] = UNASSIGNED
            continue
        inside = sorted({*state.villages_of(home)} - {leaving} | {coming})
        board.put(inside, None if home == leaving else home)
    return board.done()


def _set_lead(base: Base, state: State, edit: kinds.SetLead) -> State:
    (village,) = base.positions([edit.village])
    lead = int(state.lead_of[village])
    if lead == UNASSIGNED:
        raise EditError([error("editing.not_placed", _where(base, village))])
    board = _Board(base, state)
    board.put(list(state.villages_of(lead)), village)
    return board.done()


def _leave_out(base: Base, state: State, edit: kinds.LeaveOut) -> State:
    villages = base.positions(edit.villages)
    board = _Board(base, state)
    board.take(villages)
    return board.done(dict.fromkeys(villages, edit.reason))


def _new(base: Base, state: State, edit: kinds.NewAlliance) -> State:
    return _as_new(base, state, base.positions(edit.villages), edit.lead)


def _as_new(base: Base, state: State, villages: list[int], lead: str | None) -> State:
    own = None if lead is None else base.positions([lead])[0]
    if own is not None and own not in villages:
        raise EditError([error("editing.lead_not_inside", _where(base, own))])
    board = _Board(base, state)
    board.take(villages)
    board.put(villages, own)
    return board.done()


def _dissolve(base: Base, state: State, edit: kinds.Dissolve) -> State:
    board = _Board(base, state)
    board.take(state.villages_of(_lead(base, state, edit.lead)))
    return board.done()


def _split(base: Base, state: State, edit: kinds.Split) -> State:
    lead, villages = _lead(base, state, edit.lead), base.positions(edit.villages)
    inside = set(state.villages_of(lead))
    outside = [v for v in villages if v not in inside]
    if outside:
        raise EditError(error("editing.not_inside", _where(base, v)) for v in outside)
    if len(villages) == len(inside):
        raise EditError([error("editing.nothing")])
    return _as_new(base, state, villages, edit.new_lead)


def _merge(base: Base, state: State, edit: kinds.Merge) -> State:
    lead, into = _lead(base, state, edit.lead), _lead(base, state, edit.into)
    board = _Board(base, state)
    board.put(list(state.villages_of(lead)), into)
    return board.done()


def _lock(base: Base, state: State, edit: kinds.Lock) -> State:
    return replace(state, locked=state.locked | set(base.positions(edit.villages)))


def _unlock(base: Base, state: State, edit: kinds.Unlock) -> State:
    return replace(state, locked=state.locked - set(base.positions(edit.villages)))


def _tie(base: Base, state: State, edit: kinds.Together | kinds.Apart | kinds.Untie) -> State:
    a, b = sorted(base.positions([edit.a, edit.b]) * (2 if edit.a == edit.b else 1))
    pair, where = (a, b), _where(base, a)
    other = Names((b,), base.scenario.villages)
    if a == b:
        raise EditError([error("editing.tie_itself", where)])
    if edit.kind == "untie":
        together = tuple(p for p in state.together if p != pair)
        return replace(state, together=together, apart=tuple(p for p in state.apart if p != pair))
    rules = base.scenario.problem.rules
    together_now = {*state.together, *map(tuple, rules.must_together.tolist())}
    apart_now = {*state.apart, *map(tuple, rules.never_together.tolist())}
    if edit.kind == "together":
        if pair in apart_now:
            raise EditError([error("editing.tie_apart", where, other=other)])
        if base.zone_of[a] != base.zone_of[b]:
            raise EditError([error("editing.tie_zone", where, other=other)])
        return replace(state, together=tuple(sorted({*state.together, pair})))
    if pair in together_now:
        raise EditError([error("editing.tie_together", where, other=other)])
    return replace(state, apart=tuple(sorted({*state.apart, pair})))


def _adopt(base: Base, state: State, edit: kinds.Adopt) -> State:
    villages = base.positions(edit.lead_of)
    named = [lead for lead in edit.lead_of.values() if lead is not None]
    base.positions(named)
    lead_of = state.lead_of.copy()
    for village, lead in zip(villages, edit.lead_of.values(), strict=True):
        lead_of[village] = UNASSIGNED if lead is None else base.position[lead]
    if wrong := misled(lead_of):
        raise EditError(error("editing.adopt_misled", _where(base, v)) for v in wrong[:20])
    return settled(state, lead_of)


def _consulted(base: Base, state: State, edit: kinds.Consulted) -> State:
    base.positions(answer.village for answer in edit.answers)
    after = state
    if edit.lead_of:
        after = _adopt(base, state, kinds.Adopt(lead_of=edit.lead_of))
    for a, b in edit.together:
        after = _tie(base, after, kinds.Together(a=a, b=b))
    for a, b in edit.apart:
        after = _tie(base, after, kinds.Apart(a=a, b=b))
    return replace(after, locked=after.locked | set(base.positions(edit.lock)))


_MAKERS: dict[str, Callable[[Base, State, Any], State]] = {
    "move": _move,
    "swap": _swap,
    "set_lead": _set_lead,
    "leave_out": _leave_out,
    "new_alliance": _new,
    "dissolve": _dissolve,
    "split": _split,
    "merge": _merge,
    "lock": _lock,
    "unlock": _unlock,
    "together": _tie,
    "apart": _tie,
    "untie": _tie,
    "adopt": _adopt,
    "consulted": _consulted,
}


def _lead(base: Base, state: State, code: str) -> int:
    (lead,) = base.positions([code])
    if not state.leads(lead):
        raise EditError([error("editing.not_a_lead", _where(base, lead))])
    return lead


def _where(base: Base, village: int) -> Where:
    return village_where(base.scenario.villages.frame, village)


def _hold_locks(base: Base, before: State, after: State) -> None:
    """Refuse what moves a locked village, or joins an alliance that is locked as a whole."""
    moved = np.flatnonzero(before.lead_of != after.lead_of).tolist()
    held = [v for v in moved if v in before.locked]
    faults: list[Fault] = [error("editing.locked", _where(base, v)) for v in held]
    joined = {int(after.lead_of[v]) for v in moved if v not in before.locked} - {UNASSIGNED}
    for lead in sorted(joined):
        if before.leads(lead) and before.wholly_locked(lead):
            faults.append(error("editing.locked_alliance", _where(base, lead)))
    if faults:
        raise EditError(faults)


def _stay_in_zone(base: Base, before: State, after: State) -> None:
    moved = np.flatnonzero(before.lead_of != after.lead_of).tolist()
    faults = []
    for village in moved:
        lead = int(after.lead_of[village])
        if lead != UNASSIGNED and base.zone_of[village] != base.zone_of[lead]:
            other = Names((lead,), base.scenario.villages)
            faults.append(error("editing.other_zone", _where(base, village), lead=other))
    if faults:
        raise EditError(faults)

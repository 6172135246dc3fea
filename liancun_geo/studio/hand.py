"""The planner's hand on the map: what is selected, and every event turned into an edit.

No Streamlit in here. An event never fails the page: an edit that cannot be made is said in a
note on the map, and the plan stays as it is.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from liancun_geo.editing import (
    Apart,
    Dissolve,
    Draft,
    Edit,
    EditError,
    LeaveOut,
    Lock,
    Merge,
    Move,
    NewAlliance,
    SetLead,
    Split,
    Swap,
    Together,
    Unlock,
    Untie,
)
from liancun_geo.messages import Language, message
from liancun_geo.plan import UNASSIGNED
from liancun_geo.studio.desk import WHOLE_COUNTY, Desk
from liancun_geo.studio.lookahead import BestMoves
from liancun_geo.studio.mapping import Event
from liancun_geo.studio.solving import Solving
from liancun_geo.villages import townships_of
from liancun_geo.why.wording import signed

__all__ = ["Hand", "Note", "edit_of", "township_of", "zones_in_view"]


@dataclass(frozen=True, slots=True)
class Note:
    """What the map says for five seconds after an edit."""

    number: int
    text: str
    undo: bool = False


@dataclass
class Hand:
    """What one planner holds on the map of the plan on show.

    Attributes
    ----------
    selected
        Positions, in the order they were chosen.
    note
        Of the last edit.
    max_moves
        How many villages 优化其余 may move; None for any number.
    solving
        The search that is running, if any.
    best
        Best moves of the villages in view.
    moved_on
        Whether the view went to another township, which the rest of the page shows too.
    """

    selected: tuple[int, ...] = ()
    note: Note | None = None
    max_moves: int | None = 5
    solving: Solving | None = None
    best: BestMoves = field(default_factory=BestMoves)
    moved_on: bool = False
    _notes: int = 0

    def emptied(self) -> Hand:
        """Return an empty hand for another plan, on the same map.

        Its notes are numbered on, for the map shows no number twice; a search for the plan that
        is no longer on show ends.
        """
        if self.solving is not None:
            self.solving.cancel()
        return Hand(max_moves=self.max_moves, _notes=self._notes)

    def hear(self, desk: Desk, event: Event, at: datetime) -> None:
        """Do what an event asks for.

        Parameters
        ----------
        desk
            With the plan on show; it gets the plan after the edit.
        event
            Already checked against the county.
        at
            Now, with its time zone.
        """
        draft = desk.draft
        if draft is None:
            return
        try:
            self._do(desk, draft, event, at)
        except EditError as cause:
            text = "".join(fault.text(desk.language) for fault in cause.faults[:1])
            self._tell(text)

    def _do(self, desk: Desk, draft: Draft, event: Event, at: datetime) -> None:
        match event.type:
            case "select":
                self.selected = event.villages
            case "township":
                assert event.township is not None
                desk.view(event.township)
                self.selected, self.moved_on = (), True
            case "undo" | "redo" | "jump":
                self._walk(desk, draft, event)
            case "note":
                assert event.n is not None
                desk.replace(draft.noted(event.n, event.text or ""))
            case "reoptimise" | "repair":
                self.max_moves = event.max_moves if event.type == "reoptimise" else self.max_moves
                self._solve(desk, draft, event, at)
            case "cancel":
                if self.solving is not None:
                    self.solving.cancel()
            case _:
                edit = edit_of(event, desk, draft)
                if edit is not None:
                    self._apply(desk, draft, edit, at)

    def _walk(self, desk: Desk, draft: Draft, event: Event) -> None:
        if event.type == "jump":
            assert event.n is not None
            desk.replace(draft.jump(event.n))
        else:
            desk.replace(draft.undo() if event.type == "undo" else draft.redo())
        self.note = None

    def _apply(self, desk: Desk, draft: Draft, edit: Edit, at: datetime) -> None:
        after = draft.after(edit, at=at, by=desk.by)
        desk.replace(after)
        self._told(after, desk.language)

    def _told(self, draft: Draft, language: Language) -> None:
        entry = draft.entries[draft.cursor - 1]
        said = draft.sentence(draft.cursor).text(language)
        if entry.change is None or isinstance(entry.edit, Lock | Unlock):
            self._tell(said, undo=True)
        else:
            told = message("adjust_step.edited", language, edit=said, change=signed(entry.change))
            self._tell(told, undo=True)

    def _tell(self, text: str, *, undo: bool = False) -> None:
        self._notes += 1
        self.note = Note(self._notes, text, undo)

    # --- the solver ---------------------------------------------------------------------------

    def _solve(self, desk: Desk, draft: Draft, event: Event, at: datetime) -> None:
        if self.solving is not None:
            return
        # An approved version says that it stays before anything is searched.
        desk.replace(draft)
        zones = zones_in_view(desk, draft)
        if event.type == "repair":
            self.solving = Solving(
                draft, lambda cancel: draft.repaired(at=at, by=desk.by, cancel=cancel)
            )
        else:
            self.solving = Solving(
                draft,
                lambda cancel: draft.reoptimised(
                    at=at, by=desk.by, max_moves=event.max_moves, zones=zones, cancel=cancel
                ),
            )

    def collect(self, desk: Desk, wait_s: float) -> bool:
        """Put the plan that a search found on the desk, if it is done within some seconds.

        Returns
        -------
        bool
            Whether no search is running any more.
        """
        solving = self.solving
        if solving is None:
            return True
        if not solving.done(wait_s):
            return False
        self.solving = None
        found = solving.result
        if isinstance(found, EditError):
            self._tell("".join(fault.text(desk.language) for fault in found.faults[:1]))
        elif isinstance(found, Draft):
            if desk.draft is not solving.start:
                # What was edited meanwhile goes first: nothing is overwritten.
                self._tell(message("adjust_step.overtaken", desk.language))
            else:
                desk.replace(found)
                self._told(found, desk.language)
        else:
            self._tell(message("adjust_step.solver_failed", desk.language))
        return True


def edit_of(event: Event, desk: Desk, draft: Draft) -> Edit | None:
    """Return the edit that an event asks for, None if it asks for none that changes anything."""
    assert desk.county is not None
    codes: list[str] = desk.county.villages.frame["code"].astype(str).tolist()
    lead_of = draft.state.lead_of

    def code(village: int | None) -> str:
        assert village is not None
        return codes[village]

    named = tuple(codes[village] for village in event.villages)
    match event.type:
        case "move" | "paint":
            return Move(villages=named, to=code(event.to))
        case "lead":
            return SetLead(village=code(event.village))
        case "leave_out":
            placed = tuple(codes[v] for v in event.villages if lead_of[v] != UNASSIGNED)
            return LeaveOut(villages=placed, reason=event.reason or "") if placed else None
        case "new":
            return NewAlliance(
                villages=named, lead=None if event.village is None else code(event.village)
            )
        case "dissolve":
            return Dissolve(lead=code(event.lead))
        case "split":
            chosen = None if event.village is None else code(event.village)
            return Split(lead=code(event.lead), villages=named, new_lead=chosen)
        case "merge":
            return Merge(lead=code(event.lead), into=code(event.to))
        case "swap":
            return Swap(first=code(event.a), second=code(event.b))
        case "together":
            return Together(a=code(event.a), b=code(event.b))
        case "apart":
            return Apart(a=code(event.a), b=code(event.b))
        case "untie":
            return Untie(a=code(event.a), b=code(event.b))
        case "lock" | "unlock":
            held = tuple(codes[village] for village in _in_scope(event, desk, draft))
            if not held:
                return None
            return Lock(villages=held) if event.type == "lock" else Unlock(villages=held)
        case _:
            return None


def _in_scope(event: Event, desk: Desk, draft: Draft) -> list[int]:
    """Return the villages a lock is about."""
    lead_of = draft.state.lead_of
    match event.scope:
        case "alliance":
            villages = np.flatnonzero(lead_of == event.lead)
        case "township":
            villages = np.flatnonzero(township_of(desk) == event.township)
        case "all":
            villages = np.arange(len(lead_of))
        case _:
            villages = np.array(event.villages, dtype=np.intp)
    found: list[int] = villages.tolist()
    locked = draft.state.locked
    return [v for v in found if (v in locked) == (event.type == "unlock")]


def township_of(desk: Desk) -> NDArray[np.intp]:
    """Return (n,) place of each village's township in :attr:`Desk.townships`."""
    assert desk.county is not None
    return townships_of(desk.county.villages.frame).of


def zones_in_view(desk: Desk, draft: Draft) -> list[Hashable] | None:
    """Return the zones of the township in view; None for the whole county."""
    if desk.township == WHOLE_COUNTY:
        return None
    problem = draft.proposal.problem
    inside = np.flatnonzero(township_of(desk) == desk.township)
    numbers = np.unique(problem.zone_of[inside])
    return [problem.zones[int(number)].label for number in numbers]

"""A plan under the planner's hands: a proposal, the log of its edits, and where it stands."""

from __future__ import annotations

import threading
from collections.abc import Hashable, Iterable, Sequence
from datetime import datetime
from functools import cached_property
from typing import Self

from liancun_geo.editing.answers import Answer, Objection
from liancun_geo.editing.applying import applied
from liancun_geo.editing.assembling import scenario_of
from liancun_geo.editing.base import Base
from liancun_geo.editing.consulting import heard
from liancun_geo.editing.entries import Entry, difference_of_states, replayed
from liancun_geo.editing.judging import Judged
from liancun_geo.editing.kinds import MOST_TEXT, Consulted, Edit, EditError
from liancun_geo.editing.options import Option, Options, options_of, preview_of
from liancun_geo.editing.solving import Found, reoptimised, repaired, task_of
from liancun_geo.editing.standing import Standing, changed_villages, standing_of
from liancun_geo.editing.state import State
from liancun_geo.editing.telling import told_step
from liancun_geo.errors import Fault, error
from liancun_geo.scenario import Scenario

SECONDS = 5.0
"""For one solve."""


class Draft:
    """A proposal with the edits made to it: an immutable value, every edit returns another one.

    Parameters
    ----------
    scenario
        The proposal, as it was planned.

    Attributes
    ----------
    entries
        The whole log, undone steps included.
    cursor
        How many of them are in force.
    state
        The plan after them.
    told
        What the solve that made this draft has to say: zones without a plan, and why.
    """

    def __init__(self, scenario: Scenario) -> None:
        base = Base(scenario)
        self._base, self.entries, self.cursor, self.state = base, (), 0, base.start
        self.told = ()

    _base: Base
    entries: tuple[Entry, ...]
    cursor: int
    state: State
    told: tuple[Fault, ...]

    @classmethod
    def restored(
        cls, scenario: Scenario, entries: Iterable[Entry], cursor: int | None = None
    ) -> Self:
        """Return a draft from its log, without deciding or solving anything again.

        Parameters
        ----------
        scenario
            The proposal the log starts from.
        entries
            The whole log.
        cursor
            How many entries are in force; None for all.

        Raises
        ------
        EditError
            If the log does not fit the proposal.
        """
        draft = cls(scenario)
        log = tuple(entries)
        if [entry.number for entry in log] != list(range(1, len(log) + 1)):
            raise EditError([error("editing.log_gap")])
        states = _replay(draft._base, log)
        at = len(log) if cursor is None else cursor
        if not 0 <= at <= len(log):
            raise EditError([error("editing.no_step", number=at)])
        return draft._with(log, at, states[at])

    def _with(self, entries: tuple[Entry, ...], cursor: int, state: State) -> Self:
        other = object.__new__(type(self))
        other._base, other.entries, other.cursor, other.state = self._base, entries, cursor, state
        other.told = ()
        return other

    @property
    def proposal(self) -> Scenario:
        """The plan the draft started from."""
        return self._base.scenario

    @property
    def can_undo(self) -> bool:
        """Whether there is a step to take back."""
        return self.cursor > 0

    @property
    def can_redo(self) -> bool:
        """Whether a step was taken back."""
        return self.cursor < len(self.entries)

    def after(self, edit: Edit, *, at: datetime, by: str = "", note: str = "") -> Self:
        """Return the draft after an edit; steps taken back before are dropped.

        Parameters
        ----------
        edit
            What to do; rules it breaks are shown in :attr:`standing` and do not stop it.
        at
            When, with its time zone.
        by, note
            Who, and why.

        Raises
        ------
        EditError
            If it cannot be made at all; this draft stays as it is.
        """
        state = applied(self._base, self.state, edit)
        judge = self._base.judge(state)
        same_rules = state.ties == self.state.ties
        judged = (
            judge.after(self.judged, state.lead_of) if same_rules else judge.fresh(state.lead_of)
        )
        change = judged.total - self.judged.total
        entry = Entry(
            number=self.cursor + 1,
            edit=edit,
            at=at,
            by=by,
            note=note,
            change=change if abs(change) < float("inf") else None,
            **difference_of_states(self.state, state, self._base.codes),
        )
        other = self._with((*self.entries[: self.cursor], entry), self.cursor + 1, state)
        other.__dict__["judged"] = judged
        return other

    def undo(self) -> Self:
        """Return the draft one step back; at the start it stays as it is."""
        return self.jump(self.cursor - 1) if self.can_undo else self

    def redo(self) -> Self:
        """Return the draft one step on; at the end it stays as it is."""
        return self.jump(self.cursor + 1) if self.can_redo else self

    def jump(self, number: int) -> Self:
        """Return the draft after a step of the log, 0 for the proposal; the log stays.

        Raises
        ------
        EditError
            If the log has no such step.
        """
        if not 0 <= number <= len(self.entries):
            raise EditError([error("editing.no_step", number=number)])
        if number == self.cursor:
            return self
        onward = number > self.cursor
        state = self.state if onward else self._base.start
        for entry in self.entries[self.cursor if onward else 0 : number]:
            state = replayed(state, entry, self._base.position)
        other = self._with(self.entries, number, state)
        if "judged" in self.__dict__ and state.ties == self.state.ties:
            judge = self._base.judge(state)
            other.__dict__["judged"] = judge.after(self.judged, state.lead_of)
        return other

    def noted(self, number: int, text: str) -> Self:
        """Return the draft with another note at a step.

        Raises
        ------
        EditError
            If the log has no such step, or the note is too long.
        """
        if not 1 <= number <= len(self.entries):
            raise EditError([error("editing.no_step", number=number)])
        if len(text) > MOST_TEXT:
            raise EditError([error("editing.long_text", most=MOST_TEXT)])
        entry = self.entries[number - 1].model_copy(update={"note": text})
        entries = (*self.entries[: number - 1], entry, *self.entries[number:])
        other = self._with(entries, self.cursor, self.state)
        other.__dict__ |= {k: v for k, v in self.__dict__.items() if k in ("judged", "standing")}
        return other

    def reoptimised(
        self,
        *,
        at: datetime,
        max_moves: int | None = None,
        zones: Iterable[Hashable] | None = None,
        seconds: float = SECONDS,
        cancel: threading.Event | None = None,
        by: str = "",
        note: str = "",
    ) -> Self:
        """Return the draft with the rest solved again, as one step of the log.

        Locked villages, ties, and villages left out by hand stay as they are.

        Parameters
        ----------
        at, by, note
            As for :meth:`after`.
        max_moves
            Most villages whose lead may change; None for any number.
        zones
            Labels of the zones to solve again; None for all.
        seconds, cancel
            Time limit, and an event that stops the search.

        Raises
        ------
        EditError
            With the reason, if nothing better was found; this draft stays as it is.
        """
        task = task_of(self._base, self.judged, zones, seconds, cancel)
        found = reoptimised(self._base, self.state, self.judged, task, max_moves)
        return self._adopting(found, at, by, note)

    def repaired(
        self,
        *,
        at: datetime,
        zones: Iterable[Hashable] | None = None,
        seconds: float = SECONDS,
        cancel: threading.Event | None = None,
        by: str = "",
        note: str = "",
    ) -> Self:
        """Return the draft made whole by moving the fewest villages, as one step of the log.

        Parameters
        ----------
        at, by, note
            As for :meth:`after`.
        zones
            Labels of the zones to repair; None for all that break a rule.
        seconds, cancel
            As for :meth:`reoptimised`.

        Raises
        ------
        EditError
            With the reason, if nothing is broken or no such plan was found; this draft stays.
        """
        task = task_of(self._base, self.judged, zones, seconds, cancel, broken_only=True)
        return self._adopting(repaired(self._base, self.state, self.judged, task), at, by, note)

    def consulted(
        self,
        answers: Sequence[Answer],
        *,
        at: datetime,
        seconds: float = SECONDS,
        cancel: threading.Event | None = None,
        by: str = "",
        note: str = "",
    ) -> Self:
        """Return the draft after what villages said of it, as one step of the log.

        Villages that agree are locked; objections become pairs together and apart, and the plan
        is solved again with the fewest changes. What could not be met is in :attr:`told`.

        Parameters
        ----------
        answers
            One a village.
        at, by, note
            As for :meth:`after`.
        seconds, cancel
            As for :meth:`reoptimised`; the limit is for each of several solves.

        Raises
        ------
        EditError
            If there is no answer, two of one village, or an unknown one; this draft stays.
        """
        found = heard(self._base, self.state, self.judged, answers, seconds, cancel)
        other = self.after(found.edit, at=at, by=by, note=note)
        other.told = found.conflicts
        return other

    @property
    def objections(self) -> tuple[Objection, ...]:
        """What villages said in all consultations in force, each village's last answer."""
        said = {
            one.village: one
            for entry in self.entries[: self.cursor]
            if isinstance(entry.edit, Consulted)
            for one in entry.edit.answers
        }
        return tuple(said[code] for code in sorted(said))

    def _adopting(self, found: Found, at: datetime, by: str, note: str) -> Self:
        other = self.after(found.edit, at=at, by=by, note=note)
        other.told = found.told
        return other

    def moved(self, number: int) -> tuple[int, ...]:
        """Return the villages that a step put into another alliance, made lead, or relieved.

        Raises
        ------
        EditError
            If the log has no such step.
        """
        before, after = self.jump(max(0, number - 1)), self.jump(number)
        return changed_villages(before.state.lead_of, after.state.lead_of)

    def options(self, villages: int | Iterable[int]) -> Options:
        """Return what can be done with a village, or with several at once.

        Parameters
        ----------
        villages
            Positions.

        Raises
        ------
        ValueError
            If there is none, or one that the county does not have.
        """
        asked = (villages,) if isinstance(villages, int) else tuple(int(v) for v in villages)
        if not asked or not all(0 <= v < len(self.state.lead_of) for v in asked):
            raise ValueError(f"villages must be 0 .. {len(self.state.lead_of) - 1}, got {asked}")
        known = self.__dict__.setdefault("_options", {})
        if asked not in known:
            known[asked] = options_of(self._base, self.state, self.judged, asked)
        found: Options = known[asked]
        return found

    def preview(self, edit: Edit) -> Option:
        """Return what an edit would change and break, without making it.

        Parameters
        ----------
        edit
            Of any kind, such as a merger or another lead; what cannot be made at all has its
            obstacles and no change.
        """
        return preview_of(self._base, self.state, self.judged, edit)

    def sentence(self, number: int) -> Fault:
        """Return what a step of the log did, in one sentence.

        Raises
        ------
        EditError
            If the log has no such step.
        """
        if not 1 <= number <= len(self.entries):
            raise EditError([error("editing.no_step", number=number)])
        return told_step(self._base, self.entries[number - 1])

    @cached_property
    def scenario(self) -> Scenario:
        """The plan as it is with all that is known of it: for cards, exports, checks."""
        return scenario_of(self._base, self.state, self.judged)

    @cached_property
    def judged(self) -> Judged:
        """What the plan breaks and is worth."""
        judge = self._base.judge(self.state)
        if not any(self.state.ties):
            return judge.after(self._base.judged, self.state.lead_of)
        return judge.fresh(self.state.lead_of)

    @cached_property
    def standing(self) -> Standing:
        """Where the draft stands: validity, points, bound, what changed."""
        return standing_of(self._base, self.state, self.judged)


def _replay(base: Base, entries: Sequence[Entry]) -> list[State]:
    states = [base.start]
    for entry in entries:
        states.append(replayed(states[-1], entry, base.position))
    return states

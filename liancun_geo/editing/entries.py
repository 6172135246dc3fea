"""Entries of the log: what was asked for, by whom, when, and how it came out."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any

import numpy as np
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from liancun_geo.editing.kinds import (
    MOST_CODES,
    Code,
    Edit,
    EditError,
    Text,
    unreadable,
)
from liancun_geo.editing.state import Pair, State
from liancun_geo.errors import Where, error
from liancun_geo.plan import UNASSIGNED

CodePair = tuple[Code, Code]
_Many = Field(max_length=MOST_CODES)


class Entry(BaseModel):
    """One step of the log. It holds what it changed, so replaying it decides nothing again.

    Attributes
    ----------
    number
        1 for the first step.
    edit
        What was asked for.
    at, by, note
        When (with its time zone), by whom, and the planner's words.
    lead_of
        Village -> its lead after the step, None if left out; only those that changed.
    locked, unlocked
        Villages the step locked, and let go.
    together, apart, untied
        Pairs the step tied, and let go.
    reasons
        Villages left out by hand -> the reason.
    change
        Points of the plan after minus before; None where a forbidden pair makes either unknown.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    number: Annotated[int, Field(ge=1)]
    edit: Edit
    at: AwareDatetime
    by: Annotated[str, Field(max_length=200)] = ""
    note: Text = ""
    lead_of: Annotated[dict[Code, Code | None], _Many] = {}
    locked: Annotated[tuple[Code, ...], _Many] = ()
    unlocked: Annotated[tuple[Code, ...], _Many] = ()
    together: Annotated[tuple[CodePair, ...], _Many] = ()
    apart: Annotated[tuple[CodePair, ...], _Many] = ()
    untied: Annotated[tuple[CodePair, ...], _Many] = ()
    reasons: Annotated[dict[Code, Text], _Many] = {}
    change: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return the entry as JSON knows it, without what is empty."""
        whole = self.model_dump(mode="json")
        always = ("number", "edit", "at", "change")
        return {name: value for name, value in whole.items() if name in always or value}

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> Entry:
        """Read an entry as :meth:`as_dict` wrote it, trusting nothing.

        Raises
        ------
        EditError
            With every fault of the entry.
        """
        try:
            return cls.model_validate(raw)
        except ValidationError as failed:
            raise unreadable(failed) from None


def difference_of_states(before: State, after: State, codes: list[str]) -> dict[str, Any]:
    """Return the fields of an entry that lead from one state to another."""
    moved = np.flatnonzero(before.lead_of != after.lead_of).tolist()
    leads = {v: int(after.lead_of[v]) for v in moved}
    ties = {*before.together, *before.apart} - {*after.together, *after.apart}

    def coded(pairs: set[Pair]) -> tuple[CodePair, ...]:
        return tuple((codes[a], codes[b]) for a, b in sorted(pairs))

    return {
        "lead_of": {
            codes[v]: None if lead == UNASSIGNED else codes[lead] for v, lead in leads.items()
        },
        "locked": tuple(codes[v] for v in sorted(after.locked - before.locked)),
        "unlocked": tuple(codes[v] for v in sorted(before.locked - after.locked)),
        "together": coded({*after.together} - {*before.together}),
        "apart": coded({*after.apart} - {*before.apart}),
        "untied": coded(ties),
        "reasons": {
            codes[v]: why for v, why in after.left_out.items() if before.left_out.get(v) != why
        },
    }


def replayed(state: State, entry: Entry, position: Mapping[str, int]) -> State:
    """Return the state after an entry.

    Raises
    ------
    EditError
        If it names a village the county does not have, or its plan is none.
    """
    pairs = (*entry.together, *entry.apart, *entry.untied)
    leads = entry.lead_of
    named = {*leads, *entry.locked, *entry.unlocked, *entry.reasons, *(c for p in pairs for c in p)}
    named |= {lead for lead in leads.values() if lead is not None}
    unknown = sorted(named - position.keys())
    if unknown:
        raise EditError(error("editing.unknown_code", Where(code=code)) for code in unknown)
    lead_of = state.lead_of.copy()
    for code, lead in leads.items():
        lead_of[position[code]] = UNASSIGNED if lead is None else position[lead]
    if misled(lead_of):
        raise EditError([error("editing.misled", number=entry.number)])
    lead_of.flags.writeable = False

    def placed(found: tuple[CodePair, ...]) -> set[Pair]:
        read = [(position[a], position[b]) for a, b in found]
        return {(min(a, b), max(a, b)) for a, b in read if a != b}

    gone = placed(entry.untied)
    told = {**state.left_out, **{position[c]: why for c, why in entry.reasons.items()}}
    locked = state.locked | {position[c] for c in entry.locked}
    return State(
        lead_of,
        locked - {position[c] for c in entry.unlocked},
        tuple(sorted(({*state.together} - gone) | placed(entry.together))),
        tuple(sorted(({*state.apart} - gone) | placed(entry.apart))),
        MappingProxyType({v: told[v] for v in sorted(told) if lead_of[v] == UNASSIGNED}),
    )


def misled(lead_of: np.ndarray[Any, np.dtype[np.intp]]) -> list[int]:
    """Return the villages whose lead does not lead itself."""
    led = np.flatnonzero(lead_of != UNASSIGNED)
    found: list[int] = led[lead_of[lead_of[led]] != lead_of[led]].tolist()
    return found

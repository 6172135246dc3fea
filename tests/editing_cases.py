"""Random drafts for the tests of editing: plans, good and bad ones, and edits of every kind."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from test_why import made_up

from liancun_geo.editing import (
    Adopt,
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

START = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
KINDS = (
    *(Move, Move, Move, Swap, SetLead, LeaveOut, NewAlliance, Dissolve, Split, Merge),
    *(Lock, Unlock, Together, Apart, Untie, Adopt),
)


def at(step: int) -> datetime:
    """Return the time of a step."""
    return START + timedelta(minutes=step)


def draft_of(seed: int) -> Draft:
    """Return a draft of a random plan under random rules."""
    return Draft(made_up(seed))


def random_edit(draft: Draft, rng: np.random.Generator) -> Edit:
    """Return an edit of any kind, possible or not."""
    codes: list[str] = draft.proposal.villages.frame["code"].tolist()
    lead_of = draft.state.lead_of
    leads = [codes[v] for v in sorted(set(lead_of.tolist()) - {-1})] or codes

    def one(of: list[str]) -> str:
        return str(rng.choice(of))

    def some(of: list[str]) -> list[str]:
        return [str(c) for c in rng.choice(of, size=int(rng.integers(1, min(3, len(of)) + 1)))]

    kind = KINDS[int(rng.integers(len(KINDS)))]
    lead = one(leads)
    inside = [codes[v] for v in np.flatnonzero(lead_of == codes.index(lead)).tolist()] or codes
    made: dict[type[Any], Any] = {
        Move: lambda: Move(villages=some(codes), to=lead),
        Swap: lambda: Swap(first=one(codes), second=one(codes)),
        SetLead: lambda: SetLead(village=one(codes)),
        LeaveOut: lambda: LeaveOut(villages=some(codes), reason=one(["村民不同意", ""])),
        NewAlliance: lambda: NewAlliance(villages=some(codes)),
        Dissolve: lambda: Dissolve(lead=lead),
        Split: lambda: Split(lead=lead, villages=some(inside)),
        Merge: lambda: Merge(lead=lead, into=one(leads)),
        Lock: lambda: Lock(villages=some(codes)),
        Unlock: lambda: Unlock(villages=some(codes)),
        Together: lambda: Together(a=one(codes), b=one(codes)),
        Apart: lambda: Apart(a=one(codes), b=one(codes)),
        Untie: lambda: Untie(a=one(codes), b=one(codes)),
        Adopt: lambda: Adopt(lead_of=dict.fromkeys(some(codes), lead), label="other"),
    }
    edit: Edit = made[kind]()
    return edit


def edited(seed: int, steps: int = 8) -> Draft:
    """Return a draft after random edits; those that cannot be made are left away."""
    draft, rng = draft_of(seed), np.random.default_rng([seed, 2])
    for step in range(steps):
        try:
            draft = draft.after(random_edit(draft, rng), at=at(step), by="李")
        except EditError:
            continue
    return draft

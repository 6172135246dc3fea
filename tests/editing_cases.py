"""Random drafts for the tests of editing: plans, good and bad ones, and edits of every kind."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from why_counties import made_up

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
from liancun_geo.errors import DataError, SettingsError
from liancun_geo.scenario import County, Scenario, take_over
from liancun_geo.settings import parse_settings

START = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
KINDS = (
    *(Move, Move, Move, Swap, SetLead, LeaveOut, NewAlliance, Dissolve, Split, Merge),
    *(Lock, Unlock, Together, Apart, Untie, Adopt),
)


def at(step: int) -> datetime:
    """Return the time of a step."""
    return START + timedelta(minutes=step)


def draft_of(seed: int) -> Draft:
    """Return a draft of a random plan under random rules, every third time under more of them."""
    scenario = made_up(seed)
    return Draft(with_more_rules(scenario, seed) if seed % 3 == 2 else scenario)


def with_more_rules(scenario: Scenario, seed: int) -> Scenario:
    """Return the plan under rules over all zones, sums and agreed alliances as well."""
    rng = np.random.default_rng([seed, 4])
    rules = scenario.settings.rules
    codes, plan = scenario.villages.frame["code"].tolist(), scenario.plan
    more: dict[str, Any] = {}
    if rng.random() < 0.5:
        least = max(0, len(plan.alliances) - int(rng.integers(0, 2)))
        more["n_alliances"] = (least, least + int(rng.integers(0, 3)))
    if rng.random() < 0.4:
        more["budget_wan_yuan"] = 10.0 * len(plan.alliances)
        more["budget_per_alliance_wan_yuan"] = 10.0
    if rng.random() < 0.4 and plan.alliances and not rules.excluded:
        more["frozen"] = ([codes[v] for v in plan.alliances[0].villages],)
    villages = scenario.villages
    if rng.random() < 0.6:
        land = rng.integers(50, 400, len(villages)).astype(float)
        villages = replace(villages, frame=villages.frame.assign(arable_land_mu=land))
        more["arable_land_mu"] = (300.0, float(rng.choice([1200.0, 1800.0])))
    wanted = rules.model_dump() | more
    try:
        settings = parse_settings({**scenario.settings.model_dump(mode="json"), "rules": wanted})
        return take_over(County(villages), settings, plan.lead_of)
    except (DataError, SettingsError):
        return scenario


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

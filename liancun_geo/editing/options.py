"""What can be done with a village now: every move with its change, and why others cannot be."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from liancun_geo.editing import kinds
from liancun_geo.editing.applying import applied
from liancun_geo.editing.base import Base
from liancun_geo.editing.judging import Judged
from liancun_geo.editing.kinds import Edit, EditError
from liancun_geo.editing.obstacles import (
    crossing,
    new_violations,
    obstacles_of,
    refusal,
    touching,
)
from liancun_geo.editing.reasons import fact_of, short_text
from liancun_geo.editing.state import State
from liancun_geo.errors import Fault, warning
from liancun_geo.messages import DEFAULT_LANGUAGE, Language
from liancun_geo.plan import UNASSIGNED
from liancun_geo.why.facts import AllianceName, Obstacle, VillageName
from liancun_geo.why.wording_sure import Listed

OptionKind = Literal["move", "swap", "lead", "new", "leave_out", "other"]
MOST_SWAPS = 6
"""Neighbours that a village may change places with: more are not looked at."""


_KINDS: dict[str, OptionKind] = {
    "move": "move",
    "swap": "swap",
    "set_lead": "lead",
    "new_alliance": "new",
    "leave_out": "leave_out",
}


@dataclass(frozen=True, eq=False)
class Option:
    """One thing that can be done, or not.

    Attributes
    ----------
    edit
        What :meth:`Draft.after` takes; of ``"leave_out"`` the reason is still to be told.
    kind
        ``"move"``, ``"swap"``, ``"lead"``, ``"new"`` or ``"leave_out"``; of a preview ``"other"``
        for edits that are never offered.
    villages
        Whom it moves: those asked about, of a swap the other one too.
    target
        Lead of the alliance they go to (of ``"lead"`` and ``"new"``: who leads), -1 for none.
    alliance
        The alliance they go to as it is now; None for a new one and for leaving out.
    change
        Points of the plan after minus before; None where it cannot be made at all, or where a
        forbidden pair makes either unknown.
    legal
        Whether nothing is broken after it that was whole before.
    obstacles
        What is in the way, without what :attr:`Options.common` says once for all moves.
    reason
        One fact that speaks for or against it.
    """

    edit: Edit
    kind: OptionKind
    villages: tuple[int, ...]
    target: int
    alliance: AllianceName | None
    change: float | None
    legal: bool
    obstacles: tuple[Obstacle, ...] = ()
    reason: Fault | None = None

    def text(self, language: Language = DEFAULT_LANGUAGE) -> str:
        """Return the first obstacle in a few words, of a legal option the fact; may be empty.

        Of one that is blocked like all others :meth:`Options.text_of` says why.
        """
        if self.obstacles:
            return short_text(self.obstacles[0], language)
        return "" if self.reason is None or not self.legal else self.reason.text(language)


@dataclass(frozen=True, eq=False)
class Options:
    """Everything that can be done with some villages.

    Attributes
    ----------
    villages
        Those asked about.
    legal
        The best change first.
    blocked
        Those that can be made by hand all the same, and then repaired, before those that cannot;
        neighbours before alliances that are not adjacent.
    common
        What blocks every move.
    together_with
        Villages that, moved along, are no longer cut off; empty if that is not what is in the way.
    remedy
        The same in words, or what else would help; None if nothing is known to.
    """

    villages: tuple[int, ...]
    legal: tuple[Option, ...]
    blocked: tuple[Option, ...]
    common: tuple[Obstacle, ...] = ()
    together_with: tuple[VillageName, ...] = ()
    remedy: Fault | None = None

    def common_text(self, language: Language = DEFAULT_LANGUAGE) -> tuple[str, ...]:
        """Return what blocks every move, each in a few words."""
        return tuple(short_text(one, language) for one in self.common)

    def text_of(self, option: Option, language: Language = DEFAULT_LANGUAGE) -> str:
        """Return what a row says: why it is blocked, be it like all others, or its fact."""
        common = () if option.legal or option.obstacles else self.common
        return short_text(common[0], language) if common else option.text(language)


def options_of(base: Base, state: State, judged: Judged, villages: Sequence[int]) -> Options:
    """Return what can be done with some villages at once, ranked by the change of points.

    Parameters
    ----------
    base, state, judged
        The plan at hand.
    villages
        Positions, at least one.
    """
    asked = tuple(dict.fromkeys(int(v) for v in villages))
    look = _Look(base, state, judged, asked)
    moves = look.moves()
    found = [*moves, *look.others()]
    legal = sorted(
        (one for one in found if one.legal),
        key=lambda one: (-(-math.inf if one.change is None else one.change), one.kind, one.target),
    )
    blocked = [one for one in found if not one.legal]
    common = _common(moves)
    blocked = [replace(one, obstacles=_without(one, common)) for one in blocked]
    blocked.sort(key=lambda one: (_far(one), -(-math.inf if one.change is None else one.change)))
    along, remedy = _remedy(base, state, common, asked)
    return Options(asked, tuple(legal), tuple(blocked), common, along, remedy)


def preview_of(base: Base, state: State, judged: Judged, edit: Edit) -> Option:
    """Return what an edit of any kind would change and break."""
    try:
        after = applied(base, state, edit)
    except EditError as failed:
        return Option(
            edit,
            "other",
            (),
            UNASSIGNED,
            None,
            None,
            False,
            refusal(base, failed),
            failed.faults[0],
        )
    moved = tuple(np.flatnonzero(state.lead_of != after.lead_of).tolist())
    same = after.ties == state.ties
    judge = base.judge(after)
    seen = judge.after(judged, after.lead_of) if same else judge.fresh(after.lead_of)
    change = seen.total - judged.total
    found = new_violations(judge.problem, judged, seen)
    kind: OptionKind = _KINDS.get(edit.kind, "other")
    target = int(after.lead_of[moved[0]]) if moved else UNASSIGNED
    return Option(
        edit=edit,
        kind=kind,
        villages=moved,
        target=target,
        alliance=None,
        change=change if math.isfinite(change) else None,
        legal=not found,
        obstacles=obstacles_of(base, seen, found, moved, target),
        reason=None,
    )


class _Look:
    """Tries edits on a plan, each judged in full."""

    def __init__(self, base: Base, state: State, judged: Judged, asked: tuple[int, ...]) -> None:
        self.base, self.state, self.judged, self.asked = base, state, judged, asked
        self.judge = base.judge(state)
        self.codes = [base.codes[v] for v in asked]
        self.homes = {int(state.lead_of[v]) for v in asked}

    def moves(self) -> list[Option]:
        """Return a move into every alliance of the zone, and those that border on it."""
        zones = {self.base.zone_of[v] for v in self.asked}
        near = touching(self.base, self.state.lead_of, self.asked)
        only = self.homes if len(self.homes) == 1 else set()
        found = []
        for lead in sorted({*near, *self.judged.alliances} - only):
            inside = {self.base.zone_of[lead]} == zones
            if inside and (lead in near or lead in self.homes):
                found.append(self._tried("move", self._move(lead), self.asked, lead))
            elif inside:
                away = Obstacle("not_adjacent", self.base.ground.names(self.asked))
                found.append(self._refused("move", self._move(lead), self.asked, lead, (away,)))
            elif lead in near:
                why = (crossing(self.base, lead),)
                found.append(self._refused("move", self._move(lead), self.asked, lead, why))
        return found

    def others(self) -> list[Option]:
        """Return what else can be done: lead, a new alliance, leave out, change places."""
        base, found = self.base, list[Option]()
        village = self.asked[0]
        if len(self.asked) == 1 and int(self.state.lead_of[village]) not in (UNASSIGNED, village):
            edit = kinds.SetLead(village=self.codes[0])
            found.append(self._tried("lead", edit, self.asked, village))
        own = self._own_alliance()
        whole = len(self.homes) == 1 and set(self.asked) == {
            v for lead in self.homes if lead != UNASSIGNED for v in self.judged.alliances[lead]
        }
        if not whole and len({base.zone_of[v] for v in own}) == 1:
            new = kinds.NewAlliance(villages=tuple(base.codes[v] for v in own))
            found.append(self._tried("new", new, own, UNASSIGNED))
        if any(lead != UNASSIGNED for lead in self.homes):
            out = kinds.LeaveOut(villages=tuple(self.codes))
            found.append(self._tried("leave_out", out, self.asked, UNASSIGNED))
        if len(self.asked) == 1 and self.homes != {UNASSIGNED}:
            found += self._swaps(village)
        return found

    def _swaps(self, village: int) -> list[Option]:
        """Return the neighbours in other alliances that a village can change places with."""
        lead_of, zone_of = self.state.lead_of, self.base.zone_of
        partners = [
            other
            for other in self.base.ground.neighbours(village)
            if zone_of[other] == zone_of[village]
            and int(lead_of[other]) not in (UNASSIGNED, int(lead_of[village]))
        ]
        tried = []
        for other in partners[:MOST_SWAPS]:
            edit = kinds.Swap(first=self.codes[0], second=self.base.codes[other])
            tried.append(self._tried("swap", edit, (village, other), int(lead_of[other])))
        return [one for one in tried if one.legal]

    def _own_alliance(self) -> tuple[int, ...]:
        """Return the villages asked about with villages left out around them, up to the size."""
        base, inside = self.base, list(self.asked)
        held = self.state.locked | self.state.left_out.keys()
        problem = base.scenario.problem
        if len(inside) >= problem.min_size or any(v in held for v in inside):
            return tuple(inside)
        for village in inside:
            for other in base.ground.neighbours(village):
                free = int(self.state.lead_of[other]) == UNASSIGNED and other not in held
                near = base.zone_of[other] == base.zone_of[village]
                if free and near and other not in inside and len(inside) < problem.max_size:
                    inside.append(other)
        return tuple(inside)

    def _move(self, lead: int) -> kinds.Move:
        return kinds.Move(villages=tuple(self.codes), to=self.base.codes[lead])

    def _tried(
        self, kind: OptionKind, edit: Edit, villages: tuple[int, ...], target: int
    ) -> Option:
        """Make an edit for a look, and judge the plan after it."""
        try:
            state = applied(self.base, self.state, edit)
        except EditError as failed:
            return self._refused(kind, edit, villages, target, refusal(self.base, failed))
        after = self.judge.after(self.judged, state.lead_of)
        change = after.total - self.judged.total
        found = new_violations(self.judge.problem, self.judged, after)
        if kind == "new":
            target = int(state.lead_of[villages[0]])
        return Option(
            edit=edit,
            kind=kind,
            villages=villages,
            target=target,
            alliance=self._told(kind, target),
            change=change if math.isfinite(change) else None,
            legal=not found,
            obstacles=obstacles_of(self.base, after, found, villages, target),
            reason=fact_of(self.base, self.state, state, kind, villages, target),
        )

    def _refused(
        self,
        kind: OptionKind,
        edit: Edit,
        villages: tuple[int, ...],
        target: int,
        why: tuple[Obstacle, ...],
    ) -> Option:
        told = self._told(kind, target)
        return Option(edit, kind, villages, target, told, None, legal=False, obstacles=why)

    def _told(self, kind: OptionKind, target: int) -> AllianceName | None:
        if kind not in ("move", "swap", "lead") or target == UNASSIGNED:
            return None
        lead = int(self.state.lead_of[target])
        own = self.judged.alliances[lead]
        return self.base.told((lead, *(v for v in own if v != lead)))


def _common(moves: Sequence[Option]) -> tuple[Obstacle, ...]:
    """Return what blocks every move into a neighbouring alliance of the zone."""
    near = [one for one in moves if not _far(one)]
    if not near or any(one.legal for one in near):
        return ()
    # What speaks of the target stands in its own row, even if it is the only one.
    return tuple(
        each
        for each in near[0].obstacles
        if each.kind != "not_adjacent"
        and near[0].target not in [village.position for village in each.villages]
        and all(each in other.obstacles for other in near)
    )


def _without(one: Option, common: Iterable[Obstacle]) -> tuple[Obstacle, ...]:
    said = set(common) if one.kind == "move" else set()
    return tuple(each for each in one.obstacles if each not in said)


def _far(one: Option) -> bool:
    """Say whether an alliance is out of reach on the map: beyond the border, or not adjacent."""
    return one.change is None and any(
        each.kind in ("not_adjacent", "other_zone") for each in one.obstacles
    )


def _remedy(
    base: Base, state: State, common: Iterable[Obstacle], asked: tuple[int, ...]
) -> tuple[tuple[VillageName, ...], Fault | None]:
    """Return what would help against what blocks every move."""
    found = {each.kind: each for each in common}
    if "locked" in found:
        return (), warning("editing.remedy_unlock")
    if "cuts" in found:
        along = found["cuts"].villages
        home = {int(state.lead_of[v]) for v in asked}
        fits = all(int(state.lead_of[v.position]) in home for v in along)
        if fits and not state.locked & {v.position for v in along}:
            return along, warning("editing.remedy_along", villages=Listed(along))
    if "left_small" in found:
        return (), warning("editing.remedy_swap")
    return (), None

"""What stands around the map: the strip above it and the panel beside it, in words."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np

from liancun_geo.check import Violation
from liancun_geo.editing import Draft, Option, Options, Standing
from liancun_geo.errors import Fault, Where
from liancun_geo.plan import UNASSIGNED
from liancun_geo.solve.near_optimal import NearPlans
from liancun_geo.studio.adjust_cards import Cards, short
from liancun_geo.studio.mapping.payload import (
    Card,
    Cell,
    HistoryRow,
    Inspector,
    MoveRow,
    Moves,
)
from liancun_geo.studio.words import at_most_percent
from liancun_geo.why.wording import signed

MOST_HISTORY = 50
"""Steps of the log that go to the browser with each click."""

MOST_PROBLEMS = 5
"""Broken rules that are told at once; the strip says how many there are."""

_TOLD_HERE = frozenset({"size", "connected", "zone", "can_lead", "unassigned"})
"""Rules whose sentences elsewhere speak of settings files, which nobody has on the map."""

_EVENTS = {"move": "move", "swap": "swap", "lead": "lead", "new": "new", "leave_out": "leave_out"}


def saved_at(at: datetime | None, draft: Draft) -> str | None:
    """Return the time of the last save, which before this session was that of the last edit.

    Parameters
    ----------
    at
        Of the last save in this session; None if there was none.
    draft
        The plan on show.
    """
    if at is None and draft.entries:
        at = draft.entries[-1].at
    return None if at is None else f"{at.astimezone():%H:%M}"


@dataclass(frozen=True)
class Panels(Cards):
    """Words around the map for one plan.

    Attributes
    ----------
    weak
        (n,) whether a village is weak, None where it is not known.
    """

    weak: Sequence[bool | None] = ()

    # --- strip --------------------------------------------------------------------------------

    def strip(self, standing: Standing, saved_at: str | None, save_failed: bool) -> list[Cell]:
        """Return the cells of the strip: valid, how good, how much, what was done."""
        cells = [self._rules(standing), self._total(standing), self._gap(standing)]
        left_out = standing.count - standing.placed
        cells.append(
            self._cell(
                "covered",
                self.say("strip_covered_value", placed=standing.placed, count=standing.count),
                self.say("strip_left_out", count=left_out) if left_out else "",
            )
        )
        count = self.say("strip_alliances_value", count=standing.n_alliances)
        cells.append(Cell(name=self.say("strip_alliances"), value=count))
        for name, number in (("locked", standing.n_locked), ("changed", len(standing.changed))):
            value = self.say("villages", count=number)
            cells.append(Cell(name=self.say(f"strip_{name}"), value=value))
        saved = Cell(name=self.say("strip_saved"), value=saved_at or self.say("strip_not_saved"))
        if save_failed:
            saved["value"], saved["kind"] = self.say("strip_save_failed"), "bad"
        elif saved_at:
            saved["icon"], saved["kind"] = "check", "ok"
        saved["side"] = "right"
        return [*cells, saved]

    def _cell(self, name: str, value: str, note: str = "", kind: str = "") -> Cell:
        return Cell(
            name=self.say(f"strip_{name}"),
            value=value,
            note=note,
            kind=kind,
            help=self.say(f"strip_{name}_help"),
        )

    def _rules(self, standing: Standing) -> Cell:
        if standing.valid:
            return {**self._cell("rules", self.say("strip_rules_kept"), kind="ok"), "icon": "check"}
        broken = self.say("strip_rules_broken", count=len(standing.faults))
        return {**self._cell("rules", broken, kind="bad"), "icon": "x"}

    def _total(self, standing: Standing) -> Cell:
        total = self.say("unknown") if standing.total is None else f"{standing.total:,.1f}"
        note = ""
        if standing.change is not None and standing.changed:
            note = self.say("strip_total_change", change=signed(standing.change))
        return self._cell("total", total, note)

    def _gap(self, standing: Standing) -> Cell:
        if standing.proof == "optimal":
            return {**self._cell("proof", self.say("strip_best"), kind="ok"), "icon": "shield"}
        if not standing.valid:
            return self._cell("gap", self.say("strip_gap_broken"))
        if standing.gap is None or standing.most is None:
            return self._cell("gap", self.say("strip_gap_unknown"))
        value = self.say("strip_gap_value", gap=at_most_percent(standing.gap))
        more = f"{math.ceil(standing.most * 100) / 100:,.2f}"
        return self._cell("gap", value, self.say("strip_gap_note", points=more))

    # --- inspector ----------------------------------------------------------------------------

    def inspector(
        self,
        draft: Draft,
        selected: Sequence[int],
        inside: Sequence[int],
        place: str,
        near: NearPlans | None = None,
    ) -> Inspector:
        """Return the panel: of one village, of several, or of the township in view.

        Parameters
        ----------
        draft
            The plan on show.
        selected
            Villages in the order they were chosen.
        inside
            Villages of the township in view.
        place
            Its name, or that of the county.
        near
            Near-optimal plans of the selected village's zone, where they are known.
        """
        standing = draft.standing
        panel: Inspector
        if len(selected) == 1:
            panel = self._village(draft, selected[0], near)
        elif selected:
            panel = self._several(draft, selected)
        else:
            panel = self._township(draft, inside, place)
        panel["history"] = self._history(draft)
        panel["entries"], panel["cursor"] = len(draft.entries), draft.cursor
        if not standing.valid:
            told = zip(standing.violations, standing.faults, strict=True)
            panel["problems"] = [self._problem(*one) for one in list(told)[:MOST_PROBLEMS]]
        return panel

    def _problem(self, violation: Violation, fault: Fault) -> str:
        """Return a broken rule with its consequence; what to do is on the buttons below it."""
        if violation.rule not in _TOLD_HERE or not violation.villages:
            return replace(fault, where=Where()).text(self.language)
        problem = self.ground.scenario.problem
        names = [self.ground.name(village).name for village in violation.villages]
        lead = violation.lead if violation.lead is not None else violation.villages[0]
        return self.say(
            f"problem_{violation.rule}",
            alliance=self.alliance(lead),
            lead=self.ground.name(lead).name,
            villages=self.listed(names),
            count=len(names),
            least=problem.min_size,
            most=problem.max_size,
        )

    def _village(self, draft: Draft, village: int, near: NearPlans | None) -> Inspector:
        lead = int(draft.state.lead_of[village])
        profile = self.ground.profile(village)
        role = "left_out" if lead == UNASSIGNED else "lead" if lead == village else "member"
        tags = [self.say(f"role_{role}")]
        if lead != UNASSIGNED:
            tags.append(self.alliance(lead))
        if self.weak and self.weak[village]:
            tags.append(self.say("role_weak"))
        known = [
            profile.population_persons
            and self.say("fact_population", count=f"{profile.population_persons:,.0f}"),
            profile.collective_income_wan_yuan is not None
            and self.say("fact_income", amount=short(profile.collective_income_wan_yuan)),
            profile.industries and self.listed(profile.industries),
        ]
        facts = self.say("facts_separator").join(text for text in known if text)
        panel = Inspector(title=profile.village.name, tags=tags, facts=facts)
        if role == "member":
            panel["card"] = self.member_card(draft, village, lead, near)
        elif role == "lead":
            panel["card"] = self.lead_card(village)
        else:
            panel["card"] = Card(
                title=self.say("card_left_out"), rows=[self.why_left_out(draft, village)]
            )
        panel["moves"] = self._moves(draft.options(village))
        if lead != UNASSIGNED:
            self._totals(panel, draft.state.villages_of(lead), self.alliance(lead))
        return panel

    def _several(self, draft: Draft, selected: Sequence[int]) -> Inspector:
        people = self._sum(self.ground.population_field, selected)
        income = self._sum("collective_income_wan_yuan", selected)
        facts = self.say(
            "several_facts",
            count=f"{people or 0:,.0f}",
            amount=short(income or 0.0),
        )
        return Inspector(
            title=self.say("several", count=len(selected)),
            facts=facts,
            moves=self._moves(draft.options(selected)),
        )

    def _township(self, draft: Draft, inside: Sequence[int], place: str) -> Inspector:
        lead_of = draft.state.lead_of[list(inside)]
        leads = {int(one) for one in lead_of if one != UNASSIGNED}
        facts = self.say(
            "township_facts",
            villages=len(inside),
            alliances=len(leads),
            left_out=int((lead_of == UNASSIGNED).sum()),
        )
        panel = Inspector(title=place, facts=facts)
        self._totals(panel, inside, place, alliance=False)
        return panel

    def _totals(
        self, panel: Inspector, villages: Sequence[int], title: str, *, alliance: bool = True
    ) -> None:
        count = (
            self.say("one_and", members=len(villages) - 1)
            if alliance
            else self.say("villages", count=len(villages))
        )
        cells = [Cell(name=self.say("total_villages"), value=count)]
        for name, column, key in (
            ("population", self.ground.population_field, "persons"),
            ("party", "party_members_persons", "persons"),
            ("income", "collective_income_wan_yuan", "income"),
            ("land", "transferable_land_mu", "land"),
        ):
            total = self._sum(column, villages)
            value = self.say("unknown")
            if total is not None:
                number = {"count": f"{total:,.0f}", "amount": short(total)}
                value = self.say(f"amount_{key}", **number)
            cells.append(Cell(name=self.say(f"total_{name}"), value=value))
        cells.append(Cell(name=self.say("total_weak"), value=self._weak_of(villages)))
        panel["totals_title"], panel["totals"] = title, cells

    def _weak_of(self, villages: Sequence[int]) -> str:
        flags = [self.weak[village] if self.weak else None for village in villages]
        weak, unknown = sum(flag is True for flag in flags), sum(flag is None for flag in flags)
        if unknown == len(flags):
            return self.say("weak_unknown")
        if unknown:
            return self.say("weak_some", count=weak, unknown=unknown)
        return self.say("villages", count=weak)

    def _sum(self, column: str, villages: Iterable[int]) -> float | None:
        found = [self.ground.number(column, village) for village in villages]
        known = [value for value in found if value is not None]
        return math.fsum(known) if known else None

    # --- moves --------------------------------------------------------------------------------

    def _moves(self, options: Options) -> Moves:
        moves = Moves(
            legal=[self._move(one, options) for one in options.legal],
            blocked=[self._move(one, options, possible=False) for one in options.blocked],
        )
        common = self._common(options)
        if common:
            moves["common"] = common
        return moves

    def _common(self, options: Options) -> list[MoveRow]:
        said = options.common_text(self.language)
        if not said:
            return []
        rows = [MoveRow(title=self.say("blocks_all", why=text), reason="") for text in said]
        if options.remedy is not None:
            rows[-1]["reason"] = options.remedy.text(self.language)
        if options.together_with:
            more = [one.position for one in options.together_with]
            rows[-1]["button"] = self.say("do_select_too")
            rows[-1]["event"] = {"type": "select", "villages": [*options.villages, *more]}
        return rows

    def _move(self, option: Option, options: Options, *, possible: bool = True) -> MoveRow:
        reason = options.text_of(option, self.language)
        if possible and option.kind == "leave_out" and not reason:
            reason = self.say("move_needs_reason")
        row = MoveRow(title=self._title(option), reason=reason)
        if not possible:
            return row
        if option.change is not None:
            row["change"] = signed(option.change)
            row["sign"] = int(np.sign(round(option.change, 2)))
        row["button"] = self.say(f"do_{option.kind}")
        row["event"] = _event(option, options)
        if option.kind == "move":
            row["lead"] = option.target
        return row

    def _title(self, option: Option) -> str:
        if option.kind == "move":
            return self.say("move_into", alliance=self.alliance(option.target))
        if option.kind == "swap":
            return self.say("move_swap", village=self.ground.name(option.villages[-1]).name)
        return self.say(f"move_{option.kind}")

    # --- history ------------------------------------------------------------------------------

    def _history(self, draft: Draft) -> list[HistoryRow]:
        rows = []
        first = max(0, len(draft.entries) - MOST_HISTORY)
        for entry in reversed(draft.entries[first:]):
            row = HistoryRow(
                n=entry.number,
                time=f"{entry.at:%H:%M}",
                text=draft.sentence(entry.number).text(self.language),
                undone=entry.number > draft.cursor,
            )
            if entry.change:
                row["change"] = signed(entry.change)
                row["sign"] = int(np.sign(round(entry.change, 2)))
            if entry.note:
                row["note"] = entry.note
            rows.append(row)
        return rows


def _event(option: Option, options: Options) -> dict[str, Any]:
    villages = [int(one) for one in options.villages]
    event: dict[str, Any] = {"type": _EVENTS[option.kind]}
    match option.kind:
        case "move":
            return {**event, "villages": villages, "to": int(option.target)}
        case "swap":
            return {**event, "a": int(option.villages[0]), "b": int(option.villages[-1])}
        case "lead":
            return {**event, "village": villages[0]}
        case _:
            return {**event, "villages": villages}

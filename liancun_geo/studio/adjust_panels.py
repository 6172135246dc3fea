"""What stands around the map: the strip above it and the panel beside it, in words."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from liancun_geo.editing import Draft, Option, Options, Standing
from liancun_geo.messages import Language, message
from liancun_geo.naming import alliance_name
from liancun_geo.plan import UNASSIGNED
from liancun_geo.points import PER_VILLAGE, Part, member_points
from liancun_geo.solve.near_optimal import NearPlans
from liancun_geo.studio.mapping.payload import (
    Card,
    CardRow,
    Cell,
    HistoryRow,
    Inspector,
    MoveRow,
    Moves,
)
from liancun_geo.studio.words import at_most_percent
from liancun_geo.why.ground import Ground
from liancun_geo.why.scores import industry_links, score_lines, score_rank
from liancun_geo.why.wording import signed

MOST_HISTORY = 50
"""Steps of the log that go to the browser with each click."""

_EVENTS = {"move": "move", "swap": "swap", "lead": "lead", "new": "new", "leave_out": "leave_out"}


@dataclass(frozen=True)
class Panels:
    """Words around the map for one plan.

    Parameters
    ----------
    ground
        Facts of the proposal: they do not change with edits.
    language
        Of all words.
    """

    ground: Ground
    language: Language

    def say(self, key: str, **params: Any) -> str:
        """Return one sentence of this step."""
        return message(f"adjust_step.{key}", self.language, **params)

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
            return {**self._cell("gap", self.say("strip_best"), kind="ok"), "icon": "shield"}
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
            panel["problems"] = [fault.text(self.language) for fault in standing.faults[:5]]
        return panel

    def _village(self, draft: Draft, village: int, near: NearPlans | None) -> Inspector:
        lead = int(draft.state.lead_of[village])
        profile = self.ground.profile(village)
        role = "left_out" if lead == UNASSIGNED else "lead" if lead == village else "member"
        tags = [self.say(f"role_{role}")]
        if lead != UNASSIGNED:
            tags.append(self._alliance(lead))
        if profile.weak_economy or profile.weak_organisation:
            tags.append(self.say("role_weak"))
        known = [
            profile.population_persons
            and self.say("fact_population", count=f"{profile.population_persons:,.0f}"),
            profile.collective_income_wan_yuan is not None
            and self.say("fact_income", amount=_short(profile.collective_income_wan_yuan)),
            profile.industries and self._listed(profile.industries),
        ]
        facts = self.say("facts_separator").join(text for text in known if text)
        panel = Inspector(title=profile.village.name, tags=tags, facts=facts)
        if role == "member":
            panel["card"] = self._member_card(draft, village, lead, near)
        elif role == "lead":
            panel["card"] = self._lead_card(village)
        else:
            panel["card"] = Card(
                title=self.say("card_left_out"), rows=[self._why_left_out(draft, village)]
            )
        panel["moves"] = self._moves(draft.options(village))
        if lead != UNASSIGNED:
            self._totals(panel, draft.state.villages_of(lead), self._alliance(lead))
        return panel

    def _several(self, draft: Draft, selected: Sequence[int]) -> Inspector:
        people = self._sum(self.ground.population_field, selected)
        income = self._sum("collective_income_wan_yuan", selected)
        facts = self.say(
            "several_facts",
            count=f"{people or 0:,.0f}",
            amount=_short(income or 0.0),
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
        weak = sum(
            bool(self.ground.flag("weak_economy", v) or self.ground.flag("weak_organisation", v))
            for v in villages
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
                number = {"count": f"{total:,.0f}", "amount": _short(total)}
                value = self.say(f"amount_{key}", **number)
            cells.append(Cell(name=self.say(f"total_{name}"), value=value))
        cells.append(Cell(name=self.say("total_weak"), value=self.say("villages", count=weak)))
        panel["totals_title"], panel["totals"] = title, cells

    def _sum(self, column: str, villages: Iterable[int]) -> float | None:
        found = [self.ground.number(column, village) for village in villages]
        known = [value for value in found if value is not None]
        return math.fsum(known) if known else None

    # --- why ----------------------------------------------------------------------------------

    def _member_card(self, draft: Draft, village: int, lead: int, near: NearPlans | None) -> Card:
        found = member_points(self.ground.scenario, village, lead)
        parts = {part.name: part for part in found.parts}
        rows = [
            self._row("proximity", [parts.pop("proximity", None)], self._way(village, lead)),
            self._row(
                "strength_contrast",
                [parts.pop("strength_contrast", None)],
                self._contrast(village, lead),
            ),
            self._row(
                "industry",
                [
                    parts.pop("industry_similarity", None),
                    parts.pop("industry_complementarity", None),
                ],
                self._industries(village, lead),
            ),
            self._row("other", list(parts.values()), self.say("text_other")),
        ]
        card = Card(
            title=self.say("card_member", alliance=self._alliance(lead)),
            rows=[row for row in rows if row is not None],
        )
        if math.isfinite(found.points):
            card["score"], card["of"] = _points(found.points), self.say("card_of")
        others = [v for v in draft.state.villages_of(lead) if v != village]
        card["rows"] = [*card["rows"], self._borders(village, others)]
        stable = self._stable(village, lead, near)
        if stable is not None:
            card["rows"] = [*card["rows"], stable]
        return card

    def _row(self, name: str, parts: Sequence[Part | None], text: str) -> CardRow | None:
        known = [part for part in parts if part is not None]
        if not known:
            return None
        points = math.fsum(part.points for part in known)
        most = math.fsum(part.most for part in known)
        row = CardRow(
            name=self.say(f"part_{name}"),
            text=text,
            value=_points(points),
            share=max(0.0, points) / PER_VILLAGE,
            part={"strength_contrast": "contrast", "other": "size"}.get(name, name),
        )
        if most > 0.0:
            row["of"] = self.say("of_most", most=_short(most))
        if points <= 0.0:
            row["kind"] = "warn"
        return row

    def _way(self, village: int, lead: int) -> str:
        name = self.ground.name(lead).name
        minutes = self.ground.travel_min(village, lead)
        if minutes is not None:
            return self.say("text_travel", lead=name, minutes=f"{minutes:.0f}")
        km = self.ground.distance_km(village, lead)
        return self.say("text_proximity", lead=name, km="?" if km is None else f"{km:.1f}")

    def _contrast(self, village: int, lead: int) -> str:
        incomes = [self.ground.number("collective_income_wan_yuan", v) for v in (lead, village)]
        if incomes[0] is None or incomes[1] is None:
            return self.say("text_strength_unknown")
        return self.say("text_strength", lead=_short(incomes[0]), own=_short(incomes[1]))

    def _industries(self, village: int, lead: int) -> str:
        common, feeding = industry_links(self.ground, lead, village)
        if common is None or feeding is None:
            return self.say("text_industries_unknown")
        if common:
            return self.say("text_common", industries=self._listed(common))
        if feeding:
            return self.say("text_feeding", lead=feeding[0][0], own=feeding[0][1])
        return self.say("text_no_fit")

    def _borders(self, village: int, others: Iterable[int]) -> CardRow:
        borders = self.ground.borders(village, others)
        lengths = [one.shared_border_m for one in borders]
        known = [length for length in lengths if length is not None]
        row = CardRow(name=self.say("row_borders"), text="", value="")
        if not borders:
            row["text"], row["value"], row["kind"] = self.say("text_no_borders"), "×", "warn"
            return row
        row["value"], row["kind"] = "✓", "ok"
        if len(known) == len(borders):
            km = f"{math.fsum(known) / 1000:.1f}"
            row["text"] = self.say("text_borders", count=len(borders), km=km)
        else:
            row["text"] = self.say("text_borders_linked", count=len(borders))
        return row

    def _stable(self, village: int, lead: int, near: NearPlans | None) -> CardRow | None:
        if near is None or not len(near.lead_of):
            return None
        problem = self.ground.scenario.problem
        zone = problem.zones[int(problem.zone_of[village])]
        at = int(np.flatnonzero(np.asarray(zone.villages) == village)[0])
        same = int((near.lead_of[:, at] == lead).sum())
        plans = len(near.lead_of)
        return CardRow(
            name=self.say("row_stable"),
            text=self.say("text_stable", plans=plans, same=same),
            value=f"{100 * same / plans:.0f}%",
        )

    def _lead_card(self, village: int) -> Card:
        rows = []
        for line in score_lines(self.ground, village):
            text = self.say("text_missing")
            if line.value is not None:
                text = self.say("text_rank", value=_short(line.value), rank=line.rank, of=line.of)
            row = CardRow(name=self.say(f"part_{line.component}"), text=text, value="")
            if line.points is not None:
                row["value"] = _points(line.points)
            if line.most is not None:
                row["of"] = self.say("of_most", most=_short(line.most))
            rows.append(row)
        rank, of = score_rank(self.ground, village)
        rank_text = self.say("text_lead_rank", rank=rank, of=of)
        rows.append(CardRow(name=self.say("row_rank"), text=rank_text, value=str(rank)))
        return Card(title=self.say("card_lead"), rows=rows)

    def _why_left_out(self, draft: Draft, village: int) -> CardRow:
        reason = draft.state.left_out.get(village)
        if not reason:
            told = [one for one in draft.scenario.unassigned if one.position == village]
            reason = told[0].reason.text(self.language) if told else ""
        return CardRow(name="", text=reason, value="")

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
        reason = option.text(self.language)
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
            return self.say("move_into", alliance=self._alliance(option.target))
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

    def _alliance(self, lead: int) -> str:
        return alliance_name(self.ground.name(lead).name)

    def _listed(self, items: Iterable[str]) -> str:
        return message("studio.list_separator", self.language).join(items)


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


def _points(value: float) -> str:
    return f"{value:.1f}".replace("-", "−")


def _short(value: float) -> str:
    return f"{value:,.1f}".removesuffix(".0").replace("-", "−")

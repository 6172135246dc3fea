"""Why a village is where it is: the cards of the step 调整, in words."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from liancun_geo.editing import Draft
from liancun_geo.messages import Language, message
from liancun_geo.naming import alliance_name
from liancun_geo.points import PER_VILLAGE, Part, member_points
from liancun_geo.solve.near_optimal import NearPlans
from liancun_geo.studio.mapping.payload import Card, CardRow
from liancun_geo.why.facts import ScoreLine
from liancun_geo.why.ground import Ground
from liancun_geo.why.scores import industry_links, score_lines, score_rank


@dataclass(frozen=True)
class Cards:
    """Why cards of one plan.

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

    def member_card(self, draft: Draft, village: int, lead: int, near: NearPlans | None) -> Card:
        """Return why a member village is with its lead: points by part, borders, stability."""
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
            title=self.say("card_member", alliance=self.alliance(lead)),
            rows=[row for row in rows if row is not None],
        )
        if math.isfinite(found.points):
            card["score"], card["of"] = points_text(found.points), self.say("card_of")
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
            value=points_text(points),
            share=max(0.0, points) / PER_VILLAGE,
            part={"strength_contrast": "contrast", "other": "size"}.get(name, name),
        )
        if most > 0.0:
            row["of"] = self.say("of_most", most=short(most))
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
        return self.say("text_strength", lead=short(incomes[0]), own=short(incomes[1]))

    def _industries(self, village: int, lead: int) -> str:
        common, feeding = industry_links(self.ground, lead, village)
        if common is None or feeding is None:
            return self.say("text_industries_unknown")
        if common:
            return self.say("text_common", industries=self.listed(common))
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

    def lead_card(self, village: int) -> Card:
        """Return why a village leads: each indicator of the score, and its rank."""
        rows = []
        for line in score_lines(self.ground, village):
            row = CardRow(
                name=self.say(f"part_{line.component}"), text=self._standing(line), value=""
            )
            if line.points is not None:
                row["value"] = points_text(line.points)
            if line.most is not None:
                row["of"] = self.say("of_most", most=short(line.most))
            rows.append(row)
        rank, of = score_rank(self.ground, village)
        rank_text = self.say("text_lead_rank", rank=rank, of=of)
        rows.append(CardRow(name=self.say("row_rank"), text=rank_text, value=str(rank)))
        return Card(title=self.say("card_lead"), rows=rows)

    def _standing(self, line: ScoreLine) -> str:
        """Return an indicator and its place in the township; of nothing no rank is told."""
        if line.value is None or line.rank is None:
            return self.say("text_missing")
        if line.value:
            return self.say("text_rank", value=short(line.value), rank=line.rank, of=line.of)
        key = "text_none" if line.rank == 1 else "text_zero"
        return self.say(key, more=line.rank - 1, of=line.of)

    def why_left_out(self, draft: Draft, village: int) -> CardRow:
        """Return why a village is in no alliance: the planner's reason, or the solver's."""
        reason = draft.state.left_out.get(village)
        if not reason:
            told = [one for one in draft.scenario.unassigned if one.position == village]
            reason = told[0].reason.text(self.language) if told else ""
        return CardRow(name="", text=reason, value="")

    def alliance(self, lead: int) -> str:
        """Return the name of the alliance of a lead village."""
        return alliance_name(self.ground.name(lead).name)

    def listed(self, items: Iterable[str]) -> str:
        """Return texts in a row."""
        return message("studio.list_separator", self.language).join(items)


def points_text(value: float) -> str:
    """Return points to one decimal."""
    return f"{value:.1f}".replace("-", "−")


def short(value: float) -> str:
    """Return an amount to at most one decimal."""
    return f"{value:,.1f}".removesuffix(".0").replace("-", "−")

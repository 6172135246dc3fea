"""Each alliance of the report: its lead and why, its members and why, its type and totals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from liancun_geo.messages import Listing
from liancun_geo.output.export import clean
from liancun_geo.output.paper.content import AllianceSection, Member, Row, Table
from liancun_geo.output.why_card.leads import lead_reasons
from liancun_geo.output.why_card.members import place_reasons
from liancun_geo.output.why_card.parts import Say as CardSay
from liancun_geo.points import plan_points
from liancun_geo.typology import classify
from liancun_geo.why import Place, place_of, score_rank, swapped_leads
from liancun_geo.why.ground import Ground

if TYPE_CHECKING:
    from liancun_geo.output.paper.wording import Say
    from liancun_geo.scenario import NamedAlliance, Scenario

_PERSONS = "population_registered_persons"
_INCOME = "collective_income_wan_yuan"


class AllianceTeller:
    """Tells alliances of one plan; what they share is worked out once."""

    def __init__(self, scenario: Scenario, say: Say) -> None:
        self._say = say
        self._card_say = CardSay(say.language)
        self._ground = Ground(scenario)
        self._proven = [zone.status == "optimal" for zone in scenario.result.zones]
        self._typed = {typed.alliance.id: typed for typed in classify(scenario)}
        self._points = plan_points(scenario.problem, scenario.plan)
        frame = scenario.villages.frame
        self._names = [clean(str(name)) for name in frame["name"]]
        resident = "population_resident_persons"
        persons = _PERSONS if frame[_PERSONS].notna().any() else resident
        columns = {"persons": persons, "income": _INCOME, "party": "party_members_persons"}
        self._values = {
            name: frame[column].to_numpy(dtype=np.float64, na_value=np.nan)
            for name, column in columns.items()
        }

    def table(self, alliances: Sequence[NamedAlliance]) -> Table:
        """Return one row an alliance: the overview of a township."""
        say = self._say
        rows = tuple(
            Row(
                (
                    clean(alliance.name),
                    self._names[alliance.lead],
                    str(Listing(self._names[m] for m in alliance.members).text(say.language)),
                    str(len(alliance.villages)),
                    self._total("persons", alliance),
                    self._total("income", alliance, 1),
                    clean(self._typed[alliance.id].name(say.language)),
                )
            )
            for alliance in alliances
        )
        names = ("alliance", "lead", "members", "villages", "persons", "income", "type")
        return Table(say.heading(*names), rows)

    def section(self, alliance: NamedAlliance) -> AllianceSection:
        """Return the half page on an alliance."""
        say, language = self._say, self._say.language
        typed = self._typed[alliance.id]
        places = [(m, place_of(self._ground, m, alliance)) for m in alliance.members]
        places.sort(key=lambda one: one[1].distance_rank)
        return AllianceSection(
            name=clean(alliance.name),
            township=clean(alliance.township),
            totals=say(
                "totals",
                villages=len(alliance.villages),
                persons=self._total("persons", alliance),
                income=self._total("income", alliance, 1),
                party=self._total("party", alliance),
                points=say.number(self._points.of_alliance(alliance.villages), 1),
            ),
            kind=clean(typed.name(language)),
            kind_reason=clean(typed.short_reason(language)),
            party_body=typed.party_body.short(language),
            lead=self._names[alliance.lead],
            lead_facts=say("lead_facts", **self._own(alliance.lead)),
            lead_reasons=tuple(clean(text) for text in self._lead_reasons(alliance)),
            members=tuple(self._member(*one) for one in places),
        )

    def _lead_reasons(self, alliance: NamedAlliance) -> list[str]:
        ground, lead = self._ground, alliance.lead
        others = [c for c in swapped_leads(ground, alliance) if c.change is not None]
        score = float(ground.scenario.leads.score[lead])
        second = others[0] if others else None
        return lead_reasons(
            ground.name(lead), score, score_rank(ground, lead), second, self._card_say
        )

    def _member(self, village: int, place: Place) -> Member:
        say, own = self._say, self._own(village)
        km = place.distance_km
        best = self._proven[int(self._ground.problem.zone_of[village])]
        reasons = place_reasons(place, self._card_say, best=best)
        return Member(
            name=self._names[village],
            distance=say("unknown") if km is None else say("km", value=f"{km:.1f}"),
            population=own["persons"],
            income=own["income"],
            points=f"{place.points.points:.1f}",
            reason=clean(self._card_say.joined(reasons)),
        )

    def _own(self, village: int) -> dict[str, str]:
        decimals = {"persons": 0, "income": 1, "party": 0}
        return {
            name: self._say.number(float(self._values[name][village]), places)
            for name, places in decimals.items()
        }

    def _total(self, name: str, alliance: NamedAlliance, decimals: int = 0) -> str:
        values = self._values[name][list(alliance.villages)]
        missing = int(np.isnan(values).sum())
        if missing == len(values):
            return self._say("unknown")
        total = self._say.number(float(np.nansum(values)), decimals)
        return self._say("at_least", value=total, missing=missing) if missing else total

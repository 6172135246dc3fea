"""Which type each alliance is, from its facts: what decided it, what came second, what is unknown.

Every fact is an interval: what is missing in the data leaves it open, and a condition holds or
fails only if it does so whatever the missing values are. Types are rules on facts
(:mod:`liancun_geo.type_rules`); beside the type stand the party body that the members allow and
the core enterprise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any, Literal

from liancun_geo.errors import Fault, Where, warning
from liancun_geo.messages import DEFAULT_LANGUAGE, Language, message
from liancun_geo.scenario import NamedAlliance, Scenario
from liancun_geo.type_facts import CoreEnterprise, Surveyor
from liancun_geo.type_rules import Condition, Fact, FactName, TypeRule, TypeSettings
from liancun_geo.villages import positions_by_code

Verdict = Literal["met", "not_met", "unknown"]
PartyBodyKind = Literal["committee", "general_branch", "branch"]


@dataclass(frozen=True, slots=True)
class Judged:
    """A condition, whether an alliance meets it, and the facts it was judged by."""

    condition: Condition
    verdict: Verdict
    facts: tuple[Fact, ...]

    def text(self, language: Language = DEFAULT_LANGUAGE) -> str:
        """Return the facts with their values, and what is asked of them unless it is met."""
        separator = message("types.separator", language)
        told = separator.join(fact.text(language) for fact in self.facts)
        if self.verdict == "met":
            return told
        asked = self.condition.text(language)
        return message(f"types.lacks_{self.verdict}", language, facts=told, asked=asked)


@dataclass(frozen=True, slots=True)
class TypeMatch:
    """How well an alliance fits one type.

    Attributes
    ----------
    rule
        The type.
    required, counted
        Its conditions, judged.
    weight, most
        Weight of the conditions that are met, and of all.
    """

    rule: TypeRule
    required: tuple[Judged, ...]
    counted: tuple[Judged, ...]
    weight: float
    most: float

    @property
    def fits(self) -> bool:
        """Whether every required condition is met."""
        return all(judged.verdict == "met" for judged in self.required)

    @property
    def met(self) -> tuple[Judged, ...]:
        """Return the conditions that are met."""
        return tuple(j for j in (*self.required, *self.counted) if j.verdict == "met")

    @property
    def lacking(self) -> tuple[Judged, ...]:
        """Return the required conditions that are not met, or cannot be told."""
        return tuple(judged for judged in self.required if judged.verdict != "met")

    @property
    def nearness(self) -> tuple[bool, float, float]:
        """Return what matches are ranked by: fit, met share of what is required, weight."""
        required = sum(judged.condition.weight for judged in self.required)
        met = sum(j.condition.weight for j in self.required if j.verdict == "met")
        return self.fits, met / required if required else 1.0, self.weight


@dataclass(frozen=True, slots=True)
class PartyBody:
    """The party body that the members of an alliance allow: a rule to confirm.

    Attributes
    ----------
    kind
        None if missing figures leave it open.
    members_persons
        Known party members, persons.
    missing
        Villages without a figure.
    branch_above_persons, committee_above_persons
        The thresholds, from the settings.
    """

    kind: PartyBodyKind | None
    members_persons: float
    missing: int
    branch_above_persons: float
    committee_above_persons: float

    def name(self, language: Language = DEFAULT_LANGUAGE) -> str:
        """Return 党委, 党总支 or 党支部, or that it is unknown."""
        return message(f"types.party_{self.kind or 'unknown'}", language)

    def short(self, language: Language = DEFAULT_LANGUAGE) -> str:
        """Return the body, and that it is to be confirmed."""
        if self.kind is None:
            return self.name(language)
        return message("types.party_to_confirm", language, body=self.name(language))

    def text(self, language: Language = DEFAULT_LANGUAGE) -> str:
        """Return members, thresholds and body as one sentence that says: to be confirmed."""
        key = "types.party_body_open" if self.kind is None else "types.party_body"
        if self.kind is not None and self.missing:
            key = "types.party_body_at_least"
        return message(
            key,
            language,
            members=f"{self.members_persons:g}",
            missing=self.missing,
            branch=f"{self.branch_above_persons:g}",
            committee=f"{self.committee_above_persons:g}",
            body=self.name(language),
        )


@dataclass(frozen=True, eq=False)
class TypedAlliance:
    """An alliance with its type and the facts behind it.

    Attributes
    ----------
    alliance
        Of the scenario.
    facts
        Everything computed of it, by name.
    matches
        Every type in use, the best first.
    chosen, chosen_reason
        The type that a person has set, and why; None if nobody did.
    party_body, core_enterprise
        See there; None if no core enterprise is known.
    places_in, places_near
        Positions in ``scenario.villages.places`` of what lies in the alliance, and of what lies
        next to it.
    """

    alliance: NamedAlliance
    facts: Mapping[FactName, Fact]
    matches: tuple[TypeMatch, ...]
    party_body: PartyBody
    core_enterprise: CoreEnterprise | None = None
    chosen: TypeRule | None = None
    chosen_reason: str | None = None
    places_in: tuple[int, ...] = ()
    places_near: tuple[int, ...] = ()

    @property
    def recommended(self) -> TypeMatch | None:
        """Return the best fitting type, None if none fits for certain."""
        return self.matches[0] if self.matches and self.matches[0].fits else None

    @property
    def type(self) -> TypeRule | None:
        """Return the type: the one a person has set, else the recommended one."""
        if self.chosen is not None:
            return self.chosen
        return None if self.recommended is None else self.recommended.rule

    @property
    def runner_up(self) -> TypeMatch | None:
        """Return the next best type; the nearest one if none fits."""
        best = self.recommended
        if best is None:
            return self.matches[0] if self.matches else None
        family = best.rule.family
        others = (m for m in self.matches[1:] if family is None or m.rule.family != family)
        return next(others, None)

    def name(self, language: Language = DEFAULT_LANGUAGE) -> str:
        """Return the name of the type, or that none can be told."""
        return type_name(self.type, language)

    def reason(self, language: Language = DEFAULT_LANGUAGE) -> str:
        """Return why this type: the facts that decided it, the runner-up and what it lacked."""
        lines = []
        best, second = self.recommended, self.runner_up
        if self.chosen is not None:
            recommended = type_name(None if best is None else best.rule, language)
            lines.append(
                message(
                    "types.chosen",
                    language,
                    type=type_name(self.chosen, language),
                    reason=self.chosen_reason,
                    recommended=recommended,
                )
            )
        if best is not None:
            lines.append(_told("types.decided", best, best.met, language))
        elif self.chosen is None:
            lines.append(message("types.undecided", language))
        if second is not None and second.fits and best is not None:
            params = {"weight": f"{second.weight:g}", "best": f"{best.weight:g}"}
            lines.append(
                message(
                    "types.runner_up_fits",
                    language,
                    type=type_name(second.rule, language),
                    **params,
                )
            )
        elif second is not None:
            key = "types.runner_up" if best is not None else "types.nearest"
            lines.append(_told(key, second, second.lacking, language))
        return reduce(
            lambda first, second: message(
                "types.two_sentences", language, first=first, second=second
            ),
            lines,
        )

    def short_reason(self, language: Language = DEFAULT_LANGUAGE) -> str:
        """Return what decided the type, without what came second: for a cell of a table."""
        if self.chosen is not None or self.recommended is None:
            return self.reason(language)
        return _told("types.because", self.recommended, self.recommended.met, language)

    def as_dict(self, language: Language = DEFAULT_LANGUAGE) -> dict[str, Any]:
        """Return the type with its facts for machine-readable output."""
        second = self.runner_up
        best = self.recommended
        return {
            "id": None if self.type is None else self.type.id,
            "name": self.name(language),
            "set_by_planner": self.chosen is not None,
            "planner_reason": self.chosen_reason,
            "recommended": None if best is None else best.rule.id,
            "reason": self.reason(language),
            "facts": [fact.as_dict(language) for fact in self.facts.values()],
            "runner_up": None
            if second is None
            else {
                "id": second.rule.id,
                "name": type_name(second.rule, language),
                "fits": second.fits,
                "lacking": [judged.text(language) for judged in second.lacking],
            },
        }


def classify(scenario: Scenario) -> tuple[TypedAlliance, ...]:
    """Return every alliance of a plan with its type, in the order of the plan.

    Parameters
    ----------
    scenario
        Its plan, village table (with places) and ``settings.types`` are used; nothing is solved.
    """
    settings = scenario.settings.types
    surveyor = Surveyor(scenario)
    codes = scenario.villages.frame["code"].astype(str).tolist()
    typed = []
    for alliance in scenario.alliances:
        survey = surveyor.survey(alliance)
        matches = sorted(
            (_match(rule, survey.facts) for rule in settings.in_use),
            # A stable sort leaves equal types in the order in which they are listed.
            key=lambda match: match.nearness,
            reverse=True,
        )
        chosen = settings.chosen.get(codes[alliance.lead])
        typed.append(
            TypedAlliance(
                alliance=alliance,
                facts=survey.facts,
                matches=tuple(matches),
                party_body=_party_body(scenario, alliance, settings),
                core_enterprise=survey.core,
                chosen=None if chosen is None else settings.named(chosen.type),
                chosen_reason=None if chosen is None else chosen.reason,
                places_in=survey.places_in,
                places_near=survey.places_near,
            )
        )
    return tuple(typed)


def type_notices(scenario: Scenario) -> tuple[Fault, ...]:
    """Return what was set for leads that this plan does not have, or names nobody knows."""
    settings, frame = scenario.settings.types, scenario.villages.frame
    position = positions_by_code(frame["code"])
    leads = {alliance.lead for alliance in scenario.alliances}
    found: list[Fault] = []
    for table, codes in (
        ("types.chosen", settings.chosen),
        ("types.core_enterprise", settings.core_enterprise),
    ):
        for code in codes:
            village = position.get(code)
            where = Where(code=code, field=table)
            if village is None:
                found.append(warning("types.no_such_village", where))
            elif village not in leads:
                where = Where(village=str(frame["name"].iloc[village]), code=code, field=table)
                found.append(warning("types.no_lead", where))
    for typed in classify(scenario):
        core = typed.core_enterprise
        if core is not None and core.how == "settings" and core.village is None:
            found.append(
                warning("types.core_not_listed", alliance=typed.alliance.name, name=core.name)
            )
    return tuple(found)


def type_name(rule: TypeRule | None, language: Language = DEFAULT_LANGUAGE) -> str:
    """Return what a type is called, or that there is none."""
    if rule is None:
        return message("types.none", language)
    return rule.zh if language == "zh" else rule.en


def judge(condition: Condition, facts: Mapping[FactName, Fact]) -> Judged:
    """Judge a condition: unknown only if the missing data could turn it either way."""
    if condition.any_of:
        parts = [judge(part, facts) for part in condition.any_of]
        shown = [p for p in parts if p.verdict == "met"] or parts
        verdicts = [part.verdict for part in parts]
        verdict: Verdict = "unknown" if "unknown" in verdicts else "not_met"
        if "met" in verdicts:
            verdict = "met"
        return Judged(condition, verdict, tuple(f for part in shown for f in part.facts))
    assert condition.fact is not None
    fact = facts[condition.fact]
    least, most = condition.at_least, condition.at_most
    if condition.yes is not None:
        least, most = (1.0, 1.0) if condition.yes else (0.0, 0.0)
    low = float("-inf") if least is None else least
    high = float("inf") if most is None else most
    if low <= fact.low and fact.high <= high:
        return Judged(condition, "met", (fact,))
    apart = fact.high < low or fact.low > high
    return Judged(condition, "not_met" if apart else "unknown", (fact,))


def _match(rule: TypeRule, facts: Mapping[FactName, Fact]) -> TypeMatch:
    required = tuple(judge(condition, facts) for condition in rule.require)
    counted = tuple(judge(condition, facts) for condition in rule.count)
    weight = sum(j.condition.weight for j in (*required, *counted) if j.verdict == "met")
    return TypeMatch(rule, required, counted, weight, rule.most)


def _party_body(scenario: Scenario, alliance: NamedAlliance, settings: TypeSettings) -> PartyBody:
    members = scenario.villages.frame["party_members_persons"].iloc[list(alliance.villages)]
    known, missing = float(members.sum()), int(members.isna().sum())
    branch, committee = settings.branch_above_persons, settings.committee_above_persons
    kind: PartyBodyKind | None = None
    if known > committee:
        # More members can only confirm it.
        kind = "committee"
    elif not missing:
        kind = "general_branch" if known > branch else "branch"
    return PartyBody(kind, known, missing, branch, committee)


def _told(key: str, match: TypeMatch, judged: tuple[Judged, ...], language: Language) -> str:
    facts = dict.fromkeys(one.text(language) for one in judged)
    return message(
        key,
        language,
        type=type_name(match.rule, language),
        facts=message("types.separator", language).join(facts),
        weight=f"{match.weight:g}",
        most=f"{match.most:g}",
    )

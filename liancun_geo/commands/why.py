"""What ``liancun why`` does: take the plan, ask, tell."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from liancun_geo.commands.inputs import GOOD, Inputs, leads_of
from liancun_geo.errors import Fault, SettingsError, error, warning
from liancun_geo.report import Report, print_json

if TYPE_CHECKING:
    from liancun_geo.scenario import Scenario
    from liancun_geo.settings import Settings
    from liancun_geo.why import Card


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of a plan."""

    village: str | None = None
    other: str | None = None
    rules: bool = False
    plan: Path | None = None
    locked: Sequence[str] = ()
    vary_weights: bool = False
    everyone: bool = False
    html: Path | None = None


def why(report: Report, inputs: Inputs, question: Question) -> int:
    """Say why a village is where it is, what a boundary costs, what every rule costs.

    Returns the exit code.

    Raises
    ------
    SettingsError
        If nothing is asked.
    DataError
        If a village or the plan cannot be found, or the page cannot be written.
    """
    from liancun_geo.why import Explainer, LeadCard
    from liancun_geo.why.finding import find_village

    _require_question(question)
    scenario, notes = _scenario_asked(inputs, question.plan)
    villages = scenario.villages
    explainer = Explainer(
        scenario, locked=[find_village(given, villages) for given in question.locked]
    )
    report.warnings(notes)
    told: dict[str, Any] = {"cards": [], "rules": []}
    drawn: list[Card] = []
    if question.everyone:
        for zone in range(len(scenario.problem.zones) if question.vary_weights else 0):
            explainer.vary_weights(zone)
        drawn = [explainer.card(village) for village in range(len(villages))]
    if question.village is not None:
        village = find_village(question.village, villages)
        if question.vary_weights:
            explainer.vary_weights(int(scenario.problem.zone_of[village]))
        card: Any = explainer.card(village)
        if isinstance(card, LeadCard):
            card = explainer.lead_card(village, every=True)
        drawn = drawn or [card]
        if question.other is not None:
            card = explainer.boundary(village, find_village(question.other, villages))
        told["cards"].append(card.as_dict(report.language))
        for line in card.text(report.language):
            report.say(line)
    if question.rules:
        report.line("why.rules_heading")
        for cost in explainer.rule_costs():
            told["rules"].append(cost.as_dict(report.language))
            report.say(f"  · {cost.text(report.language)}")
    if question.html is not None:
        from liancun_geo.output.why_card import write_why_cards

        path = write_why_cards(scenario, drawn, question.html, report.language)
        told["html"] = str(path)
        report.line("why_card.written", count=len(drawn), path=path)
    if report.as_json:
        told["warnings"] = [note.as_dict(report.language) for note in notes]
        print_json(told)
    else:
        report.line("cli.disclaimer")
    return GOOD


def _require_question(question: Question) -> None:
    """Refuse a question that asks nothing, or that has nothing to answer on."""
    key = None
    if question.everyone and question.html is None:
        key = "why_card.html_needed"
    elif question.village is None and question.other is not None:
        key = "why.with_alone"
    elif question.html is not None and question.village is None and not question.everyone:
        key = "why_card.cannot_draw"
    elif question.village is None and not question.rules and not question.everyone:
        key = "why.nothing_asked"
    if key is not None:
        raise SettingsError([error(key)])


def _scenario_asked(inputs: Inputs, plan: Path | None) -> tuple[Scenario, list[Fault]]:
    """Return the plan to explain, one handed over as it is, else the best; and what to know."""
    from liancun_geo.assignment import read_assignment
    from liancun_geo.output import read_plan_file
    from liancun_geo.scenario import plan_alliances, take_over

    settings = inputs.settings()
    is_file = plan is not None and plan.suffix.lower() == ".json"
    handed = read_plan_file(plan) if plan is not None and is_file else None
    if handed is not None and inputs.settings_file is None:
        # A plan file knows its settings; the layers they name lie with it or with the boundaries.
        folder = _folder(inputs, handed.path, handed.settings)
        settings = inputs.added_to(handed.settings, folder)
        county = inputs.county(settings, folder)
    else:
        county = inputs.county(settings)
    if plan is None:
        return plan_alliances(county, settings, workers=os.cpu_count() or 1), []
    villages = county.villages
    lead_of = read_assignment(plan, villages) if handed is None else leads_of(handed, villages)
    scenario = take_over(county, settings, lead_of)
    notes = []
    if handed is not None and scenario.fingerprint != handed.fingerprint:
        notes.append(warning("why.other_plan"))
    if scenario.violations:
        notes.append(warning("why.breaks_rules", count=len(scenario.violations)))
    return scenario, notes


def _folder(inputs: Inputs, plan: Path, settings: Settings) -> Path:
    """Return the folder that holds the layers the settings of a plan file name."""
    names = settings.side_layers
    for folder in (plan.parent, inputs.boundaries.parent):
        if all((folder / name).exists() for name in names):
            return folder
    return Path()

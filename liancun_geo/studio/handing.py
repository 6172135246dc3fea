"""What must be known before a plan is handed over, and the record of its approval."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from liancun_geo.contrasts import equity_first
from liancun_geo.doctor import Findings
from liancun_geo.editing import Draft
from liancun_geo.fingerprint import fingerprint
from liancun_geo.messages import Language, message
from liancun_geo.output.export import sentence
from liancun_geo.points import PER_VILLAGE
from liancun_geo.reasons import violation_fault
from liancun_geo.scenario import County, Scenario
from liancun_geo.settings import Settings
from liancun_geo.studio.words import at_most_percent
from liancun_geo.why.wording_sure import Listed

State = Literal["good", "warn", "bad"]
_NAMED = 6
_PROVEN = 1e-6


@dataclass(frozen=True)
class Check:
    """One line of the list: whether it is well, and what to say."""

    key: str
    state: State
    params: dict[str, Any] = field(default_factory=dict)

    def text(self, language: Language) -> str:
        """Return the line as a sentence."""
        return message(f"export_step.{self.key}", language, **self.params)


@dataclass(frozen=True, eq=False)
class Approval:
    """Who approved which plan, and when."""

    scenario: Scenario
    by: str
    at: datetime

    def holds(self, scenario: Scenario) -> bool:
        """Return whether a plan is still the one that was approved."""
        same = scenario.plan.lead_of.tolist() == self.scenario.plan.lead_of.tolist()
        return same and scenario.fingerprint == self.scenario.fingerprint

    def as_json(self) -> str:
        """Return the record that goes with the files."""
        told = {
            "approved_by": self.by,
            "approved_at": self.at.isoformat(),
            "fingerprint": self.scenario.fingerprint,
        }
        return json.dumps(told, ensure_ascii=False, indent=2) + "\n"


def checks(
    draft: Draft,
    scenario: Scenario,
    now: str,
    findings: Findings | None,
    language: Language,
) -> tuple[Check, ...]:
    """Return what to look at before a plan is handed over; what stops it is ``"bad"``.

    Parameters
    ----------
    draft, scenario
        The plan with its edits, and as it is now.
    now
        The fingerprint the plan would have if it were made now, see :func:`made_now`.
    findings
        Of the data; None if they cannot be examined.
    language
        Of sentences inside the sentences.
    """
    data: State = "good" if scenario.fingerprint == now else "warn"
    questions = 0 if findings is None else len(findings.questions)
    errors = 0 if findings is None else len(findings.errors)
    open_ones = Check("decisions_good", "good")
    if findings is not None and (questions or errors):
        counts = {"questions": questions, "errors": errors}
        open_ones = Check("decisions_warn", "warn", counts)
    return (
        _rules(draft, scenario, language),
        _unplaced(draft, scenario, language),
        Check(f"data_{data}", data),
        open_ones,
        _proof(draft, scenario),
    )


def made_now(scenario: Scenario, county: County | None, settings: Settings) -> str:
    """Return the fingerprint that a plan of the same leaning would have if it were made now.

    Parameters
    ----------
    scenario
        The plan. One that puts weak villages first has settings of its own, made of the planner's.
    county, settings
        As they are now; without a county nothing is known to have changed.
    """
    if county is None:
        return scenario.fingerprint
    weak_first = equity_first(settings, scenario.settings.rules.max_weak_members)
    if scenario.fingerprint == fingerprint(county.villages, weak_first):
        return scenario.fingerprint
    return fingerprint(county.villages, settings)


def _partly(draft: Draft) -> bool:
    """Return whether townships without any plan under the rules are still without one."""
    zones = draft.proposal.result.zones
    return any(zone.status == "infeasible" for zone in zones) and not draft.standing.valid


def _rules(draft: Draft, scenario: Scenario, language: Language) -> Check:
    if not scenario.violations and _partly(draft):
        # The step of adjusting counts the same.
        return Check("rules_partly", "warn", {"count": len(draft.standing.violations)})
    if not scenario.violations:
        return Check("rules_good", "good")
    told = "".join(
        sentence(violation_fault(one, scenario.villages), language)
        for one in scenario.violations[:_NAMED]
    )
    return Check("rules_bad", "bad", {"count": len(scenario.violations), "rules": told})


def _unplaced(draft: Draft, scenario: Scenario, language: Language) -> Check:
    """Tell of villages left out; one left out by hand needs words of the planner."""
    left_out = [one for one in scenario.unassigned if one.position is not None]
    placed = len(scenario.plan.lead_of) - len(left_out)
    if not left_out:
        return Check("unplaced_good", "good", {"placed": placed})
    by_hand = draft.proposal.plan.lead_of
    silent = [
        one
        for one in left_out
        if one.position is not None
        and by_hand[one.position] >= 0
        and not draft.state.left_out.get(one.position, "").strip()
    ]
    shown = [one.name for one in (silent or left_out)[:_NAMED]]
    villages = Listed(shown).text(language)
    if silent:
        counts = {"count": len(left_out), "silent": len(silent), "villages": villages}
        return Check("unplaced_warn", "bad", counts)
    return Check("unplaced_told", "good", {"count": len(left_out), "villages": villages})


def _proof(draft: Draft, scenario: Scenario) -> Check:
    most: float | None
    gap: float | None
    if draft.cursor:
        most, gap = draft.standing.most, draft.standing.gap
    else:
        result = scenario.result
        known = math.isfinite(result.gap) and not scenario.violations
        most = PER_VILLAGE * max(0.0, result.objective - result.bound) if known else None
        gap = result.gap if known else None
    if most is None or gap is None:
        return Check("proof_unknown", "warn")
    if most <= _PROVEN:
        return Check("proof_partly", "warn") if _partly(draft) else Check("proof_good", "good")
    return Check("proof_open", "warn", {"gap": at_most_percent(gap), "points": f"{most:.1f}"})

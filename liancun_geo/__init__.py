"""Plan village alliances: one lead village and N members, connected on the map, proven best.

The solver's names are here at once; whatever needs a map library is loaded when first used, so
that the solver alone never waits for one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

# Functions named like their modules must take the modules' place before anybody looks.
from liancun_geo.check import Violation, check, plan_cost
from liancun_geo.errors import DataError, LiancunError, ProblemError, SettingsError
from liancun_geo.lazy import lazy_names
from liancun_geo.plan import Alliance, Plan
from liancun_geo.problem import AllianceProblem
from liancun_geo.solve import (
    Certificate,
    Marginal,
    SolveResult,
    ZoneAlternatives,
    ZoneCertificate,
    ZoneContext,
    alternatives,
    certify,
    cost_of_apart,
    cost_of_leading,
    cost_of_leaving_out,
    cost_of_together,
    explain_infeasible,
    explain_left_out,
    explain_together,
    resolve,
    solve,
    village_prices,
)

if TYPE_CHECKING:
    from liancun_geo.contiguity import ContiguityGraph, build_contiguity
    from liancun_geo.criteria import score_leads, score_pairs
    from liancun_geo.decisions import read_decisions
    from liancun_geo.doctor import Findings, examine
    from liancun_geo.editing import Draft
    from liancun_geo.intake import read_barriers, read_villages
    from liancun_geo.output import read_plan_file, verify_plan, write_plan
    from liancun_geo.relaxing import apply_relaxation, explain_scenario
    from liancun_geo.scenario import Scenario, plan_alliances, read_county
    from liancun_geo.settings import Settings, read_settings
    from liancun_geo.typology import TypedAlliance, classify
    from liancun_geo.villages import VillageTable

_HOME = {
    "ContiguityGraph": "contiguity",
    "Draft": "editing",
    "Findings": "doctor",
    "Scenario": "scenario",
    "Settings": "settings",
    "TypedAlliance": "typology",
    "VillageTable": "villages",
    "apply_relaxation": "relaxing",
    "build_contiguity": "contiguity",
    "classify": "typology",
    "examine": "doctor",
    "explain_scenario": "relaxing",
    "plan_alliances": "scenario",
    "read_barriers": "intake",
    "read_county": "scenario",
    "read_decisions": "decisions",
    "read_plan_file": "output",
    "read_settings": "settings",
    "read_villages": "intake",
    "score_leads": "criteria",
    "score_pairs": "criteria",
    "verify_plan": "output",
    "write_plan": "output",
}

__all__ = [
    "Alliance",
    "AllianceProblem",
    "Certificate",
    "ContiguityGraph",
    "DataError",
    "Draft",
    "Findings",
    "LiancunError",
    "Marginal",
    "Plan",
    "ProblemError",
    "Scenario",
    "Settings",
    "SettingsError",
    "SolveResult",
    "TypedAlliance",
    "VillageTable",
    "Violation",
    "ZoneAlternatives",
    "ZoneCertificate",
    "ZoneContext",
    "alternatives",
    "apply_relaxation",
    "build_contiguity",
    "certify",
    "check",
    "classify",
    "cost_of_apart",
    "cost_of_leading",
    "cost_of_leaving_out",
    "cost_of_together",
    "examine",
    "explain_infeasible",
    "explain_left_out",
    "explain_scenario",
    "explain_together",
    "plan_alliances",
    "plan_cost",
    "read_barriers",
    "read_county",
    "read_decisions",
    "read_plan_file",
    "read_settings",
    "read_villages",
    "resolve",
    "score_leads",
    "score_pairs",
    "solve",
    "verify_plan",
    "village_prices",
    "write_plan",
]


__getattr__ = lazy_names(__name__, _HOME)

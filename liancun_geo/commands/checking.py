"""What ``check`` and ``verify`` do: look at data, an edited assignment, a plan file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from liancun_geo.commands.inputs import BAD_DATA, GOOD, NO_PLAN, Inputs, handed_plan
from liancun_geo.errors import Fault
from liancun_geo.report import Report, print_json

if TYPE_CHECKING:
    from liancun_geo.scenario import County, Groundwork
    from liancun_geo.settings import Settings
    from liancun_geo.villages import Correction


def check(report: Report, inputs: Inputs, assignment: Path | None) -> int:
    """Look at the data, and at an assignment if there is one."""
    from liancun_geo.check import check as broken_rules
    from liancun_geo.check import plan_cost
    from liancun_geo.reasons import violation_fault

    county, groundwork, warnings = ready(report, inputs, inputs.settings())
    villages, problem = county.villages, groundwork.problem
    broken: list[Fault] = []
    objective: float | None = None
    if assignment is not None:
        lead_of = handed_plan(assignment, villages)
        broken = [violation_fault(v, villages) for v in broken_rules(problem, lead_of)]
        if broken:
            report.faults("cli.violations_heading", broken)
        else:
            objective = plan_cost(problem, lead_of)
            report.line("cli.check_plan_good", objective=f"{objective:.4f}")
    if report.as_json:
        print_json(
            {
                "status": "broken" if broken else "good",
                "objective": objective,
                "villages": len(villages),
                "zones": len(problem.zones),
                "contiguities": len(groundwork.contiguity.edges),
                "violations": [fault.as_dict(report.language) for fault in broken],
                "warnings": [fault.as_dict(report.language) for fault in warnings],
            }
        )
    return NO_PLAN if broken else GOOD


def ready(
    report: Report, inputs: Inputs, settings: Settings
) -> tuple[County, Groundwork, list[Fault]]:
    """Read the county and put the problem together, telling what was noticed."""
    from liancun_geo.scenario import lay_groundwork

    county = inputs.county(settings)
    groundwork = lay_groundwork(county, settings)
    warnings = [
        *county.villages.warnings,
        *groundwork.contiguity.warnings,
        *groundwork.leads.warnings,
        *groundwork.pairs.warnings,
        *groundwork.warnings,
    ]
    report.warnings(warnings)
    report.line(
        "cli.check_data_good",
        villages=len(county.villages),
        zones=len(groundwork.problem.zones),
        edges=len(groundwork.contiguity.edges),
    )
    return county, groundwork, warnings


def verify(
    report: Report,
    plan_file: Path,
    boundaries: Path | None,
    ledger: Sequence[Path] | None,
) -> int:
    """Verify a plan file against its data."""
    from liancun_geo.output import verify_plan
    from liancun_geo.project import recorrected
    from liancun_geo.reasons import violation_fault
    from liancun_geo.scenario import lay_groundwork, read_county

    def build(
        found: Path,
        ledgers: tuple[Path, ...],
        settings: Settings,
        corrections: tuple[Correction, ...],
    ) -> Any:
        county = recorrected(read_county(found, ledgers or None, settings=settings), corrections)
        return county.villages, lay_groundwork(county, settings).problem

    outcome = verify_plan(plan_file, build=build, boundaries=boundaries, ledger=ledger)
    broken = (
        [violation_fault(violation, outcome.villages) for violation in outcome.violations]
        if outcome.villages is not None
        else []
    )
    if outcome.ok:
        report.line("cli.verify_good")
    else:
        report.faults("cli.verify_bad", [*outcome.faults, *broken])
    if report.as_json:
        print_json(
            {
                "status": "verified" if outcome.ok else "not verified",
                "objective": outcome.objective,
                "violations": [fault.as_dict(report.language) for fault in broken],
                "faults": [fault.as_dict(report.language) for fault in outcome.faults],
            }
        )
    return GOOD if outcome.ok else NO_PLAN if broken and not outcome.faults else BAD_DATA

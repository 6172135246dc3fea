"""What ``plan``, ``replan`` and ``warm-up`` do: plan, prove, write all outputs."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from liancun_geo.commands.inputs import BAD_DATA, GOOD, NO_PLAN, Inputs, handed_plan, positions
from liancun_geo.report import Report, print_json

if TYPE_CHECKING:
    from liancun_geo.scenario import Scenario
    from liancun_geo.solve import Certificate


def plan(
    report: Report,
    inputs: Inputs,
    out: Path,
    workers: int | None,
    time_limit: float | None,
    *,
    certify: bool = False,
) -> int:
    """Plan a county and write all outputs."""
    scenario = planned(report, inputs, workers, time_limit)
    certificate = _certified(report, scenario) if certify else None
    more = {} if certificate is None else {"certificate": _as_objects(report, certificate)}
    code = hand_over(report, scenario, out, more)
    return BAD_DATA if certificate is not None and certificate.refused else code


def planned(
    report: Report, inputs: Inputs, workers: int | None = None, time_limit: float | None = None
) -> Scenario:
    """Return the best plan of a county; the bar of its solving is shown."""
    from liancun_geo.scenario import plan_alliances

    settings = inputs.settings(time_limit)
    county = inputs.county(settings)
    with report.progress() as progress:
        return plan_alliances(
            county, settings, workers=workers or os.cpu_count() or 1, progress=progress
        )


def _certified(report: Report, scenario: Scenario) -> Certificate:
    """Derive the proof again by other means and tell what came of it."""
    from liancun_geo.solve import certify

    certificate = certify(scenario.problem, scenario.result)
    if certificate.reason is not None:
        report.line(f"certificate.{certificate.reason}")
    for zone in certificate.zones:
        report.say(zone.text(report.language))
    return certificate


def _as_objects(report: Report, certificate: Certificate) -> list[dict[str, str]]:
    return [
        {"zone": str(zone.label), "verdict": zone.verdict, "message": zone.text(report.language)}
        for zone in certificate.zones
    ]


def replan(
    report: Report,
    inputs: Inputs,
    before: Path,
    out: Path,
    max_moves: int | None,
    move_cost: float,
    lock: Sequence[str],
) -> int:
    """Plan again from an assignment, changing as little as asked for, and write all outputs."""
    from liancun_geo.scenario import assemble, lay_groundwork
    from liancun_geo.solve import resolve
    from liancun_geo.solve.warm import warm_up as compile_all

    settings = inputs.settings()
    county = inputs.county(settings)
    groundwork = lay_groundwork(county, settings)
    compile_all()
    result = resolve(
        groundwork.problem,
        handed_plan(before, county.villages),
        move_cost=move_cost,
        max_moves=max_moves,
        locked=positions(county.villages, lock),
        time_limit=settings.solver.time_limit_s,
        workers=settings.solver.workers or os.cpu_count() or 1,
        seed=settings.solver.seed,
    )
    scenario = assemble(county.villages, settings, groundwork, result)
    names = county.villages.frame["name"].tolist()
    separator = report.text("reason.separator")
    moved = separator.join(str(names[village]) for village in result.moved)
    report.line("cli.moved", count=len(result.moved), villages=moved or "—")
    return hand_over(report, scenario, out)


def hand_over(
    report: Report,
    scenario: Scenario,
    out: Path,
    more: Mapping[str, Any] | None = None,
    kept: Iterable[Path] = (),
) -> int:
    """Write all outputs of a plan, tell it, and return the exit code.

    ``more`` is added to the JSON object; ``kept`` are files that are never replaced.
    """
    from liancun_geo.output import plan_document, write_plan, write_plan_file

    if scenario.violations:
        # A fault of the program: the record is kept, nothing else is handed out.
        files: tuple[Path, ...] = (write_plan_file(scenario, out / "plan.json"),)
    else:
        files = write_plan(scenario, out, language=report.language, kept=kept)
    if report.as_json:
        print_json({**plan_document(scenario, report.language), **(more or {})})
    else:
        report.scenario(scenario, files, out)
    unplanned = scenario.result.status in ("infeasible", "unknown")
    return NO_PLAN if unplanned or scenario.violations else GOOD


def warm_up(report: Report) -> int:
    """Compile what the solver needs, once after installing."""
    from liancun_geo.solve.warm import warm_up as compile_all

    report.line("cli.warming_up")
    compile_all()
    report.line("cli.warm")
    return GOOD

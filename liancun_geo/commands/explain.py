"""The command ``explain``: what stands in the way, the ways out, and one of them applied."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from liancun_geo.commands.inputs import GOOD, NO_PLAN, Inputs
from liancun_geo.errors import DataError, Where, error
from liancun_geo.report import Report, print_json

if TYPE_CHECKING:
    from liancun_geo.relaxing import Explanation, WayOut


def explain(
    report: Report,
    inputs: Inputs,
    most: int,
    apply: Sequence[int] = (),
    settings_out: Path | None = None,
) -> int:
    """Say which rules keep zones without a plan and villages without an alliance.

    Parameters
    ----------
    report
        Where it is said.
    inputs
        The county and its settings.
    most
        Villages without alliance that are explained, at most.
    apply
        Numbers of ways out to write into new settings.
    settings_out
        The new settings file; must not exist.

    Raises
    ------
    DataError
        If a number names no way out, only one of the two options is given, or the file exists.
    """
    from liancun_geo.relaxing import KEPT_OUT, as_document, explain_scenario
    from liancun_geo.scenario import plan_alliances

    if bool(apply) != (settings_out is not None):
        raise DataError([error("relax.options_together")])
    if settings_out is not None and settings_out.exists():
        raise DataError([error("relax.file_exists", Where(file=str(settings_out)))])
    settings = inputs.settings()
    county = inputs.county(settings)
    scenario = plan_alliances(county, settings, workers=os.cpu_count() or 1)
    told = explain_scenario(scenario, most=most)
    _tell(report, told)
    reasons = scenario.result.left_out.values()
    out = sum(reason.rule in KEPT_OUT for reason in reasons)
    if not told:
        report.line("cli.nothing_to_explain")
    if out > most:
        report.line("cli.explained_some", shown=most, count=out)
    if settings_out is not None:
        _write(report, inputs, told, apply, settings_out)
    if report.as_json:
        print_json({"conflicts": as_document(told, report.language)})
    lost = any(zone.status == "infeasible" for zone in scenario.result.zones)
    return NO_PLAN if lost and settings_out is None else GOOD


def _tell(report: Report, told: Sequence[Explanation]) -> None:
    for one in told:
        for fault in one.faults:
            report.say(f"  · {fault.text(report.language)}")
        for way in one.ways:
            report.line("relax.numbered", number=way.number, way=way.fault)
        if not one.ways:
            report.line("relax.no_way")


def _write(
    report: Report,
    inputs: Inputs,
    told: Sequence[Explanation],
    apply: Sequence[int],
    settings_out: Path,
) -> None:
    """Write the settings with the ways out that were chosen."""
    from liancun_geo.output.settings_file import write_settings

    chosen = _chosen(told, apply)
    edits = [edit for way in chosen for edit in way.edits]
    notes = [way.fault.text(report.language) for way in chosen]
    write_settings(settings_out, edits, source=inputs.settings_file, notes=notes)
    report.line("relax.written", file=settings_out)


def _chosen(told: Sequence[Explanation], apply: Sequence[int]) -> list[WayOut]:
    known = {way.number: way for one in told for way in one.ways}
    unknown = [number for number in apply if number not in known]
    if unknown:
        raise DataError(error("relax.unknown_way", number=n, count=len(known)) for n in unknown)
    return [known[number] for number in dict.fromkeys(apply)]

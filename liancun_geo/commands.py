"""What each command does: the same functions as everywhere else, and what is said of them."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from liancun_geo.errors import DataError, Fault, Where, error
from liancun_geo.report import Report, print_json

if TYPE_CHECKING:
    from liancun_geo.scenario import County, Groundwork, Scenario
    from liancun_geo.settings import Settings
    from liancun_geo.solve import Certificate, ZoneAlternatives

GOOD, FAILED, WRONG_USAGE, BAD_DATA, NO_PLAN = 0, 1, 2, 3, 4


@dataclass(frozen=True, slots=True)
class Inputs:
    """The files a command works on."""

    boundaries: Path
    ledger: Sequence[Path] | None = None
    settings_file: Path | None = None
    decisions: Path | None = None
    places: Sequence[Path] = ()

    def settings(self, time_limit: float | None = None) -> Settings:
        """Read the settings; the option for the time keeps to the same bounds as the file."""
        from liancun_geo.decisions import read_decisions
        from liancun_geo.settings import Settings, parse_settings, read_settings

        settings = Settings() if self.settings_file is None else read_settings(self.settings_file)
        if self.decisions is not None:
            settings = settings.deciding(read_decisions(self.decisions))
        if self.places:
            listed = (*settings.data.places, *(self._from_settings(path) for path in self.places))
            data = settings.data.model_copy(update={"places": listed})
            settings = settings.model_copy(update={"data": data})
        if time_limit is None:
            return settings
        tables = settings.model_dump(mode="json")
        tables["solver"]["time_limit_s"] = time_limit
        return parse_settings(tables)

    def county(self, settings: Settings) -> County:
        """Read villages, ledger and barriers."""
        from liancun_geo.scenario import read_county

        return read_county(self.boundaries, self.ledger, settings=settings, folder=self._folder)

    @property
    def _folder(self) -> Path:
        return Path() if self.settings_file is None else self.settings_file.parent

    def _from_settings(self, path: Path) -> str:
        """Return a path as the settings name it: from their folder, wherever that is."""
        try:
            return Path(os.path.relpath(path, self._folder)).as_posix()
        except ValueError:  # another drive
            return str(path.resolve())


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
    from liancun_geo.scenario import plan_alliances

    settings = inputs.settings(time_limit)
    county = inputs.county(settings)
    with report.progress() as progress:
        scenario = plan_alliances(
            county, settings, workers=workers or os.cpu_count() or 1, progress=progress
        )
    certificate = _certified(report, scenario) if certify else None
    code = _hand_over(report, scenario, out, certificate)
    return BAD_DATA if certificate is not None and certificate.refused else code


def _certified(report: Report, scenario: Scenario) -> Certificate:
    """Derive the proof again by other means and tell what came of it."""
    from liancun_geo.solve import certify

    certificate = certify(scenario.problem, scenario.result)
    if certificate.reason is not None:
        report.line(f"certificate.{certificate.reason}")
    for zone in certificate.zones:
        report.say(zone.text(report.language))
    return certificate


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
    from liancun_geo.assignment import read_assignment
    from liancun_geo.scenario import assemble, lay_groundwork
    from liancun_geo.solve import resolve
    from liancun_geo.solve.warm import warm_up as compile_all

    settings = inputs.settings()
    county = inputs.county(settings)
    groundwork = lay_groundwork(county, settings)
    compile_all()
    result = resolve(
        groundwork.problem,
        read_assignment(before, county.villages),
        move_cost=move_cost,
        max_moves=max_moves,
        locked=positions(county, lock),
        time_limit=settings.solver.time_limit_s,
        workers=settings.solver.workers or os.cpu_count() or 1,
        seed=settings.solver.seed,
    )
    scenario = assemble(county.villages, settings, groundwork, result)
    names = county.villages.frame["name"].tolist()
    separator = report.text("reason.separator")
    moved = separator.join(str(names[village]) for village in result.moved)
    report.line("cli.moved", count=len(result.moved), villages=moved or "—")
    return _hand_over(report, scenario, out)


def _hand_over(
    report: Report, scenario: Scenario, out: Path, certificate: Certificate | None = None
) -> int:
    from liancun_geo.output import plan_document, write_plan, write_plan_file

    if scenario.violations:
        # A fault of the program: the record is kept, nothing else is handed out.
        files: tuple[Path, ...] = (write_plan_file(scenario, out / "plan.json"),)
    else:
        files = write_plan(scenario, out, language=report.language)
    if report.as_json:
        document = plan_document(scenario, report.language)
        if certificate is not None:
            document["certificate"] = [
                {
                    "zone": str(zone.label),
                    "verdict": zone.verdict,
                    "message": zone.text(report.language),
                }
                for zone in certificate.zones
            ]
        print_json(document)
    else:
        report.scenario(scenario, files, out)
    unplanned = scenario.result.status in ("infeasible", "unknown")
    return NO_PLAN if unplanned or scenario.violations else GOOD


def check(report: Report, inputs: Inputs, assignment: Path | None) -> int:
    """Look at the data, and at an assignment if there is one."""
    from liancun_geo.assignment import read_assignment
    from liancun_geo.check import check as broken_rules
    from liancun_geo.check import plan_cost
    from liancun_geo.reasons import violation_fault

    county, groundwork, warnings = _ready(report, inputs)
    villages, problem = county.villages, groundwork.problem
    broken: list[Fault] = []
    objective: float | None = None
    if assignment is not None:
        lead_of = read_assignment(assignment, villages)
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


def _ready(report: Report, inputs: Inputs) -> tuple[County, Groundwork, list[Fault]]:
    """Read the county and put the problem together, telling what was noticed."""
    from liancun_geo.scenario import lay_groundwork

    settings = inputs.settings()
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
    from liancun_geo.reasons import violation_fault
    from liancun_geo.scenario import lay_groundwork, read_county

    def build(found: Path, ledgers: tuple[Path, ...], settings: Settings) -> Any:
        county = read_county(found, ledgers or None, settings=settings)
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


def alternatives(
    report: Report, inputs: Inputs, within: float, limit: int, out: Path | None
) -> int:
    """List all plans close to the best, zone by zone."""
    from liancun_geo.reasons import zone_name
    from liancun_geo.solve import alternatives as near_optimal

    settings = inputs.settings()
    county = inputs.county(settings)
    groundwork = _ready(report, inputs)[1]
    found = near_optimal(groundwork.problem, within, limit, time_limit=settings.solver.time_limit_s)
    codes = [str(code) for code in county.villages.frame["code"]]
    rows: list[list[object]] = []
    for of_zone in found:
        name = zone_name(of_zone.label, county.villages, settings)
        report.line(
            "cli.alternatives_all" if of_zone.complete else "cli.alternatives_some",
            zone=name,
            plans=len(of_zone),
            within=f"{within:.1%}",
            reached=f"{max(of_zone.complete_within, 0.0):.2%}",
            cost=f"{of_zone.objective:.4f}",
        )
        for row in of_zone.diverse:
            for village, lead in zip(of_zone.villages, of_zone.lead_of[row], strict=True):
                lead_code = codes[lead] if lead >= 0 else ""
                cost = f"{of_zone.cost[row]:.6f}"
                rows.append([str(of_zone.label), row + 1, cost, codes[village], lead_code])
    if out is not None:
        _write_rows(out, ["zone", "plan", "cost", "code", "lead_code"], rows)
        report.line("cli.alternatives_written", file=out)
    if report.as_json:
        print_json({"zones": [_as_object(of_zone, codes) for of_zone in found]})
    return GOOD


def template(
    report: Report,
    boundaries: Path | None,
    settings_file: Path | None,
    out: Path,
    by_township: bool,
    force: bool,
) -> int:
    """Write a ledger to fill in, with the villages of the boundaries if they are given."""
    from liancun_geo.intake.reading import read_all
    from liancun_geo.output.template import known_villages, write_template

    villages = None
    if boundaries is not None:
        settings = Inputs(boundaries, None, settings_file).settings()
        villages = known_villages(read_all(boundaries, settings=settings))
    sheets = write_template(
        out, villages, language=report.language, by_township=by_township, force=force
    )
    if villages is None:
        report.line("template.written_empty", file=out)
    else:
        report.line("template.written", file=out, villages=len(villages), sheets=len(sheets))
    return GOOD


def warm_up(report: Report) -> int:
    """Compile what the solver needs, once after installing."""
    from liancun_geo.solve.warm import warm_up as compile_all

    report.line("cli.warming_up")
    compile_all()
    report.line("cli.warm")
    return GOOD


def _as_object(of_zone: ZoneAlternatives, codes: list[str]) -> dict[str, Any]:
    """Return the different plans of a zone and how often villages are together, by code."""
    import numpy as np

    here = [codes[village] for village in of_zone.villages]
    first, second = np.triu_indices(len(here), 1)
    share = of_zone.together[first, second]
    return {
        "zone": str(of_zone.label),
        "status": of_zone.status,
        "plans": len(of_zone),
        "complete": of_zone.complete,
        "objective": of_zone.objective if np.isfinite(of_zone.objective) else None,
        "different": [
            {
                "cost": float(of_zone.cost[row]),
                "lead_of": {
                    code: codes[lead] if lead >= 0 else None
                    for code, lead in zip(here, of_zone.lead_of[row].tolist(), strict=True)
                },
            }
            for row in of_zone.diverse
        ],
        "together": [
            [here[a], here[b], round(float(s), 6)]
            for a, b, s in zip(first.tolist(), second.tolist(), share.tolist(), strict=True)
            if s > 0
        ],
    }


def positions(county: County, codes: Sequence[str]) -> list[int]:
    """Return the positions of villages named by code.

    Raises
    ------
    DataError
        With every unknown code.
    """
    known = {str(code): i for i, code in enumerate(county.villages.frame["code"])}
    unknown = [code for code in codes if code not in known]
    if unknown:
        raise DataError(
            error("cli.assignment_unknown", Where(code=code), code=code) for code in unknown
        )
    return [known[code] for code in codes]


def _write_rows(path: Path, header: list[str], rows: list[list[object]]) -> None:
    from liancun_geo.output.atomic import staged

    with staged(path.parent, [path.name]) as stage:
        text = io.StringIO(newline="")
        csv.writer(text).writerows([header, *rows])
        stage.path(path.name).write_text(text.getvalue(), encoding="utf-8-sig", newline="")

"""What ``liancun project`` does: make a project file, look into it, write its plans."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from liancun_geo.commands.inputs import GOOD, NO_PLAN, Inputs
from liancun_geo.errors import DataError, Where, error
from liancun_geo.messages import Listing, catalogue
from liancun_geo.report import Report, print_json

if TYPE_CHECKING:
    from liancun_geo.editing import Draft
    from liancun_geo.project import Logged, Project, ScenarioInfo
    from liancun_geo.scenario import County, Scenario


def new(
    report: Report,
    file: Path,
    inputs: Inputs,
    *,
    name: str | None,
    by: str,
    planning: bool,
    workers: int | None,
) -> int:
    """Make a project file of a county that can be read, with a first plan if asked for."""
    from liancun_geo.project import create_project, gather

    at = datetime.now().astimezone()
    settings = inputs.settings()
    files = gather(
        inputs.boundaries,
        inputs.ledger or (),
        settings,
        settings_file=inputs.settings_file,
        decisions=inputs.decisions,
    )
    project = create_project(file, files, settings, by=by, at=at, name=name)
    with ExitStack() as undo:
        # Of files that make no county nothing is left behind.
        undo.callback(file.unlink, missing_ok=True)
        county = project.county()
        scenario = _planned(report, project, county, workers) if planning else None
        stored = scenario is not None and scenario.result.status not in ("infeasible", "unknown")
        if scenario is not None and stored:
            title = report.text("project_command.first_plan")
            project.add_scenario(title, scenario, by=by, at=at)
        undo.pop_all()
    if report.as_json:
        print_json(_about(project))
    else:
        report.warnings(county.villages.warnings)
        counts = {"villages": len(county.villages), "files": len(project.files)}
        report.line("project_command.made", name=project.name, file=file, **counts)
        _tell_plan(report, scenario, stored)
    return NO_PLAN if planning and not stored else GOOD


def _tell_plan(report: Report, scenario: Scenario | None, stored: bool) -> None:
    if scenario is None:
        return
    if not stored:
        report.line("project_command.no_plan")
        return
    report.line(
        "project_command.planned",
        scenario=report.text("project_command.first_plan"),
        alliances=len(scenario.alliances),
        left_out=len(scenario.unassigned),
    )


def _planned(report: Report, project: Project, county: County, workers: int | None) -> Scenario:
    from liancun_geo.scenario import plan_alliances

    with report.progress() as progress:
        return plan_alliances(
            county, project.settings, workers=workers or os.cpu_count() or 1, progress=progress
        )


def info(report: Report, file: Path) -> int:
    """Tell what is in a project file, without reading the county."""
    from liancun_geo.project import open_project

    project = open_project(file)
    if report.as_json:
        print_json(_about(project))
        return GOOD
    report.line(
        "project_command.about",
        name=project.name,
        revision=project.revision,
        decisions=len(project.decisions),
        corrections=len(project.corrections),
    )
    report.line("project_command.files", count=len(project.files))
    for one in project.files:
        told = report.text(
            "project_command.file",
            file=one.name,
            role=report.text(f"project_command.role_{one.role}"),
            size=f"{one.size:,}",
            sha256=one.sha256,
        )
        report.say(f"  · {told}")
    scenarios = project.scenarios
    report.line("project_command.scenarios", count=len(scenarios))
    for one_scenario in scenarios.values():
        report.say(f"  · {_told(report, one_scenario)}")
    for name in project.removed:
        report.say(f"  · {report.text('project_command.removed', scenario=name)}")
    return GOOD


def _told(report: Report, one: ScenarioInfo) -> str:
    if one.frozen and one.approved_at is not None:
        return report.text(
            "project_command.approved",
            scenario=one.name,
            by=one.approved_by,
            at=_time(one.approved_at),
            note=one.note,
        ).rstrip()
    return report.text(
        "project_command.scenario",
        scenario=one.name,
        by=_signed(report, one.created_by),
        at=_time(one.created),
        steps=one.steps,
        cursor=one.cursor,
        note=one.note,
    ).rstrip()


def history(report: Report, file: Path) -> int:
    """List every change of a project file, the first one first."""
    from liancun_geo.project import open_project

    project = open_project(file)
    logged = project.history
    if report.as_json:
        print_json({"project": project.name, "history": [_as_object(one) for one in logged]})
        return GOOD
    for one in logged:
        report.line(
            "project_command.logged",
            revision=one.revision,
            at=_time(one.at),
            by=_signed(report, one.by),
            what=_did(report, one),
        )
    return GOOD


def _did(report: Report, one: Logged) -> str:
    key = f"project_command.did_{one.action}"
    if key not in catalogue():
        return report.text("project_command.did_other", action=one.action)
    from liancun_geo.villages import FIELDS

    detail: Mapping[str, Any] = one.detail if isinstance(one.detail, dict) else {}
    named = {"add": "name", "copy": "name", "approve": "name", "rename": "value"}
    scenario = detail.get(named[one.action]) if one.action in named else one.scenario
    told = {name: detail.get(name) for name in ("code", "field", "value", "number")}
    field = FIELDS.get(str(told["field"]))
    if field is not None:
        told["field"] = field.zh if report.language == "zh" else field.en
    shown = {name: "—" if value is None else _flat(value) for name, value in told.items()}
    return report.text(key, scenario=scenario or "—", **shown)


def _flat(value: Any) -> str:
    return "、".join(map(str, value)) if isinstance(value, list) else str(value)


def export(report: Report, file: Path, name: str | None, out: Path) -> int:
    """Write all outputs of a scenario as it was left; nothing is solved."""
    from liancun_geo.commands.planning import hand_over

    draft = draft_of(file, name)
    return hand_over(report, draft.scenario if draft.cursor else draft.proposal, out)


def draft_of(file: Path, name: str | None) -> Draft:
    """Return a plan of a project as it was left; without a name, the only one there is."""
    from liancun_geo.project import open_project

    project = open_project(file)
    return project.draft(chosen(project, file, name))


def chosen(project: Project, file: Path, name: str | None) -> str:
    """Return the name of the plan that is meant; without one, of the only one there is."""
    if name is not None:
        return name
    known = list(project.scenarios)
    if len(known) == 1:
        return known[0]
    where = Where(file=str(file))
    if not known:
        raise DataError([error("project_command.no_scenario", where)])
    told = error("project_command.which_scenario", where, count=len(known), known=Listing(known))
    raise DataError([told])


def _about(project: Project) -> dict[str, Any]:
    return {
        "project": project.name,
        "revision": project.revision,
        "sample": project.is_sample,
        "files": [
            {"name": one.name, "role": one.role, "bytes": one.size, "sha256": one.sha256}
            for one in project.files
        ],
        "decisions": len(project.decisions),
        "corrections": len(project.corrections),
        "scenarios": [_scenario(one) for one in project.scenarios.values()],
        "removed": list(project.removed),
    }


def _scenario(one: ScenarioInfo) -> dict[str, Any]:
    return {
        "name": one.name,
        "note": one.note,
        "base": one.base,
        "created": one.created.isoformat(),
        "created_by": one.created_by,
        "steps": one.steps,
        "cursor": one.cursor,
        "approved": one.frozen,
        "approved_by": one.approved_by,
        "approved_at": None if one.approved_at is None else one.approved_at.isoformat(),
    }


def _as_object(one: Logged) -> dict[str, Any]:
    return {
        "revision": one.revision,
        "at": one.at.isoformat(),
        "by": one.by,
        "action": one.action,
        "scenario": one.scenario,
        "detail": one.detail,
    }


def _signed(report: Report, by: str) -> str:
    return by or report.text("project.somebody")


def _time(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}"

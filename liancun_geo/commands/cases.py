"""What ``cases`` does: list the worked cases, plan one, compare it with what was published."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from liancun_geo.cases import WorkedCase, worked_cases
from liancun_geo.commands.inputs import GOOD, Inputs
from liancun_geo.commands.planning import hand_over, planned
from liancun_geo.errors import SettingsError, error
from liancun_geo.report import Report, print_json

if TYPE_CHECKING:
    from liancun_geo.scenario import Scenario
    from liancun_geo.typology import TypedAlliance


def cases(
    report: Report, name: str | None = None, out: Path | None = None, workers: int | None = None
) -> int:
    """List all cases, or plan one and say whether what was published comes back.

    Parameters
    ----------
    report
        Where it is said.
    name
        Id or title of a case; all are listed if not given.
    out
        Folder of the outputs; named after the case if not given.
    workers
        Threads; all processors if not given.

    Raises
    ------
    SettingsError
        If there is no such case, or a folder is given without a case.
    """
    known = worked_cases()
    if name is None:
        if out is not None:
            raise SettingsError([error("cases.out_alone", out=out)])
        return _list(report, known)
    found = [case for case in known if name == case.id]
    # Two readings of one alliance share their title.
    found = found or [case for case in known if name == case.title][:1]
    if not found:
        names = report.text("reason.separator").join(case.id for case in known)
        raise SettingsError([error("cases.unknown", name=name, names=names)])
    (case,) = found
    report.line("cases.invented", title=case.title, source=case.source[report.language])
    inputs = Inputs(case.boundaries, [case.ledger], case.settings)
    scenario = planned(report, inputs, workers)
    compared = _compared(case, scenario)
    code = hand_over(report, scenario, out or Path(case.id), {"case": compared})
    _tell(report, case, scenario, compared)
    return code


def _list(report: Report, known: Sequence[WorkedCase]) -> int:
    report.line("cases.heading", count=len(known))
    for case in known:
        report.line(
            "cases.entry",
            id=case.id,
            title=case.title,
            county=case.county,
            township=case.township,
            count=len(case.villages),
            type=case.type,
        )
    report.line("cases.how", name=known[0].id)
    if report.as_json:
        print_json({"cases": [_published(case) for case in known]})
    return GOOD


def _published(case: WorkedCase) -> dict[str, Any]:
    return {
        "id": case.id,
        "title": case.title,
        "county": case.county,
        "township": case.township,
        "lead": case.lead,
        "members": list(case.members),
        "type": case.type,
        "type_id": case.type_id,
    }


def _compared(case: WorkedCase, scenario: Scenario) -> dict[str, Any]:
    """Return what was published, what came out, and whether they agree; names throughout."""
    typed = _alliance_of(case, scenario)
    names = [str(name) for name in scenario.villages.frame["name"]]
    found = [] if typed is None else [names[village] for village in typed.alliance.villages]
    same = set(found) == set(case.villages) and case.lead in (None, found[0])
    type_id = None if typed is None or typed.type is None else typed.type.id
    return {
        "published": _published(case),
        "lead": found[0] if found else None,
        "members": found[1:],
        "type_id": type_id,
        "alliance_as_published": same,
        "type_as_published": None if case.type_id is None else type_id == case.type_id,
    }


def _alliance_of(case: WorkedCase, scenario: Scenario) -> TypedAlliance | None:
    """Return the alliance of the first published village, if it has one."""
    from liancun_geo.typology import classify

    first = [str(name) for name in scenario.villages.frame["name"]].index(case.villages[0])
    return next((one for one in classify(scenario) if first in one.alliance.villages), None)


def _tell(report: Report, case: WorkedCase, scenario: Scenario, compared: dict[str, Any]) -> None:
    separator = report.text("reason.separator")
    lead, members = compared["lead"], separator.join(compared["members"])
    published = separator.join(case.villages)
    if lead is None:
        report.line("cases.alliance_none", village=case.villages[0], published=published)
    elif not compared["alliance_as_published"]:
        key = "cases.alliance_other" if case.lead is None else "cases.alliance_other_lead"
        report.line(key, lead=lead, members=members, published=published, given=case.lead)
    elif case.lead is None:
        report.line("cases.alliance_same_unled", lead=lead, members=members)
    else:
        report.line("cases.alliance_same", lead=lead, members=members)
    typed = _alliance_of(case, scenario)
    if typed is not None:
        verdict = {None: "unpublished", True: "same", False: "other"}[compared["type_as_published"]]
        report.line(f"cases.type_{verdict}", type=typed.name(report.language), published=case.type)
    if case.note[report.language]:
        report.line("cases.note", note=case.note[report.language])

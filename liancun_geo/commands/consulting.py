"""What ``liancun consult`` does: hand out workbooks, read the answers, plan again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from liancun_geo.commands.exporting import PlanSource, is_project, shown
from liancun_geo.commands.inputs import GOOD
from liancun_geo.report import Report, print_json

if TYPE_CHECKING:
    from liancun_geo.editing import Draft
    from liancun_geo.output.consultation_answers import Consultation
    from liancun_geo.project import Project


def write(report: Report, source: PlanSource, out: Path) -> int:
    """Write a workbook a township."""
    from liancun_geo.output.consultation import write_consultation

    files = write_consultation(source.open(), out, language=report.language)
    if report.as_json:
        print_json({"status": "written", "folder": str(out), "files": [f.name for f in files]})
        return GOOD
    report.line("consultation.written", count=len(files), folder=out)
    for file in files:
        report.say(f"  {file.name}")
    report.line("cli.disclaimer")
    return GOOD


def read(
    report: Report,
    source: PlanSource,
    answers: Sequence[Path],
    out: Path,
    *,
    by: str,
    seconds: float | None,
) -> int:
    """Read the answers, work them into the plan, write what came of it and the new pack.

    The step is kept in the project the plan is of; a plan file is left as it is. It is kept last:
    whatever ends the command before, the same call does it all again.
    """
    from liancun_geo.commands.planning import hand_over
    from liancun_geo.editing.draft import SECONDS
    from liancun_geo.output.consultation_answers import read_consultation
    from liancun_geo.output.consultation_outcome import OUTCOME, write_outcome

    draft, book = _draft(source)
    before = shown(draft)
    said = read_consultation(answers, before)
    at = datetime.now().astimezone()
    after = draft.consulted(said.answers, at=at, by=by, seconds=seconds or SECONDS)
    told = after.told
    if book is not None and book.changed():
        book.keep(after)  # refused, by the name of who changed it
    write_outcome(
        before, after.scenario, after.objections, told, out / OUTCOME, language=report.language
    )
    _tell(report, draft, after, said)
    kept = (*source.kept(), *answers)
    code = hand_over(report, after.scenario, out, _as_object(report, after, said), kept)
    if book is not None:
        book.keep(after)
    return code


@dataclass(frozen=True)
class _Book:
    """A plan of a project, as it was when it was read."""

    project: Project
    name: str
    revision: int

    def changed(self) -> bool:
        """Return whether somebody has changed or discarded it since."""
        info = self.project.scenarios.get(self.name)
        return info is None or info.revision != self.revision

    def keep(self, after: Draft) -> None:
        """Keep the last step; a plan that was changed since is not overwritten."""
        self.project.append(self.name, after.entries[-1], expected=self.revision)


def _draft(source: PlanSource) -> tuple[Draft, _Book | None]:
    """Return the plan that was asked about, and the place in its project if it is in one."""
    from liancun_geo.editing import Draft

    if not is_project(source.file):
        return Draft(source.open()), None
    from liancun_geo.commands.project import chosen
    from liancun_geo.project import open_project

    project = open_project(source.file)
    name = chosen(project, source.file, source.name)
    info = project.scenarios.get(name)
    # Of before the plan is read: solving takes minutes, in which the app may change it.
    book = _Book(project, name, 0 if info is None else info.revision)
    return project.draft(name), book


def _tell(report: Report, before: Draft, after: Draft, said: Consultation) -> None:
    from liancun_geo.output.consultation_outcome import changes

    report.warnings(said.notes)
    kinds = [answer.answer for answer in said.answers]
    counts = {kind: kinds.count(kind) for kind in ("agree", "disagree", "abstain")}
    report.line("consultation.read", **counts, silent=len(said.silent))
    if after.told:
        report.line("consultation.conflicts_heading", count=len(after.told))
        for fault in after.told:
            report.say(f"  · {fault.text(report.language)}")
    moved = changes(before.scenario, after.scenario)
    report.line("consultation.moved_heading", count=len(moved))
    names = before.proposal.villages.frame["name"].tolist()
    none = report.text("consultation.without_alliance")
    for village, old, new in moved:
        places = {"village": names[village], "before": old or none, "after": new or none}
        report.say(f"  · {report.text('consultation.moved_line', **places)}")


def _as_object(report: Report, after: Draft, said: Consultation) -> dict[str, Any]:
    return {
        "consultation": {
            "answers": [
                {
                    "village": one.village,
                    "answer": one.answer,
                    "reason": one.reason,
                    "wish": one.wish,
                    "refused": list(one.refused),
                    "outcome": one.outcome,
                }
                for one in after.objections
            ],
            "silent": list(said.silent),
            "conflicts": [fault.as_dict(report.language) for fault in after.told],
        }
    }

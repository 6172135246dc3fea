"""What the doctor says on the terminal: the most important first, and what to do next."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path

from liancun_geo.doctor import Finding, Findings
from liancun_geo.errors import Where
from liancun_geo.messages import Language
from liancun_geo.output.findings_words import LEVELS, Level, level_of, verdict
from liancun_geo.report import Report

_MOST_ALIKE: Mapping[Level, int] = {
    "error": 3,
    "question": 3,
    "warning": 2,
    "note": 1,
    "accepted": 3,
}
"""Findings of one kind told in full."""
_MOST_KINDS = 12  # kinds told of one level
_MOST_PROPOSALS = 6


@dataclass(frozen=True, slots=True)
class NextSteps:
    """The words of the calls that may come next.

    ``again`` examines these files again, ``deciding`` does and may write decisions, ``planning``
    plans with them. ``by`` is who confirms, if known; ``proposed`` the file that all proposals
    were just written to, if so.
    """

    again: Sequence[str]
    deciding: Sequence[str]
    planning: Sequence[str]
    by: str | None = None
    proposed: Path | None = None


def say_findings(report: Report, findings: Findings, steps: NextSteps) -> None:
    """Print findings by level and kind, then the next step.

    Parameters
    ----------
    report
        Where to.
    findings
        All of them; only the first few of each kind are told in full.
    steps
        What may come next.
    """
    report.say(verdict(findings, report.language))
    _say_coverage(report, findings)
    # Where there is one file only, nobody has to be told which.
    files = {f.fault.where.file for f in findings.findings if f.fault.where.file is not None}
    for level in LEVELS:
        found = [f for f in findings.findings if level_of(f) == level]
        _say_level(report, level, found, single=len(files) <= 1)
    for line in _next_steps(report, findings, steps):
        report.say(line)
    report.line("cli.disclaimer")


def _say_coverage(report: Report, findings: Findings) -> None:
    coverage = findings.coverage
    if coverage is not None:
        report.line(
            "doctor.coverage",
            matched=len(coverage.matched),
            without_row=len(coverage.without_row),
            without_village=len(coverage.without_village),
        )


def _say_level(report: Report, level: Level, found: Sequence[Finding], *, single: bool) -> None:
    if not found:
        return
    report.say("")
    name = report.text(f"findings.level_{level}")
    report.line("doctor.level_heading", level=name, count=len(found))
    kinds = [list(alike) for _, alike in groupby(found, key=lambda f: f.fault.key)]
    told = None
    for alike in kinds[:_MOST_KINDS]:
        first = alike[0]
        if level in ("error", "question") and told != (why := first.why(report.language)):
            told = why
            category = report.text(f"findings.category_{first.category}")
            report.line("doctor.kind_heading", category=category, why=why)
        most = _MOST_ALIKE[level]
        for finding in alike[:most]:
            _say_finding(report, finding, level, single=single)
        rest = alike[most:]
        if rest and level in ("error", "question"):
            report.line("doctor.more_alike", count=len(rest), ids=_ids(rest))
        elif rest:
            report.line("doctor.more_like_it", count=len(rest))
    left = sum(map(len, kinds[_MOST_KINDS:]))
    if left:
        report.line("doctor.more_kinds", count=left)


def _say_finding(report: Report, finding: Finding, level: Level, *, single: bool) -> None:
    fault = replace(finding.fault, where=_in_short(finding.fault.where, single=single))
    report.say(f"  {finding.id}  {_listed(fault.text(report.language), report.language)}")
    if not finding.is_question:
        if level == "error":
            report.say(f"      → {finding.remedy(report.language)}")
        return
    fixes = finding.fault.fixes
    for number, fix in enumerate(fixes[:_MOST_PROPOSALS], start=1):
        report.line(
            "doctor.choice",
            id=finding.id,
            number=number,
            decision=_listed(fix.text(report.language), report.language),
        )
    if len(fixes) > _MOST_PROPOSALS:
        report.line("doctor.more_choices", count=len(fixes) - _MOST_PROPOSALS)


def _listed(text: str, language: Language) -> str:
    """Return a sentence with the commas of its language between the names it lists."""
    return text if language == "zh" else text.replace("、", ", ").replace("；", "; ")


def _in_short(where: Where, *, single: bool) -> Where:
    """Return a place without what a reader of the terminal can do nothing with."""
    several = where.code is not None and "、" in where.code
    return replace(
        where,
        point=None,
        file=None if single else where.file,
        # The sentence names the villages.
        code=None if several or where.village else where.code,
    )


def _ids(alike: Sequence[Finding]) -> str:
    shown = ", ".join(finding.id for finding in alike[:8])
    return shown + (" …" if len(alike) > 8 else "")


def _next_steps(report: Report, findings: Findings, steps: NextSteps) -> Iterator[str]:
    yield ""
    if findings.questions and steps.proposed is not None:
        yield report.text("doctor.next_edit", file=steps.proposed)
        yield f"  {shlex.join(steps.again)}"
    elif findings.questions:
        yield report.text("doctor.next_confirm")
        confirming = [*steps.deciding, "--confirm", findings.questions[0].id]
        by = report.text("doctor.your_name") if steps.by is None else shlex.quote(steps.by)
        yield f"  {shlex.join(confirming)} --by {by}"
        yield report.text("doctor.next_propose")
        yield f"  {shlex.join([*steps.deciding, '--propose'])}"
    elif not findings.ok:
        yield report.text("doctor.next_correct")
        yield f"  {shlex.join(steps.again)}"
    if findings.ok:
        yield report.text("doctor.next_plan")
        yield f"  {shlex.join(steps.planning)}"

"""Decisions on the page: taken from findings, read from a file, written to one."""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import tomlkit

from liancun_geo.decision_conflicts import contradicted
from liancun_geo.decisions import (
    AcceptDecision,
    Decision,
    DropRowDecision,
    ExcludeDecision,
    KeepDecision,
    MatchDecision,
    TownshipDecision,
    parse_decisions,
)
from liancun_geo.doctor import Finding, Findings
from liancun_geo.errors import Where
from liancun_geo.messages import Language, message
from liancun_geo.output import write_findings_map, write_findings_workbook
from liancun_geo.output.findings_answers import decisions_of, is_workbook
from liancun_geo.output.settings_file import comment_line
from liancun_geo.project.inputs import safe_name
from liancun_geo.tables import parse_toml


def taken(
    findings: Findings, choices: Mapping[str, int], *, by: str, on: dt.date
) -> tuple[Decision, ...]:
    """Return the chosen proposals, confirmed.

    Parameters
    ----------
    findings
        What they belong to.
    choices
        Id of a finding -> place of the proposal among its fixes; others are left open.
    by, on
        Who confirms them, and when.
    """
    return tuple(
        fixes[choices[finding.id]].model_copy(update={"confirmed": True, "by": by, "on": on})
        for finding in findings.questions
        if 0 <= choices.get(finding.id, -1) < len(fixes := finding.fault.fixes)
    )


def first_proposals(page: Sequence[Finding], decided: Iterable[Decision] = ()) -> dict[str, int]:
    """Return which findings their first proposal may be chosen for without looking at each.

    Parameters
    ----------
    page
        The findings.
    decided
        What is in force already.

    Returns
    -------
    dict
        Id -> 0, or -1 where somebody has to look: the proposal leaves out a row or a village, or
        contradicts an earlier one of the page or what is in force; and where another proposal
        finds the row of a village that would be planned without figures.
    """
    taken_up = list(decided)
    firsts = [finding.fault.fixes[0] for finding in page]
    found = {one.village for one in [*taken_up, *firsts] if isinstance(one, MatchDecision)}
    chosen: dict[str, int] = {}
    for finding in page:
        fix = finding.fault.fixes[0]
        needless = isinstance(fix, KeepDecision) and fix.village in found
        safe = not needless and not _leaves_out(fix) and not contradicted(fix, taken_up)
        chosen[finding.id] = 0 if safe else -1
        if safe:
            taken_up.append(fix)
    return chosen


def _leaves_out(fix: Decision) -> bool:
    excluding = isinstance(fix, TownshipDecision) and fix.meaning == "excluded"
    return excluding or isinstance(fix, DropRowDecision | ExcludeDecision)


def choices_of(finding: Finding) -> list[int]:
    """Return what may be chosen: -1 to leave it open, then the places of its proposals."""
    return [-1, *range(len(finding.fault.fixes))]


def choice_key(finding: Finding, choice: int) -> str:
    """Return the key of the words for a choice."""
    if choice < 0:
        return "leave_open"
    accepts = isinstance(finding.fault.fixes[choice], AcceptDecision)
    return "accept_as_is" if accepts else "take_proposal"


def read_uploaded(name: str, content: bytes) -> tuple[Decision, ...]:
    """Return the decisions of an uploaded file: TOML, or a findings workbook filled in.

    Raises
    ------
    SettingsError
        With every fault of the file.
    DataError
        If a workbook cannot be read as one of findings.
    """
    if is_workbook(Path(name)):
        with tempfile.TemporaryDirectory(prefix="liancun-") as folder:
            path = Path(folder) / safe_name(name)
            path.write_bytes(content)
            return decisions_of(path)
    tables = parse_toml(content, Where(file=name))
    return parse_decisions(tables, file=name)


def decisions_file(decisions: Iterable[Decision], language: Language) -> bytes:
    """Return decisions as the file that ``liancun plan --decisions`` reads.

    Each stands under a comment that says it in words.
    """
    document = tomlkit.document()
    document.add(tomlkit.comment(message("doctor.file_heading", language)))
    tables = tomlkit.aot()
    for decision in decisions:
        table = tomlkit.table()
        table.add(tomlkit.comment(comment_line(decision.text(language))))
        for name, value in decision.model_dump(exclude_none=True).items():
            table.add(name, list(value) if isinstance(value, tuple) else value)
        tables.append(table)
    document.add("decision", tables)
    return tomlkit.dumps(document).encode()


def findings_file(findings: Findings, kind: str, language: Language) -> bytes:
    """Return the findings as a workbook (``"xlsx"``) or as a map (``"html"``)."""
    writers: dict[str, Callable[[Findings, Path, Language], Path]] = {
        "xlsx": write_findings_workbook,
        "html": write_findings_map,
    }
    with tempfile.TemporaryDirectory(prefix="liancun-") as folder:
        return writers[kind](findings, Path(folder) / f"findings.{kind}", language).read_bytes()

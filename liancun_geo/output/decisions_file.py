"""The file of decisions: proposals and confirmations added to it, nothing in it lost."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import tomlkit
from tomlkit.exceptions import TOMLKitError

from liancun_geo.decision_conflicts import contradicted, essence
from liancun_geo.decisions import AcceptDecision, Decision, parse_decisions, read_decisions
from liancun_geo.doctor import Finding, Findings
from liancun_geo.errors import DataError, Fault, SettingsError, Where, error
from liancun_geo.messages import DEFAULT_LANGUAGE, Language, message
from liancun_geo.output.atomic import staged
from liancun_geo.output.settings_file import comment_line

# What ``add`` writes above a decision.
_ID = re.compile(r"#\s*([A-Z]-[0-9a-f]{6,})\s")
_SIGNED = ("confirmed", "by", "on", "note")


def propose(findings: Findings, path: Path, *, language: Language = DEFAULT_LANGUAGE) -> int:
    """Add every proposal of every open question to a file, not confirmed.

    Parameters
    ----------
    findings
        What is open.
    path
        Made if it does not exist. What stands in it stays as it is, comments included; a
        decision that it holds already, confirmed or not, is not added again.
    language
        Of the comments.

    Returns
    -------
    int
        Number of proposals added.

    Raises
    ------
    SettingsError
        If the file cannot be read as a file of decisions; it is left alone.
    DataError
        If it cannot be written.
    """
    file = _File(path, language)
    for finding in findings.questions:
        for fix in finding.fault.fixes:
            if essence(fix) not in file.known:
                file.add(fix, finding)
    if file.blocks:
        file.write()
    return len(file.blocks)


class Confirmed(NamedTuple):
    """Decisions now in force, and those of the file that they replace."""

    decisions: tuple[Decision, ...]
    replaced: tuple[Decision, ...]


def chosen_fixes(
    findings: Findings, wanted: Sequence[str], path: Path | None = None
) -> list[tuple[Finding, Decision]]:
    """Return the decisions that ids stand for: ``ID`` for the first proposal, ``ID.2``, ...

    Parameters
    ----------
    findings
        What the ids stand for.
    wanted
        The ids.
    path
        File of decisions, to tell ids that were settled in it from those that never were.

    Raises
    ------
    DataError
        With every id that stands for none, and with those that contradict each other.
    """
    settled = {} if path is None else _settled(path)
    faults: list[Fault] = []
    chosen: list[tuple[Finding, Decision]] = []
    for asked in wanted:
        name, _, ordinal = asked.strip().partition(".")
        finding = findings.by_id(name)
        count = 0 if finding is None else len(finding.fault.fixes)
        number = int(ordinal) if ordinal.isascii() and ordinal.isdecimal() else 0 if ordinal else 1
        if finding is None and name in settled:
            where = Where(file=str(path))
            faults.append(error("doctor.settled_already", where, id=name, decision=settled[name]))
        elif finding is None:
            faults.append(error("doctor.unknown_finding", id=name))
        elif not count or finding.accepted:
            faults.append(error("doctor.nothing_to_confirm", id=name))
        elif not 1 <= number <= count:
            faults.append(error("doctor.no_such_proposal", id=name, count=count, number=ordinal))
        else:
            chosen.append((finding, finding.fault.fixes[number - 1]))
    faults.extend(_at_odds(chosen))
    if faults:
        raise DataError(faults)
    return chosen


def _at_odds(chosen: Sequence[tuple[Finding, Decision]]) -> list[Fault]:
    """Return an error for each choice that an earlier one leaves no room for."""
    faults = []
    for number, (finding, fix) in enumerate(chosen):
        for other, before in chosen[:number]:
            # Several proposals for one finding may be needed together, but not with its acceptance.
            accepted = isinstance(fix, AcceptDecision) or isinstance(before, AcceptDecision)
            settled = other.id == finding.id and accepted and fix != before
            if settled or contradicted(fix, [before]):
                key = "doctor.choices_at_odds"
                named = error(key, id=finding.id, other=other.id, decision=fix, before=before)
                faults.append(named)
    return faults


def _settled(path: Path) -> dict[str, Decision]:
    """Return what was confirmed in a file under the id of a finding."""
    if not path.exists():
        return {}
    decisions = read_decisions(path)
    settled: dict[str, Decision] = {}
    number, told = -1, ""
    for line in path.read_text(encoding="utf-8-sig").splitlines():
        named = _ID.match(line)
        if named:
            told = named[1]
        elif line.lstrip().startswith("[[decision]]"):
            number += 1
            if told and number < len(decisions) and decisions[number].confirmed:
                settled[told] = decisions[number]
            told = ""
    return settled


def confirm(
    findings: Findings,
    path: Path,
    wanted: Sequence[str],
    *,
    by: str,
    on: dt.date,
    language: Language = DEFAULT_LANGUAGE,
) -> Confirmed:
    """Add proposals to a file as confirmed; those it holds already become so in their place.

    Confirmed decisions of the file that contradict them are confirmed no more.

    Parameters
    ----------
    findings
        What the ids stand for.
    path
        As for :func:`propose`.
    wanted
        As for :func:`chosen_fixes`.
    by, on
        Who confirmed it, and when.
    language
        Of the comments.

    Returns
    -------
    Confirmed
        The decisions now in force by it, and those that are not any more.

    Raises
    ------
    SettingsError, DataError
        As for :func:`propose` and :func:`chosen_fixes`, and if a decision in force contradicts
        one of them and stands in another file.
    """
    chosen = chosen_fixes(findings, wanted, path)
    file = _File(path, language)
    faults = [
        error("doctor.decided_elsewhere", Where(file=str(path)), id=finding.id, decision=before)
        for finding, fix in chosen
        for before in contradicted(fix, findings.decisions)
        if essence(before) not in file.known
    ]
    if faults:
        raise DataError(faults)
    confirmed: list[Decision] = []
    replaced: list[Decision] = []
    for finding, fix in chosen:
        replaced += file.withdraw(fix)
        decision = fix.model_copy(update={"confirmed": True, "by": by or None, "on": on})
        confirmed.append(decision)
        if essence(fix) in file.known:
            file.sign(decision)
        else:
            file.add(decision, finding)
    if confirmed:
        file.write()
    return Confirmed(tuple(confirmed), tuple(replaced))


class _File:
    """A file of decisions on its way: what stands in it, and what is added at its end."""

    def __init__(self, path: Path, language: Language) -> None:
        self.path = path
        self.language = language
        self.blocks: list[str] = []
        self.known: dict[str, int] = {}
        self.before: tuple[Decision, ...] = ()
        self._told = ""
        self.newline = "\n"
        self.document = tomlkit.document()
        if path.exists():
            # The planner's own faults are told before anything is added to them.
            before = read_decisions(path)
            self.before = before
            self.known = {essence(decision): n for n, decision in enumerate(before)}
            self.newline = "\r\n" if b"\r\n" in path.read_bytes() else "\n"
            self.document = tomlkit.parse(path.read_text(encoding="utf-8-sig"))
        else:
            self.document.add(tomlkit.comment(message("doctor.file_heading", language)))

    def add(self, decision: Decision, finding: Finding) -> None:
        """Add a decision under the sentence of the finding it settles."""
        self.known[essence(decision)] = -1
        first = finding.fault.text(self.language) if finding.id != self._told else "…"
        self._told = finding.id
        block = tomlkit.document()
        decisions = tomlkit.aot()
        decisions.append(_table(decision))
        block.add("decision", decisions)
        lines = [
            f"{finding.id}  {comment_line(first)}",
            f"→ {comment_line(decision.text(self.language))}",
        ]
        comments = "".join(f"# {line}\n" for line in lines)
        self.blocks.append(comments + tomlkit.dumps(block).lstrip("\n"))

    def sign(self, decision: Decision) -> None:
        """Confirm a decision where it stands."""
        number = self.known[essence(decision)]
        if number >= 0:
            table = self.document["decision"][number]
            for name in ("confirmed", "by", "on"):
                value = getattr(decision, name)
                if value is not None:
                    table[name] = value

    def withdraw(self, decision: Decision) -> list[Decision]:
        """Take back what contradicts a decision; return it."""
        contrary = contradicted(decision, [known for known in self.before if known.confirmed])
        for number, known in enumerate(self.before):
            if any(known is one for one in contrary):
                self.document["decision"][number]["confirmed"] = False
        return contrary

    def write(self) -> None:
        """Put the file in place, if what it held is still in it.

        Raises
        ------
        SettingsError
            If its decisions stand in a form to which none can be added; it is left alone.
        """
        text = tomlkit.dumps(self.document)
        if self.blocks and text.strip():
            text = text.rstrip("\n") + "\n\n"
        text += "\n".join(self.blocks)
        try:
            after = parse_decisions(tomlkit.parse(text).unwrap(), file=str(self.path))
        except TOMLKitError as cause:
            fault = error("doctor.cannot_add", Where(file=str(self.path)))
            raise SettingsError([fault]) from cause
        if not set(self.known) <= {essence(decision) for decision in after}:
            raise AssertionError("a decision would be lost")
        with staged(self.path.parent, [self.path.name]) as stage:
            stage.path(self.path.name).write_text(text, encoding="utf-8", newline=self.newline)


def _table(decision: Decision) -> tomlkit.items.Table:
    said: Mapping[str, Any] = decision.model_dump(mode="python", exclude_none=True)
    table = tomlkit.table()
    order = ["kind", "confirmed", *(name for name in said if name not in ("kind", *_SIGNED))]
    for name in [*order, *(name for name in _SIGNED[1:] if name in said)]:
        value = said[name]
        table.add(name, list(value) if isinstance(value, tuple) else value)
    return table

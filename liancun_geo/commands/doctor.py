"""What ``liancun doctor`` does: examine, add decisions to their file, examine again, write."""

from __future__ import annotations

import datetime as dt
import getpass
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from liancun_geo.commands.inputs import BAD_DATA, GOOD, Inputs
from liancun_geo.commands.telling import NextSteps, say_findings
from liancun_geo.doctor import Findings, examine
from liancun_geo.errors import SettingsError, error
from liancun_geo.messages import DEFAULT_LANGUAGE
from liancun_geo.output.decisions_file import confirm, propose
from liancun_geo.output.findings_answers import decisions_of, is_workbook, read_answers
from liancun_geo.report import Report, print_json

if TYPE_CHECKING:
    from liancun_geo.settings import Settings

_FILES = ("findings.xlsx", "findings.html", "findings.json")


@dataclass(frozen=True, slots=True)
class Patient:
    """The files to examine."""

    inputs: Inputs
    reference: Path | None = None
    townships: Path | None = None

    def settings(self) -> Settings:
        """Read the settings, with what was decided so far."""
        inputs = self.inputs
        if inputs.decisions is not None and not inputs.decisions.exists():
            # It is about to be written.
            inputs = replace(inputs, decisions=None)
        return inputs.settings()

    def decisions_file(self) -> Path:
        """Return where decisions are added.

        Raises
        ------
        SettingsError
            If no file was named anywhere.
        """
        if self.inputs.decisions is not None:
            if is_workbook(self.inputs.decisions):
                raise SettingsError([error("doctor.decisions_in_workbook")])
            return self.inputs.decisions
        if self.inputs.settings_file is not None:
            from liancun_geo.settings import read_settings

            named = read_settings(self.inputs.settings_file).data.decisions
            if named is not None:
                return self.inputs.folder / named
        raise SettingsError([error("doctor.no_decisions_file")])

    def examine(self) -> Findings:
        """Examine the data as they are decided now."""
        return examine(
            self.inputs.boundaries,
            self.inputs.ledger,
            settings=self.settings(),
            reference=self.reference,
            townships=self.townships,
            folder=self.inputs.folder,
        )

    def command(self, name: str, *, deciding: bool = False) -> list[str]:
        """Return the words of another call on these files: of ``doctor`` or of ``plan``.

        ``deciding`` tells that it will write decisions, whose file need not exist yet.
        """
        examining = name == "doctor"
        words = ["liancun", name, str(self.inputs.boundaries)]
        for ledger in self.inputs.ledger or ():
            words += ["--ledger", str(ledger)]
        for places in self.inputs.places:
            words += ["--places", str(places)]
        for option, path in (
            ("--settings", self.inputs.settings_file),
            ("--reference", self.reference if examining else None),
            ("--townships", self.townships if examining else None),
            ("--decisions", self._file_of(deciding=deciding)),
        ):
            words += [] if path is None else [option, str(path)]
        return words if examining else [*words, "--out", "plan"]

    def _file_of(self, *, deciding: bool) -> Path | None:
        """Return the file of decisions that the next call has to be told of."""
        file = self.inputs.decisions
        if file is None and deciding:
            try:
                self.decisions_file()
            except SettingsError:
                return Path("decisions.toml")
        return file if file is not None and (deciding or file.exists()) else None


def doctor(
    report: Report,
    patient: Patient,
    *,
    proposing: bool = False,
    confirming: Sequence[str] = (),
    by: str | None = None,
    out: Path | None = None,
) -> int:
    """Examine data, write what was asked for, tell it; the exit code says if planning can go on."""
    named = patient.inputs.decisions
    if named is not None and is_workbook(named):
        report.warnings(read_answers(named).notes)
    if named is not None and not (proposing or confirming):
        # A mistyped name must not pass for a county without decisions.
        decisions_of(named)
    file = patient.decisions_file() if proposing or confirming else None
    findings = patient.examine()
    if file is not None and confirming:
        today = dt.date.today()
        decided = confirm(
            findings, file, confirming, by=by or _login(), on=today, language=report.language
        )
        for decision in decided.replaced:
            report.line("doctor.replaced", decision=decision.text(report.language), file=file)
        for decision in decided.decisions:
            report.line("doctor.confirmed", decision=decision.text(report.language), file=file)
        findings = patient.examine()
    if file is not None and proposing:
        count = propose(findings, file, language=report.language)
        report.line("doctor.proposed", count=count, file=file)
    code = GOOD if findings.ok else BAD_DATA
    written = [] if out is None else _write(findings, out, report)
    if report.as_json:
        print_json(findings.as_dict(report.language))
        return code
    more = [] if report.language == DEFAULT_LANGUAGE else ["--language", report.language]
    told = more if out is None else [*more, "--out", str(out)]
    steps = NextSteps(
        again=[*patient.command("doctor"), *told],
        deciding=[*patient.command("doctor", deciding=True), *told],
        planning=[*patient.command("plan"), *more],
        by=by,
        proposed=file if proposing else None,
    )
    say_findings(report, findings, steps)
    if out is not None:
        report.line("cli.files_heading", folder=out)
        for path in written:
            report.say(f"  {path.name}")
    return code


def _login() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""


def _write(findings: Findings, folder: Path, report: Report) -> tuple[Path, ...]:
    from liancun_geo.output.atomic import staged
    from liancun_geo.output.findings_map import write_findings_map
    from liancun_geo.output.findings_workbook import write_findings_workbook

    inputs = [Path(source.path) for source in findings.sources]
    with staged(folder, _FILES, inputs=inputs) as stage:
        write_findings_workbook(findings, stage.path("findings.xlsx"), report.language)
        write_findings_map(findings, stage.path("findings.html"), report.language)
        text = json.dumps(findings.as_dict(report.language), ensure_ascii=False, indent=1)
        stage.path("findings.json").write_text(text + "\n", encoding="utf-8")
        return stage.targets()

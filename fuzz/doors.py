"""The doors of the program, and what may come back from them."""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, get_args

from fuzz.cases import Case
from fuzz.seeds import planned, settings_tables
from liancun_geo import examine, read_barriers, read_decisions, read_settings, read_villages
from liancun_geo.assignment import read_assignment
from liancun_geo.decisions import in_force
from liancun_geo.doctor import Findings
from liancun_geo.errors import DataError, Fault, LiancunError
from liancun_geo.messages import Language
from liancun_geo.output import verify_plan
from liancun_geo.output.consultation_answers import read_consultation
from liancun_geo.output.decisions_file import propose
from liancun_geo.output.findings_map import findings_page
from liancun_geo.output.findings_workbook import write_findings_workbook
from liancun_geo.output.paper import gather
from liancun_geo.output.paper.word import fill_word
from liancun_geo.project import recorrected
from liancun_geo.scenario import Scenario, lay_groundwork, read_county
from liancun_geo.settings import Settings
from liancun_geo.villages import Correction

_DAY = datetime(2026, 11, 22, tzinfo=UTC)


def enter(case: Case, seeds: Path, out: Path) -> str:
    """Bring an input to its door and say in a word what came back.

    Parameters
    ----------
    out
        Folder for what is written on purpose: workbook, map page, file of decisions.

    Raises
    ------
    Exception
        Whatever is no exception of :mod:`liancun_geo.errors`: a failure.
    """
    try:
        return _enter(case, seeds, out)
    except LiancunError as refusal:
        _told(getattr(refusal, "faults", ()))
        return "refused"


def _enter(case: Case, seeds: Path, out: Path) -> str:
    paths = case.paths
    if "barriers" in paths:
        series = read_barriers([paths["barriers"]], "EPSG:4527")
        _told(series.attrs["warnings"])
        return "read"
    if "assignment" in paths:
        read_assignment(paths["assignment"], _villages(seeds))
        return "read"
    if "consultation" in paths:
        said = read_consultation([paths["consultation"]], _scenario(seeds))
        _told(said.notes)
        return "read"
    if "template" in paths:
        made = out / "report.docx"
        report = gather(_scenario(seeds), "zh", _DAY)
        fill_word(report, made, _DAY, "zh", {}, template_file=paths["template"])
        return "read"
    if "plan" in paths:
        verification = verify_plan(
            paths["plan"], build=_build, boundaries=paths["boundaries"], ledger=paths["ledger"]
        )
        _told(verification.faults)
        return "good" if verification.ok else "told"
    return _examined(case, _settings_of(case), out)


def _examined(case: Case, settings: Settings, out: Path) -> str:
    paths, rng = case.paths, case.rng
    sides = {name: paths[name] for name in ("reference", "townships") if name in paths}
    ledger = paths.get("ledger")

    def look(under: Settings) -> Findings:
        found = examine(paths["boundaries"], ledger, settings=under, folder=case.folder, **sides)
        _told(finding.fault for finding in found.findings)
        return found

    findings = look(settings)
    if rng.random() < 0.5 and findings.questions:
        decided = settings.deciding(_confirmed(findings, rng))
        findings = look(decided)
        settings = decided
    if rng.random() < 0.05:
        findings_page(findings, "zh")
        write_findings_workbook(findings, out / "findings.xlsx", "en")
        propose(findings, out / "decisions.toml")
        read_decisions(out / "decisions.toml") if (out / "decisions.toml").exists() else ()
    if rng.random() < 0.15:
        try:
            read_villages(paths["boundaries"], ledger, settings=settings)
        except DataError:
            if findings.ok:
                raise AssertionError("examined without errors and yet refused") from None
    return "ok" if findings.ok else "told"


def _confirmed(findings: Findings, rng: random.Random) -> list[Any]:
    chosen = [
        rng.choice(finding.fault.fixes) for finding in findings.questions if rng.random() < 0.8
    ]
    signed = [fix.model_copy(update={"confirmed": True}) for fix in chosen]
    return list(in_force(signed))


def _settings_of(case: Case) -> Settings:
    tables = settings_tables()
    if "settings" in case.paths:
        return read_settings(case.paths["settings"])
    del tables["contiguity"]["barriers"]
    if "roads" in case.paths:
        tables["travel"] = {"roads": [str(case.paths["roads"])]}
    settings = Settings.model_validate(tables)
    if "decisions" in case.paths:
        settings = settings.deciding(read_decisions(case.paths["decisions"]))
    return settings


def _told(faults: Iterable[Fault]) -> None:
    """Say every fault and every proposal in both languages."""
    for fault in faults:
        for language in get_args(Language):
            if not fault.text(language):
                raise AssertionError(f"nothing said of {fault.key}")
            for fix in fault.fixes:
                fix.text(language)


def _build(
    boundaries: Path,
    ledgers: tuple[Path, ...],
    settings: Settings,
    corrections: tuple[Correction, ...],
) -> Any:
    county = recorrected(read_county(boundaries, ledgers or None, settings=settings), corrections)
    return county.villages, lay_groundwork(county, settings).problem


@cache
def _scenario(seeds: Path) -> Scenario:
    return planned(seeds)


@cache
def _villages(seeds: Path) -> Any:
    settings = Settings.model_validate(settings_tables())
    return read_villages(seeds / "gbk" / "villages.shp", seeds / "ledger.xlsx", settings=settings)

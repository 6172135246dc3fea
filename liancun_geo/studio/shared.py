"""What several sessions share, so that one server reads, examines and plans everything once."""

from __future__ import annotations

import hashlib
import json
import os
import re
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from pathlib import Path
from typing import Any

from liancun_geo.doctor import Findings
from liancun_geo.errors import DataError, Fault
from liancun_geo.fingerprint import fingerprint
from liancun_geo.messages import planners_words
from liancun_geo.output.export import county_name
from liancun_geo.project import Ways
from liancun_geo.project.corrections import corrected
from liancun_geo.project.inputs import Inputs, examine_inputs, read_inputs, without_places
from liancun_geo.project.saved import restored
from liancun_geo.scenario import County, Groundwork, Scenario, lay_groundwork, plan_alliances
from liancun_geo.settings import Settings
from liancun_geo.solve import Progress
from liancun_geo.studio.kept import Kept
from liancun_geo.villages import Correction, townships_of

SAMPLE_PLAN = Path(__file__).with_name("sample_plan.json")
"""The plan of the sample county with its proof, made by ``scripts/make_sample_plan.py``."""

_PROOFLESS = ("project.judged_anew", "project.proof_broken")
_PLACE = re.compile(r"[^\s'\"(（]*[/\\]liancun-[^/\\\s]*[/\\]")
# A county may take 100 MB: few are kept.
_counties: Kept[County] = Kept(4)
_findings: Kept[Findings] = Kept(8)
_corrected: Kept[tuple[County, County]] = Kept(4)
_grounds: Kept[tuple[Groundwork, County]] = Kept(4)
_restored: Kept[tuple[Scenario, County]] = Kept(12)
_named: Kept[tuple[str | None, tuple[str, ...], County]] = Kept(8)
_sample_plans: Kept[Scenario] = Kept(2)


def county_of(inputs: Inputs, settings: Settings) -> County:
    """Return the county of some files, read once however many sessions ask.

    Raises
    ------
    DataError
        With the faults of all files.
    """
    reading = settings.model_dump_json(
        include={
            "data": True,
            "fields": True,
            "contiguity": {"barriers", "bridges"},
            "travel": True,
            "decisions": True,
        }
    )

    def read() -> County:
        try:
            return read_inputs(inputs, settings)
        except DataError as cause:
            raise DataError(map(_placeless, cause.faults)) from cause

    return _counties.get((inputs.key, reading), read)


def corrected_once(county: County, corrections: tuple[Correction, ...]) -> County:
    """Return a county with corrections laid over it, the same one for every session."""
    if not corrections:
        return county
    # What the key names by identity is kept with the value, here and below.
    key = id(county), repr(corrections)
    return _corrected.get(key, lambda: (corrected(county, corrections), county))[0]


def named_in(county: County) -> tuple[str | None, tuple[str, ...]]:
    """Return the name of the county, None without one, and of its townships by their codes."""

    def look() -> tuple[str | None, tuple[str, ...], County]:
        frame = county.villages.frame
        return county_name(frame) or None, townships_of(frame).names, county

    # Every run of the page asks several times.
    return _named.get(id(county), look)[:2]


def ground_of(county: County, settings: Settings) -> Groundwork:
    """Return neighbours, scores and problem of a county, the same for every plan and session.

    Raises
    ------
    DataError, SettingsError
        As :func:`~liancun_geo.scenario.lay_groundwork`.
    """
    shaping = settings.model_dump_json(exclude={"solver", "types", "quality", "benefit"})
    key = id(county), shaping
    return _grounds.get(key, lambda: (lay_groundwork(county, settings), county))[0]


def restored_once(county: County, settings: Settings, document: Mapping[str, Any]) -> Scenario:
    """Return a saved plan, made once however many sessions open it.

    Raises
    ------
    ProjectError, DataError, SettingsError
        As :func:`~liancun_geo.project.saved.restored`.
    """
    text = json.dumps(document, sort_keys=True)
    key = id(county), settings.model_dump_json(), hashlib.sha256(text.encode()).hexdigest()

    def make() -> tuple[Scenario, County]:
        return restored(county, settings, document, lay=ground_of), county

    return _restored.get(key, make)[0]


def findings_of(inputs: Inputs, settings: Settings) -> Findings:
    """Return what the doctor finds, examined anew only if files or reading changed.

    Raises
    ------
    DataError
        If the files do not make a county.
    """
    reading = settings.model_dump_json(
        include={
            "data": True,
            "fields": True,
            "contiguity": True,
            "travel": True,
            "decisions": True,
            "rules": {"zone_field"},
        }
    )

    def look() -> Findings:
        findings = examine_inputs(inputs, settings)
        told = (replace(one, fault=_placeless(one.fault)) for one in findings.findings)
        return replace(findings, findings=tuple(told))

    return _findings.get((inputs.key, reading), look)


def _placeless(fault: Fault) -> Fault:
    return without_places(fault, lambda text: _PLACE.sub("", text))


def contents_key(scenario: Scenario) -> str:
    """Return what tells a plan from every other one for whatever is written of it.

    The fingerprint alone is of what shapes a plan: types, warnings and the proof are not in it.
    """
    result = scenario.result
    # A plan stays the same whoever speaks of it.
    with planners_words():
        warnings = [one.as_dict() for one in scenario.warnings]
    told = (
        scenario.fingerprint,
        scenario.settings.model_dump_json(),
        (result.status, result.objective, result.bound),
        scenario.violations,
        warnings,
    )
    found = hashlib.sha256(repr(told).encode(errors="surrogatepass"))
    found.update(scenario.plan.lead_of.tobytes())
    return found.hexdigest()


WAYS = Ways(county_of, corrected_once, restored_once)
"""How the projects of this server are read."""


def planned(county: County, settings: Settings, tell: Callable[[float], object]) -> Scenario:
    """Plan in a thread, so that whatever ``tell`` raises ends it at once."""
    cancel = threading.Event()
    told: list[Progress] = []
    pool = ThreadPoolExecutor(1)
    job = pool.submit(
        plan_alliances,
        county,
        settings,
        workers=os.cpu_count() or 1,
        progress=told.append,
        cancel=cancel,
    )
    try:
        while not wait([job], timeout=0.2).done:
            tell(told[-1].zones_done / told[-1].zones if told else 0.0)
    finally:
        cancel.set()
        pool.shutdown(wait=False)
    return job.result()


def sample_plan(county: County, settings: Settings) -> Scenario | None:
    """Return the plan that ships with the sample county, with its proof, without solving.

    Parameters
    ----------
    county, settings
        As on the desk.

    Returns
    -------
    Scenario or None
        None if it was made of other data or under other settings, or is not whole: then it is
        no plan of this county.
    """
    try:
        text = SAMPLE_PLAN.read_text(encoding="utf-8")
        document = json.loads(text)
    except (OSError, ValueError):
        return None
    now = fingerprint(county.villages, settings)
    if not isinstance(document, dict) or document.get("fingerprint") != now:
        return None
    plan = _sample_plans.get(
        (text, now), lambda: restored(county, settings, document, lay=ground_of)
    )
    # Whoever judges it anew warns: the proof is gone.
    return None if any(one.key in _PROOFLESS for one in plan.warnings) else plan

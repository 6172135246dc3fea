"""Reading ``plan.json`` back: nothing broken, foreign, edited or from the future gets through."""

from __future__ import annotations

import stat
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, NoReturn

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from liancun_geo.errors import DataError, Fault, SettingsError, Where, error
from liancun_geo.output.document import FORMAT, FORMAT_VERSION, checksum
from liancun_geo.settings import Settings, parse_settings
from liancun_geo.solve.result import Status
from liancun_geo.tables import parse_json
from liancun_geo.villages import Correction, Role, Source, Value

_LARGEST_BYTES = 256 * 2**20
_EDITED = "output.plan_file_edited"


@dataclass(frozen=True, slots=True)
class PlannedAlliance:
    """An alliance as the file names it: villages by code, ``members`` without the lead."""

    id: str
    name: str
    township: str
    lead: str
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PlannedZone:
    """What the file says of one zone; ``objective`` is None without a plan."""

    label: str
    name: str
    n: int
    status: Status
    objective: float | None
    bound: float | None


@dataclass(frozen=True)
class PlanFile:
    """A plan as read from a file.

    Attributes
    ----------
    path
        Where it was read from.
    version
        Of liancun_geo that wrote it.
    created
        UTC, ISO 8601.
    settings
        As used, complete.
    sources
        The input files with their SHA-256.
    corrections
        Laid over what the files say, in the order they were made.
    fingerprint, seed, status, objective, bound, gap
        The certificate; numbers are None where there is none.
    zones, alliances
        By zone and by alliance.
    unassigned
        Village code -> rule that left it out.
    document
        The whole JSON object.
    """

    path: Path
    version: str
    created: str
    settings: Settings
    sources: tuple[Source, ...]
    corrections: tuple[Correction, ...]
    fingerprint: str
    seed: int
    status: Status
    objective: float | None
    bound: float | None
    gap: float | None
    zones: tuple[PlannedZone, ...]
    alliances: tuple[PlannedAlliance, ...]
    unassigned: Mapping[str, str]
    document: Mapping[str, Any]


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, strict=True, allow_inf_nan=False)


class _Alliance(_Part):
    id: str
    name: str
    township: str
    lead: str
    members: list[str]


class _Unassigned(_Part):
    village: str
    rule: str


class _Zone(_Part):
    label: str
    name: str
    n: int
    status: Status
    objective: float | None
    bound: float | None


class _Source(_Part):
    path: str
    role: Role
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    layer: str | None = None
    encoding: str | None = None
    crs: str | None = None


class _Correction(_Part):
    code: str
    field: str
    before: Value
    value: Value
    by: str
    at: AwareDatetime = Field(strict=False)
    reason: str


class _Document(_Part):
    liancun_geo: str
    created: str
    settings: dict[str, Any]
    sources: list[_Source]
    corrections: list[_Correction] = []
    fingerprint: str
    seed: int = Field(ge=0)
    status: Status
    objective: float | None
    bound: float | None
    gap: float | None
    zones: list[_Zone]
    alliances: list[_Alliance]
    unassigned: list[_Unassigned]
    violations: list[dict[str, Any]]
    warnings: list[dict[str, Any]]
    checksum: str


def read_plan_file(path: Path | str) -> PlanFile:
    """Read a plan file written by :func:`~liancun_geo.output.write_plan_file`.

    Raises
    ------
    DataError
        If the file cannot be read, is not strict JSON, is no plan file, comes from a newer
        version, lacks or contradicts something, or was changed after it was written: every
        fault at once.
    """
    plan, faults = examine_plan_file(path)
    if plan is None or faults:
        raise DataError(faults)
    return plan


def examine_plan_file(path: Path | str) -> tuple[PlanFile | None, tuple[Fault, ...]]:
    """Read a plan file as far as it goes, for :func:`~liancun_geo.output.verify_plan`.

    Returns
    -------
    tuple
        The plan, None if the file cannot be understood; and every fault. A plan with faults
        has been changed by hand or contradicts itself.
    """
    path = Path(path)
    where = Where(file=str(path))
    document, faults = _json_object(path, where)
    if document is None:
        return None, tuple(faults)
    foreign = _foreign(document, where)
    if foreign:
        return None, (foreign,)
    if document.get("checksum") != checksum(document):
        faults.append(error(_EDITED, where))
    parsed, more = _parsed(document, where)
    faults += more
    settings, more = _settings(document, where)
    faults += more
    if parsed is None or settings is None:
        return None, tuple(faults)
    faults += _contradictions(parsed, where)
    return _plan(path, parsed, settings, document), tuple(faults)


def _json_object(path: Path, where: Where) -> tuple[dict[str, Any] | None, list[Fault]]:
    repeated: list[str] = []

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        repeated.extend(name for name, times in Counter(n for n, _ in pairs).items() if times > 1)
        return dict(pairs)

    def refuse(constant: str) -> NoReturn:
        raise ValueError(constant)

    try:
        found = path.stat()
        # A pipe or a device could be read for ever; a folder tells its own fault.
        endless = not (stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode))
        if endless or found.st_size > _LARGEST_BYTES:
            return None, [error("output.plan_file_foreign", where)]
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as cause:
        return None, [error("output.plan_file_not_json", where, cause=str(cause))]
    except (OSError, ValueError) as cause:
        reason = getattr(cause, "strerror", None) or str(cause)
        return None, [error("output.plan_file_unreadable", where, cause=reason)]
    try:
        document = parse_json(text, object_pairs_hook=once, parse_constant=refuse)
    except (ValueError, RecursionError) as cause:
        return None, [error("output.plan_file_not_json", where, cause=str(cause))]
    if not isinstance(document, dict):
        return None, [error("output.plan_file_foreign", where)]
    return document, [error("output.plan_file_repeated", where, name=name) for name in repeated]


def _foreign(document: dict[str, Any], where: Where) -> Fault | None:
    version = document.get("format_version")
    if (
        document.get("format") != FORMAT
        or isinstance(version, bool)
        or not isinstance(version, int)
    ):
        return error("output.plan_file_foreign", where)
    if version > FORMAT_VERSION:
        return error(
            "output.plan_file_newer",
            where,
            found=version,
            known=FORMAT_VERSION,
            program=document.get("liancun_geo"),
        )
    return None


def _parsed(document: dict[str, Any], where: Where) -> tuple[_Document | None, list[Fault]]:
    try:
        return _Document.model_validate(document), []
    except ValidationError as cause:
        return None, [
            error(
                "output.plan_file_invalid",
                Where(file=where.file, field=".".join(str(part) for part in fault["loc"])),
                cause=fault["msg"],
            )
            for fault in cause.errors()
        ]


def _settings(document: dict[str, Any], where: Where) -> tuple[Settings | None, list[Fault]]:
    tables = document.get("settings")
    if not isinstance(tables, dict):
        return None, []
    try:
        return parse_settings(tables, file=where.file), []
    except SettingsError as cause:
        return None, list(cause.faults)


def _contradictions(document: _Document, where: Where) -> list[Fault]:
    """Return what the program never writes, hence an edit."""
    times: Counter[str] = Counter(entry.village for entry in document.unassigned)
    for alliance in document.alliances:
        times.update([alliance.lead, *alliance.members])
    faults = [
        error("output.plan_file_village_twice", Where(file=where.file, code=code))
        for code, count in times.items()
        if count > 1
    ]
    ids = Counter(alliance.id for alliance in document.alliances)
    faults += [
        error("output.plan_file_alliance_twice", where, id=name)
        for name, count in ids.items()
        if count > 1
    ]
    return faults


def _plan(path: Path, parsed: _Document, settings: Settings, document: dict[str, Any]) -> PlanFile:
    return PlanFile(
        path=path,
        version=parsed.liancun_geo,
        created=parsed.created,
        settings=settings,
        sources=tuple(Source(**source.model_dump()) for source in parsed.sources),
        corrections=tuple(
            Correction(**one.model_dump(), revision=number)
            for number, one in enumerate(parsed.corrections, 1)
        ),
        fingerprint=parsed.fingerprint,
        seed=parsed.seed,
        status=parsed.status,
        objective=parsed.objective,
        bound=parsed.bound,
        gap=parsed.gap,
        zones=tuple(PlannedZone(**zone.model_dump()) for zone in parsed.zones),
        alliances=tuple(
            PlannedAlliance(a.id, a.name, a.township, a.lead, tuple(a.members))
            for a in parsed.alliances
        ),
        unassigned=MappingProxyType({e.village: e.rule for e in parsed.unassigned}),
        document=MappingProxyType(document),
    )

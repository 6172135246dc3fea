"""The plan as one JSON object: what ``plan.json`` holds and ``liancun plan --json`` prints."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from datetime import datetime
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from liancun_geo.errors import Fault
from liancun_geo.messages import DEFAULT_LANGUAGE, Language
from liancun_geo.output.export import clean, creation_time, exporting, sentence
from liancun_geo.reasons import violation_fault, zone_of_village, zone_reason
from liancun_geo.typology import TypedAlliance, classify, type_notices

if TYPE_CHECKING:
    from liancun_geo.scenario import Scenario
    from liancun_geo.solve.result import ZoneResult
    from liancun_geo.villages import Correction, Source

FORMAT = "liancun-plan"
FORMAT_VERSION = 1


def plan_document(
    scenario: Scenario,
    language: Language = DEFAULT_LANGUAGE,
    *,
    created: datetime | None = None,
) -> dict[str, Any]:
    """Return the plan with its certificate as one JSON object.

    Villages are named by code. Numbers that JSON does not know (an infinite gap) are null.
    ``checksum`` is the SHA-256 of everything else, see :func:`checksum`.

    Parameters
    ----------
    scenario
        The plan; it may break rules, which are then listed under ``violations``.
    language
        Of the sentences.
    created
        Default ``SOURCE_DATE_EPOCH``, else now.
    """
    result = scenario.result
    first_of = {zone.label: int(zone.villages[0]) for zone in scenario.problem.zones}
    codes = [str(code) for code in scenario.villages.frame["code"]]
    document: dict[str, Any] = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "liancun_geo": _version(),
        "created": creation_time(created).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "language": language,
        "status": result.status,
        "objective": _number(result.objective),
        "bound": _number(result.bound),
        "gap": _number(result.gap),
        "seed": int(result.seed),
        "seconds": _number(result.seconds),
        "fingerprint": scenario.fingerprint,
        "projected_crs": str(scenario.villages.frame.crs),
        "sources": [_source(one) for one in scenario.villages.sources],
        "corrections": [_correction(one) for one in scenario.villages.corrections],
        "settings": scenario.settings.model_dump(mode="json"),
        "zones": [
            _zone(zone, first_of[zone.label], scenario, codes, language) for zone in result.zones
        ],
        "alliances": [_alliance(typed, scenario, codes, language) for typed in classify(scenario)],
        "unassigned": _unassigned(scenario, language),
        "violations": _violations(scenario, codes, language),
        "warnings": [
            _fault(warning, language) for warning in (*scenario.warnings, *type_notices(scenario))
        ],
    }
    document["checksum"] = checksum(document)
    return document


def _source(source: Source) -> dict[str, Any]:
    return {
        "path": source.path,
        "role": source.role,
        "sha256": source.sha256,
        "layer": source.layer,
        "encoding": source.encoding,
        "crs": source.crs,
    }


def write_plan_file(
    scenario: Scenario,
    path: Path | str,
    *,
    language: Language = DEFAULT_LANGUAGE,
    created: datetime | None = None,
) -> Path:
    """Write ``plan.json``, the record of a plan; also of one that breaks rules.

    Raises
    ------
    DataError
        If the file cannot be written.
    """
    path = Path(path)
    with exporting(scenario, path.parent, [path.name], checked=False) as stage:
        fill_plan_file(scenario, stage.path(path.name), creation_time(created), language)
    return path


def fill_plan_file(scenario: Scenario, path: Path, created: datetime, language: Language) -> None:
    """Write the plan file to a file that is not there yet."""
    document = plan_document(scenario, language, created=created)
    text = json.dumps(document, ensure_ascii=False, allow_nan=False, indent=1)
    path.write_text(text + "\n", encoding="utf-8", newline="\n")


def checksum(document: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a plan document without its own ``checksum``.

    Over the UTF-8 JSON text with sorted names and no blanks, so that the layout of the file does
    not count but every value does.
    """
    rest = {name: value for name, value in document.items() if name != "checksum"}
    text = json.dumps(
        rest, ensure_ascii=True, allow_nan=False, sort_keys=True, separators=(",", ":")
    )
    return hashlib.sha256(text.encode()).hexdigest()


def _correction(one: Correction) -> dict[str, Any]:
    """Return a correction with its value exactly as it is, so that it can be laid over again."""
    return {
        "code": one.code,
        "field": one.field,
        "before": one.before,
        "value": one.value,
        "by": one.by,
        "at": one.at.isoformat(),
        "reason": one.reason,
    }


def _zone(
    zone: ZoneResult, first: int, scenario: Scenario, codes: list[str], language: Language
) -> dict[str, Any]:
    villages, settings = scenario.villages, scenario.settings
    reason = zone.reason
    return {
        "label": str(zone.label),
        "name": clean(zone_of_village(first, villages, settings).text(language)),
        "n": int(zone.n),
        "status": zone.status,
        "objective": _number(zone.objective),
        "bound": _number(zone.bound),
        "gap": _number(zone.gap),
        "candidates": int(zone.candidates),
        "seconds": _number(zone.seconds),
        "reason": reason
        and {
            "rule": reason.rule,
            "value": reason.value,
            "villages": [codes[village] for village in reason.villages],
            "message": sentence(zone_reason(reason, zone.label, villages, settings), language),
        },
    }


def _alliance(
    typed: TypedAlliance, scenario: Scenario, codes: list[str], language: Language
) -> dict[str, Any]:
    alliance, core, body = typed.alliance, typed.core_enterprise, typed.party_body
    return {
        "id": alliance.id,
        "name": clean(alliance.name),
        "township": clean(alliance.township),
        "lead": codes[alliance.lead],
        "members": [codes[member] for member in alliance.members],
        "type": _cleaned(typed.as_dict(language)),
        "party_body": {
            "kind": body.kind,
            "members_persons": body.members_persons,
            "missing_villages": body.missing,
            "message": body.text(language),
        },
        "core_enterprise": core
        and {
            "name": clean(core.name),
            "industries": core.industries and [clean(tag) for tag in core.industries],
            "village": None if core.village is None else codes[core.village],
            "how": core.how,
            "next_to": core.near,
            "message": clean(core.text(language)),
        },
        "places": [
            {
                "name": clean(scenario.villages.places[number].name),
                "kind": scenario.villages.places[number].kind,
                "village": codes[scenario.villages.places[number].village],
                "next_to": number in typed.places_near,
            }
            for number in (*typed.places_in, *typed.places_near)
        ],
    }


def _cleaned(value: Any) -> Any:
    """Return a JSON value with all its texts clean."""
    if isinstance(value, dict):
        return {name: _cleaned(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_cleaned(part) for part in value]
    return clean(value) if isinstance(value, str) else value


def _unassigned(scenario: Scenario, language: Language) -> list[dict[str, Any]]:
    left_out = scenario.result.left_out
    entries = []
    for village in scenario.unassigned:
        reason = None if village.position is None else left_out.get(village.position)
        entries.append(
            {
                "village": village.code,
                "name": clean(village.name),
                "township": clean(village.township),
                "rule": reason.rule if reason else "excluded",
                "reason": clean(sentence(village.reason, language)),
            }
        )
    return entries


def _violations(scenario: Scenario, codes: list[str], language: Language) -> list[dict[str, Any]]:
    def code(position: int | None) -> str | None:
        return codes[position] if position is not None and 0 <= position < len(codes) else None

    return [
        {
            "rule": violation.rule,
            "lead": code(violation.lead),
            "villages": [code(village) for village in violation.villages],
            "message": sentence(violation_fault(violation, scenario.villages), language),
            "detail": violation.detail,
        }
        for violation in scenario.violations
    ]


def _fault(fault: Fault, language: Language) -> dict[str, Any]:
    entry = fault.as_dict(language)
    entry["message"] = clean(entry["message"])
    entry["where"] = {name: _plain(value) for name, value in entry["where"].items()}
    return entry


def _plain(value: str | int | tuple[float, float]) -> str | int | list[float]:
    if isinstance(value, tuple):
        return [float(coordinate) for coordinate in value]
    return clean(value) if isinstance(value, str) else int(value)


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _version() -> str:
    try:
        return metadata.version("liancun-geo")
    except metadata.PackageNotFoundError:
        # Run from a checkout that was never installed.
        return "unknown"

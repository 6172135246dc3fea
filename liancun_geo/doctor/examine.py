"""Examining the data of a county: one reading, every check, all findings in order."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import shapely

from liancun_geo.decisions import Replay
from liancun_geo.doctor.coverage import coverage_of
from liancun_geo.doctor.findings import CATEGORIES, Category, Finding, Findings
from liancun_geo.doctor.kinds import category_of, severity_of
from liancun_geo.doctor.map_checks import borders, neighbours, place, places
from liancun_geo.doctor.missing import missing_figures
from liancun_geo.doctor.noticed import Examined, Noticed
from liancun_geo.doctor.places import County, county_of, sketch_of
from liancun_geo.errors import Fault
from liancun_geo.intake.reading import PathLike, Reading, read_all
from liancun_geo.settings import Settings

_SEVERITIES = ("error", "question", "warning", "note")
_LETTERS: dict[Category, str] = dict(zip(CATEGORIES, "FEPHUVOSCNDJGTBRLX", strict=True))


def examine(
    boundaries: PathLike,
    ledger: PathLike | Sequence[PathLike] | None = None,
    *,
    settings: Settings = Settings(),
    reference: PathLike | None = None,
    townships: PathLike | None = None,
    folder: PathLike = ".",
) -> Findings:
    """Examine the data of a county: read it as planning does, and look at it from all sides.

    Parameters
    ----------
    boundaries, ledger
        As for :func:`liancun_geo.intake.read_villages`; never modified.
    settings
        How to read them; ``decisions`` are replayed.
    reference
        Layer of the same area whose coordinates are known to be right, against a shift.
    townships
        Polygons of the townships, to find villages outside their own.
    folder
        Where relative paths of barrier and road layers and of lists of places start: the folder
        of the settings file.

    Returns
    -------
    Findings
        Whatever the state of the data: nothing is raised for a fault of theirs.
    """
    reading = read_all(boundaries, ledger, settings=settings)
    county = county_of(reading)
    # What was decided is told at the end, when every check has had its look.
    noticed = [Noticed(f) for f in reading.faults if not f.key.startswith("decisions.")]
    for check in _CHECKS:
        noticed.extend(check(Examined(reading, county, Path(folder), reference, townships)))
    return _in_order(_each_once(noticed), reading, county)


def _each_once(noticed: list[Noticed]) -> list[Noticed]:
    """Leave out what the reading says of invalid rings where the examination says it better."""
    drawn = [
        one.fault
        for one in noticed
        if one.fault.key in ("topology.invalid", "topology.many_invalid")
    ]
    rows = {fault.where.row for fault in drawn}
    # It cannot be said to be mended where it cannot be.
    hopeless = {
        one.fault.where.row for one in noticed if one.fault.key == "intake.geometry_beyond_repair"
    }
    noticed = [
        one
        for one in noticed
        if one.fault.key != "topology.invalid" or one.fault.where.row not in hopeless
    ]
    many = any(fault.key == "topology.many_invalid" for fault in drawn)
    return [
        one
        for one in noticed
        if one.fault.key != "intake.geometry_repaired" or not (many or one.fault.where.row in rows)
    ]


def _figures(examined: Examined) -> Iterable[Noticed]:
    return map(Noticed, missing_figures(examined.reading))


_CHECKS: tuple[Callable[[Examined], Iterable[Noticed]], ...] = (
    _figures,
    place,
    borders,
    neighbours,
    places,
)


def _in_order(noticed: list[Noticed], reading: Reading, county: County) -> Findings:
    accepted = [Noticed(fault) for fault in reading.accepted]
    still: list[Noticed] = []
    for one in noticed:
        settled = one.fault.severity == "warning" and reading.replay.accepts(one.fault)
        (accepted if settled else still).append(one)
    still.extend(map(Noticed, reading.replay.contradictions()))
    still.extend(map(Noticed, _told_of_decisions(reading.replay, reading)))
    found = [_finding(one, county) for one in still]
    found += [_finding(one, county, accepted=True) for one in accepted]
    return Findings(
        tuple(_identified(sorted(found, key=_rank))),
        coverage_of(reading),
        tuple(reading.sources),
        county.shapes,
        reading.replay.decisions,
        sketch_of(reading, county) if county.shapes is None else None,
    )


def _told_of_decisions(replay: Replay, reading: Reading) -> list[Fault]:
    notices = replay.notices(read=reading.files)
    if reading.villages is not None:
        return notices
    # What stopped the reading may have kept a decision from its place: of the others only those
    # are told that are looked up when a file is read, if it was.
    applied = [notice for notice in notices if notice.key == "decisions.applied"]
    read = {Path(source.path).name for source in reading.sources}
    missed = replay.unused_of_files(reading.files)
    return [*applied, *(f for f in missed if f.where.file in read or _of_no_file(f))]


def _of_no_file(fault: Fault) -> bool:
    return fault.key in ("decisions.unused_no_file", "decisions.unused_other_case")


def _finding(noticed: Noticed, county: County, *, accepted: bool = False) -> Finding:
    fault, shape, villages = noticed.fault, noticed.shape, noticed.villages
    if shape is None and fault.where.point is not None:
        shape = shapely.Point(fault.where.point)
    return Finding(
        "",
        fault,
        category_of(fault.key),
        severity_of(fault, accepted=accepted),
        accepted,
        shape,
        villages or county.codes_at(fault.where),
    )


def _rank(finding: Finding) -> tuple[object, ...]:
    level = finding.severity
    urgency = "question" if level == "warning" and finding.is_question else level
    where = finding.fault.where
    return (
        _SEVERITIES.index(urgency),
        CATEGORIES.index(finding.category),
        finding.fault.key,
        where.file or "",
        where.sheet or "",
        where.row or 0,
        where.field or "",
        where.township or "",
        where.village or "",
        where.code or "",
        where.point or (0.0, 0.0),
        _said(finding.fault),
    )


def _said(fault: Fault) -> str:
    return "\x1f".join(
        f"{name}={value.text('en') if hasattr(value, 'text') else value}"
        for name, value in sorted(fault.params.items())
    )


def _identified(findings: list[Finding]) -> list[Finding]:
    """Name each finding by a hash of its key and place; of what it says, if that is not enough."""
    digests = [_digest(finding.fault) for finding in findings]
    twice = {digest for digest, count in Counter(digests).items() if count > 1}
    seen: Counter[str] = Counter()
    named = []
    for finding, digest in zip(findings, digests, strict=True):
        if digest in twice:
            digest = hashlib.sha256(f"{digest}{_said(finding.fault)}".encode()).hexdigest()
            seen[digest] += 1
            if seen[digest] > 1:
                digest = hashlib.sha256(f"{digest}{seen[digest]}".encode()).hexdigest()
        named.append((finding, digest))
    length = 6
    while len({digest[:length] for _, digest in named}) < len(named):
        length += 1
    return [
        replace(finding, id=f"{_LETTERS[finding.category]}-{digest[:length]}")
        for finding, digest in named
    ]


def _digest(fault: Fault) -> str:
    place: dict[str, Any] = {**fault.where.as_dict()}
    if fault.where.point is not None:
        place["point"] = tuple(round(degrees, 5) for degrees in fault.where.point)
    told = "\x1f".join([fault.key, *(f"{name}={value}" for name, value in place.items())])
    return hashlib.sha256(told.encode()).hexdigest()

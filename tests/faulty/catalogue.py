"""What must be found in each faulty input: ``catalogue.toml``, read and checked."""

from __future__ import annotations

import math
import sys
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any, Literal, NamedTuple
from unittest.mock import patch

import numpy as np
import pandas as pd
import shapely
from pydantic import BaseModel, ConfigDict

from faulty.county import COLUMNS, CRS, Inputs, truth
from liancun_geo.decisions import Decision
from liancun_geo.doctor import Finding, Findings, examine
from liancun_geo.intake.reading import Reading, read_all
from liancun_geo.settings import Settings
from liancun_geo.villages import FIELDS, VillageTable

FILE = Path(__file__).with_name("catalogue.toml")


class Expected(BaseModel):
    """What the catalogue says of a case."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    problem: int
    """Number in the table of DOMAIN.md; 0: coordinates, 11: files, 12: roads and barriers."""
    plan: bool
    """Whether a plan can be made of it as it is."""
    findings: tuple[str, ...] = ()
    """Each as severity, key and place, see :func:`said`; those of the clean county left out."""
    settle: tuple[str, ...] = ()
    """In order: the number of the proposal that is right, and the key of the questions it settles,
    with their place if it is right for one of them only."""
    after: tuple[str, ...] = ()
    """What is still found then, decisions applied left out."""
    shapes: Literal["truth", "drawn"] = "truth"
    """Whether the shapes must be those of the clean county, or as the case drew them."""
    settled_shapes: Literal["truth", "drawn"] | None = None
    """As ``shapes``, once it is settled."""
    differs: dict[str, dict[str, Any]] = {}
    """Field -> code -> what it must be where it is not the truth; ``""`` for missing."""
    aside: tuple[str, ...] = ()
    """Fields that are not compared, because a finding says what stands there; ``figures`` for all
    that the ledger gives."""
    settled: dict[str, dict[str, Any]] = {}
    """As ``differs``, once it is settled."""
    settled_left_out: tuple[str, ...] | None = None
    left_out: tuple[str, ...] = ()
    """Codes of villages that are not planned."""
    note: str = ""
    """Why it is so, where that may be asked."""


def expectations() -> dict[str, Expected]:
    """Return what the catalogue says of every case."""
    tables = tomllib.loads(FILE.read_text(encoding="utf-8"))
    return {name: Expected.model_validate(table) for name, table in tables.items()}


class Examined(NamedTuple):
    """What was found, and the villages that were read on the way; None if they cannot be."""

    findings: Findings
    villages: VillageTable | None


def examined(inputs: Inputs, decisions: tuple[Any, ...] = ()) -> Examined:
    """Examine the files of a case under decisions."""
    settings = Settings.model_validate(inputs.settings).deciding(decisions)
    seen: list[Reading] = []

    def remembered(*args: Any, **named: Any) -> Reading:
        seen.append(read_all(*args, **named))
        return seen[-1]

    # The reading is what planning gets; reading everything a second time would take as long.
    with patch.object(sys.modules["liancun_geo.doctor.examine"], "read_all", remembered):
        findings = examine(
            inputs.boundaries,
            inputs.ledger,
            settings=settings,
            folder=inputs.boundaries.parent,
            **inputs.more,
        )
    return Examined(findings, seen[0].villages)


def said(finding: Finding) -> str:
    """Return severity, key and place of a finding in a line."""
    where = finding.fault.where
    column = None if where.cell else where.field
    row = None if where.cell or where.row is None else f"row {where.row}"
    village = where.village or where.code
    known = [where.cell, row, column, village or where.township]
    place = [part.strip() for part in known if part] or [where.sheet or where.file or ""]
    severity = "question" if finding.is_question else finding.severity
    if finding.is_question and finding.severity == "error":
        severity = "error?"
    return " ".join([severity, finding.fault.key, *place]).strip()


def listed(findings: Findings, *, usual: Counter[str] | None = None) -> list[str]:
    """Return what was found, each in a line, what the clean county has too left out."""
    found = Counter(
        said(f) for f in findings.findings if f.fault.key != "decisions.applied" and not f.accepted
    )
    lines = found - (usual or Counter())
    lacking = (usual or Counter()) - found
    return sorted([*lines.elements(), *(f"not {line}" for line in lacking.elements())])


def confirmed(fix: Decision) -> Decision:
    """Return a decision as a person confirms it."""
    return fix.model_copy(update={"confirmed": True, "by": "王"})


def once_settled(expected: Expected) -> Expected:
    """Return what must be found once the proposals that are right were confirmed."""
    left_out = expected.settled_left_out
    return expected.model_copy(
        update={
            "differs": expected.settled,
            "shapes": expected.settled_shapes or expected.shapes,
            "left_out": expected.left_out if left_out is None else left_out,
        }
    )


def chosen(findings: Findings, step: str) -> list[Decision]:
    """Return the decisions that a step of ``settle`` confirms."""
    number, _, place = step.partition(" ")
    asked = [f for f in findings.questions if said(f).partition(" ")[2].startswith(place)]
    if not asked:
        raise AssertionError(f"no question is open for {step!r}: {listed(findings)}")
    return [confirmed(finding.fault.fixes[int(number) - 1]) for finding in asked]


def differences(villages: VillageTable, inputs: Inputs, expected: Expected) -> list[str]:
    """Return where the villages are not what they must be, figures, names and shapes."""
    wanted = truth().drop(index=list(expected.left_out))
    aside = set(expected.aside)
    if "figures" in aside:
        aside |= {field for field, _ in COLUMNS.values()}
    for field, cells in expected.differs.items():
        for code, value in cells.items():
            missing = float("nan") if FIELDS[field].kind in ("number", "year") else None
            value = tuple(value) if isinstance(value, list) else value
            cells_of = wanted[field].to_dict()
            cells_of[code] = missing if value == "" else value
            wanted[field] = pd.Series(cells_of, dtype=object)
    frame = villages.frame
    if len(frame) != len(wanted):
        return [f"{len(frame)} villages, not {len(wanted)}: {frame['name'].tolist()}"]
    found = [
        f"{code} {field}: {got!r}, not {right!r}"
        for field in FIELDS
        if field not in aside
        for code, got, right in zip(wanted.index, frame[field], wanted[field], strict=True)
        if not _same(got, right)
    ]
    drawn = inputs.drawn if expected.shapes == "drawn" else wanted.geometry.to_dict()
    for code, shape in zip(wanted.index, frame.geometry.to_crs(CRS), strict=True):
        right = shapely.make_valid(drawn[code], method="structure", keep_collapsed=False)
        apart = shapely.symmetric_difference(shape, right).area
        if apart > 1.0:
            found.append(f"{code} shape: {apart:.1f} square metres differ")
    return found


def _same(got: Any, right: Any) -> bool:
    if _is_missing(got) or _is_missing(right):
        return _is_missing(got) and _is_missing(right)
    if isinstance(right, float | int) and isinstance(got, float | np.floating):
        return math.isclose(got, right, rel_tol=1e-9)
    return bool(got == right)


def _is_missing(value: Any) -> bool:
    # A list is there even if it is empty.
    return not isinstance(value, tuple) and bool(pd.isna(value))

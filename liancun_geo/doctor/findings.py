"""Findings: faults with what a planner needs to settle them, in the order to look at them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal, get_args

import geopandas as gpd
from shapely.geometry import mapping
from shapely.geometry.base import BaseGeometry

from liancun_geo.decisions import Decision
from liancun_geo.errors import Fault, Where
from liancun_geo.messages import DEFAULT_LANGUAGE, Language, catalogue, message
from liancun_geo.villages import Source

Severity = Literal["error", "warning", "note"]
"""error: stops planning; warning: a question or something to look at; note: done without loss."""
Category = Literal[
    "files",
    "encoding",
    "crs",
    "headers",
    "units",
    "values",
    "outliers",
    "totals",
    "codes",
    "names",
    "duplicates",
    "join",
    "geometry",
    "topology",
    "contiguity",
    "roads",
    "places",
    "decisions",
]
CATEGORIES: tuple[Category, ...] = get_args(Category)


@dataclass(frozen=True)
class Finding:
    """One fault, with its kind and the villages it concerns.

    Attributes
    ----------
    id
        Short, the same in every run on the same files and in every language.
    fault
        What happened and where; its ``fixes`` are the proposals.
    accepted
        A person looked at it and it is right as it is.
    shape
        In EPSG:4326, for the map; None if the fault has no place of its own.
    villages
        Codes of the villages concerned.
    """

    id: str
    fault: Fault
    category: Category
    severity: Severity
    accepted: bool = False
    shape: BaseGeometry | None = None
    villages: tuple[str, ...] = ()

    @property
    def is_question(self) -> bool:
        """Whether a person has something to decide."""
        return bool(self.fault.fixes) and not self.accepted

    def what(self, language: Language = DEFAULT_LANGUAGE) -> str:
        """Return what happened and what to do next, without the place."""
        return message(self.fault.key, language, **self.fault.params)

    def why(self, language: Language = DEFAULT_LANGUAGE) -> str:
        """Return why it matters for the plan."""
        return message(self._finest("why"), language)

    def remedy(self, language: Language = DEFAULT_LANGUAGE) -> str:
        """Return what can be done: the proposals in words, else advice for its kind."""
        if self.accepted:
            return message("doctor.remedy_accepted", language)
        if not self.fault.fixes:
            return message(self._finest("remedy"), language)
        proposals = (
            message("doctor.proposal", language, number=number, decision=fix.text(language))
            for number, fix in enumerate(self.fault.fixes, start=1)
        )
        return message("doctor.proposal_separator", language).join(proposals)

    def as_dict(self, language: Language = DEFAULT_LANGUAGE) -> dict[str, Any]:
        """Return the finding for machine-readable output."""
        return {
            "id": self.id,
            "category": self.category,
            "accepted": self.accepted,
            "question": self.is_question,
            **self.fault.as_dict(language),
            "severity": self.severity,
            "why": self.why(language),
            "remedy": self.remedy(language),
            "proposals": [{**_said(fix), "text": fix.text(language)} for fix in self.fault.fixes],
            "villages": list(self.villages),
            "geometry": None if self.shape is None else mapping(self.shape),
        }

    def _finest(self, kind: str) -> str:
        own = f"doctor.{kind}_{self.fault.key.replace('.', '_')}"
        if own in catalogue():
            return own
        of_note = kind == "remedy" and self.severity == "note"
        return "doctor.remedy_note" if of_note else f"doctor.{kind}_{self.category}"


@dataclass(frozen=True, slots=True)
class Pair:
    """A row of the ledger and its village.

    Attributes
    ----------
    village
        As the map has it.
    row
        As the ledger writes it.
    how
        Way of matching: code, name, form, decision.
    """

    village: Where
    row: Where
    how: str

    def as_dict(self) -> dict[str, Any]:
        """Return the pair for machine-readable output."""
        return {"village": self.village.as_dict(), "row": self.row.as_dict(), "how": self.how}


@dataclass(frozen=True)
class Coverage:
    """How villages of the map and rows of the ledger fit.

    Attributes
    ----------
    matched
        Codes of the villages with a row (names in a layer without codes).
    without_row
        Villages of the map without a row.
    without_village
        Rows of the ledger without a village.
    how
        Way of matching (code, name, form, decision) -> number of villages.
    pairs
        Every row with its village, in the order of the ledger.
    """

    matched: tuple[str, ...] = ()
    without_row: tuple[Where, ...] = ()
    without_village: tuple[Where, ...] = ()
    how: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    pairs: tuple[Pair, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return the lists for machine-readable output."""
        return {
            "matched": list(self.matched),
            "without_row": [where.as_dict() for where in self.without_row],
            "without_village": [where.as_dict() for where in self.without_village],
            "how": dict(self.how),
            "pairs": [pair.as_dict() for pair in self.pairs],
        }


@dataclass(frozen=True, eq=False)
class Findings:
    """Everything found in the data of a county.

    Attributes
    ----------
    findings
        Errors, questions, warnings, notes; then by category and place.
    coverage
        None if there is no ledger, or if it cannot be joined.
    sources
        The files that were read.
    shapes
        Villages as far as they can be read, EPSG:4326, with code, name, township and geometry.
    decisions
        Those in force.
    sketch
        Where ``shapes`` is None: the polygons as the file has them, moved and scaled to half a
        degree around the origin, with code, name, township; None if they cannot be drawn.
    """

    findings: tuple[Finding, ...]
    coverage: Coverage | None = None
    sources: tuple[Source, ...] = ()
    shapes: gpd.GeoDataFrame | None = None
    decisions: tuple[Decision, ...] = ()
    sketch: gpd.GeoDataFrame | None = None

    @property
    def drawn(self) -> gpd.GeoDataFrame | None:
        """What a map can show: the villages where they lie, else a sketch of them."""
        return self.sketch if self.shapes is None else self.shapes

    @property
    def errors(self) -> tuple[Finding, ...]:
        """What stops planning."""
        return tuple(finding for finding in self.findings if finding.severity == "error")

    @property
    def questions(self) -> tuple[Finding, ...]:
        """What a person has to decide, errors with proposals included."""
        return tuple(finding for finding in self.findings if finding.is_question)

    @property
    def ok(self) -> bool:
        """Whether nothing stops planning."""
        return not self.errors

    def by_id(self, wanted: str) -> Finding | None:
        """Return the finding with this id, None if there is none."""
        return next((finding for finding in self.findings if finding.id == wanted), None)

    def as_dict(self, language: Language = DEFAULT_LANGUAGE) -> dict[str, Any]:
        """Return everything for machine-readable output."""
        return {
            "ok": self.ok,
            "counts": {
                "errors": len(self.errors),
                "questions": len(self.questions),
                "by_severity": dict(Counter(finding.severity for finding in self.findings)),
                "by_category": dict(Counter(finding.category for finding in self.findings)),
            },
            "findings": [finding.as_dict(language) for finding in self.findings],
            "coverage": None if self.coverage is None else self.coverage.as_dict(),
            "sources": [
                {
                    "path": source.path,
                    "role": source.role,
                    "sha256": source.sha256,
                    "layer": source.layer,
                    "encoding": source.encoding,
                    "crs": source.crs,
                }
                for source in self.sources
            ],
            "decisions": [_said(decision) for decision in self.decisions],
        }


def _said(decision: Decision) -> dict[str, Any]:
    return decision.model_dump(mode="json", exclude_none=True)

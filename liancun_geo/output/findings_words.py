"""What all outputs of the findings say alike: how severe, which villages, which kind of place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

from liancun_geo.doctor.findings import Finding, Findings
from liancun_geo.errors import Where
from liancun_geo.messages import Language, message

Level = Literal["error", "question", "warning", "note", "accepted"]
LEVELS: tuple[Level, ...] = get_args(Level)

ShapeKind = Literal["gap", "overlap", "sliver", "invalid", "other"]
SHAPE_KINDS: tuple[ShapeKind, ...] = get_args(ShapeKind)

_SIGNS: tuple[tuple[str, ShapeKind], ...] = (
    ("gap", "gap"),
    ("overlap", "overlap"),
    ("duplicate", "overlap"),
    ("sliver", "sliver"),
    ("invalid", "invalid"),
    ("ring", "invalid"),
    ("spike", "invalid"),
    ("repaired", "invalid"),
)


def level_of(finding: Finding) -> Level:
    """Return how a finding is shown: an error stays one, whether or not it can be settled."""
    if finding.accepted:
        return "accepted"
    if finding.severity == "error":
        return "error"
    if finding.is_question:
        return "question"
    return finding.severity


def shape_kind(finding: Finding) -> ShapeKind:
    """Return how the shape of a finding is drawn, by the key of its fault."""
    key = finding.fault.key
    return next((kind for sign, kind in _SIGNS if sign in key), "other")


def verdict(findings: Findings, language: Language) -> str:
    """Return in one sentence whether the data can be planned with."""
    errors, questions = len(findings.errors), len(findings.questions)
    if errors:
        return message("findings.verdict_errors", language, errors=errors, questions=questions)
    if questions:
        return message("findings.verdict_questions", language, questions=questions)
    return message("findings.verdict_ok", language)


class VillageIndex:
    """Finds villages of ``Findings.drawn`` by code, else by township and name.

    Attributes
    ----------
    by
        Code, ``township/name`` and unique names -> position.
    """

    def __init__(self, findings: Findings) -> None:
        self.by: Mapping[str, int] = {}
        self._places: list[Where] = []
        frame = findings.drawn
        if frame is None:
            return
        texts = {
            column: [value if isinstance(value, str) else None for value in frame[column]]
            for column in ("code", "name", "township")
        }
        known: dict[str, int] = {}
        names: dict[str, list[int]] = {}
        rows = zip(texts["code"], texts["name"], texts["township"], strict=True)
        for position, (code, name, township) in enumerate(rows):
            self._places.append(Where(village=name, code=code, township=township))
            if code:
                known.setdefault(code, position)
            if name:
                known.setdefault(f"{township or ''}/{name}", position)
                names.setdefault(name, []).append(position)
        unique = {name: found[0] for name, found in names.items() if len(found) == 1}
        self.by = {**unique, **known}

    def place(self, village: str) -> Where:
        """Return what is known of a village, by code or ``township/name``."""
        position = self.by.get(village)
        return Where(village=village) if position is None else self._places[position]

    def find(self, where: Where) -> int | None:
        """Return the position of the village that a place names, None if it is not there."""
        if where.code is not None and where.code in self.by:
            return self.by[where.code]
        if where.village is None:
            return None
        if where.township is not None:
            return self.by.get(f"{where.township}/{where.village}")
        return self.by.get(where.village)

    def of_finding(self, finding: Finding) -> list[int]:
        """Return the positions of the villages a finding concerns."""
        named = [self.by[code] for code in finding.villages if code in self.by]
        if not named and (found := self.find(finding.fault.where)) is not None:
            named = [found]
        if not named:
            # A row that fits no village lies where the likeliest one is that it may mean.
            meant = (str(getattr(fix, "village", "")) for fix in finding.fault.fixes)
            named = [self.by[code] for code in meant if code in self.by][:1]
        return list(dict.fromkeys(named))

"""What each fault is about, and whether anybody has to look at it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources

from liancun_geo.doctor.findings import CATEGORIES, Category, Severity
from liancun_geo.errors import Fault

# Where a fault has no entry of its own, its topic tells.
_OF_TOPIC: Mapping[str, Category] = {
    "contiguity": "contiguity",
    "crs": "crs",
    "decisions": "decisions",
    "layers": "files",
    "ledger": "values",
    "names": "names",
    "outliers": "outliers",
    "places": "places",
    "readings": "contiguity",
    "roads": "roads",
    "topology": "topology",
}


@cache
def kinds() -> tuple[Mapping[str, Category], frozenset[str]]:
    """Return the category of every known fault, and the faults that are notes."""
    file = resources.files(__package__) / "kinds.toml"
    tables = tomllib.loads(file.read_text(encoding="utf-8"))
    categories: dict[str, Category] = {}
    notes: set[str] = set()
    for category in CATEGORIES:
        table = tables.get(category, {})
        categories.update(dict.fromkeys(table.get("looked_at", ()), category))
        categories.update(dict.fromkeys(table.get("notes", ()), category))
        notes.update(table.get("notes", ()))
    return categories, frozenset(notes)


def category_of(key: str) -> Category:
    """Return what a fault is about."""
    return kinds()[0].get(key) or _OF_TOPIC.get(key.partition(".")[0], "values")


def severity_of(fault: Fault, *, accepted: bool = False) -> Severity:
    """Return whether a fault stops planning, is to be looked at, or is for information."""
    if fault.severity == "error":
        return "error"
    if accepted:
        return "note"
    if fault.fixes:
        return "warning"
    return "note" if fault.key in kinds()[1] else "warning"

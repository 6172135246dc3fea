"""What a project says of itself: its files, scenarios and log, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

FileRole = Literal["boundaries", "ledger", "places", "layer", "settings", "decisions"]
"""``layer``: barriers, bridges, roads, seats named in the settings."""

Action = Literal[
    "create",
    "settings",
    "decisions",
    "limits",
    "handing",
    "title",
    "colours",
    "correct",
    "add",
    "copy",
    "rename",
    "annotate",
    "remove",
    "restore",
    "approve",
    "edit",
    "cursor",
    "note",
]


LONGEST_TITLE = 60
"""Characters of what a planner calls a project."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of the planner's own that shape no plan, and whose they are.

    Attributes
    ----------
    weak_below_wan_yuan
        Collective income below which a village is marked weak; None to go by the ledger alone.
    sources
        Where a limit comes from, by mark: ``small``, ``weak``, ``strong``.
    """

    weak_below_wan_yuan: float | None = None
    sources: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StoredFile:
    """An input file as it was handed in; ``sha256`` over its bytes, ``size`` in bytes."""

    name: str
    role: FileRole
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class ScenarioInfo:
    """What is known of a scenario without opening it.

    Attributes
    ----------
    name, note
        Given by the planner.
    base
        Name of the scenario it was copied or approved from, None for a new one.
    created, created_by
        When and by whom.
    revision
        Of the last change to it: what :meth:`Project.append` expects.
    cursor, steps
        Steps in force, and all that can be redone too.
    frozen, approved_by, approved_at
        Whether it is an approved version, by whom, when.
    removed
        Whether it was taken away; it can be restored.
    """

    name: str
    note: str
    base: str | None
    created: datetime
    created_by: str
    revision: int
    cursor: int
    steps: int
    frozen: bool
    approved_by: str | None
    approved_at: datetime | None
    removed: bool


@dataclass(frozen=True, slots=True)
class Logged:
    """One write to the project; ``scenario`` is its name today, ``detail`` depends on action."""

    revision: int
    at: datetime
    by: str
    action: str
    scenario: str | None
    detail: Mapping[str, Any]

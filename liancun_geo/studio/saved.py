"""What a session knows of its project file: the desk as it was last written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from liancun_geo.decisions import Decision
from liancun_geo.errors import Fault
from liancun_geo.output.options import PackOptions
from liancun_geo.project import Correction, Limits, Project, ProjectConflict
from liancun_geo.settings import Settings
from liancun_geo.studio.drafts import Drafts


@dataclass
class Saved:
    """What the project file holds, as far as this session knows.

    Attributes
    ----------
    project
        The file; None before the first change.
    conflict
        Who was first, if another window changed the same thing.
    faults
        Why the last change could not be saved; empty if it could.
    owner
        As for :func:`~liancun_geo.studio.keeping.place_of`.
    """

    project: Project | None = None
    conflict: ProjectConflict | None = None
    faults: tuple[Fault, ...] = ()
    at: datetime | None = None
    settings: Settings | None = None
    settings_revision: int | None = None
    decisions: tuple[Decision, ...] = ()
    corrections: tuple[Correction, ...] = ()
    drafts: Drafts = field(default_factory=Drafts)
    revisions: dict[str, int] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    notes: dict[str, str] = field(default_factory=dict)
    handing: PackOptions = field(default_factory=PackOptions)
    title: str = ""
    colours: Mapping[str, Any] = field(default_factory=dict)
    inputs: str = ""
    owner: str = ""

    @property
    def key(self) -> str | None:
        """What the page's address calls the project."""
        return None if self.project is None else self.project.path.stem

"""What goes wrong with a project file, told as faults."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from liancun_geo.errors import DataError, Fault, Where, error

BUSY_S = 5.0
"""How long a write waits for another program before it gives up."""

_MEANINGS = {
    sqlite3.SQLITE_NOTADB: "project.not_a_project",
    sqlite3.SQLITE_CORRUPT: "project.damaged",
    sqlite3.SQLITE_FORMAT: "project.damaged",
    # A question that never ends, of a file from a stranger.
    sqlite3.SQLITE_INTERRUPT: "project.damaged",
    sqlite3.SQLITE_TOOBIG: "project.damaged",
    sqlite3.SQLITE_SCHEMA: "project.damaged",
    sqlite3.SQLITE_BUSY: "project.locked",
    sqlite3.SQLITE_LOCKED: "project.locked",
    sqlite3.SQLITE_READONLY: "project.read_only",
    sqlite3.SQLITE_PERM: "project.read_only",
    sqlite3.SQLITE_FULL: "project.disk_full",
    sqlite3.SQLITE_CANTOPEN: "project.cannot_open",
    # A table or column of ours is not there.
    sqlite3.SQLITE_ERROR: "project.damaged",
}


class ProjectError(DataError):
    """A project file cannot be made, opened, read or written as asked."""


class ProjectConflict(ProjectError):  # noqa: N818  the word planners and callers use
    """Another tab or program changed the same thing first; nothing was saved.

    Attributes
    ----------
    by, at, revision
        Who was first (empty if not signed), when, and the revision that is current now.
    """

    def __init__(self, fault: Fault, *, by: str, at: datetime, revision: int) -> None:
        super().__init__([fault])
        self.by = by
        self.at = at
        self.revision = revision


@contextmanager
def telling(path: Path) -> Iterator[None]:
    """Turn what SQLite and the disk say into faults.

    Raises
    ------
    ProjectError
        What happened to the file, and what to do next.
    """
    try:
        yield
    except sqlite3.Error as cause:
        # The lower byte is the kind, the rest a detail of it: https://sqlite.org/rescode.html
        code = getattr(cause, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
        key = _MEANINGS.get(code, "project.write_failed")
        raise ProjectError(
            [error(key, Where(file=str(path)), cause=str(cause), seconds=f"{BUSY_S:g}")]
        ) from cause
    except OSError as cause:
        reason = cause.strerror or str(cause)
        raise ProjectError(
            [error("project.cannot_open", Where(file=str(path)), cause=reason)]
        ) from cause


def fault_of(key: str, path: Path, **params: object) -> ProjectError:
    """Return one fault of a project as an exception."""
    return ProjectError([error(key, Where(file=str(path)), **params)])

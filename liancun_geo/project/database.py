"""The SQLite file under a project: opened for each use, written in whole transactions.

Each use has a connection of its own, so a project can be asked from any thread and never keeps
the file locked between two edits. The journal is SQLite's rollback journal: the project is one
file at rest, may lie on a network drive (where a write-ahead log does not work) and may be
copied. ``synchronous = EXTRA`` makes what was acknowledged survive a power cut too.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from importlib import resources
from pathlib import Path
from typing import Any

from liancun_geo.project.faults import BUSY_S, fault_of, telling

APPLICATION_ID = 0x47504B47
"""``GPKG``, as the GeoPackage standard asks."""
GEOPACKAGE_VERSION = 10300
SCHEMA_VERSION = 1
"""Of our own tables; a newer one is refused."""

_HEADER = 100
_MAGIC = b"SQLite format 3\x00"


def build(path: Path, at: datetime) -> None:
    """Make the empty tables in a file that is not there yet."""
    with telling(path), closing(_connected(path, "rwc")) as connection:
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {GEOPACKAGE_VERSION}")
        schema = (resources.files(__package__) / "schema.sql").read_text(encoding="utf-8")
        connection.executescript(schema.replace(":at", f"'{stamp(at)}'"))


def examine(path: Path) -> None:
    """Look whether a file is a project that this version can use.

    Raises
    ------
    ProjectError
        If it is missing, no project, damaged, cut short, or from a newer version.
    """
    with telling(path):
        if not path.exists():
            raise fault_of("project.file_missing", path)
        if not path.is_file():
            raise fault_of("project.not_a_project", path)
        with path.open("rb") as file:
            header = file.read(_HEADER)
        if not header.startswith(_MAGIC):
            # An empty or nearly empty file was cut short or never filled.
            raise fault_of("project.not_a_project", path)
        _whole(path, header)
    with reading(path) as connection:
        named = connection.execute(
            "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'liancun_project'"
        ).fetchone()
        if not named[0]:
            raise fault_of("project.not_a_project", path)
        found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if found != "ok":
            raise fault_of("project.damaged", path, cause=found)
        row = connection.execute(
            "SELECT value FROM liancun_project WHERE key = 'schema'"
        ).fetchone()
        version = row[0] if row else ""
        if not version.isdecimal():
            raise fault_of("project.damaged", path, cause=f"schema {version!r}")
        if int(version) > SCHEMA_VERSION:
            raise fault_of("project.newer", path, found=version, known=SCHEMA_VERSION)


def _whole(path: Path, header: bytes) -> None:
    """Refuse a file that is shorter than it says: https://sqlite.org/fileformat2.html#database_header."""
    if len(header) < _HEADER:
        raise fault_of("project.damaged", path, cause=f"{len(header)} B")
    size = int.from_bytes(header[16:18], "big")
    expected = (65536 if size == 1 else size) * int.from_bytes(header[28:32], "big")
    # The count holds only where the last writer kept it.
    kept = header[24:28] == header[92:96]
    actual = path.stat().st_size
    if kept and actual < expected:
        raise fault_of("project.damaged", path, cause=f"{actual} B < {expected} B")


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a project to read: all of the block sees one state of it."""
    with telling(path), closing(_connected(path, "rw")) as connection:
        connection.execute("BEGIN")
        yield connection
        connection.rollback()


@contextmanager
def transaction(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a project to write: all of the block counts, or nothing."""
    with telling(path), closing(_connected(path, "rw")) as connection:
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield connection
            connection.commit()
        except BaseException:
            connection.rollback()
            raise


def logged(
    connection: sqlite3.Connection,
    action: str,
    *,
    by: str,
    at: datetime,
    scenario: int | None = None,
    detail: dict[str, Any] | None = None,
) -> int:
    """Add a row to the log and return its number, the new revision."""
    cursor = connection.execute(
        'INSERT INTO liancun_log (at, "by", action, scenario, detail) VALUES (?, ?, ?, ?, ?)',
        (stamp(at), by, action, scenario, dumped(detail or {})),
    )
    assert cursor.lastrowid is not None
    return cursor.lastrowid


def dumped(value: Any) -> str:
    """Return JSON as it is stored."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def loaded(text: str, path: Path) -> Any:
    """Return stored JSON.

    Raises
    ------
    ProjectError
        If somebody changed it into something else.
    """
    try:
        return json.loads(text)
    except (ValueError, RecursionError, TypeError) as cause:
        raise fault_of("project.damaged", path, cause=str(cause)) from cause


def stamp(at: datetime) -> str:
    """Return a time as it is stored: ISO 8601 with its offset.

    Raises
    ------
    ValueError
        If it does not say its time zone: a fault of the program.
    """
    if at.tzinfo is None:
        raise ValueError("a time without time zone")
    return at.isoformat()


def time_of(text: str, path: Path) -> datetime:
    """Return a stored time.

    Raises
    ------
    ProjectError
        If it is none.
    """
    try:
        at = datetime.fromisoformat(text)
        if at.tzinfo is None:
            raise ValueError(text)
    except (ValueError, TypeError) as cause:
        raise fault_of("project.damaged", path, cause=repr(text)) from cause
    return at


def quoted(name: str) -> str:
    """Return a name as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'


def _connected(path: Path, mode: str) -> sqlite3.Connection:
    # A URI so that a missing file is not made by looking at it. SQLite falls back to reading
    # where the file cannot be written; writing then says so.
    uri = f"{path.absolute().as_uri()}?mode={mode}"
    connection = sqlite3.connect(uri, uri=True, timeout=BUSY_S, isolation_level=None)
    try:
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("PRAGMA synchronous = EXTRA")
        connection.execute("PRAGMA foreign_keys = ON")
    except BaseException:
        connection.close()
        raise
    return connection

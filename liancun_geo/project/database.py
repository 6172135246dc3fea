"""The SQLite file under a project: opened for each use, written in whole transactions.

Each use has a connection of its own, so a project can be asked from any thread and never keeps
the file locked between two edits. The journal is SQLite's rollback journal: the project is one
file at rest, may lie on a network drive (where a write-ahead log does not work) and may be
copied. ``synchronous = EXTRA`` makes what was acknowledged survive a power cut too.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from liancun_geo.project.faults import BUSY_S, fault_of, telling
from liancun_geo.tables import parse_json

APPLICATION_ID = 0x47504B47
"""``GPKG``, as the GeoPackage standard asks."""
GEOPACKAGE_VERSION = 10300
SCHEMA_VERSION = 1
"""Of our own tables; a newer one is refused."""

_LONGEST_S = 60.0
"""No honest question or write takes so long; a file from a stranger may hold an endless one."""
_STEPS_BETWEEN_LOOKS = 100_000
_OURS = "liancun_"
_HEADER = 100
_MAGIC = b"SQLite format 3\x00"


def build(path: Path, at: datetime) -> None:
    """Make the empty tables in a file that is not there yet."""
    with telling(path), closing(_connected(path, "rwc")) as connection:
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {GEOPACKAGE_VERSION}")
        connection.executescript(_schema(at))


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
        _as_we_made_it(connection, path)
        found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if found != "ok":
            raise fault_of("project.damaged", path, cause=found)
        row = connection.execute(
            "SELECT value FROM liancun_project WHERE key = 'schema'"
        ).fetchone()
        version = str(row[0]) if row else ""
        if not version.isdecimal():
            raise fault_of("project.damaged", path, cause=f"schema {version!r}")
        if int(version) > SCHEMA_VERSION:
            raise fault_of("project.newer", path, found=version, known=SCHEMA_VERSION)
        _of_their_types(connection, path)


def _as_we_made_it(connection: sqlite3.Connection, path: Path) -> None:
    """Refuse a project whose tables are not ours: somebody made it, and not to be helpful.

    Views, triggers and computed columns run when the tables are used. Those of the layers are
    left alone, for a GIS puts its own there; :data:`_LONGEST_S` ends them if they never end.
    """
    found = _own_schema(connection)
    newer = connection.execute(
        "SELECT value FROM liancun_project WHERE key = 'schema'"
        if found.get("liancun_project") == _expected()["liancun_project"]
        else "SELECT ''"
    ).fetchone()
    if newer and str(newer[0]).isdecimal() and int(newer[0]) > SCHEMA_VERSION:
        # Its tables may differ; it is refused by its version, in words that say so.
        return
    strange = sorted(
        name for name in found | _expected() if found.get(name) != _expected().get(name)
    )
    if strange:
        raise fault_of("project.damaged", path, cause=", ".join(strange[:5])[:200])


def _own_schema(connection: sqlite3.Connection) -> dict[str, str]:
    """Return what is said of our tables, and of all that hangs on them, by name."""
    rows = connection.execute("SELECT name, tbl_name, sql FROM sqlite_master").fetchall()
    return {
        str(name): " ".join(str(sql).split())
        for name, table, sql in rows
        if sql is not None
        and (str(name).lower().startswith(_OURS) or str(table).lower().startswith(_OURS))
    }


def _of_their_types(connection: sqlite3.Connection, path: Path) -> None:
    """Refuse values of other types than their columns have: SQLite takes anything anywhere."""
    for table in [name for name, sql in _expected().items() if sql.startswith("CREATE TABLE")]:
        columns = connection.execute(f"PRAGMA table_info({quoted(table)})").fetchall()
        wrong = " OR ".join(
            f"typeof({quoted(name)}) NOT IN ('{kind.lower()}', 'null')"
            for _, name, kind, *_ in columns
        )
        if connection.execute(f"SELECT 1 FROM {quoted(table)} WHERE {wrong} LIMIT 1").fetchone():
            raise fault_of("project.damaged", path, cause=table)


@cache
def _expected() -> dict[str, str]:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(_schema(datetime(2000, 1, 1, tzinfo=UTC)))
        return _own_schema(connection)


def _schema(at: datetime) -> str:
    text = (resources.files(__package__) / "schema.sql").read_text(encoding="utf-8")
    return text.replace(":at", f"'{stamp(at)}'")


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
        return parse_json(text)
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
        until = time.monotonic() + _LONGEST_S
        connection.set_progress_handler(lambda: time.monotonic() > until, _STEPS_BETWEEN_LOOKS)
        # https://sqlite.org/security.html, "Untrusted SQLite Database Files"
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("PRAGMA cell_size_check = ON")
        connection.execute("PRAGMA mmap_size = 0")
        connection.execute("PRAGMA synchronous = EXTRA")
        connection.execute("PRAGMA foreign_keys = ON")
    except BaseException:
        connection.close()
        raise
    return connection

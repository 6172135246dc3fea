"""Making a project file, and opening one."""

from __future__ import annotations

import hashlib
import secrets
import sqlite3
from collections import Counter
from contextlib import closing
from datetime import datetime
from pathlib import Path, PurePath

from liancun_geo.errors import Fault, Where, error
from liancun_geo.output.atomic import staged
from liancun_geo.project import database
from liancun_geo.project.book import Project
from liancun_geo.project.faults import ProjectError, fault_of, telling
from liancun_geo.project.inputs import (
    MAX_INPUT_BYTES,
    Inputs,
    base_settings,
    flat,
    safe_name,
    sample_inputs,
)
from liancun_geo.project.reading import Ways
from liancun_geo.project.records import FileRole
from liancun_geo.settings import Settings


def create_project(
    path: Path | str,
    inputs: Inputs = Inputs(),
    settings: Settings | None = None,
    *,
    by: str,
    at: datetime,
    name: str | None = None,
    token: str | None = None,
    ways: Ways = Ways(),
) -> Project:
    """Make a project file of a county's files; the county need not be readable yet.

    Parameters
    ----------
    path
        Must not exist. It is put in place as a whole.
    inputs
        The files; the shipped sample if there are none.
    settings
        Default those that come with the files.
    by, at
        Who and when, with its time zone.
    name
        What the planner calls it; default the name of the file.
    token
        Default random; given only where a test needs to know it.
    ways
        As for :func:`open_project`.

    Raises
    ------
    ProjectError
        If the file exists, or two of the files have one name.
    DataError
        If the file cannot be written.
    SettingsError
        If the settings that come with the files cannot be used.
    """
    path = Path(path)
    if path.exists():
        raise fault_of("project.file_exists", path)
    is_sample = inputs.is_sample
    if is_sample:
        inputs = sample_inputs()
    given = flat(base_settings(inputs) if settings is None else settings)
    files = _files(inputs, given)
    with staged(path.parent, [path.name]) as stage:
        made = stage.path(path.name)
        database.build(made, at)
        with telling(path), closing(sqlite3.connect(made, isolation_level=None)) as connection:
            connection.execute("BEGIN")
            _fill(connection, files, given, by, at)
            _describe(
                connection,
                name=name or path.stem,
                token=token or secrets.token_urlsafe(16),
                created=database.stamp(at),
                sample=str(int(is_sample)),
            )
            connection.execute("COMMIT")
        if path.exists():
            # Somebody made one meanwhile.
            raise fault_of("project.file_exists", path)
    return Project(path, ways)


def open_project(path: Path | str, *, ways: Ways = Ways()) -> Project:
    """Open a project file after looking whether it is one, whole, and not from the future.

    Parameters
    ----------
    path
        Of the file.
    ways
        Of reading its county and its plans; a server gives such that keep what they have made.

    Raises
    ------
    ProjectError
        If it is not, saying what to do.
    """
    path = Path(path)
    database.examine(path)
    return Project(path, ways)


def _fill(
    connection: sqlite3.Connection,
    files: list[tuple[str, FileRole, bytes]],
    settings: Settings,
    by: str,
    at: datetime,
) -> None:
    revision = database.logged(connection, "create", by=by, at=at)
    connection.executemany(
        "INSERT INTO liancun_files (name, role, sha256, bytes, content) VALUES (?, ?, ?, ?, ?)",
        [
            (name, role, hashlib.sha256(content).hexdigest(), len(content), content)
            for name, role, content in files
        ],
    )
    connection.execute(
        "INSERT INTO liancun_settings (revision, settings) VALUES (?, ?)",
        (revision, database.dumped(settings.model_dump(mode="json"))),
    )


def _describe(connection: sqlite3.Connection, **said: str) -> None:
    facts = {"schema": str(database.SCHEMA_VERSION), **said}
    connection.executemany("INSERT INTO liancun_project (key, value) VALUES (?, ?)", facts.items())


def _files(inputs: Inputs, settings: Settings) -> list[tuple[str, FileRole, bytes]]:
    """Return name, role and content of each file; one name is one file."""
    places = {PurePath(name).stem for name in settings.data.places}
    layers = {PurePath(name).stem for name in settings.side_layers} - places

    def role(name: str, usual: FileRole) -> FileRole:
        stem = PurePath(name).stem
        return "layer" if stem in layers else "places" if name in settings.data.places else usual

    sides: list[tuple[tuple[str, bytes] | None, FileRole]] = [
        (inputs.settings_file, "settings"),
        (inputs.decisions_file, "decisions"),
    ]
    files: list[tuple[str, FileRole, bytes]] = [
        *((safe_name(n), role(safe_name(n), "boundaries"), c) for n, c in inputs.boundaries),
        *((safe_name(n), role(safe_name(n), "ledger"), c) for n, c in inputs.ledgers),
        *((safe_name(one[0]), kind, one[1]) for one, kind in sides if one is not None),
    ]
    times = Counter(name for name, _, _ in files)
    faults: list[Fault] = [
        error("project.same_name", Where(file=name)) for name in sorted(times) if times[name] > 1
    ]
    limit = MAX_INPUT_BYTES // 10**6
    faults += [
        error("project.input_too_large", Where(file=name), limit_mb=limit)
        for name, _, content in files
        if len(content) > MAX_INPUT_BYTES
    ]
    if faults:
        raise ProjectError(faults)
    return files

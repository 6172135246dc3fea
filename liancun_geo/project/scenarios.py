"""Scenarios and their edit logs, as rows of the project's tables."""

from __future__ import annotations

import sqlite3
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from liancun_geo.errors import Where, error
from liancun_geo.messages import Language, message
from liancun_geo.project.database import dumped, loaded, logged, stamp, time_of
from liancun_geo.project.faults import ProjectConflict, ProjectError, fault_of
from liancun_geo.project.layers import drop_layer, layer_of, put_alliances
from liancun_geo.project.records import ScenarioInfo
from liancun_geo.project.saved import saved_assignment

if TYPE_CHECKING:
    from liancun_geo.editing import Entry

LONGEST_NAME = 60

_COLUMNS = (
    'id, name, note, base, created, created_by, revision, "cursor", frozen, approved_by,'
    " approved_at, removed, data_revision"
)


@dataclass(frozen=True, slots=True)
class Row:
    """A scenario with its number, and the revision of the data it was approved with."""

    id: int
    info: ScenarioInfo
    data_revision: int | None


@dataclass(frozen=True, slots=True)
class Signed:
    """Who wrote, and when."""

    by: str
    at: datetime


class _Somebody:
    def __init__(self, by: str) -> None:
        self.by = by

    def text(self, language: Language) -> str:
        return self.by or message("project.somebody", language)


def rows(connection: sqlite3.Connection, path: Path) -> tuple[Row, ...]:
    """Return all scenarios in the order they were made."""
    steps = dict(
        connection.execute(
            "SELECT scenario, max(number) FROM liancun_entries WHERE discarded IS NULL"
            " GROUP BY scenario"
        ).fetchall()
    )
    found = connection.execute(f"SELECT {_COLUMNS} FROM liancun_scenarios ORDER BY id").fetchall()
    return tuple(_row(values, steps.get(values[0], 0), path) for values in found)


def _row(values: tuple[Any, ...], steps: int, path: Path) -> Row:
    number, name, note, base, created, created_by, revision, cursor, *rest = values
    frozen, approved_by, approved_at, removed, data_revision = rest
    info = ScenarioInfo(
        name=name,
        note=note,
        base=base,
        created=time_of(created, path),
        created_by=created_by,
        revision=revision,
        cursor=cursor,
        steps=steps,
        frozen=bool(frozen),
        approved_by=approved_by,
        approved_at=None if approved_at is None else time_of(approved_at, path),
        removed=bool(removed),
    )
    return Row(number, info, data_revision)


def find(connection: sqlite3.Connection, path: Path, name: str, *, removed: bool = False) -> Row:
    """Return a scenario by name.

    Raises
    ------
    ProjectError
        If there is none.
    """
    known = [row for row in rows(connection, path) if row.info.removed == removed]
    # Several may have been removed under one name.
    for row in reversed(known):
        if row.info.name == name:
            return row
    listed = "、".join(row.info.name for row in known)
    raise fault_of("project.unknown_scenario", path, scenario=name, known=listed or "—")


def changeable(connection: sqlite3.Connection, path: Path, name: str, expected: int | None) -> Row:
    """Return a scenario that may be changed now.

    Raises
    ------
    ProjectConflict
        If its revision is not the expected one.
    ProjectError
        If there is none of this name, or it is an approved version.
    """
    row = find(connection, path, name)
    if row.info.frozen:
        raise fault_of("project.frozen", path, scenario=name)
    if expected is not None and row.info.revision != expected:
        raise conflict(connection, path, row.info.revision, "project.conflict", scenario=name)
    return row


def conflict(
    connection: sqlite3.Connection, path: Path, revision: int, key: str, **params: object
) -> ProjectConflict:
    """Return the conflict with what was written at a revision."""
    found = connection.execute(
        'SELECT at, "by" FROM liancun_log WHERE revision = ?', (revision,)
    ).fetchone()
    if found is None:
        raise fault_of("project.damaged", path, cause=f"revision {revision}")
    at, by = time_of(found[0], path), str(found[1])
    told = error(
        key, Where(file=str(path)), by=_Somebody(by), at=f"{at:%Y-%m-%d %H:%M:%S}", **params
    )
    return ProjectConflict(told, by=by, at=at, revision=revision)


def folded(path: Path, name: str) -> str:
    """Return a name as names are told apart, after looking whether it is one.

    Raises
    ------
    ProjectError
        If it is empty, too long, or not one line of text.
    """
    fits = bool(name.strip()) and len(name) <= LONGEST_NAME
    if not fits or name != name.strip() or any(unicodedata.category(c)[0] == "C" for c in name):
        raise fault_of(
            "project.scenario_name", path, scenario=name[:LONGEST_NAME], most=LONGEST_NAME
        )
    return unicodedata.normalize("NFKC", name).casefold()


def free(connection: sqlite3.Connection, path: Path, name: str, *, but: int = -1) -> str:
    """Return a name as names are told apart, after looking whether it can be given.

    Raises
    ------
    ProjectError
        If it is no name, or a scenario other than ``but`` has it.
    """
    key = folded(path, name)
    taken = connection.execute(
        "SELECT 1 FROM liancun_scenarios WHERE folded = ? AND id <> ?", (key, but)
    ).fetchone()
    if taken:
        raise fault_of("project.scenario_exists", path, scenario=name)
    return key


def insert(
    connection: sqlite3.Connection,
    path: Path,
    name: str,
    result: str,
    signed: Signed,
    revision: int,
    *,
    entries: Iterable[Entry] = (),
    cursor: int = 0,
    **more: Any,
) -> int:
    """Add a scenario with its log and its layer; return its number."""
    key = free(connection, path, name)
    values = {
        "name": name,
        "folded": key,
        "created": stamp(signed.at),
        "created_by": signed.by,
        "revision": revision,
        "cursor": cursor,
        "result": result,
        **{column: value for column, value in more.items() if column != "frozen"},
    }
    columns = ", ".join(f'"{column}"' for column in values)
    made = connection.execute(
        f"INSERT INTO liancun_scenarios ({columns}) VALUES ({', '.join('?' * len(values))})",
        tuple(values.values()),
    ).lastrowid
    assert made is not None
    for entry in entries:
        add_entry(connection, made, entry, revision)
    put_alliances(connection, name, assignment(connection, path, made), signed.at)
    if more.get("frozen"):
        # Last, for nothing can be added to it afterwards.
        connection.execute("UPDATE liancun_scenarios SET frozen = 1 WHERE id = ?", (made,))
    return made


def add_entry(connection: sqlite3.Connection, scenario: int, entry: Entry, revision: int) -> None:
    """Add a step to the log of a scenario."""
    connection.execute(
        "INSERT INTO liancun_entries (scenario, number, revision, entry) VALUES (?, ?, ?, ?)",
        (scenario, entry.number, revision, dumped(entry.as_dict())),
    )


def entries(
    connection: sqlite3.Connection, path: Path, scenario: int
) -> tuple[Mapping[str, Any], ...]:
    """Return the steps of a scenario, undone ones included, with their notes of today."""
    found = connection.execute(
        "SELECT entry, note FROM liancun_entries WHERE scenario = ? AND discarded IS NULL"
        " ORDER BY number",
        (scenario,),
    ).fetchall()
    read = []
    for text, note in found:
        entry = loaded(text, path)
        if not isinstance(entry, dict):
            raise fault_of("project.damaged", path, cause="liancun_entries")
        read.append(entry if note is None else {**entry, "note": note})
    return tuple(read)


def result_of(connection: sqlite3.Connection, path: Path, scenario: int) -> Mapping[str, Any]:
    """Return the saved result a scenario starts from."""
    text = connection.execute(
        "SELECT result FROM liancun_scenarios WHERE id = ?", (scenario,)
    ).fetchone()[0]
    result = loaded(text, path)
    if not isinstance(result, dict):
        raise fault_of("project.damaged", path, cause="liancun_scenarios")
    return result


def assignment(connection: sqlite3.Connection, path: Path, scenario: int) -> dict[str, str | None]:
    """Return the plan of a scenario as it is, by code, without reading the county."""
    text = connection.execute(
        "SELECT result FROM liancun_scenarios WHERE id = ?", (scenario,)
    ).fetchone()[0]
    lead_of = dict(_planned(text, path))
    cursor = connection.execute(
        'SELECT "cursor" FROM liancun_scenarios WHERE id = ?', (scenario,)
    ).fetchone()[0]
    for entry in entries(connection, path, scenario)[:cursor]:
        changed = entry.get("lead_of", {})
        if not isinstance(changed, dict):
            raise fault_of("project.damaged", path, cause="liancun_entries")
        lead_of |= changed
    return lead_of


@lru_cache(maxsize=8)
def _planned(text: str, path: Path) -> dict[str, str | None]:
    """Return the plan of a stored result, which never changes while its steps do."""
    result = loaded(text, path)
    return saved_assignment(result if isinstance(result, dict) else {})


def touch(
    connection: sqlite3.Connection, row: Row, action: str, signed: Signed, **detail: Any
) -> int:
    """Log a change of a scenario and give it the new revision."""
    revision = logged(
        connection, action, by=signed.by, at=signed.at, scenario=row.id, detail=detail
    )
    connection.execute("UPDATE liancun_scenarios SET revision = ? WHERE id = ?", (revision, row.id))
    return revision


def show(connection: sqlite3.Connection, path: Path, row: Row, at: datetime) -> None:
    """Bring the layer of a scenario up to date."""
    put_alliances(connection, row.info.name, assignment(connection, path, row.id), at)


def show_all(connection: sqlite3.Connection, path: Path, at: datetime) -> None:
    """Draw the layers of all scenarios anew: the villages under them have changed."""
    for row in rows(connection, path):
        if not row.info.removed:
            lead_of = assignment(connection, path, row.id)
            put_alliances(connection, row.info.name, lead_of, at, anew=True)


def hide(connection: sqlite3.Connection, row: Row) -> None:
    """Take the layer of a removed scenario out."""
    drop_layer(connection, layer_of(row.info.name))


def next_approved_name(connection: sqlite3.Connection, path: Path, name: str) -> str:
    """Return the name of the next approved version of a scenario."""
    taken = {row[0] for row in connection.execute("SELECT folded FROM liancun_scenarios")}
    number = 1
    while True:
        made = message("project.approved_name", scenario=name[: LONGEST_NAME - 8], number=number)
        if folded(path, made) not in taken:
            return made
        number += 1


def step_exists(row: Row, path: Path, number: int, *, least: int = 0) -> None:
    """Refuse a step that a scenario does not have."""
    if not least <= number <= row.info.steps:
        raise fault_of(
            "project.no_such_step",
            path,
            scenario=row.info.name,
            number=number,
            count=row.info.steps,
        )


def out_of_place(path: Path, row: Row, found: int) -> ProjectError:
    """Return the fault of a step whose number does not come next."""
    return fault_of(
        "project.entry_out_of_place",
        path,
        scenario=row.info.name,
        found=found,
        expected=row.info.cursor + 1,
    )

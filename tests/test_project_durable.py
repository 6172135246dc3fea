"""A project survives what happens to files: killed programs, two at once, damage, full disks."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from projects import AT, steps

from liancun_geo.project import ProjectError, create_project, open_project
from liancun_geo.project.database import SCHEMA_VERSION

_WRITERS = Path(__file__).with_name("project_writers.py")


@pytest.fixture
def path(stored_project: Path, tmp_path: Path) -> Path:
    path = tmp_path / "某县 项目.gpkg"
    shutil.copy(stored_project, path)
    return path


def fault(path: Path) -> str:
    with pytest.raises(ProjectError) as caught:
        open_project(path).history  # noqa: B018  asked for what it says
    (found,) = caught.value.faults
    assert found.text("zh")
    assert found.text("en")
    return found.key


def run(*arguments: object) -> list[str]:
    done = subprocess.run(
        [sys.executable, str(_WRITERS), *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=120,
        encoding="utf-8",
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills forked processes")
def test_killed_in_the_middle_it_holds_what_was_acknowledged(path: Path) -> None:
    # Each kill is looked at by the writers' program itself, which names the first one that lost.
    assert run("kill", path, 12) == ["whole"]
    project = open_project(path)
    assert project.revision > 24
    draft = project.draft("方案一")
    assert draft.cursor == project.scenarios["方案一"].cursor == len(draft.entries)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks two writers")
def test_two_programs_lose_no_edit_of_each_other(path: Path) -> None:
    counted = [int(word) for word in run("race", path, 8)]
    project = open_project(path)
    edits = [one for one in project.history if one.action == "edit"]
    assert sorted(set(counted)) == sorted(counted) == [one.revision for one in edits]
    assert len(edits) == 16
    assert {one.by for one in edits} == {"甲", "乙"}
    assert len(project.draft("方案一").entries) == 16


def test_what_is_no_project(tmp_path: Path, planned_county: Any, path: Path) -> None:
    assert fault(tmp_path / "none.gpkg") == "project.file_missing"
    assert fault(tmp_path) == "project.not_a_project"
    other = tmp_path / "other.gpkg"
    for content in (b"", b"PK\x03\x04 not a database", b"SQLite"):
        other.write_bytes(content)
        assert fault(other) == "project.not_a_project"
    other.write_bytes(planned_county[0].boundaries[0][1])
    assert fault(other) == "project.not_a_project"


@pytest.mark.parametrize("share", [0.0001, 0.05, 0.5, 0.99])
def test_a_file_cut_short_is_told(path: Path, share: float) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: max(30, int(len(content) * share))])
    assert fault(path) == "project.damaged"


def test_a_damaged_page_is_told(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[4096:6144] = b"\xff" * 2048
    path.write_bytes(content)
    assert fault(path) == "project.damaged"


def _sql(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(statement)
        connection.commit()


def test_a_file_from_the_future_is_refused(path: Path) -> None:
    _sql(path, f"UPDATE liancun_project SET value = '{SCHEMA_VERSION + 1}' WHERE key = 'schema'")
    assert fault(path) == "project.newer"


@pytest.mark.parametrize(
    ("statement", "key"),
    [
        ("UPDATE liancun_project SET value = 'x' WHERE key = 'schema'", "project.damaged"),
        ("UPDATE liancun_scenarios SET result = 'x'", "project.damaged"),
        ("UPDATE liancun_scenarios SET result = '{}'", "project.saved_unusable"),
        ("UPDATE liancun_settings SET settings = '[]'", "project.damaged"),
        ("DROP TABLE liancun_entries", "project.damaged"),
        ("UPDATE liancun_scenarios SET created = 'gestern'", "project.damaged"),
        (
            "INSERT INTO liancun_entries (scenario, number, revision, entry)"
            " VALUES (1, 1, 1, '[]')",
            "project.damaged",
        ),
    ],
)
def test_edited_by_hand_it_is_a_fault_and_no_crash(path: Path, statement: str, key: str) -> None:
    _sql(path, statement)
    with pytest.raises(ProjectError) as caught:
        project = open_project(path)
        project.county()
        project.draft("方案一")
    assert [one.key for one in caught.value.faults] == [key]


def test_a_locked_file_is_told(
    path: Path, planned_county: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("liancun_geo.project.database.BUSY_S", 0.05)
    project = open_project(path)
    info = project.scenarios["方案一"]
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(ProjectError) as caught:
            project.append("方案一", steps(planned_county[2], 1)[0], expected=info.revision)
        assert [one.key for one in caught.value.faults] == ["project.locked"]
        # Reading goes on meanwhile.
        assert project.scenarios["方案一"] == info
        other.execute("ROLLBACK")
    project.append("方案一", steps(planned_county[2], 1)[0], expected=info.revision)


def test_a_file_that_may_not_be_written_can_be_read(
    path: Path, planned_county: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The tests may run as a user to whom no permission applies.
    connect = sqlite3.connect

    def read_only(file: str, **more: Any) -> sqlite3.Connection:
        return connect(file.replace("mode=rw", "mode=ro"), **more)

    monkeypatch.setattr("liancun_geo.project.database.sqlite3.connect", read_only)
    project = open_project(path)
    draft = project.draft("方案一")
    assert draft.proposal.result.status == "optimal"
    with pytest.raises(ProjectError) as caught:
        project.append(
            "方案一", steps(planned_county[2], 1)[0], expected=project.scenarios["方案一"].revision
        )
    assert [one.key for one in caught.value.faults] == ["project.read_only"]


def test_a_full_disk_leaves_the_last_state(
    path: Path, planned_county: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = open_project(path)
    before = project.revision
    connect = sqlite3.connect

    def no_room(file: str, **more: Any) -> sqlite3.Connection:
        connection = connect(file, **more)
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages}")
        return connection

    monkeypatch.setattr("liancun_geo.project.database.sqlite3.connect", no_room)
    with pytest.raises(ProjectError) as caught:
        project.annotate("方案一", "长" * 100_000, by="", at=AT)
    assert [one.key for one in caught.value.faults] == ["project.disk_full"]
    assert project.revision == before
    assert project.scenarios["方案一"].note == ""


def test_nothing_half_made_is_left(planned_county: Any, tmp_path: Path, monkeypatch: Any) -> None:
    def fails(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("liancun_geo.project.making._fill", fails)
    with pytest.raises(ProjectError):
        create_project(tmp_path / "p.gpkg", planned_county[0], by="", at=AT)
    assert list(tmp_path.iterdir()) == []

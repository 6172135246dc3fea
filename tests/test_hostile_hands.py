"""Project files, addresses and names from strangers; planners kept apart from each other."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

pytest.importorskip("streamlit", reason="the application needs Streamlit: pip install .[app]")
from liancun_geo.editing import Lock
from liancun_geo.errors import DataError
from liancun_geo.project import Project, open_project
from liancun_geo.project import database as project_database
from liancun_geo.studio import keeping
from liancun_geo.studio.desk import Desk
from liancun_geo.studio.saved import Saved

NOW = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
ZHAO, QIAN = "a" * 32, "b" * 32


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put the projects of this test into a folder of its own."""
    place = tmp_path / "projects"
    monkeypatch.setenv(keeping.FOLDER, str(place))
    return place


def changed(stored_project: Path, tmp_path: Path, *statements: str) -> bytes:
    """Return the bytes of a project that somebody changed by hand."""
    copy = tmp_path / "changed.gpkg"
    shutil.copy(stored_project, copy)
    with closing(sqlite3.connect(copy)) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        for statement in statements:
            connection.execute(statement)
        connection.commit()
    return copy.read_bytes()


def left_behind(place: Path) -> list[str]:
    return sorted(one.name for one in place.rglob("*") if one.is_file()) if place.exists() else []


# --- a project file from a stranger --------------------------------------------------------------

_ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"

HOSTILE = {
    "a trigger of its own": (
        "CREATE TRIGGER gone AFTER INSERT ON liancun_log BEGIN DELETE FROM liancun_settings; END",
    ),
    "no guard on the log": ("DROP TRIGGER liancun_log_stays",),
    "a view in place of a table": (
        "ALTER TABLE liancun_corrections RENAME TO other",
        f"CREATE VIEW liancun_corrections AS {_ENDLESS}",
    ),
    "a computed column": (
        "ALTER TABLE liancun_files ADD COLUMN more GENERATED ALWAYS AS (zeroblob(900000000))",
    ),
    "a number where bytes belong": (
        "DROP TRIGGER liancun_files_kept",
        "UPDATE liancun_files SET content = 99999999999",
        "CREATE TRIGGER liancun_files_kept BEFORE UPDATE ON liancun_files"
        " BEGIN SELECT RAISE(ABORT, 'input files are never changed'); END",
    ),
    "bytes where a name belongs": ("UPDATE liancun_scenarios SET name = x'00ff'",),
    "text where a number belongs": ("UPDATE liancun_scenarios SET revision = 'last'",),
    "a time that is none": ("UPDATE liancun_scenarios SET created = 'yesterday'",),
    "a plan of nothing": ("UPDATE liancun_scenarios SET result = '[]'",),
    "a plan of depths": (f"UPDATE liancun_scenarios SET result = '{'[' * 50_000}'",),
    "settings of nothing": ("UPDATE liancun_settings SET settings = 'null'",),
    "no settings": ("DELETE FROM liancun_settings",),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_project_is_refused_in_words_and_leaves_nothing(
    case: str, stored_project: Path, tmp_path: Path, place: Path
) -> None:
    content = changed(stored_project, tmp_path, *HOSTILE[case])
    begin = time.monotonic()
    with pytest.raises(DataError) as caught:
        keeping.adopt(content)
    assert time.monotonic() - begin < 10.0
    for fault in caught.value.faults:
        assert fault.text("zh") and fault.text("en")
        assert str(place) not in fault.text("zh"), "no folder of the server is told"
    assert left_behind(place) == []


@pytest.mark.parametrize(
    "content", [b"", b"SQLite format 3\0", b"SQLite format 3\0" + bytes(4096), b"PK\3\4", b"x" * 99]
)
def test_what_is_no_project_leaves_nothing(content: bytes, place: Path) -> None:
    with pytest.raises(DataError):
        keeping.adopt(content)
    assert left_behind(place) == []


def test_a_project_that_is_too_large_is_not_written(
    stored_project: Path, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "MOST_BYTES", 1000)
    with pytest.raises(DataError) as caught:
        keeping.adopt(stored_project.read_bytes())
    assert [one.key for one in caught.value.faults] == ["studio.too_large"]
    assert left_behind(place) == []


def test_a_question_without_end_is_ended(
    stored_project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "p.gpkg"
    path.write_bytes(stored_project.read_bytes())
    monkeypatch.setattr(project_database, "_LONGEST_S", 0.3)
    with pytest.raises(DataError), project_database.reading(path) as connection:
        connection.execute(_ENDLESS).fetchone()


def test_what_a_gis_puts_on_the_layers_does_not_matter(
    stored_project: Path, tmp_path: Path
) -> None:
    # As QGIS and GDAL do when they make a spatial index or count features.
    content = changed(
        stored_project,
        tmp_path,
        "CREATE TABLE layer_styles (id INTEGER PRIMARY KEY, f_table_name TEXT)",
        "CREATE TRIGGER trigger_insert_feature_count_villages AFTER INSERT ON villages"
        " BEGIN SELECT 1; END",
    )
    assert keeping.load(keeping.adopt(content)) is not None


def test_names_of_files_inside_lead_nowhere(stored_project: Path, tmp_path: Path) -> None:
    sql = "CREATE TRIGGER liancun_files_kept BEFORE UPDATE ON liancun_files"
    content = changed(
        stored_project,
        tmp_path,
        "DROP TRIGGER liancun_files_kept",
        "UPDATE liancun_files SET name = '../../../' || name",
        f"{sql}\n  BEGIN SELECT RAISE(ABORT, 'input files are never changed'); END",
    )
    before = left_behind(tmp_path)
    found = keeping.load(keeping.adopt(content))
    assert found is not None and found[0].county is not None
    names = [Path(one.path).name for one in found[0].county.villages.sources]
    assert names == [one.path for one in found[0].county.villages.sources]
    assert [one for one in left_behind(tmp_path) if not one.endswith(".gpkg")] == [
        one for one in before if not one.endswith(".gpkg")
    ]


# --- addresses -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "key",
    [
        "../" * 6 + "etc/passwd",
        "..%2f..%2fsecret-secret-secret",
        "/etc/passwd-passwd-passwd",
        "x" * 15,
        "x" * 65,
        "0123456789abcdef\n",
        "0123456789abcdef.gpkg",
        f"of-{ZHAO}/0123456789abcdef",
        "村" * 20,
        "",
        "0123456789abcde\0",
        "C:0123456789abcdef",
    ],
)
def test_an_address_opens_nothing_but_a_project_of_this_folder(key: str, place: Path) -> None:
    for target in (place / f"{key[:15]}.gpkg", place.parent / "secret-secret-secret.gpkg"):
        if "\0" not in str(target) and "/" not in key:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(b"x")
    assert keeping.load(key) is None


def test_keys_cannot_be_guessed(stored_project: Path) -> None:
    keys = {keeping.adopt(stored_project.read_bytes()) for _ in range(3)}
    assert len(keys) == 3
    # 128 random bits in base 64.
    assert all(len(key) >= 22 for key in keys)


@pytest.mark.skipif(os.name != "posix", reason="modes of files are POSIX's")
def test_nobody_else_of_the_machine_may_look_in(stored_project: Path, place: Path) -> None:
    keeping.adopt(stored_project.read_bytes())
    assert stat.S_IMODE(place.stat().st_mode) == 0o700


# --- planners who sign in ------------------------------------------------------------------------


def test_projects_of_one_planner_are_not_found_by_another(
    stored_project: Path, place: Path
) -> None:
    mine = keeping.adopt(stored_project.read_bytes(), ZHAO)
    assert [one.key for one in keeping.listed(ZHAO)] == [mine]
    assert keeping.listed(QIAN) == () == keeping.listed("")
    assert keeping.load(mine, ZHAO) is not None
    assert keeping.load(mine, QIAN) is None and keeping.load(mine) is None
    with pytest.raises(ValueError, match="key"):
        keeping.place_of("../b")
    place.joinpath(f"of-{QIAN}").mkdir(exist_ok=True)
    place.joinpath(f"of-{QIAN}", "0123456789abcdef.gpkg").write_bytes(b"damaged")
    assert [one.key for one in keeping.listed(QIAN)] == ["0123456789abcdef"]


def test_what_is_saved_stays_with_its_planner(stored_project: Path, place: Path) -> None:
    found = keeping.load(keeping.adopt(stored_project.read_bytes(), ZHAO), ZHAO)
    assert found is not None
    desk, saved = found
    desk.by = "赵"
    _lock(desk)
    keeping.save(desk, saved, NOW)
    fresh = Saved(owner=QIAN)
    keeping.save(desk, fresh, NOW)
    assert saved.project is not None and fresh.project is not None
    assert saved.project.path.parent == place / f"of-{ZHAO}"
    assert fresh.project.path.parent == place / f"of-{QIAN}"
    assert open_project(saved.project.path).history[-1].by == "赵"


def _lock(desk: Desk) -> None:
    assert desk.draft is not None and desk.county is not None
    code = str(desk.county.villages.frame["code"].iat[0])
    desk.replace(desk.draft.after(Lock(villages=(code,)), at=NOW, by=desk.by))


# --- nothing is lost without a word --------------------------------------------------------------


@pytest.mark.parametrize("broken", [OSError(28, "No space left on device"), ValueError("x")])
def test_whatever_goes_wrong_while_saving_is_told(
    broken: Exception, stored_project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = keeping.load(keeping.adopt(stored_project.read_bytes()))
    assert found is not None
    desk, saved = found
    _lock(desk)

    def fails(*_: object, **__: object) -> int:
        raise broken

    with monkeypatch.context() as patched:
        patched.setattr(Project, "append", fails)
        keeping.save(desk, saved, NOW)
    assert [one.key for one in saved.faults] == ["project.write_failed"]
    keeping.save(desk, saved, NOW)
    assert saved.faults == ()
    assert saved.key is not None
    again = keeping.load(saved.key)
    assert again is not None and again[0].draft is not None and len(again[0].draft.entries) == 1


def test_a_download_is_whole_while_another_window_writes(
    stored_project: Path, tmp_path: Path
) -> None:
    path = tmp_path / "p.gpkg"
    path.write_bytes(stored_project.read_bytes())
    project = open_project(path)
    name = next(iter(project.scenarios))
    with project_database.transaction(path) as connection:
        connection.execute("UPDATE liancun_scenarios SET note = 'half way'")
        content = project.snapshot()
    copy = tmp_path / "copy.gpkg"
    copy.write_bytes(content)
    assert open_project(copy).scenarios[name].note == ""
    assert open_project(path).scenarios[name].note == "half way"

"""A file is replaced as a whole or not at all."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest
from scenarios import scenario

from liancun_geo.errors import DataError
from liancun_geo.output import write_geopackage, write_plan, write_workbook
from liancun_geo.output.atomic import staged
from liancun_geo.villages import Source


def snapshot(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_all_files_appear_together(tmp_path: Path) -> None:
    with staged(tmp_path, ["a", "b"]) as stage:
        stage.path("a").write_text("1")
        stage.path("b").write_text("2")
        assert not (tmp_path / "a").exists()
    assert snapshot(tmp_path) == {"a": b"1", "b": b"2"}


@pytest.mark.parametrize(
    "failure",
    [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt(), ValueError("bug")],
    ids=["full disk", "interrupted", "bug"],
)
def test_failure_in_the_middle_leaves_the_earlier_pack(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failure: BaseException
) -> None:
    write_plan(scenario(), tmp_path)
    before = snapshot(tmp_path)

    def fail(*_: Any) -> None:
        raise failure

    monkeypatch.setattr("liancun_geo.output.roster.fill_assignment_csv", fail)
    expected = DataError if isinstance(failure, OSError) else type(failure)
    with pytest.raises(expected):
        write_plan(scenario([-1] * 9), tmp_path)
    assert snapshot(tmp_path) == before


def test_failure_of_gdal_is_told_as_a_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pyogrio.errors import DataSourceError

    def fail(*_: Any, **__: Any) -> None:
        raise DataSourceError("sqlite3_exec failed: disk is full")

    monkeypatch.setattr("pyogrio.write_dataframe", fail)
    with pytest.raises(DataError, match="disk is full"):
        write_geopackage(scenario(), tmp_path / "plan.gpkg")
    assert snapshot(tmp_path) == {}


def test_killed_run_leaves_the_earlier_file(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("before")
    program = f"""
        import os, signal
        from pathlib import Path
        from liancun_geo.output.atomic import staged
        with staged(Path({str(tmp_path)!r}), ["a"]) as stage:
            stage.path("a").write_text("half")
            os.kill(os.getpid(), signal.SIGKILL)
    """
    root = Path(__file__).resolve().parents[1]
    run = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], cwd=root, check=False)
    assert run.returncode == -signal.SIGKILL
    assert (tmp_path / "a").read_text() == "before"


@pytest.mark.parametrize("spelling", ["plain", "relative", "symlink", "hardlink"])
def test_inputs_are_never_overwritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spelling: str
) -> None:
    source = tmp_path / "villages.geojson"
    source.write_text("boundaries")
    given = source
    if spelling == "relative":
        monkeypatch.chdir(tmp_path)
        given = Path("villages.geojson")
    elif spelling == "symlink":
        given = tmp_path / "link"
        given.symlink_to(source)
    elif spelling == "hardlink":
        given = tmp_path / "link"
        os.link(source, given)
    before = snapshot(tmp_path)
    s = scenario(sources=(Source(str(given), "boundaries", "0" * 64),))
    with pytest.raises(DataError) as raised:
        write_plan(s, tmp_path)
    (fault,) = raised.value.faults
    assert fault.key == "output.is_input"
    assert fault.where.file == str(source)
    assert snapshot(tmp_path) == before
    write_plan(s, tmp_path / "elsewhere")


def test_parts_of_a_shapefile_are_inputs_too(tmp_path: Path) -> None:
    (tmp_path / "v.dbf").write_text("table")
    s = scenario(sources=(Source(str(tmp_path / "v.shp"), "boundaries", "0" * 64),))
    with pytest.raises(DataError, match=r"v\.dbf"):
        write_workbook(s, tmp_path / "v.dbf")


def test_every_obstacle_is_told_at_once(tmp_path: Path) -> None:
    for name in ("plan.gpkg", "plan.json"):
        (tmp_path / name).mkdir()
    with pytest.raises(DataError) as raised:
        write_plan(scenario(), tmp_path)
    assert [fault.key for fault in raised.value.faults] == ["output.is_folder"] * 2


def test_locked_file_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "alliances.xlsx"
    path.write_text("open in Excel")
    plainly = Path.open

    def locked(self: Path, mode: str = "r", *args: Any, **kwargs: Any) -> Any:
        if self == path and "+" in mode:
            raise PermissionError(errno.EACCES, "Permission denied")
        return plainly(self, mode, *args, **kwargs)

    monkeypatch.setattr(Path, "open", locked)
    with pytest.raises(DataError) as raised:
        write_plan(scenario(), tmp_path)
    (fault,) = raised.value.faults
    assert fault.key == "output.locked"
    assert fault.where.file == str(path)
    assert path.read_text() == "open in Excel"
    assert len(list(tmp_path.iterdir())) == 1


def test_failure_leaves_no_new_folder_behind(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="bug"), staged(tmp_path / "new", ["a"]):
        raise ValueError("bug")
    assert not (tmp_path / "new").exists()


def test_file_in_place_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    with pytest.raises(DataError) as raised:
        write_plan(scenario(), tmp_path / "out")
    assert str(tmp_path / "out") in raised.value.text("en")


def test_folder_that_cannot_be_written_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def read_only(*_: Any, **__: Any) -> str:
        raise PermissionError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr("tempfile.mkdtemp", read_only)
    with pytest.raises(DataError, match="Read-only file system"):
        write_plan(scenario(), tmp_path)

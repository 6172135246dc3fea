"""A pack that is killed at any moment leaves the earlier one whole, or is undone by the next."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from liancun_geo.errors import DataError
from liancun_geo.output.atomic import staged
from liancun_geo.output.settling import PREFIX, settle, undo_abandoned, workplace_in

ROOT = Path(__file__).resolve().parents[1]


def snapshot(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text("utf-8")
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def write(folder: Path, **files: str) -> None:
    names = [name.replace("_", "/") for name in files]
    with staged(folder, names) as stage:
        for name, text in zip(names, files.values(), strict=True):
            stage.path(name).write_text(text)


def test_files_in_folders_are_put_in_place_and_nothing_is_left(tmp_path: Path) -> None:
    write(tmp_path, maps_a="1", b="2")
    write(tmp_path, maps_a="3", b="4", c="5")
    assert snapshot(tmp_path) == {"maps/a": "3", "b": "4", "c": "5"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b", "c", "maps"]


@pytest.mark.parametrize("at", ["a", "b", "c"])
def test_a_file_that_cannot_be_replaced_leaves_all_as_they_were(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    write(tmp_path, a="1", b="2")
    plainly = Path.replace

    def stubborn(self: Path, target: Path) -> Path:
        # The new one is refused; what was kept of the earlier one is not.
        if Path(target) == tmp_path / at and self.parent.name != ".before":
            raise PermissionError(13, "Permission denied", str(self), None, str(target))
        return plainly(self, target)

    monkeypatch.setattr(Path, "replace", stubborn)
    with pytest.raises(DataError) as raised:
        write(tmp_path, a="3", b="4", c="5")
    assert [fault.key for fault in raised.value.faults] == ["output.locked"]
    assert str(tmp_path / at) in raised.value.text("en")
    monkeypatch.undo()
    assert snapshot(tmp_path) == {"a": "1", "b": "2"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]


def test_another_run_at_work_is_left_alone(tmp_path: Path) -> None:
    with workplace_in(tmp_path) as busy:
        (busy / "a").write_text("half")
        write(tmp_path, b="2")
        assert (busy / "a").read_text() == "half"
    assert snapshot(tmp_path) == {"b": "2"}


def test_a_journal_cannot_reach_out_of_its_folder(tmp_path: Path) -> None:
    folder, outside = tmp_path / "out", tmp_path / "mine"
    before = folder / f"{PREFIX}x" / ".before"
    before.mkdir(parents=True)
    outside.write_text("mine")
    (before.parent / ".lock").touch()
    (before / "0").write_text("theirs")
    told = {"names": ["../mine", str(outside)], "existed": [True, False]}
    (before / "journal.json").write_text(json.dumps(told))
    undo_abandoned(folder)
    assert outside.read_text() == "mine" and list(folder.iterdir()) == []


def test_disks_without_second_names_are_served_by_copies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise OSError(1, "Operation not permitted")

    write(tmp_path, a="1")
    monkeypatch.setattr(os, "link", refuse)
    write(tmp_path, a="2")
    assert snapshot(tmp_path) == {"a": "2"}
    with workplace_in(tmp_path) as workplace, pytest.raises(FileNotFoundError):
        (workplace / "a").write_text("3")
        settle(workplace, tmp_path, ["a", "b"])  # b was never written
    assert snapshot(tmp_path) == {"a": "2"}


KILLED = """
    import json, os, signal, sys
    from pathlib import Path

    sys.path.insert(0, "tests")
    from scenarios import scenario
    from liancun_geo.output import PackOptions, write_pack
    from liancun_geo.output.settling import undo_abandoned
    from datetime import datetime, UTC

    folder, what = Path(sys.argv[1]), ["csv", "geojson", "plan"]
    one, two = scenario(), scenario([0, 0, 0, 3, 3, 3, 3, 3, -1])
    dates = [PackOptions(created=datetime(2026, 1, day, tzinfo=UTC)) for day in (1, 2)]

    def snapshot():
        return {p.name: p.read_bytes() for p in folder.iterdir() if p.is_file()}

    write_pack(one, folder, what, dates[0])
    before = snapshot()
    plainly = {name: getattr(os, name) for name in ("link", "fsync")} | {"replace": Path.replace}

    def kill_at(k):
        left = [k]
        def told(function):
            def counted(*args, **kwargs):
                left[0] -= 1
                if left[0] < 0:
                    os.kill(os.getpid(), signal.SIGKILL)
                return function(*args, **kwargs)
            return counted
        os.link, os.fsync = told(plainly["link"]), told(plainly["fsync"])
        Path.replace, Path.unlink = told(plainly["replace"]), told(Path.unlink)
        return told(lambda state: None)

    points, mixed, k = 0, 0, 0
    while True:
        child = os.fork()
        if child == 0:
            write_pack(two, folder, what, dates[1], kill_at(k))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status):
            assert os.WEXITSTATUS(status) == 0
            break
        found = snapshot()
        assert set(found) == set(before), (k, sorted(found))
        if found != before:
            mixed += 1
        undo_abandoned(folder)
        now = snapshot()
        if all(now[name] != before[name] for name in before):
            break  # killed when it was done already
        assert now == before, k
        assert not [p for p in folder.iterdir() if p.name.startswith(".liancun-")], k
        k += 1
    after = snapshot()
    assert set(after) == set(before) and all(after[n] != before[n] for n in before)
    assert not [p for p in folder.iterdir() if p.name.startswith(".liancun-")]
    print(json.dumps({"points": k, "mixed": mixed}))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="only where processes can be forked")
def test_a_pack_killed_at_any_point_leaves_the_earlier_one(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(KILLED), str(tmp_path)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr[-2000:]
    told = json.loads(run.stdout)
    # Products, flushes, second names, journal, renames; other files only from the first rename on.
    assert told["points"] > 15 and told["mixed"] <= 5

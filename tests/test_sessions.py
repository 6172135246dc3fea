"""Several planners on one server: each project holds its own edits, and nobody gets in unasked."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("streamlit", reason="the application needs Streamlit: pip install .[app]")
from streamlit.testing.v1 import AppTest

from benchmarks.browserless import Planner
from benchmarks.sessions import _free_port, _up, name_of, projects
from liancun_geo.editing import Lock
from liancun_geo.project import open_project
from liancun_geo.studio import identity, keeping
from liancun_geo.studio.launch import command

ROOT = Path(__file__).resolve().parents[1]
NOW = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
SESSIONS, EDITS = 4, 3


def test_four_planners_edit_in_turns_and_each_file_holds_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(keeping.FOLDER, str(tmp_path))
    keys = projects(tmp_path, SESSIONS)
    pages = []
    for key in keys:
        page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
        page.query_params["step"] = "villages"
        page.query_params["project"] = key
        pages.append(page.run())
    # The same data and plan for all: what sessions share by content must not carry edits over.
    for turn in range(EDITS):
        for number, page in enumerate(pages):
            desk: Any = page.session_state["desk"]
            assert list(desk.drafts) == [name_of(number)]
            code = str(desk.county.villages.frame["code"].iat[number * 50 + turn])
            desk.by = name_of(number)
            desk.replace(desk.draft.after(Lock(villages=(code,)), at=NOW, by=desk.by))
            assert not page.run().exception
        # One takes the last step back; nobody else's goes with it.
        desk = pages[turn].session_state["desk"]
        desk.replace(desk.draft.undo())
        pages[turn].run()
    for number, key in enumerate(keys):
        project = open_project(tmp_path / f"{key}.gpkg")
        assert list(project.scenarios) == [name_of(number)]
        draft = project.draft(name_of(number))
        codes = project.county().villages.frame["code"].astype(str)
        undone = [number] if number < EDITS else []
        own = [turn for turn in range(EDITS) if turn not in undone or turn == EDITS - 1]
        wanted = [(str(codes.iat[number * 50 + turn]),) for turn in own]
        assert [e.edit.villages for e in draft.entries if isinstance(e.edit, Lock)] == wanted
        assert {entry.by for entry in draft.entries} == {name_of(number)}
        assert draft.cursor == len(own) - (undone == [EDITS - 1])
        assert {one.by for one in project.history} == {name_of(number)}
    assert sorted(path.stem for path in tmp_path.glob("*.gpkg")) == sorted(keys)


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Start a server behind a proxy on this machine."""
    number = _free_port()
    environ = {
        **os.environ,
        keeping.FOLDER: str(tmp_path_factory.mktemp("projects")),
        identity.HEADER: "X-Forwarded-User",
        identity.PROXIES: "127.0.0.1, ::1",
    }
    with subprocess.Popen(
        command(number, headless=True),
        env=environ,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as server:
        try:
            _up(number)
            yield number
        finally:
            server.terminate()


@pytest.mark.parametrize(
    ("headers", "admitted"),
    [
        ([("X-Forwarded-User", "zhao")], True),
        ([], False),
        ([("X-Forwarded-User", "")], False),
        # The browser's own value, passed on by a careless proxy beside its own.
        ([("X-Forwarded-User", "zhao"), ("X-Forwarded-User", "qian")], False),
        # From somewhere else, as the proxy says.
        ([("X-Forwarded-User", "zhao"), ("X-Forwarded-For", "203.0.113.7")], False),
    ],
)
def test_a_real_server_believes_its_proxy_alone(
    port: int, headers: list[tuple[str, str]], admitted: bool
) -> None:
    with closing(Planner(port, headers, step="plans")) as planner:
        planner.run()
        assert planner.failures == []
        assert planner.has("rail-help") is admitted

"""The page behind a login, with a made-up proxy; and what a planner sees when a step breaks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("streamlit", reason="the application needs Streamlit: pip install .[app]")
from streamlit.testing.v1 import AppTest

from liancun_geo.studio import identity, keeping, login, session
from liancun_geo.studio.identity import Person
from liancun_geo.studio.steps import villages

APP = str(Path(__file__).resolve().parents[1] / "app.py")
WAIT_S = 120


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(keeping.FOLDER, str(tmp_path / "projects"))
    return tmp_path / "projects"


def behind_a_proxy(monkeypatch: pytest.MonkeyPatch, user: str | None) -> None:
    """Let the server stand behind a proxy that says who it is."""
    monkeypatch.setenv(identity.HEADER, "X-Forwarded-User")
    monkeypatch.setenv(identity.PROXIES, "127.0.0.1")
    headers = {} if user is None else {"x-forwarded-user": user}

    def person() -> Person | None:
        return identity.of_header(headers, None)

    monkeypatch.setattr(login, "person", person)


def run(step: str = "plans", **query: str) -> AppTest:
    page = AppTest.from_file(APP, default_timeout=WAIT_S)
    page.query_params["step"] = step
    for name, value in query.items():
        page.query_params[name] = value
    return page.run()


def texts(page: AppTest) -> str:
    return " ".join(str(getattr(one, "body", "") or one.proto) for one in page.get("html"))


def test_nobody_gets_in_past_the_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    behind_a_proxy(monkeypatch, None)
    page = run()
    assert not page.exception and not page.button
    assert "请先登录" in texts(page)
    assert "desk" not in page.session_state


def test_edits_are_signed_and_projects_listed_by_who_is_signed_in(
    monkeypatch: pytest.MonkeyPatch, place: Path
) -> None:
    behind_a_proxy(monkeypatch, "zhao")
    page = run("villages")
    assert not page.exception
    desk: Any = page.session_state["desk"]
    assert desk.by == "zhao"
    desk.set_limit("small", 900.0, "会议纪要")
    desk.put("另一个", desk.draft)
    page.run()
    found = page.query_params["project"]
    key = found if isinstance(found, str) else found[0]
    [folder] = place.iterdir()
    assert (folder / f"{key}.gpkg").is_file() and folder.name.startswith("of-")

    behind_a_proxy(monkeypatch, "qian")
    other = run("data", project=key)
    assert "project" not in other.query_params, "a project of somebody else is not found"
    assert list(other.session_state["desk"].drafts) != list(desk.drafts)
    other.segmented_control(key="source").set_value("project").run()
    assert not [one for one in other.selectbox if one.key == "own projects"]

    behind_a_proxy(monkeypatch, "zhao")
    back = run("data")
    back.segmented_control(key="source").set_value("project").run()
    assert back.selectbox(key="own projects").value == key
    back.button(key="own project open").click().run()
    assert not back.exception
    assert list(back.session_state["desk"].drafts) == list(desk.drafts)


def test_a_step_that_breaks_says_so_and_keeps_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    page = run("villages")
    drafts = page.session_state["desk"].drafts

    def breaks(*_: object) -> None:
        raise RuntimeError("a secret of the program in /srv/liancun")

    with monkeypatch.context() as patched:
        patched.setattr(villages, "show", breaks)
        page.run()
        shown = texts(page)
    assert not page.exception and "RuntimeError" in shown
    assert "secret" not in shown and "Traceback" not in shown and "/srv" not in shown
    assert page.session_state["desk"].drafts is drafts
    page.run()
    assert "RuntimeError" not in texts(page) and not page.exception


def test_a_page_that_breaks_around_its_step_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(*_: object) -> None:
        raise RuntimeError("a secret of the program")

    monkeypatch.setattr(session, "keep", breaks)
    page = run("villages")
    assert not page.exception
    assert "RuntimeError" in texts(page) and "secret" not in texts(page)

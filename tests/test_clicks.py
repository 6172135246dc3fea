"""Clicks faster than the page follows: each counts, none counts twice."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("streamlit", reason="the application needs Streamlit: pip install .[app]")
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.WidgetStates_pb2 import WidgetState, WidgetStates
from streamlit.runtime.app_session import AppSession, AppSessionState

from liancun_geo.studio import clicks


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> Any:
    clicks.count_clicks()
    monkeypatch.setattr(clicks, "_counts", {})
    told = SimpleNamespace(id="one", _state=AppSessionState.SHUTDOWN_REQUESTED)
    monkeypatch.setattr(clicks, "get_script_run_ctx", lambda: SimpleNamespace(session_id="one"))
    return told


def click(session: Any, key: str) -> None:
    clicked = WidgetState(id=f"$$ID-0123-{key}", trigger_value=True)
    other = WidgetState(id="$$ID-4567-a list", string_value="x")
    AppSession.request_rerun(
        session, ClientState(widget_states=WidgetStates(widgets=[clicked, other]))
    )


def test_every_click_counts_once(session: Any) -> None:
    for _ in range(3):
        click(session, "after")
    click(session, "before")
    assert clicks.clicks_of("after") == 3
    # Of two runs that answer the same clicks one is first.
    assert clicks.clicks_of("after") == 0
    assert clicks.clicks_of("before") == 1


def test_without_a_click_nothing_is_counted(session: Any) -> None:
    AppSession.request_rerun(session, None)
    AppSession.request_rerun(session, ClientState())
    assert clicks._counts == {}


def test_another_session_counts_for_itself(session: Any) -> None:
    click(SimpleNamespace(id="two", _state=session._state), "after")
    click(session, "after")
    assert clicks.clicks_of("after") == 1


def test_where_nobody_counts_a_click_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clicks, "get_script_run_ctx", lambda: None)
    assert clicks.clicks_of("after") == 1


def test_the_oldest_sessions_are_forgotten(session: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clicks, "_MOST_SESSIONS", 2)
    for name in "abc":
        click(SimpleNamespace(id=name, _state=session._state), "after")
    assert list(clicks._counts) == ["b", "c"]

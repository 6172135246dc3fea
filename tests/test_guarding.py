"""A button that fails: said in our words, nothing lost, the page still there."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("streamlit", reason="the application needs Streamlit: pip install .[app]")
from app_steps import written_map
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.forward_msg_queue import ForwardMsgQueue
from streamlit.runtime.state.common import WidgetMetadata
from streamlit.testing.v1 import AppTest

from liancun_geo.errors import DataError, error
from liancun_geo.studio import guarding, mapping
from liancun_geo.studio.desk import Desk

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> AppTest:
    monkeypatch.setattr(mapping, "village_map", written_map)
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    page.query_params["step"] = "adjust"
    page.run()
    assert not page.exception
    return page


def said(page: AppTest) -> str:
    assert not page.exception
    return "\n".join(one.value for one in page.get("html"))


def failing(*_: Any, **__: Any) -> None:
    raise ZeroDivisionError("secret words of a library")


def test_a_button_that_fails_is_told_and_the_plan_stays(
    page: AppTest, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    draft = page.session_state["desk"].draft
    with monkeypatch.context() as broken, caplog.at_level(logging.ERROR):
        broken.setattr(Desk, "view", failing)
        page.run()
        page.button(key="township-after").click().run()
    told = said(page)
    assert "这一下没有做成" in told and "ZeroDivisionError" in told
    assert "secret words" not in told and "Traceback" not in told
    assert "secret words" in caplog.text
    assert page.session_state["desk"].draft is draft
    # The map is still there, and the next click works and takes the box away.
    assert "辅助研判" in told
    page.run()
    page.button(key="township-after").click().run()
    assert "这一下没有做成" not in said(page)


def test_faults_of_a_button_are_told_as_they_are(
    page: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    fault = error("project.damaged", cause="x")

    def refused(*_: Any) -> None:
        raise DataError([fault])

    with monkeypatch.context() as broken:
        broken.setattr(Desk, "view", refused)
        page.run()
        page.button(key="whole county").click().run()
    assert fault.text("zh")[:12] in said(page)


def test_a_button_of_a_part_of_the_page_brings_the_whole_page_along() -> None:
    def app() -> None:
        import streamlit as st

        from liancun_geo.studio.guarding import guard_callbacks, unexpected

        guard_callbacks()

        @st.fragment
        def part() -> None:
            st.button("x", key="x", on_click=lambda: 1 / 0)

        part()
        for fault in unexpected():
            st.text(fault.text("en"))

    page: Any = AppTest.from_function(app, default_timeout=30).run()
    page.button(key="x").click().run()
    assert not page.exception
    assert "ZeroDivisionError" in page.text[0].value


def test_callbacks_are_guarded_once() -> None:
    guarding.guard_callbacks()
    once = WidgetMetadata.__init__
    guarding.guard_callbacks()
    assert WidgetMetadata.__init__ is once


def test_a_part_that_runs_anew_takes_back_nothing_that_waits() -> None:
    guarding.guard_messages()
    queue = ForwardMsgQueue()
    done = ForwardMsg.ScriptFinishedStatus.FINISHED_SUCCESSFULLY
    for number, fragment in enumerate(("", "map", "")):
        told = ForwardMsg()
        told.delta.new_element.markdown.body = str(number)
        told.delta.fragment_id = fragment
        told.metadata.delta_path[:] = [0, number]
        queue.enqueue(told)
    queue.enqueue(ForwardMsg(script_finished=done))
    # The map runs anew before any of it was sent.
    queue.clear(retain_lifecycle_msgs=True, fragment_ids_this_run=["map"])
    again = ForwardMsg()
    again.delta.new_element.markdown.body = "newer"
    again.delta.fragment_id = "map"
    again.metadata.delta_path[:] = [0, 1]
    queue.enqueue(again)
    told = [one.delta.new_element.markdown.body for one in queue.flush()]
    # The whole page, its end, and only then the newer map.
    assert told == ["0", "1", "2", "", "newer"]


def test_a_whole_page_that_runs_anew_still_takes_back_what_waits() -> None:
    guarding.guard_messages()
    queue = ForwardMsgQueue()
    told = ForwardMsg()
    told.delta.new_element.markdown.body = "old"
    queue.enqueue(told)
    queue.clear(retain_lifecycle_msgs=True)
    assert queue.flush() == []

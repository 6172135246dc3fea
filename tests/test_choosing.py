"""A choice hears of the planner's picks alone, never of an echo of what was shown before."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("streamlit", reason="the application needs Streamlit: pip install .[app]")
from app_steps import choice
from streamlit.testing.v1 import AppTest


def _page() -> None:
    import streamlit as st

    from liancun_geo.studio.choosing import choose

    state = st.session_state
    state.setdefault("now", "甲")
    state.setdefault("picks", [])

    def pick(name: str) -> None:
        state["picks"].append(name)
        state["now"] = name

    choose("", ["甲", "乙", "丙"], state["now"], pick, key="place")


@pytest.fixture
def page() -> AppTest:
    return AppTest.from_function(_page, default_timeout=60).run()


def echo(page: AppTest, said: dict[str, Any]) -> None:
    """Run as if the browser said that again: what a widget showed that it may still show."""
    from streamlit.proto.WidgetStates_pb2 import WidgetState, WidgetStates

    states = WidgetStates(
        widgets=[WidgetState(id=one, string_value=told) for one, told in said.items()]
    )
    page._run(states)


def test_a_pick_is_heard_once_and_shown(page: AppTest) -> None:
    choice(page, "place").set_value("乙").run()
    page.run()
    assert page.session_state["picks"] == ["乙"]
    assert choice(page, "place").value == "乙"


def test_what_was_shown_before_undoes_nothing(page: AppTest) -> None:
    first = choice(page, "place")
    # Shown by hand, then changed by something else on the page.
    first.set_value("乙").run()
    page.session_state["now"] = "丙"
    page.run()
    assert choice(page, "place").value == "丙"
    for _ in range(2):
        echo(page, {first.id: "乙"})
        assert page.session_state["now"] == "丙"
        assert choice(page, "place").value == "丙"
    assert page.session_state["picks"] == ["乙"]


def test_a_pick_that_was_on_its_way_still_counts(page: AppTest) -> None:
    first = choice(page, "place")
    page.session_state["now"] = "丙"
    page.run()
    echo(page, {first.id: "乙"})
    assert page.session_state["picks"] == ["乙"]
    assert choice(page, "place").value == "乙"


def test_a_widget_of_long_ago_is_not_heard(page: AppTest) -> None:
    first = choice(page, "place")
    for name in "乙丙甲" * 4:
        page.session_state["now"] = name
        page.run()
    echo(page, {first.id: "乙"})
    assert page.session_state["picks"] == []


def _numbered() -> None:
    import streamlit as st

    from liancun_geo.studio.choosing import choose

    state = st.session_state
    state.setdefault("picks", [])
    named = {-1: state.get("county", "全县"), 0: "甲镇"}
    choose("", [-1, 0], -1, state["picks"].append, key="place", format_func=named.__getitem__)


def test_an_option_in_words_of_the_other_language_is_no_pick() -> None:
    page = AppTest.from_function(_numbered, default_timeout=60).run()
    shown = choice(page, "place")
    page.session_state["county"] = "County"
    page.run()
    # The browser still says what it showed, and no option is called so any more.
    echo(page, {shown.id: "全县"})
    assert not page.exception
    assert page.session_state["picks"] == []

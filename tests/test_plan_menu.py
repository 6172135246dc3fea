"""The menu of the plan on show: rename, annotate, copy, discard."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

pytest.importorskip("streamlit", reason="the application needs Streamlit: pip install .[app]")
from streamlit.testing.v1 import AppTest

from liancun_geo.studio.plan_menu import MOST_NAME, MOST_NOTE

NOW = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)


def menu() -> None:
    import streamlit as st

    from liancun_geo.project.inputs import Inputs
    from liancun_geo.studio import session
    from liancun_geo.studio.desk import Desk
    from liancun_geo.studio.plan_menu import plan_menu

    if "desk" not in st.session_state:
        desk = Desk.of(Inputs())
        assert desk.show_sample_plan("甲")
        assert desk.draft is not None
        desk.put("乙", desk.draft)
        st.session_state["desk"] = desk
    plan_menu(st.session_state["desk"], session.words())


@pytest.fixture
def page() -> Any:
    page = AppTest.from_function(menu, default_timeout=60).run()
    assert not page.exception
    return page


def save(page: Any, *, name: str | None = None, note: str | None = None) -> Any:
    current = page.session_state["desk"].current
    if name is not None:
        page.text_input(key=f"plan name {current}").set_value(name)
    if note is not None:
        page.text_area(key=f"plan note {current}").set_value(note)
    page.button(key="plan save").click().run()
    assert not page.exception
    return page.session_state["desk"]


def test_a_plan_gets_another_name_and_keeps_its_place_and_note(page: Any) -> None:
    drafts = dict(page.session_state["desk"].drafts)
    desk = save(page, note="  乡镇会上议过 ")
    assert desk.notes == {"乙": "乡镇会上议过"}
    desk = save(page, name=" 三月  定稿前 ")
    assert list(desk.drafts) == ["甲", "三月 定稿前"] and desk.current == "三月 定稿前"
    assert desk.drafts["三月 定稿前"] is drafts["乙"]
    assert desk.notes == {"三月 定稿前": "乡镇会上议过"}
    # The fields are those of the new name.
    assert page.text_area(key="plan note 三月 定稿前").value == "乡镇会上议过"
    assert save(page, note=" ").notes == {}


@pytest.mark.parametrize("name", ["甲", "", "   "])
def test_a_name_that_is_taken_or_empty_is_said_and_changes_nothing(page: Any, name: str) -> None:
    desk = save(page, name=name)
    assert list(desk.drafts) == ["甲", "乙"] and desk.current == "乙"
    assert any("名" in one.value for one in page.caption)
    # Said until it is put right.
    save(page, name="丙")
    assert not page.caption


def test_what_is_too_long_is_cut(page: Any) -> None:
    desk = save(page, name="长" * (MOST_NAME + 5), note="字" * (MOST_NOTE + 5))
    assert desk.current is not None and len(desk.current) <= MOST_NAME
    assert all(len(note) <= MOST_NOTE for note in desk.notes.values())


def test_a_copy_has_the_steps_and_the_note_and_is_shown(page: Any) -> None:
    save(page, note="议过")
    page.button(key="plan copy").click().run()
    desk = page.session_state["desk"]
    assert desk.current not in ("甲", "乙") and "乙" in desk.current
    assert desk.drafts[desk.current] is desk.drafts["乙"]
    assert desk.notes[desk.current] == desk.notes["乙"] == "议过"
    first = desk.current
    desk.show("乙")
    page.run()
    page.button(key="plan copy").click().run()
    assert len(desk.drafts) == 4 and desk.current != first


def test_a_plan_is_discarded_only_after_it_was_confirmed(page: Any) -> None:
    assert page.button(key="plan remove").disabled
    page.checkbox(key="plan sure 乙").check().run()
    page.button(key="plan remove").click().run()
    desk = page.session_state["desk"]
    assert list(desk.drafts) == ["甲"] and desk.current == "甲"
    # The last one cannot be.
    assert not any(one.key == "plan remove" for one in page.button)


def test_an_approved_plan_can_only_be_copied(page: Any) -> None:
    desk = page.session_state["desk"]
    desk.approved["乙"] = ("王", NOW)
    page.run()
    assert page.text_input(key="plan name 乙").disabled
    assert page.text_area(key="plan note 乙").disabled
    assert page.button(key="plan save").disabled
    assert not any(one.key == "plan remove" for one in page.button)
    page.button(key="plan copy").click().run()
    assert desk.current not in desk.approved


def test_english_says_the_same() -> None:
    page = AppTest.from_function(menu, default_timeout=60)
    page.query_params["lang"] = "en"
    page.run()
    labels = [one.label for one in (*page.button, *page.text_input, *page.text_area)]
    assert labels and all(label.isascii() for label in labels)

"""Why there is no plan, and the ways out as buttons that relax the rules and plan again."""

from __future__ import annotations

from functools import partial

import streamlit as st

from liancun_geo.messages import message
from liancun_geo.relaxing import Explanation, WayOut, apply_edits, explain_scenario
from liancun_geo.scenario import Scenario
from liancun_geo.settings import Settings
from liancun_geo.studio.desk import Desk
from liancun_geo.studio.markup import add, markup, new, plain
from liancun_geo.studio.words import Words

_MOST_VILLAGES = 3
_SECONDS = 20.0
_RELAXED = "relaxed"


def show(words: Words, desk: Desk) -> None:
    """Show the panel under a plan that is not whole, and what was relaxed so far."""
    scenario = desk.scenario
    if scenario is None or desk.county is None:
        return
    if scenario.villages is not desk.county.villages:
        return
    before = _before(desk)
    if before is not None:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(_say("panel_applied", words, count=st.session_state[_RELAXED][2]))
            st.button(
                _say("panel_undo", words),
                key="relax undo",
                type="tertiary",
                on_click=partial(_take_back, desk),
            )
    if all(zone.status != "infeasible" for zone in scenario.result.zones):
        return
    with st.expander(_say("panel", words), expanded=True):
        told = _told(scenario)
        if told is None:
            if st.button(_say("panel_ask", words), key="relax ask"):
                with st.spinner(_say("panel_asking", words)):
                    found = explain_scenario(scenario, most=_MOST_VILLAGES, time_limit_s=_SECONDS)
                st.session_state["explained"] = (scenario.fingerprint, found)
                st.rerun()
            return
        for one in told:
            _one(words, desk, one)


def _one(words: Words, desk: Desk, one: Explanation) -> None:
    box = new("ul")
    for fault in one.faults:
        add(box, "li", fault.text(words.language))
    st.html(markup(box))
    for way in one.ways:
        st.button(
            _say("panel_apply", words, way=plain(way.fault.text(words.language))),
            key=f"relax {way.number}",
            width="stretch",
            on_click=partial(_apply, desk, way),
        )
    if not one.ways:
        st.caption(_say("no_way", words))


def _apply(desk: Desk, way: WayOut) -> None:
    """Put the change in force and have the page plan again."""
    count, first = 0, desk.settings
    if (before := _before(desk)) is not None:
        first, count = before, st.session_state[_RELAXED][2]
    if desk.change(apply_edits(desk.settings, way.edits)):
        st.session_state[_RELAXED] = (desk.inputs.key, first, count + len(way.edits))
        _plan_again(desk)


def _take_back(desk: Desk) -> None:
    before = _before(desk)
    if before is not None and desk.change(before):
        st.session_state.pop(_RELAXED)
        _plan_again(desk)


def _plan_again(desk: Desk) -> None:
    st.session_state.pop("rules base", None)
    desk.solve(desk.current or "", lambda _: None)


def _before(desk: Desk) -> Settings | None:
    """Return the settings before anything was relaxed, None if nothing was."""
    key, before, _ = st.session_state.get(_RELAXED, (None, None, 0))
    return before if key == desk.inputs.key else None


def _told(scenario: Scenario) -> tuple[Explanation, ...] | None:
    name, told = st.session_state.get("explained", (None, None))
    return told if name == scenario.fingerprint else None


def _say(key: str, words: Words, **params: object) -> str:
    return message(f"relax.{key}", words.language, **params)

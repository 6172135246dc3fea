"""Why there is no plan, and the ways out as buttons that relax the rules and plan again."""

from __future__ import annotations

import re
from functools import partial

import streamlit as st

from liancun_geo.messages import message
from liancun_geo.relaxing import Explanation, WayOut, apply_edits, explain_scenario
from liancun_geo.settings import Settings
from liancun_geo.settings_edits import SettingsEdit
from liancun_geo.studio.inputs import Inputs
from liancun_geo.studio.markup import add, markup, new
from liancun_geo.studio.state import OnShow
from liancun_geo.studio.words import Words

_ON_PAGE = ("min_size", "max_size")
"""Rules with a widget of their own: the widget takes the new value."""

_MOST_VILLAGES = 3
_SECONDS = 20.0


def relaxed(inputs: Inputs | None, settings: Settings) -> Settings:
    """Return the settings of the page with the ways out that were chosen on it.

    Raises
    ------
    SettingsError
        If they contradict what was set on the page since.
    """
    edits = _edits(inputs)
    return apply_edits(settings, edits) if edits else settings


def show(words: Words, inputs: Inputs | None, shown: OnShow) -> None:
    """Show the panel under a plan that is not whole, and what was relaxed so far."""
    if inputs is None or inputs.key != shown.inputs_key:
        return
    edits = _edits(inputs)
    if edits:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(_say("panel_applied", words, count=len(edits)))
            st.button(
                _say("panel_undo", words),
                key="relax undo",
                type="tertiary",
                on_click=partial(_take_back, inputs),
            )
    if all(zone.status != "infeasible" for zone in shown.scenario.result.zones):
        return
    with st.expander(_say("panel", words), expanded=True):
        told = _told(shown)
        if told is None:
            if st.button(_say("panel_ask", words), key="relax ask"):
                with st.spinner(_say("panel_asking", words)):
                    found = explain_scenario(
                        shown.scenario, most=_MOST_VILLAGES, time_limit_s=_SECONDS
                    )
                st.session_state["explained"] = (_name(shown), found)
                st.rerun()
            return
        for one in told:
            _one(words, inputs, one)


def _one(words: Words, inputs: Inputs, one: Explanation) -> None:
    box = new("ul")
    for fault in one.faults:
        add(box, "li", fault.text(words.language))
    st.html(markup(box))
    for way in one.ways:
        st.button(
            _say("panel_apply", words, way=_plain(way.fault.text(words.language))),
            key=f"relax {way.number}",
            width="stretch",
            on_click=partial(_apply, inputs, way),
        )
    if not one.ways:
        st.caption(_say("no_way", words))


def _apply(inputs: Inputs, way: WayOut) -> None:
    """Remember the change and have the page plan again."""
    kept = list(_edits(inputs))
    for edit in way.edits:
        if edit.table == "rules" and edit.name in _ON_PAGE:
            for key in [key for key in st.session_state if str(key).startswith(f"{edit.name} ")]:
                st.session_state[key] = edit.value
        else:
            kept.append(edit)
    st.session_state["relaxed"] = (inputs.key, tuple(kept))
    _plan_again()


def _take_back(inputs: Inputs) -> None:
    st.session_state["relaxed"] = (inputs.key, ())
    _plan_again()


def _plan_again() -> None:
    # The page plans files that it has not tried yet by itself.
    st.session_state.pop("tried", None)


def _edits(inputs: Inputs | None) -> tuple[SettingsEdit, ...]:
    key, edits = st.session_state.get("relaxed", (None, ()))
    return edits if inputs is not None and key == inputs.key else ()


def _told(shown: OnShow) -> tuple[Explanation, ...] | None:
    name, told = st.session_state.get("explained", (None, None))
    return told if name == _name(shown) else None


def _name(shown: OnShow) -> str:
    return shown.scenario.fingerprint


def _plain(text: str) -> str:
    """Return text that a label shows as it is: labels are read as Markdown."""
    return re.sub(r"([\\`*_\[\]$:~<>#])", r"\\\1", text)


def _say(key: str, words: Words, **params: object) -> str:
    return message(f"relax.{key}", words.language, **params)

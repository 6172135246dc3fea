"""The planner's session in the browser: the desk behind it, the step on show, the language."""

from __future__ import annotations

import streamlit as st

from liancun_geo.studio.desk import Desk
from liancun_geo.studio.steps import FIRST_STEP, STEPS
from liancun_geo.studio.words import Words, words_of

_DESK, _STEP = "desk", "step"


def words() -> Words:
    """Return the words in the language of the page's address."""
    return words_of(st.query_params)


def desk() -> Desk:
    """Return the desk of this session, an empty one at first."""
    if _DESK not in st.session_state:
        st.session_state[_DESK] = Desk()
    found: Desk = st.session_state[_DESK]
    return found


def step() -> str:
    """Return the step on show; the page's address says it, so that a reload keeps it."""
    asked = st.query_params.get(_STEP, "")
    return asked if asked in STEPS else FIRST_STEP


def go(to: str) -> None:
    """Show another step; for callbacks of buttons."""
    st.query_params[_STEP] = to


def speak(language: str) -> None:
    """Switch the language; for callbacks of buttons."""
    st.query_params["lang"] = language


def has_been_here() -> bool:
    """Whether the page's address says more than the bare one: its visitor knows the app."""
    return any(key in st.query_params for key in (_STEP, "project"))

"""The planner's session in the browser: the desk behind it, the step on show, the language."""

from __future__ import annotations

from datetime import datetime

import streamlit as st

from liancun_geo.errors import FaultsError
from liancun_geo.studio import keeping, login
from liancun_geo.studio.desk import Desk
from liancun_geo.studio.saved import Saved
from liancun_geo.studio.steps import FIRST_STEP, STEPS
from liancun_geo.studio.words import Words, words_of

_DESK, _STEP, _SAVED, _PROJECT = "desk", "step", "saved", "project"


def words() -> Words:
    """Return the words in the language of the page's address."""
    return words_of(st.query_params)


def desk() -> Desk:
    """Return the desk of this session: of the project the address names, else an empty one."""
    if _DESK not in st.session_state:
        st.session_state[_DESK], st.session_state[_SAVED] = _opened()
    found: Desk = st.session_state[_DESK]
    person = login.person()
    if person is not None:
        found.by = person.name
    return found


def author(typed: str) -> str:
    """Return what an edit is signed with: who is signed in, whatever the browser says."""
    person = login.person()
    return typed.strip() if person is None else person.name


def signed_in() -> bool:
    """Whether a login vouches for the planner, who then types no name."""
    return login.person() is not None


def owner() -> str:
    """Return whose projects this session works on; empty where nobody signs in."""
    person = login.person()
    return "" if person is None else person.key


def saved() -> Saved:
    """Return what the project file holds."""
    found: Saved = st.session_state.setdefault(_SAVED, Saved(owner=owner()))
    return found


def keep() -> None:
    """Save what changed; the address then names the project, so that a reload finds it."""
    keeping.save(desk(), saved(), datetime.now().astimezone())
    key = saved().key
    if key is not None and st.query_params.get(_PROJECT) != key:
        st.query_params[_PROJECT] = key


def approve(version: str, by: str) -> bool:
    """Approve the plan on show under another name, for callbacks; return whether it worked."""
    return keeping.approve(desk(), saved(), version, by=by, at=datetime.now().astimezone())


def reload(*, keep_as: str | None = None) -> None:
    """Take the project as it is on file, for callbacks; other windows' work is shown then.

    Parameters
    ----------
    keep_as
        Name under which the plan on show is kept beside those on file; None to drop it.
    """
    mine = desk().draft
    st.session_state.pop(_DESK)
    fresh = desk()
    if keep_as is not None and mine is not None:
        fresh.put(fresh.free_name(keep_as), mine)


def projects() -> tuple[keeping.Listed, ...]:
    """Return the projects of whoever is signed in."""
    return keeping.listed(owner())


def open_own(key: str) -> None:
    """Open a project of the list, for callbacks; one of somebody else is not found."""
    st.query_params[_PROJECT] = key
    st.session_state.pop(_DESK, None)
    st.session_state.pop(_SAVED, None)


def reopen(content: bytes) -> bool:
    """Open an uploaded project file; return whether it is one."""
    try:
        key = keeping.adopt(content, owner())
    except FaultsError as cause:
        desk().faults = cause.faults
        return False
    st.query_params[_PROJECT] = key
    st.session_state.pop(_DESK)
    return True


def _opened() -> tuple[Desk, Saved]:
    key = st.query_params.get(_PROJECT, "")
    try:
        found = keeping.load(key, owner()) if key else None
    except FaultsError as cause:
        st.query_params.pop(_PROJECT, None)
        return Desk(faults=cause.faults), Saved(owner=owner())
    if found is None:
        st.query_params.pop(_PROJECT, None)
        return Desk(), Saved(owner=owner())
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
    return any(key in st.query_params for key in (_STEP, _PROJECT))

"""The menu beside the choice of a plan: rename, annotate, copy, discard."""

from __future__ import annotations

from functools import partial
from typing import Any

import streamlit as st

from liancun_geo.messages import message
from liancun_geo.studio.desk import Desk
from liancun_geo.studio.words import Words

MOST_NAME, MOST_NOTE = 40, 500
"""Characters of the name of a plan, and of the note on it."""


def plan_menu(desk: Desk, words: Words) -> None:
    """Show what can be done with the plan on show as a whole."""
    name = desk.current
    if name is None:
        return
    say = partial(_said, words)
    approved = name in desk.approved
    with st.popover("", icon=":material/more_horiz:", help=say("title"), key="plan menu"):
        # The keys carry the name, so that another plan brings its own name and note.
        st.text_input(
            say("name"), name, key=f"plan name {name}", max_chars=MOST_NAME, disabled=approved
        )
        if st.session_state.get("plan name taken") == name:
            st.caption(say("taken"))
        note = desk.notes.get(name, "")
        st.text_area(
            say("note"),
            note,
            key=f"plan note {name}",
            max_chars=MOST_NOTE,
            height=96,
            placeholder=say("note_hint"),
            disabled=approved,
        )
        with st.container(key="plan-menu-row", horizontal=True):
            st.button(
                say("save"),
                key="plan save",
                type="primary",
                disabled=approved,
                on_click=_save,
                args=(desk, name),
            )
            copied = say("copy_of", name=name)
            st.button(say("copy"), key="plan copy", on_click=_copy, args=(desk, name, copied))
        if len(desk.drafts) > 1 and not approved:
            # What cannot be undone asks once.
            sure = st.checkbox(say("sure", name=name), key=f"plan sure {name}")
            st.button(
                say("remove"),
                key="plan remove",
                disabled=not sure,
                on_click=desk.remove,
                args=(name,),
            )


def _save(desk: Desk, name: str) -> None:
    note = str(st.session_state.get(f"plan note {name}", "")).strip()[:MOST_NOTE]
    if note:
        desk.notes[name] = note
    else:
        desk.notes.pop(name, None)
    new = " ".join(str(st.session_state.get(f"plan name {name}", name)).split())[:MOST_NAME]
    kept = new == name or (bool(new) and desk.rename(name, new))
    st.session_state["plan name taken"] = None if kept else name


def _copy(desk: Desk, name: str, copied: str) -> None:
    """Copy the plan with all its steps and its note, and show the copy."""
    copy = desk.free_name(copied)
    if name in desk.notes:
        desk.notes[copy] = desk.notes[name]
    desk.put(copy, desk.drafts[name])


def _said(words: Words, key: str, **params: Any) -> str:
    return message(f"plan_menu.{key}", words.language, **params)

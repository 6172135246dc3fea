"""The menu beside the choice of a plan: rename, annotate, copy, discard."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import streamlit as st

from liancun_geo.messages import message
from liancun_geo.studio.desk import Desk
from liancun_geo.studio.words import Words

MOST_NAME, MOST_NOTE = 40, 500
"""Characters of the name of a plan, and of the note on it."""


def plan_menu(
    desk: Desk,
    words: Words,
    of: str | None = None,
    place: str = "",
    renamed: Callable[[str, str], None] | None = None,
) -> None:
    """Show what can be done with a plan as a whole.

    Parameters
    ----------
    desk, words
        Where it lies, and the language.
    of
        Its name; default the plan on show.
    place
        Tells several menus of one page apart.
    renamed
        Told the old and the new name.
    """
    name = desk.current if of is None else of
    if name is None:
        return
    # The keys carry the name, so that another plan brings its own name and note.
    own, at = f"{place} {name}".strip(), f" {place}" if place else ""
    say = partial(_said, words)
    approved = name in desk.approved
    icon = ":material/more_horiz:"
    with st.popover("", icon=icon, help=say("title"), key=f"plan menu{at}"):
        st.text_input(
            say("name"), name, key=f"plan name {own}", max_chars=MOST_NAME, disabled=approved
        )
        if st.session_state.get("plan name taken") == name:
            st.caption(say("taken"))
        note = desk.notes.get(name, "")
        st.text_area(
            say("note"),
            note,
            key=f"plan note {own}",
            max_chars=MOST_NOTE,
            height=96,
            placeholder=say("note_hint"),
            disabled=approved,
        )
        with st.container(key=f"plan-menu-row{at}", horizontal=True):
            st.button(
                say("save"),
                key=f"plan save{at}",
                type="primary",
                disabled=approved,
                on_click=_save,
                args=(desk, name, own, renamed),
            )
            copied = say("copy_of", name=name)
            copying = partial(_copy, desk, name, copied)
            st.button(say("copy"), key=f"plan copy{at}", on_click=copying)
        if len(desk.drafts) > 1 and not approved:
            # What cannot be undone asks once.
            sure = st.checkbox(say("sure", name=name), key=f"plan sure {own}")
            discard = partial(desk.remove, name)
            st.button(say("remove"), key=f"plan remove{at}", disabled=not sure, on_click=discard)


def _save(desk: Desk, name: str, own: str, renamed: Callable[[str, str], None] | None) -> None:
    note = str(st.session_state.get(f"plan note {own}", "")).strip()[:MOST_NOTE]
    if note:
        desk.notes[name] = note
    else:
        desk.notes.pop(name, None)
    new = " ".join(str(st.session_state.get(f"plan name {own}", name)).split())[:MOST_NAME]
    kept = new == name or (bool(new) and desk.rename(name, new))
    if kept and renamed is not None:
        renamed(name, new)
    st.session_state["plan name taken"] = None if kept else name


def _copy(desk: Desk, name: str, copied: str) -> None:
    """Copy the plan with all its steps and its note, and show the copy."""
    copy = desk.free_name(copied)
    if name in desk.notes:
        desk.notes[copy] = desk.notes[name]
    desk.put(copy, desk.drafts[name])


def _said(words: Words, key: str, **params: Any) -> str:
    return message(f"plan_menu.{key}", words.language, **params)

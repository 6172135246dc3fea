"""What the planner calls the work: beside the title in the top bar."""

from __future__ import annotations

import streamlit as st

from liancun_geo.project.records import LONGEST_TITLE
from liancun_geo.studio.desk import Desk
from liancun_geo.studio.words import Words

_TYPED = "project title"


def title_menu(desk: Desk, words: Words) -> None:
    """Offer to give the project a name, which is saved in it."""
    with st.popover("", icon=":material/edit:", help=words("title_edit"), key="title menu"):
        # The key carries the title, so that one changed elsewhere is shown.
        key = f"{_TYPED} {desk.title}"
        st.text_input(
            words("title_label"),
            desk.title,
            key=key,
            max_chars=LONGEST_TITLE,
            placeholder=words("title_hint"),
        )
        st.button(
            words("title_save"), key="title save", type="primary", on_click=_save, args=(desk, key)
        )


def _save(desk: Desk, key: str) -> None:
    desk.title = " ".join(str(st.session_state.get(key, "")).split())[:LONGEST_TITLE]

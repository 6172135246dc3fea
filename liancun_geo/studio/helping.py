"""Help in the app."""

from __future__ import annotations

import streamlit as st

from liancun_geo.studio import panels
from liancun_geo.studio.words import Words


def show_help(words: Words) -> None:
    """Open the help."""

    @st.dialog(words("help"), width="large")
    def dialog() -> None:
        st.html(panels.quiet(words("disclaimer")))

    dialog()

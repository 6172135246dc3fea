"""Rules and weights."""

from __future__ import annotations

import streamlit as st

from liancun_geo.errors import FaultsError
from liancun_geo.studio import controls, panels
from liancun_geo.studio.desk import Desk
from liancun_geo.studio.inputs import changed_settings
from liancun_geo.studio.words import Words


def show(desk: Desk, words: Words) -> None:
    """Show the rules; what is changed is in force for the next plan."""
    with st.container(key="rules-card", width=560):
        # Widgets begin with what is in force when the step is opened, and keep their own state.
        base, county = st.session_state.get("rules base", (None, None))
        if base is None or county != desk.inputs.key:
            base = desk.settings
            st.session_state["rules base"] = base, desk.inputs.key
        try:
            settings = changed_settings(base, controls.set_rules(words, base))
        except FaultsError as cause:
            st.html(panels.fault_box(cause.faults, words, kept=desk.current is not None))
            return
    if settings.model_dump() != desk.settings.model_dump():
        desk.change(settings)

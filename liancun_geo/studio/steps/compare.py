"""Plans side by side, figure by figure."""

from __future__ import annotations

import streamlit as st

from liancun_geo.studio import listings, panels, session
from liancun_geo.studio.desk import Desk
from liancun_geo.studio.words import Words


def show(desk: Desk, words: Words) -> None:
    """Show how each township of the plan was proven."""
    scenario = desk.scenario
    if scenario is None:
        with st.container(key="lacking"):
            st.html(panels.lacking(words("lack_plan"), words("lack_plan_note")))
            st.button(
                words("to_plans"), key="lack", type="primary", on_click=session.go, args=("plans",)
            )
        return
    st.html(panels.status_strip(scenario, words))
    st.html(listings.zone_table(scenario, words))

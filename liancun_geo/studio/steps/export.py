"""Handing over: all files of the plan in one zip."""

from __future__ import annotations

from functools import partial

import streamlit as st

from liancun_geo.studio import listings, panels, session
from liancun_geo.studio.desk import Desk
from liancun_geo.studio.pack import zipped
from liancun_geo.studio.words import Words


def show(desk: Desk, words: Words) -> None:
    """Offer the pack and show what is in it."""
    scenario = desk.scenario
    if scenario is None:
        with st.container(key="lacking"):
            st.html(panels.lacking(words("lack_plan"), words("lack_plan_note")))
            st.button(
                words("to_plans"), key="lack", type="primary", on_click=session.go, args=("plans",)
            )
        return
    st.download_button(
        words("download"),
        partial(zipped, scenario, words.language),
        words("pack_name"),
        "application/zip",
        key="download",
        type="primary",
        on_click="ignore",
        icon=":material/download:",
        help=words("download_help"),
    )
    st.html(listings.alliance_table(scenario, words))

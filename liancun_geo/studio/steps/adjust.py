"""The plan on the map."""

from __future__ import annotations

import streamlit as st

from liancun_geo.studio import panels, session
from liancun_geo.studio.desk import WHOLE_COUNTY, Desk
from liancun_geo.studio.drawing import map_page
from liancun_geo.studio.kept import Kept
from liancun_geo.studio.words import Words

_drawings: Kept[str] = Kept(64)


def show(desk: Desk, words: Words) -> None:
    """Show the plan on the desk on the map."""
    scene = desk.scene
    if scene is None:
        with st.container(key="lacking"):
            st.html(panels.lacking(words("lack_plan"), words("lack_plan_note")))
            st.button(
                words("to_plans"), key="lack", type="primary", on_click=session.go, args=("plans",)
            )
        return
    st.html(panels.status_strip(scene.scenario, words))
    township = None if desk.township == WHOLE_COUNTY else desk.township
    drawing = _drawings.get(
        (id(scene), words.language, township), lambda: map_page(scene, words, township)
    )
    with st.container(key="map"):
        st.iframe(drawing, height=500, alt=words("map_title"))

"""Plans: the proof, the listings, and the button that plans."""

from __future__ import annotations

import streamlit as st

from liancun_geo.studio import conflict_panel, listings, panels
from liancun_geo.studio.desk import Desk
from liancun_geo.studio.words import Words


def show(desk: Desk, words: Words) -> None:
    """Show the plan on the desk and plan when asked."""
    scenario = desk.scenario
    if st.button(words("plan_again"), key="plan", type="primary", disabled=desk.county is None):
        _plan(desk, words)
    if scenario is None:
        st.html(panels.quiet(words("no_plan_yet")))
        return
    if desk.settings != scenario.settings:
        st.caption(words("rules_changed"))
    st.html(panels.status_strip(scenario, words))
    notice = panels.notice_box(scenario, words)
    if notice:
        st.html(notice)
    conflict_panel.show(words, desk)
    builders = (
        (listings.alliance_table, words("tab_alliances", count=len(scenario.alliances))),
        (listings.left_out_table, words("tab_left_out", count=len(scenario.unassigned))),
        (listings.zone_table, words(f"tab_{panels.zone_word(scenario)}")),
        (panels.note_list, words("tab_notes", count=len(scenario.warnings))),
    )
    views = st.tabs([name for _, name in builders])
    for view, (build, _) in zip(views, builders, strict=True):
        view.html(build(scenario, words))


def _plan(desk: Desk, words: Words) -> None:
    """Plan with a bar and a button; pressing anything on the page ends the planning."""
    with st.container(key="busy", horizontal=True, vertical_alignment="center"):
        bar = st.progress(0.0, words("planning"))
        st.button(words("stop"), key="stop")
        name = desk.current or words("plan_first")
        desk.solve(name, lambda share: bar.progress(share, words("planning")))
    st.rerun()

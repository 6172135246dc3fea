"""The page: data and rules at the left, the plan with its proof at the right."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import streamlit as st

from liancun_geo.doctor import Findings
from liancun_geo.errors import Fault, FaultsError
from liancun_geo.settings import Settings
from liancun_geo.studio import checkup, conflict_panel, controls, listings, panels, state
from liancun_geo.studio.drawing import map_page
from liancun_geo.studio.inputs import Inputs, base_settings, changed_settings
from liancun_geo.studio.markup import shipped
from liancun_geo.studio.pack import zipped
from liancun_geo.studio.words import Words, words_of

_ICON = Path(__file__).with_name("icon.svg")


def show() -> None:
    """Show the page; Streamlit calls it anew after every change of a widget."""
    words = words_of(st.query_params)
    st.set_page_config(
        page_title=words("title"), page_icon=str(_ICON), layout="wide", initial_sidebar_state=300
    )
    st.html(_style(words))
    with st.sidebar:
        inputs = controls.choose_data(words)
        settings, faults = _chosen_settings(words, inputs)
        pressed = _plan_button(words, inputs, settings)
    # Always there, so that a bar pushes nothing aside.
    place = st.empty()
    if inputs is not None and settings is not None and (pressed or state.is_new(inputs)):
        with place.container(key="busy", horizontal=True, vertical_alignment="center"):
            _plan(words, inputs, settings)
        # Once more from the top, so that the button knows the plan it stands beside.
        st.rerun()
    _top_bar(words)
    shown = state.on_show()
    findings = None
    if inputs is not None and settings is not None:
        findings = checkup.findings_of(words, inputs, settings)
    if inputs is not None and (faults := faults or state.faults()):
        if findings is None or findings.ok:
            st.html(panels.fault_box(faults, words, kept=shown is not None))
        if findings is not None:
            checkup.show(words, inputs, findings, kept=shown is not None)
            findings = None
    if shown is None:
        st.html(panels.quiet(words("no_plan_yet")))
    else:
        _plan_on_show(words, shown, inputs, findings)


def _plan(words: Words, inputs: Inputs, settings: Settings) -> None:
    """Plan with a bar and a button; pressing anything on the page ends the planning."""
    bar = st.progress(0.0, words("planning"))
    st.button(words("stop"), key="stop", on_click=partial(state.stop, inputs))

    def tell(share: float) -> None:
        bar.progress(share, words("planning"))

    state.attempt(inputs, settings, tell)


def _chosen_settings(
    words: Words, inputs: Inputs | None
) -> tuple[Settings | None, tuple[Fault, ...]]:
    """Return the settings of the files with the page's changes, or what is wrong with them."""
    try:
        base = base_settings(inputs or Inputs())
        settings = changed_settings(base, controls.set_rules(words, base))
        # Not in the base: deciding something must not set the rules back.
        decided = settings.deciding(checkup.decided(inputs))
        return conflict_panel.relaxed(inputs, decided), ()
    except FaultsError as cause:
        return None, cause.faults


def _plan_button(words: Words, inputs: Inputs | None, settings: Settings | None) -> bool:
    shown = state.on_show()
    ready = inputs is not None and settings is not None
    same_files = shown is not None and inputs is not None and inputs.key == shown.inputs_key
    changed = shown is not None and same_files and ready and settings != shown.settings
    pressed = st.button(
        words("plan_again"),
        key="plan",
        type="primary",
        disabled=not ready,
        width="stretch",
    )
    if changed:
        st.caption(words("rules_changed"))
    return pressed


def _top_bar(words: Words) -> None:
    shown = state.on_show()
    with st.container(key="top-bar", horizontal=True, vertical_alignment="center"):
        st.html(
            panels.title_bar(
                shown.scenario if shown else None, shown is not None and shown.is_sample, words
            )
        )
        st.button(
            words("switch_language"),
            key="language",
            type="tertiary",
            on_click=partial(st.query_params.__setitem__, "lang", words.other),
        )
        if shown is not None:
            st.download_button(
                words("download"),
                partial(zipped, shown.scenario, words.language),
                words("pack_name"),
                "application/zip",
                key="download",
                on_click="ignore",
                icon=":material/download:",
                help=words("download_help"),
            )


def _plan_on_show(
    words: Words, shown: state.OnShow, inputs: Inputs | None, findings: Findings | None
) -> None:
    scenario = shown.scenario
    st.html(panels.status_strip(scenario, words))
    notice = panels.notice_box(scenario, words)
    if notice:
        st.html(notice)
    conflict_panel.show(words, inputs, shown)
    names = [
        words("tab_map"),
        words("tab_alliances", count=len(scenario.alliances)),
        words("tab_left_out", count=len(scenario.unassigned)),
        words(f"tab_{panels.zone_word(scenario)}"),
        words("tab_notes", count=len(scenario.warnings)),
    ]
    if findings is not None:
        names.append(words("tab_check", count=len(findings.questions)))
    views = st.tabs(names)
    with views[0]:
        _map(words, shown)
    builders = (
        listings.alliance_table,
        listings.left_out_table,
        listings.zone_table,
        panels.note_list,
    )
    for view, build in zip(views[1:5], builders, strict=True):
        view.html(shown.made((build.__name__, words.language), partial(build, scenario, words)))
    if inputs is not None and findings is not None:
        with views[5]:
            checkup.show(words, inputs, findings, kept=True)


@st.fragment
def _map(words: Words, shown: state.OnShow) -> None:
    names = shown.scene.township_names
    with st.container(key="map"):
        township = st.selectbox(
            words("township"),
            range(-1, len(names)),
            format_func=lambda one: words("whole_county") if one < 0 else names[one],
            key=f"township {shown.inputs_key}",
            label_visibility="collapsed",
        )
        drawing = shown.made(
            ("map", words.language, str(township)),
            partial(map_page, shown.scene, words, None if township < 0 else township),
        )
        st.iframe(drawing, height=500, alt=words("map_title"))


def _style(words: Words) -> str:
    """Return the style sheet; it also says in our words what Streamlit says in English only."""
    own = f":root {{ --browse: {json.dumps(words('browse'), ensure_ascii=False)}; }}"
    return f"<style>{shipped('page.css')}{own}</style>"


if __name__ == "__main__":
    show()

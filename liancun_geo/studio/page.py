"""The shell of the app: rail, top bar, and one step of the work at a time."""

from __future__ import annotations

import logging
from functools import partial
from importlib import import_module
from pathlib import Path

import streamlit as st

from liancun_geo.messages import speak_in_app
from liancun_geo.project.inputs import Inputs
from liancun_geo.project.scenarios import LONGEST_NAME
from liancun_geo.studio import login, panels, session
from liancun_geo.studio.choosing import choose
from liancun_geo.studio.clicks import clicks_of, count_clicks
from liancun_geo.studio.desk import WHOLE_COUNTY, Desk, done
from liancun_geo.studio.guarding import guard_callbacks, guard_messages, unexpected
from liancun_geo.studio.helping import offer_tour, show_help
from liancun_geo.studio.parts import part
from liancun_geo.studio.plan_menu import plan_menu
from liancun_geo.studio.steps import BARE, BY_TOWNSHIP, OF_ONE_PLAN, STEPS, data
from liancun_geo.studio.style import style
from liancun_geo.studio.title_menu import title_menu
from liancun_geo.studio.words import Words

_log = logging.getLogger(__name__)
# How often what could not be saved is tried again while nobody does anything. No docstring:
# Streamlit shows a bare text of the page it runs to everybody.
RETRIED_S = 10.0
_ICON = Path(__file__).with_name("icon.svg")


def show() -> None:
    """Show the page; Streamlit calls it anew after every change of a widget."""
    guard_callbacks()
    guard_messages()
    count_clicks()
    speak_in_app()
    words = session.words()
    st.set_page_config(
        page_title=words("title"),
        page_icon=str(_ICON),
        layout="wide",
        initial_sidebar_state="collapsed",
    )
    if not login.admitted(words):
        st.html(style(words, "data", dict.fromkeys(STEPS, False)))
        return
    try:
        _page(words)
    except Exception as cause:
        # Outside of the steps, which tell their own faults and leave the rest of the page.
        _log.exception("the page failed")
        st.html(panels.failure(words("step_failed", cause=type(cause).__name__)))


def _page(words: Words) -> None:
    desk, step = session.desk(), session.step()
    desk.language = words.language
    session.keep()
    st.html(style(words, step, done(desk)))
    _rail(words, step)
    if desk.county is None and not desk.faults:
        _first_visit(desk, words)
    _top_bar(desk, words, step)
    # Always there, as the places below: what appears must not make the map load anew.
    with st.container(key="banner-place"):
        _banner(desk, words, step)
    with st.container(key=f"step-{step}"):
        _step(desk, words, step)
    if step not in BARE:
        # Steps from edge to edge say it themselves, in the footer of their map.
        st.html(panels.disclaimer(words))
    offer_tour(words)
    desk.visited.add(step)
    session.keep()


def _first_visit(desk: Desk, words: Words) -> None:
    """Open the sample county with a plan, so that a first visitor sees what there is to see."""
    # Always there, so that a bar pushes nothing aside.
    with st.container(key="busy", horizontal=True, vertical_alignment="center"):
        bar = st.progress(0.0, words("planning"))
        desk.take(Desk.of(Inputs()))
        name = words("plan_first")
        if desk.county is not None and not desk.show_sample_plan(name):
            desk.solve(name, lambda share: bar.progress(share, words("planning")))
    st.rerun()


def _step(desk: Desk, words: Words, step: str) -> None:
    """Show a step; a fault of the program is told in words, the log keeps the rest."""
    with st.container(key="faults-place"):
        if unexpected():
            st.html(panels.fault_box(unexpected(), words, kept=desk.current is not None))
        elif desk.faults and step != "data":
            st.html(panels.fault_box(desk.faults, words, kept=desk.current is not None))
    try:
        import_module(f"liancun_geo.studio.steps.{step}").show(desk, words)
    except Exception as cause:
        _log.exception("the step %s failed", step)
        st.html(panels.failure(words("step_failed", cause=type(cause).__name__)))


def _try_again() -> None:
    """Save what was not saved; the page shows it when it went well."""
    session.keep()
    saved = session.saved()
    if saved.conflict is not None or not saved.faults:
        st.rerun()


def _offer_copy(desk: Desk, words: Words) -> None:
    """Tell that an approved version stays as it is, and offer a copy to go on from."""
    assert desk.current is not None and desk.draft is not None
    name = desk.free_name(words("copy_name", name=desk.current[: LONGEST_NAME - 20]))
    with st.container(key="approved-note", horizontal=True, vertical_alignment="center"):
        st.html(panels.plain(words("approved_stays", scenario=desk.current)))
        st.button(
            words("copy_to_edit"),
            key="copy to edit",
            type="primary",
            on_click=desk.put,
            args=(name, desk.draft),
        )


def _banner(desk: Desk, words: Words, step: str) -> None:
    """Tell across the top what was not saved, and what can be done about it."""
    saved = session.saved()
    if saved.conflict is None and not saved.faults:
        if desk.current in desk.approved and step == "adjust":
            _offer_copy(desk, words)
        return
    with st.container(key="banner", horizontal=True, vertical_alignment="center"):
        if saved.conflict is None:
            st.html(panels.banner(words("not_saved"), saved.faults, words))
            part(_try_again, run_every=RETRIED_S)()
            return
        st.html(panels.banner(words("other_window"), saved.conflict.faults, words))
        st.button(words("refresh"), key="refresh", on_click=session.reload)
        st.button(
            words("keep_as_plan"),
            key="keep as plan",
            type="primary",
            on_click=partial(session.reload, keep_as=desk.current or words("plan_first")),
        )


def _rail(words: Words, step: str) -> None:
    with st.container(key="rail"):
        st.html(panels.logo())
        for name in STEPS:
            st.button(
                words(f"step_{name}"),
                key=f"rail-{name}",
                type="primary" if name == step else "secondary",
                on_click=partial(session.go, name),
                # After a click the pointer is still there: its tip would lie over the title.
                help=words(f"step_{name}_help") if name != step else None,
            )
        with st.container(key="rail-foot"):
            if st.button(words("help"), key="rail-help", help=words("help_help")):
                show_help(words)


def _top_bar(desk: Desk, words: Words, step: str) -> None:
    with st.container(key="top-bar", horizontal=True, vertical_alignment="center"):
        looked_at = data.looked_at(desk) if step == "data" else None
        st.html(panels.title_bar(desk, words, looked_at))
        if desk.county is not None and looked_at is None:
            title_menu(desk, words)
        if step in OF_ONE_PLAN and desk.drafts:
            _plan_choice(desk, words)
        if step in BY_TOWNSHIP and desk.townships:
            _township_switch(desk, words)
        with st.container(
            key="top-right", horizontal=True, vertical_alignment="center", width="content"
        ):
            st.button(
                words("switch_language"),
                key="language",
                type="tertiary",
                on_click=partial(session.speak, words.other),
            )
            place = STEPS.index(step)
            if place + 1 < len(STEPS):
                going = f"to_{STEPS[place + 1]}" if looked_at is None else "use_files"
                st.button(
                    words(going),
                    key="next",
                    type="primary",
                    on_click=partial(_go_on, desk, words, step),
                )


def _go_on(desk: Desk, words: Words, step: str) -> None:
    """Go to the next step; new files on show are taken along."""
    if step != "data" or not data.leave(desk, words):
        session.go(STEPS[STEPS.index(step) + 1])


def _plan_choice(desk: Desk, words: Words) -> None:
    choose(
        words("plan_choice"),
        list(desk.drafts),
        desk.current,
        desk.show,
        key="plan on show",
        label_visibility="collapsed",
        width=180,
    )
    plan_menu(desk, words)


def _township_switch(desk: Desk, words: Words) -> None:
    names = desk.townships
    with st.container(
        key="township-switch", horizontal=True, vertical_alignment="center", width="content"
    ):
        st.button(
            words("whole_county"),
            key="whole county",
            type="secondary",
            disabled=desk.township == WHOLE_COUNTY,
            on_click=partial(desk.view, WHOLE_COUNTY),
        )
        with st.container(
            key="township-steps", horizontal=True, vertical_alignment="center", width="content"
        ):
            st.button(
                words("township_before"),
                key="township-before",
                type="tertiary",
                help=words("township_before"),
                on_click=partial(_pass_by, desk, "township-before"),
            )
            choose(
                words("township"),
                range(WHOLE_COUNTY, len(names)),
                desk.township,
                desk.view,
                key="township",
                format_func=lambda one: words("choose_township") if one < 0 else names[one],
                label_visibility="collapsed",
                width=150,
            )
            st.button(
                words("township_after"),
                key="township-after",
                type="tertiary",
                help=words("township_after"),
                on_click=partial(_pass_by, desk, "township-after"),
            )


def _pass_by(desk: Desk, key: str) -> None:
    """Go one township on or back for each click; from the whole county to its first or last.

    From the one in view when it is called: a click may come before the last one is shown.
    """
    back = key == "township-before"
    now, steps = max(desk.township, 0) if back else desk.township, clicks_of(key)
    if desk.townships:
        desk.view((now + (-steps if back else steps)) % len(desk.townships))


if __name__ == "__main__":
    show()

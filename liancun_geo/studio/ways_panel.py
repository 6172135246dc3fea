"""Why there is no plan, found in a child process, and the ways out as buttons."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import partial
from typing import Any

import streamlit as st

from liancun_geo.messages import message
from liancun_geo.output.picture.markup import add, markup, new
from liancun_geo.relaxing import Explanation
from liancun_geo.settings import Settings
from liancun_geo.studio import panels
from liancun_geo.studio.markup import plain
from liancun_geo.studio.words import Words
from liancun_geo.studio.working import MISSING, Work

MOST_WAYS = 4
"""Ways out of one conflict that are offered; the gentlest come first."""


def show(
    work: Work,
    key: tuple[Hashable, ...],
    words: Words,
    begin: Callable[[], None],
    apply: Callable[[Settings], Any],
    *,
    name: str,
) -> None:
    """Show the explanation of a key, that it is being looked for, or the button that asks.

    Parameters
    ----------
    work, key
        Where it is found.
    words
        The language.
    begin
        Begins the work; for a callback.
    apply
        Puts other settings in force; for a callback.
    name
        Of the panel, to keep the keys of widgets apart.
    """
    language = words.language
    told = work.result(key)
    if told is not MISSING:
        for place, one in enumerate(told):
            _one(one, words, apply, f"{name} {place}")
        if not told:
            st.caption(message("plans_step.way_none", language))
        return
    job = work.job(key)
    if job is not None and not job.finished:
        job.progress()
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(message("plans_step.ways_busy", language))
            st.button(
                message("plans_step.cancel", language),
                key=f"{name} cancel",
                on_click=partial(work.cancel, key),
            )
        return
    if job is not None and job.state == "failed":
        st.html(panels.fault_box(job.faults(), words, kept=True))
    st.button(message("plans_step.ways_ask", language), key=f"{name} ask", on_click=begin)


def _one(told: Explanation, words: Words, apply: Callable[[Settings], Any], name: str) -> None:
    box = new("ul", class_="told")
    for fault in told.faults:
        add(box, "li", fault.text(words.language))
    st.html(markup(box))
    for way in told.ways[:MOST_WAYS]:
        text = plain(way.fault.text(words.language))
        st.button(
            message("plans_step.way_apply", words.language, way=text),
            key=f"{name} way {way.number}",
            on_click=partial(apply, way.settings),
        )
    if not told.ways:
        st.caption(message("plans_step.way_none", words.language))

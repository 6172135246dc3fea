"""The why cards of a whole county: made in a child process, then offered to be downloaded."""

from __future__ import annotations

from collections.abc import Hashable
from functools import partial

import streamlit as st

from liancun_geo.messages import message
from liancun_geo.scenario import Scenario
from liancun_geo.studio import panels, tasks
from liancun_geo.studio.parts import part
from liancun_geo.studio.shared import contents_key
from liancun_geo.studio.words import Words
from liancun_geo.studio.working import MISSING, Work, work_of

POLLED_S = 0.5


def show(scenario: Scenario, words: Words) -> None:
    """Show the button that makes the cards, how far they are, or their download."""
    work = work_of(st.session_state)
    key = ("cards", contents_key(scenario), words.language)
    runs = work.runs(key)
    poll = POLLED_S if runs else None
    with st.container(key="cards-panel"):
        part(_panel, run_every=poll)(scenario, words, work, key, runs)


def _panel(
    scenario: Scenario, words: Words, work: Work, key: tuple[Hashable, ...], ran: bool
) -> None:
    if work.runs(key) != ran:
        # Polling begins or ends.
        st.rerun()
    made, job = work.result(key), work.job(key)
    if made is not MISSING:
        st.download_button(
            _say(words, "cards"),
            made,
            _say(words, "cards_name"),
            "text/html",
            key="download-cards",
            on_click="ignore",
        )
    elif job is not None and not job.finished:
        told = job.progress()
        st.progress(told.share, _say(words, "cards_busy", done=told.done, total=told.total))
        st.button(
            _say(words, "cards_cancel"), key="cards cancel", on_click=work.cancel, args=(key,)
        )
    else:
        if job is not None and job.state == "failed":
            st.html(panels.fault_box(job.faults(), words, kept=True))
        begin = partial(work.begin, key, tasks.why_cards, scenario, words.language)
        st.button(_say(words, "cards_make"), key="cards make", on_click=begin)
    st.html(panels.quiet(_say(words, "cards_note")))


def _say(words: Words, key: str, **params: object) -> str:
    return message(f"export_step.{key}", words.language, **params)

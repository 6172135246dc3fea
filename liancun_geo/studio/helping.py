"""Help in the app: a tour of two minutes, the words in use, what each number means."""

from __future__ import annotations

import streamlit as st

from liancun_geo.output.picture.markup import add, markup, new
from liancun_geo.studio import session
from liancun_geo.studio.steps import STEPS
from liancun_geo.studio.words import Words

TERMS = (
    *("alliance", "lead", "member", "weak", "small", "plan", "left_out", "lock", "neighbour"),
    *("barrier", "township", "unchanged", "units"),
)
"""Words in use, with a sentence each: ``term_<name>`` and ``term_<name>_means``."""

METRICS = (
    *("proof", "score", "gap", "covered", "alliances", "moved", "stable", "weak_served"),
    *("distance", "cost", "bound"),
)
"""Numbers on the pages, with a sentence each: ``metric_<name>`` and ``metric_<name>_means``."""

_TOURED = "toured"
_BEGUN = "tour begun"


def show_help(words: Words) -> None:
    """Open the help as a dialog."""

    @st.dialog(words("help"), width="large")
    def dialog() -> None:
        tour, terms, metrics = st.tabs([words("tour"), words("glossary"), words("metrics")])
        with tour:
            st.html(_tour(words))
        with terms:
            st.html(_listed(words, "term", TERMS))
        with metrics:
            st.html(_listed(words, "metric", METRICS))

    dialog()


def offer_tour(words: Words) -> None:
    """Offer the tour to a first visitor, once and in a corner: the plan stays in sight."""
    if session.has_been_here():
        # By an address of ours, or by going on: the offer would lie over what is looked at.
        _toured()
    if st.session_state.pop(_BEGUN, False):
        show_help(words)
    if st.session_state.get(_TOURED):
        return
    with st.container(key="tour"):
        box = new("div", class_="tour-offer")
        add(box, "b", words("tour_offer"))
        add(box, "div", words("tour_offer_note"))
        st.html(markup(box))
        with st.container(key="tour-buttons", horizontal=True):
            st.button(words("tour_begin"), key="tour begin", type="primary", on_click=_begin)
            st.button(words("tour_skip"), key="tour skip", on_click=_toured)


def _begin() -> None:
    # Before the page is drawn: a closed dialog draws nothing anew, and the offer would stay.
    _toured()
    st.session_state[_BEGUN] = True


def _toured() -> None:
    st.session_state[_TOURED] = True


def _tour(words: Words) -> str:
    listed = new("ol", class_="tour")
    for step in STEPS:
        entry = add(listed, "li")
        add(entry, "b", words(f"step_{step}"))
        add(entry, "span", words(f"tour_{step}"))
    return markup(listed, new("p", words("tour_saved"), class_="quiet"))


def _listed(words: Words, kind: str, names: tuple[str, ...]) -> str:
    listed = new("dl", class_="terms")
    for name in names:
        add(listed, "dt", words(f"{kind}_{name}"))
        add(listed, "dd", words(f"{kind}_{name}_means"))
    return markup(listed)

"""Plans nearly as good as the first: how many there are, and a few that differ most."""

from __future__ import annotations

from collections.abc import Hashable
from functools import partial

import streamlit as st

from liancun_geo.contrasts import changed_villages
from liancun_geo.messages import message
from liancun_geo.reasons import zone_name
from liancun_geo.scenario import Scenario
from liancun_geo.studio import session, tasks
from liancun_geo.studio.desk import Desk
from liancun_geo.studio.markup import plain
from liancun_geo.studio.words import Words
from liancun_geo.studio.working import MISSING, Work

WITHIN = 0.01
"""Share of the cost that similar plans may cost more."""
MOST = 1000
"""Plans of a township that are counted."""
SHOWN = 4
SECONDS = 30.0
Key = tuple[Hashable, ...]


def ask(desk: Desk, words: Words, work: Work, first: Scenario, key: Key) -> None:
    """Show the button that looks for similar plans, or how many there are."""
    found = work.result(key)
    if found is not MISSING:
        count = sum(one.count for one in found)
        whole = all(one.complete for one in found)
        st.button(
            _say("near" if whole else "near_more", words, count=f"{count:,}"),
            key="near open",
            type="tertiary",
            on_click=_toggle,
        )
        return
    job = work.job(key)
    if job is not None and not job.finished:
        told = job.progress()
        total = told.total or len(first.problem.zones)
        st.caption(_say("near_busy", words, done=told.done, total=total))
        st.button(_say("cancel", words), key="cancel near", on_click=partial(work.cancel, key))
        return
    st.button(
        _say("near_ask", words),
        key="near",
        type="tertiary",
        help=_say("near_help", words, percent=_percent()),
        on_click=partial(_begin, work, first, key),
    )


def show(desk: Desk, words: Words, work: Work, first: Scenario, key: Key) -> None:
    """Show the list of similar plans where it was opened."""
    found = work.result(key)
    if found is MISSING or not st.session_state.get("near shown"):
        return
    with st.container(key="near-plans", border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            name = _say("name_fit", words)
            st.markdown(f"**{_say('near_heading', words, name=name, percent=_percent())}**")
            st.button(_say("near_close", words), key="near close", on_click=_toggle)
        some = [one for one in found if one.count]
        if not some:
            st.caption(_say("near_none", words))
        for one in some:
            _zone(desk, words, first, one)


def _zone(desk: Desk, words: Words, first: Scenario, near: tasks.NearPlans) -> None:
    label = next(zone.label for zone in first.result.zones if str(zone.label) == near.label)
    place = zone_name(label, first.villages, first.settings).text(words.language)
    key = "near_zone" if near.complete else "near_zone_more"
    with st.expander(plain(_say(key, words, place=place, count=f"{near.count:,}"))):
        for row, points in enumerate(near.points):
            lead_of = first.plan.lead_of.copy()
            lead_of[near.villages] = near.lead_of[row]
            other = int(changed_villages(first.plan.lead_of, lead_of).sum())
            with st.container(horizontal=True, vertical_alignment="center"):
                told = f"{points:+.1f}".replace("-", "−")
                st.caption(plain(_say("near_row", words, points=told, other=other)))
                name = _say("name_near", words, name=_say("name_fit", words), township=place)
                st.button(
                    _say("near_use", words),
                    key=f"near {near.label} {row}",
                    on_click=partial(_use, desk, name, first, near, row),
                )


def _use(desk: Desk, name: str, first: Scenario, near: tasks.NearPlans, row: int) -> None:
    desk.put(desk.free_name(name), tasks.near_scenario(first, near, row))
    session.go("adjust")


def _begin(work: Work, first: Scenario, key: Key) -> None:
    st.session_state["near shown"] = True
    work.begin(key, tasks.near_plans, first, WITHIN, MOST, SHOWN, SECONDS)


def _toggle() -> None:
    st.session_state["near shown"] = not st.session_state.get("near shown", False)


def _percent() -> str:
    return f"{100 * WITHIN:g}%"


def _say(key: str, words: Words, **params: object) -> str:
    return message(f"plans_step.{key}", words.language, **params)

"""The component itself: the one function that tests replace."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import streamlit as st
import streamlit.components.v1 as components

from liancun_geo import browser
from liancun_geo.studio.mapping.events import MOST_EVENTS, Event, parse_event

FRONTEND = Path(__file__).parent / "frontend"

_component = components.declare_component("village_map", path=str(FRONTEND))
# Nothing is shown of it: its files are served beside the map's own, which fetch them from there.
components.declare_component("browser", path=str(browser.FOLDER))


def village_map(
    static: Mapping[str, Any],
    state: Mapping[str, Any],
    on_event: Callable[[Event], None],
    key: str = "map",
    *,
    top_px: int = 48,
) -> None:
    """Show the map with its strip, tools and inspector, and hear what the planner does.

    Parameters
    ----------
    static
        Of :func:`static_payload`; sent only while the browser does not have it.
    state
        Of :func:`state_payload`.
    on_event
        Called once for each event, in order, before the page runs again.
    key
        Of the component.
    top_px
        Height of what stands above it: the map fills the rest of the window.
    """
    session = st.session_state
    heard = f"{key}.heard"
    session.setdefault(heard, 0)

    def hear() -> None:
        told = _told(session.get(key))
        pending = told.get("pending")
        for event in events_after(pending, session[heard], static):
            session[heard] = event.id
            on_event(event)
        # What was no event is acknowledged as well, or it would be sent for ever.
        session[heard] = max(session[heard], last_number(pending))

    have = _told(session.get(key)).get("have")
    with st.container(key=f"{key}-frame"):
        st.html(_style(f"{key}-frame", top_px))
        _component(
            static=None if have == static["id"] else static,
            id=static["id"],
            state=state,
            ack=session[heard],
            key=key,
            default=None,
            on_change=hear,
        )


def events_after(pending: object, heard: int, static: Mapping[str, Any]) -> list[Event]:
    """Return the events that were not heard yet, in order; what is no event is dropped.

    Parameters
    ----------
    pending
        What the browser sent.
    heard
        Number of the last event that was heard.
    static
        For the numbers of villages and townships.
    """
    if not isinstance(pending, list):
        return []
    sizes = int(static["n"]), len(static["townships"])
    read = (parse_event(one, *sizes) for one in pending[:MOST_EVENTS])
    once = {event.id: event for event in read if event is not None and event.id > heard}
    return [once[number] for number in sorted(once)]


def last_number(pending: object) -> int:
    """Return the highest number among what was sent, events or not; 0 for none."""
    seen = pending[:MOST_EVENTS] if isinstance(pending, list) else []
    numbers = [one.get("id") for one in seen if isinstance(one, Mapping)]
    return max((one for one in numbers if type(one) is int and 0 < one < 2**31), default=0)


def _told(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _style(name: str, top_px: int) -> str:
    frame = f".st-key-{name} iframe"
    return (
        f"<style>{frame}{{height:calc(100vh - {top_px}px) !important;min-height:480px;"
        f"width:100%;border:0;display:block}}.st-key-{name}{{gap:0}}"
        # A run of the page must not pale the map that a planner works on.
        f".st-key-{name} [data-stale]{{opacity:1 !important;transition:none !important}}</style>"
    )

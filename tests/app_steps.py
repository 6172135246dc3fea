"""What tests of the app do on its steps."""

from __future__ import annotations

import html
import re
import time
from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st
from streamlit.testing.v1 import AppTest

from liancun_geo.studio.mapping import parse_event


def written_map(
    static: Mapping[str, Any], state: Mapping[str, Any], on_event: Callable[[Any], None], **_: Any
) -> None:
    """Stand in for the map, which AppTest cannot run: write down what it is told.

    What a test puts into ``session_state["map asked"]`` is done first, as a click would be.
    """
    said = {name: state.get(name) for name in ("strip", "inspector", "toast", "township", "of")}
    said["words"] = [static["words"]["disclaimer"], static["words"]["demo"], *static["names"]]
    st.html("\n".join(html.escape(text, quote=False) for text in _texts(said)))
    asked = st.session_state.pop("map asked", None)
    if asked is not None:
        event = parse_event({"id": 1, **asked}, static["n"], len(static["townships"]))
        assert event is not None, asked
        on_event(event)
        st.rerun()


def _texts(value: Any) -> list[str]:
    if isinstance(value, Mapping):
        return [text for one in value.values() for text in _texts(one)]
    if isinstance(value, list | tuple):
        return [text for one in value for text in _texts(one)]
    return [] if value is None else [str(value)]


def choice(page: AppTest, key: str) -> Any:
    """Return the list to choose from in a place of the page, whatever its number is now."""
    return next(one for one in page.selectbox if re.fullmatch(rf"{key} \d+", str(one.key)))


def settled(page: AppTest, seconds: float = 180.0) -> AppTest:
    """Run until nothing is under way, as the page's polling does."""
    until, quiet = time.monotonic() + seconds, 0
    while time.monotonic() < until:
        page.run()
        assert not page.exception
        # Work may end while the page is put together: only the next look shows all of it.
        quiet = 0 if any("cancel" in str(one.key) for one in page.button) else quiet + 1
        if quiet == 2:
            return page
        if not quiet:
            # Looking costs as much as working: the work gets the time.
            time.sleep(0.5)
    raise AssertionError("the work does not end")


def use_fit(page: AppTest) -> None:
    """Wait for the plans of the step, and take the first."""
    settled(page)
    page.button(key="use fit").click().run()

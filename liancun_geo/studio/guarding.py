"""A button that fails is told in the planner's words, and the page goes on with what it has.

Callbacks run before the page does, outside of everything the page could catch: without this
Streamlit would take the page away and say something of its own.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any

import streamlit as st
from streamlit.runtime.forward_msg_queue import ForwardMsgQueue
from streamlit.runtime.state.common import WidgetMetadata

from liancun_geo.errors import Fault, FaultsError, error

__all__ = ["guard_callbacks", "guard_messages", "unexpected"]

_log = logging.getLogger(__name__)
_FAULTS, _GUARDED = "faults of a callback", "_liancun_guarded"


def guard_callbacks() -> None:
    """Guard the callbacks of all widgets from now on, wherever in the app they are given."""
    if getattr(WidgetMetadata, _GUARDED, False):
        return
    made = WidgetMetadata.__init__

    def guarded(self: Any, *args: Any, **kwargs: Any) -> None:
        made(self, *args, **kwargs)
        if self.callback is not None:
            # The one place through which every callback goes; the class itself is frozen.
            object.__setattr__(self, "callback", _guarded(self.callback))

    setattr(WidgetMetadata, "__init__", guarded)  # noqa: B010  # a method cannot be assigned
    setattr(WidgetMetadata, _GUARDED, True)


def guard_messages() -> None:
    """Let a part of the page that runs anew take back nothing that the browser was not told yet.

    A part may begin before the end of the whole page is on its way. Streamlit then drops what the
    whole page said of that part, but still says that the page is complete: the browser takes away
    what it was not told of, and the map loads anew under the planner's hand.
    """
    if getattr(ForwardMsgQueue, _GUARDED, False):
        return
    cleared = ForwardMsgQueue.clear

    def clear(
        self: Any,
        retain_lifecycle_msgs: bool = False,
        fragment_ids_this_run: list[str] | None = None,
    ) -> None:
        if retain_lifecycle_msgs and fragment_ids_this_run is not None:
            # What comes now goes behind what waits, never into its place.
            self._delta_index_map = {}
            return
        cleared(self, retain_lifecycle_msgs, fragment_ids_this_run)

    setattr(ForwardMsgQueue, "clear", clear)  # noqa: B010  # a method cannot be assigned
    setattr(ForwardMsgQueue, _GUARDED, True)


def unexpected() -> tuple[Fault, ...]:
    """Return what went wrong in the last callback; empty if it went well."""
    faults: tuple[Fault, ...] = st.session_state.get(_FAULTS, ())
    return faults


def _guarded(callback: Callable[..., Any]) -> Callable[..., None]:
    @wraps(callback)
    def run(*args: Any, **kwargs: Any) -> None:
        try:
            callback(*args, **kwargs)
        except FaultsError as cause:
            st.session_state[_FAULTS] = cause.faults
        except Exception as cause:
            _log.exception("a callback failed")
            st.session_state[_FAULTS] = (
                error("studio.callback_failed", cause=type(cause).__name__),
            )
        else:
            st.session_state.pop(_FAULTS, None)
            return
        # The box stands outside of the part of the page whose button it was.
        st.rerun()

    return run

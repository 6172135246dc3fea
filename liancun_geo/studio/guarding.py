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
from streamlit.runtime.state.common import WidgetMetadata

from liancun_geo.errors import Fault, FaultsError, error

__all__ = ["guard_callbacks", "unexpected"]

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

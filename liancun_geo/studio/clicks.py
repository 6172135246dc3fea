"""How often a button was clicked: clicks faster than the page follows would be told as one."""

from __future__ import annotations

import threading
from collections import Counter
from typing import Any

from streamlit.runtime.app_session import AppSession
from streamlit.runtime.scriptrunner import get_script_run_ctx

__all__ = ["clicks_of", "count_clicks"]

_COUNTED = "_liancun_counted"
_MOST_SESSIONS = 1000
_counts: dict[str, Counter[str]] = {}
_lock = threading.Lock()


def count_clicks() -> None:
    """Count the clicks of all buttons from now on, as they come from the browser.

    A click while the page runs ends that run, with what it was asked to do if it had not begun:
    of three quick clicks Streamlit answers the last.
    """
    if getattr(AppSession, _COUNTED, False):
        return
    requested = AppSession.request_rerun

    def request_rerun(self: Any, client_state: Any) -> None:
        states = client_state.widget_states.widgets if client_state else ()
        clicked = [one.id for one in states if one.trigger_value]
        if clicked:
            # Before it is asked for: the button may be answered at once.
            with _lock:
                _counts[self.id] = _counts.pop(self.id, Counter()) + Counter(clicked)
                while len(_counts) > _MOST_SESSIONS:
                    del _counts[next(iter(_counts))]
        requested(self, client_state)

    setattr(AppSession, "request_rerun", request_rerun)  # noqa: B010  # as in guarding
    setattr(AppSession, _COUNTED, True)


def clicks_of(key: str) -> int:
    """Return how often a button was clicked since it was answered last, for its callback.

    Parameters
    ----------
    key
        Of the button.

    Returns
    -------
    int
        1 where nobody counts. 0 if another run of the page was there first.
    """
    context = get_script_run_ctx()
    with _lock:
        counts = _counts.get(context.session_id if context else "")
        if counts is None:
            return 1
        # An id ends with the key that the button was given.
        return sum(counts.pop(one) for one in list(counts) if one.endswith(f"-{key}"))

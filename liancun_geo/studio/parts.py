"""Parts of the page that run again by themselves, in the same words as the whole page."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import streamlit as st

from liancun_geo.messages import speak_in_app


def part(show: Callable[..., Any], *, run_every: float | None = None) -> Callable[..., Any]:
    """Return a function that shows a part of the page which runs again without the rest.

    Each run has a thread of its own, and only a run of the whole page goes through what is set at
    its top: without this, sentences would name settings and commands as soon as a part runs alone,
    and whatever is told apart by its words would be another thing.

    Parameters
    ----------
    show
        Shows the part.
    run_every
        Seconds between its runs; None: only when something in it is clicked.
    """

    @functools.wraps(show)
    def spoken(*args: Any, **named: Any) -> Any:
        speak_in_app()
        return show(*args, **named)

    return st.fragment(spoken, run_every=run_every)

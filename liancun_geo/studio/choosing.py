"""A choice that shows what is in force, and hears of the planner's picks alone.

The browser sends what every widget says with whatever is done on the page, also what one said
before the page set it to something else. Taken at its word, such an echo undoes what was done:
the township goes back, the plan on show too. So no widget is ever set: what is to show something
else is another widget, and only one that says something new was picked from.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import streamlit as st

T = TypeVar("T")
_REMEMBERED = 8


@dataclass(eq=False)
class _Widgets:
    """The widgets that were shown in one place: the number of the last, what each said last."""

    number: int = 0
    said: dict[int, object] = field(default_factory=dict)

    def showing(self, value: object) -> int:
        """Return the number of the widget that shows a value, a new one if none does."""
        if self.number not in self.said or self.said[self.number] != value:
            self.number += 1
            self.said[self.number] = value
            self.said.pop(self.number - _REMEMBERED, None)
        return self.number


def choose(
    label: str,
    options: Sequence[T],
    value: T | None,
    pick: Callable[[T], object],
    *,
    key: str,
    control: Callable[..., object] | None = None,
    **told: Any,
) -> None:
    """Show a list to choose from.

    Parameters
    ----------
    label, options
        As for ``st.selectbox``.
    value
        In force, shown whatever the browser thinks; nothing is shown if it is no option.
    pick
        Given what the planner picks, before the page runs again.
    key
        Of the place on the page; the widget has a number behind it.
    control
        ``st.selectbox`` by default, or what takes a ``default`` as ``st.segmented_control`` does.
    told
        As for the control.
    """
    widgets: _Widgets = st.session_state.setdefault(f"{key} widgets", _Widgets())
    number = widgets.showing(value)
    place = options.index(value) if value in options else None
    shown = {"index": place} if control is None else {"default": value}
    (control or st.selectbox)(
        label,
        options,
        **shown,
        key=f"{key} {number}",
        on_change=_picked,
        args=(widgets, number, f"{key} {number}", tuple(options), pick),
        **told,
    )


def _picked(
    widgets: _Widgets,
    number: int,
    widget: str,
    options: tuple[object, ...],
    pick: Callable[[Any], object],
) -> None:
    said = st.session_state.get(widget)
    if number not in widgets.said or said is None or said == widgets.said[number]:
        return
    if said not in options:
        # Words of the other language, which the browser says until it shows the new ones.
        return
    widgets.said[number] = said
    pick(said)

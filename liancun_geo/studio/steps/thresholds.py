"""From where a village is small, weak or strong: what is in use, why, and its source."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import streamlit as st

from liancun_geo.studio.desk import Desk
from liancun_geo.studio.profile import Mark, Thresholds
from liancun_geo.studio.words import Words

PRESETS: Mapping[Mark, tuple[tuple[str, float | None], ...]] = MappingProxyType(
    {
        "small": (("zibo", 500.0),),
        "weak": (
            ("ledger", None),
            ("shandong_2020", 3.0),
            ("national_2019", 5.0),
            ("huzhou", 30.0),
        ),
        "strong": (("default_50", 50.0), ("default_100", 100.0)),
    }
)
"""Limits in use somewhere: key of the source, and the limit. They differ by place and year."""

OWN = "own"
"""Stands for a limit and a source of the planner's own."""


def of(desk: Desk) -> Thresholds:
    """Return the limits in force."""
    return Thresholds(
        small_persons=desk.settings.rules.small_village_persons,
        weak_wan_yuan=desk.weak_below_wan_yuan,
        strong_wan_yuan=desk.settings.types.strong_income_wan_yuan,
    )


def popover(desk: Desk, words: Words) -> None:
    """Show the limits with their sources, to be changed."""
    with st.popover(words("thresholds"), help=words("thresholds_help")):
        for mark in ("small", "weak", "strong"):
            _limit(desk, words, mark)


def _limit(desk: Desk, words: Words, mark: Mark) -> None:
    limits = of(desk)
    now = {
        "small": limits.small_persons,
        "weak": limits.weak_wan_yuan,
        "strong": limits.strong_wan_yuan,
    }[mark]
    presets = dict(PRESETS[mark])
    source = desk.sources.get(mark)
    chosen = next((key for key, limit in presets.items() if limit == now and not source), OWN)
    picked = st.selectbox(
        words(f"limit_{mark}"),
        (*presets, OWN),
        index=(*presets, OWN).index(chosen),
        format_func=lambda key: words(f"source_{key}"),
        key=f"source {mark}",
        help=words(f"limit_{mark}_help"),
    )
    if picked != OWN:
        if picked != chosen:
            desk.set_limit(mark, presets[picked], source="")
            st.rerun()
        return
    value = st.number_input(words(f"unit_{mark}"), 0.0, 1e6, float(now or 5.0), key=f"limit {mark}")
    said = st.text_input(words("own_source"), source or "", max_chars=80, key=f"own source {mark}")
    if (value, said or None) != (now, source):
        desk.set_limit(mark, value, source=said)
        st.rerun()

"""The map of the step 规则: barriers and links seen, drawn and taken away."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import streamlit as st

from liancun_geo.scenario import County
from liancun_geo.studio import lines_hand, mapping, session
from liancun_geo.studio.desk import WHOLE_COUNTY, Desk
from liancun_geo.studio.kept import Kept
from liancun_geo.studio.lines_hand import LinesHand
from liancun_geo.studio.mapping import Event, MapGeometry
from liancun_geo.studio.markup import shipped
from liancun_geo.studio.parts import part
from liancun_geo.studio.words import Words

__all__ = ["OPEN", "open_map", "show"]

OPEN = "rules map open"
_HAND, _HAND_OF = "lines hand", "lines hand of"

_statics: Kept[dict[str, Any]] = Kept(4)
_geometries: Kept[tuple[MapGeometry, County]] = Kept(2)


def open_map() -> None:
    """Show the map instead of the rules, for callbacks."""
    st.session_state[OPEN] = True
    st.session_state.pop(_HAND, None)


def show(desk: Desk, words: Words) -> None:
    """Show the map from edge to edge, with a way back to the rules."""
    st.html(f"<style>{shipped('bare.css')}{shipped('lines.css')}</style>")
    part(_map)(desk, words, _hand(desk))


def _hand(desk: Desk) -> LinesHand:
    """Return the hand on the map; another project, or other data, begin with an empty one."""
    held: LinesHand | None = st.session_state.get(_HAND)
    of, key = st.session_state.get(_HAND_OF, (None, None))
    if held is None or of is not desk or key != desk.inputs.key:
        held = LinesHand() if held is None else held.emptied()
        # The desk itself, so that no later one can have its identity.
        st.session_state[_HAND], st.session_state[_HAND_OF] = held, (desk, desk.inputs.key)
    return held


def _map(desk: Desk, words: Words, hand: LinesHand) -> None:
    session.keep()
    county = desk.county
    if county is None:
        return
    geometry = _geometries.get(
        id(county),
        lambda: (
            mapping.build_geometry(
                county.villages, barriers=county.barriers, bridges=county.bridges
            ),
            county,
        ),
    )[0]
    static = _statics.get(
        (geometry.key, words.language, desk.is_sample),
        lambda: mapping.static_payload(geometry, words.language, demo=desk.is_sample),
    )
    mapping.village_map(static, _state(desk, hand, geometry), partial(_hear, desk, hand), "lines")
    if hand.left:
        hand.left = False
        st.session_state.pop(OPEN, None)
        st.rerun()


def _hear(desk: Desk, hand: LinesHand, event: Event) -> None:
    hand.hear(desk, event)


def _state(desk: Desk, hand: LinesHand, geometry: MapGeometry) -> dict[str, Any]:
    note, now = hand.note, desk.settings.contiguity
    inspector: Any = lines_hand.panel(desk)
    return mapping.state_payload(
        np.full(geometry.n, -1, dtype=np.intp),
        [],
        [],
        township=WHOLE_COUNTY,
        selected=tuple(village for village in hand.selected if village < geometry.n),
        strip=lines_hand.strip(desk),
        inspector=inspector,
        can_undo=hand.can_undo,
        toast=None if note is None else {"id": note.number, "text": note.text, "undo": note.undo},
        lines=lines_hand.lines_state(desk.settings.contiguity_in_force, geometry.codes),
        mode="lines",
        rev=f"lines/{0 if note is None else note.number}/{len(now.drawn_barriers)}",
    )

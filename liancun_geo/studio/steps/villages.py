"""Villages: what is known of each, and the map coloured by it."""

from __future__ import annotations

import streamlit as st

from liancun_geo.studio import panels, session
from liancun_geo.studio.desk import WHOLE_COUNTY, Desk
from liancun_geo.studio.words import Words
from liancun_geo.villages import FIELDS


def show(desk: Desk, words: Words) -> None:
    """Show the villages of the county or of the township in view."""
    if desk.county is None:
        with st.container(key="lacking"):
            st.html(panels.lacking(words("lack_data"), words("lack_data_note")))
            st.button(
                words("to_data"), key="lack", type="primary", on_click=session.go, args=("data",)
            )
        return
    frame = desk.county.villages.frame.drop(columns="geometry")
    if desk.township != WHOLE_COUNTY:
        frame = frame[frame["township"] == desk.townships[desk.township]]
    st.dataframe(
        frame.rename(columns={name: getattr(FIELDS[name], words.language) for name in FIELDS}),
        hide_index=True,
        height=600,
    )

"""Villages: what is known of each, the map coloured by it, and corrections on record."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from liancun_geo.errors import FaultsError
from liancun_geo.output.picture.markup import add, markup, new
from liancun_geo.project import EDITABLE
from liancun_geo.studio import panels, session
from liancun_geo.studio.desk import WHOLE_COUNTY, Desk
from liancun_geo.studio.kept import Kept
from liancun_geo.studio.profile import (
    MARKS,
    Mark,
    Thresholds,
    chosen,
    classes_of,
    header,
    indicators,
    marked,
    table_of,
)
from liancun_geo.studio.profile_map import Outline, outline, profile_page
from liancun_geo.studio.steps import thresholds
from liancun_geo.studio.typed_cells import TypedCells
from liancun_geo.studio.words import Words
from liancun_geo.villages import FIELDS

_outlines: Kept[tuple[Outline, object]] = Kept(4)

Marks = dict[Mark, tuple[bool | None, ...]]


def show(desk: Desk, words: Words) -> None:
    """Show the villages of the county or of the township in view."""
    if desk.county is None:
        with st.container(key="lacking"):
            st.html(panels.lacking(words("lack_data"), words("lack_data_note")))
            st.button(
                words("to_data"), key="lack", type="primary", on_click=session.go, args=("data",)
            )
        return
    frame = desk.county.villages.frame
    limits = thresholds.of(desk)
    marks = marked(frame, limits)
    township = None if desk.township == WHOLE_COUNTY else desk.townships[desk.township]
    with st.container(key="village-head", horizontal=True, vertical_alignment="center"):
        only, text = _filters(words, marks, chosen(frame, marks, township, (), ""), limits)
        thresholds.popover(desk, words)
    shown = chosen(frame, marks, township, only, text)
    with st.container(key="village-columns", horizontal=True):
        with st.container(key="village-map"):
            _map(desk, words, marks)
        with st.container(key="village-table"):
            _table(desk, words, marks, shown)


def _filters(
    words: Words, marks: Marks, inside: np.ndarray[Any, Any], limits: Thresholds
) -> tuple[list[Mark], str]:
    """Show how many villages are small, weak and strong, as a filter; and the search."""
    counts = {
        mark: sum(bool(one) for one, here in zip(marks[mark], inside, strict=True) if here)
        for mark in MARKS
    }
    lines = {
        "small": f"{limits.small_persons:,g}",
        "weak": "" if limits.weak_wan_yuan is None else f"{limits.weak_wan_yuan:g}",
        "strong": f"{limits.strong_wan_yuan:g}",
    }

    def named(mark: Mark) -> str:
        if all(one is None for one in marks[mark]):
            # None found is not the same as nothing known.
            return words(f"marked_{mark}_unknown")
        key = "marked_weak_by_ledger" if mark == "weak" and not lines[mark] else f"marked_{mark}"
        return words(key, count=counts[mark], line=lines[mark])

    only = st.pills(
        words("only_marked"),
        MARKS,
        selection_mode="multi",
        format_func=named,
        key="only",
        label_visibility="collapsed",
        help=words("only_marked_help"),
    )
    text = st.text_input(
        words("find_village"),
        key="find village",
        placeholder=words("find_village"),
        label_visibility="collapsed",
        width=200,
    )
    return list(only), text


def _map(desk: Desk, words: Words, marks: Marks) -> None:
    assert desk.county is not None
    frame = desk.county.villages.frame
    fields = indicators(frame)
    if not fields:
        st.html(panels.quiet(words("no_indicators")))
        return
    field = st.selectbox(
        words("coloured_by"),
        fields,
        format_func=lambda one: header(one, words),
        key="coloured by",
        help=words("coloured_by_help"),
    )
    # The kept county stays alive with its drawing, so no other one can have its identity.
    drawn, _ = _outlines.get(id(frame), lambda: (outline(frame), frame))
    title = header(field, words)
    page = profile_page(
        drawn,
        classes_of(frame, field, words),
        marks,
        _tips(desk, words, field, title),
        title,
        words,
        None if desk.township == WHOLE_COUNTY else desk.township,
    )
    st.iframe(page, height=474, alt=title)


def _tips(desk: Desk, words: Words, field: str, title: str) -> list[str]:
    assert desk.county is not None
    frame = desk.county.villages.frame
    rows = zip(frame["name"], frame["township"], frame[field], strict=True)
    return [
        words(
            "village_tip",
            village=name,
            township=township,
            field=title,
            value=_said(value, words),
        )
        for name, township, value in rows
    ]


def _said(value: Any, words: Words) -> str:
    if isinstance(value, tuple | list):
        return words.listed(value) if value else words("none")
    if value is None or value != value or str(value) == "<NA>":
        return words("unknown")
    if isinstance(value, bool | np.bool_):
        return words("yes" if value else "no")
    return f"{value:,g}" if isinstance(value, int | float) else str(value)


def _table(desk: Desk, words: Words, marks: Marks, shown: np.ndarray[Any, Any]) -> None:
    """Show the table; what is changed in it waits for a name and a reason."""
    assert desk.county is not None
    frame = desk.county.villages.frame
    whole = table_of(frame, marks, words)
    table = whole[shown].set_index(whole.index[shown])
    typed = _typed()
    view = (words.language, tuple(table.index))
    key = f"profile {typed.open(desk.inputs.key, view)}"
    st.data_editor(
        typed.laid_over(table),
        key=key,
        hide_index=True,
        height=416,
        num_rows="fixed",
        placeholder=words("unknown"),
        disabled=[name for name in table.columns if name not in EDITABLE],
        column_config={name: _column(name, whole[name], words) for name in table.columns},
    )
    typed.take(st.session_state.get(key, {}).get("edited_rows", {}), table, EDITABLE)
    changes = [(village, name, value) for (village, name), value in typed.now.items()]
    with st.container(key="village-foot"):
        if changes:
            _sign(desk, words, changes)
        else:
            st.html(panels.quiet(words("edit_hint", count=int(shown.sum()))))
        _record(desk, words)


def _column(name: str, values: pd.Series[Any], words: Words) -> Any:
    label = header(name, words)
    if name in ("name", "marks"):
        return st.column_config.TextColumn(label, pinned=name == "name", width=108)
    kind = FIELDS[name].kind
    if kind == "flag":
        return st.column_config.CheckboxColumn(label)
    if kind in ("number", "year"):
        places = _decimals(values.to_numpy(dtype=np.float64, na_value=np.nan))
        # One number of decimals for the column, so that the digits stand under each other.
        form = "%d" if kind == "year" else f"%.{places}f" if places else "localized"
        return st.column_config.NumberColumn(label, format=form)
    return st.column_config.TextColumn(label, help=words("list_help") if kind == "tags" else None)


def _decimals(values: NDArray[np.float64]) -> int:
    """Return how many decimals, at most two, the numbers of a column need."""
    known = values[~np.isnan(values)]
    return next((n for n in (0, 1) if np.allclose(known, known.round(n), atol=1e-9)), 2)


def _sign(desk: Desk, words: Words, changes: list[tuple[int, str, Any]]) -> None:
    """Ask who changed it and why; nothing is changed before that."""
    with st.container(key="sign", horizontal=True, vertical_alignment="bottom"):
        st.text_input(
            words("corrected_by"),
            value=desk.by,
            key="corrected by",
            max_chars=40,
            width=140,
            disabled=session.signed_in(),
        )
        st.text_input(
            words("corrected_why"),
            key="corrected why",
            max_chars=200,
            placeholder=words("corrected_why_example"),
        )
        st.button(
            words("correct", count=len(changes)),
            key="correct",
            type="primary",
            on_click=_correct,
            args=(desk, changes, words),
        )
        st.button(words("undo_changes"), key="undo changes", on_click=_anew)


def _correct(desk: Desk, changes: list[tuple[int, str, Any]], words: Words) -> None:
    assert desk.county is not None
    codes = desk.county.villages.frame["code"]
    by = session.author(str(st.session_state["corrected by"]))
    reason = str(st.session_state["corrected why"]).strip()
    if not by or not reason:
        # Asked only now: the last word typed arrives with the very click that leaves its box.
        st.toast(words("correct_wants_sign"))
        return
    desk.by = by
    at = datetime.now().astimezone()
    try:
        wanted = [(str(codes.iloc[village]), name, value) for village, name, value in changes]
        desk.correct(wanted, by=desk.by, at=at, reason=reason)
    except FaultsError as cause:
        desk.faults = cause.faults
        return
    st.session_state["corrected why"] = ""
    _anew()


def _typed() -> TypedCells:
    typed: TypedCells = st.session_state.setdefault("typed cells", TypedCells())
    return typed


def _anew() -> None:
    _typed().forget()


def _record(desk: Desk, words: Words) -> None:
    """Show who changed what and why, the latest first."""
    if not desk.corrections:
        return
    assert desk.county is not None
    frame = desk.county.villages.frame
    names = dict(zip(frame["code"], frame["name"], strict=True))
    with st.expander(words("corrections", count=len(desk.corrections)), key="corrections"):
        box = new("div", class_="record")
        for one in reversed(desk.corrections):
            line = add(box, "div", class_="correction")
            what = words(
                "correction",
                village=names.get(one.code, one.code),
                field=getattr(FIELDS[one.field], words.language),
                before=_said(one.before, words),
                value=_said(one.value, words),
            )
            add(line, "span", what)
            when = one.at.astimezone().strftime("%Y-%m-%d %H:%M")
            signed = words("signed", by=one.by, at=when, reason=one.reason)
            add(line, "span", signed, class_="signed")
        st.html(markup(box))

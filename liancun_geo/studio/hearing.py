"""Consulting the townships from the page: workbooks out, answers in, applied as one step."""

from __future__ import annotations

import io
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import streamlit as st

from liancun_geo.editing import Draft, EditError
from liancun_geo.errors import DataError, Fault, error
from liancun_geo.messages import message
from liancun_geo.output.consultation import write_consultation
from liancun_geo.output.consultation_answers import Consultation, read_consultation
from liancun_geo.output.consultation_outcome import changes, write_outcome
from liancun_geo.output.picture.markup import add, markup, new
from liancun_geo.project.inputs import safe_name
from liancun_geo.scenario import Scenario
from liancun_geo.studio import panels
from liancun_geo.studio.desk import Desk
from liancun_geo.studio.parts import part
from liancun_geo.studio.solving import Solving
from liancun_geo.studio.words import Words

POLLED_S = 0.5
SECONDS = 5.0
"""For one of the solves."""
MOST_FILES = 200
_HEARING, _FAULTS = "hearing", "hearing faults"
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(eq=False)
class Hearing:
    """Answers that were read, and the search for the plan that follows from them.

    Attributes
    ----------
    start
        The draft that was asked about.
    said
        What was read.
    solving
        The search; its result is the draft after the answers.
    """

    start: Draft
    said: Consultation
    solving: Solving


def show_consultation(desk: Desk, words: Words) -> None:
    """Offer the workbooks, take the answers, show what follows, and apply it when asked to."""
    draft, scenario = desk.draft, desk.scenario
    if draft is None or scenario is None:
        return
    with st.container(key="consult-box"):
        st.html(panels.section(_say(words, "step_heading"), _say(words, "step_note")))
        st.download_button(
            _say(words, "step_write"),
            partial(consultation_zip, scenario, words.language),
            _say(words, "step_zip_name"),
            "application/zip",
            key="consult write",
            on_click="ignore",
            disabled=bool(scenario.violations),
        )
        if desk.current in desk.approved:
            st.html(panels.quiet(_say(words, "step_approved")))
            return
        files = st.file_uploader(
            _say(words, "step_read"),
            type=["xlsx"],
            accept_multiple_files=True,
            key="consult files",
        )
        st.button(
            _say(words, "step_take"),
            key="consult read",
            disabled=not files,
            on_click=_take,
            args=(desk, files or ()),
        )
        faults: tuple[Fault, ...] = st.session_state.get(_FAULTS, ())
        if faults:
            st.html(panels.fault_box(faults, words, kept=True))
        hearing: Hearing | None = st.session_state.get(_HEARING)
        if hearing is not None:
            busy = not hearing.solving.done()
            part(_panel, run_every=POLLED_S if busy else None)(desk, words, hearing, busy)
        elif draft.objections:
            told = _say(words, "step_kept", count=len(draft.objections))
            st.html(panels.quiet(told))


def consultation_zip(scenario: Scenario, language: Any) -> bytes:
    """Return the workbooks of all townships in one zip."""
    with tempfile.TemporaryDirectory(prefix="liancun-") as folder:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in write_consultation(scenario, folder, language=language):
                archive.write(path, path.name)
        return buffer.getvalue()


def read_uploaded(files: Sequence[tuple[str, bytes]], scenario: Scenario) -> Consultation:
    """Read workbooks that came through the browser.

    Raises
    ------
    DataError
        As :func:`~liancun_geo.output.consultation_answers.read_consultation`, and if there are
        more files than any county has townships.
    """
    if len(files) > MOST_FILES:
        raise DataError([error("consultation.too_many_files", most=MOST_FILES)])
    with tempfile.TemporaryDirectory(prefix="liancun-") as folder:
        paths = []
        for number, (name, content) in enumerate(files):
            # Two may have one name; each has a folder of its own.
            own = Path(folder) / str(number)
            own.mkdir()
            path = own / safe_name(name)
            path.write_bytes(content)
            paths.append(path)
        return read_consultation(paths, scenario)


def _say(words: Words, key: str, **params: object) -> str:
    return message(f"consultation.{key}", words.language, **params)


def _take(desk: Desk, files: Sequence[Any]) -> None:
    """Read the files and begin the search, for a callback."""
    st.session_state.pop(_HEARING, None)
    st.session_state.pop(_FAULTS, None)
    draft, scenario = desk.draft, desk.scenario
    if draft is None or scenario is None:
        return
    try:
        said = read_uploaded([(file.name, file.getvalue()) for file in files], scenario)
    except DataError as cause:
        st.session_state[_FAULTS] = tuple(cause.faults)
        return
    at, by = datetime.now().astimezone(), desk.by
    search = partial(draft.consulted, said.answers, at=at, seconds=SECONDS, by=by)
    st.session_state[_HEARING] = Hearing(
        draft, said, Solving(draft, lambda cancel: search(cancel=cancel))
    )


def _panel(desk: Desk, words: Words, hearing: Hearing, was_busy: bool) -> None:
    """Show how far the search is, then what follows from the answers."""
    done = hearing.solving.done()
    if (was_busy and done) or st.session_state.get(_HEARING) is not hearing:
        # A button in here runs no more than this part of the page.
        st.rerun()
    if not done:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(_say(words, "step_busy", count=len(hearing.said.answers)))
            st.button(_say(words, "step_stop"), key="consult stop", on_click=hearing.solving.cancel)
        return
    found = hearing.solving.result
    if not isinstance(found, Draft):
        faults = (
            found.faults if isinstance(found, EditError) else (error("adjust_step.solver_failed"),)
        )
        st.html(panels.fault_box(faults, words, kept=True))
        st.button(_say(words, "step_drop"), key="consult drop", on_click=_drop)
        return
    st.html(outcome(hearing, found, words))
    with st.container(horizontal=True):
        if desk.draft is hearing.start:
            st.button(
                _say(words, "step_apply"),
                key="consult apply",
                type="primary",
                on_click=_apply,
                args=(desk, found),
            )
        st.download_button(
            _say(words, "step_outcome"),
            partial(_outcome_file, hearing, found, words),
            "consultation_outcome.xlsx",
            _XLSX,
            key="consult outcome",
            on_click="ignore",
        )
        st.button(_say(words, "step_drop"), key="consult drop", on_click=_drop)
    if desk.draft is not hearing.start and desk.draft is not found:
        st.html(panels.quiet(_say(words, "step_changed")))


def outcome(hearing: Hearing, found: Draft, words: Words) -> str:
    """Return what was said, what could not be met and why, and who moves where."""
    language = words.language
    kinds = [answer.answer for answer in hearing.said.answers]
    counts = {kind: kinds.count(kind) for kind in ("agree", "disagree", "abstain")}
    box = new("div", class_="consulted")
    add(box, "p", _say(words, "read", **counts, silent=len(hearing.said.silent)), class_="plain")
    for note in hearing.said.notes:
        add(box, "p", note.text(language), class_="quiet")
    if found.told:
        add(box, "h4", _say(words, "conflicts_heading", count=len(found.told)))
        listed = add(box, "ul", class_="told")
        for fault in found.told:
            add(listed, "li", fault.text(language))
    moved = changes(hearing.start.scenario, found.scenario)
    if not moved:
        add(box, "h4", _say(words, "step_nobody"))
        return markup(box)
    add(box, "h4", _say(words, "moved_heading", count=len(moved)))
    listed = add(box, "ul", class_="told")
    names = hearing.start.proposal.villages.frame["name"].tolist()
    none = _say(words, "without_alliance")
    for village, before, after in moved:
        places = {"village": names[village], "before": before or none, "after": after or none}
        add(listed, "li", _say(words, "moved_line", **places))
    return markup(box)


def _outcome_file(hearing: Hearing, found: Draft, words: Words) -> bytes:
    before = hearing.start.scenario
    with tempfile.TemporaryDirectory(prefix="liancun-") as folder:
        path = Path(folder) / "outcome.xlsx"
        said = (found.objections, found.told)
        return write_outcome(
            before, found.scenario, *said, path, language=words.language
        ).read_bytes()


def _apply(desk: Desk, found: Draft) -> None:
    """Put the draft after the answers on the desk: one step, which can be undone."""
    try:
        desk.replace(found)
    except EditError as cause:
        st.session_state[_FAULTS] = tuple(cause.faults)
    _drop()


def _drop() -> None:
    st.session_state.pop(_HEARING, None)

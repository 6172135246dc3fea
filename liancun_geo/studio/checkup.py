"""The data check on the page: what was found, what is proposed, what is decided."""

from __future__ import annotations

import datetime as dt
import hashlib
import logging
from collections import Counter
from collections.abc import Sequence
from functools import partial

import streamlit as st

from liancun_geo.decision_conflicts import without_contradicted
from liancun_geo.decisions import Decision
from liancun_geo.doctor import Finding, Findings
from liancun_geo.errors import Fault, FaultsError
from liancun_geo.output.findings_map import findings_page
from liancun_geo.output.findings_words import LEVELS, level_of, verdict
from liancun_geo.settings import Settings
from liancun_geo.studio import panels, state
from liancun_geo.studio.deciding import (
    choice_key,
    choices_of,
    decisions_file,
    findings_file,
    first_proposals,
    read_uploaded,
    taken,
)
from liancun_geo.studio.inputs import Inputs, examine_inputs
from liancun_geo.studio.markup import Element, add, markup, new, shipped
from liancun_geo.studio.words import Words

_log = logging.getLogger(__name__)

_QUESTIONS_SHOWN = 20
_LISTED = 100
_MAP_AT_ONCE = 600  # villages; a larger map is drawn when asked for
_DECIDED, _SEEN, _FILE_FAULTS = "decided", "decisions_seen", "decisions_faults"


def decided(inputs: Inputs | None) -> tuple[Decision, ...]:
    """Return what was decided on the page so far; nothing is decided on the sample."""
    if inputs is None or inputs.is_sample:
        return ()
    found: tuple[Decision, ...] = st.session_state.get(_DECIDED, ())
    return found


def findings_of(words: Words, inputs: Inputs, settings: Settings) -> Findings | None:
    """Return the findings, examined anew only if files or reading changed.

    None for the sample, and if the upload itself is at fault or the program is, which is told.
    """
    if inputs.is_sample:
        return None
    key = settings.model_dump_json(
        include={
            "data": True,
            "fields": True,
            "contiguity": True,
            "travel": True,
            "decisions": True,
            "rules": {"zone_field"},
        }
    )
    try:
        return _examined(inputs.key, key, inputs, settings)
    except FaultsError:
        return None
    except Exception as cause:
        # The outermost edge: a planner never meets a traceback, the log keeps it.
        _log.exception("examining failed")
        st.html(panels.quiet(words("check_failed", cause=type(cause).__name__)))
        return None


# Handed out as they are, as the county is; nothing below changes what they hold.
@st.cache_resource(max_entries=8, show_spinner=False)
def _examined(key: str, reading: str, _inputs: Inputs, _settings: Settings) -> Findings:
    return examine_inputs(_inputs, _settings)


@st.cache_resource(max_entries=4, show_spinner=False)
def _map_of(key: str, language: str, _findings: Findings, _words: Words) -> str:
    return findings_page(_findings, _words.language)


def show(words: Words, inputs: Inputs, findings: Findings, *, kept: bool) -> None:
    """Show the data check.

    Parameters
    ----------
    words
        The language.
    inputs
        What was examined.
    findings
        From :func:`findings_of`.
    kept
        Whether an earlier plan stays on show below.
    """
    st.html(f"<style>{shipped('checkup.css')}</style>")
    with st.container(key="checkup"):
        st.html(_summary(findings, words, kept=kept))
        _files(words, inputs, findings)
        _questions(words, findings)
        _rest(words, findings)
        _map(words, inputs, findings)
        _in_force(words, decided(inputs))


def _summary(findings: Findings, words: Words, *, kept: bool) -> str:
    kind = "warn" if findings.questions else "good"
    box = new("div", class_=f"box {kind}" if findings.ok else "box error", role="status")
    if not findings.ok:
        key = "faults_heading_kept" if kept else "faults_heading"
        add(box, "div", words(key, count=len(findings.errors)), class_="heading")
    add(box, "div", verdict(findings, words.language), class_="heading" if findings.ok else "")
    counts = Counter(map(level_of, findings.findings))
    line = add(box, "div", class_="counts")
    for level in LEVELS:
        if counts[level]:
            count = words("level_count", level=words.said(f"level_{level}"), count=counts[level])
            add(line, "span", count, class_=f"level {level}")
    return markup(box)


def _files(words: Words, inputs: Inputs, findings: Findings) -> None:
    with st.container(key="checkup-files", horizontal=True, vertical_alignment="center"):
        for kind, mime in (
            ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
            ("html", "text/html"),
        ):
            st.download_button(
                words(f"findings_{kind}"),
                partial(findings_file, findings, kind, words.language),
                f"findings.{kind}",
                mime,
                key=f"findings {kind}",
                on_click="ignore",
                icon=":material/download:",
            )
        ours = decided(inputs)
        st.download_button(
            words("decisions_download", count=len(ours)),
            partial(decisions_file, ours, words.language),
            "decisions.toml",
            "application/toml",
            key="decisions download",
            on_click="ignore",
            disabled=not ours,
            icon=":material/download:",
        )
        file = st.file_uploader(
            words("decisions_upload"),
            type=["toml"],
            key="decisions_file",
            help=words("decisions_upload_help"),
        )
    _take_file(None if file is None else (file.name, file.getvalue()))
    faults: tuple[Fault, ...] = st.session_state.get(_FILE_FAULTS, ())
    if faults:
        st.html(panels.fault_box(faults, words, kept=False, heading="decisions_faults"))


def _take_file(file: tuple[str, bytes] | None) -> None:
    """Add the decisions of a file once; what is taken back afterwards stays so."""
    digest = None if file is None else hashlib.sha256(file[1]).hexdigest()
    if st.session_state.get(_SEEN) == digest:
        return
    st.session_state[_SEEN] = digest
    st.session_state[_FILE_FAULTS] = ()
    if file is None:
        return
    try:
        found = read_uploaded(*file)
    except FaultsError as cause:
        st.session_state[_FILE_FAULTS] = cause.faults
    else:
        _decide([one for one in found if one.confirmed])
    st.rerun()


def _decide(decisions: Sequence[Decision]) -> None:
    before: tuple[Decision, ...] = st.session_state.get(_DECIDED, ())
    # A new answer to an old question replaces the old one.
    st.session_state[_DECIDED] = without_contradicted(before, decisions)
    state.try_again()


def _questions(words: Words, findings: Findings) -> None:
    questions = findings.questions
    if not questions:
        return
    st.html(panels.heading(words("questions", count=len(questions))))
    first = 0
    if len(questions) > _QUESTIONS_SHOWN:
        starts = range(0, len(questions), _QUESTIONS_SHOWN)
        first = st.selectbox(
            words("questions_page"),
            starts,
            format_func=lambda at: words(
                "questions_range",
                first=at + 1,
                last=min(at + _QUESTIONS_SHOWN, len(questions)),
                count=len(questions),
            ),
            key="questions page",
            label_visibility="collapsed",
        )
    page = questions[min(first, len(questions) - 1) :][:_QUESTIONS_SHOWN]
    with st.container(key="checkup-confirm", horizontal=True, vertical_alignment="bottom"):
        by = st.text_input(
            words("decided_by"), key="decided by", help=words("decided_by_help"), width=220
        )
        chosen = _choices(page)
        st.button(
            words("confirm_chosen", count=len(chosen)),
            key="confirm chosen",
            type="primary",
            disabled=not chosen or not by.strip(),
            on_click=_confirm,
            args=(findings, page),
        )
        if len(page) > 1:
            st.button(
                words("choose_first"), key="choose first", on_click=_choose_first, args=(page,)
            )
    for finding in page:
        with st.container(border=True, key=f"question {finding.id}"):
            st.html(_entry(finding, words))
            st.radio(
                words("your_decision"),
                choices_of(finding),
                format_func=partial(_choice_words, words, finding),
                key=_widget(finding),
                horizontal=True,
                label_visibility="collapsed",
            )


def _choice_words(words: Words, finding: Finding, choice: int) -> str:
    return words(choice_key(finding, choice), number=choice + 1)


def _widget(finding: Finding) -> str:
    return f"choice {finding.id}"


def _choices(page: Sequence[Finding]) -> dict[str, int]:
    """Return what is chosen on a page, by id of the finding."""
    states = {one.id: st.session_state.get(_widget(one), -1) for one in page}
    return {name: choice for name, choice in states.items() if choice >= 0}


def _choose_first(page: Sequence[Finding]) -> None:
    choices = first_proposals(page, st.session_state.get(_DECIDED, ()))
    for finding in page:
        st.session_state[_widget(finding)] = choices[finding.id]


def _confirm(findings: Findings, page: Sequence[Finding]) -> None:
    by = str(st.session_state["decided by"]).strip()
    _decide(taken(findings, _choices(page), by=by, on=dt.date.today()))


def _entry(finding: Finding, words: Words) -> str:
    """Return a finding: how bad, where, what, why, and what can be done."""
    language = words.language
    level = level_of(finding)
    entry = new("div", class_=f"finding {level}")
    head = add(entry, "div", class_="head")
    add(head, "span", words.said(f"level_{level}"), class_=f"level {level}")
    add(head, "span", words.said(f"category_{finding.category}"))
    add(head, "span", finding.id, class_="id")
    place = finding.fault.where.text(language)
    if place:
        add(entry, "div", place, class_="where")
    add(entry, "div", finding.what(language))
    add(entry, "div", finding.why(language), class_="why")
    if not finding.is_question:
        add(entry, "div", finding.remedy(language), class_="remedy")
        return markup(entry)
    proposals = add(entry, "ol", class_="proposals")
    for fix in finding.fault.fixes:
        add(proposals, "li", fix.text(language))
    return markup(entry)


def _rest(words: Words, findings: Findings) -> None:
    """List what needs no choice: errors to correct in the files, warnings, notes."""
    closed = [one for one in findings.findings if not one.is_question]
    for level in LEVELS:
        found = [one for one in closed if level_of(one) == level]
        if not found:
            continue
        name = words("level_count", level=words.said(f"level_{level}"), count=len(found))
        with st.expander(name, expanded=level == "error", key=f"checkup {level}"):
            st.html("".join(_entry(one, words) for one in found[:_LISTED]))
            if len(found) > _LISTED:
                st.html(panels.quiet(words("more_in_workbook", count=len(found) - _LISTED)))


def _map(words: Words, inputs: Inputs, findings: Findings) -> None:
    shapes = findings.shapes
    if shapes is None or not len(shapes):
        return
    if st.toggle(words("show_findings_map"), len(shapes) <= _MAP_AT_ONCE, key="findings map"):
        key = inputs.key + decisions_file(findings.decisions, words.language).decode()
        page = _map_of(key, words.language, findings, words)
        st.iframe(page, height=560, alt=words("show_findings_map"))


def _in_force(words: Words, ours: Sequence[Decision]) -> None:
    if not ours:
        return
    st.html(panels.heading(words("decisions_in_force", count=len(ours))))
    for number, decision in enumerate(ours):
        line, button = st.columns([6, 1], vertical_alignment="center")
        line.html(_said(decision, words))
        button.button(
            words("take_back"), key=f"take back {number}", on_click=_take_back, args=(decision,)
        )


def _said(decision: Decision, words: Words) -> str:
    box: Element = new("div", class_="decision")
    add(box, "span", decision.text(words.language))
    signed = " ".join(str(one) for one in (decision.by, decision.on) if one)
    if signed:
        add(box, "span", signed, class_="signed")
    return markup(box)


def _take_back(decision: Decision) -> None:
    before: tuple[Decision, ...] = st.session_state.get(_DECIDED, ())
    st.session_state[_DECIDED] = tuple(one for one in before if one != decision)
    state.try_again()

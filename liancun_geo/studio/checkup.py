"""The data check on the page: what was found, what is proposed, what is decided."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from functools import partial

import streamlit as st

from liancun_geo.decisions import Decision
from liancun_geo.doctor import Finding, Findings
from liancun_geo.output.findings_map import findings_page
from liancun_geo.output.findings_words import LEVELS, level_of, verdict
from liancun_geo.output.picture.markup import Element, add, markup, new
from liancun_geo.studio import panels, session
from liancun_geo.studio.deciding import (
    choice_key,
    choices_of,
    decisions_file,
    findings_file,
    first_proposals,
    taken,
)
from liancun_geo.studio.desk import Desk
from liancun_geo.studio.kept import Kept
from liancun_geo.studio.words import Words

_QUESTIONS_SHOWN = 20
_LISTED = 100
_MAP_AT_ONCE = 600  # villages; a larger map is drawn when asked for

_maps: Kept[tuple[str, Findings]] = Kept(4)


def show(words: Words, desk: Desk, findings: Findings) -> None:
    """Show the data check: the list at the left, the map at the right.

    Parameters
    ----------
    words
        The language.
    desk
        Whose files were examined; it takes the decisions.
    findings
        Of its files.
    """
    with st.container(key="checkup"):
        st.html(_summary(findings, words))
        left, right = st.columns(2, gap="small")
        with left:
            _questions(words, desk, findings)
            _rest(words, findings)
            _in_force(words, desk)
        with right, st.container(key="checkup-side"):
            _map(words, desk, findings)
            _files(words, desk, findings)


def _summary(findings: Findings, words: Words) -> str:
    kind = "warn" if findings.questions else "good"
    box = new("div", class_=f"box {kind}" if findings.ok else "box error", role="status")
    if not findings.ok:
        add(box, "div", words("check_errors", count=len(findings.errors)), class_="heading")
    add(box, "div", verdict(findings, words.language), class_="heading" if findings.ok else "")
    counts = Counter(map(level_of, findings.findings))
    line = add(box, "div", class_="counts")
    for level in LEVELS:
        if counts[level]:
            count = words(f"count_{level}", count=counts[level])
            add(line, "span", count, class_=f"level {level}")
    return markup(box)


def _files(words: Words, desk: Desk, findings: Findings) -> None:
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
        st.download_button(
            words("decisions_download", count=len(desk.decisions)),
            partial(decisions_file, desk.decisions, words.language),
            "decisions.toml",
            "application/toml",
            key="decisions download",
            on_click="ignore",
            disabled=not desk.decisions,
            icon=":material/download:",
        )


def _questions(words: Words, desk: Desk, findings: Findings) -> None:
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
        st.session_state.setdefault("decided by", desk.by)
        by = st.text_input(
            words("decided_by"),
            key="decided by",
            help=words("decided_by_help"),
            width=220,
            disabled=session.signed_in(),
        )
        desk.by = session.author(by)
        chosen = _choices(page)
        st.button(
            words("confirm_chosen", count=len(chosen)),
            key="confirm chosen",
            type="primary",
            # Not without a name: it arrives with the very click that leaves its box.
            disabled=not chosen,
            on_click=_confirm,
            args=(desk, findings, page, words),
        )
        if len(page) > 1:
            st.button(
                words("choose_first"), key="choose first", on_click=_choose_first, args=(desk, page)
            )
    if not chosen or not desk.by:
        st.html(panels.quiet(words("confirm_wants_choice" if not chosen else "confirm_wants_name")))
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


def _choose_first(desk: Desk, page: Sequence[Finding]) -> None:
    choices = first_proposals(page, desk.decisions)
    for finding in page:
        st.session_state[_widget(finding)] = choices[finding.id]


def _confirm(desk: Desk, findings: Findings, page: Sequence[Finding], words: Words) -> None:
    desk.by = session.author(str(st.session_state["decided by"]))
    if not desk.by:
        st.toast(words("confirm_wants_name"))
        return
    desk.decide(taken(findings, _choices(page), by=desk.by, on=dt.date.today()))


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
    first = True
    for level in LEVELS:
        found = [one for one in closed if level_of(one) == level]
        if not found:
            continue
        name = words(f"count_{level}", count=len(found))
        with st.expander(name, expanded=first, key=f"checkup {level}"):
            first = False
            st.html("".join(_entry(one, words) for one in found[:_LISTED]))
            if len(found) > _LISTED:
                st.html(panels.quiet(words("more_in_workbook", count=len(found) - _LISTED)))


def _map(words: Words, desk: Desk, findings: Findings) -> None:
    shapes = findings.shapes
    if shapes is None or not len(shapes):
        return
    if len(shapes) > _MAP_AT_ONCE and not st.toggle(words("show_findings_map"), key="findings map"):
        return
    # Findings are kept by what they are of, so their identity stands for them while they live.
    page, _ = _maps.get(
        (id(findings), words.language),
        lambda: (findings_page(findings, words.language, listed=False), findings),
    )
    st.iframe(page, height=440, alt=words("show_findings_map"))


def _in_force(words: Words, desk: Desk) -> None:
    if not desk.decisions:
        return
    st.html(panels.heading(words("decisions_in_force", count=len(desk.decisions))))
    for number, decision in enumerate(desk.decisions):
        line, button = st.columns([4, 1.2], vertical_alignment="center")
        line.html(_said(decision, words))
        button.button(
            words("take_back"),
            key=f"take back {number}",
            on_click=desk.take_back,
            args=(decision,),
        )


def _said(decision: Decision, words: Words) -> str:
    box: Element = new("div", class_="decision")
    add(box, "span", decision.text(words.language))
    signed = " ".join(str(one) for one in (decision.by, decision.on) if one)
    if signed:
        add(box, "span", signed, class_="signed")
    return markup(box)

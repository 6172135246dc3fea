"""Handing over: what to look at before, approval by name, every file to download."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import streamlit as st

from liancun_geo.doctor import Findings
from liancun_geo.errors import FaultsError
from liancun_geo.messages import message
from liancun_geo.output.benefit_sheet import benefit_table
from liancun_geo.output.quality_sheet import quality_table
from liancun_geo.project.scenarios import LONGEST_NAME
from liancun_geo.scenario import Scenario
from liancun_geo.studio import cards_panel, listings, pack_panel, panels, session
from liancun_geo.studio.desk import Desk
from liancun_geo.studio.handing import Approval, Check, checks, made_now
from liancun_geo.studio.handing_panels import check_list, sheet_table
from liancun_geo.studio.hearing import show_consultation
from liancun_geo.studio.kept import Kept
from liancun_geo.studio.words import Words

_SURE = "approval asked"

_tables: Kept[tuple[str, Scenario]] = Kept(16)


def show(desk: Desk, words: Words) -> None:
    """Show whether the plan on the desk is ready, approve it, and offer its files."""
    draft, scenario = desk.draft, desk.scenario
    if draft is None or scenario is None:
        with st.container(key="lacking"):
            st.html(panels.lacking(words("lack_plan"), words("lack_plan_note")))
            st.button(
                words("to_plans"), key="lack", type="primary", on_click=session.go, args=("plans",)
            )
        return
    with st.container(key="export-parts"):
        left, right = st.columns([762, 486], gap="small")
        with left:
            found = checks(
                draft,
                scenario,
                made_now(scenario, desk.county, desk.settings),
                _findings(desk),
                words.language,
            )
            approved = desk.current in desk.approved
            st.html(check_list(found, words.language, approved=approved))
            _approval(desk, scenario, found, words)
        with right:
            _downloads(desk, scenario, words)
            show_consultation(desk, words)
        _sheets(scenario, words)


def _say(words: Words, key: str, **params: object) -> str:
    return message(f"export_step.{key}", words.language, **params)


def _findings(desk: Desk) -> Findings | None:
    try:
        return desk.findings()
    except FaultsError:
        return None


# --- approval ----------------------------------------------------------------------------------


def _approved(desk: Desk, scenario: Scenario) -> Approval | None:
    signed = desk.approved.get(desk.current or "")
    return None if signed is None else Approval(scenario, *signed)


def _approval(desk: Desk, scenario: Scenario, found: tuple[Check, ...], words: Words) -> None:
    """Ask for a name, ask once more, and keep the plan as it is under a name of its own."""
    approved = _approved(desk, scenario)
    with st.container(key="approve-box"):
        st.html(panels.section(_say(words, "approve_heading"), _say(words, "approve_note")))
        if approved is not None:
            at = approved.at.astimezone().strftime("%Y-%m-%d %H:%M")
            st.html(panels.plain(_say(words, "approved", by=approved.by, at=at)))
            return
        by = st.text_input(
            _say(words, "approver"),
            value=desk.by,
            key="approver",
            max_chars=60,
            placeholder=_say(words, "approver_hint"),
            disabled=session.signed_in(),
        )
        by = session.author(by)
        broken = any(one.state == "bad" for one in found)
        if st.session_state.get(_SURE) and by:
            st.html(panels.plain(_say(words, "approve_sure", by=by)))
            with st.container(horizontal=True):
                st.button(
                    _say(words, "approve_yes"),
                    key="approve-yes",
                    type="primary",
                    disabled=broken,
                    on_click=_approve,
                    args=(desk, by, words),
                )
                st.button(_say(words, "approve_no"), key="approve-no", on_click=_ask, args=(False,))
            return
        if st.session_state.get(_SURE):
            st.html(panels.plain(_say(words, "approver_missing")))
        st.button(
            _say(words, "approve"),
            key="approve",
            disabled=broken,
            on_click=_ask,
            args=(True,),
        )


def _ask(asked: bool) -> None:
    st.session_state[_SURE] = asked


def _approve(desk: Desk, by: str, words: Words) -> None:
    # Room for the words and a number within the longest name.
    short = (desk.current or "")[: LONGEST_NAME - 20]
    name = desk.free_name(_say(words, "approved_name", name=short))
    desk.by = desk.by or by
    session.approve(name, by)
    st.session_state[_SURE] = False


# --- downloads ---------------------------------------------------------------------------------


def _downloads(desk: Desk, scenario: Scenario, words: Words) -> None:
    approved = _approved(desk, scenario)
    record = None if approved is None else approved.as_json()
    with st.container(key="download-box"):
        st.html(panels.section(_say(words, "downloads"), ""))
        pack_panel.show(desk, scenario, record, words)
        cards_panel.show(scenario, words)


# --- what is in the files ----------------------------------------------------------------------


def _sheets(scenario: Scenario, words: Words) -> None:
    """Show one sheet at a time: measures of a large county take seconds, and only when asked."""
    builders: dict[str, Callable[[], str]] = {
        "alliances": partial(listings.alliance_table, scenario, words),
        "left_out": partial(listings.left_out_table, scenario, words),
        "quality": lambda: sheet_table(quality_table(scenario, words.language)),
        "benefit": lambda: sheet_table(benefit_table(scenario, words.language)),
    }
    count = len(scenario.unassigned)
    chosen = st.segmented_control(
        _say(words, "sheets"),
        list(builders),
        default="alliances",
        format_func=lambda name: _say(words, f"tab_{name}", count=count),
        key="export sheet",
        label_visibility="collapsed",
        width="content",
    )
    name = chosen or "alliances"
    # With the scenario it was made of, so that no other one takes over its identity.
    key = (name, id(scenario), words.language)
    table, _ = _tables.get(key, partial(_made, builders[name], scenario))
    st.html(table)


def _made(build: Callable[[], str], scenario: Scenario) -> tuple[str, Scenario]:
    return build(), scenario

"""Two plans side by side: where they differ on the map, village by village, figure by figure."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import streamlit as st

from liancun_geo.compare import (
    Difference,
    Figures,
    Kept,
    best_keeping,
    difference,
    figures,
    reasons,
)
from liancun_geo.editing import Draft
from liancun_geo.output.difference_list import difference_table, write_difference_list
from liancun_geo.output.picture.scene import Scene, build_scene
from liancun_geo.scenario import Scenario
from liancun_geo.studio import compare_panels as panel
from liancun_geo.studio import panels, session
from liancun_geo.studio.colouring import painted
from liancun_geo.studio.comparing import SIDES, Side, difference_page
from liancun_geo.studio.desk import WHOLE_COUNTY, Desk, scenario_of
from liancun_geo.studio.kept import Kept as Cache
from liancun_geo.studio.small_map import beside
from liancun_geo.studio.words import Words

_SECONDS = 10.0

# What a value was made of is kept with it, so that no other object takes over its identity.
_scenes: Cache[Scene] = Cache(8)
_beside: Cache[tuple[Scene, Scene]] = Cache(16)
_pages: Cache[tuple[str, Scene, Scene]] = Cache(32)
_answers: Cache[tuple[Kept, Scenario, Scenario]] = Cache(8)


@dataclass(frozen=True, eq=False)
class Choice:
    """A plan that can be chosen: a draft as it is now, or as it was proposed."""

    name: str
    scenario: Scenario
    draft: Draft | None = None

    def figures(self, judge: Scenario) -> Figures:
        """Return its figures; of a draft with edits, its own proof."""
        found = figures(self.scenario, judged_by=judge)
        if self.draft is None or not self.draft.cursor:
            return found
        standing = self.draft.standing
        return replace(found, most=standing.most, gap=standing.gap)

    def reasons(self) -> Mapping[str, str]:
        """Return the reasons of its log by village code."""
        return {} if self.draft is None else reasons(self.draft.entries[: self.draft.cursor])


def choices(desk: Desk, say: panel.Said) -> dict[str, Choice]:
    """Return all plans on the desk, and the proposals of those that were edited, by name."""
    found = {}
    for name, draft in desk.drafts.items():
        if draft.cursor:
            original = say("original", name=name)
            found[original] = Choice(original, draft.proposal)
        found[name] = Choice(name, scenario_of(draft), draft)
    return found


def show(desk: Desk, words: Words) -> None:
    """Show two of the plans on the desk beside each other."""
    say = panel.Said(words)
    if not desk.drafts:
        _lacking(words("lack_plan"), words("lack_plan_note"), words("to_plans"), "plans")
        return
    found = choices(desk, say)
    if len(found) < 2:
        _lacking(say("one_plan"), say("one_plan_note"), say("to_adjust"), "adjust")
        return
    first, second = _chosen(desk, found, say)
    told = difference(first.scenario, second.scenario)
    side = _heading(told, say)
    one = _in_lasting_colours(
        desk, _scenes.get(id(first.scenario), lambda: build_scene(first.scenario))
    )
    pair = (id(one), id(second.scenario))
    _, other = _beside.get(pair, lambda: (one, beside(one, second.scenario)))
    other = _in_lasting_colours(desk, other)
    left, right = st.columns([762, 486], gap="small")
    with left, st.container(key="compare-map"):
        township = None if desk.township == WHOLE_COUNTY else desk.township
        key = (id(one), id(other.scenario), other.colours, words.language, side, township)

        def draw() -> tuple[str, Scene, Scene]:
            page = difference_page(one, other, told, words, side=side, township=township)
            return page, one, other

        page, *_ = _pages.get(key, draw)
        st.iframe(page, height=360, alt=say("map"))
    figures_of = first.figures(first.scenario), second.figures(first.scenario)
    with right:
        _moved(first, second, one, other, told, say)
        st.html(panel.figure_table(*figures_of, say))
        if not told.same_rules:
            st.html(panels.quiet(say("other_rules")))
    if told.moved or told.leads:
        _best(desk, first, second, told, figures_of[1], say)


def _in_lasting_colours(desk: Desk, scene: Scene) -> Scene:
    """Return the drawing of a plan in the colours its alliances have in every other step."""
    colours = desk.colouring.of_plan(scene.scenario)
    if colours == scene.colours:
        return scene
    return _scenes.get((id(scene.scenario), colours), lambda: painted(scene, colours))


def _lacking(what: str, note: str, button: str, to: str) -> None:
    with st.container(key="lacking"):
        st.html(panels.lacking(what, note))
        st.button(button, key="lack", type="primary", on_click=session.go, args=(to,))


def _chosen(desk: Desk, found: Mapping[str, Choice], say: panel.Said) -> tuple[Choice, Choice]:
    """Return the plans chosen: at first the plan on show, beside its own proposal or the first."""
    names = list(found)
    state = st.session_state
    current = desk.current if desk.current in found else names[-1]
    original = say("original", name=current)
    usual = original if original in found else next(n for n in names if n != current)
    if state.get("compare second") not in found:
        state["compare second"] = current
    if state.get("compare first") not in found:
        state["compare first"] = usual
    # Widgets that were not on the page forget their value: it is kept apart from them.
    with st.container(key="compare-choice", horizontal=True, vertical_alignment="center"):
        _choice("compare first", names, say("choose_first"))
        st.button(
            "⇄",
            key="compare swap",
            help=say("swap"),
            on_click=_swap,
        )
        _choice("compare second", names, say("choose_second"))
    return found[state["compare first"]], found[state["compare second"]]


def _choice(kept: str, names: list[str], label: str) -> None:
    state = st.session_state
    widget = f"{kept} choice"
    state[widget] = state[kept]
    st.html(f'<span class="side-name">{label}</span>')
    st.selectbox(
        label,
        names,
        key=widget,
        label_visibility="collapsed",
        on_change=lambda: state.update({kept: state[widget]}),
        width=240,
    )


def _swap() -> None:
    state = st.session_state
    state["compare first"], state["compare second"] = (
        state["compare second"],
        state["compare first"],
    )


def _heading(told: Difference, say: panel.Said) -> Side:
    with st.container(key="compare-heading", horizontal=True, vertical_alignment="center"):
        st.html(panel.heading(told, say))
        side: Side | None = st.segmented_control(
            say("show"),
            SIDES,
            default="difference",
            format_func=lambda one: say(f"show_{one}"),
            key="compare side",
            label_visibility="collapsed",
            width="content",
        )
    return side or "difference"


def _moved(
    first: Choice, second: Choice, one: Scene, other: Scene, told: Difference, say: panel.Said
) -> None:
    with st.container(key="compare-moved"):
        with st.container(key="compare-moved-head", horizontal=True, vertical_alignment="center"):
            st.html(f"<h3>{say('moved')}</h3>")
            if told.moved or told.leads:
                st.download_button(
                    say("download"),
                    partial(_listed, first, second, told, say),
                    say("file_name"),
                    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
                    key="compare download",
                    type="tertiary",
                    on_click="ignore",
                )
        st.html(panel.moved_table(one, other, told, second.reasons(), say))


def _listed(first: Choice, second: Choice, told: Difference, say: panel.Said) -> bytes:
    names = first.name, second.name
    table = difference_table(second.scenario, told, names, say.language, second.reasons())
    with tempfile.TemporaryDirectory(prefix="liancun-") as folder:
        path = Path(folder) / "list.xlsx"
        write_difference_list(second.scenario, path, table, language=say.language)
        return path.read_bytes()


def _best(
    desk: Desk,
    first: Choice,
    second: Choice,
    told: Difference,
    figures_of: Figures,
    say: panel.Said,
) -> None:
    """Ask for the best plan that keeps the changes, show it, and keep it as a plan."""
    state = st.session_state
    before = state.get("compare asked", (None, None))
    asked = before[0] is first.scenario and before[1] is second.scenario
    with st.container(key="compare-best", horizontal=True, vertical_alignment="center"):
        place = st.empty()
        buttons = st.empty()
        if not asked:
            place.html(panel.best_box(figures_of, None, None, len(told.moved), say))
            if not buttons.button(say("best_button"), key="compare ask"):
                return
            with place, st.spinner(say("best_working")):
                _answer(first, second)
            state["compare asked"] = first.scenario, second.scenario
            st.rerun()
        kept = _answer(first, second)
        total = figures(kept.scenario, judged_by=first.scenario).total
        place.html(panel.best_box(figures_of, kept, total, len(told.moved), say))
        better = bool(kept.difference.moved or kept.difference.leads)
        if not better or kept.scenario.violations:
            return
        with buttons.container(horizontal=True, width="content"):
            shown = bool(state.get("compare shown"))
            st.button(
                say("best_hide" if shown else "best_show"),
                key="compare show",
                on_click=lambda: state.update({"compare shown": not shown}),
            )
            st.button(
                say("best_save"),
                key="compare save",
                on_click=_save,
                args=(desk, second.name, kept, say),
            )
    if state.get("compare shown"):
        st.html(panel.best_moves(kept, say))


def _answer(first: Choice, second: Choice) -> Kept:
    one, other = first.scenario, second.scenario

    def solve() -> tuple[Kept, Scenario, Scenario]:
        kept = best_keeping(one, other, seconds=_SECONDS, workers=os.cpu_count() or 1)
        return kept, one, other

    return _answers.get((id(one), id(other)), solve)[0]


def _save(desk: Desk, name: str, kept: Kept, say: panel.Said) -> None:
    saved = desk.free_name(say("best_name", name=name))
    desk.put(saved, kept.scenario)
    st.session_state["compare second"] = saved
    st.session_state["compare shown"] = False
    st.toast(say("best_saved", name=saved))

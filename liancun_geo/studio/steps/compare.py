"""Two or three plans side by side: where they differ on the map, by village, by figure."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Literal

import streamlit as st

from liancun_geo.compare import Difference, Figures, difference, figures, reasons
from liancun_geo.editing import Draft
from liancun_geo.errors import FaultsError
from liancun_geo.output.difference_list import difference_table, write_difference_list
from liancun_geo.output.picture.markup import new
from liancun_geo.output.picture.scene import Scene, build_scene
from liancun_geo.scenario import Scenario
from liancun_geo.studio import compare_best, panels, session
from liancun_geo.studio import compare_panels as panel
from liancun_geo.studio.choosing import choose
from liancun_geo.studio.colouring import painted
from liancun_geo.studio.comparing import Side, difference_page
from liancun_geo.studio.desk import WHOLE_COUNTY, Desk, scenario_of
from liancun_geo.studio.kept import Kept as Cache
from liancun_geo.studio.plan_menu import plan_menu
from liancun_geo.studio.small_map import beside
from liancun_geo.studio.words import Words

Shown = Literal["first", "second", "third", "difference", "difference_second", "difference_third"]
_KEPT = {place: f"compare {place}" for place in panel.PLACES}
"""Where the session keeps which plans are chosen."""

# What a value was made of is kept with it, so that no other object takes over its identity.
_scenes: Cache[Scene] = Cache(8)
_beside: Cache[tuple[Scene, Scene]] = Cache(16)
_pages: Cache[tuple[str, Scene, Scene, Figures]] = Cache(32)


@dataclass(frozen=True, eq=False)
class Choice:
    """A plan that can be chosen: one of the desk as it is now, or as it was proposed.

    Nothing is read from file before somebody asks for the plan itself.
    """

    name: str
    desk: Desk
    plan: str
    proposed: bool = False

    @property
    def draft(self) -> Draft:
        """The plan with its edits."""
        return self.desk.drafts[self.plan]

    @property
    def scenario(self) -> Scenario:
        """The plan itself."""
        return self.draft.proposal if self.proposed else scenario_of(self.draft)

    @property
    def note(self) -> str:
        """The planner's words beside it."""
        return "" if self.proposed else self.desk.notes.get(self.plan, "")

    def figures(self, judge: Scenario) -> Figures:
        """Return its figures; of a draft with edits, its own proof."""
        found = figures(self.scenario, judged_by=judge)
        if self.proposed or not self.draft.cursor:
            return found
        standing = self.draft.standing
        return replace(found, most=standing.most, gap=standing.gap)

    def reasons(self) -> Mapping[str, str]:
        """Return the reasons of its log by village code."""
        return {} if self.proposed else reasons(self.draft.entries[: self.draft.cursor])


def choices(desk: Desk, say: panel.Said) -> dict[str, Choice]:
    """Return all plans on the desk, and the proposals of those that were edited, by name."""
    found = {}
    for name in desk.drafts:
        if desk.drafts.cursor(name):
            original = say("original", name=name)
            found[original] = Choice(original, desk, name, proposed=True)
        found[name] = Choice(name, desk, name)
    return found


def show(desk: Desk, words: Words) -> None:
    """Show two or three of the plans on the desk beside each other."""
    say = panel.Said(words)
    if not desk.drafts:
        _lacking(words("lack_plan"), words("lack_plan_note"), words("to_plans"), "plans")
        return
    found = choices(desk, say)
    if len(found) < 2:
        _lacking(say("one_plan"), say("one_plan_note"), say("to_adjust"), "adjust")
        return
    chosen = _chosen(desk, found, words, say)
    try:
        plans = [one.scenario for one in chosen]
    except FaultsError as cause:
        st.html(panels.fault_box(cause.faults, words, heading="project_faults"))
        return
    shown = _shown(chosen)
    at = 2 if shown in ("third", "difference_third") else 1
    told = difference(plans[0], plans[at])
    other = say(f"show_{panel.PLACES[at]}")
    _heading(told, chosen, at, other, say)
    judged = [one.figures(plans[0]) for one in chosen]
    _picture(desk, words, chosen, judged, at, told, say)
    if told.moved or told.leads:

        def keep(saved: str) -> None:
            st.session_state[_KEPT[panel.PLACES[at]]] = saved

        asked = compare_best.Asked(
            chosen[at].name, plans[0], plans[at], judged[at], len(told.moved), other
        )
        compare_best.show(desk, asked, say, keep)


def _picture(
    desk: Desk,
    words: Words,
    chosen: list[Choice],
    judged: list[Figures],
    at: int,
    told: Difference,
    say: panel.Said,
) -> None:
    """Show the map with its tables, one page that marks a village and its row together."""
    first, second = chosen[0].scenario, chosen[at].scenario
    one = _in_lasting_colours(desk, _scenes.get(id(first), lambda: build_scene(first)))
    pair = (id(one), id(second))
    _, drawn = _beside.get(pair, lambda: (one, beside(one, second)))
    other = _in_lasting_colours(desk, drawn)
    shown = st.session_state.get("compare side") or "difference"
    side: Side = "difference"
    if shown in panel.PLACES:
        side = "first" if shown == "first" else "second"
    township = None if desk.township == WHOLE_COUNTY else desk.township
    named = say(f"show_{panel.PLACES[at]}")
    noted = tuple(chosen[at].reasons().items())
    key = (id(one), id(second), other.colours, words.language, side, township)

    def draw() -> tuple[str, Scene, Scene, Figures]:
        moved = panel.moved_table(one, other, told, dict(noted), named, say)
        moved.insert(0, new("h2", say("moved")))
        tables = (moved, panel.figure_table(judged, say))
        page = difference_page(
            one, other, told, words, side=side, township=township, other=named, beside=tables
        )
        return page, one, other, judged[0]

    page, *_ = _pages.get((*key, named, noted, tuple(judged)), draw)
    with st.container(key="compare-map"):
        st.iframe(page, height=470, alt=say("map"))


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


def _chosen(desk: Desk, found: Mapping[str, Choice], words: Words, say: panel.Said) -> list[Choice]:
    """Return the plans chosen: at first the plan on show, beside its own proposal or the first."""
    names = list(found)
    state = st.session_state
    current = desk.current if desk.current in found else names[-1]
    original = say("original", name=current)
    usual = original if original in found else next(n for n in names if n != current)
    if state.get(_KEPT["second"]) not in found:
        state[_KEPT["second"]] = current
    if state.get(_KEPT["first"]) not in found:
        state[_KEPT["first"]] = usual
    if state.get(_KEPT["third"]) not in found:
        state[_KEPT["third"]] = None
    # Widgets that were not on the page forget their value: it is kept apart from them.
    with st.container(key="compare-choice", horizontal=True, vertical_alignment="center"):
        _choice("first", found, desk, words, say)
        st.button("⇄", key="compare swap", help=say("swap"), on_click=_swap)
        _choice("second", found, desk, words, say)
        if state[_KEPT["third"]] is not None:
            _choice("third", found, desk, words, say)
            drop = say("drop_third")
            st.button("✕", key="compare drop", type="tertiary", help=drop, on_click=_drop)
        else:
            rest = [n for n in names if n not in (state[_KEPT["first"]], state[_KEPT["second"]])]
            if rest:
                st.button(
                    say("add_third"),
                    key="compare add",
                    type="tertiary",
                    on_click=_add,
                    args=(rest[-1],),
                )
    kept = [state[_KEPT[place]] for place in panel.PLACES]
    return [found[name] for name in kept if name is not None]


def _choice(
    place: str, found: Mapping[str, Choice], desk: Desk, words: Words, say: panel.Said
) -> None:
    state, kept = st.session_state, _KEPT[place]
    label = say(f"choose_{place}")
    st.html(f'<span class="side-name">{label}</span>')
    choose(
        label,
        list(found),
        state[kept],
        lambda name: state.update({kept: name}),
        key=f"{kept} choice",
        label_visibility="collapsed",
        width=190,
    )
    choice = found[state[kept]]
    if not choice.proposed:
        plan_menu(desk, words, choice.plan, place, _renamed)


def _renamed(name: str, new: str) -> None:
    """Let the choices follow a plan that has another name now."""
    for kept in _KEPT.values():
        if st.session_state.get(kept) == name:
            st.session_state[kept] = new


def _swap() -> None:
    state = st.session_state
    one, other = _KEPT["first"], _KEPT["second"]
    state[one], state[other] = state[other], state[one]


def _add(name: str) -> None:
    st.session_state[_KEPT["third"]] = name
    st.session_state["compare side"] = "difference_third"


def _drop() -> None:
    st.session_state[_KEPT["third"]] = None
    st.session_state["compare side"] = "difference"


def _shown(chosen: list[Choice]) -> Shown:
    """Return what is shown, as far as it is there to be shown."""
    three = len(chosen) > 2
    state = st.session_state
    shown: Shown = state.get("compare side") or "difference"
    if shown not in _sides(three):
        shown = "difference_second" if three else "difference"
    state["compare side"] = shown
    return shown


def _sides(three: bool) -> tuple[Shown, ...]:
    if three:
        return ("first", "second", "third", "difference_second", "difference_third")
    return ("first", "second", "difference")


def _heading(told: Difference, chosen: list[Choice], at: int, other: str, say: panel.Said) -> None:
    with st.container(key="compare-heading", horizontal=True, vertical_alignment="center"):
        st.html(panel.heading(told, other, chosen[at].note, say))
        with st.container(
            key="compare-shown", horizontal=True, vertical_alignment="center", width="content"
        ):
            if told.moved or told.leads:
                st.download_button(
                    say("download"),
                    partial(_listed, chosen[0], chosen[at], told, say),
                    say("file_name"),
                    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
                    key="compare download",
                    type="tertiary",
                    on_click="ignore",
                )
            st.segmented_control(
                say("show"),
                _sides(len(chosen) > 2),
                format_func=lambda one: say(f"show_{one}"),
                key="compare side",
                required=True,
                label_visibility="collapsed",
                width="content",
            )


def _listed(first: Choice, second: Choice, told: Difference, say: panel.Said) -> bytes:
    names = first.name, second.name
    table = difference_table(second.scenario, told, names, say.language, second.reasons())
    with tempfile.TemporaryDirectory(prefix="liancun-") as folder:
        path = Path(folder) / "list.xlsx"
        write_difference_list(second.scenario, path, table, language=say.language)
        return path.read_bytes()

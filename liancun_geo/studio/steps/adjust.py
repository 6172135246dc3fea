"""The plan on the map: select, move, lock, undo, and the solver for the rest."""

from __future__ import annotations

import math
import threading
from datetime import datetime
from functools import partial
from typing import Any

import numpy as np
import streamlit as st

from liancun_geo.editing import Draft
from liancun_geo.messages import Language, message
from liancun_geo.plan import UNASSIGNED
from liancun_geo.scenario import County, Scenario
from liancun_geo.solve.near_optimal import NearPlans
from liancun_geo.studio import mapping, panels, session
from liancun_geo.studio.adjust_panels import Panels, saved_at
from liancun_geo.studio.desk import WHOLE_COUNTY, Desk, done
from liancun_geo.studio.hand import Hand, township_of
from liancun_geo.studio.kept import Kept
from liancun_geo.studio.lines_hand import lines_state
from liancun_geo.studio.mapping import Event, MapGeometry
from liancun_geo.studio.parts import part
from liancun_geo.studio.profile import Thresholds, marked
from liancun_geo.studio.words import Words
from liancun_geo.why import Explainer
from liancun_geo.why.ground import Ground

WAITED_S = 0.8
"""How long a search is awaited before the page says that it is running."""

WAITED_BEST_S = 0.25
"""How long the first look at a township waits for its best moves."""

_geometries: Kept[tuple[MapGeometry, County]] = Kept(4)
_statics: Kept[dict[str, Any]] = Kept(8)
_grounds: Kept[tuple[Ground, Scenario]] = Kept(8)
_weaks: Kept[tuple[tuple[bool | None, ...], Scenario]] = Kept(8)
_near: Kept[tuple[dict[int, NearPlans | None], Scenario]] = Kept(8)


def show(desk: Desk, words: Words) -> None:
    """Show the plan on the desk on the map, with everything that can be done to it."""
    if desk.draft is None or desk.county is None:
        _nothing(words)
        return
    if desk.township == WHOLE_COUNTY and "adjust" not in desk.visited and len(desk.townships) > 1:
        # The township is the unit of work; the whole county is one click away.
        desk.visited.add("adjust")
        desk.view(first_township(desk, desk.draft))
        st.rerun()
    part(_map)(desk, words, _hand(desk), _outside(desk))


def _outside(desk: Desk) -> tuple[object, ...]:
    """Return what of the plan is shown outside the map: ticks of the steps, failures of saving."""
    saved = session.saved()
    return dict(done(desk)), bool(saved.faults), saved.conflict is None


def _nothing(words: Words) -> None:
    with st.container(key="lacking"):
        said = partial(message, language=words.language)
        st.html(panels.lacking(said("adjust_step.lack_plan"), said("adjust_step.lack_plan_note")))
        st.button(
            words("to_plans"), key="lack", type="primary", on_click=session.go, args=("plans",)
        )


def _hand(desk: Desk) -> Hand:
    """Return the hand on the plan on show; another county's plan begins with an empty one."""
    key = f"hand {id(desk)} {desk.inputs.key} {desk.current}"
    if st.session_state.get("hand of") != key:
        before: Hand = st.session_state.get("hand") or Hand()
        st.session_state["hand"] = before.emptied()
        st.session_state["hand of"] = key
    found: Hand = st.session_state["hand"]
    return found


def _map(desk: Desk, words: Words, hand: Hand, outside: tuple[object, ...]) -> None:
    """Show the map; runs anew after each event, the rest of the page does not.

    While a search runs, the map itself asks for it twice a second.
    """
    young = hand.solving is not None and hand.solving.seconds < WAITED_S
    hand.collect(desk, WAITED_S if young else 0.0)
    session.keep()
    # The switch of townships stands outside the map, too.
    page_too = hand.moved_on or _outside(desk) != outside
    hand.moved_on = False
    draft, county = desk.draft, desk.county
    if draft is None or county is None:
        return
    geometry = _geometry(county)
    state = _state(desk, draft, hand, geometry, words.language)
    mapping.village_map(
        _static(desk, draft, geometry, words.language), state, partial(_hear, desk, hand)
    )
    if page_too:
        # Only now: a run that ends without the map would take it off the page for a moment.
        st.rerun()


def _hear(desk: Desk, hand: Hand, event: Event) -> None:
    hand.hear(desk, event, datetime.now().astimezone())


def _geometry(county: County) -> MapGeometry:
    made = _geometries.get(
        id(county),
        lambda: (
            mapping.build_geometry(
                county.villages, barriers=county.barriers, bridges=county.bridges
            ),
            county,  # Kept alive with it, so that no other county can have its identity.
        ),
    )
    return made[0]


def _ground(proposal: Scenario) -> Ground:
    return _grounds.get(id(proposal), lambda: (Ground(proposal), proposal))[0]


def _static(desk: Desk, draft: Draft, geometry: MapGeometry, language: Language) -> dict[str, Any]:
    weak = tuple(village for village, is_weak in enumerate(_weak(desk, draft)) if is_weak)

    def made() -> dict[str, Any]:
        return mapping.static_payload(geometry, language, weak=weak, demo=desk.is_sample)

    return _statics.get((geometry.key, language, desk.is_sample, weak), made)


def _weak(desk: Desk, draft: Draft) -> tuple[bool | None, ...]:
    """Return which villages are weak, by the limit that step 村情 sets, too; None for unknown."""
    proposal, limit = draft.proposal, desk.weak_below_wan_yuan
    limits = Thresholds(0.0, limit, math.inf)
    made = _weaks.get(
        (id(proposal), limit), lambda: (marked(proposal.villages.frame, limits)["weak"], proposal)
    )
    return made[0]


def _state(
    desk: Desk, draft: Draft, hand: Hand, geometry: MapGeometry, language: Language
) -> dict[str, Any]:
    lead_of = draft.state.lead_of
    leads = np.flatnonzero(lead_of == np.arange(len(lead_of)))
    number = np.full(len(lead_of) + 1, -1, dtype=np.intp)
    number[leads] = np.arange(len(leads))
    of = number[np.where(lead_of == UNASSIGNED, len(lead_of), lead_of)]
    colours = desk.colouring.of(draft.proposal, of, leads.tolist())
    known = tuple(village for village in hand.selected if village < geometry.n)
    standing, told = draft.standing, Panels(_ground(draft.proposal), language, _weak(desk, draft))
    inside, place = _in_view(desk, geometry, told)
    # Right after an edit nothing is waited for: the answer to a click comes first.
    wait_s = WAITED_BEST_S if not known and hand.note is None else 0.0
    best = hand.best.of(draft, inside, wait_s=wait_s) if desk.township != WHOLE_COUNTY else {}
    saved = session.saved()
    solving = hand.solving
    return mapping.state_payload(
        of,
        leads.tolist(),
        colours,
        township=desk.township,
        selected=known,
        locked=draft.state.locked,
        changed=standing.changed,
        broken=standing.broken,
        strip=told.strip(
            standing,
            saved_at(saved.at, draft),
            bool(saved.faults),
        ),
        inspector=told.inspector(
            draft, known, inside, place, near=_near_of(draft.proposal, known, inside)
        ),
        can_undo=draft.can_undo,
        can_redo=draft.can_redo,
        max_moves=hand.max_moves,
        busy=None
        if solving is None
        else {"text": told.say("solving", seconds=int(solving.seconds)), "share": None},
        toast=None
        if hand.note is None
        else {"id": hand.note.number, "text": hand.note.text, "undo": hand.note.undo},
        facts={"best": best} if best else None,
        lines=lines_state(draft.proposal.settings.contiguity_in_force, geometry.codes),
        later=hand.best.pending and desk.township != WHOLE_COUNTY,
        total=None if standing.total is None else f"{standing.total:,.1f}",
        rev=f"{desk.current}/{len(draft.entries)}/{draft.cursor}",
    )


def first_township(desk: Desk, draft: Draft) -> int:
    """Return where work begins: where a rule is broken, then where a village is left out."""
    where = township_of(desk)
    left_out = np.flatnonzero(draft.state.lead_of == UNASSIGNED).tolist()
    first = (*draft.standing.broken, *left_out)
    return int(where[first[0]]) if first else 0


def _in_view(desk: Desk, geometry: MapGeometry, told: Panels) -> tuple[list[int], str]:
    """Return the villages in view, and what their township or county is called."""
    if desk.township == WHOLE_COUNTY:
        return list(range(geometry.n)), desk.county_name or told.say("whole_county")
    inside: list[int] = np.flatnonzero(township_of(desk) == desk.township).tolist()
    return inside, desk.townships[desk.township]


def _near_of(proposal: Scenario, selected: tuple[int, ...], inside: list[int]) -> NearPlans | None:
    """Return the near-optimal plans of the selected village's zone once they are known.

    The first look at a township starts the listing beside the page, so that clicks show it.
    """
    known = _near.get(id(proposal), lambda: ({}, proposal))[0]
    zones = np.unique(proposal.problem.zone_of[list(selected[:1]) or inside]).tolist()
    if len(zones) != 1:
        return None
    zone = int(zones[0])
    if zone not in known:
        known[zone] = None
        threading.Thread(target=_list_near, args=(proposal, zone, known), daemon=True).start()
    return known[zone] if len(selected) == 1 else None


def _list_near(proposal: Scenario, zone: int, known: dict[int, NearPlans | None]) -> None:
    known[zone] = Explainer(proposal, seconds=5.0).near(zone)

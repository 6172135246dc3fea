"""Alliances keep their colour: in every step, through edits that fail, and back again."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

pytest.importorskip("streamlit", reason="the application needs Streamlit: pip install .[app]")

from liancun_geo.editing import Draft, Move, SetLead
from liancun_geo.output.picture.colours import PALETTE, TOO_LIKE
from liancun_geo.output.picture.scene import build_scene
from liancun_geo.plan import UNASSIGNED
from liancun_geo.project.inputs import Inputs
from liancun_geo.studio.colouring import Colouring, painted
from liancun_geo.studio.desk import Desk
from liancun_geo.studio.lasting_colours import LastingColours

NOW = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def draft() -> Draft:
    desk = Desk.of(Inputs())
    assert desk.show_sample_plan("甲") and desk.draft is not None
    return desk.draft


def shown(colouring: Colouring, draft: Draft) -> dict[int, int]:
    """Return the colour of each alliance of a draft by its lead, as the map of 调整 asks for it."""
    lead_of = draft.state.lead_of
    leads = np.flatnonzero(lead_of == np.arange(len(lead_of)))
    number = {lead: place for place, lead in enumerate(leads.tolist())}
    of = [number.get(lead, -1) for lead in lead_of.tolist()]
    colours = colouring.of(draft.proposal, of, leads.tolist())
    return dict(zip(leads.tolist(), colours, strict=True))


def codes(draft: Draft) -> list[str]:
    return [str(code) for code in draft.proposal.villages.frame["code"]]


def test_a_plan_begins_with_the_colours_it_has_on_paper_and_on_its_card(draft: Draft) -> None:
    scene = build_scene(draft.proposal)
    of_lead = {
        alliance.lead: colour
        for alliance, colour in zip(draft.proposal.alliances, scene.colours, strict=True)
    }
    colouring = Colouring()
    assert shown(colouring, draft) == of_lead
    assert colouring.of_plan(draft.proposal) == scene.colours
    assert painted(scene, scene.colours) is scene


def test_a_village_moved_where_it_cannot_be_recolours_no_alliance(draft: Draft) -> None:
    lead_of = draft.state.lead_of
    colouring = Colouring()
    before = shown(colouring, draft)
    leads = sorted(set(lead_of.tolist()) - {UNASSIGNED})
    zone_of = draft.proposal.problem.zone_of
    tried = 0
    for village in range(len(lead_of)):
        home = int(lead_of[village])
        if home in (UNASSIGNED, village):
            continue
        for lead in leads:
            like = frozenset((before[home], before[lead])) in TOO_LIKE
            if lead == home or zone_of[lead] != zone_of[home] or not like or tried > 12:
                continue
            named = codes(draft)
            moved = draft.after(Move(villages=(named[village],), to=named[lead]), at=NOW)
            if moved.standing.valid:
                continue
            tried += 1
            assert shown(colouring, moved) == before
            assert shown(colouring, moved.undo()) == before
    assert tried


def test_undo_brings_back_the_colours_of_before(draft: Draft) -> None:
    lead_of = draft.state.lead_of
    colouring = Colouring()
    before = shown(colouring, draft)
    current, named = draft, codes(draft)
    seen = [before]
    for lead in list(before)[:4]:
        village = next(v for v in range(len(lead_of)) if lead_of[v] == lead and v != lead)
        current = current.after(SetLead(village=named[village]), at=NOW)
        colours = shown(colouring, current)
        # Under a new lead it stays what it was to the eye.
        assert colours[village] == before[lead]
        seen.append(colours)
    for colours in reversed(seen[:-1]):
        current = current.undo()
        assert shown(colouring, current) == colours


def test_another_plan_shows_the_alliances_it_shares_in_their_colours(draft: Draft) -> None:
    colouring = Colouring()
    first = draft.proposal
    colours = colouring.of_plan(first)
    # The same alliances, told in another order.
    second = replace(first, alliances=first.alliances[::-1])
    assert colouring.of_plan(second) == colours[::-1]
    assert set(colours) <= set(range(len(PALETTE)))


def test_files_of_a_plan_get_the_colours_of_the_screen(draft: Draft) -> None:
    colouring = Colouring()
    handed = dict(colouring.lasting(draft.proposal))
    names = codes(draft)
    assert handed == {names[lead]: colour for lead, colour in shown(colouring, draft).items()}


def test_colours_come_back_from_the_project_as_they_were(draft: Draft) -> None:
    # Other colours than a plan has on paper, as after much that was done before.
    on_paper = shown(Colouring(), draft)
    named = codes(draft)
    other = {named[lead]: (3 * colour + 1) % len(PALETTE) for lead, colour in on_paper.items()}
    colouring = Colouring(LastingColours(by_lead=other))
    lead = next(v for v in range(len(named)) if int(draft.state.lead_of[v]) not in (v, UNASSIGNED))
    edited = draft.after(SetLead(village=named[lead]), at=NOW)
    before = [shown(colouring, one) for one in (draft, edited)]
    assert before[0] != on_paper
    told = json.loads(json.dumps(colouring.document()))
    again = Colouring.of_document(told)
    assert again.document() == colouring.document()
    # In whatever order they are looked at.
    assert [shown(again, one) for one in (edited, draft)] == before[::-1]
    assert Colouring.of_document(again.document()).document() == again.document()


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"leads": [], "villages": {}, "plans": {}},
        {"leads": {"77": ["a"]}, "villages": {}, "plans": {}},
        {"leads": {"x": ["a"]}, "villages": {}, "plans": {}},
        {"leads": {}, "villages": {"1": 5}, "plans": {}},
        {"leads": {}, "villages": {}, "plans": {"a": 3}},
        {"leads": {}, "villages": {}, "plans": {"a": "-1"}},
    ],
)
def test_colours_that_make_no_sense_begin_anew(draft: Draft, told: dict[str, Any]) -> None:
    assert shown(Colouring.of_document(told), draft) == shown(Colouring(), draft)

"""The planner's hand: every event of the map becomes an edit, a search, or a note."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

import pytest

from liancun_geo.editing import Draft, EditError, LeaveOut
from liancun_geo.errors import error
from liancun_geo.messages import message
from liancun_geo.plan import UNASSIGNED
from liancun_geo.project.inputs import Inputs
from liancun_geo.studio.desk import WHOLE_COUNTY, Desk
from liancun_geo.studio.hand import Hand, township_of, zones_in_view
from liancun_geo.studio.lookahead import BestMoves
from liancun_geo.studio.mapping.events import EventType, parse_event
from liancun_geo.studio.solving import Solving

NOW = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def sample() -> Desk:
    desk = Desk.of(Inputs())
    assert desk.show_sample_plan("甲")
    return desk


@pytest.fixture
def desk(sample: Desk) -> Iterator[Desk]:
    assert sample.draft is not None
    before = sample.draft.proposal
    sample.language, sample.by = "zh", "李"
    yield sample
    sample.put("甲", before)
    sample.view(WHOLE_COUNTY)


def tell(hand: Hand, desk: Desk, kind: str, **fields: Any) -> Draft:
    """Let the hand hear an event as the browser sends it; return the plan after it."""
    assert desk.county is not None
    raw = {"id": 1, "type": kind, **fields}
    event = parse_event(raw, len(desk.county.villages), len(desk.townships))
    assert event is not None, raw
    hand.hear(desk, event, NOW)
    assert desk.draft is not None
    return desk.draft


def alliances(desk: Desk) -> dict[int, list[int]]:
    assert desk.draft is not None
    of = desk.draft.state.lead_of.tolist()
    return {
        lead: [v for v, own in enumerate(of) if own == lead]
        for lead in sorted(set(of) - {UNASSIGNED})
    }


def legal_move(desk: Desk, village: int | None = None) -> tuple[int, int]:
    """Return a village and the lead of an alliance it may move to."""
    assert desk.draft is not None
    villages = range(len(desk.draft.state.lead_of)) if village is None else (village,)
    for one in villages:
        for option in desk.draft.options(one).legal:
            if option.kind == "move":
                return one, option.target
    raise AssertionError("no move is legal")


# --- edits -----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["move", "paint"])
def test_a_move_is_made_noted_and_can_be_undone(desk: Desk, kind: str) -> None:
    hand, (village, lead) = Hand(), legal_move(desk)
    before = desk.draft
    after = tell(hand, desk, kind, villages=[village], to=lead)
    assert after.state.lead_of[village] == lead
    assert (after.entries[0].by, after.entries[0].at) == ("李", NOW)
    assert hand.note is not None and hand.note.undo
    assert "分" in hand.note.text and "{" not in hand.note.text
    assert tell(hand, desk, "undo").state is not after.state
    assert desk.draft is not None and before is not None
    assert (desk.draft.state.lead_of == before.state.lead_of).all()
    assert tell(hand, desk, "redo").state.lead_of[village] == lead
    assert tell(hand, desk, "jump", n=0).cursor == 0


def test_every_kind_of_edit_is_made(desk: Desk) -> None:
    hand = Hand()
    lead, inside = next((k, v) for k, v in alliances(desk).items() if len(v) >= 5)
    one, two, three = [v for v in inside if v != lead][:3]
    draft = tell(hand, desk, "lead", village=one)
    assert draft.state.lead_of[lead] == one
    draft = tell(hand, desk, "leave_out", villages=[two], reason="村民代表会议未通过")
    assert draft.state.lead_of[two] == UNASSIGNED
    assert draft.state.left_out[two] == "村民代表会议未通过"
    draft = tell(hand, desk, "new", villages=[two, three], village=three)
    assert draft.state.lead_of[two] == draft.state.lead_of[three] == three
    draft = tell(hand, desk, "split", lead=one, villages=[lead])
    assert draft.state.lead_of[lead] == lead
    draft = tell(hand, desk, "merge", lead=lead, to=one)
    assert draft.state.lead_of[lead] == one
    draft = tell(hand, desk, "dissolve", lead=three)
    assert draft.state.lead_of[two] == UNASSIGNED
    draft = tell(hand, desk, "together", a=one, b=lead)
    assert draft.state.together
    draft = tell(hand, desk, "untie", a=one, b=lead)
    assert not draft.state.together
    draft = tell(hand, desk, "apart", a=one, b=two)
    assert draft.state.apart
    kinds = [entry.edit.kind for entry in draft.entries]
    assert len(kinds) == 9 and len(set(kinds)) == 9


def test_two_villages_change_places(desk: Desk) -> None:
    assert desk.draft is not None
    swaps = (
        option.villages
        for village in range(len(desk.draft.state.lead_of))
        for option in desk.draft.options(village).legal
        if option.kind == "swap"
    )
    a, b = next(swaps)
    before = desk.draft.state.lead_of
    after = tell(Hand(), desk, "swap", a=a, b=b).state.lead_of
    assert (after[a], after[b]) == (before[b], before[a])


def test_who_is_left_out_already_is_not_left_out_again(desk: Desk) -> None:
    assert desk.draft is not None
    out = int((desk.draft.state.lead_of == UNASSIGNED).argmax())
    draft = tell(Hand(), desk, "leave_out", villages=[out], reason="x")
    assert not draft.entries


def test_a_refused_edit_leaves_the_plan_and_a_note(desk: Desk) -> None:
    hand, (village, lead) = Hand(), legal_move(desk)
    locked = tell(hand, desk, "lock", scope="villages", villages=[village])
    note = hand.note
    assert tell(hand, desk, "move", villages=[village], to=lead) is locked
    assert hand.note is not None and note is not None
    assert hand.note.number > note.number
    assert not hand.note.undo
    assert "锁" in hand.note.text


def test_a_note_is_written_beside_a_step(desk: Desk) -> None:
    hand, (village, lead) = Hand(), legal_move(desk)
    tell(hand, desk, "move", villages=[village], to=lead)
    draft = tell(hand, desk, "note", n=1, text="镇里定的")
    assert draft.entries[0].note == "镇里定的"
    assert tell(hand, desk, "note", n=99, text="x") is draft
    assert hand.note is not None and not hand.note.undo


# --- locks, views ----------------------------------------------------------------------------


def test_locks_reach_as_far_as_their_scope(desk: Desk) -> None:
    hand = Hand()
    where, township = township_of(desk), 3
    lead, inside = next((k, v) for k, v in alliances(desk).items() if where[k] == township)
    assert tell(hand, desk, "lock", scope="alliance", lead=lead).state.locked == set(inside)
    there = {int(v) for v in (where == township).nonzero()[0]}
    draft = tell(hand, desk, "lock", scope="township", township=township)
    assert draft.state.locked == there
    # Only who is not locked yet is locked: the step says how many it was about.
    assert len(draft.entries[-1].edit.villages) == len(there) - len(inside)
    assert tell(hand, desk, "lock", scope="all").standing.n_locked == len(where)
    assert not tell(hand, desk, "unlock", scope="all").state.locked
    before = desk.draft
    assert tell(hand, desk, "unlock", scope="all") is before


def test_selecting_and_looking_change_no_plan(desk: Desk) -> None:
    hand, before = Hand(), desk.draft
    tell(hand, desk, "select", villages=[3, 1])
    assert hand.selected == (3, 1)
    assert not hand.moved_on
    tell(hand, desk, "township", township=2)
    assert (desk.township, hand.selected, hand.moved_on) == (2, (), True)
    assert tell(hand, desk, "help", topic="gap") is before
    assert desk.draft is before


def test_the_zones_in_view_are_those_of_the_township(desk: Desk) -> None:
    assert desk.draft is not None
    assert zones_in_view(desk, desk.draft) is None
    desk.view(3)
    labels = zones_in_view(desk, desk.draft)
    assert labels is not None and len(labels) == 1


def test_no_event_is_left_without_a_test() -> None:
    files = [Path(__file__), Path(__file__).with_name("test_lines_hand.py")]
    told = "".join(path.read_text(encoding="utf-8") for path in files)
    assert [kind for kind in get_args(EventType) if f'"{kind}"' not in told] == []


# --- the solver ------------------------------------------------------------------------------


def broken(hand: Hand, desk: Desk) -> Draft:
    """Make a plan that breaks a rule: a village far from its alliance."""
    assert desk.draft is not None
    desk.view(3)
    where = township_of(desk)
    leads = [lead for lead in alliances(desk) if where[lead] == 3]
    for village in (where == 3).nonzero()[0].tolist():
        options = desk.draft.options(village).blocked
        far = [o for o in options if o.kind == "move" and o.target in leads]
        if village not in leads and far:
            draft = tell(hand, desk, "move", villages=[village], to=far[0].target)
            assert not draft.standing.valid
            return draft
    raise AssertionError("every move is legal")


def finished(hand: Hand, desk: Desk) -> None:
    end = time.monotonic() + 60
    while not hand.collect(desk, 0.1):
        assert time.monotonic() < end


def test_repair_and_optimising_end_in_one_step_each(desk: Desk) -> None:
    hand = Hand()
    before = broken(hand, desk)
    tell(hand, desk, "repair")
    finished(hand, desk)
    assert desk.draft is not None and desk.draft.standing.valid
    assert len(desk.draft.entries) == len(before.entries) + 1
    tell(hand, desk, "reoptimise", max_moves=8)
    assert hand.max_moves == 8
    tell(hand, desk, "reoptimise", max_moves=2)  # one at a time
    finished(hand, desk)
    assert hand.solving is None
    assert hand.note is not None and "{" not in hand.note.text


def waiting(hand: Hand, desk: Desk) -> Solving:
    """Give the hand a search that ends only when it is cancelled."""
    assert desk.draft is not None
    start = desk.draft

    def search(cancel: Any) -> Draft:
        assert cancel.wait(30)
        raise EditError([error("editing.no_step", number=1)])

    hand.solving = Solving(start, search)
    return hand.solving


def test_a_search_is_cancelled_and_says_so(desk: Desk) -> None:
    hand, before = Hand(), desk.draft
    waiting(hand, desk)
    assert not hand.collect(desk, 0.0)
    tell(hand, desk, "cancel")
    finished(hand, desk)
    assert desk.draft is before
    assert hand.note is not None and not hand.note.undo
    tell(hand, desk, "cancel")  # nothing is running: nothing happens


def test_a_result_overtaken_by_an_edit_is_not_taken(desk: Desk) -> None:
    hand, (village, lead) = Hand(), legal_move(desk)
    assert desk.draft is not None
    start = desk.draft
    found = start.after(_leave_out(desk, village), at=NOW)
    hand.solving = Solving(start, lambda _: found)
    after = tell(hand, desk, "move", villages=[village], to=lead)
    finished(hand, desk)
    assert desk.draft is after
    assert hand.note is not None
    assert hand.note.text == message("adjust_step.overtaken", "zh")


def test_a_search_that_fails_is_told_in_words(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    hand, before = Hand(), desk.draft
    assert before is not None

    def search(_: Any) -> Draft:
        raise RuntimeError("secret")

    hand.solving = Solving(before, search)
    finished(hand, desk)
    assert desk.draft is before
    assert hand.note is not None
    assert hand.note.text == message("adjust_step.solver_failed", "zh")
    assert "secret" in caplog.text


def _leave_out(desk: Desk, village: int) -> Any:
    assert desk.county is not None
    code = str(desk.county.villages.frame["code"].iat[village])
    return LeaveOut(villages=(code,), reason="x")


# --- ahead -----------------------------------------------------------------------------------


def test_best_moves_are_those_of_the_list(desk: Desk) -> None:
    assert desk.draft is not None
    village, _ = legal_move(desk)
    found = BestMoves().of(desk.draft, [village], wait_s=30.0)
    moves = [o for o in desk.draft.options(village).legal if o.kind in ("move", "swap")]
    assert moves[0].change is not None
    assert float(found[village].replace("−", "-")) == pytest.approx(moves[0].change, abs=0.06)


def test_a_whole_county_is_not_looked_through(desk: Desk) -> None:
    assert desk.draft is not None
    assert BestMoves().of(desk.draft, range(len(desk.draft.state.lead_of)), wait_s=0.1) == {}


def test_the_hand_for_another_plan_is_empty_and_numbers_its_notes_on(desk: Desk) -> None:
    hand = Hand()
    hand._tell("one")
    hand.max_moves = 2
    assert desk.draft is not None
    stopped: list[bool] = []
    hand.solving = Solving(desk.draft, lambda cancel: stopped.append(cancel.wait(60)) or desk.draft)
    running, other = hand.solving, hand.emptied()
    assert running.done(60)
    assert stopped == [True]
    assert (other.selected, other.solving, other.note, other.max_moves) == ((), None, None, 2)
    other._tell("two")
    assert other.note is not None and other.note.number == 2

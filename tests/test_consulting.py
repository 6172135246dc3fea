"""What villages say worked into a draft: agreements hold, objections are met, little changes."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from editing_cases import at
from hypothesis import given, settings
from hypothesis import strategies as st
from why_counties import made_up

from liancun_geo.check import check
from liancun_geo.editing import Answer, Apart, Draft, EditError, Entry, Lock, Objection
from liancun_geo.editing.kinds import Consulted
from liancun_geo.plan import UNASSIGNED
from liancun_geo.solve import resolve

SEEDS = st.sampled_from([1, 2, 10, 13, 15, 20])


@cache
def draft_of(seed: int) -> Draft:
    return Draft(made_up(seed))


def codes_of(draft: Draft) -> list[str]:
    return [str(code) for code in draft.proposal.villages.frame["code"]]


def some_answers(draft: Draft, rng: np.random.Generator) -> list[Answer]:
    """Return random answers, most of them agreeing, as a reader of workbooks lets them through."""
    codes, lead_of = codes_of(draft), draft.state.lead_of
    zone_of = draft.proposal.problem.zone_of
    found = []
    for village, code in enumerate(codes):
        chance = rng.random()
        if chance < 0.5:
            found.append(Answer(code, "agree", "好"))
        elif chance < 0.85:
            near = np.flatnonzero(zone_of == zone_of[village])
            wish = int(rng.choice(near))
            named = rng.random() < 0.6 and wish != int(lead_of[village])
            found.append(Answer(code, "disagree", "远", codes[wish] if named else ""))
        elif chance < 0.95:
            found.append(Answer(code, "abstain"))
    return found or [Answer(codes[0], "agree")]


@settings(max_examples=12, deadline=None)
@given(SEEDS, st.integers(0, 2**32 - 1))
def test_answers_hold_or_are_told_as_conflicts(seed: int, drawn: int) -> None:
    draft = draft_of(seed)
    answers = some_answers(draft, np.random.default_rng(drawn))
    after = draft.consulted(answers, at=at(1))
    codes = codes_of(draft)
    before, now = draft.state.lead_of, after.state.lead_of
    conflicts = {fault.where.code for fault in after.told}
    assert [one.village for one in after.objections] == sorted(a.village for a in answers)
    for one in after.objections:
        village = codes.index(one.village)
        lead = int(now[village])
        if one.answer == "agree":
            assert (one.outcome, lead) == ("kept", before[village])
            assert village in after.state.locked
        assert (one.outcome == "conflict") == (one.village in conflicts)
        if one.outcome == "granted":
            assert codes[lead] == one.wish
        elif one.outcome == "moved":
            assert lead not in (UNASSIGNED, int(before[village]))
        elif one.outcome == "left_out":
            assert lead == UNASSIGNED
    # Nothing is broken that was whole before, ties and all.
    known = {v.rule for v in check(draft.proposal.problem, before)}
    broken = {v.rule for v in check(after.scenario.problem, now)}
    assert broken <= known
    assert after.undo().state.lead_of.tolist() == before.tolist()
    assert after.undo().objections == ()
    # The log brings it back without solving, and through JSON.
    entries = [Entry.from_dict(entry.as_dict()) for entry in after.entries]
    again = Draft.restored(draft.proposal, entries)
    assert again.state.lead_of.tolist() == now.tolist()
    assert again.objections == after.objections


def movable(draft: Draft) -> tuple[int, int]:
    """Return a member and another lead it could follow, by a move that breaks nothing."""
    for village in range(len(draft.state.lead_of)):
        if draft.state.leads(village):
            continue
        for option in draft.options(village).legal:
            if option.kind == "move":
                return village, option.target
    raise AssertionError("no village can move")


def test_a_wish_that_can_be_met_moves_one_village() -> None:
    draft = next(d for d in map(draft_of, (10, 13, 15, 20)) if not d.standing.violations)
    village, lead = movable(draft)
    codes = codes_of(draft)
    answers = [
        Answer(code, "disagree", "近", codes[lead]) if v == village else Answer(code, "agree")
        for v, code in enumerate(codes)
    ]
    after = draft.consulted(answers, at=at(1), by="李四")
    assert after.told == ()
    assert after.moved(1) == (village,)
    (one,) = [o for o in after.objections if o.village == codes[village]]
    assert one == Objection(codes[village], "disagree", "近", codes[lead], (), "granted")
    pair = (min(village, lead), max(village, lead))
    assert after.state.together == (pair,)
    was = int(draft.state.lead_of[village])
    assert after.state.apart == ((min(village, was), max(village, was)),)
    assert after.state.locked == frozenset(range(len(codes))) - {village}
    assert "1" in after.sentence(1).text("zh")


def test_an_alliance_that_agrees_as_a_whole_stays_open() -> None:
    # A frozen alliance would let nobody in, and no wish could ever be met.
    draft = next(d for d in map(draft_of, (10, 13, 15, 20)) if not d.standing.violations)
    village, lead = movable(draft)
    codes = codes_of(draft)
    inside = draft.state.villages_of(lead)
    answers = [Answer(codes[v], "agree") for v in inside]
    answers.append(Answer(codes[village], "disagree", "", codes[lead]))
    after = draft.consulted(answers, at=at(1))
    assert int(after.state.lead_of[village]) == lead


def test_the_fewest_villages_move() -> None:
    draft = draft_of(20)
    lead_of, codes = draft.state.lead_of, codes_of(draft)
    problem = draft.proposal.problem
    for village in range(len(codes)):
        lead = int(lead_of[village])
        if lead in (village, UNASSIGNED):
            continue
        after = draft.consulted([Answer(codes[village], "disagree")], at=at(1))
        apart = np.vstack([problem.rules.never_together, [[village, lead]]])
        asked = problem.changed(never_together=apart)
        fewest = next(
            (
                moves
                for moves in range(len(codes))
                if np.isfinite(resolve(asked, lead_of, max_moves=moves).objective)
            ),
            None,
        )
        if after.told:
            continue
        assert fewest is not None
        assert len(after.moved(1)) <= max(fewest, 1)
        return
    raise AssertionError("every objection was a conflict")


def say(draft: Draft, *answers: Answer) -> list[str]:
    told = draft.consulted(answers, at=at(9)).told
    return [fault.key.removeprefix("consultation.conflict_") for fault in told]


def test_conflicts_say_what_stands_in_the_way() -> None:
    draft = next(d for d in map(draft_of, (10, 13, 15, 20)) if not d.standing.violations)
    codes, lead_of = codes_of(draft), draft.state.lead_of
    lead = int(next(v for v in lead_of if v != UNASSIGNED))
    member = next(v for v in draft.state.villages_of(lead) if v != lead)
    agreed = [Answer(codes[v], "agree") for v in draft.state.villages_of(lead) if v != lead]
    # A lead that will not lead, while its members agree to be led by it.
    assert say(draft, Answer(codes[lead], "disagree"), *agreed) == ["agreed"]
    after = draft.consulted([Answer(codes[lead], "disagree"), *agreed], at=at(9))
    assert draft.proposal.villages.frame["name"].iat[member] in after.told[0].text("zh")
    assert after.state.lead_of.tolist() == lead_of.tolist()
    # Locked by hand, or agreed the other way round.
    locked = draft.after(Lock(villages=(codes[member],)), at=at(1))
    assert say(locked, Answer(codes[member], "disagree")) == ["locked"]
    other = next(
        v
        for v in range(len(codes))
        if lead_of[v] != lead
        and draft.proposal.problem.zone_of[v] == draft.proposal.problem.zone_of[member]
    )
    tied = draft.after(Apart(a=codes[member], b=codes[other]), at=at(1))
    assert say(tied, Answer(codes[member], "disagree", "", codes[other])) == ["pair"]
    far = next(
        v
        for v in range(len(codes))
        if draft.proposal.problem.zone_of[v] != draft.proposal.problem.zone_of[member]
    )
    assert say(draft, Answer(codes[member], "disagree", "", codes[far])) == ["zone"]
    assert say(draft, Answer(codes[member], "disagree", "", codes[lead])) == ["same_lead"]


def test_every_conflict_is_told_in_both_languages() -> None:
    draft = draft_of(1)
    for drawn in range(4):
        answers = some_answers(draft, np.random.default_rng(drawn))
        for fault in draft.consulted(answers, at=at(1)).told:
            assert "{" not in fault.text("zh") + fault.text("en")


@pytest.mark.parametrize(
    ("answers", "key"),
    [
        ([], "consultation.no_answers"),
        ([Answer("37", "agree")], "editing.unknown_code"),
        ("twice", "consultation.twice_here"),
    ],
)
def test_answers_that_cannot_be_worked_in(answers: Any, key: str) -> None:
    draft = draft_of(1)
    if answers == "twice":
        answers = [Answer(codes_of(draft)[0], "agree"), Answer(codes_of(draft)[0], "abstain")]
    with pytest.raises(EditError) as caught:
        draft.consulted(answers, at=at(1))
    assert [fault.key for fault in caught.value.faults] == [key]


def test_what_was_said_is_kept_even_where_nothing_follows() -> None:
    draft = draft_of(1)
    after = draft.consulted([Answer(codes_of(draft)[0], "abstain", "再议")], at=at(1))
    assert [one.outcome for one in after.objections] == ["noted"]
    assert after.state.lead_of.tolist() == draft.state.lead_of.tolist()
    assert isinstance(after.entries[0].edit, Consulted)
    later = after.consulted([Answer(codes_of(draft)[0], "agree")], at=at(2))
    assert [one.answer for one in later.objections] == ["agree"]

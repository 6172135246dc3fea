"""A plan under the planner's hands: every edit, its log, and where the draft stands."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from editing_cases import at, draft_of, edited, random_edit
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scenarios import scenario

from liancun_geo.check import check, plan_cost
from liancun_geo.editing import (
    Adopt,
    Apart,
    Dissolve,
    Draft,
    EditError,
    Entry,
    LeaveOut,
    Lock,
    Merge,
    Move,
    NewAlliance,
    SetLead,
    Split,
    Swap,
    Together,
    Unlock,
    Untie,
    edit_from_dict,
    matched_alliances,
)
from liancun_geo.messages import catalogue
from liancun_geo.points import plan_points
from liancun_geo.solve import solve

SEEDS = st.integers(0, 400)


def small(**given: Any) -> Draft:
    """Return nine villages of a 3 x 3 grid: 0-1-2 led by 0, 3-4-5-6-8 led by 3, 7 left out."""
    return Draft(scenario(**given))


def code(village: int) -> str:
    return f"03704061{village:04d}"


def codes(*villages: int) -> list[str]:
    return [code(v) for v in villages]


def keys(failed: EditError) -> list[str]:
    return [fault.key for fault in failed.faults]


def refused(draft: Draft, edit: Any) -> list[str]:
    with pytest.raises(EditError) as failed:
        draft.after(edit, at=at(0))
    for fault in failed.value.faults:
        assert fault.text("zh")
        assert fault.text("en")
    return keys(failed.value)


def leads(draft: Draft) -> list[int]:
    return draft.state.lead_of.tolist()


@given(seed=SEEDS)
@settings(max_examples=12, deadline=None)
def test_standing_is_that_of_a_fresh_look(seed: int) -> None:
    draft, rng = draft_of(seed), np.random.default_rng([seed, 2])
    for step in range(8):
        try:
            draft = draft.after(random_edit(draft, rng), at=at(step))
        except EditError:
            continue
        problem = draft.proposal.problem
        total = plan_points(problem, draft.state.lead_of).total
        before = plan_points(problem, draft.proposal.plan).total
        standing, rules = draft.standing, problem.rules
        if any(draft.state.ties):
            together, apart = (np.array(t, dtype=int).reshape(-1, 2) for t in draft.state.ties)
            problem = problem.changed(
                must_together=np.vstack([rules.must_together, together]),
                never_together=np.vstack([rules.never_together, apart]),
            )
        assert standing.violations == check(problem, draft.state.lead_of)
        assert standing.valid is (not standing.violations)
        if math.isfinite(total):
            assert standing.total == pytest.approx(total, abs=1e-9)
        else:
            assert standing.total is None
        if standing.change is not None:
            assert standing.change == pytest.approx(total - before, abs=1e-9)
        assert set(standing.broken) >= {v for one in standing.violations for v in one.villages}
        for fault in (*standing.faults, *standing.lock_faults):
            assert fault.text("zh")


@given(seed=SEEDS)
@settings(max_examples=10, deadline=None)
def test_the_bound_holds_for_the_best_plan(seed: int) -> None:
    draft = edited(seed)
    standing, problem = draft.standing, draft.proposal.problem
    if standing.most is None:
        assert standing.proof in ("broken", "unknown")
        assert standing.gap is None
        return
    best = plan_points(problem, solve(problem).lead_of).total
    assert standing.total is not None
    assert best <= standing.total + standing.most + 1e-6
    assert (standing.proof == "optimal") == (standing.most == 0.0) == (standing.gap == 0.0)
    if draft.proposal.result.status == "optimal":
        assert standing.most == pytest.approx(best - standing.total, abs=1e-5)


@given(seed=SEEDS)
@settings(max_examples=10, deadline=None)
def test_the_log_brings_every_step_back(seed: int) -> None:
    draft = edited(seed, 10)
    log = [Entry.from_dict(json.loads(json.dumps(e.as_dict()))) for e in draft.entries]
    assert tuple(log) == draft.entries
    fresh = Draft.restored(draft.proposal, log)
    walked = draft
    for step in range(len(log), -1, -1):
        jumped = fresh.jump(step)
        for one in (jumped, Draft.restored(draft.proposal, log, step)):
            assert leads(one) == leads(walked)
            assert one.state.locked == walked.state.locked
            assert one.state.ties == walked.state.ties
            assert one.state.left_out == walked.state.left_out
            assert one.standing.violations == walked.standing.violations
            assert one.entries == draft.entries
        assert jumped.jump(len(log)).state.lead_of.tolist() == leads(draft)
        walked = walked.undo()
    assert not walked.can_undo


@given(seed=SEEDS)
@settings(max_examples=12, deadline=None)
def test_what_an_edit_may_never_do(seed: int) -> None:
    draft, rng = draft_of(seed), np.random.default_rng([seed, 3])
    zone_of = draft.proposal.problem.zone_of
    for step in range(10):
        edit = random_edit(draft, rng)
        try:
            after = draft.after(edit, at=at(step))
        except EditError:
            continue
        lead_of = after.state.lead_of
        placed = np.flatnonzero(lead_of >= 0)
        assert (lead_of[lead_of[placed]] == lead_of[placed]).all()
        moved = np.flatnonzero(lead_of != draft.state.lead_of)
        assert not set(moved.tolist()) & draft.state.locked
        assert (zone_of[lead_of[moved]] == zone_of[moved])[lead_of[moved] >= 0].all()
        assert set(after.state.left_out) <= set(np.flatnonzero(lead_of < 0).tolist())
        draft = after


def test_each_kind_of_edit() -> None:
    draft = small()
    moved = draft.after(Move(villages=codes(2), to=code(3)), at=at(1))
    assert leads(moved) == [0, 0, 3, 3, 3, 3, 3, -1, 3]
    swapped = draft.after(Swap(first=code(2), second=code(4)), at=at(1))
    assert leads(swapped) == [0, 0, 3, 3, 0, 3, 3, -1, 3]
    led = draft.after(SetLead(village=code(4)), at=at(1))
    assert leads(led) == [0, 0, 0, 4, 4, 4, 4, -1, 4]
    assert led.standing.changed == (3, 4)
    out = draft.after(LeaveOut(villages=codes(8), reason="村民不同意"), at=at(1))
    assert leads(out)[8] == -1
    assert dict(out.state.left_out) == {8: "村民不同意"}
    new = draft.after(NewAlliance(villages=codes(5, 8), lead=code(8)), at=at(1))
    assert leads(new) == [0, 0, 0, 3, 3, 8, 3, -1, 8]
    assert leads(draft.after(Dissolve(lead=code(0)), at=at(1)))[:3] == [-1, -1, -1]
    split = draft.after(Split(lead=code(3), villages=codes(3, 6), new_lead=code(3)), at=at(1))
    assert leads(split)[3] == leads(split)[6] == 3
    assert len({leads(split)[v] for v in (4, 5, 8)}) == 1
    merged = draft.after(Merge(lead=code(0), into=code(3)), at=at(1))
    assert leads(merged) == [3, 3, 3, 3, 3, 3, 3, -1, 3]
    adopted = draft.after(
        Adopt(lead_of={code(7): code(3), code(0): None, code(1): code(1), code(2): code(1)}),
        at=at(1),
    )
    assert leads(adopted) == [-1, 1, 1, 3, 3, 3, 3, 3, 3]
    assert adopted.entries[0].change is not None


def test_a_lead_that_goes_is_succeeded() -> None:
    draft = small()
    gone = draft.after(Move(villages=codes(0), to=code(3)), at=at(1))
    assert leads(gone)[0] == 3
    assert leads(gone)[1] == leads(gone)[2] in (1, 2)
    both = draft.after(Swap(first=code(0), second=code(3)), at=at(1))
    assert leads(both)[0] == leads(both)[4]
    assert leads(both)[3] == leads(both)[1]
    kept = draft.after(NewAlliance(villages=codes(3, 4), lead=code(3)), at=at(1))
    assert leads(kept)[4] == 3
    assert leads(kept)[5] != 3


def test_locks_and_ties() -> None:
    draft = small().after(Lock(villages=codes(3, 4)), at=at(1))
    assert refused(draft, Move(villages=codes(4), to=code(0))) == ["editing.locked"]
    assert refused(draft, SetLead(village=code(5))) == ["editing.locked", "editing.locked"]
    assert refused(draft, Dissolve(lead=code(3))) == ["editing.locked", "editing.locked"]
    assert leads(draft.after(Move(villages=codes(2), to=code(3)), at=at(2)))[2] == 3
    whole = draft.after(Lock(villages=codes(5, 6, 8)), at=at(2))
    assert refused(whole, Move(villages=codes(2), to=code(3))) == ["editing.locked_alliance"]
    free = whole.after(Unlock(villages=codes(3, 4, 5, 6, 8)), at=at(3))
    assert not free.state.locked
    tied = small().after(Together(a=code(4), b=code(1)), at=at(1))
    assert tied.state.together == ((1, 4),)
    assert [v.rule for v in tied.standing.violations] == ["together"]
    assert refused(tied, Apart(a=code(1), b=code(4))) == ["editing.tie_together"]
    assert refused(tied, Together(a=code(1), b=code(1))) == ["editing.tie_itself"]
    assert tied.after(Untie(a=code(1), b=code(4)), at=at(2)).standing.valid
    apart = small().after(Apart(a=code(0), b=code(1)), at=at(1))
    assert [v.rule for v in apart.standing.violations] == ["apart"]
    assert refused(apart, Together(a=code(0), b=code(1))) == ["editing.tie_apart"]
    held = apart.after(Lock(villages=codes(0, 1)), at=at(2))
    assert [fault.key for fault in held.standing.lock_faults] == ["editing.lock_breaks"]


def test_edits_that_cannot_be_made() -> None:
    draft = small()
    assert refused(draft, Move(villages=["1", "2"], to=code(3))) == ["editing.unknown_code"] * 2
    assert refused(draft, Move(villages=codes(3), to=code(1))) == ["editing.not_a_lead"]
    assert refused(draft, Move(villages=codes(1), to=code(0))) == ["editing.nothing"]
    assert refused(draft, SetLead(village=code(7))) == ["editing.not_placed"]
    assert refused(draft, SetLead(village=code(0))) == ["editing.nothing"]
    assert refused(draft, Split(lead=code(0), villages=codes(3))) == ["editing.not_inside"]
    assert refused(draft, Split(lead=code(0), villages=codes(0, 1, 2))) == ["editing.nothing"]
    assert refused(draft, Unlock(villages=codes(0))) == ["editing.nothing"]
    assert refused(draft, Swap(first=code(0), second=code(0))) == ["editing.nothing"]
    wrong = NewAlliance(villages=codes(1, 2), lead=code(4))
    assert refused(draft, wrong) == ["editing.lead_not_inside"]
    assert refused(draft, Adopt(lead_of={code(7): code(8)})) == ["editing.adopt_misled"]


def test_the_log_after_undo() -> None:
    draft = small().after(Move(villages=codes(2), to=code(3)), at=at(1), by="李", note="开会定")
    draft = draft.after(LeaveOut(villages=codes(8)), at=at(2)).undo()
    assert draft.can_undo
    assert draft.can_redo
    assert [entry.number for entry in draft.entries] == [1, 2]
    assert draft.redo().redo().cursor == 2
    other = draft.after(SetLead(village=code(1)), at=at(3))
    assert [entry.edit.kind for entry in other.entries] == ["move", "set_lead"]
    assert not other.can_redo
    before = other.standing
    noted = other.noted(1, "再议")
    assert [entry.note for entry in noted.entries] == ["再议", ""]
    assert noted.standing is before
    assert other.jump(0).standing.change == 0.0
    assert other.jump(0).undo().cursor == 0
    for step in (-1, 3):
        with pytest.raises(EditError):
            other.jump(step)
    with pytest.raises(EditError):
        other.noted(3, "")
    with pytest.raises(EditError):
        other.noted(1, "长" * 2001)


HOSTILE: list[Any] = [
    {},
    {"kind": "format_disk"},
    {"kind": "move", "villages": [], "to": "1"},
    {"kind": "move", "villages": "1", "to": "1"},
    {"kind": "move", "villages": [1], "to": "1"},
    {"kind": "move", "villages": ["1"], "to": "1", "extra": 1},
    {"kind": "move", "villages": ["1" * 65], "to": "1"},
    {"kind": "leave_out", "villages": ["1"], "reason": "长" * 2001},
    {"kind": "adopt", "lead_of": [["1", "2"]]},
    "move",
    None,
    [],
]


@pytest.mark.parametrize("raw", HOSTILE)
def test_a_hostile_log_is_a_fault(raw: Any) -> None:
    with pytest.raises(EditError) as failed:
        edit_from_dict(raw)
    assert set(keys(failed.value)) == {"editing.unreadable"}
    entry = {"number": 1, "at": "2026-03-01T09:00:00Z", "change": None, "edit": raw}
    with pytest.raises(EditError):
        Entry.from_dict(entry)


@pytest.mark.parametrize(
    "changed",
    [
        {"number": 0},
        {"at": "2026-03-01T09:00:00"},
        {"change": math.inf},
        {"change": "NaN"},
        {"lead_of": {"1": 5}},
        {"together": [["1"]]},
    ],
)
def test_an_entry_is_read_with_care(changed: dict[str, Any]) -> None:
    draft = small().after(Move(villages=codes(2), to=code(3)), at=at(1))
    with pytest.raises(EditError):
        Entry.from_dict(draft.entries[0].as_dict() | changed)


@pytest.mark.parametrize(
    ("changed", "key"),
    [
        ({"lead_of": {"9": None}}, "editing.unknown_code"),
        ({"lead_of": {code(1): code(2)}}, "editing.misled"),
        ({"lead_of": {code(0): None}}, "editing.misled"),
        ({"number": 2}, "editing.log_gap"),
    ],
)
def test_a_log_that_does_not_fit_is_told(changed: dict[str, Any], key: str) -> None:
    draft = small().after(Move(villages=codes(2), to=code(3)), at=at(1))
    entry = Entry.from_dict(draft.entries[0].as_dict() | changed)
    with pytest.raises(EditError) as failed:
        Draft.restored(draft.proposal, [entry])
    assert keys(failed.value) == [key]
    with pytest.raises(EditError):
        Draft.restored(draft.proposal, draft.entries, 2)


def test_alliances_are_matched_by_lead_then_by_villages() -> None:
    before = np.array([0, 0, 0, 3, 3, 3, -1])
    after = np.array([0, 0, 4, 4, 4, 4, 6])
    assert matched_alliances(before, after) == ({0: 0, 3: 4}, [], [6])


def test_every_sentence_is_used() -> None:
    import re
    from pathlib import Path

    folder = Path(__file__).parents[1] / "liancun_geo" / "editing"
    source = "".join(path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.py")))
    known = {key for key in catalogue() if key.startswith("editing.")}
    named = set(re.findall(r'"(editing\.[a-z_]+)"', source))
    assert named <= known
    started = tuple(re.findall(r'f"(editing\.[a-z_]+)\{', source))
    assert {key for key in known - named if not started or not key.startswith(started)} == set()


def test_the_scenario_is_the_state_as_it_is() -> None:
    draft = small()
    assert draft.scenario is draft.proposal
    out = draft.after(LeaveOut(villages=codes(8), reason="村民不同意"), at=at(1))
    scenario = out.scenario
    assert scenario.plan.lead_of.tolist() == leads(out)
    assert scenario.violations == out.standing.violations
    reasons = {one.position: one.reason.text("zh") for one in scenario.unassigned}
    assert set(reasons) == {7, 8}
    assert "村民不同意" in reasons[8]
    assert [a.lead for a in scenario.alliances] == [0, 3]
    gone = out.jump(0).after(Dissolve(lead=code(0)), at=at(2))
    assert [u.position for u in gone.scenario.unassigned] == [0, 1, 2, 7]


@example(seed=1346)
@given(seed=SEEDS)
@settings(max_examples=8, deadline=None)
def test_scenarios_of_drafts_cost_what_their_plans_cost(seed: int) -> None:
    draft = edited(seed)
    scenario, cost = draft.scenario, plan_cost(draft.proposal.problem, draft.state.lead_of)
    assert scenario.plan.lead_of.tolist() == leads(draft)
    left = [u.position for u in scenario.unassigned if u.position is not None]
    assert sorted(left) == np.flatnonzero(draft.state.lead_of < 0).tolist()
    result = scenario.result
    if all(math.isfinite(zone.objective) for zone in result.zones) and math.isfinite(cost):
        assert result.objective == pytest.approx(cost, abs=1e-9)
        assert result.bound <= result.objective + 1e-9 or draft.standing.violations

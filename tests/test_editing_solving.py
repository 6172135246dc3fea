"""The rest solved again and broken plans made whole, under locks and ties."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest
from editing_cases import at, draft_of, edited
from hypothesis import example, given, settings
from hypothesis import strategies as st
from test_editing import code, codes, keys, leads, refused, small

from liancun_geo.check import check
from liancun_geo.editing import (
    Apart,
    Draft,
    EditError,
    LeaveOut,
    Lock,
    Move,
    NewAlliance,
    Together,
)
from liancun_geo.points import plan_points
from liancun_geo.solve import resolve, solve

SEEDS = st.integers(0, 400)


def with_ties(draft: Draft) -> Any:
    problem = draft.proposal.problem
    rules = problem.rules
    together, apart = (np.array(t, dtype=int).reshape(-1, 2) for t in draft.state.ties)
    return problem.changed(
        must_together=np.vstack([rules.must_together, together]),
        never_together=np.vstack([rules.never_together, apart]),
    )


@example(seed=527, most=4)
@example(seed=905, most=1)
@given(seed=SEEDS, most=st.sampled_from([None, 1, 2, 4]))
@settings(max_examples=12, deadline=None)
def test_reoptimising_keeps_what_is_held_and_never_worsens(seed: int, most: int | None) -> None:
    draft = edited(seed, 6)
    try:
        better = draft.reoptimised(at=at(20), max_moves=most)
    except EditError as failed:
        assert all(fault.text("zh") for fault in failed.faults)
        return
    moved = np.flatnonzero(better.state.lead_of != draft.state.lead_of).tolist()
    assert moved
    assert not set(moved) & (draft.state.locked | set(draft.state.left_out))
    if most is not None:
        assert len(moved) <= most
    assert set(better.moved(better.cursor)) <= set(moved)
    assert better.entries[-1].edit.kind == "adopt"
    assert better.undo().state.lead_of.tolist() == leads(draft)
    before, after = draft.standing, better.standing
    if before.valid:
        assert after.valid
        assert after.total > before.total
    assert after.violations == check(with_ties(draft), better.state.lead_of)


@given(seed=SEEDS)
@settings(max_examples=8, deadline=None)
def test_reoptimising_a_whole_plan_finds_the_best(seed: int) -> None:
    draft = draft_of(seed)
    best = plan_points(draft.proposal.problem, solve(draft.proposal.problem).lead_of).total
    if not draft.standing.valid:
        return
    try:
        total = draft.reoptimised(at=at(1)).standing.total
    except EditError as failed:
        assert set(keys(failed)) <= {"editing.already_best"}
        total = draft.standing.total
    assert total == pytest.approx(best, abs=1e-6)


@given(seed=SEEDS)
@settings(max_examples=12, deadline=None)
def test_repairing_moves_the_fewest(seed: int) -> None:
    draft = edited(seed, 6)
    if draft.standing.valid:
        assert keys_of_repair(draft) == ["editing.nothing_broken"]
        return
    try:
        whole = draft.repaired(at=at(20))
    except EditError as failed:
        assert all(fault.text("zh") for fault in failed.faults)
        return
    moved = np.flatnonzero(whole.state.lead_of != draft.state.lead_of).tolist()
    assert not set(moved) & draft.state.locked
    if whole.standing.valid:
        problem = with_ties(draft)
        fewer = resolve(
            problem, draft.state.lead_of, locked=draft.state.locked, max_moves=len(moved) - 1
        )
        assert fewer.status == "infeasible" or check(problem, fewer.lead_of)


def keys_of_repair(draft: Draft) -> list[str]:
    with pytest.raises(EditError) as failed:
        draft.repaired(at=at(20))
    return keys(failed.value)


def test_a_broken_plan_is_made_whole_again() -> None:
    draft = small().after(Move(villages=codes(6), to=code(0)), at=at(1))
    assert {v.rule for v in draft.standing.violations} == {"connected"}
    whole = draft.repaired(at=at(2))
    assert whole.standing.valid
    assert len(whole.moved(2)) == 1
    locked = draft.after(Lock(villages=codes(*range(9))), at=at(2))
    assert locked.standing.lock_faults
    assert keys_of_repair(locked) == ["editing.cannot_repair"]


def test_ties_and_villages_left_out_hold_when_solved_again() -> None:
    tied = small().after(Together(a=code(2), b=code(5)), at=at(1))
    solved = tied.reoptimised(at=at(2))
    assert solved.standing.valid
    assert leads(solved)[2] == leads(solved)[5] != -1 or leads(solved)[2] == leads(solved)[5]
    parted = small().after(Apart(a=code(0), b=code(1)), at=at(1)).reoptimised(at=at(2))
    assert parted.standing.valid
    out = small().after(LeaveOut(villages=codes(4), reason="不同意"), at=at(1))
    try:
        assert leads(out.reoptimised(at=at(2)))[4] == -1
    except EditError as failed:
        assert set(keys(failed)) == {"editing.already_best"}


def test_a_solve_that_finds_nothing_says_why() -> None:
    draft = small()
    best = draft.reoptimised(at=at(1))
    with pytest.raises(EditError) as failed:
        best.reoptimised(at=at(2))
    assert keys(failed.value) == ["editing.already_best"]
    with pytest.raises(EditError) as failed:
        draft.reoptimised(at=at(2), zones=["no such"])
    assert keys(failed.value) == ["editing.unknown_zone"]
    assert keys_of_repair(draft) == ["editing.nothing_broken"]
    stopped = threading.Event()
    stopped.set()
    with pytest.raises(EditError) as failed:
        draft.reoptimised(at=at(2), cancel=stopped)
    assert all(fault.text("zh") for fault in failed.value.faults)
    everything = draft.after(Lock(villages=codes(*range(9))), at=at(1))
    with pytest.raises(EditError):
        everything.reoptimised(at=at(2))
    assert refused(everything, NewAlliance(villages=codes(1, 2)))

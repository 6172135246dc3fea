"""What can be done with a village: every option against the plan it makes, none forgotten."""

from __future__ import annotations

import math
import re
from typing import Any, get_args

import numpy as np
import pytest
from editing_cases import at, draft_of, edited, random_edit
from hypothesis import given, settings
from hypothesis import strategies as st
from test_editing import code, codes, small
from test_editing_solving import with_ties

from liancun_geo.check import check
from liancun_geo.criteria.lead_score import GATES
from liancun_geo.editing import (
    Apart,
    Draft,
    EditError,
    LeaveOut,
    Lock,
    Move,
    NewAlliance,
    Option,
    SetLead,
    Swap,
)
from liancun_geo.editing.reasons import short_text
from liancun_geo.messages import Language
from liancun_geo.points import plan_points
from liancun_geo.why.facts import Obstacle, ObstacleKind, VillageName

SEEDS = st.integers(0, 400)
LANGUAGES: tuple[Language, ...] = ("zh", "en")


def some_villages(draft: Draft, seed: int) -> list[tuple[int, ...]]:
    rng = np.random.default_rng([seed, 5])
    n = len(draft.state.lead_of)
    singles = [(int(v),) for v in rng.choice(n, size=3, replace=False)]
    pair = tuple(int(v) for v in draft.proposal.problem.edges[0]) if n > 1 else (0,)
    return [*singles, pair]


def brute_moves(draft: Draft, villages: tuple[int, ...]) -> set[int]:
    """Return every lead to whom the villages can move without breaking a rule, one by one."""
    problem, found = with_ties(draft), set()
    names = draft.proposal.villages.frame["code"].tolist()
    for lead in sorted(set(draft.state.lead_of.tolist()) - {-1}):
        try:
            after = draft.after(
                Move(villages=[names[v] for v in villages], to=names[lead]), at=at(9)
            )
        except EditError:
            continue
        if not check(problem, after.state.lead_of):
            found.add(lead)
    return found


@given(seed=SEEDS)
@settings(max_examples=12, deadline=None)
def test_options_say_what_the_plan_after_them_is(seed: int) -> None:
    draft = edited(seed, 4)
    problem = with_ties(draft)
    for villages in some_villages(draft, seed):
        found = draft.options(villages)
        for option in (*found.legal, *found.blocked):
            for language in LANGUAGES:
                told = found.text_of(option, language)
                assert told or (option.legal and not option.reason)
                # What speaks for a move is no reason why it cannot be.
                fact = option.reason and option.reason.text(language)
                assert option.legal or option.kind != "move" or told != fact
            try:
                after = draft.after(option.edit, at=at(9))
            except EditError:
                assert not option.legal
                assert option.change is None
                assert option.obstacles or found.common
                continue
            before, now = (plan_points(problem, d.state.lead_of).total for d in (draft, after))
            if option.change is not None:
                assert option.change == pytest.approx(now - before, abs=1e-9)
                assert option.change == after.entries[-1].change
            elif not is_far(option):
                assert not math.isfinite(now - before)
            if draft.standing.valid:
                assert option.legal == (not check(problem, after.state.lead_of))
            assert option.legal or option.obstacles or found.common
        changes = [o.change for o in found.legal if o.change is not None]
        assert changes == sorted(changes, reverse=True)


def is_far(option: Option) -> bool:
    return any(o.kind in ("not_adjacent", "other_zone") for o in option.obstacles)


@given(seed=SEEDS)
@settings(max_examples=12, deadline=None)
def test_no_legal_move_is_forgotten(seed: int) -> None:
    draft = draft_of(seed)
    if not draft.standing.valid:
        return
    for villages in some_villages(draft, seed):
        found = draft.options(villages)
        moves = {o.target for o in found.legal if o.kind == "move"}
        assert moves == brute_moves(draft, villages)
        blocked = {o.target for o in found.blocked if o.kind == "move"}
        assert not moves & blocked
        if found.common:
            assert not moves


def kinds_of(options: tuple[Option, ...]) -> set[tuple[str, int]]:
    return {(o.kind, o.target) for o in options}


def test_the_options_of_a_member() -> None:
    draft = small()
    found = draft.options(2)
    assert ("move", 3) in kinds_of(found.legal)
    assert ("lead", 2) in kinds_of(found.legal)
    best = next(o for o in found.legal if o.kind == "move")
    assert best.alliance is not None
    assert best.alliance.villages == (3, 4, 5, 6, 8)
    assert best.text("zh")
    assert isinstance(best.edit, Move)
    assert {type(o.edit) for o in found.legal} <= {Move, SetLead, Swap, LeaveOut, NewAlliance}
    assert draft.options(2) is found


def test_a_reason_that_blocks_every_move_is_told_once() -> None:
    draft = small(lead_of=(0, 0, 0, 3, 3, 3, 6, 6, 6))
    between = draft.options(1)
    assert [o.kind for o in between.common] == ["cuts"]
    assert [v.position for v in between.together_with] == [2]
    assert between.remedy is not None
    assert "㐂庄" not in between.remedy.text("zh")
    for option in between.blocked:
        if option.kind == "move":
            assert "cuts" not in {o.kind for o in option.obstacles}
        if option.kind == "move" and not option.obstacles:
            # The row itself says it still.
            assert between.text_of(option, "zh") in between.common_text("zh")
    locked = draft.after(Lock(villages=codes(4)), at=at(1)).options(4)
    assert [o.kind for o in locked.common] == ["locked"]
    assert not locked.legal


def test_what_speaks_of_one_target_stands_in_its_row() -> None:
    draft = small(lead_of=(0, 0, 0, 3, 3, 3, 3, -1, 3), rules={"max_size": 5})
    found = draft.options(2)
    row = next(o for o in found.blocked if o.kind == "move")
    assert [o.kind for o in row.obstacles] == ["too_large"]
    assert row.text("zh") == "已有 5 村，满了"
    assert not found.common
    few = small(lead_of=(0, 0, 0, 3, 3, 3, 6, 6, 6), rules={"min_size": 3}).options(2)
    assert few.common_text("zh") == ("移出后只剩 2 村，至少 3 村",)
    assert few.remedy is not None


def test_several_villages_are_moved_at_once() -> None:
    draft = small(lead_of=(0, 0, 0, 3, 3, 3, 6, 6, 6))
    both = draft.options([1, 2])
    assert not any(o.kind == "lead" for o in (*both.legal, *both.blocked))
    move = next(o for o in (*both.legal, *both.blocked) if o.kind == "move" and o.target == 3)
    after = draft.after(move.edit, at=at(1))
    assert after.state.lead_of.tolist() == [0, 3, 3, 3, 3, 3, 6, 6, 6]
    assert move.legal == after.standing.valid
    far = next(o for o in both.blocked if o.target == 6)
    assert [o.kind for o in far.obstacles] == ["not_adjacent"]
    assert far.text("zh") == "不相邻"


def test_ties_of_the_draft_are_obstacles() -> None:
    draft = small().after(Apart(a=code(2), b=code(4)), at=at(1))
    move = next(o for o in draft.options(2).blocked if o.kind == "move")
    assert {o.kind for o in (*move.obstacles, *draft.options(2).common)} == {"apart"}


def test_villages_left_out_make_an_alliance_together() -> None:
    draft = small(lead_of=(0, 0, 0, 3, 3, 3, -1, -1, -1))
    new = next(o for o in draft.options(7).legal if o.kind == "new")
    assert sorted(new.villages) == [6, 7, 8]
    assert draft.after(new.edit, at=at(1)).standing.valid


def test_who_is_asked_about_is_checked() -> None:
    draft = small()
    wrong: list[Any] = [[], -1, 9, [0, 9]]
    for villages in wrong:
        with pytest.raises(ValueError, match="villages must be"):
            draft.options(villages)


@pytest.mark.parametrize("kind", get_args(ObstacleKind))
def test_every_obstacle_is_told_in_a_few_words(kind: str) -> None:
    name = VillageName(0, "1", "王庄", "双溪镇")
    names: list[str | None] = [None]
    if kind == "gates":
        names = list(GATES)
    for each in names:
        obstacle = Obstacle(kind, (name,), 3.0, 4.0, each)  # type: ignore[arg-type]
        told = short_text(obstacle, "zh")
        assert 0 < len(told.replace(" ", "")) <= 18
        assert "{" not in told
        assert short_text(obstacle, "en")


@given(seed=SEEDS)
@settings(max_examples=10, deadline=None)
def test_a_preview_is_the_edit_without_making_it(seed: int) -> None:
    draft, rng = edited(seed, 3), np.random.default_rng([seed, 6])
    for _ in range(6):
        edit = random_edit(draft, rng)
        seen = draft.preview(edit)
        try:
            after = draft.after(edit, at=at(9))
        except EditError as failed:
            assert not seen.legal
            assert seen.reason is not None
            assert seen.reason.text() == failed.faults[0].text()
            assert seen.obstacles
            continue
        assert seen.change == after.entries[-1].change
        if draft.standing.valid:
            assert seen.legal is after.standing.valid
        assert seen.legal or all(o.text("zh") for o in seen.obstacles)
        assert seen.legal == (not seen.obstacles)


@given(seed=SEEDS)
@settings(max_examples=8, deadline=None)
def test_every_step_has_its_sentence(seed: int) -> None:
    draft = edited(seed, 10)
    for entry in draft.entries:
        for language in LANGUAGES:
            told = draft.sentence(entry.number).text(language)
            assert told
            assert "{" not in told
    with pytest.raises(EditError):
        draft.sentence(len(draft.entries) + 1)


def test_a_step_in_words() -> None:
    draft = small().after(Move(villages=codes(2, 1), to=code(3)), at=at(1))
    assert draft.sentence(1).text("zh") == "把a\"b'c,d、𠮷沟移入上\n下片区"
    told = draft.reoptimised(at=at(2)).sentence(2).text("zh")
    assert re.fullmatch("优化其余，\\d+ 个村换了片区或领建村", told)

"""Three contrasting plans, and which villages go another way."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from scenarios import table

from liancun_geo.contrasts import (
    changed_villages,
    counterparts,
    equity_first,
    existing_plan,
    fewest_changes,
    least_weak_members,
)
from liancun_geo.rule_settings import RuleSettings
from liancun_geo.sample import sample_county
from liancun_geo.scenario import County, lay_groundwork, plan_alliances, read_county
from liancun_geo.settings import Settings, parse_settings, read_settings


@pytest.fixture(scope="module")
def sample() -> tuple[County, Settings]:
    files = sample_county()
    settings = read_settings(files.settings)
    county = read_county(files.boundaries, files.ledger, settings=settings, folder=files.folder)
    return county, settings


def test_equity_first_lets_contrast_outweigh_all_else_and_keeps_the_rules() -> None:
    settings = Settings(rules=RuleSettings(min_size=3, max_size=6, excluded=("370499100238",)))
    weak = equity_first(settings, 2)
    weights = weak.criteria.pair_weights
    others = weights.proximity + weights.industry_similarity + weights.industry_complementarity
    assert weights.strength_contrast == pytest.approx(others)
    assert weak.rules.weak_village_weight == weak.rules.small_village_weight == 3.0
    assert weak.rules.max_weak_members == 2
    same = ("min_size", "max_size", "excluded", "zone_field", "coverage", "unassigned_cost")
    assert all(getattr(weak.rules, name) == getattr(settings.rules, name) for name in same)
    assert weak.criteria.gates == settings.criteria.gates
    # What was made goes through the same door as what a planner writes.
    assert parse_settings(weak.model_dump(mode="json", exclude_none=True)) == weak


def test_equity_first_never_loosens_what_the_planner_set() -> None:
    settings = Settings(rules=RuleSettings(max_weak_members=1))
    assert equity_first(settings, 3).rules.max_weak_members == 1
    assert equity_first(settings).rules.max_weak_members == 1
    assert equity_first(Settings()).rules.max_weak_members is None


@given(some.integers(0, 12), some.integers(1, 12))
def test_the_cap_on_weak_members_is_the_least_that_works(least: int, most: int) -> None:
    found = least_weak_members(most, lambda cap: cap >= least)
    assert found == (least if least < most else None)


def test_existing_alliances_are_led_by_the_village_they_are_called_after() -> None:
    called = [
        "东岭片区",
        "东岭片区",
        "东岭片区",
        None,
        "无名片区",
        "无名片区",
        "独村片区",
        "",
        None,
    ]
    names = ["甲村", "东岭村", "乙村", "丙村", "丁村", "戊村", "己村", "庚村", "辛村"]
    villages = table(9, name=names, existing_alliance=called, weak_organisation=[False] * 9)
    settings = Settings(rules=RuleSettings(min_size=2, max_size=6))
    problem = lay_groundwork(County(villages), settings).problem
    before = existing_plan(villages, settings, problem)
    assert before[:4].tolist() == [1, 1, 1, -1]
    assert before[4] == before[5] in (4, 5)
    assert before[6:].tolist() == [-1, -1, -1]


def test_fewest_changes_keeps_existing_alliances(sample: tuple[County, Settings]) -> None:
    county, settings = sample
    frame = county.villages.frame
    best = plan_alliances(county, settings).plan.lead_of
    old = np.array(best)
    changed = frame.assign(existing_alliance=[f"{lead}号" if lead >= 0 else None for lead in old])
    villages = replace(county.villages, frame=changed)
    groundwork = lay_groundwork(County(villages, county.barriers), settings)
    kept = fewest_changes(villages, settings, groundwork, time_limit=30.0)
    assert kept is not None
    assert kept.result.status == "optimal"
    assert kept.violations == ()
    before = existing_plan(villages, settings, groundwork.problem)
    assert not (changed_villages(before, kept.plan.lead_of) & (before >= 0)).any()


def test_without_existing_alliances_there_is_no_plan_of_fewest_changes() -> None:
    villages = table(9)
    settings = Settings(rules=RuleSettings(min_size=2, max_size=6))
    groundwork = lay_groundwork(County(villages), settings)
    assert fewest_changes(villages, settings, groundwork, time_limit=5.0) is None


def test_another_lead_alone_is_no_change() -> None:
    before = [0, 0, 0, 3, 3, -1, -1]
    after = [2, 2, 2, 3, 3, 3, -1]
    assert counterparts(before, after) == {2: 0, 3: 3}
    assert np.flatnonzero(changed_villages(before, after)).tolist() == [5]


def test_the_larger_part_goes_on_and_the_smaller_has_changed() -> None:
    before = [0, 0, 0, 0, 0]
    after = [0, 0, 0, 4, 4]
    assert counterparts(before, after) == {0: 0}
    assert np.flatnonzero(changed_villages(before, after)).tolist() == [3, 4]


@some.composite
def plans(draw: some.DrawFn) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    parts = draw(some.lists(some.integers(-1, 3), min_size=8, max_size=8))
    first = {part: parts.index(part) for part in parts}
    return np.array([-1 if part < 0 else first[part] for part in parts], dtype=np.intp)


@given(plans(), plans())
def test_changes_count_both_ways_alike(one: np.ndarray, other: np.ndarray) -> None:
    assert not changed_villages(one, one).any()
    there, back = changed_villages(one, other), changed_villages(other, one)
    assert there.sum() == back.sum()

"""Two plans side by side: what differs adds up to the change of the total."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from functools import cache

import numpy as np
import pytest
from builders import village_table
from hypothesis import given, settings
from hypothesis import strategies as st

from liancun_geo.check import check
from liancun_geo.compare import best_keeping, difference, figures, reasons
from liancun_geo.editing import Draft, Move
from liancun_geo.errors import ProblemError
from liancun_geo.plan import UNASSIGNED
from liancun_geo.points import plan_points
from liancun_geo.scenario import County, Scenario, plan_alliances, take_over
from liancun_geo.settings import Settings, parse_settings
from liancun_geo.villages import VillageTable

N = 16
NOW = datetime(2026, 3, 1, tzinfo=UTC)


@cache
def county(seed: int = 1) -> tuple[VillageTable, Settings]:
    rng = np.random.default_rng(seed)
    town = ["370406101" if i < 8 else "370406102" for i in range(N)]
    table = village_table(
        N,
        code=[f"{town[i]}{200 + i}" for i in range(N)],
        name=[f"村{i}" for i in range(N)],
        township_code=town,
        township=["甲镇" if i < 8 else "乙镇" for i in range(N)],
        collective_income_wan_yuan=[float(rng.integers(1, 90)) for _ in range(N)],
        population_registered_persons=[float(rng.integers(200, 2500)) for _ in range(N)],
        industries=[("粮食",) if i % 3 else ("养殖", "粮食") for i in range(N)],
        weak_economy=[i % 5 == 0 for i in range(N)],
    )
    rules = {"min_size": 2, "max_size": 5, "coverage": "partial", "size_cost": {4: -0.1}}
    return table, parse_settings({"rules": rules, "types": {"strong_income_wan_yuan": 40}})


@cache
def best(seed: int = 1) -> Scenario:
    return plan_alliances(*county(seed))


def shuffled(seed: int) -> Scenario:
    """Return some other plan, good or bad, connected or not."""
    rng = np.random.default_rng(seed)
    lead_of = np.full(N, UNASSIGNED)
    for zone in (range(8), range(8, N)):
        leads = rng.choice(list(zone), 2, replace=False)
        for village in zone:
            lead_of[village] = rng.choice([*leads, UNASSIGNED], p=[0.45, 0.45, 0.1])
        lead_of[leads] = leads
    return take_over(County(county()[0]), county()[1], lead_of)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_the_parts_add_up_to_the_change_of_the_total(seed: int) -> None:
    first, second = best(), shuffled(seed)
    found = difference(first, second)
    total = plan_points(first.problem, second.plan).total
    before = plan_points(first.problem, first.plan).total
    if not math.isfinite(total):
        assert found.change is None
        return
    assert found.change == pytest.approx(total - before)
    parts = [one.points for one in (*found.moved, *found.leads)]
    assert None not in parts and found.rest is not None
    assert math.fsum(p for p in parts if p is not None) + found.rest == pytest.approx(found.change)
    # The rest is what alliances as a whole have: by this problem, sizes of four.
    fours = [sum(len(a.villages) == 4 for a in scenario.alliances) for scenario in (first, second)]
    assert found.rest == pytest.approx(fours[1] - fours[0])


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 10_000))
def test_a_difference_read_backwards_is_its_opposite(one: int, other: int) -> None:
    forth, back = (
        difference(shuffled(one), shuffled(other)),
        difference(shuffled(other), shuffled(one)),
    )
    assert (forth.n_left_out, forth.n_placed) == (back.n_placed, back.n_left_out)
    assert (
        {m.village: (m.before, m.after) for m in forth.moved if m.before and m.after}
        == {m.village: (m.after, m.before) for m in back.moved if m.before and m.after}
        or forth.gone
        or forth.new
        or forth.leads
    )
    if forth.change is not None and back.change is not None:
        assert forth.change == pytest.approx(-back.change)


def test_a_plan_beside_itself_has_no_difference() -> None:
    found = difference(best(), best())
    assert (found.moved, found.leads, found.gone, found.new) == ((), (), (), ())
    assert found.change == 0 and found.rest == 0 and found.same_rules


def test_a_new_lead_alone_moves_nobody() -> None:
    lead_of = best().plan.lead_of.copy()
    alliance = next(a for a in best().alliances if a.members)
    lead_of[list(alliance.villages)] = alliance.members[0]
    found = difference(best(), take_over(County(county()[0]), county()[1], lead_of))
    assert found.moved == ()
    assert [(one.before, one.after) for one in found.leads] == [
        (alliance.lead, alliance.members[0])
    ]
    assert found.change == pytest.approx(found.leads[0].points)


def test_points_of_plans_under_other_rules_are_counted_by_the_rules_of_the_first() -> None:
    table, given_settings = county()
    weights = {"pair_weights": {"strength_contrast": 5.0}}
    tables = {"rules": given_settings.rules.model_dump(exclude_unset=True), "criteria": weights}
    second = plan_alliances(table, parse_settings(tables))
    found = difference(best(), second)
    assert not found.same_rules
    assert found.change is not None and found.change <= 1e-9
    assert figures(second, judged_by=best()).total == pytest.approx(
        (figures(best()).total or 0) + found.change
    )


def test_figures_are_counted_from_the_plan() -> None:
    found = figures(best())
    lead_of = best().plan.lead_of
    frame = county()[0].frame
    assert (found.placed, found.count) == (int((lead_of >= 0).sum()), N)
    weak = [v for v in range(N) if v % 5 == 0]
    income = frame["collective_income_wan_yuan"].tolist()
    led = [v for v in weak if lead_of[v] not in (-1, v) and income[lead_of[v]] >= 40]
    assert (found.weak_led, found.weak) == (len(led), len(weak))
    assert found.broken == 0 and found.most == pytest.approx(0, abs=1e-6)
    points = frame.geometry.representative_point()
    pairs = [(v, int(lead_of[v])) for v in range(N) if lead_of[v] not in (-1, v)]
    km = [points.iloc[a].distance(points.iloc[b]) / 1000 for a, b in pairs]
    assert found.distance_max_km == pytest.approx(max(km))
    assert found.distance_mean_km == pytest.approx(sum(km) / len(km))


def test_a_plan_that_breaks_rules_has_no_bound() -> None:
    alone = np.arange(N)
    found = figures(take_over(County(county()[0]), county()[1], alone))
    assert found.broken > 0 and found.most is None and found.gap is None


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 500))
def test_the_best_plan_that_keeps_the_difference_keeps_it_and_is_no_worse(seed: int) -> None:
    draft = Draft(best())
    rng = np.random.default_rng(seed)
    codes = county()[0].frame["code"].tolist()
    members = [v for a in best().alliances for v in a.members]
    village = int(rng.choice(members))
    zone = best().problem.zone_of
    targets = [
        a.lead
        for a in best().alliances
        if zone[a.lead] == zone[village] and village not in a.villages
    ]
    if not targets:
        return
    lead_of = best().plan.lead_of.copy()
    lead_of[village] = targets[0]
    second = take_over(County(county()[0]), county()[1], lead_of)
    kept = best_keeping(best(), second)
    if not check(best().problem, kept.scenario.plan) and not second.violations:
        assert kept.scenario.plan.lead_of[village] == targets[0]
        assert (figures(kept.scenario).total or 0) >= (figures(second).total or 0) - 1e-6
    moved = draft.after(
        Move(villages=(codes[village],), to=codes[targets[0]]), at=NOW, note="路通了"
    )
    assert reasons(moved.entries) == {codes[village]: "路通了"}


def test_plans_of_other_villages_are_refused() -> None:
    other = plan_alliances(village_table(4), parse_settings({"rules": {"min_size": 2}}))
    with pytest.raises(ProblemError):
        difference(best(), other)

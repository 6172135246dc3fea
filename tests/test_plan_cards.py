"""Cards of contrasting plans: what is proven is told as it is, and a part is never the best."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import scenarios

from liancun_geo.output.picture.markup import markup
from liancun_geo.scenario import Scenario
from liancun_geo.solve.result import Status
from liancun_geo.studio.plan_cards import proof_chip
from liancun_geo.studio.plan_figures import rows_of


def without_plan(scenario: Scenario, status: Status) -> Scenario:
    """Return a scenario whose first zone has no plan."""
    zone = replace(scenario.result.zones[0], status=status, objective=math.inf)
    zones = (zone, *scenario.result.zones[1:])
    return replace(scenario, result=replace(scenario.result, zones=zones, status="unknown"))


@pytest.mark.parametrize(("status", "told"), [("infeasible", "排不出"), ("unknown", "没算完")])
def test_no_plan_in_time_is_not_told_as_impossible(status: Status, told: str) -> None:
    chip = markup(proof_chip(without_plan(scenarios.scenario(), status), "zh"))
    assert f"1 个镇街{told}" in chip


def test_a_plan_of_a_part_of_the_county_is_best_in_nothing() -> None:
    whole = scenarios.scenario()
    plan = replace(whole.plan, lead_of=np.where(whole.plan.lead_of == 3, -1, whole.plan.lead_of))
    part = replace(whole, plan=plan)
    late = replace(without_plan(whole, "unknown"), plan=plan)
    assert any(row.figures[1].best for row in rows_of(whole, [whole, part]))
    assert not any(row.figures[1].best for row in rows_of(whole, [whole, late]))

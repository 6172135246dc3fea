"""Made-up counties for why cards, and costs counted plainly."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np
from builders import village_table

from liancun_geo.check import check, plan_cost
from liancun_geo.problem import AllianceProblem
from liancun_geo.sample import sample_county
from liancun_geo.scenario import County, Scenario, plan_alliances, read_county, take_over
from liancun_geo.settings import parse_settings, read_settings
from liancun_geo.villages import VillageTable
from liancun_geo.why import (
    Explainer,
)

TAGS = ("粮食", "养殖", "林果", "乡村旅游", "农产品加工")
ROUNDING = 1e-6


def made_up_table(seed: int, n: int = 14) -> VillageTable:
    """Return two townships of a grid with random indicators, some missing."""
    rng = np.random.default_rng(seed)
    half = 2 * math.ceil(math.sqrt(n))
    town = [f"37040610{1 if i < half else 2}" for i in range(n)]

    def numbers(high: float) -> list[float | None]:
        return [None if rng.random() < 0.1 else float(rng.integers(1, int(high))) for _ in range(n)]

    tags = [tuple(t for t in TAGS if rng.random() < 0.4) for _ in range(n)]
    return village_table(
        n,
        code=[f"{town[i]}{200 + i}" for i in range(n)],
        township_code=town,
        township=[f"镇{code[-1]}" for code in town],
        collective_income_wan_yuan=numbers(90),
        party_members_persons=numbers(120),
        population_registered_persons=numbers(3000),
        income_per_head_yuan=numbers(30_000),
        enterprises=[("厂",) if rng.random() < 0.3 else () for _ in range(n)],
        industries=[None if rng.random() < 0.1 else own for own in tags],
        weak_organisation=[bool(rng.random() < 0.15) for _ in range(n)],
        secretary_in_post=[None if rng.random() < 0.1 else True for _ in range(n)],
    )


def made_up(seed: int) -> Scenario:
    """Return a plan, the best or a worse one, under random rules."""
    rng = np.random.default_rng([seed, 1])
    table = made_up_table(seed, int(rng.integers(8, 15)))
    codes = table.frame["code"].tolist()
    least = int(rng.integers(2, 4))
    rules: dict[str, Any] = {"min_size": least, "max_size": least + int(rng.integers(1, 4))}
    if rng.random() < 0.4:
        rules |= {"coverage": "partial", "unassigned_cost": float(rng.choice([0.3, 0.6]))}
    if rng.random() < 0.3:
        rules["max_distance_km"] = float(rng.choice([1.6, 2.3]))
    if rng.random() < 0.2:
        rules["max_hops"] = 2
    if rng.random() < 0.2:
        rules["never_together"] = [[codes[0], codes[1]]]
    if rng.random() < 0.2:
        rules["must_together"] = [[codes[0], codes[1]]]
    if rng.random() < 0.2:
        rules["each_with_enterprise"] = True
    if rng.random() < 0.2:
        rules["max_weak_members"] = 1
        table.frame["weak_economy"] = table.frame["weak_economy"].fillna(value=False)
    if rng.random() < 0.2:
        rules["size_cost"] = {str(least): 0.2}
    if rng.random() < 0.2:
        rules["excluded"] = [codes[-1]]
    wanted = parse_settings({"rules": rules})
    scenario = plan_alliances(table, wanted)
    if rng.random() < 0.5:
        scenario = take_over(County(table), wanted, worsened(scenario, rng))
    return scenario


def worsened(scenario: Scenario, rng: np.random.Generator) -> np.ndarray:
    """Return the plan after a few random moves that break no rule."""
    lead_of = np.array(scenario.plan.lead_of)
    for _ in range(6):
        a, b = scenario.problem.edges[rng.integers(len(scenario.problem.edges))].tolist()
        moved = lead_of.copy()
        moved[a] = lead_of[b]
        if moved[b] >= 0 and moved[moved[a]] == moved[a] and not check(scenario.problem, moved):
            lead_of = moved
    return lead_of


@cache
def demo() -> Scenario:
    files = sample_county()
    own = read_settings(files.settings)
    county = read_county(files.boundaries, files.ledger, settings=own, folder=files.folder)
    return plan_alliances(county, own)


@cache
def of_demo() -> Explainer:
    return Explainer(demo())


def counted(problem: AllianceProblem, lead_of: np.ndarray) -> int:
    """Return how many villages count: placed, or left out at a price they could be spared."""
    count = 0
    for village, lead in enumerate(lead_of.tolist()):
        price = float(problem.unassigned_cost[village])
        zone = [v for v in range(problem.n) if problem.zone_of[v] == problem.zone_of[village]]
        led = any(math.isfinite(problem.pair(v, village)) for v in zone if v != village)
        free = price == 0.0 and not led and not problem.can_lead[village]
        count += lead >= 0 or (math.isfinite(price) and not free)
    return count


def points(problem: AllianceProblem, lead_of: Any) -> float:
    """Return the points of a plan, its cost by the checker."""
    lead_of = np.asarray(lead_of)
    return 10.0 * counted(problem, lead_of) - 10.0 * plan_cost(problem, lead_of)


def breaks(scenario: Scenario, lead_of: np.ndarray) -> bool:
    """Return whether a plan breaks a rule that the plan at hand does not break."""
    old = {(v.rule, v.lead, v.villages) for v in scenario.violations}
    old |= {(v.rule, v.lead, v.villages) for v in check(scenario.problem, scenario.plan)}
    new = {(v.rule, v.lead, v.villages) for v in check(scenario.problem, lead_of)}
    return bool(new - old)


def alone(scenario: Scenario, village: int, lead: int) -> float | None:
    """Return the change of the plan if one village moves, by the checker; None if it breaks."""
    moved = scenario.plan.lead_of.copy()
    moved[village] = lead
    if breaks(scenario, moved):
        return None
    return points(scenario.problem, moved) - points(scenario.problem, scenario.plan.lead_of)

"""Small scenarios for tests of what is written: two alliances, one village left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np
import shapely
from builders import ORIGIN, village_table

from liancun_geo.contiguity import ContiguityGraph
from liancun_geo.criteria import score_leads, score_pairs
from liancun_geo.errors import Fault, warning
from liancun_geo.plan import Plan
from liancun_geo.problem import AllianceProblem
from liancun_geo.reasons import village_reason
from liancun_geo.rule_settings import RuleSettings
from liancun_geo.scenario import NamedAlliance, Scenario, Unassigned
from liancun_geo.settings import Settings, SolverSettings
from liancun_geo.solve.result import Reason, SolveResult, ZoneResult
from liancun_geo.villages import Source, VillageTable

RARE_NAMES = ("㐂庄", "𠮷沟", "a\"b'c,d", "上\n下", '=HYPERLINK("http://x")', "+1", "-1", "@x")
"""Names with rare characters, quotes, a line break, and what a spreadsheet takes for formulas."""


def grid_edges(n: int, wide: int = 3) -> list[tuple[int, int]]:
    """Return the neighbours of a grid of squares, row by row."""
    right = [(i, i + 1) for i in range(n) if (i + 1) % wide and i + 1 < n]
    up = [(i, i + wide) for i in range(n - wide)]
    return right + up


def table(n: int = 9, **columns: Any) -> VillageTable:
    """Return nine squares of 1 km with rare names and some values missing."""
    names = [*RARE_NAMES, *(f"村{i}" for i in range(len(RARE_NAMES), n))][:n]
    given: dict[str, Any] = {
        "code": [f"03704061{i:04d}" for i in range(n)],
        "name": names,
        "township_code": ["037040611"] * n,
        "township": ["示例镇"] * n,
        "population_registered_persons": [100.0 + i for i in range(n - 1)] + [None],
        "collective_income_wan_yuan": [None, None, None, 1.5, 2.25, None, 7.0, 8.0, 9.0][:n],
        "collective_income_year": [2023.0] * n,
        "households": [30.0, 31.0, None, *[33.0] * (n - 3)],
        "industries": [("林果", "粮食"), ("林果",), (), None, *[("粮食",)] * (n - 4)],
        "weak_organisation": [True, False, None, *[False] * (n - 3)],
    } | columns
    return village_table(n, **{name: values[:n] for name, values in given.items()})


def scenario(
    lead_of: Sequence[int] = (0, 0, 0, 3, 3, 3, 3, -1, 3),
    *,
    villages: VillageTable | None = None,
    sources: tuple[Source, ...] = (),
    warnings: tuple[Fault, ...] = (),
    rules: Mapping[str, Any] | None = None,
) -> Scenario:
    """Return a plan given by hand with the figures that follow from it.

    Partial coverage: a village left out costs 1, a pair 0.25 plus a hundredth of the distance of
    the two numbers, a lead nothing.
    """
    villages = villages or table(len(lead_of))
    villages = replace(villages, sources=sources)
    n = len(villages)
    settings = Settings(
        rules=RuleSettings.model_validate(
            {"min_size": 2, "max_size": 6, "coverage": "partial", **(rules or {})}
        ),
        solver=SolverSettings(seed=7, time_limit_s=5),
    )
    problem = problem_of(villages, settings)
    cost = 0.25 + abs(np.subtract.outer(np.arange(n), np.arange(n))) / 100
    objective = float(sum(cost[i, j] for j, i in enumerate(lead_of) if i not in (-1, j)))
    objective += list(lead_of).count(-1)
    left_out = {i: Reason("cheaper_left_out") for i, lead in enumerate(lead_of) if lead == -1}
    label = villages.frame["township_code"].iat[0] if n else "none"
    zone = ZoneResult(label, n, "optimal", objective, objective, 42, 0.5)
    result = SolveResult(
        np.array(lead_of, dtype=np.intp),
        objective,
        objective,
        "optimal",
        (zone,) if n else (),
        MappingProxyType(left_out),
        seed=7,
        seconds=0.5,
    )
    plan = Plan.from_lead_of(lead_of)
    codes = villages.frame["code"].tolist()
    names = villages.frame["name"].tolist()
    leads = score_leads(villages)
    return Scenario(
        villages=villages,
        settings=settings,
        contiguity=ContiguityGraph.from_edges(codes, grid_edges(n), [1000.0] * len(grid_edges(n))),
        leads=leads,
        pairs=score_pairs(villages, leads, villages.frame["township_code"].tolist()),
        problem=problem,
        result=result,
        plan=plan,
        alliances=tuple(
            NamedAlliance(f"A{k:03d}", f"{names[a.lead]}片区", "示例镇", a.lead, a.members)
            for k, a in enumerate(plan.alliances, start=1)
        ),
        unassigned=tuple(
            Unassigned(
                i, codes[i], names[i], "示例镇", village_reason(reason, i, villages, settings)
            )
            for i, reason in left_out.items()
        ),
        violations=(),
        warnings=warnings,
        fingerprint="f" * 64,
    )


def problem_of(villages: VillageTable, settings: Settings) -> AllianceProblem:
    """Return the problem that :func:`scenario` states for these villages."""
    n = len(villages)
    rules = settings.rules
    return AllianceProblem.from_arrays(
        0.25 + abs(np.subtract.outer(np.arange(n), np.arange(n))) / 100,
        grid_edges(n),
        min_size=rules.min_size,
        max_size=rules.max_size,
        zones=villages.frame["township_code"].tolist(),
        unassigned_cost=np.full(n, rules.unassigned_cost),
    )


def excluded_village() -> Unassigned:
    """Return a village that was left out while reading and is not in the table."""
    reason = warning("reason.village_excluded")
    return Unassigned(None, "037040619999", "=外", "示例镇", reason)


def two_part_square(i: int) -> shapely.MultiPolygon:
    """Return a square of the grid with an exclave far away."""
    x, y = ORIGIN
    left, low = x + 1000 * (i % 3), y + 1000 * (i // 3)
    exclave = shapely.box(x + 9000, y + 9000, x + 9100, y + 9100)
    return shapely.MultiPolygon([shapely.box(left, low, left + 1000, low + 1000), exclave])

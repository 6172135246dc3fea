"""What ``ensemble`` does: sample feasible plans and tell where a plan stands among them."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np

from liancun_geo.commands.checking import ready
from liancun_geo.commands.inputs import GOOD, Inputs, handed_plan
from liancun_geo.commands.tables import write_table
from liancun_geo.report import Report, print_json


def ensemble(
    report: Report,
    inputs: Inputs,
    assignment: Path | None,
    out: Path | None,
    *,
    draws: int,
    chains: int,
    seed: int,
    beta: float,
    gamma: float,
) -> int:
    """Tell where a plan stands among sampled plans.

    Parameters
    ----------
    assignment
        The plan, in any form that ``check`` reads; default: the best one.
    out
        A CSV file with a row a metric.
    draws, chains, seed, beta, gamma
        As for :func:`liancun_geo.research.sample_plans`.
    """
    from liancun_geo.research import county_metrics, place_plan, sample_plans, standing_text
    from liancun_geo.solve import solve

    settings = inputs.settings()
    county, groundwork, _ = ready(report, inputs, settings)
    problem = groundwork.problem
    best = solve(problem, time_limit=settings.solver.time_limit_s, seed=settings.solver.seed)
    own = best.lead_of if assignment is None else handed_plan(assignment, county.villages)
    found = sample_plans(
        problem,
        draws=draws,
        chains=chains,
        seed=seed,
        beta=beta,
        gamma=gamma,
        starts=[best.lead_of] if np.isfinite(best.objective) else None,
    )
    placed = place_plan(found, np.asarray(own, dtype=np.intp), county_metrics(groundwork))
    for line in standing_text(placed, len(found), report.language):
        report.say(line)
    if out is not None:
        write_table(placed.reset_index(), out, inputs)
        report.line("research.table_written", file=out)
    if report.as_json:
        print_json(
            {
                "plans": len(found),
                "accepted": found.accepted.tolist(),
                "metrics": [_finite(row) for row in placed.reset_index().to_dict("records")],
            }
        )
    return GOOD


def _finite(row: dict[Any, Any]) -> dict[str, Any]:
    # A plan that does what the rules forbid costs more than any number; JSON has no word for it.
    return {
        str(name): None if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in row.items()
    }

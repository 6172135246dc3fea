"""Compile everything before anybody waits for it."""

from __future__ import annotations

from functools import cache

import numpy as np

from liancun_geo.problem import AllianceProblem
from liancun_geo.solve.coordinator import solve
from liancun_geo.solve.near_optimal import alternatives
from liancun_geo.solve.resolve import resolve


@cache
def warm_up() -> None:
    """Solve a tiny county with every method, so that all compiled code is made and kept.

    The first time on a machine this takes some ten seconds, later a fraction of one: numba keeps
    what it compiled beside the package, or in the user's cache folder. Called again it does
    nothing.
    """
    number = np.arange(30).reshape(5, 6)
    edges = np.concatenate(
        [
            np.column_stack([number[:, :-1].ravel(), number[:, 1:].ravel()]),
            np.column_stack([number[:-1].ravel(), number[1:].ravel()]),
        ]
    )
    # Irregular costs leave the first programme fractional, so that cuts are looked for as well.
    cost = np.random.default_rng(0).random((30, 30))
    problem = AllianceProblem.from_arrays(cost, edges, 4, 8)
    plan = solve(problem, time_limit=60.0).lead_of
    # Both ways near a plan: at a price for each move, and with a greatest number of moves.
    resolve(problem, plan, move_cost=0.1)
    resolve(problem, plan, max_moves=3, locked=[0])
    alternatives(problem, within=0.01, limit=10)

"""How far a plan depends on the weights, and on figures that may be off."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any, Literal

import numpy as np
import pandas as pd

from liancun_geo.agreements import rule_arguments
from liancun_geo.arrays import FloatArray
from liancun_geo.criteria import composite, score_leads
from liancun_geo.errors import DataError, error
from liancun_geo.posing import excluded_positions, pose, zone_labels
from liancun_geo.problem import AllianceProblem
from liancun_geo.research.redrawn import SWING_BELOW, Redrawn, stacked
from liancun_geo.scenario import Scenario
from liancun_geo.solve import SolveResult, solve
from liancun_geo.solve.stopping import Stop
from liancun_geo.villages import FIELDS
from liancun_geo.why.stability import CONCENTRATION, drawn

Sampling = Literal["simplex", "lattice", "around"]
Distribution = Literal["normal", "lognormal", "uniform"]

ERRORS: Mapping[str, float] = {
    "collective_income_wan_yuan": 0.10,
    "income_per_head_yuan": 0.10,
    "population_registered_persons": 0.05,
    "population_resident_persons": 0.05,
}
"""Relative errors assumed where the caller names none: a judgement, not a measurement."""


@dataclass(frozen=True, eq=False)
class WeightSensitivity(Redrawn):
    """A plan under other weights; :attr:`drawn` holds the weights of every draw."""

    sampling: Sampling = "simplex"


@dataclass(frozen=True, eq=False)
class DataSensitivity(Redrawn):
    """A plan under other figures; ``errors`` and ``distribution`` say how they were drawn."""

    errors: tuple[tuple[str, float], ...] = ()
    distribution: Distribution = "normal"


def weight_sensitivity(
    scenario: Scenario,
    draws: int = 100,
    *,
    sampling: Sampling = "simplex",
    steps: int = 4,
    concentration: float = CONCENTRATION,
    lead_weights: bool = False,
    seed: int = 0,
    time_limit: float = 300.0,
    workers: int = 1,
    swing_below: float = SWING_BELOW,
) -> WeightSensitivity:
    """Plan the county anew all over the weights of the pair cost, and tell who stays.

    Parameters
    ----------
    scenario
        The plan at hand, with its county.
    draws
        How many weights; a lattice has as many as it has points.
    sampling
        ``"simplex"``: all weights are equally likely (Dirichlet with 1 for each component in
        use); ``"lattice"``: every combination in steps of ``1 / steps`` (Scheffé 1958,
        doi:10.1111/j.2517-6161.1958.tb00299.x); ``"around"``: near the weights at hand, as
        :func:`liancun_geo.why.stability.weight_stability` draws them.
    steps, concentration
        Of the lattice, of the draws around.
    lead_weights
        Whether the weights of the lead score are drawn as well (around, or over their simplex; not
        with a lattice).
    seed
        Of the draws.
    time_limit
        Seconds for all draws; those that do not fit in are missing from the answer.
    workers
        Threads; the answer does not depend on it unless time runs out.
    swing_below
        As in :class:`~liancun_geo.research.redrawn.Redrawn`.

    Raises
    ------
    ValueError
        If ``draws``, ``steps`` or ``concentration`` cannot be used.

    Notes
    -----
    A weight of 0 stays 0. Gates, sizes and all other rules stay as they are. Varying the weights
    of a composite index: Saisana, Saltelli and Tarantola (2005),
    doi:10.1111/j.1467-985X.2005.00350.x.
    """
    if draws < 1 or steps < 1 or not concentration > 0.0:
        raise ValueError("draws and steps must be at least 1, concentration positive")
    scores = [scenario.leads.score]
    if sampling == "lattice":
        pair_weights = _lattice(scenario.pairs.weights, steps)
    else:
        rng = np.random.default_rng(seed)
        spread = concentration if sampling == "around" else None
        pair_weights = _weights(scenario.pairs.weights, draws, spread, rng)
        if lead_weights:
            chosen = _weights(scenario.leads.weights, draws, spread, rng)
            n = scenario.problem.n
            scores = [composite(scenario.leads.components, weights, n)[0] for weights in chosen]

    def posed(number: int) -> AllianceProblem:
        return under_weights(scenario, pair_weights[number], scores[number % len(scores)])

    found = _planned(scenario, len(pair_weights), posed, time_limit, workers)
    plans, proven, told = _gathered(scenario, found, pd.DataFrame(pair_weights))
    return WeightSensitivity(
        scenario.villages,
        np.asarray(scenario.plan.lead_of, dtype=np.intp),
        plans,
        proven,
        told,
        len(pair_weights),
        swing_below,
        sampling,
    )


def data_sensitivity(
    scenario: Scenario,
    draws: int = 100,
    *,
    errors: Mapping[str, float] | float | None = None,
    distribution: Distribution = "normal",
    seed: int = 0,
    time_limit: float = 300.0,
    workers: int = 1,
    swing_below: float = SWING_BELOW,
) -> DataSensitivity:
    """Redraw figures within their error, score and plan anew, and tell what survives.

    Parameters
    ----------
    scenario
        The plan at hand, with its county.
    draws
        How many times.
    errors
        Column of the village table -> relative error; a number: that error in each column of
        :data:`ERRORS`; None: :data:`ERRORS`. Every village's figure is drawn by itself, cut at 0;
        a missing one stays missing.
    distribution
        ``"normal"``: the error is the standard deviation; ``"lognormal"``: the coefficient of
        variation, mean as given; ``"uniform"``: the half width.
    seed, time_limit, workers, swing_below
        As for :func:`weight_sensitivity`.

    Returns
    -------
    DataSensitivity
        ``alliances()`` tells how often each alliance survives.

    Raises
    ------
    DataError
        If a column is not one of figures, or an error is negative or not finite; with all of them.
    ValueError
        If ``draws`` is less than 1.

    Notes
    -----
    Scores, pair costs and every rule that looks at the figures (small and weak villages, bounds
    on population) follow; neighbours, distances and industries do not change. Errors of different
    villages are independent: a bias that all share hardly moves a plan, since scores are relative.
    """
    if draws < 1:
        raise ValueError(f"draws must be at least 1, got {draws}")
    if not isinstance(errors, Mapping):
        errors = ERRORS if errors is None else dict.fromkeys(ERRORS, errors)
    _check_errors(errors)
    used = {name: errors[name] for name in sorted(errors) if errors[name] > 0.0}

    def posed(number: int) -> AllianceProblem:
        return _under_figures(scenario, used, distribution, [seed, number])

    found = _planned(scenario, draws, posed, time_limit, workers)
    plans, proven, told = _gathered(scenario, found, pd.DataFrame(index=range(draws)))
    return DataSensitivity(
        scenario.villages,
        np.asarray(scenario.plan.lead_of, dtype=np.intp),
        plans,
        proven,
        told,
        draws,
        swing_below,
        tuple(used.items()),
        distribution,
    )


def under_weights(
    scenario: Scenario, weights: Mapping[str, float], score: FloatArray | None = None
) -> AllianceProblem:
    """Return the scenario's problem under other weights of the pair cost and lead scores.

    Parameters
    ----------
    scenario
        Its rules stay; what is forbidden stays forbidden.
    weights
        Component -> weight, together 1; 0 wherever the scenario's own is 0.
    score
        (n,) lead scores; None: as they are.
    """
    problem = scenario.problem
    score = scenario.leads.score if score is None else score
    blocks = []
    for block in scenario.pairs.blocks:
        cost = block.under(weights, score)
        allowed = np.isfinite(problem.cost_block(block.villages))
        blocks.append((block.villages, np.where(allowed, cost, np.inf)))
    lead = scenario.settings.rules.lead_cost_weight * (1.0 - score)
    return problem.changed(
        pair_cost=blocks, lead_cost=np.where(np.isfinite(problem.lead_cost), lead, np.inf)
    )


def _under_figures(
    scenario: Scenario,
    errors: Mapping[str, float],
    distribution: Distribution,
    seed: Sequence[int],
) -> AllianceProblem:
    """Return the problem that redrawn figures make."""
    rng = np.random.default_rng(seed)
    frame = scenario.villages.frame.copy()
    for name, size in errors.items():
        figures = frame[name].to_numpy(dtype=np.float64, na_value=np.nan)
        frame[name] = np.maximum(0.0, figures * _factors(distribution, size, len(frame), rng))
    villages = replace(scenario.villages, frame=frame)
    settings, rules = scenario.settings, scenario.settings.rules
    zones = zone_labels(villages, rules)
    leads = score_leads(villages, settings.criteria)
    blocks = tuple(
        replace(block, cost=block.under(scenario.pairs.weights, leads.score))
        for block in scenario.pairs.blocks
    )
    arguments, _ = rule_arguments(villages, rules, zones)
    excluded = excluded_positions(villages, rules.excluded)
    pairs = replace(scenario.pairs, blocks=blocks)
    return pose(scenario.contiguity, leads, pairs, zones, rules, excluded, arguments)


def _factors(
    distribution: Distribution, size: float, n: int, rng: np.random.Generator
) -> FloatArray:
    if distribution == "uniform":
        return rng.uniform(1.0 - size, 1.0 + size, n)
    if distribution == "lognormal":
        sigma = float(np.sqrt(np.log1p(size**2)))
        return rng.lognormal(-(sigma**2) / 2.0, sigma, n)
    return rng.normal(1.0, size, n)


def _check_errors(errors: Mapping[str, float]) -> None:
    faults = []
    for name, size in errors.items():
        if name not in FIELDS or FIELDS[name].kind != "number":
            faults.append(error("research.no_figures", name=name))
        elif not 0.0 <= size < np.inf:
            faults.append(error("research.error_size", name=name, size=size))
    if faults:
        raise DataError(faults)


def _weights(
    weights: Mapping[str, float], draws: int, concentration: float | None, rng: np.random.Generator
) -> list[dict[str, float]]:
    """Return weights near some, or all over their simplex; those that are 0 stay 0."""
    if concentration is not None:
        return drawn(weights, draws, concentration, rng)
    used = sum(weight > 0.0 for weight in weights.values())
    even = {name: (1.0 / used if weight > 0.0 else 0.0) for name, weight in weights.items()}
    return drawn(even, draws, float(used), rng)


def _lattice(weights: Mapping[str, float], steps: int) -> list[dict[str, float]]:
    used = [name for name, weight in weights.items() if weight > 0.0]
    rows = []
    for bars in combinations(range(steps + len(used) - 1), len(used) - 1):
        ends = np.array([-1, *bars, steps + len(used) - 1])
        parts = (np.diff(ends) - 1) / steps
        rows.append({**dict.fromkeys(weights, 0.0), **dict(zip(used, parts.tolist(), strict=True))})
    return rows


def _planned(
    scenario: Scenario,
    draws: int,
    posed: Callable[[int], AllianceProblem],
    time_limit: float,
    workers: int,
) -> list[SolveResult | None]:
    """Plan under every draw; None where no time was left."""
    with Stop(time_limit) as stop:

        def planned(number: int) -> SolveResult | None:
            if stop.left <= 0.0:
                return None
            return solve(
                posed(number),
                time_limit=min(stop.left, scenario.settings.solver.time_limit_s),
                method=scenario.settings.solver.method,
            )

        if workers == 1:
            return [planned(number) for number in range(draws)]
        with ThreadPoolExecutor(workers) as threads:
            return list(threads.map(planned, range(draws)))


def _gathered(
    scenario: Scenario, found: Sequence[SolveResult | None], tables: pd.DataFrame
) -> tuple[Any, Any, pd.DataFrame]:
    """Return the plans, which are proven, and the table of the draws that were planned."""
    done = [
        (number, result)
        for number, result in enumerate(found)
        if result is not None and result.status != "unknown"
    ]
    rows = [number for number, _ in done]
    told = tables.iloc[rows].reset_index(drop=True)
    told.insert(0, "draw", rows)
    told["status"] = [result.status for _, result in done]
    told["cost"] = [result.objective for _, result in done]
    plans = stacked([result.lead_of for _, result in done], scenario.problem.n)
    proven = np.array([result.status == "optimal" for _, result in done], dtype=np.bool_)
    return plans, proven, told

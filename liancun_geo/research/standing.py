"""Where a plan stands among many: percentiles of every metric, and whether it is an outlier."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from liancun_geo.check import plan_cost
from liancun_geo.messages import DEFAULT_LANGUAGE, Language, message
from liancun_geo.plan import UNASSIGNED, Plan
from liancun_geo.problem import AllianceProblem
from liancun_geo.research.ensemble import Ensemble
from liancun_geo.research.mixing import ENOUGH, MIXED, effective_draws, r_hat
from liancun_geo.scenario import Groundwork, Scenario

Metric = Callable[[NDArray[np.intp]], float]
"""(n,) leads, -1 if left out -> a number."""

RARE = 0.01
"""Share of plans that are at least as extreme, up to which a plan is called an outlier."""


def plan_metrics(problem: AllianceProblem) -> dict[str, Metric]:
    """Return what every problem's plans are measured by: lower is better, but for ``placed``.

    ``cost`` (as :func:`liancun_geo.plan_cost`), ``alliances`` (how many), ``placed`` (villages in
    an alliance), ``size_sd`` (standard deviation of the sizes).
    """

    def sizes(lead_of: NDArray[np.intp]) -> NDArray[np.intp]:
        return np.unique(lead_of[lead_of != UNASSIGNED], return_counts=True)[1]

    return {
        "cost": lambda lead_of: plan_cost(problem, lead_of),
        "alliances": lambda lead_of: float(len(sizes(lead_of))),
        "placed": lambda lead_of: float((lead_of != UNASSIGNED).sum()),
        "size_sd": lambda lead_of: float(sizes(lead_of).std()) if len(sizes(lead_of)) else 0.0,
    }


def county_metrics(scenario: Scenario | Groundwork) -> dict[str, Metric]:
    """Return the metrics of a county's plans; a scenario, or its groundwork alone.

    Those of :func:`plan_metrics`, and over all members: ``distance_mean_km``,
    ``distance_max_km``, each component of the pair cost as a mean (0 is best, unknown ones left
    out), and ``lead_score_mean`` over the leads (higher is better).
    """
    n = scenario.problem.n
    at = np.full((n, 2), -1, dtype=np.intp)
    tables: list[dict[str, NDArray[np.float64]]] = []
    for number, block in enumerate(scenario.pairs.blocks):
        at[block.villages] = np.column_stack(
            [np.full(len(block.villages), number), np.arange(len(block.villages))]
        )
        tables.append({"distance_km": block.distance_km, **block.components()})

    def members(name: str, lead_of: NDArray[np.intp]) -> NDArray[np.float64]:
        own = np.flatnonzero((lead_of != UNASSIGNED) & (lead_of != np.arange(n)))
        found = np.array([tables[at[v, 0]][name][at[lead_of[v], 1], at[v, 1]] for v in own])
        return np.asarray(found[~np.isnan(found)]) if len(found) else np.zeros(0)

    def mean(name: str) -> Metric:
        def measure(lead_of: NDArray[np.intp]) -> float:
            found = members(name, lead_of)
            return float(found.mean()) if len(found) else float("nan")

        return measure

    def farthest(lead_of: NDArray[np.intp]) -> float:
        return float(members("distance_km", lead_of).max(initial=0.0))

    def lead_score(lead_of: NDArray[np.intp]) -> float:
        leads = np.unique(lead_of[lead_of != UNASSIGNED])
        return float(scenario.leads.score[leads].mean()) if len(leads) else float("nan")

    components = [name for name, weight in scenario.pairs.weights.items() if weight > 0]
    return {
        **plan_metrics(scenario.problem),
        "distance_mean_km": mean("distance_km"),
        "distance_max_km": farthest,
        **{name: mean(name) for name in components},
        "lead_score_mean": lead_score,
    }


def place_plan(
    ensemble: Ensemble,
    plan: Plan | ArrayLike,
    metrics: Mapping[str, Metric] | None = None,
) -> pd.DataFrame:
    """Place a plan in the distribution of every metric.

    Parameters
    ----------
    ensemble
        From :func:`~liancun_geo.research.sample_plans`.
    plan
        Of the same villages: the engine's, a baseline, what the county has today. It need not
        keep the rules.
    metrics
        Name -> function; default :func:`plan_metrics`.

    Returns
    -------
    pandas.DataFrame
        A row a metric: ``value`` of the plan; ``below``, the share of sampled plans with a lower
        value, ties half; ``mean``, ``sd``, ``low`` and ``high`` (the 2.5 and 97.5 percentiles) of
        the samples; ``outlier``, whether at most 1 % of them are as extreme on its side;
        ``r_hat`` and ``effective`` draws; ``mixed``, whether these are to be trusted.
    """
    metrics = plan_metrics(ensemble.problem) if metrics is None else metrics
    own = plan.lead_of if isinstance(plan, Plan) else np.asarray(plan, dtype=np.intp)
    rows = []
    for name, metric in metrics.items():
        found = np.array([[metric(p.astype(np.intp)) for p in chain] for chain in ensemble.lead_of])
        value = metric(own)
        every = found[~np.isnan(found)]
        below = float((every < value).mean() + 0.5 * (every == value).mean())
        least = min(float((every <= value).mean()), float((every >= value).mean()))
        mixing, effective = r_hat(found), effective_draws(found)
        rows.append(
            {
                "metric": name,
                "value": value,
                "below": below,
                "mean": float(every.mean()),
                "sd": float(every.std()),
                "low": float(np.quantile(every, 0.025)),
                "high": float(np.quantile(every, 0.975)),
                "outlier": least <= RARE,
                "r_hat": mixing,
                "effective": effective,
                "mixed": bool(mixing <= MIXED and effective >= ENOUGH),
            }
        )
    return pd.DataFrame(rows).set_index("metric")


def standing_text(
    placed: pd.DataFrame, draws: int, language: Language = DEFAULT_LANGUAGE
) -> list[str]:
    """Return what :func:`place_plan` found as sentences, one a metric, warnings last."""
    told = []
    for name, row in placed.iterrows():
        label = message(f"research.metric_{name}", language)
        key = "research.stands_outside" if row["outlier"] else "research.stands_inside"
        share = f"{100 * row['below']:.1f}"
        told.append(
            message(
                key, language, metric=label, value=f"{row['value']:.3g}", share=share, draws=draws
            )
        )
    if not placed["mixed"].all():
        worst = float(placed["r_hat"].max())
        fewest = float(placed["effective"].min())
        told.append(
            message("research.not_mixed", language, r_hat=f"{worst:.3f}", effective=f"{fewest:.0f}")
        )
    return told

"""The plan quality sheet: every measure of a plan beside three others for the same county."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from liancun_geo.check import check
from liancun_geo.messages import Language, message
from liancun_geo.plan import UNASSIGNED
from liancun_geo.points import most_points, plan_points
from liancun_geo.quality.baseline import strongest_neighbour
from liancun_geo.quality.measures import Ground, Measured, Value
from liancun_geo.quality.metrics import METRICS, Metric, measure
from liancun_geo.scenario import Scenario
from liancun_geo.solve import SolveResult

Column = Literal["plan", "best", "alone", "thumb"]
COLUMNS: tuple[Column, ...] = ("plan", "best", "alone", "thumb")
"""The plan at hand; the best plan under the rules; every village alone; the rule of thumb."""
Verdict = Literal["better", "worse", "equal"]

_CLOSE = 1e-9


@dataclass(frozen=True)
class QualityRow:
    """One measure of every plan."""

    metric: Metric
    by_plan: Mapping[Column, Value]

    def against(self, other: Column, plan: Column = "plan") -> Verdict | None:
        """Return whether one plan is better than another here; None if that means nothing."""
        own, its = self.by_plan[plan].value, self.by_plan[other].value
        if own is None or its is None or self.metric.direction == "neither":
            return None
        if math.isclose(own, its, rel_tol=_CLOSE, abs_tol=_CLOSE):
            return "equal"
        return "better" if (own > its) == (self.metric.direction == "higher") else "worse"


@dataclass(frozen=True)
class QualitySheet:
    """How good a plan is.

    Attributes
    ----------
    rows
        Every measure of :data:`~liancun_geo.quality.METRICS`, in that order.
    same
        Whether the plan at hand is the best plan itself.
    proven
        Whether the best plan is proven best; None if no best plan is known.
    breaks
        Which rules each plan breaks, and how many villages or alliances break them
        (:func:`liancun_geo.check.check`).
    left_out
        Villages without alliance in each plan, of those that take part.
    villages, far_km
        Villages that take part; distance beyond which a member is far, None if not known.
    """

    rows: tuple[QualityRow, ...]
    same: bool
    proven: bool | None
    breaks: Mapping[Column, Mapping[str, int]]
    left_out: Mapping[Column, int]
    villages: int
    far_km: float | None

    def row(self, metric: str) -> QualityRow:
        """Return the row of a measure by its id.

        Raises
        ------
        KeyError
            If there is no such measure.
        """
        return {row.metric.id: row for row in self.rows}[metric]

    def notes(self, language: Language) -> tuple[str, ...]:
        """Return what must be known to read the sheet: the proof, the rules that are broken."""
        if self.proven is None:
            told = [message("quality.best_unknown", language)]
        elif self.proven:
            told = [message("quality.best_same" if self.same else "quality.best_proven", language)]
        else:
            told = [message("quality.best_unproven", language)]
        told.append(message("quality.alone_note", language))
        told.append(message("quality.thumb_note", language))
        if self.left_out["thumb"] != self.left_out["plan"]:
            told.append(
                message(
                    "quality.placed_note",
                    language,
                    plan=self.left_out["plan"],
                    thumb=self.left_out["thumb"],
                )
            )
        for column in ("plan", "thumb"):
            if column == "plan" and not self.breaks[column]:
                continue
            name = message(f"quality.column_{column}", language)
            if not self.breaks[column]:
                told.append(message("quality.breaks_none", language, plan=name))
            told += [
                message(
                    "quality.breaks",
                    language,
                    plan=name,
                    rule=message(f"quality.rule_{rule}", language),
                    count=count,
                )
                for rule, count in self.breaks[column].items()
            ]
        if self.far_km is not None:
            told.append(message("quality.far_note", language, km=f"{self.far_km:.1f}"))
        return tuple(told)

    def as_dict(self, language: Language) -> dict[str, Any]:
        """Return the sheet for machine-readable output."""
        return {
            "villages": self.villages,
            "same": self.same,
            "proven": self.proven,
            "far_km": self.far_km,
            "left_out": dict(self.left_out),
            "breaks": {column: dict(rules) for column, rules in self.breaks.items()},
            "notes": list(self.notes(language)),
            "metrics": [
                {
                    "id": row.metric.id,
                    "family": row.metric.family,
                    "name": row.metric.text("name", language),
                    "definition": row.metric.text("definition", language),
                    "formula": row.metric.text("formula", language),
                    "source": row.metric.source_text(language),
                    "direction": row.metric.direction,
                    "unit": row.metric.unit,
                    **{
                        column: {
                            "value": value.value,
                            "counted": value.counted,
                            "unknown": value.unknown,
                            "blank": value.blank,
                        }
                        for column, value in row.by_plan.items()
                    },
                }
                for row in self.rows
            ],
        }


def quality_sheet(scenario: Scenario, *, best: SolveResult | None = None) -> QualitySheet:
    """Measure a plan beside the best plan, no alliances, and a rule of thumb.

    Parameters
    ----------
    scenario
        With the plan at hand, however it was made.
    best
        Result of :func:`liancun_geo.solve.solve` for the same problem: the best plan, or the best
        that was found. If not given, the plan at hand counts as the best where its own result
        proves it, else the best plan is not known.

    Returns
    -------
    QualitySheet
        Where every village stands alone, measures of alliances have no value, and those of
        territories and of equity are taken over single villages. A figure that is missing is
        left out and counted, never taken for zero.
    """
    problem = scenario.problem
    ground = Ground(scenario)
    result = best
    if result is None and _proven(scenario.result):
        result = scenario.result
    plans: dict[Column, Measured] = {
        "plan": Measured.of(scenario.plan.lead_of),
        "alone": Measured.alone(ground),
        "thumb": Measured.of(strongest_neighbour(scenario)),
    }
    if result is not None:
        points = plan_points(problem, result.lead_of)
        ground.most_points = most_points(points, result.objective, result.bound)
        plans["best"] = Measured.of(result.lead_of)
    measured = {
        column: measure(ground, plan, alone=column == "alone") for column, plan in plans.items()
    }
    unknown = {metric.id: Value(None, blank="unknown") for metric in METRICS}
    return QualitySheet(
        rows=tuple(
            QualityRow(
                metric, {column: measured.get(column, unknown)[metric.id] for column in COLUMNS}
            )
            for metric in METRICS
        ),
        same=result is not None and np.array_equal(result.lead_of, scenario.plan.lead_of),
        proven=None if result is None else _proven(result),
        breaks={
            column: dict(sorted(Counter(v.rule for v in check(problem, plan.lead_of)).items()))
            for column, plan in plans.items()
            if column != "alone"
        },
        left_out={
            column: sum(
                int(lead) == UNASSIGNED and taking_part
                for lead, taking_part in zip(plan.lead_of, ground.takes_part, strict=True)
            )
            for column, plan in plans.items()
        },
        villages=sum(ground.takes_part),
        far_km=ground.far_km,
    )


def _proven(result: SolveResult) -> bool:
    """Tell whether no plan of the zones that have one is cheaper."""
    return result.gap <= _CLOSE and math.isfinite(result.objective)

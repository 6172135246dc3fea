"""The figures by which contrasting plans are laid side by side."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from liancun_geo.compare import strongly_led
from liancun_geo.contrasts import changed_villages
from liancun_geo.plan import UNASSIGNED
from liancun_geo.points import PER_VILLAGE
from liancun_geo.quality import METRICS
from liancun_geo.quality.measures import Ground, Measured, Value
from liancun_geo.scenario import Scenario

_METRIC = {metric.id: metric for metric in METRICS}

Key = Literal["points", "weak", "similar", "mean", "far", "moved", "steady"]

_ROUNDED: Mapping[Key, int] = {
    "points": 1,
    "weak": 0,
    "similar": 2,
    "mean": 1,
    "far": 1,
    "moved": 0,
    "steady": 2,
}
"""Decimals that are shown, of shares before they become per cent."""


@dataclass(frozen=True)
class Figure:
    """One figure of one plan.

    Attributes
    ----------
    value
        None if there is none.
    of
        What a count is out of.
    bar
        Share of the track that is filled, from zero, on one scale for the row.
    best
        Whether no other plan of the row is better, and some other is worse.
    """

    value: float | None
    of: float | None = None
    bar: float = 0.0
    best: bool = False


@dataclass(frozen=True)
class Row:
    """One line of figures; ``note`` fills the places of its small print."""

    key: Key
    figures: tuple[Figure, ...]
    note: Mapping[str, str]


def rows_of(
    base: Scenario,
    plans: Sequence[Scenario | None],
    *,
    before: NDArray[np.intp] | None = None,
    steady: Sequence[float | None] | None = None,
    shakes: int = 0,
) -> tuple[Row, ...]:
    """Return the rows under the cards.

    Parameters
    ----------
    base
        Its settings and scores judge all plans, so that points mean the same on every card.
    plans
        Of the same villages, in the order of the cards; None where a card has no plan.
    before
        (n,) existing alliances, see :func:`~liancun_geo.contrasts.existing_plan`; without them
        there is no row of villages that move.
    steady, shakes
        From :func:`~liancun_geo.studio.tasks.stability`, and how many other weights it tried.
    """
    ground = Ground(base)
    measured = [None if plan is None else Measured.of(plan.plan.lead_of) for plan in plans]

    def metric(name: str) -> list[Value | None]:
        return [None if one is None else _METRIC[name].compute(ground, one) for one in measured]

    most = PER_VILLAGE * max((one.counted for one in metric("points") if one), default=0)
    strong = base.settings.types.strong_income_wan_yuan
    lines: list[tuple[Key, list[Figure], bool, float | None, dict[str, str]]] = [
        ("points", _figures(metric("points")), True, most, {"most": f"{most:,.0f}"}),
        ("weak", [_carried(ground, one, strong) for one in measured], True, None,
         {"income": f"{strong:g}"}),
        ("similar", _figures(metric("similar_share")), True, 1.0, {}),
        ("mean", _figures(metric("distance_mean")), False, None, {}),
        ("far", _figures(metric("distance_max")), False, None, {}),
    ]  # fmt: skip
    if not any(ground.weak):
        # The ledger marks nobody: a row of dashes would only raise a question.
        lines = [line for line in lines if line[0] != "weak"]
    if before is not None:
        lines.append(("moved", _moves(before, plans), False, None, {}))
    if steady is not None:
        shares = [Figure(share) for share in steady]
        lines.append(("steady", shares, True, 1.0, {"count": str(shakes)}))
    whole = [plan is not None and _whole(plan) for plan in plans]
    return tuple(
        Row(key, _drawn(of, more, scale, _ROUNDED[key], whole), note)
        for key, of, more, scale, note in lines
    )


def _whole(plan: Scenario) -> bool:
    """Whether every township has a plan: a part of a county is easily the best of something."""
    return not any(math.isinf(zone.objective) for zone in plan.result.zones)


def _figures(values: Sequence[Value | None]) -> list[Figure]:
    return [Figure(None if value is None else value.value) for value in values]


def _carried(ground: Ground, plan: Measured | None, strong: float) -> Figure:
    """Count the weak villages whose lead is another village, and strong."""
    if plan is None:
        return Figure(None)
    weak = [v for v in range(ground.n) if ground.takes_part[v] and ground.weak[v]]
    if not weak:
        return Figure(None)
    carried = sum(strongly_led(ground, plan, village, strong) for village in weak)
    return Figure(float(carried), float(len(weak)))


def _moves(before: NDArray[np.intp], plans: Sequence[Scenario | None]) -> list[Figure]:
    had = before != UNASSIGNED
    found = []
    for plan in plans:
        if plan is None:
            found.append(Figure(None))
            continue
        moved = int((changed_villages(before, plan.plan.lead_of) & had).sum())
        found.append(Figure(float(moved), float(had.sum())))
    return found


def _drawn(
    figures: Sequence[Figure],
    more: bool,
    scale: float | None,
    digits: int,
    whole: Sequence[bool],
) -> tuple[Figure, ...]:
    """Fill the bars on one scale and say which are best, as far as a reader sees a difference."""
    known = [one.value for one in figures if one.value is not None]
    full = scale or max([of for one in figures if (of := one.of)] or known or [0.0])
    seen = [
        round(one.value, digits)
        for one, ranked in zip(figures, whole, strict=True)
        if ranked and one.value is not None
    ]
    pick: Callable[[list[float]], float] = max if more else min
    best = pick(seen) if len(set(seen)) > 1 else math.nan
    return tuple(
        Figure(
            one.value,
            one.of,
            0.0 if one.value is None or full <= 0 else min(1.0, max(0.0, one.value / full)),
            ranked and one.value is not None and round(one.value, digits) == best,
        )
        for one, ranked in zip(figures, whole, strict=True)
    )

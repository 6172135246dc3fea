"""Charts: fronts with their knees, ensembles with a plan's place, methods side by side."""

from __future__ import annotations

import textwrap
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from liancun_geo.messages import DEFAULT_LANGUAGE, Language, catalogue, message
from liancun_geo.plan import Plan
from liancun_geo.research.ensemble import Ensemble
from liancun_geo.research.figures.typeface import (
    ACCENT,
    INK,
    INK_2,
    INK_3,
    LINE,
    MARKS,
    RAMP,
    SERIES,
    WEAK,
    spoken,
    style,
    titled,
)
from liancun_geo.research.standing import Metric, plan_metrics

_BINS = 30
_PANEL_IN = (2.4, 1.9)
_TITLE_WIDTH = 36


def front_chart(
    points: pd.DataFrame,
    x: str,
    y: str,
    *,
    knees: Sequence[Hashable] = (),
    third: str | None = None,
    also: Mapping[str, tuple[float, float]] | None = None,
    title: str | None = None,
    ax: Any = None,
    language: Language = DEFAULT_LANGUAGE,
) -> Any:
    """Draw the plans that no other plan beats, by two criteria; lower is better in both.

    Parameters
    ----------
    points
        A row a plan, a column a criterion.
    x, y, third
        Columns; the third is told by a shade, dark where it is high.
    knees
        Labels of rows in the index of ``points`` that are named as knees.
    also
        Other plans to show beside the front: name -> (x, y).
    title, ax, language
        As for :func:`~liancun_geo.research.figures.plan_map`.

    Returns
    -------
    matplotlib.axes.Axes
    """
    language = spoken(language)
    line = points.sort_values([x, y])
    with style() as plt:
        if ax is None:
            _, ax = plt.subplots(figsize=(5.6, 4.2), layout="constrained")
        _front(ax, line, x, y, third, language)
        if len(knees):
            marked = points.loc[list(knees)]
            ax.plot(
                marked[x], marked[y], "D", markersize=8.5, markerfacecolor="none",
                markeredgecolor=WEAK, markeredgewidth=1.6, label=message("figures.knee", language),
            )  # fmt: skip
        for number, (name, (at_x, at_y)) in enumerate((also or {}).items()):
            ax.plot(at_x, at_y, MARKS[1 + number % 6], color=INK, markersize=6.5, label=name)
        ax.set_xlabel(_label(x, language))
        ax.set_ylabel(_label(y, language))
        ax.grid(color=LINE, linewidth=0.6)
        ax.set_axisbelow(True)
        ax.legend()
        if title:
            titled(ax, title)
    return ax


def _front(
    ax: Any, line: pd.DataFrame, x: str, y: str, third: str | None, language: Language
) -> None:
    """Draw the points, as stairs or in the shades of a third criterion."""
    label = message("figures.front", language)
    if third is None:
        # No plan lies below the stairs: that is what the front proves.
        ax.step(line[x], line[y], where="post", color=ACCENT, linewidth=1.0, alpha=0.55)
        ax.plot(line[x], line[y], "o", color=ACCENT, markersize=3.6, label=label)
        return
    from matplotlib.colors import LinearSegmentedColormap

    ramp = LinearSegmentedColormap.from_list("third", RAMP)
    drawn = ax.scatter(
        line[x], line[y], c=line[third], cmap=ramp, s=22, edgecolor=INK, linewidth=0.4, label=label,
    )  # fmt: skip
    ax.figure.colorbar(drawn, ax=ax, label=_label(third, language))


def ensemble_chart(
    ensemble: Ensemble,
    plans: Mapping[str, Plan | ArrayLike],
    metrics: Mapping[str, Metric] | None = None,
    *,
    columns: int = 3,
    title: str | None = None,
    language: Language = DEFAULT_LANGUAGE,
) -> Any:
    """Draw the distribution of each metric over sampled plans, and where some plans stand.

    Parameters
    ----------
    ensemble
        From :func:`~liancun_geo.research.sample_plans`.
    plans
        Name -> plan, or (n,) leads; up to four.
    metrics
        Name -> function; default :func:`~liancun_geo.research.plan_metrics`.
    columns
        Panels in a row.
    title, language
        As for :func:`~liancun_geo.research.figures.plan_map`.

    Returns
    -------
    matplotlib.figure.Figure
    """
    language = spoken(language)
    metrics = plan_metrics(ensemble.problem) if metrics is None else metrics
    rows = -(-len(metrics) // columns)
    wide, high = _PANEL_IN
    with style() as plt:
        figure, panels = plt.subplots(
            rows,
            min(columns, len(metrics)),
            figsize=(wide * min(columns, len(metrics)), high * rows + 0.6),
            layout="constrained",
            squeeze=False,
        )
        sampled = ensemble.plans.astype(np.intp)
        for panel, (name, metric) in zip(panels.flat, metrics.items(), strict=False):
            found = np.array([metric(lead_of) for lead_of in sampled])
            values = {
                one: metric(p.lead_of if isinstance(p, Plan) else np.asarray(p, dtype=np.intp))
                for one, p in plans.items()
            }
            _histogram(panel, found[~np.isnan(found)], values, language)
            wrapped = textwrap.fill(_label(name, language), _TITLE_WIDTH)
            panel.set_title(wrapped, fontsize=8.0, fontweight="normal")
        for panel in panels.flat[len(metrics) :]:
            panel.set_axis_off()
        panels[0, 0].set_ylabel(message("figures.sampled", language))
        handles, labels = panels[0, 0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=len(plans), fontsize=8.5)
        if title:
            figure.suptitle(title, x=0.01, ha="left", fontweight="bold", fontsize=11.0)
    return figure


def _histogram(
    panel: Any, found: np.ndarray[Any, Any], values: Mapping[str, float], language: Language
) -> None:
    low = min([*found, *values.values()])
    high = max([*found, *values.values()])
    whole = bool(np.all(found == np.round(found)))
    if whole and high - low <= 2 * _BINS:
        # Counts are drawn one by one.
        edges = np.arange(np.floor(low) - 0.5, np.ceil(high) + 1.0)
    else:
        edges = np.linspace(low, high if high > low else low + 1.0, _BINS + 1)
    panel.hist(found, bins=edges, color="#AFC3D3", edgecolor="white", linewidth=0.3)
    told = []
    for number, (name, value) in enumerate(values.items()):
        colour, dashes = SERIES[number % 4], ("-", "--", ":", "-.")[number % 4]
        panel.axvline(value, color=colour, linestyle=dashes, linewidth=1.8, label=name)
        below = 100.0 * float((found < value).mean() + 0.5 * (found == value).mean())
        told.append(message("figures.below", language, plan=name, share=f"{below:.1f}"))
    panel.set_xlabel("\n".join(told), fontsize=7.5, color=INK_2)
    panel.tick_params(labelsize=7.5)
    panel.locator_params(axis="x", nbins=5, integer=whole)
    panel.margins(x=0.03)


def dot_chart(
    table: pd.DataFrame,
    *,
    highlight: Sequence[Hashable] = (),
    label: str | None = None,
    title: str | None = None,
    ax: Any = None,
    language: Language = DEFAULT_LANGUAGE,
) -> Any:
    """Compare methods by several measures: a row a method, a mark a measure (Cleveland 1984).

    Parameters
    ----------
    table
        A row a method, in the order from top to bottom; a column a measure, all on one scale.
    highlight
        Rows whose names are set bold.
    label
        Of the scale.
    title, ax, language
        As for :func:`~liancun_geo.research.figures.plan_map`.

    Returns
    -------
    matplotlib.axes.Axes
    """
    language = spoken(language)
    with style() as plt:
        if ax is None:
            size = (6.0, 0.34 * len(table) + 1.5)
            _, ax = plt.subplots(figsize=size, layout="constrained")
        at = np.arange(len(table))[::-1]
        ax.hlines(at, table.min(axis=1), table.max(axis=1), color=LINE, linewidth=2.0, zorder=1)
        for number, column in enumerate(table.columns):
            ax.plot(
                table[column], at, MARKS[number % len(MARKS)], color=SERIES[number % 4],
                markersize=6.5, label=_label(str(column), language), zorder=2,
            )  # fmt: skip
        ax.set_yticks(at, [str(name) for name in table.index])
        for tick, name in zip(ax.get_yticklabels(), table.index, strict=True):
            tick.set_fontweight("bold" if name in highlight else "normal")
            tick.set_color(INK)
        ax.grid(axis="x", color=LINE, linewidth=0.6)
        ax.tick_params(axis="y", length=0)
        ax.spines["left"].set_visible(False)
        ax.set_ylim(-0.7, len(table) - 0.3)
        ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=len(table.columns))
        if label:
            ax.set_xlabel(label, color=INK_3)
        if title:
            titled(ax, title)
    return ax


def _label(name: str, language: Language) -> str:
    """Return a metric in words if the catalogue knows it, as it is if not."""
    key = f"research.metric_{name}"
    return message(key, language) if key in catalogue() else name

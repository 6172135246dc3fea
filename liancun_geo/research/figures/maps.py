"""Maps: a plan with its leads, and how often each village changes hands."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from liancun_geo.arrays import FloatArray
from liancun_geo.colours import PALETTE
from liancun_geo.messages import DEFAULT_LANGUAGE, Language, message
from liancun_geo.plan import UNASSIGNED, Plan
from liancun_geo.research.figures.ground import Ground, per_place
from liancun_geo.research.figures.typeface import (
    ALLIANCE_LINE,
    INK,
    INK_3,
    RAMP,
    UNPLACED,
    UNPLACED_DOTS,
    UNPLACED_LINE,
    shown,
    spoken,
    style,
    titled,
)

SWINGING = 0.2
"""Share of other plans from which on a village counts as swinging."""

_HALO_PX = 2.4
_MANY = 60  # alliances, from which on stars are small
_WIDTH_IN = 7.2


def plan_map(
    where: Any,
    plan: Plan | ArrayLike | None = None,
    *,
    names: str | None = None,
    zones: str | None = None,
    title: str | None = None,
    labels: bool = True,
    ax: Any = None,
    language: Language = DEFAULT_LANGUAGE,
) -> Any:
    """Draw a plan: alliances, a star for each lead, a line to each member.

    Parameters
    ----------
    where
        A :class:`~liancun_geo.scenario.Scenario`, or a GeoDataFrame of polygons in the order of
        the plan; in degrees it is projected to be looked at.
    plan
        Or (n,) leads, -1 if left out. Default: that of the scenario.
    names, zones
        Columns of the names of the places and of what alliances must not cross. A scenario has
        its own.
    title
        Above the map.
    labels
        Whether leads are named. A name that would cover another is left out.
    ax
        Axes to draw on; default: a new figure of 7.2 inches.
    language
        Of the legend.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    DataError
        If there is nothing to draw, or matplotlib is not installed.
    """
    ground = Ground.of(where, plan, names=names, zones=zones)
    with style() as plt:
        ax = _prepared(plt, ax, ground, title)
        _alliances(ax, ground)
        _borders(ax, ground)
        points = _stars(ax, ground)
        _legend(ax, ground, language, swing=False)
        _furniture(ax, ground, language)
        if labels:
            leads = ground.leads
            _names(ax, [ground.names[lead] for lead in leads], points[leads])
    return ax


def swing_map(
    where: Any,
    swing: ArrayLike,
    plan: Plan | ArrayLike | None = None,
    *,
    names: str | None = None,
    zones: str | None = None,
    title: str | None = None,
    labels: bool = True,
    swinging: float = SWINGING,
    ax: Any = None,
    language: Language = DEFAULT_LANGUAGE,
) -> Any:
    """Draw how often each village changes hands: where the plan is certain, and where not.

    Parameters
    ----------
    where, plan, names, zones, title, ax, language
        As for :func:`plan_map`; the plan's alliances are drawn as lines.
    swing
        (n,) from 0, always in the same alliance, to 1, never; nan where unknown.
    labels
        Whether swing villages are named.
    swinging
        From which value on a village is outlined and named.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    DataError
        As :func:`plan_map`, and if ``swing`` has not one value a place.
    """
    ground = Ground.of(where, plan, names=names, zones=zones)
    values = per_place(swing, len(ground.names), np.float64)
    language = spoken(language)
    with style() as plt:
        ax = _prepared(plt, ax, ground, title, beside_in=0.9)
        _shades(ax, ground, values, language)
        _borders(ax, ground)
        moving = np.flatnonzero(values >= swinging)
        if len(moving):
            edges = ground.areas.iloc[moving].boundary
            edges.plot(ax=ax, color=INK, linewidth=1.2, linestyle=(0, (2, 1)), zorder=6)
        points = ground.middles()
        leads = ground.leads
        _star(ax, points[leads], 6.5)
        _legend(ax, ground, language, swing=True, share=f"{100 * swinging:.0f}")
        _furniture(ax, ground, language)
        if labels:
            most = moving[np.argsort(-values[moving], kind="stable")]
            _names(ax, [ground.names[village] for village in most], points[most])
    return ax


def _shades(ax: Any, ground: Ground, values: FloatArray, language: Language) -> None:
    """Fill the villages by their value from 0 to 1, with the scale beside them."""
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import LinearSegmentedColormap, Normalize

    ramp, scale = LinearSegmentedColormap.from_list("swing", RAMP), Normalize(0.0, 1.0)
    fills = [UNPLACED if np.isnan(value) else ramp(scale(value)) for value in values]
    ground.areas.plot(ax=ax, color=fills, edgecolor="white", linewidth=0.4, zorder=1)
    bar = ax.figure.colorbar(
        ScalarMappable(scale, ramp), ax=ax, fraction=0.03, pad=0.02, shrink=0.6
    )
    bar.set_label(message("figures.swing", language))
    bar.outline.set_linewidth(0.4)


def _prepared(
    plt: Any, ax: Any, ground: Ground, title: str | None, *, beside_in: float = 0.0
) -> Any:
    west, south, east, north = ground.areas.total_bounds
    wide, high = max(east - west, 1e-9), max(north - south, 1e-9)
    if ax is None:
        tall = min(max(_WIDTH_IN * high / wide, 3.0), 9.0) + 1.3
        _, ax = plt.subplots(figsize=(_WIDTH_IN + beside_in, tall), layout="constrained")
    ax.set_aspect("equal")
    ax.set_axis_off()
    margin = 0.02 * max(wide, high)
    ax.set_xlim(west - margin, east + margin)
    ax.set_ylim(south - 2.5 * margin, north + margin)
    if title:
        titled(ax, title)
    return ax


def _alliances(ax: Any, ground: Ground) -> None:
    if ground.lead_of is None:
        ground.areas.plot(ax=ax, color="#FFFFFF", edgecolor=INK_3, linewidth=0.4, zorder=1)
        return
    colour = ground.colours()
    fills = [UNPLACED if lead == UNASSIGNED else PALETTE[colour[lead]] for lead in ground.lead_of]
    ground.areas.plot(ax=ax, color=fills, edgecolor="white", linewidth=0.5, zorder=1)
    out = ground.areas[ground.lead_of == UNASSIGNED]
    if len(out):
        out.plot(
            ax=ax,
            facecolor="none",
            edgecolor=UNPLACED_DOTS,
            hatch="....",
            linewidth=0.0,
            zorder=2,
        )
        out.boundary.plot(ax=ax, color=UNPLACED_LINE, linewidth=0.8, linestyle="--", zorder=3)


def _borders(ax: Any, ground: Ground) -> None:
    if ground.lead_of is not None:
        ground.alliance_outlines().plot(ax=ax, color=ALLIANCE_LINE, linewidth=0.9, zorder=4)
    if ground.zoned:
        ground.outlines(ground.zones).plot(ax=ax, color=INK, linewidth=1.7, zorder=5)


def _stars(ax: Any, ground: Ground) -> NDArray[np.float64]:
    """Draw leads and their members, return the points of all places."""
    from matplotlib.collections import LineCollection

    points = ground.middles()
    if ground.lead_of is None:
        return points
    of = ground.lead_of
    members = np.flatnonzero((of != UNASSIGNED) & (of != np.arange(len(of))))
    links = [(points[of[v]], points[v]) for v in members]
    ax.add_collection(LineCollection(links, colors=INK, alpha=0.28, linewidths=0.7, zorder=6))
    ax.plot(*points[members].T, "o", color=INK, markersize=1.7, alpha=0.8, zorder=6)
    _star(ax, points[ground.leads], 8.5 if len(ground.leads) <= _MANY else 5.0)
    return points


def _star(ax: Any, points: NDArray[np.float64], size: float) -> None:
    ax.plot(*points.T, "*", color="white", markersize=size + 3.5, zorder=8)
    ax.plot(*points.T, "*", color=INK, markersize=size, markeredgewidth=0, zorder=9)


def _legend(ax: Any, ground: Ground, language: Language, *, swing: bool, share: str = "") -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    language = spoken(language)
    signs: list[Any] = []
    if ground.lead_of is not None:
        lead = message("figures.lead", language)
        signs.append(Line2D([], [], color=INK, marker="*", markersize=9, ls="", label=lead))
        alliance = message("figures.alliance", language)
        signs.append(Line2D([], [], color=ALLIANCE_LINE, linewidth=0.9, label=alliance))
    if ground.zoned:
        zone = message("figures.zone", language)
        signs.append(Line2D([], [], color=INK, linewidth=1.7, label=zone))
    if swing:
        told = message("figures.swing_village", language, share=share)
        signs.append(Line2D([], [], color=INK, linewidth=1.2, ls=(0, (2, 1)), label=told))
    elif ground.lead_of is not None and (ground.lead_of == UNASSIGNED).any():
        out = message("figures.left_out", language)
        signs.append(
            Patch(facecolor=UNPLACED, edgecolor=UNPLACED_LINE, ls="--", hatch="....", label=out)
        )
    if signs:
        ax.legend(
            handles=signs,
            loc="upper center",
            bbox_to_anchor=(0.5, 0.01),
            ncols=len(signs),
            handlelength=1.6,
            columnspacing=1.4,
            fontsize=8.5,
        )


def _furniture(ax: Any, ground: Ground, language: Language) -> None:
    """Draw the scale bar, and say what a map like this is for."""
    language = spoken(language)
    key = "figures.foot_sample" if ground.sample else "figures.foot"
    ax.text(
        0.5, -0.075, message(key, language), transform=ax.transAxes, ha="center", va="top",
        fontsize=7.5, color=INK_3,
    )  # fmt: skip
    if not ground.metric:
        return
    west, east = ax.get_xlim()
    south, north = ax.get_ylim()
    length = _round_length((east - west) / 5.0)
    x, y = west + 0.01 * (east - west), south + 0.012 * (north - south)
    ax.plot([x, x + length], [y, y], color=INK, linewidth=2.0, solid_capstyle="butt", zorder=12)
    key = "figures.kilometres" if length >= 1_000.0 else "figures.metres"
    count = f"{length / 1_000.0 if length >= 1_000.0 else length:g}"
    ax.annotate(
        message(key, language, count=count), (x + length, y), xytext=(4, 0),
        textcoords="offset points", va="center", fontsize=8.0, zorder=12,
    )  # fmt: skip


def _round_length(most: float) -> float:
    """Return the largest of 1, 2 and 5 times a power of ten that is not longer."""
    power = 10.0 ** math.floor(math.log10(most))
    return max(step * power for step in (1.0, 2.0, 5.0) if step * power <= most)


def _names(ax: Any, names: Sequence[str], points: NDArray[np.float64]) -> None:
    """Write names beside their points, first come first served; what would cover is left out."""
    from matplotlib import patheffects

    if not len(points):
        return
    # Where the axes end up decides where a name fits.
    ax.figure.draw_without_rendering()
    at = ax.transData.transform(points)
    scale = ax.figure.dpi / 72.0
    star = shapely.buffer(shapely.points(at), 5.0 * scale)
    taken: list[Any] = []
    window = shapely.box(*ax.figure.bbox.extents)
    halo = [patheffects.withStroke(linewidth=_HALO_PX, foreground="white")]
    for place, (name, point) in enumerate(zip(names, points, strict=True)):
        if not shown(name):
            continue
        text = ax.annotate(
            name, point, xytext=(0, -6), textcoords="offset points", ha="center", va="top",
            fontsize=7.0, fontweight="bold", zorder=11, path_effects=halo, annotation_clip=False,
        )  # fmt: skip
        text.set_in_layout(False)
        box = text.get_window_extent()
        others = np.delete(star, place)
        for dx, dy in _spots(box, scale):
            here = shapely.box(box.x0 + dx, box.y0 + dy, box.x1 + dx, box.y1 + dy)
            free = not shapely.intersects(here, taken).any() if taken else True
            if free and window.contains(here) and not shapely.intersects(here, others).any():
                text.xyann = (dx / scale, -6 + dy / scale)
                taken.append(here)
                break
        else:
            text.remove()


def _spots(box: Any, scale: float) -> list[tuple[float, float]]:
    """Return moves of a name that hangs below its point: stay, above, right, left."""
    up, side = box.height + 12.0 * scale, box.width / 2.0 + 7.0 * scale
    level = box.height / 2.0 + 6.0 * scale
    return [(0.0, 0.0), (0.0, up), (side, level), (-side, level), (side, 0.0), (-side, 0.0)]

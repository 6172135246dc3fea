"""Draw the plan of the sample county for the README: docs/images/demo_plan.png.

Needs matplotlib, which the program itself does not, and a CJK font for Chinese labels (on Debian:
``apt-get install fonts-noto-cjk``). Run from the checkout: ``python -m scripts.draw_readme_map``.
Colours, lines and stars follow the design of the planner's map.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import matplotlib as mpl
import numpy as np
import shapely

from liancun_geo.sample import sample_county
from liancun_geo.scenario import County, Scenario, plan_alliances, read_county
from liancun_geo.settings import read_settings

mpl.use("Agg")
import matplotlib.pyplot as plt
from matplotlib import font_manager, patheffects
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.text import Text

TARGET = Path(__file__).parents[1] / "docs" / "images" / "demo_plan.png"
LARGEST_BYTES = 400_000
INK, INK_3, ALLIANCE_LINE, GROUND = "#1B2A34", "#65727B", "#3A4A55", "#EDF1F3"
UNPLACED, UNPLACED_LINE, RIVER = "#E7EAEC", "#5F6C75", "#5B93BF"
PALETTE = (
    "#86B3DF", "#EBCF92", "#AECDBB", "#D4A99D", "#E9DEF2",
    "#C8AB74", "#8FB0AE", "#D2ECCA", "#B4D8F6", "#C4B1CE",
)  # fmt: skip
TOO_ALIKE = {
    frozenset(pair)
    for pair in (
        (0, 8), (0, 9), (1, 5), (2, 3), (2, 6), (2, 7), (3, 5), (3, 6), (4, 8), (6, 9), (8, 9),
    )
}  # fmt: skip
"""Pairs of the palette that some readers cannot tell apart: never side by side."""
CJK_FONTS = ("Noto Sans CJK SC", "Source Han Sans SC", "Microsoft YaHei", "PingFang SC", "SimHei")


def main() -> None:
    """Plan the sample county and draw it."""
    sample = sample_county()
    settings = read_settings(sample.settings)
    county = read_county(sample.boundaries, sample.ledger, settings=settings, folder=sample.folder)
    scenario = plan_alliances(county, settings)
    chinese = _use_cjk_font()
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    figure = _draw(scenario, county, chinese=chinese)
    # Few colours, so a palette of 256 loses nothing the eye can see.
    figure.savefig(TARGET, dpi=160, pil_kwargs={"optimize": True}, metadata={"Software": None})
    _reduce(TARGET)
    size = TARGET.stat().st_size
    if size > LARGEST_BYTES:
        raise SystemExit(f"{TARGET.name} has {size} bytes, more than {LARGEST_BYTES}")
    print(f"{TARGET.name}: {size} bytes, {len(scenario.alliances)} alliances")


def _use_cjk_font() -> bool:
    # Looked for on the disk again: the list that matplotlib keeps may be older than the fonts.
    for path in font_manager.findSystemFonts():
        if "CJK" in path or "SourceHan" in path:
            font_manager.fontManager.addfont(path)
    known = {font.name for font in font_manager.fontManager.ttflist}
    found = [name for name in CJK_FONTS if name in known]
    plt.rcParams["font.family"] = [*found[:1], "DejaVu Sans"]
    return bool(found)


def _reduce(path: Path) -> None:
    from PIL import Image

    with Image.open(path) as picture:
        small = picture.convert("RGB").quantize(256, dither=Image.Dither.NONE)
    small.save(path, optimize=True)


def colours(scenario: Scenario) -> list[int]:
    """Return a number of the palette for each alliance.

    The alliance with the fewest colours left comes first (Brélaz 1979, "New methods to color the
    vertices of a graph", DSATUR); of the colours left it takes the least used.
    """
    n = len(scenario.alliances)
    alliance_of = np.full(len(scenario.villages), -1)
    for number, alliance in enumerate(scenario.alliances):
        alliance_of[list(alliance.villages)] = number
    near: list[set[int]] = [set() for _ in range(n)]
    barred = [(pair.i, pair.j) for pair in scenario.contiguity.barred]
    for i, j in [*scenario.contiguity.edges.tolist(), *barred]:
        a, b = int(alliance_of[i]), int(alliance_of[j])
        if a != b and min(a, b) >= 0:
            near[a].add(b)
            near[b].add(a)
    chosen: dict[int, int] = {}
    while len(chosen) < n:
        options = {a: _allowed(a, near, chosen, scenario) for a in range(n) if a not in chosen}
        alliance = min(options, key=lambda a: (len(options[a]), -len(near[a]), a))
        used = list(chosen.values())
        chosen[alliance] = min(options[alliance], key=lambda c: (used.count(c), c))
    return [chosen[a] for a in range(n)]


def _allowed(
    alliance: int, near: Sequence[set[int]], chosen: dict[int, int], scenario: Scenario
) -> list[int]:
    beside = {chosen[other] for other in near[alliance] if other in chosen}
    township = scenario.alliances[alliance].township
    inside = {c for a, c in chosen.items() if scenario.alliances[a].township == township}
    fits = [
        c
        for c in range(len(PALETTE))
        if c not in beside and not any(frozenset((c, other)) in TOO_ALIKE for other in beside)
    ]
    return [c for c in fits if c not in inside] or fits or list(range(len(PALETTE)))


def _draw(scenario: Scenario, county: County, *, chinese: bool) -> Any:
    frame = scenario.villages.frame
    figure, ax = plt.subplots(figsize=(10.4, 9.75), facecolor="white")
    figure.subplots_adjust(left=0.012, right=0.988, top=0.925, bottom=0.065)
    ax.set_facecolor(GROUND)
    ax.set_aspect("equal")
    ax.set_xticks([])
    ax.set_yticks([])
    for side in ax.spines.values():
        side.set_edgecolor("#C4CCD2")
    west, south, east, north = frame.total_bounds
    ax.set_xlim(west - 900, east + 900)
    ax.set_ylim(south - 900, north + 900)
    _areas(ax, scenario, county)
    _signs(ax, scenario, chinese=chinese)
    _furniture(ax, figure, scenario, chinese=chinese)
    return figure


def _areas(ax: Axes, scenario: Scenario, county: County) -> None:
    frame = scenario.villages.frame
    for alliance, colour in zip(scenario.alliances, colours(scenario), strict=True):
        part = frame.geometry.iloc[list(alliance.villages)]
        part.plot(ax=ax, color=PALETTE[colour], edgecolor="white", linewidth=0.6, zorder=1)
    left_out = [v.position for v in scenario.unassigned if v.position is not None]
    if left_out:
        frame.geometry.iloc[left_out].plot(
            ax=ax, color=UNPLACED, edgecolor=UNPLACED_LINE, hatch="..", linewidth=0, zorder=1
        )
        frame.geometry.iloc[left_out].boundary.plot(
            ax=ax, color=UNPLACED_LINE, linewidth=0.9, linestyle="--", zorder=3
        )
    whole = [
        shapely.union_all(frame.geometry.iloc[list(alliance.villages)].to_numpy())
        for alliance in scenario.alliances
    ]
    lines = gpd.GeoSeries(whole, crs=frame.crs).boundary
    lines.plot(ax=ax, color=ALLIANCE_LINE, linewidth=1.0, zorder=3)
    if county.barriers is not None:
        county.barriers.plot(ax=ax, color=RIVER, linewidth=5.0, zorder=4)
    townships = frame.dissolve("township_code").boundary
    townships.plot(ax=ax, color=INK, linewidth=1.9, zorder=5)
    ax.set_xlabel("")
    ax.set_ylabel("")


def _signs(ax: Axes, scenario: Scenario, *, chinese: bool) -> None:
    frame = scenario.villages.frame
    points = shapely.get_coordinates(shapely.point_on_surface(frame.geometry.to_numpy()))
    for alliance in scenario.alliances:
        x0, y0 = points[alliance.lead]
        for member in alliance.members:
            x1, y1 = points[member]
            ax.plot([x0, x1], [y0, y1], color=INK, alpha=0.22, linewidth=0.8, zorder=6)
            ax.plot(x1, y1, "o", color=INK, markersize=1.9, alpha=0.75, zorder=6)
    leads = points[[alliance.lead for alliance in scenario.alliances]]
    ax.plot(*leads.T, "*", color="white", markersize=14.5, zorder=8)
    ax.plot(*leads.T, "*", color=INK, markersize=10.5, markeredgewidth=0, zorder=9)
    if chinese:
        _labels(ax, scenario, leads, points)


def _labels(ax: Axes, scenario: Scenario, leads: Any, points: Any) -> None:
    """Place township names, then lead names, where they cover least."""
    figure = ax.figure
    figure.canvas.draw()
    to_px = ax.transData.transform
    star = 11.0
    taken = [(x - star, y - star, x + star, y + star) for x, y in to_px(leads)]
    dots = to_px(points)
    frame = scenario.villages.frame
    halo = [patheffects.withStroke(linewidth=2.6, foreground="white")]
    for name, rows in frame.groupby("township", sort=True):
        text = ax.text(
            0, 0, " ".join(str(name)), fontsize=11.5, color="#3F4C56", fontweight="bold",
            ha="center", va="center", zorder=10, alpha=0.9, path_effects=halo,
        )  # fmt: skip
        area = shapely.union_all(rows.geometry.to_numpy())
        _place(text, to_px(_grid_inside(area)), taken, dots, ax)
    for (x, y), alliance in zip(to_px(leads), scenario.alliances, strict=True):
        text = ax.text(
            0, 0, frame["name"].iat[alliance.lead], fontsize=7.4, color=INK, fontweight="bold",
            ha="center", va="center", zorder=11, path_effects=halo,
        )  # fmt: skip
        area = shapely.union_all(frame.geometry.iloc[list(alliance.villages)].to_numpy())
        _place(text, _around(x, y, text, area, ax), taken, dots, ax)


def _grid_inside(area: Any) -> Any:
    """Return points well inside an area, the middle of its largest circle first."""
    circle = shapely.maximum_inscribed_circle(area)
    middle = shapely.get_coordinates(circle)[0]
    west, south, east, north = area.bounds
    grid = np.array(
        [(x, y) for x in np.linspace(west, east, 40) for y in np.linspace(south, north, 40)]
    )
    inner = shapely.buffer(area, -0.35 * shapely.length(circle))
    grid = grid[shapely.contains_xy(inner, *grid.T)]
    order = np.argsort(np.hypot(*(grid - middle).T), kind="stable")
    return np.vstack([middle, grid[order]])


def _around(x: float, y: float, text: Text, area: Any, ax: Axes) -> Any:
    """Return places beside a star, those inside its alliance first, below before above."""
    box = text.get_window_extent()
    right = box.width / 2 + 13
    spots = np.array(
        [(x + dx, y + dy) for dy in (-19, 19) for dx in (0, 15, -15, 30, -30)]
        + [(x + right, y), (x - right, y)]
    )
    corners = np.array([(-1, -1), (-1, 1), (1, -1), (1, 1), (0, 0)]) * (box.width / 2.2, 4)
    inside = [
        shapely.contains_xy(area, *ax.transData.inverted().transform(spot + corners).T).sum()
        for spot in spots
    ]
    return spots[np.argsort(-np.array(inside), kind="stable")]


def _place(text: Text, spots: Any, taken: list[Any], dots: Any, ax: Axes) -> None:
    """Put a text at the spot where its box covers least, and remember the box."""
    box = text.get_window_extent()
    half_w, half_h = box.width / 2 + 1, box.height / 2 + 1
    best: tuple[float, int] | None = None
    frame_px = ax.get_window_extent()
    for number, (x, y) in enumerate(spots):
        here = (x - half_w, y - half_h, x + half_w, y + half_h)
        cost = sum(_overlap(here, other) for other in taken)
        inside = (np.abs(dots[:, 0] - x) < half_w) & (np.abs(dots[:, 1] - y) < half_h)
        cost += 12.0 * int(inside.sum()) + 30.0 * number / len(spots)
        if here[0] < frame_px.x0 or here[2] > frame_px.x1:
            cost += 1e4
        if best is None or cost < best[0]:
            best = (cost, number)
    if best is None:
        return
    x, y = spots[best[1]]
    text.set_position(ax.transData.inverted().transform((x, y)))
    taken.append((x - half_w, y - half_h, x + half_w, y + half_h))


def _overlap(a: Any, b: Any) -> float:
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    return float(width * height) if width > 0 and height > 0 else 0.0


def _furniture(ax: Axes, figure: Any, scenario: Scenario, *, chinese: bool) -> None:
    """Title, legend line, scale bar, north arrow, and what the map is not."""
    placed = sum(len(alliance.villages) for alliance in scenario.alliances)
    left_out = len(scenario.unassigned)
    zones = len(scenario.result.zones)
    proven = scenario.result.status == "optimal"
    title = f"{placed + left_out} villages, {zones} townships: {len(scenario.alliances)} alliances"
    title += ", proven best" if proven else ""
    if chinese:
        figure.text(
            0.012, 0.972, f"示例县联村片区方案：{len(scenario.alliances)} 个片区"
            + ("，已证明最优" if proven else ""),
            fontsize=16, fontweight="bold", color=INK, va="center",
        )  # fmt: skip
        figure.text(0.012, 0.943, title, fontsize=10.5, color=INK_3, va="center")
        figure.text(
            0.988, 0.972, "示例数据，虚构", fontsize=10.5, color="#8A4B08", ha="right", va="center"
        )
    else:
        figure.text(0.012, 0.955, title, fontsize=14, fontweight="bold", color=INK, va="center")
    figure.text(
        0.988, 0.943, "fictional sample county", fontsize=10.5, color="#8A4B08", ha="right",
        va="center",
    )  # fmt: skip
    _legend(figure, chinese=chinese)
    note = "Decision support only; it does not replace the collective decision."
    if chinese:
        note = f"辅助研判，不替代集体决策。 {note}"
    figure.text(0.012, 0.014, note, fontsize=9, color=INK_3, va="center")
    _scale_bar(ax)


def _legend(figure: Any, *, chinese: bool) -> None:
    words = [
        ("领建村", "lead village"),
        ("联建村", "member village"),
        ("片区", "alliance"),
        ("乡镇界", "township"),
        ("河流（阻隔）", "river (barrier)"),
        ("暂不入片", "left out"),
    ]
    signs: list[Any] = [
        Line2D([], [], marker="*", color=INK, linestyle="", markersize=11),
        Line2D([], [], marker="o", color=INK, alpha=0.75, linewidth=0.8, markersize=3),
        Patch(facecolor=PALETTE[0], edgecolor=ALLIANCE_LINE),
        Line2D([], [], color=INK, linewidth=1.9),
        Line2D([], [], color=RIVER, linewidth=5.0),
        Patch(facecolor=UNPLACED, edgecolor=UNPLACED_LINE, hatch="..", linestyle="--"),
    ]
    labels = [f"{zh} {en}" if chinese else en for zh, en in words]
    figure.legend(
        signs, labels, loc="lower left", bbox_to_anchor=(0.004, 0.022), ncols=len(signs),
        frameon=False, fontsize=9.2, labelcolor=INK, handlelength=1.5, columnspacing=1.6,
        handletextpad=0.6,
    )  # fmt: skip


def _scale_bar(ax: Axes) -> None:
    (west, east), (south, north) = ax.get_xlim(), ax.get_ylim()
    x, y, length_m = west + 0.02 * (east - west), south + 0.03 * (north - south), 5_000
    ax.plot([x, x + length_m], [y, y], color=INK, linewidth=3, solid_capstyle="butt", zorder=12)
    ax.text(x + length_m / 2, y + 250, "5 km", ha="center", va="bottom", fontsize=9, color=INK)
    x, y = east - 0.035 * (east - west), north - 0.035 * (north - south)
    ax.annotate(
        "N", xy=(x, y), xytext=(x, y - 2_300), ha="center", va="center", fontsize=11,
        color=INK, fontweight="bold", arrowprops={"arrowstyle": "-|>", "color": INK, "lw": 1.6},
    )  # fmt: skip


if __name__ == "__main__":
    main()

"""The small map of a plan's card: a picture of its own, beside the first plan's."""

from __future__ import annotations

import base64
from collections import Counter
from dataclasses import dataclass, replace

import numpy as np
import shapely
from numpy.typing import NDArray

from liancun_geo.contrasts import changed_villages, counterparts
from liancun_geo.output.picture.colours import PALETTE, TOO_LIKE
from liancun_geo.output.picture.labels import Labels
from liancun_geo.output.picture.markup import Element, add, markup, new
from liancun_geo.output.picture.scene import Scene, path_data, united
from liancun_geo.output.picture.symbols import star
from liancun_geo.scenario import Scenario

WIDE, HIGH = 370.0, 300.0
"""Size of the picture, px at 1366x768; the page scales it to its column and its height."""

_FONT = (
    "'Microsoft YaHei UI','Microsoft YaHei','PingFang SC','Noto Sans CJK SC',"
    "'Source Han Sans SC',sans-serif"
)
_INK, _LINE, _GROUND, _BARRIER = "#1B2A34", "#3A4A55", "#F7F9FA", "#4F8FC0"
_MARGIN = 14.0


@dataclass(frozen=True)
class _Picture:
    scene: Scene
    svg: Element
    view: tuple[float, float, float, float]
    unit: float
    shown: NDArray[np.bool_]


def beside(first: Scene, scenario: Scenario) -> Scene:
    """Return the drawing of another plan of the same villages, in the colours of the first.

    An alliance that continues one of the first plan keeps its colour, unless two like colours
    would touch; then the smaller one takes another.
    """
    before, after = first.scenario.plan.lead_of, scenario.plan.lead_of
    alliance_of = scenario.alliance_of
    shapes = united(first.villages, alliance_of, len(scenario.alliances))
    goes_on = counterparts(before, after)
    colour_of = dict(
        zip((one.lead for one in first.scenario.alliances), first.colours, strict=True)
    )
    wished = [colour_of.get(goes_on.get(one.lead, -1)) for one in scenario.alliances]
    colours = _colours(scenario, alliance_of, wished)
    return replace(
        first,
        scenario=scenario,
        alliances=shapes,
        alliance_of=alliance_of,
        colours=colours,
    )


def _colours(
    scenario: Scenario, alliance_of: NDArray[np.intp], wished: list[int | None]
) -> tuple[int, ...]:
    around: dict[int, set[int]] = {number: set() for number in range(len(wished))}
    ends = alliance_of[np.asarray(scenario.contiguity.edges, dtype=np.intp).reshape(-1, 2)]
    for one, other in ends.tolist():
        if one != other and min(one, other) >= 0:
            around[one].add(other)
            around[other].add(one)
    chosen: dict[int, int] = {}

    def clash(number: int, colour: int) -> int:
        beside = [chosen[other] for other in sorted(around[number]) if other in chosen]
        return 100 * beside.count(colour) + sum(
            frozenset((colour, other)) in TOO_LIKE for other in beside
        )

    size = [len(one.villages) for one in scenario.alliances]
    order = sorted(range(len(wished)), key=lambda n: (wished[n] is None, -size[n], n))
    for number in order:
        wish = wished[number]
        if wish is not None and clash(number, wish) == 0:
            chosen[number] = wish
            continue
        used = Counter(chosen.values())
        chosen[number] = min(range(len(PALETTE)), key=lambda c: (clash(number, c), used[c], c))
    return tuple(chosen[number] for number in range(len(wished)))


def small_map(
    scene: Scene, title: str, *, first: Scene | None = None, township: int | None = None
) -> str:
    """Return a plan as SVG.

    Parameters
    ----------
    scene
        The plan.
    title
        What a reader who does not see it is told.
    first
        Plan to compare with: villages that go another way are hatched.
    township
        Place in ``scene.township_names``; the whole county if not given, then without names and
        without the lines between villages.
    """
    shown = np.ones(len(scene.villages), dtype=bool)
    if township is not None:
        shown = scene.township_of == township
    view = _view(scene, shown)
    unit = view[2] / WIDE
    svg = new(
        "svg",
        xmlns="http://www.w3.org/2000/svg",
        viewBox=" ".join(f"{value:.2f}" for value in view),
        width=f"{WIDE:g}",
        height=f"{HIGH:g}",
    )
    add(svg, "title", title)
    picture = _Picture(scene, svg, view, unit, shown)
    _patterns(picture)
    add(svg, "rect", x=view[0], y=view[1], width=view[2], height=view[3], fill=_GROUND)
    if township is None:
        _alliances(picture)
    else:
        _villages(picture)
    if first is not None:
        _differences(picture, first)
    _lines(picture, township)
    _leads(picture, named=township is not None)
    return markup(svg)


def as_image(svg: str) -> str:
    """Return a picture as an address that needs no request."""
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()


def _view(scene: Scene, shown: NDArray[np.bool_]) -> tuple[float, float, float, float]:
    shapes = scene.villages[shown]
    if not len(shapes):
        return 0.0, 0.0, WIDE, HIGH
    left, top, right, bottom = (float(value) for value in shapely.total_bounds(shapes))
    unit = max((right - left) / (WIDE - 2 * _MARGIN), (bottom - top) / (HIGH - 2 * _MARGIN), 1e-6)
    wide, high = WIDE * unit, HIGH * unit
    return (left + right - wide) / 2, (top + bottom - high) / 2, wide, high


def _patterns(picture: _Picture) -> None:
    kept, unit = add(picture.svg, "defs"), picture.unit
    hatch = _pattern(kept, "other", 7 * unit, patternTransform="rotate(45)")
    size = {"width": f"{1.9 * unit:.3f}", "height": f"{7 * unit:.3f}"}
    add(hatch, "rect", fill=_INK, fill_opacity=0.42, **size)
    dots = _pattern(kept, "dots", 6 * unit)
    add(dots, "rect", width=f"{6 * unit:.3f}", height=f"{6 * unit:.3f}", fill="#E7EAEC")
    middle = f"{2 * unit:.3f}"
    add(dots, "circle", cx=middle, cy=middle, r=f"{0.9 * unit:.3f}", fill="#8A959D")


def _pattern(parent: Element, name: str, size: float, **more: str) -> Element:
    # ElementTree keeps the capitals of these names, which SVG asks for.
    sizes = {"width": f"{size:.3f}", "height": f"{size:.3f}"}
    return add(parent, "pattern", id=name, patternUnits="userSpaceOnUse", **sizes, **more)


def _fill(scene: Scene, number: int) -> str:
    return "url(#dots)" if number < 0 else PALETTE[scene.colours[number]]


def _villages(picture: _Picture) -> None:
    scene = picture.scene
    layer = add(picture.svg, "g", stroke="#FFFFFF", stroke_width=f"{1.1 * picture.unit:.3f}")
    for village in np.flatnonzero(picture.shown).tolist():
        fill = _fill(scene, int(scene.alliance_of[village]))
        add(layer, "path", d=path_data(scene.villages[village]), fill=fill)


def _alliances(picture: _Picture) -> None:
    scene = picture.scene
    for shape, colour in zip(scene.alliances, scene.colours, strict=True):
        add(picture.svg, "path", d=path_data(shape), fill=PALETTE[colour])
    for village in np.flatnonzero(scene.alliance_of < 0).tolist():
        add(picture.svg, "path", d=path_data(scene.villages[village]), fill="url(#dots)")


def _differences(picture: _Picture, first: Scene) -> None:
    scene = picture.scene
    other = changed_villages(first.scenario.plan.lead_of, scene.scenario.plan.lead_of)
    for village in np.flatnonzero(other & picture.shown).tolist():
        add(picture.svg, "path", d=path_data(scene.villages[village]), fill="url(#other)")


def _lines(picture: _Picture, township: int | None) -> None:
    scene, unit = picture.scene, picture.unit
    near = township is not None
    layer = add(picture.svg, "g", fill="none", stroke_linejoin="round")
    width = f"{(1.7 if near else 0.8) * unit:.3f}"
    for shape in shapely.simplify(scene.barriers, unit):
        thick = f"{(1.6 if near else 0.8) * unit:.3f}"
        add(layer, "path", d=path_data(shape), stroke=_BARRIER, stroke_width=thick)
    for number, shape in enumerate(scene.alliances):
        if picture.shown[scene.scenario.alliances[number].lead]:
            add(layer, "path", d=path_data(shape), stroke=_LINE, stroke_width=width)
    shapes = scene.townships if township is None else scene.townships[township : township + 1]
    for shape in shapes:
        thick = f"{(2.6 if near else 1.6) * unit:.3f}"
        add(layer, "path", d=path_data(shape), stroke=_INK, stroke_width=thick)


def _leads(picture: _Picture, *, named: bool) -> None:
    scene, unit = picture.scene, picture.unit
    leads = [one.lead for one in scene.scenario.alliances if picture.shown[one.lead]]
    radius = (10.0 if named else 4.5) * unit
    labels = Labels(picture.view)
    stars = add(picture.svg, "g", fill=_INK, stroke="#FFFFFF", paint_order="stroke")
    stars.set("stroke-width", f"{(2.5 if named else 1.0) * unit:.3f}")
    for lead in leads:
        x, y = (float(value) for value in scene.points[lead])
        add(stars, "path", d=star(x, y, radius), stroke_linejoin="round")
        labels.block(x, y, radius)
    if not named:
        return
    size = 13.5 * unit
    texts = add(picture.svg, "g", fill=_INK, stroke="#FFFFFF", paint_order="stroke")
    texts.set("stroke-width", f"{3 * unit:.3f}")
    for lead in leads:
        x, y = (float(value) for value in scene.points[lead])
        at = labels.place(scene.names[lead], x, y, size, 1.1 * radius)
        if at is not None:
            add(
                texts,
                "text",
                scene.names[lead],
                x=f"{at[0]:.2f}",
                y=f"{at[1]:.2f}",
                font_family=_FONT,
                font_size=f"{size:.3f}",
                font_weight="700",
                text_anchor="middle",
                stroke_linejoin="round",
            )

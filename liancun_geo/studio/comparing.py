"""The map of two plans: stripes of both colours where they differ, an arrow where to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from liancun_geo.compare import Difference
from liancun_geo.messages import message
from liancun_geo.output.picture.colours import PALETTE
from liancun_geo.output.picture.labels import Labels
from liancun_geo.output.picture.markup import Element, add, markup, new
from liancun_geo.output.picture.scene import Scene, path_data
from liancun_geo.output.picture.symbols import star
from liancun_geo.studio.outlines import outline_alliances
from liancun_geo.studio.plain_map import add_dots, add_scale_bar, new_page, view_of
from liancun_geo.studio.words import Words

Side = Literal["first", "second", "difference"]

_FRAME = (760.0, 486.0)  # px of the map at 1366x768: type and signs are sized for it
_SHEETS = ("map.css", "comparing.css", "compare_tables.css")
_PALE = 0.5  # of white in the fill of what did not move
_LONGEST = 44.0  # px of an arrow
_PAIRED = 500  # villages whose row and place are marked together
_MANY = 14  # villages that move before the county's map leaves their names out


@dataclass(frozen=True)
class _Drawing:
    first: Scene
    second: Scene
    found: Difference
    words: Words
    side: Side
    township: int | None
    svg: Element
    view: tuple[float, float, float, float]
    unit: float

    @property
    def scene(self) -> Scene:
        """The plan whose alliances are outlined."""
        return self.first if self.side == "first" else self.second

    def shows(self, village: int) -> bool:
        return self.township is None or int(self.second.township_of[village]) == self.township


def difference_page(
    first: Scene,
    second: Scene,
    found: Difference,
    words: Words,
    *,
    side: Side = "difference",
    township: int | None = None,
    other: str = "",
    beside: Sequence[Element] = (),
) -> str:
    """Return the map of a comparison as an HTML document without script or request.

    A village that moved and its row in ``beside`` are marked together, when pointed at and, once
    clicked or reached by Tab, until something else is.

    Parameters
    ----------
    first, second
        Drawings of both plans, the second
        :func:`~liancun_geo.studio.small_map.beside` the first.
    found
        What differs.
    words
        Language of legend and title.
    side
        One plan alone, or the second with what differs.
    township
        Place in ``first.township_names``; the whole county if not given.
    other
        What the second plan is called; as the catalogue does if not given.
    beside
        Tables that stand beside the map; ``data-v`` of a row is the position of its village.
    """
    page = new_page(_say(words, "map"), _SHEETS, words, style=_pairs(found))
    whole = add(page, "body")
    body = add(whole, "main")
    if beside:
        add(whole, "aside").extend(beside)
    view = view_of(second, township, _FRAME)
    unit = max(view[2] / _FRAME[0], view[3] / _FRAME[1])
    svg = add(
        body,
        "svg",
        viewBox=" ".join(f"{value:.2f}" for value in view),
        role="img",
        aria_label=_say(words, "map"),
    )
    drawing = _Drawing(first, second, found, words, side, township, svg, view, unit)
    _patterns(drawing)
    _villages(drawing)
    _borders(drawing)
    if side == "difference":
        _arrows(drawing)
    _names(drawing)
    _scale(drawing)
    body.append(_legend(words, side, other or _say(words, "show_second")))
    return "<!doctype html>" + markup(page)


def _pairs(found: Difference) -> str:
    """Return the rules that mark a village on the map and its row together."""
    return "".join(
        f'body:has([data-v="{v}"]:is(:hover,:focus)) tr[data-v="{v}"]{{background:#E6EFF7}}'
        f'body:has([data-v="{v}"]:is(:hover,:focus)) path[data-v="{v}"]'
        "{stroke:#1D5B8F;stroke-width:4.5px}"
        for v in (one.village for one in found.moved[:_PAIRED])
    )


def _say(words: Words, key: str, **params: object) -> str:
    return message(f"compare_step.{key}", words.language, **params)


def _fill(scene: Scene, village: int, *, pale: bool = False) -> str:
    number = int(scene.alliance_of[village])
    if number < 0:
        return "url(#dots)"
    colour = PALETTE[scene.colours[number]]
    if not pale:
        return colour
    parts = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return "#" + "".join(f"{round(part + (255 - part) * _PALE):02X}" for part in parts)


def _patterns(drawing: _Drawing) -> None:
    defs, unit = add(drawing.svg, "defs"), drawing.unit
    add_dots(defs, 5 * unit, 0.8 * unit)
    if drawing.side != "difference":
        return
    size = f"{13 * unit:.3f}"
    style = {"width": size, "height": size, "patternUnits": "userSpaceOnUse"}
    for one in drawing.found.moved:
        if one.before is None or one.after is None or not drawing.shows(one.village):
            continue
        stripes = add(defs, "pattern", id=f"s{one.village}", **style)
        stripes.set("patternTransform", "rotate(45)")
        new_colour, old = (_fill(s, one.village) for s in (drawing.second, drawing.first))
        add(stripes, "rect", width=size, height=size, fill=new_colour)
        add(stripes, "rect", width=f"{5.6 * unit:.3f}", height=size, fill=old)


def _villages(drawing: _Drawing) -> None:
    layer = add(drawing.svg, "g", class_="villages")
    moved = {one.village: one for one in drawing.found.moved}
    for village, shape in enumerate(drawing.scene.villages):
        style = {"class_": "placed", "fill": ""}
        if not drawing.shows(village):
            style = {"class_": "elsewhere", "fill": "#F7F8F8"}
        elif drawing.side != "difference":
            style["fill"] = _fill(drawing.scene, village)
        elif village not in moved:
            style["fill"] = _fill(drawing.second, village, pale=True)
        elif None in (moved[village].before, moved[village].after):
            style["fill"] = _fill(drawing.second, village)
        else:
            style["fill"] = f"url(#s{village})"
        if village in moved and drawing.shows(village):
            style |= {"tabindex": "0", "data_v": str(village)}
        path = add(layer, "path", d=path_data(shape), **style)
        add(path, "title", drawing.scene.names[village])


def _borders(drawing: _Drawing) -> None:
    scene = drawing.scene
    layer = add(drawing.svg, "g", class_="borders")
    outline_alliances(layer, scene, drawing.shows)
    for number, shape in enumerate(scene.townships):
        there = drawing.township in (None, number)
        add(layer, "path", class_="township" if there else "faint", d=path_data(shape))
    if drawing.side == "difference":
        for one in drawing.found.moved:
            if drawing.shows(one.village):
                add(
                    layer,
                    "path",
                    class_="moved",
                    data_v=one.village,
                    d=path_data(scene.villages[one.village]),
                )


def _arrows(drawing: _Drawing) -> None:
    layer, unit = add(drawing.svg, "g", class_="arrows"), drawing.unit
    points = drawing.second.points
    for one in drawing.found.moved:
        if one.after is None or one.after == one.village or not drawing.shows(one.village):
            continue
        (x, y), way = points[one.village], points[one.after] - points[one.village]
        far = float(np.hypot(*way))
        if far < 6 * unit:
            continue
        long = min(0.6 * far, _LONGEST * unit)
        dx, dy = way / far
        tip_x, tip_y = x + dx * long, y + dy * long
        back_x, back_y = tip_x - 8 * unit * dx, tip_y - 8 * unit * dy
        add(layer, "path", class_="shaft", d=f"M{x:.1f},{y:.1f}L{back_x:.1f},{back_y:.1f}")
        wing_x, wing_y = -dy * 4.5 * unit, dx * 4.5 * unit
        head = (
            f"M{tip_x:.1f},{tip_y:.1f}L{back_x + wing_x:.1f},{back_y + wing_y:.1f}"
            f"L{back_x - wing_x:.1f},{back_y - wing_y:.1f}Z"
        )
        add(layer, "path", class_="head", d=head)


def _names(drawing: _Drawing) -> None:
    """Write names that fit: villages that moved and leads first."""
    scene, unit = drawing.scene, drawing.unit
    near = drawing.township is not None
    labels = Labels(drawing.view)
    left, top, _, high = drawing.view
    labels.block(left + 50 * unit, top + high, 60 * unit)
    stars = add(drawing.svg, "g", class_="stars")
    texts = add(drawing.svg, "g", class_="names")
    leads = [a.lead for a in scene.scenario.alliances if drawing.shows(a.lead)]
    radius = (9 if near else 6.5) * unit
    for lead in leads:
        x, y = (float(value) for value in scene.points[lead])
        labels.block(x, y, radius)
        add(stars, "path", d=star(x, y, radius))
    moved = [one.village for one in drawing.found.moved if drawing.shows(one.village)]
    moved = moved if near or len(moved) <= _MANY else []
    everyone = range(len(scene.names)) if near else ()
    rest = [v for v in everyone if drawing.shows(v) and v not in (*leads, *moved)]
    listed = [*((v, 12.5, "of-lead") for v in moved), *((v, 13.5, "of-lead") for v in leads)]
    listed += [(v, 12, "of-member" if scene.alliance_of[v] >= 0 else "of-unplaced") for v in rest]
    done = set()
    for village, size, kind in listed:
        if village in done:
            continue
        done.add(village)
        x, y = (float(value) for value in scene.points[village])
        gap = 1.15 * radius if village in leads else 4 * unit
        place = labels.place(scene.names[village], x, y, size * unit, gap)
        if place is not None:
            at = {"x": f"{place[0]:.1f}", "y": f"{place[1]:.1f}"}
            at |= {"font_size": f"{size * unit:.2f}", "stroke_width": f"{3 * unit:.2f}"}
            add(texts, "text", scene.names[village], class_=kind, **at)


def _scale(drawing: _Drawing) -> None:
    unit = drawing.unit
    bar = add_scale_bar(drawing.svg, drawing.view, unit, drawing.second.metres_per_unit)
    at = {"x": f"{bar.place[0]:.1f}", "y": f"{bar.place[1]:.1f}"}
    at |= {"font_size": f"{12 * unit:.2f}", "stroke_width": f"{3 * unit:.2f}"}
    add(bar.layer, "text", _say(drawing.words, bar.key, length=bar.length), **at)


def _legend(words: Words, side: Side, other: str) -> Element:
    strip = new("footer")
    kinds = ("stripes", "arrow", "unplaced") if side == "difference" else ("unplaced",)
    for kind in kinds:
        entry = add(strip, "span", class_="entry")
        sign = add(entry, "svg", class_=f"sign {kind}", viewBox="0 0 18 12", aria_hidden="true")
        if kind == "arrow":
            add(sign, "path", class_="shaft", d="M1,6H11")
            add(sign, "path", class_="head", d="M18,6L10,2V10Z")
        else:
            add(sign, "rect", x=1, y=1, width=16, height=10)
            if kind == "stripes":
                add(sign, "path", d="M1,8L8,1H13L3,11H1ZM11,11L17,5V10L16,11Z")
        add(entry, "span", _say(words, f"legend_{kind}", other=other))
    return strip

"""The map as one self-contained page: SVG and style, no script, nothing from the network."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from liancun_geo.output.picture.colours import PALETTE
from liancun_geo.output.picture.labels import Labels
from liancun_geo.output.picture.markup import Element, add, markup, new
from liancun_geo.output.picture.scene import Scene, path_data
from liancun_geo.output.picture.symbols import star
from liancun_geo.studio.legend import legend
from liancun_geo.studio.outlines import outline_alliances
from liancun_geo.studio.plain_map import add_dots, add_scale_bar, new_page, view_of
from liancun_geo.studio.words import Words

_UNPLACED, _ELSEWHERE = "url(#dots)", "#F7F8F8"
_SPACING = 0.22  # between the letters of a township, as in the style sheet
_FRAME = (960.0, 500.0)  # px of the map at 1366x768: type and symbols are sized for it


@dataclass(frozen=True)
class _Drawing:
    """One picture in the making: the scene, what of it is shown, how large a pixel is."""

    scene: Scene
    words: Words
    svg: Element
    township: int | None
    view: tuple[float, float, float, float]
    unit: float

    def shows(self, village: int) -> bool:
        """Whether the village lies in the township on show."""
        return self.township is None or int(self.scene.township_of[village]) == self.township


def map_page(scene: Scene, words: Words, township: int | None = None) -> str:
    """Return the map as an HTML document.

    Parameters
    ----------
    scene
        From :func:`~liancun_geo.output.picture.scene.build_scene`.
    words
        Language of tooltips and legend; names stay as they are.
    township
        Place in ``scene.township_names`` to zoom to; the whole county if not given.
    """
    page = new_page(words("map_title"), ["map.css"], words)
    body = add(page, "body")
    body.append(_svg(scene, words, township))
    body.append(legend(words))
    return "<!doctype html>" + markup(page)


def _svg(scene: Scene, words: Words, township: int | None) -> Element:
    view = view_of(scene, township, _FRAME)
    unit = max(view[2] / _FRAME[0], view[3] / _FRAME[1])
    svg = new(
        "svg",
        viewBox=" ".join(f"{value:.2f}" for value in view),
        role="img",
        aria_label=words("map_title"),
    )
    drawing = _Drawing(scene, words, svg, township, view, unit)
    add_dots(add(svg, "defs"), 5 * unit, 5 * unit / 7)
    _villages(drawing)
    _borders(drawing)
    _links(drawing)
    _symbols_and_names(drawing)
    _scale_bar(drawing)
    return svg


def _villages(drawing: _Drawing) -> None:
    scene = drawing.scene
    layer = add(drawing.svg, "g", class_="villages")
    for village, shape in enumerate(scene.villages):
        number = int(scene.alliance_of[village])
        if not drawing.shows(village):
            add(layer, "path", class_="elsewhere", d=path_data(shape), fill=_ELSEWHERE)
            continue
        fill = _UNPLACED if number < 0 else PALETTE[scene.colours[number]]
        kind = "unplaced" if number < 0 else "placed"
        path = add(layer, "path", class_=kind, d=path_data(shape), fill=fill)
        add(path, "title", _tooltip(drawing, village))


def _tooltip(drawing: _Drawing, village: int) -> str:
    scene, words = drawing.scene, drawing.words
    name, township = scene.names[village], scene.township_names[scene.township_of[village]]
    number = int(scene.alliance_of[village])
    if number >= 0:
        alliance = scene.scenario.alliances[number]
        key = "tip_lead" if alliance.lead == village else "tip_member"
        lead = scene.names[alliance.lead]
        return words(key, village=name, township=township, alliance=alliance.name, lead=lead)
    unassigned = scene.scenario.unassigned
    reasons = [one.reason.text(words.language) for one in unassigned if one.position == village]
    return "\n".join([words("tip_unplaced", village=name, township=township), *reasons])


def _borders(drawing: _Drawing) -> None:
    scene = drawing.scene
    layer = add(drawing.svg, "g", class_="borders")
    outline_alliances(layer, scene, drawing.shows)
    for shape in scene.barriers:
        add(layer, "path", class_="barrier", d=path_data(shape))
    for number, shape in enumerate(scene.townships):
        there = drawing.township in (None, number)
        add(layer, "path", class_="township" if there else "faint", d=path_data(shape))


def _links(drawing: _Drawing) -> None:
    scene = drawing.scene
    layer = add(drawing.svg, "g", class_="links")
    for alliance in scene.scenario.alliances:
        if not drawing.shows(alliance.lead):
            continue
        x, y = scene.points[alliance.lead]
        lines = "".join(
            f"M{x:.1f},{y:.1f}L{scene.points[member][0]:.1f},{scene.points[member][1]:.1f}"
            for member in alliance.members
        )
        if lines:
            add(layer, "path", d=lines)
        for member in alliance.members:
            at = scene.points[member]
            radius = f"{(2.4 if drawing.township is not None else 1.5) * drawing.unit:.2f}"
            add(layer, "circle", cx=f"{at[0]:.1f}", cy=f"{at[1]:.1f}", r=radius)


def _symbols_and_names(drawing: _Drawing) -> None:
    """Draw stars and every name that fits: leads first, then townships, then other villages."""
    scene, unit = drawing.scene, drawing.unit
    names = scene.names
    near = drawing.township is not None
    labels = Labels(drawing.view)
    left, top, _, high = drawing.view
    labels.block(left + 50 * unit, top + high, 60 * unit)  # the scale bar
    stars = add(drawing.svg, "g", class_="stars")
    texts = add(drawing.svg, "g", class_="names")
    leads = [one.lead for one in scene.scenario.alliances if drawing.shows(one.lead)]
    radius = (9 if near else 6.5) * unit
    gap = 1.15 * radius
    for lead in leads:
        x, y = scene.points[lead]
        labels.block(x, y, radius)
        add(stars, "path", d=star(x, y, radius))
    if not near:
        _township_names(drawing, labels, texts)
    for lead in leads:
        size = 14 if near else 11.5
        _name(drawing, labels, texts, "of-lead", names[lead], scene.points[lead], size, gap)
    for village in range(len(names)) if near else ():
        if drawing.shows(village) and village not in leads:
            kind = "of-member" if scene.alliance_of[village] >= 0 else "of-unplaced"
            point = scene.points[village]
            _name(drawing, labels, texts, kind, names[village], point, 12, 4 * unit)
    if near:
        _township_names(drawing, labels, texts)


def _township_names(drawing: _Drawing, labels: Labels, layer: Element) -> None:
    """Write the name of each township where it fits inside, as near its middle as may be."""
    scene = drawing.scene
    size = 13.5 * drawing.unit
    for number, name in enumerate(scene.township_names):
        if number == drawing.township:
            continue
        place = labels.place_inside(name, scene.townships[number], size, _SPACING)
        if place is not None:
            _text(drawing, layer, "of-township", name, place, size)


def _name(
    drawing: _Drawing,
    labels: Labels,
    layer: Element,
    kind: str,
    name: str,
    point: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
    size_px: float,
    gap: float,
) -> None:
    size = size_px * drawing.unit
    place = labels.place(name, float(point[0]), float(point[1]), size, gap)
    if place is not None:
        _text(drawing, layer, kind, name, place, size)


def _text(
    drawing: _Drawing,
    layer: Element,
    kind: str,
    text: str,
    place: tuple[float, float],
    size: float,
) -> None:
    # The style sheet makes type grow more slowly than the map on a large screen.
    add(
        layer,
        "text",
        text,
        class_=kind,
        x=f"{place[0]:.1f}",
        y=f"{place[1]:.1f}",
        style=f"font-size: calc({size:.2f}px * var(--type))",
        stroke_width=f"{3 * drawing.unit:.2f}",
    )


def _scale_bar(drawing: _Drawing) -> None:
    bar = add_scale_bar(drawing.svg, drawing.view, drawing.unit, drawing.scene.metres_per_unit)
    words = drawing.words(bar.key, length=bar.length)
    _text(drawing, bar.layer, "of-scale", words, bar.place, 12 * drawing.unit)

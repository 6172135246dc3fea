"""What every card is put together from: headings, bars from zero, rows, dots."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from liancun_geo.messages import Language, message
from liancun_geo.output.picture.labels import width as text_width
from liancun_geo.output.picture.markup import Element, add

INK = "#4A5963"
COLOURS = {
    "proximity": "#1D5B8F",
    "strength_contrast": "#96670F",
    "industry": "#21776C",
    "other": "#5F6C75",
    "collective_income": "#96670F",
    "party_members": "#1D5B8F",
    "population": "#75648F",
    "income_per_head": "#5F6C75",
    "enterprises": "#21776C",
}
"""Of the parts of a score: dark enough for white figures."""

_TICKS = {
    "good": "M5 12.5l4.5 4.5L19 7",
    "warn": "M12 4.5L21 20H3zM12 10v4.5M12 17.2v.3",
    "barred": "M7.5 7.5l9 9M12 3.5a8.5 8.5 0 1 0 0 17a8.5 8.5 0 0 0 0-17",
    "lock": "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3",
}


@dataclass(frozen=True, slots=True)
class Segment:
    """One part of a score: what it is called by, its points and the most it could have."""

    name: str
    points: float
    most: float


class Say:
    """The words of the card in one language."""

    def __init__(self, language: Language) -> None:
        self.language = language

    def __call__(self, key: str, **params: Any) -> str:
        """Return a sentence of the card's own topic."""
        return message(f"why_card.{key}", self.language, **params)

    def joined(self, sentences: Iterable[str]) -> str:
        """Return whole sentences one after the other: Chinese ones without a space between."""
        return ("" if self.language == "zh" else " ").join(sentences)


def icon(parent: Element, kind: str) -> Element:
    """Append a sign: ``good``, ``warn``, ``barred`` or ``lock``."""
    sign = add(parent, "svg", class_=f"icon {kind}", viewBox="0 0 24 24", aria_hidden="true")
    add(sign, "path", d=_TICKS[kind])
    return sign


def stacked(parent: Element, say: Say, segments: Sequence[Segment], wide: float, high: int) -> None:
    """Append the bar of a score out of 10: its parts side by side, from zero.

    A part below zero (an indicator may be scaled so) takes no room.
    """
    total = sum(segment.points for segment in segments)
    label = say("bar", points=f"{total:.1f}", most="10")
    shown = [segment for segment in segments if segment.points > 0]
    scale = wide / max(10.0, sum(segment.points for segment in shown))
    svg = _bar(parent, label, wide, high)
    at = 0.0
    for segment in shown:
        long = segment.points * scale
        add(
            svg,
            "rect",
            x=f"{at:.1f}",
            width=f"{max(0.5, long - 2):.1f}",
            height=high,
            fill=COLOURS[segment.name],
        )
        figure = f"{segment.points:.1f}"
        if long > 12 * text_width(figure) + 8:
            middle = f"{at + long / 2 - 1:.1f}"
            add(svg, "text", figure, x=middle, y=high / 2 + 4.3, text_anchor="middle")
        at += long


def single(
    parent: Element, label: str, share: float, wide: float, high: int, *, colour: str, track: float
) -> None:
    """Append a bar from zero.

    Parameters
    ----------
    parent, label
        Where, and what it says to those who cannot see it.
    share
        Of its own track, 0 to 1.
    wide, high
        Of the longest bar beside it, px.
    colour
        Of the bar.
    track
        What it could reach, as a share of ``wide``: all bars of a table have one scale.
    """
    long = max(2.0, wide * min(1.0, track))
    svg = _bar(parent, label, long, high)
    filled = long * min(1.0, max(0.0, share))
    if filled > 0:
        add(svg, "rect", width=f"{filled:.1f}", height=high, fill=colour)


def _bar(parent: Element, label: str, wide: float, high: int) -> Element:
    return add(
        parent,
        "svg",
        class_="bar",
        width=f"{wide:.0f}",
        height=high,
        viewBox=f"0 0 {wide:.1f} {high}",
        role="img",
        aria_label=label,
    )


def dots(parent: Element, say: Say, filled: int) -> None:
    """Append a hundred dots, so many of them filled."""
    svg = add(
        parent,
        "svg",
        class_="dots",
        width=226,
        height=58,
        viewBox="0 0 226 58",
        role="img",
        aria_label=say("dots", count=filled),
    )
    rings = {"on": range(filled), "off": range(filled, 100)}
    for kind, numbers in rings.items():
        # A dot is a line of no length with a round end: a tenth of the bytes of a circle.
        steps = "".join(f"M{6 + 11 * (n % 20)} {6 + 11 * (n // 20)}h0" for n in numbers)
        if steps:
            add(svg, "path", class_=kind, d=steps)
            if kind == "off":
                add(svg, "path", class_="hole", d=steps)


def hundredths(share: float) -> int:
    """Return a share in hundredths: 0 and 100 only if it is none and all."""
    if share <= 0.0 or share >= 1.0:
        return 0 if share <= 0.0 else 100
    return min(99, max(1, round(100 * share)))


def heading(parent: Element, title: str, legend: Iterable[str], say: Say) -> None:
    """Append the heading of a section, with what the colours mean."""
    line = add(parent, "div", class_="line")
    add(line, "h3", title)
    names = list(legend)
    if names:
        signs = add(line, "div", class_="legend")
        for name in names:
            one = add(signs, "span")
            swatch(one, name)
            add(one, "span", say(f"label_{name}"))


def swatch(parent: Element, name: str) -> None:
    """Append a small square in the colour of a part."""
    sign = add(parent, "svg", class_="swatch", viewBox="0 0 10 10", aria_hidden="true")
    add(sign, "rect", width=10, height=10, rx=2, fill=COLOURS[name])


def row(
    parent: Element,
    say: Say,
    segment: Segment | None,
    texts: tuple[str, str],
    name: str,
    top: float,
) -> None:
    """Append one row of how a score adds up; without a segment it has no points.

    ``top`` is the most that any row can have: the scale of all bars.
    """
    line = add(parent, "div", class_="row")
    label = add(line, "div", class_="what")
    swatch(label, name)
    add(label, "span", say(f"label_{name}"))
    fact = add(line, "div", class_="fact")
    add(fact, "b", texts[0])
    add(fact, "small", texts[1])
    bar = add(line, "div", class_="cell")
    points = add(line, "div", class_="points")
    if segment is None:
        add(points, "span", say("no_points"))
        return
    most = f"{segment.most:.1f}".removesuffix(".0")
    told = say("bar", points=f"{segment.points:.1f}", most=most)
    share = segment.points / segment.most if segment.most > 0 else 0.0
    colour, track = COLOURS[name], segment.most / top if top > 0 else 0.0
    single(bar, told, share, 190, 12, colour=colour, track=track)
    add(points, "span", f"{segment.points:.1f}")
    add(points, "small", say("of_most", most=most))


def change(parent: Element, text: str, points: float) -> None:
    """Append a change of points: green if it gains, brown if it loses."""
    kind = "gain" if points > 0 else "loss" if points < 0 else "even"
    add(parent, "b", text, class_=kind)

"""What is sent to the browser: the geometry once, the state of the plan after every edit."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NotRequired, TypedDict

import numpy as np
from numpy.typing import ArrayLike, NDArray

from liancun_geo.messages import Language, catalogue
from liancun_geo.output.picture.borders import MapGeometry
from liancun_geo.output.picture.packed import bits, packed_county

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_"
"""Two of them tell 4,096 things apart: alliances in ``state["of"]``, leads in ``"leads"``."""

_LEFT_OUT = "."


class Tiles(TypedDict):
    """A layer of tiles that the planner's settings name; none without them."""

    url: str
    attribution: str
    max_zoom: NotRequired[int]


class Cell(TypedDict):
    """One cell of the status strip or of a table of totals, ready to read."""

    name: str
    value: str
    note: NotRequired[str]
    kind: NotRequired[str]
    """``ok``, ``warn``, ``bad`` or empty."""
    icon: NotRequired[str]
    help: NotRequired[str]
    """Two lines on what the number means, shown on a click."""
    side: NotRequired[str]
    """``right`` for the cell at the end of the strip."""


class CardRow(TypedDict):
    """One row of the why card."""

    name: str
    text: str
    value: str
    of: NotRequired[str]
    part: NotRequired[str]
    """``proximity``, ``contrast``, ``industry`` or ``size``: its colour in the bar."""
    share: NotRequired[float]
    """Of the whole bar, 0 to 1."""
    kind: NotRequired[str]


class Card(TypedDict):
    """Why a village is where it is."""

    title: str
    score: NotRequired[str]
    of: NotRequired[str]
    rows: Sequence[CardRow]
    more: NotRequired[Sequence[CardRow]]


class MoveRow(TypedDict):
    """One thing that can be done with the selection, or cannot."""

    title: str
    reason: str
    change: NotRequired[str]
    sign: NotRequired[int]
    button: NotRequired[str]
    event: NotRequired[Mapping[str, Any]]
    """Without its number; None where the row cannot be done."""
    lead: NotRequired[int]
    """Lead village of the alliance it leads to: previewed when the pointer is on the row."""


class Moves(TypedDict):
    """The list 可以怎么调."""

    legal: Sequence[MoveRow]
    blocked: Sequence[MoveRow]
    common: NotRequired[Sequence[MoveRow]]
    """What blocks every move, said once, with its remedy."""


class HistoryRow(TypedDict):
    """One entry of 操作记录."""

    n: int
    time: str
    text: str
    change: NotRequired[str]
    sign: NotRequired[int]
    note: NotRequired[str]
    undone: NotRequired[bool]


class Inspector(TypedDict):
    """The panel on the right."""

    title: str
    tags: NotRequired[Sequence[str]]
    facts: NotRequired[str]
    hint: NotRequired[str]
    card: NotRequired[Card]
    moves: NotRequired[Moves]
    totals_title: NotRequired[str]
    totals_tag: NotRequired[str]
    totals: NotRequired[Sequence[Cell]]
    history: NotRequired[Sequence[HistoryRow]]
    entries: NotRequired[int]
    cursor: NotRequired[int]
    problems: NotRequired[Sequence[str]]
    """What is broken, in words."""
    intro: NotRequired[str]
    sections: NotRequired[Sequence[Mapping[str, Any]]]
    """Of the map of barriers and links: what is there, each with how to take it away."""


def static_payload(
    geometry: MapGeometry,
    language: Language,
    *,
    weak: Iterable[int] = (),
    demo: bool = False,
    tiles: Tiles | None = None,
) -> dict[str, Any]:
    """Return what the browser keeps: sent once under its hash.

    Parameters
    ----------
    geometry
        Of the county.
    language
        Of the words on the map.
    weak
        Positions of the weak villages.
    demo
        Whether the county is made up: the map then says so.
    tiles
        Background from a server the planner chose.
    """
    payload: dict[str, Any] = {
        "language": language,
        **packed_county(geometry, weak),
        "demo": demo,
        "words": words(language),
    }
    if tiles:
        payload["tiles"] = dict(tiles)
    rest = {name: value for name, value in payload.items() if name not in {"arcs", "rings"}}
    told = json.dumps([geometry.key, rest], ensure_ascii=True, sort_keys=True)
    payload["id"] = hashlib.sha256(told.encode()).hexdigest()[:20]
    return payload


def state_payload(
    of: ArrayLike,
    leads: Sequence[int],
    colours: Sequence[int],
    *,
    township: int = -1,
    selected: Sequence[int] = (),
    locked: Iterable[int] = (),
    changed: Iterable[int] = (),
    broken: Iterable[int] = (),
    former: ArrayLike | None = None,
    strip: Sequence[Cell] = (),
    inspector: Inspector | None = None,
    can_undo: bool = False,
    can_redo: bool = False,
    max_moves: int | None = 5,
    busy: Mapping[str, Any] | None = None,
    toast: Mapping[str, Any] | None = None,
    banner: Mapping[str, Any] | None = None,
    facts: Mapping[str, Any] | None = None,
    later: bool = False,
    lines: Mapping[str, Any] | None = None,
    mode: str | None = None,
    total: str | None = None,
    rev: int | str = 0,
) -> dict[str, Any]:
    """Return the state of a plan, small enough to be sent after every click.

    Parameters
    ----------
    of
        (n,) alliance of each village, -1 if left out.
    leads
        (a,) lead village of each alliance.
    colours
        (a,) places in the palette.
    township
        The one worked on, -1 for the whole county.
    selected
        Villages, in the order they were chosen.
    locked, changed, broken
        Villages that may not move, that moved since the proposal, that break a rule.
    former
        (n,) colour of each village in another plan, -1 for none: striped with the new one.
    strip, inspector
        In words.
    can_undo, can_redo
        Whether the buttons work.
    max_moves
        Shown beside 优化其余; None for any number.
    busy
        ``text``, ``share`` (0 to 1 or None): something is being computed.
    toast
        ``id``, ``text``, ``undo``: a note for five seconds, once per id.
    banner
        ``text``, ``kind``: stays until the next state.
    facts
        Short texts for tool tips and chips: ``best`` (change of the best move by village).
    later
        Whether more facts are being worked out: the browser asks for them when it has time.
    lines
        ``drawn``, ``linked``: barriers drawn by hand and pairs that count as neighbours.
    mode
        ``lines`` for the map on which they are drawn; it shows no plan.
    total
        Total score, read out with what is selected.
    rev
        Changes with the plan.
    """
    alliance = np.asarray(of, dtype=np.intp)
    n = len(alliance)
    state: dict[str, Any] = {
        "rev": rev,
        "of": _digits(alliance, _width(len(leads))),
        "leads": _digits(np.asarray(leads, dtype=np.intp), _width(n)),
        "colours": _digits(np.asarray(colours, dtype=np.intp), 1),
        "township": township,
        "selected": [int(one) for one in selected],
        "locked": bits(locked, n),
        "changed": bits(changed, n),
        "broken": bits(broken, n),
        "strip": list(strip),
        "inspector": inspector,
        "undo": can_undo,
        "redo": can_redo,
        "max_moves": max_moves,
        "busy": busy,
        "toast": toast,
        "banner": banner,
        "facts": facts,
        "later": later or None,
        "lines": lines,
        "mode": mode,
        "total": total,
    }
    if former is not None:
        state["former"] = _digits(np.asarray(former, dtype=np.intp), 1)
    return {name: value for name, value in state.items() if value is not None and value != ""}


def words(language: Language) -> dict[str, str]:
    """Return the sentences of the map; the browser fills their places as text."""
    topic = "mapping."
    return {
        key.removeprefix(topic): sentences[language]
        for key, sentences in catalogue().items()
        if key.startswith(topic)
    }


def _width(count: int) -> int:
    """Return how many digits tell `count` things apart, two at least."""
    width = 2
    while len(DIGITS) ** width < count:
        width += 1
    return width


def _digits(values: NDArray[np.intp], width: int) -> str:
    """Return numbers with the same number of digits each; -1 is dots."""
    told: list[str] = []
    for number in values.tolist():
        rest, letters = number, [_LEFT_OUT] * width
        if number >= 0:
            for place in reversed(range(width)):
                rest, digit = divmod(rest, len(DIGITS))
                letters[place] = DIGITS[digit]
        told.append("".join(letters))
    return "".join(told)

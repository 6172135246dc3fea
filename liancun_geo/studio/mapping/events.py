"""What the browser may ask for: every event is checked before anything is done."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

EventType = Literal[
    "select",
    "move",
    "paint",
    "lead",
    "leave_out",
    "new",
    "dissolve",
    "split",
    "merge",
    "swap",
    "lock",
    "unlock",
    "together",
    "apart",
    "untie",
    "undo",
    "redo",
    "jump",
    "note",
    "reoptimise",
    "cancel",
    "repair",
    "township",
    "help",
    "barrier",
    "unbar",
    "link",
    "unlink",
    "close",
]

MOST_TEXT = 200
"""Characters of a reason or a note that are kept."""

MOST_EVENTS = 500
"""Events of one rerun that are heard; the browser sends the rest again."""

_MOST_NUMBER = 2**31
_MOST_POINTS = 5000

# Fields of each type of event: those it must have, then those it may have.
_FIELDS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "select": (("villages",), ()),
    "move": (("villages", "to"), ()),
    "paint": (("villages", "to"), ()),
    "lead": (("village",), ()),
    "leave_out": (("villages",), ("reason",)),
    "new": (("villages",), ("village",)),
    "dissolve": (("lead",), ()),
    "split": (("lead", "villages"), ("village",)),
    "merge": (("lead", "to"), ()),
    "swap": (("a", "b"), ()),
    "lock": (("scope",), ("villages", "lead", "township")),
    "unlock": (("scope",), ("villages", "lead", "township")),
    "together": (("a", "b"), ()),
    "apart": (("a", "b"), ()),
    "untie": (("a", "b"), ()),
    "undo": ((), ()),
    "redo": ((), ()),
    "jump": (("n",), ()),
    "note": (("n", "text"), ()),
    "reoptimise": ((), ("max_moves",)),
    "cancel": ((), ()),
    "repair": ((), ()),
    "township": (("township",), ()),
    "help": ((), ("topic",)),
    # Of the map of barriers and links, in the step 规则.
    "barrier": (("points",), ("near",)),
    "unbar": (("n",), ()),
    "link": (("a", "b"), ()),
    "unlink": (("a", "b"), ()),
    "close": ((), ()),
}
assert set(_FIELDS) == set(get_args(EventType))

_SCOPES: dict[str, str | None] = {
    "villages": "villages",
    "alliance": "lead",
    "township": "township",
    "all": None,
}


@dataclass(frozen=True, slots=True)
class Event:
    """One thing a planner did on the map; fields that its type does not have are None.

    Villages and alliances are given by positions, an alliance by its lead village: a number of
    its own could mean another alliance by the time the event arrives.

    Attributes
    ----------
    id
        Counts up from 1 in one browser window.
    type
        What was done.
    villages
        The villages it was done to, each once, in the order they were chosen.
    to, lead
        Lead village of the alliance they go to; of the alliance it is about.
    village
        The village that becomes lead.
    a, b
        Two villages that belong together or apart.
    scope
        Of a lock: ``villages``, ``alliance``, ``township`` or ``all``.
    township
        Position, -1 for the whole county.
    n
        Number of an entry of the history.
    max_moves
        How many villages may move at most, None for any number.
    points
        Longitude and latitude of each click of a line, as sent: perhaps nowhere on earth.
    near
        How many metres a few pixels are there.
    text, reason, topic
        What was typed, at most :data:`MOST_TEXT` characters on one line.
    """

    id: int
    type: EventType
    villages: tuple[int, ...] = ()
    to: int | None = None
    lead: int | None = None
    village: int | None = None
    a: int | None = None
    b: int | None = None
    scope: str | None = None
    township: int | None = None
    n: int | None = None
    max_moves: int | None = None
    points: tuple[tuple[float, float], ...] = ()
    near: float | None = None
    text: str | None = None
    reason: str | None = None
    topic: str | None = None


def parse_event(raw: object, n_villages: int, n_townships: int) -> Event | None:
    """Return what the browser sent as an event, None if it is not one.

    Parameters
    ----------
    raw
        Anything at all.
    n_villages, n_townships
        Bounds of the positions.
    """
    if not isinstance(raw, Mapping):
        return None
    number, kind = _whole(raw.get("id"), 1, _MOST_NUMBER), raw.get("type")
    if number is None or not isinstance(kind, str) or kind not in _FIELDS:
        return None
    needed, optional = _FIELDS[kind]
    values: dict[str, Any] = {}
    for name in (*needed, *optional):
        value = _read(name, raw.get(name), n_villages, n_townships)
        if value is None and (name in needed or raw.get(name) is not None):
            return None
        if value is not None:
            values[name] = value
    if not _makes_sense(kind, values):
        return None
    return Event(id=number, type=kind, **values)  # type: ignore[arg-type]  # kind is in _FIELDS


def _makes_sense(kind: str, values: Mapping[str, Any]) -> bool:
    """Tell whether the fields go together."""
    if kind != "select" and "villages" in values and not values["villages"]:
        return False
    if kind in {"lock", "unlock"}:
        wanted = _SCOPES[values["scope"]]
        return wanted is None or wanted in values
    return "a" not in values or values["a"] != values["b"]


def _read(name: str, value: object, n_villages: int, n_townships: int) -> Any:
    match name:
        case "villages":
            return _positions(value, n_villages)
        case "to" | "lead" | "village" | "a" | "b":
            return _whole(value, 0, n_villages - 1)
        case "township":
            return _whole(value, -1, n_townships - 1)
        case "n" | "max_moves":
            return _whole(value, 0, _MOST_NUMBER)
        case "points":
            return _points(value)
        case "near":
            return _number(value)
        case "scope":
            return value if isinstance(value, str) and value in _SCOPES else None
        case _:
            return _line(value)


def _whole(value: object, low: int, high: int) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if isinstance(value, float):
        if not math.isfinite(value) or value != int(value):
            return None
        value = int(value)
    return value if low <= value <= high else None


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value)
    except OverflowError:
        return math.inf


def _points(value: object) -> tuple[tuple[float, float], ...] | None:
    """Return pairs of numbers; whether they are places is for whoever knows the county to say."""
    if not isinstance(value, list) or len(value) > _MOST_POINTS:
        return None
    found = []
    for one in value:
        if not isinstance(one, list) or len(one) != 2:
            return None
        x, y = _number(one[0]), _number(one[1])
        if x is None or y is None:
            return None
        found.append((x, y))
    return tuple(found)


def _positions(value: object, n_villages: int) -> tuple[int, ...] | None:
    if not isinstance(value, list) or len(value) > n_villages:
        return None
    read = [_whole(one, 0, n_villages - 1) for one in value]
    found = [one for one in read if one is not None]
    return tuple(dict.fromkeys(found)) if len(found) == len(value) else None


def _line(value: object) -> str | None:
    """Return a text on one line, without control characters and half of a character."""
    if not isinstance(value, str):
        return None
    seen = "".join(one if one.isprintable() else " " for one in value[: 4 * MOST_TEXT])
    return " ".join(seen.split())[:MOST_TEXT].rstrip()

"""The planner's hand on the map of barriers and links; every event becomes a change of settings.

No Streamlit in here. What the browser sends is never trusted: what cannot be drawn is said in a
note on the map, and the settings stay as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import shapely

from liancun_geo.contiguity import drawn_lines
from liancun_geo.errors import DataError, error
from liancun_geo.messages import Language, message
from liancun_geo.output.picture.arcs import DEGREES_PER_STEP, encoded
from liancun_geo.setting_values import MOST_DRAWN, DrawnLine
from liancun_geo.settings import ContiguitySettings, Settings
from liancun_geo.studio.barrier_lines import parted, placed_line
from liancun_geo.studio.desk import Desk
from liancun_geo.studio.hand import Note
from liancun_geo.studio.kept import Kept
from liancun_geo.studio.mapping import Event
from liancun_geo.villages import VillageTable, positions_by_code

__all__ = ["LinesHand", "Section", "lines_state", "panel", "strip"]

_SHOWN = 3
_parted: Kept[tuple[tuple[tuple[str, str], ...], VillageTable]] = Kept(400)


@dataclass
class LinesHand:
    """What one planner holds on the map of the step 规则.

    Attributes
    ----------
    selected
        Positions of villages.
    note
        Of the last change.
    left
        Whether the planner went back to the rules.
    """

    selected: tuple[int, ...] = ()
    note: Note | None = None
    left: bool = False
    _past: list[ContiguitySettings] = field(default_factory=list)
    _notes: int = 0

    @property
    def can_undo(self) -> bool:
        """Whether there is a change to take back."""
        return bool(self._past)

    def emptied(self) -> LinesHand:
        """Return an empty hand for other data: nothing of these can be undone there."""
        return LinesHand(_notes=self._notes)

    def hear(self, desk: Desk, event: Event) -> None:
        """Do what an event asks for; others than those of this map are not heard."""
        if desk.county is None:
            return
        try:
            self._do(desk, desk.county.villages, event)
        except DataError as cause:
            self._tell("".join(fault.text(desk.language) for fault in cause.faults[:1]))

    def _do(self, desk: Desk, villages: VillageTable, event: Event) -> None:
        now = desk.settings.contiguity
        match event.type:
            case "select":
                self.selected = event.villages
            case "close":
                self.left = True
            case "barrier":
                self._draw(desk, villages, event)
            case "unbar":
                lines = list(now.drawn_barriers)
                if event.n is None or event.n >= len(lines):
                    raise DataError([error("lines.gone")])
                del lines[event.n]
                self._change(desk, {"drawn_barriers": tuple(lines)}, "removed")
            case "link" | "unlink":
                self._link(desk, villages, event)
            case "undo" if self._past:
                before = self._past.pop()
                desk.change(desk.settings.model_copy(update={"contiguity": before}))
                self._tell(message("lines.undone", desk.language))
            case _:
                pass

    def _draw(self, desk: Desk, villages: VillageTable, event: Event) -> None:
        now = desk.settings.contiguity
        if len(now.drawn_barriers) >= MOST_DRAWN:
            raise DataError([error("lines.too_many_lines", most=MOST_DRAWN)])
        line = placed_line(event.points, event.near or 0.0, villages)
        pairs = _pairs_of(line, villages, now)
        lines = (*now.drawn_barriers, line)
        if pairs:
            told = _listed(pairs, desk.language)
            self._change(desk, {"drawn_barriers": lines}, "drawn", count=len(pairs), pairs=told)
        else:
            self._change(desk, {"drawn_barriers": lines}, "drawn_idle")

    def _link(self, desk: Desk, villages: VillageTable, event: Event) -> None:
        assert event.a is not None and event.b is not None
        now = desk.settings.contiguity
        codes, names = villages.frame["code"].astype(str), villages.frame["name"].astype(str)
        pair = str(codes.iat[event.a]), str(codes.iat[event.b])
        told = {"one": names.iat[event.a], "other": names.iat[event.b]}
        rest = tuple(one for one in now.links if set(one) != set(pair))
        if event.type == "unlink":
            if len(rest) == len(now.links):
                raise DataError([error("lines.gone")])
            self._change(desk, {"links": rest}, "unlinked", **told)
        elif len(rest) < len(now.links):
            self._tell(message("lines.linked_already", desk.language, **told))
        else:
            self._change(desk, {"links": (*now.links, pair)}, "linked", **told)

    def _change(self, desk: Desk, values: dict[str, Any], key: str, **params: object) -> None:
        before = desk.settings.contiguity
        settings: Settings = desk.settings.model_copy(
            update={"contiguity": before.model_copy(update=values)}
        )
        if desk.change(settings):
            self._past.append(before)
            self._tell(message(f"lines.{key}", desk.language, **params), undo=True)

    def _tell(self, text: str, *, undo: bool = False) -> None:
        self._notes += 1
        self.note = Note(self._notes, text, undo)


Section = dict[str, Any]
"""Rows under one title in the panel: title, rows, what stands there without any."""


def lines_state(settings: ContiguitySettings, codes: Sequence[str]) -> dict[str, Any]:
    """Return the drawn barriers and the links as the map draws them.

    Parameters
    ----------
    settings
        In force: with the links that were decided on findings.
    codes
        (n,) of the villages.
    """
    place = positions_by_code(codes)
    drawn = [
        encoded(np.rint(np.asarray(line) / DEGREES_PER_STEP).astype(np.int64))
        for line in settings.drawn_barriers
    ]
    pairs = [(place.get(one, -1), place.get(other, -1)) for one, other in settings.links]
    return {"drawn": drawn, "linked": [list(pair) for pair in pairs if min(pair) >= 0]}


def strip(desk: Desk) -> list[Any]:
    """Return what the strip counts."""
    now = desk.settings.contiguity
    said = [
        ("layers", "count", len(now.barriers)),
        ("drawn", "lines", len(now.drawn_barriers)),
        ("bridges", "count", len(now.bridges)),
        ("links", "pairs", len(now.links)),
    ]
    return [
        {
            "name": message(f"lines.strip_{name}", desk.language),
            "value": message(f"lines.{unit}", desk.language, count=count),
        }
        for name, unit, count in said
    ]


def panel(desk: Desk) -> dict[str, Any]:
    """Return the panel beside the map: what is drawn, what it does, and how to take it back."""
    assert desk.county is not None
    villages, now, language = desk.county.villages, desk.settings.contiguity, desk.language

    def say(key: str, **params: object) -> str:
        return message(f"lines.{key}", language, **params)

    lines = drawn_lines(now.drawn_barriers, villages.frame.crs) if now.drawn_barriers else ()
    drawn = []
    for number, shape in enumerate(lines):
        pairs = _pairs_of(now.drawn_barriers[number], villages, now)
        told = say("line_parts", pairs=_listed(pairs, language)) if pairs else say("line_idle")
        length = f"{shapely.length(shape) / 1000:.1f}"
        drawn.append(
            {
                "title": say("line_name", number=number + 1, length=length),
                "note": told,
                "warn": not pairs,
                "line": number,
                "button": say("remove"),
                "event": {"type": "unbar", "n": number},
            }
        )
    place = positions_by_code(villages.frame["code"])
    names = villages.frame["name"].astype(str).tolist()
    links = []
    for one, other in now.links:
        ends = place.get(one, -1), place.get(other, -1)
        if min(ends) < 0:
            continue
        title = say("pair", one=names[ends[0]], other=names[ends[1]])
        event = {"type": "unlink", "a": ends[0], "b": ends[1]}
        links.append({"title": title, "pair": list(ends), "button": say("remove"), "event": event})
    layers = [{"title": name} for name in (*now.barriers, *now.bridges)]
    sections: list[Section] = [
        {"title": say("section_drawn"), "rows": drawn, "none": say("none_drawn")},
        {"title": say("section_links"), "rows": links, "none": say("none_drawn")},
    ]
    if layers:
        sections.append({"title": say("section_layers"), "rows": layers, "none": ""})
    return {"title": say("title"), "facts": "", "hint": say("how"), "intro": say("intro"),
            "sections": sections}  # fmt: skip


def _pairs_of(
    line: DrawnLine, villages: VillageTable, settings: ContiguitySettings
) -> tuple[tuple[str, str], ...]:
    plain = settings.model_copy(update={"drawn_barriers": (), "links": ()})
    key = id(villages), line, plain.model_dump_json()
    return _parted.get(key, lambda: (parted(line, villages, plain), villages))[0]


def _listed(pairs: Sequence[tuple[str, str]], language: Language) -> str:
    shown = [message("lines.pair", language, one=a, other=b) for a, b in pairs[:_SHOWN]]
    told = message("where.separator", language).join(shown)
    if len(pairs) <= _SHOWN:
        return told
    return message("lines.more_pairs", language, pairs=told, count=len(pairs))

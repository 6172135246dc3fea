"""Steps of the log in words, for the history and for the note after an edit."""

from __future__ import annotations

from typing import Any

from liancun_geo.editing import kinds
from liancun_geo.editing.base import Base
from liancun_geo.editing.entries import Entry
from liancun_geo.editing.reasons import Few
from liancun_geo.errors import Fault, warning
from liancun_geo.naming import alliance_name

_SOLVED = ("reoptimised", "repaired")


def told_step(base: Base, entry: Entry) -> Fault:
    """Return what a step did, in one sentence without its change of points.

    The step is one of a log that fits the proposal.
    """
    edit: Any = entry.edit
    if isinstance(edit, kinds.Adopt):
        key = f"editing.step_{edit.label}" if edit.label in _SOLVED else "editing.step_adopt"
        return warning(key, count=len(edit.lead_of), label=edit.label)
    if isinstance(edit, kinds.Consulted):
        conflicts = sum(one.outcome == "conflict" for one in edit.answers)
        count, moved = len(edit.answers), len(edit.lead_of)
        return warning("editing.step_consulted", count=count, moved=moved, conflicts=conflicts)
    return warning(f"editing.step_{edit.kind}", **_places(base, edit))


def _places(base: Base, edit: Any) -> dict[str, Any]:
    """Return villages and alliances as the sentences of all kinds name them."""
    ground = base.ground

    def name(code: str) -> Any:
        return ground.name(base.position[code])

    def alliance(code: str) -> str:
        return alliance_name(name(code).name)

    places: dict[str, Any] = {}
    if (villages := getattr(edit, "villages", None)) is not None:
        places["villages"] = Few([name(code) for code in dict.fromkeys(villages)])
    for field in ("village", "first", "second", "a", "b"):
        if (code := getattr(edit, field, None)) is not None:
            places[field] = name(code)
    if isinstance(edit, kinds.Move):
        places["alliance"] = alliance(edit.to)
    elif isinstance(edit, kinds.Dissolve | kinds.Split):
        places["alliance"] = alliance(edit.lead)
    elif isinstance(edit, kinds.Merge):
        places |= {"alliance": alliance(edit.lead), "into": alliance(edit.into)}
    return places

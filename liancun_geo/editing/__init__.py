"""A plan under the planner's hands: edits, undo, live checks, and the solver at the elbow."""

from liancun_geo.editing.answers import Answer, Objection
from liancun_geo.editing.draft import Draft
from liancun_geo.editing.entries import Entry
from liancun_geo.editing.kinds import (
    Adopt,
    Apart,
    Consulted,
    Dissolve,
    Edit,
    EditError,
    LeaveOut,
    Lock,
    Merge,
    Move,
    NewAlliance,
    SetLead,
    Split,
    Swap,
    Together,
    Unlock,
    Untie,
    edit_from_dict,
)
from liancun_geo.editing.options import Option, Options
from liancun_geo.editing.standing import Standing, changed_villages, matched_alliances
from liancun_geo.editing.state import State

__all__ = [
    "Adopt",
    "Answer",
    "Apart",
    "Consulted",
    "Dissolve",
    "Draft",
    "Edit",
    "EditError",
    "Entry",
    "LeaveOut",
    "Lock",
    "Merge",
    "Move",
    "NewAlliance",
    "Objection",
    "Option",
    "Options",
    "SetLead",
    "Split",
    "Standing",
    "State",
    "Swap",
    "Together",
    "Unlock",
    "Untie",
    "changed_villages",
    "edit_from_dict",
    "matched_alliances",
]

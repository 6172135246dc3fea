"""What can be done to a plan by hand: one class an edit, with village codes as files have them.

An edit says what was asked for, never how it came out; the entry of the log
(:mod:`liancun_geo.editing.entries`) says that. All are frozen and go to JSON and back.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from liancun_geo.editing.answers import Objection
from liancun_geo.errors import FaultsError, Where, error

MOST_CODES = 100_000
MOST_TEXT = 2_000
"""Characters of a note or reason."""

Code = Annotated[str, Field(min_length=1, max_length=64)]
Codes = Annotated[tuple[Code, ...], Field(min_length=1, max_length=MOST_CODES)]
Text = Annotated[str, Field(max_length=MOST_TEXT)]


class EditError(FaultsError):
    """An edit that cannot be made, or an entry of a log that cannot be read."""


class _Edit(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    def as_dict(self) -> dict[str, Any]:
        """Return the edit as JSON knows it; :func:`edit_from_dict` reads it back."""
        return self.model_dump(mode="json")


class Move(_Edit):
    """Villages into the alliance that ``to`` leads; a lead that goes is succeeded."""

    kind: Literal["move"] = "move"
    villages: Codes
    to: Code


class Swap(_Edit):
    """Two villages change places."""

    kind: Literal["swap"] = "swap"
    first: Code
    second: Code


class SetLead(_Edit):
    """A village leads the alliance it is in."""

    kind: Literal["set_lead"] = "set_lead"
    village: Code


class LeaveOut(_Edit):
    """Villages out of the plan, with the planner's reason."""

    kind: Literal["leave_out"] = "leave_out"
    villages: Codes
    reason: Text = ""


class NewAlliance(_Edit):
    """Villages as an alliance of their own; without a lead the best one of them leads."""

    kind: Literal["new_alliance"] = "new_alliance"
    villages: Codes
    lead: Code | None = None


class Dissolve(_Edit):
    """An alliance gone, its villages left out."""

    kind: Literal["dissolve"] = "dissolve"
    lead: Code


class Split(_Edit):
    """Some villages of an alliance as a new one; without a lead the best one of them leads."""

    kind: Literal["split"] = "split"
    lead: Code
    villages: Codes
    new_lead: Code | None = None


class Merge(_Edit):
    """All villages of one alliance into another."""

    kind: Literal["merge"] = "merge"
    lead: Code
    into: Code


class Lock(_Edit):
    """Villages that keep their lead; an alliance or township is locked by its villages."""

    kind: Literal["lock"] = "lock"
    villages: Codes


class Unlock(_Edit):
    """Villages that may move again."""

    kind: Literal["unlock"] = "unlock"
    villages: Codes


class Together(_Edit):
    """Two villages that are to share an alliance."""

    kind: Literal["together"] = "together"
    a: Code
    b: Code


class Apart(_Edit):
    """Two villages that are never to share an alliance."""

    kind: Literal["apart"] = "apart"
    a: Code
    b: Code


class Untie(_Edit):
    """Two villages of which nothing is asked any more."""

    kind: Literal["untie"] = "untie"
    a: Code
    b: Code


class Adopt(_Edit):
    """A plan found elsewhere: re-optimised, repaired, of another scenario.

    ``lead_of`` names the lead of each village that it changes, None for left out; a village that
    is not named keeps its lead. ``label`` says where it comes from.
    """

    kind: Literal["adopt"] = "adopt"
    lead_of: Annotated[dict[Code, Code | None], Field(min_length=1, max_length=MOST_CODES)]
    label: Annotated[str, Field(max_length=200)] = ""


class Consulted(_Edit):
    """What villages said of the plan, and the plan that follows from it.

    ``lead_of`` as in :class:`Adopt`, but it may be empty; the villages of ``lock`` agreed and keep
    their lead; the pairs are what objections ask for. ``answers`` keeps every word that was said.
    """

    kind: Literal["consulted"] = "consulted"
    lead_of: Annotated[dict[Code, Code | None], Field(max_length=MOST_CODES)] = {}
    lock: Annotated[tuple[Code, ...], Field(max_length=MOST_CODES)] = ()
    together: Annotated[tuple[tuple[Code, Code], ...], Field(max_length=MOST_CODES)] = ()
    apart: Annotated[tuple[tuple[Code, Code], ...], Field(max_length=MOST_CODES)] = ()
    answers: Annotated[tuple[Objection, ...], Field(min_length=1, max_length=MOST_CODES)]


Edit = Annotated[
    Move
    | Swap
    | SetLead
    | LeaveOut
    | NewAlliance
    | Dissolve
    | Split
    | Merge
    | Lock
    | Unlock
    | Together
    | Apart
    | Untie
    | Adopt
    | Consulted,
    Field(discriminator="kind"),
]
_ADAPTER: TypeAdapter[Any] = TypeAdapter(Edit)


def edit_from_dict(raw: Mapping[str, Any]) -> Edit:
    """Read an edit as :meth:`as_dict` wrote it, trusting nothing.

    Raises
    ------
    EditError
        With every fault of the edit.
    """
    try:
        edit: Edit = _ADAPTER.validate_python(raw)
    except ValidationError as failed:
        raise unreadable(failed) from None
    return edit


def unreadable(failed: ValidationError) -> EditError:
    """Return the faults that a validation found, each at its field; values are not repeated."""
    return EditError(
        error(
            "editing.unreadable",
            Where(field=".".join(str(part) for part in each["loc"])[:200] or None),
        )
        for each in failed.errors(include_url=False, include_context=False, include_input=False)
    )

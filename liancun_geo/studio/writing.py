"""The difference between the desk and the project file, written change by change."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING

from liancun_geo.editing import Draft, Entry
from liancun_geo.errors import FaultsError
from liancun_geo.project import Limits, Project
from liancun_geo.studio.desk import Desk
from liancun_geo.studio.drafts import OnFile

if TYPE_CHECKING:
    from liancun_geo.studio.saved import Saved


def write(project: Project, desk: Desk, saved: Saved, at: datetime) -> None:
    """Write what differs; ``saved`` follows each change, so that a failure can be tried again.

    Raises
    ------
    ProjectConflict
        If somebody else changed the same thing first.
    DataError
        If the file cannot be written to.
    """
    by = desk.by
    if saved.settings != desk.settings:
        expected = saved.settings_revision
        saved.settings_revision = project.save_settings(
            desk.settings, by=by, at=at, expected=expected
        )
        saved.settings, saved.decisions = desk.settings, desk.decisions
    if saved.limits != limits_of(desk):
        project.save_limits(limits_of(desk), by=by, at=at)
        saved.limits = limits_of(desk)
    if saved.handing != desk.handing:
        project.save_handing(desk.handing, by=by, at=at)
        saved.handing = desk.handing
    if saved.title != desk.title:
        project.save_title(desk.title, by=by, at=at, expected=saved.title)
        saved.title = desk.title
    if saved.colours != desk.colouring.document():
        saved.colours = desk.colouring.document()
        # A matter of looks: no reason to trouble anybody who cannot write.
        with suppress(FaultsError):
            project.save_colours(saved.colours, by=by, at=at)
    for one in desk.corrections[len(saved.corrections) :]:
        project.edit_village(
            one.code, one.field, one.value, by=one.by, at=one.at, reason=one.reason
        )
    saved.corrections = desk.corrections
    for name in [name for name in saved.drafts if name not in desk.drafts]:
        _gone(project, desk, saved, name, at)
    for name in desk.drafts:
        if saved.drafts.held(name) is not desk.drafts.held(name):
            _scenario(project, desk, saved, name, desk.drafts[name], at)
    for name in desk.drafts:
        note = desk.notes.get(name, "")
        if note != saved.notes.get(name, "") and name not in desk.approved:
            expected = saved.revisions[name]
            saved.revisions[name] = project.annotate(name, note, by=by, at=at, expected=expected)
        saved.notes[name] = note
    saved.notes = dict(desk.notes)


def limits_of(desk: Desk) -> Limits:
    """Return the limits on the desk that shape no plan, with all sources."""
    return Limits(desk.weak_below_wan_yuan, dict(desk.sources))


def _gone(project: Project, desk: Desk, saved: Saved, name: str, at: datetime) -> None:
    """Write that a plan has another name now, or is gone."""
    held, expected = saved.drafts.held(name), saved.revisions[name]
    fresh = [one for one in desk.drafts if one not in saved.drafts]
    new = next((one for one in fresh if desk.drafts.held(one) is held), None)
    if new is None and saved.drafts.opened(name):
        # It may have been edited since.
        proposal = saved.drafts[name].proposal
        new = next((one for one in fresh if desk.drafts[one].proposal is proposal), None)
    if new is None:
        project.remove(name, by=desk.by, at=at, expected=expected)
    else:
        revision = project.rename(name, new, by=desk.by, at=at, expected=expected)
        if isinstance(held, OnFile):
            held.name = new
        saved.drafts, saved.revisions[new] = saved.drafts.renamed(name, new), revision
        saved.notes[new] = saved.notes.get(name, "")
    saved.notes.pop(name, None)
    saved.drafts.pop(name, None)
    del saved.revisions[name]


def _scenario(
    project: Project, desk: Desk, saved: Saved, name: str, draft: Draft, at: datetime
) -> None:
    """Write a plan that is new, another one of its name, or edited further."""
    before = saved.drafts.get(name)
    if before is None or before.proposal is not draft.proposal:
        if before is not None:
            project.remove(name, by=desk.by, at=at, expected=saved.revisions[name])
        saved.revisions[name] = project.add_scenario(name, draft, by=desk.by, at=at)
        saved.notes.pop(name, None)
    else:
        _steps(project, saved, name, before, draft, at, desk.by)
    saved.drafts.take(name, desk.drafts)


def _steps(
    project: Project, saved: Saved, name: str, before: Draft, draft: Draft, at: datetime, by: str
) -> None:
    """Write the steps that were added to a draft, their notes, and where it stands."""
    pairs = zip(before.entries, draft.entries, strict=False)
    common = next(
        (n for n, (old, new) in enumerate(pairs) if not _same_step(old, new)),
        min(len(before.entries), len(draft.entries)),
    )
    # What was written before a failure stands there already.
    cursor = project.scenarios[name].cursor if saved.faults else before.cursor

    def move(to: int) -> None:
        nonlocal cursor
        if cursor != to:
            expected = saved.revisions[name]
            saved.revisions[name] = project.set_cursor(name, to, expected=expected, by=by, at=at)
            cursor = to

    for old, new in zip(before.entries[:common], draft.entries, strict=False):
        if old.note != new.note:
            expected = saved.revisions[name]
            saved.revisions[name] = project.note_step(
                name, new.number, new.note, expected=expected, by=by, at=at
            )
    fresh = draft.entries[common:]
    if fresh:
        move(common)
    for entry in fresh:
        expected = saved.revisions[name]
        saved.revisions[name] = project.append(name, entry, expected=expected)
        cursor = entry.number
    move(draft.cursor)


def _same_step(old: Entry, new: Entry) -> bool:
    """Return whether two entries are one step, whatever is noted beside it."""
    return old is new or old == new.model_copy(update={"note": old.note})

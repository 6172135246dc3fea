"""Every change on the desk goes to the project file by itself, and comes back after a reload.

After each run of the page :func:`save` compares the desk with what the file holds and writes the
difference; a step of the app never saves anything itself, and none can forget to.
"""

from __future__ import annotations

import logging
import os
import re
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path, PurePath

from liancun_geo.editing import Draft
from liancun_geo.errors import DataError, Fault, FaultsError, error
from liancun_geo.output.options import PackOptions
from liancun_geo.project import (
    Limits,
    Project,
    ProjectConflict,
    create_project,
    open_project,
)
from liancun_geo.studio.colouring import Colouring
from liancun_geo.studio.desk import Desk
from liancun_geo.studio.drafts import Drafts, OnFile
from liancun_geo.studio.saved import Saved
from liancun_geo.studio.shared import WAYS
from liancun_geo.studio.uploads import MOST_BYTES
from liancun_geo.studio.writing import limits_of, write

_log = logging.getLogger(__name__)

_KEY = re.compile(r"[A-Za-z0-9_-]{16,64}")
_OWNER = re.compile(r"[0-9a-f]{32}")
FOLDER = "LIANCUN_PROJECTS"
"""Environment variable: where projects lie instead of the user's own folder."""


def folder() -> Path:
    """Return where the projects of this user lie."""
    given = os.environ.get(FOLDER)
    if given:
        return Path(given)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home())) / "liancun_geo"
    usual = Path.home() / ".local" / "share"
    return Path(os.environ.get("XDG_DATA_HOME", usual)) / "liancun_geo"


def place_of(owner: str = "") -> Path:
    """Return where the projects of one planner lie, for nobody else of this machine to read.

    Parameters
    ----------
    owner
        Of :class:`~liancun_geo.studio.identity.Person`; empty where nobody signs in: then whoever
        knows the address of a project may open it.
    """
    if owner and not _OWNER.fullmatch(owner):
        raise ValueError("no key of a person")
    place = folder() / f"of-{owner}" if owner else folder()
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    return place


@dataclass(frozen=True)
class Listed:
    """A project of a planner who is signed in: key, county, last change."""

    key: str
    name: str
    at: datetime


def listed(owner: str) -> tuple[Listed, ...]:
    """Return the projects of one planner, the one changed last first.

    Parameters
    ----------
    owner
        Not empty: without a login nobody is told which projects there are.
    """
    if not owner:
        return ()
    found = []
    for path in place_of(owner).glob("*.gpkg"):
        if _KEY.fullmatch(path.stem):
            at = datetime.fromtimestamp(path.stat().st_mtime).astimezone()
            found.append(Listed(path.stem, _name_of(path), at))
    return tuple(sorted(found, key=lambda one: (-one.at.timestamp(), one.key)))


def _name_of(path: Path) -> str:
    try:
        project = open_project(path)
        return project.title or project.name
    except FaultsError:
        return path.stem


def load(key: str, owner: str = "") -> tuple[Desk, Saved] | None:
    """Return a desk as it was left, without solving anything; None if there is no such project.

    Parameters
    ----------
    key
        From the page's address: not trusted.
    owner
        Whose projects are looked through, as for :func:`place_of`.

    Raises
    ------
    DataError
        If the file is there but cannot be used.
    """
    if not _KEY.fullmatch(key):
        return None
    path = place_of(owner) / f"{key}.gpkg"
    if not path.is_file():
        return None
    with _telling():
        return _loaded(path, owner)


def _loaded(path: Path, owner: str) -> tuple[Desk, Saved]:
    project = open_project(path, ways=WAYS)
    # Before the settings: what comes in between is a conflict and not overwritten.
    revision = project.settings_revision
    scenarios, limits = project.scenarios, project.limits
    saved = Saved(project, owner=owner, settings_revision=revision)

    def restore(name: str) -> Draft:
        # Before the plan is read: what comes in between is a conflict and not overwritten.
        saved.revisions[name] = project.scenarios[name].revision
        return project.draft(name)

    on_file = {
        name: OnFile(name, restore, steps=info.steps, cursor=info.cursor)
        for name, info in scenarios.items()
    }
    desk = Desk(
        inputs=project.inputs,
        settings=project.settings,
        decisions=project.settings.decisions,
        county=project.county(),
        drafts=Drafts(on_file),
        corrections=project.corrections,
        of_sample=project.is_sample,
        weak_below_wan_yuan=limits.weak_below_wan_yuan,
        sources=dict(limits.sources),
        notes={name: info.note for name, info in scenarios.items() if info.note},
        handing=project.handing,
        colouring=Colouring.of_document(project.colours),
        title=project.title,
    )
    for name, info in scenarios.items():
        if info.frozen and info.approved_by is not None and info.approved_at is not None:
            desk.approved[name] = info.approved_by, info.approved_at
    saved.revisions.update({name: info.revision for name, info in scenarios.items()})
    desk.current = next(reversed(desk.drafts), None)
    # The one on show now, the others when somebody looks at them.
    _ = desk.draft
    _note(saved, desk)
    return desk, saved


@contextmanager
def _telling() -> Iterator[None]:
    """Turn whatever a strange file does to the program into faults that tell no folder.

    Raises
    ------
    DataError
        Whatever happened.
    """
    try:
        yield
    except FaultsError as cause:
        raise DataError([_placeless(one) for one in cause.faults]) from cause
    except Exception as cause:
        _log.exception("a project file could not be opened")
        raise DataError([error("project.damaged", cause=type(cause).__name__)]) from cause


def _placeless(fault: Fault) -> Fault:
    """Return a fault that does not tell where on the server the projects lie."""
    file = fault.where.file
    if file is None or file == PurePath(file).name:
        return fault
    return replace(fault, where=replace(fault.where, file=PurePath(file).name))


def adopt(content: bytes, owner: str = "") -> str:
    """Take over an uploaded project file and return its key.

    It is tried out before it is put in place; a file that cannot be opened leaves nothing behind.

    Raises
    ------
    DataError
        If it is no project file, a damaged one, or too large.
    """
    if len(content) > MOST_BYTES:
        size, most = len(content) // 2**20, MOST_BYTES // 2**20
        raise DataError([error("studio.too_large", size=size, most=most)])
    key = secrets.token_urlsafe(16)
    place = place_of(owner)
    # Not under its name yet: a name without this ending is never opened.
    trial = place / f"{key}.new"
    try:
        with _telling():
            trial.write_bytes(content)
            trial.chmod(0o600)
            _loaded(trial, owner)
            trial.replace(place / f"{key}.gpkg")
    finally:
        trial.unlink(missing_ok=True)
    return key


def save(desk: Desk, saved: Saved, at: datetime, *, if_only_looked: bool = False) -> None:
    """Write what changed on the desk since the last time; nothing raised, all told in ``saved``.

    A visitor who only looked at the sample gets no file, unless ``if_only_looked``.
    """
    if desk.county is None or saved.conflict is not None or _unchanged(desk, saved):
        return
    try:
        project = saved.project
        if project is None or saved.inputs != desk.inputs.key:
            if desk.is_sample and _pristine(desk) and not if_only_looked:
                return
            project = _create(desk, saved, at)
        write(project, desk, saved, at)
    except ProjectConflict as cause:
        saved.conflict = cause
    except FaultsError as cause:
        saved.faults = tuple(_placeless(one) for one in cause.faults)
        _log.exception("not saved")
    except Exception as cause:
        # Whatever it is, the planner is told that the work is not on file.
        _log.exception("not saved")
        reason = getattr(cause, "strerror", None) or type(cause).__name__
        saved.faults = (error("project.write_failed", cause=reason),)
    else:
        saved.faults, saved.at = (), at


def _create(desk: Desk, saved: Saved, at: datetime) -> Project:
    path = place_of(saved.owner) / f"{secrets.token_urlsafe(16)}.gpkg"
    name = desk.county_name
    project = create_project(
        path, desk.inputs, desk.settings, by=desk.by, at=at, name=name, ways=WAYS
    )
    saved.project, saved.inputs = project, desk.inputs.key
    saved.settings, saved.decisions = desk.settings, desk.decisions
    saved.settings_revision = project.settings_revision
    saved.corrections, saved.drafts, saved.revisions = (), Drafts(), {}
    saved.limits, saved.notes, saved.title = Limits(), {}, ""
    saved.handing, saved.colours = PackOptions(), {}
    return project


def approve(desk: Desk, saved: Saved, version: str, *, by: str, at: datetime) -> bool:
    """Approve the plan on show: an immutable copy of its own in the project, then on the desk.

    Parameters
    ----------
    desk, saved
        What is not saved yet is saved first.
    version
        Name of the copy.
    by, at
        Who approves it, and when.

    Returns
    -------
    bool
        Whether it is approved; if not, ``desk.faults`` or ``saved`` say why.
    """
    save(desk, saved, at, if_only_looked=True)
    project, name = saved.project, desk.current
    if project is None or name is None or saved.faults or saved.conflict is not None:
        return False
    try:
        expected = saved.revisions[name]
        made = project.freeze(name, by=by, at=at, new=version, expected=expected)
        draft = project.draft(made)
    except ProjectConflict as cause:
        saved.conflict = cause
        return False
    except FaultsError as cause:
        desk.faults = tuple(_placeless(one) for one in cause.faults)
        return False
    desk.put(made, draft)
    desk.approved[made] = by, at
    saved.drafts[made], saved.revisions[made] = draft, project.scenarios[made].revision
    return True


def _unchanged(desk: Desk, saved: Saved) -> bool:
    if saved.faults or saved.inputs != desk.inputs.key or len(desk.drafts) != len(saved.drafts):
        return False
    same = all(saved.drafts.held(name) is desk.drafts.held(name) for name in desk.drafts)
    same = same and saved.limits == limits_of(desk) and saved.notes == desk.notes
    same = same and saved.handing == desk.handing
    same = same and saved.colours == desk.colouring.document()
    same = same and saved.title == desk.title
    return same and saved.settings == desk.settings and saved.corrections == desk.corrections


def _pristine(desk: Desk) -> bool:
    """Whether a visitor has only looked: the sample as it came, with the plan it came with."""
    looked = len(desk.drafts) < 2 and not any(map(desk.drafts.steps, desk.drafts))
    scenario = desk.scenario
    same = scenario is None or scenario.settings == desk.settings
    untouched = not (desk.corrections or desk.decisions or desk.notes or desk.title)
    untouched = untouched and desk.handing == PackOptions()
    return looked and same and untouched and limits_of(desk) == Limits()


def _note(saved: Saved, desk: Desk) -> None:
    saved.inputs, saved.settings = desk.inputs.key, desk.settings
    saved.decisions, saved.corrections = desk.decisions, desk.corrections
    saved.drafts, saved.notes = desk.drafts.copy(), dict(desk.notes)
    saved.limits, saved.handing, saved.title = limits_of(desk), desk.handing, desk.title
    saved.colours = desk.colouring.document()

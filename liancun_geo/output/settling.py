"""Putting several files in place as one step: undone if it fails, undone later if it is killed.

Renaming one file cannot be caught in the middle, renaming twenty can. What stood there before is
therefore kept under a second name, with a journal of what is being replaced, until the last file
is in place. Whoever writes into the folder next finds the journal of a run that was killed and
puts the earlier files back.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

PREFIX = ".liancun-"
"""Of the hidden folders in which files wait until they are put in place."""

_LOCK = ".lock"
_BEFORE = ".before"
_JOURNAL = "journal.json"
_STALE_S = 86_400.0


@contextmanager
def workplace_in(folder: Path) -> Iterator[Path]:
    """Make a hidden folder for files on their way; what a killed run left is undone first.

    Raises
    ------
    OSError
        If nothing can be made in the folder.
    """
    undo_abandoned(folder)
    workplace = Path(tempfile.mkdtemp(prefix=PREFIX, dir=folder))
    try:
        with (workplace / _LOCK).open("wb") as lock:
            _held(lock)
            yield workplace
    finally:
        shutil.rmtree(workplace, ignore_errors=True)


def settle(workplace: Path, folder: Path, names: Sequence[str]) -> None:
    """Move files from the workplace into the folder, all of them or none.

    Parameters
    ----------
    workplace
        Of :func:`workplace_in`; holds every file under its name.
    folder
        Where they go.
    names
        In the order in which they are put in place, ``/`` for folders.

    Raises
    ------
    OSError
        Of the first file that could not be replaced (``filename2`` says which); everything is as
        it was before.
    """
    before = workplace / _BEFORE
    before.mkdir()
    existed = [(folder / name).exists() for name in names]
    for number, (name, there) in enumerate(zip(names, existed, strict=True)):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        if there:
            _second_name(folder / name, before / str(number))
    journal = before / _JOURNAL
    # Written whole before its name says that it counts.
    draft = journal.with_suffix(".part")
    with draft.open("w", encoding="utf-8") as file:
        json.dump({"names": list(names), "existed": existed}, file)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(journal)
    try:
        for name in names:
            (workplace / name).replace(folder / name)
    except BaseException:
        _put_back(workplace, folder)
        raise
    # From here on the new files count.
    journal.unlink()


def undo_abandoned(folder: Path) -> None:
    """Undo what killed runs had half done in a folder, and remove what they left."""
    if not folder.is_dir():
        return
    for workplace in sorted(folder.glob(f"{PREFIX}*")):
        if workplace.is_dir() and _abandoned(workplace):
            if (workplace / _BEFORE / _JOURNAL).exists():
                _put_back(workplace, folder)
            shutil.rmtree(workplace, ignore_errors=True)


def _put_back(workplace: Path, folder: Path) -> None:
    """Let every file of the journal be as it was; the journal goes last."""
    journal = workplace / _BEFORE / _JOURNAL
    told = json.loads(journal.read_text(encoding="utf-8"))
    for number, (name, existed) in enumerate(zip(told["names"], told["existed"], strict=True)):
        if Path(name).is_absolute() or ".." in Path(name).parts:
            continue  # nothing this program wrote
        kept = workplace / _BEFORE / str(number)
        if kept.exists():
            kept.replace(folder / name)
        elif not existed and not (workplace / name).exists():
            # It was moved to where nothing stood before.
            (folder / name).unlink(missing_ok=True)
    journal.unlink()


def _second_name(path: Path, other: Path) -> None:
    try:
        os.link(path, other)
    except OSError:
        # Some disks know no second names: sticks, shares.
        shutil.copy2(path, other)


def _held(lock: IO[bytes]) -> bool:
    """Hold a file that nobody else holds; the system lets go of it when the process ends."""
    if sys.platform == "win32":
        # A file that is open cannot be removed there, which is what is asked of it.
        return True
    import fcntl

    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _abandoned(workplace: Path) -> bool:
    """Say whether nobody works there any more."""
    lock = workplace / _LOCK
    try:
        if not lock.exists():
            # Of another version, or in the moment of being made.
            return time.time() - workplace.stat().st_mtime > _STALE_S
        if sys.platform == "win32":
            with suppress(FileNotFoundError):
                lock.unlink()
            return True
        with lock.open("rb") as file:
            return _held(file)
    except OSError:
        return False

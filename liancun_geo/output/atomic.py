"""Writing that either happens or does not: no half file, no lost file, no input overwritten."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from pyogrio.errors import DataLayerError, DataSourceError, FeatureError, FieldError, GeometryError

from liancun_geo.errors import DataError, Fault, Where, error
from liancun_geo.output.settling import settle, workplace_in

_GDAL_ERRORS = (DataSourceError, DataLayerError, FeatureError, FieldError, GeometryError)


@dataclass(frozen=True, slots=True)
class Stage:
    """Files on their way: written under :meth:`path`, in place only when the block ends well.

    Attributes
    ----------
    folder
        Where the files go.
    names
        Their names, in the order in which they are put in place.
    workplace
        Folder inside ``folder``, hence on the same disk, that holds them until then.
    """

    folder: Path
    names: tuple[str, ...]
    workplace: Path

    def path(self, name: str) -> Path:
        """Return where to write the file that will be called ``name``; its folder is there."""
        if name not in self.names:
            raise KeyError(name)
        path = self.workplace / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def targets(self) -> tuple[Path, ...]:
        """Return where the files are in the end."""
        return tuple(self.folder / name for name in self.names)


@contextmanager
def staged(folder: Path, names: Sequence[str], *, inputs: Iterable[Path] = ()) -> Iterator[Stage]:
    """Write files into a folder, all of them or none.

    The files are written into a hidden folder beside their targets, flushed to disk, and renamed
    when the block ends without an exception. A run that is killed leaves what was there before;
    one that is killed between two renames leaves the earlier files beside, and whoever writes
    into the folder next puts them back first.

    Parameters
    ----------
    folder
        Made if it does not exist.
    names
        File names, with ``/`` for folders inside the folder. Put the file that vouches for the
        others last.
    inputs
        Files that are never overwritten, by whatever path, link or spelling they are reached.

    Raises
    ------
    DataError
        If a target is an input, a folder, locked or read-only, or if the folder cannot be
        written to or is full: every file concerned, and what to do.
    """
    faults = [fault for name in names for fault in _obstacles(folder / name, inputs)]
    if faults:
        raise DataError(faults)
    made = not folder.exists()
    try:
        with ExitStack() as stack:
            try:
                folder.mkdir(parents=True, exist_ok=True)
                workplace = stack.enter_context(workplace_in(folder))
            except OSError as cause:
                raise DataError([_failed("output.folder_unwritable", folder, cause)]) from cause
            stage = Stage(folder, tuple(names), workplace)
            try:
                yield stage
                for name in stage.names:
                    _flush(stage.path(name))
            except (OSError, *_GDAL_ERRORS) as cause:
                raise DataError([_failed("output.write_failed", folder, cause)]) from cause
            _put_in_place(stage, inputs)
    finally:
        if made:
            # Only an empty folder can be removed: one that nothing was written to.
            with suppress(OSError):
                folder.rmdir()


def _put_in_place(stage: Stage, inputs: Iterable[Path]) -> None:
    # Looked at again: a planner may have opened one of them while the others were written.
    faults = [fault for target in stage.targets() for fault in _obstacles(target, inputs)]
    if faults:
        raise DataError(faults)
    try:
        settle(stage.workplace, stage.folder, stage.names)
    except OSError as cause:
        target = Path(cause.filename2 or cause.filename or stage.folder)
        raise DataError([_failed("output.locked", target, cause)]) from cause


def _obstacles(target: Path, inputs: Iterable[Path]) -> list[Fault]:
    """Return what forbids replacing the target."""
    try:
        if not target.exists():
            return []
        if target.is_dir():
            return [error("output.is_folder", Where(file=str(target)))]
        if any(_same_file(target, given) for given in inputs):
            return [error("output.is_input", Where(file=str(target)))]
        # On Windows a file that Excel or a GIS holds open cannot be opened for writing.
        with target.open("r+b"):
            return []
    except OSError as cause:
        return [_failed("output.locked", target, cause)]


def _same_file(target: Path, given: Path) -> bool:
    with suppress(OSError):
        return target.samefile(given)
    return False


def _flush(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _failed(key: str, path: Path, cause: Exception) -> Fault:
    reason = cause.strerror if isinstance(cause, OSError) and cause.strerror else str(cause)
    return error(key, Where(file=str(path)), cause=reason)

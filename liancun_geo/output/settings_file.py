"""A settings file with some changes: a new file, everything else in it as it was."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path, PurePath
from typing import Any

import tomlkit
from tomlkit.items import AbstractTable

from liancun_geo.errors import DataError, SettingsError, Where, error
from liancun_geo.output.atomic import staged
from liancun_geo.settings_edits import SettingsEdit, edited

_PATHS = (
    ("data", "decisions"),
    ("data", "places"),
    ("contiguity", "barriers"),
    ("contiguity", "bridges"),
    ("travel", "roads"),
    ("travel", "seats"),
)
"""Settings that name files relative to the settings file."""


def write_settings(
    path: Path, edits: Iterable[SettingsEdit], *, source: Path | None, notes: Iterable[str] = ()
) -> Path:
    """Write settings with some changes as a new file.

    Parameters
    ----------
    path
        Must not exist: neither the file the settings came from nor any other is overwritten.
    edits
        The changes.
    source
        Where the settings came from, None for the defaults. Its comments are kept; what it names
        relative to its folder is named relative to the new one.
    notes
        Sentences that stand at the top as comments.

    Raises
    ------
    DataError
        If the file exists or cannot be written.
    SettingsError
        If the source cannot be read.
    """
    if path.exists():
        raise DataError([error("relax.file_exists", Where(file=str(path)))])
    text = ""
    if source is not None:
        try:
            text = source.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as cause:
            where = Where(file=str(source))
            raise SettingsError([error("settings.unreadable", where, cause=str(cause))]) from cause
    document = tomlkit.parse(text)
    for edit in edits:
        _apply(document, edit)
    if source is not None:
        _rebase(document, source.parent, path.parent)
    heading = "".join(f"# {comment_line(note)}\n" for note in notes)
    with staged(path.parent, [path.name]) as stage:
        content = heading + tomlkit.dumps(document)
        stage.path(path.name).write_text(content, encoding="utf-8", newline="\n")
    return path


def _apply(document: tomlkit.TOMLDocument, edit: SettingsEdit) -> None:
    """Change one setting; of a list only the entries concerned, so that its comments stay."""
    if edit.table not in document:
        document[edit.table] = tomlkit.table()
    table: Any = document[edit.table]
    if edit.action == "add" and edit.name in table:
        known = [_plain(one) for one in table[edit.name]]
        for one in edit.value:
            if one not in known:
                table[edit.name].append(one)
        return
    if edit.action == "remove" and edit.key is None and edit.name in table:
        for place in reversed(range(len(table[edit.name]))):
            if _plain(table[edit.name][place]) in edit.value:
                del table[edit.name][place]
        return
    if edit.key is not None and edit.name in table:
        if edit.action == "remove":
            table[edit.name].pop(edit.key, None)
        else:
            table[edit.name][edit.key] = edit.value
        return
    plain: dict[str, Any] = {edit.table: {k: _plain(v) for k, v in table.items()}}
    after = edited(plain, [edit])[edit.table]
    if edit.name in after:
        table[edit.name] = after[edit.name]
    elif edit.name in table:
        del table[edit.name]


def _plain(value: Any) -> Any:
    return value.unwrap() if hasattr(value, "unwrap") else value


def _rebase(document: tomlkit.TOMLDocument, old: Path, new: Path) -> None:
    """Name files relative to the new folder."""
    if old.resolve() == new.resolve():
        return

    def moved(name: str) -> str:
        if PurePath(name).is_absolute():
            return name
        target = old.resolve() / name
        try:
            return Path(os.path.relpath(target, new.resolve())).as_posix()
        except ValueError:
            # Another drive.
            return target.as_posix()

    for table, name in _PATHS:
        entries = document.get(table)
        if not isinstance(entries, AbstractTable) or name not in entries:
            continue
        value: Any = entries[name]
        if isinstance(value, str):
            entries[name] = moved(value)
        else:
            for place, one in enumerate(value):
                value[place] = moved(str(one))


def comment_line(text: str) -> str:
    """Return a text as one line of a TOML comment: a name may hold a line break."""
    return " ".join("".join(mark if mark.isprintable() else " " for mark in text).split())

"""GeoPackages: read without leaving a trace, and only what is really stored in them."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from liancun_geo.errors import DataError, Where, error
from liancun_geo.intake.vector.files import require_regular


def settled_copy(path: Path, scratch: Path) -> tuple[Path, bool]:
    """Return the file, or a copy of it if another program has it open.

    What that program has not written back yet stands in a file beside it (write-ahead log);
    reading both in place would write a third.
    """
    log = path.with_name(f"{path.name}-wal")
    if not log.exists() or log.stat().st_size == 0:
        return path, False
    require_regular(log)
    copy = scratch / "layer.gpkg"
    shutil.copyfile(path, copy)
    shutil.copyfile(log, copy.with_name(f"{copy.name}-wal"))
    try:
        with closing(sqlite3.connect(copy)) as opened:
            opened.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            opened.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.Error as cause:
        raise DataError(
            [error("intake.damaged", Where(file=path.name), cause=str(cause))]
        ) from cause
    return copy, True


def require_plain_table(path: Path, layer: str, where: Where) -> None:
    """Check that a layer is a table, and not a view that computes what it likes.

    Raises
    ------
    DataError
        If it is a view or a virtual table, or the file is damaged.
    """
    address = f"{path.resolve().as_uri()}?mode=ro&immutable=1"
    query = "SELECT type, sql FROM sqlite_master WHERE lower(name) = lower(?)"
    try:
        with closing(sqlite3.connect(address, uri=True)) as opened:
            found = opened.execute(query, (layer,)).fetchall()
    except sqlite3.Error as cause:
        raise DataError([error("intake.damaged", where, cause=str(cause))]) from cause
    for kind, sql in found:
        if kind == "view" or "VIRTUAL" in str(sql).upper().split("(")[0].split():
            raise DataError([error("layers.gpkg_view", where, layer=layer)])

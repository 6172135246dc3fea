"""Zip files whose parts bear one date: equal contents give equal bytes."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path


def write_dated_zip(path: Path, parts: Iterable[tuple[str, bytes]], created: datetime) -> None:
    """Write a zip file, an Office file being one too.

    Parameters
    ----------
    path
        Replaced, if it is there.
    parts
        Name and content of each, in their order.
    created
        The date of every part; a zip file cannot hold one before 1980.
    """
    date = max(created.timetuple()[:6], (1980, 1, 1, 0, 0, 0))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts:
            info = zipfile.ZipInfo(name, date)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            archive.writestr(info, content)

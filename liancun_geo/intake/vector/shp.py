"""The parts of a shapefile: the index, which can be made again, and an unreadable CRS."""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pyogrio
import pyproj
from pyogrio.errors import CRSError as UnreadableCRSError
from pyogrio.errors import DataSourceError
from pyproj.exceptions import CRSError

from liancun_geo.errors import DataError, Where, error
from liancun_geo.intake.vector.files import MAX_FEATURES, SHAPEFILE_PARTS, place, siblings

_HEADER_BYTES: Final = 100


def copy_with_index(parts: Mapping[str, Path], folder: Path) -> Path:
    """Copy a shapefile that lost its ``.shx`` and make the index again; return the ``.shp``.

    The ``.shx`` holds nothing but offset and length of every record of the ``.shp`` (ESRI
    Shapefile Technical Description, July 1998, p. 23), so nothing is lost.

    Parameters
    ----------
    parts
        Ending -> file; not changed.
    folder
        Empty folder to write to.

    Raises
    ------
    DataError
        If the lengths of the records lead out of the file.
    """
    shp = parts[".shp"]
    index = _index(shp)
    for ending, part in parts.items():
        shutil.copyfile(part, folder / f"layer{ending}")
    with shp.open("rb") as stream:
        head = bytearray(stream.read(_HEADER_BYTES))
    head[24:28] = ((_HEADER_BYTES + len(index)) // 2).to_bytes(4, "big")
    (folder / "layer.shx").write_bytes(bytes(head) + index)
    return folder / "layer.shp"


def states_unreadable_crs(shp: Path) -> bool:
    """Tell whether the ``.prj`` states a CRS that nobody knows."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            stated = pyogrio.read_info(shp, encoding="ISO-8859-1")["crs"]
            return stated is not None and pyproj.CRS.from_user_input(stated) is None
        # pyogrio stumbles with the last over a CRS whose text is not UTF-8.
        except (CRSError, UnreadableCRSError, UnboundLocalError):
            return True
        except (DataSourceError, RuntimeError, ValueError, OSError):
            # What else is wrong is told when the layer is read.
            return False


def copy_without_crs(shp: Path, folder: Path) -> Path:
    """Copy a shapefile without its ``.prj`` to an empty folder; return the ``.shp``."""
    for ending, part in siblings(shp, SHAPEFILE_PARTS).items():
        if ending != ".prj":
            shutil.copyfile(part, folder / f"layer{ending}")
    return folder / "layer.shp"


def _index(shp: Path) -> bytes:
    """Return the records of the ``.shx``: offset and length, in 16-bit words, big-endian."""
    size = shp.stat().st_size
    where = Where(file=shp.name)
    index = bytearray()
    offset = _HEADER_BYTES
    with shp.open("rb") as stream:
        end = min(2 * int.from_bytes(stream.read(28)[24:28], "big"), size)
        while offset + 8 <= end:
            stream.seek(offset)
            words = int.from_bytes(stream.read(8)[4:8], "big", signed=True)
            if words < 2 or offset + 8 + 2 * words > size:
                raise DataError([error("layers.record_length", where, record=len(index) // 8 + 1)])
            index += (offset // 2).to_bytes(4, "big") + words.to_bytes(4, "big")
            offset += 8 + 2 * words
            if len(index) > 8 * MAX_FEATURES:
                raise DataError([error("layers.too_many", place(shp), limit=MAX_FEATURES)])
    return bytes(index)

"""Files as they lie on the disk: what they really are, whether they are whole, their hash."""

from __future__ import annotations

import hashlib
import mmap
import re
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from liancun_geo.errors import DataError, Fault, Where, error

MAX_FILE_BYTES: Final = 2**31 - 1
"""Greatest size of an input file: 2 GB, where the parts of a shapefile end by their format."""
MAX_UNPACKED_BYTES: Final = 2_000_000_000
"""Greatest total size of what a zip file may unpack to (2 GB)."""
MAX_FEATURES: Final = 200_000
"""Most features of a layer: the largest countries have a fifth of that in communes."""

SHAPEFILE_PARTS: Final = (".cpg", ".dbf", ".prj", ".shp", ".shx")
MAPINFO_PARTS: Final = (".tab", ".dat", ".map", ".id", ".ind", ".mif", ".mid")
# The largest definition of a CRS takes a few kilobytes.
_MAX_SIDE_FILE_BYTES: Final = 1_000_000

_OLE2: Final = bytes.fromhex("d0cf11e0a1b11ae1")
_SIGNATURES: Final = {
    ".shp": bytes.fromhex("0000270a"),
    ".gpkg": b"SQLite format 3\x00",
    ".zip": b"PK",
    ".xlsx": b"PK",
    ".xlsm": b"PK",
    ".parquet": b"PAR1",
    ".geoparquet": b"PAR1",
    ".fgb": b"fgb",
}


def _spelled(word: str) -> bytes:
    """Return a pattern of a word as JSON may spell it, escapes and all."""
    return b"".join(rb"(?:%c|\\u00(?i:%02x))" % (ord(one), ord(one)) for one in word)


_ELSEWHERE: Final = re.compile(
    rb"<\s*(?:ogr\w*datasource|vrtdataset|gdal_\w+)|" + _spelled("gdal_streamed_alg"), re.I
)
"""How files begin that hold no data but say what GDAL should open or compute instead: any other
file of this machine, an address, a database. GDAL goes by the content, whatever the ending."""
_HREF: Final = re.compile(b'"' + _spelled("href") + rb'"\s*:')
_CRS: Final = re.compile(b'"' + _spelled("crs") + rb'"\s*:\s*\{')
"""A CRS stated by a link, which GDAL would ask another machine for (section 3.2 of the GeoJSON
format of 2008). Both words are enough: where they stand is for a parser, and two parsers differ."""
_NO_SIGNATURE: Final = (".geojson", ".json", ".kml", ".gml", ".dxf", ".tab", ".mif")
_NAMED: Final[Mapping[str, str]] = MappingProxyType(
    {
        **dict.fromkeys((".rar", ".7z", ".gz", ".tar", ".tgz", ".bz2", ".xz"), "layers.is_archive"),
        **dict.fromkeys((".mdb", ".accdb"), "layers.is_access"),
        **dict.fromkeys((".dwg", ".dgn"), "layers.is_drawing"),
        **dict.fromkeys(
            (".mxd", ".aprx", ".qgs", ".qgz", ".lyr", ".lyrx", ".mpk", ".lpk"), "layers.is_project"
        ),
        **dict.fromkeys((".dbf", ".shx", ".prj", ".cpg", ".sbn", ".sbx"), "layers.is_part"),
        **dict.fromkeys((".dat", ".map", ".id", ".ind", ".mid"), "layers.is_mapinfo_part"),
        **dict.fromkeys(
            (".xlsx", ".xlsm", ".xls", ".csv", ".tsv", ".txt", ".et"), "layers.is_ledger"
        ),
        ".kmz": "layers.is_kmz",
        ".gdbtable": "layers.is_gdb_part",
        ".gdbtablx": "layers.is_gdb_part",
    }
)
"""Files that planners hand over but no layer can be read from -> what to do instead."""
LAYER_ENDINGS: Final = frozenset(
    (
        ".shp",
        ".gpkg",
        ".geojson",
        ".json",
        ".gdb",
        ".kml",
        ".kmz",
        ".tab",
        ".mif",
        ".fgb",
        ".parquet",
        ".geoparquet",
        ".dbf",
        ".shx",
        ".prj",
        ".cpg",
    )
)
"""Endings of boundary layers and their parts, which are no ledgers."""


def place(path: Path) -> Where:
    """Return the place of a fault that concerns a whole file."""
    return Where(file=path.name)


def sha256_of(paths: Iterable[Path]) -> str:
    """Return the SHA-256 over the bytes of the files, in the order given."""
    digest = hashlib.sha256()
    for path in paths:
        with path.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()


def no_layer(path: Path) -> Fault:
    """Return the fault of a file that no layer can be read from: what it is, what to do."""
    ending = path.suffix.lower()
    key = _NAMED.get(ending)
    if key is None:
        return error("intake.format_unknown", place(path), ending=ending or path.name)
    return error(key, place(path), ending=ending, stem=path.stem)


def require_regular(path: Path, *, limit: int = MAX_FILE_BYTES) -> None:
    """Check that a path leads to a regular file of bounded size, without opening it.

    A link is followed; a pipe or a device, which could be read for ever, is refused.

    Raises
    ------
    DataError
        With the one fault that makes the file unusable.
    """
    try:
        found = path.stat()
    except FileNotFoundError as cause:
        raise DataError([error("intake.not_found", place(path), path=str(path))]) from cause
    except (OSError, ValueError) as cause:
        reason = getattr(cause, "strerror", None) or str(cause)
        raise DataError([error("intake.unreadable", place(path), cause=reason)]) from cause
    if not stat.S_ISREG(found.st_mode):
        raise DataError([error("layers.not_regular", place(path))])
    if found.st_size > limit:
        shapefile = path.suffix.lower() in SHAPEFILE_PARTS
        key = "layers.shapefile_too_large" if shapefile else "layers.too_large"
        raise DataError([error(key, place(path), limit_gb=f"{limit / 2**30:.3g}")])


def is_folder(path: Path) -> bool:
    """Tell whether a path leads to a folder; a name that no system takes leads nowhere."""
    try:
        return path.is_dir()
    except OSError:
        return False


def require_file(path: Path) -> None:
    """Check that a file exists, can be read, holds bytes and is what its ending says.

    Raises
    ------
    DataError
        With the one fault that makes the file unusable.
    """
    if path.name.startswith("~$"):
        # What Excel puts beside a workbook that is open.
        raise DataError([error("layers.is_office_lock", place(path), name=path.name[2:])])
    require_regular(path)
    try:
        with path.open("rb") as stream:
            head = stream.read(4096)
    except OSError as cause:
        reason = cause.strerror or str(cause)
        raise DataError([error("intake.unreadable", place(path), cause=reason)]) from cause
    if not head:
        raise DataError([error("intake.empty_file", place(path))])
    suffix = path.suffix.lower()
    if suffix in (".xlsx", ".xlsm") and head.startswith(_OLE2):
        # Excel wraps a password-protected workbook in the container of the old .xls format.
        protected = "EncryptedPackage".encode("utf-16-le") in path.read_bytes()
        key = "intake.password" if protected else "intake.old_xls"
        raise DataError([error(key, place(path))])
    signature = _SIGNATURES.get(suffix)
    if signature is not None and not head.startswith(signature):
        raise DataError([error("intake.not_its_ending", place(path), ending=suffix)])
    if suffix in (".geojson", ".json") and not head.removeprefix(
        b"\xef\xbb\xbf"
    ).lstrip().startswith(b"{"):
        raise DataError([error("intake.not_its_ending", place(path), ending=suffix)])
    if suffix in _NO_SIGNATURE:
        _require_own_content(path)
    if suffix == ".gpkg":
        _require_whole_sqlite(path, head)


def _require_own_content(path: Path) -> None:
    """Refuse a file of text that sends GDAL elsewhere, before GDAL sees it."""
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as all_:
        if _ELSEWHERE.search(all_):
            raise DataError([error("layers.points_elsewhere", place(path))])
        of_json = path.suffix.lower() in (".geojson", ".json")
        if of_json and _HREF.search(all_) and _CRS.search(all_):
            raise DataError([error("layers.crs_elsewhere", place(path))])


def shapefile_parts(shp: Path) -> dict[str, Path]:
    """Return the parts of a shapefile by ending, whatever the case of the endings.

    ``.shx`` may be missing: it can be made again.

    Raises
    ------
    DataError
        If a part that holds data is missing, cut short, or no regular file.
    """
    parts = {**siblings(shp, SHAPEFILE_PARTS), ".shp": shp}
    if ".dbf" not in parts:
        raise DataError([error("layers.dbf_missing", place(shp), name=f"{shp.stem}.dbf")])
    for ending, part in parts.items():
        aside = ending in (".cpg", ".prj")
        require_regular(part, limit=_MAX_SIDE_FILE_BYTES if aside else MAX_FILE_BYTES)
    for ending in (".shp", ".shx"):
        if ending in parts:
            _require_whole(parts[ending])
    return dict(sorted(parts.items()))


def siblings(path: Path, endings: Iterable[str]) -> dict[str, Path]:
    """Return the files of the same name with these endings, whatever their case."""
    wanted = path.stem.casefold()
    return {
        entry.suffix.lower(): entry
        for entry in sorted(path.parent.iterdir())
        if entry.stem.casefold() == wanted and entry.suffix.lower() in endings
    }


def require_matching_rows(parts: Mapping[str, Path], rows: int) -> None:
    """Check that a shapefile has as many shapes as rows.

    Raises
    ------
    DataError
        If parts of different versions are mixed.
    """
    shapes = (parts[".shx"].stat().st_size - 100) // 8
    if rows != shapes:
        where = place(parts[".dbf"])
        raise DataError([error("intake.parts_disagree", where, rows=rows, shapes=shapes)])


def geodatabase_parts(folder: Path) -> list[Path]:
    """Return the files of a file geodatabase, in the order of their names.

    Raises
    ------
    DataError
        If there are none, or one is no regular file.
    """
    parts = sorted(entry for entry in folder.iterdir() if not entry.name.endswith(".lock"))
    if not any(entry.suffix.lower() == ".gdbtable" for entry in parts):
        raise DataError([error("layers.gdb_empty", place(folder))])
    for part in parts:
        require_regular(part)
    total = sum(part.stat().st_size for part in parts)
    if total > MAX_FILE_BYTES:
        limit_gb = f"{MAX_FILE_BYTES / 2**30:.3g}"
        raise DataError([error("layers.too_large", place(folder), limit_gb=limit_gb)])
    return parts


def _require_whole_sqlite(path: Path, head: bytes) -> None:
    """Check the size in the header (https://www.sqlite.org/fileformat2.html, section 1.3)."""
    page_size = int.from_bytes(head[16:18], "big")
    page_size = 65_536 if page_size == 1 else page_size
    pages = int.from_bytes(head[28:32], "big")
    counted = head[24:28] == head[92:96]
    if len(head) < 100 or (counted and path.stat().st_size < page_size * pages):
        raise DataError([error("intake.truncated", place(path))])


def _require_whole(part: Path) -> None:
    """Check the length in the header (ESRI Shapefile Technical Description, July 1998)."""
    with part.open("rb") as stream:
        head = stream.read(100)
    # The length is counted in 16-bit words.
    if len(head) < 100 or part.stat().st_size < 2 * int.from_bytes(head[24:28], "big"):
        raise DataError([error("intake.truncated", place(part))])

"""Files as they lie on the disk: what they really are, whether they are whole, their hash."""

from __future__ import annotations

import hashlib
import stat
import unicodedata
import zipfile
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import Final

from liancun_geo.errors import DataError, Where, error

MAX_UNPACKED_BYTES: Final = 2_000_000_000
"""Greatest total size of what a zip file may unpack to (2 GB)."""

SHAPEFILE_PARTS: Final = (".cpg", ".dbf", ".prj", ".shp", ".shx")
_VECTOR_SUFFIXES: Final = (".shp", ".gpkg", ".geojson", ".json", ".parquet", ".geoparquet")

_OLE2: Final = bytes.fromhex("d0cf11e0a1b11ae1")
_SIGNATURES: Final = {
    ".shp": bytes.fromhex("0000270a"),
    ".gpkg": b"SQLite format 3\x00",
    ".zip": b"PK",
    ".xlsx": b"PK",
    ".xlsm": b"PK",
    ".parquet": b"PAR1",
    ".geoparquet": b"PAR1",
}


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


def require_file(path: Path) -> None:
    """Check that a file exists, can be read, holds bytes and is what its ending says.

    Raises
    ------
    DataError
        With the one fault that makes the file unusable.
    """
    try:
        if not path.exists():
            raise DataError([error("intake.not_found", place(path), path=str(path))])
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
    if suffix == ".gpkg":
        _require_whole_sqlite(path, head)


def shapefile_parts(shp: Path) -> dict[str, Path]:
    """Return the parts of a shapefile by ending, whatever the case of the endings.

    Raises
    ------
    DataError
        If a part that holds data is missing or cut short.
    """
    wanted = shp.stem.casefold()
    parts = {
        entry.suffix.lower(): entry
        for entry in sorted(shp.parent.iterdir())
        if entry.stem.casefold() == wanted and entry.suffix.lower() in SHAPEFILE_PARTS
    }
    parts[".shp"] = shp
    missing = [ending for ending in (".shx", ".dbf") if ending not in parts]
    if missing:
        raise DataError(
            error("intake.part_missing", place(shp), ending=ending) for ending in missing
        )
    _require_whole_shapefile(parts)
    return dict(sorted(parts.items()))


def only_shapefile(folder: Path) -> Path:
    """Return the one shapefile of a folder.

    Raises
    ------
    DataError
        If there is none, or more than one.
    """
    found = sorted(entry for entry in folder.iterdir() if entry.suffix.lower() == ".shp")
    if not found:
        raise DataError([error("intake.no_shapefile", Where(file=folder.name))])
    if len(found) > 1:
        names = "、".join(entry.name for entry in found)
        raise DataError([error("intake.several_shapefiles", Where(file=folder.name), names=names)])
    return found[0]


def unpack(archive: Path, folder: Path) -> Path:
    """Unpack the one data set of a zip file and return its path.

    Names without the UTF-8 mark are read as UTF-8 if they are valid, else as GB18030: Chinese
    Windows writes them in GBK.

    Parameters
    ----------
    archive
        The zip file; not changed.
    folder
        Empty folder to write to.

    Raises
    ------
    DataError
        If the archive is damaged, protected by a password, leads out of its folder, holds links,
        unpacks to more than :data:`MAX_UNPACKED_BYTES`, or does not hold exactly one data set.
    """
    where = place(archive)
    try:
        with zipfile.ZipFile(archive) as opened:
            entries = [(entry, _entry_name(entry)) for entry in opened.infolist()]
            _require_safe(entries, where)
            chosen = _data_set(entries, where)
            written = 0
            for entry, name in chosen:
                target = folder / PurePosixPath(name).name
                with opened.open(entry) as source, target.open("wb") as sink:
                    while block := source.read(1 << 20):
                        written += len(block)
                        if written > MAX_UNPACKED_BYTES:
                            raise DataError([error("intake.zip_too_large", where)])
                        sink.write(block)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, OSError) as cause:
        raise DataError([error("intake.damaged", where, cause=str(cause))]) from cause
    return next(
        folder / PurePosixPath(name).name
        for _, name in chosen
        if PurePosixPath(name).suffix.lower() in _VECTOR_SUFFIXES
    )


def _entry_name(entry: zipfile.ZipInfo) -> str:
    if entry.flag_bits & 0x800:
        return entry.filename
    try:
        raw = entry.filename.encode("cp437")
    except UnicodeEncodeError:
        return entry.filename
    for encoding in ("utf-8", "gb18030"):
        try:
            return unicodedata.normalize("NFC", raw.decode(encoding))
        except UnicodeDecodeError:
            continue
    return entry.filename


def _require_safe(entries: list[tuple[zipfile.ZipInfo, str]], where: Where) -> None:
    faults = []
    for entry, name in entries:
        path = PurePosixPath(name.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts or ":" in name or "\x00" in name:
            faults.append(error("intake.zip_leads_out", where, name=name))
        elif stat.S_ISLNK(entry.external_attr >> 16):
            faults.append(error("intake.zip_link", where, name=name))
    if any(entry.flag_bits & 0x1 for entry, _ in entries):
        faults.append(error("intake.password", where))
    if sum(entry.file_size for entry, _ in entries) > MAX_UNPACKED_BYTES:
        faults.append(error("intake.zip_too_large", where))
    if faults:
        raise DataError(faults)


def _data_set(
    entries: list[tuple[zipfile.ZipInfo, str]], where: Where
) -> list[tuple[zipfile.ZipInfo, str]]:
    """Return the entries that make up the one data set of an archive."""
    files = [
        (entry, name.replace("\\", "/"))
        for entry, name in entries
        # macOS adds a shadow of every file.
        if not entry.is_dir() and "__MACOSX/" not in name
    ]
    named = [(entry, PurePosixPath(name), name) for entry, name in files]
    for suffixes in ((".shp",), _VECTOR_SUFFIXES[1:]):
        found = [item for item in named if item[1].suffix.lower() in suffixes]
        if len(found) > 1:
            names = "、".join(str(path) for _, path, _ in found)
            raise DataError([error("intake.several_shapefiles", where, names=names)])
        if found:
            _, main, _ = found[0]
            return [
                (entry, name)
                for entry, path, name in named
                if path == main
                or (
                    main.suffix.lower() == ".shp"
                    and path.parent == main.parent
                    and path.stem.casefold() == main.stem.casefold()
                    and path.suffix.lower() in SHAPEFILE_PARTS
                )
            ]
    raise DataError([error("intake.no_shapefile", where)])


def _require_whole_sqlite(path: Path, head: bytes) -> None:
    """Check the size in the header (https://www.sqlite.org/fileformat2.html, section 1.3)."""
    page_size = int.from_bytes(head[16:18], "big")
    page_size = 65_536 if page_size == 1 else page_size
    pages = int.from_bytes(head[28:32], "big")
    counted = head[24:28] == head[92:96]
    if len(head) < 100 or (counted and path.stat().st_size < page_size * pages):
        raise DataError([error("intake.truncated", place(path))])


def _require_whole_shapefile(parts: dict[str, Path]) -> None:
    """Check the sizes in the headers (ESRI Shapefile Technical Description, July 1998)."""
    faults = []
    for ending in (".shp", ".shx"):
        path = parts[ending]
        with path.open("rb") as stream:
            head = stream.read(100)
        # The length is counted in 16-bit words.
        if len(head) < 100 or path.stat().st_size < 2 * int.from_bytes(head[24:28], "big"):
            faults.append(error("intake.truncated", place(path)))
    shapes = (parts[".shx"].stat().st_size - 100) // 8
    path = parts[".dbf"]
    with path.open("rb") as stream:
        head = stream.read(32)
    if len(head) < 32:
        faults.append(error("intake.truncated", place(path)))
    else:
        rows = int.from_bytes(head[4:8], "little")
        size = int.from_bytes(head[8:10], "little") + rows * int.from_bytes(head[10:12], "little")
        if path.stat().st_size < size:
            faults.append(error("intake.truncated", place(path)))
        elif not faults and rows != shapes:
            faults.append(error("intake.parts_disagree", place(path), rows=rows, shapes=shapes))
    if faults:
        raise DataError(faults)

"""Data sets inside folders and zip files: found, chosen, unpacked within bounds."""

from __future__ import annotations

import lzma
import re
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath
from typing import Final

from liancun_geo.decisions import LayerDecision
from liancun_geo.errors import DataError, Where, error
from liancun_geo.intake.vector.files import (
    MAPINFO_PARTS,
    MAX_UNPACKED_BYTES,
    SHAPEFILE_PARTS,
    place,
)

# What zipfile and its decompressors raise for a damaged archive.
_DAMAGE: Final = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    NotImplementedError,
    OSError,
    ValueError,
)
_MAX_ENTRIES: Final = 10_000
_OF_VILLAGES: Final = re.compile(r"村|(?<![a-z])(cun|vill)", re.IGNORECASE)
# Blank attribute tables shrink to a hundredth; only bombs shrink further.
_GREATEST_RATIO: Final = 300
_HARMLESS_BYTES: Final = 50_000_000
# The first kind that is there is meant: others lie beside it as copies or by-products.
_KINDS: Final = (
    (".gdb",),
    (".shp",),
    (".gpkg", ".geojson", ".json", ".parquet", ".geoparquet", ".fgb"),
    (".tab", ".mif", ".kml", ".gml", ".dxf"),
)
_NOT_ALONE: Final = {
    ".shp": SHAPEFILE_PARTS,
    ".tab": MAPINFO_PARTS,
    ".mif": MAPINFO_PARTS,
    ".gml": (".gml", ".xsd"),
}
_ARCHIVES: Final = (".zip", ".rar", ".7z", ".kmz")


def data_set_in_folder(folder: Path, wanted: str | None = None) -> Path:
    """Return the one data set of a folder.

    Parameters
    ----------
    folder
        Searched without its folders.
    wanted
        Name of the data set if there are several, with or without its ending.

    Raises
    ------
    DataError
        If there is none, or more than one and none is wanted.
    """
    names = [entry.name for entry in sorted(folder.iterdir())]
    return folder / _chosen(names, wanted, place(folder))


def data_sets(archive: Path) -> tuple[str, ...]:
    """Return the names of the data sets of a zip file, in order, of the kind that is meant.

    Raises
    ------
    DataError
        If the archive is damaged, protected by a password, leads out of its folder or holds links.
    """
    where = place(archive)
    try:
        with zipfile.ZipFile(archive) as opened:
            names = _data_sets(_entries(opened, where))
    except _DAMAGE as cause:
        raise DataError([error("intake.damaged", where, cause=str(cause))]) from cause
    for kinds in _KINDS:
        found = tuple(name for name in names if PurePosixPath(name).suffix.lower() in kinds)
        if found:
            return found
    return ()


def unpack(archive: Path, folder: Path, wanted: str | None = None) -> Path:
    """Unpack one data set of a zip file and return its path.

    Names without the UTF-8 mark are read as UTF-8 if they are valid, else as GB18030: Chinese
    Windows writes them in GBK.

    Parameters
    ----------
    archive
        The zip file; not changed.
    folder
        Empty folder to write to.
    wanted
        Name of the data set if there are several, with or without its ending.

    Raises
    ------
    DataError
        If the archive is damaged, protected by a password, leads out of its folder, holds links,
        unpacks to more than :data:`~liancun_geo.intake.vector.files.MAX_UNPACKED_BYTES`
        or to far more
        than its own size, or does not hold one data set that could be meant.
    """
    where = place(archive)
    try:
        with zipfile.ZipFile(archive) as opened:
            entries = _entries(opened, where)
            main = _chosen(_data_sets(entries), wanted, where)
            chosen = {name: entry for name, entry in entries.items() if _belongs(name, main)}
            _require_bounded(chosen.values(), where)
            base = PurePosixPath(main).parent
            for name, entry in chosen.items():
                target = folder / PurePosixPath(name).relative_to(base)
                target.parent.mkdir(parents=True, exist_ok=True)
                _write(opened, entry, target, where)
    except _DAMAGE as cause:
        raise DataError([error("intake.damaged", where, cause=str(cause))]) from cause
    except RuntimeError as cause:
        # Raised by zipfile for an entry that is encrypted though its mark says otherwise.
        raise DataError([error("intake.password", where)]) from cause
    return folder / PurePosixPath(main).name


def _write(opened: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path, where: Where) -> None:
    written = 0
    with opened.open(entry) as source, target.open("wb") as sink:
        while block := source.read(1 << 20):
            written += len(block)
            # The size that an entry states may be a lie.
            if written > entry.file_size:
                raise DataError([error("intake.zip_too_large", where)])
            sink.write(block)


def _entries(opened: zipfile.ZipFile, where: Where) -> dict[str, zipfile.ZipInfo]:
    """Return the files of an archive by name, refusing whatever no honest packer writes."""
    listed = opened.infolist()
    if len(listed) > _MAX_ENTRIES:
        raise DataError([error("layers.zip_entries", where, count=len(listed))])
    faults = []
    entries: dict[str, zipfile.ZipInfo] = {}
    for entry in listed:
        name = _entry_name(entry).replace("\\", "/")
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or ":" in name or "\x00" in name:
            faults.append(error("intake.zip_leads_out", where, name=name))
        elif stat.S_ISLNK(entry.external_attr >> 16):
            faults.append(error("intake.zip_link", where, name=name))
        # macOS adds a shadow of every file.
        elif not entry.is_dir() and not name.endswith("/") and "__MACOSX/" not in name:
            entries[name] = entry
    if any(entry.flag_bits & 0x1 for entry in listed):
        faults.append(error("intake.password", where))
    if faults:
        raise DataError(faults)
    return entries


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


def _data_sets(entries: Iterable[str]) -> list[str]:
    """Return the files of an archive, the files of a geodatabase as the one folder they are."""
    names: dict[str, None] = {}
    for name in entries:
        path = PurePosixPath(name)
        folders = [p for p in reversed(path.parents) if p.suffix.lower() == ".gdb"]
        names[str(folders[0]) if folders else name] = None
    return sorted(names)


def layer_decisions(where: Where, names: Sequence[str]) -> list[LayerDecision]:
    """Return the decisions to use one of several layers, those called after villages first."""
    ranked = sorted(names, key=lambda name: not _OF_VILLAGES.search(name))
    return [LayerDecision(file=where.file or "", layer=name) for name in ranked]


def _chosen(names: Sequence[str], wanted: str | None, where: Where) -> str:
    """Return the name of the data set that is meant."""
    paths = [PurePosixPath(name) for name in names]
    every = [p for kinds in _KINDS for p in paths if p.suffix.lower() in kinds]
    if wanted is not None:
        fitting = [p for p in every if wanted in (str(p), p.name, p.stem)]
        # A name that fits no data set is that of a layer inside one.
        every = fitting or every
    for kinds in _KINDS:
        found = [p for p in every if p.suffix.lower() in kinds]
        if len(found) > 1:
            listed = [str(p) for p in found]
            fault = error("intake.several_shapefiles", where, names="、".join(listed))
            raise DataError([fault.proposing(*layer_decisions(where, listed))])
        if found:
            return str(found[0])
    inner = [str(p) for p in paths if p.suffix.lower() in _ARCHIVES]
    if inner:
        raise DataError([error("layers.nested_archive", where, names="、".join(inner[:5]))])
    raise DataError([error("intake.no_shapefile", where)])


def _belongs(name: str, main: str) -> bool:
    """Tell whether a file of an archive is part of the data set ``main``."""
    if name == main or name.startswith(f"{main}/"):
        return True
    path, chief = PurePosixPath(name), PurePosixPath(main)
    return (
        path.parent == chief.parent
        and path.stem.casefold() == chief.stem.casefold()
        and path.suffix.lower() in _NOT_ALONE.get(chief.suffix.lower(), ())
    )


def _require_bounded(entries: Iterable[zipfile.ZipInfo], where: Where) -> None:
    sizes = [(entry.file_size, entry.compress_size) for entry in entries]
    total, packed = (sum(column) for column in zip(*sizes, strict=True))
    if total > MAX_UNPACKED_BYTES or total > max(_HARMLESS_BYTES, _GREATEST_RATIO * packed):
        raise DataError([error("intake.zip_too_large", where)])

"""Vector layers: any of the usual formats to a frame with its CRS and its certificate."""

from __future__ import annotations

import re
import shutil
import tempfile
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

import geopandas as gpd
import pyogrio
from pyogrio.errors import DataLayerError, DataSourceError

from liancun_geo.crs import label
from liancun_geo.decisions import LayerDecision, Replay
from liancun_geo.errors import DataError, Fault, Where, error, warning
from liancun_geo.intake.vector.archives import data_set_in_folder, layer_decisions, unpack
from liancun_geo.intake.vector.datum import origin_faults
from liancun_geo.intake.vector.dbf import read_header
from liancun_geo.intake.vector.files import (
    MAPINFO_PARTS,
    geodatabase_parts,
    is_folder,
    no_layer,
    place,
    require_file,
    require_matching_rows,
    sha256_of,
    shapefile_parts,
    siblings,
)
from liancun_geo.intake.vector.frames import bounded, gdal_frame, parquet_frame, plain
from liancun_geo.intake.vector.geopackage import require_plain_table, settled_copy
from liancun_geo.intake.vector.layer_texts import RawTexts, decode_layer, lost_texts
from liancun_geo.intake.vector.placing import Around, place_layer
from liancun_geo.intake.vector.shp import (
    copy_with_index,
    copy_without_crs,
    states_unreadable_crs,
)
from liancun_geo.settings import DataSettings
from liancun_geo.villages import Role, Source

_GDAL_SUFFIXES: Final = (
    ".gpkg", ".geojson", ".json", ".fgb", ".kml", ".gml", ".dxf", ".gdb",
)  # fmt: skip
_PARQUET_SUFFIXES: Final = (".parquet", ".geoparquet")
_MAPINFO_SUFFIXES: Final = (".tab", ".mif")
_GEOJSON_SUFFIXES: Final = (".geojson", ".json")
# A table that is linked elsewhere would be read from wherever the file says.
_LINKED_TAB = re.compile(
    rb"create\s+view|seamless|type\s+(linked|odbc|raster|wms|tileserver)", re.I
)

_EDGE_OF_JSON_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer as it stands in the file: nothing dropped, repaired or projected.

    ``frame.crs`` is None if neither the file nor the settings state one. Text columns are of
    dtype object, missing values None. ``warnings`` may hold errors that a decision would settle.
    ``sound`` tells whether the coordinates make sense in the CRS; if not, an error says so.
    ``is_dbf`` tells whether headers were cut at 10 bytes.
    """

    frame: gpd.GeoDataFrame
    source: Source
    warnings: tuple[Fault, ...]
    sound: bool = True
    is_dbf: bool = False


class _Found(NamedTuple):
    """Where the data of a layer lie: the file named, the file read, and the files hashed."""

    shown: Path
    path: Path
    scratch: Path
    hashed: tuple[Path, ...] = ()


class _Content(NamedTuple):
    frame: gpd.GeoDataFrame
    hashed: Sequence[Path]
    layer: str | None = None
    encoding: str | None = None


def read_layer(
    path: Path,
    settings: DataSettings,
    *,
    role: Role = "boundaries",
    replay: Replay = Replay(),
    beside: Around | None = None,
) -> Layer:
    """Read one layer of polygons (or, of barriers, of any geometry).

    Parameters
    ----------
    path
        Shapefile, GeoPackage, GeoJSON, GeoParquet, FlatGeobuf, file geodatabase (folder), MapInfo
        (``.tab``, ``.mif``), KML, GML or DXF; a folder or a zip file with one of them. Never
        modified.
    settings
        ``layer``, ``encoding`` and ``crs`` are used. ``layer`` also chooses among several data
        sets in a folder or a zip file.
    role
        Where the layer is used.
    replay
        Decisions on layer, encoding, CRS and axis order; they win over file and settings.
    beside
        Where the villages lie, against which the CRS of any other layer is asked about; without
        it, only that of boundaries is.

    Raises
    ------
    DataError
        If the file cannot be read as it is, with every fault that can be found before reading.
    """
    decided = replay.of_file(LayerDecision, Where(file=path.name))
    if decided is not None:
        settings = settings.model_copy(update={"layer": decided.layer})
    with tempfile.TemporaryDirectory(prefix="liancun_") as scratch:
        found = _find(path, settings, Path(scratch))
        return _read(found, settings, role, replay, beside)


def _find(path: Path, settings: DataSettings, scratch: Path) -> _Found:
    suffix = path.suffix.lower()
    if is_folder(path):
        inner = path if suffix == ".gdb" else data_set_in_folder(path, settings.layer)
        if not inner.is_dir():
            require_file(inner)
        return _Found(path, inner, scratch)
    require_file(path)
    if suffix != ".zip":
        return _Found(path, path, scratch)
    folder = scratch / "unpacked"
    folder.mkdir()
    inner = unpack(path, folder, settings.layer)
    if not inner.is_dir():
        require_file(inner)
    return _Found(path, inner, scratch, (path,))


def _read(
    found: _Found, settings: DataSettings, role: Role, replay: Replay, beside: Around | None
) -> Layer:
    path, where = found.path, place(found.shown)
    suffix = path.suffix.lower()
    notes: list[Fault] = []
    if suffix == ".shp":
        content = _shapefile(found, settings, replay, notes)
    elif suffix in _MAPINFO_SUFFIXES:
        content = _mapinfo(found, settings, replay, notes)
    elif suffix in _PARQUET_SUFFIXES:
        content = _Content(parquet_frame(path, where), [path])
    elif suffix in _GDAL_SUFFIXES:
        content = _by_gdal(found, settings, role, notes)
    else:
        raise DataError([no_layer(path)])
    if content.encoding is None and settings.encoding is not None:
        notes.append(warning("layers.encoding_not_used", where, encoding=settings.encoding))
    frame = plain(bounded(content.frame, where), where)
    if content.encoding is None:
        notes.extend(lost_texts(frame, where))
    silent = suffix in _GEOJSON_SUFFIXES and not _states_crs(path)
    boundaries = role == "boundaries"
    placed = place_layer(
        frame,
        where,
        replay,
        stated=settings.crs,
        silent=silent,
        asking=boundaries or beside is not None,
        beside=beside,
    )
    notes.extend(placed.faults)
    if boundaries:
        notes.extend(origin_faults(frame, where))
    crs = None if placed.frame.crs is None else label(placed.frame.crs)
    digest = sha256_of(found.hashed or content.hashed)
    source = Source(
        str(found.shown), role, digest, layer=content.layer, encoding=content.encoding, crs=crs
    )
    return Layer(placed.frame, source, tuple(notes), placed.sound, suffix == ".shp")


def _shapefile(
    found: _Found, settings: DataSettings, replay: Replay, notes: list[Fault]
) -> _Content:
    path, where = found.path, place(found.shown)
    parts = shapefile_parts(path)
    header = read_header(parts[".dbf"])
    hashed = [part for _, part in sorted(parts.items())]
    if ".shx" not in parts:
        folder = found.scratch / "restored"
        folder.mkdir()
        path = copy_with_index(parts, folder)
        parts = shapefile_parts(path)
        notes.append(warning("layers.shx_restored", where, name=f"{found.path.stem}.shx"))
    require_matching_rows(parts, header.records)
    if ".prj" in parts and states_unreadable_crs(path):
        folder = found.scratch / "without_crs"
        folder.mkdir()
        path = copy_without_crs(path, folder)
    cpg = ""
    if ".cpg" in parts:
        cpg = parts[".cpg"].read_bytes()[:64].decode("ascii", errors="ignore").strip()
    frame = gdal_frame(path, None, where, notes, encoding="ISO-8859-1")
    if frame.crs is None and ".prj" in parts:
        notes.append(warning("layers.prj_unreadable", where))
    raw = RawTexts(frame, where, header, cpg)
    frame, encoding, faults = decode_layer(raw, settings.encoding, replay)
    notes.extend(faults)
    return _Content(frame, hashed, encoding=encoding)


def _mapinfo(found: _Found, settings: DataSettings, replay: Replay, notes: list[Fault]) -> _Content:
    path, where = found.path, place(found.shown)
    with path.open("rb") as stream:
        head = stream.read(4096)
    if path.suffix.lower() == ".tab" and _LINKED_TAB.search(head):
        raise DataError([error("layers.tab_linked", where)])
    parts = siblings(path, MAPINFO_PARTS)
    for part in parts.values():
        require_file(part)
    # Only Arrow insists on UTF-8; the texts are decoded knowingly below.
    frame = gdal_frame(path, None, where, notes, encoding="ISO-8859-1", use_arrow=False)
    frame, encoding, faults = decode_layer(RawTexts(frame, where), settings.encoding, replay)
    notes.extend(faults)
    return _Content(frame, [part for _, part in sorted(parts.items())], encoding=encoding)


def _by_gdal(found: _Found, settings: DataSettings, role: Role, notes: list[Fault]) -> _Content:
    path, where = found.path, place(found.shown)
    suffix = path.suffix.lower()
    hashed = geodatabase_parts(path) if suffix == ".gdb" else [path]
    options: dict[str, Any] = {}
    if suffix == ".gpkg":
        path, copied = settled_copy(path, found.scratch)
        options["IMMUTABLE"] = "YES"
        if copied:
            notes.append(warning("layers.gpkg_open", where))
    elif suffix == ".gml":
        # GDAL writes what it has learnt of a GML file beside it.
        for part in siblings(path, (".gml", ".xsd")).values():
            shutil.copyfile(part, found.scratch / f"layer{part.suffix.lower()}")
        path = found.scratch / "layer.gml"
        options |= {"WRITE_GFS": "NO", "DOWNLOAD_SCHEMA": "NO"}
    wanted = settings.layer
    layer = _layer_name(path, wanted, role, where, also=(found.path.name, found.path.stem))
    if suffix == ".gpkg":
        require_plain_table(path, layer, where)
    return _Content(gdal_frame(path, layer, where, notes, **options), hashed, layer=layer)


def _layer_name(
    path: Path, wanted: str | None, role: Role, where: Where, also: Sequence[str]
) -> str:
    with warnings.catch_warnings():
        # What GDAL remarks on here it remarks on again when the layer is read.
        warnings.simplefilter("ignore")
        try:
            layers = [(str(name), kind) for name, kind in pyogrio.list_layers(path)]
        except (DataSourceError, DataLayerError, UnicodeDecodeError) as cause:
            raise DataError([error("intake.damaged", where, cause=str(cause))]) from cause
    spatial = [name for name, kind in layers if kind is not None]
    names = "、".join(name for name, _ in layers)
    if wanted is not None and role == "boundaries":
        if wanted in spatial:
            return wanted
        # It has chosen the file already.
        if wanted not in also:
            fault = error("intake.layer_unknown", where, layer=wanted, names=names)
            raise DataError([fault.proposing(*layer_decisions(where, spatial))])
    polygons = [
        name for name, kind in layers if "olygon" in str(kind) or "Surface" in str(kind)
    ] or [name for name, kind in layers if kind == "Unknown"]
    lines = [name for name, kind in layers if "Line" in str(kind)]
    of_role = {"boundaries": polygons, "roads": lines or spatial}.get(role, spatial)
    candidates = of_role if len(spatial) > 1 else spatial
    if not candidates:
        raise DataError([error("intake.no_layer", where, names=names)])
    if len(candidates) > 1:
        fault = error("intake.several_layers", where, names="、".join(candidates))
        fixes = layer_decisions(where, candidates) if role == "boundaries" else []
        raise DataError([fault.proposing(*fixes)])
    return candidates[0]


def _states_crs(path: Path) -> bool:
    """Tell whether a GeoJSON file has a ``crs`` member before or behind its features."""
    with path.open("rb") as stream:
        head = stream.read(_EDGE_OF_JSON_BYTES)
        stream.seek(max(path.stat().st_size - _EDGE_OF_JSON_BYTES, 0))
        tail = stream.read(_EDGE_OF_JSON_BYTES)
    start, end = head.find(b'"features"'), tail.rfind(b"]")
    beside = head[: max(start, 0)] + tail[end + 1 :]
    return re.search(rb'"crs"\s*:\s*\{', beside) is not None

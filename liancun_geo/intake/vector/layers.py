"""Vector layers: any of the usual formats to a frame with its CRS and its certificate."""

from __future__ import annotations

import re
import shutil
import tempfile
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pyogrio
import pyproj
import shapely
from pyarrow.lib import ArrowException
from pyogrio.errors import DataSourceError
from pyproj.exceptions import ProjError
from shapely.errors import ShapelyError

from liancun_geo.crs import label
from liancun_geo.decisions import LayerDecision, Replay
from liancun_geo.errors import DataError, Fault, Where, error, warning
from liancun_geo.intake.vector.archives import data_set_in_folder, layer_decisions, unpack
from liancun_geo.intake.vector.datum import origin_faults
from liancun_geo.intake.vector.dbf import read_header
from liancun_geo.intake.vector.files import (
    MAPINFO_PARTS,
    MAX_FEATURES,
    MAX_FILE_BYTES,
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
from liancun_geo.intake.vector.geopackage import require_plain_table, settled_copy
from liancun_geo.intake.vector.layer_texts import RawTexts, decode_layer, is_number
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
_JSON_DRIVERS: Final = ("GeoJSON", "GeoJSONSeq", "ESRIJSON", "TopoJSON", "JSONFG")
_DRIVERS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        ".shp": ("ESRI Shapefile",), ".gpkg": ("GPKG",), ".geojson": _JSON_DRIVERS,
        ".json": _JSON_DRIVERS, ".fgb": ("FlatGeobuf",), ".kml": ("KML", "LIBKML"),
        ".gml": ("GML",), ".dxf": ("DXF",), ".gdb": ("OpenFileGDB",),
        ".tab": ("MapInfo File",), ".mif": ("MapInfo File",),
    }
)  # fmt: skip
_PARQUET_SUFFIXES: Final = (".parquet", ".geoparquet")
_MAPINFO_SUFFIXES: Final = (".tab", ".mif")
_GEOJSON_SUFFIXES: Final = (".geojson", ".json")
# A table that is linked elsewhere would be read from wherever the file says.
_LINKED_TAB = re.compile(
    rb"create\s+view|seamless|type\s+(linked|odbc|raster|wms|tileserver)", re.I
)

MAX_CELLS: Final = 20_000_000
"""Most attribute values of a layer: features times columns."""
MAX_VERTICES: Final = 10_000_000
"""Most vertices of a layer."""
MAX_SHAPE_VERTICES: Final = 1_000_000
"""Most vertices of one shape."""
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
        content = _Content(_parquet(path, where), [path])
    elif suffix in _GDAL_SUFFIXES:
        content = _by_gdal(found, settings, role, notes)
    else:
        raise DataError([no_layer(path)])
    if content.encoding is None and settings.encoding is not None:
        notes.append(warning("layers.encoding_not_used", where, encoding=settings.encoding))
    frame = _plain(_bounded(content.frame, where), where)
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
    frame = _gdal(path, None, where, notes, encoding="ISO-8859-1")
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
    frame = _gdal(path, None, where, notes, encoding="ISO-8859-1", use_arrow=False)
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
    return _Content(_gdal(path, layer, where, notes, **options), hashed, layer=layer)


def _layer_name(
    path: Path, wanted: str | None, role: Role, where: Where, also: Sequence[str]
) -> str:
    with warnings.catch_warnings():
        # What GDAL remarks on here it remarks on again when the layer is read.
        warnings.simplefilter("ignore")
        try:
            layers = [(str(name), kind) for name, kind in pyogrio.list_layers(path)]
        except (DataSourceError, UnicodeDecodeError) as cause:
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


def _gdal(
    path: Path,
    layer: str | None,
    where: Where,
    notes: list[Fault],
    *,
    encoding: str | None = None,
    use_arrow: bool = True,
    **options: str,
) -> gpd.GeoDataFrame:
    """Read a layer; shapes that are damaged are missing in the frame."""
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        try:
            known = pyogrio.read_info(path, layer=layer, encoding=encoding, **options)
            _require_format(path, known["driver"], where)
            _require_bounded(known["features"], len(known["fields"]), where)
            frame = pyogrio.read_dataframe(
                path,
                layer=layer,
                encoding=encoding,
                use_arrow=use_arrow,
                max_features=MAX_FEATURES + 1,
                on_invalid="ignore",
                **options,
            )
        except UnicodeDecodeError as cause:
            raise DataError([error("intake.not_utf8", where)]) from cause
        except DataError:
            raise
        # pyogrio lets through whatever it stumbles over in a damaged file.
        except Exception as cause:
            raise DataError([error("intake.damaged", where, cause=str(cause))]) from cause
    texts = dict.fromkeys(str(entry.message).strip().replace("\n", " ") for entry in heard)
    notes.extend(
        warning("intake.reader_remark", where, remark=text[:200])
        for text in texts
        # That heights and measures are left out is said elsewhere.
        if not text.startswith("Measured (M)")
    )
    if not isinstance(frame, gpd.GeoDataFrame):
        raise DataError([error("intake.no_geometry_column", where)])
    return _named_once(frame)


def _require_format(path: Path, driver: str, where: Where) -> None:
    """Refuse what GDAL took for another format than the ending says: each has its own powers."""
    suffix = path.suffix.lower()
    if driver not in _DRIVERS.get(suffix, ()):
        raise DataError([error("intake.not_its_ending", where, ending=suffix)])


def _named_once(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the frame with its columns told apart by number: a DBF may name two alike."""
    if not frame.columns.is_unique:
        known = {str(column) for column in frame.columns}
        names: list[str] = []
        for column in frame.columns:
            name, number = str(column), 1
            while name in names or (number > 1 and name in known):
                number += 1
                name = f"{column}_{number}"
            names.append(name)
        frame.columns = pd.Index(names)
    return frame


def _parquet(path: Path, where: Where) -> gpd.GeoDataFrame:
    try:
        known = pq.ParquetFile(path).metadata
        _require_bounded(known.num_rows, known.num_columns, where)
        groups = range(known.num_row_groups)
        if sum(known.row_group(number).total_byte_size for number in groups) > MAX_FILE_BYTES:
            limit_gb = f"{MAX_FILE_BYTES / 2**30:.3g}"
            raise DataError([error("layers.too_large", where, limit_gb=limit_gb)])
        # Shapely remarks on coordinates that are no numbers; they are faults later on.
        with np.errstate(invalid="ignore"):
            frame = gpd.read_parquet(path)
        if frame.crs is not None:
            # What PROJ accepts in parts it may not accept as a whole, which all others ask of it.
            pyproj.CRS(frame.crs)
        return frame
    except (ValueError, ShapelyError) as cause:
        # Of a whole Parquet file without the "geo" metadata, and of a damaged one alike.
        key = "intake.no_geometry_column" if "geo" in str(cause).lower() else "intake.damaged"
        raise DataError([error(key, where, cause=str(cause))]) from cause
    except (OSError, LookupError, TypeError, AttributeError, ProjError, MemoryError) as cause:
        raise DataError([error("intake.damaged", where, cause=str(cause))]) from cause


def _require_bounded(features: int, columns: int, where: Where) -> None:
    if features > MAX_FEATURES:
        raise DataError([error("layers.too_many", where, limit=MAX_FEATURES)])
    if features * columns > MAX_CELLS:
        raise DataError([error("layers.too_many_cells", where, features=features, columns=columns)])


def _bounded(frame: gpd.GeoDataFrame, where: Where) -> gpd.GeoDataFrame:
    """Return the frame if its size, now that it is known, is within bounds."""
    _require_bounded(len(frame), len(frame.columns), where)
    counts = shapely.get_num_coordinates(np.asarray(frame.geometry.array))
    if counts.sum() > MAX_VERTICES:
        total = int(counts.sum())
        raise DataError([error("layers.too_many_vertices", where, count=total, limit=MAX_VERTICES)])
    faults = [
        error(
            "layers.shape_vertices",
            Where(file=where.file, row=int(position) + 1),
            count=int(counts[position]),
            limit=MAX_SHAPE_VERTICES,
        )
        for position in np.flatnonzero(counts > MAX_SHAPE_VERTICES)
    ]
    if faults:
        raise DataError(faults)
    return frame


def _states_crs(path: Path) -> bool:
    """Tell whether a GeoJSON file has a ``crs`` member before or behind its features."""
    with path.open("rb") as stream:
        head = stream.read(_EDGE_OF_JSON_BYTES)
        stream.seek(max(path.stat().st_size - _EDGE_OF_JSON_BYTES, 0))
        tail = stream.read(_EDGE_OF_JSON_BYTES)
    start, end = head.find(b'"features"'), tail.rfind(b"]")
    beside = head[: max(start, 0)] + tail[end + 1 :]
    return re.search(rb'"crs"\s*:\s*\{', beside) is not None


def _plain(frame: gpd.GeoDataFrame, where: Where) -> gpd.GeoDataFrame:
    """Return the frame with its geometry named so and texts as objects with None for missing.

    Raises
    ------
    DataError
        If texts are damaged, which comes to light only now.
    """
    if frame.geometry.name != "geometry":
        frame = frame.rename(columns={"geometry": "geometry_"}).rename_geometry("geometry")
    try:
        columns = {
            column: frame[column].astype(object).where(frame[column].notna(), None)
            for column in frame.columns
            if column != "geometry" and not is_number(frame[column])
        }
    except (ArrowException, UnicodeDecodeError) as cause:
        raise DataError([error("intake.not_utf8", where)]) from cause
    return frame.assign(**columns).reset_index(drop=True)

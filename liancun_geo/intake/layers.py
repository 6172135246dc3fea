"""Vector layers: any of the usual formats to a frame with its CRS and its certificate."""

from __future__ import annotations

import re
import tempfile
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio
import pyproj
import shapely
from pandas.api.types import is_bool_dtype, is_numeric_dtype
from pyogrio.errors import DataLayerError, DataSourceError

from liancun_geo.crs import label, parse_crs
from liancun_geo.decisions import AxisOrderDecision, CrsDecision, EncodingDecision, Replay
from liancun_geo.errors import DataError, Fault, Where, error, warning
from liancun_geo.intake.encodings import choose_encoding, decode, known_encoding
from liancun_geo.intake.files import (
    only_shapefile,
    place,
    require_file,
    sha256_of,
    shapefile_parts,
    unpack,
)
from liancun_geo.settings import DataSettings
from liancun_geo.villages import Role, Source

_GDAL_SUFFIXES = (".shp", ".gpkg", ".geojson", ".json", ".fgb", ".kml", ".gml", ".dxf")
_PARQUET_SUFFIXES = (".parquet", ".geoparquet")


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer as it stands in the file: nothing dropped, repaired or projected.

    ``frame.crs`` is None if neither the file nor the settings state one. Text columns are of
    dtype object, missing values None.
    """

    frame: gpd.GeoDataFrame
    source: Source
    warnings: tuple[Fault, ...]


def read_layer(
    path: Path,
    settings: DataSettings,
    *,
    role: Role = "boundaries",
    replay: Replay = Replay(),
) -> Layer:
    """Read one layer of polygons (or, of barriers, of any geometry).

    Parameters
    ----------
    path
        Shapefile, folder with one shapefile, zip file with one data set, GeoPackage, GeoJSON or
        GeoParquet. Never modified.
    settings
        ``layer``, ``encoding`` and ``crs`` are used.
    role
        Where the layer is used; barrier files may hold several layers, which are read together.
    replay
        Decisions on encoding, CRS and axis order; they win over file and settings.

    Raises
    ------
    DataError
        If the file cannot be read as it is, with every fault that can be found before reading.
    """
    if path.is_dir() and path.suffix.lower() != ".gdb":
        return _read(only_shapefile(path), settings, role, replay, shown=path)
    require_file(path)
    if path.suffix.lower() != ".zip":
        return _read(path, settings, role, replay, shown=path)
    with tempfile.TemporaryDirectory(prefix="liancun_") as folder:
        inner = unpack(path, Path(folder))
        require_file(inner)
        return _read(inner, settings, role, replay, shown=path, hashed=(path,))


def _read(
    path: Path,
    settings: DataSettings,
    role: Role,
    replay: Replay,
    *,
    shown: Path,
    hashed: Sequence[Path] = (),
) -> Layer:
    suffix = path.suffix.lower()
    where = place(shown)
    decided = replay.of_file(EncodingDecision, where)
    if decided is not None:
        settings = settings.model_copy(update={"encoding": decided.encoding})
    notes: list[Fault] = []
    layer: str | None = None
    encoding: str | None = None
    if suffix == ".shp":
        parts = shapefile_parts(path)
        hashed = hashed or [part for _, part in sorted(parts.items())]
        frame, encoding = _shapefile(path, parts, settings, where, notes)
    elif suffix in _PARQUET_SUFFIXES:
        frame = _parquet(path, where)
    elif suffix in _GDAL_SUFFIXES:
        layer = _layer_name(path, settings.layer, role, where)
        frame = _gdal(path, layer, None, where, notes)
    else:
        raise DataError([error("intake.format_unknown", where, ending=suffix or path.name)])
    if replay.of_file(AxisOrderDecision, where) is not None:
        frame = frame.set_geometry(shapely.transform(frame.geometry, lambda xy: xy[:, ::-1]))
    stated = replay.of_file(CrsDecision, where)
    if stated is not None:
        frame = frame.set_crs(parse_crs(stated.crs, where=where), allow_override=True)
    else:
        frame = _with_crs(frame, path, settings.crs, where, notes)
    crs = None if frame.crs is None else label(frame.crs)
    digest = sha256_of(hashed or [path])
    source = Source(str(shown), role, digest, layer=layer, encoding=encoding, crs=crs)
    return Layer(_plain(frame), source, tuple(notes))


def _layer_name(path: Path, wanted: str | None, role: Role, where: Where) -> str:
    try:
        layers = [(str(name), kind) for name, kind in pyogrio.list_layers(path)]
    except (DataSourceError, UnicodeDecodeError) as cause:
        raise DataError([error("intake.damaged", where, cause=str(cause))]) from cause
    spatial = [name for name, kind in layers if kind is not None]
    names = "、".join(name for name, _ in layers)
    if wanted is not None and role == "boundaries":
        if wanted not in spatial:
            raise DataError([error("intake.layer_unknown", where, layer=wanted, names=names)])
        return wanted
    polygons = [
        name for name, kind in layers if "olygon" in str(kind) or "Surface" in str(kind)
    ] or [name for name, kind in layers if kind == "Unknown"]
    lines = [name for name, kind in layers if "Line" in str(kind)]
    of_role = {"boundaries": polygons, "roads": lines or spatial}.get(role, spatial)
    candidates = of_role if len(spatial) > 1 else spatial
    if not candidates:
        raise DataError([error("intake.no_layer", where, names=names)])
    if len(candidates) > 1:
        raise DataError([error("intake.several_layers", where, names="、".join(candidates))])
    return candidates[0]


def _gdal(
    path: Path, layer: str | None, encoding: str | None, where: Where, notes: list[Fault]
) -> gpd.GeoDataFrame:
    # An open GeoPackage in write-ahead mode would otherwise get companion files beside it.
    wal = path.with_name(path.name + "-wal")
    lock = {"IMMUTABLE": "YES"} if path.suffix.lower() == ".gpkg" and not wal.exists() else {}
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        try:
            frame = pyogrio.read_dataframe(
                path, layer=layer, encoding=encoding, use_arrow=True, **lock
            )
        except UnicodeDecodeError as cause:
            raise DataError([error("intake.not_utf8", where)]) from cause
        except (DataSourceError, DataLayerError, RuntimeError, ValueError, OSError) as cause:
            raise DataError([error("intake.damaged", where, cause=str(cause))]) from cause
    texts = dict.fromkeys(str(entry.message).strip().replace("\n", " ") for entry in heard)
    notes.extend(warning("intake.reader_remark", where, remark=text[:200]) for text in texts)
    if not isinstance(frame, gpd.GeoDataFrame):
        raise DataError([error("intake.no_geometry_column", where)])
    return frame


def _shapefile(
    path: Path, parts: dict[str, Path], settings: DataSettings, where: Where, notes: list[Fault]
) -> tuple[gpd.GeoDataFrame, str]:
    """Read raw bytes as Latin-1, which keeps every byte, then decode them knowingly."""
    setting, faults = None, []
    if settings.encoding is not None:
        setting = known_encoding(settings.encoding)
        if setting is None:
            faults.append(error("intake.encoding_unknown", where, encoding=settings.encoding))
    if faults:
        raise DataError(faults)
    cpg = None
    if ".cpg" in parts:
        text = parts[".cpg"].read_bytes()[:64].decode("ascii", errors="ignore").strip()
        cpg = known_encoding(text)
        if cpg is None and setting is None and text:
            notes.append(warning("intake.cpg_unknown", where, cpg=text))
    frame = _gdal(path, None, "ISO-8859-1", where, notes)
    texts = [c for c in frame.columns if c != frame.geometry.name and not _is_number(frame[c])]
    raw: set[bytes] = {str(c).encode("latin-1") for c in frame.columns}
    for column in texts:
        raw.update(v.encode("latin-1") for v in frame[column].unique() if isinstance(v, str))
    found = choose_encoding(
        (value for value in raw if not value.isascii()),
        setting=setting,
        cpg=cpg,
        dbf=parts[".dbf"],
    )
    if found.origin == "detected":
        key = "intake.encoding_detected" if found.stated is None else "intake.cpg_contradicted"
        notes.append(warning(key, where, encoding=found.name, cpg=found.stated))
    return _decoded(frame, texts, found.name, where), found.name


def _decoded(
    frame: gpd.GeoDataFrame, texts: Sequence[str], encoding: str, where: Where
) -> gpd.GeoDataFrame:
    faults: list[Fault] = []

    def text(value: object, row: int | None, header: str | None) -> str | None:
        if not isinstance(value, str):
            return None
        decoded = decode(value.encode("latin-1"), encoding)
        if decoded is None:
            at = Where(file=where.file, row=row, field=header)
            faults.append(error("intake.undecodable", at, encoding=encoding))
        return decoded

    names = {
        column: text(column, None, None) or column
        for column in frame.columns
        if column != frame.geometry.name
    }
    columns = {
        column: pd.Series(
            [text(value, row, names[column]) for row, value in enumerate(frame[column], start=1)],
            index=frame.index,
            dtype=object,
        )
        for column in texts
        # Dates arrive as dates, not as text, and stay.
        if not pd.api.types.is_datetime64_any_dtype(frame[column])
    }
    if faults:
        raise DataError(faults)
    return frame.assign(**columns).rename(columns=names)


def _parquet(path: Path, where: Where) -> gpd.GeoDataFrame:
    try:
        return gpd.read_parquet(path)
    except ValueError as cause:
        # Of a whole Parquet file without the "geo" metadata, and of a damaged one alike.
        key = "intake.no_geometry_column" if "geo" in str(cause).lower() else "intake.damaged"
        raise DataError([error(key, where, cause=str(cause))]) from cause
    except OSError as cause:
        raise DataError([error("intake.damaged", where, cause=str(cause))]) from cause


def _with_crs(
    frame: gpd.GeoDataFrame, path: Path, stated: str | None, where: Where, notes: list[Fault]
) -> gpd.GeoDataFrame:
    wanted: pyproj.CRS | None = None if stated is None else parse_crs(stated, where=where)
    silent = path.suffix.lower() in (".geojson", ".json") and not _states_crs(path)
    if frame.crs is not None and not silent:
        if wanted is not None and not wanted.equals(frame.crs, ignore_axis_order=True):
            params = {"stated": label(wanted), "found": label(frame.crs)}
            notes.append(warning("crs.contradiction", where, **params))
        return frame
    if wanted is not None:
        notes.append(warning("crs.stated", where, crs=label(wanted)))
        return frame.set_crs(wanted, allow_override=True)
    if silent and len(frame):
        bounds = [float(value) for value in frame.total_bounds]
        if any(abs(x) > 180 for x in bounds[::2]) or any(abs(y) > 90 for y in bounds[1::2]):
            shown = ", ".join(f"{value:.8g}" for value in bounds)
            raise DataError([error("crs.not_degrees", where, bounds=shown)])
    return frame


def _states_crs(path: Path) -> bool:
    """Tell whether a GeoJSON file has a ``crs`` member beside its features."""
    text = path.read_bytes()
    start, end = text.find(b'"features"'), text.rfind(b"]")
    beside = text[: max(start, 0)] + text[end + 1 :]
    return re.search(rb'"crs"\s*:\s*\{', beside) is not None


def _is_number(column: pd.Series) -> bool:
    return bool(is_numeric_dtype(column.dtype) or is_bool_dtype(column.dtype))


def _plain(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the frame with its geometry named so and texts as objects with None for missing."""
    if frame.geometry.name != "geometry":
        frame = frame.rename(columns={"geometry": "geometry_"}).rename_geometry("geometry")
    columns = {
        column: frame[column].astype(object).where(frame[column].notna(), None)
        for column in frame.columns
        if column != "geometry" and not _is_number(frame[column])
    }
    return frame.assign(**columns).reset_index(drop=True)

"""From files to the village table: everything is read, everything is checked, then one answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj

from liancun_geo.crs import parse_crs, range_fault
from liancun_geo.errors import DataError, Fault, Where, error, warning
from liancun_geo.intake.fields import RawTable, ignored_headers, map_headers, missing_named
from liancun_geo.intake.geometry import check_geometry, dissolve, working_geometry
from liancun_geo.intake.identity import (
    boundary_code_faults,
    complete_identities,
    first_values,
    parts_of_villages,
    unpadded_codes,
)
from liancun_geo.intake.joining import ReadTable, join_ledger
from liancun_geo.intake.layers import Layer, read_layer
from liancun_geo.intake.ledger import read_ledger
from liancun_geo.intake.values import read_values
from liancun_geo.settings import DataSettings, Settings
from liancun_geo.villages import FIELDS, Source, VillageTable

PathLike = Path | str


@dataclass
class _Found:
    """What has been read so far, and every fault met on the way."""

    layer: Layer | None = None
    ledgers: list[RawTable] = field(default_factory=list)
    sources: list[Source] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    complete: bool = True


class _Features(NamedTuple):
    """Features of the boundary layer with their attributes read."""

    table: ReadTable
    values: pd.DataFrame
    geometry: gpd.GeoSeries | None


def read_villages(
    boundaries: PathLike,
    ledger: PathLike | Sequence[PathLike] | None = None,
    *,
    settings: Settings = Settings(),
) -> VillageTable:
    """Read village boundaries and the ledger into one validated table.

    Parameters
    ----------
    boundaries
        Polygons of the villages: shapefile (``.shp``, a folder with one, or ``.zip``),
        GeoPackage, GeoJSON or GeoParquet, in any CRS the file or ``settings.data.crs`` states.
    ledger
        XLSX or CSV files with indicators, joined by village code, else by township and exact
        name. Attributes of the boundary layer are used alike; the ledger wins.
    settings
        ``data`` and ``fields`` are used.

    Returns
    -------
    VillageTable
        Polygons in a projected CRS in metres. Input files are never modified.

    Raises
    ------
    DataError
        With all faults at once, each with its place; warnings come along.
    """
    found = _Found()
    _read_boundaries(Path(boundaries), settings, found)
    for path in _paths(ledger):
        _read_ledger(path, settings, found)
    tables = [_layer_table(found.layer)] if found.layer is not None else []
    if found.complete:
        file = Where(file=Path(boundaries).name)
        found.faults.extend(missing_named([*tables, *found.ledgers], settings.fields, file))
    ledgers = [_parsed(table, settings, found.faults) for table in found.ledgers]
    if found.layer is None:
        raise DataError(found.faults)
    features = _features(found.layer, tables[0], settings, found.faults)
    return _table(features, ledgers, settings, found)


def read_barriers(paths: Sequence[PathLike], crs: pyproj.CRS | str) -> gpd.GeoSeries:
    """Read barrier layers (rivers, motorways) into one series.

    Parameters
    ----------
    paths
        Vector files of any geometry, each with its own CRS.
    crs
        CRS to return, usually that of ``VillageTable.frame``.

    Returns
    -------
    geopandas.GeoSeries
        In ``crs``, index 0 .. n-1, empty geometries left out. ``attrs["sources"]`` holds one
        :class:`~liancun_geo.villages.Source` a file, ``attrs["warnings"]`` what was noticed.

    Raises
    ------
    DataError
        With all faults of all files.
    """
    target = parse_crs(crs) if isinstance(crs, str) else crs
    parts: list[gpd.GeoSeries] = []
    sources: list[Source] = []
    faults: list[Fault] = []
    for path in map(Path, paths):
        where = Where(file=path.name)
        try:
            layer = read_layer(path, DataSettings(), role="barriers")
        except DataError as cause:
            faults.extend(cause.faults)
            continue
        sources.append(layer.source)
        faults.extend(layer.warnings)
        shapes = layer.frame.geometry
        shapes = shapes[~(shapes.isna() | shapes.is_empty)]
        if layer.frame.crs is None:
            faults.append(error("crs.missing", where))
            continue
        if not len(shapes):
            faults.append(warning("intake.barriers_empty", where))
            continue
        fault = range_fault([float(v) for v in shapes.total_bounds], layer.frame.crs, where)
        if fault is not None:
            faults.append(fault)
            continue
        parts.append(shapes.to_crs(target))
    _raise_errors(faults)
    shapes = [shape for part in parts for shape in part]
    series = gpd.GeoSeries(shapes, crs=target)
    series.attrs = {"sources": tuple(sources), "warnings": tuple(faults)}
    return series


def _paths(ledger: PathLike | Sequence[PathLike] | None) -> list[Path]:
    if ledger is None:
        return []
    return [Path(ledger)] if isinstance(ledger, str | Path) else [Path(path) for path in ledger]


def _raise_errors(faults: Sequence[Fault]) -> None:
    if any(fault.severity == "error" for fault in faults):
        raise DataError(faults)


def _read_boundaries(path: Path, settings: Settings, found: _Found) -> None:
    try:
        layer = read_layer(path, settings.data)
    except DataError as cause:
        found.faults.extend(cause.faults)
        found.complete = False
        return
    found.layer = layer
    found.sources.append(layer.source)
    found.faults.extend(layer.warnings)


def _read_ledger(path: Path, settings: Settings, found: _Found) -> None:
    try:
        tables, source, faults = read_ledger(path, settings)
    except DataError as cause:
        found.faults.extend(cause.faults)
        found.complete = False
        return
    found.ledgers.extend(tables)
    found.sources.append(source)
    found.faults.extend(faults)
    found.complete = found.complete and bool(tables)


def _layer_table(layer: Layer) -> RawTable:
    cells = pd.DataFrame(layer.frame.drop(columns="geometry"))
    headers = tuple(str(column) for column in cells.columns)
    rows = tuple(range(1, len(cells) + 1))
    return RawTable(Path(layer.source.path).name, None, headers, cells, rows)


def _parsed(table: RawTable, settings: Settings, faults: list[Fault]) -> ReadTable:
    columns, notes = map_headers(table, settings.fields)
    faults.extend(notes)
    values, notes = read_values(table, columns)
    faults.extend(notes)
    ignored = ignored_headers(table, settings.fields)
    if ignored:
        names = "、".join(ignored)
        faults.append(warning("intake.headers_ignored", table.where(), headers=names))
    if "code" in values:
        values["code"], notes = unpadded_codes(values["code"], table.where())
        faults.extend(notes)
    return ReadTable(table, columns, values)


def _features(layer: Layer, raw: RawTable, settings: Settings, faults: list[Fault]) -> _Features:
    """Read the attributes and check the geometry of the boundary layer."""
    where = raw.where()
    table = _parsed(raw, settings, faults)
    values = table.attributes.reindex(range(len(layer.frame)))
    if not len(layer.frame):
        faults.append(error("intake.no_villages", where))
        return _Features(table, values, None)
    if "code" in values:
        odd = boundary_code_faults(values["code"], table.where)
        # A damaged code has its own fault already and is not missing.
        faults.extend(
            fault
            for fault in odd
            if fault.key != "intake.code_missing"
            or table.is_blank((fault.where.row or 0) - 1, "code")
        )
    usable, notes = check_geometry(layer.frame.geometry, table.where)
    faults.extend(notes)
    if layer.frame.crs is None:
        faults.append(error("crs.missing", where))
        return _Features(table, values, None)
    if not usable.any():
        return _Features(table, values, None)
    positions = np.flatnonzero(usable)
    try:
        shapes, notes = working_geometry(
            layer.frame.geometry.iloc[positions],
            settings.data.projected_crs,
            where,
            lambda index: table.where(int(positions[index])),
        )
    except DataError as cause:
        faults.extend(cause.faults)
        return _Features(table, values, None)
    faults.extend(notes)
    # A feature without a usable geometry stops the work in the end; until then it keeps its
    # place, so that its other faults are found too.
    return _Features(table, values, shapes if usable.all() else None)


def _table(
    features: _Features, ledgers: list[ReadTable], settings: Settings, found: _Found
) -> VillageTable:
    table, values, geometry = features
    faults = found.faults
    _require_identity(table, faults)
    groups, notes = parts_of_villages(values, table.where)
    faults.extend(notes)
    villages = first_values(values, groups)
    heads = [group[0] for group in groups]
    kept = list(range(len(villages)))
    excluded: list[Fault] = []
    if ledgers:
        joined = join_ledger(
            villages, ledgers, lambda p: table.where(heads[p]), settings.data.on_unmatched
        )
        villages, kept, excluded = joined.attributes, joined.kept, joined.excluded
        faults.extend(joined.faults)
    villages = villages.iloc[kept].reset_index(drop=True)
    if values.shape[0] and not len(villages):
        faults.append(error("intake.nothing_left", table.raw.where()))
    places = [heads[position] for position in kept]
    villages, notes = complete_identities(
        villages, lambda p: table.where(places[p]), table.raw.where()
    )
    faults.extend(notes)
    _raise_errors(faults)
    if geometry is None:
        raise AssertionError("unusable geometry without a fault")
    shapes = dissolve(geometry, [groups[position] for position in kept])
    frame = gpd.GeoDataFrame(_typed(villages), geometry=shapes, crs=geometry.crs)
    return VillageTable(frame, tuple(found.sources), tuple(faults), tuple(excluded))


def _require_identity(table: ReadTable, faults: list[Fault]) -> None:
    """Stop at a layer that names its villages by nothing: it cannot be joined or shown."""
    unclear = any(fault.key == "intake.headers_ambiguous" for fault in faults)
    if not {"code", "name"} & set(table.columns) and len(table.attributes) and not unclear:
        headers = "、".join(table.raw.headers)
        faults.append(error("intake.no_identity", table.raw.where(), headers=headers))
        _raise_errors(faults)


def _typed(values: pd.DataFrame) -> pd.DataFrame:
    """Return every column of :data:`~liancun_geo.villages.FIELDS` in its type."""
    columns = {}
    for name, known in FIELDS.items():
        numeric = known.kind in ("number", "year")
        cells = values[name] if name in values else [np.nan if numeric else None] * len(values)
        if known.kind == "flag":
            columns[name] = pd.Series(cells, dtype=object).astype("boolean")
        else:
            columns[name] = pd.Series(cells, dtype=np.float64 if numeric else object)
    return pd.DataFrame(columns)

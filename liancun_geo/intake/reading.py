"""From files to the village table: everything is read, everything is checked, then one answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from liancun_geo.decisions import Replay
from liancun_geo.errors import DataError, Fault, Where, error, warning
from liancun_geo.intake.identities.code_faults import settled_codes, without_mended
from liancun_geo.intake.identities.codes import doubtful_codes
from liancun_geo.intake.identities.identity import (
    boundary_code_faults,
    complete_identities,
    first_values,
    parts_of_villages,
    told_apart,
    unpadded_codes,
)
from liancun_geo.intake.identities.joining import Joined, exclude_decided, join_ledger
from liancun_geo.intake.identities.left_out import left_out_features, still_open
from liancun_geo.intake.identities.proposals import Proposals
from liancun_geo.intake.identities.read_table import ReadTable, decided_identities
from liancun_geo.intake.identities.townships import Townships
from liancun_geo.intake.ledgers.fields import (
    RawTable,
    ignored_headers,
    known_headers,
    map_headers,
    missing_named,
)
from liancun_geo.intake.ledgers.ledger import read_ledger
from liancun_geo.intake.ledgers.outliers import find_outliers, left_out_records
from liancun_geo.intake.ledgers.plausibility import implausible
from liancun_geo.intake.ledgers.values import read_values
from liancun_geo.intake.vector.dbf import completions
from liancun_geo.intake.vector.geometry import check_geometry, dissolve, working_geometry
from liancun_geo.intake.vector.layers import Layer, read_layer
from liancun_geo.messages import Listing
from liancun_geo.settings import Settings
from liancun_geo.units import M2_PER_MU
from liancun_geo.villages import FIELDS, Source, VillageTable

PathLike = Path | str


@dataclass(eq=False)
class Reading:
    """Everything that was read, usable or not, and every fault met on the way.

    Attributes
    ----------
    settings, replay
        How it was read, and the decisions that were replayed.
    layer
        The boundary layer as it stands in the file; None if it cannot be read.
    features
        Its attributes, read; one row a feature.
    geometry
        Its usable polygons, projected in metres and valid; the index is the position of the
        feature. None if nothing can be projected.
    groups
        Positions of the features of each village.
    left_out
        Positions of the features that people do not want used.
    ledgers
        Tables of the ledger with their values.
    joined
        Villages with what the ledger says of them; one row a group.
    villages
        The validated table; None if there is an error among ``faults``.
    accepted
        Warnings that a person has accepted as they are; not among ``faults``.
    files
        Names of all files that the call or the settings name, read or not.
    """

    settings: Settings
    replay: Replay
    layer: Layer | None = None
    features: ReadTable | None = None
    geometry: gpd.GeoSeries | None = None
    groups: list[list[int]] = field(default_factory=list)
    left_out: tuple[int, ...] = ()
    ledgers: list[ReadTable] = field(default_factory=list)
    joined: Joined | None = None
    villages: VillageTable | None = None
    sources: list[Source] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    accepted: list[Fault] = field(default_factory=list)
    files: frozenset[str] = frozenset()


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
        ``data``, ``fields`` and ``decisions`` are used.

    Returns
    -------
    VillageTable
        Polygons in a projected CRS in metres. Input files are never modified.

    Raises
    ------
    DataError
        With all faults at once, each with its place; warnings come along.
    """
    reading = read_all(boundaries, ledger, settings=settings)
    if reading.villages is None:
        raise DataError(reading.faults)
    return reading.villages


def read_all(
    boundaries: PathLike,
    ledger: PathLike | Sequence[PathLike] | None = None,
    *,
    settings: Settings = Settings(),
) -> Reading:
    """Read as much as can be read, as :func:`read_villages` does, and raise nothing.

    Returns
    -------
    Reading
        With the faults of all files; ``villages`` is None if one of them is an error.
    """
    paths = [boundaries, *_paths(ledger), *settings.side_layers]
    reading = Reading(settings, Replay(settings.decisions))
    reading.files = frozenset(Path(path).name for path in paths)
    _read_boundaries(Path(boundaries), reading)
    raw: list[RawTable] = []
    read = [_read_ledger(path, reading, raw) for path in _paths(ledger)]
    layer_table = None if reading.layer is None else _layer_table(reading.layer)
    if all(read) and layer_table is not None:
        file = Where(file=Path(boundaries).name)
        reading.faults.extend(missing_named([layer_table, *raw], settings.fields, file))
    reading.ledgers = [_parsed(table, reading) for table in raw]
    if reading.layer is not None and layer_table is not None:
        _read_features(reading.layer, layer_table, reading)
        _make_table(reading)
    else:
        reading.faults.extend(reading.replay.contradictions())
    _set_accepted_aside(reading)
    return reading


def _paths(ledger: PathLike | Sequence[PathLike] | None) -> list[Path]:
    if ledger is None:
        return []
    return [Path(ledger)] if isinstance(ledger, str | Path) else [Path(path) for path in ledger]


def _read_boundaries(path: Path, reading: Reading) -> None:
    try:
        layer = read_layer(path, reading.settings.data, replay=reading.replay)
    except DataError as cause:
        reading.faults.extend(cause.faults)
        return
    reading.layer = layer
    reading.sources.append(layer.source)
    reading.faults.extend(layer.warnings)


def _read_ledger(path: Path, reading: Reading, tables: list[RawTable]) -> bool:
    """Read one ledger file and tell whether it has tables."""
    try:
        found, source, faults = read_ledger(path, reading.settings, replay=reading.replay)
    except DataError as cause:
        reading.faults.extend(cause.faults)
        return False
    tables.extend(found)
    reading.sources.append(source)
    reading.faults.extend(faults)
    return bool(found)


def _layer_table(layer: Layer) -> RawTable:
    cells = pd.DataFrame(layer.frame.drop(columns="geometry"))
    headers = tuple(str(column) for column in cells.columns)
    rows = tuple(range(1, len(cells) + 1))
    cut = completions(headers, layer.source.encoding or "", known_headers()) if layer.is_dbf else {}
    return RawTable(Path(layer.source.path).name, None, headers, cells, rows, cut=cut)


def _parsed(table: RawTable, reading: Reading) -> ReadTable:
    named, faults = reading.settings.fields, reading.faults
    columns, notes = map_headers(table, named, replay=reading.replay)
    faults.extend(notes)
    values, notes = read_values(table, columns, replay=reading.replay)
    faults.extend(notes)
    ignored = ignored_headers(table, named, replay=reading.replay)
    if ignored:
        names = Listing(ignored)
        faults.append(warning("intake.headers_ignored", table.where(), headers=names))
    if "code" in values:
        values["code"], notes = unpadded_codes(values["code"], table.where())
        faults.extend(notes)
    decided = decided_identities(ReadTable(table, columns, values), reading.replay)
    faults[:] = without_mended(faults, decided)
    return decided


def _read_features(layer: Layer, raw: RawTable, reading: Reading) -> None:
    """Read the attributes and check the geometry of the boundary layer."""
    where, faults = raw.where(), reading.faults
    table = _parsed(raw, reading)
    reading.features = table
    reading.left_out = left_out_features(table, reading.replay)
    if not len(layer.frame):
        faults.append(error("intake.no_villages", where))
        return
    if "code" in table.attributes:
        odd = boundary_code_faults(table.attributes["code"], table.where)
        # A damaged code has its own fault already and is not missing.
        faults.extend(
            fault
            for fault in odd
            if fault.key != "intake.code_missing"
            or table.is_blank((fault.where.row or 0) - 1, "code")
        )
    usable, notes = check_geometry(layer.frame.geometry, table.where)
    faults[:] = still_open([*faults, *notes], table, reading.left_out, reading.replay)
    if layer.frame.crs is None or not layer.sound or not usable.any():
        return
    positions = np.flatnonzero(usable)
    try:
        shapes, notes = working_geometry(
            layer.frame.geometry.iloc[positions],
            reading.settings.data.projected_crs,
            where,
            lambda index: table.where(int(positions[index])),
        )
    except DataError as cause:
        faults.extend(cause.faults)
        return
    faults.extend(still_open(notes, table, reading.left_out, reading.replay))
    reading.geometry = shapes.set_axis(positions)


def _make_table(reading: Reading) -> None:
    """Join the ledger to the features and, if nothing stands against it, make the table."""
    table, faults = reading.features, reading.faults
    if table is None:
        return
    proposals = Proposals(table, reading.geometry, reading.replay)
    if not _has_identity(table, faults):
        faults[:] = [*proposals.on(faults), *reading.replay.contradictions()]
        return
    joined = _join(reading, table)
    heads = [group[0] for group in reading.groups]
    towns = Townships(
        joined, reading.groups, reading.geometry, lambda p: table.where(heads[p]), reading.replay
    )
    towns.settle()
    faults.extend(towns.faults(proposals.unused, table.raw.file))
    _look_at_figures(reading, joined)
    villages = _identified(reading, table, joined)
    faults[:] = proposals.on(faults)
    faults.extend(reading.replay.contradictions())
    if any(fault.severity == "error" for fault in faults):
        return
    _set_accepted_aside(reading)
    faults.extend(reading.replay.notices(examined=False, read=reading.files))
    if reading.geometry is None:
        raise AssertionError("unusable geometry without a fault")
    shapes = dissolve(reading.geometry, [reading.groups[position] for position in joined.kept])
    frame = gpd.GeoDataFrame(_typed(villages), geometry=shapes, crs=reading.geometry.crs)
    reading.villages = VillageTable(
        frame, tuple(reading.sources), tuple(faults), tuple(joined.excluded)
    )


def _join(reading: Reading, table: ReadTable) -> Joined:
    """Put the parts of each village together and the rows of the ledger to the villages."""
    faults, replay, left_out = reading.faults, reading.replay, reading.left_out
    values = table.attributes.reindex(range(len(table.raw.cells)))
    values = told_apart(values, table.where, replay)
    groups, notes = parts_of_villages(values, table.where, replay=replay, left_out=left_out)
    faults.extend(notes)
    reading.groups = groups
    villages = first_values(values, groups)

    def where_of(position: int) -> Where:
        return table.where(groups[position][0])

    if reading.ledgers:
        on_unmatched = reading.settings.data.on_unmatched
        joined = join_ledger(villages, reading.ledgers, where_of, on_unmatched, replay=replay)
        faults[:] = settled_codes(faults, table, groups, reading.ledgers, joined)
        faults.extend(joined.faults)
    else:
        joined = Joined(villages, list(range(len(villages))))
        exclude_decided(joined, where_of, replay)
    joined.excluded.extend(
        warning("names.village_excluded", table.where(feature)) for feature in left_out
    )
    reading.joined = joined
    return joined


def _identified(reading: Reading, table: ReadTable, joined: Joined) -> pd.DataFrame:
    """Return the villages that are kept, with names and codes that are whole or a fault."""
    faults = reading.faults
    villages = joined.attributes.iloc[joined.kept].reset_index(drop=True)
    if table.raw.cells.shape[0] and not len(villages):
        faults.append(error("intake.nothing_left", table.raw.where()))
    places = [reading.groups[position][0] for position in joined.kept]

    def where_of(position: int) -> Where:
        return table.where(places[position])

    villages, notes = complete_identities(villages, where_of, table.raw.where())
    faults.extend(notes)
    faults.extend(doubtful_codes(villages, where_of, table.raw.where()))
    return villages


def _look_at_figures(reading: Reading, joined: Joined) -> None:
    """Ask about figures that seem to be off by a factor, and tell those that hardly fit."""
    area_mu = np.full(len(reading.groups), np.nan)
    if reading.geometry is not None:
        area_of = (reading.geometry.area / M2_PER_MU).to_dict()
        parts = [[area_of.get(feature, np.nan) for feature in group] for group in reading.groups]
        area_mu = np.array([sum(areas) for areas in parts], dtype=np.float64)
    known = area_mu[~np.isnan(area_mu)]
    left_out = left_out_records(joined, reading.ledgers, reading.groups)
    reading.faults.extend(find_outliers(reading.ledgers, reading.features, known, left_out))
    # With several files, any of them may be the one to correct.
    files = {table.raw.file for table in (*reading.ledgers, reading.features) if table is not None}
    place = Where(file=files.pop()) if len(files) == 1 else Where()
    reading.faults.extend(implausible(joined.attributes, area_mu, place))


def _set_accepted_aside(reading: Reading) -> None:
    """Take the warnings that a person has accepted out of the faults."""
    accepted = [f for f in reading.faults if f.severity == "warning" and reading.replay.accepts(f)]
    if accepted:
        reading.accepted.extend(accepted)
        settled = {id(fault) for fault in accepted}
        reading.faults[:] = [fault for fault in reading.faults if id(fault) not in settled]


def _has_identity(table: ReadTable, faults: list[Fault]) -> bool:
    """Tell whether the layer names its villages; else it cannot be joined or shown."""
    if {"code", "name"} & set(table.columns) or not len(table.raw.cells):
        return True
    if not any(fault.key == "intake.headers_ambiguous" for fault in faults):
        headers = Listing(table.raw.headers)
        faults.append(error("intake.no_identity", table.raw.where(), headers=headers))
    return False


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

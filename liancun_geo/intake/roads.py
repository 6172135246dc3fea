"""Layers around the villages: barriers, bridges, roads, seats of villages."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely

from liancun_geo.crs import label, range_fault
from liancun_geo.decisions import Replay
from liancun_geo.errors import DataError, Fault, Where, error, warning
from liancun_geo.intake.vector.layers import Layer, read_layer
from liancun_geo.intake.vector.placing import around
from liancun_geo.messages import Listing
from liancun_geo.settings import DataSettings, Settings, TravelSettings
from liancun_geo.speeds import class_name, known_class
from liancun_geo.villages import Role, Source, VillageTable

CLASS_HEADERS = (
    "highway",
    "fclass",
    "道路等级",
    "公路等级",
    "行政等级",
    "技术等级",
    "等级",
    "道路类型",
    "道路类别",
    "road_class",
    "roadclass",
    "road_type",
    "class",
    "type",
    "类型",
    "路线编号",
    "路线编码",
    "ref",
)
"""Headers under which road layers keep the class, the likeliest first."""

MARGIN_M = 20_000.0
"""Roads farther than this from the county are left aside: a province's layer may be given."""
MOST_VERTICES = 5_000_000

_LINES = ("LineString", "MultiLineString", "LinearRing")


@dataclass(frozen=True, eq=False)
class Surroundings:
    """What lies around the villages, in their CRS; None where the settings name nothing.

    Attributes
    ----------
    barriers, bridges
        Geometries of any kind.
    roads
        LineStrings with the column ``road_class`` (text, None where missing).
    seats
        Points.
    """

    barriers: gpd.GeoSeries | None = None
    bridges: gpd.GeoSeries | None = None
    roads: gpd.GeoDataFrame | None = None
    seats: gpd.GeoSeries | None = None


def read_surroundings(
    settings: Settings, folder: Path | str, villages: VillageTable
) -> tuple[VillageTable, Surroundings]:
    """Read every layer that the settings name beside the boundaries.

    Parameters
    ----------
    settings
        ``contiguity``, ``travel`` and ``decisions`` are used.
    folder
        Where relative paths start.
    villages
        Their CRS is used, and where they lie.

    Returns
    -------
    VillageTable
        With the sources and warnings of these layers.
    Surroundings
        The layers.

    Raises
    ------
    DataError
        With all faults of all files.
    """
    if not settings.side_layers:
        return villages, Surroundings()
    replay = Replay(settings.decisions)
    reader = _Reader(villages.frame, Path(folder), replay)
    found = _read_all(reader, settings)
    applied = [n for n in replay.notices() if n.key == "decisions.applied"]
    known = {
        notice.params["decision"]
        for notice in (*applied, *villages.warnings)
        if notice.key == "decisions.applied"
    }
    known.update(
        fault.params["decision"]
        for fault in reader.faults
        if fault.key == "layers.crs_of_other_content"
    )
    # A decision on a road layer finds no place in the boundaries; one on them none here.
    own = [
        notice
        for notice in villages.warnings
        if not notice.key.startswith("decisions.unused") or notice.params["decision"] not in known
    ]
    told = {notice.params["decision"] for notice in own if notice.key == "decisions.applied"}
    more = [notice for notice in applied if notice.params["decision"] not in told]
    return (
        replace(
            villages,
            sources=(*villages.sources, *reader.sources),
            warnings=(*own, *reader.faults, *more),
        ),
        found,
    )


def _read_all(reader: _Reader, settings: Settings) -> Surroundings:
    contiguity, travel = settings.contiguity, settings.travel
    barriers = reader.layers(contiguity.barriers, "barriers")
    bridges = reader.layers(contiguity.bridges, "bridges")
    parts = [reader.roads(path, travel) for path in travel.roads]
    roads = [part for part in parts if part is not None]
    seats = reader.layers(() if travel.seats is None else (travel.seats,), "seats")
    reader.check_size(roads)
    if contiguity.bridges and not (contiguity.barriers or contiguity.drawn_barriers):
        field = Where(field="contiguity.bridges")
        reader.faults.append(warning("roads.bridges_without_barriers", field))
    if any(fault.severity == "error" for fault in reader.faults):
        raise DataError(reader.faults)
    return Surroundings(
        reader.series(barriers) if contiguity.barriers else None,
        reader.series(bridges) if contiguity.bridges else None,
        pd.concat(roads, ignore_index=True) if roads else None,
        reader.series(seats) if travel.seats is not None else None,
    )


class _Reader:
    """Reads layer after layer and gathers sources and faults."""

    def __init__(self, frame: gpd.GeoDataFrame, folder: Path, replay: Replay) -> None:
        self.crs: pyproj.CRS = frame.crs
        self.around = around(frame)
        self.folder = folder
        self.replay = replay
        self.county = shapely.box(*frame.total_bounds) if len(frame) else shapely.Polygon()
        self.sources: list[Source] = []
        self.faults: list[Fault] = []

    def layers(self, paths: Iterable[str], role: Role) -> list[gpd.GeoSeries]:
        """Read layers of any geometry."""
        parts = []
        for path in paths:
            layer = self._layer(path, role)
            shapes = None if layer is None else self._projected(layer, role)
            if shapes is None:
                continue
            if role == "seats":
                shapes = self._only(shapes, ("Point", "MultiPoint"), "roads.no_points", path)
                shapes = shapes.explode(index_parts=False)
            parts.append(shapes)
        return parts

    def roads(self, path: str, settings: TravelSettings) -> gpd.GeoDataFrame | None:
        """Read one layer of roads."""
        layer = self._layer(path, "roads")
        if layer is None:
            return None
        classes = self._classes(layer, settings)
        shapes = self._projected(layer, "roads")
        if shapes is None:
            return None
        shapes = self._only(shapes, _LINES, "roads.no_lines", path)
        if not len(shapes):
            return None
        near = shapes[shapes.intersects(self.county.buffer(MARGIN_M))]
        if not len(near):
            self.faults.append(self._elsewhere(shapes, Where(file=Path(path).name)))
            return None
        roads = gpd.GeoDataFrame({"road_class": classes.loc[near.index]}, geometry=near)
        roads = roads.explode(index_parts=False)
        return roads[roads.geometry.length > 0]

    def series(self, parts: list[gpd.GeoSeries]) -> gpd.GeoSeries:
        """Return all shapes of one role."""
        return gpd.GeoSeries([shape for part in parts for shape in part], crs=self.crs)

    def check_size(self, roads: list[gpd.GeoDataFrame]) -> None:
        """Refuse more vertices than any county has."""
        count = sum(int(shapely.get_num_coordinates(part.geometry.array).sum()) for part in roads)
        if count > MOST_VERTICES:
            self.faults.append(
                error(
                    "roads.too_large", Where(field="travel.roads"), count=count, limit=MOST_VERTICES
                )
            )

    def _layer(self, path: str, role: Role) -> Layer | None:
        try:
            layer = read_layer(
                self.folder / path,
                DataSettings(),
                role=role,
                replay=self.replay,
                beside=self.around,
            )
        except DataError as cause:
            # Of boundaries, the sentence tells to name the layer in [data].
            self.faults += [
                error("roads.several_layers", fault.where, **fault.params)
                if fault.key == "intake.several_layers"
                else fault
                for fault in cause.faults
            ]
            return None
        self.sources.append(layer.source)
        self.faults += layer.warnings
        if not layer.sound:
            return None
        if layer.frame.crs is None:
            # Nothing in it has a place.
            self.faults.append(error("roads.no_crs", Where(file=Path(path).name)))
            return None
        return layer

    def _projected(self, layer: Layer, role: Role) -> gpd.GeoSeries | None:
        """Return the usable shapes of a layer in the county's CRS, flat; None after a fault."""
        where = Where(file=Path(layer.source.path).name)
        shapes = layer.frame.geometry
        shapes = shapes[~(shapes.isna() | shapes.is_empty)]
        finite = np.isfinite(shapes.bounds.to_numpy()).all(axis=1)
        if not finite.all():
            count = int((~finite).sum())
            self.faults.append(warning("roads.not_finite", where, count=count))
            shapes = shapes[finite]
        if not len(shapes):
            key = "intake.barriers_empty" if role == "barriers" else "roads.empty"
            grave = role in ("roads", "seats")
            self.faults.append(error(key, where) if grave else warning(key, where))
            return None
        fault = range_fault([float(v) for v in shapes.total_bounds], shapes.crs, where)
        if fault is not None:
            self.faults.append(fault)
            return None
        projected = gpd.GeoSeries(
            shapely.force_2d(shapes.array), index=shapes.index, crs=shapes.crs
        ).to_crs(self.crs)
        if not np.isfinite(projected.total_bounds).all():
            self.faults.append(error("crs.no_image", where, crs=label(self.crs)))
            return None
        return projected

    def _only(
        self, shapes: gpd.GeoSeries, kinds: tuple[str, ...], key: str, path: str
    ) -> gpd.GeoSeries:
        """Return the shapes of some kinds; a layer without any is an error."""
        where = Where(file=Path(path).name)
        fitting = shapes.geom_type.isin(kinds)
        if not fitting.any():
            found = Listing(sorted(shapes.geom_type.unique()))
            self.faults.append(error(key, where, found=found))
        elif not fitting.all():
            count = int((~fitting).sum())
            self.faults.append(warning("roads.others_left_out", where, count=count))
        return shapes[fitting]

    def _elsewhere(self, shapes: gpd.GeoSeries, where: Where) -> Fault:
        def lon_lat(box: shapely.Geometry) -> str:
            center = gpd.GeoSeries([shapely.centroid(box)], crs=self.crs).to_crs("EPSG:4326")
            return f"{center.x.iloc[0]:.4f}, {center.y.iloc[0]:.4f}"

        found = lon_lat(shapely.box(*shapes.total_bounds))
        return error("roads.elsewhere", where, found=found, county=lon_lat(self.county))

    def _classes(self, layer: Layer, settings: TravelSettings) -> pd.Series:
        """Return the class of every feature as text, None where missing."""
        where = Where(file=Path(layer.source.path).name)
        cells = layer.frame.drop(columns=layer.frame.geometry.name)
        nothing = pd.Series([None] * len(cells), index=cells.index, dtype=object)
        wanted = settings.class_field
        if wanted is not None:
            if wanted not in cells.columns:
                headers = Listing(map(str, cells.columns)) or "—"
                self.faults.append(
                    error("roads.class_field_missing", where, field=wanted, headers=headers)
                )
                return nothing
            return _texts(cells[wanted])
        by_name = {class_name(column): column for column in cells.columns}
        usual = [by_name[name] for name in CLASS_HEADERS if name in by_name]
        columns = {name: _texts(cells[name]) for name in usual}
        telling = [
            name
            for name, texts in columns.items()
            if any(known_class(text, settings.speeds_km_h) for text in texts.dropna().unique())
        ]
        if not telling:
            if usual:
                names = Listing(map(str, usual))
                self.faults.append(warning("roads.class_field_unclear", where, fields=names))
            return columns[usual[0]] if usual else nothing
        if len(telling) > 1:
            others = Listing(map(str, telling[1:]))
            self.faults.append(
                warning("roads.class_field_chosen", where, field=telling[0], others=others)
            )
        return columns[telling[0]]


def _texts(cells: pd.Series) -> pd.Series:
    """Return trimmed texts, None for missing and empty ones."""
    texts = [
        None if value is None or pd.isna(value) else str(value).strip() or None for value in cells
    ]
    return pd.Series(texts, index=cells.index, dtype=object)

"""Lists and layers of enterprises, parks, institutions, resettlement sites and communities."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from liancun_geo.crs import range_fault
from liancun_geo.decisions import Replay
from liancun_geo.errors import DataError, Fault, Where, error, warning
from liancun_geo.intake.identities.names import village_forms
from liancun_geo.intake.identities.register import Register
from liancun_geo.intake.place_effects import extended
from liancun_geo.intake.place_tables import Record, layer_records, list_records
from liancun_geo.intake.vector.layers import read_layer
from liancun_geo.intake.vector.placing import around
from liancun_geo.places import Place
from liancun_geo.settings import DataSettings, Settings
from liancun_geo.villages import Source, VillageTable

LISTS = (".xlsx", ".xlsm", ".xls", ".csv", ".txt", ".tsv")
"""Endings of files of rows; anything else is a layer."""
DEGREES = "EPSG:4490"
"""CRS of the columns 经度 and 纬度: CGCS2000, within a metre of WGS 84."""

_LISTED = 8


def read_places(settings: Settings, folder: Path | str, villages: VillageTable) -> VillageTable:
    """Read every file of places that the settings name, and find the village of each place.

    Parameters
    ----------
    settings
        ``data.places``, ``places`` and ``decisions`` are used.
    folder
        Where relative paths start.
    villages
        The villages of the county, in a projected CRS in metres; not changed.

    Returns
    -------
    VillageTable
        With ``places``, their sources and what was noticed; ``enterprises`` and ``resettlement``
        are extended by what was read. A village that the ledger says has none keeps that, and
        the place does not count, unless ``places.over_ledger``; either is told.

    Raises
    ------
    DataError
        With all faults of all files.
    """
    if not settings.data.places:
        return villages
    reader = _Reader(villages, settings, Path(folder))
    places = [place for path in settings.data.places for place in reader.read(path)]
    if any(fault.severity == "error" for fault in reader.faults):
        raise DataError(reader.faults)
    places = reader.without_repeats(places)
    frame, places, notes = extended(villages, places, settings.places)
    known = {f.params["decision"] for f in villages.warnings if f.key == "decisions.applied"}
    applied = [f for f in reader.replay.notices() if f.key == "decisions.applied"]
    of_others = (f for f in reader.faults if f.key == "layers.crs_of_other_content")
    used = {fault.params["decision"] for fault in (*applied, *of_others)}
    kept = [
        fault
        for fault in villages.warnings
        # A decision on a layer of places finds no place in the boundaries.
        if not fault.key.startswith("decisions.unused") or fault.params["decision"] not in used
    ]
    more = [fault for fault in applied if fault.params["decision"] not in known]
    return replace(
        villages,
        frame=frame,
        sources=(*villages.sources, *reader.sources),
        warnings=(*kept, *reader.faults, *more, *notes),
        places=(*villages.places, *places),
    )


@dataclass(frozen=True, slots=True)
class _Spot:
    """The village of a point, and how far it is."""

    village: int
    distance_m: float


class _Reader:
    """Reads file after file and gathers sources and faults."""

    def __init__(self, villages: VillageTable, settings: Settings, folder: Path) -> None:
        self.villages, self.settings, self.folder = villages, settings.places, folder
        self.replay = Replay(settings.decisions)
        frame = villages.frame
        identity = ["code", "name", "township", "township_code"]
        texts = pd.DataFrame({n: frame[n].astype(object) for n in identity if n in frame})
        self.register = Register(texts.where(texts.notna(), None))
        self.excluded = {f.where.code for f in villages.excluded if f.where.code}
        self.shapes = frame.geometry.to_numpy()
        self.tree = shapely.STRtree(self.shapes)
        self.sources: list[Source] = []
        self.faults: list[Fault] = []

    def read(self, path: str) -> list[Place]:
        """Read one file."""
        file = self.folder / path
        try:
            if file.suffix.lower() in LISTS:
                records, source, notes = list_records(file, self.settings)
                degrees = [(r.lon, r.lat) for r in records]
                points = self._projected(degrees)
            else:
                records, source, notes, points = self._layer(file)
        except DataError as cause:
            # Of boundaries, the sentence tells to name the layer in [data].
            self.faults += [
                error("roads.several_layers", fault.where, **fault.params)
                if fault.key == "intake.several_layers"
                else fault
                for fault in cause.faults
            ]
            return []
        self.sources.append(source)
        self.faults += notes
        is_layer = file.suffix.lower() not in LISTS
        found = [
            self._placed(record, point, is_layer)
            for record, point in zip(records, points, strict=True)
        ]
        places = [place for place in found if place is not None]
        self._sum_up(file.name, records, places, is_layer)
        return places

    def without_repeats(self, places: Sequence[Place]) -> list[Place]:
        """Return every place once; a repeated one keeps the industries of both."""
        first: dict[tuple[str, str, int], Place] = {}
        for place in places:
            key = (place.name, place.kind, place.village)
            if key not in first:
                first[key] = place
                continue
            before = first[key]
            where = Where(file=place.file, row=place.row)
            other = str(before.row) if before.row is not None else "—"
            params = {"name": place.name, "file": before.file or "", "row": other}
            self.faults.append(warning("places.repeated", where, **params))
            tags = dict.fromkeys((*(before.industries or ()), *(place.industries or ())))
            known = before.industries is not None or place.industries is not None
            first[key] = replace(
                before,
                industries=tuple(tags) if known else None,
                point=before.point or place.point,
            )
        return list(first.values())

    def _layer(
        self, file: Path
    ) -> tuple[list[Record], Source, list[Fault], list[tuple[float, float] | None]]:
        beside = around(self.villages.frame)
        layer = read_layer(file, DataSettings(), role="places", replay=self.replay, beside=beside)
        where = Where(file=file.name)
        shapes = layer.frame.geometry
        if not layer.sound:
            raise DataError(layer.warnings)
        if shapes.crs is None:
            raise DataError([*layer.warnings, error("roads.no_crs", where)])
        records, notes = layer_records(layer, self.settings)
        usable = ~(shapes.isna() | shapes.is_empty)
        usable &= np.isfinite(shapes.bounds.to_numpy()).all(axis=1)
        if usable.any():
            bounds = [float(v) for v in shapes[usable].total_bounds]
            fault = range_fault(bounds, shapes.crs, where)
            if fault is not None:
                raise DataError([*notes, fault])
        others = usable & ~shapes.geom_type.isin(["Point", "MultiPoint"])
        if others.any():
            notes.append(warning("places.not_points", where, count=int(others.sum())))
        flat = gpd.GeoSeries(shapely.force_2d(shapes.array), crs=shapes.crs)
        flat = flat.to_crs(self.villages.frame.crs)
        points: list[tuple[float, float] | None] = []
        for shape, fits in zip(flat, usable, strict=True):
            spot = shapely.point_on_surface(shape) if fits else None
            sound = spot is not None and not spot.is_empty and math.isfinite(spot.x + spot.y)
            points.append((float(spot.x), float(spot.y)) if sound and spot is not None else None)
        return records, layer.source, notes, points

    def _projected(
        self, degrees: Sequence[tuple[float | None, float | None]]
    ) -> list[tuple[float, float] | None]:
        points: list[tuple[float, float] | None] = [None] * len(degrees)
        known = [i for i, (lon, lat) in enumerate(degrees) if lon is not None and lat is not None]
        if not known:
            return points
        x = [degrees[i][0] for i in known]
        y = [degrees[i][1] for i in known]
        series = gpd.GeoSeries.from_xy(x, y, crs=DEGREES).to_crs(self.villages.frame.crs)
        for i, point in zip(known, series, strict=True):
            if math.isfinite(point.x) and math.isfinite(point.y):
                points[i] = (float(point.x), float(point.y))
        return points

    def _placed(
        self, record: Record, point: tuple[float, float] | None, is_layer: bool
    ) -> Place | None:
        """Return a record at its village; None after a fault, or if it lies elsewhere."""
        if record.kind is None or record.name is None:
            return None
        spot = None if point is None else self._spot(point)
        place = Place(
            record.name,
            record.kind,
            -1,
            record.industries,
            point=point,
            file=record.where.file,
            row=record.where.row,
        )
        if record.states_village and not is_layer:
            return self._stated(record, place, spot)
        if point is None:
            if not record.faulty:
                key = "places.no_geometry" if is_layer else "places.no_location"
                self.faults.append(error(key, record.where, name=record.name))
            return None
        if spot is None or spot.distance_m > self.settings.tolerance_m:
            if not is_layer:
                self.faults.append(self._too_far(record, spot))
            return None
        if spot.distance_m == 0:
            return replace(place, village=spot.village, how="inside")
        self.faults.append(
            warning(
                "places.near",
                record.where,
                name=record.name,
                village=self._name(spot.village),
                distance=f"{spot.distance_m:.0f}",
            )
        )
        return replace(place, village=spot.village, how="near", distance_m=spot.distance_m)

    def _stated(self, record: Record, place: Place, spot: _Spot | None) -> Place | None:
        """Return a place at the village that its row states."""
        if record.village_code is not None:
            village = self._by_code(record)
            how = "code"
        else:
            village = self._by_name(record)
            how = "name"
        if village is None:
            return None
        place = replace(place, village=village, how="code" if how == "code" else "name")
        if place.point is None:
            return place
        away = float(shapely.distance(self.shapes[village], shapely.Point(place.point)))
        if away <= self.settings.tolerance_m:
            return place
        # The village is what a person wrote down; coordinates are copied from somewhere.
        params = {"name": place.name, "village": self._name(village), "distance": f"{away:.0f}"}
        key = "places.point_elsewhere" if spot is None else "places.point_in_other"
        if spot is not None:
            params["other"] = self._name(spot.village)
        self.faults.append(warning(key, record.where, **params))
        return replace(place, point=None)

    def _by_code(self, record: Record) -> int | None:
        code = record.village_code or ""
        village = self.register.by_code.get(code)
        if village is None:
            key = "places.village_excluded" if code in self.excluded else "places.code_unknown"
            make = warning if code in self.excluded else error
            self.faults.append(make(key, record.where, name=record.name, code=code))
        return village

    def _by_name(self, record: Record) -> int | None:
        """Return the one village of a township and name; anything less is a fault."""
        name, township = record.village or "", record.township
        towns: tuple[int, ...] = ()
        if township is not None:
            sought = self.register.sought(township)
            if sought.how in ("unsure", "unknown"):
                self.faults.append(
                    error(
                        "places.township_unknown",
                        record.where,
                        name=record.name,
                        township=township,
                    )
                )
                return None
            towns = sought.towns
        found = self.register.named(name, towns)
        if not found:
            known = [self.register.towns[town].name for town in towns]
            forms = village_forms(name, tuple(filter(None, [township, *known])))
            found = self.register.formed(forms, towns)
        if len(found) == 1:
            return found[0]
        if found:
            fault = error(
                "places.village_ambiguous",
                record.where,
                name=record.name,
                village=name,
                villages=self.register.shown(found[:_LISTED]),
            )
        else:
            fault = error(
                "places.village_unknown",
                record.where,
                name=record.name,
                village=name,
                township=township or "—",
            )
        self.faults.append(fault)
        return None

    def _spot(self, point: tuple[float, float]) -> _Spot | None:
        """Return the village of a point, else the nearest; of equal ones the first listed."""
        shape = shapely.Point(point)
        inside = self.tree.query(shape, predicate="intersects")
        if len(inside):
            return _Spot(int(inside.min()), 0.0)
        if not len(self.shapes):
            return None
        nearest = self.tree.query_nearest(shape, all_matches=True)
        village = int(nearest.min())
        return _Spot(village, float(shapely.distance(shape, self.shapes[village])))

    def _too_far(self, record: Record, spot: _Spot | None) -> Fault:
        return error(
            "places.too_far",
            record.where,
            name=record.name,
            tolerance=f"{self.settings.tolerance_m:g}",
            village="—" if spot is None else self._name(spot.village),
            distance="—" if spot is None else f"{spot.distance_m:.0f}",
        )

    def _name(self, village: int) -> str:
        return str(self.villages.frame["name"].iloc[village])

    def _sum_up(
        self, file: str, records: Sequence[Record], places: Sequence[Place], is_layer: bool
    ) -> None:
        """Tell how the places of a file were located, and how many lie elsewhere."""
        where = Where(file=file)
        usable = [record for record in records if not record.faulty]
        if is_layer and usable and not places:
            self.faults.append(error("places.all_elsewhere", where, count=len(usable)))
            return
        times = Counter(place.how for place in places)
        counts = {how: times.get(how, 0) for how in ("code", "name", "inside", "near")}
        if places:
            self.faults.append(warning("places.read", where, count=len(places), **counts))
        if is_layer and len(places) < len(usable):
            self.faults.append(
                warning(
                    "places.elsewhere",
                    where,
                    count=len(usable) - len(places),
                    tolerance=f"{self.settings.tolerance_m:g}",
                )
            )
        if any(p.point is not None for p in places) and not is_layer:
            self.faults.append(warning("places.degrees", where, crs=DEGREES))

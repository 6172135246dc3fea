"""A repaired layer of boundaries as a copy, with a report of all that was changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pyproj
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from liancun_geo.errors import Fault, Where
from liancun_geo.messages import DEFAULT_LANGUAGE, Language, message
from liancun_geo.output.atomic import staged
from liancun_geo.output.export import clean, creation_time, input_files
from liancun_geo.output.layers import LIST_SEPARATOR
from liancun_geo.output.maps import gdal_date
from liancun_geo.output.sheets import Sheet, fill_sheet, new_book, save_book
from liancun_geo.topology import Change, Repair
from liancun_geo.topology.repair import refit
from liancun_geo.villages import Source

_SNAPPING_M, _SNAPPING_DEGREES = 1e-3, 1e-8
"""A millimetre."""


@dataclass(frozen=True, eq=False)
class Repaired:
    """A layer before and after.

    Attributes
    ----------
    original
        (n,) features as they stand in the file, with all attributes, in its own CRS.
    projected
        (k,) polygons of those that could be used, in metres, index ``0 .. k-1``.
    positions
        (k,) which features they are.
    repair
        What was done to ``projected``.
    source
        The file; never overwritten.
    where_of
        Position of a feature -> place.
    """

    original: gpd.GeoDataFrame
    projected: gpd.GeoSeries
    positions: NDArray[np.intp]
    repair: Repair
    source: Source
    where_of: Callable[[int], Where]

    def changed(self) -> list[int]:
        """Return the positions in ``projected`` of all villages that something was done to."""
        told = {v for c in self.repair.changes for v in (c.village, c.other) if v >= 0}
        return sorted(told)

    def areas(self) -> NDArray[np.float64]:
        """Return (k, 2) areas before and after in square metres, projected."""
        before = self.projected.make_valid().area.to_numpy(dtype=np.float64)
        after = np.nan_to_num(self.repair.geometry.area.to_numpy(dtype=np.float64))
        return np.column_stack([before, after])

    def name(self, village: int) -> str:
        """Return the name of a village, else its code, else its row."""
        where = self.where_of(int(self.positions[village]))
        return where.village or where.code or str(where.row)


def repaired_layer(layer: Repaired) -> gpd.GeoDataFrame:
    """Return the layer with its repaired polygons, in the CRS of the file.

    A vertex that was not moved keeps its coordinates bit for bit; where villages side by side
    differ in the last digit of a vertex, which no projection can tell apart, the first one's holds
    for all. So borders that fit in metres fit in the file as well.
    """
    frame = layer.original.copy()
    shapes = shapely.force_2d(np.array(frame.geometry.array, dtype=object))
    drawn = shapes[layer.positions]
    back = _way_back(layer.projected, drawn, frame.crs)
    after = shapely.transform(np.array(layer.repair.geometry.array, dtype=object), back)
    if layer.repair.valid:
        present = np.flatnonzero(~shapely.is_missing(after))
        after[present] = refit(
            after[present], _SNAPPING_DEGREES if frame.crs.is_geographic else _SNAPPING_M
        )
    touched = np.zeros(len(drawn), dtype=np.bool_)
    touched[layer.changed()] = True
    shapes[layer.positions] = np.where(touched | ~shapely.equals_exact(drawn, after), after, drawn)
    return frame.set_geometry(gpd.GeoSeries(shapes, index=frame.index, crs=frame.crs))


def change_layer(layer: Repaired, language: Language) -> gpd.GeoDataFrame:
    """Return the land that changed hands: one row a change with an area, in the file's CRS."""
    changes = [change for change in layer.repair.changes if change.area_m2 > 0]
    rows = [_told(layer, change, language) for change in changes]
    columns = {
        "change": pd.Series([c.kind for c in changes], dtype=object),
        "what": pd.Series([row[0] for row in rows], dtype=object),
        "village": pd.Series([row[1] for row in rows], dtype=object),
        "other": pd.Series([row[2] for row in rows], dtype=object),
        "area_m2": np.array([c.area_m2 for c in changes], dtype=np.float64),
        "width_m": np.array([c.width_m for c in changes], dtype=np.float64),
    }
    shapes = gpd.GeoSeries([c.shape for c in changes], crs=layer.projected.crs)
    return gpd.GeoDataFrame(columns, geometry=shapes.to_crs(layer.original.crs))


def write_repaired(
    layer: Repaired,
    left: Sequence[Fault],
    folder: Path | str,
    *,
    language: Language = DEFAULT_LANGUAGE,
    created: datetime | None = None,
) -> tuple[Path, ...]:
    """Write ``NAME_repaired.gpkg``, ``NAME_changes.gpkg`` and ``NAME_repaired.xlsx``.

    The copy has the layer alone, so that it is read without asking for one; the land that changed
    hands has a file of its own, which is not written if there is none.

    Parameters
    ----------
    layer
        Before and after.
    left
        What was found when the repaired layer was examined again.
    folder
        Where the files go; what is there under these names is replaced, unless it is the
        input.
    language
        Of the report.
    created
        The date in the files; default ``SOURCE_DATE_EPOCH``, else now.

    Raises
    ------
    DataError
        If a file cannot be written, or would overwrite the input.
    """
    stem = Path(layer.source.path).stem
    changes = change_layer(layer, language)
    names = [f"{stem}_repaired.xlsx", f"{stem}_repaired.gpkg"]
    if len(changes):
        names.append(f"{stem}_changes.gpkg")
    when = creation_time(created)
    with staged(Path(folder), names, inputs=input_files([layer.source])) as stage:
        _write_report(layer, left, stage.path(names[0]), language, when)
        repaired = repaired_layer(layer)
        # A column that GeoPackage keeps for itself.
        kept = repaired.rename(columns={c: f"{c}_" for c in repaired if str(c).lower() == "fid"})
        _write_layer(kept, stage.path(names[1]), stem, when)
        if len(changes):
            _write_layer(changes, stage.path(names[2]), "changes", when)
    return stage.targets()


def _way_back(
    projected: gpd.GeoSeries, original: NDArray[np.object_], crs: pyproj.CRS
) -> Callable[[NDArray[np.float64]], NDArray[np.float64]]:
    """Return the function from the projection to the CRS of the file: known vertices exactly."""
    # Adding zero turns -0.0 into 0.0, which must compare equal bit by bit.
    here = shapely.get_coordinates(np.array(projected.array, dtype=object)) + 0.0
    known = pd.Index(np.ascontiguousarray(here).view(np.complex128).ravel())
    first = ~known.duplicated()
    known, targets = known[first], shapely.get_coordinates(original)[first]
    transformer = pyproj.Transformer.from_crs(projected.crs, crs, always_xy=True)

    def back(xy: NDArray[np.float64]) -> NDArray[np.float64]:
        at = known.get_indexer(pd.Index(np.ascontiguousarray(xy + 0.0).view(np.complex128).ravel()))
        moved = np.column_stack(transformer.transform(xy[:, 0], xy[:, 1]))
        return np.where((at >= 0)[:, None], targets[at], moved)

    return back


def _told(layer: Repaired, change: Change, language: Language) -> tuple[str, str, str]:
    """Return what was done, to which village, and with which other one."""
    kind = "dropped" if change.village < 0 else change.kind
    village = change.other if change.village < 0 else change.village
    other = layer.name(change.other) if change.other >= 0 and change.village >= 0 else ""
    return message(f"repair.kind_{kind}", language), layer.name(village), other


def _write_layer(content: gpd.GeoDataFrame, path: Path, title: str, created: datetime) -> None:
    texts = content.select_dtypes("object").columns
    with gdal_date(created):
        pyogrio.write_dataframe(
            content.assign(**{c: content[c].map(_plain) for c in texts}),
            path,
            layer=title,
            driver="GPKG",
            geometry_type="MultiPolygon",
            promote_to_multi=True,
        )


def _plain(value: object) -> object:
    return clean(value) if isinstance(value, str) else value


def _write_report(
    layer: Repaired, left: Sequence[Fault], path: Path, language: Language, created: datetime
) -> None:
    book = new_book(created, language)
    tables = [
        _village_sheet(layer, language),
        _change_sheet(layer, language),
        Sheet(
            message("repair.sheet_left", language),
            (message("repair.column_finding", language),),
            [[fault.text(language)] for fault in left],
            widths=(120.0,),
        ),
    ]
    for table in tables:
        fill_sheet(book.create_sheet(table.name), table, language)
    save_book(book, path, created)


def _heading(names: Sequence[str], language: Language) -> tuple[str, ...]:
    return tuple(message(f"repair.column_{name}", language) for name in names)


def _village_sheet(layer: Repaired, language: Language) -> Sheet:
    done: dict[int, dict[str, None]] = {}
    for change in layer.repair.changes:
        if change.village >= 0:
            done.setdefault(change.village, {})[change.kind] = None
        if change.other >= 0:
            lost = "dropped" if change.village < 0 else "given"
            done.setdefault(change.other, {})[lost] = None
    rows: list[list[str | float | int | None]] = []
    areas = layer.areas()
    for village in layer.changed():
        where = layer.where_of(int(layer.positions[village]))
        before, after = areas[village].tolist()
        what = LIST_SEPARATOR.join(
            message(f"repair.kind_{kind}", language) for kind in done[village]
        )
        share = 100 * (after - before) / before if before else None
        rows.append(
            [
                where.row,
                where.village,
                where.code,
                where.township,
                what,
                round(before, 3),
                round(after, 3),
                round(after - before, 3),
                share if share is None else round(share, 6),
            ]
        )
    names = ("row", "name", "code", "township", "what", "before", "after", "difference", "share")
    return Sheet(message("repair.sheet_villages", language), _heading(names, language), rows)


def _change_sheet(layer: Repaired, language: Language) -> Sheet:
    changes = [change for change in layer.repair.changes if change.kind != "border"]
    degrees = _degrees([change.shape for change in changes], layer.projected.crs)
    rows: list[list[str | float | int | None]] = [
        [
            *_told(layer, change, language),
            round(change.area_m2, 6),
            round(change.width_m, 4),
            *place,
        ]
        for change, place in zip(changes, degrees, strict=True)
    ]
    names = ("what", "name", "other", "area", "width", "lon", "lat")
    return Sheet(message("repair.sheet_changes", language), _heading(names, language), rows)


def _degrees(
    shapes: Sequence[BaseGeometry], crs: pyproj.CRS
) -> list[tuple[float | None, float | None]]:
    """Return longitude and latitude of a point in each shape; nothing for an empty one."""
    places: list[tuple[float | None, float | None]] = [(None, None)] * len(shapes)
    polygons = np.array(shapes, dtype=object)
    some = np.flatnonzero(~shapely.is_empty(polygons))
    xy = shapely.get_coordinates(shapely.point_on_surface(polygons[some]))
    to_degrees = pyproj.Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
    lon, lat = to_degrees.transform(xy[:, 0], xy[:, 1])
    for k, x, y in zip(some.tolist(), lon.tolist(), lat.tolist(), strict=True):
        places[k] = (round(x, 7), round(y, 7))
    return places

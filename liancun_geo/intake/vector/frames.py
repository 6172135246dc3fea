"""Reading a layer of vectors, within bounds: what GDAL or Arrow hand over, as a plain frame."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pyogrio
import pyproj
import shapely
from pyarrow.lib import ArrowException
from pyproj.exceptions import ProjError
from shapely.errors import ShapelyError

from liancun_geo.errors import DataError, Fault, Where, error, warning
from liancun_geo.intake.vector.files import MAX_FEATURES, MAX_FILE_BYTES
from liancun_geo.intake.vector.layer_texts import is_number

_JSON_DRIVERS: Final = ("GeoJSON", "GeoJSONSeq", "ESRIJSON", "TopoJSON", "JSONFG")
_DRIVERS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        ".shp": ("ESRI Shapefile",), ".gpkg": ("GPKG",), ".geojson": _JSON_DRIVERS,
        ".json": _JSON_DRIVERS, ".fgb": ("FlatGeobuf",), ".kml": ("KML", "LIBKML"),
        ".gml": ("GML",), ".dxf": ("DXF",), ".gdb": ("OpenFileGDB",),
        ".tab": ("MapInfo File",), ".mif": ("MapInfo File",),
    }
)  # fmt: skip

MAX_CELLS: Final = 20_000_000
"""Most attribute values of a layer: features times columns."""
MAX_VERTICES: Final = 10_000_000
"""Most vertices of a layer."""
MAX_SHAPE_VERTICES: Final = 1_000_000
"""Most vertices of one shape."""


def gdal_frame(
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


def parquet_frame(path: Path, where: Where) -> gpd.GeoDataFrame:
    """Read a GeoParquet file whose size is within bounds."""
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


def bounded(frame: gpd.GeoDataFrame, where: Where) -> gpd.GeoDataFrame:
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


def plain(frame: gpd.GeoDataFrame, where: Where) -> gpd.GeoDataFrame:
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

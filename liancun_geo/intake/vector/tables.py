"""The attribute tables of all layers of a file, for whoever seeks one by its columns."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pandas as pd
import pyogrio
from pyogrio.errors import DataLayerError, DataSourceError

from liancun_geo.errors import DataError, error
from liancun_geo.intake.vector.archives import data_sets, unpack
from liancun_geo.intake.vector.files import is_folder, place, require_file
from liancun_geo.intake.vector.geopackage import settled_copy
from liancun_geo.intake.vector.layers import read_layer
from liancun_geo.settings import DataSettings

# The last is none, and read_layer says what to do with it.
_OF_ONE_LAYER: Final = (".shp", ".tab", ".mif", ".parquet", ".geoparquet", ".kmz")
TABLE_ENDINGS: Final = frozenset(
    (
        ".shp",
        ".zip",
        ".gpkg",
        ".geojson",
        ".json",
        ".kml",
        ".kmz",
        ".gdb",
        ".fgb",
        ".gml",
        ".tab",
        ".mif",
        ".parquet",
        ".geoparquet",
    )
)
"""Endings of the files that :func:`layer_tables` is meant for."""


def layer_tables(path: Path) -> Iterator[tuple[str | None, pd.DataFrame]]:
    """Yield the name and the attributes of each layer of a file, one after the other.

    Parameters
    ----------
    path
        As for :func:`~liancun_geo.intake.vector.layers.read_layer`; a zip file may hold several
        shapefiles. Never modified. Doubts about coordinates are of no interest here.

    Raises
    ------
    DataError
        If the file cannot be read.
    """
    for name in _layer_names(path):
        layer = read_layer(path, DataSettings(layer=name))
        yield name, pd.DataFrame(layer.frame.drop(columns="geometry"))


def _layer_names(path: Path) -> tuple[str | None, ...]:
    suffix = path.suffix.lower()
    with tempfile.TemporaryDirectory(prefix="liancun_") as scratch:
        inner = path
        if not is_folder(path):
            require_file(path)
        if suffix == ".zip":
            names = data_sets(path)
            if len(names) > 1:
                return names
            folder = Path(scratch) / "unpacked"
            folder.mkdir()
            inner = unpack(path, folder)
            if not inner.is_dir():
                require_file(inner)
        if inner.suffix.lower() in _OF_ONE_LAYER or (inner.is_dir() and inner.suffix != ".gdb"):
            return (None,)
        if inner.suffix.lower() == ".gpkg":
            inner, _ = settled_copy(inner, Path(scratch))
        return _listed(inner, path)


def _listed(inner: Path, shown: Path) -> tuple[str | None, ...]:
    with warnings.catch_warnings():
        # What GDAL remarks on here it remarks on again when the layer is read.
        warnings.simplefilter("ignore")
        try:
            layers = pyogrio.list_layers(inner)
        except (DataSourceError, DataLayerError, UnicodeDecodeError) as cause:
            fault = error("intake.damaged", place(shown), cause=str(cause))
            raise DataError([fault]) from cause
    return tuple(str(name) for name, kind in layers if kind is not None) or (None,)

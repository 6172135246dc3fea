"""The zipped shapefile: chosen short names, a dictionary of them, read back before it is kept."""

from __future__ import annotations

import tempfile
import warnings
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely

from liancun_geo.errors import DataError, Fault, Where, error
from liancun_geo.messages import DEFAULT_LANGUAGE, Language
from liancun_geo.output.dated_zip import write_dated_zip
from liancun_geo.output.dbf_texts import Described, dictionary, fitting, remarks, replacements
from liancun_geo.output.export import creation_time, exporting
from liancun_geo.output.export_crs import layers_in
from liancun_geo.output.field_names import short_names
from liancun_geo.output.layers import Layers
from liancun_geo.output.maps import GEOMETRY_TYPES, plan_layers
from liancun_geo.output.options import Encoding

if TYPE_CHECKING:
    from liancun_geo.scenario import Scenario

DICTIONARY = "field_dictionary.csv"
REPLACED = "replaced_characters.csv"

_GBK_LANGUAGE = "LDID/77"


def write_shapefile(
    scenario: Scenario,
    path: Path | str,
    *,
    language: Language = DEFAULT_LANGUAGE,
    created: datetime | None = None,
    encoding: Encoding = "UTF-8",
    crs: str | None = None,
) -> Path:
    """Write the layers villages, alliances and links as shapefiles in one zip file.

    Field names are chosen to fit the 10 bytes of a DBF file: Chinese ones of at most three
    characters in UTF-8 and five in GBK, ASCII ones in English. Codes are text, flags are 1 and 0.
    ``.prj`` is in Esri's notation. ``.cpg`` says ``UTF-8``, or ``936`` for GBK, whose DBF header
    bears the language byte 0x4D as well. The zip holds ``field_dictionary.csv`` (UTF-8 with
    BOM): short name, full name, meaning, unit, and what was done to texts: those longer than
    254 bytes are cut between characters, characters that GBK does not have are written as 〓 and
    listed in ``replaced_characters.csv``. A DBF file cannot tell an empty text from a missing
    one. Everything is read back and compared before it is kept.

    Parameters
    ----------
    scenario
        A plan that breaks no rule.
    path
        The zip file; replaced as a whole.
    language
        Of field names, roles and sentences.
    created
        The date in the file; default ``SOURCE_DATE_EPOCH``, else now.
    encoding
        UTF-8 holds every name; GBK is for programs that know nothing else.
    crs
        As for :func:`~liancun_geo.output.export_crs.export_crs`.

    Raises
    ------
    DataError
        If the plan breaks a rule, the file cannot be written, the CRS does not do, or what is
        read back differs from what was written.
    """
    path = Path(path)
    with exporting(scenario, path.parent, [path.name]) as stage:
        fill_shapefile(
            plan_layers(scenario, language),
            stage.path(path.name),
            creation_time(created),
            language,
            encoding=encoding,
            crs=crs,
        )
    return path


def fill_shapefile(
    layers: Layers,
    path: Path,
    created: datetime,
    language: Language,
    *,
    encoding: Encoding = "UTF-8",
    crs: str | None = None,
) -> tuple[Fault, ...]:
    """Write the zip to a file that is not there yet.

    Returns
    -------
    tuple of Fault
        Warnings: what the encoding or the format could not hold. The zip says it as well.
    """
    layers = layers_in(layers, crs)
    names = short_names(language, encoding)
    with tempfile.TemporaryDirectory(prefix="shp-", dir=path.parent) as name:
        folder = Path(name)
        described: list[Described] = []
        faults: list[Fault] = []
        for layer_name, layer in layers.items():
            fitted, changes = fitting(layer, encoding, language)
            short = fitted.rename(columns=dict(names))
            target = folder / f"{layer_name}.shp"
            _write(short, target, GEOMETRY_TYPES[layer_name], created, encoding)
            faults += _differences(short, target, path.name)
            described.append(Described(layer_name, layer, changes))
        if faults:
            raise DataError(faults)
        (folder / DICTIONARY).write_bytes(dictionary(described, names, language))
        if any(one.changes.replaced for one in described):
            (folder / REPLACED).write_bytes(replacements(described, names, language))
        parts = ((part.name, part.read_bytes()) for part in sorted(folder.iterdir()))
        write_dated_zip(path, parts, created)
    return remarks(described, path.name)


def _write(
    layer: gpd.GeoDataFrame,
    path: Path,
    geometry_type: str,
    created: datetime,
    encoding: Encoding,
) -> None:
    with warnings.catch_warnings():
        # GDAL warns of lost digits; the comparison finds them, with field and village.
        warnings.simplefilter("ignore", RuntimeWarning)
        pyogrio.write_dataframe(
            layer,
            path,
            driver="ESRI Shapefile",
            # By its number GDAL writes the language byte that old programs go by, but no .cpg.
            encoding=_GBK_LANGUAGE if encoding == "GBK" else "UTF-8",
            geometry_type=geometry_type.removeprefix("Multi"),
            DBF_DATE_LAST_UPDATE=created.strftime("%Y-%m-%d"),
        )
    if encoding == "GBK":
        # The number is what ArcGIS, GDAL (QGIS) and Windows call GBK.
        path.with_suffix(".cpg").write_bytes(b"936")


def _differences(written: gpd.GeoDataFrame, path: Path, file: str) -> list[Fault]:
    """Return a fault for every field that does not come back as it was written."""
    read = pyogrio.read_dataframe(path)
    columns = list(written.columns.drop("geometry"))
    wrong: list[str] = []
    if len(read) != len(written) or list(read.columns.drop("geometry")) != columns:
        return [error("output.not_read_back", Where(file=file, sheet=path.stem), fields=path.name)]
    wrong += [name for name in columns if not _same_values(written[name], read[name])]
    if not _same_shapes(written.geometry.to_numpy(), read.geometry.to_numpy()) or (
        written.crs is not None and read.crs is None
    ):
        wrong.append("geometry")
    return [
        error("output.not_read_back", Where(file=file, sheet=path.stem), fields=name)
        for name in wrong
    ]


def _same_values(written: pd.Series[Any], read: pd.Series[Any]) -> bool:
    if written.dtype == object:
        before = written.map(lambda value: "" if value is None else value.rstrip())
        after = read.map(lambda value: value.rstrip() if isinstance(value, str) else "")
        return bool((before == after).all())
    numbers = [s.astype("Float64").to_numpy(np.float64, na_value=np.nan) for s in (written, read)]
    return np.allclose(numbers[0], numbers[1], rtol=1e-12, atol=1e-9, equal_nan=True)


def _same_shapes(written: Any, read: Any) -> bool:
    # A ring may start at another vertex and turn the other way, parts may come in another order.
    same = shapely.equals_exact(_normal(written), _normal(read), tolerance=0.0)
    return bool(np.all(same))


def _normal(shapes: Any) -> Any:
    parts, owner = shapely.get_parts(shapes, return_index=True)
    first = np.searchsorted(owner, np.arange(len(shapes)))
    count = np.bincount(owner, minlength=len(shapes))
    # One part or several of one: Polygon and MultiPolygon are the same in a shapefile.
    single = np.where(count == 1, parts[np.minimum(first, len(parts) - 1)], shapes)
    return shapely.normalize(single)

"""The zipped shapefile: chosen short names, a dictionary of them, read back before it is kept."""

from __future__ import annotations

import csv
import io
import tempfile
import warnings
import zipfile
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely

from liancun_geo.errors import DataError, Fault, Where, error
from liancun_geo.messages import DEFAULT_LANGUAGE, Language, message
from liancun_geo.output.columns import SHORT_NAMES, meaning, unit
from liancun_geo.output.export import creation_time, exporting
from liancun_geo.output.maps import GEOMETRY_TYPES, Layers, plan_layers

if TYPE_CHECKING:
    from liancun_geo.scenario import Scenario

SHAPEFILE = "plan_shapefile.zip"
DICTIONARY = "field_dictionary.csv"
TEXT_BYTES = 254
"""Most bytes a text field of a DBF file holds."""


def write_shapefile(
    scenario: Scenario,
    path: Path | str,
    *,
    language: Language = DEFAULT_LANGUAGE,
    created: datetime | None = None,
) -> Path:
    """Write the layers villages, alliances and links as shapefiles in one zip file.

    UTF-8 with .cpg, .prj in Esri's notation, ASCII field names of at most 10 bytes. The zip
    holds ``field_dictionary.csv`` (UTF-8 with BOM): short name, full name, meaning, unit, and
    where a text longer than 254 bytes was cut. Flags are 1 and 0. A DBF file cannot tell an
    empty text from a missing one. Everything is read back and compared before it is kept.

    Raises
    ------
    DataError
        If the plan breaks a rule, the file cannot be written, or what is read back differs from
        what was written.
    """
    path = Path(path)
    with exporting(scenario, path.parent, [path.name]) as stage:
        fill_shapefile(
            plan_layers(scenario, language), stage.path(path.name), creation_time(created), language
        )
    return path


def fill_shapefile(layers: Layers, path: Path, created: datetime, language: Language) -> None:
    """Write the zip to a file that is not there yet."""
    with tempfile.TemporaryDirectory(prefix="shp-", dir=path.parent) as name:
        folder = Path(name)
        rows: list[list[str]] = []
        faults: list[Fault] = []
        for layer_name, layer in layers.items():
            short, cut = _shortened(layer)
            target = folder / f"{layer_name}.shp"
            _write(short, target, GEOMETRY_TYPES[layer_name], created)
            faults += _differences(short, target, path.name)
            rows += _dictionary_rows(layer_name, layer, cut, language)
        if faults:
            raise DataError(faults)
        (folder / DICTIONARY).write_bytes(_dictionary(rows, language))
        _zip(folder, path, created)


def _shortened(layer: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, dict[str, int]]:
    """Return the layer as a DBF file can hold it, and how many texts were cut by field."""
    columns: dict[str, Any] = {}
    cut: dict[str, int] = {}
    for name in layer.columns.drop("geometry"):
        series = layer[name]
        if series.dtype == object:
            texts = [_cut_to_fit(value) for value in series]
            cut[name] = sum(a != b for a, b in zip(texts, series, strict=True))
            columns[name] = pd.Series(texts, dtype=object)
        elif series.dtype == "boolean":
            columns[name] = series.astype("Int16")
        else:
            columns[name] = series
    frame = pd.DataFrame(columns).rename(columns=SHORT_NAMES)
    return gpd.GeoDataFrame(frame, geometry=layer.geometry, crs=layer.crs), cut


def _cut_to_fit(value: str | None) -> str | None:
    # Decoding drops the character that the cut went through.
    return None if value is None else value.encode()[:TEXT_BYTES].decode(errors="ignore")


def _write(layer: gpd.GeoDataFrame, path: Path, geometry_type: str, created: datetime) -> None:
    with warnings.catch_warnings():
        # GDAL warns of lost digits; the comparison finds them, with field and village.
        warnings.simplefilter("ignore", RuntimeWarning)
        pyogrio.write_dataframe(
            layer,
            path,
            driver="ESRI Shapefile",
            encoding="UTF-8",
            geometry_type=geometry_type.removeprefix("Multi"),
            DBF_DATE_LAST_UPDATE=created.strftime("%Y-%m-%d"),
        )


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


def _dictionary_rows(
    layer_name: str, layer: gpd.GeoDataFrame, cut: dict[str, int], language: Language
) -> list[list[str]]:
    rows = []
    for name in layer.columns.drop("geometry"):
        note = ""
        if cut.get(name):
            note = message("output.cut", language, count=cut[name], bytes=TEXT_BYTES)
        elif layer[name].dtype == "boolean":
            note = message("output.flag_values", language)
        rows.append(
            [
                layer_name,
                SHORT_NAMES[name],
                name,
                meaning(name, "zh"),
                meaning(name, "en"),
                unit(name, language),
                note,
            ]
        )
    return rows


def _dictionary(rows: list[list[str]], language: Language) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    names = ("layer", "short", "full", "meaning_zh", "meaning_en", "unit", "note")
    writer.writerow([message(f"output.dictionary_{name}", language) for name in names])
    writer.writerows(rows)
    return text.getvalue().encode("utf-8-sig")


def _zip(folder: Path, path: Path, created: datetime) -> None:
    # A zip file cannot hold a date before 1980.
    date = max(created.timetuple()[:6], (1980, 1, 1, 0, 0, 0))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in sorted(folder.iterdir()):
            info = zipfile.ZipInfo(part.name, date)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            archive.writestr(info, part.read_bytes())

"""Layers and ledgers that a person might have made: whole files, odd content."""

from __future__ import annotations

import json
import random
import sqlite3
import warnings
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pyarrow.parquet as pq
import shapely
from shapely import affinity

from fuzz.mutate import FLOATS, HEADERS, TEXTS, odd_text, odd_tree

CRSS = (None, 4326, 4490, 3857, 32650, 4527, 4214, 2434, 32701, 3408, 27700)
_EMPTY = shapely.from_wkt("POLYGON EMPTY")


def odd_layer(layer: gpd.GeoDataFrame, rng: random.Random) -> gpd.GeoDataFrame:
    """Return a layer with one odd shape, value, header, row or CRS."""
    layer = layer.copy()
    match rng.randrange(9):
        case 0 | 1 | 2:
            row = rng.randrange(max(len(layer), 1))
            if len(layer):
                shapes = list(layer.geometry)
                shapes[row] = odd_shape(shapes[row], shapes, rng)
                layer = layer.set_geometry(gpd.GeoSeries(shapes, index=layer.index, crs=layer.crs))
        case 3 | 4:
            layer = _odd_cells(layer, rng)
        case 5:
            layer = _renamed(layer, rng)
        case 6:
            order = [
                rng.randrange(max(len(layer), 1)) for _ in range(rng.choice((0, 1, len(layer))))
            ]
            layer = layer.iloc[order if len(layer) else []]
        case 7:
            crs = rng.choice(CRSS)
            layer = (
                layer.set_crs(crs, allow_override=True)
                if crs
                else layer.set_crs(None, allow_override=True)
            )
        case _:
            shift = rng.choice((0.006, 1e-9, 500.0, 39_000_000.0, 1e7, 1e300))
            layer["geometry"] = [
                s if s is None else affinity.translate(s, shift, rng.choice((0, shift)))
                for s in layer.geometry
            ]
    return layer.reset_index(drop=True)


def odd_shape(shape: Any, others: list[Any], rng: random.Random) -> Any:
    """Return a geometry that one meets in the wild, or should never meet."""
    other = rng.choice(others)
    if shape is None or other is None or shape.is_empty:
        return rng.choice((None, _EMPTY, shapely.Point(0, 0)))
    coordinates = shapely.get_coordinates(shape)
    match rng.randrange(12):
        case 0:
            return rng.choice((None, _EMPTY, shapely.Point(), shapely.GeometryCollection()))
        case 1:
            coordinates[rng.randrange(len(coordinates)), rng.randrange(2)] = rng.choice(FLOATS)
            return shapely.set_coordinates(shape, coordinates)
        case 2:
            coordinates[:] = rng.choice(FLOATS)
            return shapely.set_coordinates(shape, coordinates)
        case 3:
            return shapely.set_coordinates(shape, coordinates[:, ::-1])
        case 4:
            inner = coordinates[1:-1].copy()
            np.random.default_rng(rng.randrange(2**32)).shuffle(inner)
            ring = [coordinates[0], *inner, coordinates[0]]
            return shapely.Polygon(ring)
        case 5:
            return other
        case 6:
            return shapely.MultiPolygon([shape, other] if shape.geom_type == "Polygon" else [])
        case 7:
            return rng.choice(
                (shape.boundary, shape.centroid, shapely.MultiPoint([(0, 0), (1, 1)]))
            )
        case 8:
            return shapely.force_3d(shape, rng.choice((0.0, np.nan, 1e308)))
        case 9:
            return shape.buffer(rng.choice((-1e-9, 1.0, 50.0, 5000.0)))
        case 10:
            return affinity.scale(
                shape, rng.choice((1e-12, 0.0, 1e3, -1.0)), rng.choice((1e-12, 1.0))
            )
        case _:
            return shapely.GeometryCollection([shape, shape.centroid, shape.boundary])


def _odd_cells(layer: gpd.GeoDataFrame, rng: random.Random) -> gpd.GeoDataFrame:
    columns = [column for column in layer.columns if column != layer.geometry.name]
    if not columns or not len(layer):
        layer["新列"] = rng.choice(TEXTS)
        return layer
    column = rng.choice(columns)
    values = layer[column].astype(object).tolist()
    for _ in range(rng.choice((1, 1, 3, len(values)))):
        at = rng.randrange(len(values))
        values[at] = rng.choice(
            (None, rng.choice(TEXTS), odd_text(str(values[at]), rng), values[0])
        )
    layer[column] = values
    return layer


def _renamed(layer: gpd.GeoDataFrame, rng: random.Random) -> gpd.GeoDataFrame:
    columns = [column for column in layer.columns if column != layer.geometry.name]
    if columns and rng.random() < 0.3:
        return layer.drop(columns=rng.choice(columns))
    new = rng.choice(HEADERS) or "_"
    if columns and new not in layer.columns:
        old = rng.choice(columns)
        if rng.random() < 0.5:
            layer[new] = layer[old]
        else:
            layer = layer.rename(columns={old: new})
    return layer


def write_layer(layer: gpd.GeoDataFrame, folder: Path, rng: random.Random) -> Path:
    """Write a layer in any format; GeoJSON and GeoParquet hold what the others refuse."""
    kind = rng.choice(("shp", "gpkg", "fgb", "geojson", "parquet"))
    path = folder / f"villages.{kind}"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            if kind == "parquet":
                layer.to_parquet(path)
            elif kind == "shp":
                layer.to_file(path, encoding=rng.choice(("gbk", "utf-8")), engine="pyogrio")
            else:
                layer.to_file(path, engine="pyogrio")
        except Exception:
            for part in folder.glob("villages.*"):
                part.unlink()
            path = folder / "villages.parquet"
            layer.astype({c: str for c in layer.columns if c != layer.geometry.name}).to_parquet(
                path
            )
    if kind == "shp" and path.suffix == ".shp" and rng.random() < 0.4:
        path.with_suffix(rng.choice((".cpg", ".prj", ".shx"))).unlink(missing_ok=True)
    return path


def odd_parquet(path: Path, rng: random.Random) -> None:
    """Damage what a GeoParquet file says of its geometry."""
    table = pq.read_table(path)
    metadata = dict(table.schema.metadata or {})
    geo = odd_tree(json.loads(metadata.get(b"geo", b"{}")), rng)
    try:
        metadata[b"geo"] = json.dumps(geo).encode("utf-8", "replace")
    except RecursionError:
        return
    pq.write_table(table.replace_schema_metadata(metadata), path)


def odd_geopackage(path: Path, rng: random.Random) -> None:
    """Damage a table of a GeoPackage through SQL."""
    connection = sqlite3.connect(path)
    try:
        tables = [
            name
            for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type='table'")
            if not name.startswith(("rtree", "sqlite"))
        ]
        for (trigger,) in list(
            connection.execute("SELECT name FROM sqlite_master WHERE type='trigger'")
        ):
            connection.execute(f'DROP TRIGGER "{trigger}"')
        table = rng.choice(tables)
        columns = [row[1] for row in connection.execute(f'PRAGMA table_info("{table}")')]
        column = rng.choice(columns)
        action = rng.randrange(6)
        if action == 0:
            connection.execute(f'DROP TABLE "{table}"')
        elif action == 1:
            connection.execute(f'DELETE FROM "{table}"')
        elif action == 2:
            connection.execute(f'ALTER TABLE "{table}" RENAME TO "村{rng.randrange(9)}"')
        else:
            value = rng.choice((None, -1, 0, 2**40, 1e308, b"\x00GP", *TEXTS[:40]))
            connection.execute(
                f'UPDATE OR IGNORE "{table}" SET "{column}" = ? WHERE rowid % ? = 0',
                (value, rng.choice((1, 2, 7))),
            )
        connection.commit()
    except sqlite3.Error:
        connection.rollback()
    finally:
        connection.close()


def odd_rows(rows: list[list[Any]], rng: random.Random) -> list[list[Any]]:
    """Return the rows of a ledger with one thing wrong."""
    rows = [list(row) for row in rows]
    if not rows or not rows[0]:
        return [[rng.choice(TEXTS)]]
    row, column = rng.randrange(len(rows)), rng.randrange(len(rows[0]))
    match rng.randrange(10):
        case 0 | 1 | 2:
            if column < len(rows[row]):
                value = rows[row][column]
                rows[row][column] = rng.choice(
                    (rng.choice(TEXTS), odd_text(str(value), rng), rng.choice(FLOATS), None)
                )
        case 3:
            new = rng.choice((rng.choice(TEXTS), None, rng.choice(FLOATS), 1))
            rows = [
                [new if i == column and n else v for i, v in enumerate(r)]
                for n, r in enumerate(rows)
            ]
        case 4:
            if column < len(rows[0]):
                rows[0][column] = rng.choice((*HEADERS, None, rng.choice(TEXTS)))
        case 5:
            rows.insert(
                row, rng.choice((list(rows[row]), [], [rng.choice(TEXTS)], ["合计", None, 5]))
            )
        case 6:
            del rows[row]
        case 7:
            rows = [r[:column] + r[column + 1 :] for r in rows]
        case 8:
            rows = [
                [*r, rng.choice(HEADERS) if n == 0 else rng.choice(TEXTS)]
                for n, r in enumerate(rows)
            ]
        case _:
            factor = rng.choice((1e-4, 1e4, 1e8, -1))
            rows = [
                [
                    v * factor if i == column and isinstance(v, int | float) else v
                    for i, v in enumerate(r)
                ]
                for r in rows
            ]
    return rows


def write_ledger(rows: list[list[Any]], folder: Path, rng: random.Random) -> Path:
    """Write rows as a workbook or as CSV."""
    if rng.random() < 0.4:
        path = folder / "ledger.csv"
        text = pd.DataFrame(rows).to_csv(index=False, header=False, sep=rng.choice(",,,;\t"))
        encoding = rng.choice(("utf-8", "utf-8-sig", "gb18030", "utf-16"))
        path.write_bytes(text.encode(encoding, "replace"))
        return path
    path = folder / "ledger.xlsx"
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for number, row in enumerate(rows, start=1):
        for column, value in enumerate(row, start=1):
            try:
                sheet.cell(number, column, value)
            except Exception:
                sheet.cell(number, column, "x")
    if rng.random() < 0.3:
        top, left = rng.randrange(1, 6), rng.randrange(1, 6)
        sheet.merge_cells(
            start_row=top,
            start_column=left,
            end_row=top + rng.randrange(3),
            end_column=left + rng.randrange(3),
        )
    if rng.random() < 0.2:
        book.create_sheet(rng.choice(("说明", "旧数据", "a" * 31))).append(["村代码", "村名", 1])
    if rng.random() < 0.2:
        sheet.row_dimensions[rng.randrange(1, 9)].hidden = True
        sheet.column_dimensions["C"].hidden = True
    if rng.random() < 0.1:
        sheet.auto_filter.ref = "A1:F9"
    book.save(path)
    return path

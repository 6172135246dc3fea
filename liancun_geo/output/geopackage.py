"""What a GeoPackage holds beside its layers: names for people, and styles that QGIS opens with."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Final

from liancun_geo.messages import Language, message
from liancun_geo.output.columns import meaning
from liancun_geo.output.gis_styles import qml, sld
from liancun_geo.output.layers import Layers

# The extension "Schema" of OGC 12-128r17, F.9, and the table in which QGIS keeps styles.
_TABLES: Final = """
CREATE TABLE IF NOT EXISTS gpkg_extensions (
  table_name TEXT, column_name TEXT, extension_name TEXT NOT NULL, definition TEXT NOT NULL,
  scope TEXT NOT NULL, CONSTRAINT ge_tce UNIQUE (table_name, column_name, extension_name));
CREATE TABLE gpkg_data_columns (
  table_name TEXT NOT NULL, column_name TEXT NOT NULL, name TEXT, title TEXT, description TEXT,
  mime_type TEXT, constraint_name TEXT,
  CONSTRAINT pk_gdc PRIMARY KEY (table_name, column_name),
  CONSTRAINT gdc_tn UNIQUE (table_name, name));
CREATE TABLE gpkg_data_column_constraints (
  constraint_name TEXT NOT NULL, constraint_type TEXT NOT NULL, value TEXT, min NUMERIC,
  min_is_inclusive BOOLEAN, max NUMERIC, max_is_inclusive BOOLEAN, description TEXT,
  CONSTRAINT gdcc_ntv UNIQUE (constraint_name, constraint_type, value));
CREATE TABLE layer_styles (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, f_table_catalog TEXT(256),
  f_table_schema TEXT(256), f_table_name TEXT(256), f_geometry_column TEXT(256),
  styleName TEXT(30), styleQML TEXT, styleSLD TEXT, useAsDefault BOOLEAN, description TEXT,
  owner TEXT(30), ui TEXT(30),
  update_time DATETIME DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')));
"""
_SCHEMA_EXTENSION: Final = "http://www.geopackage.org/spec121/#extension_schema"
_GEOMETRY: Final = "geom"


def complete(layers: Layers, path: Path, created: datetime, language: Language) -> None:
    """Add the meanings of the fields and the styles of the layers to a GeoPackage.

    Parameters
    ----------
    layers
        As they stand in the file.
    path
        Has neither yet.
    created
        The date of the styles.
    language
        Of names in legends, of the labels of fields and of the styles' name.
    """
    stamp = created.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    with closing(sqlite3.connect(path)) as file, file:
        file.executescript(_TABLES)
        file.executemany(
            "INSERT INTO gpkg_extensions VALUES (?, NULL, 'gpkg_schema', ?, 'read-write')",
            [
                (table, _SCHEMA_EXTENSION)
                for table in ("gpkg_data_columns", "gpkg_data_column_constraints")
            ],
        )
        file.executemany(
            "INSERT INTO gpkg_data_columns (table_name, column_name, name, title, description) "
            "VALUES (?, ?, ?, ?, ?)",
            _meanings(layers, language),
        )
        file.execute(
            "INSERT INTO gpkg_contents (table_name, data_type, identifier, description, "
            "last_change) VALUES ('layer_styles', 'attributes', 'layer_styles', '', ?)",
            (stamp,),
        )
        file.executemany(
            "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, "
            "f_geometry_column, styleName, styleQML, styleSLD, useAsDefault, description, owner, "
            "ui, update_time) VALUES ('', '', ?, ?, ?, ?, ?, 1, '', '', NULL, ?)",
            [
                (
                    name,
                    _GEOMETRY,
                    message("gis.style_name", language),
                    qml(name, layers, language),
                    sld(name, layers, language),
                    stamp,
                )
                for name in layers
            ],
        )


def _meanings(layers: Layers, language: Language) -> Iterator[tuple[str, str, str, str, str]]:
    for name, layer in layers.items():
        for column in layer.columns.drop("geometry"):
            said = meaning(column, language)
            yield name, column, said, said, meaning(column, "en" if language == "zh" else "zh")

"""What a GIS shows of a project: the villages, and the alliances of each scenario, as layers.

They are written by the same transaction as the edit they show, in SQL and not by GDAL: GDAL
opens the file a second time, beside our transaction, and replacing the whole file by a copy
would pull it from under another tab that is writing. So a layer is never older or newer than the
log beside it, whatever is killed when. A geometry in a GeoPackage is a header of eight bytes and
well-known binary (OGC 12-128r17, 2.1.3).
"""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely

from liancun_geo.messages import DEFAULT_LANGUAGE, message
from liancun_geo.naming import alliance_name
from liancun_geo.output.export import clean
from liancun_geo.output.layers import LIST_SEPARATOR
from liancun_geo.project.database import quoted
from liancun_geo.villages import FIELDS

VILLAGES = "villages"

_TYPES = {"text": "TEXT", "number": "DOUBLE", "year": "INTEGER", "flag": "BOOLEAN", "tags": "TEXT"}
_OWN_SRS = 100_000
"""Number of a CRS that EPSG does not know."""


def put_villages(connection: sqlite3.Connection, frame: gpd.GeoDataFrame, at: datetime) -> None:
    """Write the layer of all villages anew.

    Parameters
    ----------
    connection
        In a transaction.
    frame
        Of a village table, projected, metres.
    at
        When.
    """
    columns = {field.name: _TYPES[field.kind] for field in FIELDS.values()}
    srs = _srs(connection, pyproj.CRS(frame.crs))
    about = message("project.layer_villages", DEFAULT_LANGUAGE)
    _make(connection, VILLAGES, about, columns, srs, at)
    values = [
        [plain(value, field.kind) for value in frame[field.name]] for field in FIELDS.values()
    ]
    shapes = [_many(shape) for shape in frame.geometry.to_numpy()]
    places = ", ".join("?" * (len(columns) + 1))
    names = ", ".join(["geom", *map(quoted, columns)])
    connection.executemany(
        f"INSERT INTO {VILLAGES} ({names}) VALUES ({places})",
        zip(encoded(shapes, srs), *values, strict=True),
    )
    connection.execute(f"CREATE INDEX villages_code ON {VILLAGES} (code)")
    _bounds(connection, VILLAGES, shapes)


def correct_village(connection: sqlite3.Connection, code: str, field: str, value: Any) -> None:
    """Show a corrected value in the layer of villages."""
    if has_layer(connection, VILLAGES):
        connection.execute(
            f"UPDATE {VILLAGES} SET {quoted(field)} = ? WHERE code = ?",
            (plain(value, FIELDS[field].kind), code),
        )


def layer_of(name: str) -> str:
    """Return what the layer of a scenario's alliances is called."""
    return message("project.layer_alliances", DEFAULT_LANGUAGE, scenario=name)


def put_alliances(
    connection: sqlite3.Connection,
    scenario: str,
    lead_of: Mapping[str, str | None],
    at: datetime,
    *,
    anew: bool = False,
) -> None:
    """Bring the layer of a scenario's alliances up to date; only what changed is written.

    Parameters
    ----------
    connection
        In a transaction.
    scenario
        Name of the scenario.
    lead_of
        Village -> its lead, by code; None if left out.
    at
        When.
    anew
        Write all of it: the villages themselves have changed.
    """
    if not has_layer(connection, VILLAGES):
        return  # No villages have been read yet; they bring the alliances with them.
    layer = layer_of(scenario)
    if anew or not has_layer(connection, layer):
        about = message("project.layer_alliances_about", DEFAULT_LANGUAGE, scenario=scenario)
        _make_alliances(connection, layer, about, at)
    members = _members(lead_of)
    wanted = {lead: LIST_SEPARATOR.join(codes) for lead, codes in members.items()}
    there: dict[str, str] = dict(
        connection.execute(f"SELECT lead_code, member_codes FROM {quoted(layer)}").fetchall()
    )
    for lead in there:
        if wanted.get(lead) != there[lead]:
            connection.execute(f"DELETE FROM {quoted(layer)} WHERE lead_code = ?", (lead,))
    for lead in wanted:
        if wanted[lead] != there.get(lead):
            _add_alliance(connection, layer, lead, members[lead])
    connection.execute(
        "UPDATE gpkg_contents SET last_change = ? WHERE table_name = ?", (_utc(at), layer)
    )


def _make_alliances(connection: sqlite3.Connection, layer: str, about: str, at: datetime) -> None:
    """Make an empty layer of alliances where the villages lie."""
    row = connection.execute(
        "SELECT srs_id FROM gpkg_geometry_columns WHERE table_name = ?", (VILLAGES,)
    ).fetchone()
    columns = {
        **dict.fromkeys(("lead_code", "lead_name", "alliance_name", "township"), "TEXT"),
        "villages": "INTEGER",
        **dict.fromkeys(("member_codes", "member_names"), "TEXT"),
        "area_km2": "DOUBLE",
    }
    _make(connection, layer, about, columns, row[0], at)
    connection.execute(
        "UPDATE gpkg_contents SET (min_x, min_y, max_x, max_y) = (SELECT min_x, min_y, max_x,"
        " max_y FROM gpkg_contents WHERE table_name = ?) WHERE table_name = ?",
        (VILLAGES, layer),
    )


def _members(lead_of: Mapping[str, str | None]) -> dict[str, list[str]]:
    """Return lead -> its members, all by code and in the order of the codes."""
    members: dict[str, list[str]] = {}
    for village, lead in sorted(lead_of.items()):
        if lead is not None:
            members.setdefault(lead, [])
            if village != lead:
                members[lead].append(village)
    return members


def _add_alliance(
    connection: sqlite3.Connection, layer: str, lead: str, members: Sequence[str]
) -> None:
    found: dict[str, tuple[str, str, bytes]] = {}
    for code in (lead, *members):
        row = connection.execute(
            f"SELECT name, township, geom FROM {VILLAGES} WHERE code = ?", (code,)
        ).fetchone()
        if row is not None:
            found[code] = row
    if lead not in found:
        return  # The village is in the plan but in the data no more.
    shapes = [shapely.from_wkb(row[2][8:]) for row in found.values()]
    territory = _many(shapely.union_all(shapes))
    srs = struct.unpack_from("<i", found[lead][2], 4)[0]
    known = [code for code in members if code in found]
    name, township, _ = found[lead]
    connection.execute(
        f"INSERT INTO {quoted(layer)} (geom, lead_code, lead_name, alliance_name, township,"
        " villages, member_codes, member_names, area_km2) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *encoded([territory], srs),
            lead,
            name,
            clean(alliance_name(name)),
            township,
            1 + len(known),
            LIST_SEPARATOR.join(members),
            LIST_SEPARATOR.join(str(found[code][0]) for code in known),
            territory.area / 1e6,
        ),
    )


def rename_layer(connection: sqlite3.Connection, old: str, new: str) -> None:
    """Let the layer of a scenario follow its name."""
    before, after = layer_of(old), layer_of(new)
    if not has_layer(connection, before) or before == after:
        return
    # Only capitals differ: SQLite takes both for one name.
    step = f"{after} …"
    about = message("project.layer_alliances_about", DEFAULT_LANGUAGE, scenario=new)
    connection.execute(f"ALTER TABLE {quoted(before)} RENAME TO {quoted(step)}")
    connection.execute(f"ALTER TABLE {quoted(step)} RENAME TO {quoted(after)}")
    connection.execute(
        "INSERT INTO gpkg_contents SELECT ?, data_type, ?, ?, last_change, min_x, min_y, max_x,"
        " max_y, srs_id FROM gpkg_contents WHERE table_name = ?",
        (after, after, about, before),
    )
    connection.execute(
        "UPDATE gpkg_geometry_columns SET table_name = ? WHERE table_name = ?", (after, before)
    )
    connection.execute("DELETE FROM gpkg_contents WHERE table_name = ?", (before,))


def drop_layer(connection: sqlite3.Connection, layer: str) -> None:
    """Take a layer out, if it is there."""
    for table in ("gpkg_geometry_columns", "gpkg_contents"):
        connection.execute(f"DELETE FROM {table} WHERE table_name = ?", (layer,))
    connection.execute(f"DROP TABLE IF EXISTS {quoted(layer)}")


def has_layer(connection: sqlite3.Connection, layer: str) -> bool:
    """Say whether a layer is there."""
    row = connection.execute(
        "SELECT 1 FROM gpkg_geometry_columns WHERE table_name = ?", (layer,)
    ).fetchone()
    return row is not None


def plain(value: Any, kind: str) -> str | float | int | None:
    """Return a value of the village table as a database holds it."""
    if kind == "tags":
        return clean(LIST_SEPARATOR.join(value)) if isinstance(value, tuple | list) else None
    if value is None or pd.isna(value):
        return None
    if kind == "text":
        return clean(str(value))
    if kind in ("flag", "year"):
        return int(value)
    return float(value)


def encoded(shapes: Sequence[Any], srs: int) -> list[bytes]:
    """Return geometries as a GeoPackage holds them, without an envelope."""
    header = b"GP\x00\x01" + struct.pack("<i", srs)
    return [header + shape for shape in shapely.to_wkb(np.array(shapes, dtype=object))]


def _many(shape: Any) -> Any:
    return shapely.MultiPolygon([shape]) if isinstance(shape, shapely.Polygon) else shape


def _make(
    connection: sqlite3.Connection,
    layer: str,
    about: str,
    columns: Mapping[str, str],
    srs: int,
    at: datetime,
) -> None:
    drop_layer(connection, layer)
    listed = ", ".join(f"{quoted(name)} {kind}" for name, kind in columns.items())
    connection.execute(
        f"CREATE TABLE {quoted(layer)} (fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,"
        f" geom MULTIPOLYGON, {listed})"
    )
    connection.execute(
        "INSERT INTO gpkg_contents (table_name, data_type, identifier, description, last_change,"
        " srs_id) VALUES (?, 'features', ?, ?, ?, ?)",
        (layer, layer, about, _utc(at), srs),
    )
    connection.execute(
        "INSERT INTO gpkg_geometry_columns VALUES (?, 'geom', 'MULTIPOLYGON', ?, 0, 0)",
        (layer, srs),
    )


def _bounds(connection: sqlite3.Connection, layer: str, shapes: Sequence[Any]) -> None:
    bounds = shapely.total_bounds(np.array(shapes, dtype=object)).tolist()
    if np.isfinite(bounds).all():
        connection.execute(
            "UPDATE gpkg_contents SET min_x = ?, min_y = ?, max_x = ?, max_y = ?"
            " WHERE table_name = ?",
            (*bounds, layer),
        )


def _srs(connection: sqlite3.Connection, crs: pyproj.CRS) -> int:
    """Return the number of a CRS in this file, entering it if it is new."""
    authority = crs.to_authority()
    definition = crs.to_wkt("WKT1_GDAL")
    known = authority is not None and authority[1].isdecimal()
    organization, code = authority if known and authority else ("NONE", str(_OWN_SRS))
    number = int(code)
    connection.execute(
        "INSERT INTO gpkg_spatial_ref_sys VALUES (?, ?, ?, ?, ?, NULL) ON CONFLICT (srs_id)"
        " DO UPDATE SET srs_name = excluded.srs_name, definition = excluded.definition",
        (crs.name, number, organization, number, definition),
    )
    return number


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"

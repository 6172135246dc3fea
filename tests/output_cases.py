"""What tests of written plans read back."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import geopandas as gpd
import openpyxl

from liancun_geo.output import (
    write_assignment_csv,
    write_geojson,
    write_geopackage,
    write_plan,
    write_shapefile,
    write_workbook,
)
from liancun_geo.output.roster import roster
from liancun_geo.scenario import Scenario

NAMES = (
    "alliances.xlsx",
    "plan.gpkg",
    "plan_shapefile.zip",
    "alliances.geojson",
    "villages.geojson",
    "assignment.csv",
    "plan.json",
)
DATE = datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)
WRITERS = [
    write_assignment_csv,
    write_geopackage,
    write_shapefile,
    write_workbook,
    write_geojson,
    write_plan,
]


def assignment(s: Scenario) -> dict[str, tuple[str, str, str]]:
    """Return code -> (name, alliance, role) of every village of the plan."""
    return {row.code: (row.name, row.alliance_id, row.role) for row in roster(s, "zh")}


def from_layer(frame: gpd.GeoDataFrame, **names: str) -> dict[str, tuple[str, str, str]]:
    def column(name: str) -> list[str]:
        return frame[names.get(name, name)].fillna("").tolist()

    rows = zip(column("name"), column("alliance_id"), column("role"), strict=True)
    return dict(zip(column("code"), rows, strict=True))


def cells(path: Path) -> dict[str, list[list[Any]]]:
    # Values as programs see them that calculate nothing.
    book = openpyxl.load_workbook(path, data_only=True)
    return {sheet.title: [[c.value for c in row] for row in sheet.iter_rows()] for sheet in book}

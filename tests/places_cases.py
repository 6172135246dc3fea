"""What several tests of places share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import openpyxl
import pytest
from builders import ORIGIN, village_table
from shapely import Point

from liancun_geo.errors import DataError, Fault
from liancun_geo.intake.places import read_places
from liancun_geo.settings import parse_settings
from liancun_geo.villages import VillageTable

CRS = "EPSG:4527"
X, Y = ORIGIN
CODES = village_table(9).frame["code"].tolist()
HEADER = ("名称", "类别", "产业", "村代码", "乡镇", "村名", "经度", "纬度")


def degrees(x: float, y: float) -> tuple[float, float]:
    (point,) = gpd.GeoSeries([Point(x, y)], crs=CRS).to_crs("EPSG:4490")
    return point.x, point.y


def book(folder: Path, *rows: tuple[Any, ...], header: tuple[str, ...] = HEADER) -> str:
    file = openpyxl.Workbook()
    sheet = file.active
    assert sheet is not None
    for row in (header, *rows):
        sheet.append(row)
    file.save(folder / "places.xlsx")
    return "places.xlsx"


def layer(path: Path, *shapes: Any, crs: str | None = CRS, **columns: Any) -> str:
    values = {"名称": [f"甲{i}" for i in range(len(shapes))], "类别": ["企业"] * len(shapes)}
    gpd.GeoDataFrame(values | columns, geometry=list(shapes), crs=crs or CRS).to_file(path)
    if crs is None:
        path.with_suffix(".prj").unlink()
    return path.name


def read(
    folder: Path,
    *files: str,
    villages: VillageTable | None = None,
    decisions: Any = (),
    **settings: Any,
) -> VillageTable:
    tables = {"data": {"places": list(files)}, "places": settings}
    chosen = parse_settings(tables).deciding(decisions)
    return read_places(chosen, folder, villages or village_table(9))


def refused(folder: Path, *files: str, **more: Any) -> list[str]:
    with pytest.raises(DataError) as caught:
        read(folder, *files, **more)
    for fault in caught.value.faults:
        assert fault.text("zh")
        assert fault.text("en")
    return [fault.key for fault in caught.value.faults if fault.severity == "error"]


def keys(faults: tuple[Fault, ...]) -> list[str]:
    for fault in faults:
        assert fault.text("zh")
        assert fault.text("en")
    return [fault.key for fault in faults]

"""The county as planners have it: GBK shapefile, ledger workbook, GeoPackage, rivers, settings."""

from __future__ import annotations

import datetime as dt
import re
import zipfile
from importlib import resources
from io import BytesIO
from pathlib import Path

import geopandas as gpd
import openpyxl
import pandas as pd
import pyogrio
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter

from demo_county.county import DemoCounty
from liancun_geo.villages import FIELDS

MADE = dt.datetime(2024, 1, 15)
"""Date written into every file, so that two runs give the same bytes."""
LEDGER_SHEET = "台账"
TAG_SEPARATOR = "、"
YES, NO, NONE = "是", "否", "无"
SHAPEFILE_FIELDS = {
    "code": "村代码",
    "name": "村名称",
    "township_code": "乡镇代码",
    "township": "乡镇名称",
    "county": "县名称",
}
"""At most five characters each: a DBF name holds ten bytes, and GBK takes two a character."""


def written(villages: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return the attributes the way a person writes them: 是/否, tags joined, blanks left.

    A known "none" among the tags is written 无, so that it differs from a blank.
    """
    table = pd.DataFrame(index=villages.index)
    for name, field in FIELDS.items():
        column = villages[name]
        if field.kind == "tags":
            table[name] = [TAG_SEPARATOR.join(tags) or NONE for tags in column]
        elif field.kind == "flag":
            table[name] = [YES if flag else NO for flag in column]
        elif field.kind == "year":
            table[name] = column.astype("Int32")
        elif field.kind == "number" and name != "collective_income_wan_yuan":
            table[name] = column.astype("Int64")
        else:
            table[name] = column
    return table


def _remove(path: Path, *endings: str) -> None:
    for ending in endings:
        path.with_suffix(ending).unlink(missing_ok=True)


def write_shapefile(county: DemoCounty, path: Path) -> None:
    """Write the boundaries as a GBK shapefile without .cpg, the usual state of such files."""
    layer = county.villages[[*SHAPEFILE_FIELDS, "geometry"]].rename(columns=SHAPEFILE_FIELDS)
    _remove(path, ".shp", ".shx", ".dbf", ".prj", ".cpg")
    pyogrio.write_dataframe(
        layer,
        path,
        driver="ESRI Shapefile",
        encoding="GBK",
        geometry_type="Polygon",
        layer_options={"DBF_DATE_LAST_UPDATE": MADE.strftime("%Y-%m-%d")},
    )
    _remove(path, ".cpg")


def write_rivers(county: DemoCounty, path: Path) -> None:
    """Write the rivers as a UTF-8 shapefile with .cpg."""
    _remove(path, ".shp", ".shx", ".dbf", ".prj", ".cpg")
    pyogrio.write_dataframe(
        county.rivers,
        path,
        driver="ESRI Shapefile",
        encoding="UTF-8",
        layer_options={"DBF_DATE_LAST_UPDATE": MADE.strftime("%Y-%m-%d")},
    )


def write_geopackage(county: DemoCounty, path: Path) -> None:
    """Write layers ``villages`` (canonical field names) and ``rivers``."""
    path.unlink(missing_ok=True)
    villages = gpd.GeoDataFrame(
        written(county.villages), geometry=county.villages.geometry, crs=county.villages.crs
    )
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": MADE.strftime("%Y-%m-%dT%H:%M:%S.000Z")})
    try:
        for layer, frame, kind in (
            ("villages", villages, "MultiPolygon"),
            ("rivers", county.rivers, "LineString"),
        ):
            pyogrio.write_dataframe(
                frame, path, layer=layer, driver="GPKG", geometry_type=kind,
                promote_to_multi=kind == "MultiPolygon", append=path.exists(),
            )  # fmt: skip
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})


def _same_bytes_each_time(workbook: bytes) -> bytes:
    """Return a workbook with the dates of its making replaced by :data:`MADE`."""
    stamp = MADE.strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    out = BytesIO()
    with zipfile.ZipFile(BytesIO(workbook)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "docProps/core.xml":
                content = re.sub(rb"(?<=>)\d{4}-\d\d-\d\dT[\d:]+Z(?=<)", stamp, content)
            entry = zipfile.ZipInfo(name, MADE.timetuple()[:6])
            entry.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(entry, content)
    return out.getvalue()


def write_ledger(county: DemoCounty, path: Path) -> None:
    """Write the ledger: one sheet, header in row 1, one row a village, codes as text."""
    table = written(county.villages)
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    assert sheet is not None
    sheet.title = LEDGER_SHEET
    sheet.append([FIELDS[name].zh for name in table.columns])
    for row in table.astype(object).itertuples(index=False):
        sheet.append([None if pd.isna(value) else value for value in row])
    for at, cell in enumerate(sheet[1], start=1):
        cell.font = Font(bold=True)
        cell.alignment = Alignment(wrap_text=True, vertical="center")
        sheet.column_dimensions[get_column_letter(at)].width = max(9, 2 * len(str(cell.value)) + 2)
    for header in ("code", "township_code"):
        at = list(table.columns).index(header) + 1
        for (cell,) in sheet.iter_rows(min_row=2, min_col=at, max_col=at):
            cell.number_format = "@"
    sheet.freeze_panes = "C2"
    buffer = BytesIO()
    workbook.save(buffer)
    path.write_bytes(_same_bytes_each_time(buffer.getvalue()))


def _opposite(county: DemoCounty) -> str:
    """Return the village of the same township that shares most border with the cut-off one."""
    villages = county.villages.set_index("code")
    own = villages.loc[county.cut_off]
    same = villages[villages["township_code"] == own["township_code"]].drop(county.cut_off)
    return str(same.geometry.intersection(own.geometry).length.idxmax())


def write_settings(county: DemoCounty, path: Path) -> None:
    """Write the settings of the sample, with the codes of its two banks filled in."""
    names = county.villages.set_index("code")["name"]
    opposite = _opposite(county)
    text = resources.files("demo_county").joinpath("settings.toml").read_text(encoding="utf-8")
    for place, value in (
        ("@CUT_OFF@", county.cut_off),
        ("@OPPOSITE@", opposite),
        ("@CUT_OFF_NAME@", names[county.cut_off]),
        ("@OPPOSITE_NAME@", names[opposite]),
    ):
        text = text.replace(place, value)
    path.write_bytes(text.encode("utf-8"))


def deliver(county: DemoCounty, folder: Path) -> None:
    """Write every file of the sample."""
    folder.mkdir(parents=True, exist_ok=True)
    write_shapefile(county, folder / "villages.shp")
    write_rivers(county, folder / "rivers.shp")
    write_geopackage(county, folder / "demo_county.gpkg")
    write_ledger(county, folder / "ledger.xlsx")
    write_settings(county, folder / "settings.toml")

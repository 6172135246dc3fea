"""The sound files that are damaged: a small part of the demo county in every format read."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import openpyxl
import pandas as pd

from liancun_geo.sample import sample_county
from liancun_geo.settings import Settings

if TYPE_CHECKING:
    from liancun_geo.scenario import Scenario

ROOT = Path(__file__).parents[1]
OLD_WORKBOOK = ROOT / "tests" / "data" / "old_ledger.xls"
N_OF_TOWNSHIP = 12
SHP_PARTS = (".shp", ".shx", ".dbf", ".prj", ".cpg")


def build_seeds(folder: Path) -> None:
    """Write the sound files into a folder.

    Two townships of the demo county, twelve villages each: small, so that many inputs fit
    into a second, and real, so that every check of the reader has something to look at.
    """
    county = sample_county()
    layer = gpd.read_file(county.boundaries, encoding="gbk")
    towns = sorted(layer["乡镇代码"].unique())[:2]
    layer = layer[layer["乡镇代码"].isin(towns)].groupby("乡镇代码").head(N_OF_TOWNSHIP)
    layer = layer.reset_index(drop=True)
    ledger = pd.read_excel(county.ledger, dtype={"村代码": str, "乡镇代码": str})
    ledger = ledger[ledger["村代码"].isin(layer["村代码"])].reset_index(drop=True)

    for name, encoding in (("gbk", "gbk"), ("utf8", "utf-8")):
        (folder / name).mkdir(parents=True)
        layer.to_file(folder / name / "villages.shp", encoding=encoding, engine="pyogrio")
    (folder / "gbk" / "villages.cpg").unlink()
    _zipped(folder / "villages.zip", (folder / "gbk").glob("villages.*"))
    layer.to_file(folder / "villages.gpkg", layer="villages")
    layer.to_file(folder / "villages.fgb", driver="FlatGeobuf")
    layer.to_crs(4326).to_file(folder / "villages.geojson", driver="GeoJSON")
    layer.to_parquet(folder / "villages.parquet")
    layer.dissolve("乡镇代码").reset_index().to_file(folder / "townships.gpkg")
    for part in county.boundaries.parent.glob("rivers.*"):
        shutil.copy(part, folder / part.name)

    ledger.to_excel(folder / "ledger.xlsx", index=False, sheet_name="台账")
    for encoding in ("utf-8", "utf-8-sig", "gb18030", "big5", "utf-16"):
        text = ledger.to_csv(index=False)
        (folder / f"ledger_{encoding}.csv").write_bytes(text.encode(encoding, "replace"))
    shutil.copy(OLD_WORKBOOK, folder / "ledger.xls")
    _plan(folder)


def _zipped(path: Path, parts: Iterable[Path]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in sorted(parts):
            archive.write(part, part.name)


def settings_tables() -> dict[str, Any]:
    """Return settings under which the small county is planned within a second."""
    return {
        "data": {"projected_crs": "EPSG:4527", "on_unmatched": "exclude"},
        "contiguity": {"barriers": ["rivers.shp"], "gap_tolerance_m": 2.0},
        "rules": {"min_size": 3, "max_size": 6, "zone_field": "township_code"},
        "solver": {"time_limit_s": 5.0},
    }


def _plan(folder: Path) -> None:
    from liancun_geo import write_plan

    plan = planned(folder)
    written = folder / "plan"
    write_plan(plan, written)
    shutil.copy(next(written.rglob("plan.json")), folder / "plan.json")
    for kind in ("gpkg", "geojson"):
        shutil.copy(next(written.rglob(f"*.{kind}")), folder / f"plan.{kind}")
    _answered(folder, plan)
    assignment = plan.villages.frame[["code"]].rename(columns={"code": "村代码"})
    assignment["领建村代码"] = assignment["村代码"].iloc[0]
    assignment.to_csv(folder / "assignment.csv", index=False)
    assignment.to_excel(folder / "assignment.xlsx", index=False)
    shutil.rmtree(written)


def planned(folder: Path) -> Scenario:
    """Return the plan of the small county, the same whenever it is made."""
    from liancun_geo import plan_alliances, read_county

    tables = settings_tables()
    tables["rules"] |= {"coverage": "partial"}
    settings = Settings.model_validate(tables)
    county = read_county(
        folder / "gbk" / "villages.shp", folder / "ledger.xlsx", settings=settings, folder=folder
    )
    return plan_alliances(county, settings)


def _answered(folder: Path, plan: Scenario) -> None:
    """Write a consultation workbook that was filled in, and the template of the report."""
    from liancun_geo.output.consultation import COLUMNS, write_consultation
    from liancun_geo.output.paper import template

    at = {name: place for place, (name, _) in enumerate(COLUMNS, start=1)}
    codes = set(plan.villages.frame["code"])
    (asked, *_) = write_consultation(plan, folder / "asked")
    book = openpyxl.load_workbook(asked)
    sheet = book.worksheets[0]
    rows = [
        row for row in range(1, sheet.max_row + 1) if sheet.cell(row, at["code"]).value in codes
    ]
    for number, row in enumerate(rows):
        sheet.cell(row, at["answer"]).value = ("同意", "不同意", None)[number % 3]
        if number % 3 == 1:
            sheet.cell(row, at["refused"]).value = sheet.cell(rows[0], at["village"]).value
            sheet.cell(row, at["reason"]).value = "路太远"
    book.save(folder / "consultation.xlsx")
    shutil.rmtree(folder / "asked")
    (folder / "template.docx").write_bytes(template("zh"))

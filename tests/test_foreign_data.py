"""The settings files for foreign data do what docs/settings.md says of them."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest

from liancun_geo.output import verify_plan, write_plan
from liancun_geo.scenario import Scenario, lay_groundwork, plan_alliances, read_county
from liancun_geo.settings import Settings, read_settings

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "docs" / "examples"
SHARED = ROOT.parent / "shared" / "data"
pytestmark = pytest.mark.skipif(
    not SHARED.is_dir(), reason="the foreign layers lie beside the project, in ../shared/data"
)


def layer(name: str) -> Path:
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"{name} is not in ../shared/data")
    return path


def plan(boundaries: Path, example: str) -> Scenario:
    settings = read_settings(EXAMPLES / example)
    scenario = plan_alliances(read_county(boundaries, settings=settings), settings)
    assert scenario.violations == ()
    assert {zone.status for zone in scenario.result.zones} == {"optimal"}
    assert all(4 <= len(alliance.villages) <= 8 for alliance in scenario.alliances)
    placed = sum(len(alliance.villages) for alliance in scenario.alliances)
    assert placed + len(scenario.unassigned) == len(scenario.villages)
    return scenario


def leads(table: pd.DataFrame) -> dict[str, str]:
    placed = table[table["role"] != "unassigned"]
    return dict(zip(placed["code"], placed["lead_code"], strict=True))


def test_nantou_and_chiayi_are_planned_written_and_read_back(tmp_path: Path) -> None:
    scenario = plan(layer("tw_nantou_chiayi_villages.gpkg"), "nantou_chiayi.toml")
    assert (len(scenario.villages), len(scenario.result.zones)) == (619, 31)
    write_plan(scenario, tmp_path, language="en")

    codes = scenario.villages.frame["code"].tolist()
    expected = {
        codes[village]: codes[alliance.lead]
        for alliance in scenario.alliances
        for village in alliance.villages
    }
    with zipfile.ZipFile(tmp_path / "plan_shapefile.zip") as archive:
        archive.extractall(tmp_path / "shapefile")
    told = {
        "gpkg": pyogrio.read_dataframe(tmp_path / "plan.gpkg", layer="villages"),
        "shapefile": pyogrio.read_dataframe(tmp_path / "shapefile" / "villages.shp"),
        "geojson": pyogrio.read_dataframe(tmp_path / "villages.geojson"),
        "csv": pd.read_csv(tmp_path / "assignment.csv", dtype=str),
        "xlsx": workbook_roster(tmp_path / "alliances.xlsx"),
    }
    for name, table in told.items():
        assert leads(table) == expected, name
    alliances = json.loads((tmp_path / "plan.json").read_text(encoding="utf-8"))["alliances"]
    assert {m: a["lead"] for a in alliances for m in (a["lead"], *a["members"])} == expected
    territory = pyogrio.read_dataframe(tmp_path / "plan.gpkg", layer="alliances").geometry.area
    assert territory.sum() == pytest.approx(scenario.villages.frame.geometry.area.sum(), rel=1e-3)

    def build(found: Path, ledgers: tuple[Path, ...], settings: Settings, *_: object):  # type: ignore[no-untyped-def]
        county = read_county(found, ledgers or None, settings=settings)
        return county.villages, lay_groundwork(county, settings).problem

    assert verify_plan(tmp_path / "plan.json", build=build).ok


def workbook_roster(path: Path) -> pd.DataFrame:
    sheet = pd.read_excel(path, sheet_name="Villages", dtype=str)
    renamed = sheet.rename(
        columns={
            "Village code": "code",
            "Code of the lead village": "lead_code",
            "Role": "role",
        }
    )
    return renamed[renamed["lead_code"].notna()]


def test_one_french_department_with_communes_for_villages(tmp_path: Path) -> None:
    communes = gpd.read_file(layer("fr_dep49_14_communes_2013.gpkg"), engine="pyogrio")
    path = tmp_path / "maine_et_loire.gpkg"
    communes[communes["dep"] == "49"].to_file(path, driver="GPKG", engine="pyogrio")
    scenario = plan(path, "france_communes.toml")
    assert len(scenario.result.zones) == communes[communes["dep"] == "49"]["epci2013"].nunique()
    assert [(v.code, v.reason.key) for v in scenario.unassigned] == [
        ("49288", "reason.village_no_neighbour")
    ]

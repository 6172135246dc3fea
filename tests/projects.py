"""A small project for tests: twelve villages in two townships, planned and stored."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import geopandas as gpd
import openpyxl
from shapely.geometry import box

from liancun_geo.editing import Entry, LeaveOut, Move
from liancun_geo.project import Inputs, Project, create_project, gather
from liancun_geo.scenario import County, Scenario, plan_alliances, read_county
from liancun_geo.settings import Settings

AT = datetime(2025, 3, 1, 8, 30, tzinfo=UTC)
SETTINGS = Settings.model_validate({"rules": {"min_size": 2, "max_size": 4}})
CODES = [f"37040610{1 + i // 6}{200 + i % 6}" for i in range(12)]
NAMES = [f"{word}家村" for word in "张王李赵刘陈杨黄周吴徐孙"]


def county_files(folder: Path) -> tuple[Path, Path]:
    """Write boundaries and a ledger; made up, like every geometry here."""
    places = [(i % 6 % 3, i % 6 // 3 + 2 * (i // 6)) for i in range(12)]
    shapes = [
        box(117.40 + 0.01 * x, 35.0 + 0.01 * y, 117.41 + 0.01 * x, 35.01 + 0.01 * y)
        for x, y in places
    ]
    towns = ["城头镇"] * 6 + ["桑村镇"] * 6
    data = {"村代码": CODES, "村名": NAMES, "乡镇": towns}
    boundaries, ledger = folder / "villages.gpkg", folder / "ledger.xlsx"
    gpd.GeoDataFrame(data, geometry=shapes, crs=4490).to_file(boundaries, layer="村界")
    book = openpyxl.Workbook()
    book.active.append(["村代码", "村名", "户籍人口", "党员数", "产业", "软弱涣散"])
    for i, (code, name) in enumerate(zip(CODES, NAMES, strict=True)):
        book.active.append(
            [code, name, 400 + 100 * i, 20 + i, "粮食、林果" if i % 2 else "养殖", "否"]
        )
    book.save(ledger)
    return boundaries, ledger


def inputs(folder: Path) -> Inputs:
    """Return the files by name and content."""
    boundaries, ledger = county_files(folder)
    return gather(boundaries, [ledger], SETTINGS)


def planned(folder: Path) -> tuple[Inputs, County, Scenario]:
    """Return files, county and the best plan."""
    found = inputs(folder)
    county = read_county(folder / "villages.gpkg", folder / "ledger.xlsx", settings=SETTINGS)
    return found, county, plan_alliances(county, SETTINGS)


def project_with(path: Path, files: Inputs, scenario: Scenario, name: str = "方案一") -> Project:
    """Return a project that holds one scenario."""
    project = create_project(path, files, SETTINGS, by="王", at=AT, token="一个记号")
    project.county()
    project.add_scenario(name, scenario, by="王", at=AT)
    return project


def steps(scenario: Scenario, count: int, start: int = 1) -> list[Entry]:
    """Return steps that leave a member out and put it back, by turns."""
    codes = [str(code) for code in scenario.villages.frame["code"]]
    alliance = next(a for a in scenario.alliances if a.members)
    lead, member = codes[alliance.lead], codes[alliance.members[0]]
    out = LeaveOut(villages=(member,), reason="村民不同意")
    back = Move(villages=(member,), to=lead)
    made = []
    for number in range(start, start + count):
        leaves = number % 2 == 1
        made.append(
            Entry(
                number=number,
                edit=out if leaves else back,
                at=AT,
                by="李",
                lead_of={member: None if leaves else lead},
                reasons={member: "村民不同意"} if leaves else {},
            )
        )
    return made

"""Places in rules and types, and from the command line to verifying."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
from builders import village_table
from places_cases import CODES, book, read
from typer.testing import CliRunner

from liancun_geo.agreements import rule_arguments
from liancun_geo.cli import build_app
from liancun_geo.errors import DataError, SettingsError
from liancun_geo.places import PLACE_KINDS
from liancun_geo.settings import parse_settings
from liancun_geo.villages import VillageTable

# --- rules ----------------------------------------------------------------------------------


def classes(villages: VillageTable, *rules: dict[str, str], **more: Any) -> Any:
    chosen = parse_settings({"rules": {"each_with": list(rules), **more}}).rules
    zones = villages.frame["township_code"].tolist()
    return rule_arguments(villages, chosen, zones)[0].get("classes")


def test_every_alliance_with_an_industry_a_place_or_such_an_enterprise(tmp_path: Path) -> None:
    rows = [
        ("甲", "企业", "林果", CODES[1], None, None, None, None),
        ("乙", "企业", "电商", CODES[2], None, None, None, None),
        ("丙", "园区", None, CODES[3], None, None, None, None),
    ]
    villages = read(
        tmp_path,
        book(tmp_path, *rows),
        villages=village_table(
            4, industries=[("林果",), ("粮食",), (), ("林果",)], enterprises=[(), None, None, ()]
        ),
    )
    asked = (
        {"industry": "林果"},
        {"place": "park"},
        {"place": "enterprise"},
        {"enterprise_of": "林果"},
    )
    found = classes(villages, *asked, each_with_enterprise=True)
    assert found.T.astype(int).tolist() == [
        [0, 1, 1, 0],
        [1, 0, 0, 1],
        [0, 0, 0, 1],
        [0, 1, 1, 0],
        [0, 1, 0, 0],
    ]
    with pytest.raises(DataError) as caught:
        classes(villages, {"industry": "茶叶"}, {"place": "community"}, {"enterprise_of": "茶叶"})
    told = [fault.text("zh") for fault in caught.value.faults]
    assert len(told) == 3
    assert "有“茶叶”产业的村" in told[0]
    assert "有城市社区的村" in told[1]
    assert all(fault.text("en") for fault in caught.value.faults)
    unknown = village_table(2, industries=[("林果",), None])
    with pytest.raises(DataError) as caught:
        classes(unknown, {"industry": "林果"})
    assert [fault.key for fault in caught.value.faults] == ["plan.amount_missing"]


@pytest.mark.parametrize("entry", [{}, {"industry": "林果", "place": "park"}])
def test_a_rule_says_exactly_one_thing(entry: dict[str, str]) -> None:
    with pytest.raises(SettingsError) as caught:
        parse_settings({"rules": {"each_with": [entry]}})
    assert [fault.key for fault in caught.value.faults] == ["places.with_rule"]


def test_kinds_have_names() -> None:
    from liancun_geo.messages import message

    assert [message(f"places.kind_{kind}") for kind in PLACE_KINDS] == [
        "企业",
        "园区",
        "机构",
        "回迁安置点",
        "城市社区",
    ]


# --- from the command line to verifying -----------------------------------------------------


def small_county(folder: Path) -> tuple[str, str]:
    """Write boundaries and ledger of six villages that grow vegetables."""
    frame = village_table(6).frame
    names = {"code": "村代码", "name": "村名", "township": "乡镇"}
    frame[[*names, "geometry"]].rename(columns=names).to_file(folder / "villages.gpkg")
    ledger = pd.DataFrame(
        {
            "村代码": frame["code"],
            "村名": frame["name"],
            "户籍人口（人）": [900, 800, 700, 600, 500, 400],
            "党员数（人）": [30] * 6,
            "村集体经营性收入（万元）": [12, 11, 10, 9, 8, 7],
            "产业": ["蔬菜"] * 6,
            "企业": ["无"] * 6,
        }
    )
    ledger.to_excel(folder / "ledger.xlsx", index=False)
    return str(folder / "villages.gpkg"), str(folder / "ledger.xlsx")


def test_a_plan_with_places_from_the_command_line_to_verifying(tmp_path: Path) -> None:
    boundaries, ledger = small_county(tmp_path)
    settings = tmp_path / "settings.toml"
    text = "[rules]\nmin_size = 3\nmax_size = 3\n[places]\nover_ledger = true\n"
    settings.write_text(text, encoding="utf-8")
    elsewhere = tmp_path / "lists"
    elsewhere.mkdir()
    row = ("示例蔬菜公司", "企业", "蔬菜", CODES[3], None, None, None, None)
    places = elsewhere / book(elsewhere, row)
    runner, app, out = CliRunner(), build_app("zh"), tmp_path / "out"
    options = ["--ledger", ledger, "--settings", str(settings), "--places", str(places)]
    told = runner.invoke(app, ["plan", boundaries, *options, "--out", str(out)])
    assert told.exit_code == 0, told.output
    assert "核心企业：示例蔬菜公司" in told.output
    assert "以清单为准" in told.output
    document = json.loads((out / "plan.json").read_text(encoding="utf-8"))
    (source,) = [s for s in document["sources"] if s["role"] == "places"]
    assert Path(source["path"]).name == "places.xlsx"
    assert document["settings"]["data"]["places"] == ["lists/places.xlsx"]
    (one,) = [a for a in document["alliances"] if CODES[3] in (a["lead"], *a["members"])]
    assert [p["name"] for p in one["places"]] == ["示例蔬菜公司"]
    assert one["type"]["id"] == "village_enterprise"
    assert one["core_enterprise"]["village"] == CODES[3]
    assert one["party_body"]["kind"] == "general_branch"
    (other,) = [a for a in document["alliances"] if a is not one]
    assert (other["type"]["id"], other["core_enterprise"]) == ("mutual_help", None)
    workbook = pd.read_excel(out / "alliances.xlsx", sheet_name="一览表", header=2, dtype=str)
    (row_of,) = workbook[workbook["片区编号"] == one["id"]].to_dict("records")
    assert (row_of["类型"], row_of["党组织"]) == ("村企联建型", "党总支（待确认）")
    assert "示例蔬菜公司" in row_of["核心企业"]
    assert "示例蔬菜公司" in row_of["类型依据"]
    territory = gpd.read_file(out / "alliances.geojson").set_index("alliance_id")
    assert territory.alliance_type[one["id"]] == "村企联建型"
    assert territory.core_enterprise[one["id"]] == "示例蔬菜公司"
    listed = pd.read_csv(out / "assignment.csv", dtype=str)
    assert listed.set_index("code").alliance_type[CODES[3]] == "村企联建型"
    verified = runner.invoke(app, ["verify", str(out / "plan.json")])
    assert verified.exit_code == 0, verified.output
    book(elsewhere, (*row[:2], "粮食", *row[3:]))
    changed = runner.invoke(app, ["verify", str(out / "plan.json")])
    assert changed.exit_code != 0
    assert "places.xlsx" in changed.output

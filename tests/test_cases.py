"""The worked examples: files, plans, types, pictures and page agree with what was published."""

from __future__ import annotations

import json
import tomllib
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pandas as pd
import pytest
import shapely

from liancun_geo.scenario import Scenario
from scripts import make_cases
from scripts.document_cases import alliance_of
from scripts.make_cases import CASES, PICTURES, ROOT

FACTS = make_cases.read_cases()
SEED_FACTS = ROOT.parent / "shared" / "data" / "seed_facts.json"
each_case = pytest.mark.parametrize("case", FACTS["case"], ids=lambda case: str(case["id"]))


@cache
def planned(case_id: str) -> Scenario:
    return make_cases.plan_case(CASES / case_id)


def alliances(scenario: Scenario) -> list[list[str]]:
    names = scenario.villages.frame["name"].tolist()
    return [[names[village] for village in one.villages] for one in scenario.alliances]


def has_published(case: dict[str, Any], scenario: Scenario) -> bool:
    wanted = set(make_cases.named_villages(case))
    return any(
        set(villages) == wanted and villages[0] == case.get("lead", villages[0])
        for villages in alliances(scenario)
    )


@each_case
def test_the_plan_has_the_published_alliance_and_is_proven(case: dict[str, Any]) -> None:
    scenario = planned(case["id"])
    assert scenario.result.status == "optimal"
    assert not scenario.violations
    assert has_published(case, scenario)
    # There was a choice: the neighbours touch the alliance and could have joined it.
    names = scenario.villages.frame["name"].tolist()
    ours = {names.index(name) for name in make_cases.named_villages(case)}
    crossing = [(i, j) for i, j in scenario.contiguity.edges.tolist() if (i in ours) != (j in ours)]
    assert len(crossing) >= 2
    rules = scenario.settings.rules
    assert len(ours) + 1 <= rules.max_size


@each_case
def test_the_type_is_the_published_one(case: dict[str, Any]) -> None:
    typed = alliance_of(case, planned(case["id"]))
    assert typed.type is not None
    if case["type"] == "未注明":
        assert "type_id" not in case
        return
    assert typed.type.id == case["type_id"]
    plain = typed.type.zh.replace("型（", "").replace("）", "").removesuffix("型")
    assert case["type"].removesuffix("型") == plain or typed.type.goes_by(case["type"])


@each_case
def test_the_party_body_is_the_one_in_the_title(case: dict[str, Any]) -> None:
    body = alliance_of(case, planned(case["id"])).party_body
    kind = {"党总支": "general_branch", "党委": "committee"}
    for word, expected in kind.items():
        if case["title"].endswith(word):
            assert body.kind == expected
    if "party_members_persons" in case:
        assert body.members_persons == case["party_members_persons"]


@each_case
def test_published_figures_are_exact_and_the_rest_is_marked(case: dict[str, Any]) -> None:
    frame = planned(case["id"]).villages.frame.set_index("name")
    for name, income in case.get("income_wan_yuan", {}).items():
        assert frame.loc[name, "collective_income_wan_yuan"] == income
    assert set(frame["township"]) == {case["township"]}
    assert frame["code"].str[:9].eq(case["township_code"]).all()
    # No real village has such a code: village parts end at 399.
    assert frame["code"].str[9:].astype(int).gt(900).all()
    ledger = pd.read_csv(CASES / case["id"] / "ledger.csv", dtype=str)
    origin = ledger.set_index("村名")[make_cases.ORIGIN_COLUMN]
    published = {name for name in make_cases.named_villages(case) if "未具名" not in name}
    assert set(origin[origin != make_cases.INVENTED].index) == published
    assert origin.str.contains("虚构").all()
    invented = set(frame.index) - set(make_cases.named_villages(case))
    assert invented and all(name.startswith("邻村") for name in invented)
    layer = json.loads((CASES / case["id"] / "villages.geojson").read_text(encoding="utf-8"))
    assert all("虚构" in one["properties"]["几何"] for one in layer["features"])


@each_case
def test_files_are_made_by_the_script(case: dict[str, Any], tmp_path: Path) -> None:
    made = make_cases.write_case(case, FACTS, tmp_path)
    stored = CASES / case["id"]
    assert sorted(p.name for p in made.iterdir()) == sorted(p.name for p in stored.iterdir())
    for path in made.iterdir():
        if path.suffix != ".geojson":
            assert path.read_bytes() == (stored / path.name).read_bytes()
    # Another GEOS may round the last digit otherwise.
    new, old = (
        shapely.from_geojson((folder / "villages.geojson").read_text(encoding="utf-8"))
        for folder in (made, stored)
    )
    assert shapely.equals_exact(new, old, tolerance=0.02)


@each_case
def test_every_picture_says_that_its_geometry_is_invented(case: dict[str, Any]) -> None:
    svg = ET.parse(PICTURES / f"{case['id']}.svg").getroot()
    texts = {"".join(one.itertext()) for one in svg.iter("{http://www.w3.org/2000/svg}text")}
    assert any("几何为虚构" in text for text in texts)
    assert set(make_cases.named_villages(case)) <= texts
    assert svg.attrib["viewBox"]


def test_the_page_tells_every_case() -> None:
    page = (ROOT / "docs" / "cases.md").read_text(encoding="utf-8")
    sections = page.split("\n## ")
    for case in FACTS["case"]:
        (section,) = [one for one in sections if f"(`{case['id']}`)" in one.split("\n")[0]]
        typed = alliance_of(case, planned(case["id"]))
        assert case["quote"] in section
        assert case["type"] in section
        assert f"images/cases/{case['id']}.svg" in section
        assert typed.name("zh") in section and typed.name("en") in section
        assert all(case[key] in section for key in ("note_zh", "note_en") if key in case)
        assert ("未公布 not published" in section) == ("lead" not in case)
    assert all(one["zh"] in page and one["en"] in page for one in FACTS["not_drawn"])


@pytest.mark.parametrize("case_id", ["xiaozhangzhuang", "waquan_8", "zhujiahu"])
@pytest.mark.parametrize("seed", [101, 117])
def test_redrawn_maps_keep_the_alliance(case_id: str, seed: int, tmp_path: Path) -> None:
    case = next(one for one in FACTS["case"] if one["id"] == case_id)
    redrawn = make_cases.write_case(case, FACTS, tmp_path, seed)
    stored = (CASES / case_id / "villages.geojson").read_bytes()
    assert (redrawn / "villages.geojson").read_bytes() != stored
    assert has_published(case, make_cases.plan_case(redrawn))


@pytest.mark.parametrize(
    ("case_id", "expected", "type_id"),
    [
        ("xiaozhangzhuang", ["小张庄村", "杨庄村", "邻村己"], "strong_leads_many"),
        (
            "tanqu",
            ["邻村戊", "郭王村", "齐东村", "邻村己", "邻村庚", "邻村辛"],
            "strong_leads_many",
        ),
        ("xinzhuang", ["辛庄村", "马厂村", "柴林村", "蒋沟村"], "mutual_help"),
    ],
)
def test_what_neighbours_of_the_same_industry_change(
    case_id: str,
    expected: list[str],
    type_id: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    case = next(one for one in FACTS["case"] if one["id"] == case_id)
    industry = case.get("industry") or case["invented_industry"]
    same = tuple((industry, stems) for _, stems in make_cases.NEIGHBOURS)
    monkeypatch.setattr(make_cases, "NEIGHBOURS", same)
    scenario = make_cases.plan_case(make_cases.write_case(case, FACTS, tmp_path))
    typed = alliance_of(case, scenario)
    names = scenario.villages.frame["name"].tolist()
    assert [names[village] for village in typed.alliance.villages] == expected
    assert typed.type is not None
    assert typed.type.id == type_id


def test_facts_agree_with_the_records_of_the_accounts() -> None:
    if not SEED_FACTS.is_file():
        pytest.skip("needs ../shared/data/seed_facts.json, the records of the two accounts")
    records = json.loads(SEED_FACTS.read_text(encoding="utf-8"))
    seeds = {one["name"]: one for one in records["cases"]}
    titles = [one["title"] for one in (*FACTS["case"], *FACTS["not_drawn"])]
    assert set(titles) == set(seeds)
    for case in FACTS["case"]:
        seed = seeds[case["title"]]
        assert {"S1": "Z", "S2": "S"}[seed["src"]] == case["source"]
        for ours, theirs in (
            ("county", "county"),
            ("township", "town"),
            ("township_code", "town_code"),
            ("members", "members"),
            ("type", "type"),
            ("quote", "quote"),
        ):
            assert case[ours] == seed[theirs]
        assert case.get("lead") == (seed["lead"].split("(")[0] if "lead" in seed else None)
        assert case.get("lead_inferred", False) == ("推断" in seed.get("lead", ""))
        for name in ("year", "industry", "enterprise"):
            if name in case:
                assert case[name] == seed[name]
        if "party_members" in seed:
            assert case["party_members_persons"] == seed["party_members"]
        for name, income in case.get("income_wan_yuan", {}).items():
            assert f"{name}{income}万" in seed["outcome"]
        if "n_villages" in seed and case["id"] not in ("waquan_7", "waquan_8"):
            assert len(make_cases.named_villages(case)) == seed["n_villages"]
    quotes = {one["quote"] for one in records["rules"]}
    for source in FACTS["source"].values():
        assert set(source["rule_quotes"]) <= quotes


def test_rules_are_those_of_the_accounts() -> None:
    for case in FACTS["case"]:
        text = (CASES / case["id"] / "settings.toml").read_text(encoding="utf-8")
        rules = tomllib.loads(text)["rules"]
        expected = {"Z": (2, 15, "partial"), "S": (4, 8, "full")}[case["source"]]
        assert (rules["min_size"], rules["max_size"], rules["coverage"]) == expected

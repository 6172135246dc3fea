"""What is wrong with villages of the map is settled by the decisions proposed with it."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
from intake_helpers import CODES, NAMES, gpkg, shapefile, villages, workbook
from shapely.geometry import Polygon, box

from liancun_geo.decisions import CrsDecision, Decision
from liancun_geo.doctor import examine
from liancun_geo.errors import Fault
from liancun_geo.intake.reading import Reading, read_all
from liancun_geo.settings import Settings
from liancun_geo.villages import VillageTable


def confirmed(decision: Decision) -> Decision:
    return decision.model_copy(update={"confirmed": True})


def read(path, *decisions: Decision) -> Reading:
    return read_all(path, settings=Settings().deciding(decisions))


def asked(reading: Reading, key: str) -> list[Fault]:
    return [fault for fault in reading.faults if fault.key == key]


def settled(path, key: str, number: int, *before: Decision) -> Reading:
    """Confirm a proposal of the first fault of a kind, which then is gone; else nothing changes."""
    faults = asked(read(path, *before), key)
    fix = faults[0].fixes[number]
    assert len(asked(read(path, *before, fix), key)) == len(faults)
    reading = read(path, *before, confirmed(fix))
    assert faults[0].where not in [fault.where for fault in asked(reading, key)]
    told = [f.params["decision"] for f in reading.replay.notices() if f.key == "decisions.applied"]
    assert confirmed(fix) in told
    return reading


def table(reading: Reading) -> VillageTable:
    assert reading.villages is not None, [fault.text("en") for fault in reading.faults]
    return reading.villages


def blocks(**columns) -> gpd.GeoDataFrame:
    """Return 24 villages of 1 km in four rows, township by township from west to east."""
    shapes = [
        box(
            39_500_000 + 1000 * x, 3_900_000 + 1000 * y, 39_501_000 + 1000 * x, 3_901_000 + 1000 * y
        )
        for x in range(6)
        for y in range(4)
    ]
    numbers = np.arange(24)
    data = {
        "GEOID": [f"29{number:03d}" for number in numbers],
        "LABEL": [f"Village {chr(65 + number)}" for number in numbers],
        "AREA_ID": [("North", "Middle", "South")[number // 8] for number in numbers],
        "BOSS": [("Li", "Wang", "Zhao")[number % 3] for number in numbers],
        "SHARE": numbers / 100,
        "FID": numbers,
    } | columns
    kept = {name: values for name, values in data.items() if values is not None}
    return gpd.GeoDataFrame(kept, geometry=shapes, crs="EPSG:4527")


def test_columns_are_proposed_by_what_they_hold(tmp_path) -> None:
    path = gpkg(tmp_path, blocks())
    (fault,) = asked(read(path), "intake.no_identity")
    assert [(fix.header, fix.field) for fix in fault.fixes] == [
        ("LABEL", "name"),
        ("GEOID", "code"),
    ]
    name, code = map(confirmed, fault.fixes)
    (missing,) = asked(read(path, name, code), "intake.zone_missing")
    # Whoever is the boss changes from village to village and is no township.
    assert [getattr(fix, "header", None) for fix in missing.fixes] == ["AREA_ID", None]
    frame = table(settled(path, "intake.zone_missing", 0, name, code)).frame
    assert frame["township"].nunique() == 3
    assert frame["code"].iloc[0] == "29000"


def test_all_villages_of_a_layer_may_belong_to_one_township(tmp_path) -> None:
    path = gpkg(tmp_path, blocks(AREA_ID=None), name="城关镇.gpkg")
    name, code = map(confirmed, asked(read(path), "intake.no_identity")[0].fixes)
    frame = table(settled(path, "intake.zone_missing", -1, name, code)).frame
    assert set(frame["township"]) == {"城关镇"}
    assert frame["township_code"].nunique() == 1


@pytest.mark.parametrize("blank", [(0, 1, 2, 3, 20, 21, 22), (0, 23)])
def test_villages_without_a_township_go_to_the_one_beside_them(tmp_path, blank) -> None:
    towns = [("North", "Middle", "South")[number // 8] for number in range(24)]
    given = [None if number in blank else town for number, town in enumerate(towns)]
    frame = blocks(AREA_ID=None, GEOID=None, name=[f"V{n}" for n in range(24)], 乡镇=given)
    path = gpkg(tmp_path, frame)
    many = len(blank) > 5
    key = "intake.zones_missing_some" if many else "intake.zone_missing_one"
    faults = asked(read(path), key)
    assert len(faults) == (1 if many else len(blank))
    decisions = [confirmed(fault.fixes[0]) for fault in faults]
    assert table(read(path, *decisions)).frame["township"].tolist() == towns
    settled(path, key, 0)


def test_villages_without_a_township_may_be_left_out(tmp_path) -> None:
    path = gpkg(tmp_path, villages(乡镇=["城头镇", "城头镇", "城头镇", None], 村代码=None))
    reading = settled(path, "intake.zone_missing_one", -1)
    assert len(table(reading)) == 3
    assert [fault.where.village for fault in table(reading).excluded] == [NAMES[3]]


def namesakes(folder, shapes=None):
    frame = villages(村代码=None, 村名=["东村", "东村", *NAMES[2:]])
    return gpkg(folder, frame if shapes is None else frame.set_geometry(shapes, crs=frame.crs))


def test_villages_of_one_name_may_be_one_or_several(tmp_path) -> None:
    path = namesakes(tmp_path)
    key = "intake.duplicate_name"
    (fault,) = asked(read(path), key)
    # They touch: parts of one village, most likely.
    assert [getattr(fix, "meaning", None) for fix in fault.fixes] == ["one", "several", None, None]
    one = table(settled(path, key, 0)).frame
    assert one["name"].tolist() == ["东村", *NAMES[2:]]
    several = table(settled(path, key, 1)).frame
    assert several["name"].tolist() == ["东村（1）", "东村（2）", *NAMES[2:]]
    assert several["code"].is_unique
    dropped = settled(path, key, 2)
    assert len(table(dropped)) == 3
    assert [fault.where.row for fault in table(dropped).excluded] == [1]


def test_what_has_neither_name_nor_code_is_asked_about_once_and_never_called_none(tmp_path) -> None:
    nothing = [*NAMES[:3], None]
    path = gpkg(tmp_path, villages(村代码=None, 村名=nothing, 乡镇=None))
    ledger = workbook(tmp_path, [("村名", "户籍人口"), *((name, 900) for name in NAMES[:3])])
    findings = examine(path, [ledger])
    told = [f for f in findings.findings if f.fault.key == "intake.name_missing"]
    assert len(told) == 1
    assert "intake.village_without_row" not in {f.fault.key for f in findings.findings}
    for language in ("zh", "en"):
        said = [f.what(language) + f.remedy(language) for f in findings.findings]
        assert [text for text in said if "None" in text] == []
    left = told[0].fault.fixes[-1]
    again = examine(path, [ledger], settings=Settings().deciding([confirmed(left)]))
    assert [f.fault.key for f in again.errors] == ["intake.zone_missing"]


@pytest.mark.parametrize(
    ("crs", "zh"),
    [
        ("EPSG:4527", "EPSG:4527（CGCS2000 3 度带第 39 带）"),
        ("EPSG:4548", "EPSG:4548（CGCS2000 3 度带，中央经线 117°，东坐标不带带号）"),
        ("EPSG:2363", "EPSG:2363（西安 80 3 度带第 39 带）"),
        ("EPSG:4490", "EPSG:4490（CGCS2000 经纬度）"),
        ("EPSG:999999", "EPSG:999999"),
    ],
)
def test_a_crs_is_called_by_its_name(crs, zh) -> None:
    assert CrsDecision(file="a.shp", crs=crs).text("zh") == f"坐标系为 {zh}"
    note = "some name: 117.42°E 35.01°N"
    at = CrsDecision(file="a.shp", crs=crs, note=note).text("zh")
    assert at == f"坐标系为 {zh}，数据中心在 117.42°E 35.01°N"


def test_namesakes_far_apart_are_rather_several(tmp_path) -> None:
    shapes = [box(x, 35.0, x + 0.01, 35.01) for x in (117.4, 117.6, 117.41, 117.42)]
    (fault,) = asked(read(namesakes(tmp_path, shapes)), "intake.duplicate_name")
    assert fault.fixes[0].meaning == "several"


def test_a_feature_without_name_and_code_is_named_or_left_out(tmp_path) -> None:
    path = gpkg(tmp_path, villages(村代码=None, 村名=[*NAMES[:3], None]))
    named = table(settled(path, "intake.name_missing", 0)).frame
    assert named["name"].iloc[3] == "无名村4"
    left = table(settled(path, "intake.name_missing", 1))
    assert len(left) == 3
    assert len(left.excluded) == 1


@pytest.mark.parametrize(
    ("code", "key"),
    [
        (None, "intake.code_missing"),
        ("37049910020", "intake.code_length"),
        ("3.70E+11", "intake.code_damaged"),
    ],
)
def test_a_village_may_do_without_its_code(tmp_path, code, key) -> None:
    path = gpkg(tmp_path, villages(村代码=[code, *CODES[1:]]))
    frame = table(settled(path, key, 0)).frame
    assert frame["code"].iloc[0] == f"{frame['township'].iloc[0]}/{NAMES[0]}"
    assert len(table(settled(path, key, 1))) == 3


def test_one_code_for_two_names(tmp_path) -> None:
    path = gpkg(tmp_path, villages(村代码=[CODES[0], CODES[0], *CODES[2:]]))
    key = "intake.duplicate_code"
    (fault,) = asked(read(path), key)
    kinds = [fix.kind for fix in fault.fixes]
    assert sorted(kinds) == ["code", "code", "value"]
    for number, kind in enumerate(kinds):
        villages_left = 3 if kind == "value" else 4
        assert len(table(settled(path, key, number))) == villages_left


def test_parts_that_contradict_each_other(tmp_path) -> None:
    columns = {
        "村代码": [CODES[0], CODES[0], *CODES[2:]],
        "村名": [NAMES[0], *NAMES[:1], *NAMES[2:]],
    }
    path = gpkg(tmp_path, villages(**columns, 户籍人口=[100, 200, 300, 400]))
    for number, right in enumerate((100, 200)):
        frame = table(settled(path, "intake.parts_contradict", number)).frame
        assert frame["population_registered_persons"].iloc[0] == right


def test_a_feature_without_a_shape_may_be_left_out(tmp_path) -> None:
    frame = villages()
    frame.loc[3, "geometry"] = Polygon()
    reading = settled(gpkg(tmp_path, frame), "intake.geometry_empty", 0)
    assert len(table(reading)) == 3


def test_a_column_of_codes_or_names_not_recognised_is_asked_about(tmp_path) -> None:
    frame = blocks(LABEL=None, name=[f"V{n}" for n in range(24)], 乡镇=["城关镇"] * 24)
    path = gpkg(tmp_path, frame)
    after = table(settled(path, "intake.code_from_name", 0)).frame
    assert after["code"].iloc[0] == "29000"
    assert asked(settled(path, "intake.code_from_name", -1), "intake.code_from_name") == []


def test_many_villages_without_a_neighbour_are_linked_at_once(tmp_path) -> None:
    # Gaps of 60 m and of 300 m in turn.
    shapes, x = [], 39_500_000.0
    for number in range(30):
        shapes.append(box(x, 3_900_000, x + 500, 3_900_500))
        x += 560 if number % 2 else 800
    frame = gpd.GeoDataFrame(
        {"name": [f"村{n}" for n in range(30)], "乡镇": ["城关镇"] * 30},
        geometry=shapes,
        crs="EPSG:4527",
    )
    path = gpkg(tmp_path, frame)
    key = "readings.many_isolated"
    (found,) = [f for f in examine(path).findings if f.fault.key == key]
    near, far, accept = found.fault.fixes
    assert (near.within_m, far.within_m, accept.kind) == (100.0, 500.0, "accept")
    assert "100" in near.text("zh")
    after = examine(path, settings=Settings().deciding([confirmed(near)]))
    left = [f for f in after.findings if f.fault.key.startswith("readings.") and f.is_question]
    assert {f.fault.key for f in left} == {"readings.isolated"}
    assert len(left) == 2
    accepted = examine(path, settings=Settings().deciding([confirmed(accept)]))
    assert [f.accepted for f in accepted.findings if f.fault.key == key] == [True]


def test_one_of_several_layers_is_chosen(tmp_path) -> None:
    path = gpkg(tmp_path)
    villages().to_file(path, layer="another", driver="GPKG")
    (fault,) = asked(read(path), "intake.several_layers")
    assert [fix.layer for fix in fault.fixes] == ["villages", "another"]
    assert len(table(settled(path, "intake.several_layers", 0))) == 4
    wrong = Settings.model_validate({"data": {"layer": "none"}})
    (fault,) = asked(read_all(path, settings=wrong), "intake.layer_unknown")
    right = wrong.deciding([confirmed(fault.fixes[0])])
    assert read_all(path, settings=right).villages is not None


def test_one_of_several_data_sets_in_a_folder_is_chosen(tmp_path) -> None:
    folder = tmp_path / "数据"
    folder.mkdir()
    shapefile(folder, cpg="GB18030")
    shapefile(folder, cpg="GB18030", name="copy.shp")
    assert [fix.layer for fix in asked(read(folder), "intake.several_shapefiles")[0].fixes] == [
        "villages.shp",
        "copy.shp",
    ]
    assert len(table(settled(folder, "intake.several_shapefiles", 0))) == 4

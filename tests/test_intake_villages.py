from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
from intake_helpers import CODES, NAMES, faults_of, gpkg, keys, shared, villages, workbook
from shapely.geometry import LineString, MultiPolygon, Point, Polygon, box

from liancun_geo.decisions import CodeDecision, ExcludeDecision
from liancun_geo.errors import DataError
from liancun_geo.intake import read_barriers, read_villages
from liancun_geo.intake.reading import read_all
from liancun_geo.settings import Settings


def _settings(**tables):
    return Settings.model_validate(tables)


# Geometry


def test_every_bad_geometry_is_named_at_once(tmp_path):
    frame = villages()
    shapes = [
        None,
        Polygon(),
        Point(117.4, 35.0),
        Polygon([(117, 35), (117.1, np.inf), (117.1, 35)]),
    ]
    frame = frame.set_geometry(shapes, crs=4490)
    path = tmp_path / "v.parquet"
    frame.to_parquet(path)
    faults = faults_of(path)
    assert sorted(keys(faults)) == [
        "intake.geometry_empty",
        "intake.geometry_missing",
        "intake.geometry_no_polygon",
        "intake.geometry_not_finite",
    ]
    assert {fault.where.village for fault in faults} == set(NAMES)
    assert {fault.where.row for fault in faults} == {1, 2, 3, 4}


def test_invalid_geometry_is_repaired_in_a_copy_with_a_notice(tmp_path):
    frame = villages()
    bow = Polygon([(117.43, 35.0), (117.44, 35.01), (117.44, 35.0), (117.43, 35.01)])
    path = gpkg(tmp_path, frame.set_geometry([*frame.geometry[:3], bow], crs=4490))
    table = read_villages(path)
    assert table.frame.is_valid.all()
    repaired = [fault for fault in table.warnings if fault.key == "intake.geometry_repaired"]
    assert [fault.where.village for fault in repaired] == ["西河岔村"]
    assert not gpd.read_file(path).is_valid.all()


def test_parts_of_one_village_are_dissolved_and_two_names_are_a_fault(tmp_path):
    frame = villages(村代码=(CODES[0], CODES[1], CODES[2], CODES[0]), 村名=(*NAMES[:3], NAMES[0]))
    table = read_villages(gpkg(tmp_path, frame))
    assert len(table) == 3
    assert isinstance(table.frame.geometry[0], MultiPolygon)
    assert "intake.dissolved" in keys(table.warnings)
    frame = villages(村代码=(CODES[0], CODES[1], CODES[2], CODES[0]))
    faults = faults_of(gpkg(tmp_path, frame, "other.gpkg"))
    assert keys(faults) == ["intake.duplicate_code"]
    assert faults[0].params["names"] == "王家村、西河岔村"


def test_parts_that_contradict_each_other_are_a_fault(tmp_path):
    frame = villages(
        村代码=(*CODES[:3], CODES[0]), 村名=(*NAMES[:3], NAMES[0]), 户数=[100, 50, 60, 40]
    )
    assert keys(faults_of(gpkg(tmp_path, frame))) == ["intake.parts_contradict"]


def test_no_villages_at_all(tmp_path):
    path = tmp_path / "v.parquet"
    villages().iloc[:0].to_parquet(path)
    assert keys(faults_of(path)) == ["intake.no_villages"]


# Identity


def test_without_codes_the_name_within_the_township_stands_in(tmp_path):
    table = read_villages(gpkg(tmp_path, villages(村代码=None)))
    assert table.frame["code"][0] == "城头镇/王家村"
    assert "intake.code_from_name" in keys(table.warnings)
    frame = villages(村代码=None, 村名=("王家村", *NAMES[:3]))
    assert keys(faults_of(gpkg(tmp_path, frame, "other.gpkg"))) == ["intake.duplicate_name"]


def test_same_name_in_two_townships_is_fine_without_codes(tmp_path):
    frame = villages(村代码=None, 村名=["王家村"] * 4, 乡镇=["甲镇", "乙镇", "丙镇", "丁镇"])
    assert read_villages(gpkg(tmp_path, frame)).frame["code"].is_unique


def test_township_falls_back_and_is_never_missing(tmp_path):
    frame = villages(乡镇=None)
    table = read_villages(gpkg(tmp_path, frame))
    assert table.frame["township"].tolist() == ["370499100"] * 4
    foreign = villages(村代码=["49001", "49002", "49003", "49004"], 乡镇=None)
    path = gpkg(tmp_path, foreign, "foreign.gpkg")
    assert keys(faults_of(path)) == ["intake.zone_missing"]


def test_half_filled_township_codes_do_not_split_a_township(tmp_path):
    frame = villages(乡镇代码=["370499100000", None, None, "370499100000"])
    table = read_villages(gpkg(tmp_path, frame))
    assert table.frame["township_code"].tolist() == ["370499100000"] * 4


def test_codes_of_12_digits_are_checked_and_foreign_ones_are_not(tmp_path):
    frame = villages(村代码=[*CODES[:3], "37049910020"])
    assert keys(faults_of(gpkg(tmp_path, frame))) == ["intake.code_length"]
    frame = villages(村代码=["01001", "01002", "2A004", "2B033"])
    table = read_villages(gpkg(tmp_path, frame, "foreign.gpkg"))
    assert table.frame["code"].tolist() == ["01001", "01002", "2A004", "2B033"]


def test_land_survey_codes_of_19_digits(tmp_path):
    frame = villages(村代码=[f"{code}0000000" for code in CODES])
    table = read_villages(gpkg(tmp_path, frame))
    assert table.frame["code"].tolist() == list(CODES)
    assert "intake.codes_of_19_digits" in keys(table.warnings)


def test_layer_without_any_identity_lists_its_columns(tmp_path):
    frame = villages(村代码=None, 村名=None, 编号X=[1, 2, 3, 4])
    faults = faults_of(gpkg(tmp_path, frame))
    assert keys(faults) == ["intake.no_identity"]
    assert "编号X" in faults[0].params["headers"]


# Decisions on the boundaries


def _confirmed(fix):
    return fix.model_copy(update={"confirmed": True})


def _questions(reading):
    return [fault for fault in reading.faults if fault.fixes]


@pytest.mark.parametrize(
    ("code", "key"),
    [
        (None, "intake.code_missing"),
        ("37049910020", "intake.code_length"),
        ("3.70E+11", "intake.code_damaged"),
    ],
)
def test_the_code_of_the_ledger_is_proposed_for_a_village_that_has_none(tmp_path, code, key):
    boundaries = gpkg(tmp_path, villages(村代码=[code, *CODES[1:]]))
    pairs = zip(NAMES, CODES, strict=True)
    rows = [("乡镇", "村名", "村代码"), *(("城头镇", *pair) for pair in pairs)]
    ledger = workbook(tmp_path, rows)
    reading = read_all(boundaries, ledger)
    (fault,) = [fault for fault in reading.faults if fault.key == key]
    fix, *_ = fault.fixes
    assert (fix.kind, fix.right) == ("code", CODES[0])
    assert key in keys(read_all(boundaries, ledger, settings=Settings().deciding([fix])).faults)
    reading = read_all(boundaries, ledger, settings=Settings().deciding([_confirmed(fix)]))
    assert _questions(reading) == []
    assert reading.villages.frame["code"].tolist() == list(CODES)
    assert "decisions.applied" in keys(reading.faults)


def test_a_code_given_by_hand_ends_the_quarrel_of_two_villages(tmp_path):
    path = gpkg(tmp_path, villages(村代码=(*CODES[:3], CODES[0])))
    assert keys(faults_of(path)) == ["intake.duplicate_code"]
    right = CodeDecision(
        file=path.name, name=NAMES[3], code=CODES[0], right=CODES[3], confirmed=True
    )
    reading = read_all(path, settings=Settings().deciding([right]))
    assert reading.villages.frame["code"].tolist() == list(CODES)


def test_a_village_is_excluded_without_a_ledger(tmp_path):
    path = gpkg(tmp_path)
    out = ExcludeDecision(file=path.name, village=CODES[1], confirmed=True)
    reading = read_all(path, settings=Settings().deciding([out]))
    assert reading.villages.frame["code"].tolist() == [CODES[0], *CODES[2:]]
    assert keys(reading.villages.excluded) == ["names.village_excluded"]


def test_damaged_codes_of_a_ledger_are_asked_about_once_and_settled(tmp_path):
    names = [f"{letter}家庄村" for letter in "赵钱孙李周吴"]
    codes = [f"37049910020{number}" for number in range(6)]
    boxes = [box(117.4 + 0.01 * i, 35.0, 117.41 + 0.01 * i, 35.01) for i in range(6)]
    columns = {"村代码": codes, "村名": names, "乡镇": "城头镇"}
    rows = [("乡镇", "村名", "村代码", "户籍人口")]
    rows += [("城头镇", f"{name}委会", "3.70E+11", 900 + i) for i, name in enumerate(names)]
    boundaries = gpkg(tmp_path, gpd.GeoDataFrame(columns, geometry=boxes, crs=4490))
    ledger = workbook(tmp_path, rows)
    (fault,) = _questions(read_all(boundaries, ledger))
    assert fault.key == "names.codes_unusable"
    settings = Settings().deciding([_confirmed(fault.fixes[0])])
    reading = read_all(boundaries, ledger, settings=settings)
    assert _questions(reading) == []
    assert {match.how for match in reading.joined.matched} == {"form"}
    population = reading.villages.frame["population_registered_persons"].tolist()
    assert population == [900, 901, 902, 903, 904, 905]
    assert reading.villages.frame["code"].tolist() == codes


def test_the_demo_county_has_no_questions():
    folder = Path(__file__).parents[1] / "data" / "boundaries" / "demo_county"
    reading = read_all(folder / "villages.shp", folder / "ledger.xlsx")
    assert _questions(reading) == []
    assert {match.how for match in reading.joined.matched} == {"code"}


# Barriers


def test_barriers_are_projected_and_certified(tmp_path):
    river = gpd.GeoDataFrame(geometry=[LineString([(117.41, 35.0), (117.41, 35.01)])], crs=4490)
    first, second = tmp_path / "river.gpkg", tmp_path / "road.geojson"
    river.to_file(first, driver="GPKG")
    river.to_crs(4326).to_file(second)
    series = read_barriers([first, second], "EPSG:4527")
    assert len(series) == 2
    assert series.crs.to_epsg() == 4527
    assert series.length.to_numpy() == pytest.approx(1_109.5, rel=1e-3)
    assert [source.role for source in series.attrs["sources"]] == ["barriers", "barriers"]


def test_barrier_faults_come_all_at_once(tmp_path):
    with pytest.raises(DataError) as caught:
        read_barriers([tmp_path / "a.shp", tmp_path / "b.shp"], "EPSG:4527")
    assert keys(caught.value.faults) == ["intake.not_found"] * 2


# Real data


def test_taiwan():
    path = shared("tw_nantou_chiayi_villages.gpkg")
    fields = {
        "code": "VILLCODE",
        "name": "VILLNAME",
        "township_code": "TOWNCODE",
        "township": "TOWNNAME",
        "population_registered_persons": "population",
    }
    frame = read_villages(path, settings=_settings(fields=fields)).frame
    assert len(frame) == 619
    assert frame["township_code"].nunique() == 31
    assert (frame["code"].str[:8] == frame["township_code"]).all()
    assert frame.crs.to_epsg() == 3826


def test_codes_that_are_only_sometimes_official_are_not_cut():
    path = shared("dirty/sikkim_villages.geojson")
    fields = {"code": "CEN_2001", "township": "SUB_DIST"}
    faults = faults_of(path, fields=fields)
    assert keys(faults) == ["intake.zones_missing_some"]
    assert faults[0].params["count"] == 33


def test_french_communes():
    path = shared("fr_dep49_14_communes_2013.gpkg")
    fields = {"name": "nom", "township_code": "epci2013"}
    frame = read_villages(path, settings=_settings(fields=fields)).frame
    assert len(frame) == 1063
    assert (frame["township"] == frame["township_code"]).all()


def test_oklahoma_counties():
    path = shared("ok2020")
    fields = {"code": "GEOID20", "name": "NAME20", "township_code": "STATEFP20"}
    frame = read_villages(path, settings=_settings(fields=fields)).frame
    # Land and water area of the state, Census Bureau: 181,038 km2.
    assert frame.area.sum() / 1e6 == pytest.approx(181_038, rel=1e-3)


def test_invalid_county_polygons_are_repaired():
    path = shared("dirty/shan1_dong1_zi1_bo2.geojson")
    fields = {"code": "id", "township": "childNum"}
    table = read_villages(path, settings=_settings(fields=fields))
    assert table.frame.is_valid.all()
    assert keys(table.warnings).count("intake.geometry_repaired") == 7


def test_tlaxcala_keeps_its_projection():
    path = shared("dirty/tlaxcala_municipalities.gpkg")
    fields = {"code": "CVEGEO", "name": "NOMGEO", "township_code": "CVE_ENT"}
    assert read_villages(path, settings=_settings(fields=fields)).frame.crs.to_epsg() == 6372

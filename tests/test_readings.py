"""Contiguity under other readings: what differs is told, what isolates a village is asked."""

from __future__ import annotations

import geopandas as gpd
import pytest
from builders import ORIGIN
from shapely import affinity, box
from shapely.geometry import MultiPolygon

from liancun_geo.decisions import AcceptDecision, ContiguityDecision, Decision
from liancun_geo.doctor.readings import Readings, compare_readings
from liancun_geo.intake import read_villages
from liancun_geo.sample import sample_county
from liancun_geo.settings import ContiguitySettings, Settings, read_settings


def frame(*shapes, **columns) -> gpd.GeoDataFrame:
    codes = [f"{370406100201 + i}" for i in range(len(shapes))]
    names = [f"村{i}" for i in range(len(shapes))]
    moved = [affinity.translate(shape, *ORIGIN) for shape in shapes]
    data = {"code": codes, "name": names, "township": ["甲镇"] * len(shapes)} | columns
    return gpd.GeoDataFrame(data, geometry=moved, crs="EPSG:4527")


def read(villages: gpd.GeoDataFrame, *decisions: Decision, **options) -> Readings:
    settings = Settings(contiguity=ContiguitySettings(**options)).deciding(decisions)
    return compare_readings(villages, settings.contiguity_in_force)


def keys(readings: Readings) -> list[str]:
    return [fault.key.removeprefix("readings.") for fault in readings.faults]


def confirmed(decision: Decision) -> Decision:
    return decision.model_copy(update={"confirmed": True})


def test_all_readings_agree_on_a_sound_row() -> None:
    readings = read(frame(box(0, 0, 500, 500), box(500, 0, 1000, 500), box(1000, 0, 1500, 500)))
    assert readings.faults == ()
    for reading in (readings.in_force, readings.strict, readings.touch, readings.other_parts):
        assert reading.pairs.tolist() == [[0, 1], [1, 2]]


def test_a_gap_of_a_few_metres_proposes_a_tolerance_that_closes_it() -> None:
    villages = frame(box(0, 0, 500, 500), box(504, 0, 1000, 500), box(1004, 0, 1500, 500))
    readings = read(villages)
    (fault,) = readings.faults
    assert fault.key == "readings.tolerance"
    tolerance, accept = fault.fixes
    assert tolerance == ContiguityDecision(gap_tolerance_m=5.0)
    assert isinstance(accept, AcceptDecision)
    assert keys(read(villages, tolerance)) == ["tolerance"]
    after = read(villages, confirmed(tolerance))
    assert after.in_force.isolates == ()
    assert keys(after) == ["strict"]
    assert not after.faults[0].fixes


def test_a_river_proposes_a_link_to_the_nearest_of_the_township() -> None:
    villages = frame(
        box(0, 0, 500, 500),
        box(500, 0, 1000, 500),
        box(700, 600, 1000, 900),
        box(700, 950, 1000, 1200),
        township=["甲镇", "甲镇", "甲镇", "乙镇"],
    )
    asked = {fault.where.village: fault for fault in read(villages).faults}
    assert set(asked) == {"村2", "村3"}
    link = asked["村2"].fixes[0]
    assert link.villages == ("370406100202", "370406100203")
    assert "村1–村2" in link.text("zh")
    assert "100 m away" in asked["村2"].text("en")
    assert isinstance(asked["村2"].fixes[-1], AcceptDecision)
    after = read(villages, confirmed(link))
    assert [fault.where.village for fault in after.faults] == ["村3"]


def test_a_border_below_the_least_proposes_to_lower_it() -> None:
    villages = frame(box(0, 0, 500, 500), box(500, 0, 1000, 500), box(1000, 480, 1500, 900))
    asked = [fault for fault in read(villages).faults if fault.fixes]
    assert [fault.key for fault in asked] == ["readings.short_border"]
    link, least, _ = asked[0].fixes
    assert least == ContiguityDecision(min_shared_border_m=20.0)
    for fix in (link, least):
        assert read(villages, confirmed(fix)).in_force.isolates == ()


def test_villages_that_overlap_widely_are_asked_about() -> None:
    villages = frame(box(0, 0, 500, 500), box(400, 100, 1000, 400), box(0, 500, 400, 900))
    asked = {fault.key: fault for fault in read(villages).faults if fault.fixes}
    fault = asked["readings.overlapping"]
    link = fault.fixes[0]
    assert link.villages == ("370406100201", "370406100202")
    assert "readings.overlapping" not in {f.key for f in read(villages, confirmed(link)).faults}


def test_corners_and_exclaves_are_notices() -> None:
    exclave = box(1000, 1000, 1200, 1200)
    villages = frame(
        MultiPolygon([box(0, 0, 500, 500), exclave]),
        box(500, 0, 1000, 500),
        box(0, 500, 500, 1000),
        box(500, 500, 1000, 1000),
        box(1200, 800, 1700, 1300),
        box(1000, 300, 1700, 800),
    )
    readings = read(villages)
    told = {fault.key: fault for fault in readings.faults if not fault.fixes}
    assert set(told) == {"readings.touch", "readings.parts"}
    assert told["readings.parts"].params["pairs"] == "村0–村4"
    assert (0, 4) not in set(map(tuple, readings.in_force.pairs.tolist()))
    assert "村0–村3" in told["readings.touch"].params["pairs"]
    everything = read(villages, parts="all")
    assert (0, 4) in set(map(tuple, everything.in_force.pairs.tolist()))
    assert "readings.parts" in {fault.key for fault in everything.faults}


@pytest.mark.parametrize(
    ("name", "crs", "alone"),
    [
        # Of the strict readings of Sikkim: 150 share no line by DE-9IM in degrees.
        ("sikkim_villages.geojson", 32645, {"in_force": 93, "strict": 93, "touch": 87}),
        ("tlaxcala_municipalities.gpkg", 6372, {"in_force": 0, "strict": 0, "touch": 0}),
    ],
)
def test_broken_layers(shared, name: str, crs: int, alone: dict[str, int]) -> None:
    layer = gpd.read_file(shared / "dirty" / name).to_crs(crs)[["geometry"]]
    layer["code"] = [f"v{i}" for i in range(len(layer))]
    readings = compare_readings(layer, ContiguitySettings())
    assert {key: len(getattr(readings, key).isolates) for key in alone} == alone


def test_the_demo_county_raises_no_question() -> None:
    sample = sample_county()
    settings = read_settings(sample.settings)
    villages = read_villages(sample.boundaries, [sample.ledger], settings=settings)
    readings = compare_readings(villages.frame, settings.contiguity_in_force)
    assert [fault.text("zh") for fault in readings.faults if fault.fixes] == []

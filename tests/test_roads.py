"""Road layers as planners have them; a plan by travel time from the command line to verifying."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pyproj
import pytest
import shapely
from builders import ORIGIN, village_table
from shapely import LineString, Point, Polygon
from shapely.affinity import translate
from typer.testing import CliRunner, Result

from liancun_geo.cli import build_app
from liancun_geo.decisions import CrsDecision
from liancun_geo.errors import DataError, Fault
from liancun_geo.intake.roads import Surroundings, read_surroundings
from liancun_geo.sample import sample_county
from liancun_geo.settings import Settings, parse_settings
from liancun_geo.villages import VillageTable

CRS = "EPSG:4527"
X, Y = ORIGIN
SAMPLE = sample_county()
ROAD = LineString([(X, Y + 500), (X + 3000, Y + 500)])
LANE = LineString([(X, Y + 900), (X + 3000, Y + 900)])


def write(path: Path, *shapes: Any, crs: str | None = CRS, **columns: Any) -> str:
    values = columns or {"id": range(len(shapes))}
    frame = gpd.GeoDataFrame(values, geometry=list(shapes), crs=crs or CRS)
    if path.suffix == ".shp":
        frame.to_file(path, encoding="GBK")
        path.with_suffix(".cpg").unlink()
        if crs is None:
            path.with_suffix(".prj").unlink()
    else:
        frame.to_file(path)
    return path.name


def read(
    folder: Path, *files: str, decisions: Any = (), **travel: Any
) -> tuple[VillageTable, Surroundings]:
    settings = parse_settings({"travel": {"roads": list(files), **travel}})
    return read_surroundings(settings.deciding(decisions), folder, village_table(9))


def refused(folder: Path, *files: str, decisions: Any = (), **travel: Any) -> tuple[Fault, ...]:
    with pytest.raises(DataError) as caught:
        read(folder, *files, decisions=decisions, **travel)
    return caught.value.faults


def classes(found: tuple[VillageTable, Surroundings]) -> list[str | None]:
    assert found[1].roads is not None
    return [None if value is None else str(value) for value in found[1].roads["road_class"]]


def keys(found: tuple[VillageTable, Surroundings]) -> list[str]:
    return [fault.key for fault in found[0].warnings]


# --- files ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["r.shp", "r.gpkg", "r.geojson"])
@pytest.mark.parametrize("header", ["highway", "fclass", "等级", "道路等级", "技术等级", "TYPE"])
def test_usual_formats_and_headers_are_read(tmp_path: Path, name: str, header: str) -> None:
    crs = "EPSG:4490" if name == "r.geojson" else CRS
    shapes = gpd.GeoSeries([ROAD, LANE], crs=CRS).to_crs(crs)
    values = ["国道", "四级"] if header.isascii() is False else ["primary", None]
    file = write(tmp_path / name, *shapes, crs=crs, **{header: values})
    found = read(tmp_path, file)
    assert classes(found) == values
    roads = found[1].roads
    assert roads is not None
    assert roads.crs == village_table(1).frame.crs
    assert roads.geometry.iloc[0].hausdorff_distance(ROAD) < 0.01
    (source,) = found[0].sources
    assert (source.role, Path(source.path).name, len(source.sha256)) == ("roads", file, 64)


def test_the_likeliest_column_is_taken_and_the_others_named(tmp_path: Path) -> None:
    columns = {"ref": ["G205", "X01"], "道路等级": ["国道", "县道"], "type": ["线", "线"]}
    write(tmp_path / "r.gpkg", ROAD, LANE, **columns)
    found = read(tmp_path, "r.gpkg")
    assert classes(found) == ["国道", "县道"]
    (fault,) = [fault for fault in found[0].warnings if fault.key == "roads.class_field_chosen"]
    assert fault.params["others"] == "ref"
    assert classes(read(tmp_path, "r.gpkg", class_field="ref")) == ["G205", "X01"]
    (wrong,) = refused(tmp_path, "r.gpkg", class_field="grade")
    assert wrong.key == "roads.class_field_missing"
    assert "道路等级" in wrong.text("zh")


def test_columns_that_say_nothing_are_told_of(tmp_path: Path) -> None:
    write(tmp_path / "a.gpkg", ROAD, type=["线"])
    found = read(tmp_path, "a.gpkg")
    assert "roads.class_field_unclear" in keys(found)
    # A class that the planner adds is known.
    again = read(tmp_path, "a.gpkg", speeds_km_h={"线": 33})
    assert "roads.class_field_unclear" not in keys(again)
    write(tmp_path / "b.gpkg", ROAD, name=["x"])
    assert classes(read(tmp_path, "b.gpkg")) == [None]


def test_all_bad_layers_are_told_at_once(tmp_path: Path) -> None:
    write(tmp_path / "areas.gpkg", ROAD.buffer(5), id=[1])
    write(tmp_path / "points.gpkg", Point(X, Y), id=[1])
    write(tmp_path / "nowhere.shp", ROAD, crs=None)
    write(tmp_path / "far.gpkg", translate(ROAD, 60_000), id=[1])
    gpd.GeoDataFrame({"id": []}, geometry=[], crs=CRS).to_file(tmp_path / "empty.gpkg")
    files = ("areas.gpkg", "points.gpkg", "nowhere.shp", "far.gpkg", "empty.gpkg", "gone.shp")
    faults = refused(tmp_path, *files)
    found = {fault.where.file: fault.key for fault in faults if fault.severity == "error"}
    assert found == {
        "areas.gpkg": "roads.no_lines",
        "points.gpkg": "roads.no_lines",
        "nowhere.shp": "layers.crs_which_beside",
        "far.gpkg": "roads.elsewhere",
        "empty.gpkg": "roads.empty",
        "gone.shp": "intake.not_found",
    }
    assert all(fault.text(language) for fault in faults for language in ("zh", "en"))


def test_a_missing_crs_is_asked_for_and_the_answer_replayed(tmp_path: Path) -> None:
    shapes = gpd.GeoSeries([ROAD], crs=CRS).to_crs("EPSG:4490")
    write(tmp_path / "r.shp", *shapes, crs=None)
    (fault,) = [f for f in refused(tmp_path, "r.shp") if f.severity == "error"]
    assert fault.key == "layers.crs_which_beside"
    first = fault.fixes[0]
    assert isinstance(first, CrsDecision)
    assert (first.file, first.crs) == ("r.shp", "EPSG:4490")
    unconfirmed = refused(tmp_path, "r.shp", decisions=[first])
    assert "layers.crs_which_beside" in [fault.key for fault in unconfirmed]
    found = read(tmp_path, "r.shp", decisions=[first.model_copy(update={"confirmed": True})])
    assert found[1].roads is not None
    assert found[1].roads.geometry.iloc[0].hausdorff_distance(ROAD) < 0.01
    assert "decisions.applied" in keys(found)


def test_a_projected_layer_without_crs_is_proposed_that_of_the_villages(tmp_path: Path) -> None:
    write(tmp_path / "r.shp", ROAD, crs=None)
    (fault,) = [f for f in refused(tmp_path, "r.shp") if f.severity == "error"]
    assert isinstance(fault.fixes[0], CrsDecision)
    assert fault.fixes[0].crs == CRS


@pytest.mark.parametrize(
    ("real", "stated", "key", "role"),
    [
        (4490, None, "layers.crs_which_beside", "roads"),
        (4548, None, "layers.crs_which_beside", "seats"),
        (4527, None, "layers.crs_which_beside", "bridges"),
        (4527, 4490, "layers.crs_impossible_beside", "barriers"),
        (4490, 4527, "layers.crs_impossible_beside", "seats"),
        (4548, 4550, "layers.elsewhere_beside", "roads"),
        (4548, 4550, "layers.elsewhere_beside", "barriers"),
    ],
)
def test_a_doubtful_crs_is_asked_about_against_the_villages(
    tmp_path: Path, real: int, stated: int | None, key: str, role: str
) -> None:
    line = gpd.GeoSeries([Point(X, Y) if role == "seats" else ROAD], crs=CRS).to_crs(real)
    write(tmp_path / "r.shp", *line.set_crs(stated or real, allow_override=True), crs=None)
    if stated is not None:
        prj = pyproj.CRS.from_epsg(stated).to_wkt("WKT1_ESRI")
        (tmp_path / "r.prj").write_text(prj, encoding="utf-8")
    tables = {
        "roads": {"travel": {"roads": ["r.shp"]}},
        "seats": {"travel": {"seats": "r.shp"}},
    }
    settings = parse_settings(tables.get(role, {"contiguity": {role: ["r.shp"]}}))
    villages = village_table(9)
    try:
        told = list(read_surroundings(settings, tmp_path, villages)[0].warnings)
    except DataError as cause:
        told = list(cause.faults)
    (fault,) = [one for one in told if one.fixes]
    assert fault.key == key
    assert fault.where.file == "r.shp"
    right = [fix for fix in fault.fixes if getattr(fix, "crs", None) == f"EPSG:{real}"]
    assert len(right) == 1
    assert fault.text("zh") != fault.text("en")
    settings = settings.deciding([right[0].model_copy(update={"confirmed": True})])
    table, found = read_surroundings(settings, tmp_path, villages)
    assert not [one for one in table.warnings if one.fixes]
    shapes = getattr(found, role)
    assert shapes.geometry.iloc[0].distance(ROAD) < 600
    assert "decisions.applied" in [one.key for one in table.warnings]


def test_coordinates_the_other_way_round_are_asked_about(tmp_path: Path) -> None:
    (line,) = gpd.GeoSeries([ROAD], crs=CRS).to_crs(4490)
    swapped = shapely.transform(line, lambda xy: xy[:, ::-1])
    write(tmp_path / "r.shp", swapped, crs=None)
    asked = [fault for fault in refused(tmp_path, "r.shp") if fault.fixes]
    assert [fault.key for fault in asked] == ["layers.axis_order", "layers.crs_which_beside"]
    decisions = [fault.fixes[0].model_copy(update={"confirmed": True}) for fault in asked]
    roads = read(tmp_path, "r.shp", decisions=decisions)[1].roads
    assert roads is not None
    assert roads.geometry.iloc[0].hausdorff_distance(ROAD) < 0.01


def test_a_layer_in_order_asks_nothing_of_its_crs(tmp_path: Path) -> None:
    """Not even one of a whole province, whose centre is far away and wider than a zone."""
    wide = LineString([(X - 900_000, Y), (X, Y + 100), (X + 10_000, Y)])
    write(tmp_path / "r.gpkg", wide, ROAD)
    assert not [fault for fault in read(tmp_path, "r.gpkg")[0].warnings if fault.fixes]


def test_other_shapes_heights_and_far_roads_are_left_aside(tmp_path: Path) -> None:
    high = LineString([(x, y, 99.0) for x, y in ROAD.coords])
    many = shapely.MultiLineString([LANE, translate(LANE, 0, 50)])
    far = translate(ROAD, 100_000)
    point = LineString([(X, Y), (X, Y)])
    shapes = [high, many, far, Polygon([(X, Y), (X + 9, Y), (X, Y + 9)]), point, None]
    write(tmp_path / "r.geojson", *gpd.GeoSeries(shapes, crs=CRS).to_crs(4490), crs="EPSG:4490")
    found = read(tmp_path, "r.geojson")
    roads = found[1].roads
    assert roads is not None
    assert len(roads) == 3
    assert set(roads.geom_type) == {"LineString"}
    assert not roads.has_z.any()
    (fault,) = [fault for fault in found[0].warnings if fault.key == "roads.others_left_out"]
    assert fault.params["count"] == 1


def test_of_several_layers_the_lines_are_taken_and_two_are_too_many(tmp_path: Path) -> None:
    file = tmp_path / "r.gpkg"
    for layer, shape in (("towns", Point(X, Y)), ("roads", ROAD)):
        gpd.GeoDataFrame({"id": [1]}, geometry=[shape], crs=CRS).to_file(file, layer=layer)
    found = read(tmp_path, "r.gpkg")
    assert found[0].sources[0].layer == "roads"
    gpd.GeoDataFrame({"id": [1]}, geometry=[LANE], crs=CRS).to_file(file, layer="lanes")
    (fault,) = refused(tmp_path, "r.gpkg")
    assert fault.key == "roads.several_layers"


def test_a_layer_of_seats_holds_points(tmp_path: Path) -> None:
    write(tmp_path / "r.gpkg", ROAD)
    write(tmp_path / "seats.gpkg", shapely.MultiPoint([(X + 9, Y + 9), (X + 1500, Y)]))
    found = read(tmp_path, "r.gpkg", seats="seats.gpkg")
    assert found[1].seats is not None
    assert len(found[1].seats) == 2
    (fault,) = refused(tmp_path, "r.gpkg", seats="r.gpkg")
    assert fault.key == "roads.no_points"


def test_without_side_layers_nothing_is_read() -> None:
    villages = village_table(4)
    same, around = read_surroundings(Settings(), "nowhere", villages)
    assert same is villages
    assert around == Surroundings() or around.roads is None


# --- the sample county, end to end ----------------------------------------------------------


def run(*arguments: object, language: str = "zh") -> Result:
    return CliRunner().invoke(build_app(language), [str(a) for a in arguments])  # type: ignore[arg-type]


def _network(villages: gpd.GeoDataFrame, without: str) -> gpd.GeoDataFrame:
    """Return roads that join every village to its three nearest, but for one village."""
    frame = villages[villages["code"] != without]
    points = shapely.get_coordinates(frame.geometry.representative_point().to_numpy())
    gap = np.hypot(*(points[:, None] - points[None]).transpose(2, 0, 1))
    nearest = np.argsort(gap, axis=1, kind="stable")[:, 1:4]
    pairs = sorted({tuple(sorted((i, int(j)))) for i in range(len(points)) for j in nearest[i]})
    lines = [LineString([points[i], points[j]]) for i, j in pairs]
    grades = ["县道" if (i + j) % 3 else "村道" for i, j in pairs]
    return gpd.GeoDataFrame({"道路等级": grades}, geometry=lines, crs=villages.crs)


LONE = "370499100238"


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the sample county with roads, planned by travel time; one village has none."""
    folder = tmp_path_factory.mktemp("roads") / "data"
    shutil.copytree(SAMPLE.folder, folder)
    villages = gpd.read_file(folder / "demo_county.gpkg", layer="villages").to_crs(CRS)
    code = next(c for c in villages.columns if villages[c].astype(str).eq(LONE).any())
    roads = _network(villages.rename(columns={code: "code"}), LONE)
    roads.to_file(folder / "roads.shp", encoding="GBK")
    text = (folder / "settings.toml").read_text(encoding="utf-8")
    text = text.replace("[criteria]\n", '[criteria]\nproximity = "travel_time"\n', 1)
    text = text.replace("[rules]\n", "[rules]\nmax_travel_min = 60\n", 1)
    text += '\n[travel]\nroads = ["roads.shp"]\nmax_access_m = 200\ndetour_factor = 1.3\n'
    (folder / "settings.toml").write_text(text, encoding="utf-8")
    arguments = (folder / "villages.shp", "--ledger", folder / "ledger.xlsx")
    told = run("plan", *arguments, "--settings", folder / "settings.toml", "--out", folder / "out")
    assert told.exit_code == 0, told.output
    (folder / "told.txt").write_text(told.output, encoding="utf-8")
    return folder


def plan_of(county: Path) -> dict[str, Any]:
    return json.loads((county / "out" / "plan.json").read_text(encoding="utf-8"))  # type: ignore[no-any-return]


def test_the_plan_by_travel_time_is_proven_and_records_its_roads(county: Path) -> None:
    plan = plan_of(county)
    assert plan["status"] == "optimal"
    assert plan["violations"] == []
    assert [s["role"] for s in plan["sources"]].count("roads") == 1
    assert plan["settings"]["criteria"]["proximity"] == "travel_time"
    told = [warning["key"] for warning in plan["warnings"]]
    assert {"roads.read", "roads.by_travel_time", "roads.proximity_scale"} <= set(told)


def test_the_village_without_road_is_named_in_the_output(county: Path) -> None:
    (fault,) = [w for w in plan_of(county)["warnings"] if w["key"] == "roads.unreached"]
    assert fault["where"]["code"] == LONE
    told = (county / "told.txt").read_text(encoding="utf-8")
    assert fault["where"]["village"] in told
    assert "roads.by_travel_time" in {warning["key"] for warning in plan_of(county)["warnings"]}


def test_links_carry_their_minutes_and_none_is_too_far(county: Path) -> None:
    links = gpd.read_file(county / "out" / "plan.gpkg", layer="links")
    assert len(links) > 100
    assert ((links["travel_min"] > 0) & (links["travel_min"] <= 60)).all()
    # No faster than the best road as the crow flies.
    assert (links["travel_min"] >= links["distance_m"] * 0.06 / 40 - 1e-6).all()


def test_the_plan_is_verified_with_its_roads_and_not_with_others(
    county: Path, tmp_path: Path
) -> None:
    plan = county / "out" / "plan.json"
    good = run("verify", plan)
    assert good.exit_code == 0, good.output
    moved = tmp_path / "moved"
    shutil.copytree(county, moved)
    layer = gpd.read_file(moved / "roads.shp")
    layer.iloc[:-5].to_file(moved / "roads.shp", encoding="GBK")
    document = plan_of(county)
    roads = next(s["path"] for s in document["sources"] if s["role"] == "roads")
    original = Path(roads)
    kept = {part: part.read_bytes() for part in original.parent.glob("roads.*")}
    try:
        for part in moved.glob("roads.*"):
            shutil.copy(part, original.parent / part.name)
        changed = run("verify", plan)
    finally:
        for part, content in kept.items():
            part.write_bytes(content)
    assert changed.exit_code == 3
    assert "roads.shp" in changed.output


def test_straight_lines_give_another_plan_and_say_so(county: Path, tmp_path: Path) -> None:
    text = (county / "settings.toml").read_text(encoding="utf-8")
    text = text.replace('proximity = "travel_time"\n', "").replace("max_travel_min = 60\n", "")
    settings = county / "straight.toml"
    settings.write_text(text, encoding="utf-8")
    arguments = (county / "villages.shp", "--ledger", county / "ledger.xlsx")
    told = run("plan", *arguments, "--settings", settings, "--out", tmp_path, "--json")
    assert told.exit_code == 0, told.output
    plan = json.loads(told.stdout)
    assert "roads.by_straight_line" in [warning["key"] for warning in plan["warnings"]]
    assert plan["fingerprint"] != plan_of(county)["fingerprint"]
    assert plan["alliances"] != plan_of(county)["alliances"]


def test_bad_roads_stop_the_command_with_all_their_faults(county: Path, tmp_path: Path) -> None:
    write(county / "areas.gpkg", ROAD.buffer(5), id=[1])
    text = (county / "settings.toml").read_text(encoding="utf-8")
    settings = county / "bad.toml"
    roads = 'roads = ["areas.gpkg", "gone.shp"]'
    settings.write_text(text.replace('roads = ["roads.shp"]', roads), encoding="utf-8")
    arguments = (county / "villages.shp", "--ledger", county / "ledger.xlsx")
    told = run("plan", *arguments, "--settings", settings, "--out", tmp_path, language="en")
    assert told.exit_code == 3
    assert "areas.gpkg" in told.output
    assert "gone.shp" in told.output
    assert list(tmp_path.iterdir()) == []

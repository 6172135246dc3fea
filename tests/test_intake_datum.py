"""Online maps: their shift is measured against a reference and told, never taken out."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pyproj
import pytest
import shapely
from intake_helpers import gpkg, keys, shared, villages

from liancun_geo.decisions import AcceptDecision
from liancun_geo.errors import Where
from liancun_geo.intake.reading import read_all
from liancun_geo.intake.vector.datum import (
    compare_with_reference,
    measure_shift,
    to_bd09,
    to_gcj02,
)
from liancun_geo.settings import Settings

DEMO = Path(__file__).parents[1] / "data" / "boundaries" / "demo_county" / "demo_county.gpkg"
HERE = Where(file="villages.shp")


@pytest.fixture(scope="module")
def county():
    return gpd.read_file(DEMO, layer="villages", engine="pyogrio")


@pytest.fixture(scope="module")
def townships(county):
    return county[["township_code", "geometry"]].dissolve("township_code")


def _through(frame, formula):
    """Return a layer as an online map would show it, in its own CRS."""
    degrees = frame.to_crs(4490)
    shapes = shapely.transform(
        degrees.geometry.to_numpy(), lambda xy: np.column_stack(formula(xy[:, 0], xy[:, 1]))
    )
    return degrees.set_geometry(gpd.GeoSeries(shapes, index=frame.index, crs=4490))


def _moved(frame, east_m, north_m):
    return frame.set_geometry(frame.geometry.translate(east_m, north_m))


def _length_m(lon, lat, formula):
    geod = pyproj.Geod(ellps="GRS80")
    x, y = formula(np.array([lon]), np.array([lat]))
    return float(geod.inv(lon, lat, x[0], y[0])[2])


@pytest.mark.parametrize(
    ("lon", "lat", "expected"),
    [
        # Published pairs: Tian'anmen, and the example of coordtransform's README (116.404, 39.915).
        (116.404, 39.915, (116.41024449916938, 39.91640428150164)),
    ],
)
def test_the_formula_gives_the_published_pair(lon, lat, expected):
    x, y = to_gcj02(np.array([lon]), np.array([lat]))
    assert (x[0], y[0]) == pytest.approx(expected, abs=1e-9)


def test_shifts_have_the_known_size_everywhere_in_china():
    for lon in range(76, 132, 7):
        for lat in range(20, 50, 6):
            assert 50 < _length_m(lon, lat, to_gcj02) < 800
            assert 300 < _length_m(lon, lat, to_bd09) < 2000


@pytest.mark.parametrize(
    ("formula", "system", "against"),
    [
        (to_gcj02, "GCJ-02", "villages"),
        (to_bd09, "BD-09", "townships"),
        (to_gcj02, "GCJ-02", "county"),
    ],
)
def test_a_layer_of_an_online_map_is_recognised(county, townships, formula, system, against):
    reference = {"villages": county, "townships": townships}.get(against)
    if reference is None:
        reference = gpd.GeoDataFrame(geometry=[townships.union_all()], crs=county.crs)
    shifted = _through(county, formula)
    shift = measure_shift(shifted, reference)
    truth = shifted.to_crs(county.crs).geometry.centroid
    before = county.geometry.centroid
    assert shift.east_m == pytest.approx((truth.x - before.x).mean(), abs=15)
    assert shift.north_m == pytest.approx((truth.y - before.y).mean(), abs=15)
    assert shift.matched > 0.9
    (question,) = compare_with_reference(shifted, reference, HERE)
    assert (question.key, question.severity) == ("datum.gcj02", "warning")
    assert question.params["system"] == system
    assert [type(fix) for fix in question.fixes] == [AcceptDecision]
    for language in ("zh", "en"):
        assert system in question.text(language)


def test_a_reference_of_an_online_map_is_told_as_such(county, townships):
    (question,) = compare_with_reference(county, _through(townships, to_gcj02), HERE)
    assert question.key == "datum.gcj02_reference"


def test_layers_that_agree_or_are_shifted_otherwise(county, townships):
    assert keys(compare_with_reference(county, townships, HERE)) == ["datum.reference_agrees"]
    (question,) = compare_with_reference(_moved(county, -80, 60), townships, HERE)
    assert question.key == "datum.reference_shifted"
    assert question.params["shift_m"] == "100"
    assert question.fixes


def test_a_rough_reference_still_tells(county, townships):
    rough = townships.set_geometry(townships.geometry.simplify(80))
    assert keys(compare_with_reference(county, rough, HERE)) == ["datum.reference_agrees"]
    (question,) = compare_with_reference(_through(county, to_gcj02), rough, HERE)
    assert question.key == "datum.gcj02"


def test_layers_that_have_nothing_in_common_are_no_help(county, townships):
    elsewhere = _moved(townships, 200_000, 0)
    without = gpd.GeoDataFrame(geometry=list(townships.geometry))
    empty = townships.iloc[:0]
    for reference in (elsewhere, without, empty):
        found = compare_with_reference(county, reference, HERE)
        assert keys(found) == ["datum.reference_no_help"]
        assert found[0].fixes == ()


def test_the_same_shift_is_measured_again_and_the_layers_are_not_changed(county, townships):
    shifted = _through(county, to_gcj02)
    before = shifted.copy(deep=True), townships.copy(deep=True)
    assert measure_shift(shifted, townships) == measure_shift(shifted, townships)
    assert shifted.equals(before[0])
    assert townships.equals(before[1])


@pytest.mark.parametrize(
    ("columns", "asked"),
    [
        ({"adcode": 1, "acroutes": 2, "subFeatureIndex": 3}, True),
        ({"cp": 1, "childNum": 2}, True),
        ({"adcode": 1}, False),
    ],
)
def test_columns_of_online_maps_are_known(tmp_path, columns, asked):
    frame = villages(**{name: [value] * 4 for name, value in columns.items()})
    reading = read_all(gpkg(tmp_path, frame))
    found = [fault for fault in reading.faults if fault.key == "layers.gcj02_origin"]
    assert bool(found) is asked
    if asked:
        accept = found[0].fixes[0].model_copy(update={"confirmed": True})
        settled = read_all(tmp_path / "villages.gpkg", settings=Settings().deciding([accept]))
        assert "layers.gcj02_origin" not in keys(settled.faults)
        assert keys(settled.accepted) == ["layers.gcj02_origin"]


def test_a_name_that_says_gcj02_is_believed(tmp_path):
    path = gpkg(tmp_path, name="村界_GCJ02.gpkg")
    assert "layers.gcj02_origin" in keys(read_all(path).faults)


def test_a_real_layer_of_an_online_map_is_suspected():
    reading = read_all(shared("dirty/shan1_dong1_zi1_bo2.geojson"))
    assert "layers.gcj02_origin" in keys(reading.faults)
    assert keys(reading.faults).count("intake.geometry_repaired") == 7

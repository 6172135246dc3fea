import geopandas as gpd
import pyproj
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import box

from liancun_geo.crs import is_metric, parse_crs, projected_crs_for, range_fault, to_projected
from liancun_geo.errors import DataError


@pytest.mark.parametrize(
    ("bounds", "epsg"),
    [
        ((117.2, 34.9, 117.8, 35.3), 4548),  # Shanting, Shandong: central meridian 117 E
        ((119.6, 30.0, 120.4, 30.6), 4549),
        ((74.0, 39.0, 76.0, 40.0), 4534),
        ((134.2, 48.0, 134.9, 48.4), 4554),
        ((119.5, 25.3, 119.9, 25.5), 4549),  # Pingtan, on the mainland side of the strait
        ((120.1, 23.2, 121.4, 24.3), 3826),  # Nantou and Chiayi
        ((119.4, 23.4, 119.7, 23.8), 3826),  # Penghu
        ((-1.4, 46.9, 0.5, 49.5), 32630),
        ((-60.5, -20.0, -58.0, -18.0), 32721),
        ((100.0, 25.0, 105.5, 29.0), 32648),  # too wide for three degrees
    ],
)
def test_zone_is_chosen_on_purpose(bounds, epsg):
    assert projected_crs_for(bounds).to_epsg() == epsg


def test_wide_data_get_an_equal_area_projection_of_their_own():
    crs = projected_crs_for((-5.2, 42.3, 8.3, 51.1))
    assert is_metric(crs)
    assert crs.coordinate_operation.method_name == "Lambert Azimuthal Equal Area"
    assert [p.value for p in crs.coordinate_operation.params[:2]] == [46.7, 1.55]
    factors = pyproj.Proj(crs).get_factors(-5.2, 51.1)
    assert factors.areal_scale == pytest.approx(1, abs=1e-9)


@given(st.floats(-179, 173), st.floats(-79, 78), st.floats(0.01, 5.9), st.floats(0.01, 5.0))
def test_the_choice_is_in_metres_and_true_to_scale(west, south, width, height):
    bounds = (west, south, west + width, south + height)
    crs = projected_crs_for(bounds)
    assert is_metric(crs)
    lon, lat = west + width / 2, south + height / 2
    assert pyproj.Proj(crs).get_factors(lon, lat).parallel_scale == pytest.approx(1, abs=0.002)


def _frame(crs, *bounds):
    return gpd.GeoDataFrame({"geometry": [box(*bounds)]}, crs=crs)


def test_metric_systems_are_kept_and_the_frame_is_not_changed():
    frame = _frame(4527, 39_500_000, 3_880_000, 39_510_000, 3_890_000)
    before = frame.copy(deep=True)
    projected, notes = to_projected(frame)
    assert projected.crs == frame.crs
    assert notes == []
    assert projected is not frame
    assert frame.equals(before)


@pytest.mark.parametrize("crs", [3857, 2277, 4490])
def test_web_mercator_feet_and_degrees_are_left_behind_and_reported(crs):
    lon = -97.7 if crs == 2277 else 117.4
    lat = 30.3 if crs == 2277 else 35.1
    frame = _frame(4326, lon, lat, lon + 0.1, lat + 0.1).to_crs(crs)
    projected, notes = to_projected(frame)
    assert is_metric(projected.crs)
    assert projected.crs.to_epsg() == (32614 if crs == 2277 else 4548)
    assert [note.key for note in notes] == ["crs.chosen"]


def test_stated_projection_is_used_or_refused():
    frame = _frame(4490, 117.0, 35.0, 117.1, 35.1)
    assert to_projected(frame, "EPSG:32650")[0].crs.to_epsg() == 32650
    with pytest.raises(DataError) as caught:
        to_projected(frame, "EPSG:4490")
    assert [fault.key for fault in caught.value.faults] == ["crs.not_metric"]


@pytest.mark.parametrize(
    ("bounds", "epsg", "key"),
    [
        ((117, 35, 118, 36), 4326, None),
        ((117, 35, 518, 36), 4326, "crs.out_of_range"),
        ((float("nan"), 0, 1, 1), 4326, "crs.not_finite"),
        ((39_500_000, 3_880_000, 39_510_000, 3_890_000), 4527, None),
        ((500_000, 3_880_000, 510_000, 3_890_000), 4527, "crs.out_of_range"),  # zone number missing
        ((117.1, 35.0, 117.2, 35.1), 4527, "crs.out_of_range"),
    ],
)
def test_coordinates_must_fit_their_crs(bounds, epsg, key):
    fault = range_fault(bounds, pyproj.CRS.from_epsg(epsg))
    assert (fault.key if fault else None) == key


def test_missing_and_unknown_crs_are_faults():
    with pytest.raises(DataError, match="坐标系"):
        projected_crs_for(_frame(None, 0, 0, 1, 1))
    with pytest.raises(DataError, match="北京54"):
        parse_crs("北京54")

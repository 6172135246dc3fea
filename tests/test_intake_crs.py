"""Where a layer lies: a missing, wrong or swapped CRS is asked about, never guessed."""

import geopandas as gpd
import pyproj
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from intake_helpers import CODES, gpkg, keys, shapefile, villages

from liancun_geo.decision_conflicts import contradictions, without_contradicted
from liancun_geo.decisions import AcceptDecision, AxisOrderDecision, CrsDecision
from liancun_geo.doctor import examine
from liancun_geo.intake import read_villages
from liancun_geo.intake.reading import read_all
from liancun_geo.intake.vector.crs_candidates import (
    Candidate,
    area_of_codes,
    candidates,
    older_datums,
)
from liancun_geo.settings import Settings


def _bare(folder, crs, *, frame=None, swapped=False):
    """Write the villages in a CRS without saying which."""
    frame = (villages() if frame is None else frame).to_crs(crs)
    if swapped:
        shapes = shapely.transform(frame.geometry.to_numpy(), lambda xy: xy[:, ::-1])
        frame = frame.set_geometry(gpd.GeoSeries(shapes, crs=frame.crs))
    path = shapefile(folder, frame=frame)
    path.with_suffix(".prj").unlink()
    return path


def _asked(path, settings=Settings()):
    """Return the questions, and the reading."""
    reading = read_all(path, settings=settings)
    return [fault for fault in reading.faults if fault.fixes], reading


def _confirmed(*fixes):
    return Settings().deciding(fix.model_copy(update={"confirmed": True}) for fix in fixes)


def _proposed(fault):
    return [fix.crs for fix in fault.fixes if isinstance(fix, CrsDecision)]


def _sure(fix):
    return fix.model_copy(update={"confirmed": True})


def _area(path, settings=Settings()):
    return float(read_villages(path, settings=settings).frame.area.sum())


@pytest.mark.parametrize(
    ("crs", "proposed"),
    [
        (4490, ["EPSG:4490", "EPSG:4326", "EPSG:4610", "EPSG:4214"]),
        (4527, ["EPSG:4527", "EPSG:2363", "EPSG:2415"]),
        (4528, ["EPSG:4528", "EPSG:2364", "EPSG:2416"]),
        (4498, ["EPSG:4498", "EPSG:2334", "EPSG:21420"]),
        # Without the zone the codes tell: Zaozhuang lies around 117 E.
        (4548, ["EPSG:4548", "EPSG:32650", "EPSG:2384", "EPSG:2436"]),
        (3857, ["EPSG:3857"]),
    ],
)
def test_a_missing_crs_is_asked_for_and_the_answer_replayed(tmp_path, crs, proposed):
    path = _bare(tmp_path, crs)
    (question,), reading = _asked(path)
    assert (question.key, question.severity) == ("layers.crs_which", "error")
    assert reading.villages is None
    assert _proposed(question) == proposed
    assert "117.42°E" in question.fixes[0].note
    assert "117.42°E" in question.text("zh")
    still, _ = _asked(path, Settings(decisions=question.fixes))
    assert keys(still) == ["layers.crs_which"]
    none, settled = _asked(path, _confirmed(question.fixes[0]))
    assert none == []
    assert "decisions.applied" in keys(settled.faults)
    assert settled.layer.frame.crs.to_epsg() == crs
    truth = float(villages().to_crs(4548).area.sum())
    assert float(settled.villages.frame.area.sum()) == pytest.approx(truth, rel=2e-3)


def test_without_codes_every_central_meridian_is_proposed(tmp_path):
    frame = villages(村代码=["a", "b", "c", "d"])
    (question,), _ = _asked(_bare(tmp_path, 4548, frame=frame))
    meridians = [f"EPSG:{epsg}" for epsg in range(4534, 4555)]
    assert _proposed(question)[:21] == meridians
    assert len(set(_proposed(question))) == len(_proposed(question))


def test_the_setting_answers_as_well(tmp_path):
    path = _bare(tmp_path, 4490)
    table = read_villages(path, settings=Settings.model_validate({"data": {"crs": "EPSG:4490"}}))
    assert table.frame.crs.to_epsg() == 4548
    assert "crs.stated" in keys(table.warnings)


def test_a_prj_that_nobody_understands_is_none(tmp_path):
    path = shapefile(tmp_path)
    path.with_suffix(".prj").write_text("地方坐标系")
    (question,), reading = _asked(path)
    assert question.key == "layers.crs_which"
    assert "layers.prj_unreadable" in keys(reading.faults)


def test_the_file_wins_over_the_crs_of_the_settings(tmp_path):
    settings = Settings.model_validate({"data": {"crs": "EPSG:4527"}})
    table = read_villages(gpkg(tmp_path), settings=settings)
    assert "crs.contradiction" in keys(table.warnings)
    assert table.sources[0].crs.startswith("EPSG:4490")


def _mislabelled(folder, real, stated):
    frame = villages().to_crs(real).set_crs(stated, allow_override=True)
    return gpkg(folder, frame)


@pytest.mark.parametrize(
    ("real", "stated"),
    [
        (4527, 4490),  # metres said to be degrees
        (4490, 4527),  # degrees said to be metres
        (4527, 4528),  # the number of another zone
        (4527, 4548),  # a zone number where there is none
        (4548, 4527),  # no zone number where there is one
        (3857, 4548),
    ],
)
def test_a_crs_that_cannot_be_is_asked_about(tmp_path, real, stated):
    path = _mislabelled(tmp_path, real, stated)
    (question,), reading = _asked(path)
    assert (question.key, question.severity) == ("layers.crs_impossible", "error")
    assert reading.villages is None
    assert _proposed(question)[0] == f"EPSG:{real}"
    none, settled = _asked(path, _confirmed(question.fixes[0]))
    assert none == []
    truth = float(villages().to_crs(4548).area.sum())
    assert float(settled.villages.frame.area.sum()) == pytest.approx(truth, rel=1e-3)


def test_an_accepted_zone_far_away_is_used_as_it_is(tmp_path):
    # At 22 N a zone too far east is still within the area where the CRS may be used.
    shapes = gpd.GeoSeries(villages().geometry.translate(-3.5, -13), crs=4490)
    frame = villages(村代码=[f"440499100{n}" for n in range(201, 205)]).set_geometry(shapes)
    path = tmp_path / "v.gpkg"
    frame.to_crs(4526).set_crs(4527, allow_override=True).to_file(path)
    (question,), _ = _asked(path)
    assert question.key == "layers.crs_impossible"
    (accept,) = [fix for fix in question.fixes if isinstance(fix, AcceptDecision)]
    _, settled = _asked(path, _confirmed(accept))
    assert settled.villages is not None
    assert keys(settled.accepted) == ["layers.crs_impossible"]


@pytest.mark.parametrize(("crs", "stated"), [(4490, True), (4490, False), (4548, True)])
def test_swapped_axes_are_asked_about_and_swapped_back(tmp_path, crs, stated):
    path = _bare(tmp_path, crs, swapped=True)
    if stated:
        path.with_suffix(".prj").write_text(pyproj.CRS.from_epsg(crs).to_wkt("WKT1_ESRI"))
    asked, _ = _asked(path)
    expected = ["layers.axis_order"] if stated else ["layers.axis_order", "layers.crs_which"]
    assert keys(asked) == expected
    assert asked[0].fixes[0] == AxisOrderDecision(file=path.name)
    one_each = [fault.fixes[0] for fault in asked]
    none, settled = _asked(path, _confirmed(*one_each))
    assert none == []
    plain = shapefile(tmp_path, name="plain.shp", frame=villages())
    assert settled.villages.frame.area.sum() == pytest.approx(_area(plain), rel=1e-3)
    half, _ = _asked(path, _confirmed(one_each[0]))
    assert keys(half) == expected[1:]


def test_axes_swapped_in_the_far_west_are_valid_degrees_and_asked_about(tmp_path):
    shapes = villages().geometry.translate(-41.4, 4.5)  # near Kashgar, 76 E 39.5 N
    frame = villages(村代码=["a", "b", "c", "d"]).set_geometry(shapes)
    path = _bare(tmp_path, 4490, frame=frame, swapped=True)
    path.with_suffix(".prj").write_text(pyproj.CRS.from_epsg(4490).to_wkt("WKT1_ESRI"))
    (question,) = [fault for fault in _asked(path)[0] if fault.key == "layers.axis_order"]
    assert isinstance(question.fixes[-1], AcceptDecision)


def test_data_far_from_where_their_codes_say_are_asked_about(tmp_path):
    path = _mislabelled(tmp_path, 4548, 4547)  # 3 degrees too far west
    (question,), reading = _asked(path)
    assert (question.key, question.severity) == ("layers.elsewhere", "warning")
    assert reading.villages is None or len(reading.villages) == 4
    assert _proposed(question)[0] == "EPSG:4548"
    none, _ = _asked(path, _confirmed(question.fixes[0]))
    assert none == []
    none, accepted = _asked(path, _confirmed(question.fixes[-1]))
    assert none == []
    assert keys(accepted.accepted) == ["layers.elsewhere"]


def test_geojson_that_is_not_in_degrees_asks(tmp_path):
    path = tmp_path / "v.geojson"
    villages().to_crs(4527).to_file(path)
    text = path.read_text(encoding="utf-8")
    assert '"crs"' in text
    assert read_villages(path).frame.crs.to_epsg() == 4527
    path.write_text(text.replace('"crs"', '"was"'), encoding="utf-8")
    (question,), _ = _asked(path)
    assert (question.key, _proposed(question)[0]) == ("layers.crs_which", "EPSG:4527")
    none, settled = _asked(path, _confirmed(question.fixes[0]))
    assert none == []
    assert settled.villages.frame.crs.to_epsg() == 4527


def test_coordinates_of_nowhere_are_only_asked_for(tmp_path):
    frame = villages().set_geometry(villages().to_crs(4527).geometry.translate(1e9, 1e9))
    path = shapefile(tmp_path, frame=frame)
    path.with_suffix(".prj").unlink()
    errors = [f for f in read_all(path).faults if f.severity == "error"]
    assert [(fault.key, fault.fixes) for fault in errors] == [("crs.missing", ())]


# Candidates


def test_zones_and_older_datums_are_those_of_the_registry():
    for zone in range(25, 46):
        x = zone * 1e6 + 5e5
        (found,) = candidates((x - 1e4, 3.8e6, x + 1e4, 3.82e6), None)
        name = pyproj.CRS.from_epsg(found.epsg).name
        assert name == f"CGCS2000 / 3-degree Gauss-Kruger zone {zone}"
        assert found.lon == pytest.approx(3 * zone)
    for zone in range(13, 24):
        x = zone * 1e6 + 5e5
        found = candidates((x - 1e4, 3.8e6, x + 1e4, 3.82e6), None)
        assert pyproj.CRS.from_epsg(found[0].epsg).name == f"CGCS2000 / Gauss-Kruger zone {zone}"


@pytest.mark.parametrize("epsg", [*range(4513, 4555), *range(4491, 4513), 4490])
def test_older_datums_have_the_same_projection(epsg):
    crs = pyproj.CRS.from_epsg(epsg)
    names = []
    for older in older_datums(Candidate(epsg, 117.0, 35.0)):
        other = pyproj.CRS.from_epsg(older.epsg)
        names.append(other.geodetic_crs.name)
        if crs.is_projected:
            ours, theirs = crs.coordinate_operation.params, other.coordinate_operation.params
            assert [(p.name, p.value) for p in ours] == [(p.name, p.value) for p in theirs]
    assert names == ["Xian 1980", "Beijing 1954"]


@given(st.floats(74, 134), st.floats(18.5, 53), st.sampled_from(["zoned", "meridian", "degrees"]))
def test_the_true_system_is_always_among_the_candidates(lon, lat, kind):
    zone = round(lon / 3)
    epsg = {"zoned": 4488 + zone, "meridian": 4509 + zone, "degrees": 4490}[kind]
    transformer = pyproj.Transformer.from_crs(4490, epsg, always_xy=True)
    x, y = transformer.transform([lon - 0.05, lon + 0.05], [lat - 0.05, lat + 0.05])
    area = (lon - 0.3, lat - 0.3, lon + 0.3, lat + 0.3)
    found = candidates((min(x), min(y), max(x), max(y)), area)
    assert epsg in [candidate.epsg for candidate in found]
    (placed,) = [candidate for candidate in found if candidate.epsg == epsg]
    assert (placed.lon, placed.lat) == pytest.approx((lon, lat), abs=0.01)
    # The codes leave no other central meridian.
    assert {candidate.epsg for candidate in found} <= {epsg, 4326, 3857, *range(32643, 32654)}


@pytest.mark.parametrize(
    ("values", "known"),
    [
        (list(CODES), True),
        ([f"{code}0000000" for code in CODES], True),
        ([int(code) for code in CODES], True),
        ([float(code) for code in CODES], True),
        (["370402", "370402", "370402", "370402"], True),
        (["65000100001", "65000100002", "65000100003", "65000100004"], False),
        (["49001", "49002", "49003", "49004"], False),
        ([1_234.5, 370_499.0, 12.0, 99.0], False),
        (["990402001201", "990402001202", "990402001203", "990402001204"], False),
    ],
)
def test_codes_say_in_which_prefecture_they_lie(values, known):
    area = area_of_codes(villages(村代码=values))
    assert (area == (116.7, 34.4, 117.9, 35.4)) is known
    assert known or area is None


def test_a_decision_on_the_crs_holds_for_the_coordinates_it_was_made_for(tmp_path):
    path = _bare(tmp_path, 4527)
    decided = _sure(_question_of(read_all(path)).fixes[0])
    settled = read_all(path, settings=Settings(decisions=(decided,)))
    assert "layers.crs_of_other_content" not in keys(settled.faults)
    assert "decisions.applied" in keys(settled.faults)
    for part in tmp_path.iterdir():
        part.unlink()
    other = _bare(tmp_path, 4548)
    assert other == path
    again = read_all(other, settings=Settings(decisions=(decided,)))
    (told,) = [f for f in again.faults if f.key == "layers.crs_of_other_content"]
    assert decided.text("zh") in told.text("zh")
    question = _question_of(again)
    assert question.key == "layers.crs_which"
    # The former decision stays for the former file; the new one holds beside it.
    right = _sure(next(fix for fix in question.fixes if fix.crs == "EPSG:4548"))
    both = Settings(decisions=(decided, right))
    assert contradictions([decided, right]) == []
    settled = read_all(other, settings=both)
    assert settled.villages is not None
    assert keys(settled.faults).count("decisions.applied") == 1
    found = examine(other, settings=both)
    assert [one.fault.key for one in found.findings if "decisions.unused" in one.fault.key] == []
    # Decisions of before say nothing of the content and hold for any.
    old = right.model_copy(update={"content": None})
    assert read_all(other, settings=Settings(decisions=(old,))).villages is not None
    contrary = decided.model_copy(update={"content": None})
    assert contradictions([contrary, right]) == [(0, 1)]
    assert without_contradicted([contrary], [right]) == (right,)


def test_a_decision_for_other_coordinates_is_told_where_the_file_states_its_crs(tmp_path):
    path = _stated_file(tmp_path)
    decided = CrsDecision(file=path.name, crs="EPSG:4527", content="0" * 16, confirmed=True)
    for found in (
        read_all(path, settings=Settings(decisions=(decided,))).faults,
        [one.fault for one in examine(path, settings=Settings(decisions=(decided,))).findings],
    ):
        told = [f.key for f in found if "decisions." in f.key or "other_content" in f.key]
        assert told == ["layers.crs_of_other_content"]


def _stated_file(folder):
    path = folder / "v.gpkg"
    villages().to_file(path)
    return path


def _question_of(reading):
    (question,) = [f for f in reading.faults if any(isinstance(x, CrsDecision) for x in f.fixes)]
    return question

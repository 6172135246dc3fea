"""Examining data: every fault has its kind, words and place; decisions are kept and replayed."""

from __future__ import annotations

import json
import re
import sys
import tomllib
from pathlib import Path

import pytest
from doctor_cases import _income_ledger, _run, _squares
from intake_helpers import NAMES, gpkg, ledger_rows, villages, workbook

from liancun_geo.decisions import ExcludeDecision, read_decisions
from liancun_geo.doctor import Finding, Findings, examine
from liancun_geo.doctor.findings import CATEGORIES
from liancun_geo.doctor.kinds import category_of, kinds, severity_of
from liancun_geo.errors import Where, error, warning
from liancun_geo.messages import catalogue, message
from liancun_geo.settings import Settings

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
DEMO = ROOT / "data" / "boundaries" / "demo_county"
FAULT_TOPICS = (
    "contiguity",
    "crs",
    "datum",
    "intake",
    "layers",
    "ledger",
    "names",
    "outliers",
    "places",
    "readings",
    "roads",
    "topology",
)


def test_every_fault_of_the_data_has_a_kind_of_its_own():
    known = set(kinds()[0])
    # What a sentence is put together from is no fault.
    kinds_of_places = ("enterprise", "park", "institution", "resettlement", "community")
    parts = (
        "topology.reason_",
        "places.help",
        "places.with_",
        *(f"places.kind_{kind}" for kind in kinds_of_places),
    )
    told = {
        key
        for key in catalogue()
        if key.partition(".")[0] in FAULT_TOPICS and not key.startswith(parts)
    }
    assert len(told) > 200
    assert sorted(told - known) == []


def test_every_kind_is_that_of_a_fault():
    assert sorted(key for key in kinds()[0] if key not in catalogue()) == []


@pytest.mark.parametrize("category", CATEGORIES)
def test_every_category_says_why_and_what_to_do(category):
    for kind in ("why", "remedy"):
        for language in ("zh", "en"):
            assert message(f"doctor.{kind}_{category}", language)


def test_severities():
    fix = ExcludeDecision(file="a.shp", village="1")
    assert severity_of(error("intake.code_damaged")) == "error"
    assert severity_of(error("intake.code_damaged").proposing(fix)) == "error"
    assert severity_of(warning("intake.total_row")) == "note"
    assert severity_of(warning("intake.total_row").proposing(fix)) == "warning"
    assert severity_of(warning("intake.negative_income")) == "warning"
    assert severity_of(warning("intake.negative_income"), accepted=True) == "note"
    assert category_of("topology.something_new") == "topology"


def _county(folder, decisions=()):
    """Examine four villages whose ledger lacks one and has another nobody knows."""
    rows = ledger_rows()
    rows[4] = ("370499100299", "外来村", 5)
    ledger = workbook(folder, rows)
    return examine(gpkg(folder), ledger, settings=Settings(decisions=decisions))


def test_examine_raises_nothing_for_unreadable_files(tmp_path):
    findings = examine(tmp_path / "none.shp", tmp_path / "none.xlsx")
    assert not findings.ok
    assert {finding.category for finding in findings.findings} == {"files"}
    assert findings.coverage is None
    assert findings.shapes is None


def test_findings_are_in_order_and_have_short_lasting_ids(tmp_path):
    (tmp_path / "a").mkdir()
    findings, again = _county(tmp_path), _county(tmp_path / "a")
    ids = [finding.id for finding in findings.findings]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[A-Z]-[0-9a-f]{6}", name) for name in ids)
    assert ids == [finding.id for finding in again.findings]
    levels = [(f.severity != "error", not f.is_question) for f in findings.findings]
    assert levels == sorted(levels)


def test_ids_stay_when_other_faults_are_settled(tmp_path):
    before = {(f.fault.key, f.fault.where): f.id for f in _county(tmp_path).findings}
    shp = tmp_path / "villages.gpkg"
    excluded = ExcludeDecision(file=shp.name, village="370499100204", confirmed=True)
    after = {(f.fault.key, f.fault.where): f.id for f in _county(tmp_path, [excluded]).findings}
    common = set(before) & set(after)
    assert common
    assert all(before[place] == after[place] for place in common)


def test_a_finding_says_what_why_and_how_in_both_languages(tmp_path):
    for finding in _county(tmp_path).findings:
        for language in ("zh", "en"):
            said = [finding.what(language), finding.why(language), finding.remedy(language)]
            assert all(said)
            assert len(set(said)) == 3
    plain = Finding("X-1", warning("intake.negative_income", value="-3"), "values", "warning")
    assert plain.remedy("en") == message("doctor.remedy_values", "en")


def test_findings_know_the_village_and_the_json_is_whole(tmp_path):
    findings = _county(tmp_path)
    concerned = {f.fault.key: f.villages for f in findings.findings}
    assert concerned["intake.village_without_row"] == ("370499100204",)
    assert concerned["intake.row_without_village"] == ()
    assert list(findings.shapes["code"]) == [f"37049910020{i}" for i in range(1, 5)]
    assert findings.shapes.crs.to_epsg() == 4326
    told = json.loads(json.dumps(findings.as_dict("en"), allow_nan=False))
    assert told["ok"] is False
    assert told["counts"]["errors"] == len(findings.errors) == 2
    assert told["coverage"]["without_row"][0]["village"] == NAMES[3]
    assert [source["role"] for source in told["sources"]] == ["boundaries", "ledger"]


def test_coverage_lists_all_three(tmp_path):
    coverage = _county(tmp_path).coverage
    assert len(coverage.matched) == 3
    assert [where.village for where in coverage.without_row] == [NAMES[3]]
    assert [where.village for where in coverage.without_village] == ["外来村"]
    assert sum(coverage.how.values()) == 3


def test_missing_figures_are_counted_and_absent_ones_listed_once(tmp_path):
    frame = villages(**{"户籍人口": [1000, None, 900, 800]})
    found = {f.fault.key: f for f in examine(gpkg(tmp_path, frame)).findings}
    lacking = found["doctor.figures_missing"]
    assert "李家村" in lacking.what()
    assert lacking.severity == "warning"
    assert "户数" in found["doctor.fields_absent"].what("zh")
    assert "households" in found["doctor.fields_absent"].what("en")


def test_the_demo_county_is_healthy():
    findings = examine(DEMO / "villages.shp", DEMO / "ledger.xlsx")
    assert findings.ok
    assert findings.questions == ()
    assert len(findings.coverage.matched) == 261
    assert not findings.coverage.without_row


def test_what_stops_the_reading_hides_no_decision_as_unused(tmp_path):
    idle = ExcludeDecision(file="villages.gpkg", village="1", confirmed=True)
    assert "decisions.unused" not in {f.fault.key for f in _county(tmp_path, [idle]).findings}
    findings = examine(gpkg(tmp_path), settings=Settings(decisions=(idle,)))
    assert "decisions.unused" in {f.fault.key for f in findings.findings}


@pytest.fixture
def odd(tmp_path):
    return tmp_path, [_squares(tmp_path), "--ledger", _income_ledger(tmp_path)]


def test_a_file_must_be_named_and_must_exist(odd):
    folder, files = odd
    code, told = _run("doctor", *files, "--propose")
    assert code == 2
    assert "--decisions FILE.toml" in told
    assert _run("doctor", *files, "--decisions", folder / "mistyped.toml")[0] == 2


def test_hostile_names_stay_comments(tmp_path):
    rows = ledger_rows()
    rows[4] = ("370499100299", 'x"\n[[decision]]\nkind = "exclude"\nvillage = "1"', 5)
    files = [gpkg(tmp_path), "--ledger", workbook(tmp_path, rows)]
    decisions = tmp_path / "decisions.toml"
    assert _run("doctor", *files, "--decisions", decisions, "--propose")[0] == 3
    tables = tomllib.loads(decisions.read_text(encoding="utf-8"))["decision"]
    assert not any(table["confirmed"] for table in tables)
    assert len(read_decisions(decisions)) == len(tables)


def test_errors_are_exit_code_3_and_out_holds_all_files(tmp_path):
    rows = ledger_rows()[:-1]
    files = [gpkg(tmp_path), "--ledger", workbook(tmp_path, rows)]
    code, _ = _run("doctor", *files, "--out", tmp_path / "out")
    assert code == 3
    written = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert written == ["findings.html", "findings.json", "findings.xlsx"]
    document = json.loads((tmp_path / "out" / "findings.json").read_text(encoding="utf-8"))
    assert document["ok"] is False


def test_a_plan_on_decided_data_is_verified_from_its_own_record(tmp_path):
    decisions = tmp_path / "decisions.toml"
    code = json.loads(_run("doctor", DEMO / "villages.shp", "--json")[1])["ok"]
    assert code
    import geopandas as gpd

    first = gpd.read_file(DEMO / "villages.shp", encoding="gbk", rows=1).iloc[0]
    village = next(str(value) for value in first if re.fullmatch(r"\d{12}", str(value)))
    decisions.write_text(
        f'[[decision]]\nkind = "exclude"\nfile = "villages.shp"\nvillage = "{village}"\n'
        'confirmed = true\nby = "Wang"\non = 2026-11-22\n',
        encoding="utf-8",
    )
    files = [DEMO / "villages.shp", "--ledger", DEMO / "ledger.xlsx", "--decisions", decisions]
    out = tmp_path / "plan"
    code, told = _run("plan", *files, "--out", out, "--json")
    assert code == 0, told[-2000:]
    document = json.loads((out / "plan.json").read_text(encoding="utf-8"))
    placed = {m for a in document["alliances"] for m in (a["lead"], *a["members"])}
    assert village not in placed
    assert len(placed) == 260
    code, told = _run("verify", out / "plan.json")
    assert code == 0, told


def test_a_decision_that_finds_nothing_is_told_when_planning(tmp_path):
    decisions = tmp_path / "decisions.toml"
    decisions.write_text(
        '[[decision]]\nkind = "unit"\nfile = "old.xlsx"\nheader = "x"\n'
        'unit = "元"\nconfirmed = true\n',
        encoding="utf-8",
    )
    code, told = _run("check", DEMO / "villages.shp", "--decisions", decisions)
    assert code == 0
    assert "no file called old.xlsx was read" in told


def test_findings_of_nothing_are_fine():
    findings = Findings(())
    assert findings.ok
    assert findings.questions == ()
    assert Where().text() == ""


def test_a_dirty_county_is_settled_by_confirming_what_is_proposed(tmp_path):
    from benchmarks import doctor

    doctor.ledger(tmp_path, doctor.boundaries(tmp_path, 140))
    files = (tmp_path / "villages.shp", tmp_path / "ledger.xlsx")
    findings = examine(*files)
    assert not findings.ok
    assert {"codes", "join", "outliers"} <= {finding.category for finding in findings.questions}
    best = [finding.fault.fixes[0] for finding in findings.questions]
    unconfirmed = examine(*files, settings=Settings(decisions=tuple(best)))
    assert [f.id for f in unconfirmed.findings] == [f.id for f in findings.findings]
    confirmed = tuple(fix.model_copy(update={"confirmed": True, "by": "Wang"}) for fix in best)
    after = examine(*files, settings=Settings(decisions=confirmed))
    assert [f.fault.text() for f in after.errors] == []
    assert [f.fault.text() for f in after.questions] == []


def test_villages_are_compared_with_the_polygons_of_their_townships(tmp_path):
    import geopandas as gpd
    from shapely.geometry import box

    frame = villages(**{"乡镇": ["城头镇", "城头镇", "东山镇", "东山镇"]})
    towns = {"NAME": ["城头", "东山镇"], "other": [1, 2]}
    shapes = [box(117.40, 35, 117.43, 35.01), box(117.43, 35, 117.44, 35.01)]
    layer = tmp_path / "towns.gpkg"
    gpd.GeoDataFrame(towns, geometry=shapes, crs=4490).to_file(layer)
    findings = examine(gpkg(tmp_path, frame), townships=layer)
    outside = [f for f in findings.findings if f.fault.key == "topology.outside_township"]
    assert [f.villages for f in outside] == [("370499100203",)]
    assert outside[0].shape is not None
    towns["NAME"] = ["城头", "西山镇"]
    gpd.GeoDataFrame(towns, geometry=shapes, crs=4490).to_file(layer)
    told = {f.fault.key: f for f in examine(gpkg(tmp_path, frame), townships=layer).findings}
    assert "东山镇" in told["doctor.townships_missing"].what()


def test_a_missing_layer_to_compare_with_is_an_error(tmp_path):
    findings = examine(gpkg(tmp_path), townships=tmp_path / "none.shp")
    assert [f.fault.key for f in findings.errors] == ["intake.not_found"]


def test_barriers_are_read_beside_the_settings_file(tmp_path):
    settings = Settings.model_validate({"contiguity": {"barriers": ["none.shp"]}})
    findings = examine(gpkg(tmp_path), settings=settings, folder=tmp_path)
    assert [f.fault.where.file for f in findings.errors] == ["none.shp"]


def test_a_shift_against_a_reference_is_a_question(tmp_path):
    import geopandas as gpd

    layer = ROOT / "data" / "boundaries" / "demo_county" / "demo_county.gpkg"
    frame = gpd.read_file(layer, layer="villages")
    right, shifted = tmp_path / "right.gpkg", tmp_path / "shifted.gpkg"
    frame.to_file(right)
    projected = frame.to_crs(4548)
    projected.set_geometry(projected.translate(300.0, -200.0)).to_crs(frame.crs).to_file(shifted)
    agreeing = {f.fault.key: f for f in examine(right, reference=right).findings}
    assert agreeing["datum.reference_agrees"].severity == "note"
    asked = [f for f in examine(shifted, reference=right).questions if f.category == "crs"]
    assert len(asked) == 1
    (accept,) = asked[0].fault.fixes
    settled = Settings(decisions=(accept.model_copy(update={"confirmed": True}),))
    again = examine(shifted, reference=right, settings=settled)
    assert [f.id for f in again.findings if f.accepted] == [asked[0].id]
    assert not [f for f in again.questions if f.category == "crs"]


def test_an_invalid_ring_is_told_once_and_shown_on_the_map(tmp_path):
    from shapely import Polygon

    frame = villages()
    ring = [(117.40, 35.0), (117.41, 35.01), (117.41, 35.0), (117.40, 35.01)]
    frame.loc[0, "geometry"] = Polygon(ring)
    findings = examine(gpkg(tmp_path, frame)).findings
    told = [f for f in findings if f.fault.where.row == 1 and f.category == "geometry"]
    assert [f.fault.key for f in told] == ["topology.invalid"]
    assert told[0].shape is not None
    assert told[0].villages == ("370499100201",)


def test_lists_of_places_are_examined_and_go_along(tmp_path):
    layer = gpkg(tmp_path)
    places = tmp_path / "places.csv"
    places.write_text("名称,类别,村代码\n甲公司,企业,999\n", encoding="utf-8")
    code, told = _run("doctor", layer, "--places", places)
    assert code == 3
    assert "甲公司" in told and f"--places {places}" in told
    places.write_text("名称,类别,村代码\n甲公司,企业,370499100201\n", encoding="utf-8")
    code, told = _run("doctor", layer, "--places", places, "--json")
    assert code == 0
    found = [f for f in json.loads(told)["findings"] if f["category"] == "places"]
    assert len(found) == 2 and {f["severity"] for f in found} == {"note"}

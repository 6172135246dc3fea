"""Decisions mean what they say: no contradictions, accepted as seen, told when not used."""

from pathlib import Path

import pytest
from intake_helpers import CODES, NAMES, gpkg, keys
from ledger_helpers import columns, confirmed, errors, one, reading

from liancun_geo.decision_conflicts import contradictions, without_contradicted
from liancun_geo.decisions import (
    CellsDecision,
    CodeDecision,
    ContiguityDecision,
    CrsDecision,
    DropRowDecision,
    EncodingDecision,
    ExcludeDecision,
    HeaderDecision,
    KeepDecision,
    LayerDecision,
    MatchDecision,
    Replay,
    RowsUnitDecision,
    SameNameDecision,
    TownshipDecision,
    UnitDecision,
    ValueDecision,
    accepting,
    parse_decisions,
)
from liancun_geo.doctor import examine
from liancun_geo.errors import SettingsError, Where, warning
from liancun_geo.intake.reading import read_all
from liancun_geo.settings import Settings

BLOCK = {"first_row": 12, "last_row": 31, "first_village": "东村", "last_village": "西村"}
COLUMN = {"file": "t.xlsx", "sheet": "一", "header": "收入"}
ROW = {"file": "t.xlsx", "sheet": "一", "name": "东村", "township": "城关镇"}
LAYER = {"file": "v.shp"}

CONTRARY = [
    (LayerDecision(**LAYER, layer="a"), LayerDecision(**LAYER, layer="b")),
    (EncodingDecision(**LAYER, encoding="gbk"), EncodingDecision(**LAYER, encoding="utf-8")),
    (CrsDecision(**LAYER, crs="EPSG:4490"), CrsDecision(**LAYER, crs="EPSG:4326")),
    (HeaderDecision(**COLUMN, field=""), HeaderDecision(**COLUMN, field="households")),
    (UnitDecision(**COLUMN, unit="元"), UnitDecision(**COLUMN, unit="万元")),
    (
        RowsUnitDecision(**COLUMN, **BLOCK, unit="元"),
        RowsUnitDecision(**COLUMN, **BLOCK, unit="千元"),
    ),
    (
        RowsUnitDecision(**COLUMN, **BLOCK, unit="元"),
        RowsUnitDecision(**COLUMN, first_row=30, last_row=40, unit="千元"),
    ),
    (
        ValueDecision(**ROW, header="人口", found="?", value="1"),
        ValueDecision(**ROW, header="人口", found="?", value="2"),
    ),
    (MatchDecision(**ROW, village="1"), MatchDecision(**ROW, village="2")),
    (MatchDecision(**ROW, village="1"), DropRowDecision(**ROW)),
    (MatchDecision(**ROW, village="1"), ExcludeDecision(**LAYER, village="1")),
    (KeepDecision(**LAYER, village="1"), ExcludeDecision(**LAYER, village="1")),
    (CodeDecision(**ROW, right="1"), CodeDecision(**ROW, right="2")),
    (
        SameNameDecision(**LAYER, name="东村", meaning="one"),
        SameNameDecision(**LAYER, name="东村", meaning="several"),
    ),
    (
        TownshipDecision(**LAYER, meaning="nearest"),
        TownshipDecision(**LAYER, meaning="excluded"),
    ),
    (ContiguityDecision(gap_tolerance_m=1.0), ContiguityDecision(gap_tolerance_m=2.0)),
]


@pytest.mark.parametrize("pair", CONTRARY, ids=lambda pair: f"{pair[0].kind}-{pair[1].kind}")
def test_two_answers_to_one_question_are_an_error(pair):
    one_, other = map(confirmed, pair)
    assert contradictions([one_, other]) == [(0, 1)]
    assert contradictions([one_, pair[1]]) == []
    assert contradictions([one_, one_.model_copy(update={"by": "李"})]) == []
    (fault,) = Replay([one_, other]).contradictions()
    assert one_.text("zh") in fault.text("zh")
    assert other.text("en") in fault.text("en")
    assert without_contradicted([one_], [other]) == (other,)


def test_answers_to_different_questions_are_no_contradiction():
    both = [
        MatchDecision(**ROW, village="1"),
        MatchDecision(**{**ROW, "name": "西村"}, village="1"),
        CellsDecision(**COLUMN, accept=("range",)),
        CellsDecision(**COLUMN, accept=("approximate",)),
        ContiguityDecision(gap_tolerance_m=1.0),
        ContiguityDecision(min_shared_border_m=2.0),
        UnitDecision(**COLUMN, unit="元"),
        UnitDecision(**{**COLUMN, "sheet": "二"}, unit="万元"),
        RowsUnitDecision(**COLUMN, first_row=2, last_row=20, unit="千元"),
        RowsUnitDecision(**COLUMN, first_row=21, last_row=40, unit="万元"),
        RowsUnitDecision(**COLUMN, first_row=30, last_row=50, unit="万元"),
        RowsUnitDecision(**{**COLUMN, "sheet": "二"}, first_row=2, last_row=60, unit="元"),
    ]
    assert contradictions(list(map(confirmed, both))) == []


def test_a_file_of_contradicting_decisions_is_refused_and_named():
    table = {"kind": "crs", "file": "v.shp", "confirmed": True}
    tables = {"decision": [{**table, "crs": "EPSG:4490"}, {**table, "crs": "EPSG:4326"}]}
    with pytest.raises(SettingsError) as caught:
        parse_decisions(tables, file="decisions.toml")
    (fault,) = caught.value.faults
    assert fault.where.file == "decisions.toml"
    assert "EPSG:4490" in fault.text("zh")
    assert "EPSG:4326" in fault.text("zh")
    tables["decision"][1]["confirmed"] = False
    assert len(parse_decisions(tables)) == 2


def test_contradictions_that_only_the_data_show_stop_the_reading(tmp_path):
    rows = columns(("户数", [10, "?", 30, 40]))
    said = {"file": "台账.xlsx", "sheet": "台账", "header": "户数", "found": "?"}
    path = None
    first = reading(tmp_path, rows, ledger=path)
    place = one(first, "intake.not_a_number").where
    said = {**said, "file": place.file, "sheet": place.sheet}
    by_code = ValueDecision(**said, code=CODES[1], value="20")
    by_name = ValueDecision(**said, name=NAMES[1], value="21")
    found = reading(tmp_path, rows, confirmed(by_code), confirmed(by_name))
    assert found.villages is None
    assert "decisions.contradiction" in keys(errors(found))


def test_contradictions_of_several_files_are_found_by_the_examination_too(tmp_path):
    path = gpkg(tmp_path)
    both = [CrsDecision(file=path.name, crs=crs) for crs in ("EPSG:4490", "EPSG:4527")]
    findings = examine(path, settings=Settings().deciding(map(confirmed, both)))
    assert [one.fault.key for one in findings.errors].count("decisions.contradiction") == 1
    assert not findings.ok


def test_namesakes_are_told_apart_by_their_row():
    known = {"file": "t.xlsx", "name": "东村", "township": "城关镇"}
    both = [
        confirmed(ValueDecision(**known, row=row, header="x", found="?", value=str(row)))
        for row in (7, 9)
    ]
    replay = Replay(both)
    for row in (7, 9):
        where = Where(file="t.xlsx", village="东村", township="城关镇", row=row)
        assert replay.of_row(ValueDecision, where).value == str(row)
    assert replay.contradictions() == []


def test_a_decided_crs_against_the_file_is_always_told(tmp_path):
    layer = gpkg(tmp_path)
    same = read_all(layer)
    stated = same.sources[0].crs
    agreeing = confirmed(CrsDecision(file=layer.name, crs=stated))
    found = read_all(layer, settings=Settings(decisions=(agreeing,)))
    assert "crs.decided_against_file" not in keys(found.faults)
    other = "EPSG:4548" if stated != "EPSG:4548" else "EPSG:4547"
    against = confirmed(CrsDecision(file=layer.name, crs=other))
    found = read_all(layer, settings=Settings(decisions=(against,)))
    (told,) = [f for f in found.faults if f.key == "crs.decided_against_file"]
    assert stated in told.text("zh")
    assert other in told.text("zh")


def test_what_was_accepted_is_asked_again_with_other_figures():
    place = Where(file="t.xlsx", sheet="一", row=9, field="人口")
    sums = {"label": "城关镇小计", "computed": "900"}
    seen = warning("ledger.total_differs", place, stated="1,000", **sums)
    accepted = confirmed(accepting(seen))
    assert "1,000" in accepted.text("zh")
    moved = warning(
        "ledger.total_differs", Where(**{**place.as_dict(), "row": 12}), stated="1,000", **sums
    )
    changed = warning("ledger.total_differs", place, stated="2,000", **sums)
    assert Replay([accepted]).accepts(seen)
    assert Replay([accepted]).accepts(moved)
    assert not Replay([accepted]).accepts(changed)
    replay = Replay([accepted.model_copy(update={"found": None})])
    assert replay.accepts(changed)


def test_an_accepted_total_comes_back_when_it_changes(tmp_path):
    figures = ("户籍人口", [100, 200, 300, 400])
    fault = one(
        reading(tmp_path, columns(figures, extra=[["合计", "", 900]])), "ledger.total_differs"
    )
    accept = confirmed(fault.fixes[-1])
    again = reading(tmp_path, columns(figures, extra=[["合计", "", 900]]), accept)
    assert "ledger.total_differs" not in keys(again.faults)
    changed = reading(tmp_path, columns(figures, extra=[["合计", "", 90]]), accept)
    assert {"ledger.total_differs", "decisions.unused"} <= set(keys(changed.faults))


@pytest.mark.parametrize(("stated", "differs"), [(1000, False), (1050, False), (1100, True)])
def test_totals_are_those_of_all_rows_or_of_those_used(tmp_path, stated, differs):
    rows = columns(("户籍人口", [100, 200, 300, 400]))
    rows.append([CODES[1], NAMES[1], 50])
    rows.append(["合计", "", stated])
    (twice,) = [
        f
        for f in reading(tmp_path, rows).faults
        if any(isinstance(fix, DropRowDecision) for fix in f.fixes)
    ]
    drop = next(f for f in twice.fixes if isinstance(f, DropRowDecision) and f.row == len(rows) - 1)
    found = reading(tmp_path, rows, confirmed(drop))
    assert errors(found) == []
    assert ("ledger.total_differs" in keys(found.faults)) == differs


def test_a_decision_on_a_file_that_was_not_read_says_so(tmp_path):
    layer = gpkg(tmp_path)
    decisions = tuple(
        confirmed(EncodingDecision(file=name, encoding="gbk"))
        for name in ("v2.shp", layer.name.upper())
    )
    found = read_all(layer, settings=Settings(decisions=decisions))
    assert "decisions.unused_no_file" in keys(found.faults)
    assert "decisions.unused_other_case" in keys(found.faults)


def test_unused_decisions_on_a_readable_file_are_told_whatever_stops_the_reading(tmp_path):
    rows = columns(("户数", [10, 20, 30, 40]))
    gpkg(tmp_path)
    book = Path(reading(tmp_path, rows).sources[-1].path)
    column = {"file": book.name, "sheet": "台账", "header": "没有这一列"}
    decisions = (
        confirmed(UnitDecision(**column, unit="元")),
        confirmed(EncodingDecision(file="v2.shp", encoding="gbk")),
        confirmed(ExcludeDecision(file="missing.gpkg", village="1")),
    )
    findings = examine(tmp_path / "missing.gpkg", book, settings=Settings(decisions=decisions))
    told = {
        finding.fault.params["decision"].kind: finding.fault.key
        for finding in findings.findings
        if finding.fault.key.startswith("decisions.")
    }
    assert told == {"unit": "decisions.unused", "encoding": "decisions.unused_no_file"}


def test_codes_of_19_digits_are_found_in_either_form():
    code = "370499100201"
    for stated, raw in ((code, f"{code}0000000"), (f"{code}0000000", code)):
        replay = Replay([confirmed(CodeDecision(file="t.xlsx", code=stated, right="1"))])
        assert replay.of_row(CodeDecision, Where(file="t.xlsx", code=raw, row=3)) is not None
        replay = Replay([confirmed(ExcludeDecision(file="v.shp", village=stated))])
        assert replay.of_village(ExcludeDecision, Where(file="v.shp"), raw) is not None


def test_a_block_of_rows_has_a_beginning_and_an_end():
    table = {"kind": "rows_unit", **COLUMN, "unit": "元", "first_row": 9, "last_row": 8}
    with pytest.raises(SettingsError) as caught:
        parse_decisions({"decision": [table]})
    assert [fault.key for fault in caught.value.faults] == ["settings.range_order"]

"""Decisions: what is confirmed is replayed, what is not never changes anything."""

from pathlib import Path
from typing import get_args

import pytest

from liancun_geo.decisions import (
    AcceptDecision,
    CellsDecision,
    Decision,
    DropRowDecision,
    EncodingDecision,
    ExcludeDecision,
    HeaderDecision,
    LinkDecision,
    MatchDecision,
    Replay,
    UnitDecision,
    ValueDecision,
    accepting,
    read_decisions,
)
from liancun_geo.errors import SettingsError, Where, warning
from liancun_geo.messages import catalogue
from liancun_geo.settings import Settings


def _keys(replay: Replay) -> list[str]:
    return [notice.key for notice in replay.notices()]


def test_only_confirmed_decisions_count() -> None:
    here = Where(file="a.shp")
    proposed = EncodingDecision(file="a.shp", encoding="gbk")
    assert Replay([proposed]).of_file(EncodingDecision, here) is None
    confirmed = proposed.model_copy(update={"confirmed": True})
    assert Replay([confirmed]).of_file(EncodingDecision, here) == confirmed
    assert Replay([confirmed]).of_file(EncodingDecision, Where(file="b.shp")) is None


def test_what_found_no_place_is_told() -> None:
    used = UnitDecision(file="t.xlsx", sheet="一", header="收入", unit="万元", confirmed=True)
    idle = HeaderDecision(file="t.xlsx", sheet="一", header="x", field="name", confirmed=True)
    replay = Replay([used, idle])
    column = Where(file="t.xlsx", sheet="一", field="收入")
    assert replay.of_column(UnitDecision, column) == used
    assert _keys(replay) == ["decisions.applied", "decisions.unused"]


def test_a_row_is_known_by_its_village_not_its_number() -> None:
    said = {"file": "t.xlsx", "name": "东村", "township": "城关镇", "row": 7}
    decision = ValueDecision(**said, header="人口", found="约80", value="80", confirmed=True)
    replay = Replay([decision])
    moved = Where(file="t.xlsx", village="东村", township="城关镇", row=9)
    other = Where(file="t.xlsx", village="西村", township="城关镇", row=7)
    assert replay.of_row(ValueDecision, moved, header="人口", found="约80") == decision
    assert replay.of_row(ValueDecision, other, header="人口", found="约80") is None
    assert replay.of_row(ValueDecision, moved, header="人口", found="约90") is None


def test_a_row_without_a_name_is_known_by_its_number() -> None:
    said = {"file": "t.csv", "row": 7}
    replay = Replay([ValueDecision(**said, header="x", found="?", value="", confirmed=True)])
    assert replay.of_row(ValueDecision, Where(file="t.csv", row=7)) is not None
    assert replay.of_row(ValueDecision, Where(file="t.csv", row=8)) is None


def test_a_row_is_known_by_its_name_when_its_code_is_left_out() -> None:
    said = {"file": "t.xlsx", "name": "东村", "code": "1", "row": 7}
    replay = Replay([ValueDecision(**said, header="x", found="?", value="", confirmed=True)])
    assert replay.of_row(ValueDecision, Where(file="t.xlsx", village="东村", row=7)) is not None
    assert replay.of_row(ValueDecision, Where(file="t.xlsx", village="东村", row=8)) is None
    other = Where(file="t.xlsx", village="东村", code="2", row=7)
    assert replay.of_row(ValueDecision, other) is None


def test_a_decision_is_a_clause_in_both_languages() -> None:
    column = {"file": "t.xlsx", "sheet": "一", "header": "收入"}
    header = HeaderDecision(**column, field="households")
    assert header.text("zh") == "“收入”列就是“户数（户）”"
    assert "households" in header.text("en")
    assert HeaderDecision(**column, field="").text("zh") == "不使用“收入”列"
    cells = CellsDecision(**column, accept=("approximate", "with_unit"))
    assert "约1,200" in cells.text("zh")
    value = ValueDecision(file="t.csv", name="东村", header="x", found="?", value="3")
    assert "  " not in value.text("en")
    accepted = accepting(warning("outliers.by_unit", Where(file="t.xlsx", village="东村")))
    assert "outliers" not in accepted.text("en")


def test_what_a_decision_leaves_open_leaves_no_hole() -> None:
    row = {"file": "t.xlsx", "sheet": "一", "township": "城头镇", "name": "东村"}
    assert DropRowDecision(**row).text("zh") == "不使用 城头镇 东村 这一行"
    assert DropRowDecision(**row, row=3).text("zh") == "不使用第 3 行（城头镇 东村）"
    match = MatchDecision(**row, village="370499100201")
    assert match.text("zh") == "城头镇 东村 就是图上的 370499100201"
    whole = accepting(warning("outliers.zeros", Where(file="t.xlsx")))
    assert whole.text("zh") == "已核对，维持原样（t.xlsx）"
    column = accepting(warning("outliers.by_unit", Where(file="t.xlsx", sheet="二", field="党员")))
    assert column.text("zh") == "已核对，维持原样：二 党员"
    out = ExcludeDecision(file="a.gpkg", village="城头镇/东村", note="城头镇 东村")
    assert out.text("zh") == "城头镇/东村 不参加规划"


TEXTS = ("file", "sheet", "header", "township", "name", "village", "code", "found", "value")
FILLED = {
    **dict.fromkeys(TEXTS, "1"),
    "accept": ("range",),
    "crs": "EPSG:4490",
    "encoding": "gbk",
    "field": "",
    "finding": "outliers.zeros",
    "first_row": 12,
    "last_row": 31,
    "layer": "villages",
    "pairs": (("1", "2"),),
    "right": "1",
    "unit": "元",
    "villages": ("1", "2"),
}


@pytest.mark.parametrize("kind", Decision.__args__[0].__args__, ids=lambda k: k.__name__)
def test_every_kind_of_decision_has_words(kind) -> None:
    given = {name: FILLED[name] for name in kind.model_fields if name in FILLED}
    for name, field in kind.model_fields.items():
        if field.is_required() and name not in given:
            given[name] = get_args(field.annotation)[0]
    decision = kind(**given)
    assert decision.text("zh")
    assert decision.text("zh") != decision.text("en")


def test_what_only_the_doctor_finds_is_not_missed_when_planning() -> None:
    fault = warning("topology.gap_sliver", Where(file="v.shp"))
    settled = accepting(fault).model_copy(update={"confirmed": True})
    assert _keys(Replay([settled])) == ["decisions.unused"]
    assert Replay([settled]).notices(examined=False) == []
    replay = Replay([settled])
    assert replay.accepts(fault)
    assert [notice.key for notice in replay.notices(examined=False)] == ["decisions.applied"]


def test_accepting_a_finding_settles_that_one_only() -> None:
    fault = warning("outliers.by_factor", Where(file="t.xlsx", field="收入", code="1", row=3))
    other = warning("outliers.by_factor", Where(file="t.xlsx", field="收入", code="2", row=4))
    decision = accepting(fault).model_copy(update={"confirmed": True})
    assert isinstance(decision, AcceptDecision)
    replay = Replay([decision])
    assert replay.accepts(fault)
    assert not replay.accepts(other)


def test_a_village_is_excluded_by_name_of_its_layer() -> None:
    replay = Replay([ExcludeDecision(file="v.gpkg", village="370", confirmed=True)])
    assert replay.of_village(ExcludeDecision, Where(file="v.gpkg"), "370") is not None
    assert replay.of_village(ExcludeDecision, Where(file="v.gpkg"), "371") is None


def test_links_and_tolerances_join_the_settings() -> None:
    links = [LinkDecision(villages=("1", "2"), confirmed=True), LinkDecision(villages=("3", "4"))]
    assert Settings().deciding(links).contiguity_in_force.links == (("1", "2"),)


def test_a_file_of_decisions_tells_all_its_faults(tmp_path: Path) -> None:
    path = tmp_path / "decisions.toml"
    path.write_text(
        """
[[decision]]
kind = "unit"
file = "D:\\\\台账\\\\t.xlsx"
header = "收入"
unit = "万元"
confirmed = true
""",
        encoding="utf-8",
    )
    (decision,) = read_decisions(path)
    assert isinstance(decision, UnitDecision)
    assert decision.file == "t.xlsx"
    path.write_text(
        """
[[decision]]
kind = "unit"
file = "t.xlsx"
header = "收入"
unit = "斗"

[[decision]]
kind = "header"
file = "t.xlsx"
header = "x"
field = "no_such_field"
""",
        encoding="utf-8",
    )
    with pytest.raises(SettingsError) as caught:
        read_decisions(path)
    assert len(caught.value.faults) == 2


@pytest.mark.parametrize(
    ("finding", "zh", "en"),
    [
        ("layers.axis_order", "次序没有颠倒", "right order"),
        ("ledger.rows_hidden", "隐藏的行照样使用", "hidden rows are used"),
    ],
)
def test_accepting_something_of_a_whole_file_says_what(finding, zh, en) -> None:
    decision = AcceptDecision(finding=finding, file="t.xlsx", found="12")
    assert zh in decision.text("zh") and en in decision.text("en")
    assert "t.xlsx" in decision.text("zh") and "12" in decision.text("en")
    of_village = decision.model_copy(update={"village": "东村"})
    assert zh not in of_village.text("zh")


def test_what_is_accepted_of_a_whole_file_is_a_finding() -> None:
    keys = {key.replace(".", "_") for key in catalogue()}
    said = {key.removeprefix("accepted.") for key in catalogue() if key.startswith("accepted.")}
    assert said
    assert said <= keys

"""The step of the villages: table, map, marks, limits, and corrections on record."""

from __future__ import annotations

from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest

pytest.importorskip("streamlit", reason="the application needs Streamlit: pip install .[app]")
from app_steps import choice
from scenarios import table
from streamlit.testing.v1 import AppTest

from liancun_geo.errors import DataError
from liancun_geo.project.inputs import Inputs
from liancun_geo.studio.desk import Desk
from liancun_geo.studio.profile import (
    Thresholds,
    chosen,
    classes_of,
    indicators,
    marked,
    table_of,
)
from liancun_geo.studio.profile_map import outline, profile_page
from liancun_geo.studio.steps import villages
from liancun_geo.studio.words import Words

ROOT = Path(__file__).resolve().parents[1]
ZH = Words("zh")
LIMITS = Thresholds(500.0, None, 50.0)
NOW = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)


@pytest.fixture
def page() -> AppTest:
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    page.query_params["step"] = "villages"
    return page.run()


def desk_of(page: AppTest) -> Desk:
    desk: Desk = page.session_state["desk"]
    return desk


def shown(page: AppTest) -> str:
    assert not page.exception
    maps = [frame.proto.srcdoc for frame in page.get("iframe")]
    return "\n".join([*(one.value for one in page.get("html")), *maps])


def population(desk: Desk, code: str) -> float:
    assert desk.county is not None
    frame = desk.county.villages.frame.set_index("code")
    return float(frame.at[code, "population_registered_persons"])


def test_marks_that_nobody_delivered_are_unknown_and_not_none(
    page: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def without_weak(frame: gpd.GeoDataFrame, limits: Thresholds) -> villages.Marks:
        return marked(frame.assign(weak_organisation=None, weak_economy=None), limits)

    monkeypatch.setattr(villages, "marked", without_weak)
    page.run()
    assert "弱村不详（台账没有标记）" in page.button_group(key="only").options


def test_marks_are_counted_and_filter_the_table(page: AppTest) -> None:
    assert desk_of(page).county is not None
    text = shown(page)
    assert "261 村" in text
    assert "户籍人口（人）" in text
    pills = page.button_group(key="only")
    assert list(pills.options) == [
        "小村 60（不足 500 人）",
        "弱村 72（按台账标记）",
        "强村 21（50 万元以上）",
    ]
    pills.set_value(["strong"]).run()
    assert "21 村" in shown(page)
    page.text_input(key="find village").set_value("舒家集").run()
    assert "1 村。双击" in shown(page)


def test_the_township_in_view_limits_counts_and_map(page: AppTest) -> None:
    whole = shown(page)
    choice(page, "township").set_value(3).run()
    assert shown(page) != whole
    assert "261 村" not in shown(page)


def test_limits_are_changed_with_their_source(page: AppTest) -> None:
    page.selectbox(key="source strong").set_value("default_100").run()
    assert desk_of(page).settings.types.strong_income_wan_yuan == 100
    page.selectbox(key="source weak").set_value("national_2019").run()
    assert desk_of(page).weak_below_wan_yuan == 5
    assert "不足 5 万元" in page.button_group(key="only").options[1]
    page.selectbox(key="source small").set_value("own").run()
    page.number_input(key="limit small").set_value(800.0).run()
    page.text_input(key="own source small").set_value("县委〔2026〕3 号").run()
    assert desk_of(page).settings.rules.small_village_persons == 800
    assert desk_of(page).sources == {"small": "县委〔2026〕3 号"}
    page.selectbox(key="source small").set_value("zibo").run()
    assert desk_of(page).settings.rules.small_village_persons == 500
    assert desk_of(page).sources == {}


def test_a_correction_is_on_record_and_signed(page: AppTest) -> None:
    desk = desk_of(page)
    assert desk.county is not None
    code = str(desk.county.villages.frame["code"].iat[0])
    evil = "![](http://evil.example/x.png)<img src=x>"
    values = [(code, "population_registered_persons", 1600)]
    desk.correct(values, by=evil, at=NOW, reason="报表更正")
    text = shown(page.run())
    assert population(desk, code) == 1600
    assert "1,508 → 1,600" in text and "报表更正" in text
    assert "&lt;img" in text
    assert not any("evil" in one.value for one in (*page.markdown, *page.caption))
    page.query_params["step"] = "data"
    assert "更正" in shown(page.run())


def test_one_click_signs_and_corrects_and_nothing_is_corrected_unsigned() -> None:
    def script() -> None:
        import streamlit as st

        from liancun_geo.project.inputs import Inputs
        from liancun_geo.studio.desk import Desk
        from liancun_geo.studio.steps import villages
        from liancun_geo.studio.words import Words

        desk: Desk = st.session_state.setdefault("desk", Desk.of(Inputs()))
        villages._sign(desk, Words("zh"), [(0, "households", 5)])

    page = AppTest.from_function(script, default_timeout=60).run()
    page.button(key="correct").click().run()
    assert "写明谁改的" in page.toast[0].value
    assert desk_of(page).corrections == ()
    page.text_input(key="corrected by").set_value("钱")
    page.text_input(key="corrected why").set_value("报表更正")
    page.button(key="correct").click().run()
    (one,) = desk_of(page).corrections
    assert (one.by, one.reason, one.value) == ("钱", "报表更正", 5)


# --- without a page --------------------------------------------------------------------------


def test_the_desk_corrects_all_or_nothing_and_never_the_county_it_read() -> None:
    desk = Desk.of(Inputs())
    assert desk.county is not None
    before = desk.county
    code = str(before.villages.frame["code"].iat[0])
    with pytest.raises(DataError):
        desk.correct(
            [(code, "households", 5), (code, "households", "viele")], by="x", at=NOW, reason="y"
        )
    assert desk.corrections == () and desk.county is before
    desk.correct([(code, "households", 5)], by="x", at=NOW, reason="y")
    (one,) = desk.corrections
    assert (one.before, one.value, one.by, one.reason) == (451.0, 5, "x", "y")
    assert before.villages.frame["households"].iat[0] == 451
    assert desk.county.villages.frame["households"].iat[0] == 5
    desk.correct([(code, "households", 5)], by="x", at=NOW, reason="again")
    assert len(desk.corrections) == 1  # it says so already


@pytest.mark.parametrize(
    ("values", "places"),
    [([3, np.nan], 0), ([3.5, 4], 1), ([3.25, 4], 2), ([1 / 3], 2), ([np.nan], 0), ([], 0)],
)
def test_a_column_has_as_many_decimals_as_its_numbers_need(
    values: list[float], places: int
) -> None:
    assert villages._decimals(np.array(values, dtype=np.float64)) == places


def test_unknown_is_neither_small_nor_large() -> None:
    frame = table(4).frame
    frame["population_registered_persons"] = [100.0, np.nan, 500.0, 900.0]
    frame["collective_income_wan_yuan"] = [60.0, 2.0, np.nan, 50.0]
    frame["weak_economy"] = [False, False, True, None]
    frame["weak_organisation"] = None
    marks = marked(frame, LIMITS)
    assert marks["small"] == (True, None, False, False)
    assert marks["strong"] == (True, False, None, True)
    assert marks["weak"] == (False, False, True, None)
    assert marked(frame, Thresholds(500, 3.0, 50))["weak"] == (False, True, True, None)
    classes = classes_of(frame, "population_registered_persons", ZH)
    assert classes.class_of[1] == -1
    assert sorted(set(classes.class_of.tolist())) == [-1, 0, 1, 2]


def test_equal_figures_share_a_class() -> None:
    frame = table(9).frame
    frame["households"] = [5.0] * 8 + [7.0]
    classes = classes_of(frame, "households", ZH)
    assert len(set(classes.class_of[:8].tolist())) == 1
    assert classes.labels == ("5", "7")
    assert "households" in indicators(frame)


def test_filters_work_together() -> None:
    frame = table(6).frame
    marks = marked(frame, LIMITS)
    name = str(frame["name"].iat[2])
    assert chosen(frame, marks, None, (), "").all()
    assert chosen(frame, marks, None, (), f" {name} ").tolist().count(True) >= 1
    assert not chosen(frame, marks, "nowhere", (), "").any()
    assert list(table_of(frame, marks, ZH).index) == list(range(6))


def test_hostile_names_are_text_on_the_map() -> None:
    evil = "</title><script>alert(1)</script>{{7*7}}"
    villages = table(9, name=[evil] * 9)
    frame = villages.frame
    frame["households"] = range(9)
    marks = marked(frame, LIMITS)
    classes = classes_of(frame, "households", ZH)
    page = profile_page(outline(frame), classes, marks, [evil] * 9, evil, ZH)
    found: set[str] = set()
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, _: found.add(tag)  # type: ignore[method-assign]
    parser.feed(page)
    assert "script" not in found and "svg" in found
    assert "&lt;script&gt;" in page

"""The step that holds two plans beside each other, on the page and on its map."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

pytest.importorskip("streamlit", reason="the application needs Streamlit: pip install .[app]")
import openpyxl
from app_steps import choice, settled
from builders import village_table
from streamlit.testing.v1 import AppTest

from liancun_geo.compare import difference, figures
from liancun_geo.editing import Draft, Move
from liancun_geo.output.difference_list import difference_table, write_difference_list
from liancun_geo.output.picture.scene import build_scene
from liancun_geo.scenario import County, Scenario, plan_alliances, take_over
from liancun_geo.settings import Settings, parse_settings
from liancun_geo.studio import compare_best
from liancun_geo.studio import compare_panels as panel
from liancun_geo.studio.comparing import difference_page
from liancun_geo.studio.desk import Desk
from liancun_geo.studio.small_map import beside
from liancun_geo.studio.steps import compare
from liancun_geo.studio.words import Words
from liancun_geo.studio.working import RESULTS
from liancun_geo.villages import VillageTable

APP = Path(__file__).resolve().parents[1] / "app.py"
NOW = datetime(2026, 3, 1, tzinfo=UTC)
HOSTILE = "<img src=x onerror=alert(1)>"


@cache
def county() -> tuple[VillageTable, Settings]:
    table = village_table(
        9,
        name=[HOSTILE, "=1+1", *(f"村{i}" for i in range(2, 9))],
        township=["甲镇"] * 9,
        collective_income_wan_yuan=[float(10 + 7 * i) for i in range(9)],
    )
    return table, parse_settings({"rules": {"min_size": 2, "max_size": 5}})


@cache
def plans() -> tuple[Scenario, Scenario]:
    """Return the best plan, and one with a village moved and one left out."""
    table, given = county()
    first = plan_alliances(table, given)
    lead_of = first.plan.lead_of.copy()
    for alliance in first.alliances:
        others = [a.lead for a in first.alliances if a.lead != alliance.lead]
        lead_of[alliance.members[0]] = others[0]
        break
    lead_of[first.alliances[-1].members[-1]] = -1
    return first, take_over(County(table), given, lead_of)


def desk_with(*names: str) -> Desk:
    table, given = county()
    desk = Desk(settings=given, county=County(table))
    for name, plan in zip(names, plans(), strict=False):
        desk.put(name, plan)
    return desk


def opened(desk: Desk, language: str = "zh") -> AppTest:
    page = AppTest.from_file(str(APP), default_timeout=60)
    page.session_state["desk"] = desk
    page.query_params["step"], page.query_params["lang"] = "compare", language
    return page.run()


def test_alliances_have_the_colours_of_the_map_of_adjusting() -> None:
    desk = desk_with("甲案", "乙案")
    first, second = plans()[:2]
    scene = build_scene(first)
    # On the map of adjusting the second plan was seen before: its leads have their colours.
    seen = dict(
        zip([a.lead for a in second.alliances], desk.colouring.of_plan(second), strict=True)
    )
    drawn = compare._in_lasting_colours(desk, scene)
    kept = [a.lead in seen for a in first.alliances]
    assert any(kept)
    for alliance, colour in zip(first.alliances, drawn.colours, strict=True):
        assert seen.get(alliance.lead, colour) == colour
    assert compare._in_lasting_colours(desk, scene).colours == drawn.colours
    beside_it = compare._in_lasting_colours(desk, beside(drawn, second))
    assert dict(zip([a.lead for a in second.alliances], beside_it.colours, strict=True)) == seen


def shown(page: AppTest) -> str:
    assert not page.exception
    maps = [frame.proto.srcdoc for frame in page.get("iframe")]
    text = "\n".join([*(one.value for one in page.get("html")), *maps])
    assert "出了意外" not in text and 'class="box error"' not in text
    return re.sub(r"<style>.*?</style>", "", text, flags=re.DOTALL)


def test_one_plan_has_nothing_beside_it() -> None:
    page = opened(desk_with("甲案"))
    assert "只有一个方案" in shown(page)
    page.button(key="lack").click().run()
    assert page.query_params["step"] == "adjust"


@pytest.mark.parametrize("language", ["zh", "en"])
def test_two_plans_differ_village_by_village(language: str) -> None:
    page = opened(desk_with("甲案", "乙案"), language)
    text = shown(page)
    assert {"zh": "乙比甲改了 2 个村", "en": "differs from A in 2 villages"}[language] in text
    assert {"zh": "1 村暂不入片", "en": "1 is left out"}[language] in text
    assert HOSTILE not in text
    frame = page.get("iframe")[0].proto
    assert "url(#s" in frame.srcdoc and HOSTILE not in frame.srcdoc


def test_swapped_plans_are_told_the_other_way_round() -> None:
    page = opened(desk_with("甲案", "乙案"))
    page.button(key="compare swap").click().run()
    assert "1 村新入片" in shown(page)
    assert choice(page, "compare first choice").value == "乙案"
    choice(page, "compare second choice").set_value("乙案").run()
    assert "甲和乙分法一样" in shown(page)


def test_the_best_of_the_rest_is_asked_for_shown_and_kept() -> None:
    desk = desk_with("甲案", "乙案")
    page = opened(desk)
    assert "其余还能更好吗" in shown(page)
    page.button(key="compare ask").click()
    assert "保留这 2 处改动" in shown(settled(page))
    if [one for one in page.button if one.key == "compare save"]:
        page.button(key="compare show").click().run()
        assert "→" in shown(page)
        page.button(key="compare save").click().run()
        assert list(desk.drafts) == ["甲案", "乙案", "乙案·其余优化"]
        assert choice(page, "compare second choice").value == "乙案·其余优化"


def test_working_out_the_best_of_the_rest_can_be_cancelled() -> None:
    page = opened(desk_with("甲案", "乙案"))
    state = page.session_state
    asked = compare_best.Asked("乙案", *plans(), figures(plans()[1], judged_by=plans()[0]), 2, "乙")
    RESULTS.drop(asked.key)
    page.run()
    state["work"]._start = lambda *_, **__: _Endless()
    page.button(key="compare ask").click().run()
    assert "正在计算" in shown(page)
    page.button(key="compare cancel").click().run()
    assert "没有算完" in shown(page)


class _Endless:
    """A job that goes on until it is cancelled."""

    state, position, finished = "running", 0, False

    def progress(self) -> None:
        """Nothing is known of it."""

    def cancel(self) -> None:
        """End it."""
        self.finished, self.state = True, "cancelled"


def test_a_third_plan_stands_beside_the_first() -> None:
    desk = desk_with("甲案", "乙案")
    desk.put("丙案", plans()[0])
    desk.notes["丙案"] = "镇里的想法"
    desk.show("乙案")
    page = opened(desk)
    assert choice(page, "compare first choice").value == "甲案"
    page.button(key="compare add").click().run()
    assert choice(page, "compare third choice").value == "丙案"
    text = shown(page)
    assert "甲和丙分法一样" in text and "镇里的想法" in text
    assert all(f"<th>{name}</th>" in text for name in "甲乙")
    assert "<b>" in text and "compare-table figures three" in text
    page.segmented_control(key="compare side").set_value("difference_second").run()
    assert "乙比甲改了 2 个村" in shown(page)
    page.segmented_control(key="compare side").set_value("third").run()
    assert "url(#s" not in page.get("iframe")[0].proto.srcdoc
    page.button(key="compare drop").click().run()
    text = shown(page)
    assert "乙比甲改了 2 个村" in text and "figures three" not in text


def test_a_plan_is_renamed_annotated_and_copied_where_it_is_compared() -> None:
    desk = desk_with("甲案", "乙案")
    page = opened(desk)
    page.text_input(key="plan name second 乙案").set_value("征求意见稿")
    page.text_area(key="plan note second 乙案").set_value("发各镇 <b>")
    page.button(key="plan save second").click().run()
    assert list(desk.drafts) == ["甲案", "征求意见稿"]
    assert choice(page, "compare second choice").value == "征求意见稿"
    assert "发各镇 &lt;b&gt;" in shown(page)
    page.button(key="plan copy first").click().run()
    assert len(desk.drafts) == 3 and "甲案" in list(desk.drafts)[-1]


def test_a_village_is_marked_on_the_map_and_in_the_table_together() -> None:
    page = opened(desk_with("甲案", "乙案"))
    document = page.get("iframe")[0].proto.srcdoc
    moved = {one.village for one in difference(*plans()).moved}
    assert moved
    for village in moved:
        assert re.search(rf'<tr data-v="{village}" tabindex="0">', document)
        assert re.search(rf'<path [^>]*tabindex="0"[^>]*data-v="{village}"', document)
        assert f'path[data-v="{village}"]' in document
    assert "<script" not in document


def test_the_map_shows_one_side_without_stripes() -> None:
    first, second = plans()
    one = build_scene(first)
    other, found = beside(one, second), difference(first, second)
    for side in ("first", "second"):
        page = difference_page(one, other, found, Words(), side=side)
        assert "url(#s" not in page and 'class="shaft"' not in page
    page = difference_page(one, other, found, Words(), township=0)
    assert page.count('class="moved"') == 2 and "default-src 'none'" in page


def test_the_list_holds_every_village_with_its_reason(tmp_path: Path) -> None:
    first, second = plans()
    found = difference(first, second)
    code = str(second.villages.frame["code"].iat[found.moved[0].village])
    table = difference_table(second, found, ("=甲", "乙"), "zh", {code: "=路通了"})
    path = write_difference_list(second, tmp_path / "清单.xlsx", table)
    book = openpyxl.load_workbook(io.BytesIO(path.read_bytes()))
    rows: list[tuple[Any, ...]] = [
        tuple(cell.value for cell in row) for row in book.worksheets[0].iter_rows(min_row=2)
    ]
    assert [row[1] for row in rows] == [
        str(second.villages.frame["code"].iat[one.village]) for one in found.moved
    ]
    assert rows[0][-1] == "=路通了"
    assert all(cell.data_type != "f" for row in book.worksheets[0].iter_rows() for cell in row)


def test_an_edited_plan_is_held_beside_its_proposal_with_the_reasons_of_its_log() -> None:
    first = plans()[0]
    codes = first.villages.frame["code"].astype(str).tolist()
    village, target = first.alliances[0].members[0], first.alliances[1].lead
    edit = Move(villages=(codes[village],), to=codes[target])
    desk = desk_with("甲案")
    desk.drafts["甲案"] = Draft(first).after(edit, at=NOW, note="后山路已通 <b>")
    page = opened(desk)
    text = shown(page)
    assert choice(page, "compare first choice").value == "甲案（原方案）"
    assert choice(page, "compare second choice").value == "甲案"
    assert "乙比甲改了 1 个村" in text and "后山路已通 &lt;b&gt;" in text
    # Taken back, it is no plan beside another any more.
    desk.drafts["甲案"] = desk.drafts["甲案"].undo()
    assert "只有一个方案" in shown(page.run())


@pytest.mark.parametrize("same", [True, False])
def test_plans_under_other_rules_say_so_in_the_heading(same: bool) -> None:
    say = panel.Said(Words("zh"))
    found = SimpleNamespace(moved=(), leads=(), same_rules=same)
    assert (say("other_rules") in panel.heading(cast("Any", found), "乙", "", say)) is not same

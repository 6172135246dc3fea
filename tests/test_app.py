"""The planner's page: what it shows, what it survives, and that it asks nobody but itself."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("streamlit", reason="the application needs Streamlit: pip install .[app]")
from app_steps import choice, use_fit, written_map
from chromium import Browser, Server, choose
from streamlit.testing.v1 import AppTest

from liancun_geo.sample import sample_county
from liancun_geo.studio import shared
from liancun_geo.studio.desk import WHOLE_COUNTY, Desk
from liancun_geo.studio.steps import STEPS
from liancun_geo.studio.steps import villages as villages_step

ROOT = Path(__file__).resolve().parents[1]
SAMPLE = sample_county()


@pytest.fixture(autouse=True)
def _map_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("liancun_geo.studio.mapping.village_map", written_map)


@pytest.fixture
def page() -> AppTest:
    return AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()


def shown(page: AppTest) -> str:
    """Return all markup on the page, with what the map is told."""
    assert not page.exception
    return "\n".join(one.value for one in page.get("html"))


def desk_of(page: AppTest) -> Desk:
    desk: Desk = page.session_state["desk"]
    return desk


def go(page: AppTest, step: str) -> AppTest:
    return page.button(key=f"rail-{step}").click().run()


def rule(page: AppTest, name: str) -> Any:
    return next(one for one in page.number_input if one.key.startswith(f"{name} "))


def part(path: Path, name: str | None = None) -> tuple[str, bytes, str]:
    return name or path.name, path.read_bytes(), "application/octet-stream"


def test_first_page_shows_the_sample_proven_best_in_chinese(page: AppTest) -> None:
    text = shown(page)
    assert "已证明最优" in text
    assert "260 / 261 村" in text
    assert "示例数据" in text
    assert "辅助研判，不替代集体决策" in text
    assert "邹家楼村" in text
    assert [page.button(key=f"rail-{step}").label for step in STEPS] == [
        *("数据", "村情", "规则", "方案", "调整", "对比", "导出")
    ]
    assert page.button(key="rail-help").label == "帮助"
    assert page.button(key="next").label == "去对比"


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_step_shows_something_in_both_languages(step: str, language: str) -> None:
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    page.query_params["step"] = step
    page.query_params["lang"] = language
    text = shown(page.run())
    assert 'class="box error"' not in text
    assert "{" not in re.sub(r"<style>.*?</style>|<!doctype.*", "", text, flags=re.DOTALL)
    sentence = {"zh": "辅助研判，不替代集体决策", "en": "Decision support only"}[language]
    assert sentence in text


def test_the_tour_once_begun_is_offered_no_more(page: AppTest) -> None:
    page.button(key="tour begin").click().run()
    assert "两分钟上手" in [tab.label for tab in page.tabs]
    assert not [button for button in page.button if button.key == "tour begin"]


def test_the_step_on_show_has_no_tip_that_would_lie_over_the_title(page: AppTest) -> None:
    go(page, "rules")
    assert not page.button(key="rail-rules").help
    assert page.button(key="rail-adjust").help


def test_a_step_that_lacks_something_leads_there(page: AppTest) -> None:
    desk_of(page).drafts.clear()
    desk_of(page).current = None
    for step in ("adjust", "compare", "export"):
        go(page, step)
        assert "先算一个方案" in shown(page)
        page.button(key="lack").click().run()
        assert page.query_params["step"] == "plans"


def test_language_is_switched_without_losing_anything(page: AppTest) -> None:
    go(page, "rules")
    rule(page, "min_size").set_value(3).run()
    desk_of(page).view(2)
    page.button(key="language").click().run()
    assert page.query_params["lang"] == "en"
    assert page.query_params["step"] == "rules"
    assert rule(page, "min_size").value == 3
    assert desk_of(page).settings.rules.min_size == 3
    assert desk_of(page).township == 2
    assert page.button(key="rail-data").label == "Data"
    go(page, "adjust")
    text = shown(page)
    assert "proven best" in text
    assert not re.search("已证明|片区地图|暂不入片", text)


def test_the_township_in_view_is_changed_in_the_top_bar(page: AppTest) -> None:
    desk = desk_of(page)
    # The township is the unit of work: the first one is where a village is left out.
    assert desk.township == 2
    assert not page.button(key="whole county").disabled
    page.button(key="whole county").click().run()
    assert desk.township == WHOLE_COUNTY
    whole = shown(page)
    assert page.button(key="whole county").disabled
    choice(page, "township").set_value(3).run()
    assert desk.township == 3
    assert shown(page) != whole
    page.button(key="township-after").click().run()
    assert desk.township == 4
    page.button(key="township-before").click().run()
    page.button(key="township-before").click().run()
    assert desk.township == 2
    page.button(key="whole county").click().run()
    assert desk.township == WHOLE_COUNTY
    assert shown(page) == whole


def test_rules_change_the_plan_only_when_asked(page: AppTest) -> None:
    before = desk_of(page).scenario
    assert before is not None
    go(page, "rules")
    rule(page, "max_size").set_value(6).run()
    go(page, "plans")
    assert desk_of(page).scenario is before
    use_fit(page)
    after = desk_of(page).scenario
    assert after is not None
    assert after.settings.rules.max_size == 6
    assert max(len(alliance.villages) for alliance in after.alliances) <= 6
    assert len(after.alliances) > len(before.alliances)
    assert f"{len(after.alliances)} 个" in shown(page)


def test_crossed_sizes_are_told_and_the_plan_stays(page: AppTest) -> None:
    before = desk_of(page).scenario
    go(page, "rules")
    rule(page, "min_size").set_value(9).run()
    assert "每片最少 9 村，比最多 8 村还多" in shown(page)
    assert desk_of(page).settings.rules.min_size == 4
    assert desk_of(page).scenario is before
    rule(page, "min_size").set_value(4).run()
    assert "还多" not in shown(page)


def test_fault_of_the_program_is_told_without_traceback(
    page: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("secret detail")

    before = desk_of(page).scenario
    monkeypatch.setattr(shared, "plan_alliances", broken)
    go(page, "rules")
    rule(page, "max_size").set_value(7).run()
    assert not desk_of(page).solve("X", lambda share: None)
    text = shown(page.run())
    assert "程序出错（RuntimeError）" in text
    assert "secret detail" not in text
    assert desk_of(page).scenario is before


def test_a_step_that_fails_takes_nothing_else_with_it(
    page: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("secret detail")

    with monkeypatch.context() as patch:
        patch.setattr(villages_step, "show", broken)
        text = shown(go(page, "villages"))
    assert "这一步没有打开：程序出错（RuntimeError）" in text
    assert "secret detail" not in text
    assert "已证明最优" in shown(go(page, "adjust"))


def test_in_a_browser_the_plan_is_seen_and_nobody_else_is_asked(
    app_server: Server, chromium: Browser, tmp_path: Path
) -> None:
    page, traffic = chromium.page()
    page.goto(app_server.address)
    page.locator(".st-key-step-adjust iframe").wait_for()
    rail = page.locator(".st-key-rail").bounding_box()
    bar = page.locator(".st-key-top-bar").bounding_box()
    assert rail is not None and (rail["width"], rail["height"]) == (72, 768)
    assert bar is not None and (bar["x"], bar["height"]) == (72, 48)
    still = "e => e.scrollHeight <= e.clientHeight + 1"
    assert page.locator(".stMain").evaluate(still), "the step of adjusting must not scroll"
    assert "Traceback" not in page.content()
    page.get_by_role("button", name="导出", exact=True).click()
    # What takes no time, in a child process; then it is there to be saved.
    choose(page, {"csv", "plan"})
    page.locator(".st-key-pack-make button").click()
    page.locator(".st-key-download button").wait_for(timeout=60_000)
    with page.expect_download() as download:
        page.locator(".st-key-download button").click()
    download.value.save_as(tmp_path / "pack.zip")
    page.close()
    assert traffic.outside == []
    assert traffic.wrong == []
    assert "plan.json" in zipfile.ZipFile(tmp_path / "pack.zip").namelist()

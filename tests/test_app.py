"""The planner's page: what it shows, what it survives, and that it asks nobody but itself."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import threading
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path
from time import monotonic, sleep
from typing import Any
from urllib.parse import urlsplit

import pytest

pytest.importorskip("streamlit", reason="the application needs Streamlit: pip install .[app]")
from streamlit.testing.v1 import AppTest

from liancun_geo.sample import sample_county
from liancun_geo.studio import state
from liancun_geo.studio.launch import command

ROOT = Path(__file__).resolve().parents[1]
SAMPLE = sample_county()


@pytest.fixture
def page() -> AppTest:
    return AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()


def shown(page: AppTest) -> str:
    """Return all markup on the page, the map included."""
    assert not page.exception
    maps = [frame.proto.srcdoc for frame in page.get("iframe")]
    return "\n".join([*(one.value for one in page.get("html")), *maps])


def rule(page: AppTest, name: str) -> Any:
    return next(one for one in page.number_input if one.key.startswith(f"{name} "))


def part(path: Path, name: str | None = None) -> tuple[str, bytes, str]:
    return name or path.name, path.read_bytes(), "application/octet-stream"


def sample_parts() -> list[tuple[str, bytes, str]]:
    """Return villages and rivers of the sample as a planner would choose them together."""
    ours = [*SAMPLE.folder.glob("villages.*"), *SAMPLE.folder.glob("rivers.*")]
    return [part(path) for path in sorted(ours)]


def test_first_page_shows_the_sample_proven_best_in_chinese(page: AppTest) -> None:
    text = shown(page)
    assert "已证明最优" in text
    assert "10 / 10 个乡镇已证明" in text
    assert "260 / 261 村" in text
    assert "示例数据" in text
    assert "辅助研判，不替代集体决策" in text
    assert "邹家楼村" in text
    assert [tab.label for tab in page.tabs] == [
        "地图",
        "一览表 43",
        "未入片 1",
        "各乡镇",
        f"提醒 {len(page.session_state['on_show'].scenario.warnings)}",
    ]
    assert page.button(key="plan").label == "重新规划"


def test_language_is_switched_without_losing_what_was_set(page: AppTest) -> None:
    rule(page, "min_size").set_value(3)
    page.button(key="language").click().run()
    assert page.query_params["lang"] == "en"
    text = shown(page)
    assert "Proven best" in text
    assert "Decision support only" in text
    assert not re.search("已证明|片区地图|未入片", text)
    assert page.button(key="plan").label == "Plan again"
    assert rule(page, "min_size").value == 3
    page.button(key="language").click().run()
    assert "已证明最优" in shown(page)


def test_rules_change_the_plan_only_when_asked(page: AppTest) -> None:
    before = page.session_state["on_show"].scenario
    rule(page, "max_size").set_value(6).run()
    assert page.session_state["on_show"].scenario is before
    assert any("规则已改" in caption.value for caption in page.caption)
    page.button(key="plan").click().run()
    after = page.session_state["on_show"].scenario
    assert after.settings.rules.max_size == 6
    assert max(len(alliance.villages) for alliance in after.alliances) <= 6
    assert len(after.alliances) > len(before.alliances)
    assert after.result.objective > before.result.objective
    assert f"{len(after.alliances)} 个" in shown(page)
    assert not any("规则已改" in caption.value for caption in page.caption)


def test_min_size_plans_anew(page: AppTest) -> None:
    before = page.session_state["on_show"].scenario
    rule(page, "min_size").set_value(6)
    page.button(key="plan").click().run()
    after = page.session_state["on_show"].scenario
    assert after is not before
    assert all(len(alliance.villages) >= 6 for alliance in after.alliances)


def test_partial_coverage_takes_its_cost(page: AppTest) -> None:
    coverage = next(one for one in page.button_group if one.key.startswith("coverage "))
    coverage.set_value("partial").run()
    rule(page, "unassigned_cost").set_value(0.2)
    page.button(key="plan").click().run()
    scenario = page.session_state["on_show"].scenario
    assert scenario.settings.rules.unassigned_cost == 0.2
    assert len(scenario.unassigned) > 1
    assert "比安排进任何片区更合算" in shown(page)


def test_crossed_sizes_are_told_and_the_plan_stays(page: AppTest) -> None:
    before = page.session_state["on_show"].scenario
    rule(page, "min_size").set_value(9).run()
    assert "每片最少 9 村，比最多 8 村还多" in shown(page)
    assert page.button(key="plan").disabled
    assert page.session_state["on_show"].scenario is before
    rule(page, "min_size").set_value(4).run()
    assert "还多" not in shown(page)
    assert not page.button(key="plan").disabled


def test_broken_upload_shows_faults_and_keeps_the_plan(page: AppTest) -> None:
    before = page.session_state["on_show"]
    page.button_group(key="source").set_value("upload").run()
    assert page.session_state["on_show"] is before
    page.file_uploader(key="boundaries").set_value([("villages.gpkg", b"not a map", "")]).run()
    text = shown(page)
    assert 'class="box error"' in text
    assert "villages.gpkg" in text
    assert "下面仍是原来的方案" in text
    assert "Traceback" not in text
    assert page.session_state["on_show"] is before
    assert "已证明最优" in text
    page.button_group(key="source").set_value("sample").run()
    assert 'class="box error"' not in shown(page)


def test_uploaded_sample_gives_the_plan_of_the_sample(page: AppTest) -> None:
    before = page.session_state["on_show"].scenario
    page.button_group(key="source").set_value("upload").run()
    page.file_uploader(key="settings_file").set_value(part(SAMPLE.settings))
    page.file_uploader(key="ledgers").set_value([part(SAMPLE.ledger)])
    page.file_uploader(key="boundaries").set_value(sample_parts()).run()
    text = shown(page)
    after = page.session_state["on_show"].scenario
    assert after is not before
    assert after.alliances == before.alliances
    assert after.fingerprint == before.fingerprint
    assert "示例数据" not in text
    assert not re.search("liancun-|/tmp", text)


def test_planning_ends_when_something_else_is_pressed(
    page: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    cancelled: list[bool] = []

    def endless(*_: object, cancel: threading.Event, **__: object) -> None:
        cancelled.append(cancel.wait(30))

    class PressedError(BaseException):
        """Stands for what Streamlit raises to begin anew."""

    def press(_: float) -> None:
        raise PressedError

    monkeypatch.setattr(state, "plan_alliances", endless)
    settings = page.session_state["on_show"].settings
    with pytest.raises(PressedError):
        state._plan(page.session_state["on_show"].scenario.villages, settings, press)
    end = monotonic() + 10
    while not cancelled and monotonic() < end:
        sleep(0.05)
    assert cancelled == [True]


def test_fault_of_the_program_is_told_without_traceback(
    page: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("secret detail")

    before = page.session_state["on_show"]
    monkeypatch.setattr(state, "plan_alliances", broken)
    rule(page, "max_size").set_value(7)
    page.button(key="plan").click().run()
    text = shown(page)
    assert "程序出错（RuntimeError）" in text
    assert "secret detail" not in text
    assert page.session_state["on_show"] is before


# --- in a real browser ----------------------------------------------------------------------

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture
def server() -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        port = probe.getsockname()[1]
    address = f"http://localhost:{port}"
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command(port, True), stdout=quiet, stderr=quiet) as process:
        try:
            end = monotonic() + 30
            while True:
                try:
                    urllib.request.urlopen(f"{address}/_stcore/health", timeout=1).close()
                    break
                except OSError:
                    assert monotonic() < end, "Streamlit did not start"
                    sleep(0.2)
            yield address
        finally:
            process.terminate()


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: the browser test is left out")
def test_in_a_browser_the_map_is_seen_and_nobody_else_is_asked(server: str, tmp_path: Path) -> None:
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    asked: list[str] = []
    errors: list[str] = []
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 1366, "height": 768})
        page.on("request", lambda request: asked.append(request.url))
        page.on("websocket", lambda socket: asked.append(socket.url))
        page.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(server)
        drawing = page.frame_locator(".st-key-map iframe").locator("svg[role=img]")
        drawing.wait_for(timeout=45_000)
        box = drawing.bounding_box()
        assert box is not None and box["width"] > 800 and box["height"] > 350
        assert page.get_by_text("已证明最优").first.is_visible()
        assert "Traceback" not in page.content()
        with page.expect_download() as download:
            page.get_by_role("button", name="下载成果").click()
        download.value.save_as(tmp_path / "pack.zip")
        browser.close()
    hosts = {urlsplit(url).hostname for url in asked if not url.startswith(("data:", "blob:"))}
    assert hosts <= {"localhost", None}, asked
    assert errors == []
    assert "plan.json" in zipfile.ZipFile(tmp_path / "pack.zip").namelist()

"""From a planner's own shapefile and workbook to an approved plan, in a real Chromium.

One story, told in order on one server; what is handed over at its end is read again as anybody
else would read it.
"""

from __future__ import annotations

import json
import signal
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pyogrio
import pytest

pytest.importorskip("streamlit", reason="the application needs Streamlit: pip install .[app]")
from chromium import (
    SLOW_MS,
    Browser,
    MapPage,
    Server,
    Traffic,
    alive,
    children_of,
    choose,
    idle,
    server,
)
from typer.testing import CliRunner
from uploaded_county import IN_YUAN, MISSPELT, N_VILLAGES, write_boundaries, write_ledger

from liancun_geo.cli import build_app
from liancun_geo.intake import read_villages
from liancun_geo.project import open_project


@pytest.fixture(scope="module")
def app() -> Iterator[Server]:
    with server() as running:
        yield running


def button(page: Any, key: str) -> Any:
    return page.locator(f".st-key-{key} button").first


def go(page: Any, step: str) -> None:
    button(page, f"rail-{step}").click()
    page.locator(f".st-key-step-{step}").wait_for(timeout=SLOW_MS)
    idle(page)


def project_of(app: Server) -> Path:
    (path,) = app.projects.glob("*.gpkg")
    return path


def upload(page: Any, folder: Path) -> None:
    """Upload both files, decide the two faults, and put the county to use."""
    go(page, "data")
    page.locator(".st-key-source button").nth(1).click()
    chooser = page.locator(".st-key-files input[type=file]")
    chooser.set_input_files([write_boundaries(folder), write_ledger(folder)])
    questions = page.locator('[class*="st-key-question-"]')
    questions.first.wait_for(timeout=SLOW_MS)
    idle(page)
    assert button(page, "use").is_disabled()
    page.locator(".st-key-decided-by input").fill("王会计")
    page.locator(".st-key-decided-by input").press("Enter")
    for name in (MISSPELT[1], IN_YUAN):
        question = questions.filter(has_text=name).first
        question.get_by_text("按建议 1", exact=True).click()
        idle(page)
    button(page, "confirm-chosen").click()
    page.locator(".st-key-use button:not([disabled])").first.wait_for(timeout=SLOW_MS)
    button(page, "use").click()
    page.locator(".st-key-step-villages").wait_for(timeout=SLOW_MS)
    idle(page)


def adjust_map(page: Any) -> MapPage:
    page.locator(".st-key-step-adjust").wait_for(timeout=SLOW_MS)
    return MapPage(page).ready()


def edit(shown: MapPage, act: Callable[[], object]) -> None:
    """Do something that is an edit, and wait until it is in the history."""
    before = shown.ask("app => app.state.inspector.cursor")
    act()
    shown.wait("(app, n) => !app.pending.length && app.state.inspector.cursor > n", before)


def walk(shown: MapPage, key: str, by: int) -> None:
    """Undo or redo, and wait until the history says so."""
    before = shown.ask("app => app.state.inspector.cursor")
    shown.page.keyboard.press(key)
    shown.wait("(app, n) => !app.pending.length && app.state.inspector.cursor === n", before + by)


def with_a_move(shown: MapPage) -> tuple[int, int]:
    """Select a member village that has a legal move; return it and the lead it can go to."""
    for village, lead in enumerate(shown.leads()):
        if lead in (village, -1):
            continue
        shown.select(village)
        to = shown.ask(
            "app => app.state.inspector.moves.legal.filter(r => r.event && r.event.type === 'move')"
            ".map(r => r.event.to)"
        )
        if to:
            return village, int(to[0])
    raise AssertionError("no village has a legal move")


def leave_out(shown: MapPage, village: int) -> None:
    shown.select(village)

    def act() -> None:
        shown.page.keyboard.press("x")
        shown.frame.locator("form button[type=submit]").click()

    edit(shown, act)


def lock(shown: MapPage, village: int) -> None:
    shown.select(village)
    edit(shown, lambda: shown.page.keyboard.press("k"))


def adjust(shown: MapPage) -> None:
    """Move by mouse, leave out with a reason, undo, redo."""
    village, to = with_a_move(shown)
    edit(shown, lambda: shown.click(to, "Control"))
    assert shown.leads()[village] == to
    other = next(one for one, lead in enumerate(shown.leads()) if lead not in (one, -1, to))
    leave_out(shown, other)
    assert shown.leads()[other] == -1
    walk(shown, "Control+z", -1)
    assert shown.leads()[other] != -1
    walk(shown, "Control+y", 1)
    assert shown.leads()[other] == -1


def optimise(shown: MapPage) -> None:
    """Undo a lock and what breaks the rules, hold one village, let the solver do the rest."""
    village = next(one for one, lead in enumerate(shown.leads()) if lead not in (one, -1))
    shown.select(village)
    walk(shown, "Control+z", -1)
    walk(shown, "Control+z", -1)
    lock(shown, village)
    held = shown.leads()[village]
    before = shown.ask("app => app.state.rev")
    shown.frame.locator(".optimise button").first.click()
    shown.wait("(app, rev) => app.state.rev !== rev && !app.state.busy", before, seconds=60)
    assert shown.leads()[village] == held


def kill_and_come_back(app: Server, page: Any, shown: MapPage, traffic: Traffic) -> MapPage:
    """Kill the server in the middle, start it again, press F5: nothing is lost."""
    leads, history = shown.leads(), [row["text"] for row in shown.history()]
    assert len(history) >= 2
    address = page.url
    end(app, signal.SIGKILL)
    app.start()
    # The old page complained, and rightly, that its server was gone.
    page.goto("about:blank")
    del traffic.wrong[:]
    page.goto(address)
    again = adjust_map(page)
    assert again.leads() == leads
    assert [row["text"] for row in again.history()] == history
    return again


def end(app: Server, how: signal.Signals) -> None:
    """End the server; the children that worked for it end as well."""
    assert app.process is not None
    children = children_of(app.process.pid)
    app.end(how)
    until = monotonic() + 30.0
    while left := [one for one in children if alive(one)]:
        assert monotonic() < until, f"children left: {left}"
        sleep(0.1)


def two_windows(app: Server, chromium: Browser, page: Any, shown: MapPage) -> MapPage:
    """Edit in a second window, then in the first: told, and nothing overwritten."""
    other, _ = chromium.page()
    other.goto(page.url)
    there = adjust_map(other)
    free = [one for one, lead in enumerate(there.leads()) if lead == one]
    lock(there, free[0])
    theirs = [row["text"] for row in there.history()]
    other.close()
    lock(shown, free[1])
    page.locator(".st-key-banner").wait_for(timeout=SLOW_MS)
    (name,) = open_project(project_of(app)).scenarios
    assert len(open_project(project_of(app)).draft(name).entries) == len(theirs)
    button(page, "refresh").click()
    page.locator(".st-key-banner").wait_for(state="detached", timeout=SLOW_MS)
    fresh = adjust_map(page)
    fresh.wait("(app, text) => app.state.inspector.history[0].text === text", theirs[0])
    return fresh


def hand_over(page: Any, folder: Path) -> Path:
    """Approve the plan by name and download the pack."""
    go(page, "compare")
    assert page.locator(".box.error").count() == 0
    go(page, "export")
    page.locator(".st-key-approver input").fill("李书记")
    page.locator(".st-key-approver input").press("Enter")
    idle(page)
    button(page, "approve").click()
    button(page, "approve-yes").click()
    button(page, "approve-yes").wait_for(state="detached", timeout=SLOW_MS)
    idle(page)
    choose(page, {"xlsx", "gpkg", "shp", "geojson", "csv", "plan"})
    idle(page)
    button(page, "pack-make").click()
    button(page, "download").wait_for(timeout=SLOW_MS)
    with page.expect_download(timeout=SLOW_MS) as download:
        button(page, "download").click()
    target = folder / "pack"
    with zipfile.ZipFile(download.value.path()) as archive:
        archive.extractall(target)
    return target


def read_again(pack: Path, folder: Path, leads: dict[str, str | None]) -> None:
    """Read what was handed over as others would: pyogrio, the intake, the independent checker."""
    plan = json.loads((pack / "plan.json").read_bytes())
    assert json.loads((pack / "approval.json").read_bytes())["approved_by"] == "李书记"
    assert plan["violations"] == []
    with zipfile.ZipFile(pack / "plan_shapefile.zip") as archive:
        archive.extractall(pack)
    frame = pyogrio.read_dataframe(pack / "villages.shp")
    found = dict(zip(frame["村代码"], frame["领建码"].replace({"": None}), strict=True))
    assert found == leads
    villages = read_villages(pack / "villages.shp").frame
    assert villages["code"].tolist() == list(leads)
    assert villages.crs == frame.crs
    for path in (folder / "村界.zip", folder / "台账.xlsx"):
        (pack / path.name).write_bytes(path.read_bytes())
    told = CliRunner().invoke(build_app("zh"), ["verify", str(pack / "plan.json")])
    assert told.exit_code == 0, told.output


def test_from_files_to_an_approved_plan(app: Server, chromium: Browser, tmp_path: Path) -> None:
    page, traffic = chromium.page()
    page.goto(app.address)
    adjust_map(page)
    upload(page, tmp_path)
    county = open_project(project_of(app)).county()
    frame = county.villages.frame.set_index("name")
    assert len(frame) == N_VILLAGES
    assert frame.at[IN_YUAN, "collective_income_wan_yuan"] == pytest.approx(11.45)
    assert frame.at[MISSPELT[0], "collective_income_wan_yuan"] == pytest.approx(184.21)
    go(page, "rules")
    go(page, "plans")
    button(page, "use-fit").click(timeout=SLOW_MS)
    shown = adjust_map(page)
    adjust(shown)
    assert traffic.wrong == []
    shown = kill_and_come_back(app, page, shown, traffic)
    shown = two_windows(app, chromium, page, shown)
    optimise(shown)
    codes = frame["code"].tolist()
    seen = {codes[a]: None if b < 0 else codes[b] for a, b in enumerate(shown.leads())}
    pack = hand_over(page, tmp_path)
    read_again(pack, tmp_path, seen)
    assert traffic.wrong == []
    page.close()
    end(app, signal.SIGTERM)
    assert list(app.temporary.iterdir()) == []

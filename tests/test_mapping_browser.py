"""The map in a real browser: nothing is lost, nothing runs, nobody outside is asked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest

pytest.importorskip("streamlit", reason="the application needs Streamlit: pip install .[app]")
from chromium import SLOW_MS, Browser, server

TOWNSHIP = 3


class MapPage:
    """The page of ``mapping_page.py`` and what a person does on its map."""

    def __init__(self, page: Any) -> None:
        self.page = page

    def open(self, address: str) -> None:
        self.page.goto(address)
        frame = self.page.locator(".st-key-map-frame iframe")
        frame.wait_for()
        self.frame = frame.element_handle().content_frame()
        self.frame.wait_for_selector("body[data-ready]", timeout=SLOW_MS)
        self.mine = self.js(
            "app.county.names.map((_, i) => i)"
            f".filter(i => app.county.townshipOf[i] === {TOWNSHIP})"
        )

    def js(self, expression: str) -> Any:
        return self.frame.evaluate(expression)

    def until(self, expression: str) -> None:
        # The page's policy forbids eval, so Playwright's own waiting does not work in it.
        end = monotonic() + 60
        while not self.js(expression):
            assert monotonic() < end, expression
            sleep(0.03)

    def settled(self) -> None:
        self.until("!app.pending.length")
        # What was heard stands below the map on the page, and comes after it.
        told = self.js("app.state.rev")
        script = "told => parseInt(document.querySelector('.heard')?.textContent) === told"
        self.page.wait_for_function(script, arg=told)

    def place(self, village: int) -> tuple[float, float]:
        x, y = self.js(
            f"(() => {{ const [x, y] = app.drawing.toScreen(app.county.points[{village}]);"
            "const box = app.map.getContainer().getBoundingClientRect();"
            "const outer = window.frameElement.getBoundingClientRect();"
            "return [x + box.x + outer.x, y + box.y + outer.y]; })()"
        )
        return x, y

    def click(self, village: int, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.down(key)
        self.page.mouse.click(*self.place(village))
        for key in keys:
            self.page.keyboard.up(key)

    def heard(self) -> list[str]:
        text: str = self.page.locator(".heard").inner_text()
        return text.split()[1:]

    def pair(self) -> tuple[int, int]:
        """Return a village that leads nothing, and one of a neighbouring alliance beside it."""
        one, two = self.js(
            "(() => { for (const one of " + str(self.mine) + ") {"
            "if (app.plan.leads.includes(one)) continue;"
            "for (const two of app.county.neighbours[one]) if (app.plan.of[two] >= 0 &&"
            "app.plan.of[two] !== app.plan.of[one] && app.county.townshipOf[two] ==="
            "app.county.townshipOf[one]) return [one, two]; } })()"
        )
        return one, two


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with server(Path(__file__).with_name("mapping_page.py")) as running:
        yield running.address


@pytest.fixture
def shown(address: str, chromium: Browser, request: pytest.FixtureRequest) -> Iterator[MapPage]:
    page, traffic = chromium.page()
    shown = MapPage(page)
    shown.open(address + getattr(request, "param", ""))
    yield shown
    assert traffic.outside == []
    assert traffic.wrong == []
    page.close()


def test_click_selects_and_move_recolours_at_once_and_undo_takes_it_back(shown: MapPage) -> None:
    village, other = shown.pair()
    before = shown.js(f"app.plan.of[{village}]")
    view = shown.js("[app.map.getZoom(), app.map.getCenter().lat]")
    shown.click(village)
    assert shown.js("app.plan.selected") == [village]
    shown.settled()
    assert shown.frame.locator("#inspector .score").inner_text() == "4.6"
    shown.click(other, "Control")
    target = shown.js(f"app.plan.of[{other}]")
    assert shown.js(f"app.plan.of[{village}]") == target
    shown.settled()
    assert shown.js(f"app.plan.of[{village}]") == target
    assert shown.frame.locator("#toast button").inner_text() == "撤销"
    shown.page.keyboard.press("Control+z")
    shown.settled()
    assert shown.js(f"app.plan.of[{village}]") == before
    # A note that stayed would offer to take back one step more.
    assert shown.frame.locator("#toast").count() == 0
    assert shown.heard() == ["select", "move", "undo"]
    assert shown.js("[app.map.getZoom(), app.map.getCenter().lat]") == view


def test_forty_rapid_clicks_arrive(shown: MapPage) -> None:
    places = [shown.place(village) for village in (shown.mine * 2)[:40]]
    for x, y in places:
        shown.page.mouse.click(x, y)
    shown.settled()
    assert shown.heard() == ["select"] * 40
    assert shown.js("app.plan.selected") == [(shown.mine * 2)[39]]


def test_keyboard_alone_reaches_and_changes_villages(shown: MapPage) -> None:
    keys = shown.page.keyboard
    shown.frame.focus("#map")
    keys.press("Tab")
    shown.settled()
    (first,) = shown.js("app.plan.selected")
    for key in ("ArrowRight", "ArrowLeft", "ArrowUp", "ArrowDown"):
        keys.press(key)
    shown.settled()
    (second,) = shown.js("app.plan.selected")
    assert second in shown.mine
    keys.press("k")
    shown.settled()
    assert shown.js(f"app.plan.locked[{second}]") == 1
    keys.press("k")
    keys.press("m")
    keys.press("1")
    shown.settled()
    assert "move" in shown.heard()
    keys.press("x")
    shown.frame.locator(".form button[type=submit]").click()
    shown.settled()
    assert shown.js(f"app.plan.of[{second}]") == -1
    keys.press("]")
    shown.settled()
    assert shown.js("app.plan.township") == TOWNSHIP + 1
    keys.press("?")
    assert shown.frame.locator(".keys").is_visible()
    keys.press("Escape")
    assert not shown.frame.locator(".keys").is_visible()
    assert first in shown.mine


def test_keys_quicker_than_the_list_of_moves_wait_for_it(shown: MapPage) -> None:
    village, _ = shown.pair()
    before = shown.js(f"app.plan.of[{village}]")
    # At once, before any answer can have come.
    shown.js(
        f"(app.select([{village}]), ['m', '1', '2'].forEach("
        "key => document.dispatchEvent(new KeyboardEvent('keydown', { key }))))"
    )
    shown.until(f"app.plan.of[{village}] !== {before}")
    shown.settled()
    assert shown.heard() == ["select", "move"]


def test_keys_waiting_for_a_list_are_forgotten_with_the_selection(shown: MapPage) -> None:
    village, other = shown.pair()
    shown.js(
        f"(app.select([{village}]), ['m', '1'].forEach("
        "key => document.dispatchEvent(new KeyboardEvent('keydown', { key }))),"
        f"app.select([{other}]))"
    )
    shown.settled()
    assert shown.frame.locator("#inspector .move").count() > 0
    assert shown.heard() == ["select", "select"]


def test_shortcuts_rest_while_somebody_types(shown: MapPage) -> None:
    shown.frame.focus("#map")
    shown.page.keyboard.press("/")
    shown.page.keyboard.type("xkdn没有")
    assert "没有叫“xkdn没有”的村" in shown.frame.locator("#search li.none").inner_text()
    shown.page.keyboard.press("Escape")
    assert shown.heard() == []


def test_search_selects_a_village_of_another_township(shown: MapPage) -> None:
    village = shown.js("app.county.townshipOf.findIndex(t => t === 6)")
    shown.frame.fill("#search input", shown.js(f"app.county.names[{village}]"))
    shown.page.keyboard.press("Enter")
    shown.settled()
    assert shown.js("app.plan.township") == 6
    assert shown.js("app.plan.selected") == [village]


def test_brush_is_one_step_and_leaves_illegal_villages(shown: MapPage) -> None:
    village, other = shown.pair()
    shown.page.keyboard.press("Escape")
    shown.frame.focus("#map")
    shown.page.keyboard.press("b")
    shown.page.mouse.move(*shown.place(other))
    shown.page.mouse.down()
    shown.page.mouse.move(*shown.place(village), steps=12)
    shown.page.mouse.up()
    shown.settled()
    assert shown.heard() == ["paint"]
    assert shown.js(f"app.plan.of[{village}]") == shown.js(f"app.plan.of[{other}]")


@pytest.mark.parametrize("ended", ["Escape", "v"])
def test_a_stroke_that_is_broken_off_leaves_no_paint(shown: MapPage, ended: str) -> None:
    village, other = shown.pair()
    shown.frame.focus("#map")
    shown.page.keyboard.press("b")
    shown.page.mouse.move(*shown.place(other))
    shown.page.mouse.down()
    shown.page.mouse.move(*shown.place(village), steps=12)
    assert shown.js("app.brushed.map(one => one.village)") == [village]
    shown.page.keyboard.press(ended)
    assert shown.js("app.brushed") == shown.js("app.drawing.view.brushed") == []
    shown.page.mouse.move(*shown.place(other), steps=4)
    shown.page.mouse.up()
    shown.settled()
    assert shown.js("app.brushed") == shown.js("app.drawing.view.brushed") == []
    assert shown.heard() == []
    assert shown.js("app.pointer.tool") == ("brush" if ended == "Escape" else "select")
    # The tool works on.
    shown.page.keyboard.press("b")
    shown.page.mouse.move(*shown.place(other))
    shown.page.mouse.down()
    shown.page.mouse.move(*shown.place(village), steps=12)
    shown.page.mouse.up()
    shown.settled()
    assert shown.heard() == ["paint"]


def test_lasso_selects_what_lies_inside(shown: MapPage) -> None:
    shown.frame.focus("#map")
    shown.page.keyboard.press("l")
    places = [shown.place(village) for village in shown.mine]
    left, right = min(x for x, _ in places) - 12, max(x for x, _ in places) + 12
    top, bottom = min(y for _, y in places) - 12, max(y for _, y in places) + 12
    shown.page.mouse.move(left, top)
    shown.page.mouse.down()
    for corner in ((right, top), (right, bottom), (left, bottom), (left, top)):
        shown.page.mouse.move(*corner, steps=4)
    shown.page.mouse.up()
    shown.settled()
    assert sorted(shown.js("app.plan.selected")) == shown.mine
    assert str(len(shown.mine)) in shown.frame.locator("#count").inner_text()


@pytest.mark.parametrize("shown", ["?names=hostile"], indirect=True)
def test_names_are_text_and_nothing_else(shown: MapPage) -> None:
    for village in shown.mine[:3]:
        shown.click(village)
        shown.settled()
        name = shown.js(f"app.county.names[{village}]")
        assert shown.frame.locator("#inspector .name").inner_text() == " ".join(name.split())
        shown.page.mouse.click(*shown.place(village), button="right")
        shown.page.keyboard.press("Escape")
        shown.page.mouse.move(*shown.place(shown.mine[9]))
    shown.frame.fill("#search input", "img")
    assert "onerror" in shown.frame.locator("#search li").first.inner_text()
    assert shown.page.title() != "hacked"
    assert shown.js("document.title") != "hacked"
    assert shown.js("document.querySelectorAll('img').length") == 0


def test_narrow_window_keeps_the_panel_in_a_drawer(shown: MapPage) -> None:
    shown.page.set_viewport_size({"width": 1024, "height": 700})
    panel = shown.frame.locator("#inspector")
    assert not panel.is_visible()
    shown.frame.click("#drawer")
    assert panel.is_visible()


def test_a_township_fits_what_toolbar_and_scale_leave_free(shown: MapPage) -> None:
    shown.js(f"app.fit({TOWNSHIP})")
    left, top, right, bottom = shown.js(
        f"(() => {{ const box = app.county.townshipBoxes[{TOWNSHIP}];"
        "const [x, y] = app.drawing.toScreen([box[0], box[1]]);"
        "const [u, v] = app.drawing.toScreen([box[2], box[3]]);"
        "const size = app.map.getSize(); return [x, y, size.x - u, size.y - v]; })()"
    )
    toolbar = shown.js("document.getElementById('tools').getBoundingClientRect().bottom")
    above = shown.js("app.map.getContainer().getBoundingClientRect().top")
    assert top >= toolbar - above + 20
    assert min(left, right, bottom) >= 20
    # One direction is used up, but for the step of the zoom.
    assert top + bottom < 190 or left + right < 150


def test_without_a_selection_the_alliances_in_view_lead_to_their_leads(shown: MapPage) -> None:
    rows = shown.frame.locator("#inspector .entry.of")
    leads = shown.js(f"app.plan.leads.filter((one) => app.county.townshipOf[one] === {TOWNSHIP})")
    assert rows.count() == len(leads)
    rows.nth(1).click()
    assert shown.js("app.plan.selected") == [leads[1]]
    shown.settled()
    assert rows.count() == 0


@pytest.mark.parametrize("shown", ["/?lang=en"], indirect=True)
def test_a_name_stays_on_one_line_beside_long_tags(shown: MapPage) -> None:
    shown.click(shown.pair()[0])
    shown.settled()
    shown.js(
        "document.querySelector('#inspector .titles').append(...['weak village', 'member village',"
        "'an alliance'].map((text) => Object.assign(document.createElement('span'),"
        "{ className: 'tag', textContent: text })))"
    )
    assert shown.js("document.querySelector('#inspector .name').getClientRects()[0].height") < 40

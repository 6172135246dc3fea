"""The step of adjusting in a real Chromium: the map stays, and says more as soon as it is known."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("streamlit", reason="the application needs Streamlit: pip install .[app]")
from chromium import MAP, Browser, MapPage, Server, idle, server

SLOW_MS = 60_000


@pytest.fixture(scope="module")
def app() -> Iterator[Server]:
    with server() as running:
        yield running


@pytest.fixture
def shown(app: Server, chromium: Browser) -> Iterator[MapPage]:
    page, traffic = chromium.page()
    page.goto(f"{app.address}/?lang=zh&step=adjust")
    shown = MapPage(page).ready()
    idle(page)
    yield shown
    assert traffic.wrong == []
    page.close()


def button(page: Any, key: str) -> Any:
    return page.locator(f".st-key-{key} button").first


def members(shown: MapPage) -> list[int]:
    """Return villages of the township in view that lead nothing."""
    found: list[int] = shown.ask(
        "app => app.county.names.map((_, v) => v).filter(v => app.drawing.inScope(v)"
        " && app.plan.of[v] >= 0 && app.plan.leads[app.plan.of[v]] !== v)"
    )
    return found


def test_the_map_is_never_put_in_anew(shown: MapPage) -> None:
    page = shown.page
    page.eval_on_selector(MAP, "frame => { frame.dataset.mark = 'the first one' }")

    def same() -> None:
        idle(page)
        shown.ready()
        assert page.locator(MAP).get_attribute("data-mark") == "the first one"

    before = shown.ask("app => app.plan.township")
    for key in ("township-after", "township-after", "township-before", "whole-county"):
        button(page, key).click()
        same()
    # Faster than the page can follow.
    for _ in range(6):
        button(page, "township-after").click(delay=0)
    shown.wait("(app, t) => app.plan.township !== t", before)
    # Clicks are answered in their order: whatever of them was still on its way has been by then.
    button(page, "whole-county").click()
    shown.wait("app => app.plan.township < 0")
    same()
    village = members(shown)[0]
    shown.ask("(app, v) => { app.send('lock', { scope: 'villages', villages: [v] }) }", village)
    shown.wait("app => app.state.inspector.cursor === 1 && !app.pending.length")
    same()
    view = shown.view()
    button(page, "language").click()
    page.locator(".st-key-language button", has_text="中").wait_for(timeout=SLOW_MS)
    shown.wait("app => app.county.told.language === 'en'")
    same()
    assert shown.view() == view
    # Everything at the foot of the map has room, the sentence at its end above all.
    assert shown.frame.evaluate(_FOOT_FITS)


_FOOT_FITS = """() => {
  const end = document.querySelector("#foot .end").getBoundingClientRect();
  const keys = [...document.querySelectorAll("#foot .key")].map(k => k.getBoundingClientRect());
  return end.right <= document.querySelector("#foot").getBoundingClientRect().right
    && keys.every(key => key.right <= end.left);
}"""


def test_a_button_is_clicked_though_the_page_answers_while_it_is_pressed(shown: MapPage) -> None:
    shown.select(members(shown)[0])
    box = shown.frame.locator("#tools [data-tool=lock] span").bounding_box()
    shown.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    shown.page.mouse.down()
    shown.ask("app => app.show()")
    shown.page.mouse.up()
    shown.wait("app => app.state.inspector.cursor === 1 && !app.pending.length")
    # Shown again from then on.
    assert not shown.ask("app => app.pressed")


def test_a_better_move_is_told_while_the_pointer_rests(shown: MapPage) -> None:
    shown.wait("app => app.state.facts && app.state.facts.best && !app.state.later")
    known = shown.ask("app => Object.keys(app.state.facts.best).map(Number)")
    village = next(one for one in members(shown) if one in known)
    # As if nothing were known yet when the pointer came.
    kept = shown.ask("app => { const kept = app.state.facts; app.state.facts = null; return kept }")
    shown.page.mouse.move(*shown.place(village), steps=3)
    tip = shown.frame.locator("#tip")
    tip.wait_for(timeout=SLOW_MS)
    assert "分" not in tip.inner_text()
    shown.ask("(app, kept) => { app.state.facts = kept; app.show() }", kept)
    assert kept["best"][str(village)] in tip.inner_text()


def test_what_is_worked_out_beside_the_page_is_fetched_without_a_click(shown: MapPage) -> None:
    # An edit waits for nothing: the best moves of the plan after it come later, by themselves.
    village = members(shown)[1]
    shown.ask("(app, v) => { app.send('lock', { scope: 'villages', villages: [v] }) }", village)
    shown.wait("app => app.state.inspector.cursor > 0 && !app.pending.length")
    shown.wait(
        "(app, all) => app.state.facts && app.state.facts.best && !app.state.later"
        " && all.some(v => app.state.facts.best[v])",
        [one for one in members(shown) if one != village],
    )


# --- barriers and links, in the step of rules ------------------------------------------------

LINES = ".st-key-lines-frame iframe"
_BORDER = """(() => {
  const { sides, arcs, townshipOf } = app.county;
  const at = sides.findIndex(([a, b], i) => a >= 0 && b >= 0 && townshipOf[a] === 3
    && townshipOf[b] === 3 && arcs[i].length > 24);
  const line = arcs[at];
  const last = line.length / 2 - 1;
  const box = app.map.getContainer().getBoundingClientRect();
  return { sides: sides[at], clicks: [0, last >> 1, last].map(i => {
    const [x, y] = app.drawing.toScreen([line[2 * i], line[2 * i + 1]]);
    return [x + box.left, y + box.top];
  }) };
})()"""


def until(page: Any, frame: Any, script: str) -> Any:
    """Wait for a value of the map that is true, and return it."""
    for _ in range(600):
        found = frame.evaluate(script)
        if found:
            return found
        page.wait_for_timeout(50)
    raise AssertionError(script)


def test_a_barrier_is_drawn_kept_shown_and_taken_away(app: Server, chromium: Browser) -> None:
    page, traffic = chromium.page()
    page.goto(f"{app.address}/?lang=zh&step=rules")
    button(page, "rules-map").click(timeout=SLOW_MS)

    def opened() -> Any:
        frame = page.locator(LINES).element_handle(timeout=SLOW_MS).content_frame()
        frame.wait_for_selector("body[data-ready]", timeout=SLOW_MS)
        return frame

    frame = opened()
    frame.evaluate("app.fit(3)")
    until(page, frame, "app.drawing.frame && app.map.getZoom() > 8")
    frame.click("[data-tool=barrier]")
    border = frame.evaluate(_BORDER)
    outer = page.locator(LINES).bounding_box()
    (one, two, three) = [(outer["x"] + x + 3, outer["y"] + y - 2) for x, y in border["clicks"]]
    page.mouse.click(*one)
    page.keyboard.press("Escape")
    assert frame.evaluate("app.lines.clicks.length") == 0
    for place in (one, two):
        page.mouse.click(*place)
    page.mouse.dblclick(*three)
    until(page, frame, "app.lines.drawn.length === 1 && !app.pending.length")
    names = frame.evaluate("app.state.inspector.sections[0].rows[0].note")
    told = [frame.evaluate(f"app.county.names[{village}]") for village in border["sides"]]
    assert all(name in names for name in told)
    frame.click("[data-tool=link]")
    mine = frame.evaluate(
        "app.county.names.map((_, v) => v).filter(v => app.county.townshipOf[v] === 3)"
    )
    for village in (mine[0], mine[-1]):
        x, y = frame.evaluate(f"app.drawing.toScreen(app.county.points[{village}])")
        box = frame.locator("#map").bounding_box()
        page.mouse.click(box["x"] + x, box["y"] + y)
    until(page, frame, "app.lines.linked.length === 1 && !app.pending.length")
    # In the project: a reload brings both back.
    page.wait_for_url("**project=*", timeout=SLOW_MS)
    page.reload()
    button(page, "rules-map").click(timeout=SLOW_MS)
    frame = opened()
    assert until(page, frame, "app.lines.drawn.length === 1 && app.lines.linked.length === 1")
    for left in (1, 0):
        frame.click(".move button >> nth=0")
        until(page, frame, f"app.lines.drawn.length + app.lines.linked.length === {left}")
    frame.click("[data-tool=undo]")
    until(page, frame, "app.lines.linked.length === 1")
    frame.click("[data-focus=back]")
    button(page, "rules-map").wait_for(timeout=SLOW_MS)
    assert traffic.wrong == []
    page.close()

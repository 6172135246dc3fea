"""The step of adjusting in a real Chromium: the map stays, and says more as soon as it is known."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("streamlit", reason="the application needs Streamlit: pip install .[app]")
from chromium import MAP, Browser, MapPage, Server, server

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


def idle(page: Any) -> None:
    page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').wait_for(
        timeout=SLOW_MS
    )


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
    shown.wait("(app, t) => app.plan.township === 5 || app.plan.township !== t", before)
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

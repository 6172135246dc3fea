"""How fast the planner's page answers, in a real Chromium.

    python -m benchmarks.app [--json FILE] [--villages 261 --villages 2811] [--moves 20]

The server runs as ``liancun app`` starts it, compiled code loaded beforehand; Chromium is driven
by Playwright and watched. A county is made up (``made_county``), planned, and put into a project
file that the browser opens by its address; 261 villages stand for the scale of the demo county,
whose own first page is measured as well. Wall times, taken in the page from the pointer's release
to the second frame after the answer was drawn; work of others on the machine shows in them.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from chromium import Browser, MapPage, Server, Traffic, browser, server

from benchmarks.made_county import TOWNSHIPS, write_county
from liancun_geo.project import create_project, gather
from liancun_geo.scenario import plan_alliances, read_county
from liancun_geo.settings import read_settings

AT = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
RAPID = 40
PROJECT = "benchmark-project-{villages}"
CLICK_S = {261: 0.25, 2811: 0.4}
FIRST_S = {261: 4.0, 2811: 8.0}
BYTES = 20_000


@dataclass(frozen=True)
class Row:
    """One figure beside its limit; ``load`` is the machine's when it was taken."""

    what: str
    villages: int
    figure: float
    limit: float
    unit: str
    load: float
    note: str = ""

    @property
    def met(self) -> bool:
        """Return whether the limit holds."""
        return self.figure >= self.limit if self.unit == "events" else self.figure <= self.limit


# A promise that is fulfilled when the map shows the answer to what is done next.
ANSWERED = """async (rev) => {
  const begun = new Promise((go, fail) => {
    window.addEventListener('pointerup', () => go(performance.now()), {capture: true, once: true});
    setTimeout(() => fail(new Error('no click')), 10000);
  });
  window.__timed = begun.then(async at => {
    const frame = () => new Promise(go => requestAnimationFrame(go));
    const end = at + 30000;
    while (performance.now() < end) {
      if (!app.pending.length && !app.state.busy && CHANGED) break;
      await frame();
    }
    await frame(); await frame();
    return (performance.now() - at) / 1000;
  });
}"""
TIMED = ANSWERED.replace("CHANGED", "app.state.rev !== rev")
# The same for a selection, answered when its list of moves stands in the panel.
CHOSEN = ANSWERED.replace(
    "CHANGED",
    "app.plan.selected[0] === rev && app.settled() && !!app.state.inspector.moves",
)
# The same for a search: it may find nothing better, and says so in a note.
SEARCHED = ANSWERED.replace("CHANGED", "(app.state.toast || {}).id !== rev")
MOVES = """(app, villages) => {
  const found = [];
  const box = app.map.getContainer().getBoundingClientRect();
  const free = v => {
    const [lon, lat] = app.county.lonlat[v];
    const at = app.map.latLngToContainerPoint([lat, lon]);
    const hit = document.elementFromPoint(box.left + at.x, box.top + at.y);
    return !!hit && app.map.getContainer().contains(hit);
  };
  for (const v of villages) {
    if (!free(v)) continue;
    const number = app.plan.of[v];
    if (number < 0 || app.plan.leads[number] === v) continue;
    for (const w of app.county.neighbours[v]) {
      const other = app.plan.of[w];
      const same = app.county.townshipOf[v] === app.county.townshipOf[w];
      if (same && other >= 0 && other !== number && free(w)) { found.push([v, w]); break; }
    }
  }
  return found;
}"""


class Measures:
    """Figures of one page, one after the other."""

    def __init__(self, shown: MapPage, traffic: Traffic, villages: int, moves: int) -> None:
        self.shown, self.traffic, self.villages = shown, traffic, villages
        self.rows: list[Row] = []
        self.whole_county()
        self.moves = moves

    def add(self, what: str, figure: float, limit: float, unit: str, note: str = "") -> None:
        """Take a figure down."""
        load = os.getloadavg()[0]
        self.rows.append(Row(what, self.villages, round(figure, 4), limit, unit, load, note))
        print(line(self.rows[-1]), flush=True)

    def pairs(self) -> list[tuple[int, int]]:
        """Return members and a neighbour each in another alliance now, spread over the county."""
        step = max(1, self.villages // (4 * self.moves))
        found = self.shown.ask(MOVES, list(range(0, self.villages, step)))
        return [(a, b) for a, b in found][: self.moves]

    def whole_county(self) -> None:
        """Look at all townships at once: what is measured is the most there is to draw."""
        self.shown.ask("app => { app.send('township', {township: -1}); app.fit(-1); }")
        self.shown.wait("app => !app.pending.length && app.plan.township === -1")

    def township_of(self, village: int) -> None:
        """Look at the township of a village."""
        township = self.shown.ask("(app, v) => app.county.townshipOf[v]", village)
        self.shown.ask("(app, t) => { app.send('township', {township: t}); app.fit(t); }", township)
        self.shown.wait("(app, t) => !app.pending.length && app.plan.township === t", township)

    def clicks(self) -> None:
        """Select a village, move it by a click: times and bytes of each."""
        targets: list[float] = []
        moves: list[float] = []
        sent: list[int] = []
        for village, beside in self.pairs():
            if [village, beside] not in self.shown.ask(MOVES, [village]):
                # A note lies over it by now.
                continue
            self.shown.frame.evaluate(CHOSEN, village)
            self.shown.click(village)
            targets.append(self.shown.frame.evaluate("window.__timed"))
            before = self.traffic.received
            self.shown.frame.evaluate(TIMED, self.shown.ask("app => app.state.rev"))
            self.shown.click(beside, "Control")
            moves.append(self.shown.frame.evaluate("window.__timed"))
            self.shown.page.wait_for_timeout(150)
            sent.append(self.traffic.received - before)
        n = len(moves)
        self.add("legal targets listed", statistics.median(targets), 0.3, "s", longest(targets))
        limit = CLICK_S.get(self.villages, 0.4)
        self.add("click to map and totals", statistics.median(moves), limit, "s", longest(moves))
        self.add("received a click", statistics.median(sent), BYTES, "bytes", f"{n} moves")

    def rapid(self) -> None:
        """Click forty times as fast as the driver can; every click is an edit."""
        village, other = self.pairs()[0]
        self.township_of(village)
        self.shown.select(village)
        own, to = self.shown.ask(
            "(app, [v, w]) => [app.plan.leads[app.plan.of[v]], app.plan.leads[app.plan.of[w]]]",
            [village, other],
        )
        before, view = self.shown.ask("app => app.state.inspector.entries"), self.shown.view()
        places = [self.shown.place(to), self.shown.place(own)]
        self.shown.page.keyboard.down("Control")
        for k in range(RAPID):
            self.shown.page.mouse.click(*places[k % 2])
        self.shown.page.keyboard.up("Control")
        self.shown.wait("app => !app.pending.length", seconds=60)
        after = self.shown.ask("app => app.state.inspector.entries")
        self.add("rapid clicks that arrive", after - before, RAPID, "events")
        lost = max(abs(a - b) for a, b in zip(view, self.shown.view(), strict=True))
        self.add("view moved meanwhile", lost, 0.0, "degrees or zoom")

    def again(self) -> None:
        """Solve one township again after an edit, from the click to the map."""
        village, other = self.pairs()[-1]
        self.township_of(village)
        self.shown.select(village)
        number = self.shown.ask("app => app.state.rev")
        self.shown.click(other, "Control")
        self.shown.wait("(app, r) => !app.pending.length && app.state.rev !== r", number)
        self.shown.frame.evaluate(SEARCHED, self.shown.ask("app => (app.state.toast || {}).id"))
        self.shown.frame.locator(".optimise button").first.click()
        self.add("re-optimise a township", self.shown.frame.evaluate("window.__timed"), 1.0, "s")

    def cancel(self, address: str) -> None:
        """End a job of planning from the page: until its place says that it was ended."""
        page = self.shown.page
        page.goto(address)
        page.locator(".st-key-cancel-fit button").first.wait_for(timeout=30_000)
        # Not while it is still beginning.
        page.wait_for_timeout(300)
        begin = time.perf_counter()
        page.locator(".st-key-cancel-fit button").first.click()
        page.locator(".st-key-retry-fit button").first.wait_for(timeout=30_000)
        self.add("cancel of a long job", time.perf_counter() - begin, 0.3, "s")


def longest(times: list[float]) -> str:
    return f"longest {max(times):.2f} s of {len(times)}"


def line(row: Row) -> str:
    """Return a row as text."""
    met = "pass" if row.met else "FAIL"
    figure = f"{row.figure:,.3f}" if row.unit == "s" else f"{row.figure:,.0f}"
    sign = ">=" if row.unit == "events" else "<="
    told = f"{row.villages:>5}  {row.what:<26}{figure:>10} {row.unit:<7} {sign} {row.limit:>6g}"
    return f"{told}  {met}  load {row.load:.1f}  {row.note}".rstrip()


def make_project(folder: Path, villages: int) -> None:
    """Plan a made-up county and put it into a project file."""
    with tempfile.TemporaryDirectory() as name:
        townships = TOWNSHIPS.get(villages, max(1, villages // 30))
        boundaries, ledger, own = write_county(Path(name), villages, townships)
        settings = read_settings(own)
        scenario = plan_alliances(read_county(boundaries, ledger, settings=settings), settings)
        path = folder / f"{PROJECT.format(villages=villages)}.gpkg"
        inputs = gather(boundaries, [ledger], settings)
        project = create_project(path, inputs, settings, by="benchmark", at=AT)
        project.add_scenario("方案一", scenario, by="benchmark", at=AT)
    print(f"{villages:>5}  made up and planned: {scenario.result.status}", flush=True)


def opened(
    opened_by: Browser, address: str, what: str, villages: int, limit: float
) -> tuple[MapPage, Traffic, Row]:
    """Open the page and take the time until the map shows the plan."""
    page, traffic = opened_by.page()
    begin = time.perf_counter()
    page.goto(address)
    shown = MapPage(page).ready(120)
    seconds = round(time.perf_counter() - begin, 3)
    row = Row(what, villages, seconds, limit, "s", os.getloadavg()[0])
    print(line(row), flush=True)
    return shown, traffic, row


def measured(running: Server, chromium: Browser, villages: list[int], moves: int) -> list[Row]:
    """Return all rows."""
    rows = []
    shown, _, row = opened(chromium, running.address, "first page, demo plan", 261, FIRST_S[261])
    rows.append(row)
    shown.page.context.close()
    for count in villages:
        key = PROJECT.format(villages=count)
        address = f"{running.address}/?project={key}&step=adjust"
        limit = FIRST_S.get(count, 8.0)
        shown, traffic, row = opened(chromium, address, "first page, project", count, limit)
        rows.append(row)
        figures = Measures(shown, traffic, count, moves)
        taken: dict[str, Callable[[], None]] = {
            "clicks": figures.clicks,
            "rapid clicks": figures.rapid,
            "re-optimise": figures.again,
        }
        if count == max(villages):
            plans = f"{running.address}/?project={key}&step=plans"
            taken["cancel"] = partial(figures.cancel, plans)
        for what, take in taken.items():
            try:
                take()
            except Exception as cause:
                # One figure that cannot be taken must not cost the others theirs.
                said = f"{type(cause).__name__}: {cause}".splitlines()[0]
                figures.add(what, float("inf"), 0.0, "s", said)
        rows += figures.rows
        shown.page.context.close()
    outside = len(chromium.outside)
    rows.append(Row("requests outside", 0, outside, 0, "", os.getloadavg()[0]))
    print(line(rows[-1]), flush=True)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    parser.add_argument("--villages", type=int, action="append", help="default 261 and 2811")
    parser.add_argument("--moves", type=int, default=20)
    arguments = parser.parse_args()
    villages = arguments.villages or [261, 2811]
    with server() as running:
        # Planning compiles, or loads what is compiled, before anything is timed.
        for count in villages:
            make_project(running.projects, count)
        with browser() as chromium:
            # A server that was up for long would have its sample read: start anew.
            running.end()
            print(f"server up after {running.start():.1f} s; compiled code is loaded", flush=True)
            rows = measured(running, chromium, villages, arguments.moves)
    failed = [row.what for row in rows if not row.met]
    print(f"{len(rows) - len(failed)} of {len(rows)} limits met")
    if arguments.json is not None:
        told = [{**asdict(row), "met": row.met} for row in rows]
        arguments.json.write_text(json.dumps(told, indent=1, ensure_ascii=False), encoding="utf-8")


if __name__ == "__main__":
    main()

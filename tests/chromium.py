"""A real Chromium on the app: watched, so that whoever it asks outside this machine is told."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import urllib.request
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, sleep
from typing import Any
from urllib.parse import urlsplit

from liancun_geo.studio.launch import command

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("chrome")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Whatever is asked after all gets no answer, so that a test cannot depend on it.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
)
OURS = frozenset({"localhost", "127.0.0.1", "", None})
SLOW_MS = 60_000
"""How long a page is waited for: several times what a machine under load has needed."""
_STARTED_WITHIN_S = 90.0


@dataclass
class Traffic:
    """What one page asked for, what went over its websockets, and what went wrong in it.

    Attributes
    ----------
    asked
        Addresses, in order.
    wrong
        Errors on the console, uncaught ones, dialogs.
    received, sent
        Bytes over websockets.
    """

    asked: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    received: int = 0
    sent: int = 0

    @property
    def outside(self) -> list[str]:
        """Return the addresses that are not on this machine."""
        own = ("data:", "blob:", "about:", "file:", "chrome-error:")
        return [
            url
            for url in self.asked
            if not url.startswith(own) and urlsplit(url).hostname not in OURS
        ]

    def watch(self, page: Any) -> None:
        """Listen to a page from now on."""
        page.on("request", lambda request: self.asked.append(request.url))
        page.on("websocket", self._socket)
        page.on("console", lambda m: self.wrong.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: self.wrong.append(str(error)))
        page.on("dialog", self._dialog)

    def _dialog(self, dialog: Any) -> None:
        self.wrong.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _socket(self, opened: Any) -> None:
        self.asked.append(opened.url)
        opened.on("framereceived", lambda data: self._count("received", data))
        opened.on("framesent", lambda data: self._count("sent", data))

    def _count(self, way: str, data: str | bytes) -> None:
        setattr(self, way, getattr(self, way) + len(data))


@dataclass
class Browser:
    """One Chromium; every page of it is watched."""

    chromium: Any
    traffic: list[Traffic] = field(default_factory=list)

    def page(self, *, width: int = 1366, height: int = 768) -> tuple[Any, Traffic]:
        """Return a new page in a context of its own, and what it asks for."""
        page = self.chromium.new_page(viewport={"width": width, "height": height})
        page.set_default_timeout(SLOW_MS)
        return page, self.watched(page)

    def watched(self, page: Any) -> Traffic:
        """Watch a page that was made in another way."""
        traffic = Traffic()
        traffic.watch(page)
        self.traffic.append(traffic)
        return traffic

    @property
    def outside(self) -> list[str]:
        """Return what any page asked outside this machine."""
        return [url for one in self.traffic for url in one.outside]


@contextmanager
def browser() -> Iterator[Browser]:
    """Start Chromium; it is closed at the end whatever happens."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        try:
            yield Browser(chromium)
        finally:
            chromium.close()


@dataclass
class Server:
    """The app's server on a free port, with projects and temporary files in folders of its own.

    Attributes
    ----------
    projects, temporary
        Where project files and temporary files of the server and its children lie.
    script
        Another page to serve instead of the app.
    """

    projects: Path
    temporary: Path
    port: int = 0
    process: subprocess.Popen[bytes] | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    script: Path | None = None

    @property
    def address(self) -> str:
        """Return where it listens."""
        return f"http://localhost:{self.port}"

    def start(self) -> float:
        """Start it, again on the same port; return how many seconds it took to answer."""
        if not self.port:
            with socket.socket() as probe:
                probe.bind(("localhost", 0))
                self.port = probe.getsockname()[1]
        own = {"LIANCUN_PROJECTS": str(self.projects), "TMPDIR": str(self.temporary)}
        begun = monotonic()
        with (self.projects.parent / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                self._command(),
                stdout=log,
                stderr=log,
                env={**os.environ, **own, **self.environment},
            )
        while not self._answers():
            if self.process.poll() is not None or monotonic() - begun > _STARTED_WITHIN_S:
                raise AssertionError(f"the server did not start: {self.log()[-2000:]}")
            sleep(0.05)
        return monotonic() - begun

    def _command(self) -> list[str]:
        app = command(self.port, True)
        if self.script is None:
            return app
        flags = [part for part in app if part.startswith("--")]
        return [app[0], "-m", "streamlit", "run", str(self.script), *flags]

    def _answers(self) -> bool:
        try:
            urllib.request.urlopen(f"{self.address}/_stcore/health", timeout=1).close()
        except OSError:
            return False
        return True

    def end(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End it as told, and wait."""
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(20)
            self.process = None

    def log(self) -> str:
        """Return what the server said, tracebacks included."""
        path = self.projects.parent / "server.log"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""


@contextmanager
def server(script: Path | None = None, **environment: str) -> Iterator[Server]:
    """Run the app's server, or that of another page; nothing of it is left at the end."""
    with tempfile.TemporaryDirectory(prefix="app-server-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        for one in ("projects", "temporary"):
            (folder / one).mkdir()
        running = Server(folder / "projects", folder / "temporary")
        running.environment, running.script = environment, script
        running.start()
        try:
            yield running
        finally:
            running.end()


def idle(page: Any) -> None:
    """Wait until the app's page stands still: nothing of it is being put together."""
    page.wait_for_selector(_STILL, state="attached")
    page.wait_for_function("() => !document.querySelector('[data-stale=true]')")


_STILL = '[data-testid="stApp"][data-test-script-state="notRunning"]'


def alive(pid: int) -> bool:
    """Whether a process runs; one that ended and was not yet buried does not."""
    try:
        told = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return told.rpartition(")")[2].split()[0] != "Z"


def children_of(pid: int) -> list[int]:
    """Return the living descendants of a process; empty where the system does not tell."""
    proc = Path("/proc")
    parents: dict[int, int] = {}
    for path in proc.glob("[0-9]*/stat") if proc.is_dir() else ():
        try:
            told = path.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        except OSError:
            continue
        if told[0] != "Z":
            parents[int(path.parent.name)] = int(told[1])
    found = {pid}
    while more := {one for one, of in parents.items() if of in found} - found:
        found |= more
    return sorted(found - {pid})


def choose(page: Any, products: Collection[str]) -> None:
    """Tick these products on the step of handing over, and no others."""
    boxes = page.locator('[class*="st-key-pack-what-"]')
    for name in products:  # they come one after the other
        page.locator(f".st-key-pack-what-{name}").wait_for()
    idle(page)
    names = boxes.evaluate_all(
        "all => all.map(e => e.className.match(/st-key-pack-what-([a-z]+)/)[1])"
    )
    assert set(products) <= set(names)
    for name in names:
        box = page.locator(f".st-key-pack-what-{name} label")
        if box.locator("input").is_checked() != (name in products):
            box.click()


class MapPage:
    """The step of adjusting in a page: its map, driven with the mouse and asked for its state."""

    def __init__(self, page: Any) -> None:
        self.page = page

    @property
    def frame(self) -> Any:
        """The document of the component."""
        handle = self.page.locator(MAP).element_handle(timeout=60_000)
        return handle.content_frame()

    def ready(self, seconds: float = 60.0) -> MapPage:
        """Wait until the map shows a plan, all its events answered."""
        from playwright.sync_api import Error

        end = monotonic() + seconds
        while monotonic() < end:
            # A page that is still being put together may put in another frame.
            with suppress(Error):
                if self.frame.evaluate(_SETTLED):
                    return self
            sleep(0.05)
        raise AssertionError("no map on the page")

    def ask(self, script: str, arg: Any = None) -> Any:
        """Return what a function of the component's ``app`` says: ``"(app, arg) => ..."``."""
        return self.frame.evaluate(f"(arg) => ({script})(window.app, arg)", arg)

    def wait(self, script: str, arg: Any = None, seconds: float = 60.0) -> None:
        """Wait until such a function is true."""
        told = f"(arg) => window.app && ({script})(window.app, arg)"
        self.frame.wait_for_function(told, arg=arg, timeout=seconds * 1000)

    def place(self, village: int) -> tuple[float, float]:
        """Return where a village's label point is on the page, in pixels."""
        box = self.page.locator(MAP).bounding_box()
        x, y = self.ask(_PLACE, village)
        return box["x"] + x, box["y"] + y

    def click(self, village: int, key: str | None = None) -> None:
        """Click a village, with a key held down or without."""
        x, y = self.place(village)
        if key is None:
            self.page.mouse.click(x, y)
            return
        self.page.keyboard.down(key)
        self.page.mouse.click(x, y)
        self.page.keyboard.up(key)

    def select(self, village: int) -> None:
        """Click a village and wait for what can be done with it."""
        self.click(village)
        self.wait("(app, v) => app.settled() && app.plan.selected[0] === v", village)

    def leads(self) -> list[int]:
        """Return the lead village of each village, -1 for those left out, as shown."""
        told: list[int] = self.ask("app => app.plan.of.map(k => k < 0 ? -1 : app.plan.leads[k])")
        return told

    def view(self) -> list[float]:
        """Return latitude, longitude and zoom."""
        told: list[float] = self.ask(
            "app => [app.map.getCenter().lat, app.map.getCenter().lng, app.map.getZoom()]"
        )
        return told

    def history(self) -> list[dict[str, Any]]:
        """Return the entries of the history, as shown."""
        told: list[dict[str, Any]] = self.ask("app => app.state.inspector.history || []")
        return told


MAP = 'iframe[title*="village_map"]'
_SETTLED = "() => !!(window.app && app.plan && app.state && app.map && !app.pending.length)"
_PLACE = """(app, village) => {
  const [lon, lat] = app.county.lonlat[village];
  const at = app.map.latLngToContainerPoint([lat, lon]);
  const box = app.map.getContainer().getBoundingClientRect();
  return [box.left + at.x, box.top + at.y];
}"""

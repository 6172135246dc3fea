"""Make the pictures of the app in the docs: ``python -m scripts.make_screenshots``.

Needs Chromium and Playwright, as the tests of the app do. The app runs on the sample county,
with its projects in a temporary folder.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import FrameLocator, Page, sync_playwright

from liancun_geo.studio.launch import command

ROOT = Path(__file__).resolve().parents[1]
PORT = 8597
ADDRESS = f"http://localhost:{PORT}"
STEPS = {
    "data": ".st-key-checkup iframe",
    "villages": ".st-key-village-map iframe",
    "rules": ".feasible.good",
    "plans": ".st-key-plan-cards:not(:has([class*=st-key-cancel])) .st-key-use-equity button",
    "compare": ".st-key-compare-map iframe",
    "export": ".st-key-download-box",
}
"""Step -> what stands on its page once it is ready."""


def main() -> None:
    """Start the app, select a village, and keep the picture."""
    with tempfile.TemporaryDirectory(prefix="liancun-pictures-") as folder:
        surroundings = os.environ | {"LIANCUN_PROJECTS": folder}
        with subprocess.Popen(command(PORT, headless=True), env=surroundings) as server:
            try:
                _wait()
                _pictures(ROOT / "docs" / "images")
            finally:
                server.terminate()


def _wait() -> None:
    for _ in range(240):
        try:
            with urllib.request.urlopen(f"{ADDRESS}/_stcore/health", timeout=2):
                return
        except OSError:
            time.sleep(0.5)
    sys.exit("the app does not start")


def _pictures(out: Path) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        page = browser.new_page(viewport={"width": 1366, "height": 768})
        page.goto(f"{ADDRESS}/?step=adjust")
        page.locator("iframe").first.wait_for(timeout=120_000)
        frame = page.frame_locator("iframe").first
        _adjust(page, frame)
        _keep(page, out / "adjust.png")
        for step, ready in STEPS.items():
            page.locator(f".st-key-rail-{step} button").first.click()
            page.locator(ready).first.wait_for(timeout=120_000)
            page.wait_for_timeout(3000)
            _leave(page)
            _keep(page, out / f"{step}.png")
            if step == "plans":
                # A second plan, so that there is something to compare.
                page.locator(".st-key-use-equity button").first.click()
                page.locator("iframe").first.wait_for(timeout=60_000)
        browser.close()


def _leave(page: Page) -> None:
    """Take the mouse and the focus off everything, and wait until no tool tip is left."""
    page.mouse.move(1362, 764)
    page.evaluate("document.activeElement?.blur()")
    page.locator("[data-testid=stTooltipContent]").first.wait_for(state="hidden")


def _keep(page: Page, path: Path) -> None:
    """Keep a picture in 256 colours: the page has few, and the file is a third."""
    picture = Image.open(BytesIO(page.screenshot())).convert("RGB")
    picture.quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)


def _adjust(page: Page, frame: FrameLocator) -> None:
    search = frame.locator("input").first
    search.wait_for(timeout=60_000)
    page.wait_for_timeout(3000)
    search.fill("梨园涧村")
    search.press("Enter")
    page.wait_for_timeout(4000)
    search.press("Escape")
    moves = frame.locator(".move")
    moves.first.wait_for(timeout=30_000)
    moves.first.hover()
    page.wait_for_timeout(1500)


if __name__ == "__main__":
    main()

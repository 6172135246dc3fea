"""Make the picture of the app in the docs: ``python -m scripts.make_screenshots``.

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
from pathlib import Path

from playwright.sync_api import FrameLocator, Page, sync_playwright

from liancun_geo.studio.launch import command

ROOT = Path(__file__).resolve().parents[1]
PORT = 8597
ADDRESS = f"http://localhost:{PORT}"


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
        _adjust(page, page.frame_locator("iframe").first)
        page.screenshot(path=out / "adjust.png")
        browser.close()


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

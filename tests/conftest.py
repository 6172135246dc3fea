"""What several tests share."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from chromium import Browser, Server

sys.path.insert(0, str(Path(__file__).parent))

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(autouse=True)
def _projects_elsewhere(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Let no test leave a project in the folder of whoever runs it."""
    os.environ["LIANCUN_PROJECTS"] = str(tmp_path_factory.getbasetemp() / "projects")


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder of data that lies beside the project, or skip."""
    if not SHARED.is_dir():
        pytest.skip("../shared/data is not there: tests on data beside the project are left out")
    return SHARED


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Return a real Chromium; whatever a page of it asks outside this machine fails the module."""
    pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    from chromium import CHROMIUM, browser

    if CHROMIUM is None:
        pytest.skip("no Chromium here: tests in the browser are left out")
    with browser() as opened:
        yield opened
        assert opened.outside == [], "a page asked somebody outside this machine"


@pytest.fixture(scope="session")
def app_server() -> Iterator[Server]:
    """Return the app's server, one for all tests that do not end it."""
    pytest.importorskip("streamlit", reason="the application needs Streamlit: pip install .[app]")
    from chromium import server

    with server() as running:
        yield running

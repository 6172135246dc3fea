"""What several tests share."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings as hypothesis_settings

if TYPE_CHECKING:
    from chromium import Browser, Server

    from liancun_geo.project import Project

sys.path.insert(0, str(Path(__file__).parent))

# The same examples on every machine, busy or not. To search further than the suite has time for:
# pytest --hypothesis-profile=search
hypothesis_settings.register_profile("suite", max_examples=50, deadline=None, derandomize=True)
hypothesis_settings.register_profile("search", max_examples=1000, deadline=None)
hypothesis_settings.load_profile("suite")

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


def pytest_sessionstart(session: pytest.Session) -> None:
    """Compile what the solver needs before any test waits for it: once, and not in each worker.

    In a new environment that takes half a minute, which a page in the browser is not given.
    """
    if not hasattr(session.config, "workerinput") and not session.config.option.collectonly:
        from liancun_geo.solve.warm import warm_up

        warm_up()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let a test that drives the page through processes of their own fail twice before it counts.

    Server, solver, browser and test run beside one another, on a machine that may be busy: a
    picture read between two answers is no fault of the app. The summary names every test that
    was run again (``R``), so that none hides there. Tests of everything else are run once.
    """
    for item in items:
        assert isinstance(item, pytest.Function)
        if "chromium" in item.fixturenames or hasattr(item.module, "AppTest"):
            item.add_marker(pytest.mark.flaky(reruns=1))


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


@pytest.fixture(scope="session")
def planned_county(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Return the files, the county and the best plan of a small county."""
    from projects import planned

    return planned(tmp_path_factory.mktemp("县 资料"))


@pytest.fixture(scope="session")
def stored_project(planned_county: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an honest project file; nobody writes to it."""
    from projects import project_with

    files, _, scenario = planned_county
    return project_with(tmp_path_factory.mktemp("p") / "p.gpkg", files, scenario).path


@pytest.fixture
def project(stored_project: Path, tmp_path: Path) -> Project:
    """Return a copy of that project."""
    from liancun_geo.project import open_project

    path = tmp_path / "某县 项目.gpkg"
    shutil.copy(stored_project, path)
    return open_project(path)

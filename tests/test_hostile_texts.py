"""Texts that would like to be more than texts: shown as they are by every step, in a real browser.

A county whose every name is an attack (markup, templates, Markdown, addresses, formulas, marks of
writing direction) is opened step by step in Chromium. Nothing of it may run, ask another machine,
open a dialog or become an element of the page.
"""

from __future__ import annotations

import io
import shutil
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import openpyxl
import projects
import pytest

pytest.importorskip("streamlit", reason="the application needs Streamlit: pip install .[app]")
from chromium import Browser, Server, idle

from liancun_geo.editing import Draft, LeaveOut, Lock
from liancun_geo.project import Inputs, create_project, gather
from liancun_geo.project.inputs import read_inputs
from liancun_geo.scenario import plan_alliances
from liancun_geo.studio import keeping, uploads
from liancun_geo.studio.markup import plain
from liancun_geo.studio.pack import zipped
from liancun_geo.studio.steps import STEPS

KEY = "hostile-hostile-hostile"
AT = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)

IMAGE = "<img src=x onerror=alert(1)>"
TEMPLATE = "{{ cycler.__init__.__globals__ }}"
MARKDOWN = "![](http://example.com/x.png)"
HOSTILE = [
    IMAGE,
    TEMPLATE,
    MARKDOWN,
    "[点我](javascript:alert(1))",
    "`反引号` ${alert(1)}",
    "</script><script>alert(1)</script>",
    "\u202e倒着的村\u202c",
    "甲\n# 乙 **丙**",
    "<svg onload=alert(1)>",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "javascript:alert(1)//:material/home: :red[x]",
    "</style><style>*{display:none}</style>",
]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a project in which every text is hostile."""
    folder = tmp_path_factory.mktemp("hostile")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(projects, "NAMES", HOSTILE)
        boundaries, ledger = projects.county_files(folder)
    book = openpyxl.load_workbook(ledger)
    for row in book.active.iter_rows(min_row=2):
        row[4].value = f"{IMAGE}、{TEMPLATE}、{MARKDOWN}"
    book.save(ledger)
    named = [one.rename(folder / f"{IMAGE.replace('/', '')}{TEMPLATE}{one.suffix}")
             for one in (boundaries, ledger)]  # fmt: skip
    files = gather(named[0], [named[1]], projects.SETTINGS)
    where = folder / "projects"
    where.mkdir()
    _fill(where, files)
    return where


def _fill(where: Path, files: Inputs) -> None:
    scenario = plan_alliances(read_inputs(files, projects.SETTINGS), projects.SETTINGS)
    codes = scenario.villages.frame["code"].astype(str).tolist()
    draft = Draft(scenario).after(
        LeaveOut(villages=(codes[0],), reason=f"{IMAGE}{TEMPLATE}{MARKDOWN}"), at=AT, by=IMAGE
    )
    draft = draft.after(Lock(villages=(codes[3],)), at=AT, by=MARKDOWN, note=f"{TEMPLATE}{IMAGE}")
    path = where / f"{KEY}.gpkg"
    project = create_project(path, files, projects.SETTINGS, by=IMAGE, at=AT, name=IMAGE)
    for name in (IMAGE, MARKDOWN, TEMPLATE):
        project.add_scenario(name, draft, IMAGE, by=TEMPLATE, at=AT)
    project.edit_village(codes[1], "households", 77, by=MARKDOWN, at=AT, reason=IMAGE + TEMPLATE)


class Watched:
    """A page and all it did that it should not have."""

    def __init__(self, chromium: Browser) -> None:
        self.page, self.traffic = chromium.page()

    def harmless(self) -> None:
        assert [one for one in self.traffic.wrong if one.startswith("dialog: ")] == []
        assert self.traffic.outside == []
        for frame in self.page.frames:
            found = frame.evaluate(
                "[...document.querySelectorAll('*')].filter(e =>"
                " [...e.attributes].some(a => a.name.startsWith('on') && /alert/.test(a.value)"
                " || /^(href|src|action|xlink:href)$/.test(a.name)"
                " && /^\\s*javascript:/i.test(a.value)"
                " || a.name === 'src' && (a.value === 'x' || /example.com/.test(a.value))))"
                ".map(e => e.outerHTML.slice(0, 200))"
            )
            assert found == []


def test_every_step_shows_hostile_texts_as_texts(
    place: Path, app_server: Server, chromium: Browser
) -> None:
    shutil.copy(place / f"{KEY}.gpkg", app_server.projects)
    watched, seen = Watched(chromium), ""
    page = watched.page
    for step in STEPS:
        page.goto(f"{app_server.address}/?project={KEY}&step={step}&lang=zh")
        page.locator(f".st-key-step-{step}").wait_for()
        idle(page)
        watched.harmless()
        assert "Traceback" not in page.content()
        assert page.locator("[data-testid='stException']").count() == 0, step
        assert page.locator(".st-key-rail").is_visible(), "a style of a name hid the page"
        seen += " ".join(frame.evaluate("document.body.innerText") for frame in page.frames)
    page.close()
    # They were there, as text.
    assert IMAGE in seen and "cycler.__init__" in seen


def test_labels_that_are_markdown_are_escaped_to_the_last_mark() -> None:
    for text in HOSTILE:
        shown = plain(text)
        assert "\n" not in shown
        bare = shown.replace("\\\\", "")
        for mark in "![](){}<>`*_#:$~|":
            at = -1
            while (at := bare.find(mark, at + 1)) >= 0:
                assert bare[at - 1] == "\\", (text, shown)


@pytest.mark.parametrize(
    "name",
    ["../../etc/passwd", "..\\..\\x.shp", "/abs/x.gpkg", "C:\\x.gpkg", "a\0b.gpkg", "..", ""],
)
def test_names_of_uploads_stay_in_their_folder(name: str) -> None:
    safe = uploads.safe_name(name)
    assert "/" not in safe and "\\" not in safe and "\0" not in safe and safe not in ("", ".", "..")


def test_the_pack_escapes_what_a_spreadsheet_or_a_browser_would_run(place: Path) -> None:
    content = zipped(_scenario(place), "zh")
    for name, data in _unzipped(content):
        assert ".." not in Path(name).parts and not name.startswith("/")
        if name.endswith((".html", ".svg", ".xml")):
            text = data.decode("utf-8")
            assert "<img src=x" not in text and "<svg onload" not in text, name
            assert "</script><script>alert" not in text, name
        if name.endswith(".xlsx"):
            book = openpyxl.load_workbook(io.BytesIO(data))
            cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
            assert all(cell.data_type != "f" for cell in cells if "cmd|" in str(cell.value)), name


def _scenario(place: Path) -> Any:
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv(keeping.FOLDER, str(place))
        found = keeping.load(KEY)
    assert found is not None and found[0].scenario is not None
    return found[0].scenario


def _unzipped(content: bytes) -> list[tuple[str, bytes]]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return [(name, archive.read(name)) for name in archive.namelist()]

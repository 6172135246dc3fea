"""The site of the documents: built without a warning, whole, asking nothing of the network."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

pytest.importorskip("mkdocs", reason="mkdocs is not installed: the site is not built")
pytest.importorskip("material", reason="mkdocs-material is not installed: the site is not built")
pytest.importorskip("mkdocstrings", reason="mkdocstrings is not installed: no reference")

ROOT = Path(__file__).parents[1]
LOADED = {("script", "src"), ("img", "src"), ("iframe", "src"), ("link", "href"), ("source", "src")}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the site, built as its readers build it."""
    target = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(target)]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return target


class _Addresses(HTMLParser):
    """What a page loads by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value for name, value in attrs if (tag, name) in LOADED and value]


def pages(site: Path) -> Iterator[tuple[str, str]]:
    for page in sorted(site.rglob("*.html")):
        yield page.relative_to(site).as_posix(), page.read_text(encoding="utf-8")


def test_no_page_loads_anything_from_elsewhere(site: Path) -> None:
    outside = []
    for name, text in pages(site):
        parser = _Addresses()
        parser.feed(text)
        outside += [(name, one) for one in parser.found if re.match(r"(https?:)?//", one)]
        # The theme would fetch what draws these.
        outside += [(name, "mermaid")] if 'class="mermaid"' in text else []
    assert outside == []
    styles = "".join(path.read_text(encoding="utf-8") for path in site.rglob("*.css"))
    assert not re.search(r"url\(\s*['\"]?(https?:)?//", styles)


def test_every_document_and_every_notebook_has_its_page(site: Path) -> None:
    there = {name for name, _ in pages(site)}
    documents = {f"{path.stem}.html" for path in (ROOT / "docs").glob("*.md")}
    notebooks = {f"notebooks/{path.stem}.html" for path in (ROOT / "notebooks").glob("*.ipynb")}
    assert documents | notebooks | {"index.html", "changes.html"} <= there
    first = (site / "notebooks" / "01_first_plan.html").read_text(encoding="utf-8")
    assert '<img alt="Figure of cell' in first
    assert (site / "notebooks" / "01_first_plan_1.png").stat().st_size > 10_000


def test_the_reference_tells_arguments_and_errors(site: Path) -> None:
    told = (site / "reference" / "solver.html").read_text(encoding="utf-8")
    for name in ("solve", "check", "AllianceProblem", "alternatives"):
        assert f">{name}<" in told or f".{name}" in told, name
    assert "time_limit" in told
    research = (site / "reference" / "research.html").read_text(encoding="utf-8")
    assert "sample_plans" in research
    assert "AllianceClusterer" in research

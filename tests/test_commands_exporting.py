"""``liancun export`` of a project: every product by its name, opened again; what it refuses."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pyogrio
import pytest
from typer.testing import CliRunner, Result

from liancun_geo.cli import build_app
from liancun_geo.errors import DataError
from liancun_geo.messages import Language, message
from liancun_geo.output import PRODUCTS, read_plan_file
from liancun_geo.output.printing import find_fonts

ON_PAPER = ("map", "docx", "pdf")


def export(*arguments: object) -> Result:
    command = ["export", *map(str, arguments)]
    return CliRunner().invoke(build_app("zh"), command)


def _layer(path: Path) -> bool:
    first = pyogrio.list_layers(path)[0][0]
    return len(pyogrio.read_dataframe(path, layer=first)) > 0


def _word(path: Path) -> bool:
    with zipfile.ZipFile(path) as archive:
        return "word/document.xml" in archive.namelist()


def _shapefile(path: Path) -> bool:
    return len(pyogrio.read_dataframe(f"zip://{path}", layer="villages")) > 0


OPENED: dict[str, Callable[[Path], bool]] = {
    ".xlsx": lambda path: openpyxl.load_workbook(path).active is not None,
    ".gpkg": _layer,
    ".geojson": _layer,
    ".kml": _layer,
    ".zip": _shapefile,
    ".csv": lambda path: len(path.read_text("utf-8-sig").splitlines()) > 1,
    ".docx": _word,
    ".pdf": lambda path: path.read_bytes().rstrip().endswith(b"%%EOF"),
    ".html": lambda path: "</html>" in path.read_text("utf-8"),
    ".json": lambda path: bool(read_plan_file(path).alliances),
}


@pytest.mark.parametrize("name", PRODUCTS)
def test_every_product_by_its_name(name: str, stored_project: Path, tmp_path: Path) -> None:
    if name in ON_PAPER:
        try:
            find_fonts()
        except DataError:
            pytest.skip("no Chinese font here: sheets of paper are left out")
    done = export(stored_project, "--what", name, "--out", tmp_path, "--json")
    assert done.exit_code == 0, done.output
    files = [tmp_path / file for file in json.loads(done.stdout)["files"]]
    assert files and {p for p in tmp_path.rglob("*") if p.is_file()} == set(files)
    for path in files:
        assert OPENED[path.suffix](path), path.name


def test_the_form_is_taken_from_the_command_line(stored_project: Path, tmp_path: Path) -> None:
    form = ("--crs", "4490", "--encoding", "gbk", "--without-figures")
    done = export(stored_project, "--what", "gpkg,shp,html", *form, "--out", tmp_path)
    assert done.exit_code == 0, done.output
    assert pyogrio.read_info(tmp_path / "plan.gpkg", layer="villages")["crs"] == "EPSG:4490"
    with zipfile.ZipFile(tmp_path / "plan_shapefile.zip") as archive:
        assert archive.read("villages.cpg") != b"UTF-8"
    assert '"figures":false' in (tmp_path / "map.html").read_text("utf-8")


def test_a_plan_of_the_project_is_named(stored_project: Path, tmp_path: Path) -> None:
    done = export(stored_project, "--plan", "没有这个", "--what", "csv", "--out", tmp_path / "x")
    assert done.exit_code == 3 and "没有这个" in done.stderr
    given = export(stored_project, "--ledger", "a.xlsx", "--what", "csv", "--out", tmp_path / "x")
    assert given.exit_code == 2 and "--ledger" in given.stderr
    missing = export(tmp_path / "none.json", "--out", tmp_path / "x")
    assert missing.exit_code == 3 and "none.json" in missing.stderr
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_help_names_every_product(language: Language) -> None:
    assert ", ".join(PRODUCTS) in message("export.help_what", language)


def test_a_project_is_never_written_over(stored_project: Path, tmp_path: Path) -> None:
    # The product is called so as well.
    project = tmp_path / "plan.gpkg"
    shutil.copy(stored_project, project)
    before = project.read_bytes()
    told = export(project, "--what", "gpkg,csv", "--out", tmp_path)
    assert told.exit_code == 3, told.output
    assert "不会覆盖" in told.output
    assert project.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["plan.gpkg"]

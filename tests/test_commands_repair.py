"""``liancun repair``: a copy with every attribute, a report of every change, the original alone."""

from __future__ import annotations

import hashlib
import json
import warnings
from pathlib import Path

import geopandas as gpd
import numpy as np
import openpyxl
import pyogrio
import pytest
import shapely
from builders import ORIGIN
from intake_helpers import keys
from shapely import affinity, box
from shapely.geometry import Polygon
from typer.testing import CliRunner, Result

from liancun_geo.cli import build_app
from liancun_geo.intake.reading import read_all
from liancun_geo.sample import sample_county

NAMES = ("王家村", "李家村", "东河岔村", "西河岔村")


def run(language: str, *arguments: object) -> Result:
    words = [str(argument) for argument in arguments]
    return CliRunner().invoke(build_app(language), [*words, "--language", language])  # type: ignore[arg-type]


def layer(path: Path, *shapes: shapely.Geometry | None, crs: int | None = 4490) -> Path:
    """Write villages given in metres, in degrees."""
    moved = [None if s is None else affinity.translate(s, *ORIGIN) for s in shapes]
    geometry = gpd.GeoSeries(moved, crs=4527).to_crs(4490)
    codes = [f"37049910{201 + i:04d}" for i in range(len(shapes))]
    columns = {
        "村代码": codes,
        "村名": NAMES[: len(shapes)],
        "乡镇": "城头镇",
        "备注": [1.5] * len(codes),
    }
    frame = gpd.GeoDataFrame(columns, geometry=geometry).set_crs(crs, allow_override=True)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="'crs' was not provided")
        frame.to_file(path, layer="村界", driver="GPKG")
    return path


def dirty(folder: Path) -> Path:
    """Write three villages in a row: a gap of 1 m, an overlap of 1 m, and one far away."""
    return layer(
        folder / "村界.gpkg",
        box(0, 0, 1000, 1000),
        box(1001, 0, 2000, 1000),
        box(1999, 0, 3000, 1000),
        box(9000, 0, 9999, 1000),
    )


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize(
    ("language", "told"),
    [("zh", "弥合缝隙 1 处，消除重叠 1 处"), ("en", "1 gaps closed, 1 overlaps removed")],
)
def test_a_copy_with_all_attributes_and_a_report(tmp_path: Path, language: str, told: str) -> None:
    source = dirty(tmp_path)
    before, content = gpd.read_file(source), digest(source)
    result = run(language, "repair", source, "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert told in result.stdout
    assert digest(source) == content
    copy = tmp_path / "out" / "村界_repaired.gpkg"
    assert [name for name, _ in pyogrio.list_layers(copy)] == ["村界"]
    after = gpd.read_file(copy)
    assert after.crs == before.crs
    assert after.drop(columns="geometry").equals(before.drop(columns="geometry"))
    assert shapely.coverage_is_valid(np.asarray(after.geometry.array))
    assert shapely.get_parts(after.geometry.iloc[3])[0].equals_exact(
        shapely.get_parts(before.geometry.iloc[3])[0]
    )
    changes = gpd.read_file(tmp_path / "out" / "村界_changes.gpkg")
    assert sorted(changes["change"]) == ["gap", "overlap"]
    assert changes["area_m2"].tolist() == pytest.approx([1000, 1000], rel=0.01)
    book = openpyxl.load_workbook(copy.with_suffix(".xlsx"))
    rows = [[cell.value for cell in row] for row in book.worksheets[0].iter_rows(min_row=2)]
    assert [row[1] for row in rows] == list(NAMES[:3])
    assert sum(row[7] for row in rows) == pytest.approx(0, abs=10)
    for row in rows:
        assert row[6] - row[5] == pytest.approx(row[7], abs=0.01)


def test_the_copy_is_read_without_asking_for_a_layer(tmp_path: Path) -> None:
    assert run("en", "repair", dirty(tmp_path), "--out", tmp_path / "out").exit_code == 0
    found = keys(read_all(tmp_path / "out" / "村界_repaired.gpkg").faults)
    assert "intake.several_layers" not in found
    assert "intake.no_layer" not in found


@pytest.mark.parametrize("file", ["村界.gpkg", "other.gpkg"])
def test_decisions_on_the_original_are_told_to_need_the_new_name(tmp_path: Path, file: str) -> None:
    source = dirty(tmp_path)
    decisions = tmp_path / "decisions.toml"
    decisions.write_text(
        f'[[decision]]\nkind = "keep"\nconfirmed = true\nfile = "{file}"\nvillage = "1"\n',
        encoding="utf-8",
    )
    out = tmp_path / "out"
    told = run("en", "repair", source, "--out", out, "--decisions", decisions).stdout
    assert ("change file to 村界_repaired.gpkg" in told) == (file == source.name)


def test_the_tolerance_on_the_command_line_holds(tmp_path: Path) -> None:
    source = dirty(tmp_path)
    result = run("en", "repair", source, "--out", tmp_path / "out", "--gap-tolerance", 0.5)
    assert result.exit_code == 0
    assert "no gap or overlap is 0.5 m wide or less" in result.stdout


def test_nothing_to_mend_writes_nothing(tmp_path: Path) -> None:
    result = run("zh", "repair", sample_county().boundaries, "--out", tmp_path / "out")
    assert result.exit_code == 0
    assert "没有需要修补的地方" in result.stdout
    assert not (tmp_path / "out").exists()


def test_an_input_is_never_overwritten(tmp_path: Path) -> None:
    source = dirty(tmp_path)
    content = digest(source)
    (tmp_path / "村界_repaired.gpkg").symlink_to(source)
    result = run("zh", "repair", source, "--out", tmp_path)
    assert result.exit_code == 3
    assert digest(source) == content
    assert not (tmp_path / "村界_repaired.xlsx").exists()


def test_json_tells_areas_and_what_is_left(tmp_path: Path) -> None:
    bow = Polygon([(0, 0), (-1000, 995), (-1000, 0), (0, 995)])
    source = layer(tmp_path / "a.gpkg", box(0, 0, 1000, 1000), box(900, 0, 2000, 1000), bow)
    result = run("en", "repair", source, "--out", tmp_path / "out", "--json")
    told = json.loads(result.stdout)
    assert result.exit_code == 0
    assert told["changes"]["ring"] == 1
    assert {Path(file).name for file in told["files"]} == {"a_repaired.xlsx", "a_repaired.gpkg"}
    assert "topology.overlap_wide" in {fault["key"] for fault in told["left"]}
    assert not told["valid"]
    area = {one["name"]: one["area_after_m2"] for one in told["villages"]}
    assert area["东河岔村"] == pytest.approx(995 * 500, rel=0.001)


def test_features_without_a_polygon_stay_as_they_are(tmp_path: Path) -> None:
    source = layer(tmp_path / "a.gpkg", box(0, 0, 1000, 1000), None, box(1001, 0, 2000, 1000))
    result = run("zh", "repair", source, "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    after = gpd.read_file(tmp_path / "out" / "a_repaired.gpkg", layer="a")
    assert after.geometry.isna().tolist() == [False, True, False]
    assert after["村名"].tolist() == list(NAMES[:3])


def test_a_layer_without_crs_is_refused(tmp_path: Path) -> None:
    source = layer(tmp_path / "a.gpkg", box(0, 0, 1, 1), box(1, 0, 2, 1), crs=None)
    result = run("zh", "repair", source, "--out", tmp_path / "out")
    assert result.exit_code == 3
    assert not (tmp_path / "out").exists()

"""Damaged input for a while, and what it taught."""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import get_args

import geopandas as gpd
import pyarrow.parquet as pq
import pytest
import shapely
from intake_helpers import CODES, NAMES, faults_of, gpkg, keys, villages, workbook
from shapely.geometry import box

from liancun_geo import (
    examine,
    read_barriers,
    read_decisions,
    read_plan_file,
    read_settings,
    read_villages,
)
from liancun_geo.assignment import read_assignment
from liancun_geo.errors import DataError, SettingsError
from liancun_geo.intake.ledgers.xlsx import read_xlsx
from liancun_geo.intake.vector.encodings import known_encoding
from liancun_geo.intake.vector.geometry import dissolve
from liancun_geo.intake.vector.layers import read_layer
from liancun_geo.intake.vector.shp import states_unreadable_crs
from liancun_geo.messages import message
from liancun_geo.output.verify import _find
from liancun_geo.settings import DataSettings
from liancun_geo.villages import Role

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
# .ci/run asks for a minute.
SECONDS = os.environ.get("LIANCUN_FUZZ_SECONDS", "10")
linux = pytest.mark.skipif(sys.platform != "linux", reason="children are watched through /proc")


@linux
def test_damaged_input_is_told_never_raised(tmp_path: Path) -> None:
    failures = tmp_path / "failures"
    command = [sys.executable, "-m", "fuzz", "--seconds", SECONDS, "--failures", str(failures)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=900)
    found = "\n\n".join(report.read_text("utf-8") for report in failures.glob("*.txt"))
    assert run.returncode == 0, f"{run.stdout}\n{run.stderr[-2000:]}\n{found}"
    (met,) = re.findall(r"^seed 1: (\d+) inputs in .* 0 failures", run.stdout, re.MULTILINE)
    assert int(met) > 0


def test_the_same_number_is_the_same_damage() -> None:
    from fuzz.cases import Steps
    from fuzz.mutate import damaged

    first, again = (Steps("1:7").apply(b"0123456789" * 9, damaged) for _ in range(2))
    assert first == again
    assert Steps("1:7", skip=range(9)).apply(b"0123456789" * 9, damaged) == b"0123456789" * 9


def test_damage_is_done() -> None:
    from fuzz.mutate import damaged

    data = random.Random(0).randbytes(300)
    changed = [damaged(data, random.Random(n)) != data for n in range(200)]
    assert sum(changed) > 180


def test_a_crs_that_is_none_in_parquet_is_a_fault(tmp_path: Path) -> None:
    path = tmp_path / "villages.parquet"
    villages().to_parquet(path)
    table = pq.read_table(path)
    geo = json.loads(table.schema.metadata[b"geo"])
    geo["columns"]["geometry"]["crs"] = {"type": "x"}
    metadata = table.schema.metadata | {b"geo": json.dumps(geo).encode()}
    pq.write_table(table.replace_schema_metadata(metadata), path)
    assert keys(faults_of(path)) == ["intake.damaged"]


def test_villages_are_put_together_by_label_not_by_place() -> None:
    shapes = gpd.GeoSeries([box(0, 0, 1, 1), box(1, 0, 2, 1), box(5, 0, 6, 1)], index=[0, 3, 7])
    merged = dissolve(shapes, [[0, 3], [7]])
    assert merged.area.tolist() == [2, 1]
    assert merged.iloc[1].equals(shapes.iloc[2])


@pytest.mark.parametrize("text", ["a = " + "[" * 3000, "a = " + "9" * 5000, "a = 2023-99-99"])
def test_toml_that_no_parser_takes_is_a_fault(tmp_path: Path, text: str) -> None:
    path = tmp_path / "settings.toml"
    path.write_text(text, "utf-8")
    for read in (read_settings, read_decisions):
        with pytest.raises(SettingsError) as caught:
            read(path)
        assert keys(caught.value.faults) == ["settings.not_toml"]


def test_columns_of_one_name_are_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "villages.shp"
    villages(注一=["a"] * 4, 注二=["b"] * 4).to_file(path, encoding="gbk", engine="pyogrio")
    table = path.with_suffix(".dbf")
    table.write_bytes(table.read_bytes().replace("注二".encode("gbk"), "注一".encode("gbk")))
    columns = list(read_layer(path, DataSettings()).frame.columns)
    assert len(set(columns)) == len(columns)
    assert {"注一", "注一_2"} < set(columns)


def test_a_zip_whose_content_cannot_be_unpacked_is_a_fault(tmp_path: Path) -> None:
    shape = tmp_path / "villages.shp"
    villages().to_file(shape, encoding="gbk", engine="pyogrio")
    path = tmp_path / "villages.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in sorted(tmp_path.glob("villages.[dps]*")):
            archive.write(part, part.name)
        entry = archive.getinfo("villages.dbf")
    data = bytearray(path.read_bytes())
    # After the entry's own header: a kind of block that no compressor writes.
    data[entry.header_offset + 30 + len("villages.dbf")] = 0xFF
    path.write_bytes(bytes(data))
    assert keys(faults_of(path)) == ["intake.damaged"]


def test_townships_that_are_no_polygons_are_told(tmp_path: Path) -> None:
    odd = villages()[["乡镇", "geometry"]]
    line = shapely.LineString([(117.40, 35.0), (117.41, 35.0)])
    mixed = shapely.GeometryCollection([odd.geometry[0], line, shapely.Point(117.4, 35.0)])
    odd = odd.set_geometry([mixed, odd.geometry[1], line, None], crs=odd.crs)
    path = tmp_path / "townships.parquet"
    odd.to_parquet(path)
    found = examine(gpkg(tmp_path), townships=path)
    told = [f.fault.key for f in found.findings if f.fault.where.file == path.name]
    assert told.count("intake.geometry_no_polygon") == 2
    assert told.count("intake.geometry_missing") == 1
    assert all(f.severity != "error" for f in found.findings if f.fault.where.file == path.name)


@pytest.mark.parametrize(
    "name", ["idna", "punycode", "undefined", "885912", "base64", "rot13", "x"]
)
def test_what_reads_no_file_is_no_encoding(name: str) -> None:
    assert known_encoding(name) is None


def test_gdals_names_of_encodings_are_known() -> None:
    assert [known_encoding(name) for name in ("88591", "885915", "GBK", "CP936", "UTF-8")] == [
        "iso8859-1",
        "iso8859-15",
        "gb18030",
        "gb18030",
        "utf-8",
    ]


def test_a_path_that_no_system_takes_is_a_fault(tmp_path: Path) -> None:
    assert keys(faults_of(tmp_path / ("村" * 300))) == ["intake.unreadable"]
    assert _find(Path("村" * 300), tmp_path, exact=False) is None


def test_settings_that_are_no_file_or_far_too_large_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "settings.toml"
    path.write_text('[data]\ndecisions = "pipe"\n', "utf-8")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(SettingsError) as caught:
        read_settings(path)
    assert keys(caught.value.faults) == ["bounds.not_regular"]
    monkeypatch.setattr("liancun_geo.tables.MAX_TOML_BYTES", 10)
    with pytest.raises(SettingsError) as caught:
        read_settings(path)
    assert keys(caught.value.faults) == ["bounds.settings"]


@pytest.mark.parametrize("text", ["村代码,领建村代码" + "," * 5000, "村代码,领建村代码\n" * 60_000])
def test_an_assignment_larger_than_any_county_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "assignment.csv"
    path.write_text(text, "utf-8")
    with pytest.raises(DataError) as caught:
        read_assignment(path, read_villages(gpkg(tmp_path)))
    assert keys(caught.value.faults) == ["bounds.assignment"]


def test_an_assignment_that_unpacks_to_millions_of_cells_is_refused(tmp_path: Path) -> None:
    plain = workbook(tmp_path, [("村代码", "领建村代码"), *((c, CODES[0]) for c in CODES)])
    path = tmp_path / "assignment.xlsx"
    with zipfile.ZipFile(plain) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = old.read(name)
            if name.endswith("sheet1.xml"):
                row = b'<row r="%d"><c r="A%d"><v>1</v></c></row>'
                rows = b"".join(row % (n, n) for n in range(6, 60_000))
                content = content.replace(b"</sheetData>", rows + b"</sheetData>")
            new.writestr(name, content)
    with pytest.raises(DataError) as caught:
        read_assignment(path, read_villages(gpkg(tmp_path)))
    assert keys(caught.value.faults) == ["bounds.assignment"]


def test_a_sheet_that_the_workbook_names_twice_is_read_once(tmp_path: Path) -> None:
    plain = workbook(tmp_path, [("村代码", "村名"), *zip(CODES, NAMES, strict=True)])
    path = tmp_path / "twice.xlsx"
    with zipfile.ZipFile(plain) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "xl/workbook.xml":
                (entry,) = re.findall(rb"<sheet [^>]*/>", content)
                content = content.replace(entry, entry * 500)
            new.writestr(name, content)
    sheets, _ = read_xlsx(path, ())
    assert [len(sheet.rows) for sheet in sheets] == [5]


def test_a_crs_that_is_stated_in_part_is_examined(tmp_path: Path) -> None:
    path = tmp_path / "villages.parquet"
    villages().to_crs(4527).to_parquet(path)
    table = pq.read_table(path)
    geo = json.loads(table.schema.metadata[b"geo"])
    axis = geo["columns"]["geometry"]["crs"]["base_crs"]["coordinate_system"]["axis"]
    del axis[0]["unit"]
    metadata = table.schema.metadata | {b"geo": json.dumps(geo).encode()}
    pq.write_table(table.replace_schema_metadata(metadata), path)
    findings = examine(path).findings
    assert all(finding.fault.text("zh") for finding in findings)


def test_a_crs_that_cannot_be_stated_again_is_a_fault(tmp_path: Path) -> None:
    path = tmp_path / "villages.parquet"
    villages().to_crs(4527).to_parquet(path)
    table = pq.read_table(path)
    geo = json.loads(table.schema.metadata[b"geo"])
    del geo["columns"]["geometry"]["crs"]["coordinate_system"]["axis"][1]["unit"]
    metadata = table.schema.metadata | {b"geo": json.dumps(geo).encode()}
    pq.write_table(table.replace_schema_metadata(metadata), path)
    assert keys(faults_of(path)) == ["intake.damaged"]


@pytest.mark.parametrize("role", get_args(Role))
def test_every_use_of_a_file_has_a_name_in_the_list_of_findings(role: str) -> None:
    for language in ("zh", "en"):
        assert message(f"findings.role_{role}", language)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text", [",".join(["村名"] * 20_000) + "\n", "村代码,村名\n" + "\n" * 1_100_000]
)
def test_text_wider_or_longer_than_any_sheet_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "ledger.csv"
    path.write_text(text + "370499100201,王家村\n", "utf-8")
    assert keys(faults_of(gpkg(tmp_path), path)) == ["ledger.too_large"]


def test_a_plan_file_that_never_ends_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "plan.json")
    with pytest.raises(DataError) as caught:
        read_plan_file(tmp_path / "plan.json")
    assert keys(caught.value.faults) == ["output.plan_file_foreign"]


MOON = "+proj=longlat +a=1737400 +b=1737400 +type=crs"


def test_coordinates_of_the_moon_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "moon.gpkg"
    villages(crs=MOON).to_file(path)
    # The sentence for boundaries also proposes another CRS.
    impossible = {"crs.out_of_range", "layers.crs_impossible"}
    assert set(keys(faults_of(path))) <= impossible
    sound = gpkg(tmp_path)
    assert keys(faults_of(sound, data={"projected_crs": "+proj=merc +a=1e-300"})) == [
        "crs.no_image"
    ]
    found = examine(sound, townships=path, reference=path)
    assert {f.fault.key for f in found.errors} <= impossible
    assert found.errors
    with pytest.raises(DataError):
        read_barriers([path], "EPSG:4527")


def test_coordinates_beyond_any_map_are_told(tmp_path: Path) -> None:
    frame = villages().to_crs(4527)
    rings = [list(shape.exterior.coords) for shape in frame.geometry]
    rings[1][2] = (rings[1][2][0], 1.5e267)
    frame = frame.set_geometry([shapely.Polygon(ring) for ring in rings], crs=frame.crs)
    path = tmp_path / "villages.shp"
    frame.to_file(path, encoding="gbk", engine="pyogrio")
    found = examine(path)
    assert not found.ok
    assert "intake.geometry_not_finite" in {f.fault.key for f in found.errors}


def test_a_prj_whose_text_is_damaged_is_none(tmp_path: Path) -> None:
    path = tmp_path / "villages.shp"
    villages().to_crs(4527).to_file(path, encoding="gbk", engine="pyogrio")
    stated = path.with_suffix(".prj")
    stated.write_bytes(stated.read_bytes().replace(b"Gauss_Kruger", b"Gauss_\xb7ruger"))
    assert states_unreadable_crs(path)
    (fault,) = (f for f in examine(path).questions if f.category == "crs")
    assert fault.fault.fixes

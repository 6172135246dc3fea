"""Half of a character comes in at no door: no file and no page could hold it."""

from __future__ import annotations

import json
import sqlite3
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from intake_helpers import CODES, NAMES, gpkg, shapefile, villages, workbook

from liancun_geo.errors import DataError, SettingsError, Where
from liancun_geo.intake import read_villages
from liancun_geo.output.options import options_from
from liancun_geo.output.planfile import read_plan_file
from liancun_geo.project.database import loaded
from liancun_geo.project.faults import ProjectError
from liancun_geo.settings import Settings
from liancun_geo.tables import parse_json, parse_toml

HALF = chr(0xD800)
AS_BYTES = "王".encode() + b"\xed\xa0\x80" + "村".encode()
"""A name of three characters, the middle one half of a pair, as careless programs write it."""
NAME = "王家村"
ROWS = [["村代码", "村名", "乡镇", "产业"],
        *([c, n, "城头镇", "粮食"] for c, n in zip(CODES, NAMES, strict=True))]  # fmt: skip


def whole(text: str) -> bool:
    return not any(0xD800 <= ord(character) <= 0xDFFF for character in text)


def replaced(path: Path, old: bytes, new: bytes) -> Path:
    content = path.read_bytes()
    assert old in content
    path.write_bytes(content.replace(old, new))
    return path


def geojson(folder: Path, name: bytes) -> Path:
    path = folder / "villages.geojson"
    villages().to_file(path, driver="GeoJSON")
    return replaced(path, NAME.encode(), name)


def dbf(folder: Path) -> Path:
    path = shapefile(folder, "UTF-8", cpg="UTF-8")
    replaced(path.with_suffix(".dbf"), NAME.encode(), AS_BYTES)
    return path


def package(folder: Path) -> Path:
    path = gpkg(folder)
    with sqlite3.connect(path) as changed:
        for (name,) in changed.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'"):
            changed.execute(f'DROP TRIGGER "{name}"')
        changed.execute(
            f"UPDATE villages SET 村名 = CAST(x'{AS_BYTES.hex()}' AS TEXT) WHERE 村名 = '{NAME}'"
        )
    changed.close()
    return path


@pytest.mark.parametrize("made", [dbf, package, lambda folder: geojson(folder, AS_BYTES)])
def test_a_layer_with_half_a_character_is_refused(
    tmp_path: Path, made: Callable[[Path], Path]
) -> None:
    with pytest.raises(DataError) as refused:
        read_villages(made(tmp_path))
    assert all(whole(fault.text("zh") + fault.text("en")) for fault in refused.value.faults)


def test_what_json_spells_is_told_as_lost(tmp_path: Path) -> None:
    table = read_villages(geojson(tmp_path, rb"\u738b\ud800\u6751"))
    told = [one for one in table.warnings if one.key == "layers.characters_lost"]
    assert len(told) == 1 and "第 1 行" in told[0].text("zh")
    assert all(whole(name) for name in table.frame["name"])
    assert not [one for one in read_villages(gpkg(tmp_path)).warnings if "lost" in one.key]


@pytest.mark.parametrize("spelt", [b"&#xD800;", b"\xed\xa0\x80", b"_xD800_"])
def test_no_workbook_brings_half_a_character(tmp_path: Path, spelt: bytes) -> None:
    book, changed = workbook(tmp_path, ROWS), tmp_path / "changed.xlsx"
    plain = "".join(f"&#{ord(character)};" for character in "粮食").encode()
    found = 0
    with zipfile.ZipFile(book) as source, zipfile.ZipFile(changed, "w") as target:
        for part in source.namelist():
            content = source.read(part)
            for form in (plain, "粮食".encode()):
                found += content.count(form)
                content = content.replace(form, "粮".encode() + spelt)
            target.writestr(part, content)
    assert found
    try:
        table = read_villages(gpkg(tmp_path), changed)
    except DataError as refused:
        assert next(one.key for one in refused.faults) == "intake.damaged"
    else:
        assert all(whole(text) for texts in table.frame["industries"] for text in texts)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_no_csv_brings_half_a_character(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "ledger.csv"
    text = "\n".join(",".join(row) for row in ROWS).replace("粮食", f"粮{HALF}")
    path.write_bytes(text.encode(encoding, "surrogatepass"))
    with pytest.raises(DataError) as refused:
        read_villages(gpkg(tmp_path), path)
    assert "intake.not_text" in [one.key for one in refused.value.faults]


def test_no_json_brings_half_a_character(tmp_path: Path) -> None:
    text = json.dumps({"name": f"王{HALF}村"})
    with pytest.raises(ValueError):
        parse_json(text)
    # Both halves are one character.
    assert parse_json(json.dumps({"name": "𠮷沟"})) == {"name": "𠮷沟"}
    with pytest.raises(ProjectError) as refused:
        loaded(text, tmp_path / "county.gpkg")
    assert whole(refused.value.faults[0].text("zh"))
    plan = tmp_path / "plan.json"
    plan.write_text(json.dumps({"format": "x", "alliances": [HALF]}), encoding="utf-8")
    with pytest.raises(DataError) as refused_plan:
        read_plan_file(plan)
    assert [one.key for one in refused_plan.value.faults] == ["output.plan_file_not_json"]


def test_no_settings_file_and_no_command_line_bring_one() -> None:
    with pytest.raises(SettingsError):
        parse_toml(rb'data.layer = "\ud800"', Where())
    assert Settings().data.layer is None
    assert options_from({"maker": f"甲{HALF}县"}).maker == "甲县"

"""The ledger to fill in: the reader knows it, it comes back as it was filled, it harms nothing."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from intake_helpers import CODES, NAMES, gpkg, shapefile, villages
from template_cases import frame, is_quiet

from liancun_geo.errors import DataError
from liancun_geo.intake.ledgers.fields import RawTable, is_recognisable, map_headers
from liancun_geo.intake.reading import read_all
from liancun_geo.messages import Language
from liancun_geo.output.template import known_villages, write_template
from liancun_geo.output.template_columns import COLUMNS, EXAMPLES, cell_value
from liancun_geo.units import unit_of_field
from liancun_geo.villages import FIELDS

LANGUAGES: tuple[Language, ...] = ("zh", "en")
SHEET = {"zh": "台账", "en": "Ledger"}


def fill(path: Path, columns: dict[str, list[Any]], language: Language = "zh") -> None:
    """Fill the rows of the first sheet as a planner would, and save."""
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    places = {sheet.cell(1, place).value: place for place in range(1, sheet.max_column + 1)}
    for field, values in columns.items():
        for row, value in enumerate(values, start=2):
            cell = sheet.cell(row, places[getattr(FIELDS[field], language)])
            cell.value = cell_value(field, value, language)
            if isinstance(cell.value, str):
                cell.data_type = "s"
    book.save(path)


def same(found: Any, given: Any) -> bool:
    if given is None:
        return found is None or bool(pd.isna(found))
    return bool(found == given)


def test_every_field_has_its_column_once() -> None:
    assert sorted(COLUMNS) == sorted(FIELDS)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_reader_knows_every_header_and_its_unit(tmp_path: Path, language: Language) -> None:
    path = tmp_path / "ledger.xlsx"
    assert write_template(path, language=language) == (SHEET[language],)
    sheet = openpyxl.load_workbook(path).worksheets[0]
    headers = tuple(str(cell.value) for cell in sheet[1])
    columns, faults = map_headers(RawTable(path.name, None, headers, pd.DataFrame(), ()), {})
    assert faults == []
    assert {name: column.position for name, column in columns.items()} == {
        name: place for place, name in enumerate(COLUMNS)
    }
    for name, column in columns.items():
        assert column.unit == unit_of_field(name)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_guide_is_no_table_to_the_reader(tmp_path: Path, language: Language) -> None:
    path = tmp_path / "ledger.xlsx"
    write_template(path, language=language)
    guide = openpyxl.load_workbook(path).worksheets[-1]
    rows = [[cell.value for cell in row] for row in guide.iter_rows()]
    assert len(rows) > len(FIELDS)
    assert not any(is_recognisable(row, {}) for row in rows)
    told = [str(row[0]) for row in rows]
    for field in FIELDS.values():
        assert any(getattr(field, language) in line for line in told), field.name


@pytest.mark.parametrize("language", LANGUAGES)
def test_cells_are_text_where_codes_would_be_damaged(tmp_path: Path, language: Language) -> None:
    path = tmp_path / "ledger.xlsx"
    write_template(path, frame(), language=language)
    sheet = openpyxl.load_workbook(path).worksheets[0]
    for name in ("code", "township_code", "urban_rural_class", "name", "township"):
        place = COLUMNS.index(name) + 1
        letter = openpyxl.utils.get_column_letter(place)
        assert sheet.column_dimensions[letter].number_format == "@"
        assert sheet.cell(2, place).number_format == "@"
    assert sheet.freeze_panes == "D2"
    assert (sheet.page_setup.orientation, int(sheet.page_setup.paperSize)) == ("landscape", 8)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_check_fits_into_excel_and_lets_the_examples_in(
    tmp_path: Path, language: Language
) -> None:
    path = tmp_path / "ledger.xlsx"
    write_template(path, language=language)
    sheet = openpyxl.load_workbook(path).worksheets[0]
    checked = {}
    for check in sheet.data_validations.dataValidation:
        # Limits of the dialogues of Excel.
        assert len(check.error or "") <= 225
        assert len(check.prompt or "") <= 255
        assert len(check.formula1 or "") <= 255
        field = COLUMNS[next(iter(check.sqref.ranges)).min_col - 1]
        if check.type is not None:
            assert check.showErrorMessage
            checked[field] = check
    assert set(checked) >= {
        field.name for field in FIELDS.values() if field.kind in ("number", "year", "flag")
    }
    for example in EXAMPLES:
        for field, value in example.items():
            if field in checked:
                assert passes(checked[field], cell_value(field, value, language)), field


def passes(check: Any, value: Any) -> bool:
    """Do what Excel does with a check."""
    if check.type == "list":
        return value in check.formula1.strip('"').split(",")
    if check.type == "textLength":
        value = len(value)
    if check.type == "whole":
        assert value == int(value)
    return float(check.formula1) <= value <= float(check.formula2)


def test_an_empty_template_is_refused_politely(tmp_path: Path) -> None:
    path = tmp_path / "ledger.xlsx"
    write_template(path)
    reading = read_all(gpkg(tmp_path), path)
    assert reading.villages is None
    errors = [fault for fault in reading.faults if fault.severity == "error"]
    assert [fault.key for fault in errors] == ["intake.ledger_empty"]
    # The guide is ours: nobody needs to be told that it holds no villages.
    assert not any(fault.key == "intake.no_header" for fault in reading.faults)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_prefilled_template_comes_back_quietly(tmp_path: Path, language: Language) -> None:
    boundaries = gpkg(tmp_path)
    path = tmp_path / "ledger.xlsx"
    write_template(path, known_villages(read_all(boundaries)), language=language)
    reading = read_all(boundaries, path)
    assert is_quiet(reading)
    assert reading.villages is not None
    assert reading.villages.frame["name"].tolist() == list(NAMES)
    assert not any(fault.key == "intake.no_header" for fault in reading.faults)


NAME = st.text(
    st.sampled_from("王李张刘陈杨赵黄周吴苹果桃养牛羊合作社片区=+-@<>&'\"#1e5。%·"),
    min_size=1,
    max_size=12,
)
# What stands for "missing" or would be a list of two is no name.
TAG = NAME.map(str.strip).filter(lambda text: text not in ("", "-", "#", "'"))
TEXT = NAME.map(lambda text: f"第{text}片区")
COUNT = st.integers(400, 4000).map(float)


def amounts(least: int, most: int) -> st.SearchStrategy[float]:
    """Amounts with two decimals: a workbook keeps 15 digits and no more."""
    return st.integers(100 * least, 100 * most).map(lambda number: number / 100)


VALUES: dict[str, st.SearchStrategy[Any]] = {
    "county": st.just("示例县"),
    "urban_rural_class": st.sampled_from(["111", "112", "121", "122", "123", "210", "220"]),
    "population_registered_persons": COUNT,
    "population_resident_persons": COUNT,
    "households": st.integers(150, 900).map(float),
    "party_members_persons": st.integers(15, 90).map(float),
    "collective_income_wan_yuan": amounts(3, 60),
    "collective_income_year": st.just(2024.0),
    "income_per_head_yuan": amounts(12_000, 30_000),
    "arable_land_mu": amounts(500, 5000),
    "transferable_land_mu": amounts(100, 500),
    "industries": st.lists(TAG.map(lambda t: f"种{t}"), max_size=4, unique=True).map(tuple),
    "enterprises": st.lists(TAG.map(lambda t: f"{t}社"), max_size=3, unique=True).map(tuple),
    "weak_organisation": st.booleans(),
    "weak_economy": st.booleans(),
    "village_class": st.sampled_from(["集聚提升", "城郊融合", "特色保护", "搬迁撤并", "其他"]),
    "resettlement": st.booleans(),
    "secretary_in_post": st.booleans(),
    "existing_alliance": TEXT,
}


@st.composite
def ledgers(draw: st.DrawFn) -> dict[str, list[Any]]:
    """Draw what four villages may say of themselves, or leave blank."""
    return {field: [draw(st.none() | values) for _ in range(4)] for field, values in VALUES.items()}


@pytest.fixture(scope="module")
def boundaries(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return gpkg(tmp_path_factory.mktemp("map"))


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(columns=ledgers(), language=st.sampled_from(LANGUAGES))
def test_a_filled_template_comes_back_as_it_was_filled(
    boundaries: Path, columns: dict[str, list[Any]], language: Language
) -> None:
    path = boundaries.parent / "ledger.xlsx"
    write_template(path, frame(), language=language, force=True)
    fill(path, columns, language)
    assert_comes_back(boundaries, path, columns)


def assert_comes_back(boundaries: Path, path: Path, columns: dict[str, list[Any]]) -> None:
    reading = read_all(boundaries, path)
    assert is_quiet(reading)
    assert reading.villages is not None
    read = reading.villages.frame
    assert read["code"].tolist() == list(CODES)
    for field, values in columns.items():
        found = read[field].tolist()
        assert [(f, v) for f, v in zip(found, values, strict=True) if not same(f, v)] == [], field


def test_what_the_map_knows_is_in_the_template_already(tmp_path: Path) -> None:
    columns = {
        "population_registered_persons": [812.0, 1204.0, 333.0, 950.0],
        "collective_income_wan_yuan": [12.5, np.nan, 3.0, 8.75],
        "industries": [("苹果", "桃"), (), None, ("粮食",)],
        "weak_organisation": [True, False, None, False],
    }
    path = tmp_path / "ledger.xlsx"
    given = frame(**columns)
    before = given.copy(deep=True)
    write_template(path, given)
    pd.testing.assert_frame_equal(given, before)
    sheet = openpyxl.load_workbook(path).worksheets[0]
    cells = {
        name: [sheet.cell(row, COLUMNS.index(name) + 1).value for row in range(2, 6)]
        for name in columns
    }
    assert cells == {
        "population_registered_persons": [812, 1204, 333, 950],
        "collective_income_wan_yuan": [12.5, None, 3, 8.75],
        "industries": ["苹果、桃", "无", None, "粮食"],
        "weak_organisation": ["是", "否", None, "否"],
    }


def test_a_layer_without_a_crs_still_gives_its_villages(tmp_path: Path) -> None:
    boundaries = shapefile(tmp_path)
    boundaries.with_suffix(".prj").unlink()
    reading = read_all(boundaries)
    assert reading.villages is None
    assert known_villages(reading)["name"].tolist() == list(NAMES)


def test_villages_that_cannot_be_told_apart_are_refused(tmp_path: Path) -> None:
    boundaries = gpkg(tmp_path, villages(村代码=[CODES[0], CODES[0], *CODES[2:]]))
    with pytest.raises(DataError) as caught:
        known_villages(read_all(boundaries))
    assert "intake.duplicate_code" in [fault.key for fault in caught.value.faults]


@pytest.fixture
def converted(tmp_path: Path) -> Iterator[tuple[Path, dict[str, list[Any]]]]:
    """Yield a filled template as LibreOffice saves it."""
    office = shutil.which("soffice") or shutil.which("libreoffice")
    if office is None:
        pytest.skip("LibreOffice is not installed: the template is not tried in it")
    columns = {field: [e.get(field) for e in EXAMPLES] for field in VALUES}
    path = tmp_path / "ledger.xlsx"
    write_template(path, frame(2))
    fill(path, columns)
    out = tmp_path / "saved"
    profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    command = [office, profile, "--headless", "--convert-to", "xlsx", "--outdir", out, path]
    subprocess.run(command, check=True, capture_output=True, timeout=180)
    yield out / path.name, columns


def test_a_template_saved_by_libreoffice_comes_back_too(
    tmp_path: Path, converted: tuple[Path, dict[str, list[Any]]]
) -> None:
    path, columns = converted
    whole = villages()
    boundaries = gpkg(tmp_path, gpd.GeoDataFrame(whole.iloc[:2], crs=whole.crs))
    reading = read_all(boundaries, path)
    assert is_quiet(reading)
    assert reading.villages is not None
    for field, values in columns.items():
        found = reading.villages.frame[field].tolist()
        assert all(map(same, found, values)), (field, found, values)

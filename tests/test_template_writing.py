"""What a template may not do, and the command that writes it."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest
from template_cases import frame, is_quiet
from typer.testing import CliRunner

from liancun_geo.cli import build_app
from liancun_geo.errors import DataError
from liancun_geo.intake.reading import read_all
from liancun_geo.messages import catalogue
from liancun_geo.output.template import empty_template, write_template
from liancun_geo.output.template_columns import COLUMNS
from liancun_geo.sample import sample_county
from liancun_geo.villages import FIELDS

EVIL = ('=HYPERLINK("http://x","y")', "+1+1", "@SUM(A1)", "-2+3")


def test_names_that_look_like_formulas_stay_text(tmp_path: Path) -> None:
    path = tmp_path / "ledger.xlsx"
    write_template(path, frame().assign(name=EVIL, township=EVIL), by_township=True)
    book = openpyxl.load_workbook(path)
    for sheet in book.worksheets:
        for row in sheet.iter_rows():
            assert all(cell.data_type != "f" for cell in row)
    place = COLUMNS.index("name") + 1
    assert [sheet.cell(2, place).value for sheet in book.worksheets[:-1]] == list(EVIL)
    assert all(sheet.cell(2, place).quotePrefix for sheet in book.worksheets[:-1])


TOWNSHIP = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=40)


@settings(max_examples=10, deadline=None)
@given(townships=st.lists(TOWNSHIP, min_size=1, max_size=4))
def test_every_township_gets_a_sheet_that_excel_can_name(
    tmp_path_factory: pytest.TempPathFactory, townships: list[str]
) -> None:
    path = tmp_path_factory.mktemp("by") / "ledger.xlsx"
    rows = pd.DataFrame({"township": [*townships, "填写说明", "a", "A"]})
    names = write_template(path, rows, by_township=True)
    assert len(names) == rows["township"].nunique()
    book = openpyxl.load_workbook(path)
    assert [sheet.title for sheet in book] == [*names, "填写说明"]
    assert len({name.casefold() for name in book.sheetnames}) == len(book.sheetnames)
    for name in names:
        assert 1 <= len(name) <= 31
        assert not set(name) & set("[]:*?/\\")


def test_equal_villages_give_equal_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    first, second = tmp_path / "a.xlsx", tmp_path / "b.xlsx"
    write_template(first, frame())
    write_template(second, frame())
    assert first.read_bytes() == second.read_bytes()


def test_the_page_hands_out_an_empty_ledger() -> None:
    app = AppTest.from_file(str(Path(__file__).parents[1] / "app.py"), default_timeout=120)
    app.query_params["step"] = "data"
    app.session_state["source"] = "upload"
    app.run()
    assert not app.exception
    assert "下载空白台账" in [button.label for button in app.get("download_button")]
    book = openpyxl.load_workbook(io.BytesIO(empty_template("en")))
    assert book.sheetnames == ["Ledger", "How to fill in"]


def refusals(path: Path, *arguments: Any, **options: Any) -> list[str]:
    with pytest.raises(DataError) as caught:
        write_template(path, *arguments, **options)
    return [fault.key for fault in caught.value.faults]


def test_nothing_is_overwritten_unasked(tmp_path: Path) -> None:
    path = tmp_path / "ledger.xlsx"
    path.write_bytes(b"figures of a whole county")
    assert refusals(path) == ["template.exists"]
    assert path.read_bytes() == b"figures of a whole county"
    write_template(path, force=True)
    assert len(openpyxl.load_workbook(path).worksheets) == 2
    assert [file.name for file in tmp_path.iterdir()] == ["ledger.xlsx"]


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    path = tmp_path / "ledger.xls"
    path.touch()
    assert refusals(path, by_township=True) == [
        "template.not_xlsx",
        "template.exists",
        "template.no_townships",
    ]
    assert refusals(tmp_path / "new.xlsx", frame(0)) == ["template.no_villages"]


def run(*arguments: object) -> Any:
    return CliRunner().invoke(build_app("en"), ["template", *map(str, arguments)])


def test_the_command_writes_one_sheet_a_township_of_the_sample(tmp_path: Path) -> None:
    sample, path = sample_county(), tmp_path / "ledger.xlsx"
    told = run(sample.boundaries, "--by-township", "--out", path, "--language", "en")
    assert told.exit_code == 0, told.output
    assert "villages: 261, sheets: 10" in told.output
    reading = read_all(sample.boundaries, path)
    assert is_quiet(reading)
    assert run(sample.boundaries, "--out", path).exit_code == 3
    assert run("--out", path, "--force").exit_code == 0
    assert run(tmp_path / "none.shp", "--out", tmp_path / "b.xlsx").exit_code == 3
    assert not (tmp_path / "b.xlsx").exists()


def test_every_column_has_its_sentences() -> None:
    for field in FIELDS:
        assert f"template.how_{field}" in catalogue()
        assert f"template.use_{field}" in catalogue()

import datetime as dt
import math
import re
import subprocess
import sys
import tomllib
from importlib import resources

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liancun_geo.intake.ledgers.fields import aliases, normalised
from liancun_geo.intake.ledgers.values import (
    Bad,
    parse_code,
    parse_flag,
    parse_in_post,
    parse_number,
    parse_tags,
    parse_text,
    parse_year,
)
from liancun_geo.intake.vector.encodings import known_encoding
from liancun_geo.villages import FIELDS


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("1,200", 1200),
        ("１，２００．５", 1200.5),
        (" -3.5 ", -3.5),
        ("−7", -7),
        ("+8", 8),
        ("1,234,567", 1_234_567),
        (12, 12),
        (np.float64(1.5), 1.5),
    ],
)
def test_numbers(cell, value):
    assert parse_number(cell) == value


@pytest.mark.parametrize("cell", [None, "", "  ", "—", "-", "/", "无", "－", math.nan])
def test_blank_is_missing_and_not_zero(cell):
    assert math.isnan(parse_number(cell))


@pytest.mark.parametrize(
    "cell",
    [
        *("约1,200", "1.2万", "abc", "1200人", "1,2", "12²", "½", "1e5", "35%", "1 200", "０x1F"),
        *(True, math.inf, "inf", "nan", dt.date(2023, 1, 1)),
    ],
)
def test_anything_else_is_no_number(cell):
    assert isinstance(parse_number(cell), Bad)


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e12, max_value=1e12))
def test_numbers_survive_being_written(value):
    text = f"{value:,.6f}"
    assert parse_number(text) == float(text.replace(",", ""))


@given(st.text())
def test_no_text_breaks_a_parser(text):
    number = parse_number(text)
    assert isinstance(number, Bad) or math.isnan(number) or math.isfinite(number)
    for parser in (parse_flag, parse_tags, parse_text, parse_code, parse_year):
        parser(text)


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        *((cell, True) for cell in ("是", "有", "√", "Y", "true", 1, 1.0, True)),
        *((cell, False) for cell in ("否", "无", "×", "No", 0, "０", False)),
        *((cell, None) for cell in ("", "—", "/", None, math.nan)),
    ],
)
def test_flags(cell, value):
    assert parse_flag(cell) is value


@pytest.mark.parametrize(
    ("cell", "value"),
    [("在岗", True), ("空缺", False), ("是", True), ("无", False), ("", None), (None, None)],
)
def test_a_secretary_in_post_may_be_told_in_words(cell, value):
    assert parse_in_post(cell) is value
    assert isinstance(parse_in_post("兼任"), Bad)
    assert isinstance(parse_flag("在岗"), Bad)


@pytest.mark.parametrize("cell", ["可能", 2, "是否"])
def test_unclear_flags_are_faults(cell):
    assert isinstance(parse_flag(cell), Bad)


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("林果、乡村旅游", ("林果", "乡村旅游")),
        ("林果，电商,林果；养殖/民宿|粮食", ("林果", "电商", "养殖", "民宿", "粮食")),
        ("无", ()),
        ("", None),
        ("—", None),
        ("/", None),
        (["林果", "电商"], ("林果", "电商")),
    ],
)
def test_tags(cell, value):
    assert parse_tags(cell) == value


@pytest.mark.parametrize(("cell", "value"), [(2023, 2023), ("2023年", 2023), ("2023年度", 2023)])
def test_years(cell, value):
    assert parse_year(cell) == value


@pytest.mark.parametrize("cell", [1989, 2101, 2023.5, "去年", "23"])
def test_years_out_of_range_are_faults(cell):
    assert isinstance(parse_year(cell), Bad)


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("３７０４９９１００２０１", "370499100201"),
        ("'370499100201", "370499100201"),
        (370499100201.0, "370499100201"),
        ("00123", "00123"),
        ("2A004", "2A004"),
        ("01E10", "01E10"),
    ],
)
def test_codes_stay_what_they_are(cell, value):
    assert parse_code(cell) == value


@pytest.mark.parametrize("cell", ["3.70E+11", "3.7e11", 3704991002010000000, -1, 1.5, True])
def test_damaged_codes(cell):
    assert isinstance(parse_code(cell), Bad)


def test_whole_numbers_in_text_columns_have_no_point():
    assert parse_text(111.0) == "111"
    assert parse_text(" 城郊 \n 融合 ") == "城郊融合"
    assert parse_text("无") is None


# Headers


def test_no_header_means_two_things():
    sure, fallback = aliases()
    assert set(sure.values()) == set(FIELDS)
    assert not set(sure) & set(fallback)
    assert all(key == normalised(key) for key in sure)


def test_no_alias_of_the_file_is_claimed_by_two_fields():
    text = (resources.files("liancun_geo.intake.ledgers") / "headers.toml").read_text(
        encoding="utf-8"
    )
    sure, _ = aliases()
    for field, headers in tomllib.loads(text)["headers"].items():
        known = {key for key, name in sure.items() if name == field}
        for header in headers:
            assert re.sub(r"\(.*?\)", "", normalised(header)) in known, header


# Encodings


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("GBK", "gb18030"),
        ("936", "gb18030"),
        ("UTF8", "utf-8"),
        ("65001", "utf-8"),
        ("88591", "iso8859-1"),
        ("ISO-8859-1", "iso8859-1"),
        ("CP950", "big5"),
        ("1252", "cp1252"),
        ("nonsense", None),
        ("", None),
    ],
)
def test_spellings_of_encodings(text, name):
    assert known_encoding(text) == name


def test_importing_is_light():
    code = (
        "import sys, liancun_geo.intake\n"
        "heavy = {'streamlit', 'sklearn', 'matplotlib', 'folium'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

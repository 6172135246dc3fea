import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liancun_geo.units import UNITS, convert, parse_unit, unit_of_field
from liancun_geo.villages import FIELDS


@pytest.mark.parametrize(
    ("value", "source", "target", "expected"),
    [
        (15, "亩", "公顷", 1.0),
        (1, "公顷", "亩", 15.0),
        (1, "平方公里", "亩", 1500.0),
        (2000, "平方米", "亩", 3.0),
        (123_456, "元", "万元", 12.3456),
        (1.2, "万人", "人", 12_000.0),
    ],
)
def test_conversion_is_exact(value, source, target, expected):
    assert convert(value, UNITS[source], UNITS[target]) == expected


@given(
    st.floats(-1e9, 1e9),
    st.sampled_from(list(UNITS.values())),
    st.sampled_from(list(UNITS.values())),
)
def test_conversion_comes_back_or_is_refused(value, first, second):
    if first.dimension != second.dimension:
        with pytest.raises(ValueError, match="is no"):
            convert(value, first, second)
    else:
        back = convert(convert(value, first, second), second, first)
        assert back == pytest.approx(value, rel=1e-12)


def test_missing_stays_missing():
    assert np.isnan(convert([np.nan, 1.0], UNITS["元"], UNITS["万元"])).tolist() == [True, False]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("万元", "万元"),
        (" 元/人 ", "元"),
        ("ＫＭ²", "平方公里"),
        ("10,000 yuan", "万元"),
        ("ha", "公顷"),
    ],
)
def test_spellings(text, name):
    unit = parse_unit(text)
    assert unit is not None
    assert unit.name == name


@pytest.mark.parametrize("text", ["", "2023年", "美元", "斤"])
def test_unknown_units_are_not_guessed(text):
    assert parse_unit(text) is None


def test_every_measured_field_has_its_unit():
    units = {name: unit_of_field(name) for name in FIELDS}
    assert units["collective_income_wan_yuan"] is UNITS["万元"]
    assert units["income_per_head_yuan"] is UNITS["元"]
    assert units["arable_land_mu"] is UNITS["亩"]
    assert units["households"] is UNITS["户"]
    numbers = {name for name, field in FIELDS.items() if field.kind == "number"}
    assert {name for name, unit in units.items() if unit is not None} == numbers

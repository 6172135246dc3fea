"""Maps on paper."""

from __future__ import annotations

import pytest
from scenarios import scenario

from liancun_geo.errors import DataError
from liancun_geo.output.printing import find_fonts, fonts, prepare, sheet_picture
from liancun_geo.scenario import Scenario


@pytest.fixture(scope="module")
def _typeface() -> None:
    try:
        find_fonts()
    except DataError:
        pytest.skip("this machine has no Chinese font: maps on paper are left out")


@pytest.fixture(scope="module")
def plan() -> Scenario:
    return scenario()


def test_without_a_chinese_font_it_is_said_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path
) -> None:
    monkeypatch.setenv("LIANCUN_FONTS", str(tmp_path))
    monkeypatch.setattr(fonts, "_with_system_fonts", lambda: False)
    fonts._found.cache_clear()
    with pytest.raises(DataError) as caught:
        find_fonts()
    fonts._found.cache_clear()
    [fault] = caught.value.faults
    assert fault.key == "printing.no_font"
    assert "Microsoft YaHei" in fault.text("en") and "LIANCUN_FONTS" in fault.text("zh")


def test_a_font_folder_that_is_not_there_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path
) -> None:
    monkeypatch.setenv("LIANCUN_FONTS", str(tmp_path / "none"))
    with pytest.raises(DataError, match="none"):
        find_fonts()


@pytest.mark.usefixtures("_typeface")
def test_a_picture_is_the_same_for_the_same_plan(plan: Scenario) -> None:
    one = sheet_picture(plan, "037040611", 80.0, dpi=60)
    assert one == sheet_picture(prepare(plan), "示例镇", 80.0, dpi=60)
    assert one.startswith(b"\x89PNG")
    assert sheet_picture(plan, None, 80.0, "en", form="svg").startswith(b"<svg")
    with pytest.raises(DataError) as caught:
        sheet_picture(plan, "别的镇")
    assert caught.value.faults[0].where.township == "别的镇"

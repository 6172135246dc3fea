"""What all commands read: settings with what is named beside them, codes into positions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from builders import village_table
from hypothesis import given
from hypothesis import strategies as st

from liancun_geo.commands.alternatives import alternatives
from liancun_geo.commands.inputs import GOOD, Inputs, positions
from liancun_geo.errors import DataError, Where
from liancun_geo.report import Report

TABLE = village_table(6)
CODES = [str(code) for code in TABLE.frame["code"]]

LINK = """
[[decision]]
kind = "link"
villages = ["370499100201", "370499100203"]
confirmed = true
"""


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_places_are_named_from_the_folder_of_the_settings_each_once(tmp_path: Path) -> None:
    settings = write(tmp_path / "rules" / "s.toml", '[data]\nplaces = ["../lists/a.csv"]\n')
    lists = (tmp_path / "lists" / "a.csv", tmp_path / "lists" / "b.csv")
    inputs = Inputs(tmp_path / "v.shp", None, settings, places=lists)
    assert inputs.folder == settings.parent
    assert inputs.settings().data.places == ("../lists/a.csv", "../lists/b.csv")


def test_decisions_are_added_once_whoever_named_them(tmp_path: Path) -> None:
    decisions = write(tmp_path / "d.toml", LINK)
    settings = write(tmp_path / "s.toml", '[data]\ndecisions = "d.toml"\n')
    inputs = Inputs(tmp_path / "v.shp", None, settings, decisions)
    assert len(Inputs(tmp_path / "v.shp", None, settings).settings().decisions) == 1
    assert len(inputs.settings().decisions) == 1
    bare = Inputs(tmp_path / "v.shp", decisions=decisions)
    assert bare.settings().decisions == inputs.settings().decisions


def test_the_time_limit_keeps_to_the_bounds_of_the_file() -> None:
    assert Inputs(Path("v.shp")).settings(7.0).solver.time_limit_s == 7.0


@given(st.lists(st.integers(0, len(CODES) - 1)))
def test_codes_become_positions_in_their_order(wanted: list[int]) -> None:
    assert positions(TABLE, [CODES[i] for i in wanted]) == wanted


def test_every_unknown_code_is_told_once_with_its_place() -> None:
    with pytest.raises(DataError) as caught:
        positions(TABLE, ["1", CODES[0], "2", "1"])
    assert [fault.where.code for fault in caught.value.faults] == ["1", "2"]
    with pytest.raises(DataError) as caught:
        positions(TABLE, ["1"], Where(file="plan.json"))
    assert [fault.where.file for fault in caught.value.faults] == ["plan.json"]


def test_a_command_reads_the_county_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    TABLE.frame[["code", "name", "township_code", "geometry"]].to_file(
        tmp_path / "v.gpkg", engine="pyogrio"
    )
    settings = write(tmp_path / "s.toml", "[rules]\nmin_size = 2\nmax_size = 4\n")
    read: list[Path] = []
    real = Inputs.county

    def county(self: Inputs, *given: Any) -> Any:
        read.append(self.boundaries)
        return real(self, *given)

    monkeypatch.setattr(Inputs, "county", county)
    inputs = Inputs(tmp_path / "v.gpkg", None, settings)
    assert alternatives(Report("en", False), inputs, 0.1, 10, None) == GOOD
    assert read == [tmp_path / "v.gpkg"]

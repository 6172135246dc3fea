"""The desk: data, settings, decisions and plans of one planner, without a page."""

from __future__ import annotations

import pytest
import scenarios

from liancun_geo.errors import FaultsError
from liancun_geo.project.inputs import Inputs
from liancun_geo.sample import sample_county
from liancun_geo.scenario import County
from liancun_geo.settings import Settings
from liancun_geo.studio.desk import WHOLE_COUNTY, Desk, done
from liancun_geo.studio.kept import Kept
from liancun_geo.studio.markup import plain
from liancun_geo.studio.uploads import MOST_FILES, gather, guess_role, shown_files

SAMPLE = sample_county()


def test_an_empty_desk_has_nothing_and_breaks_nothing() -> None:
    desk = Desk()
    assert (desk.scenario, desk.draft, desk.scene, desk.townships) == (None, None, None, ())
    desk.view(3)
    assert desk.township == WHOLE_COUNTY
    assert not any(done(desk).values())


def test_files_at_fault_leave_the_faults_and_no_county() -> None:
    desk = Desk.of(Inputs(boundaries=(("villages.gpkg", b"not a map"),)))
    assert desk.county is None
    assert desk.faults
    assert "liancun-" not in "".join(fault.text() for fault in desk.faults)


def test_plans_are_kept_by_name_and_shown_one_at_a_time() -> None:
    scenario = scenarios.scenario()
    desk = Desk(county=County(scenario.villages))
    desk.put("甲", scenario)
    assert desk.scenario is scenario and desk.draft is not None
    assert desk.free_name("甲") == "甲 2"
    desk.put("乙", scenario)
    desk.show("甲")
    desk.show("nobody")
    assert desk.current == "甲"
    desk.remove("甲")
    assert desk.current == "乙"
    desk.remove("乙")
    assert desk.current is None and desk.scenario is None


def test_a_failed_change_leaves_everything() -> None:
    desk = Desk.of(Inputs())
    before = desk.settings, desk.county
    tables = desk.settings.model_dump(mode="json")
    tables["contiguity"]["barriers"] = ["nowhere.shp"]
    assert not desk.change(Settings.model_validate(tables))
    assert (desk.settings, desk.county) == before
    assert desk.faults


def test_townships_are_those_of_the_map() -> None:
    scenario = scenarios.scenario()
    desk = Desk(county=County(scenario.villages))
    desk.put("甲", scenario)
    assert desk.scene is not None
    assert desk.townships == desk.scene.township_names
    assert desk.scene is desk.scene  # drawn once


# --- uploads ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("villages.shp", "boundaries"),
        ("村界.zip", "boundaries"),
        ("台账.xlsx", "ledger"),
        ("河流.geojson", "barriers"),
        ("rivers.shp", "barriers"),
        ("企业名单.xlsx", "places"),
        ("roads.gpkg", "roads"),
        ("s.toml", "settings"),
        # Counties and townships are named after rivers and bridges.
        ("河阳县台账2024.xlsx", "ledger"),
        ("江陵县村界.shp", "boundaries"),
        ("石桥镇.geojson", "boundaries"),
        ("沂河2023.shp", "barriers"),
        ("大桥.shp", "bridges"),
        ("江陵县水系.shp", "barriers"),
        ("河道镇台账.csv", "ledger"),
        ("河道镇村界.shp", "boundaries"),
        ("行政村驻地.shp", "seats"),
    ],
)
def test_roles_are_guessed_from_names(name: str, role: str) -> None:
    assert guess_role(name) == role
    assert guess_role("x.toml", b"[[decision]]\nkind='x'") == "decisions"


def test_parts_of_a_shapefile_go_with_it() -> None:
    files = [("river.shp", b"x"), ("river.dbf", b"x"), ("v.zip", b"x"), ("v.dbf", b"x")]
    assert shown_files(files) == ["river.shp", "v.zip", "v.dbf"]
    upload = gather(files[:3], {})
    assert [name for name, _ in upload.inputs.boundaries] == ["v.zip", "river.shp", "river.dbf"]
    assert upload.settings.contiguity.barriers == ("river.shp",)
    other = gather(files[:3], {"river.shp": "unused"})
    assert [name for name, _ in other.inputs.boundaries] == ["v.zip"]


def test_roles_of_the_planner_come_beside_the_settings_file() -> None:
    files = [("v.zip", b"x"), ("e.xlsx", b"x"), ("s.toml", b"[rules]\nmin_size = 3\n")]
    upload = gather(files, {"e.xlsx": "places"})
    assert upload.settings.rules.min_size == 3
    assert upload.settings.data.places == ("e.xlsx",)


@pytest.mark.parametrize(
    ("files", "key"),
    [
        ([("a.xlsx", b"x")], "project.no_boundaries"),
        ([("a.zip", b"")], "studio.empty_file"),
        ([(f"{n}.zip", b"x") for n in range(MOST_FILES + 1)], "studio.too_many_files"),
        ([("a.zip", b"x"), ("a.toml", b""), ("b.toml", b"x")], "studio.empty_file"),
        ([("a.zip", b"x"), ("a.toml", b"#"), ("b.toml", b"#")], "studio.several_settings"),
    ],
)
def test_what_cannot_be_used_is_told(files: list[tuple[str, bytes]], key: str) -> None:
    with pytest.raises(FaultsError) as caught:
        gather(files, {})
    assert [fault.key for fault in caught.value.faults] == [key]


# --- text ------------------------------------------------------------------------------------


def test_plain_text_leaves_nothing_of_markdown() -> None:
    assert plain("![](http://x.y/z.png)") == r"\!\[\]\(http\:\/\/x\.y\/z\.png\)"
    assert plain("1. 村\n# *甲*") == r"1\. 村 \# \*甲\*"
    assert plain("西河村") == "西河村"


def test_the_latest_are_kept_and_made_once() -> None:
    made: list[int] = []

    def get(kept: Kept[int], key: int) -> int:
        def make() -> int:
            made.append(key)
            return key

        return kept.get(key, make)

    kept: Kept[int] = Kept(2)
    for key in (1, 2, 1, 3, 1, 2):
        assert get(kept, key) == key
    assert made == [1, 2, 3, 2]

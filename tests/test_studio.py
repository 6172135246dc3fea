"""What the planner's page is made of: inputs, map, markup, colours, starting."""

from __future__ import annotations

import io
import json
import re
import tomllib
import zipfile
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from string import Formatter
from typing import Any

import pytest
import scenarios
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from liancun_geo.cli import build_app
from liancun_geo.errors import DataError, SettingsError
from liancun_geo.messages import catalogue
from liancun_geo.output.picture.colours import PALETTE, TOO_LIKE, assign_colours
from liancun_geo.output.picture.labels import Labels, width
from liancun_geo.output.picture.scene import build_scene
from liancun_geo.project.inputs import (
    Inputs,
    base_settings,
    read_inputs,
    safe_name,
)
from liancun_geo.sample import sample_county
from liancun_geo.scenario import County, plan_alliances
from liancun_geo.settings import Settings
from liancun_geo.studio import launch, listings, panels
from liancun_geo.studio.desk import Desk
from liancun_geo.studio.drawing import map_page
from liancun_geo.studio.launch import OPTIONS, command
from liancun_geo.studio.pack import zipped
from liancun_geo.studio.plain_map import POLICY
from liancun_geo.studio.words import Words, at_most_percent

ROOT = Path(__file__).resolve().parents[1]
SAMPLE = sample_county()
ZH, EN = Words("zh"), Words("en")
HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "{{ cycler.__init__.__globals__ }}",
    "</style></title></svg><script>alert(2)</script>",
    "`${alert(3)}`",
    '" onload="alert(4)',
    "![](http://evil.example/x.png)",
    "a\x00b\x1fc",
    "&lt;b&gt;",
    "]]><!--",
)


@pytest.fixture(scope="module")
def sample() -> tuple[Any, Any]:
    inputs = Inputs()
    settings = base_settings(inputs)
    county = read_inputs(inputs, settings)
    return county, plan_alliances(county, settings)


def sample_files() -> tuple[tuple[str, bytes], ...]:
    """Return villages and rivers of the sample as a planner would choose them together."""
    ours = [*SAMPLE.folder.glob("villages.*"), *SAMPLE.folder.glob("rivers.*")]
    return tuple((path.name, path.read_bytes()) for path in sorted(ours))


def test_the_pack_holds_the_plan_of_the_command_line(
    sample: tuple[Any, Any], tmp_path: Path
) -> None:
    _, scenario = sample
    ours = zipfile.ZipFile(io.BytesIO(zipped(scenario, "zh")))
    arguments = ["plan", str(SAMPLE.boundaries), "--ledger", str(SAMPLE.ledger)]
    arguments += ["--settings", str(SAMPLE.settings), "--out", str(tmp_path), "--json"]
    result = CliRunner().invoke(build_app("zh"), arguments)
    assert result.exit_code == 0, result.output
    plan, theirs = json.loads(ours.read("plan.json")), json.loads(result.stdout)
    for name in ("status", "objective", "bound", "alliances", "unassigned", "fingerprint"):
        assert plan[name] == theirs[name], name
    assert set(ours.namelist()) <= {path.name for path in tmp_path.iterdir()}
    assert [source["path"] for source in plan["sources"]] == [
        Path(source["path"]).name for source in theirs["sources"]
    ]


@pytest.mark.parametrize(
    ("files", "key"),
    [
        ([("villages.dbf", b"x")], "project.no_boundaries"),
        ([("a.gpkg", b"x"), ("b.zip", b"x")], "project.several_boundaries"),
        ([("a.gpkg", b"x"), ("c:\\b\\a.gpkg", b"x")], "project.same_name"),
    ],
)
def test_what_was_chosen_is_questioned(files: list[tuple[str, bytes]], key: str) -> None:
    with pytest.raises(DataError) as caught:
        read_inputs(Inputs(tuple(files)), Settings())
    assert key in [fault.key for fault in caught.value.faults]


def test_uploads_leave_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    ledger = ((SAMPLE.ledger.name, SAMPLE.ledger.read_bytes()),)
    inputs = Inputs(sample_files(), ledger, (SAMPLE.settings.name, SAMPLE.settings.read_bytes()))
    county = read_inputs(inputs, base_settings(inputs))
    assert len(county.villages) == 261
    assert {source.path for source in county.villages.sources} == {
        "villages.shp",
        "ledger.xlsx",
        "rivers.shp",
    }
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"min_size = ", b"\xff\xfe", b"[rules]\nmin_sise = 3\n"])
def test_broken_settings_file_is_a_fault_with_its_name(content: bytes) -> None:
    inputs = Inputs((("a.gpkg", b""),), settings_file=("规则.toml", content))
    with pytest.raises(SettingsError, match=r"规则\.toml"):
        base_settings(inputs)


@settings(deadline=None)
@given(st.text())
def test_safe_name_stays_in_its_folder(name: str) -> None:
    safe = safe_name(name)
    assert safe == Path(safe).name
    assert safe not in ("", ".", "..")


def test_same_content_has_the_same_key_and_other_content_another() -> None:
    one, two = (("a", b"b"),), (("ab", b""),)
    assert Inputs(one).key == Inputs(one).key
    keys = {Inputs(one).key, Inputs(two).key, Inputs(one, two).key, Inputs((*one, *two)).key}
    assert len(keys) == 4


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.values: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attrs)
        self.values += [value or "" for _, value in attrs]

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def test_hostile_names_are_text_and_nothing_else() -> None:
    villages = scenarios.table(
        9, name=list(HOSTILE), township=[HOSTILE[0]] * 9, county=[HOSTILE[2]] * 9
    )
    scenario = scenarios.scenario(villages=villages)
    scene = build_scene(scenario)
    tables = (
        listings.alliance_table,
        listings.left_out_table,
    )
    pages = [
        map_page(scene, ZH),
        map_page(scene, EN, 0),
        panels.title_bar(Desk(county=County(villages)), ZH),
        panels.fault_box([one.reason for one in scenario.unassigned], ZH, kept=True),
        *(build(scenario, ZH) for build in tables),
    ]
    found = _Tags()
    for page in pages:
        found.feed(page)
    assert not found.tags & {"img", "script", "iframe", "object", "a", "image", "use", "b"}
    assert not {name for name in found.attributes if name.startswith("on")}
    assert not [value for value in found.values if "://" in value]
    text = "".join(found.text)
    for name in HOSTILE[:6]:
        assert name in text
    assert "abc" in text


def test_map_runs_and_loads_nothing(sample: tuple[Any, Any]) -> None:
    county, scenario = sample
    page = map_page(build_scene(scenario, county.barriers), ZH)
    assert 0 < page.index(POLICY) < page.index("<style")
    assert "default-src 'none'" in POLICY
    assert not re.search(r"https?://|url\((?!#)|@import|<script", page)
    assert page.count('class="placed"') == 260
    assert page.count('class="unplaced"') == 1
    assert len(page) < 600_000


def test_township_view_shows_its_villages_and_fades_the_others(sample: tuple[Any, Any]) -> None:
    _, scenario = sample
    scene = build_scene(scenario)
    number = scene.township_names.index("漱石镇")
    page = map_page(scene, ZH, number)
    assert page.count('class="placed"') + page.count('class="unplaced"') == 45
    assert page.count('class="elsewhere"') == 261 - 45
    assert page.count('class="of-lead"') == 7
    assert ">田家楼村</text>" in page
    assert map_page(scene, ZH, number) == page


def test_neighbours_on_the_sample_never_look_alike(sample: tuple[Any, Any]) -> None:
    county, scenario = sample
    scene = build_scene(scenario, county.barriers)
    zones = [set(alliance.villages) for alliance in scenario.alliances]
    home = {village: number for number, zone in enumerate(zones) for village in zone}
    pairs = {
        (home[i], home[j])
        for i, j in scenario.contiguity.edges.tolist()
        if i in home and j in home and home[i] != home[j]
    }
    assert len(pairs) > 50
    for one, other in pairs:
        seen = frozenset((scene.colours[one], scene.colours[other]))
        assert len(seen) == 2
        assert seen not in TOO_LIKE


@settings(deadline=None)
@given(
    st.integers(1, 30).flatmap(
        lambda n: st.tuples(
            st.just(n),
            st.lists(
                st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)).filter(
                    lambda e: e[0] < e[1]
                )
            ),
        )
    )
)
def test_neighbours_never_share_a_colour(drawn: tuple[int, list[tuple[int, int]]]) -> None:
    n, edges = drawn
    kept: list[tuple[int, int]] = []
    for edge in edges:
        if all(sum(v in other for other in kept) < len(PALETTE) - 1 for v in edge):
            kept.append(edge)
    colours = assign_colours(kept, [0] * n)
    assert len(colours) == n
    assert all(colours[i] != colours[j] for i, j in kept)


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.text("村庄abc", min_size=1, max_size=6), st.floats(0, 100), st.floats(0, 100)),
        max_size=30,
    )
)
def test_names_never_cover_each_other(names: list[tuple[str, float, float]]) -> None:
    labels = Labels((0, 0, 100, 100))
    boxes = []
    for text, x, y in names:
        place = labels.place(text, x, y, 4, 2)
        if place is not None:
            half = width(text) * 2
            middle = place[1] - 0.36 * 4
            boxes.append((place[0] - half, middle - 2, place[0] + half, middle + 2))
    slack = 1e-9
    for number, one in enumerate(boxes):
        assert one[0] >= -slack and one[2] <= 100 + slack
        for other in boxes[:number]:
            apart = max(one[0] - other[2], other[0] - one[2], one[1] - other[3], other[1] - one[3])
            assert apart >= -slack


def test_a_county_without_any_alliance_can_be_shown() -> None:
    scenario = scenarios.scenario([-1] * 4, villages=scenarios.table(4))
    page = map_page(build_scene(scenario), ZH)
    assert page.count('class="unplaced"') == 4


@pytest.mark.parametrize(
    ("share", "text"), [(0.0, "0.00%"), (0.004, "0.40%"), (0.00401, "0.41%"), (1e-7, "0.01%")]
)
def test_a_bound_is_rounded_up(share: float, text: str) -> None:
    assert at_most_percent(share) == text


def test_config_file_and_command_say_the_same() -> None:
    tables = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))

    def flat(table: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
        for name, value in table.items():
            if isinstance(value, dict):
                yield from flat(value, f"{prefix}{name}.")
            else:
                yield f"{prefix}{name}", value

    assert dict(flat(tables)) == dict(OPTIONS)
    started = command(8600, True)
    assert "--browser.gatherUsageStats=false" in started
    assert "--server.address=localhost" in started
    assert "--server.port=8600" in started
    assert Path(started[4]).is_file()


def test_launch_without_streamlit_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    assert launch(None, True) == 2
    assert "liancun-geo[app]" in capsys.readouterr().err


def test_every_sentence_of_the_page_has_both_languages_and_the_same_places() -> None:
    def places(sentence: str) -> set[str]:
        return {name for _, name, _, _ in Formatter().parse(sentence) if name}

    ours = {key: said for key, said in catalogue().items() if key.startswith("studio.")}
    assert ours
    for key, said in ours.items():
        assert set(said) == {"zh", "en"}, key
        assert places(said["zh"]) == places(said["en"]), key

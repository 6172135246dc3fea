"""Barriers drawn by hand: checked, laid on borders, used, recorded and verified like any other."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
from builders import village_table
from hypothesis import given
from hypothesis import strategies as st

from liancun_geo.contiguity import barriers_in_force, build_contiguity, drawn_lines
from liancun_geo.errors import DataError, SettingsError
from liancun_geo.fingerprint import fingerprint
from liancun_geo.output import verify_plan, write_plan_file
from liancun_geo.sample import sample_county
from liancun_geo.scenario import lay_groundwork, plan_alliances, read_county
from liancun_geo.setting_values import MOST_DRAWN, MOST_POINTS, DrawnLine
from liancun_geo.settings import ContiguitySettings, Settings, parse_settings, read_settings
from liancun_geo.villages import VillageTable

PLAN_KM = (40_500.0, 3_900.0)
"""Where the made-up villages lie: CGCS2000, zone 40, in kilometres."""


def villages(n: int = 9) -> VillageTable:
    """Return villages of 1 km on a grid, at a place on earth."""
    table = village_table(n, crs="EPSG:4528")
    left, low, _, _ = table.frame.total_bounds
    moved = table.frame.geometry.translate(1000 * PLAN_KM[0] - left, 1000 * PLAN_KM[1] - low)
    return replace(table, frame=table.frame.set_geometry(moved))


def at(*points: tuple[float, float]) -> DrawnLine:
    """Return points, in metres from the lower left of the villages, in degrees."""
    left, low = 1000 * PLAN_KM[0], 1000 * PLAN_KM[1]
    there = [shapely.Point(left + x, low + y) for x, y in points]
    degrees = gpd.GeoSeries(there, crs="EPSG:4528").to_crs(4326)
    return tuple((point.x, point.y) for point in degrees)


MIDDLE = at((1000, -100), (1000, 1500), (1000, 3100))


def drawn(*lines: DrawnLine, **more: Any) -> ContiguitySettings:
    return ContiguitySettings(drawn_barriers=lines, **more)


def barred(table: VillageTable, settings: ContiguitySettings, **layers: Any) -> set[Any]:
    return {(pair.i, pair.j) for pair in build_contiguity(table, settings, **layers).barred}


def test_a_drawn_line_cuts_like_a_layer_and_beside_one() -> None:
    table = villages()
    layer = drawn_lines((MIDDLE,), table.frame.crs)
    assert barred(table, drawn(MIDDLE)) == {(0, 1), (3, 4), (6, 7)}
    assert barred(table, ContiguitySettings(), barriers=layer) == barred(table, drawn(MIDDLE))
    other = drawn_lines((at((2000, -100), (2000, 3100)),), table.frame.crs)
    both = barred(table, drawn(MIDDLE), barriers=other)
    assert both == {(0, 1), (3, 4), (6, 7), (1, 2), (4, 5), (7, 8)}
    assert other.equals(drawn_lines((at((2000, -100), (2000, 3100)),), table.frame.crs))


def test_bridges_and_links_lead_across_a_drawn_line() -> None:
    table = villages()
    bridge = gpd.GeoSeries([shapely.Point(1000 * PLAN_KM[0] + 1000, 1000 * PLAN_KM[1] + 500)])
    graph = build_contiguity(table, drawn(MIDDLE), bridges=bridge.set_crs(table.frame.crs))
    assert [(pair.i, pair.j) for pair in graph.bridged] == [(0, 1)]
    codes = table.frame["code"].tolist()
    linked = drawn(MIDDLE, links=((codes[3], codes[4]),))
    assert barred(table, linked) == {(0, 1), (6, 7)}


def test_a_line_that_parts_nobody_is_told_with_its_number() -> None:
    idle = at((500, 100), (500, 900))
    graph = build_contiguity(villages(), drawn(MIDDLE, idle))
    told = [one for one in graph.warnings if one.key == "contiguity.drawn_unused"]
    assert [one.params["numbers"] for one in told] == ["2"]
    assert "第 2 条" in told[0].text("zh")
    only = build_contiguity(villages(), drawn(MIDDLE))
    assert not [one for one in only.warnings if one.key == "contiguity.drawn_unused"]


def test_without_lines_nothing_changes_and_with_one_the_plan_is_another() -> None:
    table = villages()
    none = gpd.GeoSeries([], crs=table.frame.crs)
    assert barriers_in_force(None, ContiguitySettings(), table.frame.crs) is None
    assert barriers_in_force(none, ContiguitySettings(), table.frame.crs) is none
    bare = Settings()
    with_line = bare.model_copy(update={"contiguity": drawn(MIDDLE)})
    marks = [fingerprint(table, one) for one in (bare, with_line)]
    assert marks[0] != marks[1]
    shifted = with_line.model_copy(update={"contiguity": drawn(MIDDLE[::-1])})
    assert fingerprint(table, shifted) != marks[1]


def test_lines_come_back_from_the_settings_as_they_were() -> None:
    settings = Settings().model_copy(update={"contiguity": drawn(MIDDLE)})
    again = parse_settings(settings.model_dump(mode="json"))
    assert again == settings


@pytest.mark.parametrize(
    "lines",
    [
        [[[117.0, 36.0]]],
        [[[117.0, 36.0], [181.0, 36.0]]],
        [[[117.0, 36.0], [117.0, -91.0]]],
        [[[117.0, 36.0], [math.nan, 36.0]]],
        [[[117.0, 36.0], [math.inf, 36.0]]],
        [[[117.0, 36.0], ["x", 36.0]]],
        [[[117.0, 36.0]] * (MOST_POINTS + 1)],
        [[[117.0, 36.0], [117.1, 36.0]]] * (MOST_DRAWN + 1),
    ],
)
def test_lines_that_are_none_are_faults_of_the_settings(lines: Any) -> None:
    with pytest.raises(SettingsError) as raised:
        parse_settings({"contiguity": {"drawn_barriers": lines}})
    for fault in raised.value.faults:
        assert "drawn_barriers" in str(fault.where.field)
        assert fault.text("zh") and fault.text("en")


def build(found: Path, ledgers: tuple[Path, ...], settings: Settings, *_: Any) -> Any:
    county = read_county(found, ledgers or None, settings=settings)
    return county.villages, lay_groundwork(county, settings).problem


def test_a_plan_made_with_a_drawn_barrier_is_verified_with_it(tmp_path: Path) -> None:
    sample = sample_county()
    settings = read_settings(sample.settings)
    county = read_county(sample.boundaries, sample.ledger, settings=settings, folder=sample.folder)
    frame = county.villages.frame
    graph = build_contiguity(county.villages, settings.contiguity, barriers=county.barriers)
    i, j = graph.edges[int(np.argmax(graph.shared_border_m))].tolist()
    border = shapely.intersection(*shapely.boundary(frame.geometry.to_numpy()[[i, j]]))
    line = shapely.get_parts(shapely.line_merge(border))[0]
    degrees = gpd.GeoSeries([line], crs=frame.crs).to_crs(4326)
    points = tuple((x, y) for x, y in shapely.get_coordinates(degrees.to_numpy()).tolist())
    cut = settings.contiguity.model_copy(update={"drawn_barriers": (points,)})
    settings = settings.model_copy(update={"contiguity": cut})
    plan = plan_alliances(county, settings)
    assert (i, j) in {(pair.i, pair.j) for pair in plan.contiguity.barred}
    path = write_plan_file(plan, tmp_path / "plan.json")
    assert verify_plan(path, build=build).ok
    # The line is part of what is vouched for.
    text = path.read_text(encoding="utf-8")
    assert text.count('"drawn_barriers"') >= 1
    document = json.loads(text)
    document["settings"]["contiguity"]["drawn_barriers"] = []
    path.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    try:
        assert not verify_plan(path, build=build).ok
    except DataError as refused:
        assert refused.faults


# --- drawn on the map ------------------------------------------------------------------------

barrier_lines = pytest.importorskip("liancun_geo.studio.barrier_lines")


def test_a_line_drawn_by_hand_follows_the_border_beside_it() -> None:
    table = villages()
    clumsy = at((960, -60), (1070, 800), (930, 2100), (1050, 3050))
    placed = barrier_lines.placed_line(clumsy, 120.0, table)
    assert barred(table, drawn(placed)) == {(0, 1), (3, 4), (6, 7)}
    assert barred(table, drawn(clumsy)) == set()
    names = table.frame["name"].tolist()
    assert barrier_lines.parted(placed, table, ContiguitySettings()) == tuple(
        (names[i], names[j]) for i, j in [(0, 1), (3, 4), (6, 7)]
    )


def test_a_line_round_a_corner_parts_both_borders() -> None:
    placed = barrier_lines.placed_line(at((1040, -20), (1030, 980), (2010, 1050)), 100, villages())
    assert barred(villages(), drawn(placed)) == {(0, 1), (1, 4)}


def test_away_from_borders_the_line_stays_as_drawn() -> None:
    across = at((500, 500), (600, 520), (2500, 1500))
    placed = barrier_lines.placed_line(across, 60.0, villages())
    assert np.allclose(placed, across, atol=2e-6)
    assert barrier_lines.parted(placed, villages(), ContiguitySettings()) == ()


@pytest.mark.parametrize(
    ("points", "key"),
    [
        ([(math.nan, 36.0), (117.0, 36.0)], "lines.no_places"),
        ([(1e300, 36.0), (117.0, 36.0)], "lines.no_places"),
        ([(117.0, math.inf), (117.0, 36.0)], "lines.no_places"),
        ([(0.0, 0.0), (1.0, 1.0)], "lines.outside"),
        (list(at((0, 0))), "lines.too_short"),
        (list(at((0, 0), (0, 0))), "lines.too_short"),
        ([], "lines.too_short"),
        (list(at((0, 0), (0, 9000))), "lines.outside"),
        (list(at((0, 0))) * (barrier_lines.MOST_CLICKS + 1), "lines.too_many_points"),
    ],
)
def test_what_is_no_line_of_the_county_is_refused_in_words(points: Any, key: str) -> None:
    with pytest.raises(DataError) as raised:
        barrier_lines.placed_line(points, 50.0, villages())
    assert [fault.key for fault in raised.value.faults] == [key]
    assert len(raised.value.faults[0].text("zh")) > 10


@given(st.lists(st.tuples(st.floats(), st.floats()), max_size=6), st.floats() | st.just(math.nan))
def test_whatever_the_browser_sends_is_a_line_or_a_fault(points: Any, near_m: float) -> None:
    try:
        line = barrier_lines.placed_line(points, near_m, villages(4))
    except DataError as refused:
        assert refused.faults
    else:
        drawn(line)

"""Figures: what they show is what the plan says; nothing is lost, nothing asks the network."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from problems import grid_edges

from liancun_geo import AllianceProblem, Plan, solve
from liancun_geo.colours import PALETTE
from liancun_geo.errors import DataError
from liancun_geo.research import sample_plans

matplotlib = pytest.importorskip("matplotlib", reason="matplotlib is not installed")
matplotlib.use("Agg")

from matplotlib import pyplot as plt  # noqa: E402
from matplotlib.colors import to_hex  # noqa: E402

from liancun_geo.research import figures  # noqa: E402
from liancun_geo.research.figures import (  # noqa: E402
    dot_chart,
    ensemble_chart,
    front_chart,
    plan_map,
    swing_map,
    typeface,
)
from liancun_geo.research.figures.ground import Ground  # noqa: E402

ROWS, WIDE = 4, 5
LEADS = np.array([6, 6, 6, 8, 8, 6, 6, 8, 8, 8, 11, 11, 13, 13, 13, 11, 11, 13, 13, -1])


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    plt.close("all")


def areas(crs: str | None = "EPSG:4527") -> gpd.GeoDataFrame:
    """Return squares of a kilometre, in degrees if asked."""
    at = [(39_500_000 + 1_000 * x, 3_900_000 + 1_000 * y) for y in range(ROWS) for x in range(WIDE)]
    frame = gpd.GeoDataFrame(
        {
            "name": [f"V{number}" for number in range(len(at))],
            "town": ["south"] * 10 + ["north"] * 10,
        },
        geometry=[shapely.box(x, y, x + 1_000, y + 1_000) for x, y in at],
        crs="EPSG:4527",
        index=[f"id{number}" for number in range(len(at))],
    )
    return frame.to_crs(crs) if crs else frame.set_crs(None, allow_override=True)


def texts(ax: Any) -> list[str]:
    return [text.get_text() for text in ax.texts]


def fills(ax: Any) -> list[str]:
    """Return the colour of each area, in the order of the table."""
    (areas_drawn, *_) = (one for one in ax.collections if one.get_zorder() == 1)
    return [to_hex(colour).upper() for colour in areas_drawn.get_facecolor()]


def test_a_plan_is_drawn_as_it_is() -> None:
    before = dict(plt.rcParams)
    ax = plan_map(areas(), LEADS, names="name", zones="town", title="A plan", language="en")
    drawn = fills(ax)
    assert len(drawn) == len(LEADS)
    for lead in (6, 8, 11, 13):
        led = {drawn[village] for village in np.flatnonzero(lead == LEADS)}
        assert len(led) == 1
        assert led <= set(PALETTE)
    assert len(set(drawn)) == 5  # four alliances that touch, one village left out
    assert drawn[19] not in PALETTE
    assert ax.get_title("left") == "A plan"
    assert {"V6", "V8", "V11", "V13"} <= set(texts(ax))
    assert "V7" not in texts(ax)
    told = [entry.get_text() for entry in ax.get_legend().get_texts()]
    assert told == ["lead village", "alliance", "township or zone", "not placed"]
    assert "1 km" in texts(ax)
    assert any("does not replace the collective decision" in text for text in texts(ax))
    assert dict(plt.rcParams) == before


def test_degrees_are_projected_and_a_table_without_crs_has_no_scale() -> None:
    west, east = plan_map(areas("EPSG:4490"), LEADS, language="en").get_xlim()
    assert 5_000 < east - west < 5_500
    assert not any("km" in text for text in texts(plan_map(areas(None), LEADS, language="en")))


def test_nothing_of_the_caller_is_changed() -> None:
    frame = areas("EPSG:4490")
    before = frame.copy(deep=True)
    plan_map(frame, Plan.from_lead_of(LEADS), names="name")
    pd.testing.assert_frame_equal(pd.DataFrame(frame), pd.DataFrame(before))
    assert frame.crs == before.crs


def test_swing_villages_are_the_dark_ones_and_are_named() -> None:
    swing = np.zeros(20)
    swing[[3, 12]] = [0.9, 0.3]
    ax = swing_map(areas(), swing, LEADS, names="name", language="en")
    shade = [sum(matplotlib.colors.to_rgb(one)) for one in fills(ax)]
    assert int(np.argmin(shade)) == 3
    assert shade[12] < shade[0]
    named = {text for text in texts(ax) if re.fullmatch(r"V\d+", text)}
    assert named == {"V3", "V12"}


def test_names_never_cover_each_other() -> None:
    crowded = areas().assign(
        name=[f"a village with a name that is far too long for its map, {n}" for n in range(20)]
    )
    led = np.repeat([0, 2, 4, 6, 8, 10, 12, 14, 16, 18], 2)
    ax = plan_map(crowded, led, names="name", language="en")
    shown = [text for text in ax.texts if text.get_text().startswith("a village")]
    ax.figure.draw_without_rendering()
    boxes = [shapely.box(*text.get_window_extent().extents).buffer(-1) for text in shown]
    assert 1 < len(boxes) < 20
    assert not any(one.intersects(two) for at, one in enumerate(boxes) for two in boxes[at + 1 :])


def test_without_a_chinese_font_words_are_english_and_names_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(typeface, "chinese_font", lambda: None)
    frame = areas().assign(name="王庄")
    ax = plan_map(frame, LEADS, names="name", language="zh")
    assert all(text.isascii() for text in texts(ax))
    assert ax.get_legend().get_texts()[0].get_text() == "lead village"


@pytest.mark.parametrize(
    ("where", "plan", "columns", "told"),
    [
        ("a map", LEADS, {}, "polygons"),
        (areas(), LEADS[:5], {}, "20 places but 5"),
        (areas(), LEADS, {"names": "nom", "zones": "epci"}, "nom"),
    ],
)
def test_what_cannot_be_drawn_is_told(
    where: Any, plan: Any, columns: dict[str, str], told: str
) -> None:
    with pytest.raises(DataError) as caught:
        plan_map(where, plan, **columns)
    assert told in "\n".join(fault.text("en") for fault in caught.value.faults)
    assert len(caught.value.faults) == max(1, len(columns))


def test_a_front_shows_every_plan_and_its_knees() -> None:
    points = pd.DataFrame({"cost": [3.0, 1.0, 2.0], "moved": [0.0, 5.0, 1.0]}, index=list("abc"))
    ax = front_chart(points, "cost", "moved", knees=["c"], also={"today": (4, 4)}, language="en")
    drawn = {line.get_label(): line.get_xydata().tolist() for line in ax.lines}
    assert drawn["plans that no other plan beats"] == [[1.0, 5.0], [2.0, 1.0], [3.0, 0.0]]
    assert drawn["knee"] == [[2.0, 1.0]]
    assert drawn["today"] == [[4.0, 4.0]]
    third = front_chart(points.assign(size=1.0), "cost", "moved", third="size")
    assert len(third.collections[0].get_offsets()) == 3


def test_an_ensemble_shows_all_draws_and_where_the_plan_is() -> None:
    cost = np.random.default_rng(5).random((16, 16))
    problem = AllianceProblem.from_arrays(cost, grid_edges(4, 4), 3, 6)
    best = solve(problem).lead_of
    found = sample_plans(problem, draws=25, chains=2, seed=3)
    figure = ensemble_chart(found, {"best": best}, language="en")
    assert len(figure.axes) == 2 * 3
    cost = figure.axes[0]
    assert sum(bar.get_height() for bar in cost.patches) == 50
    assert cost.get_xlabel().startswith("best: ")
    share = float(re.findall(r"[\d.]+", cost.get_xlabel())[0])
    assert share <= 50.0  # no sampled plan is cheaper; ties count half


def test_methods_stand_in_the_order_of_the_table() -> None:
    table = pd.DataFrame({"f1": [0.4, 0.2], "ari": [0.3, 0.1]}, index=["engine", "naive"])
    ax = dot_chart(table, highlight=["engine"])
    ticks = ax.get_yticklabels()
    assert [(t.get_text(), t.get_fontweight()) for t in ticks] == [
        ("engine", "bold"),
        ("naive", "normal"),
    ]
    assert ax.lines[0].get_xydata().tolist() == [[0.4, 1.0], [0.2, 0.0]]


def test_the_offline_map_asks_nobody_and_takes_names_as_text(tmp_path: Path) -> None:
    pytest.importorskip("folium", reason="folium is not installed")
    bad = "</script><img src=x onerror=alert(1)>{{ 7 * 7 }}"
    frame = areas().assign(name=[bad] + [f"V{number}" for number in range(1, 20)])
    target = tmp_path / "map.html"
    figures.offline_map(frame, LEADS, names="name", zones="town", language="en").save(target)
    page = target.read_text(encoding="utf-8")
    assert not re.search(r"<(script|img|iframe)[^>]*\ssrc\s*=", page)
    assert "<link" not in page
    assert "url(http" not in page
    assert "sourceMappingURL" not in page
    assert "onerror=alert(1)>" not in page
    assert "7 * 7" in page  # not worked out by a template
    assert page.count("led by V6") == 4
    assert "does not replace the collective decision" in page


def test_the_offline_map_in_a_browser(chromium: Any, tmp_path: Path) -> None:
    pytest.importorskip("folium", reason="folium is not installed")
    frame = areas().assign(name=["<b>{{ 7 * 7 }}</b>"] * 20)
    target = tmp_path / "map.html"
    figures.offline_map(frame, LEADS, names="name", language="en").save(target)
    page, traffic = chromium.page()
    page.goto(target.as_uri())
    page.wait_for_selector(".leaflet-container canvas", state="attached")
    page.locator(".leaflet-container").hover()
    tip = page.wait_for_selector(".leaflet-tooltip")
    assert "<b>{{ 7 * 7 }}</b>" in tip.inner_text()
    assert traffic.wrong == []
    page.close()


def test_neighbours_are_those_an_eye_sees() -> None:
    ground = Ground.of(areas(), LEADS)
    colour = ground.colours()
    assert sorted(colour) == [6, 8, 11, 13]
    assert len(set(colour.values())) == 4

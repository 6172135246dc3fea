"""Barriers and links on the map of 规则: events become settings that the next plan keeps to."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely

pytest.importorskip("streamlit", reason="the application needs Streamlit: pip install .[app]")
from liancun_geo.project.inputs import Inputs
from liancun_geo.scenario import lay_groundwork
from liancun_geo.studio import lines_hand, lines_map
from liancun_geo.studio.desk import Desk
from liancun_geo.studio.lines_hand import LinesHand
from liancun_geo.studio.mapping import parse_event


@pytest.fixture
def desk() -> Desk:
    desk = Desk.of(Inputs())
    assert desk.county is not None
    return desk


def tell(hand: LinesHand, desk: Desk, kind: str, **fields: Any) -> None:
    assert desk.county is not None
    event = parse_event(
        {"id": 1, "type": kind, **fields}, len(desk.county.villages.frame), len(desk.townships)
    )
    assert event is not None
    hand.hear(desk, event)


def a_border(desk: Desk) -> tuple[tuple[int, int], list[list[float]]]:
    """Return two neighbours of one township and their border as somebody clicks along it."""
    assert desk.county is not None
    frame = desk.county.villages.frame
    graph = lay_groundwork(desk.county, desk.settings).contiguity
    towns = frame["township"].tolist()
    for (i, j), length in zip(graph.edges.tolist(), graph.shared_border_m, strict=True):
        if towns[i] != towns[j] or length < 1500:
            continue
        shapes = [shapely.boundary(frame.geometry.iloc[one]) for one in (i, j)]
        border = shapely.line_merge(shapely.intersection(*shapes))
        if border.geom_type == "LineString":
            clicks = [border.interpolate(share, normalized=True) for share in (0, 0.5, 1)]
            moved = [shapely.Point(one.x + 30, one.y - 25) for one in clicks]
            degrees = gpd.GeoSeries(moved, crs=frame.crs).to_crs(4326)
            return (i, j), [[point.x, point.y] for point in degrees]
    raise AssertionError("no such border")


def neighbours(desk: Desk) -> set[tuple[int, int]]:
    assert desk.county is not None
    graph = lay_groundwork(desk.county, desk.settings).contiguity
    return {(i, j) for i, j in graph.edges.tolist()}


def test_a_drawn_line_parts_two_villages_and_can_be_taken_back(desk: Desk) -> None:
    hand, (pair, clicks) = LinesHand(), a_border(desk)
    before = desk.settings
    tell(hand, desk, "barrier", points=clicks, near=150.0)
    assert len(desk.settings.contiguity.drawn_barriers) == 1
    assert pair not in neighbours(desk)
    assert hand.note is not None and hand.note.undo and "隔开 1 对" in hand.note.text
    sections = lines_hand.panel(desk)["sections"]
    (row,) = sections[0]["rows"]
    assert row["event"] == {"type": "unbar", "n": 0} and not row["warn"]
    tell(hand, desk, "unbar", n=0)
    assert desk.settings == before
    tell(hand, desk, "undo")
    assert len(desk.settings.contiguity.drawn_barriers) == 1
    tell(hand, desk, "undo")
    assert desk.settings == before and not hand.can_undo
    assert pair in neighbours(desk)


def test_two_villages_are_linked_and_unlinked(desk: Desk) -> None:
    hand = LinesHand()
    assert desk.county is not None
    known = neighbours(desk)
    a, b = next((0, other) for other in range(2, 50) if (0, other) not in known)
    tell(hand, desk, "link", a=a, b=b)
    assert (a, b) in neighbours(desk)
    codes = desk.county.villages.frame["code"].tolist()
    state = lines_hand.lines_state(desk.settings.contiguity_in_force, codes)
    assert state == {"drawn": [], "linked": [[a, b]]}
    tell(hand, desk, "link", a=b, b=a)
    assert len(desk.settings.contiguity.links) == 1
    assert hand.note is not None and "已经" in hand.note.text
    tell(hand, desk, "unlink", a=b, b=a)
    assert desk.settings.contiguity.links == ()
    tell(hand, desk, "unlink", a=a, b=b)
    assert "已经不在" in hand.note.text


@pytest.mark.parametrize(
    ("points", "said"),
    [
        ([[0.0, 0.0], [1.0, 1.0]], "县外"),
        ([[math.nan, 36.0], [118.0, 36.0]], "地球"),
        ([[10**400, 36.0], [118.0, 36.0]], "地球"),
        ([[118.0, 36.0]], "两处"),
        ([[118.0, 36.0]] * 3000, "太多"),
    ],
)
def test_what_no_hand_draws_is_refused_with_a_sentence(desk: Desk, points: Any, said: str) -> None:
    hand, before = LinesHand(), desk.settings
    tell(hand, desk, "barrier", points=points, near=100.0)
    assert desk.settings is before
    assert hand.note is not None and said in hand.note.text and not hand.note.undo
    tell(hand, desk, "unbar", n=7)
    assert desk.settings is before


@pytest.mark.parametrize(
    "points", [None, "x", [1, 2], [[1]], [[1, 2, 3]], [[True, 1]], [["1", "2"]], [[0, 0]] * 5001]
)
def test_what_is_no_list_of_points_is_no_event(points: Any) -> None:
    assert parse_event({"id": 1, "type": "barrier", "points": points}, 9, 1) is None


def test_edits_of_a_plan_are_not_heard_here(desk: Desk) -> None:
    hand, before = LinesHand(), desk.settings
    tell(hand, desk, "lock", scope="all")
    tell(hand, desk, "undo")
    assert desk.settings is before and hand.note is None
    tell(hand, desk, "select", villages=[3])
    assert hand.selected == (3,)
    tell(hand, desk, "close")
    assert hand.left


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_panel_says_all_in_one_language(desk: Desk, language: Any) -> None:
    desk.language = language
    _, clicks = a_border(desk)
    hand = LinesHand()
    tell(hand, desk, "barrier", points=clicks, near=150.0)
    assert desk.county is not None
    frame = desk.county.villages.frame
    inside = frame.geometry.iloc[0].representative_point()
    off = gpd.GeoSeries([inside, shapely.Point(inside.x + 30, inside.y)], crs=frame.crs)
    tell(hand, desk, "barrier", points=[[p.x, p.y] for p in off.to_crs(4326)], near=5.0)
    panel = lines_hand.panel(desk)
    rows = [row for section in panel["sections"] for row in section["rows"]]
    assert [row.get("warn") for row in rows[:2]] == [False, True]
    told = " ".join(
        [panel["hint"], panel["intro"], *(cell["name"] for cell in lines_hand.strip(desk))]
    )
    assert "{" not in told and told.isascii() == (language == "en")


def test_the_plan_after_it_keeps_to_the_barrier(desk: Desk) -> None:
    pair, clicks = a_border(desk)
    assert desk.county is not None
    tell(LinesHand(), desk, "barrier", points=clicks, near=150.0)
    graph = lay_groundwork(desk.county, desk.settings).contiguity
    assert pair in {(one.i, one.j) for one in graph.barred}
    assert np.isfinite(graph.shared_border_m).all()


def test_nothing_of_other_data_can_be_undone(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    import streamlit as st

    state: dict[str, Any] = {}
    monkeypatch.setattr(st, "session_state", state)
    hand = lines_map._hand(desk)
    hand._change(desk, {"links": ()}, "unlinked", one="a", other="b")
    assert lines_map._hand(desk) is hand and hand.can_undo
    desk.inputs = replace(desk.inputs, decisions_file=("a.toml", b""))
    other = lines_map._hand(desk)
    assert not other.can_undo
    # The map shows no note twice: they are numbered on.
    other._tell("x")
    assert hand.note is not None and other.note is not None
    assert other.note.number > hand.note.number
    # Another project with the same data: another desk.
    assert lines_map._hand(replace(desk)) is not other

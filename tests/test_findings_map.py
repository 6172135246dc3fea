"""The findings on a map: what the page holds, what it survives, and that it asks for nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from time import monotonic
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
from chromium import Browser
from findings_cases import CODES, HOSTILE, NAMES, SCRIPT, findings

from liancun_geo.doctor.findings import Coverage, Finding, Findings
from liancun_geo.errors import DataError, Where, warning
from liancun_geo.output import findings_map
from liancun_geo.output.findings_map import findings_page, write_findings_map
from liancun_geo.output.findings_shapes import UNIT_M, ground, packed, simplified

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def data_of(page: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    held: dict[str, Any] = json.loads(found.group(1))
    return held


def unpacked(text: str) -> list[list[list[tuple[int, int]]]]:
    """Read packed shapes as the page does."""
    numbers: list[int] = []
    value = place = 0
    for letter in text:
        digit = LETTERS.index(letter)
        value |= (digit & 31) << place
        place += 5
        if digit < 32:
            numbers.append(-(value + 1) // 2 if value % 2 else value // 2)
            value = place = 0
    shapes, left = [], iter(numbers)
    for lines in left:
        shape = []
        for _ in range(lines):
            x = y = 0
            line = []
            for _ in range(next(left)):
                x, y = x + next(left), y + next(left)
                line.append((x, y))
            shape.append(line)
        shapes.append(shape)
    return shapes


def test_packed_shapes_come_back() -> None:
    holed = shapely.Polygon(
        [(0, 0), (90, 0), (90, 90), (0, 90)], [[(10, 10), (20, 10), (20, 20), (10, 20)]]
    )
    two = shapely.MultiPolygon([shapely.box(-5, -5, -1, -1), shapely.box(10**7, 5, 10**7 + 1, 6)])
    mixed = shapely.GeometryCollection([shapely.Point(3, 3), shapely.LineString([(1, 1), (2, 5)])])
    shapes = np.array([holed, shapely.Point(), two, shapely.Point(1, 1), mixed], dtype=object)
    lines = unpacked(packed(shapes))
    assert [len(shape) for shape in lines] == [2, 0, 2, 0, 1]
    back = [shapely.Polygon(lines[0][0], lines[0][1:])]
    back.append(shapely.MultiPolygon([shapely.Polygon(ring) for ring in lines[2]]))
    assert all(a.equals(b) for a, b in zip(back, [holed, two], strict=True))
    assert lines[4] == [[(1, 1), (2, 5)]]
    # Outer and inner rings run against each other.
    assert shapely.is_ccw(shapely.LinearRing(lines[0][0]))
    assert not shapely.is_ccw(shapely.LinearRing(lines[0][1]))
    assert packed(np.array([], dtype=object)) == ""


def test_the_map_keeps_lengths() -> None:
    county = findings().shapes
    assert county is not None
    drawn = ground(county.geometry.to_numpy()).placed(county.geometry.to_numpy())
    metres = county.to_crs(4527).geometry.length.to_numpy()
    assert shapely.length(drawn) * UNIT_M == pytest.approx(metres, rel=1e-3)


def test_too_many_vertices_are_simplified_together() -> None:
    left = shapely.segmentize(shapely.box(0, 0, 1e5, 1e5), 100)
    right = shapely.segmentize(shapely.box(1e5, 0, 2e5, 1e5), 100)
    shapes, tolerance_m = simplified(np.array([left, right], dtype=object), 500)
    assert tolerance_m > 0
    assert shapely.get_num_coordinates(shapes).sum() <= 500
    assert shapely.area(shapely.intersection(shapes[0], shapes[1])) == 0
    assert shapely.area(shapely.union_all(shapes)) == pytest.approx(2e10)
    assert simplified(np.array([left]), 10**6)[1] == 0


def test_the_page_holds_findings_places_and_villages_without_row() -> None:
    held = data_of(findings_page(findings()))
    entries = held["findings"]["entries"]
    assert [one["id"] for one in entries] == [one.id for one in findings().findings]
    assert [one["villages"] for one in entries] == [[3], [4, 5], [0, 1], [6], [], []]
    assert ["at" in one for one in entries] == [True, True, True, True, False, False]
    assert [bool(shape) for shape in unpacked(held["findings"]["shapes"])] == [
        number == 2 for number in range(6)
    ]
    assert held["villages"]["without_row"] == [6, 7]
    assert held["villages"]["names"] == list(NAMES)
    assert held["villages"]["townships"] == ["城头镇", "山亭街道"]
    assert len(unpacked(held["villages"]["shapes"])) == 8
    assert held["notes"] == []


def test_nothing_in_a_text_is_markup_and_nothing_is_asked_for() -> None:
    page = findings_page(findings())
    assert HOSTILE not in page and SCRIPT not in page
    assert page.count("<script") == 2 and page.count("</script>") == 2
    assert "http://" not in page.replace(r"http://example.org", "")
    assert "https://" not in page
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', page)
    assert policy is not None and policy.group(1).startswith("default-src 'none'")
    assert "unsafe" not in policy.group(1)


def test_what_does_not_fit_is_left_out_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(findings_map, "_MOST_FINDINGS", 2)
    monkeypatch.setattr(findings_map, "_MOST_FINDING_VERTICES", 3)
    monkeypatch.setattr(findings_map, "_MOST_VERTICES", 4)
    held = data_of(findings_page(findings()))
    assert [one["id"] for one in held["findings"]["entries"]] == ["J-000001", "U-000001"]
    assert len(held["notes"]) == 3
    assert "2 条" in held["notes"][0] and "6 条" in held["notes"][0]
    monkeypatch.undo()
    monkeypatch.setattr(findings_map, "_MOST_TEXT_BYTES", 1)
    assert data_of(findings_page(findings()))["findings"]["entries"] == []


@pytest.mark.parametrize("language", ["zh", "en"])
def test_without_villages_or_findings_there_is_a_page_all_the_same(language: Any) -> None:
    held = data_of(findings_page(Findings(()), language))
    assert held["villages"]["shapes"] == ""
    assert held["findings"]["entries"] == []
    alone = findings_page(replace(findings(), shapes=None), language)
    assert [bool(s) for s in unpacked(data_of(alone)["findings"]["shapes"])].count(True) == 1


def test_odd_shapes_do_no_harm() -> None:
    bowtie = shapely.Polygon([(117, 35), (117.01, 35.01), (117.01, 35), (117, 35.01)])
    far = shapely.box(-170, -80, -169, -79)
    shapes = gpd.GeoDataFrame(
        {
            "code": ["1", None, "3", "4"],
            "name": ["a", "b", None, "d"],
            "township": ["t", "t", 5, None],
        },
        geometry=[bowtie, None, shapely.Polygon(), far],
        crs=4326,
    )
    found = Finding("X", warning("crs.missing", Where(code="3")), "geometry", "warning")
    held = data_of(findings_page(Findings((found,), Coverage(), (), shapes)))
    assert len(unpacked(held["villages"]["shapes"])) == 4
    assert "at" not in held["findings"]["entries"][0]


def test_written_whole_and_never_over_an_input(tmp_path: Path) -> None:
    path = write_findings_map(findings(), tmp_path / "out" / "findings.html")
    assert path.read_text(encoding="utf-8") == findings_page(findings())
    ours = findings()
    ours = replace(ours, sources=(replace(ours.sources[0], path=str(path)),))
    with pytest.raises(DataError):
        write_findings_map(ours, path)


# --- in a real browser ----------------------------------------------------------------------


class Watched:
    """The page in a browser, and what it asks for."""

    def __init__(self, chromium: Browser, path: Path) -> None:
        self.page, self.traffic = chromium.page()
        self.page.goto(path.as_uri())
        self.page.wait_for_selector("#map[data-drawn]")

    def held(self, name: str) -> str | None:
        value: str | None = self.page.locator("#map").get_attribute(f"data-{name}")
        return value

    def ids(self) -> list[str]:
        return list(self.page.locator("#list .id").all_text_contents())


@pytest.fixture
def watched(chromium: Browser, tmp_path: Path) -> Iterator[Watched]:
    shown = Watched(chromium, write_findings_map(findings(), tmp_path / "findings.html"))
    yield shown
    shown.page.close()
    assert shown.traffic.wrong == []
    (asked,) = shown.traffic.asked
    assert asked.startswith("file://")


def test_in_a_browser_a_click_goes_to_the_place_and_back(watched: Watched) -> None:
    page, before = watched.page, watched.held("view")
    entry = page.locator("#list li", has_text="T-000001").locator("button")
    entry.click()
    page.wait_for_function("() => document.querySelector('#map').dataset.chosen === 'T-000001'")
    page.wait_for_function("old => document.querySelector('#map').dataset.view !== old", arg=before)
    assert "为什么要紧" in str(page.locator("#list li.chosen").text_content())
    entry.click()
    page.wait_for_function("old => document.querySelector('#map').dataset.view === old", arg=before)
    assert watched.held("chosen") is None
    entry.click()
    page.keyboard.press("Escape")
    page.wait_for_function("old => document.querySelector('#map').dataset.view === old", arg=before)


def test_in_a_browser_marks_on_the_map_are_clicked(watched: Watched) -> None:
    page = watched.page
    box = page.locator("#map").bounding_box()
    x, y, k = (float(one) for one in str(watched.held("view")).split())
    held = data_of(page.content())
    at = held["findings"]["entries"][1]["at"]
    page.mouse.click(
        box["x"] + box["width"] / 2 + (at[0] - x) * k,
        box["y"] + box["height"] / 2 + (at[1] - y) * k,
    )
    assert watched.held("chosen") == "U-000001"
    page.click("#back")
    assert watched.held("chosen") is None


def test_in_a_browser_the_list_is_filtered(watched: Watched) -> None:
    page = watched.page
    assert watched.ids() == [one.id for one in findings().findings]
    page.click("[data-level=note]")
    assert watched.ids() == ["G-000001", "E-000001"]
    page.select_option("#category", label="图形（1）")
    assert watched.ids() == ["G-000001"]
    page.click("[data-level='']")
    page.select_option("#category", "")
    page.check("#placed")
    assert watched.ids() == ["J-000001", "U-000001", "T-000001", "G-000001"]
    page.fill("#search", CODES[5])
    assert watched.ids() == ["U-000001"]
    page.fill("#search", "没有这个村")
    assert watched.ids() == []
    assert "没有符合条件的问题" in str(page.locator("#list").text_content())


def test_in_a_browser_hostile_names_are_only_words(watched: Watched) -> None:
    page = watched.page
    for entry in page.locator("#list li button").all():
        entry.click()
    page.mouse.move(600, 500)
    page.wait_for_timeout(100)
    assert page.locator("img").count() == 0
    assert page.locator("script").count() == 2
    assert SCRIPT in str(page.locator("#list").text_content())


def test_in_a_browser_a_large_county_is_there_soon(chromium: Browser, tmp_path: Path) -> None:
    count = 2811
    steps = np.arange(count)
    x, y = 117 + 0.01 * (steps % 53), 36 + 0.01 * (steps // 53)
    boxes = shapely.segmentize(shapely.box(x, y, x + 0.01, y + 0.01), 0.0004)
    codes = [f"3703{number:08d}" for number in steps]
    shapes = gpd.GeoDataFrame(
        {"code": codes, "name": codes, "township": [code[:9] for code in codes]},
        geometry=boxes,
        crs=4326,
    )
    found = tuple(
        Finding(f"T-{i}", warning("crs.missing"), "topology", "warning", villages=(code,))
        for i, code in enumerate(codes[:2000])
    )
    path = write_findings_map(Findings(found, None, (), shapes), tmp_path / "large.html")
    assert path.stat().st_size < 5_000_000
    begun = monotonic()
    shown = Watched(chromium, path)
    # Under 2 s on an idle machine; tests share theirs with others.
    assert monotonic() - begun < 30
    assert shown.traffic.wrong == []
    assert len(shown.ids()) >= 30
    shown.page.close()

"""The offline web map: one file that asks nobody, names as text only, everything on it usable."""

from __future__ import annotations

import base64
import hashlib
import json
import math
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import shapely
from builders import ORIGIN, village_table
from scenarios import scenario, table

from liancun_geo.errors import DataError
from liancun_geo.messages import Language
from liancun_geo.output.layers import alliance_layer
from liancun_geo.output.options import PackOptions
from liancun_geo.output.pack import write_pack
from liancun_geo.output.web_map import web_page, write_web_map
from liancun_geo.output.web_map.contents import contents, number
from liancun_geo.scenario import County, Scenario, take_over
from liancun_geo.villages import VillageTable

if TYPE_CHECKING:
    from chromium import Browser

DATE = datetime(2026, 3, 1, tzinfo=UTC)
HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(2)</script>",
    '=HYPERLINK("http://x.example")',
    "上\n下\u202e倒",
    "{village}{{7*7}}${7*7}",
    "<!--<script>",
    "&lt;b&gt;",
)
ALL_BYTES = 5_000_000


def page_of(
    s: Scenario, language: Language = "zh", *, figures: bool = True
) -> tuple[str, dict[str, Any]]:
    """Return the document and the data it holds, read back from it."""
    layer = alliance_layer(s, language)
    page = web_page(contents(s, layer, DATE, language, figures=figures), language)
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    return page, json.loads(found.group(1))


def hostile() -> Scenario:
    names = [*HOSTILE, "槐树庄", "柳树行"]
    return scenario(
        villages=table(
            9, name=names, township=["<b>示例镇</b>"] * 9, weak_economy=[False, True] * 4 + [None]
        )
    )


def test_the_policy_allows_the_scripts_of_the_page_and_nothing_else() -> None:
    page, _ = page_of(hostile())
    [policy] = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    run = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    told = [f"'sha256-{base64.b64encode(hashlib.sha256(one.encode()).digest()).decode()}'"
            for one in run]  # fmt: skip
    assert len(run) == 2 and rules["script-src"].split() == told
    assert "unsafe" not in policy and "http" not in policy
    # Nothing of a name is markup, and nothing of the page is fetched or made of text.
    markup = page.replace(run[0], "").replace(run[1], "")
    assert len(re.findall(r"<script", markup)) == 3
    assert "<img" not in markup and "src=" not in re.sub(r'id="data">.*?</script>', "", markup)
    assert not re.search(r"url\(|@import|sourceMappingURL", markup + run[1])
    assert "sourceMappingURL" not in run[0]
    assert not re.search(r"\beval\(|new Function|innerHTML|insertAdjacentHTML", run[1])


def test_the_page_holds_the_plan_and_the_figures() -> None:
    s = scenario()
    _, data = page_of(s)
    assert data["plan"]["of"] == [0, 0, 0, 1, 1, 1, 1, -1, 1]
    assert data["plan"]["leads"] == [0, 3]
    assert data["codes"] == s.villages.frame["code"].tolist()
    columns = {one["label"]: one["values"] for one in data["villages"]["columns"]}
    assert columns["户籍人口"] == [100, 101, 102, 103, 104, 105, 106, 107, None]
    assert columns["产业"][0] == "林果、粮食"
    totals = dict(data["alliances"][0]["totals"])
    assert totals["户籍人口"] == "303 人"
    assert data["alliances"][1]["why"].startswith("上 下的领建能力")
    assert list(data["villages"]["reasons"]) == ["7"]


def test_without_figures_nothing_of_the_ledger_goes_along() -> None:
    incomes = [81_234.56 + i for i in range(9)]
    s = scenario(villages=table(9, collective_income_wan_yuan=incomes, weak_economy=[True] * 9))
    with_them, _ = page_of(s)
    without, data = page_of(s, figures=False)
    assert all(f"{value:.2f}" in with_them for value in incomes)
    assert not any(f"{value:.2f}" in without for value in incomes)
    assert data["villages"]["columns"] == [] and data["county"]["weak"] == ""
    assert not any(one["totals"] or one["why"] for one in data["alliances"])
    assert data["plan"] == page_of(s)[1]["plan"]


@pytest.mark.parametrize(
    ("value", "shown"), [(1234.5, "1,234.5"), (-0.25, "−0.25"), (3.0, "3"), (0.004, "0")]
)
def test_figures_are_written_as_they_are_read(value: float, shown: str) -> None:
    assert number(value) == shown


def test_a_plan_that_breaks_rules_is_not_handed_out(tmp_path: Path) -> None:
    from liancun_geo.check import Violation

    s = replace(scenario(), violations=(Violation("min_size", 0, (0,), ""),))
    with pytest.raises(DataError):
        write_web_map(s, tmp_path / "map.html")
    assert not list(tmp_path.iterdir())


def wiggly(n: int, wide: int, steps: int = 20) -> list[shapely.Polygon]:
    """Return a grid whose borders are crooked lines of many points, shared by both sides."""
    rng = np.random.default_rng(5)
    x, y = ORIGIN
    high = math.ceil(n / wide)

    def border(shape: tuple[int, int], across: bool) -> np.ndarray[Any, Any]:
        along = np.broadcast_to(np.linspace(0, 1000, steps + 1), (*shape, steps + 1))
        # Less towards the corners, so that no two borders cross.
        off = rng.uniform(-80, 80, (*shape, steps + 1)) * np.minimum(along, 1000 - along) / 1000
        return np.stack((off, along) if across else (along, off), axis=-1)

    low, left = border((high + 1, wide), False), border((high, wide + 1), True)
    shapes = []
    for i in range(n):
        r, c = divmod(i, wide)
        ring = np.concatenate(
            (
                low[r, c],
                left[r, c + 1] + np.array((1000, 0)),
                low[r + 1, c][::-1] + np.array((0, 1000)),
                left[r, c][::-1],
            )
        )
        shapes.append(shapely.Polygon((ring + np.array((x + 1000 * c, y + 1000 * r))).round(3)))
    return shapes


@pytest.fixture(scope="module")
def county() -> Scenario:
    """Return 2,811 villages with crooked borders, four a row an alliance: nothing is solved."""
    n, wide = 2811, 54
    rng = np.random.default_rng(1)
    villages = village_table(
        n,
        geometry=wiggly(n, wide),
        code=[f"3704{i // 32:03d}{i:05d}" for i in range(n)],
        name=[f"上河庄{i}村" for i in range(n)],
        township_code=[f"3704{i // 32:03d}" for i in range(n)],
        township=[f"第{i // 32}镇" for i in range(n)],
        population_registered_persons=rng.integers(200, 4000, n).astype(float),
        collective_income_wan_yuan=rng.uniform(0, 90, n).round(2),
        arable_land_mu=rng.uniform(200, 4000, n).round(1),
        industries=[("林果", "粮食", "乡村旅游")[: 1 + i % 3] for i in range(n)],
    )
    lead_of = [4 * (i // 4) if i % 97 else -1 for i in range(n)]
    led = set(lead_of)
    lead_of = [lead if lead == -1 or lead_of[lead] == lead else -1 for lead in lead_of]
    assert len(led) > 600
    from liancun_geo.settings import parse_settings

    rules = {"rules": {"min_size": 2, "max_size": 6, "coverage": "partial"}}
    return take_over(County(villages), parse_settings(rules), lead_of)


def test_a_large_county_stays_small_and_its_borders_stay_shared(county: Scenario) -> None:
    page, data = page_of(county)
    assert len(page.encode()) < ALL_BYTES
    sides = np.array(data["county"]["sides"]).reshape(-1, 2)
    # Nearly every border has a village on both sides: each is held once.
    assert (sides > 0).all(axis=1).mean() > 0.9
    assert len(data["county"]["rings"]) == 2811


# --- in the browser ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def opened(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    path = tmp_path_factory.mktemp("web") / "map.html"
    write_pack(hostile(), path.parent, ["html"], PackOptions(created=DATE))
    page, traffic = chromium.page()
    page.goto(path.as_uri())
    page.wait_for_function("() => window.webMap")
    yield page
    # Only the file itself; no error, no dialog.
    assert traffic.asked == [path.as_uri()] and traffic.wrong == []
    page.close()


def card(page: Any) -> str:
    return str(page.locator("#card").inner_text())


def test_hostile_names_are_shown_as_they_are(opened: Any) -> None:
    for village, name in enumerate(HOSTILE):
        opened.evaluate("(v) => webMap.pick.village(v)", village)
        assert opened.locator("#card h2").text_content() == (name if village != 3 else "上 下 倒")
        if opened.evaluate("(v) => webMap.data.plan.of[v]", village) >= 0:
            opened.evaluate("(v) => webMap.pick.alliance(webMap.data.plan.of[v])", village)
    opened.evaluate("() => webMap.pick.township(0)")
    assert "<b>示例镇</b>" in card(opened)
    opened.fill("#find", "img")
    assert opened.locator("#hits b").first.text_content() in (HOSTILE[0], f"{HOSTILE[0]}片区")
    made = "[...document.querySelectorAll('img, b b, iframe, object, link')].length"
    assert opened.evaluate(made) == 0
    assert opened.evaluate("document.scripts.length") == 3
    opened.evaluate("() => webMap.pick.close()")


def test_a_click_on_the_map_tells_of_the_village_and_escape_closes(opened: Any) -> None:
    opened.evaluate("() => webMap.pick.close()")
    place = """(v) => {
      const [lon, lat] = webMap.county.lonlat[v];
      const at = webMap.map.latLngToContainerPoint([lat, lon]);
      const box = webMap.map.getContainer().getBoundingClientRect();
      return [box.left + at.x + 12, box.top + at.y - 12];
    }"""
    opened.mouse.click(*opened.evaluate(place, 8))
    opened.wait_for_selector("#card:not([hidden])")
    assert "柳树行" in card(opened) and "联建村" in card(opened) and "公里" in card(opened)
    opened.locator("#card .link").first.click()
    assert "为什么由" in card(opened) and "户籍人口" in card(opened)
    opened.mouse.click(*opened.evaluate(place, 7))
    opened.wait_for_function("() => document.querySelector('#card').innerText.includes('暂不入片')")
    opened.keyboard.press("Escape")
    assert opened.locator("#card").is_hidden()


def test_search_finds_by_name_and_code_and_says_when_there_is_nothing(opened: Any) -> None:
    opened.fill("#find", "槐树")
    opened.keyboard.press("Enter")
    assert opened.locator("#card h2").text_content() == "槐树庄"
    opened.fill("#find", "037040610008")
    assert opened.locator("#hits b").all_text_contents() == ["柳树行"]
    opened.fill("#find", "没有的村<i>")
    assert "没有的村<i>" in opened.locator("#hits").inner_text()
    opened.keyboard.press("Escape")
    assert opened.locator("#hits").is_hidden()


def test_every_layer_can_be_taken_off(opened: Any) -> None:
    opened.evaluate("() => webMap.pick.close()")
    drawn = "() => { webMap.drawing.now(); return webMap.drawing.canvas.toDataURL(); }"
    whole = opened.evaluate(drawn)
    names = opened.eval_on_selector_all("[data-layer]", "all => all.map(e => e.dataset.layer)")
    assert names == ["alliances", "townships", "ties", "names", "weak", "left_out"]
    for name in names:
        opened.locator(f"[data-layer={name}]").uncheck()
        assert opened.evaluate(drawn) != whole, name
        opened.locator(f"[data-layer={name}]").check()
    assert opened.evaluate(drawn) == whole


def test_it_can_be_used_on_a_telephone_and_printed(chromium: Browser, tmp_path: Path) -> None:
    path = tmp_path / "map.html"
    path.write_text(page_of(hostile(), "en")[0], encoding="utf-8")
    page, traffic = chromium.page(width=390, height=780)
    page.goto(path.as_uri())
    page.wait_for_function("() => window.webMap")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.evaluate("() => webMap.pick.alliance(1)")
    box = page.locator("#card").bounding_box()
    stage = page.locator("#stage").bounding_box()
    assert box["width"] == 390 and stage["height"] > 200
    assert "Lead village" in card(page) and not re.search(r"[\u4e00-\u9fff]{2}片区类型", card(page))
    page.pdf(path=str(tmp_path / "map.pdf"), prefer_css_page_size=True)
    assert (tmp_path / "map.pdf").stat().st_size > 10_000
    # What was on the screen is there again.
    assert page.evaluate("document.body.className") == ""
    assert traffic.asked == [path.as_uri()] and traffic.wrong == []
    page.close()


def test_the_plan_stays_in_view_when_the_window_changes_unless_it_was_moved(
    chromium: Browser, tmp_path: Path
) -> None:
    path = tmp_path / "map.html"
    path.write_text(page_of(hostile())[0], encoding="utf-8")
    page, traffic = chromium.page()
    page.goto(path.as_uri())
    page.wait_for_function("() => window.webMap")
    inside = """() => {
      const size = webMap.map.getSize();
      if (size.x !== document.querySelector("#map").clientWidth) return false;
      return webMap.county.lonlat.every(([lon, lat]) => {
        const at = webMap.map.latLngToContainerPoint([lat, lon]);
        return at.x > 0 && at.y > 0 && at.x < size.x && at.y < size.y;
      });
    }"""
    assert page.evaluate(inside)
    for width, height in ((390, 780), (1366, 768)):
        page.set_viewport_size({"width": width, "height": height})
        page.wait_for_function(f"() => ({inside})() && innerWidth === {width}")
    whole = page.evaluate("() => webMap.map.getZoom()")
    # Whoever has looked closer keeps the place and the scale.
    page.locator("#zoom button").first.click()
    page.evaluate("() => webMap.map.panBy([60, 40], { animate: false })")
    before = page.evaluate("() => [webMap.map.getCenter(), webMap.map.getZoom()]")
    assert before[1] > whole
    page.set_viewport_size({"width": 390, "height": 780})
    page.wait_for_function("() => webMap.map.getSize().x === 390")
    after = page.evaluate("() => [webMap.map.getCenter(), webMap.map.getZoom()]")
    assert after[1] == before[1]
    assert after[0] == pytest.approx(before[0], abs=2e-3)
    # The button brings it back, and from then on it stays in view again.
    page.locator("#zoom button").last.click()
    page.set_viewport_size({"width": 800, "height": 500})
    page.wait_for_function(f"() => ({inside})() && innerWidth === 800")
    assert traffic.wrong == []
    page.close()


def test_names_of_leads_close_together_find_a_place_round_their_stars(opened: Any) -> None:
    tried = """(order) => {
      const context = document.createElement("canvas").getContext("2d");
      const labels = new webMap.Labels(context, "sans-serif", { x: 400, y: 300 });
      const stars = [[200, 150], [196, 174], [200, 128], [226, 146], [174, 154]];
      for (const [x, y] of stars) labels.block(x, y, 8);
      const how = { px: 14, bold: true, gap: 10, order: webMap.orders[order] };
      const placed = stars.map(([x, y], i) => labels.place(`长名村${i}`, x, y, how));
      return [placed.map(Boolean), labels.taken];
    }"""
    few, _ = opened.evaluate(tried, "BESIDE")
    named, taken = opened.evaluate(tried, "ROUND")
    # The one in the middle has a star above, below, right and left: a corner is left to it.
    assert not few[0] and named[0] and sum(named) > sum(few)
    # None lies over a star or another name.
    for i, one in enumerate(taken):
        for other in taken[max(i + 1, 5) :]:
            apart = one[2] <= other[0] or one[0] >= other[2]
            assert apart or one[3] <= other[1] or one[1] >= other[3]


def test_every_lead_is_named_however_small_its_village(chromium: Browser, tmp_path: Path) -> None:
    path = tmp_path / "map.html"
    path.write_text(page_of(scenario(villages=small_leads()))[0], encoding="utf-8")
    page, traffic = chromium.page()
    page.goto(path.as_uri())
    page.wait_for_function("() => window.webMap")
    named = page.evaluate("() => [...webMap.drawing.leads].map((v) => webMap.drawing.named.has(v))")
    assert named == [True, True]
    across = "(v) => 2 * webMap.county.radii[v] * webMap.drawing.frame.scale"
    assert page.evaluate(across, 0) < 24 < page.evaluate(across, 1)
    assert traffic.wrong == []
    page.close()


def small_leads() -> VillageTable:
    """Return nine villages, the first of which is a speck in the land of the second."""
    x, y = ORIGIN
    squares = list(table(9).frame.geometry)
    speck = shapely.box(x + 980, y, x + 1000, y + 1000)
    squares[0], squares[1] = speck, squares[1].union(squares[0].difference(speck))
    told = table(9, name=[f"甲{i}村" for i in range(9)])
    return replace(told, frame=told.frame.assign(geometry=squares))

"""Maps on paper."""

from __future__ import annotations

import shutil
import subprocess
import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from scenarios import RARE_NAMES, scenario, table

from liancun_geo import read_county
from liancun_geo.errors import DataError
from liancun_geo.messages import Language
from liancun_geo.output.options import PackOptions
from liancun_geo.output.picture.colours import PALETTE, TOO_LIKE, assign_colours
from liancun_geo.output.picture.scene import touching
from liancun_geo.output.printing import (
    Chart,
    MapSheets,
    fill_maps,
    find_fonts,
    fonts,
    map_files,
    map_sheets,
    prepare,
    sheet_picture,
    write_maps,
)
from liancun_geo.output.printing.fills import HATCHES_TOO_LIKE
from liancun_geo.output.printing.furniture import bar_length_m
from liancun_geo.output.printing.layout import Layout, lay_out
from liancun_geo.output.printing.lettering import shortened, text_width
from liancun_geo.output.printing.paper import PAPERS
from liancun_geo.output.printing.window import LADDER, fit
from liancun_geo.scenario import Scenario, take_over
from liancun_geo.settings import Settings

ROOT = Path(__file__).parents[1]
DATE = datetime(2025, 11, 21, tzinfo=UTC)


@pytest.fixture(scope="module", autouse=True)
def _typeface() -> None:
    try:
        find_fonts()
    except DataError:
        pytest.skip("this machine has no Chinese font: maps on paper are left out")


@pytest.fixture(scope="module")
def plan() -> Scenario:
    return scenario()


@pytest.fixture(scope="module")
def nantou() -> Chart:
    """Return the real villages of Nantou, every five neighbours of a township an alliance."""
    county = read_county(ROOT / "data/boundaries/nantou/nantou_villages.gpkg")
    frame = county.villages.frame
    lead_of = np.full(len(frame), -1)
    for _, rows in frame.groupby("township_code", sort=True):
        order = rows.index.to_numpy()
        for begin in range(0, len(order), 5):
            lead_of[order[begin : begin + 5]] = order[begin]
    lead_of[3] = -1  # one village is left out
    rules = {"min_size": 1, "max_size": 8, "coverage": "partial"}
    return prepare(take_over(county, Settings.model_validate({"rules": rules}), lead_of))


def sheet(chart: Chart, zone: int | None, paper: str = "A3") -> Layout:
    size = PAPERS[paper]
    return lay_out(chart, zone, size.map_width_mm, size.map_height_mm, size.scale)


def text_of(pdf: bytes, folder: Path) -> str:
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext is not installed: the texts of the PDF are not read back")
    path = folder / "map.pdf"
    path.write_bytes(pdf)
    told = subprocess.run(["pdftotext", "-raw", path, "-"], capture_output=True, check=True)
    return told.stdout.decode()


# --- fonts ---------------------------------------------------------------------------------------


def test_without_a_chinese_font_it_is_said_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("LIANCUN_FONTS", str(tmp_path))
    monkeypatch.setattr(fonts, "_with_system_fonts", lambda: False)
    fonts._found.cache_clear()
    with pytest.raises(DataError) as caught:
        write_maps(scenario(), tmp_path / "out")
    fonts._found.cache_clear()
    [fault] = caught.value.faults
    assert fault.key == "printing.no_font"
    assert "Microsoft YaHei" in fault.text("en") and "LIANCUN_FONTS" in fault.text("zh")
    assert not (tmp_path / "out").exists()


def test_a_font_folder_that_is_not_there_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("LIANCUN_FONTS", str(tmp_path / "none"))
    with pytest.raises(DataError, match="none"):
        find_fonts()


# --- the map -------------------------------------------------------------------------------------


@given(st.floats(1.0, 3e5), st.floats(0.05, 20.0))
@settings(max_examples=40, deadline=None)
def test_the_scale_is_round_and_everything_fits(wide_m: float, aspect: float) -> None:
    subject = shapely.box(100.0, 100.0, 100.0 + wide_m, 100.0 + wide_m * aspect)
    sizes = {"scale": (70.0, 19.0), "north": (13.0, 21.0), "inset": (40.0, 40.0)}
    window = fit(subject, subject.bounds, 304.0, 231.0, sizes, margin_mm=7.0)
    figure = window.denominator / 10.0 ** np.floor(np.log10(window.denominator) + 1e-9)
    assert min(abs(figure - step) for step in LADDER) < 1e-9
    drawn = shapely.bounds(window.drawn([subject])[0])
    assert (drawn[:2] >= 6.9).all() and drawn[2] <= 297.1 and drawn[3] <= 224.1
    boxes = shapely.box(*np.array(list(window.furniture.values())).T)
    assert shapely.area(shapely.union_all(boxes)) == pytest.approx(shapely.area(boxes).sum())
    assert not shapely.intersects(boxes, window.drawn([subject])[0]).any()


@pytest.mark.parametrize("zone", [None, 0, 1, 3, 8])
def test_no_name_covers_another_and_none_is_lost(nantou: Chart, zone: int | None) -> None:
    layout = sheet(nantou, zone, "A4" if zone == 1 else "A3")
    boxes = shapely.box(*np.array([placed.box for placed in layout.names]).T)
    one, other = shapely.STRtree(boxes).query(boxes, predicate="intersects")
    shared = shapely.area(shapely.intersection(boxes[one], boxes[other]))
    assert shared[one != other].max(initial=0.0) < 1e-6
    left, top, right, bottom = shapely.total_bounds(boxes)
    assert left >= 0 and top >= 0
    assert right <= layout.window.width_mm and bottom <= layout.window.height_mm
    furniture = shapely.box(*np.array(list(layout.window.furniture.values())).T)
    assert not shapely.overlaps(boxes[:, None], furniture).any()
    named = sorted(p.name.text for p in layout.names if p.name.kind not in ("around",))
    if zone is None:
        townships = sorted(p.name.text for p in layout.names if p.name.kind == "township")
        assert townships == sorted(z.name for z in nantou.zones)
    else:
        assert named == sorted(nantou.names[v] for v in nantou.villages_of(zone))


def test_names_stay_readable(nantou: Chart) -> None:
    sizes = [placed.name.size for placed in sheet(nantou, 1).names]
    assert min(sizes) >= 1.9  # millimetres, 5.4 points


def test_shapes_are_cut_to_the_resolution_of_the_paper() -> None:
    villages = table(9)
    frame = villages.frame.copy()
    frame.geometry = shapely.segmentize(frame.geometry.to_numpy(), 2.0)
    assert shapely.get_num_coordinates(frame.geometry.to_numpy()).min() > 2000
    layout = sheet(prepare(scenario(villages=replace(villages, frame=frame))), 0)
    assert shapely.get_num_coordinates(layout.shapes).max() < 20


def test_an_exclave_far_off_does_not_shrink_the_township() -> None:
    villages = table(9)
    frame = villages.frame.copy()
    far = shapely.transform(frame.geometry.iloc[7], lambda xy: np.add(xy, (90_000.0, 0.0)))
    frame.loc[7, "geometry"] = far
    apart = sheet(prepare(scenario(villages=replace(villages, frame=frame))), 0)
    assert apart.off == (7,)
    assert apart.window.denominator == sheet(prepare(scenario()), 0).window.denominator


def test_long_names_are_shortened_on_the_map() -> None:
    assert shortened("桃园村") == "桃园村"
    assert shortened("很" * 40).endswith("…") and text_width(shortened("很" * 40)) <= 16


@given(st.floats(500.0, 1e7))
def test_the_bar_is_round_and_fits(denominator: float) -> None:
    length = bar_length_m(denominator, 52.0)
    assert 10.0 < length * 1000.0 / denominator <= 52.0
    assert f"{length:e}"[1:].rstrip("e+-0123456789").strip(".0") == ""


# --- colours -------------------------------------------------------------------------------------


@given(st.integers(2, 40), st.integers(0, 2**32), st.integers(1, 6))
@settings(max_examples=25, deadline=None)
@pytest.mark.parametrize("too_like", [TOO_LIKE, HATCHES_TOO_LIKE])
def test_alliances_that_touch_never_look_alike(too_like, count, seed, townships) -> None:
    # Alliances of a map: cells of a plane, here those of random points.
    drawn = np.random.default_rng(seed)
    points = drawn.uniform(0, 1000, (count, 2))
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.MultiPoint(points)))
    one, other = shapely.STRtree(cells).query(cells, predicate="intersects")
    pairs = [(int(a), int(b)) for a, b in zip(one, other, strict=True) if a < b]
    zones = drawn.integers(0, townships, len(cells)).tolist()
    found = assign_colours(pairs, zones, too_like)
    assert set(found) <= set(range(len(PALETTE)))
    assert not [pair for pair in pairs if found[pair[0]] == found[pair[1]]]
    assert not [p for p in pairs if frozenset((found[p[0]], found[p[1]])) in too_like]


def test_neighbours_differ_on_the_real_map_in_both_tones(nantou: Chart) -> None:
    pairs = touching(nantou.shapes, nantou.alliance_of)
    for tone, too_like in (("colour", TOO_LIKE), ("bw", HATCHES_TOO_LIKE)):
        places = nantou.fills[tone]
        seen = [(places[a], places[b]) for a, b in pairs]
        assert seen and all(a != b and frozenset((a, b)) not in too_like for a, b in seen)


def test_a_project_keeps_its_colours_on_paper(plan: Scenario) -> None:
    lead = str(plan.villages.frame["code"].iat[3])
    assert prepare(plan, ((lead, 6),)).fills["colour"][1] == 6


# --- the sheets ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def real_sheets(nantou: Chart) -> MapSheets:
    layouts = [sheet(nantou, zone) for zone in (None, 0, 4)]
    options = PackOptions(created=DATE, maker="示例县委组织部", vintage="村界 2021 版")
    return MapSheets(nantou, tuple(layouts), options)


@pytest.mark.parametrize("tone", ["colour", "bw"])
def test_names_are_text_and_maps_are_vectors(real_sheets: MapSheets, tone, tmp_path: Path) -> None:
    told = text_of(real_sheets.pdf(tone), tmp_path)
    chart = real_sheets.chart
    wanted = [z.name for z in chart.zones]
    wanted += [chart.names[v] for zone in (0, 4) for v in chart.villages_of(zone)]
    wanted += [chart.scenario.alliances[a].name for a in chart.alliances_of(0)]
    wanted += ["内部资料", "图例", "比例尺", "示例县委组织部", "2025年11月21日", "村界 2021 版"]
    wanted += [
        "辅助研判，不替代集体决策",
        "行政区划、村民自治主体、集体资产产权不变",
        "暂不入片（1 村）",
    ]
    wanted += ["黑白版"] if tone == "bw" else []
    together = told.replace("\n", "")
    assert [one for one in wanted if one not in together] == []
    if shutil.which("pdfimages"):
        listed = ["pdfimages", "-list", tmp_path / "map.pdf"]
        images = subprocess.run(listed, capture_output=True, check=True, text=True)
        assert len(images.stdout.splitlines()) == 2  # the heading alone


def test_many_alliances_go_on_on_a_list_of_their_own(tmp_path: Path) -> None:
    count = 120
    villages = table(
        count,
        name=[f"第{number}庄" for number in range(count)],
        population_registered_persons=[100.0] * count,
        **{name: [None] * count for name in ("collective_income_wan_yuan", "households")},
        collective_income_year=[None] * count,
        industries=[None] * count,
        weak_organisation=[None] * count,
    )
    lead_of = [2 * (number // 2) for number in range(count)]
    sheets = map_sheets(scenario(lead_of, villages=villages), PackOptions(created=DATE))
    told = text_of(sheets.pdf("colour"), tmp_path)
    assert told.count("\f") == 3 and "片区名单见下页" in told
    assert all(f"第{number}庄" in told for number in range(count))
    assert all(f"第{number}庄片区" in told for number in range(0, count, 2))


@pytest.mark.parametrize("language", ["zh", "en"])
def test_hostile_names_are_shown_and_do_nothing(language: Language, tmp_path: Path) -> None:
    names = [
        *RARE_NAMES[:3],
        "#panic()",
        "<script>x</script>",
        "上\n\x00下",
        "$x$ *b*",
        "\\",
        "]",
    ]
    villages = table(9, name=names, township=["*镇* #sys"] * 9)
    options = PackOptions(language=language, created=DATE, paper="A4", maker='#import "x"')
    sheets = map_sheets(scenario(villages=villages), options)
    told = text_of(sheets.pdf("colour"), tmp_path)
    for name in ("#panic()", "<script>x</script>", "上 下", "$x$ *b*", '#import "x"', "㐂庄"):
        assert name in told
    assert "*镇* #sys" in told


def test_two_runs_give_the_same_files_and_another_date_others(
    plan: Scenario, tmp_path: Path
) -> None:
    options = PackOptions(created=DATE, png=True, paper="A4", colours="colour")
    told: list[tuple[int, int]] = []
    first = write_maps(plan, tmp_path / "a", options)
    assert [path.name for path in first] == list(map_files(plan, options))
    from liancun_geo.output.export import exporting

    with exporting(plan, tmp_path / "b", map_files(plan, options)) as stage:
        fill_maps(plan, stage, options, lambda done, all_: told.append((done, all_)))
    for path in first:
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()
    assert told == sorted(told) and told[-1][0] == told[-1][1]
    [pictures] = [path for path in first if path.name == "map_png.zip"]
    with zipfile.ZipFile(pictures) as packed:
        assert packed.namelist() == ["01 全县.png", "02 示例镇.png"]
        head = packed.read("02 示例镇.png")[:24]
    # 297 mm at 300 dots an inch.
    assert head.startswith(b"\x89PNG") and int.from_bytes(head[16:20], "big") == 3508


def test_only_what_is_asked_for_is_named(plan: Scenario) -> None:
    assert map_files(plan, PackOptions(colours="bw")) == ("map_bw.pdf",)
    assert map_files(plan, PackOptions(colours="colour", png=True)) == ("map.pdf", "map_png.zip")


# --- one picture ---------------------------------------------------------------------------------


def test_a_picture_is_the_same_for_the_same_plan(plan: Scenario) -> None:
    one = sheet_picture(plan, "037040611", 80.0, dpi=60)
    assert one == sheet_picture(prepare(plan), "示例镇", 80.0, dpi=60)
    assert one.startswith(b"\x89PNG")
    assert sheet_picture(plan, None, 80.0, "en", form="svg").startswith(b"<svg")
    with pytest.raises(DataError) as caught:
        sheet_picture(plan, "别的镇")
    assert caught.value.faults[0].where.township == "别的镇"

"""KML: whole, coloured, told in words, and nothing in it that a name could start."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pyogrio
import pytest
import shapely
from scenarios import scenario, table, two_part_square

from liancun_geo.output import write_kml
from liancun_geo.output.maps import plan_layers
from liancun_geo.scenario import Scenario

SPACE = {"k": "http://www.opengis.net/kml/2.2"}
EVIL = (
    "<img src=x onerror=alert(1)>",
    '=HYPERLINK("http://x")',
    "$[description]",
    "上\n下",
    "]]><script>",
)


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, int]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, len(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module")
def plan() -> Scenario:
    shapes = table().frame.geometry.tolist()
    shapes[1] = two_part_square(1)
    names = [*EVIL, *(f"村{i}" for i in range(4))]
    return scenario(villages=table(name=names, geometry=shapes))


@pytest.fixture(scope="module")
def root(plan: Scenario, tmp_path_factory: pytest.TempPathFactory) -> ElementTree.Element:
    path = write_kml(plan, tmp_path_factory.mktemp("kml") / "plan.kml")
    return ElementTree.parse(path).getroot()


def placemarks(root: ElementTree.Element, folder: str) -> list[ElementTree.Element]:
    (found,) = (
        one for one in root.iterfind("k:Document/k:Folder", SPACE)
        if one.findtext("k:name", None, SPACE) == folder
    )  # fmt: skip
    return found.findall("k:Placemark", SPACE)


def test_every_alliance_and_village_is_there_in_its_colour(
    plan: Scenario, root: ElementTree.Element
) -> None:
    styles = {
        f"#{style.get('id')}": style.findtext("k:PolyStyle/k:color", None, SPACE)
        for style in root.iterfind("k:Document/k:Style", SPACE)
    }
    for folder, name in (("片区", "alliances"), ("村", "villages")):
        layer = plan_layers(plan, "zh")[name]
        found = placemarks(root, folder)
        assert len(found) == len(layer)
        for one, colour in zip(found, layer["colour"], strict=True):
            painted = styles[one.findtext("k:styleUrl", "", SPACE)]
            rgb = (colour or "#E4E4E0").lower()
            assert painted is not None
            assert painted[2:] == f"{rgb[5:7]}{rgb[3:5]}{rgb[1:3]}"
        labels = [one.findtext("k:name", "", SPACE) for one in placemarks(root, f"{folder}名")]
        names = [one.findtext("k:name", "", SPACE) for one in found]
        assert [label.removeprefix("★") for label in labels] == names
        assert len([label for label in labels if label.startswith("★")]) == (
            2 if name == "villages" else 0
        )


def test_coordinates_are_degrees_and_rings_closed(
    plan: Scenario, root: ElementTree.Element
) -> None:
    shapes = plan.villages.frame.geometry.to_crs(4326).to_numpy()
    both = zip(placemarks(root, "村"), placemarks(root, "村名"), shapes, strict=True)
    for one, label, shape in both:
        parts = []
        for ring in one.iterfind(".//k:outerBoundaryIs//k:coordinates", SPACE):
            line = [tuple(map(float, pair.split(","))) for pair in (ring.text or "").split()]
            assert line[0] == line[-1]
            polygon = shapely.Polygon(line)
            assert polygon.exterior.is_ccw
            parts.append(polygon)
        assert shapely.hausdorff_distance(shapely.MultiPolygon(parts), shape) < 1e-5
        at = label.findtext("k:Point/k:coordinates", "", SPACE)
        assert shape.contains(shapely.Point(*map(float, at.split(","))))


def test_names_are_text_in_every_balloon(root: ElementTree.Element) -> None:
    said = ""
    for one in root.iterfind(".//k:Placemark", SPACE):
        description = one.findtext("k:description", "", SPACE)
        # Google Earth would fill in what stands behind a $.
        assert "$" not in description
        parser = Tags()
        parser.feed(description)
        known = {("table", 2), ("tr", 0), ("th", 0), ("td", 0), ("br", 0), ("p", 0)}
        assert set(parser.tags) <= known
        said += parser.text
    assert all(name.replace("\n", "") in said for name in EVIL)
    assert "辅助研判，不替代集体决策" in said
    balloons = {one.text for one in root.iterfind(".//k:BalloonStyle/k:text", SPACE)}
    assert balloons == {"$[description]"}


def test_nothing_is_fetched_and_no_figure_told(plan: Scenario, root: ElementTree.Element) -> None:
    names = {element.tag.partition("}")[2] for element in root.iter()}
    assert not names & {"href", "NetworkLink", "GroundOverlay", "script"}
    fields = {one.get("name") for one in root.iterfind(".//k:SimpleField", SPACE)}
    assert not {name for name in fields if "population" in str(name) or "income" in str(name)}


def test_gdal_reads_both_folders(plan: Scenario, tmp_path: Path) -> None:
    path = write_kml(plan, tmp_path / "plan.kml", language="en")
    listed = ["Alliances", "Names of alliances", "Villages", "Names of villages"]
    assert [name for name, _ in pyogrio.list_layers(path)] == listed
    villages = pyogrio.read_dataframe(path, layer="Villages")
    assert villages["code"].tolist() == plan.villages.frame["code"].tolist()
    assert villages["village_name"].tolist()[:3] == list(EVIL[:3])
    assert villages["role"].tolist() == plan_layers(plan, "en")["villages"]["role"].tolist()


def test_an_empty_plan_is_written(tmp_path: Path) -> None:
    path = write_kml(scenario([-1] * 9), tmp_path / "plan.kml")
    root = ElementTree.parse(path).getroot()
    assert (len(placemarks(root, "片区")), len(placemarks(root, "村"))) == (0, 9)

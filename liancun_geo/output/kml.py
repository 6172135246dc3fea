"""KML for Google Earth, 奥维 and the like: coloured alliances and villages that tell who they are.

Such maps are passed on by telephone, so no figure of the ledger is in the file.
"""

from __future__ import annotations

import html
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from xml.etree.ElementTree import Element, ElementTree, SubElement

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from liancun_geo.messages import DEFAULT_LANGUAGE, Language, message
from liancun_geo.output.columns import meaning, unit
from liancun_geo.output.export import exporting
from liancun_geo.output.layers import Layers
from liancun_geo.output.maps import plan_layers
from liancun_geo.output.picture.colours import PALETTE
from liancun_geo.villages import representative_points_m

if TYPE_CHECKING:
    from liancun_geo.scenario import Scenario

KML: Final = "plan.kml"

_NAMESPACE: Final = "http://www.opengis.net/kml/2.2"
_NEUTRAL: Final = "#E4E4E0"
_DIGITS: Final = 6  # a tenth of a metre
_STAR: Final = "★"


class _Kind(NamedTuple):
    """How the features of a layer are written."""

    name: str
    fields: tuple[str, ...]
    opacity: float
    line: str
    line_width: float
    label_scale: float


_KINDS: Final = (
    _Kind(
        "alliances",
        (
            "alliance_id",
            "alliance_name",
            "township",
            "lead_code",
            "lead_name",
            "member_codes",
            "member_names",
            "villages",
            "alliance_type",
            "area_km2",
        ),
        opacity=0.35,
        line="#2B2B2B",
        line_width=3.0,
        label_scale=1.1,
    ),
    _Kind(
        "villages",
        (
            "code",
            "name",
            "township",
            "alliance_id",
            "alliance_name",
            "role",
            "lead_code",
            "lead_name",
            "reason",
        ),
        opacity=0.5,
        line="#FFFFFF",
        line_width=1.0,
        label_scale=0.7,
    ),
)
_NOT_SHOWN: Final = ("lead_code", "member_codes")
# KML has a name of its own.
_DATA_NAMES: Final = {"name": "village_name"}


def write_kml(
    scenario: Scenario, path: Path | str, *, language: Language = DEFAULT_LANGUAGE
) -> Path:
    """Write alliances and villages as KML 2.2 (OGC 07-147r2), longitude and latitude on WGS 84.

    A folder of territories and one of names for either: every territory has its colour, a
    balloon with its place in the plan, and the same as typed data, from which the plan is read
    back; names stand at a point inside, those of lead villages with a star. Nothing is
    loaded from anywhere. Names are text: in balloons they are escaped, and no template of Google
    Earth is filled in from them.

    Raises
    ------
    DataError
        If the plan breaks a rule or the file cannot be written.
    """
    path = Path(path)
    with exporting(scenario, path.parent, [path.name]) as stage:
        fill_kml(plan_layers(scenario, language), stage.path(path.name), language)
    return path


def fill_kml(layers: Layers, path: Path, language: Language) -> None:
    """Write the layers to a file that is not there yet."""
    layers = {**layers, "villages": _with_leads(layers)}
    root = Element("kml", xmlns=_NAMESPACE)
    document = SubElement(root, "Document")
    SubElement(document, "name").text = message("gis.style_name", language)
    SubElement(document, "description").text = message("output.decision_support", language)
    for kind in _KINDS:
        for colour in (*PALETTE, _NEUTRAL):
            _style(document, kind, colour)
        _schema(document, kind, layers[kind.name], language)
    for kind in _KINDS:
        _folders(document, kind, layers[kind.name], language)
    ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)


def _with_leads(layers: Layers) -> gpd.GeoDataFrame:
    """Return the villages with the name of their lead beside its code."""
    alliances = layers["alliances"]
    names = dict(zip(alliances["alliance_id"], alliances["lead_name"], strict=True))
    leads = [names.get(alliance) for alliance in layers["villages"]["alliance_id"]]
    return layers["villages"].assign(lead_name=pd.Series(leads, dtype=object))


def _style(document: Element, kind: _Kind, colour: str) -> None:
    style = SubElement(document, "Style", id=_style_id(kind, colour))
    # A point is only there for its name; the usual pin would be fetched from the network.
    icon = SubElement(style, "IconStyle")
    SubElement(icon, "scale").text = "0"
    SubElement(icon, "Icon")
    label = SubElement(style, "LabelStyle")
    SubElement(label, "scale").text = f"{kind.label_scale:g}"
    line = SubElement(style, "LineStyle")
    SubElement(line, "color").text = _abgr(kind.line)
    SubElement(line, "width").text = f"{kind.line_width:g}"
    fill = SubElement(style, "PolyStyle")
    SubElement(fill, "color").text = _abgr(colour, kind.opacity)
    balloon = SubElement(style, "BalloonStyle")
    # The name would be taken for HTML; the description is HTML that we have made.
    SubElement(balloon, "text").text = "$[description]"


def _style_id(kind: _Kind, colour: str) -> str:
    return f"{kind.name}-{colour.removeprefix('#')}"


def _abgr(colour: str, opacity: float = 1.0) -> str:
    """Return a colour as KML writes it: opacity, blue, green, red."""
    red, green, blue = colour[1:3], colour[3:5], colour[5:7]
    return f"{round(255 * opacity):02x}{blue}{green}{red}".lower()


def _schema(document: Element, kind: _Kind, layer: gpd.GeoDataFrame, language: Language) -> None:
    schema = SubElement(document, "Schema", name=kind.name, id=f"schema-{kind.name}")
    for name in kind.fields:
        called = _DATA_NAMES.get(name, name)
        field = SubElement(schema, "SimpleField", type=_type(layer[name]), name=called)
        SubElement(field, "displayName").text = meaning(name, language)


def _type(column: pd.Series[Any]) -> str:
    if column.dtype == object:
        return "string"
    return "int" if pd.api.types.is_integer_dtype(column.dtype) else "double"


def _folders(document: Element, kind: _Kind, layer: gpd.GeoDataFrame, language: Language) -> None:
    """Add the territories, and in a folder of their own, to be switched off, the names."""
    areas = _folder(document, f"gis.layer_{kind.name}", language)
    SubElement(areas, "description").text = message(f"gis.describes_{kind.name}", language)
    names = _folder(document, f"gis.names_{kind.name}", language)
    if not len(layer):
        return
    inside = shapely.points(representative_points_m(layer))
    points = gpd.GeoSeries(inside, crs=layer.crs).to_crs(4326)
    shapes = shapely.orient_polygons(layer.geometry.to_crs(4326).to_numpy())
    columns = {name: layer[name].tolist() for name in (*kind.fields, "colour")}
    for row, (point, shape) in enumerate(zip(points, shapes, strict=True)):
        values = {name: column[row] for name, column in columns.items()}
        area = _placemark(areas, kind, values, language)
        _data(area, kind, values)
        parts = shapely.get_parts(shape)
        parent = area if len(parts) == 1 else SubElement(area, "MultiGeometry")
        for polygon in parts:
            _polygon(parent, polygon)
        label = SubElement(_placemark(names, kind, values, language, star=True), "Point")
        SubElement(label, "coordinates").text = _coordinates(shapely.get_coordinates(point))


def _folder(document: Element, key: str, language: Language) -> Element:
    folder = SubElement(document, "Folder")
    SubElement(folder, "name").text = message(key, language)
    return folder


def _placemark(
    folder: Element,
    kind: _Kind,
    values: Mapping[str, Any],
    language: Language,
    *,
    star: bool = False,
) -> Element:
    placemark = SubElement(folder, "Placemark")
    name = str(values["alliance_name" if kind.name == "alliances" else "name"])
    starred = star and values.get("role") == "lead"
    SubElement(placemark, "name").text = f"{_STAR}{name}" if starred else name
    SubElement(placemark, "styleUrl").text = f"#{_style_id(kind, values['colour'] or _NEUTRAL)}"
    SubElement(placemark, "description").text = _balloon(kind, values, language)
    return placemark


def _balloon(kind: _Kind, values: Mapping[str, Any], language: Language) -> str:
    """Return a table of what is known, as HTML; what stands in it is text."""
    rows = []
    for name in kind.fields:
        value = values[name]
        if name in _NOT_SHOWN or value is None or pd.isna(value):
            continue
        if name == "role":
            said = message(f"output.role_{value}", language)
        elif isinstance(value, float):
            said = f"{value:.2f} {unit(name, language)}"
        else:
            said = str(value)
        heading = message("output.heading_role", language) if name == "role" else None
        rows.append(f"<tr><th>{_text(heading or meaning(name, language))}</th>"
                    f"<td>{_text(said)}</td></tr>")  # fmt: skip
    note = _text(message("output.decision_support", language))
    return f'<table border="0" cellpadding="3">{"".join(rows)}</table><p>{note}</p>'


def _text(value: str) -> str:
    """Return a text that neither HTML nor the templates of Google Earth take for their own."""
    return html.escape(value).replace("$", "&#36;").replace("\n", "<br/>")


def _data(placemark: Element, kind: _Kind, values: Mapping[str, Any]) -> None:
    extended = SubElement(placemark, "ExtendedData")
    data = SubElement(extended, "SchemaData", schemaUrl=f"#schema-{kind.name}")
    for name in kind.fields:
        value = values[name]
        if value is None or pd.isna(value):
            continue
        said = f"{value:.6g}" if isinstance(value, float) else str(value)
        SubElement(data, "SimpleData", name=_DATA_NAMES.get(name, name)).text = said


def _polygon(parent: Element, polygon: Any) -> None:
    element = SubElement(parent, "Polygon")
    rings = shapely.get_rings(polygon)
    for number, ring in enumerate(rings):
        boundary = SubElement(element, "innerBoundaryIs" if number else "outerBoundaryIs")
        coordinates = SubElement(SubElement(boundary, "LinearRing"), "coordinates")
        coordinates.text = _coordinates(shapely.get_coordinates(ring))


def _coordinates(points: NDArray[np.float64]) -> str:
    return " ".join(f"{lon:.{_DIGITS}f},{lat:.{_DIGITS}f}" for lon, lat in points.tolist())

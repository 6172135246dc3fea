"""Styles of the layers for other programs: QML for QGIS, SLD 1.0 for map servers.

Alliances have the colours that they have in the app and on paper, lead villages are starred,
names have a halo. All texts are put in as data by ElementTree, which escapes them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final
from xml.etree.ElementTree import Element, SubElement, tostring

import geopandas as gpd

from liancun_geo.messages import Language, message
from liancun_geo.output.columns import meaning
from liancun_geo.output.layers import Layers

_INK: Final = "#2B2B2B"
_LINE: Final = "#FFFFFF"
_NEUTRAL: Final = "#E4E4E0"
_STAR: Final = "#B5342B"
_POINT: Final = "point_on_surface($geometry)"
_LABEL_FIELD: Final = {"villages": "name", "alliances": "alliance_name"}
_ROLES: Final = ("lead", "member", "unassigned")
# Alliances lie over the villages, whose borders and names have to be seen.
_OPACITY: Final = {"villages": 1.0, "alliances": 0.45}


def qml(name: str, layers: Layers, language: Language) -> str:
    """Return the style of a layer as QGIS 3 keeps it.

    Parameters
    ----------
    name
        ``"villages"``, ``"alliances"`` (both categorised by ``alliance_id``) or ``"links"``.
    layers
        All of them: ``alliances`` names the categories.
    language
        Of the legend and of the fields' labels.
    """
    layer = layers[name]
    root = Element(
        "qgis", version="3.22.0", styleCategories="LayerConfiguration|Symbology|Labeling|Fields"
    )
    _fields(root, layer, language)
    if name == "links":
        _one_symbol(root)
    else:
        _categories(root, name, layers, language)
        _labels(root, name)
    SubElement(root, "layerGeometryType").text = "1" if name == "links" else "2"
    return _document(root, "qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'")


def legend(layers: Layers) -> Iterator[tuple[str, str, str]]:
    """Yield id, name in the legend and colour of each alliance."""
    alliances = layers["alliances"]
    columns = (alliances[name] for name in ("alliance_id", "alliance_name", "colour"))
    for key, name, colour in zip(*columns, strict=True):
        yield key, f"{key} {name}", colour


# --- QML -----------------------------------------------------------------------------------------


def _fields(root: Element, layer: gpd.GeoDataFrame, language: Language) -> None:
    """Add what the fields are called, and the roles in words."""
    columns = list(layer.columns.drop("geometry"))
    configuration = SubElement(root, "fieldConfiguration")
    if "role" in columns:
        field = SubElement(configuration, "field", name="role", configurationFlags="None")
        config = SubElement(SubElement(field, "editWidget", type="ValueMap"), "config")
        pairs = SubElement(_map(config), "Option", name="map", type="List")
        for role in _ROLES:
            _option(_map(pairs), message(f"output.role_{role}", language), role)
    aliases = SubElement(root, "aliases")
    for index, column in enumerate(columns):
        SubElement(aliases, "alias", index=str(index), field=column, name=meaning(column, language))


def _categories(root: Element, name: str, layers: Layers, language: Language) -> None:
    renderer = SubElement(
        root,
        "renderer-v2",
        type="categorizedSymbol",
        attr="alliance_id",
        enableorderby="0",
        forceraster="0",
        symbollevels="0",
    )
    categories = SubElement(renderer, "categories")
    symbols = SubElement(renderer, "symbols")
    entries = list(legend(layers))
    if name == "villages":
        entries.append(("", message("gis.without_alliance", language), _NEUTRAL))
    for number, (value, label, colour) in enumerate(entries):
        attributes = {"symbol": str(number), "value": value, "label": label, "render": "true"}
        SubElement(categories, "category", attributes, type="string")
        symbol = SubElement(
            symbols,
            "symbol",
            name=str(number),
            type="fill",
            alpha="1",
            clip_to_extent="1",
            force_rhr="0",
        )
        _fill(symbol, name, colour)
        if name == "villages":
            _star(symbol, number)
    SubElement(renderer, "rotation")
    SubElement(renderer, "sizescale")


def _fill(symbol: Element, name: str, colour: str) -> None:
    villages = name == "villages"
    layer = _symbol_layer(
        symbol,
        "SimpleFill",
        color=_rgba(colour, _OPACITY[name]),
        style="solid",
        joinstyle="miter",
        outline_color=_rgba(_LINE if villages else _INK),
        outline_style="solid",
        outline_width="0.2" if villages else "0.6",
        outline_width_unit="MM",
    )
    _data_defined(layer, {})


def _star(symbol: Element, number: int) -> None:
    """Add a star inside the village, drawn only of lead villages."""
    # Where the name and the links begin: a centroid fill takes another point.
    centre = _symbol_layer(
        symbol, "GeometryGenerator", SymbolType="Marker", geometryModifier=_POINT, units="MapUnit"
    )
    _data_defined(centre, {"enabled": "\"role\" = 'lead'"})
    marker = SubElement(
        centre,
        "symbol",
        name=f"@{number}@1",
        type="marker",
        alpha="1",
        clip_to_extent="1",
        force_rhr="0",
    )
    layer = _symbol_layer(
        marker,
        "SimpleMarker",
        name="star",
        color=_rgba(_STAR),
        outline_color=_rgba(_LINE),
        outline_style="solid",
        outline_width="0.2",
        outline_width_unit="MM",
        size="4.4",
        size_unit="MM",
        angle="0",
    )
    _data_defined(layer, {})


def _one_symbol(root: Element) -> None:
    renderer = SubElement(
        root, "renderer-v2", type="singleSymbol", enableorderby="0", forceraster="0"
    )
    symbols = SubElement(renderer, "symbols")
    symbol = SubElement(
        symbols, "symbol", name="0", type="line", alpha="1", clip_to_extent="1", force_rhr="0"
    )
    layer = _symbol_layer(
        symbol,
        "SimpleLine",
        line_color=_rgba(_STAR),
        line_style="solid",
        line_width="0.26",
        line_width_unit="MM",
        capstyle="round",
        joinstyle="round",
    )
    _data_defined(layer, {})


def _labels(root: Element, name: str) -> None:
    villages = name == "villages"
    labeling = SubElement(root, "labeling", type="simple")
    settings = SubElement(labeling, "settings", calloutType="simple")
    style = SubElement(
        settings,
        "text-style",
        fieldName=_LABEL_FIELD[name],
        isExpression="0",
        fontSize="8" if villages else "12",
        fontSizeUnit="Point",
        fontWeight="50" if villages else "75",
        textColor=_rgba(_INK),
        textOpacity="1",
        # A name is text whatever it looks like.
        allowHtml="0",
    )
    SubElement(
        style,
        "text-buffer",
        bufferDraw="1",
        bufferSize="0.8" if villages else "1.1",
        bufferSizeUnits="MM",
        bufferColor=_rgba(_LINE),
        bufferOpacity="1",
        bufferNoFill="0",
        bufferJoinStyle="128",
    )
    SubElement(settings, "text-format", multilineAlign="1")
    SubElement(
        settings,
        "placement",
        placement="1",
        centroidWhole="1",
        centroidInside="1",
        dist="0",
        # Below the star; in the middle where there is none.
        quadOffset="7" if villages else "4",
        yOffset="1.6" if villages else "0",
        offsetUnits="MM",
        geometryGenerator=_POINT if villages else "",
        geometryGeneratorEnabled="1" if villages else "0",
        geometryGeneratorType="PointGeometry",
        priority="5" if villages else "9",
    )
    SubElement(
        settings,
        "rendering",
        drawLabels="1",
        obstacle="1",
        # Whole counties would be all names.
        scaleVisibility="1" if villages else "0",
        scaleMin="0",
        scaleMax="100000" if villages else "0",
        displayAll="0",
    )


def _symbol_layer(symbol: Element, kind: str, **properties: str) -> Element:
    layer = SubElement(symbol, "layer", {"class": kind, "enabled": "1", "locked": "0", "pass": "0"})
    options = _map(layer)
    for name, value in properties.items():
        _option(options, name, value)
    for name, value in properties.items():
        # QGIS before 3.20 reads these.
        SubElement(layer, "prop", k=name, v=value)
    return layer


def _data_defined(layer: Element, expressions: Mapping[str, str]) -> None:
    options = _map(SubElement(layer, "data_defined_properties"))
    _option(options, "name", "")
    properties = SubElement(options, "Option", name="properties", type="Map")
    for name, expression in expressions.items():
        one = SubElement(properties, "Option", name=name, type="Map")
        SubElement(one, "Option", name="active", type="bool", value="true")
        _option(one, "expression", expression)
        SubElement(one, "Option", name="type", type="int", value="3")
    _option(options, "type", "collection")


def _map(parent: Element) -> Element:
    return SubElement(parent, "Option", type="Map")


def _option(parent: Element, name: str, value: str) -> None:
    SubElement(parent, "Option", name=name, type="QString", value=value)


def _rgba(colour: str, opacity: float = 1.0) -> str:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"{red},{green},{blue},{round(255 * opacity)}"


def _document(root: Element, doctype: str) -> str:
    return f"<!DOCTYPE {doctype}>\n{tostring(root, encoding='unicode')}"


# --- SLD -----------------------------------------------------------------------------------------

_SLD: Final = {
    "version": "1.0.0",
    "xmlns": "http://www.opengis.net/sld",
    "xmlns:ogc": "http://www.opengis.net/ogc",
}


def sld(name: str, layers: Layers, language: Language) -> str:
    """Return the style of a layer as SLD 1.0.0 (OGC 02-070).

    Parameters
    ----------
    name, layers, language
        As for :func:`qml`. Stars are left out: SLD has no marks for a part of a layer's polygons
        that every server draws.
    """
    root = Element("StyledLayerDescriptor", _SLD)
    named = SubElement(root, "NamedLayer")
    SubElement(named, "Name").text = name
    style = SubElement(SubElement(named, "UserStyle"), "FeatureTypeStyle")
    if name == "links":
        _stroke(SubElement(_rule(style, message("gis.layer_links", language)), "LineSymbolizer"))
        return tostring(root, encoding="unicode", xml_declaration=True)
    for value, label, colour in legend(layers):
        rule = _rule(style, label)
        equal = SubElement(SubElement(rule, "ogc:Filter"), "ogc:PropertyIsEqualTo")
        SubElement(equal, "ogc:PropertyName").text = "alliance_id"
        SubElement(equal, "ogc:Literal").text = value
        _painted(rule, colour, _OPACITY[name])
    if name == "villages":
        rule = _rule(style, message("gis.without_alliance", language))
        none = SubElement(SubElement(rule, "ogc:Filter"), "ogc:PropertyIsNull")
        SubElement(none, "ogc:PropertyName").text = "alliance_id"
        _painted(rule, _NEUTRAL, 1.0)
    _named_with_halo(_rule(style, meaning(_LABEL_FIELD[name], language)), _LABEL_FIELD[name])
    return tostring(root, encoding="unicode", xml_declaration=True)


def _rule(style: Element, title: str) -> Element:
    rule = SubElement(style, "Rule")
    SubElement(rule, "Title").text = title
    return rule


def _painted(rule: Element, colour: str, opacity: float) -> None:
    polygon = SubElement(rule, "PolygonSymbolizer")
    fill = SubElement(polygon, "Fill")
    _css(fill, {"fill": colour, "fill-opacity": f"{opacity:g}"})
    _css(SubElement(polygon, "Stroke"), {"stroke": _LINE, "stroke-width": "1"})


def _stroke(symbolizer: Element) -> None:
    _css(SubElement(symbolizer, "Stroke"), {"stroke": _STAR, "stroke-width": "1"})


def _named_with_halo(rule: Element, field: str) -> None:
    text = SubElement(rule, "TextSymbolizer")
    label = SubElement(text, "Label")
    SubElement(label, "ogc:PropertyName").text = field
    halo = SubElement(text, "Halo")
    SubElement(halo, "Radius").text = "2"
    _css(SubElement(halo, "Fill"), {"fill": _LINE})
    _css(SubElement(text, "Fill"), {"fill": _INK})


def _css(parent: Element, parameters: Mapping[str, Any]) -> None:
    for name, value in parameters.items():
        SubElement(parent, "CssParameter", name=name).text = str(value)

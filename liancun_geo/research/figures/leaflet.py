"""A plan as a folium map that asks nothing of the network. Needs folium."""

from __future__ import annotations

import json
from typing import Any

import shapely
from numpy.typing import ArrayLike

from liancun_geo.browser import FOLDER
from liancun_geo.colours import PALETTE
from liancun_geo.messages import DEFAULT_LANGUAGE, Language, message
from liancun_geo.plan import UNASSIGNED, Plan
from liancun_geo.research.figures.ground import Ground
from liancun_geo.research.figures.typeface import (
    ALLIANCE_LINE,
    INK,
    UNPLACED,
    UNPLACED_LINE,
)
from liancun_geo.research.needs import needed

DETAIL_M = 12.0
"""Borders are drawn this exactly: about a pixel where a township fills the screen."""

_GROUND = ".leaflet-container { background: #EDF1F3; }"

_TOLD = """function (feature, layer) {
    const box = document.createElement("div");
    for (const [at, line] of feature.properties.lines.entries()) {
        const row = document.createElement(at ? "div" : "b");
        row.textContent = line.replaceAll("\\u200b", "");
        box.append(row);
    }
    layer.bindTooltip(box, {sticky: true});
}"""
"""Names are text and never markup, whatever a table calls its villages."""

_PARTED = "{\u200b"
"""For ``{``: folium runs its own output through a template again, and a village called ``{{ }}``
would be run as a program. The page takes the space of no width out again."""


def offline_map(
    where: Any,
    plan: Plan | ArrayLike | None = None,
    *,
    names: str | None = None,
    zones: str | None = None,
    language: Language = DEFAULT_LANGUAGE,
) -> Any:
    """Return a plan as a folium map: shown by a notebook, saved with ``.save("map.html")``.

    Leaflet is written into the page as shipped with the program; there is no background map, no
    request, no other library. What folium adds later (``folium.Marker`` with icons) may ask for
    its own files: circles and shapes do not.

    Parameters
    ----------
    where, plan, names, zones
        As for :func:`~liancun_geo.research.figures.plan_map`; with a CRS.
    language
        Of the tool tips.

    Returns
    -------
    folium.Map

    Raises
    ------
    DataError
        As :func:`~liancun_geo.research.figures.plan_map`, and if folium is not installed or the
        table has no CRS.
    """
    folium = needed("folium")
    ground = Ground.of(where, plan, names=names, zones=zones)
    features, bounds = _features(ground, language)
    found = folium.Map(tiles=None, attr=None, control_scale=True, prefer_canvas=True)
    _ship_leaflet(folium, found)
    folium.GeoJson(
        {"type": "FeatureCollection", "features": features},
        style_function=lambda feature: feature["properties"]["style"],
        on_each_feature=folium.utilities.JsCode(_TOLD),
        attribution=message("figures.foot_sample" if ground.sample else "figures.foot", language),
        marker=folium.CircleMarker(radius=4, color="white", weight=1.5, fill=True),
    ).add_to(found)
    found.fit_bounds(bounds)
    found.add_child(_only_own_words())
    return found


def _ship_leaflet(folium: Any, found: Any) -> None:
    """Put Leaflet into the page in place of the addresses that folium would write."""
    element = needed("branca.element", "folium").Element
    found.default_js, found.default_css = [], []
    header = found.get_root().header
    style = (FOLDER / "leaflet" / "leaflet.css").read_text(encoding="utf-8")
    script = (FOLDER / "leaflet" / "leaflet.js").read_text(encoding="utf-8")
    # The file that would map the script back to its source is not there to be asked for.
    script = script.replace("//# sourceMappingURL=leaflet.js.map", "")
    # As a raw block: folium takes what it is given for a template.
    for name, text in (
        ("leaflet_css", f"<style>{style}{_GROUND}</style>"),
        ("leaflet_js", f"<script>{script}</script>"),
    ):
        header.add_child(element("{% raw %}" + text + "{% endraw %}"), name=name)


def _only_own_words() -> Any:
    """Return what takes the link to Leaflet's site out of the map's corner."""
    template = needed("jinja2").Template
    found = needed("branca.element", "folium").MacroElement()
    found._template = template(
        "{% macro script(this, kwargs) %}"
        "{{ this._parent.get_name() }}.attributionControl.setPrefix(false);"
        "{% endmacro %}"
    )
    return found


def _features(ground: Ground, language: Language) -> tuple[list[Any], list[list[float]]]:
    areas = ground.areas.simplify_coverage(DETAIL_M) if ground.metric else ground.areas
    shapes = areas.to_crs(4326)
    west, south, east, north = shapes.total_bounds
    colour = ground.colours()
    led = ground.lead_of.tolist() if ground.lead_of is not None else [UNASSIGNED] * len(shapes)
    features = []
    for place, shape in enumerate(shapes):
        out = led[place] == UNASSIGNED
        fill = UNPLACED if out else PALETTE[colour[led[place]]]
        style = {
            "fillColor": fill,
            "fillOpacity": 1.0,
            "color": UNPLACED_LINE if out else "#FFFFFF",
            "weight": 1.0,
        }
        lines = [ground.names[place], *_role(ground, led, place, language)]
        features.append(_feature(shape, style, [line for line in lines if line]))
    outline = {"fill": False, "color": ALLIANCE_LINE, "weight": 2.0, "interactive": False}
    for line in (
        ground.alliance_outlines().simplify(DETAIL_M if ground.metric else 0.0).to_crs(4326)
    ):
        features.append(_feature(line, outline, []))
    points = ground.areas.representative_point().to_crs(4326)
    for lead in ground.leads:
        dot = {"fillColor": INK, "fillOpacity": 1.0, "color": "#FFFFFF", "weight": 1.5}
        lines = [ground.names[lead], message("figures.lead", language)]
        features.append(_feature(points.iloc[lead], dot, lines))
    return features, [[south, west], [north, east]]


def _role(ground: Ground, led: list[int], place: int, language: Language) -> list[str]:
    if ground.lead_of is None:
        return []
    if led[place] == UNASSIGNED:
        return [message("figures.left_out", language)]
    if led[place] == place:
        return [message("figures.lead", language)]
    return [message("figures.led_by", language, lead=ground.names[led[place]])]


def _feature(shape: Any, style: dict[str, Any], lines: list[str]) -> dict[str, Any]:
    geometry = json.loads(shapely.to_geojson(shapely.set_precision(shape, 1e-6)))
    return {
        "type": "Feature",
        "geometry": geometry,
        "properties": {"style": style, "lines": [line.replace("{", _PARTED) for line in lines]},
    }

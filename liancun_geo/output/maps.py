"""GeoPackage and GeoJSON."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pyogrio

from liancun_geo.messages import DEFAULT_LANGUAGE, Language, message
from liancun_geo.output.export import creation_time, exporting
from liancun_geo.output.export_crs import layers_in
from liancun_geo.output.geopackage import complete
from liancun_geo.output.layers import Layers, alliance_layer, link_layer, village_layer
from liancun_geo.output.picture.scene import Lasting, plan_colours

if TYPE_CHECKING:
    from liancun_geo.scenario import Scenario

GEOJSON = ("alliances.geojson", "villages.geojson")

GEOMETRY_TYPES = {
    "villages": "MultiPolygon",
    "alliances": "MultiPolygon",
    "links": "LineString",
}


def plan_layers(scenario: Scenario, language: Language, lasting: Lasting = ()) -> Layers:
    """Return the three layers of a plan by name; ``lasting`` as for ``plan_colours``."""
    colours = plan_colours(scenario, lasting)
    return {
        "villages": village_layer(scenario, language, colours),
        "alliances": alliance_layer(scenario, language, colours),
        "links": link_layer(scenario),
    }


def write_geopackage(
    scenario: Scenario,
    path: Path | str,
    *,
    language: Language = DEFAULT_LANGUAGE,
    created: datetime | None = None,
    crs: str | None = None,
) -> Path:
    """Write the layers villages, alliances and links to one GeoPackage.

    The file brings its own styles: QGIS opens it coloured by alliance, lead villages starred,
    with names, and fields called as a planner calls them.

    Parameters
    ----------
    scenario
        A plan that breaks no rule.
    path
        The file; replaced as a whole.
    language
        Of the sentences in the column ``reason``, and of the names that layers and fields have
        beside their own.
    created
        The date in the file; default ``SOURCE_DATE_EPOCH``, else now.
    crs
        As for :func:`~liancun_geo.output.export_crs.export_crs`.

    Raises
    ------
    DataError
        If the plan breaks a rule, the CRS does not do, or the file cannot be written.
    """
    path = Path(path)
    with exporting(scenario, path.parent, [path.name]) as stage:
        layers, target = plan_layers(scenario, language), stage.path(path.name)
        fill_geopackage(layers, target, creation_time(created), language, crs=crs)
    return path


def write_geojson(
    scenario: Scenario, folder: Path | str, *, language: Language = DEFAULT_LANGUAGE
) -> tuple[Path, ...]:
    """Write ``alliances.geojson`` and ``villages.geojson`` after RFC 7946.

    WGS 84 longitude and latitude with 6 decimals (0.1 m), outer rings counter-clockwise.

    Raises
    ------
    DataError
        If the plan breaks a rule or a file cannot be written.
    """
    with exporting(scenario, folder, GEOJSON) as stage:
        layers = plan_layers(scenario, language)
        for name in GEOJSON:
            fill_geojson(layers, stage.path(name))
    return stage.targets()


def fill_geopackage(
    layers: Layers,
    path: Path,
    created: datetime,
    language: Language = DEFAULT_LANGUAGE,
    *,
    crs: str | None = None,
) -> None:
    """Write the layers to a file that is not there yet."""
    layers = layers_in(layers, crs)
    with gdal_date(created):
        for name, layer in layers.items():
            pyogrio.write_dataframe(
                layer,
                path,
                layer=name,
                driver="GPKG",
                geometry_type=GEOMETRY_TYPES[name],
                append=path.exists(),
                # What ArcGIS and QGIS of ten years ago read as well.
                dataset_options={"VERSION": "1.2"},
                IDENTIFIER=message(f"gis.layer_{name}", language),
                DESCRIPTION=message(f"gis.describes_{name}", language),
            )
    complete(layers, path, created, language)


def fill_geojson(layers: Layers, path: Path) -> None:
    """Write the layer that the file is named after."""
    name = path.stem
    pyogrio.write_dataframe(
        layers[name].to_crs(4326),
        path,
        layer=name,
        driver="GeoJSON",
        geometry_type=GEOMETRY_TYPES[name],
        RFC7946="YES",
        COORDINATE_PRECISION=6,
    )


@contextmanager
def gdal_date(created: datetime) -> Iterator[None]:
    """Let the files that GDAL writes bear this date."""
    before = pyogrio.get_gdal_config_option("OGR_CURRENT_DATE")
    stamp = created.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": stamp})
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": before})

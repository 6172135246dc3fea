"""Everything that can be written of a plan, by name: one entry a product.

A product says which files it will write and fills them on a stage. To add one, write a module
with a ``fill_...`` function and enter it here; the command line, the page and the benchmark find
it by its name. Modules are imported when their product is written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar, cast
from weakref import ref

from liancun_geo.errors import Fault
from liancun_geo.output.atomic import Stage
from liancun_geo.output.export import creation_time
from liancun_geo.output.options import PackOptions

if TYPE_CHECKING:
    from liancun_geo.output.layers import Layers
    from liancun_geo.output.paper import Parts
    from liancun_geo.scenario import Scenario

T = TypeVar("T")

Tell = Callable[[int, int], None]
"""Called as a product advances: sheets or files that are done, and how many there are."""


@dataclass(frozen=True, slots=True)
class Product:
    """Something that can be written of a plan.

    Attributes
    ----------
    name
        By which it is asked for.
    files
        Scenario, options -> names of the files, a ``/`` for a folder. Cheap: nothing is drawn.
    fill
        Scenario, stage, options, tell: writes exactly these files under ``stage.path(name)``,
        whose folders are there. ``options.created`` is a date. Returns, if anything, warnings:
        what the format could not hold.
    """

    name: str
    files: Callable[[Scenario, PackOptions], tuple[str, ...]]
    fill: Callable[[Scenario, Stage, PackOptions, Tell], Iterable[Fault] | None]


def _named(*names: str) -> Callable[[Scenario, PackOptions], tuple[str, ...]]:
    return lambda _scenario, _options: names


# --- what several products are made of ------------------------------------------------------------

_made: dict[tuple[Any, ...], tuple[ref[Scenario], Any]] = {}


def layers_of(scenario: Scenario, options: PackOptions) -> Layers:
    """Return the layers of a plan, made once a pack."""
    from liancun_geo.output.maps import plan_layers

    return _once(scenario, plan_layers, options.language, options.lasting)


def _once(scenario: Scenario, make: Callable[..., T], *how: Any, **more: Any) -> T:
    """Return what ``make`` makes of a plan, made once until :func:`forget_shared`."""
    key = (make, *how)
    kept = _made.get(key)
    if kept is None or kept[0]() is not scenario:
        kept = _made[key] = (ref(scenario), make(scenario, *how, **more))
    return cast("T", kept[1])


def forget_shared() -> None:
    """Let go of what was kept from one product to the next."""
    _made.clear()


# --- the products --------------------------------------------------------------------------------


def _fill_workbook(scenario: Scenario, stage: Stage, options: PackOptions, _tell: Tell) -> None:
    from liancun_geo.output.workbook import fill_workbook

    fill_workbook(scenario, stage.path("alliances.xlsx"), _date(options), options.language)


def _consultation_files(scenario: Scenario, options: PackOptions) -> tuple[str, ...]:
    from liancun_geo.output.consultation import consultation_names

    return tuple(f"consultation/{name}" for name in consultation_names(scenario, options.language))


def _fill_consultation(scenario: Scenario, stage: Stage, options: PackOptions, tell: Tell) -> None:
    from liancun_geo.output.consultation import consultation_names, fill_consultation

    names = consultation_names(scenario, options.language)
    for number, (name, township) in enumerate(names.items()):
        tell(number, len(names))
        path = stage.path(f"consultation/{name}")
        fill_consultation(scenario, township, path, _date(options), options.language)


def _map_files(scenario: Scenario, options: PackOptions) -> tuple[str, ...]:
    from liancun_geo.output.printing import map_files

    return map_files(scenario, options)


def _fill_maps(scenario: Scenario, stage: Stage, options: PackOptions, tell: Tell) -> None:
    from liancun_geo.output.printing import fill_maps

    fill_maps(scenario, stage, options, tell)


def _fill_geopackage(scenario: Scenario, stage: Stage, options: PackOptions, _tell: Tell) -> None:
    from liancun_geo.output.maps import fill_geopackage

    layers, path = layers_of(scenario, options), stage.path("plan.gpkg")
    fill_geopackage(layers, path, _date(options), options.language, crs=options.crs)


def _fill_shapefile(
    scenario: Scenario, stage: Stage, options: PackOptions, _tell: Tell
) -> tuple[Fault, ...]:
    from liancun_geo.output.shapefile import fill_shapefile

    return fill_shapefile(
        layers_of(scenario, options),
        stage.path("plan_shapefile.zip"),
        _date(options),
        options.language,
        encoding=options.encoding,
        crs=options.crs,
    )


def _fill_geojson(scenario: Scenario, stage: Stage, options: PackOptions, _tell: Tell) -> None:
    from liancun_geo.output.maps import GEOJSON, fill_geojson

    for name in GEOJSON:
        fill_geojson(layers_of(scenario, options), stage.path(name))


def _fill_kml(scenario: Scenario, stage: Stage, options: PackOptions, _tell: Tell) -> None:
    from liancun_geo.output.kml import KML, fill_kml

    fill_kml(layers_of(scenario, options), stage.path(KML), options.language)


def _fill_csv(scenario: Scenario, stage: Stage, options: PackOptions, _tell: Tell) -> None:
    from liancun_geo.output.roster import fill_assignment_csv

    fill_assignment_csv(scenario, stage.path("assignment.csv"), options.language)


def _fill_plan(scenario: Scenario, stage: Stage, options: PackOptions, _tell: Tell) -> None:
    from liancun_geo.output.document import fill_plan_file

    fill_plan_file(scenario, stage.path("plan.json"), _date(options), options.language)


def _report_parts(scenario: Scenario, options: PackOptions, tell: Tell) -> Parts:
    from liancun_geo.output.consultation_outcome import read_objections
    from liancun_geo.output.paper import parts_of

    said = options.objections or ()
    said = read_objections(said) if isinstance(said, Path) else said
    how = (options.language, _date(options), options.maker, said, options.plan_name)
    return _once(scenario, parts_of, *how, None, options.lasting, tell=tell)


def _fill_docx(scenario: Scenario, stage: Stage, options: PackOptions, tell: Tell) -> None:
    from liancun_geo.output.paper import fill_docx

    parts, target = _report_parts(scenario, options, tell), stage.path("report.docx")
    template = options.report_template
    fill_docx(parts, target, _date(options), options.language, template_file=template)


def _fill_pdf(scenario: Scenario, stage: Stage, options: PackOptions, tell: Tell) -> None:
    from liancun_geo.output.paper import fill_pdf

    parts = _report_parts(scenario, options, tell)
    fill_pdf(parts, stage.path("report.pdf"), _date(options), options.language)


def _fill_web_map(scenario: Scenario, stage: Stage, options: PackOptions, _tell: Tell) -> None:
    from liancun_geo.output.web_map import fill_web_map

    layer = layers_of(scenario, options)["alliances"]
    path, date = stage.path("map.html"), _date(options)
    fill_web_map(scenario, path, layer, date, options.language, figures=options.figures)


def _date(options: PackOptions) -> datetime:
    return creation_time(options.created)


_ALL = (
    Product("xlsx", _named("alliances.xlsx"), _fill_workbook),
    Product("consultation", _consultation_files, _fill_consultation),
    Product("gpkg", _named("plan.gpkg"), _fill_geopackage),
    Product("shp", _named("plan_shapefile.zip"), _fill_shapefile),
    Product("geojson", _named("alliances.geojson", "villages.geojson"), _fill_geojson),
    Product("kml", _named("plan.kml"), _fill_kml),
    Product("csv", _named("assignment.csv"), _fill_csv),
    Product("map", _map_files, _fill_maps),
    Product("docx", _named("report.docx"), _fill_docx),
    Product("pdf", _named("report.pdf"), _fill_pdf),
    Product("html", _named("map.html"), _fill_web_map),
    # The plan file vouches for the others, so it comes last.
    Product("plan", _named("plan.json"), _fill_plan),
)

PRODUCTS: Mapping[str, Product] = MappingProxyType({one.name: one for one in _ALL})
"""Everything that can be written of a plan, in the order in which it is written."""

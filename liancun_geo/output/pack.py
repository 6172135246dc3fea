"""The whole pack that a planner hands over, all files or none."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from liancun_geo.messages import DEFAULT_LANGUAGE, Language
from liancun_geo.output.document import PLAN_FILE, fill_plan_file
from liancun_geo.output.export import creation_time, exporting
from liancun_geo.output.maps import (
    GEOJSON,
    GEOPACKAGE,
    fill_geojson,
    fill_geopackage,
    plan_layers,
)
from liancun_geo.output.roster import ASSIGNMENT, fill_assignment_csv
from liancun_geo.output.shapefile import SHAPEFILE, fill_shapefile
from liancun_geo.output.workbook import WORKBOOK, fill_workbook

if TYPE_CHECKING:
    from liancun_geo.scenario import Scenario

# The plan file vouches for the others, so it comes last.
NAMES = (WORKBOOK, GEOPACKAGE, SHAPEFILE, *GEOJSON, ASSIGNMENT, PLAN_FILE)


def write_plan(
    scenario: Scenario,
    folder: Path | str,
    *,
    language: Language = DEFAULT_LANGUAGE,
    created: datetime | None = None,
) -> tuple[Path, ...]:
    """Write workbook, GeoPackage, zipped shapefile, GeoJSON, CSV and plan file.

    Parameters
    ----------
    scenario
        A plan that breaks no rule. A plan without any alliance is written as well.
    folder
        Made if it does not exist. Files of an earlier plan are replaced, all of them or, if
        anything stands in the way, none; nothing else in it is touched.
    language
        Of headings and sentences.
    created
        The date in the files; default ``SOURCE_DATE_EPOCH``, else now.

    Returns
    -------
    tuple of pathlib.Path
        The files written.

    Raises
    ------
    DataError
        If the plan breaks a rule (listing the violations), a target is an input file, open in
        another program or read-only, or the folder cannot be written to.
    """
    created = creation_time(created)
    with exporting(scenario, folder, NAMES) as stage:
        layers = plan_layers(scenario, language)
        fill_workbook(scenario, stage.path(WORKBOOK), created, language)
        fill_geopackage(layers, stage.path(GEOPACKAGE), created)
        fill_shapefile(layers, stage.path(SHAPEFILE), created, language)
        for name in GEOJSON:
            fill_geojson(layers, stage.path(name))
        fill_assignment_csv(scenario, stage.path(ASSIGNMENT), language)
        fill_plan_file(scenario, stage.path(PLAN_FILE), created, language)
    return stage.targets()

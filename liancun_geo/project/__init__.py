"""The project file: data, settings, decisions, scenarios and every edit in one GeoPackage."""

from liancun_geo.project.book import Project
from liancun_geo.project.corrections import EDITABLE, recorrected
from liancun_geo.project.faults import ProjectConflict, ProjectError
from liancun_geo.project.inputs import Inputs, gather
from liancun_geo.project.making import create_project, open_project
from liancun_geo.project.reading import Ways
from liancun_geo.project.records import Limits, Logged, ScenarioInfo, StoredFile
from liancun_geo.project.reopening import reopen_plan
from liancun_geo.project.saved import restored, saved_result
from liancun_geo.villages import Correction

__all__ = [
    "EDITABLE",
    "Correction",
    "Inputs",
    "Limits",
    "Logged",
    "Project",
    "ProjectConflict",
    "ProjectError",
    "ScenarioInfo",
    "StoredFile",
    "Ways",
    "create_project",
    "gather",
    "open_project",
    "recorrected",
    "reopen_plan",
    "restored",
    "saved_result",
]

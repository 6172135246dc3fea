"""The public interface: every name is there, whatever was imported before."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import types
from pathlib import Path

import pytest

import liancun_geo


@pytest.mark.parametrize("name", liancun_geo.__all__)
def test_every_public_name_is_there_and_no_module(name: str) -> None:
    assert not isinstance(getattr(liancun_geo, name), types.ModuleType)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="nonsense"):
        liancun_geo.nonsense  # noqa: B018


@pytest.mark.parametrize(
    "before", ["liancun_geo.scenario", "liancun_geo.check", "liancun_geo.solve.coordinator"]
)
def test_functions_are_found_although_modules_bear_their_names(before: str) -> None:
    code = f"import {before}; from liancun_geo import check, solve; assert callable(check), check"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_solver_needs_no_map_library() -> None:
    code = (
        "import sys; from liancun_geo import AllianceProblem, solve, check;"
        "loaded = {'geopandas', 'shapely', 'pandas', 'streamlit', 'folium'} & set(sys.modules);"
        "assert not loaded, loaded"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_everything_a_user_installs_is_pinned() -> None:
    root = Path(__file__).parents[1]
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    asked = [*project["dependencies"], *(one for name in extras if name != "bench"
                                         for one in extras[name])]  # fmt: skip
    names = {re.split(r"[\[<>=]", one)[0].lower() for one in asked} - {"liancun-geo"}
    pinned = re.findall(r"^([a-z0-9._-]+)==", (root / "requirements.lock").read_text("utf-8"), re.M)
    assert names <= set(pinned), names - set(pinned)

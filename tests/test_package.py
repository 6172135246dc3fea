"""The public interface: every name is there, whatever was imported before."""

from __future__ import annotations

import subprocess
import sys
import types

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

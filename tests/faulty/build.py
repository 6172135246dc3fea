"""The faulty inputs by name: ``build("code_scientific", folder)`` writes one and returns it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from faulty.county import County, Inputs

Case = Callable[[County], Inputs | None]
CASES: dict[str, Case] = {}


def case(function: Case) -> Case:
    """Register a function that spoils the county in the way its name says.

    It changes the county and returns nothing, or writes files and returns the inputs.
    """
    name = function.__name__
    if name in CASES:
        raise ValueError(f"two cases are called {name}")
    CASES[name] = function
    return function


def build(name: str, folder: Path) -> Inputs:
    """Write the files of a case into a folder, the same bytes of data each time."""
    county = County(folder)
    return CASES[name](county) or county.inputs()

"""Packages that only some functions need: a clear word where one is not installed."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from liancun_geo.errors import DataError, error


def needed(module: str, package: str | None = None) -> Any:
    """Import a module, or say what to install.

    Parameters
    ----------
    module
        To import.
    package
        As pip knows it; default: the first part of the module's name.

    Raises
    ------
    DataError
        If it is not installed.
    """
    try:
        return import_module(module)
    except ImportError as cause:
        name = package or module.partition(".")[0]
        raise DataError([error("research.not_installed", package=name)]) from cause

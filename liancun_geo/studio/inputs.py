"""Rules set on the page; the files themselves are read by :mod:`liancun_geo.project.inputs`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from liancun_geo.errors import SettingsError, error
from liancun_geo.project.inputs import (
    BOUNDARY_TYPES,
    LEDGER_TYPES,
    Inputs,
    base_settings,
    examine_inputs,
    read_inputs,
    safe_name,
)
from liancun_geo.settings import Settings, parse_settings

__all__ = [
    "BOUNDARY_TYPES",
    "LEDGER_TYPES",
    "Inputs",
    "base_settings",
    "changed_settings",
    "examine_inputs",
    "read_inputs",
    "safe_name",
]


def changed_settings(base: Settings, changes: Mapping[str, Mapping[str, Any]]) -> Settings:
    """Return settings with some values replaced, validated anew.

    Parameters
    ----------
    base
        From :func:`base_settings`.
    changes
        Table -> name -> value, for example ``{"rules": {"min_size": 3}}``; the tables are
        ``rules``, ``lead_weights`` and ``pair_weights``.

    Raises
    ------
    SettingsError
        If a value is out of bounds.
    """
    rules = changes.get("rules", {})
    if rules.get("min_size", 0) > rules.get("max_size", 60):
        fault = error(
            "studio.sizes_crossed", min_size=rules["min_size"], max_size=rules["max_size"]
        )
        raise SettingsError([fault])
    tables = base.model_dump(mode="json")
    tables["rules"] |= rules
    for name in ("lead_weights", "pair_weights"):
        tables["criteria"][name] |= changes.get(name, {})
    return parse_settings(tables)

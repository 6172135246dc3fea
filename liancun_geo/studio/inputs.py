"""What the planner gives: the sample or uploaded files, and the rules set on the page."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from liancun_geo.doctor import Findings, examine
from liancun_geo.errors import DataError, SettingsError, Where, error
from liancun_geo.sample import sample_county
from liancun_geo.scenario import County, read_county
from liancun_geo.settings import Settings, parse_settings, read_settings
from liancun_geo.tables import parse_toml

BOUNDARY_TYPES = (
    *("zip", "gpkg", "geojson", "json", "parquet", "geoparquet"),
    *("shp", "shx", "dbf", "prj", "cpg"),
)
LEDGER_TYPES = ("xlsx", "xlsm", "xls", "csv", "tsv", "txt")
_WHOLE = (".zip", ".gpkg", ".geojson", ".json", ".parquet", ".geoparquet", ".shp")


@dataclass(frozen=True)
class Inputs:
    """Files of one county by name, or the shipped sample if there are none.

    Attributes
    ----------
    boundaries, ledgers
        Name and bytes of each file; a barrier layer named in the settings lies with the
        boundaries.
    settings_file
        Name and bytes of the settings file.
    """

    boundaries: tuple[tuple[str, bytes], ...] = ()
    ledgers: tuple[tuple[str, bytes], ...] = ()
    settings_file: tuple[str, bytes] | None = None

    @property
    def is_sample(self) -> bool:
        """Whether this is the fictional county."""
        return not self.boundaries

    @cached_property
    def key(self) -> str:
        """SHA-256 over names and contents."""
        digest = hashlib.sha256()
        for part in (self.boundaries, self.ledgers, (self.settings_file,)):
            digest.update(b"part")
            for name, content in filter(None, part):
                digest.update(f"{name}\0{len(content)}\0".encode())
                digest.update(content)
        return digest.hexdigest()


def base_settings(inputs: Inputs) -> Settings:
    """Return the settings that come with the files, before the page changes any.

    Raises
    ------
    SettingsError
        With every fault of the settings file.
    """
    if inputs.is_sample:
        return read_settings(sample_county().settings)
    if inputs.settings_file is None:
        return Settings()
    name, content = inputs.settings_file
    tables = parse_toml(content, Where(file=name))
    return parse_settings(tables, file=name)


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


def read_inputs(inputs: Inputs, settings: Settings) -> County:
    """Read a county; uploaded files touch the disk only while they are read.

    They lie in a folder that only this user may open and that is gone when this function
    returns. The sources keep the names of the files, never the places where they lay, so that
    the plan file can be verified with the files beside it.

    Raises
    ------
    DataError
        With the faults of all files.
    """
    if inputs.is_sample:
        sample = sample_county()
        county = read_county(
            sample.boundaries, sample.ledger, settings=settings, folder=sample.folder
        )
    else:
        with tempfile.TemporaryDirectory(prefix="liancun-") as folder:
            boundaries, ledgers = _unpacked(inputs, settings, Path(folder))
            county = read_county(boundaries, ledgers or None, settings=settings, folder=folder)
    sources = tuple(replace(one, path=Path(one.path).name) for one in county.villages.sources)
    return replace(county, villages=replace(county.villages, sources=sources))


def examine_inputs(inputs: Inputs, settings: Settings) -> Findings:
    """Examine a county as :func:`read_inputs` reads it.

    Raises
    ------
    DataError
        If the files do not make a county: none with boundaries, or several.
    """
    if inputs.is_sample:
        sample = sample_county()
        findings = examine(
            sample.boundaries, sample.ledger, settings=settings, folder=sample.folder
        )
    else:
        with tempfile.TemporaryDirectory(prefix="liancun-") as folder:
            boundaries, ledgers = _unpacked(inputs, settings, Path(folder))
            findings = examine(boundaries, ledgers or None, settings=settings, folder=folder)
    sources = tuple(replace(one, path=Path(one.path).name) for one in findings.sources)
    return replace(findings, sources=sources)


def _unpacked(inputs: Inputs, settings: Settings, folder: Path) -> tuple[Path, list[Path]]:
    sides = {Path(name).stem for name in settings.side_layers}
    names = [safe_name(name) for name, _ in (*inputs.boundaries, *inputs.ledgers)]
    faults = [
        error("studio.same_name", Where(file=name))
        for name in sorted({name for name in names if names.count(name) > 1})
    ]
    whole = [
        name
        for name in names[: len(inputs.boundaries)]
        if name.lower().endswith(_WHOLE) and Path(name).stem not in sides
    ]
    if len(whole) != 1:
        found = [safe_name(name) for name, _ in inputs.boundaries]
        key = "studio.several_boundaries" if whole else "studio.no_boundaries"
        faults.append(error(key, files=_listed(whole or found)))
    if faults:
        raise DataError(faults)
    contents = [content for _, content in (*inputs.boundaries, *inputs.ledgers)]
    for name, content in zip(names, contents, strict=True):
        (folder / name).write_bytes(content)
    listed = {safe_name(path) for path in settings.data.places}
    ledgers = [name for name in names[len(inputs.boundaries) :] if name not in listed]
    return folder / whole[0], [folder / name for name in ledgers]


def safe_name(name: str) -> str:
    """Return the last part of an uploaded file's name: it must not lead out of its folder."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1].replace("\0", "")
    return last if last not in ("", ".", "..") else "_"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names)

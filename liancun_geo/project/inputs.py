"""What the planner gives: the files of a county by name and content, or the shipped sample."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from types import MappingProxyType

from liancun_geo.doctor import Findings, examine
from liancun_geo.errors import DataError, Fault, Where, error
from liancun_geo.intake.vector.files import MAPINFO_PARTS, SHAPEFILE_PARTS, siblings
from liancun_geo.sample import sample_county
from liancun_geo.scenario import County, read_county
from liancun_geo.settings import Settings, parse_settings, read_settings
from liancun_geo.tables import parse_toml

BOUNDARY_TYPES = (
    *("zip", "gpkg", "geojson", "json", "parquet", "geoparquet"),
    *("shp", "shx", "dbf", "prj", "cpg"),
)
LEDGER_TYPES = ("xlsx", "xlsm", "xls", "csv", "tsv", "txt")
_WHOLE = (
    *(".zip", ".gpkg", ".geojson", ".json", ".parquet", ".geoparquet", ".shp"),
    *(".kml", ".kmz", ".tab", ".mif", ".fgb"),
)
MAX_INPUT_BYTES = 900_000_000
"""Largest file that fits into a project: SQLite takes values of up to 1,000,000,000 bytes."""


@dataclass(frozen=True)
class Inputs:
    """Files of one county by name, or the shipped sample if there are none.

    Attributes
    ----------
    boundaries, ledgers
        Name and bytes of each file; a barrier layer named in the settings lies with the
        boundaries.
    settings_file, decisions_file
        Name and bytes of the settings file and of the file of decisions.
    """

    boundaries: tuple[tuple[str, bytes], ...] = ()
    ledgers: tuple[tuple[str, bytes], ...] = ()
    settings_file: tuple[str, bytes] | None = None
    decisions_file: tuple[str, bytes] | None = None

    @property
    def is_sample(self) -> bool:
        """Whether this is the fictional county."""
        return not (self.boundaries or self.ledgers or self.settings_file)

    @cached_property
    def key(self) -> str:
        """SHA-256 over names and contents."""
        digest = hashlib.sha256()
        for part in (self.boundaries, self.ledgers, (self.settings_file, self.decisions_file)):
            digest.update(b"part")
            for name, content in filter(None, part):
                digest.update(f"{name}\0{len(content)}\0".encode())
                digest.update(content)
        return digest.hexdigest()


def base_settings(inputs: Inputs) -> Settings:
    """Return the settings that come with the files, before anybody changes any.

    Raises
    ------
    SettingsError
        With every fault of the settings file.
    """
    if inputs.is_sample:
        return read_settings(sample_county().settings)
    settings = Settings()
    if inputs.settings_file is not None:
        name, content = inputs.settings_file
        settings = parse_settings(parse_toml(content, Where(file=name)), file=name)
    return settings


def sample_inputs() -> Inputs:
    """Return the shipped sample as files, as a planner would upload them."""
    sample = sample_county()
    settings = read_settings(sample.settings)
    return gather(sample.boundaries, [sample.ledger], settings, settings_file=sample.settings)


def gather(
    boundaries: Path,
    ledgers: Sequence[Path] = (),
    settings: Settings = Settings(),
    *,
    settings_file: Path | None = None,
    decisions: Path | None = None,
) -> Inputs:
    """Read the files of a county by name and content, with all that belongs to them.

    Parameters
    ----------
    boundaries, ledgers
        As for :func:`liancun_geo.scenario.read_county`.
    settings
        They name further layers and lists of places, relative to the settings file.
    settings_file, decisions
        Files kept for the record.

    Raises
    ------
    DataError
        Listing every file that is missing, a folder, unreadable or too large.
    """
    folder = Path() if settings_file is None else settings_file.parent
    sides = [folder / name for name in dict.fromkeys(settings.side_layers)]
    maps = [part for path in (boundaries, *sides) for part in _parts(path)]
    faults: list[Fault] = []

    def contents(paths: Iterable[Path]) -> tuple[tuple[str, bytes], ...]:
        read = ((path.name, _content(path, faults)) for path in dict.fromkeys(paths))
        return tuple((name, content) for name, content in read if content is not None)

    found = Inputs(
        contents(maps),
        contents(ledgers),
        next(iter(contents([settings_file] if settings_file else [])), None),
        decisions_file=next(iter(contents([decisions] if decisions else [])), None),
    )
    if faults:
        raise DataError(faults)
    return found


def flat(settings: Settings) -> Settings:
    """Return settings that name every layer by its file name alone: they lie side by side."""

    def names(paths: Sequence[str]) -> tuple[str, ...]:
        return tuple(safe_name(path) for path in paths)

    ground, travel = settings.contiguity, settings.travel
    data = {"places": names(settings.data.places)}
    lines = {"barriers": names(ground.barriers), "bridges": names(ground.bridges)}
    seats = None if travel.seats is None else safe_name(travel.seats)
    roads = {"roads": names(travel.roads), "seats": seats}
    return settings.model_copy(
        update={
            "data": settings.data.model_copy(update=data),
            "contiguity": ground.model_copy(update=lines),
            "travel": travel.model_copy(update=roads),
        }
    )


def _parts(path: Path) -> list[Path]:
    """Return a file with the other parts of its layer, by name; of a folder all its files."""
    if path.is_dir() and path.suffix.lower() != ".gdb":
        return sorted(entry for entry in path.iterdir() if entry.is_file()) or [path]
    kinds = (SHAPEFILE_PARTS, MAPINFO_PARTS)
    endings = next((kind for kind in kinds if path.suffix.lower() in kind), ())
    return [path, *sorted(part for part in siblings(path, endings).values() if part != path)]


def _content(path: Path, faults: list[Fault]) -> bytes | None:
    where = Where(file=str(path))
    try:
        if path.is_dir():
            faults.append(error("project.is_a_folder", where))
            return None
        if path.stat().st_size > MAX_INPUT_BYTES:
            limit = MAX_INPUT_BYTES // 10**6
            faults.append(error("project.input_too_large", where, limit_mb=limit))
            return None
        return path.read_bytes()
    except (OSError, ValueError) as cause:
        reason = getattr(cause, "strerror", None) or str(cause)
        faults.append(error("project.input_unreadable", where, cause=reason))
        return None


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
    with _laid_out(inputs, settings) as (boundaries, ledgers, folder):
        try:
            county = read_county(boundaries, ledgers or None, settings=settings, folder=folder)
        except DataError as cause:
            raise DataError(_placeless(one, folder) for one in cause.faults) from cause
    sources = tuple(replace(one, path=Path(one.path).name) for one in county.villages.sources)
    return replace(county, villages=replace(county.villages, sources=sources))


def examine_inputs(inputs: Inputs, settings: Settings) -> Findings:
    """Examine a county as :func:`read_inputs` reads it.

    Raises
    ------
    DataError
        If the files do not make a county: none with boundaries, or several.
    """
    with _laid_out(inputs, settings) as (boundaries, ledgers, folder):
        findings = examine(boundaries, ledgers or None, settings=settings, folder=folder)
    told = tuple(replace(one, fault=_placeless(one.fault, folder)) for one in findings.findings)
    findings = replace(findings, findings=told)
    sources = tuple(replace(one, path=Path(one.path).name) for one in findings.sources)
    return replace(findings, sources=sources)


@contextmanager
def _laid_out(inputs: Inputs, settings: Settings) -> Iterator[tuple[Path, list[Path], str]]:
    """Yield boundaries, ledgers and their folder, which is gone afterwards if it was made here."""
    if inputs.is_sample:
        sample = sample_county()
        yield sample.boundaries, [sample.ledger], str(sample.folder)
        return
    with tempfile.TemporaryDirectory(prefix="liancun-") as folder:
        yield *_unpacked(inputs, settings, Path(folder)), folder


def _unpacked(inputs: Inputs, settings: Settings, folder: Path) -> tuple[Path, list[Path]]:
    listed = {safe_name(path) for path in settings.data.places}
    sides = {Path(name).stem for name in settings.side_layers if safe_name(name) not in listed}
    names = [safe_name(name) for name, _ in (*inputs.boundaries, *inputs.ledgers)]
    faults = [
        error("project.same_name", Where(file=name))
        for name in sorted({name for name in names if names.count(name) > 1})
    ]
    whole = [
        name
        for name in names[: len(inputs.boundaries)]
        if name.lower().endswith(_WHOLE) and Path(name).stem not in sides and name not in listed
    ]
    if len(whole) != 1:
        found = [safe_name(name) for name, _ in (*inputs.boundaries, *inputs.ledgers)]
        key = "project.several_boundaries" if whole else "project.no_boundaries"
        faults.append(error(key, files=_listed(whole or found)))
    if faults:
        raise DataError(faults)
    contents = [content for _, content in (*inputs.boundaries, *inputs.ledgers)]
    for name, content in zip(names, contents, strict=True):
        (folder / name).write_bytes(content)
    ledgers = [name for name in names[len(inputs.boundaries) :] if name not in listed]
    return folder / whole[0], [folder / name for name in ledgers]


def without_places(fault: Fault, drop: Callable[[str], str]) -> Fault:
    """Return a fault that does not tell where the files lay while they were read.

    Libraries put the path of a file they cannot read into their messages; ``drop`` takes it out
    of a text.
    """
    params = {
        name: drop(value) if isinstance(value, str) else value
        for name, value in fault.params.items()
    }
    return replace(fault, params=MappingProxyType(params))


def _placeless(fault: Fault, folder: str) -> Fault:
    return without_places(fault, lambda text: text.replace(f"{folder}/", ""))


def safe_name(name: str) -> str:
    """Return the last part of an uploaded file's name: it must not lead out of its folder."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1].replace("\0", "")
    return last if last not in ("", ".", "..") else "_"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names)

"""Which uploaded file is what: told from its name, corrected by the planner."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal, get_args

from liancun_geo.decisions import Decision
from liancun_geo.errors import Fault, FaultsError, Where, error
from liancun_geo.output.findings_answers import holds_proposals
from liancun_geo.project.inputs import (
    BOUNDARY_TYPES,
    LEDGER_TYPES,
    Inputs,
    base_settings,
    safe_name,
)
from liancun_geo.settings import Settings, parse_settings
from liancun_geo.studio.deciding import read_uploaded

Role = Literal[
    "boundaries",
    "ledger",
    "barriers",
    "bridges",
    "roads",
    "seats",
    "places",
    "settings",
    "decisions",
    "unused",
]
"""What a file is used for."""

ROLES: tuple[Role, ...] = get_args(Role)

TYPES = (*BOUNDARY_TYPES, *LEDGER_TYPES, "toml")
"""Endings of files that may be uploaded."""

MOST_FILES = 60
MOST_BYTES = 400 * 1024 * 1024

_LAYERS: tuple[Role, ...] = ("barriers", "bridges", "roads", "seats", "places")
_TABLE_OF: Mapping[Role, str] = {"places": "data", "roads": "travel"}
_OF_VILLAGES = ("村界", "边界", "境界", "boundar")
"""Told before any other word: counties and townships bear the names of rivers and bridges."""
_WORDS: tuple[tuple[Role, tuple[str, ...]], ...] = (
    ("barriers", ("河流", "河道", "水系", "阻隔", "river", "barrier", "water", "railway", "铁路")),
    ("bridges", ("桥梁", "bridge", "渡口", "隧道")),
    ("roads", ("道路", "公路", "路网", "road")),
    ("seats", ("驻地", "村委会位置", "seat")),
    ("places", ("企业", "园区", "机构", "安置", "地点", "enterprise", "place", "poi")),
)
_LAST: Mapping[str, Role] = {"河": "barriers", "江": "barriers", "桥": "bridges"}
"""Of a name that ends so, as 沂河 does: anywhere else it is of a place, as in 河阳县 or 石桥镇."""
_LISTABLE: tuple[Role, ...] = ("seats", "places")
"""What a table can be used for beside a ledger: a line cannot be told in one."""

File = tuple[str, bytes]


def shown_files(files: Sequence[File]) -> list[str]:
    """Return the names that need a role: of a shapefile's parts only the ``.shp``."""
    names = [safe_name(name) for name, _ in files]
    shapes = {_stem(name) for name in names if name.lower().endswith(".shp")}
    return [name for name in names if not (_is_part(name) and _stem(name) in shapes)]


def guess_role(name: str, content: bytes = b"") -> Role:
    """Return what a file is likely for.

    Parameters
    ----------
    name
        Of the file.
    content
        Decisions are told from settings by their table, a findings workbook from a ledger by
        its sheet of proposals.
    """
    ending = name.rpartition(".")[2].lower()
    if ending == "toml":
        return "decisions" if b"[[decision]]" in content else "settings"
    if ending == "xlsx" and holds_proposals(content):
        return "decisions"
    low = _stem(name).lower()
    if ending in LEDGER_TYPES:
        return next((role for role in _told(low) if role in _LISTABLE), "ledger")
    if any(word in low for word in _OF_VILLAGES):
        return "boundaries"
    last = _LAST.get(low.rstrip("0123456789年_-. ")[-1:])
    return next(_told(low), last or "boundaries")


def _told(low: str) -> Iterator[Role]:
    """Give the roles a name speaks of, the likeliest first."""
    return (role for role, words in _WORDS if any(word in low for word in words))


@dataclass(frozen=True)
class Upload:
    """Uploaded files put to use.

    Attributes
    ----------
    inputs
        The files.
    settings
        Of the settings file, with the layers the planner named beside it.
    decisions
        The confirmed ones of the files of decisions.
    """

    inputs: Inputs
    settings: Settings
    decisions: tuple[Decision, ...] = ()


def gather(files: Sequence[File], roles: Mapping[str, Role]) -> Upload:
    """Return uploaded files put to use.

    Parameters
    ----------
    files
        Name and bytes.
    roles
        Name -> what for; a file that is not named is used as :func:`guess_role` says.

    Raises
    ------
    FaultsError
        If there are too many files or too much, no boundaries, several settings files, or a
        file of settings or decisions is at fault.
    """
    check_limits(files)
    named = [(safe_name(name), content) for name, content in files]
    role_of = _role_of(named, roles)
    faults: list[Fault] = []
    if not any(role_of[name] == "boundaries" for name, _ in named):
        found = ", ".join(name for name, _ in named)
        faults.append(error("project.no_boundaries", files=found))
    settings = [file for file in named if role_of[file[0]] == "settings"]
    if len(settings) > 1:
        found = ", ".join(name for name, _ in settings)
        faults.append(error("studio.several_settings", files=found))
    decisions: list[Decision] = []
    for name, content in named:
        if role_of[name] == "decisions":
            try:
                decisions += [one for one in read_uploaded(name, content) if one.confirmed]
            except FaultsError as cause:
                faults += cause.faults
    if faults:
        raise FaultsError(faults)
    sides = [(name, content) for name, content in named if role_of[name] in _LAYERS]
    of_role: dict[Role, list[File]] = {role: [] for role in ROLES}
    for name, content in named:
        of_role[role_of[name]].append((name, content))
    inputs = Inputs(
        boundaries=(*of_role["boundaries"], *(one for one in sides if not _is_list(one[0]))),
        ledgers=(*of_role["ledger"], *(one for one in sides if _is_list(one[0]))),
        settings_file=settings[0] if settings else None,
    )
    whole = set(shown_files(files))
    layers = [(role_of[name], name) for name, _ in sides if name in whole]
    return Upload(inputs, _with_layers(base_settings(inputs), layers), tuple(decisions))


def _with_layers(settings: Settings, layers: Sequence[tuple[Role, str]]) -> Settings:
    """Return settings that name further layers beside those they name already."""
    tables = settings.model_dump(mode="json")
    for role, name in layers:
        if role == "seats":
            tables["travel"]["seats"] = tables["travel"]["seats"] or name
            continue
        table = tables[_TABLE_OF.get(role, "contiguity")]
        table[role] = list(dict.fromkeys((*table[role], name)))
    return parse_settings(tables)


def check_limits(files: Sequence[File]) -> None:
    """Refuse more files or bytes than a county can need.

    Raises
    ------
    FaultsError
        Saying which limit.
    """
    if len(files) > MOST_FILES:
        raise FaultsError([error("studio.too_many_files", count=len(files), most=MOST_FILES)])
    size = sum(len(content) for _, content in files)
    if size > MOST_BYTES:
        most = MOST_BYTES // 2**20
        raise FaultsError([error("studio.too_large", size=size // 2**20, most=most)])
    for name, content in files:
        if not content:
            raise FaultsError([error("studio.empty_file", Where(file=safe_name(name)))])


def _role_of(files: Sequence[File], roles: Mapping[str, Role]) -> dict[str, Role]:
    known = {name: role for name, role in roles.items() if role in ROLES}
    found = {name: known.get(name) or guess_role(name, content) for name, content in files}
    # The parts of a shapefile go with it.
    whole = {_stem(name): found[name] for name in found if name.lower().endswith(".shp")}
    return {
        name: whole.get(_stem(name), role) if _is_part(name) else role
        for name, role in found.items()
    }


def _is_part(name: str) -> bool:
    return name.rpartition(".")[2].lower() in ("shx", "dbf", "prj", "cpg")


def _is_list(name: str) -> bool:
    return name.rpartition(".")[2].lower() in LEDGER_TYPES


def _stem(name: str) -> str:
    return PurePosixPath(name).stem

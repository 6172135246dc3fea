"""How a pack is to look: language, date, encoding, coordinates, paper, colours, names on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, get_args

from liancun_geo.crs import parse_crs
from liancun_geo.editing import Objection
from liancun_geo.errors import DataError, Fault, SettingsError, Where, error
from liancun_geo.messages import DEFAULT_LANGUAGE, Language, Listing
from liancun_geo.output.export import clean

Encoding = Literal["UTF-8", "GBK"]
Paper = Literal["A3", "A4"]
Colours = Literal["colour", "bw", "both"]

AUTO_CRS = "auto"
"""The 3-degree zone of CGCS2000 that the county lies in."""

LONGEST_LINE = 60
"""Most characters of a name that is printed on a sheet."""

_CHOICES: Mapping[str, tuple[str, ...]] = {
    "language": get_args(Language),
    "encoding": get_args(Encoding),
    "paper": get_args(Paper),
    "colours": get_args(Colours),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PackOptions:
    """What a planner chooses for the files of a plan; every product takes what it needs.

    Attributes
    ----------
    language
        Of headings and sentences.
    created
        The date in the files; None for ``SOURCE_DATE_EPOCH``, else now.
    encoding
        Of the texts in a shapefile.
    crs
        Of the shapefile and the GeoPackage (``"EPSG:4490"``, WKT, ``"auto"`` for the 3-degree
        zone of CGCS2000); None for the village table's own, in metres. GeoJSON, KML and the web
        map are in WGS 84 always.
    paper
        Of printed sheets.
    colours
        Of printed maps: in colour, hatched in black and white, or both.
    png
        Printed maps also as pictures, 300 dots an inch.
    plan_name
        What the plan is called; on the title page of the report.
    maker, drawn_by, checked_by
        Who answers for the maps (制图单位, 制图, 审核).
    vintage
        What the data are and of when, as it stands on the maps (数据: …).
    figures
        Whether the web map may show population, income and other figures of the ledger. Whoever
        passes the file on passes them on.
    report_template
        A template of the county in place of the report's own.
    objections
        Answers of a consultation and what came of them, for the report: as the draft has them,
        or the workbook of the outcome.
    lasting
        Colours that alliances are known by: code of a lead village, and its place in the
        palette. Every map has them, on paper, in a browser and in a GIS.
    """

    language: Language = DEFAULT_LANGUAGE
    created: datetime | None = None
    encoding: Encoding = "UTF-8"
    crs: str | None = None
    paper: Paper = "A3"
    colours: Colours = "both"
    png: bool = False
    plan_name: str = ""
    maker: str = ""
    drawn_by: str = ""
    checked_by: str = ""
    vintage: str = ""
    figures: bool = True
    report_template: Path | None = None
    objections: Path | tuple[Objection, ...] | None = None
    lasting: tuple[tuple[str, int], ...] = ()


REMEMBERED = ("encoding", "crs", "paper", "colours", "png", "maker", "drawn_by", "checked_by",
              "vintage", "figures")  # fmt: skip
"""Options that belong to a county's way of working and are worth keeping with a project."""


def options_from(given: Mapping[str, Any], base: PackOptions = PackOptions()) -> PackOptions:
    """Return options with choices as they were typed or stored.

    Parameters
    ----------
    given
        Names of :class:`PackOptions`; None leaves what ``base`` says. Letters of a choice may be
        of either case, an empty ``crs`` is the table's own.
    base
        What is not given.

    Raises
    ------
    SettingsError
        With every value that cannot be used, and the choices there are.
    """
    changes: dict[str, Any] = {}
    faults: list[Fault] = []
    for name in (one.name for one in fields(PackOptions)):
        value = given.get(name)
        if value is None:
            continue
        try:
            changes[name] = _value(name, value)
        except ValueError:
            faults.append(_unusable(name, value))
        except DataError as cause:
            faults += cause.faults
    if faults:
        raise SettingsError(faults)
    return replace(base, **changes)


def _unusable(name: str, value: Any) -> Fault:
    where, shown = Where(field=name), str(value)[:LONGEST_LINE]
    if name in _CHOICES:
        known = Listing(_CHOICES[name])
        return error("export.choice_unknown", where, value=shown, known=known)
    return error("export.option_unusable", where, value=shown)


def remembered(options: PackOptions) -> dict[str, Any]:
    """Return what is worth keeping with a project, for :func:`options_from`."""
    return {name: getattr(options, name) for name in REMEMBERED}


def _value(name: str, value: Any) -> Any:
    """Return a usable value; ValueError or DataError if it is none."""
    if name in ("png", "figures"):
        if not isinstance(value, bool):
            raise ValueError(name)
        return value
    if name == "created":
        if not isinstance(value, datetime):
            raise ValueError(name)
        return value
    if name in ("objections", "lasting") and isinstance(value, tuple):
        return value
    if name in ("report_template", "objections"):
        return Path(value)
    if not isinstance(value, str):
        raise ValueError(name)
    if name in _CHOICES:
        return _choice(value, _CHOICES[name])
    if name == "crs":
        return _crs(value)
    # One line of print: what would break it or run off the sheet does not belong there. What a
    # command line cannot read arrives as halves of characters.
    return " ".join(clean(value).split())[:LONGEST_LINE]


def _choice(value: str, known: tuple[str, ...]) -> str:
    plain = {one.lower().replace("-", ""): one for one in known}
    found = plain.get(value.strip().lower().replace("-", ""))
    if found is None:
        raise ValueError(value)
    return found


def _crs(value: str) -> str | None:
    text = value.strip()
    if not text:
        return None
    if text.lower() == AUTO_CRS:
        return AUTO_CRS
    # A bare number is what people know of an EPSG code.
    text = f"EPSG:{text}" if text.isdecimal() else text
    parse_crs(text, where=Where(field="crs"))
    return text

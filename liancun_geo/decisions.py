"""Decisions on faults of the data: proposed by the program, confirmed by a person, replayed.

A file of decisions is TOML with one ``[[decision]]`` table each. Only confirmed decisions change
how files are read; each one that did is reported, and each one that found nothing to change is
too. Files are named without their folder, so that a county's files may move.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Hashable, Iterable
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import Field, field_validator
from pydantic_core import PydanticCustomError

from liancun_geo.errors import Fault, Where, warning
from liancun_geo.messages import DEFAULT_LANGUAGE, Language, message
from liancun_geo.tables import Table, read_toml, validated
from liancun_geo.units import parse_unit
from liancun_geo.villages import FIELDS

Length = Annotated[float, Field(ge=0, le=1000, allow_inf_nan=False)]


class _Decision(Table):
    """What every decision says of itself."""

    confirmed: bool = False
    """Whether a person has agreed; nothing else is ever applied."""
    by: str | None = None
    """Who confirmed it."""
    on: dt.date | None = None
    """When."""
    note: str | None = None

    def text(self, language: Language = DEFAULT_LANGUAGE) -> str:
        """Return the decision as a clause."""
        shown = {name: self._shown(name, language) for name in type(self).model_fields}
        # What is not known of a village leaves no hole.
        clause = re.sub(" {2,}", " ", message(self._key(), language, **shown))
        return re.sub("(?<=[：“]) ", "", clause).strip()

    def _key(self) -> str:
        return f"decisions.{_name(type(self))}"

    def _shown(self, name: str, language: Language) -> object:
        value = getattr(self, name)
        # A pair of codes reads better than a tuple.
        return "、".join(map(str, value)) if isinstance(value, tuple) else value or ""


class _OfFile(_Decision):
    file: str
    """Name of the file, without its folder."""

    @field_validator("file")
    @classmethod
    def _without_folder(cls, file: str) -> str:
        return file.replace("\\", "/").rsplit("/", 1)[-1]


class _OfColumn(_OfFile):
    sheet: str | None = None
    """Sheet of a workbook; None for other files."""
    header: str
    """As it stands in the file."""


class _OfRow(_OfFile):
    """A row, known by what the file says of the village; ``row`` only tells equal ones apart."""

    sheet: str | None = None
    row: int | None = None
    township: str | None = None
    name: str | None = None
    code: str | None = None
    """As found in the file, however damaged."""


class EncodingDecision(_OfFile):
    """The texts of a file are in this encoding."""

    kind: Literal["encoding"] = "encoding"
    encoding: str


class CrsDecision(_OfFile):
    """The coordinates of a layer are in this CRS, whatever the file says."""

    kind: Literal["crs"] = "crs"
    crs: str


class AxisOrderDecision(_OfFile):
    """The first coordinate of a layer is the northing or latitude."""

    kind: Literal["axis_order"] = "axis_order"
    order: Literal["yx"] = "yx"


class HeaderDecision(_OfColumn):
    """A column holds this field of the village table; ``""`` for none."""

    kind: Literal["header"] = "header"
    field: str

    def _key(self) -> str:
        return super()._key() if self.field else "decisions.header_of_none"

    def _shown(self, name: str, language: Language) -> object:
        if name == "field" and self.field:
            return getattr(FIELDS[self.field], language)
        return super()._shown(name, language)

    @field_validator("field")
    @classmethod
    def _known(cls, field: str) -> str:
        if field and field not in FIELDS:
            raise PydanticCustomError(
                "literal_error", "unknown field", {"expected": "、".join(FIELDS)}
            )
        return field


class UnitDecision(_OfColumn):
    """The numbers of a column are in this unit."""

    kind: Literal["unit"] = "unit"
    unit: str

    @field_validator("unit")
    @classmethod
    def _readable(cls, unit: str) -> str:
        if parse_unit(unit) is None:
            raise PydanticCustomError("unknown_unit", "unknown unit")
        return unit


class CellsDecision(_OfColumn):
    """Cells of a column that are no plain number are read in these ways.

    ``approximate``: "约1,200" is 1,200. ``multiplied``: "1.2万" is 12,000 of the column's unit.
    ``with_unit``: "35亩", "12万元" are in the unit they name. ``range``: "10-12" is its middle.
    ``from_above``: a blank township is the one of the row above.
    """

    kind: Literal["cells"] = "cells"
    accept: tuple[Literal["approximate", "multiplied", "with_unit", "range", "from_above"], ...]

    def _shown(self, name: str, language: Language) -> object:
        if name == "accept":
            return "、".join(message(f"decisions.cells_{way}", language) for way in self.accept)
        return super()._shown(name, language)


class ValueDecision(_OfRow):
    """One cell that reads ``found`` means ``value``; ``""`` for missing."""

    kind: Literal["value"] = "value"
    header: str
    found: str
    value: str

    def _key(self) -> str:
        return super()._key() if self.value else "decisions.value_missing"


class MatchDecision(_OfRow):
    """A row of the ledger belongs to this village of the boundary layer.

    ``village`` is its code, or ``township/name`` in a layer without codes.
    """

    kind: Literal["match"] = "match"
    village: str


class CodeDecision(_OfRow):
    """The code of a feature or row is really this one."""

    kind: Literal["code"] = "code"
    right: str


class DropRowDecision(_OfRow):
    """A row of the ledger is not used."""

    kind: Literal["drop_row"] = "drop_row"


class ExcludeDecision(_OfFile):
    """A village of the boundary layer, by code or ``township/name``, is not planned."""

    kind: Literal["exclude"] = "exclude"
    village: str


class KeepDecision(_OfFile):
    """A village without a row in the ledger is planned with its indicators missing."""

    kind: Literal["keep"] = "keep"
    village: str


class LinkDecision(_Decision):
    """Two villages, by code, are neighbours whatever the map says."""

    kind: Literal["link"] = "link"
    villages: tuple[str, str]


class ContiguityDecision(_Decision):
    """Borders of this layer are as exact as this."""

    kind: Literal["contiguity"] = "contiguity"
    gap_tolerance_m: Length | None = None
    min_shared_border_m: Length | None = None


class AcceptDecision(_Decision):
    """A finding was looked at and is right as it is."""

    kind: Literal["accept"] = "accept"
    finding: str
    """Key of the finding, for example ``"outliers.by_factor"``."""
    file: str | None = None
    sheet: str | None = None
    field: str | None = None
    row: int | None = None
    township: str | None = None
    village: str | None = None
    code: str | None = None


Decision = Annotated[
    EncodingDecision
    | CrsDecision
    | AxisOrderDecision
    | HeaderDecision
    | UnitDecision
    | CellsDecision
    | ValueDecision
    | MatchDecision
    | CodeDecision
    | DropRowDecision
    | ExcludeDecision
    | KeepDecision
    | LinkDecision
    | ContiguityDecision
    | AcceptDecision,
    Field(discriminator="kind"),
]

OfFile = TypeVar("OfFile", bound=_OfFile)
OfColumn = TypeVar("OfColumn", bound=_OfColumn)
OfRow = TypeVar("OfRow", bound=_OfRow)
OfVillage = TypeVar("OfVillage", ExcludeDecision, KeepDecision)
D = TypeVar("D", bound=_Decision)


# Topics of findings that are looked for only when the data are examined.
_ONLY_EXAMINED = ("contiguity", "datum", "doctor", "readings", "roads", "topology")


class _File(Table):
    decision: tuple[Decision, ...] = ()


def read_decisions(path: Path | str) -> tuple[Decision, ...]:
    """Read a file of decisions.

    Raises
    ------
    SettingsError
        With every fault of the file.
    """
    path = Path(path)
    return parse_decisions(read_toml(path), file=str(path))


def parse_decisions(tables: dict[str, Any], *, file: str | None = None) -> tuple[Decision, ...]:
    """Return decisions given as nested tables.

    Raises
    ------
    SettingsError
        With every fault.
    """
    return validated(_File, tables, file=file).decision


def in_force(decisions: Iterable[Decision]) -> tuple[Decision, ...]:
    """Return the confirmed decisions, each once."""
    return tuple(dict.fromkeys(decision for decision in decisions if decision.confirmed))


def accepting(fault: Fault) -> AcceptDecision:
    """Return the decision that a finding is right as it is."""
    where = fault.where
    return AcceptDecision(
        finding=fault.key,
        file=where.file,
        sheet=where.sheet,
        field=where.field,
        # A row moves when the sheet is edited; a village stays what it is.
        row=None if where.code or where.village else where.row,
        township=where.township,
        village=where.village,
        code=where.code,
    )


class Replay:
    """The decisions in force while files are read, and which of them found their place.

    Parameters
    ----------
    decisions
        Unconfirmed ones are left aside.
    """

    def __init__(self, decisions: Iterable[Decision] = ()) -> None:
        self.decisions = in_force(decisions)
        self._used: set[int] = set()
        self._numbers: dict[Hashable, list[int]] = {}
        for number, decision in enumerate(self.decisions):
            self._numbers.setdefault(_key(decision), []).append(number)
            if isinstance(decision, LinkDecision | ContiguityDecision):
                # They are part of the settings, not of the reading.
                self._used.add(number)

    def of_file(self, kind: type[OfFile], where: Where) -> OfFile | None:
        """Return the decision of a kind on a file, the last one if there are several."""
        return self._last(kind, [(_name(kind), where.file)])

    def of_column(self, kind: type[OfColumn], where: Where) -> OfColumn | None:
        """Return the decision of a kind on the column ``where.field`` of a sheet."""
        return self._last(kind, [(_name(kind), where.file, where.sheet, where.field)])

    def of_row(self, kind: type[OfRow], where: Where, **more: str) -> OfRow | None:
        """Return the decision of a kind on a row.

        ``where`` gives file, sheet, row, and township, village and code as found; ``more`` what
        else must be equal (``header``, ``found``). What the decision leaves open fits anything;
        the row number counts only if the decision says nothing of the village.
        """
        sheet = (_name(kind), where.file, where.sheet)
        named = dict.fromkeys([(where.village, None), (None, where.code), (None, where.row)])
        return self._last(
            kind,
            [(*sheet, *name) for name in named],
            lambda decision: (
                _same_row(decision, where)
                and all(getattr(decision, name) == value for name, value in more.items())
            ),
        )

    def of_village(self, kind: type[OfVillage], where: Where, village: str) -> OfVillage | None:
        """Return the decision of a kind on a village, by code or ``township/name``."""
        return self._last(kind, [(_name(kind), where.file, village)])

    def accepts(self, fault: Fault) -> bool:
        """Tell whether a finding was accepted as it is."""
        return self._last(AcceptDecision, [_key(accepting(fault))]) is not None

    def use(self, decision: Decision) -> None:
        """Note that a decision found its place (for those not looked up here)."""
        self._used.update(n for n, known in enumerate(self.decisions) if known == decision)

    def notices(self, *, examined: bool = True) -> list[Fault]:
        """Return a warning for each decision: applied, or not needed any more.

        Parameters
        ----------
        examined
            Whether all that can be found was looked for. Planning looks for less: what only the
            doctor finds may have been accepted and still does not come up.
        """
        return [
            warning(
                "decisions.applied" if number in self._used else "decisions.unused",
                Where(file=getattr(decision, "file", None), sheet=getattr(decision, "sheet", None)),
                decision=decision,
            )
            for number, decision in enumerate(self.decisions)
            if examined or number in self._used or not _of_the_doctor(decision)
        ]

    def _last(
        self, kind: type[D], keys: Iterable[Hashable], fits: Callable[[D], bool] = lambda _: True
    ) -> D | None:
        chosen = None
        for number in sorted(number for key in keys for number in self._numbers.get(key, ())):
            decision = self.decisions[number]
            if isinstance(decision, kind) and fits(decision):
                self._used.add(number)
                chosen = decision
        return chosen


def _of_the_doctor(decision: Decision) -> bool:
    topic = decision.finding.partition(".")[0] if isinstance(decision, AcceptDecision) else None
    return topic in _ONLY_EXAMINED


def _name(kind: type[_Decision]) -> str:
    return str(kind.model_fields["kind"].default)


def _key(decision: Decision) -> Hashable:
    """Return what a decision is looked up by."""
    if isinstance(decision, AcceptDecision):
        said = decision.model_dump(exclude={"confirmed", "by", "on", "note"})
        return tuple(said.values())
    if isinstance(decision, _OfColumn):
        return (decision.kind, decision.file, decision.sheet, decision.header)
    if isinstance(decision, _OfRow):
        # By its name, so that thousands of decisions are found as fast as one.
        other = decision.row if decision.code is None else decision.code
        other = None if decision.name is not None else other
        return (decision.kind, decision.file, decision.sheet, decision.name, other)
    if isinstance(decision, ExcludeDecision | KeepDecision):
        return (decision.kind, decision.file, decision.village)
    if isinstance(decision, _OfFile):
        return (decision.kind, decision.file)
    return decision.kind


def _same_row(decision: _OfRow, where: Where) -> bool:
    same_number = decision.row is not None and decision.row == where.row
    known = False
    for wanted, found in (
        (decision.code, where.code),
        (decision.name, where.village),
        (decision.township, where.township),
    ):
        # A column that another decision leaves out says nothing any more.
        if wanted is not None and wanted != found and not (found is None and same_number):
            return False
        known = known or (wanted is not None and found is not None)
    named = decision.code is not None or decision.name is not None
    return known if named else same_number

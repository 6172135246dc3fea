"""The kinds of decisions on faults of the data: what each says, and how it reads."""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from liancun_geo.messages import DEFAULT_LANGUAGE, Language, Listing, catalogue, message
from liancun_geo.tables import Table
from liancun_geo.units import parse_unit
from liancun_geo.villages import FIELDS

_PADDED = re.compile(r"([0-9]{12})0{7}")
Length = Annotated[float, Field(ge=0, le=1000, allow_inf_nan=False)]
_SHOWN = 5
_SPOT = re.compile(r"-?[0-9.]+°E -?[0-9.]+°N")


def short_code(code: str | None) -> str:
    """Return a code of 19 digits (12 and seven zeros) as 12 digits, any other text as it is."""
    padded = _PADDED.fullmatch(code or "")
    return (code or "") if padded is None else padded.group(1)


class AnyDecision(Table):
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
        clause = re.sub("(?<=[：“（(]) | (?=[）)])", "", clause).strip()
        return clause.replace("（）", "").replace(" ()", "")

    def _key(self) -> str:
        return f"decisions.{name_of(type(self))}"

    def _shown(self, name: str, language: Language) -> object:
        value = getattr(self, name)
        # A pair of codes reads better than a tuple.
        return Listing(map(str, value)) if isinstance(value, tuple) else value or ""


class OfFile(AnyDecision):
    """A decision on one file."""

    file: str
    """Name of the file, without its folder."""

    @field_validator("file")
    @classmethod
    def _without_folder(cls, file: str) -> str:
        return file.replace("\\", "/").rsplit("/", 1)[-1]


class OfColumn(OfFile):
    """A decision on one column of a file."""

    sheet: str | None = None
    """Sheet of a workbook; None for other files."""
    header: str
    """As it stands in the file."""


class OfRow(OfFile):
    """A row, known by what the file says of the village; ``row`` only tells equal ones apart."""

    sheet: str | None = None
    row: int | None = None
    township: str | None = None
    name: str | None = None
    code: str | None = None
    """As found in the file, however damaged."""

    def _of(self) -> str:
        """Return what ends the key of a sentence: of a village, of a row, of any row."""
        if self.name is not None or self.code is not None:
            return ""
        return "_anywhere" if self.row is None else "_of_row"


class LayerDecision(OfFile):
    """Of several layers of a file, or data sets of a folder or archive, the one to use."""

    kind: Literal["layer"] = "layer"
    layer: str


class EncodingDecision(OfFile):
    """The texts of a file are in this encoding."""

    kind: Literal["encoding"] = "encoding"
    encoding: str


class CrsDecision(OfFile):
    """The coordinates of a layer are in this CRS, whatever the file says."""

    kind: Literal["crs"] = "crs"
    crs: str
    content: str | None = None
    """Digest of the coordinates that were looked at; with others the decision does not hold and
    the CRS is asked about again. None for whatever they are."""

    def _key(self) -> str:
        return super()._key() if self._spot() is None else "decisions.crs_at"

    def _spot(self) -> str | None:
        """Return where the data would lie, which the note of a proposal says."""
        found = _SPOT.search(self.note or "")
        return None if found is None else found.group()

    def _shown(self, name: str, language: Language) -> object:
        if name == "note":
            return self._spot() or ""
        if name == "crs":
            # Loading the library takes longer than everything else here.
            from liancun_geo.crs import name_of as name_of_crs

            named = name_of_crs(self.crs, language)
            return message("decisions.crs_named", language, crs=self.crs, name=named)
        return super()._shown(name, language)


class AxisOrderDecision(OfFile):
    """The first coordinate of a layer is the northing or latitude."""

    kind: Literal["axis_order"] = "axis_order"
    order: Literal["yx"] = "yx"


class HeaderDecision(OfColumn):
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
                "literal_error", "unknown field", {"expected": Listing(FIELDS)}
            )
        return field


class OfUnit(OfColumn):
    """A decision on the unit of figures."""

    unit: str

    @field_validator("unit")
    @classmethod
    def _readable(cls, unit: str) -> str:
        if parse_unit(unit) is None:
            raise PydanticCustomError("unknown_unit", "unknown unit")
        return unit


class UnitDecision(OfUnit):
    """The numbers of a column are in this unit."""

    kind: Literal["unit"] = "unit"


class RowsUnitDecision(OfUnit):
    """The numbers of rows of a column that follow each other are in this unit, unlike the rest.

    The rows are known by the villages of the first and the last; their numbers count where these
    are not given or several rows name them. With more or fewer rows between them than were
    decided on, it is another block and is asked about again.
    """

    kind: Literal["rows_unit"] = "rows_unit"
    first_row: Annotated[int, Field(ge=1)]
    last_row: Annotated[int, Field(ge=1)]
    first_village: str | None = None
    """Name (or code, if the file names no village) in the first row, as found."""
    last_village: str | None = None

    def _key(self) -> str:
        named = self.first_village is not None and self.last_village is not None
        return super()._key() if named else "decisions.rows_unit_by_number"

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.last_row < self.first_row:
            raise PydanticCustomError("range_order", "last_row < first_row")
        return self


class CellsDecision(OfColumn):
    """Cells of a column that are no plain number are read in these ways.

    ``approximate``: "约1,200" is 1,200. ``multiplied``: "1.2万" is 12,000 of the column's unit.
    ``with_unit``: "35亩", "12万元" are in the unit they name. ``range``: "10-12" is its middle.
    ``from_above``: a blank township is the one of the row above.
    """

    kind: Literal["cells"] = "cells"
    accept: tuple[Literal["approximate", "multiplied", "with_unit", "range", "from_above"], ...]

    def _shown(self, name: str, language: Language) -> object:
        if name == "accept":
            return Listing(message(f"decisions.cells_{way}", language) for way in self.accept)
        return super()._shown(name, language)


class ValueDecision(OfRow):
    """One cell that reads ``found`` means ``value``; ``""`` for missing."""

    kind: Literal["value"] = "value"
    header: str
    found: str
    value: str

    def _key(self) -> str:
        meaning = "value" if self.found and self.value else "value_given"
        return f"decisions.{'value_missing' if not self.value else meaning}{self._of()}"


class MatchDecision(OfRow):
    """A row of the ledger belongs to this village of the boundary layer.

    ``village`` is its code, or ``township/name`` in a layer without codes.
    """

    kind: Literal["match"] = "match"
    village: str

    def _key(self) -> str:
        return super()._key() if self.row is not None else "decisions.match_of_village"


class CodeDecision(OfRow):
    """The code of a feature or row is really this one; ``""`` if it has none."""

    kind: Literal["code"] = "code"
    right: str

    def _key(self) -> str:
        return super()._key() if self.right else "decisions.code_of_none"


class SameNameDecision(OfFile):
    """Features of one name in one township, without codes, are one village or several.

    ``one``: a village in parts. ``several``: each its own village, called by its name and its
    number in the order of the file.
    """

    kind: Literal["same_name"] = "same_name"
    township: str | None = None
    """Name or code, as the layer gives it; None if it gives none."""
    name: str
    meaning: Literal["one", "several"]

    def _key(self) -> str:
        return f"decisions.same_name_{self.meaning}"


class TownshipDecision(OfFile):
    """Villages of which neither map nor ledger says the township.

    ``named``: they belong to the township ``name``. ``nearest``: each belongs to the township of
    the nearest village that has one. ``excluded``: they are not planned.
    """

    kind: Literal["township"] = "township"
    meaning: Literal["named", "nearest", "excluded"] = "named"
    name: str | None = None
    village: str | None = None
    """Code or name of the village this is about; None for all villages without a township."""

    @model_validator(mode="after")
    def _named(self) -> Self:
        if (self.meaning == "named") != bool(self.name and self.name.strip()):
            raise PydanticCustomError("township_name", "a township is named or not")
        return self

    def _key(self) -> str:
        about = "township" if self.village is None else "township_of_one"
        return f"decisions.{about}_{self.meaning}"


class DropRowDecision(OfRow):
    """A row of the ledger, or a feature of the boundary layer, is not used."""

    kind: Literal["drop_row"] = "drop_row"

    def _key(self) -> str:
        of = self._of()
        return super()._key() + (of if of or self.row is not None else "_of_village")


class _OfVillage(OfFile):
    village: str
    """Code, or ``township/name`` in a layer without codes."""

    def _shown(self, name: str, language: Language) -> object:
        # A name that stands in for a code is not said twice.
        if name == "note" and self.village.rpartition("/")[2] in (self.note or "").split():
            return ""
        return self.village.lstrip("/") if name == "village" else super()._shown(name, language)


class ExcludeDecision(_OfVillage):
    """A village of the boundary layer, by code or ``township/name``, is not planned."""

    kind: Literal["exclude"] = "exclude"


class KeepDecision(_OfVillage):
    """A village without a row in the ledger is planned with its indicators missing."""

    kind: Literal["keep"] = "keep"


class LinkDecision(AnyDecision):
    """Two villages, by code, are neighbours whatever the map says."""

    kind: Literal["link"] = "link"
    villages: tuple[str, str]

    def _key(self) -> str:
        return super()._key() if self.note is None else "decisions.link_named"


class LinksDecision(AnyDecision):
    """Several pairs of villages, by code, are neighbours whatever the map says."""

    kind: Literal["links"] = "links"
    pairs: Annotated[tuple[tuple[str, str], ...], Field(min_length=1)]
    within_m: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    """How far apart they are at most; for information."""

    def _key(self) -> str:
        return super()._key() if self.within_m is None else "decisions.links_within"

    def _shown(self, name: str, language: Language) -> object:
        if name == "within_m" and self.within_m is not None:
            return f"{self.within_m:g}"
        if name != "pairs":
            return super()._shown(name, language)
        shown = Listing("–".join(pair) for pair in self.pairs[:_SHOWN])
        count, listed = len(self.pairs), self.note or shown
        # A list cut short must not look like a whole one.
        key = "decisions.pairs" if count <= _SHOWN else "decisions.pairs_and_more"
        return message(key, language, count=count, pairs=listed)


class ContiguityDecision(AnyDecision):
    """Borders of this layer are as exact as this."""

    kind: Literal["contiguity"] = "contiguity"
    gap_tolerance_m: Length | None = None
    min_shared_border_m: Length | None = None

    def _key(self) -> str:
        if self.min_shared_border_m is None:
            return "decisions.contiguity_gap"
        return super()._key() if self.gap_tolerance_m is not None else "decisions.contiguity_border"

    def _shown(self, name: str, language: Language) -> object:
        value = getattr(self, name)
        # A whole number of metres is written as one, and nought is a number.
        return f"{value:g}" if isinstance(value, float) else super()._shown(name, language)


class AcceptDecision(AnyDecision):
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
    found: str | None = None
    """The figures of the finding that were looked at; None for whatever they are. With others
    the finding is another one and is asked about again."""

    def _key(self) -> str:
        said = (self.field, self.row, self.township, self.village, self.code, self.found)
        if not any(said[:-1]) and self._said() in catalogue():
            return "decisions.accept_of_file"
        return super()._key() if any(said) else "decisions.accept_all"

    def _said(self) -> str:
        """Return the key of what is accepted of a whole file."""
        return f"accepted.{self.finding.replace('.', '_')}"

    def _shown(self, name: str, language: Language) -> object:
        if name == "finding":
            key = self._said()
            return message(key, language) if key in catalogue() else self.finding
        if name == "row":
            # A row is named only if nothing else is.
            known = self.row is None or self.village or self.code
            return "" if known else message("decisions.row", language, row=self.row)
        if name == "code" and self.code is not None and "、" in self.code:
            codes = self.code.split("、")
            shown = Listing(codes[:2])
            return message("decisions.codes", language, codes=shown, count=len(codes))
        return super()._shown(name, language)


Decision = Annotated[
    LayerDecision
    | EncodingDecision
    | CrsDecision
    | AxisOrderDecision
    | HeaderDecision
    | UnitDecision
    | RowsUnitDecision
    | CellsDecision
    | ValueDecision
    | MatchDecision
    | CodeDecision
    | SameNameDecision
    | TownshipDecision
    | DropRowDecision
    | ExcludeDecision
    | KeepDecision
    | LinkDecision
    | LinksDecision
    | ContiguityDecision
    | AcceptDecision,
    Field(discriminator="kind"),
]


def name_of(kind: type[AnyDecision]) -> str:
    """Return what a kind of decision is called in a file."""
    return str(kind.model_fields["kind"].default)

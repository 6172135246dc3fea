"""Decisions on a column: its field, its unit, how its cells are read."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from liancun_geo.decision_kinds.bases import OfColumn
from liancun_geo.messages import Language, Listing, message
from liancun_geo.units import parse_unit
from liancun_geo.villages import FIELDS


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

"""What decisions have in common: who agreed, what they are about, how they read."""

from __future__ import annotations

import datetime as dt
import re

from pydantic import field_validator

from liancun_geo.messages import DEFAULT_LANGUAGE, Language, Listing, message
from liancun_geo.tables import Table

_PADDED = re.compile(r"([0-9]{12})0{7}")


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


def name_of(kind: type[AnyDecision]) -> str:
    """Return what a kind of decision is called in a file."""
    return str(kind.model_fields["kind"].default)

"""Decisions on a row of the ledger, or a cell of it."""

from __future__ import annotations

from typing import Literal

from liancun_geo.decision_kinds.bases import OfRow


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


class DropRowDecision(OfRow):
    """A row of the ledger, or a feature of the boundary layer, is not used."""

    kind: Literal["drop_row"] = "drop_row"

    def _key(self) -> str:
        of = self._of()
        return super()._key() + (of if of or self.row is not None else "_of_village")

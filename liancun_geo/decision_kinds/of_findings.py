"""The decision that a finding of the doctor is right as it is."""

from __future__ import annotations

from typing import Literal

from liancun_geo.decision_kinds.bases import AnyDecision
from liancun_geo.messages import Language, Listing, catalogue, message


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

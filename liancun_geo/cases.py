"""The worked cases: alliances that published accounts name, with the files to plan them again.

Facts are as published; geometry and most figures are invented (see ``docs/cases.md``).
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from liancun_geo.messages import Language

_PACKAGED = Path(__file__).parent / "_cases"
_CHECKOUT = Path(__file__).parents[1] / "data" / "cases"
_STEMS = "甲乙丙丁戊己庚辛"


@dataclass(frozen=True, slots=True)
class WorkedCase:
    """One alliance as it was published, and the folder of its files.

    Attributes
    ----------
    id, title
        By which it is called here, and by the account.
    county, township
        Where it lies.
    lead
        Name of the lead village; None if the account does not tell it.
    members
        Names of all other villages; those the account does not name are called 未具名村.
    type
        As the account calls it.
    type_id
        The type of the program that means; None if the account names none.
    source, note
        The account, and how it was read ("" if there is nothing to say), by language.
    folder
        Where boundaries, ledger and settings lie.
    """

    id: str
    title: str
    county: str
    township: str
    lead: str | None
    members: tuple[str, ...]
    type: str
    type_id: str | None
    source: dict[Language, str]
    note: dict[Language, str]
    folder: Path

    @property
    def villages(self) -> tuple[str, ...]:
        """Names of all villages, the lead first if it is known."""
        return self.members if self.lead is None else (self.lead, *self.members)

    @property
    def boundaries(self) -> Path:
        """Layer of the villages, with invented neighbours."""
        return self.folder / "villages.geojson"

    @property
    def ledger(self) -> Path:
        """Ledger (台账); a column says which figures are published."""
        return self.folder / "ledger.csv"

    @property
    def settings(self) -> Path:
        """Settings file with the rules of the account."""
        return self.folder / "settings.toml"


def worked_cases() -> tuple[WorkedCase, ...]:
    """Return the cases that came with the package or lie in the checkout.

    Raises
    ------
    FileNotFoundError
        If the installation is damaged.
    """
    for folder in (_PACKAGED, _CHECKOUT):
        file = folder / "cases.toml"
        if file.is_file():
            facts = tomllib.loads(file.read_text(encoding="utf-8"))
            return tuple(_case(case, facts["source"], folder) for case in facts["case"])
    raise FileNotFoundError(f"the worked cases are missing from this installation: {_PACKAGED}")


def _case(case: dict[str, Any], sources: dict[str, Any], folder: Path) -> WorkedCase:
    unnamed = [f"未具名村{stem}" for stem in _STEMS[: case.get("unnamed", 0)]]
    source = sources[case["source"]]
    return WorkedCase(
        id=case["id"],
        title=case["title"],
        county=case["county"],
        township=case["township"],
        lead=case.get("lead"),
        members=(*case["members"], *unnamed),
        type=case["type"],
        type_id=case.get("type_id"),
        source={"zh": source["zh"], "en": source["en"]},
        note={"zh": case.get("note_zh", ""), "en": case.get("note_en", "")},
        folder=folder / case["id"],
    )

"""Who is where: one row a village, for CSV and workbook."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from liancun_geo.messages import DEFAULT_LANGUAGE, Language
from liancun_geo.output.export import clean, exporting, guarded, sentence
from liancun_geo.typology import classify

if TYPE_CHECKING:
    from liancun_geo.scenario import Scenario


@dataclass(frozen=True, slots=True)
class RosterRow:
    """One village and its place in the plan; what does not apply is empty."""

    code: str
    name: str
    township: str
    alliance_id: str
    alliance_name: str
    role: Literal["lead", "member", "unassigned"]
    lead_code: str
    reason: str
    alliance_type: str = ""
    type_reason: str = ""
    party_body: str = ""
    core_enterprise: str = ""


def roster(scenario: Scenario, language: Language) -> Iterator[RosterRow]:
    """Yield every village: alliance by alliance, lead first, then those without alliance.

    Villages that were excluded while reading are listed as well, with their reason.
    """
    frame = scenario.villages.frame
    code = [clean(value) for value in frame["code"]]
    name = [clean(value) for value in frame["name"]]
    township = [clean(value) for value in frame["township"]]
    for typed in classify(scenario):
        alliance = typed.alliance
        core = typed.core_enterprise
        of_alliance = (
            clean(typed.name(language)),
            clean(typed.short_reason(language)),
            typed.party_body.name(language),
            "" if core is None else clean(core.name),
        )
        for village in alliance.villages:
            yield RosterRow(
                code[village],
                name[village],
                township[village],
                alliance.id,
                clean(alliance.name),
                "lead" if village == alliance.lead else "member",
                code[alliance.lead],
                "",
                *of_alliance,
            )
    for left_out in scenario.unassigned:
        yield RosterRow(
            clean(left_out.code),
            clean(left_out.name),
            clean(left_out.township),
            "",
            "",
            "unassigned",
            "",
            clean(sentence(left_out.reason, language)),
        )


def write_assignment_csv(
    scenario: Scenario, path: Path | str, *, language: Language = DEFAULT_LANGUAGE
) -> Path:
    """Write the assignment as CSV: UTF-8 with BOM, CRLF, RFC 4180.

    Columns: the fields of :class:`RosterRow`. A value that a spreadsheet would take for a
    formula (it begins with ``=``, ``+``, ``-`` or ``@``) gets an apostrophe before it, after
    OWASP's advice on CSV injection; no village code and no real name begins so, hence these stay
    as they are. CSV cannot mark a code as text: a spreadsheet that opens the file may drop a
    leading zero. The workbook is for people, this file is for programs.

    Raises
    ------
    DataError
        If the plan breaks a rule or the file cannot be written.
    """
    path = Path(path)
    with exporting(scenario, path.parent, [path.name]) as stage:
        fill_assignment_csv(scenario, stage.path(path.name), language)
    return path


def fill_assignment_csv(scenario: Scenario, path: Path, language: Language) -> None:
    """Write the assignment to a file that is not there yet."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([field.name for field in fields(RosterRow)])
        for row in roster(scenario, language):
            writer.writerow([f"'{text}" if guarded(text) else text for text in astuple(row)])

"""The list of villages in which two plans differ, as a workbook."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from liancun_geo.compare import Difference, LeadChange, Moved
from liancun_geo.messages import DEFAULT_LANGUAGE, Language, message
from liancun_geo.naming import alliance_name
from liancun_geo.output.quality_sheet import write_sheets
from liancun_geo.output.sheets import Sheet
from liancun_geo.scenario import Scenario

_Row = tuple[str | float | None, ...]


def difference_table(
    scenario: Scenario,
    found: Difference,
    names: tuple[str, str],
    language: Language = DEFAULT_LANGUAGE,
    reasons: Mapping[str, str] | None = None,
) -> Sheet:
    """Return a row for every village that moved, then for every alliance with another lead.

    Parameters
    ----------
    scenario
        Either plan: for the villages.
    found
        What differs.
    names
        Of the two plans.
    language
        Of the headings.
    reasons
        By village code, from :func:`liancun_geo.compare.reasons`.
    """
    frame = scenario.villages.frame
    village = frame["name"].astype(str).tolist()
    town, code = frame["township"].astype(str).tolist(), frame["code"].astype(str).tolist()
    told = reasons or {}

    def say(key: str, **params: str) -> str:
        return message(f"compare_step.{key}", language, **params)

    def home(lead: int | None) -> str:
        return say("not_placed") if lead is None else alliance_name(village[lead])

    def row(at: int, one: Moved | LeadChange, reason: str) -> _Row:
        points = None if one.points is None else round(one.points, 2)
        return town[at], code[at], village[at], home(one.before), home(one.after), points, reason

    rows = [row(one.village, one, told.get(code[one.village], "")) for one in found.moved]
    rows += [row(one.after, one, say("lead_change")) for one in found.leads]
    heading = (
        *(say(f"column_{name}") for name in ("township", "code", "village")),
        *(say("column_from", name=names[0]), say("column_to", name=names[1])),
        *(say("column_points"), say("column_reason")),
    )
    return Sheet(say("moved"), heading, rows, decimals="0.00")


def write_difference_list(
    scenario: Scenario,
    path: Path | str,
    table: Sheet,
    *,
    language: Language = DEFAULT_LANGUAGE,
    created: datetime | None = None,
) -> Path:
    """Write the list to a workbook.

    Raises
    ------
    DataError
        If the file is an input of the plan or cannot be written.
    """
    return write_sheets(scenario, path, (table,), language=language, created=created)

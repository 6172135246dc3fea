"""What the report holds, as text ready to be laid out: the Word file and the PDF say the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of the summary and what it counts."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a table, its cells in the order of the heading."""

    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table: a heading and rows as wide as it."""

    heading: tuple[str, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Member:
    """A member village and why it is in its alliance."""

    name: str
    distance: str
    population: str
    income: str
    points: str
    reason: str


@dataclass(frozen=True, slots=True)
class AllianceSection:
    """Half a page on one alliance.

    Attributes
    ----------
    name, township
        As a person speaks of it.
    totals
        Villages, persons, income, party members and points in one sentence.
    kind, kind_reason
        The type, and the facts that decided it.
    party_body
        Which the number of members allows, to be confirmed.
    lead, lead_facts, lead_reasons
        The lead village, its own figures, why it leads.
    members
        Of the alliance, the nearest first.
    """

    name: str
    township: str
    totals: str
    kind: str
    kind_reason: str
    party_body: str
    lead: str
    lead_facts: str
    lead_reasons: tuple[str, ...]
    members: tuple[Member, ...]


@dataclass(frozen=True, slots=True)
class TownshipSection:
    """A township: how many alliances, how sure, its table, its alliances, who is left out.

    ``code`` is the township's, by which its map is found.
    """

    name: str
    code: str
    summary: str
    proof: str
    table: Table
    alliances: tuple[AllianceSection, ...]
    unplaced: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """The whole report in one language."""

    title: str
    county: str
    plan_name: str
    maker: str
    date: str
    figures: tuple[Figure, ...]
    summary: tuple[str, ...]
    method: tuple[str, ...]
    proofs: Table
    overview_caption: str
    townships: tuple[TownshipSection, ...]
    comparison: Table
    comparison_notes: tuple[str, ...]
    others: Table | None
    objections_note: str
    objections: Table | None
    unplaced_note: str
    unplaced: Table | None
    data_notes: tuple[str, ...]
    sources: Table
    settings: Table
    record: Table

    def words(self) -> dict[str, Any]:
        """Return everything as mappings, lists and strings, for a template."""
        return {name: _plain(getattr(self, name)) for name in self.__dataclass_fields__}


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    if hasattr(value, "__dataclass_fields__"):
        return {name: _plain(getattr(value, name)) for name in value.__dataclass_fields__}
    return value

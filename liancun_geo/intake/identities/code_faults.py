"""Faults of codes that the other file, or a person, has an answer to."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from liancun_geo.decisions import CodeDecision
from liancun_geo.errors import Fault
from liancun_geo.intake.identities.joining import Joined
from liancun_geo.intake.identities.read_table import ReadTable

_OFFICIAL: Final = re.compile(r"\d{12}")
_DAMAGED: Final = "intake.code_damaged"
_OF_CODES: Final = ("intake.code_missing", _DAMAGED, "intake.code_length")


def without_mended(faults: Sequence[Fault], table: ReadTable) -> list[Fault]:
    """Return the faults without those of damaged codes that a person has put right."""
    record_of = {row: record for record, row in enumerate(table.raw.rows)}
    return [
        fault
        for fault in faults
        if not _is_of(fault, table)
        or table.cell(record_of.get(fault.where.row or 0, 0), "code") is None
    ]


def settled_codes(
    faults: Sequence[Fault],
    features: ReadTable,
    groups: Sequence[Sequence[int]],
    ledgers: Sequence[ReadTable],
    joined: Joined,
) -> list[Fault]:
    """Return the faults of both files, those of codes as far as the join has something to say.

    Parameters
    ----------
    faults
        Faults of reading.
    features
        Attributes of the layer.
    groups
        Positions of the features of each village.
    ledgers, joined
        Tables of the ledger, and which village each row belongs to.

    Returns
    -------
    list of Fault
        Without those of damaged codes in the ledger, since the join asks which village is meant;
        those of missing, damaged or odd codes of the layer propose the code of the ledger.
    """
    left = [fault for fault in faults if not any(_is_of(fault, table) for table in ledgers)]
    given = _given(ledgers, joined)
    village_of = {feature: village for village, group in enumerate(groups) for feature in group}
    feature_of = {row: record for record, row in enumerate(features.raw.rows)}
    settled = []
    for fault in left:
        feature = feature_of.get(fault.where.row or 0)
        if fault.key in _OF_CODES and fault.where.file == features.raw.file and feature is not None:
            codes = dict.fromkeys(given.get(village_of.get(feature, -1), ()))
            right = [code for code in codes if _OFFICIAL.fullmatch(code)]
            if len(right) == 1:
                proposed = CodeDecision(**features.identity(feature), right=right[0])
                fault = fault.proposing(proposed)
        settled.append(fault)
    return settled


def _given(ledgers: Sequence[ReadTable], joined: Joined) -> dict[int, list[str]]:
    """Return village -> codes that the ledger gives it, or may give it."""
    given: dict[int, list[str]] = {}
    matched = [(row.table, row.record, (row.position,)) for row in joined.matched]
    for table, record, villages in [*matched, *joined.rows_without_village]:
        code = ledgers[table].cell(record, "code")
        for village in villages if code is not None else ():
            given.setdefault(village, []).append(code)
    return given


def _is_of(fault: Fault, table: ReadTable) -> bool:
    """Tell whether a fault is a damaged code of this table."""
    if fault.key != _DAMAGED or "code" not in table.columns:
        return False
    column = table.raw.where(header=table.columns["code"].header)
    place = fault.where
    return (place.file, place.sheet, place.field) == (column.file, column.sheet, column.field)

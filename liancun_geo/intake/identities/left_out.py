"""Features of the boundary layer that people do not want used, and what is settled by it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from liancun_geo.decisions import CodeDecision, DropRowDecision, Replay
from liancun_geo.errors import Fault
from liancun_geo.intake.identities.read_table import ReadTable

OF_CODES: Final = ("intake.code_missing", "intake.code_length", "intake.code_damaged")
"""Faults of a single code of the layer."""


def left_out_features(table: ReadTable, replay: Replay) -> tuple[int, ...]:
    """Return the positions of the features that people have dropped."""
    if not any(isinstance(decision, DropRowDecision) for decision in replay.decisions):
        return ()
    features = range(len(table.raw.rows))
    return tuple(f for f in features if replay.of_row(DropRowDecision, table.found(f)) is not None)


def still_open(
    faults: Sequence[Fault], table: ReadTable, left_out: Collection[int], replay: Replay
) -> list[Fault]:
    """Return faults without those of features that are not used, or whose code is not.

    Parameters
    ----------
    faults
        Of any file.
    table
        Attributes of the boundary layer.
    left_out
        Positions of the features that are not used.
    replay
        ``code`` decisions.
    """
    feature_of = {row: feature for feature, row in enumerate(table.raw.rows)}

    def is_open(fault: Fault) -> bool:
        feature = feature_of.get(fault.where.row or 0)
        if fault.where.file != table.raw.file or feature is None:
            return True
        if feature in left_out:
            return False
        if fault.key not in OF_CODES:
            return True
        decision = replay.of_row(CodeDecision, table.found(feature))
        return decision is None or bool(decision.right)

    return [fault for fault in faults if is_open(fault)]

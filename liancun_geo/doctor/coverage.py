"""How the rows of the ledger and the villages of the map fit."""

from __future__ import annotations

from liancun_geo.doctor.findings import Coverage
from liancun_geo.intake.reading import Reading

_WITHOUT_ROW = (
    "intake.village_without_row",
    "intake.village_kept_empty",
    "intake.village_excluded",
)
_WITHOUT_VILLAGE = ("intake.row_without_village", "intake.row_dropped")


def coverage_of(reading: Reading) -> Coverage | None:
    """Return the three lists of the join; None if there is no ledger or nothing to join."""
    if reading.joined is None or not reading.ledgers:
        return None
    told = [*reading.faults, *reading.joined.excluded]
    without_row = tuple(fault.where for fault in told if fault.key in _WITHOUT_ROW)
    without_village = tuple(fault.where for fault in told if fault.key in _WITHOUT_VILLAGE)
    return Coverage((), without_row, without_village)

"""How the rows of the ledger and the villages of the map fit."""

from __future__ import annotations

from collections import Counter

from liancun_geo.doctor.findings import Coverage, Pair
from liancun_geo.doctor.places import village_codes
from liancun_geo.intake.reading import Reading


def coverage_of(reading: Reading) -> Coverage | None:
    """Return the lists of the join; None if there is no ledger or nothing to join."""
    joined, table = reading.joined, reading.features
    if joined is None or table is None or not reading.ledgers:
        return None
    codes = village_codes(joined.attributes)
    pairs = tuple(
        Pair(
            table.where(reading.groups[match.position][0]),
            reading.ledgers[match.table].where(match.record),
            match.how,
        )
        for match in joined.matched
    )
    how = {match.position: match.how for match in reversed(joined.matched)}
    return Coverage(
        tuple(codes[position] for position in sorted(how)),
        tuple(table.where(reading.groups[p][0]) for p in joined.villages_without_row),
        tuple(reading.ledgers[row.table].where(row.record) for row in joined.rows_without_village),
        dict(sorted(Counter(how.values()).items())),
        pairs,
    )

"""Files to a validated village table: boundaries, ledger, barriers."""

from liancun_geo.intake.barriers import read_barriers
from liancun_geo.intake.reading import read_villages

__all__ = ["read_barriers", "read_villages"]

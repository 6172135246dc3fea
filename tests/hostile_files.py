"""What several tests of hostile files share."""

from liancun_geo.intake.reading import read_all

SECONDS = 60.0


def _keys(path):
    """Return the errors; each has its sentence in both languages."""
    faults = read_all(path).faults
    assert all(fault.text("zh") and fault.text("en") for fault in faults)
    return [fault.key for fault in faults if fault.severity == "error"]

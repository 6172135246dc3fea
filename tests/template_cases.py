"""What several tests of templates share."""

from __future__ import annotations

from typing import Any

import pandas as pd
from intake_helpers import CODES, NAMES

from liancun_geo.intake.reading import Reading


def frame(count: int = 4, **columns: Any) -> pd.DataFrame:
    identity = {
        "code": list(CODES[:count]),
        "name": list(NAMES[:count]),
        "township": ["城头镇"] * count,
    }
    return pd.DataFrame(identity | columns)


def is_quiet(reading: Reading) -> bool:
    """Tell whether there is neither an error nor a question."""
    loud = [fault for fault in reading.faults if fault.severity == "error" or fault.fixes]
    assert not loud, [fault.text("en") for fault in loud]
    return True

"""What several tests of sheets share."""

import time

import pytest
from intake_helpers import keys

from liancun_geo.errors import DataError
from liancun_geo.intake.ledgers.ledger import read_ledger
from liancun_geo.settings import Settings


def _refused(path, most_s=5.0):
    begun = time.perf_counter()
    with pytest.raises(DataError) as caught:
        read_ledger(path, Settings())
    assert time.perf_counter() - begun < most_s
    for fault in caught.value.faults:
        assert len(fault.text("en")) < 1000
    return keys(caught.value.faults)

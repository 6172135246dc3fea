"""What several tests of projects share."""

from __future__ import annotations

from typing import Any

import pytest


def keys(cause: pytest.ExceptionInfo[Any]) -> list[str]:
    for fault in cause.value.faults:
        assert fault.text("zh")
        assert fault.text("en")
    return [fault.key for fault in cause.value.faults]

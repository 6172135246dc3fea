"""What several tests share."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(autouse=True)
def _projects_elsewhere(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Let no test leave a project in the folder of whoever runs it."""
    os.environ["LIANCUN_PROJECTS"] = str(tmp_path_factory.getbasetemp() / "projects")


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder of data that lies beside the project, or skip."""
    if not SHARED.is_dir():
        pytest.skip("../shared/data is not there: tests on data beside the project are left out")
    return SHARED

"""The pack to download: all files of a plan in one zip."""

from __future__ import annotations

import io
import tempfile
import zipfile
from pathlib import Path

from liancun_geo.messages import Language
from liancun_geo.output import write_plan, write_plan_file
from liancun_geo.scenario import Scenario


def zipped(scenario: Scenario, language: Language) -> bytes:
    """Return a zip of what :func:`~liancun_geo.output.write_plan` writes.

    Of a plan that breaks rules only the plan file is handed out, which records them.
    """
    with tempfile.TemporaryDirectory(prefix="liancun-") as folder:
        files: tuple[Path, ...]
        if scenario.violations:
            files = (write_plan_file(scenario, Path(folder) / "plan.json", language=language),)
        else:
            files = write_plan(scenario, folder, language=language)
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in files:
                archive.write(file, file.name)
    return buffer.getvalue()

"""The pack to download: all files of a plan in one zip."""

from __future__ import annotations

import io
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

from liancun_geo.messages import Language
from liancun_geo.output import write_plan, write_plan_file
from liancun_geo.scenario import Scenario


def zipped(scenario: Scenario, language: Language, more: Mapping[str, str] | None = None) -> bytes:
    """Return a zip of what :func:`~liancun_geo.output.write_plan` writes.

    Of a plan that breaks rules only the plan file is handed out, which records them.

    Parameters
    ----------
    scenario, language
        As for :func:`~liancun_geo.output.write_plan`.
    more
        Texts to put beside the files, by name.
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
            for name, text in (more or {}).items():
                archive.writestr(name, text)
    return buffer.getvalue()

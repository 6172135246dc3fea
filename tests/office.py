"""LibreOffice, where it is there: opens what the program has written, as a county's PC would."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest


def converted(path: Path, kind: str, folder: Path) -> Path:
    """Open a file in LibreOffice and save it as another kind; skip where it is not installed."""
    office = shutil.which("soffice")
    if office is None:
        pytest.skip("no LibreOffice here: opening files in it is left out")
    folder.mkdir(exist_ok=True)
    profile = (folder / "profile").as_uri()
    command = [office, f"-env:UserInstallation={profile}", "--headless", "--convert-to", kind]
    subprocess.run(
        [*command, "--outdir", str(folder), str(path)], check=True, capture_output=True, timeout=300
    )
    return folder / f"{path.stem}.{kind}"

"""The table of checksums in data/boundaries/README.md, written by the scripts."""

from __future__ import annotations

import hashlib
from pathlib import Path

BOUNDARIES = Path(__file__).resolve().parents[2] / "data" / "boundaries"
BEGIN = "<!-- checksums: begin (written by the scripts, do not edit) -->"
END = "<!-- checksums: end -->"


def data_files(folder: Path = BOUNDARIES) -> list[Path]:
    """Return every delivered file below ``folder`` in the order of its path."""
    return sorted(
        (path for path in folder.glob("*/*") if path.is_file()),
        key=lambda path: path.relative_to(folder).as_posix(),
    )


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def listed(readme: Path = BOUNDARIES / "README.md") -> dict[str, str]:
    """Return path -> checksum as the README lists them."""
    block = readme.read_text(encoding="utf-8").split(BEGIN)[1].split(END)[0]
    rows = [line.split("|") for line in block.splitlines() if line.startswith("| `")]
    return {row[1].strip(" `"): row[3].strip(" `") for row in rows}


def write_checksums(folder: Path = BOUNDARIES) -> None:
    """Replace the table in the README of ``folder``."""
    readme = folder / "README.md"
    before, rest = readme.read_text(encoding="utf-8").split(BEGIN)
    after = rest.split(END)[1]
    rows = [
        f"| `{path.relative_to(folder).as_posix()}` | {path.stat().st_size:,} | `{sha256(path)}` |"
        for path in data_files(folder)
    ]
    table = "\n".join(["| file | bytes | SHA-256 |", "|---|---:|---|", *rows])
    readme.write_text(f"{before}{BEGIN}\n{table}\n{END}{after}", encoding="utf-8")

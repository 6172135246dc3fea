"""Where the shipped sample county lies."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_PACKAGED = Path(__file__).parent / "_demo_county"
_CHECKOUT = Path(__file__).parents[1] / "data" / "boundaries" / "demo_county"


@dataclass(frozen=True, slots=True)
class SampleCounty:
    """The files of the fictional county, as a planner would have them."""

    folder: Path

    @property
    def boundaries(self) -> Path:
        """GBK shapefile of the villages."""
        return self.folder / "villages.shp"

    @property
    def ledger(self) -> Path:
        """Excel ledger (台账)."""
        return self.folder / "ledger.xlsx"

    @property
    def settings(self) -> Path:
        """Settings file, commented."""
        return self.folder / "settings.toml"


def sample_county() -> SampleCounty:
    """Return the sample that came with the package or lies in the checkout.

    Raises
    ------
    FileNotFoundError
        If the installation is damaged.
    """
    for folder in (_PACKAGED, _CHECKOUT):
        if (folder / "villages.shp").is_file():
            return SampleCounty(folder)
    raise FileNotFoundError(f"the sample county is missing from this installation: {_PACKAGED}")


def is_sample(sources: Iterable[tuple[str, str]]) -> bool:
    """Return whether any of the files read, by (path, SHA-256), is one of the sample county.

    The ledger is known by its content wherever it lies; other files by their place.
    """
    try:
        sample = sample_county()
    except FileNotFoundError:
        return False
    ledger = hashlib.sha256(sample.ledger.read_bytes()).hexdigest()
    folder = sample.folder.resolve()
    return any(
        digest == ledger or Path(path).resolve().parent == folder for path, digest in sources
    )

"""A damaged input in the making: where it is brought, its mutations, what is sound beside it."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fuzz.mutate import damaged, odd_archive

LAYERS = ("gbk", "utf8", "villages.zip", "villages.gpkg", "villages.fgb", "villages.geojson",
          "villages.parquet")  # fmt: skip
LEDGERS = ("ledger.xlsx", "ledger.xls", "ledger_utf-8.csv", "ledger_gb18030.csv",
           "ledger_utf-16.csv", "ledger_big5.csv", "ledger_utf-8-sig.csv")  # fmt: skip


@dataclass
class Case:
    """One input: its folder, the door, and the paths brought there."""

    door: str
    folder: Path
    paths: dict[str, Path] = field(default_factory=dict)
    rng: random.Random = field(default_factory=random.Random)


class Steps:
    """The mutations of an input, each with its own random numbers; some may be left out."""

    def __init__(self, name: str, skip: Collection[int] = ()) -> None:
        self.name, self.skip, self.count = name, frozenset(skip), 0
        self.rng = random.Random(name)

    def apply(self, value: Any, change: Callable[[Any, random.Random], Any], most: int = 4) -> Any:
        """Return a value changed one to ``most`` times."""
        for _ in range(self.rng.choice((1, 1, *range(1, most + 1)))):
            number = self.count
            self.count += 1
            if number not in self.skip:
                value = change(value, random.Random(f"{self.name}/{number}"))
        return value

    def apply_bytes(self, path: Path, change: Callable[[bytes, random.Random], bytes]) -> None:
        """Change the bytes of a file."""
        path.write_bytes(self.apply(path.read_bytes(), change))


def copied(seeds: Path, name: str, folder: Path) -> Path:
    """Copy a sound input into a folder, all parts of a shapefile; return its path."""
    if (seeds / name).is_dir():
        for part in (seeds / name).iterdir():
            shutil.copy(part, folder / part.name)
        return folder / "villages.shp"
    shutil.copy(seeds / name, folder / name)
    return folder / name


def sound_layer(seeds: Path, case: Case, steps: Steps) -> None:
    """Lay sound boundaries beside."""
    case.paths["boundaries"] = copied(seeds, steps.rng.choice(LAYERS[:3]), case.folder)


def sound_ledger(seeds: Path, case: Case, steps: Steps) -> None:
    """Lay a sound ledger beside."""
    name = steps.rng.choice((LEDGERS[0], LEDGERS[2]))
    case.paths["ledger"] = copied(seeds, name, case.folder)


def rivers(seeds: Path, case: Case) -> None:
    """Lay the rivers beside."""
    for part in seeds.glob("rivers.*"):
        shutil.copy(part, case.folder / part.name)


def safely(path: Path, steps: Steps) -> bytes:
    """Return an archive with damaged members; one that was damaged itself stays as it is."""

    def change(data: bytes, rng: random.Random) -> bytes:
        try:
            return odd_archive(data, rng)
        except Exception:
            return damaged(data, rng)

    changed: bytes = steps.apply(path.read_bytes(), change)
    return changed


def trying(change: Callable[[Any, random.Random], Any]) -> Callable[[Any, random.Random], Any]:
    """Return the change, or none where the libraries that make the input refuse it."""

    def tried(value: Any, rng: random.Random) -> Any:
        try:
            return change(value, rng)
        except Exception:
            return value

    return tried


def as_json(tree: Any) -> bytes:
    """Return a tree as JSON, whatever it holds."""
    try:
        return json.dumps(tree, ensure_ascii=False).encode("utf-8", "replace")
    except (RecursionError, TypeError):
        return b"[" * 5000


def deep(data: bytes, rng: random.Random) -> bytes:
    """Return JSON, now and then with a value nested deeper than any stack."""
    if rng.random() > 0.05:
        return data
    places = [at for at in range(len(data)) if data[at : at + 1] in b":,"][: rng.choice((9, 10**6))]
    at = rng.choice(places or [0]) + 1
    depth = rng.choice((500, 2000, 100_000))
    return data[:at] + b"[" * depth + b"]" * depth + b"," + data[at:]

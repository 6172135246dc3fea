"""Make the table of prefectures from the maps of the npm package echarts (Apache-2.0).

Run ``python scripts/get_prefectures.py`` (needs npm and a package registry). Writes
liancun_geo/intake/vector/prefectures.csv. Only this script touches the network; the program
never does.

The borders in the package are coarse and in GCJ-02, so the boxes are widened by 0.05 degrees and
rounded outward to 0.1: good enough to tell in which zone of a projection a county lies.
"""

from __future__ import annotations

import json
import math
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PACKAGE = "echarts@4.9.0"
TARGET = Path(__file__).parents[1] / "liancun_geo" / "intake" / "vector" / "prefectures.csv"
MARGIN_DEG = 0.05
# 三沙 is the sea; its box would say nothing.
LEFT_OUT = {"4603"}

Box = tuple[float, float, float, float]


def points(coordinates: Any, offsets: Any) -> Iterator[tuple[float, float]]:
    """Yield longitude and latitude of a geometry, decoding the package's zigzag differences."""
    if isinstance(coordinates, str):
        x, y = offsets
        numbers = [ord(character) - 64 for character in coordinates]
        steps = [(number >> 1) ^ -(number & 1) for number in numbers]
        for dx, dy in zip(steps[::2], steps[1::2], strict=True):
            x, y = x + dx, y + dy
            yield x / 1024, y / 1024
    elif coordinates and isinstance(coordinates[0], int | float):
        yield coordinates[0], coordinates[1]
    else:
        inner = offsets if offsets is not None else [None] * len(coordinates)
        for part, offset in zip(coordinates, inner, strict=False):
            yield from points(part, offset)


def boxes(maps: Path) -> dict[str, Box]:
    """Return code of a province (2 digits) or prefecture (4 digits) -> box in degrees."""
    found: dict[str, Box] = {}
    for path in [maps / "china.json", *sorted((maps / "province").glob("*.json"))]:
        for feature in json.loads(path.read_text(encoding="utf-8"))["features"]:
            code = str(feature.get("id") or feature["properties"].get("id"))
            digits = 2 if path.name == "china.json" else 4
            geometry = feature["geometry"]
            spots = list(points(geometry["coordinates"], geometry.get("encodeOffsets")))
            if not spots or not code.isdigit() or code[:digits] in LEFT_OUT:
                continue
            lons, lats = zip(*spots, strict=True)
            box = (min(lons), min(lats), max(lons), max(lats))
            old = found.get(code[:digits], box)
            found[code[:digits]] = (
                min(box[0], old[0]), min(box[1], old[1]), max(box[2], old[2]), max(box[3], old[3]),
            )  # fmt: skip
    return found


def outward(box: Box) -> Box:
    """Return a box widened by the margin and rounded outward to 0.1 degrees."""
    low = [math.floor((value - MARGIN_DEG) * 10) / 10 for value in box[:2]]
    high = [math.ceil((value + MARGIN_DEG) * 10) / 10 for value in box[2:]]
    return low[0], low[1], high[0], high[1]


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        into = Path(folder)
        subprocess.run(["npm", "pack", PACKAGE, "--silent"], cwd=into, check=True)
        (archive,) = into.glob("*.tgz")
        with tarfile.open(archive) as files:
            files.extractall(into, filter="data")
        found = boxes(into / "package" / "map" / "json")
    lines = [
        f"# Boxes of provinces and prefectures, degrees, made by scripts/{Path(__file__).name}",
        f"# from the npm package {PACKAGE} (Apache-2.0, The Apache Software Foundation).",
        "code,west,south,east,north",
    ]
    lines += [
        f"{code}," + ",".join(f"{value:.1f}" for value in outward(found[code]))
        for code in sorted(found)
    ]
    TARGET.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{len(found)} boxes")


if __name__ == "__main__":
    main()

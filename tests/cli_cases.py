"""What several tests of the command line share."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
from typer.testing import CliRunner, Result

from liancun_geo.cli import build_app
from liancun_geo.sample import sample_county

SAMPLE = sample_county()


def run(*arguments: object, language: str = "zh") -> Result:
    return CliRunner().invoke(build_app(language), [str(a) for a in arguments])  # type: ignore[arg-type]


def _squares(folder: Path, positions: list[tuple[int, int]], townships: list[str]) -> Path:
    """Write villages that are squares of a kilometre on a grid."""
    from shapely import box
    from shapely.affinity import translate

    frame = gpd.GeoDataFrame(
        {
            "村代码": [f"370499{t}{200 + i:03d}" for i, t in enumerate(townships)],
            "村名": [f"村{i}" for i in range(len(positions))],
            "乡镇代码": [f"370499{t}" for t in townships],
        },
        geometry=[
            translate(box(39_500_000, 3_900_000, 39_501_000, 3_901_000), x * 1000, y * 1000)
            for x, y in positions
        ],
        crs="EPSG:4527",
    )
    path = folder / "squares.gpkg"
    frame.to_file(path, engine="pyogrio")
    return path

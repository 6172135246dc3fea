"""Contiguity on real layers: seconds, memory, edges, isolates.

``python -m benchmarks.contiguity [--json FILE] [--repeat K]``; needs ``../shared/data``.
"""

from __future__ import annotations

import argparse
import json
import platform
import resource
import sys
import time
from pathlib import Path
from typing import Any

import geopandas as gpd

from liancun_geo.contiguity import build_contiguity
from liancun_geo.settings import ContiguitySettings
from liancun_geo.villages import VillageTable

DATA = Path(__file__).resolve().parents[1].parent / "shared" / "data"


def table(layer: gpd.GeoDataFrame, code: str | None) -> VillageTable:
    codes = layer[code].astype(str) if code else layer.index.astype(str)
    frame = gpd.GeoDataFrame(
        {"code": codes, "name": codes, "township": "", "township_code": ""},
        geometry=layer.geometry.to_numpy(),
        crs=layer.crs,
    )
    return VillageTable(frame)


def measure(name: str, code: str | None, epsg: int, **settings: Any) -> dict[str, Any]:
    begin, cpu = time.perf_counter(), time.process_time()
    layer = gpd.read_file(DATA / name)
    read = time.perf_counter()
    layer = layer.to_crs(epsg)
    projected = time.perf_counter()
    villages = table(layer, code)
    built, built_cpu = time.perf_counter(), time.process_time()
    graph = build_contiguity(villages, ContiguitySettings(**settings))
    end, end_cpu = time.perf_counter(), time.process_time()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "layer": name,
        **settings,
        "villages": graph.n,
        "edges": len(graph.edges),
        "isolates": len(graph.isolates),
        "read_s": round(read - begin, 2),
        "project_s": round(projected - read, 2),
        "build_s": round(end - built, 2),
        "build_cpu_s": round(end_cpu - built_cpu, 2),
        "total_s": round(end - begin, 2),
        "total_cpu_s": round(end_cpu - cpu, 2),
        # Kilobytes on Linux, bytes on macOS.
        "peak_rss_mb": round(peak / (2**20 if sys.platform == "darwin" else 2**10)),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--repeat", type=int, default=1)
    arguments = parser.parse_args()
    if not DATA.is_dir():
        sys.exit(f"skipped: the layers are not here ({DATA})")
    france = ("fr_all_communes_2013.gpkg", "code", 2154)
    sikkim = ("dirty/sikkim_villages.geojson", None, 32645)
    tlaxcala = ("dirty/tlaxcala_municipalities.gpkg", "CVEGEO", 6372)
    rows = [measure(*france) for _ in range(arguments.repeat)]
    rows += [measure(*sikkim, gap_tolerance_m=t) for t in (0.0, 2.0, 10.0, 50.0)]
    rows += [measure(*tlaxcala, gap_tolerance_m=t) for t in (0.0, 2.0)]
    for row in rows:
        print("  ".join(f"{name}={value}" for name, value in row.items()))
    if arguments.json:
        report = {"python": platform.python_version(), "rows": rows}
        arguments.json.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

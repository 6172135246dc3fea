"""The main job, measured: ``python -m benchmarks.main_job [--json FILE]``.

Whole commands run as a planner runs them, from the start of Python to the files written; the
outputs are opened again and compared. Layers that lie beside the project are left out, and said
so, where they are absent.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared" / "data"
EXAMPLES = ROOT / "docs" / "examples"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    target: Path | None = parser.parse_args().json
    figures: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, measure in MEASURES.items():
            figures[name] = measure(Path(folder))
            print(f"{name}: {figures[name]}", flush=True)
    if target is not None:
        target.write_text(json.dumps(figures, indent=1), encoding="utf-8")


def demo_command(folder: Path) -> dict[str, Any]:
    """``liancun demo``: whole command; the first run may still compile."""
    seconds = []
    for run in range(4):
        start = time.perf_counter()
        plan = _liancun("demo", "--out", folder / f"demo{run}", "--json")
        seconds.append(time.perf_counter() - start)
    return {
        "first_run_s": round(seconds[0], 2),
        "later_runs_median_s": round(statistics.median(seconds[1:]), 2),
        **_summary(plan),
    }


def demo_solve(_: Path) -> dict[str, Any]:
    """Solve alone, one thread, in this process."""
    from liancun_geo import read_county, read_settings, solve
    from liancun_geo.sample import sample_county
    from liancun_geo.scenario import lay_groundwork

    sample = sample_county()
    settings = read_settings(sample.settings)
    county = read_county(sample.boundaries, sample.ledger, settings=settings, folder=sample.folder)
    problem = lay_groundwork(county, settings).problem
    seconds = []
    for _run in range(6):
        start = time.perf_counter()
        result = solve(problem, workers=1)
        seconds.append(time.perf_counter() - start)
    return {
        "later_runs_median_s": round(statistics.median(seconds[1:]), 3),
        "status": result.status,
        "objective": result.objective,
        "candidates": sum(zone.candidates for zone in result.zones),
    }


def layer(boundaries: str, settings: str) -> Callable[[Path], dict[str, Any]]:
    """Return the measure of one layer planned from the command line and read back."""

    def measure(folder: Path) -> dict[str, Any]:
        if not (SHARED / boundaries).exists():
            return {"skipped": f"{boundaries} is not beside the project"}
        out = folder / settings
        start = time.perf_counter()
        plan = _liancun(
            "plan", SHARED / boundaries, "--settings", EXAMPLES / settings, "--out", out, "--json"
        )
        seconds = time.perf_counter() - start
        verified = _liancun("verify", out / "plan.json", "--json")
        return {
            "whole_command_s": round(seconds, 2),
            **_summary(plan),
            "verified": verified["status"],
            "outputs_agree": _outputs_agree(out, plan),
        }

    return measure


def _liancun(*arguments: str | Path) -> dict[str, Any]:
    command = [sys.executable, "-c", "from liancun_geo.cli import main; main()"]
    done = subprocess.run(
        [*command, *map(str, arguments)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if not done.stdout:
        raise SystemExit(f"liancun {arguments[0]} said nothing:\n{done.stderr}")
    return dict(json.loads(done.stdout))


def _summary(plan: dict[str, Any]) -> dict[str, Any]:
    zones = plan["zones"]
    return {
        "status": plan["status"],
        "zones_proven": f"{sum(z['status'] == 'optimal' for z in zones)} of {len(zones)}",
        "alliances": len(plan["alliances"]),
        "left_out": len(plan["unassigned"]),
        "violations": len(plan["violations"]),
        "objective": plan["objective"],
        "gap": plan["gap"],
    }


def _outputs_agree(folder: Path, plan: dict[str, Any]) -> bool:
    """Open every output again: all must tell the same alliances."""
    import geopandas as gpd
    import openpyxl
    import pandas as pd

    expected = {}
    for alliance in plan["alliances"]:
        for code in [alliance["lead"], *alliance["members"]]:
            expected[code] = alliance["lead"]
    layers = {
        "gpkg": gpd.read_file(folder / "plan.gpkg", layer="villages", engine="pyogrio"),
        "geojson": gpd.read_file(folder / "villages.geojson", engine="pyogrio"),
        "csv": pd.read_csv(folder / "assignment.csv", dtype=str),
    }
    told = {name: _leads(table) for name, table in layers.items()}
    with tempfile.TemporaryDirectory() as unpacked:
        subprocess.run(
            [sys.executable, "-m", "zipfile", "-e", folder / "plan_shapefile.zip", unpacked],
            check=True,
        )
        told["shapefile"] = _leads(gpd.read_file(Path(unpacked) / "villages.shp", engine="pyogrio"))
    book = openpyxl.load_workbook(folder / "alliances.xlsx", read_only=True)
    cells = {
        str(cell)
        for sheet in book
        for row in sheet.iter_rows(values_only=True)
        for cell in row
        if cell
    }
    return all(leads == expected for leads in told.values()) and set(expected) <= cells


def _leads(table: Any) -> dict[str, str]:
    columns = {str(name).lower(): name for name in table.columns}
    code = columns["code"]
    lead = columns.get("lead_code", columns.get("leadcode"))
    return {
        str(c): str(x)
        for c, x in zip(table[code], table[lead], strict=True)
        if isinstance(x, str) and x
    }


MEASURES: dict[str, Callable[[Path], dict[str, Any]]] = {
    "liancun demo": demo_command,
    "solve demo county, one thread": demo_solve,
    "Nantou and Chiayi": layer("tw_nantou_chiayi_villages.gpkg", "nantou_chiayi.toml"),
    "France 49 and 14": layer("fr_dep49_14_communes_2013.gpkg", "france_communes.toml"),
}

if __name__ == "__main__":
    main()

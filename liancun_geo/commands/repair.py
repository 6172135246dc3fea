"""What ``liancun repair`` does: read, mend, examine again, write a copy and a report."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely

from liancun_geo.commands.inputs import GOOD, Inputs
from liancun_geo.decisions import in_force
from liancun_geo.errors import DataError, Fault, Where
from liancun_geo.intake.reading import Reading, read_all
from liancun_geo.output.repaired import Repaired, write_repaired
from liancun_geo.report import Report, print_json
from liancun_geo.topology import examine_topology, repair_topology, summarised


def repair(
    report: Report,
    inputs: Inputs,
    out: Path,
    gap_tolerance_m: float | None = None,
) -> int:
    """Mend a boundary layer and write the copy; return the exit code.

    Parameters
    ----------
    report
        Where to tell what was done.
    inputs
        The layer, never modified, and how to read it; the settings' gap tolerance holds if none
        is given.
    out
        Folder of the copy and the report.
    gap_tolerance_m
        Width up to which gaps and overlaps are closed.

    Raises
    ------
    DataError
        If the layer cannot be read, or a file cannot be written.
    """
    settings, boundaries = inputs.settings(), inputs.boundaries
    tolerance = settings.contiguity_in_force.gap_tolerance_m
    if gap_tolerance_m is not None:
        tolerance = gap_tolerance_m
    reading = read_all(boundaries, settings=settings)
    layer = _mended(reading, tolerance)
    if not layer.repair.changes:
        report.line("repair.nothing", tolerance=f"{tolerance:g}")
        if report.as_json:
            print_json({"status": "nothing", "files": [], "villages": [], "left": []})
        return GOOD
    flaws = examine_topology(
        layer.repair.geometry,
        lambda position: layer.where_of(int(layer.positions[position])),
        gap_tolerance_m=tolerance,
    )
    left = summarised(flaws, Where(file=Path(layer.source.path).name))
    files = write_repaired(layer, left, out, language=report.language)
    _tell(report, layer, left)
    report.line("repair.written", files="、".join(str(file) for file in files))
    # Decisions name the file they were made for.
    if any(getattr(one, "file", None) == boundaries.name for one in in_force(settings.decisions)):
        copy = f"{Path(layer.source.path).stem}_repaired.gpkg"
        report.line("repair.decisions_of_original", original=boundaries.name, copy=copy)
    if report.as_json:
        print_json(_document(report, layer, left, files))
    return GOOD


def _mended(reading: Reading, tolerance_m: float) -> Repaired:
    layer, table, usable = reading.layer, reading.features, reading.geometry
    if layer is None or table is None or usable is None:
        raise DataError(reading.faults)
    positions = usable.index.to_numpy(dtype=np.intp)
    # As drawn, but for the projection: the intake has mended invalid rings already.
    drawn = shapely.force_2d(np.array(layer.frame.geometry.array, dtype=object)[positions])
    projected = gpd.GeoSeries(drawn, crs=layer.frame.crs).to_crs(usable.crs)
    mended = repair_topology(projected, gap_tolerance_m=tolerance_m)
    return Repaired(layer.frame, projected, positions, mended, layer.source, table.where)


def _greatest(layer: Repaired) -> tuple[int, float, float]:
    """Return the village whose area changed most, by how much, and by which share of it."""
    areas = layer.areas()
    difference = areas[:, 1] - areas[:, 0]
    village = int(np.argmax(np.abs(difference)))
    before = float(areas[village, 0])
    change = float(difference[village])
    return village, change, change / before if before else 0.0


def _tell(report: Report, layer: Repaired, left: list[Fault]) -> None:
    kinds = Counter(change.kind for change in layer.repair.changes)
    village, area, share = _greatest(layer)
    report.line(
        "repair.done",
        villages=len(layer.changed()),
        gaps=kinds["gap"],
        overlaps=kinds["overlap"],
        rings=kinds["ring"],
        scraps=kinds["part"],
        borders=kinds["border"],
        name=layer.name(village),
        area=f"{round(area, 1) + 0.0:+,.1f}",
        share=f"{round(share, 6) + 0.0:+.4%}",
    )
    questions = [fault for fault in left if fault.fixes]
    if questions:
        report.line("repair.left", count=len(questions))
        for fault in questions:
            report.say(f"  · {fault.text(report.language)}")
    elif layer.repair.valid:
        report.line("repair.valid")
    if not layer.repair.valid:
        report.line("repair.not_fitting")


def _document(
    report: Report, layer: Repaired, left: list[Fault], files: tuple[Path, ...]
) -> dict[str, object]:
    areas = layer.areas()
    return {
        "status": "repaired",
        "valid": layer.repair.valid,
        "files": [str(file) for file in files],
        "changes": dict(sorted(Counter(c.kind for c in layer.repair.changes).items())),
        "villages": [
            {
                "row": int(layer.positions[village]) + 1,
                "name": layer.name(village),
                "area_before_m2": round(float(areas[village, 0]), 3),
                "area_after_m2": round(float(areas[village, 1]), 3),
            }
            for village in layer.changed()
        ],
        "left": [fault.as_dict(report.language) for fault in left],
    }

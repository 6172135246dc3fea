"""Questions about the map, settled: the fix proposed, confirmed and replayed ends the question."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pytest
import shapely
from builders import ORIGIN
from shapely import affinity, box

from liancun_geo.decisions import AcceptDecision, Decision
from liancun_geo.doctor import Findings, examine
from liancun_geo.doctor.findings import Finding
from liancun_geo.intake.reading import read_all
from liancun_geo.sample import sample_county
from liancun_geo.settings import Settings
from liancun_geo.topology import examine_topology

LAKE = box(500, 995, 1500, 1005)
QUARTERS = [box(a, b, a + 1000, b + 1000) for a in (0, 1000) for b in (0, 1000)]
SQUARE = box(0, 0, 1000, 1000)
MAPS: dict[str, list[shapely.Geometry]] = {
    "topology.overlap_wide": [SQUARE, box(900, 0, 2000, 1000)],
    "topology.duplicate": [SQUARE, SQUARE, box(1000, 0, 2000, 1000)],
    "topology.inside": [SQUARE, box(400, 400, 600, 600)],
    "topology.gap_sliver": [quarter.difference(LAKE) for quarter in QUARTERS],
    "topology.gap_village": [q.difference(box(600, 600, 1400, 1400)) for q in QUARTERS],
    "topology.sliver": [SQUARE, box(1000, 0, 1000.8, 1000)],
    "readings.isolated": [SQUARE, box(1000, 0, 2000, 1000), box(1000, 1200, 2000, 2000)],
    "readings.tolerance": [SQUARE, box(1004, 0, 2000, 1000), box(2004, 0, 3000, 1000)],
    "readings.short_border": [SQUARE, box(1000, 0, 2000, 1000), box(2000, 980, 3000, 1980)],
    "readings.overlapping": [SQUARE, box(900, 100, 2000, 900), box(0, 1000, 1000, 1500)],
}


def county(folder: Path, shapes: list[shapely.Geometry]) -> Path:
    path = folder / "villages.gpkg"
    if not path.exists():
        moved = [affinity.translate(shape, *ORIGIN) for shape in shapes]
        codes = [f"370499100{201 + i}" for i in range(len(shapes))]
        names = [f"{'王李赵孙周'[i]}家村" for i in range(len(shapes))]
        columns = {"村代码": codes, "村名": names, "乡镇": "城头镇"}
        gpd.GeoDataFrame(columns, geometry=moved, crs=4527).to_file(path, layer="村界")
    return path


def examined(folder: Path, key: str, *decisions: Decision) -> Findings:
    return examine(county(folder, MAPS[key]), settings=Settings(decisions=decisions))


def question(findings: Findings, key: str) -> Finding | None:
    found = [f for f in findings.findings if f.fault.key == key and f.is_question]
    assert len(found) <= 1
    return found[0] if found else None


@pytest.mark.parametrize("key", list(MAPS))
def test_each_fix_settles_its_question_once_confirmed(tmp_path: Path, key: str) -> None:
    asked = question(examined(tmp_path, key), key)
    assert asked is not None
    assert isinstance(asked.fault.fixes[-1], AcceptDecision)
    for fix in asked.fault.fixes:
        assert not fix.confirmed
        assert question(examined(tmp_path, key, fix), key) is not None
        after = examined(tmp_path, key, fix.model_copy(update={"confirmed": True}))
        assert question(after, key) is None, fix.text("en")
        applied = [f.fault for f in after.findings if f.fault.key.startswith("decisions.")]
        assert [fault.key for fault in applied] == ["decisions.applied"], fix.text("en")


def test_the_demo_county_raises_no_question() -> None:
    reading = read_all(sample_county().boundaries)
    assert reading.geometry is not None
    assert reading.features is not None
    flaws = examine_topology(
        reading.geometry,
        reading.features.where,
        townships=reading.features.attributes["township"].tolist(),
    )
    assert [flaw.kind for flaw in flaws] == ["exclave"]
    assert not any(flaw.fault.fixes for flaw in flaws)

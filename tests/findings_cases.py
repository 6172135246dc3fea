"""Findings made by hand: two townships of four villages, something of everything. All made up."""

from __future__ import annotations

import datetime as dt

import geopandas as gpd
import shapely

from liancun_geo.decisions import (
    AcceptDecision,
    DropRowDecision,
    EncodingDecision,
    MatchDecision,
    UnitDecision,
)
from liancun_geo.doctor.findings import Coverage, Finding, Findings
from liancun_geo.errors import Where, error, warning
from liancun_geo.villages import Source

HOSTILE = "<img src=x onerror=alert(1)>"
SCRIPT = "</script><script>alert(2)</script>"
FORMULA = '=HYPERLINK("http://example.org","x")'
NAMES = ("王家村", "李家村", HOSTILE, FORMULA, "东河岔村", "西河岔村", SCRIPT, "{{ 7*7 }}`${1}`")
CODES = tuple(f"370499{100 + i // 4:03d}{201 + i % 4}" for i in range(8))
TOWNSHIPS = ("城头镇",) * 4 + ("山亭街道",) * 4
LEDGER = "台账.xlsx"


def county() -> gpd.GeoDataFrame:
    """Return eight squares of about 1 km; a gap lies between the first two."""
    boxes = [
        shapely.box(x := 117.4 + 0.011 * (i % 4), y := 35.0 + 0.01 * (i // 4), x + 0.011, y + 0.01)
        for i in range(8)
    ]
    boxes[0] = shapely.box(117.4, 35.0, 117.41095, 35.01)
    data = {"code": CODES, "name": NAMES, "township": TOWNSHIPS}
    return gpd.GeoDataFrame(data, geometry=boxes, crs=4326)


def findings() -> Findings:
    """Return one finding of each level, and the shapes, lists and decisions around them."""
    row = Where(file=LEDGER, sheet="Sheet1", row=7, cell="F7", township="城头镇", village=FORMULA)
    of_row = {"file": LEDGER, "sheet": "Sheet1", "row": 7, "township": "城头镇"}
    unmatched = error("intake.row_without_village", row).proposing(
        MatchDecision(**of_row, name=FORMULA, village=CODES[3]),
        DropRowDecision(**of_row, name=FORMULA),
    )
    unit = warning("intake.no_villages", Where(file=LEDGER, field="收入"))
    gap = shapely.box(117.41095, 35.0, 117.411, 35.01)
    found = (
        Finding("J-000001", unmatched, "join", "error"),
        Finding(
            "U-000001",
            unit.proposing(UnitDecision(file=LEDGER, header="收入", unit="万元")),
            "units",
            "warning",
            villages=CODES[4:6],
        ),
        Finding(
            "T-000001",
            warning("crs.missing", Where(file="villages.shp", point=(117.410975, 35.005))),
            "topology",
            "warning",
            shape=gap,
            villages=CODES[:2],
        ),
        Finding(
            "G-000001",
            warning("intake.no_villages", Where(village=SCRIPT, code=CODES[6])),
            "geometry",
            "note",
        ),
        Finding("E-000001", warning("crs.missing", Where(file="x.shp")), "encoding", "note"),
        Finding(
            "O-000001",
            unit.proposing(AcceptDecision(finding="intake.no_villages")),
            "outliers",
            "warning",
            accepted=True,
        ),
    )
    coverage = Coverage(
        matched=CODES[:6],
        without_row=tuple(
            Where(village=NAMES[i], code=CODES[i], township=TOWNSHIPS[i]) for i in (6, 7)
        ),
        without_village=(row,),
        how={"code": 5, "form": 1},
    )
    sources = (
        Source("nowhere/villages.shp", "boundaries", "ab" * 32, encoding="GB18030", crs="4490"),
        Source(LEDGER, "ledger", "cd" * 32),
    )
    decided = EncodingDecision(
        file="villages.shp", encoding="GB18030", confirmed=True, by="赵会计", on=dt.date(2026, 3, 1)
    )
    return Findings(found, coverage, sources, county(), (decided,))

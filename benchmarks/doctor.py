"""How long the doctor takes on a dirty county: ``python -m benchmarks.doctor [--json FILE]``.

2,811 villages in 88 townships (the scale of Zibo), made up: cells of a jittered grid, a GBK
shapefile without .cpg, a ledger of 40 columns. On purpose: names in other forms, damaged codes,
rows that are missing or too many, figures off by 10,000, cells such as "约1,200", gaps and
overlaps between villages.
"""

from __future__ import annotations

import argparse
import json
import platform
import resource
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import openpyxl
import shapely

from liancun_geo.decisions import AcceptDecision
from liancun_geo.doctor import examine
from liancun_geo.settings import Settings

VILLAGES, PER_ROW, TOWNSHIPS = 2811, 54, 88
CELL_M, ORIGIN = 1200.0, (39_500_000.0, 4_050_000.0)
COLUMNS = 40
_SYLLABLES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"


def names(count: int) -> list[str]:
    """Return names that are unique inside a township of fewer than 1,600 villages."""
    n = len(_SYLLABLES)
    return [f"{_SYLLABLES[i % n]}{_SYLLABLES[i // n % n]}庄村" for i in range(count)]


def boundaries(folder: Path, count: int = VILLAGES, seed: int = 1) -> gpd.GeoDataFrame:
    """Write the shapefile and return its frame, which has the right codes and names."""
    random = np.random.default_rng(seed)
    rows = -(-count // PER_ROW) + 1
    x, y = np.meshgrid(np.arange(PER_ROW + 1), np.arange(rows + 1))
    corners = np.stack([x, y], axis=-1) + random.uniform(-0.2, 0.2, (*x.shape, 2))
    corners = corners * CELL_M + np.array(ORIGIN)
    shapes = []
    for number in range(count):
        i, j = divmod(number, PER_ROW)
        ring = [corners[i, j], corners[i, j + 1], corners[i + 1, j + 1], corners[i + 1, j]]
        shapes.append(shapely.Polygon(ring))
    for number in random.choice(count, count // 50, replace=False):
        # A metre short of its neighbours: a gap; 5 m into them: overlaps.
        shapes[number] = shapes[number].buffer(-1.0 if number % 2 else 5.0, join_style="mitre")
    size = -(-count // TOWNSHIPS)
    town = np.arange(count) // size
    codes = [f"370301{100 + t}{201 + i % size:03d}" for i, t in enumerate(town.tolist())]
    data = {
        "村代码": codes,
        "村名": names(count),
        "乡镇": [f"第{t + 1}镇" for t in town.tolist()],
    }
    frame = gpd.GeoDataFrame(data, geometry=shapes, crs="EPSG:4527")
    frame.to_file(folder / "villages.shp", encoding="gbk")
    (folder / "villages.cpg").unlink(missing_ok=True)
    return frame


def ledger(folder: Path, frame: gpd.GeoDataFrame, seed: int = 1) -> None:
    """Write the ledger with its faults."""
    random = np.random.default_rng(seed)
    count = len(frame)
    people = np.round(np.exp(random.normal(7.0, 0.5, count)))
    columns: dict[str, list[Any]] = {
        "村代码": frame["村代码"].tolist(),
        "乡镇": frame["乡镇"].tolist(),
        "村名": frame["村名"].tolist(),
        "户籍人口（人）": people.tolist(),
        "常住人口（人）": np.round(people * random.uniform(0.6, 1.1, count)).tolist(),
        "户数（户）": np.round(people / 3.1).tolist(),
        "党员数（人）": np.round(people * 0.04).tolist(),
        "村集体经营性收入（万元）": np.round(np.exp(random.normal(3, 0.8, count)), 2).tolist(),
        "收入年度": [2023] * count,
        "人均收入（元）": np.round(random.normal(18_000, 2_500, count)).tolist(),
        "耕地面积（亩）": np.round(people * random.uniform(0.6, 1.2, count), 1).tolist(),
        "可流转土地（亩）": np.round(people * random.uniform(0.1, 0.3, count), 1).tolist(),
        "产业": random.choice(["苹果、桃", "粮食", "养牛；蔬菜", "无"], count).tolist(),
        "企业": [None] * count,
        "软弱涣散": random.choice(["是", "否"], count, p=[0.05, 0.95]).tolist(),
        "书记在任": random.choice(["是", "否"], count, p=[0.97, 0.03]).tolist(),
    }
    for extra in range(COLUMNS - len(columns)):
        columns[f"其他指标{extra + 1}"] = np.round(random.uniform(0, 100, count), 1).tolist()
    few = max(count // 140, 1)
    picked = iter(random.choice(count, 6 * few, replace=False).tolist())

    def some() -> list[int]:
        return [next(picked) for _ in range(few)]

    for i in some():
        columns["村集体经营性收入（万元）"][i] *= 10_000
    for i in some():
        columns["户籍人口（人）"][i] = f"约{columns['户籍人口（人）'][i]:,.0f}"
    for i in some():
        columns["村代码"][i] = float(columns["村代码"][i][:3] + "0" * 9)
    for i in some():
        columns["村代码"][i], columns["村名"][i] = None, columns["村名"][i][:-1] + "村民委员会"
    for i in some():
        columns["村代码"][i], columns["村名"][i] = None, columns["村名"][i][0] + "家庄村"
    gone = set(some())
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("台账")
    sheet.append(list(columns))
    for i, row in enumerate(zip(*columns.values(), strict=True)):
        if i not in gone:
            sheet.append(list(row))
    book.save(folder / "ledger.xlsx")


def measure(folder: Path) -> dict[str, Any]:
    """Examine the county twice: as it is, and with all that can be accepted decided."""
    files = (folder / "villages.shp", folder / "ledger.xlsx")
    begin, cpu = time.perf_counter(), time.process_time()
    findings = examine(*files)
    end, end_cpu = time.perf_counter(), time.process_time()
    fixes = [fix for finding in findings.questions for fix in finding.fault.fixes[:1]]
    decided = [fix.model_copy(update={"confirmed": True}) for fix in fixes]
    again = examine(*files, settings=Settings(decisions=tuple(decided)))
    last = time.perf_counter()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "villages": 0 if findings.shapes is None else len(findings.shapes),
        "examine_s": round(end - begin, 2),
        "examine_cpu_s": round(end_cpu - cpu, 2),
        "with_decisions_s": round(last - end, 2),
        "decisions": len(decided),
        "accepts": sum(isinstance(fix, AcceptDecision) for fix in decided),
        "errors": len(findings.errors),
        "questions": len(findings.questions),
        "errors_then": len(again.errors),
        "questions_then": len(again.questions),
        "by_category": dict(Counter(finding.category for finding in findings.findings)),
        "peak_rss_mb": round(peak / (2**20 if sys.platform == "darwin" else 2**10)),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ledger(folder, boundaries(folder))
        row = measure(folder)
    for key, value in row.items():
        print(f"{key}: {value}")
    if arguments.json:
        report = {"python": platform.python_version(), **row}
        arguments.json.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

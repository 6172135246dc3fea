"""Make the demo county as dirty as counties come: the example of docs/data.md."""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path
from typing import Any

import openpyxl

from liancun_geo.sample import sample_county

_PARTS = (".shp", ".shx", ".dbf")  # no .prj
_KEPT = (
    "村代码",
    "村名",
    "乡镇",
    "户籍人口（人）",
    "党员数（人）",
    "村集体经营性收入（万元）",
    "人均收入（元）",
    "产业",
    "企业",
    "软弱涣散",
    "村庄分类",
    "书记在任",
)


def make(folder: Path) -> None:
    """Copy the boundaries without their CRS and write a ledger with eight faults."""
    sample = sample_county()
    folder.mkdir(parents=True, exist_ok=True)
    for part in _PARTS:
        shutil.copyfile(sample.boundaries.with_suffix(part), folder / f"villages{part}")
    book = openpyxl.load_workbook(sample.ledger)
    rows = [list(row) for row in book.worksheets[0].iter_rows(values_only=True)]
    head = [str(cell) for cell in rows[0]]
    records = [{name: row[head.index(name)] for name in _KEPT} for row in rows[1:]]
    members = sum(record["党员数（人）"] or 0 for record in records)
    _spoil(records)
    out = openpyxl.Workbook()
    sheet = out.worksheets[0]
    sheet.title = "台账"
    sheet.append(["示例县村情台账（单位：万元）"])
    # The unit of the income stands in the title only.
    sheet.append([name.replace("（万元）", "") for name in _KEPT])
    for record in records:
        sheet.append(list(record.values()))
    sheet.append(["合计", None, None, None, members])
    out.save(folder / "ledger.xlsx")


def _spoil(records: list[dict[str, Any]]) -> None:
    by_name = {record["村名"]: record for record in records}
    last = records[-1]["乡镇"]
    for record in records:
        if record["乡镇"] == last:
            # A township that writes no codes and its own form of the names.
            record["村代码"] = None
            record["村名"] = record["村名"].removesuffix("村") + "村民委员会"
    first = records[10]
    first["村代码"] = "3.70499E+11"
    records[20]["户籍人口（人）"] = f"约{records[20]['户籍人口（人）']:,}"
    records[30]["村集体经营性收入（万元）"] *= 10_000
    records[40]["党员数（人）"] = f"{records[40]['党员数（人）']}人"
    # A slip of the pen, without a code to fall back on.
    records[50]["村代码"] = None
    records[50]["村名"] = records[50]["村名"].replace("村", "材")
    del records[60]
    extra = dict(by_name[records[70]["村名"]])
    extra |= {"村代码": None, "村名": "新立村"}
    records.insert(71, extra)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("dirty"))
    make(parser.parse_args().out)


if __name__ == "__main__":
    main()

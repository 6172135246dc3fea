"""A county as a planner has it: a GBK shapefile, a ledger, two faults somebody has to decide."""

from __future__ import annotations

import zipfile
from pathlib import Path

import openpyxl
import pyogrio

from liancun_geo.sample import sample_county

TOWNSHIPS = ("370499102", "370499105", "370499106")
N_VILLAGES = 64
MISSPELT = ("黑石湾村", "黑石弯村")
"""A village without a code in the ledger: its name on the map, and as somebody typed it."""
IN_YUAN = "严家楼村"
"""A village whose income is in yuan under a header in 万元."""

_SAMPLE = sample_county()
_ENCODING = "GBK"


def write_boundaries(folder: Path) -> Path:
    """Write the villages as a zipped shapefile in GBK, without a ``.cpg`` to say so."""
    villages = pyogrio.read_dataframe(_SAMPLE.folder / "villages.shp", encoding=_ENCODING)
    kept = villages[villages["乡镇代码"].isin(TOWNSHIPS)].drop(columns=["县名称"])
    pyogrio.write_dataframe(kept, folder / "村界.shp", encoding=_ENCODING)
    (folder / "村界.cpg").unlink()
    target = folder / "村界.zip"
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.glob("村界.[!z]*")):
            archive.write(path, path.name)
            path.unlink()
    return target


def write_ledger(folder: Path) -> Path:
    """Write the ledger of these villages with its two faults."""
    book = openpyxl.load_workbook(_SAMPLE.ledger)
    sheet = book["台账"]
    rows = list(sheet.iter_rows(values_only=True))
    head = [str(one) for one in rows[0]]
    code, name, township = (head.index(one) for one in ("村代码", "村名", "乡镇代码"))
    income = head.index("村集体经营性收入（万元）")
    sheet.delete_rows(2, sheet.max_row)
    for row in rows[1:]:
        cells = list(row)
        if cells[township] not in TOWNSHIPS:
            continue
        if cells[name] == MISSPELT[0]:
            cells[code], cells[name] = None, MISSPELT[1]
        if cells[name] == IN_YUAN:
            cells[income] = round(float(str(cells[income])) * 10_000)
        sheet.append(cells)
    target = folder / "台账.xlsx"
    book.save(target)
    return target

"""Small villages and files for the tests of reading."""

import warnings
from pathlib import Path

import geopandas as gpd
import openpyxl
import pytest
from shapely.geometry import box

from liancun_geo.errors import DataError
from liancun_geo.intake import read_villages
from liancun_geo.settings import Settings

SHARED = Path(__file__).parents[1] / ".." / "shared" / "data"
NAMES = ("王家村", "李家村", "东河岔村", "西河岔村")
CODES = tuple(f"370499100{number}" for number in (201, 202, 203, 204))


def shared(name):
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"../shared/data/{name} is not here")
    return path


def villages(crs=4490, **columns):
    """Return four square villages in a row, one township, about 900 m wide."""
    boxes = [box(117.40 + 0.01 * i, 35.0, 117.41 + 0.01 * i, 35.01) for i in range(4)]
    data = {"村代码": CODES, "村名": NAMES, "乡镇": ["城头镇"] * 4} | columns
    data = {header: list(values) for header, values in data.items() if values is not None}
    return gpd.GeoDataFrame(data, geometry=boxes, crs=crs)


def gpkg(folder, frame=None, name="villages.gpkg"):
    path = folder / name
    (villages() if frame is None else frame).to_file(path, layer="villages", driver="GPKG")
    return path


def shapefile(folder, encoding="GB18030", *, cpg=None, frame=None, name="villages.shp"):
    """Write a shapefile in an encoding, with the .cpg given or none."""
    path = folder / name
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        (villages() if frame is None else frame).to_file(path, encoding=encoding)
    stated = path.with_suffix(".cpg")
    stated.unlink()
    if cpg is not None:
        stated.write_text(cpg)
    return path


def workbook(folder, rows, *, sheets=None, name="ledger.xlsx"):
    """Write rows to one sheet, or a dict of sheets."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, content in (sheets or {"台账": rows}).items():
        sheet = book.create_sheet(title)
        for row in content:
            sheet.append(list(row))
    path = folder / name
    book.save(path)
    return path


def ledger_rows(header="户籍人口", values=(1200, 480, 900, 760)):
    rows = zip(CODES, NAMES, values, strict=True)
    return [("村代码", "村名", header), *rows]


def faults_of(boundaries, ledger=None, settings=None, **tables):
    """Return the errors of an input that must not be accepted."""
    settings = settings or Settings.model_validate(tables)
    with pytest.raises(DataError) as caught:
        read_villages(boundaries, ledger, settings=settings)
    for fault in caught.value.faults:
        assert fault.text("zh")
        assert fault.text("en")
    return [fault for fault in caught.value.faults if fault.severity == "error"]


def keys(faults):
    return [fault.key for fault in faults]

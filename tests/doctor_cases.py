"""What several tests of the doctor share."""

from __future__ import annotations

from intake_helpers import gpkg, workbook
from typer.testing import CliRunner

from liancun_geo.cli import build_app


def _income_ledger(folder, odd=250_000):
    rows = [("村代码", "村名", "村集体收入（万元）")]
    rows += [(f"{370499100201 + i}", f"{i}号村", 20 + i) for i in range(20)]
    rows[5] = (*rows[5][:2], odd)
    return workbook(folder, rows)


def _squares(folder):
    import geopandas as gpd
    from shapely.geometry import box

    shapes = [box(117 + 0.02 * i, 35, 117.02 + 0.02 * i, 35.02) for i in range(20)]
    data = {"村代码": [f"{370499100201 + i}" for i in range(20)]}
    data |= {"村名": [f"{i}号村" for i in range(20)], "乡镇": ["城头镇"] * 20}
    return gpkg(folder, gpd.GeoDataFrame(data, geometry=shapes, crs=4490))


def _run(*words) -> tuple[int, str]:
    result = CliRunner().invoke(build_app("en"), [*map(str, words), "--language", "en"])
    return result.exit_code, result.output

"""What several tests of odd figures share."""

from __future__ import annotations

import numpy as np
from intake_helpers import gpkg, workbook
from shapely.geometry import box

from liancun_geo.errors import Fault
from liancun_geo.intake.reading import Reading, read_all
from liancun_geo.settings import Settings

COUNT = 40


def _names(count=COUNT):
    return [f"{370499100200 + i}" for i in range(1, count + 1)], [
        f"第{i}号村" for i in range(count)
    ]


def _boundaries(folder, count=COUNT):
    import geopandas as gpd

    codes, names = _names(count)
    corners = [(117.0 + 0.04 * (i % 8), 35.0 + 0.04 * (i // 8)) for i in range(count)]
    shapes = [box(x, y, x + 0.04, y + 0.04) for x, y in corners]
    data = {"村代码": codes, "村名": names, "乡镇": ["城头镇"] * count}
    return gpkg(folder, gpd.GeoDataFrame(data, geometry=shapes, crs=4490))


def _figures(seed=1, count=COUNT):
    """Return plausible figures of a county."""
    random = np.random.default_rng(seed)
    people = np.round(np.exp(random.normal(7.0, 0.5, count)))
    return {
        "户籍人口": people,
        "户数": np.round(people / random.uniform(2.7, 3.6, count)),
        "村集体收入（万元）": np.round(np.exp(random.normal(3.0, 0.8, count)), 2),
        "人均收入（元）": np.round(random.normal(18000, 2500, count)),
        "耕地面积（亩）": np.round(people * random.uniform(0.8, 1.6, count), 1),
    }


def _read(folder, figures, *, decisions=(), sheets=1) -> Reading:
    codes, names = _names()
    header = ("村代码", "村名", *figures)
    rows = list(zip(codes, names, *(column.tolist() for column in figures.values()), strict=True))
    step = COUNT // sheets
    parts = {f"表{i + 1}": [header, *rows[i * step : (i + 1) * step]] for i in range(sheets)}
    ledger = workbook(folder, [], sheets=parts)
    return read_all(_boundaries(folder), ledger, settings=Settings(decisions=decisions))


def _asked(reading: Reading) -> list[Fault]:
    return [fault for fault in reading.faults if fault.fixes]


def _confirmed(fix):
    return (fix.model_copy(update={"confirmed": True, "by": "王"}),)

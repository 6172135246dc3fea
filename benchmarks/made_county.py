"""A made-up county as a planner's files: winding borders, Chinese headers, a ledger of figures."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import openpyxl
import shapely
from numpy.typing import NDArray

SEED = 20260301
CELL_M = 1200.0
CORNER = (39_500_000.0, 3_870_000.0)
CRS = "EPSG:4527"
POINTS_A_SIDE = 10
"""Forty vertices a village, as surveyed borders of the size have after simplification."""
INDUSTRIES = ("粮食", "林果", "蔬菜", "养殖", "农产品加工", "乡村旅游", "民宿", "电商")
TOWNSHIPS = {261: 10, 2811: 88}
SETTINGS = """[data]
projected_crs = "EPSG:4527"
[rules]
min_size = 4
max_size = 8
"""

Points = NDArray[np.float64]


def write_county(folder: Path, villages: int, townships: int) -> tuple[Path, Path, Path]:
    """Write boundaries, ledger and settings of a county and return their paths.

    Parameters
    ----------
    folder
        Must exist.
    villages, townships
        How many; townships are blocks of about the same number of villages.
    """
    rng = np.random.default_rng(SEED)
    town = _townships(villages, townships)
    of_town: dict[int, int] = {}
    codes = []
    for t in town.tolist():
        of_town[t] = of_town.get(t, -1) + 1
        codes.append(f"370301{100 + t}{200 + of_town[t]:03d}")
    names = [
        f"{'东西南北'[n % 4]}{'张王李赵刘陈杨黄周吴徐孙'[n % 12]}{n}村" for n in range(villages)
    ]
    places = {
        "村代码": codes,
        "村名": names,
        "乡镇代码": [code[:9] for code in codes],
        "乡镇": [f"第{t + 1}镇" for t in town.tolist()],
    }
    boundaries = folder / "villages.gpkg"
    frame = gpd.GeoDataFrame(places, geometry=_cells(rng, villages), crs=CRS)
    frame.to_file(boundaries, layer="villages")
    ledger = folder / "ledger.xlsx"
    _write_ledger(ledger, rng, places)
    settings = folder / "settings.toml"
    settings.write_text(SETTINGS, encoding="utf-8")
    return boundaries, ledger, settings


def _cells(rng: np.random.Generator, villages: int) -> list[shapely.Polygon]:
    """Return cells of a jittered grid whose borders wind; neighbours share every vertex."""
    wide = round(villages**0.5)
    high = -(-villages // wide)
    x, y = np.meshgrid(np.arange(wide + 1), np.arange(high + 1))
    corners = np.stack([x, y], axis=-1) + rng.uniform(-0.25, 0.25, (*x.shape, 2))
    corners = corners * CELL_M + np.array(CORNER)
    across = _winding(rng, corners[:, :-1], corners[:, 1:])
    along = _winding(rng, corners[:-1], corners[1:])
    cells = []
    for n in range(villages):
        i, j = divmod(n, wide)
        ring = (across[i, j], along[i, j + 1], across[i + 1, j][::-1], along[i, j][::-1])
        cells.append(shapely.Polygon(np.concatenate([side[:-1] for side in ring])))
    return cells


def _winding(rng: np.random.Generator, begin: Points, end: Points) -> Points:
    """Return points of lines between corners, (..., POINTS_A_SIDE + 1, 2)."""
    share = np.linspace(0.0, 1.0, POINTS_A_SIDE + 1)[:, None]
    line = begin[..., None, :] * (1.0 - share) + end[..., None, :] * share
    line[..., 1:-1, :] += rng.uniform(-0.02, 0.02, line[..., 1:-1, :].shape) * CELL_M
    return np.asarray(line)


def _townships(villages: int, townships: int) -> NDArray[np.intp]:
    """Return the township of each cell: blocks of the grid, strip by strip."""
    wide = round(villages**0.5)
    high = -(-villages // wide)
    number = np.arange(villages)
    i, j = np.divmod(number, wide)
    strip = i * max(1, round((townships * high / wide) ** 0.5)) // high
    town = np.empty(villages, dtype=np.intp)
    town[np.lexsort((i, j, strip))] = number * townships // villages
    return town


def _write_ledger(path: Path, rng: np.random.Generator, places: dict[str, list[str]]) -> None:
    n = len(places["村代码"])
    people = np.round(rng.lognormal(6.5, 0.6, n)).astype(int)
    columns = {
        **places,
        "户籍人口（人）": people.tolist(),
        "党员数（人）": rng.integers(10, 120, n).tolist(),
        "村集体经营性收入（万元）": np.round(rng.lognormal(2.0, 1.0, n), 2).tolist(),
        "人均收入（元）": np.round(rng.normal(18_000, 3_000, n)).tolist(),
        "产业": ["、".join(rng.choice(INDUSTRIES, 2, False).tolist()) for _ in range(n)],
        "软弱涣散": ["是" if one else "否" for one in (rng.random(n) < 0.05).tolist()],
        "村庄分类": ["其他"] * n,
        "书记在任": ["是"] * n,
    }
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("台账")
    sheet.append(list(columns))
    for row in zip(*columns.values(), strict=True):
        sheet.append(row)
    book.save(path)

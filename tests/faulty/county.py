"""The clean county that every case spoils: twelve villages, three townships, boundaries, ledger."""

from __future__ import annotations

import csv
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import geopandas as gpd
import openpyxl
from shapely.geometry import Polygon
from shapely.geometry.base import BaseGeometry

from liancun_geo.villages import FIELDS

CRS = "EPSG:4527"  # CGCS2000 / 3-degree Gauss-Krueger zone 39
WEST_M, SOUTH_M, SIDE_M = 39_536_000.0, 3_874_000.0, 1000.0

TOWNSHIPS = {"370499100": "城头镇", "370499101": "北庄镇", "370499102": "水泉镇"}

# Neighbours whose names are taken for each other: 东/西, 前/后, 社区/村, one name in two townships.
NAMES = {
    "370499100201": "王家村",
    "370499100202": "李家村",
    "370499100203": "东河岔村",
    "370499100204": "西河岔村",
    "370499101001": "大黎社区",
    "370499101201": "大黎村",
    "370499101202": "前岭村",
    "370499101203": "后岭村",
    "370499102201": "王家村",
    "370499102202": "熊背村",
    "370499102203": "康村",
    "370499102204": "王权村",
}
CODES = tuple(NAMES)

# Header of the ledger -> field, and the figures in the order of the villages.
COLUMNS: dict[str, tuple[str, tuple[Any, ...]]] = {
    "户籍人口（人）": (
        "population_registered_persons",
        (1263, 486, 912, 760, 1508, 668, 1595, 850, 1110, 433, 1342, 975),
    ),
    "户数（户）": ("households", (402, 158, 300, 251, 451, 220, 463, 281, 352, 140, 420, 310)),
    "党员数（人）": ("party_members_persons", (48, 22, 37, 31, 70, 30, 59, 34, 45, 19, 52, 40)),
    "村集体经营性收入（万元）": (
        "collective_income_wan_yuan",
        (32.5, 8.4, 15.2, 11.8, 40.74, 12.62, 27.25, 9.62, 18.3, 6.9, 22.05, 14.6),
    ),
    "收入年度": ("collective_income_year", (2023,) * 12),
    "人均收入（元）": (
        "income_per_head_yuan",
        (21980, 17600, 19250, 18400, 23750, 20100, 22300, 17950, 19800, 16900, 21050, 18700),
    ),
    "耕地面积（亩）": (
        "arable_land_mu",
        (885, 630, 742, 705, 580, 690, 1075, 824, 910, 655, 998, 867),
    ),
    "产业": (
        "industries",
        (
            *("蔬菜、电商", "粮食", "林果、民宿", "林果", "农产品加工", "粮食"),
            *("养殖", "林果", "粮食、养殖", "林果", "蔬菜", "乡村旅游"),
        ),
    ),
    "书记在任": ("secretary_in_post", ("是",) * 9 + ("否",) + ("是",) * 2),
}
KEYS = ("村代码", "乡镇", "村名")


def brick(position: int) -> Polygon:
    """Return the square of a village; rows are laid like bricks, so none touch in a point only."""
    row, column = divmod(position, 4)
    x, y = WEST_M + SIDE_M * (column + 0.5 * (row % 2)), SOUTH_M + SIDE_M * row
    half = SIDE_M / 2
    bottom = [(x, y), (x + half, y), (x + SIDE_M, y)]
    top = [(x + SIDE_M, y + SIDE_M), (x + half, y + SIDE_M), (x, y + SIDE_M)]
    return Polygon(bottom + top)


def truth() -> gpd.GeoDataFrame:
    """Return the village table that the clean county must be read as; index: village codes."""
    data: dict[str, list[Any]] = {
        name: [float("nan") if known.kind in ("number", "year") else None] * len(CODES)
        for name, known in FIELDS.items()
    }
    for name, cells in COLUMNS.values():
        kind = FIELDS[name].kind
        if kind == "tags":
            data[name] = [tuple(cell.split("、")) for cell in cells]
        elif kind == "flag":
            data[name] = [cell == "是" for cell in cells]
        else:
            data[name] = [float(cell) for cell in cells]
    data["code"] = list(CODES)
    data["name"] = list(NAMES.values())
    data["township_code"] = [code[:9] for code in CODES]
    data["township"] = [TOWNSHIPS[code[:9]] for code in CODES]
    data["county"] = ["示例县"] * len(CODES)
    shapes = [brick(position) for position in range(len(CODES))]
    return gpd.GeoDataFrame(data, index=list(CODES), geometry=shapes, crs=CRS)


@dataclass
class Inputs:
    """What a case hands to :func:`liancun_geo.examine`, and the shapes that it drew."""

    boundaries: Path
    ledger: Path | list[Path] | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    more: dict[str, Path] = field(default_factory=dict)
    drawn: dict[str, BaseGeometry] = field(default_factory=dict)


class County:
    """The clean county as lists and tables that a case may change before they are written."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.codes: list[Any] = list(CODES)
        self.names: list[Any] = list(NAMES.values())
        self.township_codes: list[Any] = [code[:9] for code in CODES]
        self.townships: list[Any] = [TOWNSHIPS[code[:9]] for code in CODES]
        self.shapes: list[BaseGeometry | None] = [brick(n) for n in range(len(CODES))]
        self.crs: str | None = CRS
        self.header: list[Any] = [*KEYS, *COLUMNS]
        self.rows: list[list[Any]] = [
            [code, TOWNSHIPS[code[:9]], name, *(cells[n] for _, cells in COLUMNS.values())]
            for n, (code, name) in enumerate(NAMES.items())
        ]

    def column(self, header: str) -> int:
        """Return the position of a column of the ledger."""
        return self.header.index(header)

    def put(self, code: str, header: str, value: Any) -> None:
        """Write into the cell of a village in the ledger."""
        self.row(code)[self.column(header)] = value

    def change(self, header: str, turn: Any) -> None:
        """Change every cell of a column of the ledger."""
        position = self.column(header)
        for row in self.rows:
            row[position] = turn(row[position])

    def row(self, code: str) -> list[Any]:
        """Return the row of a village in the ledger."""
        return self.rows[CODES.index(code)]

    def without_codes(self) -> None:
        """Leave the codes out of the ledger."""
        self.header = self.header[1:]
        self.rows = [row[1:] for row in self.rows]

    def frame(self) -> gpd.GeoDataFrame:
        """Return the boundary layer."""
        data = {
            "村代码": self.codes,
            "村名": self.names,
            "乡镇码": self.township_codes,
            "乡镇": self.townships,
            "县": ["示例县"] * len(self.shapes),
        }
        data = {header: cells for header, cells in data.items() if cells is not None}
        return gpd.GeoDataFrame(data, geometry=self.shapes, crs=self.crs)

    def drawn(self) -> dict[str, BaseGeometry]:
        """Return the shape of each village with a code of its own, in the CRS of the truth."""
        frame = self.frame()
        shapes = frame.geometry.to_crs(CRS)
        return dict(zip(self.codes or CODES, shapes, strict=True))

    def shapefile(
        self,
        encoding: str = "utf-8",
        *,
        cpg: str | None = "UTF-8",
        frame: gpd.GeoDataFrame | None = None,
        name: str = "villages.shp",
        folder: Path | None = None,
    ) -> Path:
        """Write a shapefile in an encoding, with the .cpg given or none."""
        path = (folder or self.folder) / name
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            (self.frame() if frame is None else frame).to_file(
                path, encoding=encoding, engine="pyogrio"
            )
        path.with_suffix(".cpg").unlink()
        if cpg is not None:
            path.with_suffix(".cpg").write_text(cpg)
        return path

    def gpkg(self, name: str = "villages.gpkg") -> Path:
        """Write a GeoPackage."""
        path = self.folder / name
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self.frame().to_file(path, layer="villages", driver="GPKG")
        return path

    def table(self) -> list[list[Any]]:
        """Return header and rows of the ledger."""
        return [self.header, *self.rows]

    def workbook(self, change: Any = None, *, sheets: dict[str, list[Any]] | None = None) -> Path:
        """Write the ledger as a workbook, changed by a function of its first sheet."""
        book = openpyxl.Workbook()
        book.remove(book.active)
        for title, rows in (sheets or {"台账": self.table()}).items():
            sheet = book.create_sheet(title)
            for row in rows:
                sheet.append(list(row))
        if change is not None:
            change(book.worksheets[0])
        path = self.folder / "ledger.xlsx"
        book.save(path)
        return path

    def csv(self, encoding: str = "utf-8-sig", *, delimiter: str = ",", name="ledger.csv") -> Path:
        """Write the ledger as text."""
        path = self.folder / name
        with path.open("w", encoding=encoding, newline="") as stream:
            csv.writer(stream, delimiter=delimiter).writerows(self.table())
        return path

    def inputs(self, boundaries: Path | None = None, ledger: Any = None, **more: Any) -> Inputs:
        """Write what the case has not written itself."""
        return Inputs(
            self.shapefile() if boundaries is None else boundaries,
            self.workbook() if ledger is None else ledger,
            drawn=self.drawn(),
            **more,
        )

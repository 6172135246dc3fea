"""Maps for print: sheets of the county and of every township, on A3 and A4."""

from liancun_geo.output.printing.chart import Chart, prepare
from liancun_geo.output.printing.fonts import FONTS_VARIABLE, Typefaces, find_fonts
from liancun_geo.output.printing.picture import sheet_picture
from liancun_geo.output.printing.sheets import (
    MapSheets,
    fill_maps,
    map_files,
    map_sheets,
    write_maps,
)

__all__ = [
    "FONTS_VARIABLE",
    "Chart",
    "MapSheets",
    "Typefaces",
    "fill_maps",
    "find_fonts",
    "map_files",
    "map_sheets",
    "prepare",
    "sheet_picture",
    "write_maps",
]

"""Maps for print: sheets of the county and of every township, on A3 and A4."""

from liancun_geo.output.printing.chart import Chart, prepare
from liancun_geo.output.printing.fonts import FONTS_VARIABLE, Typefaces, find_fonts
from liancun_geo.output.printing.picture import sheet_picture

__all__ = ["FONTS_VARIABLE", "Chart", "Typefaces", "find_fonts", "prepare", "sheet_picture"]

"""One map alone, without title and legend: for a report or a page."""

from __future__ import annotations

import json
from importlib import resources
from typing import Literal

import shapely
import typst

from liancun_geo.messages import DEFAULT_LANGUAGE, Language
from liancun_geo.output.printing.chart import Chart, prepare
from liancun_geo.output.printing.drawing import draw
from liancun_geo.output.printing.fills import Tone
from liancun_geo.output.printing.fonts import find_fonts
from liancun_geo.output.printing.layout import lay_out
from liancun_geo.scenario import Scenario

DPI = 300
_LEAST_ASPECT = 0.5


def sheet_picture(
    plan: Scenario | Chart,
    zone: str | None = None,
    width_mm: float = 165.0,
    language: Language = DEFAULT_LANGUAGE,
    *,
    height_mm: float | None = None,
    tallest: float = 1.35,
    tone: Tone = "colour",
    form: Literal["png", "svg"] = "png",
    dpi: float = DPI,
) -> bytes:
    """Return the map of a township or of the county, with scale bar, north arrow and inset.

    Parameters
    ----------
    plan
        A scenario; for many pictures of one plan hand over what
        :func:`~liancun_geo.output.printing.chart.prepare` makes of it instead.
    zone
        Code of the township, or its name; None for the whole county.
    width_mm
        Of the picture.
    language
        Of what stands on the map beside names.
    height_mm
        Of the picture; default after the shape of what is shown, between half the width and
        ``tallest`` times.
    tallest
        Height of the tallest picture as a share of the width, where no height is given.
    tone
        Colours, or hatches for a printer without.
    form
        ``png``, or ``svg`` whose texts need a Chinese font where they are shown.
    dpi
        Of a PNG.

    Returns
    -------
    bytes
        The same for the same plan.

    Raises
    ------
    DataError
        If there is no such township, or no Chinese font on this machine.
    """
    chart = plan if isinstance(plan, Chart) else prepare(plan)
    number = None if zone is None else chart.zone(zone)
    typefaces = find_fonts()
    if height_mm is None:
        left, low, right, high = shapely.total_bounds(chart.shapes[chart.villages_of(number)])
        aspect = (high - low) / max(right - left, 1.0)
        height_mm = width_mm * min(max(aspect, _LEAST_ASPECT), tallest)
    # Type of a report on the page of a report: 15 px of the design become 7.5 points.
    layout = lay_out(chart, number, width_mm, height_mm, 0.66)
    svg = draw(chart, layout, tone, typefaces.families, language)
    if form == "svg":
        return svg.encode()
    return as_png(svg.encode(), width_mm, dpi)


def as_png(svg: bytes, width_mm: float, dpi: float = DPI) -> bytes:
    """Return a picture in SVG as PNG: pictures that are wanted in both forms are drawn once.

    Parameters
    ----------
    svg
        From :func:`sheet_picture`.
    width_mm, dpi
        Of the PNG.
    """
    template = resources.files(__package__).joinpath("picture.typ").read_bytes()
    data = {"svg": svg.decode(), "width": width_mm}
    compiler = typst.Compiler(
        template, font_paths=find_fonts().fonts, sys_inputs={"data": json.dumps(data)}
    )
    made = compiler.compile(format="png", ppi=dpi)
    assert isinstance(made, bytes)
    return made

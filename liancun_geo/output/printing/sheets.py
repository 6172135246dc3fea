"""All sheets of a plan: the county first, then every township, as PDF and as pictures."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import typst

from liancun_geo.messages import message
from liancun_geo.output.atomic import Stage
from liancun_geo.output.export import creation_time, exporting
from liancun_geo.output.options import PackOptions
from liancun_geo.output.printing import legend
from liancun_geo.output.printing.chart import Chart, prepare
from liancun_geo.output.printing.drawing import draw
from liancun_geo.output.printing.fills import Tone
from liancun_geo.output.printing.fonts import find_fonts
from liancun_geo.output.printing.layout import Layout, lay_out
from liancun_geo.output.printing.paper import PAPERS, Paper
from liancun_geo.scenario import Scenario

PDF: Mapping[Tone, str] = {"colour": "map.pdf", "bw": "map_bw.pdf"}
PICTURES: Mapping[Tone, str] = {"colour": "map_png.zip", "bw": "map_bw_png.zip"}
DPI = 300

Tell = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class MapSheets:
    """The sheets of a plan, laid out: names placed, ready to be set in colour or in black.

    Attributes
    ----------
    chart
        The plan.
    layouts
        The county, then the townships in the order of their codes.
    options
        Paper, language, names and date on the sheets.
    """

    chart: Chart
    layouts: tuple[Layout, ...]
    options: PackOptions

    def __len__(self) -> int:
        return len(self.layouts)

    def pdf(self, tone: Tone) -> bytes:
        """Return all sheets as one PDF, drawn in vectors; texts stay texts."""
        made = self._compiled(tone, range(len(self.layouts)), "pdf")
        assert isinstance(made, bytes)
        return made

    def png(self, number: int, tone: Tone) -> list[bytes]:
        """Return the pages of one sheet at 300 dpi: the map, then its list if that is long."""
        made = self._compiled(tone, [number], "png")
        return [made] if isinstance(made, bytes) else list(made)

    def names(self) -> list[str]:
        """Return a file name for each sheet."""
        digits = max(2, len(str(len(self.layouts))))
        language = self.options.language
        named = []
        for number, layout in enumerate(self.layouts, start=1):
            shown = f"{number:0{digits}d}"
            if layout.zone is None:
                named.append(message("printing.png_county", language, number=shown))
                continue
            township = self.chart.zones[layout.zone].name
            plain = "".join(char for char in township if char.isalnum())[:40]
            named.append(message("printing.png_township", language, number=shown, township=plain))
        return named

    def _compiled(self, tone: Tone, numbers: Sequence[int], form: Any) -> bytes | list[bytes]:
        data = self._data(tone, numbers)
        typefaces = find_fonts()
        compiler = typst.Compiler(
            _template(),
            font_paths=typefaces.fonts,
            sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
        )
        created = creation_time(self.options.created)
        made = compiler.compile(format=form, ppi=DPI, timestamp=int(created.timestamp()))
        assert made is not None
        return made

    def _data(self, tone: Tone, numbers: Sequence[int]) -> dict[str, Any]:
        language, paper = self.options.language, PAPERS[self.options.paper]
        created = creation_time(self.options.created)
        return {
            "paper": _paper(paper),
            "language": language,
            "families": find_fonts().families,
            "created": [created.year, created.month, created.day],
            "document": self._title(None),
            "swatches": legend.swatches(tone),
            "words": {name: message(f"printing.{name}", language) for name in _WORDS},
            "support": message("output.decision_support", language),
            "foot": legend.foot(self.chart, self.options, language),
            "small": legend.small_print(self.chart, language),
            "sheets": [self._sheet(number, tone) for number in numbers],
        }

    def _title(self, zone: int | None) -> str:
        place = self.chart.county if zone is None else self.chart.zones[zone].name
        language = self.options.language
        if not place:
            return message("printing.title_county", language)
        return message("printing.title", language, place=place)

    def _under(self, number: int, tone: Tone) -> str:
        chart, language = self.chart, self.options.language
        if self.layouts[number].zone is None:
            told = message(
                "printing.under_county",
                language,
                townships=len(chart.zones),
                alliances=len(chart.scenario.alliances),
                villages=len(chart.names),
            )
        else:
            key = "printing.under_township" if chart.county else "printing.under_township_plain"
            total = len(self.layouts)
            told = message(key, language, county=chart.county, number=number + 1, total=total)
        return message("printing.under_bw", language, under=told) if tone == "bw" else told

    def _sheet(self, number: int, tone: Tone) -> dict[str, Any]:
        chart, layout, language = self.chart, self.layouts[number], self.options.language
        zone = layout.zone
        families = find_fonts().families
        left_out = legend.unplaced_count(chart, zone)
        sheet: dict[str, Any] = {
            "title": self._title(zone),
            "under": self._under(number, tone),
            "map": draw(chart, layout, tone, families, language),
            "signs": legend.signs(chart, tone, zone, language),
            "unplaced_head": message("printing.unplaced", language, count=left_out),
            "unplaced": legend.unplaced(chart, zone, language),
            "off": legend.off_sheet(chart, layout.off, language),
            "alliances": [],
            "key": [],
        }
        if zone is None:
            rows = legend.key_rows(chart, first=2)
            villages = str(len(chart.names))
            alliances = str(len(chart.scenario.alliances))
            total = [message("printing.key_total", language), alliances, villages, str(left_out)]
            return sheet | {"head": message("printing.key", language), "key": rows, "total": total}
        rows_of = legend.alliances(chart, tone, zone, language)
        placed = int((chart.alliance_of[chart.zone_of == zone] >= 0).sum())
        head = message("printing.alliances", language, alliances=len(rows_of), villages=placed)
        listed = message("printing.list_title", language, place=chart.zones[zone].name)
        return sheet | {"head": head, "alliances": rows_of, "list_title": listed}


_WORDS = (
    "internal",
    "legend",
    "all_placed",
    "list_follows",
    "unchanged",
    "key_sheet",
    "key_township",
    "key_alliances",
    "key_villages",
    "key_unplaced",
)


def map_sheets(
    scenario: Scenario,
    options: PackOptions = PackOptions(),
    tell: Tell | None = None,
) -> MapSheets:
    """Lay out the map of the county and one of each township.

    Parameters
    ----------
    scenario
        The plan.
    options
        Paper, language, names, date, colours that alliances are known by.
    tell
        Called with the sheets laid out and their number.

    Raises
    ------
    DataError
        If this machine has no Chinese font.
    """
    find_fonts()
    chart, paper = prepare(scenario, options.lasting), PAPERS[options.paper]

    wanted: list[int | None] = [None, *range(len(chart.zones))]
    layouts = []
    for number, zone in enumerate(wanted):
        if tell is not None:
            tell(number, len(wanted))
        layouts.append(lay_out(chart, zone, paper.map_width_mm, paper.map_height_mm, paper.scale))
    return MapSheets(
        chart, tuple(layouts), replace(options, created=creation_time(options.created))
    )


def map_files(_scenario: Scenario, options: PackOptions) -> tuple[str, ...]:
    """Return the names of the files that :func:`fill_maps` writes."""
    pictures = [PICTURES[tone] for tone in _tones(options)] if options.png else []
    return (*(PDF[tone] for tone in _tones(options)), *pictures)


def fill_maps(
    scenario: Scenario, stage: Stage, options: PackOptions, tell: Tell | None = None
) -> None:
    """Write the sheets to a stage: PDFs in colour and in black and white, pictures if asked for.

    Parameters
    ----------
    scenario
        A plan that breaks no rule.
    stage
        Of the files of :func:`map_files`.
    options
        See :class:`~liancun_geo.output.options.PackOptions`.
    tell
        Called with what is done and how much there is.

    Raises
    ------
    DataError
        If this machine has no Chinese font.
    """
    told = tell or (lambda _done, _all: None)
    tones = _tones(options)
    rounds = 1 + len(tones) * (2 if options.png else 1)
    sheets = map_sheets(scenario, options, lambda done, all_: told(done, rounds * all_))
    count = len(sheets)
    done = count
    for tone in tones:
        stage.path(PDF[tone]).write_bytes(sheets.pdf(tone))
        done += count
        told(done, rounds * count)
    for tone in tones if options.png else ():
        with zipfile.ZipFile(stage.path(PICTURES[tone]), "w") as packed:
            for number, name in enumerate(sheets.names()):
                for page, picture in enumerate(sheets.png(number, tone)):
                    _pack(packed, name, page, picture, sheets.options)
                done += 1
                told(done, rounds * count)


def write_maps(
    scenario: Scenario, folder: Path | str, options: PackOptions = PackOptions()
) -> tuple[Path, ...]:
    """Write the sheets into a folder, all files or none.

    Raises
    ------
    DataError
        If the plan breaks a rule, a file cannot be written, or no Chinese font is there.
    """
    with exporting(scenario, folder, map_files(scenario, options)) as stage:
        fill_maps(scenario, stage, options)
    return stage.targets()


def _pack(
    packed: zipfile.ZipFile, name: str, page: int, picture: bytes, options: PackOptions
) -> None:
    created = creation_time(options.created)
    # A zip holds no year before 1980.
    date = (max(created.year, 1980), *created.timetuple()[1:6])
    stem = Path(name).stem + (f" {page + 1}" if page else "")
    packed.writestr(zipfile.ZipInfo(f"{stem}.png", date), picture)  # PNG is compressed already


def _tones(options: PackOptions) -> tuple[Tone, ...]:
    if options.colours == "both":
        return ("colour", "bw")
    return (options.colours,)


def _paper(paper: Paper) -> dict[str, Any]:
    return {
        "width": paper.width_mm,
        "height": paper.height_mm,
        "margin": paper.margin_mm,
        "map_width": paper.map_width_mm,
        "map_height": paper.map_height_mm,
        "panel": paper.panel_width_mm,
        "head": paper.head_mm,
        "scale": paper.scale,
    }


@cache
def _template() -> bytes:
    return resources.files(__package__).joinpath("map.typ").read_bytes()

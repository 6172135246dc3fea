"""What stands beside and around a map, as data for the template."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np

from liancun_geo.crs import label, name_of
from liancun_geo.errors import Fault
from liancun_geo.messages import Language, Listing, message
from liancun_geo.output.export import creation_time, office_time, one_line, sentence
from liancun_geo.output.options import PackOptions
from liancun_geo.output.picture.colours import PALETTE
from liancun_geo.output.picture.markup import Element, add, new
from liancun_geo.output.picture.symbols import star, triangle
from liancun_geo.output.printing import fills
from liancun_geo.output.printing.chart import Chart, shown_name
from liancun_geo.output.printing.fills import BORDER, INK, Tone
from liancun_geo.sample import is_sample

_BLANK = "＿＿＿＿"


def swatches(tone: Tone) -> list[str]:
    """Return the ten fills as small pictures, 34 x 22 px of the design."""
    found = []
    for place in range(len(PALETTE)):
        svg = _icon(34, 22)
        fills.define(add(svg, "defs"), tone, 96 / 25.4)
        fill = fills.fill(place, tone)
        add(svg, "rect", x=0.6, y=0.6, width=32.8, height=20.8, fill=fill, stroke=BORDER)
        found.append(ET.tostring(svg, encoding="unicode"))
    return found


def signs(chart: Chart, tone: Tone, zone: int | None, language: Language) -> list[dict[str, str]]:
    """Return the signs of a map with their meaning."""

    def line(colour: str, width: float, opacity: float = 1.0) -> Element:
        svg = _icon(40, 20)
        add(
            svg,
            "path",
            d="M2,10H38",
            stroke=colour,
            stroke_width=width,
            stroke_opacity=opacity,
            fill="none",
        )
        return svg

    lead, weak, unplaced = _icon(40, 20), _icon(40, 20), _icon(40, 20)
    add(lead, "path", d=star(20, 10.5, 9), fill=INK)
    fill = fills.WEAK if tone == "colour" else INK
    add(weak, "path", d=triangle(20, 10, 7), fill=fill)
    fills.define(add(unplaced, "defs"), "colour", 96 / 25.4)
    box: dict[str, Any] = {"x": 2, "y": 2, "width": 36, "height": 16}
    add(unplaced, "rect", **box, fill=fills.UNPLACED)
    dashed = add(unplaced, "rect", **box, fill="url(#unplaced)", stroke=fills.UNPLACED_LINE)
    dashed.set("stroke-dasharray", "5 3")
    dashed.set("stroke-width", "1.5")
    shown = [("lead", lead)]
    if zone is not None and chart.weak[chart.villages_of(zone)].any():
        shown.append(("weak", weak))
    shown += [
        ("township", line(INK, 3.2)),
        ("alliance", line(BORDER, 2)),
        ("link", line(INK, 1.3, 0.45)),
    ]
    if (chart.alliance_of[chart.villages_of(zone)] < 0).any():
        shown.append(("unplaced", unplaced))
    if len(chart.barriers):
        shown.append(("barrier", line(fills.WATER if tone == "colour" else fills.INK_3, 2)))
    return [
        {
            "svg": ET.tostring(svg, encoding="unicode"),
            "text": message(f"printing.sign_{name}", language),
        }
        for name, svg in shown
    ]


def alliances(chart: Chart, tone: Tone, zone: int, language: Language) -> list[dict[str, Any]]:
    """Return the alliances of a township: name, lead, members, how many villages and people."""
    rows = []
    for number in chart.alliances_of(zone):
        alliance = chart.scenario.alliances[number]
        rows.append(
            {
                "fill": chart.fills[tone][number],
                "name": shown_name(alliance.name),
                "counts": _counts(chart, alliance.villages, language),
                "lead": _village(chart, alliance.lead, zone, language),
                "members": Listing(
                    _village(chart, village, zone, language) for village in alliance.members
                ).text(language),
            }
        )
    return rows


def unplaced(chart: Chart, zone: int | None, language: Language) -> list[str]:
    """Return the villages left out, those with the same reason in one line."""
    by_reason: dict[str, list[str]] = {}
    for one in chart.scenario.unassigned:
        inside = zone is None or (
            int(chart.zone_of[one.position]) == zone
            if one.position is not None
            else shown_name(one.township) == chart.zones[zone].name
        )
        if inside:
            reason = _why(one.reason, language)
            by_reason.setdefault(reason, []).append(shown_name(one.name))
    return [
        message(
            "printing.unplaced_reason",
            language,
            villages=Listing(names),
            reason=reason,
        )
        for reason, names in by_reason.items()
    ]


def unplaced_count(chart: Chart, zone: int | None) -> int:
    """Return how many villages of a township are left out, those not in the table included."""
    return sum(
        zone is None
        or (
            int(chart.zone_of[one.position]) == zone
            if one.position is not None
            else shown_name(one.township) == chart.zones[zone].name
        )
        for one in chart.scenario.unassigned
    )


def off_sheet(chart: Chart, villages: Sequence[int], language: Language) -> str:
    """Return which villages lie outside the map, far off the body of their township; or ""."""
    if not villages:
        return ""
    names = Listing(chart.names[village] for village in villages)
    return message("printing.off_sheet", language, count=len(villages), villages=names)


def key_rows(chart: Chart, first: int) -> list[list[str]]:
    """Return a row a township: sheet, name, alliances, villages, villages left out."""
    rows = []
    for zone, township in enumerate(chart.zones):
        rows.append(
            [
                str(first + zone),
                township.name,
                str(len(chart.alliances_of(zone))),
                str(int((chart.zone_of == zone).sum())),
                str(unplaced_count(chart, zone)),
            ]
        )
    return rows


def foot(chart: Chart, options: PackOptions, language: Language) -> list[str]:
    """Return what stands under the neat line: who, when, in which coordinates, of what data."""
    date = office_time(creation_time(options.created))
    crs = chart.scenario.villages.frame.crs
    known = name_of(crs.to_wkt(), language) or label(crs)
    vintage = options.vintage if options.vintage.strip() else _files(chart).text(language)
    return [
        message("printing.maker", language, name=_filled(options.maker)),
        message("printing.drawn_by", language, name=_filled(options.drawn_by)),
        message("printing.checked_by", language, name=_filled(options.checked_by)),
        message("printing.date", language, year=date.year, month=date.month, day=date.day),
        message("printing.crs", language, crs=known),
        message("printing.vintage", language, vintage=_filled(vintage)),
    ]


def small_print(chart: Chart, language: Language) -> list[str]:
    """Return the plan's fingerprint, and that a sample is made up."""
    scenario = chart.scenario
    told = [message("printing.fingerprint", language, fingerprint=scenario.fingerprint[:12])]
    if is_sample((source.path, source.sha256) for source in scenario.villages.sources):
        told.append(message("printing.made_up", language))
    return told


def _why(reason: Fault, language: Language) -> str:
    """Return what a reason says happened; what to do about it is no matter for a map."""
    told = one_line(sentence(reason, language))
    first, stop, _ = told.partition("。" if language == "zh" else ". ")
    return first + stop.strip()


def _files(chart: Chart) -> Listing:
    sources = chart.scenario.villages.sources
    names = [one.path for one in sources if one.role in ("boundaries", "ledger")]
    return Listing(
        dict.fromkeys(shown_name(name.replace("\\", "/").split("/")[-1]) for name in names)
    )


def _filled(text: str) -> str:
    return shown_name(text) if text.strip() else _BLANK


def _village(chart: Chart, village: int, zone: int, language: Language) -> str:
    home = int(chart.zone_of[village])
    name = chart.names[village]
    if home == zone:
        return name
    township = chart.zones[home].name
    return message("printing.member_elsewhere", language, village=name, township=township)


def _counts(chart: Chart, villages: Sequence[int] | Iterable[int], language: Language) -> str:
    people = chart.people[list(villages)]
    unknown = int(np.isnan(people).sum())
    if unknown == len(people):
        return message("printing.alliance_counts_plain", language, villages=len(people))
    total = f"{math.fsum(people[~np.isnan(people)].tolist()):,.0f}"
    if unknown:
        return message(
            "printing.alliance_counts_known",
            language,
            villages=len(people),
            people=total,
            unknown=unknown,
        )
    return message("printing.alliance_counts", language, villages=len(people), people=total)


def _icon(width: int, height: int) -> Element:
    return new(
        "svg",
        xmlns="http://www.w3.org/2000/svg",
        width=width,
        height=height,
        viewBox=f"0 0 {width} {height}",
    )

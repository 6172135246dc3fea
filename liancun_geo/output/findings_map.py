"""The findings of the data doctor on a map: one page that asks nobody for anything."""

from __future__ import annotations

import html
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from liancun_geo.doctor.findings import CATEGORIES, Finding, Findings
from liancun_geo.messages import DEFAULT_LANGUAGE, Language, message
from liancun_geo.output.atomic import staged
from liancun_geo.output.export import clean, input_files
from liancun_geo.output.findings_shapes import (
    UNIT_M,
    Ground,
    Shapes,
    ground,
    middles,
    outlines,
    packed,
    simplified,
)
from liancun_geo.output.findings_words import (
    LEVELS,
    SHAPE_KINDS,
    VillageIndex,
    level_of,
    shape_kind,
    verdict,
)
from liancun_geo.output.standalone import data_element, digest

# Together they keep the page under 5 MB.
_MOST_VERTICES = 400_000
_MOST_FINDING_VERTICES = 100_000
_MOST_TEXT_BYTES = 1_200_000
_MOST_FINDINGS = 4_000

_WORDS = (
    "all_levels",
    "all_categories",
    "search",
    "fit_all",
    "back",
    "zoom_in",
    "zoom_out",
    "no_place",
    "only_located",
    "nothing_found",
    "none_chosen",
    "no_shapes",
    "why",
    "remedy",
    "hint",
    "legend",
    "legend_village",
    "legend_without_row",
    "legend_township",
    "print_list",
)
_PLACED_WORDS = ("all_counted", "shown_of", "scale_km", "scale_m")


def write_findings_map(
    findings: Findings, path: Path | str, language: Language = DEFAULT_LANGUAGE
) -> Path:
    """Write the map of the findings as one HTML file to open from disk.

    Parameters
    ----------
    findings
        What :func:`liancun_geo.doctor.examine` found.
    path
        The file; replaced as a whole. An input file is never overwritten.
    language
        Of the page.

    Raises
    ------
    DataError
        If the file cannot be written.
    """
    path = Path(path)
    page = findings_page(findings, language)
    with staged(path.parent, [path.name], inputs=input_files(findings.sources)) as stage:
        stage.path(path.name).write_text(page, encoding="utf-8", newline="\n")
    return path


def findings_page(
    findings: Findings, language: Language = DEFAULT_LANGUAGE, *, listed: bool = True
) -> str:
    """Return the map of the findings as an HTML document.

    Villages are grey, those without a row of the ledger hatched; findings lie where they are, or
    at the village they concern. The document holds everything it needs; its policy forbids all
    requests and every script but its own. Texts reach it as data and are set as text only.

    Parameters
    ----------
    findings
        Shapes in EPSG:4326, or a sketch of coordinates in an unknown CRS, which is drawn without
        a scale. If villages have more than 400,000 vertices their borders are
        simplified together and the page says so; the shapes of findings never are.
    language
        Of the page.
    listed
        Whether the list stands beside the map; if not, one finding at a time is told, on the map,
        for a page that has the list already.
    """
    style, script = _shipped("findings_map.css"), _shipped("findings_map.js")
    policy = f"default-src 'none'; style-src '{digest(style)}'; script-src '{digest(script)}'"
    title = html.escape(message("findings.map_title", language))
    kind = "" if listed else ' class="map-only"'
    return (
        f'<!doctype html>\n<html lang="{"zh-CN" if language == "zh" else "en"}">\n<head>\n'
        '<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>{style}</style>\n</head>\n<body{kind}>\n"
        f"<noscript>{html.escape(message('findings.no_script', language))}</noscript>\n"
        f"{data_element(_data(findings, language))}\n"
        f"<script>{script}</script>\n</body>\n</html>\n"
    )


def _data(findings: Findings, language: Language) -> dict[str, Any]:
    index = VillageIndex(findings)
    villages, land, points = _villages(findings, index)
    listed, notes = _entries(findings, index, land, points, language)
    if villages["tolerance_m"]:
        metres = f"{villages['tolerance_m']:g}"
        notes.append(message("findings.simplified", language, metres=metres))
    if findings.shapes is None and findings.sketch is not None:
        notes.append(message("findings.sketched", language))
    words = {name: message(f"findings.{name}", language) for name in _WORDS}
    # Their places are filled in the page.
    words |= {name: _template(name, language) for name in _PLACED_WORDS}
    return {
        "title": message("findings.map_title", language),
        "verdict": verdict(findings, language),
        "disclaimer": message("output.decision_support", language),
        "sources": [clean(Path(source.path).name) for source in findings.sources],
        "unit_m": UNIT_M,
        "scaled": findings.shapes is not None or findings.sketch is None,
        "villages": villages,
        "findings": listed,
        "notes": notes,
        "levels": [[one, message(f"findings.level_{one}", language)] for one in LEVELS],
        "kinds": [[one, message(f"findings.kind_{one}", language)] for one in SHAPE_KINDS],
        "categories": [[one, message(f"findings.category_{one}", language)] for one in CATEGORIES],
        "words": words,
    }


def _template(name: str, language: Language) -> str:
    places = ("name", "count", "shown", "all", "length")
    return message(f"findings.{name}", language, **{place: f"{{{place}}}" for place in places})


def _villages(
    findings: Findings, index: VillageIndex
) -> tuple[dict[str, Any], Ground, np.ndarray[Any, np.dtype[np.float64]]]:
    """Return the villages for the page, the ground they lie on and a point in each."""
    frame = findings.drawn
    own = [one.shape for one in findings.findings if one.shape is not None]
    shapes = np.array([], dtype=object) if frame is None else frame.geometry.to_numpy()
    land = ground(shapes if len(shapes) else np.array(own, dtype=object))
    drawn, tolerance_m = simplified(land.placed(shapes), _MOST_VERTICES)
    texts = {
        column: [clean(one) if isinstance(one, str) else "" for one in frame[column]]
        if frame is not None
        else []
        for column in ("code", "name", "township")
    }
    labels, number_of = np.unique(texts["township"], return_inverse=True)
    townships = outlines(drawn, number_of, len(labels))
    # Villages without a township are no township.
    townships[labels == ""] = shapely.Point()
    coverage = findings.coverage
    without = [] if coverage is None else [index.find(one) for one in coverage.without_row]
    points = middles(drawn)
    villages = {
        "names": texts["name"],
        "codes": texts["code"],
        "township_of": number_of.tolist(),
        "townships": labels.tolist(),
        "without_row": sorted({one for one in without if one is not None}),
        "shapes": packed(drawn),
        "outlines": packed(townships),
        "points": _whole(points),
        "township_points": _whole(middles(townships)),
        "tolerance_m": tolerance_m,
    }
    return villages, land, points


def _entries(
    findings: Findings,
    index: VillageIndex,
    land: Ground,
    points: np.ndarray[Any, np.dtype[np.float64]],
    language: Language,
) -> tuple[dict[str, Any], list[str]]:
    """Return the entries of the list with their shapes and shared texts, and what was left out."""
    shapes = land.placed([one.shape for one in findings.findings])
    at = middles(shapes)
    shapes, cut = _within(shapes)
    given = [one.fault.where.point for one in findings.findings]
    pinned = land.placed([None if one is None else shapely.Point(one) for one in given])
    texts: dict[str, int] = {}
    entries: list[dict[str, Any]] = []
    size = 0
    for number, finding in enumerate(findings.findings):
        concerned = index.of_finding(finding)
        place = at[number]
        if not np.isfinite(place).all():
            place = np.array(pinned[number].coords[0] if not pinned[number].is_empty else [np.nan])
        if not np.isfinite(place).all() and concerned:
            place = points[concerned[0]]
        entry = _entry(finding, texts, language)
        entry["villages"] = concerned
        named = finding.fault.where
        # A fault of a whole file has no place, and nobody looks for one.
        entry["local"] = bool(concerned or named.village or named.code or named.row)
        if np.isfinite(place).all():
            entry["at"] = _whole(place.reshape(1, -1))
        size += sum(len(str(entry[key]).encode()) for key in ("what", "place", "remedy"))
        if size > _MOST_TEXT_BYTES or number >= _MOST_FINDINGS:
            break
        entries.append(entry)
    notes = []
    if len(entries) < len(findings.findings):
        sizes = {"shown": len(entries), "all": len(findings.findings)}
        notes.append(message("findings.cut_short", language, **sizes))
    if cut:
        notes.append(message("findings.places_cut_short", language, count=cut))
    listed = {"entries": entries, "shapes": packed(shapes[: len(entries)]), "texts": list(texts)}
    return listed, notes


def _entry(finding: Finding, texts: dict[str, int], language: Language) -> dict[str, Any]:
    where = finding.fault.where

    def shared(text: str) -> int:
        return texts.setdefault(clean(text), len(texts))

    return {
        "id": clean(finding.id),
        "level": LEVELS.index(level_of(finding)),
        "category": CATEGORIES.index(finding.category),
        "kind": SHAPE_KINDS.index(shape_kind(finding)),
        "place": clean(where.text(language)),
        "what": clean(finding.what(language)),
        "why": shared(finding.why(language)),
        "remedy": clean(finding.remedy(language)) if finding.fault.fixes else "",
        "advice": shared(finding.remedy(language)) if not finding.fault.fixes else -1,
        "search": " ".join(finding.villages),
    }


def _within(shapes: Shapes) -> tuple[Shapes, int]:
    """Return the shapes with those emptied that are too much for the page, and their number."""
    kept = shapes.copy()
    vertices = shapely.get_num_coordinates(shapes)
    # The small ones first: they are the ones that cannot be seen otherwise.
    order = np.argsort(vertices, kind="stable")
    over = order[np.cumsum(vertices[order]) > _MOST_FINDING_VERTICES]
    kept[over] = shapely.Point()
    return kept, len(over)


def _whole(points: np.ndarray[Any, np.dtype[np.float64]]) -> list[int | None]:
    """Return x, y, x, y ... in whole units, None where there is none."""
    return [round(one) if np.isfinite(one) else None for one in points.reshape(-1).tolist()]


@cache
def _shipped(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="utf-8")

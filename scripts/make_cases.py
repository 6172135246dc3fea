"""Make the worked examples of docs/cases.md from data/cases/cases.toml, always the same.

Run from the checkout: ``python -m scripts.make_cases``. For each case it writes a folder of
``data/cases`` (boundaries, ledger, places, settings), plans it, and draws it with the program's
own drawing. Published facts are copied; geometry and all other figures are invented by the rules
below, the same for every case, and marked as such in every file.

How the map is invented: a honeycomb of cells 1.2 km wide, every middle moved a little at random.
The first village has the cell in the middle, the others of the case the cells nearest to it.
Invented neighbours (邻村甲 ...) form two flowers, east and west, that touch the case: a strong
village and three small ones each, growing something else than the case.
"""

from __future__ import annotations

import csv
import json
import tomllib
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import shapely

from liancun_geo.scenario import Scenario, plan_alliances, read_county
from liancun_geo.settings import read_settings

ROOT = Path(__file__).parents[1]
CASES = ROOT / "data" / "cases"
PICTURES = ROOT / "docs" / "images" / "cases"
ORIGIN = (39_500_000.0, 4_000_000.0)
"""EPSG:4527, metres: on the central meridian, where none of the villages lies."""
CELL_M = 1_200.0
JITTER = 0.12
RING = ((1, 0), (-1, 0), (0, 1), (0, -1), (1, -1), (-1, 1))
SECOND_RING = ((1, -2), (-1, 2), (1, 1), (-1, -1))
STEMS = "甲乙丙丁戊己庚辛"
NEIGHBOURS = (("蔬菜", STEMS[:4]), ("粮食", STEMS[4:]))
COLUMNS = (
    "村代码", "村名", "乡镇代码", "乡镇", "县", "户籍人口（人）", "党员数（人）",
    "村集体经营性收入（万元）", "人均收入（元）", "产业", "企业", "软弱涣散", "回迁安置",
    "书记在任",
)  # fmt: skip
ORIGIN_COLUMN = "数字来源"
INVENTED = "全部虚构"


class Village(NamedTuple):
    """A village of a case: where its cell lies and what the ledger says."""

    cell: tuple[int, int]
    row: dict[str, Any]


def read_cases() -> dict[str, Any]:
    """Return the facts."""
    facts: dict[str, Any] = tomllib.loads((CASES / "cases.toml").read_text(encoding="utf-8"))
    return facts


def named_villages(case: dict[str, Any]) -> list[str]:
    """Return the villages of a case, the lead first where one is known, unnamed ones last."""
    unnamed = [f"未具名村{STEMS[i]}" for i in range(case.get("unnamed", 0))]
    lead = [case["lead"]] if "lead" in case else []
    return [*lead, *case["members"], *unnamed]


def villages_of(case: dict[str, Any], invented: dict[str, Any]) -> list[Village]:
    """Return the villages of a case and its invented neighbours."""
    names = named_villages(case)
    cells = [(0, 0), *RING, *SECOND_RING][: len(names)]
    pattern = invented[case["pattern"]]
    industry = case.get("industry") or case["invented_industry"]
    villages: list[Village] = []
    for number, (name, cell) in enumerate(zip(names, cells, strict=True)):
        role = "lead" if number == 0 and "lead" in case else "member"
        figures = {**_stepped(pattern[role], number)}
        figures |= case.get("invented_figures", {}).get(name, {})
        villages.append(Village(cell, _row(case, len(villages), name, figures, industry)))
    taken = set(cells)
    for side, (grown, stems) in zip((1, -1), NEIGHBOURS, strict=True):
        middle = (3 * side, 0) if (side, 0) in taken else (2 * side, 0)
        ring = sorted(
            (cell for dq, dr in RING if (cell := (middle[0] + dq, middle[1] + dr)) not in taken),
            key=lambda cell: (_steps(cell), cell),
        )
        for number, (stem, cell) in enumerate(zip(stems, (middle, *ring), strict=False)):
            figures = _stepped(invented["neighbour"]["member" if number else "lead"], number)
            row = _row(case, len(villages), f"邻村{stem}", figures, grown)
            villages.append(Village(cell, row))
            taken.add(cell)
    return villages


def _stepped(figures: dict[str, float], number: int) -> dict[str, float]:
    # A little more for every village, so that the best plan is the only one.
    return {name: value + (value * number) // 40 for name, value in figures.items()}


def _steps(cell: tuple[int, int]) -> int:
    q, r = cell
    return max(abs(q), abs(r), abs(q + r))


def _row(
    case: dict[str, Any], number: int, name: str, figures: dict[str, float], industry: str
) -> dict[str, Any]:
    ours = name in named_villages(case)
    named = name in (case.get("lead"), *case["members"])
    published = [f"村名、乡镇（{case['source']}）"] if named else []
    income = case.get("income_wan_yuan", {}).get(name)
    if income is not None:
        published.append("村集体收入")
    if named and "industry" in case:
        published.append("产业")
    if named and case.get("resettlement"):
        published.append("回迁安置")
    if name in case.get("weak_organisation", ()):
        published.append("软弱涣散")
    has_enterprise = ours and number == 0 and "enterprise" in case
    values = (
        # Village parts from 901 on: no real village has one.
        f"{case['township_code']}{901 + number}", name, case["township_code"], case["township"],
        case["county"], figures["people"], figures["party"],
        figures["income"] if income is None else income, figures["per_head"], industry,
        case["enterprise"] if has_enterprise else "无",
        "是" if name in case.get("weak_organisation", ()) else "否",
        "是" if ours and case.get("resettlement") else "否", "是",
    )  # fmt: skip
    origin = f"公布：{'、'.join(published)}；其余虚构" if published else INVENTED
    return {**dict(zip(COLUMNS, values, strict=True)), ORIGIN_COLUMN: origin}


def cells_m(cells: list[tuple[int, int]], seed: int) -> list[Any]:
    """Return the polygons of honeycomb cells, metres in EPSG:4527, their middles moved a little.

    Voronoi cells of the moved middles, so that neighbours share their borders exactly. A hidden
    ring of cells around the map bounds it and is left out.
    """
    shown = list(dict.fromkeys(cells))
    hidden = {(q + dq, r + dr) for q, r in shown for dq, dr in RING} - set(shown)
    everyone = [*shown, *sorted(hidden)]
    points = np.array([(q + r / 2, r * np.sqrt(3) / 2) for q, r in everyone])
    # Drawn for the cells on show only, in their order: the outline keeps its form.
    moved = np.random.default_rng(seed).uniform(-JITTER, JITTER, (len(shown), 2))
    points[: len(shown)] += moved
    points = points * CELL_M + ORIGIN
    parts = shapely.get_parts(shapely.voronoi_polygons(shapely.MultiPoint(points), ordered=True))
    return list(shapely.set_precision(parts[: len(shown)], 0.01))


def write_case(
    case: dict[str, Any], facts: dict[str, Any], folder: Path, seed: int | None = None
) -> Path:
    """Write the files of one case and return its folder."""
    folder.mkdir(parents=True, exist_ok=True)
    number = [one["id"] for one in facts["case"]].index(case["id"])
    villages = villages_of(case, facts["invented"])
    shapes = cells_m([village.cell for village in villages], number if seed is None else seed)
    _write_boundaries(folder / "villages.geojson", villages, shapes)
    with (folder / "ledger.csv").open("w", encoding="utf-8-sig", newline="") as file:
        table = csv.DictWriter(file, (*COLUMNS, ORIGIN_COLUMN), lineterminator="\n")
        table.writeheader()
        table.writerows(village.row for village in villages)
    if "enterprise" in case:
        code = villages[0].row["村代码"]
        text = f"名称,类别,产业,村代码\n{case['enterprise']},企业,{case['industry']},{code}\n"
        (folder / "places.csv").write_text(text, encoding="utf-8-sig")
    (folder / "settings.toml").write_text(_settings(case, facts), encoding="utf-8")
    return folder


def _write_boundaries(path: Path, villages: list[Village], shapes: list[Any]) -> None:
    features = [
        {
            "type": "Feature",
            "properties": {
                **{name: village.row[name] for name in ("村代码", "村名", "乡镇代码", "乡镇")},
                "几何": "虚构 invented",
            },
            "geometry": shapely.geometry.mapping(shape),
        }
        for village, shape in zip(villages, shapes, strict=True)
    ]
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4527"}}
    lines = ",\n".join(json.dumps(feature, ensure_ascii=False) for feature in features)
    head = json.dumps(crs)
    text = f'{{"type": "FeatureCollection", "crs": {head}, "features": [\n{lines}\n]}}\n'
    path.write_text(text, encoding="utf-8")


def _settings(case: dict[str, Any], facts: dict[str, Any]) -> str:
    source = facts["source"][case["source"]]
    lines = [
        f"# {case['title']}: {source['en']}",
        f"# {source['rule_zh']}",
        "# 几何为虚构。 Geometry is invented.",
        "",
    ]
    if "enterprise" in case:
        lines += ["[data]", 'places = ["places.csv"]', ""]
    lines += [
        "[rules]",
        f"min_size = {source['min_size']}",
        f"max_size = {source['max_size']}",
        f'coverage = "{source["coverage"]}"',
        "",
        "[criteria]",
        "# Fixed, so that it does not depend on the invented map.",
        "proximity_scale_km = 4.0",
    ]
    if source["types"]:
        lines += ["", "[types]", f"used = {json.dumps(source['types'])}"]
    return "\n".join(lines) + "\n"


def plan_case(folder: Path) -> Scenario:
    """Plan a case from its files, as a planner would."""
    settings = read_settings(folder / "settings.toml")
    county = read_county(
        folder / "villages.geojson", folder / "ledger.csv", settings=settings, folder=folder
    )
    return plan_alliances(county, settings)


def main() -> None:
    """Write, plan, draw and document every case."""
    from scripts.document_cases import document, draw

    facts = read_cases()
    PICTURES.mkdir(parents=True, exist_ok=True)
    planned = []
    for case in facts["case"]:
        scenario = plan_case(write_case(case, facts, CASES / case["id"]))
        (PICTURES / f"{case['id']}.svg").write_text(draw(case, scenario), encoding="utf-8")
        planned.append((case, scenario))
    (ROOT / "docs" / "cases.md").write_text(document(facts, planned), encoding="utf-8")
    print(f"{len(planned)} cases")


if __name__ == "__main__":
    main()

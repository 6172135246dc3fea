"""The plan quality sheet: known shapes, known vectors, every figure again in plain Python."""

from __future__ import annotations

import math
import re
from itertools import combinations
from pathlib import Path
from statistics import median, pstdev
from typing import Any

import networkx as nx
import numpy as np
import pytest
import shapely
from builders import village_table
from hypothesis import given, settings
from hypothesis import strategies as st
from problems import random_problem
from quality_cases import county, planned

from liancun_geo.check import check
from liancun_geo.equity import gini, jain, least_to_greatest
from liancun_geo.messages import catalogue
from liancun_geo.problem import AllianceProblem
from liancun_geo.quality import METRICS, polsby_popper, quality_sheet, reock, strongest_neighbour
from liancun_geo.quality.baseline import join_strongest
from liancun_geo.quality.compactness import territory
from liancun_geo.scenario import County, Scenario, plan_alliances, take_over
from liancun_geo.settings import parse_settings

SQUARE = shapely.box(0, 0, 10, 10)


def test_compactness_of_known_shapes() -> None:
    circle = shapely.Point(3, 4).buffer(5, quad_segs=512)
    assert polsby_popper(circle) == pytest.approx(1.0, abs=1e-5)
    assert reock(circle) == pytest.approx(1.0, abs=1e-5)
    assert polsby_popper(SQUARE) == pytest.approx(math.pi / 4)
    assert reock(SQUARE) == pytest.approx(2 / math.pi)
    # a by 4a: P = 10 a, R^2 = 17 a^2 / 4
    strip = shapely.box(0, 0, 4, 1)
    assert polsby_popper(strip) == pytest.approx(4 * math.pi * 4 / 100)
    assert reock(strip) == pytest.approx(4 / (math.pi * 17 / 4))
    apart = shapely.MultiPolygon([shapely.box(0, 0, 1, 1), shapely.box(3, 0, 4, 1)])
    assert reock(apart) == pytest.approx(2 / (math.pi * 17 / 4))


@pytest.mark.parametrize("shape", [shapely.Polygon(), shapely.LineString([(0, 0), (1, 1)]), None])
def test_a_shape_without_area_has_no_compactness(shape: Any) -> None:
    assert math.isnan(polsby_popper(shape))
    assert math.isnan(reock(shape))


def test_gaps_between_surveyed_borders_do_not_count() -> None:
    halves = np.array([shapely.box(0, 0, 500, 1000), shapely.box(501, 0, 1000, 1000)], object)
    assert polsby_popper(shapely.union_all(halves)) < 0.5
    closed = territory(halves, (0, 1), 2.0)
    assert closed.geom_type == "Polygon"
    assert polsby_popper(closed) == pytest.approx(math.pi / 4)
    assert reock(closed) == pytest.approx(2 / math.pi)


@pytest.mark.parametrize(
    ("values", "g", "j", "m"),
    [
        ([5.0], 0.0, 1.0, 1.0),
        ([3.0, 3.0, 3.0], 0.0, 1.0, 1.0),
        ([0.0, 0.0, 0.0, 8.0], 0.75, 0.25, 0.0),
        ([1.0, 2.0, 3.0, 4.0], 0.25, 100 / 120, 0.25),
        ([1.0, 3.0], 0.25, 16 / 20, 1 / 3),
    ],
)
def test_evenness_of_known_vectors(values: list[float], g: float, j: float, m: float) -> None:
    assert gini(values) == pytest.approx(g)
    assert jain(values) == pytest.approx(j)
    assert least_to_greatest(values) == pytest.approx(m)


@pytest.mark.parametrize("values", [[], [0.0, 0.0], [1.0, math.nan], [1.0, -1.0], [math.inf, 1.0]])
def test_evenness_is_not_made_up(values: list[float]) -> None:
    assert math.isnan(gini(values))
    assert math.isnan(jain(values))
    assert math.isnan(least_to_greatest(values))


@given(st.lists(st.floats(0, 1e12), min_size=1, max_size=20), st.floats(1e-3, 1e3))
def test_evenness_by_pairs_and_whatever_the_unit(values: list[float], unit: float) -> None:
    total = math.fsum(values)
    if total < 1e-6:
        return
    by_pairs = sum(abs(a - b) for a in values for b in values) / (2 * len(values) * total)
    assert gini(values) == pytest.approx(by_pairs, abs=1e-9)
    assert gini([unit * value for value in values]) == pytest.approx(gini(values), abs=1e-9)
    assert 1 / len(values) - 1e-9 <= jain(values) <= 1.0
    assert gini([*values, *values]) == pytest.approx(gini(values), abs=1e-9)


def around(shape: Any) -> float:
    """Return the radius of the smallest circle around a shape: over two or three corners."""
    corners = shapely.get_coordinates(shapely.convex_hull(shape))[:-1]
    corners = corners - corners[0]
    circles = [((a + b) / 2, math.dist(a, b) / 2) for a, b in combinations(corners, 2)]
    for a, b, c in combinations(corners, 3):
        matrix = 2 * np.array([b - a, c - a])
        if abs(np.linalg.det(matrix)) > 1e-6:
            centre = np.linalg.solve(matrix, [b @ b - a @ a, c @ c - a @ a])
            circles.append((centre, math.dist(centre, a)))
    return min(r for m, r in circles if all(math.dist(m, p) <= r + 1e-6 for p in corners))


def recomputed(scenario: Scenario, lead_of: list[int]) -> dict[str, float | None]:
    """Return the measures again, village by village, from the table alone."""
    frame = scenario.villages.frame
    rows = frame.to_dict("records")
    excluded = set(scenario.settings.rules.excluded)
    part = [i for i, row in enumerate(rows) if row["code"] not in excluded]
    score = scenario.leads.score.tolist()

    def number(i: int, field: str) -> float | None:
        value = float(rows[i][field])
        return None if math.isnan(value) else value

    def flag(i: int, name: str) -> bool | None:
        return {"True": True, "False": False}.get(str(rows[i][name]))

    given = [f for f in ("weak_organisation", "weak_economy") if frame[f].notna().any()]
    weak: list[bool | None] = []
    for i in range(len(rows)):
        answers = [flag(i, name) for name in given]
        known = bool(answers) and all(answer is not None for answer in answers)
        weak.append(True if True in answers else False if known else None)
    small = [
        None if (p := number(i, "population_registered_persons")) is None else p < 1000
        for i in range(len(rows))
    ]
    alliances: dict[int, list[int]] = {}
    for i, lead in enumerate(lead_of):
        if lead >= 0:
            alliances.setdefault(lead, []).append(i)
    pairs = [(lead, i) for lead, of in alliances.items() for i in of if i != lead]
    sizes = [len(of) for of in alliances.values()]

    def share(of: list[int]) -> float | None:
        return sum(lead_of[i] >= 0 for i in of) / len(of) if of else None

    def average(values: list[float]) -> float | None:
        return sum(values) / len(values) if values else None

    shapes = [shapely.union_all([rows[i]["geometry"] for i in of]) for of in alliances.values()]
    smooth = [4 * math.pi * s.area / s.length**2 for s in shapes]
    round_ = [s.area / (math.pi * around(s) ** 2) for s in shapes]
    at = [row["geometry"].centroid for row in rows]
    km = [at[a].distance(at[b]) / 1000 for a, b in pairs]
    trades = [row["industries"] for row in rows]
    told = [
        (set(trades[a]), set(trades[b])) for a, b in pairs if None not in (trades[a], trades[b])
    ]
    feeding = scenario.settings.criteria.complementary

    def feeds(one: set[str], other: set[str]) -> bool:
        return any((a in one and b in other) or (b in one and a in other) for a, b in feeding)

    incomes = [(number(a, WAN), number(b, WAN)) for a, b in pairs]
    ratios = [a / b for a, b in incomes if a is not None and b is not None and b > 0]
    result: dict[str, float | None] = {
        "placed_share": share(part),
        "small_placed_share": share([i for i in part if small[i]]),
        "weak_placed_share": share([i for i in part if weak[i]]),
        "alliances": float(len(alliances)),
        "size_mean": average([float(s) for s in sizes]),
        "size_min": float(min(sizes)) if sizes else None,
        "size_max": float(max(sizes)) if sizes else None,
        "size_sd": pstdev(sizes) if sizes else None,
        "polsby_popper_mean": average(smooth),
        "polsby_popper_min": min(smooth, default=None),
        "reock_mean": average(round_),
        "reock_min": min(round_, default=None),
        "distance_mean": average(km),
        "distance_max": max(km, default=None),
        "far_share": average([float(d > 1.1) for d in km]),
        "travel_mean": None,
        "similar_share": average([float(bool(a & b)) for a, b in told]),
        "complementary_share": average([float(feeds(a, b)) for a, b in told]),
        "fitting_share": average([float(bool(a & b) or feeds(a, b)) for a, b in told]),
        "weaker_share": average([float(score[b] < score[a]) for a, b in pairs]),
        "contrast_mean": average([score[a] - score[b] for a, b in pairs]),
        "income_ratio": median(ratios) if ratios else None,
        "weak_most": None
        if not alliances or (pairs and all(weak[b] is None for _, b in pairs))
        else float(max(sum(weak[i] is True for i in of if i != a) for a, of in alliances.items())),
    }
    for name, field in (("population", "population_registered_persons"), ("income", WAN)):
        sums = [
            sum(known)
            for of in alliances.values()
            if None not in (known := [number(i, field) for i in of])
        ]
        result |= even(name, sums)
    heads = []
    for of in alliances.values():
        both = [(number(i, "population_registered_persons"), number(i, YUAN)) for i in of]
        if all(p is not None and y is not None for p, y in both):
            heads.append(sum(p * y for p, y in both) / sum(p for p, _ in both))
    return result | even("per_head", heads)


WAN, YUAN = "collective_income_wan_yuan", "income_per_head_yuan"


def even(name: str, values: list[float]) -> dict[str, float | None]:
    if not values or max(values) == 0:
        return {f"{name}_gini": None, f"{name}_min_max": None}
    apart = sum(abs(a - b) for a, b in combinations(values, 2)) / len(values) / sum(values)
    return {f"{name}_gini": apart, f"{name}_min_max": min(values) / max(values)}


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 2**32 - 1))
def test_every_measure_again_in_plain_python(seed: int) -> None:
    villages, chosen = county(seed)
    scenario = plan_alliances(villages, chosen)
    sheet = quality_sheet(scenario)
    thumb = strongest_neighbour(scenario).tolist()
    for column, lead_of in (("plan", scenario.plan.lead_of.tolist()), ("thumb", thumb)):
        again = recomputed(scenario, lead_of)
        assert set(again) == {m.id for m in METRICS} - {"points", "points_behind"}
        for name, value in again.items():
            near = {"rel": 1e-6, "abs": 1e-12}
            found = sheet.row(name).by_plan[column].value  # type: ignore[index]
            assert found == (None if value is None else pytest.approx(value, **near)), name


@settings(deadline=None, max_examples=80)
@given(st.integers(0, 2**32 - 1))
def test_the_rule_of_thumb_keeps_what_it_promises(seed: int) -> None:
    small = random_problem(seed)
    problem = AllianceProblem.from_arrays(**small.arguments())
    rng = np.random.default_rng(seed)
    score = np.round(rng.random(problem.n), 1)
    codes = [f"{i:03d}" for i in range(problem.n)]
    lead_of = join_strongest(problem, score, codes)
    kept = {v.rule for v in check(problem, lead_of)}
    # A size that a cost forbids is none of its business.
    sizes = np.bincount(lead_of[lead_of >= 0], minlength=problem.n)
    used = sizes[sizes > 0]
    assert ((used >= problem.min_size) & (used <= problem.max_size)).all()
    assert not kept & {"lead_of", "connected", "zone", "can_lead"}
    graph = nx.Graph(problem.edges.tolist())
    for v in np.flatnonzero(lead_of == -1).tolist():
        near = [u for u in graph.adj.get(v, ()) if problem.zone_of[u] == problem.zone_of[v]]
        # Nobody is left out beside an alliance with room.
        assert all(lead_of[u] < 0 or sizes[lead_of[u]] == problem.max_size for u in near)


def test_the_rule_of_thumb_on_a_line() -> None:
    score = np.array([0.1, 0.5, 0.9, 0.3, 0.2, 0.8])
    edges = [(i, i + 1) for i in range(5)]

    def joined(**rules: Any) -> list[int]:
        problem = AllianceProblem.from_arrays(np.ones((6, 6)), edges, **rules)
        return join_strongest(problem, score, list("abcdef")).tolist()

    assert joined(min_size=2, max_size=6) == [2, 2, 2, 2, 5, 5]
    # Too large: 0 is farthest from its lead, and nobody else has room for it.
    assert joined(min_size=2, max_size=3) == [-1, 2, 2, 2, 5, 5]
    # Too small: 5 and 4 are given up, and 4 then joins what has room, 5 after it.
    assert joined(min_size=3, max_size=6) == [2, 2, 2, 2, 2, 2]
    # 2 may not lead, 3 alone is too small.
    no_lead = [True, True, False, True, True, True]
    assert joined(min_size=2, max_size=6, can_lead=no_lead) == [1, 1, 1, 5, 5, 5]
    assert joined(min_size=1, max_size=6, frozen=[[3, 4]]) == [2, 2, 2, 3, 3, 5]


def test_shuffled_rows_make_no_difference_to_the_rule_of_thumb() -> None:
    rng = np.random.default_rng(5)
    score = np.round(rng.random(12), 1)
    edges = [(a, b) for a, b in combinations(range(12), 2) if rng.random() < 0.25]
    codes = [f"{i:03d}" for i in range(12)]

    def joined(order: list[int]) -> dict[str, str]:
        place = {old: new for new, old in enumerate(order)}
        moved = [(place[a], place[b]) for a, b in edges]
        problem = AllianceProblem.from_arrays(np.ones((12, 12)), moved, 2, 4)
        here = [codes[i] for i in order]
        found = join_strongest(problem, score[order], here).tolist()
        return {here[v]: here[lead] if lead >= 0 else "" for v, lead in enumerate(found)}

    expected = joined(list(range(12)))
    assert len(set(expected.values())) > 1
    for _ in range(5):
        assert joined(rng.permutation(12).tolist()) == expected


def test_points_and_the_best_plan() -> None:
    scenario = planned()
    sheet = quality_sheet(scenario)
    assert (sheet.same, sheet.proven) == (True, True)
    assert sheet.row("points_behind").by_plan["plan"].value == pytest.approx(0.0, abs=1e-9)
    for row in sheet.rows:
        assert row.by_plan["plan"] == row.by_plan["best"]
    edited = np.array(strongest_neighbour(scenario))
    given_plan = take_over(County(scenario.villages), scenario.settings, edited)
    unknown = quality_sheet(given_plan)
    assert unknown.proven is None
    assert unknown.row("points").by_plan["best"].blank == "unknown"
    beside = quality_sheet(given_plan, best=scenario.result)
    assert not beside.same
    best, own = (beside.row("points").by_plan[c].value for c in ("best", "plan"))
    assert best is not None
    assert own is not None
    assert beside.row("points_behind").by_plan["plan"].value == pytest.approx(best - own)
    assert beside.row("points").against("best") == ("worse" if own < best else "equal")


def test_no_alliances_has_no_figures_of_alliances() -> None:
    sheet = quality_sheet(planned())
    for row in sheet.rows:
        value = row.by_plan["alone"]
        assert (value.blank == "no_alliances") is (not row.metric.alone), row.metric.id
    assert sheet.row("placed_share").by_plan["alone"].value == 0.0
    # Squares on a grid, each by itself.
    assert sheet.row("reock_min").by_plan["alone"].value == pytest.approx(2 / math.pi)


def test_one_village_and_no_figures() -> None:
    chosen = parse_settings({"rules": {"min_size": 1, "max_size": 3}})
    sheet = quality_sheet(plan_alliances(village_table(1), chosen))
    assert sheet.row("placed_share").by_plan["plan"].value == 1.0
    assert sheet.row("distance_mean").by_plan["plan"].blank == "undefined"
    assert sheet.row("far_share").by_plan["plan"].blank == "no_scale"
    assert sheet.row("small_placed_share").by_plan["plan"].blank == "unknown"
    assert sheet.row("population_gini").by_plan["plan"].blank == "unknown"
    assert sheet.row("weak_most").by_plan["plan"].value == 0.0
    for language in ("zh", "en"):
        assert all(
            row.metric.shown(v, language) for row in sheet.rows for v in row.by_plan.values()
        )


def test_every_measure_has_its_words_and_stands_in_the_guide() -> None:
    guide = (Path(__file__).parents[1] / "docs" / "quality.md").read_text(encoding="utf-8")
    told = dict(re.findall(r"^\| `(\w+)` [^|]+ \| ([^|]+) \|", guide, re.M))
    assert told == {metric.id: metric.text("name", "zh") for metric in METRICS}
    for metric in METRICS:
        assert metric.text("definition", "en") in guide
        assert metric.text("formula", "en") in guide
        for key in ("name", "definition", "formula"):
            assert set(catalogue()[f"quality.{key}_{metric.id}"]) == {"zh", "en"}
        assert metric.source_text("en") in guide

"""How near plans come to what communes of two French departments really did.

    python -m benchmarks.mergers [--json FILE] [--markdown FILE]

The layer lies beside the project (../shared/data/fr_dep49_14_communes_2013.gpkg); without it the
benchmark says so and ends. Communes that merged into a commune nouvelle until 2024 are to be
grouped anew, each with a lead, from what was known in 2013: where they are, how many people they
had, which canton and which EPCI (intercommunal union) they belonged to. An EPCI takes the place of
a township. Sizes allowed in a department are 2 to the largest merger *of the other one*, and
weights are learned on the other one, so that nothing of what is told was seen. A merger across
EPCI counts for its part in each; a commune alone in its part is left out of the question.
"""

from __future__ import annotations

import argparse
import json
import platform
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray

from benchmarks.counties import SHARED
from liancun_geo import AllianceProblem
from liancun_geo.contiguity.borders import shared_borders
from liancun_geo.plan import UNASSIGNED, Plan
from liancun_geo.research import (
    BASELINES,
    Agreement,
    Features,
    Learned,
    agreement,
    baseline,
    learn_weights,
    plan_with,
    sample_plans,
)
from liancun_geo.zone import Zone

LAYER = SHARED / "fr_dep49_14_communes_2013.gpkg"
LAMBERT = 2154  # the official projection of France, metres
DEFAULT = {"distance": 0.25, "people": 0.25, "weak_lead": 0.5}
"""The engine's own habit: near and contrasting alike, and a lead costs what it lacks in people."""

Ints = NDArray[np.intp]
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Department:
    """The question of one department, and the answer."""

    name: str
    features: Features
    existing: Ints
    people: Floats
    sizes: tuple[int, int]


def read() -> dict[str, gpd.GeoDataFrame]:
    """Return the communes that merged, by department, in metres."""
    whole = gpd.read_file(LAYER).to_crs(LAMBERT)
    found = {}
    for name, communes in whole[whole["merge_size"] > 1].groupby("dep"):
        part = communes.groupby(["succ2024", "epci2013"])["code"].transform("size")
        found[str(name)] = communes[part > 1].sort_values("code").reset_index(drop=True)
    return found


def largest(communes: gpd.GeoDataFrame) -> int:
    """Return the size of the largest merger inside one EPCI."""
    return int(communes.groupby(["succ2024", "epci2013"]).size().max())


def ask(name: str, communes: gpd.GeoDataFrame, most: int) -> Department:
    """Return the question: features between the communes of each EPCI."""
    n = len(communes)
    people = communes["pop2013"].to_numpy(dtype=np.float64)
    borders = shared_borders(communes.geometry.to_numpy(), tolerance_m=2.0, main_part_only=False)
    edges = borders.pairs[borders.shared_m > 30.0]
    points = communes.geometry.representative_point()
    xy = np.column_stack([points.x, points.y]) / 1000.0
    problem = AllianceProblem.from_arrays(
        np.zeros((n, n)), edges, 2, most, zones=communes["epci2013"].to_numpy()
    )
    touching = np.zeros((n, n), dtype=bool)
    touching[edges[:, 0], edges[:, 1]] = touching[edges[:, 1], edges[:, 0]] = True
    canton = communes["canton2013"].to_numpy()

    def inside(whole: Any) -> list[Floats]:
        return [
            np.asarray(whole(*np.meshgrid(z.villages, z.villages, indexing="ij")), dtype=np.float64)
            for z in problem.zones
        ]

    pair = {
        "distance": inside(lambda i, j: np.minimum(np.hypot(*(xy[i] - xy[j]).T).T / 15.0, 1.0)),
        "people": inside(lambda i, j: np.minimum(people[j] / np.maximum(people[i], 1.0), 1.0)),
        "other_canton": inside(lambda i, j: canton[i] != canton[j]),
        "not_touching": inside(lambda i, j: ~touching[i, j]),
    }
    lead = {"weak_lead": 1.0 - _ranks(problem, people), "opening": np.ones(n)}
    return Department(name, Features(problem, pair, lead), _existing(communes), people, (2, most))


def _ranks(problem: AllianceProblem, people: Floats) -> Floats:
    rank = np.zeros(problem.n)
    for zone in problem.zones:
        order = np.argsort(np.argsort(people[zone.villages], kind="stable"), kind="stable")
        rank[zone.villages] = (order + 1) / zone.n
    return rank


def _existing(communes: gpd.GeoDataFrame) -> Ints:
    """Return the merger of each commune by its lead: the seat if it is there, else the largest."""
    lead_of = np.full(len(communes), UNASSIGNED, dtype=np.intp)
    codes = communes["code"].to_numpy()
    people = communes["pop2013"].to_numpy()
    for (seat, _), rows in communes.groupby(["succ2024", "epci2013"]).indices.items():
        at = np.asarray(rows, dtype=np.intp)
        own = at[codes[at] == seat]
        lead_of[at] = own[0] if len(own) else at[int(np.argmax(people[at]))]
    return lead_of


def learned(name: str, communes: gpd.GeoDataFrame, most: int, *, rounds: int = 40) -> Learned:
    """Return the weights that the mergers of a department teach; no merger is too large for it."""
    own = ask(name, communes, most)
    return learn_weights(own.features, own.existing, start=DEFAULT, rounds=rounds)


def answers(question: Department, lesson: Learned) -> Iterator[tuple[str, Agreement, float]]:
    """Yield each method, how far it agrees with what happened, and processor seconds."""
    features, existing = question.features, question.existing

    def told(name: str, plan: Plan, since: float) -> tuple[str, Agreement, float]:
        return name, agreement(plan, existing), time.process_time() - since

    for name, weights in (("engine, default weights", DEFAULT),
                          ("engine, weights of the other", dict(lesson.weights))):  # fmt: skip
        since = time.process_time()
        yield told(name, plan_with(features, weights), since)
    problem = _priced(features)
    for name in BASELINES:
        since = time.process_time()
        plan = baseline(name, problem, strength=question.people)
        yield told(name, plan, since)
    since = time.process_time()
    found = sample_plans(problem, draws=100, chains=2, seed=0)
    every = [agreement(plan.astype(np.intp), existing) for plan in found.plans]
    mean = {k: float(np.nanmean([asdict(a)[k] for a in every])) for k in asdict(every[0])}
    yield "random feasible plans, mean of 200", Agreement(**mean), time.process_time() - since


def _priced(features: Features) -> AllianceProblem:
    """Return the problem with the default costs, for those who look at costs."""
    vector = np.array([DEFAULT.get(name, 0.0) for name in features.names])
    zones: list[Zone] = [features.zone(k, vector) for k in range(len(features.problem.zones))]
    lead = np.zeros(features.problem.n)
    labels = np.empty(features.problem.n, dtype=object)
    for zone in zones:
        lead[zone.villages] = zone.lead_cost
        labels[zone.villages] = zone.label
    given = features.problem
    return AllianceProblem.from_arrays(
        [(zone.villages, zone.pair_cost) for zone in zones],
        given.edges,
        given.min_size,
        given.max_size,
        zones=labels,
        lead_cost=lead,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--markdown", type=Path)
    given = parser.parse_args()
    if not LAYER.exists():
        print(f"{LAYER.name} is not beside the project: nothing to measure")
        return
    communes = read()
    most = {name: largest(own) for name, own in communes.items()}
    names = sorted(communes)
    other = dict(zip(names, reversed(names), strict=True))
    questions = {name: ask(name, communes[name], most[other[name]]) for name in names}
    lessons: dict[str, Learned] = {}
    for name in names:
        since = time.process_time()
        lessons[name] = lesson = learned(name, communes[name], max(most.values()))
        print(
            f"learned on {name}: gap {lesson.gap_before:.4f} -> {lesson.gap:.4f} a commune, "
            f"{lesson.rounds} rounds, {lesson.plans} plans, converged {lesson.converged}, "
            f"{time.process_time() - since:.1f} s: "
            + ", ".join(f"{key} {weight:.3f}" for key, weight in lesson.weights.items())
        )
    rows: list[dict[str, Any]] = []
    for name in names:
        question = questions[name]
        for method, found, seconds in answers(question, lessons[other[name]]):
            rows.append({"department": name, "method": method, **asdict(found), "seconds": seconds})
    text = table(questions, rows)
    print(text)
    if given.markdown:
        given.markdown.write_text(text, encoding="utf-8")
    if given.json:
        told = {
            "machine": platform.platform(),
            "weights": {name: dict(one.weights) for name, one in lessons.items()},
            "rows": rows,
        }
        given.json.write_text(json.dumps(told, indent=1), encoding="utf-8")


def table(questions: dict[str, Department], rows: list[dict[str, Any]]) -> str:
    """Return the results as Markdown, a table a department."""
    lines = []
    for name, question in questions.items():
        mergers = len(np.unique(question.existing))
        least, most = question.sizes
        lines += [
            f"### Department {name}: {len(question.existing)} communes, {mergers} mergers, "
            f"{len(question.features.problem.zones)} EPCI, sizes {least} to {most}",
            "",
            "| method | pair F1 | precision | recall | adjusted Rand | leads found | processor s |",
            "|---|---|---|---|---|---|---|",
        ]
        lines += [
            f"| {row['method']} | {row['f1']:.3f} | {row['precision']:.3f} | {row['recall']:.3f} "
            f"| {row['adjusted_rand']:.3f} | {row['lead']:.3f} | {row['seconds']:.1f} |"
            for row in rows
            if row["department"] == name
        ]
        lines.append("")
    return "\n".join(lines)


if __name__ == "__main__":
    main()

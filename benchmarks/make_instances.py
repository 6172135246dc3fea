"""Make the benchmark pack: ``python -m benchmarks.make_instances [--only NAME ...] [--seconds S]``.

Made-up counties of :mod:`benchmarks.counties`, under four sets of rules, each with the best plan
the engine knows and what it proves of it, into benchmarks/instances/. The same numbers come out on
every machine. The format: docs/benchmark_pack.md.
"""

from __future__ import annotations

import argparse
import gzip
import json
import math
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.counties import ROOT, Drawn, draw
from liancun_geo import check, solve
from liancun_geo.research.pack import FORMAT, InstanceFile, PackInstance, score

FOLDER = ROOT / "benchmarks" / "instances"
UNIT = 10_000
"""Costs are whole ten-thousandths."""
TOWNSHIPS = {50: 2, 100: 4, 261: 10, 500: 18, 1000: 35, 2000: 70, 3000: 105}
SMALL, MIDDLE = (50, 100, 261), (500, 1000)
WEAK = 0.3
"""Villages below this strength are weak."""

Rules = dict[str, Any]


def names() -> dict[str, tuple[str, int, int]]:
    """Return the instances: name -> rule set, villages, seed."""
    asked = [("party", n, seed) for n in SMALL for seed in (1, 2, 3)]
    asked += [("party", n, 1) for n in (*MIDDLE, 2000, 3000)]
    for rules in ("zone", "partial", "locked"):
        asked += [(rules, n, 1) for n in (*SMALL, *MIDDLE)]
    asked += [(rules, 2000, 1) for rules in ("partial", "locked")]
    return {f"{rules}-{n}-{seed}": (rules, n, seed) for rules, n, seed in asked}


ABOUT = {
    "party": "party alliances of 4 to 8 villages, every village placed",
    "zone": "revitalisation zones of 6 to 25 villages, every village placed",
    "partial": "alliances of 2 to 8 villages; a village may be left out at a price, weak "
    "ones dearly; at most 2 weak members under one lead",
    "locked": "party alliances of 4 to 8 villages with what is agreed: frozen alliances, leads, "
    "villages together and apart, weak members spread",
}
SIZES = {"party": (4, 8), "zone": (6, 25), "partial": (2, 8), "locked": (4, 8)}


def make(name: str) -> dict[str, Any]:
    """Return an instance without its best plan."""
    rules, n, seed = names()[name]
    made = draw(n, TOWNSHIPS[n], 1000 * n + seed)
    cost = np.rint(UNIT * made.pair_cost).astype(int)
    inside = made.zones[:, None] == made.zones[None, :]
    np.fill_diagonal(inside, False)
    lead, member = np.nonzero(inside)
    opening = np.rint(UNIT * (1.0 - made.strength)).astype(int).tolist()
    rng = np.random.default_rng([seed, n, 7])
    people = np.rint(rng.lognormal(6.9, 0.5, n)).astype(int)
    least, most = SIZES[rules]
    weak = np.flatnonzero(made.strength < WEAK).tolist()
    file: dict[str, Any] = {
        "format": FORMAT,
        "name": name,
        "about": f"A made-up county, {n} villages in {TOWNSHIPS[n]} townships: {ABOUT[rules]}.",
        "licence": "CC0-1.0",
        "n": n,
        "min_size": least,
        "max_size": most,
        "zone": made.zones.tolist(),
        "edges": {"a": made.edges[:, 0].tolist(), "b": made.edges[:, 1].tolist()},
        "pair_cost": {
            "lead": lead.tolist(),
            "member": member.tolist(),
            "cost": cost[lead, member].tolist(),
        },
        "lead_cost": [c if can else None for c, can in zip(opening, made.can_lead, strict=True)],
        "unassigned_cost": [None] * n,
        "rules": {},
        "villages": {
            "x_km": made.xy[:, 0].round(3).tolist(),
            "y_km": made.xy[:, 1].round(3).tolist(),
            "strength": made.strength.round(4).tolist(),
            "population_persons": people.tolist(),
            "income_wan_yuan": made.income.round(2).tolist(),
            "industries": [np.flatnonzero(own).tolist() for own in made.tags],
        },
        "best": None,
    }
    if rules == "partial":
        price = rng.integers(2500, 6000, n) + np.where(made.strength < WEAK, 3000, 0)
        file["unassigned_cost"] = price.tolist()
        file["rules"] = {"weak": weak, "max_weak": 2}
    if rules == "locked":
        file["rules"] = _locks(file, made, weak, rng)
    return file


def _locks(file: dict[str, Any], made: Drawn, weak: list[int], rng: np.random.Generator) -> Rules:
    """Draw what is agreed from a plan that has nothing to do with the best, so that one exists."""
    problem = PackInstance(InstanceFile.model_validate(file)).problem
    noise = rng.uniform(0.0, UNIT, (problem.n, problem.n))
    other = solve(problem.changed(pair_cost=noise, lead_cost=None), time_limit=600.0, workers=2)
    lead_of = other.lead_of
    alliances: dict[int, list[int]] = {}
    for village, lead in enumerate(lead_of.tolist()):
        if village != lead:
            alliances.setdefault(lead, []).append(village)
    order = rng.permutation(sorted(alliances)).tolist()
    part = max(1, len(order) // 12)
    frozen, leads, fixed = order[:part], order[part : 2 * part], order[2 * part : 3 * part]
    free = ~np.isin(lead_of, frozen)
    a, b = made.edges[free[made.edges].all(axis=1)].T
    same = (made.zones[a] == made.zones[b]) & (lead_of[a] == lead_of[b])
    apart = (made.zones[a] == made.zones[b]) & (lead_of[a] != lead_of[b])
    return {
        "weak": weak,
        "max_weak": max(sum(v in set(weak) for v in members) for members in alliances.values()),
        "must_together": _some(np.column_stack([a, b])[same], part, rng),
        "never_together": _some(np.column_stack([a, b])[apart], 2 * part, rng),
        "fixed_lead": sorted([int(rng.choice(alliances[lead])), lead] for lead in fixed),
        "must_lead": sorted(leads),
        "frozen": sorted([lead, *alliances[lead]] for lead in frozen),
    }


def _some(pairs: NDArray[np.intp], count: int, rng: np.random.Generator) -> list[list[int]]:
    chosen = rng.choice(len(pairs), min(count, len(pairs)), replace=False)
    return sorted(pairs[chosen].tolist())


def solved(file: dict[str, Any], seconds: float) -> dict[str, Any]:
    """Return the instance with the best plan the engine finds, checked.

    Raises
    ------
    RuntimeError
        If there is no plan, or it breaks a rule.
    """
    instance = PackInstance(InstanceFile.model_validate(file))
    result = solve(instance.problem, time_limit=seconds, workers=2)
    if check(instance.problem, result.lead_of) or not math.isfinite(result.objective):
        raise RuntimeError(f"{file['name']}: no plan that keeps every rule in {seconds:g} s")
    priceless = np.isinf(instance.problem.unassigned_cost)
    if (priceless & (result.lead_of < 0)).any():
        raise RuntimeError(f"{file['name']}: a village that must be placed fits nowhere")
    cost = round(score(instance, result.lead_of).cost)
    # Costs are whole numbers, so a bound may be rounded up.
    bound = min(cost, math.ceil(result.bound - 1e-3))
    best = {
        "lead_of": result.lead_of.tolist(),
        "cost": cost,
        "bound": bound,
        "status": "optimal" if bound == cost else "feasible",
        "by": f"liancun_geo {version('liancun-geo')}",
    }
    return {**file, "best": best}


def write(file: dict[str, Any], folder: Path) -> Path:
    """Write an instance, the same bytes for the same numbers."""
    whole = InstanceFile.model_validate(file).model_dump(mode="json")
    text = json.dumps(whole, ensure_ascii=False, separators=(",", ":")).encode()
    path = folder / f"{file['name']}.json.gz"
    path.write_bytes(gzip.compress(text, 9, mtime=0))
    return path


def write_schema(folder: Path) -> None:
    """Write the JSON Schema of the format."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    schema |= InstanceFile.model_json_schema()
    text = json.dumps(schema, indent=1, ensure_ascii=False)
    (folder / "schema.json").write_text(text + "\n", encoding="utf-8")


def main(say: Callable[[str], None] = print) -> None:
    parser = argparse.ArgumentParser(description="Make the benchmark pack.")
    parser.add_argument("--only", nargs="+", choices=sorted(names()), help="only these")
    parser.add_argument("--seconds", type=float, default=600.0, help="limit of each solve")
    parser.add_argument("--folder", type=Path, default=FOLDER)
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    write_schema(given.folder)
    for name in given.only or names():
        file = solved(make(name), given.seconds)
        best, path = file["best"], write(file, given.folder)
        told = f"{best['cost']} >= {best['bound']} {best['status']}"
        say(f"{name}: {told}, {path.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main()

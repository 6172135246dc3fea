"""Run one method on instances of the pack, in a process of its own.

    python -m benchmarks.contest_run METHOD ANSWERS INSTANCE ... --seconds S

ANSWERS becomes a file of JSON lines, which :mod:`benchmarks.contest` follows: which instance was
begun, each plan as soon as there is one, which instance is done.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.peer_methods import PACKAGE, choices
from liancun_geo import AllianceProblem, solve
from liancun_geo.research.baselines import BASELINES, baseline
from liancun_geo.research.pack import PackInstance, read_instance

Ints = NDArray[np.intp]
ENGINE = "engine"
METHODS = (ENGINE, *BASELINES, *PACKAGE)
WORKERS = 2
WARM_S = (1.0, 60.0)
"""Time to warm up, of the others and of the engine: it is to end with a proof, by all its ways."""


def engine(instance: PackInstance, seconds: float) -> Iterator[dict[str, Any]]:
    """Solve to the proof, or until the time is up."""
    result = solve(instance.problem, time_limit=seconds, workers=WORKERS)
    yield {
        "choice": "as it comes",
        "drawn": result.lead_of.tolist(),
        "seconds": result.seconds,
        "bound": result.bound if np.isfinite(result.bound) else None,
    }


def baselines(instance: PackInstance, method: str, seconds: float) -> Iterator[dict[str, Any]]:
    """Ask a baseline with likeness by costs, by places, and by places and strength."""
    xy, strength = instance.xy, instance.strength
    looks = {"pair costs": None, "xy": xy, "xy+strength": np.column_stack([xy, strength])}
    end = time.perf_counter() + seconds
    for choice, attributes in looks.items():
        start = time.perf_counter()
        plan = baseline(method, instance.problem, attributes=attributes, strength=strength)
        took = time.perf_counter() - start
        yield {"choice": choice, "repaired": plan.lead_of.tolist(), "seconds": took}
        if method in ("strongest_neighbour", "p_median") or time.perf_counter() > end:
            # Attributes do not matter to these.
            return


def peers(instance: PackInstance, method: str, seconds: float) -> Iterator[dict[str, Any]]:
    """Ask a peer with every choice of its parameters; as drawn, and after the repair."""
    problem = instance.problem
    case = {
        "n": problem.n,
        "zones": problem.zones,
        "xy": instance.xy,
        "strength": instance.strength,
    }
    end = time.perf_counter() + seconds
    for choice, ask in choices(method, case, seconds):
        found = ask(end)
        if found is None:
            return
        bound = getattr(found, "bound", None)
        yield {
            "choice": choice,
            "drawn": _whole(problem, with_best_leads(problem, found.labels)),
            "repaired": _whole(problem, found.lead_of),
            "seconds": found.seconds,
            "failures": found.failures,
            "first_failure": found.first_failure,
            # What is agreed to stay as it is costs the same in every plan.
            "bound": None if bound is None else float(bound + problem.frozen_cost()),
        }
        if time.perf_counter() > end:
            return


def with_best_leads(problem: AllianceProblem, labels: Ints) -> Ints:
    """Return (n,) the cheapest lead of each alliance that was drawn, -1 if left out."""
    lead_of = np.full(problem.n, -1, dtype=np.intp)
    for zone in problem.zones:
        own = labels[zone.villages]
        for label in np.unique(own[own >= 0]):
            members = np.flatnonzero(own == label)
            cost = zone.lead_cost[members] + zone.pair_cost[np.ix_(members, members)].sum(axis=1)
            lead_of[zone.villages[members]] = zone.villages[members[np.argmin(cost)]]
    return lead_of


def _whole(problem: AllianceProblem, lead_of: Ints) -> list[int]:
    """Return leads with the frozen alliances, which no method is asked for."""
    whole = np.array(lead_of)
    for villages in problem.rules.frozen:
        whole[list(villages)] = villages[0]
    told: list[int] = whole.tolist()
    return told


def answers(method: str, instance: PackInstance, seconds: float) -> Iterator[dict[str, Any]]:
    """Yield the plans of a method."""
    if method == ENGINE:
        return engine(instance, seconds)
    if method in BASELINES:
        return baselines(instance, method, seconds)
    return peers(instance, method, seconds)


def main() -> None:
    parser = argparse.ArgumentParser(description="Run one method on instances of the pack.")
    parser.add_argument("method", choices=METHODS)
    parser.add_argument("answers", type=Path)
    parser.add_argument("instances", type=Path, nargs="+")
    parser.add_argument("--seconds", type=float, default=60.0)
    given = parser.parse_args()
    package = PACKAGE.get(given.method, "liancun-geo")
    version = importlib.metadata.version(package)
    with given.answers.open("w", encoding="utf-8") as stream:

        def tell(**told: Any) -> None:
            stream.write(json.dumps(told) + "\n")
            stream.flush()

        tell(begun="", version=version)
        for instance in map(read_instance, warming(given.instances)):
            for _ in answers(given.method, instance, WARM_S[given.method == ENGINE]):
                break
        for instance in map(read_instance, given.instances):
            tell(begun=instance.name, version=version)
            for answer in answers(given.method, instance, given.seconds):
                tell(instance=instance.name, **answer)
            tell(done=instance.name)


def warming(paths: Sequence[Path]) -> list[Path]:
    """Return what is solved once for nothing: the smallest instance of every rule set.

    Not only the rule sets that are asked: they lie in the same folder. So everything is imported
    and compiled before the first instance that counts.
    """
    smallest: dict[str, tuple[int, str, Path]] = {}
    for path in {beside for given in paths for beside in given.parent.glob("*.json.gz")}:
        rules, villages, *_ = path.name.split("-")
        own = (int(villages), path.name, path)
        smallest[rules] = min(own, smallest.get(rules, own))
    return [path for _, (_, _, path) in sorted(smallest.items())]


if __name__ == "__main__":
    main()

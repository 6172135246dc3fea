"""Ask the peers the same question and judge their answers by the same costs and rules.

A peer knows nothing of leads or costs: it draws alliances, the best lead of each is chosen
afterwards, and what it broke is counted. Each runs in a process of its own.
"""

from __future__ import annotations

import pickle
import subprocess
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from benchmarks.counties import ROOT, Instance
from liancun_geo.problem import AllianceProblem, Zone

Labels = NDArray[np.intp]

FAST = ("pygeoda_skater", "pygeoda_redcap", "pygeoda_maxp_greedy", "spopt_skater")
SLOW = (*FAST, "spopt_maxp")
ALL = (*SLOW, "cp_sat")


@dataclass(frozen=True)
class Judged:
    """What a peer's plan costs and what it breaks."""

    cost: float
    alliances: int
    wrong_size: int
    disconnected: int
    no_lead: int
    wrong_amount: int

    @property
    def broken(self) -> int:
        """Alliances that break a rule, each counted once for every rule."""
        return self.wrong_size + self.disconnected + self.no_lead + self.wrong_amount


@dataclass
class Tally:
    """Counts while a plan is judged."""

    cost: float = 0.0
    counts: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(
            ("alliances", "wrong_size", "disconnected", "no_lead", "wrong_amount"), 0
        )
    )


def case_of(instance: Instance) -> dict[str, Any]:
    """Return the instance as arrays and zones, which can be pickled."""
    overall = instance.problem.rules.n_alliances if len(instance.problem.zones) == 1 else None
    return {
        "n": instance.problem.n,
        "xy": instance.xy,
        "strength": instance.strength,
        "zones": [
            replace(zone, n_alliances=overall or zone.n_alliances)
            for zone in instance.problem.zones
        ],
    }


def run_peer(
    instance: Instance, method: str, folder: Path, *, seconds: float, python: str = sys.executable
) -> dict[str, Any]:
    """Run one peer and return its best choice as judged, or why there is none.

    Parameters
    ----------
    instance
        The question.
    method
        A name of :data:`ALL`.
    folder
        For the files that pass between the processes.
    seconds
        Time for all its parameter choices together; those that are done by then count.
    python
        Interpreter in which the peers are installed.
    """
    case, answers = folder / "case.pkl", folder / f"{method}.pkl"
    if not case.exists():
        case.write_bytes(pickle.dumps(case_of(instance)))
    command = [python, "-m", "benchmarks.peer_methods", method, str(case), str(answers)]
    try:
        done = subprocess.run(
            [*command, "--seconds", str(seconds)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=1.5 * seconds + 30.0,
            check=False,
        )
        trouble = done.stderr.strip().splitlines()[-1:] if done.returncode else []
    except subprocess.TimeoutExpired:
        trouble = [f"stopped after {1.5 * seconds + 30.0:.0f} s"]
    if not answers.exists():
        return {"peer": method, "absent": " ".join(trouble) or "it said nothing"}
    told = pickle.loads(answers.read_bytes())
    if not told["answers"]:
        return {"peer": method, "version": told["version"], "absent": f"no answer in {seconds:g} s"}
    judged = [(judge(instance.problem, a["labels"]), a) for a in told["answers"]]
    verdict, answer = min(judged, key=lambda j: (j[0].broken, j[0].cost))
    return {
        "peer": method,
        "version": told["version"],
        "choice": answer["choice"],
        "choices": len(judged),
        "cost": verdict.cost,
        "broken": verdict.broken,
        "wrong_size": verdict.wrong_size,
        "disconnected": verdict.disconnected,
        "no_lead": verdict.no_lead,
        "wrong_amount": verdict.wrong_amount,
        "alliances": verdict.alliances,
        "seconds": answer["seconds"],
        "failures": answer["failures"],
        "first_failure": answer["first_failure"],
    }


def judge(problem: AllianceProblem, labels: Labels) -> Judged:
    """Return cost and broken rules of alliances given as labels, with the best lead of each.

    A village with label -1 is left out at its cost; one that must be placed counts as an alliance
    of a wrong size. Where a rule is broken its price is waived, in the peer's favour: an alliance
    nobody may lead costs the pairs under its cheapest village, a forbidden pair costs nothing.
    """
    tally = Tally()
    for zone in problem.zones:
        own = labels[zone.villages]
        out = np.flatnonzero(own < 0)
        price = zone.unassigned_cost[out]
        tally.cost += float(price[np.isfinite(price)].sum())
        tally.counts["wrong_size"] += int((~np.isfinite(price) & _joins(zone, out)).sum())
        for label in np.unique(own[own >= 0]):
            _judge_alliance(zone, np.flatnonzero(own == label), tally)
    return Judged(cost=tally.cost, **tally.counts)


def _joins(zone: Zone, villages: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Return which villages have enough connected villages around them for an alliance."""
    graph = coo_array((np.ones(len(zone.edges)), tuple(zone.edges.T)), shape=(zone.n, zone.n))
    _, part = connected_components(graph, directed=False)
    enough: NDArray[np.bool_] = np.bincount(part)[part[villages]] >= zone.min_size
    return enough


def _judge_alliance(zone: Zone, members: NDArray[np.intp], tally: Tally) -> None:
    counts, size = tally.counts, len(members)
    counts["alliances"] += 1
    counts["wrong_size"] += not zone.min_size <= size <= zone.max_size
    inside = np.isin(zone.edges, members).all(axis=1)
    ends = np.searchsorted(members, zone.edges[inside])
    graph = coo_array((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(size, size))
    counts["disconnected"] += bool(connected_components(graph, directed=False)[0] > 1)
    total = zone.amount[members].sum(axis=0)
    counts["wrong_amount"] += bool(
        ((total < zone.bounds[:, 0]) | (total > zone.bounds[:, 1])).any()
    )
    pairs = zone.pair_cost[np.ix_(members, members)]
    under = zone.lead_cost[members] + pairs.sum(axis=1)
    cheapest = float(under.min())
    if not np.isfinite(cheapest):
        counts["no_lead"] += 1
        cheapest = float(np.where(np.isfinite(pairs), pairs, 0.0).sum(axis=1).min())
    extra = float(zone.size_cost[size]) if size < len(zone.size_cost) else 0.0
    tally.cost += cheapest + (extra if np.isfinite(extra) else 0.0)

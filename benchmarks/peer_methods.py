"""Run one peer on one case, in a process of its own.

    python -m benchmarks.peer_methods METHOD CASE ANSWERS --seconds S

CASE and ANSWERS are pickles written and read by :mod:`benchmarks.peers`. The adapters are those of
:mod:`liancun_geo.research.peers`; OR-tools, which knows our costs and rules, is asked by
:mod:`benchmarks.cp_sat`, in a process of its own once more: it and highspy break each other.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import pickle
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from liancun_geo.research.baselines.pieces import Piece, pieces_of
from liancun_geo.research.peers import PEERS, Division, Setting, divide
from liancun_geo.zone import Zone

CP_SAT = "cp_sat"
PACKAGE = {CP_SAT: "ortools", **{name: peer.package for name, peer in PEERS.items()}}


@dataclass(frozen=True, eq=False)
class Bounded(Division):
    """A division, and what no plan of the same zones can cost less than."""

    bound: float


def _cp_sat(case: Mapping[str, Any], seconds: float) -> Bounded:
    """Solve the direct model: who is led by whom, and a tree from each lead to its members."""
    from benchmarks.cp_sat import question

    pieces = list(pieces_of(case["zones"]))
    asked = [question(piece) for piece in pieces]
    with tempfile.TemporaryDirectory() as folder:
        questions, answers = Path(folder) / "questions.pkl", Path(folder) / "answers.pkl"
        questions.write_bytes(pickle.dumps(asked))
        command = [sys.executable, "-m", "benchmarks.cp_sat", questions, answers]
        subprocess.run([*map(str, command), "--seconds", str(seconds)], check=True)
        told = pickle.loads(answers.read_bytes())
    drawn = iter([(took, labels) for took, labels, _ in told])
    found = divide(case["n"], case["zones"], case["xy"], lambda _: next(drawn), Setting())
    assert found is not None, "there was no time limit"
    bound = sum(bound for _, _, bound in told) + _left_out(case["zones"], pieces)
    return Bounded(**vars(found), bound=bound)


def _left_out(zones: Iterable[Zone], pieces: Iterable[Piece]) -> float:
    """Return the price of villages that no alliance can hold: too few are connected there."""
    asked = {int(village) for piece in pieces for village in piece.villages}
    price = 0.0
    for zone in zones:
        for village, cost in zip(zone.villages.tolist(), zone.unassigned_cost, strict=True):
            if village not in asked and np.isfinite(cost):
                price += float(cost)
    return price


def choices(method: str, case: Mapping[str, Any], seconds: float) -> Iterator[tuple[str, Any]]:
    """Yield the choices of a peer, each with what asks for it: the best of them is what counts.

    A choice is called with a deadline and returns a division, None if the time ran out.
    """
    zones, n = case["zones"], case["n"]
    places = {"xy": case["xy"], "xy+strength": np.column_stack([case["xy"], case["strength"]])}
    if method == CP_SAT:
        yield "direct model", lambda deadline: _cp_sat(case, seconds)
        return
    peer = PEERS[method]
    for name, attributes in places.items():
        for setting in peer.settings:

            def asked(
                deadline: float, attributes: Any = attributes, setting: Setting = setting
            ) -> Division | None:
                return divide(n, zones, attributes, peer.ask, setting, deadline=deadline)

            yield f"{name}, {setting}", asked


def main() -> None:
    parser = argparse.ArgumentParser(description="Run one peer on one case.")
    parser.add_argument("method", choices=sorted(PACKAGE))
    parser.add_argument("case", type=Path)
    parser.add_argument("answers", type=Path)
    parser.add_argument("--seconds", type=float, default=120.0)
    given = parser.parse_args()
    case = pickle.loads(given.case.read_bytes())
    version = importlib.metadata.version(PACKAGE[given.method])
    told: dict[str, Any] = {"version": version, "answers": []}
    given.answers.write_bytes(pickle.dumps(told))
    start = time.perf_counter()
    for choice, ask in choices(given.method, case, given.seconds):
        answer = ask(start + given.seconds * 1.2)
        if answer is None:
            break
        told["answers"].append({"choice": choice, **vars(answer)})
        # Written after every choice: if the time runs out, those that are done count.
        given.answers.write_bytes(pickle.dumps(told))
        if time.perf_counter() > start + given.seconds:
            break


if __name__ == "__main__":
    main()

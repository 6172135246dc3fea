"""No answer of the solver depends on the order in which Python happens to hold a set."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ANSWERS = """
import json
import certify_cases, test_alternatives, test_solve
from liancun_geo.solve import alternatives, certify, solve

problem = certify_cases._county()
proven = certify(problem, solve(problem)).zones
listed = alternatives(test_alternatives._county(), 0.05, 40)
told = {
    "plan": solve(test_solve._county()).lead_of.tolist(),
    "certificate": [(zone.verdict, zone.nodes, zone.confirmed_bound) for zone in proven],
    "alternatives": [str((z.lead_of.tolist(), z.cost.tolist(), z.diverse)) for z in listed],
}
print(json.dumps(told))
"""


def answers(seed: str) -> dict[str, list[object]]:
    tests = Path(__file__).parent
    path = os.pathsep.join([str(tests), str(tests.parent), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-c", ANSWERS],
        env={**os.environ, "PYTHONPATH": path, "PYTHONHASHSEED": seed},
        capture_output=True,
        text=True,
        check=True,
    )
    told: dict[str, list[object]] = json.loads(done.stdout)
    return told


def test_plan_certificate_and_alternatives_do_not_depend_on_the_hash_seed() -> None:
    first = answers("1")
    assert all(first.values())
    assert answers("2") == first

"""Conflicts of random infeasible problems, each judged by enumeration.

Every rule kind occurs. A conflict counts only if its rules cannot be kept together, each of them
can be spared from no smaller contradiction, and every way out gives a plan at the stated cost;
the first one that does not hold ends the run. Needs the checkout: the judges are the tests'.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from problems import RULES, random_rules_problem
from test_conflict import _every_way_out_works, _is_minimal
from test_remedies_random import OTHERS, OVER_ZONES, every_way_out_works, is_minimal_together

from liancun_geo import AllianceProblem, solve
from liancun_geo.solve import explain_all

WANTED = 12
"""Infeasible problems for each rule."""


def main(wanted: int = WANTED) -> None:
    conflicts: Counter[str] = Counter()
    rules: Counter[str] = Counter()
    ways: Counter[str] = Counter()
    problems = 0
    spent: list[float] = []
    for rule in RULES:
        found, seed = 0, 50_000
        rng = np.random.default_rng([seed, len(rule)])
        while found < wanted and seed < 53_000:
            names = OVER_ZONES + tuple(OTHERS)
            others = rng.permutation(names)[: int(rng.integers(0, 4))].tolist()
            small = random_rules_problem(seed, {rule, *others}, most_villages=7)
            seed += 1
            problem = AllianceProblem.from_arrays(**small.arguments())
            result = solve(problem)
            if result.status != "infeasible":
                continue
            begin = time.perf_counter()
            told = explain_all(problem, result)
            spent.append(time.perf_counter() - begin)
            assert told
            for conflict in told:
                assert conflict.minimal
                if conflict.whole:
                    is_minimal_together(small, conflict)
                    every_way_out_works(small, problem, conflict)
                else:
                    _is_minimal(small, conflict)
                    free = problem.changed(n_alliances=None, budget_use=None, budget=None)
                    _every_way_out_works_alone(small, free, conflict)
                conflicts["all zones" if conflict.whole else "one zone"] += 1
                rules.update({item.rule for item in conflict.items})
                ways.update(way.kind for way in conflict.relaxations)
            found += 1
        problems += found
        print(f"{rule}: {found} infeasible problems", flush=True)
    print(f"{problems} infeasible problems; conflicts: {dict(conflicts)}")
    print(f"rules in conflicts: {dict(sorted(rules.items()))}")
    print(f"ways out: {sum(ways.values())}, {dict(sorted(ways.items()))}")
    print(f"seconds for one: median {np.median(spent):.3f}, most {max(spent):.3f}")


def _every_way_out_works_alone(small, problem, conflict) -> None:
    """Check ways out of one zone without the rules over all zones, as they are found."""
    from dataclasses import replace

    alone = replace(small, n_alliances=None, budget=None, budget_use=None)
    _every_way_out_works(alone, problem, conflict)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else WANTED)

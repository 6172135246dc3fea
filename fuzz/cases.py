"""One damaged input for each number: what is written, and which door it is brought to."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection
from pathlib import Path

from fuzz import of_counties, of_papers
from fuzz.case import Case, Steps

__all__ = ["Case", "Steps", "build"]


def build(
    seeds: Path, folder: Path, seed: int, number: int, skip: Collection[int] = ()
) -> tuple[Case, Steps]:
    """Write the input of a number into a folder and tell where it goes.

    The same seed and number give the same input; ``skip`` leaves mutations out by their order.
    """
    steps = Steps(f"{seed}:{number}", skip)
    kinds = list(_KINDS)
    kind = steps.rng.choices(kinds, [_KINDS[k][1] for k in kinds])[0]
    case = Case(kind, folder, rng=random.Random(f"{seed}:{number}:door"))
    _KINDS[kind][0](seeds, case, steps)
    return case, steps


_KINDS: dict[str, tuple[Callable[[Path, Case, Steps], None], int]] = {
    "layer_bytes": (of_counties.layer_bytes, 20),
    "layer_archive": (of_counties.layer_archive, 6),
    "layer_content": (of_counties.layer_content, 20),
    "layer_json": (of_counties.layer_json, 8),
    "layer_tables": (of_counties.layer_tables, 10),
    "ledger_bytes": (of_counties.ledger_bytes, 12),
    "ledger_members": (of_counties.ledger_members, 14),
    "ledger_content": (of_counties.ledger_content, 18),
    "both_content": (of_counties.both_content, 8),
    "barriers": (of_counties.barriers, 6),
    "side_layers": (of_counties.side_layers, 6),
    "settings": (of_papers.settings, 7),
    "decisions": (of_papers.decisions, 8),
    "assignment": (of_papers.assignment, 5),
    "assignment_layer": (of_papers.assignment_layer, 6),
    "consultation": (of_papers.consultation, 12),
    "template": (of_papers.template, 8),
    "plan_file": (of_papers.plan_file, 10),
}

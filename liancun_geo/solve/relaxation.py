"""Ways out of a conflict as values, and their order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from liancun_geo.solve.rule_items import RuleItem

RelaxationKind = Literal[
    "link",
    "min_size",
    "max_size",
    "let_lead",
    "max_hops",
    "max_distance",
    "max_travel",
    "fewest_alliances",
    "most_alliances",
    "fewest_overall",
    "most_overall",
    "budget",
    "max_weak",
    "resource_least",
    "resource_most",
    "leave_out",
    "drop",
]


@dataclass(frozen=True, eq=False)
class Relaxation:
    """One way out.

    Attributes
    ----------
    kind
        ``link``: one more contiguity. ``min_size``, ``max_size``, ``max_hops``,
        ``max_distance``, ``max_travel``, ``fewest_alliances``, ``most_alliances`` and, over all
        zones, ``fewest_overall``, ``most_overall``, ``budget``, and of one alliance ``max_weak``,
        ``resource_least``, ``resource_most``: the nearest value that is enough (distances, sums
        and money rounded on the side that is enough). ``let_lead``: one barred village
        leads. ``leave_out``: villages that need not be placed. ``drop``: one rule
        of the conflict is given up. ``max_travel`` never comes from the solver, which sees
        forbidden pairs and no ways: :mod:`liancun_geo.relaxing` finds it.
    item
        The rule that is relaxed, positions of the whole problem; None for a link.
    villages
        Positions: the two ends of a link, the village that leads, those left out.
    value
        The new value of a size, distance, sum, budget, number of steps or alliances.
    objective
        Cost of the zone's best plan then, frozen alliances not counted; where all zones are
        looked at, of the whole plan, frozen alliances counted.
    proven
        Whether that plan is proven best; if not, a cheaper one may exist.
    changes
        Arguments for :meth:`~liancun_geo.problem.AllianceProblem.changed` that apply it.
    """

    kind: RelaxationKind
    item: RuleItem | None
    villages: tuple[int, ...]
    value: float | None
    objective: float
    proven: bool
    changes: Mapping[str, Any]


def ranked(relaxations: Sequence[Relaxation]) -> list[Relaxation]:
    """Return the gentlest first: fewest steps away from the rules, then the cheapest plan."""
    return sorted(
        relaxations, key=lambda r: (_steps(r), r.objective, r.kind, r.villages, r.value or 0)
    )


def _steps(relaxation: Relaxation) -> float:
    """Return how far a relaxation goes: what touches two villages counts less than a rule."""
    item = relaxation.item
    if relaxation.kind in ("link", "let_lead"):
        return 1
    if relaxation.kind == "leave_out":
        return 2.0 * len(relaxation.villages)
    if relaxation.kind == "drop":
        assert item is not None
        agreed = ("must_lead", "fixed_lead", "never_together", "must_together")
        return 1 if item.rule in agreed else 4
    if relaxation.kind in (
        "max_distance",
        "max_travel",
        "budget",
        "resource_least",
        "resource_most",
    ):
        return 2
    assert item is not None
    assert item.value is not None
    assert relaxation.value is not None
    return abs(relaxation.value - item.value)

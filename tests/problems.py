"""Random small problems for the tests of solver and checker."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection

import numpy as np
from brute_force import Small
from hypothesis import strategies as st

from liancun_geo.problem import GroupTerm


def random_problem(seed: int) -> Small:
    """Return a problem of at most ten villages with a random choice of every argument."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 11))
    density = rng.choice([0.2, 0.35, 0.6])
    pairs = [(i, j) for i in range(n) for j in range(i + 1, n) if rng.random() < density]
    edges = np.array(pairs, dtype=np.intp).reshape(-1, 2)
    whole = rng.integers(-3, 6, (n, n)).astype(float)
    pair_cost = rng.random((n, n)) if rng.random() < 0.5 else whole
    if rng.random() < 0.5:
        pair_cost[rng.random((n, n)) < 0.25] = np.inf
    min_size = int(rng.integers(1, 5))
    max_size = min_size + int(rng.integers(0, 5))
    small = Small(pair_cost, edges, min_size, max_size)
    if rng.random() < 0.4:
        small.zones = rng.integers(0, 3, n).tolist()
    if rng.random() < 0.5:
        small.lead_cost = rng.random(n) * 3 - 1
    if rng.random() < 0.4:
        small.can_lead = rng.random(n) < 0.6
    if rng.random() < 0.4:
        small.size_cost = rng.random(max_size + 1) * 2 - 1
        if rng.random() < 0.5:
            small.size_cost[rng.integers(0, max_size + 1)] = np.inf
    if rng.random() < 0.4:
        small.unassigned_cost = rng.random(n) * 2
        if rng.random() < 0.4:
            small.unassigned_cost[rng.random(n) < 0.4] = np.inf
    return small


def _numbers(small: Small, rng: np.random.Generator) -> None:
    fewest = int(rng.integers(0, 3))
    small.n_alliances = (
        fewest if rng.random() < 0.7 else None,
        fewest + int(rng.integers(0, 2)) if rng.random() < 0.7 else None,
    )


def _zone_numbers(small: Small, rng: np.random.Generator) -> None:
    small.zone_alliances = {}
    for label in sorted(set(small.zone)):
        if rng.random() < 0.7:
            fewest = int(rng.integers(0, 3))
            most = fewest + int(rng.integers(0, 2)) if rng.random() < 0.6 else None
            small.zone_alliances[label] = (fewest if rng.random() < 0.8 else None, most)


def _resource(small: Small, rng: np.random.Generator) -> None:
    r = int(rng.integers(1, 3))
    amounts = rng.integers(-1 if rng.random() < 0.2 else 0, 6, (small.n, r)).astype(float)
    middle = amounts.mean(axis=0) * (small.min_size + small.max_size) / 2
    room = rng.integers(0, 5, r)
    bounds = np.column_stack([np.floor(middle - room), np.ceil(middle + room)])
    bounds[rng.random((r, 2)) < 0.3] = np.nan
    bounds = np.where(np.isnan(bounds), [[-np.inf, np.inf]], bounds)
    one = r == 1 and rng.random() < 0.5
    small.resource, small.resource_bounds = (amounts[:, 0], bounds[0]) if one else (amounts, bounds)


def _classes(small: Small, rng: np.random.Generator) -> None:
    classes = rng.random((small.n, int(rng.integers(1, 3)))) < 0.6
    small.classes = classes[:, 0] if classes.shape[1] == 1 else classes


def _pairs(small: Small, rng: np.random.Generator, number: int) -> list[tuple[int, int]]:
    pairs = [(a, b) for a in range(small.n) for b in range(a) if small.zone[a] == small.zone[b]]
    chosen = rng.permutation(len(pairs))[:number]
    return [pairs[int(i)] for i in chosen]


def _together(small: Small, rng: np.random.Generator) -> None:
    small.must_together = _pairs(small, rng, int(rng.integers(1, 3)))


def _apart(small: Small, rng: np.random.Generator) -> None:
    small.never_together = _pairs(small, rng, int(rng.integers(1, 6)))


def _fixed_lead(small: Small, rng: np.random.Generator) -> None:
    pairs = _pairs(small, rng, int(rng.integers(1, 3)))
    small.fixed_lead = {a: b if rng.random() < 0.85 else a for a, b in pairs}


def _must_lead(small: Small, rng: np.random.Generator) -> None:
    small.must_lead = rng.permutation(small.n)[: int(rng.integers(1, 3))].tolist()


def _distance(small: Small, rng: np.random.Generator) -> None:
    at = rng.random((small.n, 2)) * 3
    small.distance = np.hypot(*(at[:, None] - at[None]).transpose(2, 0, 1))
    small.max_distance = float(rng.choice([1.2, 1.8, 2.4]))


def _hops(small: Small, rng: np.random.Generator) -> None:
    small.max_hops = int(rng.integers(1, 3))


def _weak(small: Small, rng: np.random.Generator) -> None:
    small.weak = rng.random(small.n) < 0.5
    small.max_weak = int(rng.integers(0, 3))


def _budget(small: Small, rng: np.random.Generator) -> None:
    small.budget_use = rng.integers(0, 5, small.n).astype(float)
    alliances = len(small.frozen) + len(small.free) / ((small.min_size + small.max_size) / 2)
    small.budget = float(np.round(alliances * rng.choice([0.7, 1.2, 2.0])))


def _frozen(small: Small, rng: np.random.Generator) -> None:
    # Drawn without a look at any rule, since a frozen alliance is exempt from all of them.
    order = rng.permutation(small.n).tolist()
    sizes = rng.integers(1, 4, int(rng.integers(1, 3)))
    small.frozen = [order[: sizes[0]]]
    if len(sizes) > 1 and small.n > sizes[0]:
        small.frozen.append(order[sizes[0] : sizes.sum()])


def _group_terms(small: Small, rng: np.random.Generator) -> None:
    small.group_terms = []
    for kind in rng.integers(0, 3, int(rng.integers(1, 3))):
        amount = rng.integers(0, 6, small.n).astype(float)
        wanted = float(rng.integers(3, 13))
        weight = float(rng.integers(1, 4)) / 2
        target = {"target": wanted, "weight": weight} if kind != 1 else {}
        least = {"threshold": wanted + 1, "shortfall_weight": weight + 0.5} if kind != 0 else {}
        small.group_terms.append(GroupTerm(amount, **target, **least))


def _priorities(small: Small, rng: np.random.Generator) -> None:
    price = rng.integers(0, 5, small.n).astype(float)
    price[rng.random(small.n) < 0.3] = math.inf
    small.unassigned_cost = price


_SWITCHES: dict[str, Callable[[Small, np.random.Generator], None]] = {
    "resource": _resource,
    "class": _classes,
    "together": _together,
    "apart": _apart,
    "fixed_lead": _fixed_lead,
    "must_lead": _must_lead,
    "distance": _distance,
    "hops": _hops,
    "weak": _weak,
    "n_alliances": _numbers,
    "zone_alliances": _zone_numbers,
    "frozen": _frozen,
    "budget": _budget,
    "group_terms": _group_terms,
    "priorities": _priorities,
}
RULES = tuple(_SWITCHES)
"""Names of all rules that :func:`random_rules_problem` can switch on."""


def random_rules_problem(seed: int, rules: Collection[str], most_villages: int = 9) -> Small:
    """Return a problem of one to nine villages with exactly the named rules, most of them biting.

    Parameters
    ----------
    seed
        The same seed and rules give the same problem, in whatever order the rules are named.
    rules
        Names of :data:`RULES`.
    most_villages
        Fewer villages make the enumeration of all assignments affordable.
    """
    unknown = set(rules) - set(RULES)
    if unknown:
        raise ValueError(f"no such rules: {sorted(unknown)}")
    chosen = [number for number, rule in enumerate(RULES) if rule in rules]
    rng = np.random.default_rng([seed, *chosen])
    n = int(rng.integers(min(4, most_villages), most_villages + 1))
    if rng.random() < 0.1:
        n = int(rng.integers(1, n + 1))
    density = rng.choice([0.15, 0.3])
    tree = [(int(rng.integers(0, v)), v) for v in range(1, n)]
    more = [(a, b) for a in range(n) for b in range(a + 1, n) if rng.random() < density]
    edges = np.array([*tree, *more], dtype=np.intp).reshape(-1, 2)
    whole = rng.integers(-2, 6, (n, n)).astype(float)
    pair_cost = rng.random((n, n)) if rng.random() < 0.5 else whole
    if rng.random() < 0.3:
        pair_cost[rng.random((n, n)) < 0.15] = np.inf
    min_size = int(rng.choice([1, 2, 2, 3, 3]))
    small = Small(pair_cost, edges, min_size, min_size + int(rng.integers(0, 3)))
    if rng.random() < 0.3 or ("zone_alliances" in rules and rng.random() < 0.7):
        small.zones = np.sort(rng.integers(0, 2, n)).tolist()
    if rng.random() < 0.5:
        small.lead_cost = rng.integers(0, 4, n).astype(float)
    if rng.random() < 0.2:
        small.can_lead = rng.random(n) < 0.7
    if rng.random() < 0.2:
        small.size_cost = rng.random(small.max_size + 1) * 2 - 1
        if rng.random() < 0.5:
            small.size_cost[rng.integers(0, small.max_size + 1)] = np.inf
    for rule in RULES:
        if rule in rules:
            _SWITCHES[rule](small, rng)
    return small


def grid_edges(rows: int, columns: int) -> np.ndarray:
    """Return the rook contiguities of a grid of villages, numbered row by row."""
    number = np.arange(rows * columns).reshape(rows, columns)
    across = np.column_stack([number[:, :-1].ravel(), number[:, 1:].ravel()])
    down = np.column_stack([number[:-1].ravel(), number[1:].ravel()])
    return np.concatenate([across, down])


@st.composite
def grids(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, int, int, np.ndarray]:
    """Return costs, contiguities, sizes and zones of a grid county of up to 42 villages."""
    rows, columns = draw(st.integers(2, 6)), draw(st.integers(2, 7))
    n = rows * columns
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    min_size = draw(st.integers(1, 4))
    max_size = min_size + draw(st.integers(0, 4))
    zones = (np.arange(n) // columns) // draw(st.integers(2, 6))
    return rng.random((n, n)), grid_edges(rows, columns), min_size, max_size, zones

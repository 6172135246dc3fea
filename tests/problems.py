"""Random small problems for the solver's tests."""

from __future__ import annotations

import numpy as np
from brute_force import Small
from hypothesis import strategies as st


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

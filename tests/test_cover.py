"""The search over covers: what it finds, and that it ends whatever it is asked."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liancun_geo.solve.cover import list_covers, search_covers
from liancun_geo.solve.listing import CandidatePool
from liancun_geo.solve.master import Relaxation, SideRules

NODES = 100_000


def _asked(n: int, columns: list[tuple[int, ...]], reduced: list[float]) -> dict[str, Any]:
    """Return the columns as a pool with a bound of 0; costs are reduced costs where finite."""
    width = max(map(len, columns))
    members = np.full((len(columns), width), n, dtype=np.int16)
    for row, column in enumerate(columns):
        members[row, : len(column)] = column
    priced = np.array(reduced)
    cost = np.where(np.isfinite(priced), priced, 0.0)
    lead = members[:, 0].copy()
    pool = CandidatePool(n, members, cost, lead, np.zeros(len(columns)), complete=True)
    relaxation = Relaxation(
        0.0, np.zeros(n), np.zeros(1), np.zeros((0, 3), dtype=np.int16), np.zeros(0), priced, {}
    )
    return {
        "pool": pool,
        "relaxation": relaxation,
        "sides": SideRules.of(pool, (0, np.inf), np.inf),
        "node_limit": NODES,
        "stop": np.zeros(1, dtype=np.uint8),
    }


def test_without_any_limit_the_search_ends_where_no_cover_exists() -> None:
    # Every two of three villages, never all three: a dead end below every first column.
    asked = _asked(3, [(0, 1), (1, 2), (0, 2)], [1.0, 1.0, 1.0])
    found = search_covers(**asked, budget=np.inf, upper=np.inf)
    assert (found.columns, found.cost, found.exhausted) == (None, np.inf, True)


def test_without_any_limit_a_village_of_no_column_is_a_dead_end_at_once() -> None:
    asked = _asked(3, [(0, 1)], [1.0])
    found = search_covers(**asked, budget=np.inf, upper=np.inf)
    assert found.columns is None and found.exhausted and found.nodes == 1


def test_a_column_that_may_not_be_used_is_in_no_cover_however_wide_the_search() -> None:
    asked = _asked(2, [(0, 1), (0,), (1,)], [np.inf, 1.0, 2.0])
    found = list_covers(**asked, budget=np.inf, upper=np.inf, most=10)
    assert found.columns[:, :2].tolist() == [[1, 2]]
    assert found.cost.tolist() == [3.0]


@pytest.mark.parametrize("budget", [np.inf, 4.0])
@given(data=st.data())
def test_all_covers_are_found(budget: float, data: st.DataObject) -> None:
    n = 5
    every = [c for size in (1, 2, 3) for c in combinations(range(n), size)]
    columns = data.draw(st.lists(st.sampled_from(every), min_size=1, max_size=9, unique=True))
    costs = st.lists(st.integers(0, 3), min_size=len(columns), max_size=len(columns))
    reduced = [float(cost) for cost in data.draw(costs)]
    wanted = sorted(
        cost
        for size in range(1, n + 1)
        for chosen in combinations(range(len(columns)), size)
        if sorted(v for c in chosen for v in columns[c]) == list(range(n))
        and (cost := sum(reduced[c] for c in chosen)) <= budget
    )
    asked = _asked(n, columns, reduced)
    found = list_covers(**asked, budget=budget, upper=np.inf, most=1000)
    assert found.exhausted
    assert found.cost.tolist() == wanted

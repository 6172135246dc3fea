"""spopt's methods: max-p, SKATER, AZP, spatially constrained Ward, region-k-means.

Feng, Barcelos, Gaboardi, Knaap, Wei, Wolf, Zhao, Rey 2022, "spopt: a python package for solving
spatial optimization problems in PySAL", doi:10.21105/joss.03330.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from liancun_geo.research.needs import needed
from liancun_geo.research.peers.asking import Answer, Told, timed


def max_p(told: Told) -> Answer:
    """Max-p heuristic (Duque, Anselin, Rey 2012): as many as possible above the least size."""
    model = _region().MaxPHeuristic(*_frame(told), "one", max(told.floor, 1), top_n=2)
    return _solved(told, model)


def skater(told: Told) -> Answer:
    """SKATER (Assuncao et al. 2006): a spanning tree cut into a number of parts."""
    floor = told.floor if told.floor else -np.inf
    return _solved(told, _region().Skater(*_frame(told), n_clusters=told.count, floor=floor))


def azp(told: Told) -> Answer:
    """AZP (Openshaw 1977): villages move between adjacent parts."""
    with _seeded(told.seed):
        model = _region().AZP(*_frame(told), n_clusters=told.count, random_state=told.seed)
    return _solved(told, model)


def ward(told: Told) -> Answer:
    """Ward's agglomeration held to contiguity."""
    return _solved(told, _region().WardSpatial(*_frame(told), n_clusters=told.count))


def region_k_means(told: Told) -> Answer:
    """Region-k-means: k-means whose parts stay contiguous."""
    frame, weights, names = _frame(told)
    model = _region().RegionKMeansHeuristic(
        frame[names].to_numpy(), told.count, weights, seed=told.seed
    )
    return _solved(told, model)


def _region() -> Any:
    return needed("spopt.region", "spopt")


def _solved(told: Told, model: Any) -> Answer:
    with _seeded(told.seed):
        seconds, _ = timed(model.solve)
    return seconds, np.asarray(model.labels_, dtype=np.intp)


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Set the global random state, from which spopt draws, and put it back."""
    before = np.random.get_state()  # noqa: NPY002  spopt draws from the global state
    np.random.seed(seed)  # noqa: NPY002  as above
    try:
        yield
    finally:
        np.random.set_state(before)  # noqa: NPY002  as above


def _frame(told: Told) -> tuple[Any, Any, list[str]]:
    import geopandas as gpd

    values = told.features
    spread = np.maximum(values.std(axis=0), 1e-12)
    values = (values - values.mean(axis=0)) / spread
    names = [f"a{column}" for column in range(values.shape[1])]
    points = gpd.points_from_xy(values[:, 0], values[:, min(1, values.shape[1] - 1)])
    frame = gpd.GeoDataFrame(dict(zip(names, values.T, strict=True)), geometry=points)
    frame["one"] = 1.0
    weights = needed("libpysal.weights", "libpysal").W(
        dict(enumerate(told.neighbours)), silence_warnings=True
    )
    return frame, weights, names

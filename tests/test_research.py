"""Estimators and baselines: conventions kept, contiguity in every form, plans judged by check."""

from __future__ import annotations

import pickle
from typing import Any

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import pytest
from builders import grid
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import sparse

from liancun_geo import AllianceProblem, check, plan_cost, solve
from liancun_geo.contiguity import ContiguityGraph
from liancun_geo.errors import DataError, ProblemError
from liancun_geo.research import BASELINES, Alliances, baseline, edges_of
from liancun_geo.research.needs import needed

sklearn = pytest.importorskip("sklearn", reason="scikit-learn is not installed")

from sklearn.base import clone  # noqa: E402
from sklearn.model_selection import GridSearchCV  # noqa: E402
from sklearn.pipeline import make_pipeline  # noqa: E402
from sklearn.preprocessing import StandardScaler  # noqa: E402
from sklearn.utils.estimator_checks import estimator_checks_generator  # noqa: E402

from liancun_geo.research import AllianceClusterer  # noqa: E402

WIDE = 6


def lattice(rows: int = 4, wide: int = WIDE) -> NDArray[np.intp]:
    """Return the contiguities of a grid of squares."""
    at = np.arange(rows * wide).reshape(rows, wide)
    right = np.column_stack([at[:, :-1].ravel(), at[:, 1:].ravel()])
    up = np.column_stack([at[:-1].ravel(), at[1:].ravel()])
    return np.vstack([right, up])


def matrix(edges: NDArray[np.intp], n: int) -> sparse.coo_array:
    ones = np.ones(len(edges))
    return sparse.coo_array((ones, (edges[:, 0], edges[:, 1])), shape=(n, n))


@pytest.fixture(scope="module")
def features() -> NDArray[np.float64]:
    return np.random.default_rng(3).normal(size=(24, 3))


# --- scikit-learn ------------------------------------------------------------------------------

EXPECTED_TO_FAIL = {
    "check_clustering": "asks for three clusters of any size: sizes here are bounded, so blobs of "
    "50 samples are divided further and agree with their centres less than it demands",
}


def test_the_conventions_of_scikit_learn_hold() -> None:
    model = AllianceClusterer(min_size=2, max_size=4, time_limit=20.0)
    for estimator, ask in estimator_checks_generator(model):
        name = getattr(ask, "func", ask).__name__
        if name in EXPECTED_TO_FAIL:
            continue
        ask(estimator)


def test_what_is_left_out_of_the_conventions_is_needed() -> None:
    # An exception that is no longer one must go.
    model = AllianceClusterer(min_size=2, max_size=4, time_limit=20.0)
    for estimator, ask in estimator_checks_generator(model):
        if getattr(ask, "func", ask).__name__ in EXPECTED_TO_FAIL:
            with pytest.raises(AssertionError):
                ask(estimator)


def test_the_estimator_is_the_engine(features: NDArray[np.float64]) -> None:
    edges = lattice()
    model = AllianceClusterer(3, 5, connectivity=matrix(edges, 24)).fit(features)
    apart = np.linalg.norm(features[:, None] - features[None], axis=2)
    problem = AllianceProblem.from_arrays(apart, edges, 3, 5)
    result = solve(problem, time_limit=60.0)
    assert model.status_ == "optimal"
    assert model.objective_ == pytest.approx(result.objective)
    assert model.bound_ == pytest.approx(model.objective_)
    assert check(problem, model.result_.lead_of) == ()
    assert [model.labels_[lead] for lead in model.leads_] == list(range(len(model.leads_)))


def test_it_can_be_cloned_pickled_piped_and_searched(features: NDArray[np.float64]) -> None:
    model = AllianceClusterer(3, 5, n_neighbors=4).fit(features)
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.labels_, model.labels_)
    np.testing.assert_array_equal(clone(model).fit(features).labels_, model.labels_)
    frame = pd.DataFrame(features, columns=["a", "b", "c"])
    piped = make_pipeline(StandardScaler(), AllianceClusterer(3, 5, n_neighbors=4)).fit(frame)
    assert len(piped[-1].labels_) == 24
    assert AllianceClusterer(3, 5).fit(frame).feature_names_in_.tolist() == ["a", "b", "c"]
    search = GridSearchCV(AllianceClusterer(), {"max_size": [4, 6]}, cv=2).fit(features)
    # Larger clusters need fewer leads, so a member is farther from its own.
    assert search.best_params_["max_size"] in (4, 6)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def test_costs_can_be_given_as_they_are() -> None:
    cost = np.random.default_rng(1).random((12, 12))
    cost[0, 5] = np.inf
    model = AllianceClusterer(
        3, 4, metric="precomputed", connectivity=matrix(lattice(2), 12), unassigned_cost=9.0,
        lead_cost=np.r_[np.inf, np.zeros(11)],
    ).fit(cost)  # fmt: skip
    assert 0 not in model.leads_
    with pytest.raises(ValueError, match="square"):
        AllianceClusterer(metric="precomputed").fit(cost[:, :5])


def test_what_cannot_be_divided_is_said(features: NDArray[np.float64]) -> None:
    model = AllianceClusterer(20, 23, connectivity=matrix(lattice(), 24)).fit(features)
    assert model.status_ == "infeasible"
    assert (model.labels_ == -1).all()
    assert len(model.leads_) == 0
    with pytest.raises(ProblemError):
        AllianceClusterer(6, 3).fit(features)


# --- contiguity in every form ------------------------------------------------------------------


def forms(names: list[Any]) -> dict[str, Any]:
    """Return the same contiguity in every form."""
    edges = lattice(2, 3)
    weights = pytest.importorskip("libpysal.weights", reason="libpysal is not installed")
    graphs = pytest.importorskip("libpysal.graph", reason="libpysal is not installed")
    near: dict[Any, list[Any]] = {name: [] for name in names}
    for a, b in edges.tolist():
        near[names[a]].append(names[b])
        near[names[b]].append(names[a])
    linked = nx.Graph()
    linked.add_nodes_from(names)
    linked.add_edges_from((names[a], names[b]) for a, b in edges.tolist())
    dense = matrix(edges, 6).toarray()
    return {
        "mapping": near,
        "W": weights.W(near, silence_warnings=True),
        "Graph": graphs.Graph.from_dicts(near),
        "networkx": linked,
        "sparse": matrix(edges, 6),
        "dense": dense + dense.T,
        "own": ContiguityGraph.from_edges([str(name) for name in names], edges),
    }


@pytest.mark.parametrize("names", [list(range(6)), list("fedcba"), [7, 3, 9, 1, 4, 2]])
def test_every_form_of_contiguity_says_the_same(names: list[Any]) -> None:
    wanted = np.unique(np.sort(lattice(2, 3), axis=1), axis=0)
    for form, w in forms(names).items():
        np.testing.assert_array_equal(edges_of(w, names), wanted, err_msg=form)


def test_islands_are_places_too() -> None:
    graphs = pytest.importorskip("libpysal.graph", reason="libpysal is not installed")
    w = graphs.Graph.from_dicts({"a": ["b"], "b": ["a"], "c": []})
    assert edges_of(w, ["c", "b", "a"]).tolist() == [[1, 2]]


def test_strangers_and_missing_places_are_named() -> None:
    with pytest.raises(DataError) as told:
        edges_of({"a": ["b"], "b": ["a"], "x": ["a"]}, ["a", "b", "c"])
    assert "x" in str(told.value)
    assert "c" in str(told.value)
    assert len(told.value.faults) == 2
    for wrong in (np.ones((2, 2)), "text", 7, np.ones(3)):
        with pytest.raises(DataError):
            edges_of(wrong, ["a", "b", "c"])
    with pytest.raises(DataError):
        edges_of({"a": []}, ["a", "a"])


# --- PySAL -------------------------------------------------------------------------------------


@pytest.fixture
def areas() -> gpd.GeoDataFrame:
    draw = np.random.default_rng(5)
    columns = {
        "income": draw.random(9),
        "people": draw.random(9),
        "zone": ["A"] * 6 + ["B"] * 3,
        "may": [True] * 9,
    }
    index = [f"v{i}" for i in range(8, -1, -1)]
    return gpd.GeoDataFrame(columns, geometry=grid(9), crs="EPSG:4527", index=index)


def test_alliances_keep_the_index(areas: gpd.GeoDataFrame) -> None:
    model = Alliances(areas, None, ["income", "people"], 3, 3, strength="income", zones="zone")
    model.solve()
    told = model.assignment()
    assert list(told.index) == list(areas.index)
    assert set(told.loc[told["role"] == "lead"].index) == set(model.leads_)
    assert told.groupby("label").size().tolist() == [3, 3, 3]
    together = set(zip(model.labels_.tolist(), areas["zone"], strict=True))
    assert len(together) == 3
    assert check(model.problem, model.result_.lead_of) == ()


def test_alliances_say_everything_that_is_wrong(areas: gpd.GeoDataFrame) -> None:
    areas.loc["v3", "income"] = np.nan
    with pytest.raises(DataError) as told:
        Alliances(areas, None, ["income", "nothing"], 3, 3)
    assert len(told.value.faults) == 2
    degrees = areas.set_crs(4326, allow_override=True)
    with pytest.raises(DataError):
        Alliances(degrees, None, ["people"], 3, 3)


# --- baselines ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", BASELINES)
def test_baselines_break_no_more_than_they_say(name: str) -> None:
    draw = np.random.default_rng(2)
    cost = draw.random((36, 36))
    zones = np.repeat(["A", "B"], 18)
    leads = np.ones(36, dtype=bool)
    leads[[0, 20]] = False
    problem = AllianceProblem.from_arrays(
        cost, lattice(6), 3, 5, zones, can_lead=leads, unassigned_cost=np.full(36, 2.0)
    )
    plan = baseline(name, problem, attributes=draw.random((36, 2)), strength=draw.random(36))
    assert check(problem, plan) == ()
    best = solve(problem, time_limit=30.0)
    assert plan_cost(problem, plan) >= best.objective - 1e-9
    again = baseline(name, problem, strength=draw.random(36), seed=4)
    assert (again.lead_of >= -1).all()


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), low=st.integers(2, 4), more=st.integers(1, 4))
def test_repair_makes_alliances_of_any_division(seed: int, low: int, more: int) -> None:
    from liancun_geo.research.baselines import pieces, repaired

    draw = np.random.default_rng(seed)
    n = 24
    problem = AllianceProblem.from_arrays(draw.random((n, n)), lattice(), low, low + more)
    lead_of = np.full(n, -1)
    for piece in pieces(problem):
        own = repaired(piece, draw.integers(-1, 6, size=piece.n).astype(np.intp))
        lead_of[piece.villages[own >= 0]] = piece.villages[own[own >= 0]]
    # Whoever is placed is placed by the rules; only being left out may be wrong.
    assert {violation.rule for violation in check(problem, lead_of)} <= {"unassigned"}


def test_unknown_baselines_and_packages_are_told() -> None:
    problem = AllianceProblem.from_arrays(np.zeros((4, 4)), [(0, 1), (1, 2), (2, 3)], 2, 4)
    with pytest.raises(DataError, match="louvain"):
        baseline("nothing", problem)
    with pytest.raises(DataError, match="no_such_package"):
        needed("no_such_package.part")

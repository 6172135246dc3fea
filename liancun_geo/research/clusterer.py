"""Alliances as a scikit-learn estimator."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClusterMixin
from sklearn.metrics import pairwise_distances
from sklearn.neighbors import kneighbors_graph
from sklearn.utils.validation import check_is_fitted, validate_data

from liancun_geo.plan import UNASSIGNED
from liancun_geo.problem import AllianceProblem
from liancun_geo.research.neighbours import Edges, edges_of
from liancun_geo.solve import SolveResult, solve

Method = Literal["auto", "listing", "assignment", "search"]


class AllianceClusterer(ClusterMixin, BaseEstimator):  # type: ignore[misc]  # sklearn has no types
    """Connected clusters of bounded size, each with a lead, proven best.

    Minimises the sum of the distances from every sample to the lead of its cluster, plus the cost
    of each lead, over all divisions into clusters that are connected, neither too small nor too
    large, and inside one zone: a capacitated, contiguous k-medoids with a certificate.

    Parameters
    ----------
    min_size, max_size : int
        Samples in a cluster, its lead included.
    connectivity : array-like, sparse matrix, graph or callable, default=None
        Who is whose neighbour: an (n, n) matrix, a libpysal ``Graph`` or ``W``, a networkx graph
        (ids 0 .. n-1), or a function of ``X`` that returns one. None: the ``n_neighbors`` nearest
        samples by ``metric``, made symmetric.
    metric : str or callable, default="euclidean"
        As for :func:`sklearn.metrics.pairwise_distances`; ``"precomputed"``: ``X`` is the (n, n)
        cost of sample ``j`` under lead ``i``, which need not be symmetric; ``inf`` forbids.
    zones : array-like of shape (n_samples,), default=None
        A cluster stays inside one zone.
    lead_cost : array-like of shape (n_samples,) or float, default=0.0
        Of each cluster, by its lead; ``inf``: it may not lead.
    unassigned_cost : float or array-like of shape (n_samples,), default=None
        Of leaving a sample out. None: it must be in a cluster wherever that is possible.
    n_clusters : int, default=None
        How many; None: whatever is best.
    n_neighbors : int, default=6
        For ``connectivity=None``.
    method : {"auto", "listing", "assignment", "search"}, default="auto"
        As for :func:`liancun_geo.solve`.
    time_limit : float, default=60.0
        Seconds; a run that hits it returns what it has, with its bound.
    n_jobs : int, default=1
        Threads; the result does not depend on it.
    random_state : int, default=0
        Seed.

    Attributes
    ----------
    labels_ : ndarray of shape (n_samples,)
        Cluster of each sample, numbered by first appearance; -1 for one left out.
    leads_ : ndarray of shape (n_clusters,)
        Position of the lead of each cluster.
    objective_, bound_ : float
        Cost, and a lower bound on the cost of every other division.
    status_ : str
        ``"optimal"`` if proven best; else ``"feasible"``, ``"infeasible"``, ``"unknown"``.
    result_ : SolveResult
        Everything the solver says, zone by zone.
    n_features_in_ : int
        Columns of ``X``.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Their names, if ``X`` had names.

    Notes
    -----
    It is transductive, like scikit-learn's ``AgglomerativeClustering``: there is no ``predict``.
    ``X`` is taken as it is; put a ``StandardScaler`` before it where columns differ in unit.

    Examples
    --------
    >>> import numpy as np
    >>> from liancun_geo.research import AllianceClusterer
    >>> X = np.array([[0.0], [0.1], [0.2], [5.0], [5.1], [5.3]])
    >>> model = AllianceClusterer(min_size=2, max_size=3, n_neighbors=2).fit(X)
    >>> model.labels_.tolist(), model.leads_.tolist(), model.status_
    ([0, 0, 0, 1, 1, 1], [1, 4], 'optimal')
    """

    labels_: NDArray[np.intp]
    leads_: NDArray[np.intp]
    objective_: float
    bound_: float
    status_: str
    result_: SolveResult

    def __init__(
        self,
        min_size: int = 4,
        max_size: int = 8,
        *,
        connectivity: Any = None,
        metric: str | Callable[..., float] = "euclidean",
        zones: ArrayLike | None = None,
        lead_cost: ArrayLike | float = 0.0,
        unassigned_cost: ArrayLike | float | None = None,
        n_clusters: int | None = None,
        n_neighbors: int = 6,
        method: Method = "auto",
        time_limit: float = 60.0,
        n_jobs: int = 1,
        random_state: int = 0,
    ) -> None:
        self.min_size = min_size
        self.max_size = max_size
        self.connectivity = connectivity
        self.metric = metric
        self.zones = zones
        self.lead_cost = lead_cost
        self.unassigned_cost = unassigned_cost
        self.n_clusters = n_clusters
        self.n_neighbors = n_neighbors
        self.method = method
        self.time_limit = time_limit
        self.n_jobs = n_jobs
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: Any = None) -> Self:  # noqa: N803  the name sklearn gives it
        """Find the best division.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or (n_samples, n_samples)
            Features, or costs if ``metric="precomputed"``.
        y : ignored

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If ``X`` cannot be used.
        ProblemError
            If the arguments contradict each other, with every fault.
        """
        result = self._solved(X, reset=True)
        self.result_ = result
        self.labels_, self.leads_ = _numbered(result.lead_of)
        self.objective_, self.bound_ = float(result.objective), float(result.bound)
        self.status_ = result.status
        return self

    def score(self, X: ArrayLike, y: Any = None) -> float:  # noqa: N803  as above
        """Return minus the mean cost a sample of dividing ``X`` anew; higher is better.

        It makes the estimator usable in ``GridSearchCV``. A ``connectivity`` given as a matrix
        or graph must fit ``X``; one given as a function, or None, always does.
        """
        check_is_fitted(self)
        result = self._solved(X, reset=False)
        return -float(result.objective) / max(len(result.lead_of), 1)

    def _solved(self, given: ArrayLike, *, reset: bool) -> SolveResult:
        precomputed = self.metric == "precomputed"
        if precomputed:
            features = validate_data(
                self, given, dtype=np.float64, ensure_all_finite=False, reset=reset
            )
            if features.shape[0] != features.shape[1] or np.isnan(features).any():
                raise ValueError(
                    f"precomputed costs must be square and without NaN, got {features.shape}"
                )
            cost = features
        else:
            features = validate_data(self, given, dtype=np.float64, reset=reset)
            cost = pairwise_distances(features, metric=self.metric)
        n = len(features)
        opening = np.broadcast_to(np.asarray(self.lead_cost, dtype=np.float64), (n,))
        leaving = self.unassigned_cost
        problem = AllianceProblem.from_arrays(
            cost,
            self._edges(features, cost),
            self.min_size,
            self.max_size,
            zones=self.zones,
            lead_cost=opening,
            unassigned_cost=None
            if leaving is None
            else np.broadcast_to(np.asarray(leaving, dtype=np.float64), (n,)),
            n_alliances=None if self.n_clusters is None else (self.n_clusters, self.n_clusters),
        )
        return solve(
            problem,
            time_limit=self.time_limit,
            method=self.method,
            workers=self.n_jobs,
            seed=self.random_state,
        )

    def _edges(self, features: NDArray[np.float64], cost: NDArray[np.float64]) -> Edges:
        n = len(features)
        given = self.connectivity
        if callable(given):
            given = given(features)
        if given is not None:
            return edges_of(given, range(n))
        near = min(self.n_neighbors, n - 1)
        if near < 1:
            return np.zeros((0, 2), dtype=np.intp)
        if self.metric == "precomputed":
            both = np.minimum(cost, cost.T)
            np.fill_diagonal(both, 0.0)
            finite = np.where(np.isfinite(both), both, np.finfo(np.float64).max / 4)
            return edges_of(kneighbors_graph(finite, near, metric="precomputed"), range(n))
        return edges_of(kneighbors_graph(features, near, metric=self.metric), range(n))

    def __sklearn_tags__(self) -> Any:
        """Return what scikit-learn should know: precomputed input is pairwise."""
        tags = super().__sklearn_tags__()
        tags.input_tags.pairwise = self.metric == "precomputed"
        return tags


def _numbered(lead_of: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return labels by first appearance, and the lead of each."""
    labels = np.full(len(lead_of), -1, dtype=np.intp)
    order: dict[int, int] = {}
    for sample, lead in enumerate(lead_of.tolist()):
        if lead != UNASSIGNED:
            labels[sample] = order.setdefault(lead, len(order))
    return labels, np.array(list(order), dtype=np.intp)

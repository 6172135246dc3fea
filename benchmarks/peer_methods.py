"""Run one peer on one instance, in a process of its own.

    python -m benchmarks.peer_methods METHOD CASE ANSWERS --seconds S

CASE and ANSWERS are pickles written and read by :mod:`benchmarks.peers`. Nothing here imports
liancun_geo: importing OR-tools before highspy in one process breaks highspy.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import pickle
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
Labels = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Piece:
    """One connected part of a zone, in numbers of its own: what a peer is asked at a time."""

    villages: Ints
    edges: Ints
    xy: Floats
    strength: Floats
    zone: Mapping[str, Any]
    at: Ints

    @property
    def n(self) -> int:
        """Number of villages."""
        return len(self.villages)

    def attributes(self, which: str) -> Floats:
        """Return (n, 2) places, or (n, 3) places and strength."""
        return self.xy if which == "xy" else np.column_stack([self.xy, self.strength])


def pieces(case: Mapping[str, Any]) -> Iterator[Piece]:
    """Return every connected part that can hold an alliance at all."""
    for zone in case["zones"]:
        k = len(zone["villages"])
        edges = zone["edges"]
        graph = coo_array((np.ones(len(edges)), (edges[:, 0], edges[:, 1])), shape=(k, k))
        count, part = connected_components(graph, directed=False)
        for number in range(count):
            at = np.flatnonzero(part == number)
            if len(at) < zone["min_size"]:
                continue
            local = np.full(k, -1)
            local[at] = np.arange(len(at))
            yield Piece(
                villages=zone["villages"][at],
                edges=local[edges[part[edges[:, 0]] == number]],
                xy=case["xy"][zone["villages"][at]],
                strength=case["strength"][zone["villages"][at]],
                zone=zone,
                at=at,
            )


def _counts(piece: Piece) -> dict[str, int]:
    """Return sensible numbers of alliances: a peer that wants one is given three to choose from."""
    least, most = piece.zone["n_alliances"]
    if least == most:
        return {"as many as asked": int(least)}
    low, high = piece.zone["min_size"], piece.zone["max_size"]
    sizes = {
        "few": (low + 2 * high) / 3,
        "middling": (low + high) / 2,
        "many": (2 * low + high) / 3,
    }
    return {name: max(1, round(piece.n / size)) for name, size in sizes.items()}


_Method = Callable[[Piece, Any, float], Labels]


def _gal(piece: Piece) -> Any:
    """Return pygeoda's weights: it reads them from a file only."""
    import pygeoda

    neighbours: list[list[int]] = [[] for _ in range(piece.n)]
    for i, j in piece.edges.tolist():
        neighbours[i].append(j)
        neighbours[j].append(i)
    lines = [f"0 {piece.n} piece id"]
    for i, own in enumerate(neighbours):
        lines += [f"{i} {len(own)}", " ".join(map(str, own))]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "piece.gal"
        file.write_text("\n".join(lines) + "\n", encoding="ascii")
        return pygeoda.weights.read_gal(str(file), [str(i) for i in range(piece.n)])


def _geoda_tree(
    piece: Piece, attributes: str, count: str, floor: bool, method: str | None
) -> tuple[float, Labels]:
    import pygeoda

    weights = _gal(piece)
    counts = _counts(piece)
    k = counts.get(count, next(iter(counts.values())))
    data = piece.attributes(attributes).T.tolist()
    bound: dict[str, Any] = {}
    if floor:
        bound = {"bound_variable": [1.0] * piece.n, "min_bound": float(piece.zone["min_size"])}
    start = time.perf_counter()
    if method is None:
        told = pygeoda.skater(k, weights, data, cpu_threads=2, **bound)
    else:
        told = pygeoda.redcap(k, weights, data, method, cpu_threads=2, **bound)
    return time.perf_counter() - start, np.asarray(told["Clusters"], dtype=np.intp)


def _geoda_maxp(piece: Piece, attributes: str, extra: int) -> tuple[float, Labels]:
    import pygeoda

    weights = _gal(piece)
    data = piece.attributes(attributes).T.tolist()
    floor = float(piece.zone["min_size"] + extra)
    start = time.perf_counter()
    told = pygeoda.maxp_greedy(weights, data, [1.0] * piece.n, floor, cpu_threads=2)
    return time.perf_counter() - start, np.asarray(told["Clusters"], dtype=np.intp)


def _libpysal(piece: Piece, attributes: str) -> tuple[Any, Any, list[str]]:
    import geopandas as gpd
    from libpysal.weights import W

    values = piece.attributes(attributes)
    values = (values - values.mean(axis=0)) / np.maximum(values.std(axis=0), 1e-12)
    names = [f"a{column}" for column in range(values.shape[1])]
    frame = gpd.GeoDataFrame(
        dict(zip(names, values.T, strict=True)), geometry=gpd.points_from_xy(*piece.xy.T)
    )
    frame["one"] = 1.0
    neighbours: dict[int, list[int]] = {i: [] for i in range(piece.n)}
    for i, j in piece.edges.tolist():
        neighbours[i].append(j)
        neighbours[j].append(i)
    return frame, W(neighbours, silence_warnings=True), names


def _spopt_maxp(piece: Piece, attributes: str, extra: int) -> tuple[float, Labels]:
    from spopt.region import MaxPHeuristic

    frame, weights, names = _libpysal(piece, attributes)
    np.random.seed(0)  # noqa: NPY002  spopt draws from the global state
    start = time.perf_counter()
    model = MaxPHeuristic(frame, weights, names, "one", piece.zone["min_size"] + extra, top_n=2)
    model.solve()
    return time.perf_counter() - start, np.asarray(model.labels_, dtype=np.intp)


def _spopt_skater(piece: Piece, attributes: str, count: str) -> tuple[float, Labels]:
    from spopt.region import Skater

    frame, weights, names = _libpysal(piece, attributes)
    counts = _counts(piece)
    k = counts.get(count, next(iter(counts.values())))
    start = time.perf_counter()
    model = Skater(frame, weights, names, n_clusters=k, floor=piece.zone["min_size"])
    model.solve()
    return time.perf_counter() - start, np.asarray(model.labels_, dtype=np.intp)


def _cp_sat(piece: Piece, seconds: float) -> tuple[float, Labels]:
    """Solve the direct model: who is led by whom, and a tree from each lead to its members."""
    from benchmarks.cp_sat import solve_piece

    start = time.perf_counter()
    labels = solve_piece(piece, seconds=seconds, workers=2)
    return time.perf_counter() - start, labels


def choices(method: str, share_s: float) -> dict[str, Callable[[Piece], tuple[float, Labels]]]:
    """Return the parameter choices of a peer: the best of them is what counts."""
    both, three = ("xy", "xy+strength"), ("few", "middling", "many")
    if method == "cp_sat":
        return {"direct model": lambda piece: _cp_sat(piece, share_s)}
    if method == "spopt_maxp":
        return {
            f"{a}, floor +{e}": lambda piece, a=a, e=e: _spopt_maxp(piece, a, e)
            for a in both
            for e in (0, 1)
        }
    if method == "spopt_skater":
        return {
            f"{a}, {c}": lambda piece, a=a, c=c: _spopt_skater(piece, a, c)
            for a in both
            for c in three
        }
    if method == "pygeoda_maxp_greedy":
        return {
            f"{a}, floor +{e}": lambda piece, a=a, e=e: _geoda_maxp(piece, a, e)
            for a in both
            for e in (0, 1)
        }
    linkages: dict[str, tuple[str | None, ...]] = {
        "pygeoda_skater": (None,),
        "pygeoda_redcap": ("fullorder-completelinkage", "fullorder-averagelinkage"),
    }
    return {
        f"{a}, {c}, {link or 'tree'}{', floor' if f else ''}": (
            lambda piece, a=a, c=c, f=f, link=link: _geoda_tree(piece, a, c, f, link)
        )
        for link in linkages[method]
        for a in both
        for c in three
        for f in (True, False)
    }


PACKAGE = {"cp_sat": "ortools", "spopt": "spopt", "pygeoda": "pygeoda"}


def main() -> None:
    parser = argparse.ArgumentParser(description="Run one peer on one instance.")
    parser.add_argument("method")
    parser.add_argument("case", type=Path)
    parser.add_argument("answers", type=Path)
    parser.add_argument("--seconds", type=float, default=120.0)
    given = parser.parse_args()
    warnings.filterwarnings("ignore")
    case = pickle.loads(given.case.read_bytes())
    parts = list(pieces(case))
    package = next(p for name, p in PACKAGE.items() if given.method.startswith(name))
    told: dict[str, Any] = {"version": importlib.metadata.version(package), "answers": []}
    given.answers.write_bytes(pickle.dumps(told))
    start = time.perf_counter()
    for choice, ask in choices(given.method, given.seconds / max(1, len(parts))).items():
        answer = _ask_all(case["n"], parts, ask, start + given.seconds * 1.2)
        if answer is None:
            break
        told["answers"].append({"choice": choice, **answer})
        # Written after every choice: if the time runs out, those that are done count.
        given.answers.write_bytes(pickle.dumps(told))


def _ask_all(
    n: int, parts: list[Piece], ask: Callable[[Piece], tuple[float, Labels]], deadline: float
) -> dict[str, Any] | None:
    """Return the labels of all villages, None if the time ran out."""
    labels = np.full(n, -1, dtype=np.intp)
    seconds, failures, first = 0.0, 0, ""
    for part in parts:
        if time.perf_counter() > deadline:
            return None
        try:
            took, own = ask(part)
        except Exception as cause:  # a peer that gives up on a township is judged, not fatal
            took, own = 0.0, np.zeros(part.n, dtype=np.intp)
            failures += 1
            first = first or f"{type(cause).__name__}: {cause}"[:200]
        seconds += took
        placed = own >= 0
        labels[part.villages[placed]] = own[placed] + labels.max() + 1
    return {"labels": labels, "seconds": seconds, "failures": failures, "first_failure": first}


if __name__ == "__main__":
    main()

"""The tables of the contest, in docs/contest.md."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.tables import BEGIN, END, markdown_table

COLUMNS = (
    "instance", "method", "version", "cost", "violations", "bound", "status", "gap_to_best_known",
    "seconds", "choice", "choices", "repaired", "violations_as_drawn", "trouble", "limit_s",
    "cores", "date", "commit",
)  # fmt: skip
"""Of benchmarks/results.csv; docs/benchmark_pack.md tells what they are."""

ENGINE, CP_SAT = "engine", "cp_sat"
NAMES = {
    "engine": "engine",
    "strongest_neighbour": "strongest neighbour",
    "agglomerative": "agglomerative (scikit-learn)",
    "louvain": "Louvain (networkx)",
    "greedy_modularity": "greedy modularity (networkx)",
    "p_median": "p-median",
    "cp_sat": "OR-tools CP-SAT",
    "spopt_maxp": "spopt max-p",
    "spopt_skater": "spopt SKATER",
    "spopt_azp": "spopt AZP",
    "spopt_ward": "spopt Ward",
    "spopt_region_k_means": "spopt region-k-means",
    "pygeoda_skater": "pygeoda SKATER",
    "pygeoda_redcap": "pygeoda REDCAP",
    "pygeoda_maxp_greedy": "pygeoda max-p greedy",
    "gerrychain_recom": "GerryChain ReCom, short bursts",
}

Row = Mapping[str, Any]


def write_markdown(document: Path, rows: Sequence[Row]) -> None:
    """Write the tables between the markers of a document."""
    text = document.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    document.write_text(f"{before}{BEGIN}\n{tables(rows)}{END}{after}", encoding="utf-8")


def tables(rows: Sequence[Row]) -> str:
    """Return the verdict, the table by method, and the table by instance."""
    engine = {row["instance"]: row for row in rows if row["method"] == ENGINE and row["choices"]}
    others = [row for row in rows if row["method"] != ENGINE and row["instance"] in engine]
    one = rows[0]
    lines = [
        f"Taken in one run on {one['date']}, {one['cores']} cores, commit {one['commit']}, "
        f"{one['limit_s']:g} s for each method and instance.",
        "",
        *_verdict(engine, others),
        "",
        "### By method",
        "",
        *_by_method(engine, others),
        "",
        "### By instance",
        "",
        *_by_instance(engine, others),
        "",
        "### Proofs",
        "",
        *_proofs(engine, others),
        "",
        "### What could not finish",
        "",
        *_unfinished(rows),
    ]
    return "\n".join(lines).rstrip() + "\n"


def _feasible(row: Row) -> bool:
    return row["cost"] != "" and row["violations"] == 0


def _excess(row: Row, engine: Mapping[str, Row]) -> float:
    return float(row["cost"]) / float(engine[row["instance"]]["cost"]) - 1.0


def _faster(row: Row, engine: Mapping[str, Row]) -> bool:
    return float(row["seconds"]) < float(engine[row["instance"]]["seconds"])


def _proven(row: Row) -> bool:
    return row["bound"] != "" and row["bound"] == row["cost"]


def _verdict(engine: Mapping[str, Row], others: Sequence[Row]) -> list[str]:
    both = [row for row in others if _feasible(row)]
    beaten = [row for row in both if _excess(row, engine) < 0]
    equal = sum(_excess(row, engine) == 0 for row in both)
    proven = sum(map(_proven, engine.values()))
    quick = sum(_faster(row, engine) for row in both)
    lines = [
        f"- The engine's plan is proven best on {proven} of {len(engine)} instances.",
        f"- In {len(both)} of {len(others)} runs another method has a plan that keeps every rule. "
        f"The engine's cost is no worse in {len(both) - len(beaten)} of these, and equal in "
        f"{equal}.",
        f"- In {quick} of these {len(both)} runs the other method was faster than the engine.",
    ]
    for row in beaten:
        lines.append(
            f"- **Cheaper than the engine**: {NAMES[row['method']]} on `{row['instance']}`, by "
            f"{-_excess(row, engine):.2%}."
        )
    return lines


def _by_method(engine: Mapping[str, Row], others: Sequence[Row]) -> list[str]:
    head = (
        "method", "version", "plans that keep every rule", "as drawn, without repair",
        "least excess", "median excess", "greatest excess", "faster than the engine",
        "median time / engine",
    )  # fmt: skip
    body = []
    for method, title in NAMES.items():
        own = [row for row in others if row["method"] == method]
        if not own:
            continue
        version = next((row["version"] for row in own if row["version"]), "")
        good = [row for row in own if _feasible(row)]
        drawn = sum(row["violations_as_drawn"] == 0 for row in own)
        drew = any(row["violations_as_drawn"] != "" for row in own)
        cells = [title, version, f"{len(good)} of {len(own)}", str(drawn) if drew else ""]
        if good:
            excess = [_excess(row, engine) for row in good]
            cells += [f"{value:.2%}" for value in (min(excess), median(excess), max(excess))]
            cells.append(f"{sum(_faster(row, engine) for row in good)} of {len(good)}")
            ratios = [
                float(row["seconds"]) / float(engine[row["instance"]]["seconds"]) for row in good
            ]
            cells.append(f"{median(ratios):.3g}")
        else:
            cells += ["", "", "", "", next((row["trouble"] for row in own), "")]
        body.append(cells)
    return markdown_table(head, body)


def _by_instance(engine: Mapping[str, Row], others: Sequence[Row]) -> list[str]:
    head = (
        "instance", "engine's cost", "proven", "engine's time", "nearest other", "its excess",
        "its time", "fastest other", "its excess", "its time",
    )  # fmt: skip
    body = []
    for name, row in engine.items():
        cells = [name, f"{row['cost']:,}", "best" if _proven(row) else "no", _seconds(row)]
        good = [other for other in others if other["instance"] == name and _feasible(other)]
        if good:
            nearest = min(good, key=lambda other: (float(other["cost"]), float(other["seconds"])))
            fastest = min(good, key=lambda other: float(other["seconds"]))
            for other in (nearest, fastest):
                cells += [NAMES[other["method"]], f"{_excess(other, engine):.2%}", _seconds(other)]
        else:
            cells += ["none keeps every rule", "", "", "", "", ""]
        body.append(cells)
    return markdown_table(head, body)


def _proofs(engine: Mapping[str, Row], others: Sequence[Row]) -> list[str]:
    """Return the table of those that prove something: the engine and CP-SAT."""
    head = (
        "instance", "engine's cost", "its bound", "gap", "time",
        "CP-SAT's cost", "its bound", "gap", "time", "its bound / engine's",
    )  # fmt: skip
    rivals = {row["instance"]: row for row in others if row["method"] == CP_SAT}
    body = []
    for name, row in engine.items():
        cells = [name, *_proof(row)]
        if (rival := rivals.get(name)) is not None:
            cells += _proof(rival)
            both = row["bound"] != "" and rival["bound"] != ""
            cells.append(f"{rival['bound'] / row['bound']:.2%}" if both else "")
        body.append(cells + [""] * (len(head) - len(cells)))
    return markdown_table(head, body)


def _proof(row: Row) -> list[str]:
    """Return cost, bound, gap and time of a method that proves."""
    bound = "none" if row["bound"] == "" else f"{row['bound']:,}"
    if not _feasible(row):
        return [row["trouble"] or "breaks rules", bound, "", _seconds(row)]
    gap = "" if row["bound"] == "" else f"{1.0 - row['bound'] / row['cost']:.2%}"
    return [f"{row['cost']:,}", bound, "0" if _proven(row) else gap, _seconds(row)]


def _unfinished(rows: Sequence[Row]) -> list[str]:
    """Return who had no answer in time, or gave up, and where."""
    lines = []
    for method, title in NAMES.items():
        told: dict[str, list[str]] = {}
        for row in rows:
            if row["method"] == method and row["trouble"]:
                told.setdefault(row["trouble"], []).append(f"`{row['instance']}`")
        lines += [f"- {title}: {trouble}: {', '.join(names)}." for trouble, names in told.items()]
    return lines or ["Every method had an answer on every instance."]


def _seconds(row: Row) -> str:
    if row["seconds"] == "":
        return ""
    return f"{float(row['seconds']):.3g} s"

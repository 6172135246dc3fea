"""The figures as a table, in the terminal and in docs/benchmarks.md."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"

Figures = Mapping[str, Any]

PEER_NAMES = {
    "pygeoda_skater": "pygeoda SKATER",
    "pygeoda_redcap": "pygeoda REDCAP",
    "pygeoda_maxp_greedy": "pygeoda max-p greedy",
    "spopt_skater": "spopt SKATER",
    "spopt_maxp": "spopt max-p heuristic",
    "cp_sat": "OR-tools CP-SAT",
}


def plain(figures: Figures) -> str:
    """Return some rows as text."""
    lines = []
    for name, row in figures.items():
        cells = row_cells(name, row)
        lines.append(" | ".join(cells))
        extra = "; ".join(_notes(row))
        lines += [f"    {extra}"] if extra else []
        lines += [f"    {' | '.join(peer_cells(name, peer)[1:])}" for peer in row.get("peers", ())]
    return "\n".join(lines)


ROW_HEAD = (
    "row",
    "villages / zones",
    "candidates",
    "proven",
    "gap",
    "time",
    "processor time",
    "memory",
    "violations",
    "target",
    "",
)
PEER_HEAD = (
    "row",
    "peer",
    "best choice",
    "cost / ours",
    "alliances",
    "wrong size",
    "disconnected",
    "other rules",
    "time",
    "time / ours",
)


def row_cells(name: str, row: Mapping[str, Any]) -> list[str]:
    """Return one row of the first table."""
    if "absent" in row:
        return [name, *[""] * 8, row["target"], f"left out: {row['absent']}"]
    proven = f"{row['proven']} of {row['zones']}" if "proven" in row else ""
    if "plans" in row:
        proven = f"{row['plans']} plans, {'complete' if row['complete'] else 'cut off'}"
    return [
        name,
        f"{row['villages']:,} / {row['zones']:,}",
        f"{row['candidates']:,}" if "candidates" in row else "",
        proven,
        _gap(row),
        seconds(row["seconds"]),
        seconds(row["cpu_seconds"]) if "cpu_seconds" in row else "",
        f"{row['peak_mb']:,.0f} MB" if "candidates" in row else "",
        str(row["violations"]) if "violations" in row else "",
        row["target"],
        "" if name == "cold_start" else ("met" if row["met"] else "**not met**"),
    ]


def _gap(row: Mapping[str, Any]) -> str:
    if row.get("unplanned"):
        return f"no plan in {row['unplanned']} zones"
    return f"{100 * row['gap']:.2f} %" if "gap" in row else ""


def peer_cells(name: str, peer: Mapping[str, Any]) -> list[str]:
    """Return one row of the second table."""
    title = PEER_NAMES[peer["peer"]] + (f" {peer['version']}" if "version" in peer else "")
    if "cost" not in peer:
        return [name, title, f"none: {peer['absent']}", "", "", "", "", "", "", ""]
    return [
        name,
        title,
        f"{peer['choice']} (of {peer['choices']})",
        f"{peer['cost_ratio']:.3f}" if "cost_ratio" in peer else "",
        str(peer["alliances"]),
        str(peer["wrong_size"]),
        str(peer["disconnected"]),
        str(peer["no_lead"] + peer["wrong_amount"]),
        seconds(peer["seconds"]),
        f"{peer['time_ratio']:.3g}" if "time_ratio" in peer else "",
    ]


def seconds(value: float) -> str:
    """Return a duration with three figures."""
    return f"{value:.3f} s" if value < 1 else f"{value:.2f} s" if value < 100 else f"{value:.0f} s"


def _notes(row: Mapping[str, Any]) -> list[str]:
    notes = []
    if "slowest_seed_s" in row:
        notes.append(f"slowest of five counties {seconds(row['slowest_seed_s'])}")
    if "known_optimum" in row:
        reached = "reached" if row["known_reached"] else f"not reached: {row['objective']!r}"
        notes.append(f"known optimum {row['known_optimum']} {reached}")
    if row.get("load", 0) >= 1:
        notes.append(f"other work kept {row['load']:.1f} processors busy when it began")
    if "how" in row:
        notes.append(f"by {row['how']}")
    if "complete_within" in row:
        notes.append(f"every plan within {100 * row['complete_within']:.2f} % is listed")
    if row.get("unproven"):
        listed = "; ".join(row["unproven"][:6])
        notes.append(f"not proven ({len(row['unproven'])}): {listed}")
    if row.get("infeasible"):
        notes.append(f"zones proven infeasible: {row['infeasible']}")
    if row.get("left_out"):
        told = ", ".join(f"{count} {rule}" for rule, count in row["left_out"].items())
        notes.append(f"villages left out: {told}")
    if row.get("build_seconds", 0) >= 1:
        notes.append(f"reading and scoring {seconds(row['build_seconds'])}")
    if row.get("slowest_zone") and row.get("zones", 1) > 1:
        notes.append(f"slowest zone {row['slowest_zone']}")
    if row.get("plans_differ"):
        notes.append("**the repeats gave different plans**")
    if "first_solve_empty_cache_s" in row:
        notes.append(
            f"first solve {seconds(row['first_solve_empty_cache_s'])} with an empty numba cache, "
            f"{seconds(row['first_solve_filled_cache_s'])} with a filled one; import "
            f"{seconds(row['import_s'])}"
        )
    return notes


def write_markdown(document: Path, figures: Figures) -> None:
    """Rewrite what stands between the two markers of the document."""
    text = document.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    document.write_text(f"{before}{BEGIN}\n{markdown(figures)}\n{END}{after}", encoding="utf-8")


def markdown(figures: Figures) -> str:
    """Return all rows as Markdown."""
    taken = sorted({_taken(row["machine"]) for row in figures.values()})
    lines = [*(f"{line}  " for line in taken), ""]
    lines += markdown_table(ROW_HEAD, [row_cells(name, row) for name, row in figures.items()])
    notes = [(name, "; ".join(_notes(row))) for name, row in figures.items()]
    lines += ["", *(f"- `{name}`: {note}." for name, note in notes if note), ""]
    peers = [
        peer_cells(name, peer) for name, row in figures.items() for peer in row.get("peers", ())
    ]
    lines += markdown_table(PEER_HEAD, peers) if peers else ["No peer was asked."]
    failures = [
        f"- `{name}`, {PEER_NAMES[peer['peer']]}: gave up on {peer['failures']} pieces, first "
        f"because of {peer['first_failure']}; each is judged as one alliance."
        for name, row in figures.items()
        for peer in row.get("peers", ())
        if peer.get("failures")
    ]
    return "\n".join([*lines, "", *failures]).rstrip() + "\n"


def _taken(machine: Mapping[str, Any]) -> str:
    given = machine["peer_seconds"]
    peers = f"{given:g} s for each peer" if given else "without peers"
    return (
        f"Taken on {machine['date']}, {machine['cores']} cores ({machine['processor']}), Python "
        f"{machine['python']}, commit {machine['commit']}, {peers}."
    )


def markdown_table(head: tuple[str, ...], rows: list[list[str]]) -> list[str]:
    """Return the lines of a table."""
    body = [[cell.replace("|", "\\|") for cell in row] for row in rows]
    return [
        f"| {' | '.join(head)} |",
        f"|{'---|' * len(head)}",
        *(f"| {' | '.join(row)} |" for row in body),
    ]

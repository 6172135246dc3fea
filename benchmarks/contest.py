"""The contest: every method on the same instances, in one run, judged by the same checker.

    python -m benchmarks.contest [--instances GROUP|NAME ...] [--methods NAME ...]
                                 [--seconds S] [--python PYTHON] [--csv FILE] [--markdown]

Groups are ``mixed`` (a few of every size and rule set, what docs/contest.md shows), ``small``,
``middle`` and ``large``. Each method runs in a process of its own, with a time limit for each
instance; what hangs is ended and told. ``--csv`` puts the rows into a results table, in place of
earlier rows of the same instance and method; ``--markdown`` writes the tables into
docs/contest.md. Peers that are not installed are told and left out.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import math
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.contest_run import METHODS
from benchmarks.contest_tables import COLUMNS, write_markdown
from benchmarks.counties import ROOT
from benchmarks.solver import machine
from liancun_geo.research.pack import PackInstance, read_instance, score

FOLDER = ROOT / "benchmarks" / "instances"
DOCUMENT = ROOT / "docs" / "contest.md"
RUNNER = "benchmarks.contest_run"
GROUPS = {"small": (0, 261), "middle": (262, 1000), "large": (1001, 10**6)}
MIXED = (
    "locked-100-1", "partial-100-1", "zone-100-1", "party-261-1", "party-1000-1", "party-3000-1",
)  # fmt: skip
"""Every rule set and every order of size, in what one run of half an hour can hold."""
GRACE_S = 15.0
"""Beyond its time limit, for a call that cannot be interrupted; then the process is ended."""
START_S = 240.0
"""For imports, compiling and the warming up."""

Row = dict[str, Any]


def chosen(asked: Sequence[str]) -> list[Path]:
    """Return the files of groups and names, the smaller counties first."""
    files = {path.name.removesuffix(".json.gz"): path for path in FOLDER.glob("*.json.gz")}
    size = {name: int(name.split("-")[1]) for name in files}
    found = set()
    for word in asked:
        if word == "mixed":
            found |= set(MIXED)
        elif word in GROUPS:
            low, high = GROUPS[word]
            found |= {name for name in files if low <= size[name] <= high}
        elif word in files:
            found.add(word)
        else:
            raise SystemExit(f"no instance {word}; there are {', '.join(sorted(files))}")
    return [files[name] for name in sorted(found, key=lambda name: (size[name], name))]


def run(
    method: str, paths: Sequence[Path], seconds: float, python: str
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield, instance by instance, what a method answered: ``answers``, ``version``, ``trouble``.

    A process that is ended takes only the instance it was at; another goes on with the rest.
    """
    waiting = {path.name.removesuffix(".json.gz"): path for path in paths}
    while waiting:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "answers.jsonl"
            told, trouble, at = _one_process(method, waiting, file, seconds, python)
        for name in [name for name in waiting if name in told and told[name]["done"]]:
            yield name, told[name]
            del waiting[name]
        if trouble:
            # At the start it is the method's trouble, else that of the instance it was at.
            for name in [at] if at in waiting else list(waiting):
                yield name, {"answers": [], "version": "", **told.get(name, {}), "trouble": trouble}
                del waiting[name]


def _one_process(
    method: str, waiting: Mapping[str, Path], file: Path, seconds: float, python: str
) -> tuple[dict[str, dict[str, Any]], str, str]:
    command = [python, "-m", RUNNER, method, str(file), "--seconds", str(seconds)]
    log = file.with_suffix(".log")
    with log.open("w", encoding="utf-8") as errors:
        process = subprocess.Popen(
            [*command, *map(str, waiting.values())], cwd=ROOT, stdout=errors, stderr=errors
        )
    begun, at, trouble = time.monotonic(), "", ""
    while process.poll() is None:
        time.sleep(0.2)
        told, now = _told(file)
        if now != at:
            begun, at = time.monotonic(), now
        limit = seconds * 1.5 + GRACE_S if at else START_S
        if time.monotonic() - begun > limit:
            trouble = f"ended after {limit:.0f} s"
            process.kill()
            process.wait()
    told, at = _told(file)
    if process.returncode and not trouble:
        lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        trouble = lines[-1][:200] if lines else f"ended with code {process.returncode}"
    return told, trouble, at


def _told(file: Path) -> tuple[dict[str, dict[str, Any]], str]:
    """Return what is known of each instance, and the one that was begun last."""
    told: dict[str, dict[str, Any]] = {}
    at = ""
    if file.exists():
        for line in file.read_text(encoding="utf-8").splitlines():
            try:
                one = json.loads(line)
            except ValueError:
                break  # a line that is being written
            if "begun" in one:
                at = one["begun"]
                told[at] = {"answers": [], "version": one["version"], "done": False, "trouble": ""}
            elif "done" in one:
                told[one["done"]]["done"] = True
            else:
                told[one["instance"]]["answers"].append(one)
    return told, at


def judged(instance: PackInstance, method: str, told: Mapping[str, Any]) -> Row:
    """Return the row of a method: its best plan, fewest broken rules first, then least cost."""
    plans = []
    for answer in told["answers"]:
        for how in ("drawn", "repaired"):
            if how in answer:
                plans.append((score(instance, answer[how]), how, answer))
    row: Row = dict.fromkeys(COLUMNS, "")
    row |= {"instance": instance.name, "method": method, "version": told["version"]}
    row |= {"choices": len(told["answers"]), "trouble": told["trouble"]}
    if not plans:
        row["trouble"] = row["trouble"] or "no answer in time"
        return row
    best, how, answer = min(plans, key=lambda plan: (len(plan[0].violations), plan[0].cost))
    drawn = [len(found.violations) for found, which, _ in plans if which == "drawn"]
    row |= {
        "choice": answer["choice"],
        "repaired": how == "repaired",
        "cost": round(best.cost) if math.isfinite(best.cost) else "",
        "violations": len(best.violations),
        "violations_as_drawn": min(drawn, default=""),
        "gap_to_best_known": "" if math.isnan(best.gap) else f"{best.gap:.6f}",
        "seconds": f"{answer['seconds']:.4f}",
    }
    if answer.get("bound") is not None and math.isfinite(answer["bound"]):
        row["bound"] = math.ceil(answer["bound"] - 1e-3)
        proven = not best.violations and row["bound"] == row["cost"]
        row["status"] = "optimal" if proven else "feasible"
        known = instance.file.best
        if known is not None and row["bound"] > known.cost:
            row["trouble"] = row["trouble"] or f"its bound is above {known.cost}, a plan's cost"
    if answer.get("failures"):
        failed = f"gave up on {answer['failures']} townships: {answer['first_failure']}"
        row["trouble"] = row["trouble"] or failed
    return row


def merged(file: Path, rows: Sequence[Row]) -> list[Row]:
    """Return the rows of a results table with these in place of theirs, in order."""
    kept: dict[tuple[str, str], Row] = {}
    if file.exists():
        for row in csv.DictReader(io.StringIO(file.read_text(encoding="utf-8"))):
            kept[row["instance"], row["method"]] = dict(row)
    kept |= {(row["instance"], row["method"]): row for row in rows}
    return [kept[key] for key in sorted(kept)]


def write_csv(file: Path, rows: Sequence[Row]) -> None:
    """Write a results table, whole or not at all."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    beside = file.with_suffix(".part")
    beside.write_text(text.getvalue(), encoding="utf-8")
    beside.replace(file)


def main() -> None:
    parser = argparse.ArgumentParser(description="Every method on the same instances.")
    parser.add_argument("--instances", nargs="+", default=["mixed"], help="groups or names")
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=METHODS)
    parser.add_argument("--seconds", type=float, default=60.0, help="a method, an instance")
    parser.add_argument("--python", default=sys.executable, help="where the peers live")
    parser.add_argument("--csv", type=Path, help="results table to put the rows into")
    parser.add_argument("--markdown", action="store_true", help="rewrite docs/contest.md")
    given = parser.parse_args()
    paths = chosen(given.instances)
    instances = {one.name: one for one in map(read_instance, paths)}
    taken = machine()
    stamp = {"limit_s": given.seconds, "cores": taken["cores"]}
    stamp |= {"date": taken["date"], "commit": taken["commit"]}
    rows: list[Row] = []
    for method in sorted(given.methods, key=METHODS.index):
        for name, told in run(method, paths, given.seconds, given.python):
            row = judged(instances[name], method, told) | stamp
            rows.append(row)
            print(_line(row), flush=True)
            if given.csv is not None:
                write_csv(given.csv, merged(given.csv, rows))
        if given.markdown:
            write_markdown(DOCUMENT, rows)


def _line(row: Row) -> str:
    cost = f"{row['cost']} broken {row['violations']} {row['seconds']} s" if row["choices"] else ""
    return f"{row['instance']:16} {row['method']:22} {cost} {row['trouble']}"


if __name__ == "__main__":
    main()

"""The solver against its peers: ``python -m benchmarks.solver``.

    python -m benchmarks.solver [--only NAME ...] [--json FILE] [--markdown] [--no-peers]
                                [--peer-python PYTHON] [--peer-seconds S]

Every row runs in a process of its own, so that its peak memory is its own, after a warm-up solve,
so that compiled code is loaded; then its peers run on the very same arrays. ``--json`` keeps the
rows of earlier runs that are not run again; ``--markdown`` writes the table of all of them into
docs/benchmarks.md. A missing peer, layer or function is said, and nothing else suffers.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path
from typing import Any

from benchmarks.counties import ROOT
from benchmarks.tables import plain, write_markdown

DOCUMENT = ROOT / "docs" / "benchmarks.md"


def main() -> None:
    from benchmarks.rows import ROWS

    parser = argparse.ArgumentParser(description="Measure the solver against its peers.")
    parser.add_argument("--only", nargs="+", choices=sorted(ROWS), help="only these rows")
    parser.add_argument("--json", type=Path, help="file of the figures; other rows in it are kept")
    parser.add_argument("--markdown", action="store_true", help="rewrite docs/benchmarks.md")
    parser.add_argument("--no-peers", action="store_true", help="the solver alone")
    parser.add_argument("--peer-python", default=sys.executable, help="where the peers live")
    parser.add_argument("--peer-seconds", type=float, default=120.0, help="for each peer, a row")
    parser.add_argument("--row", choices=sorted(ROWS), help=argparse.SUPPRESS)
    parser.add_argument("--answer", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.row:
        _one_row(given)
        return
    figures: dict[str, Any] = {}
    if given.json is not None and given.json.exists():
        figures = json.loads(given.json.read_text(encoding="utf-8"))
    for name in given.only or ROWS:
        figures[name] = _in_a_process(name, given)
        figures = {row: figures[row] for row in ROWS if row in figures}
        print(plain({name: figures[name]}), flush=True)
        if given.json is not None:
            text = json.dumps(figures, indent=1, ensure_ascii=False)
            given.json.write_text(text + "\n", encoding="utf-8")
    if given.markdown:
        write_markdown(DOCUMENT, figures)


def _in_a_process(name: str, given: argparse.Namespace) -> dict[str, Any]:
    from benchmarks.rows import ROWS

    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder) / "answer.json"
        command = [sys.executable, "-m", "benchmarks.solver", "--row", name, "--answer", answer]
        command += ["--peer-python", given.peer_python, "--peer-seconds", given.peer_seconds]
        command += ["--no-peers"] if given.no_peers else []
        done = subprocess.run([*map(str, command)], cwd=ROOT, check=False)
        if answer.exists():
            figures: dict[str, Any] = json.loads(answer.read_text(encoding="utf-8"))
        else:
            figures = {"absent": f"the row ended with code {done.returncode}"}
    taken = {**machine(), "peer_seconds": 0.0 if given.no_peers else given.peer_seconds}
    return {"target": ROWS[name].target, **figures, "machine": taken}


def _one_row(given: argparse.Namespace) -> None:
    from benchmarks.rows import ROWS

    row = ROWS[given.row]
    peers = () if given.no_peers else row.peers
    figures = row.measure(peers, given.peer_python, given.peer_seconds)
    given.answer.write_text(json.dumps(figures), encoding="utf-8")


def machine() -> dict[str, Any]:
    """Return where and on which version the figures were taken."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return {
        "cores": os.cpu_count(),
        "processor": platform.machine(),
        "python": platform.python_version(),
        "commit": os.environ.get("LIANCUN_BENCHMARK_COMMIT") or commit.stdout.strip() or "unknown",
        "date": date.today().isoformat(),
    }


if __name__ == "__main__":
    main()

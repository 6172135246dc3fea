"""Run the fuzzer: ``python -m fuzz --seconds 3600 --seed 1 --workers 1``."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

from fuzz.pool import Child

FAILURES = Path(__file__).parent / "failures"
MOST_KEPT = 3


class Run:
    """What a run has met so far."""

    def __init__(self, failures: Path) -> None:
        self.lock = threading.Lock()
        self.failures = failures
        self.next = 0
        self.met = 0
        self.doors: Counter[str] = Counter()
        self.came: Counter[str] = Counter()
        self.failed: Counter[str] = Counter()
        self.first: dict[str, int] = {}
        self.slowest: tuple[float, int] = (0.0, -1)
        self.largest: tuple[int, int] = (0, -1)

    def take(self) -> int:
        """Return the next number."""
        with self.lock:
            self.next += 1
            return self.next - 1

    def note(self, answer: dict[str, Any]) -> bool:
        """Count an answer and tell whether its failure is to be kept."""
        with self.lock:
            number = answer["number"]
            self.met += 1
            self.doors[answer["door"]] += 1
            self.slowest = max(self.slowest, (answer.get("seconds", 0.0), number))
            self.largest = max(self.largest, (answer.get("peak", 0), number))
            if "failure" not in answer:
                self.came[f"{answer['door']} {answer['came']}"] += 1
                return False
            self.failed[answer["failure"]] += 1
            self.first.setdefault(answer["failure"], number)
            return self.failed[answer["failure"]] <= MOST_KEPT


def keep(child: Child, run: Run, seed: int, answer: dict[str, Any]) -> None:
    """Save a failing input with its traceback, without the mutations it does not need."""
    number, skip = answer["number"], list[int]()
    name = f"{seed}-{number}"
    child.keep_input(run.failures / name)
    quick = not answer["failure"].startswith(("hang", "memory"))
    for step in range(answer["steps"] if quick and answer["steps"] > 1 else 0):
        again = child.meet(number, [*skip, step])
        if again.get("failure") == answer["failure"]:
            skip.append(step)
            child.keep_input(run.failures / name)
    report = {"seed": seed, "without_steps": skip, **answer}
    text = report.pop("traceback", "")
    (run.failures / f"{name}.txt").write_text(
        json.dumps(report, ensure_ascii=False, indent=1) + "\n\n" + text, "utf-8"
    )
    print(f"FAILURE {name}: {answer['failure']}", flush=True)


def work(run: Run, child: Child, args: argparse.Namespace, deadline: float) -> None:
    """Meet numbers until the time is over."""
    try:
        while time.monotonic() < deadline:
            number = args.only if args.only is not None else run.take() + args.start
            answer = child.meet(number)
            if run.note(answer):
                keep(child, run, args.seed, answer)
            if args.only is not None:
                print(json.dumps(answer | {"traceback": None}, ensure_ascii=False))
                print(answer.get("traceback", ""))
                return
    finally:
        child.stop()


def summary(run: Run, seconds: float, seed: int) -> str:
    """Return the figures of a run."""
    lines = [
        f"seed {seed}: {run.met} inputs in {seconds:.0f} s, {sum(run.failed.values())} failures; "
        f"slowest {run.slowest[0]:.1f} s of computing (number {run.slowest[1]}), "
        f"largest {run.largest[0] / 1e6:.0f} MB (number {run.largest[1]})",
    ]
    lines += [f"  {name}: {count}" for name, count in sorted(run.came.items())]
    lines += [
        f"  FAILED {count} times, first {run.first[name]}: {name}"
        for name, count in run.failed.most_common()
    ]
    return "\n".join(lines)


def main() -> int:
    """Run and return 1 if anything failed."""
    parser = argparse.ArgumentParser(prog="fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--start", type=int, default=0, help="first number")
    parser.add_argument("--only", type=int, help="meet this number only")
    parser.add_argument("--failures", type=Path, default=FAILURES)
    args = parser.parse_args()
    print(f"seed {args.seed}", flush=True)
    from fuzz.seeds import build_seeds

    args.failures.mkdir(parents=True, exist_ok=True)
    run = Run(args.failures)
    with tempfile.TemporaryDirectory(prefix="fuzz") as scratch:
        seeds = Path(scratch) / "seeds"
        seeds.mkdir()
        build_seeds(seeds)
        children = [
            Child(seeds, Path(scratch) / f"child{n}", args.seed) for n in range(args.workers)
        ]
        for child in children:
            child.start()
        # To make the sound files and to start takes as long as it takes.
        begun = time.monotonic()
        threads = [
            threading.Thread(target=work, args=(run, child, args, begun + args.seconds))
            for child in children
        ]
        for thread in threads:
            thread.start()
        reported = time.monotonic()
        while any(thread.is_alive() for thread in threads):
            for thread in threads:
                thread.join(1.0)
            if time.monotonic() - reported > 300:
                reported = time.monotonic()
                print(summary(run, reported - begun, args.seed), flush=True)
        print(f"without network: {all(child.isolated for child in children)}")
    print(summary(run, time.monotonic() - begun, args.seed), flush=True)
    return 1 if run.failed else 0


if __name__ == "__main__":
    sys.exit(main())

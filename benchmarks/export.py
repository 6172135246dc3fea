"""How long the meeting pack takes: ``python -m benchmarks.export [--json FILE] [--villages N]``.

Every product that is registered, one after the other as ``write_pack`` writes them, each set of
products in a process of its own: the plan is opened from a stored result, nothing is solved while
the clock runs. The demo county (261 villages) and a made one of 2,811. Wall time and processor
time, the peak memory of the process, the size of the files; work of others on the machine shows
in the wall time.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

from benchmarks.made_county import TOWNSHIPS, write_county
from liancun_geo.output import PRODUCTS, PackOptions, PackProgress, write_pack
from liancun_geo.scenario import Scenario, plan_alliances, read_county
from liancun_geo.settings import read_settings
from liancun_geo.studio.wire import packed, unpacked

LIMITS = {261: (30.0, 2.0), 2811: (240.0, 2.0)}
"""Villages -> seconds and GB that a whole pack may take."""


def planned(folder: Path, villages: int) -> Scenario:
    """Return a plan of the demo county, or of a made one of another size."""
    if villages == 261:
        from liancun_geo.sample import sample_county

        sample = sample_county()
        boundaries, ledger, file = sample.boundaries, sample.ledger, sample.settings
    else:
        boundaries, ledger, file = write_county(folder, villages, TOWNSHIPS[villages])
    settings = read_settings(file)
    county = read_county(boundaries, ledger, settings=settings, folder=file.parent)
    return plan_alliances(county, settings, workers=os.cpu_count() or 1)


def measured(scenario: Scenario, folder: Path, what: list[str] | None) -> dict[str, Any]:
    """Write products and return what they took; memory is the peak of this whole process."""
    begun: dict[str, tuple[float, float]] = {}
    order: list[str] = []

    def tell(state: PackProgress) -> None:
        name = state.product or "end"
        if name not in begun:
            begun[name] = (time.perf_counter(), time.process_time())
            order.append(name)

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter(), time.process_time()
    files = write_pack(scenario, folder, what, PackOptions(maker="县委组织部"), tell)
    wall, processor = time.perf_counter() - start[0], time.process_time() - start[1]
    products = {
        one: {"s": begun[two][0] - begun[one][0], "processor_s": begun[two][1] - begun[one][1]}
        for one, two in pairwise(order)
    }
    return {
        "s": wall,
        "processor_s": processor,
        "peak_gb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6,
        "before_gb": before / 1e6,
        "mb": sum(file.stat().st_size for file in files) / 1e6,
        "files": len(files),
        "products": products,
    }


def in_a_process(plan: Path, folder: Path, what: list[str] | None) -> dict[str, Any]:
    """Return :func:`measured` of a process of its own."""
    command = [sys.executable, "-m", "benchmarks.export", "--child", str(plan), str(folder)]
    done = subprocess.run(
        [*command, ",".join(what or ())], stdout=subprocess.PIPE, text=True, check=True
    )
    return dict(json.loads(done.stdout))


def rows(villages: int, apart: bool) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield what the whole pack took, then, if asked for, each product in its own process."""
    with tempfile.TemporaryDirectory(prefix="liancun-") as name:
        folder = Path(name)
        plan = folder / "plan.pickle"
        plan.write_bytes(packed(planned(folder, villages)))
        yield "pack", in_a_process(plan, folder / "pack", None)
        for product in PRODUCTS if apart else ():
            yield product, in_a_process(plan, folder / product, [product])


def _child(plan: str, folder: str, what: str) -> None:
    # Written by the parent a moment ago.
    scenario = unpacked(Path(plan).read_bytes())
    print(json.dumps(measured(scenario, Path(folder), what.split(",") if what else None)))


def _line(name: str, took: dict[str, Any]) -> str:
    told = f"{name:<14}{took['s']:>8.1f} s {took['processor_s']:>8.1f} s cpu"
    if "peak_gb" in took:
        told += f" {took['peak_gb']:>6.2f} GB {took['mb']:>8.1f} MB"
    return told


def main() -> None:
    """Measure, print, and write the figures as JSON if asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path)
    parser.add_argument("--villages", type=int, action="append", choices=sorted(LIMITS))
    parser.add_argument("--apart", action="store_true", help="each product in its own process, too")
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.child:
        _child(*asked.child)
        return
    figures: dict[str, Any] = {}
    met = True
    for villages in asked.villages or sorted(LIMITS):
        seconds, memory = LIMITS[villages]
        print(f"{villages} villages, limits {seconds:g} s and {memory:g} GB")
        for name, took in rows(villages, asked.apart):
            figures.setdefault(str(villages), {})[name] = took
            print(_line(name, took), flush=True)
            if name == "pack":
                met = met and took["s"] <= seconds and took["peak_gb"] <= memory
                for product, part in took["products"].items():
                    print(f"  {_line(product, part)}")
    if asked.json:
        asked.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    sys.exit(0 if met else 1)


if __name__ == "__main__":
    main()

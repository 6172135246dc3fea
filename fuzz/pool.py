"""Children that are watched: their time, their memory, their death."""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
MOST_CPU_S = 20.0
MOST_WALL_S = 120.0
MOST_BYTES = 2_000_000_000
NUMBERS_OF_CHILD = 400
_TICK = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


class Child:
    """One process that meets inputs; it is started anew after a death and now and then."""

    def __init__(self, seeds: Path, place: Path, seed: int) -> None:
        self.seeds, self.place, self.seed = seeds, place, seed
        self.place.mkdir(parents=True, exist_ok=True)
        self.met = 0
        self.process: subprocess.Popen[str] | None = None
        self.isolated = False

    def start(self) -> None:
        """Start the process and wait until it is ready."""
        self.stop()
        threads = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "NUMBA", "GDAL")}
        self.log = (self.place / "stderr.txt").open("w", encoding="utf-8")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "fuzz.child", str(self.seeds), str(self.place), str(self.seed)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
            cwd=ROOT,
            env=os.environ | threads | {"PYTHONHASHSEED": "0", "PYTHONPATH": str(ROOT)},
        )
        self.met = 0
        answer = self._line(time.monotonic() + 300, None)
        self.isolated = bool(answer and answer.get("ready"))

    def stop(self) -> None:
        """End the process."""
        if self.process is not None:
            with contextlib.suppress(OSError):
                self.process.kill()
            self.process.wait()
            for stream in (self.process.stdin, self.process.stdout):
                if stream is not None:
                    with contextlib.suppress(OSError):
                        stream.close()
            self.log.close()
            self.process = None

    def meet(self, number: int, skip: Sequence[int] = ()) -> dict[str, Any]:
        """Return what an input did, its failure included if it killed the process."""
        if self.process is None or self.met >= NUMBERS_OF_CHILD:
            self.start()
        assert self.process is not None and self.process.stdin is not None
        self.met += 1
        self.log.seek(0)
        self.log.truncate()
        started = self._cpu_s()
        try:
            self.process.stdin.write(json.dumps([number, list(skip)]) + "\n")
            self.process.stdin.flush()
        except OSError:
            self.start()
            return self.meet(number, skip)
        answer = self._line(time.monotonic() + MOST_WALL_S, started)
        peak = self.peak
        if answer is None:
            answer = self._autopsy(number)
        elif peak > MOST_BYTES and "failure" not in answer:
            answer["failure"] = f"memory: {peak / 1e9:.2f} GB"
        answer["peak"] = peak
        return answer

    def keep_input(self, where: Path) -> None:
        """Copy the input met last."""
        shutil.rmtree(where, ignore_errors=True)
        with contextlib.suppress(OSError):
            shutil.copytree(self.place / "input", where)

    def _line(self, deadline: float, started: float | None) -> dict[str, Any] | None:
        assert self.process is not None and self.process.stdout is not None
        self.peak, self.reason = 0, ""
        while True:
            ready, _, _ = select.select([self.process.stdout], [], [], 0.05)
            if ready:
                line = self.process.stdout.readline()
                if not line:
                    self.reason = "died"
                    return None
                answer: dict[str, Any] = json.loads(line)
                return answer
            self.peak = max(self.peak, self._resident())
            if self.peak > MOST_BYTES * 1.5:
                self.reason = f"memory: over {self.peak / 1e9:.1f} GB"
                return None
            if started is not None and self._cpu_s() - started > MOST_CPU_S:
                self.reason = f"hang: over {MOST_CPU_S:.0f} s of computing"
                return None
            if time.monotonic() > deadline:
                self.reason = "hang: waits"
                return None

    def _autopsy(self, number: int) -> dict[str, Any]:
        assert self.process is not None
        if self.reason == "died":
            code = self.process.wait()
            name = signal.Signals(-code).name if code < 0 else str(code)
            self.reason = f"died of {name}"
        else:
            with contextlib.suppress(OSError):
                self.process.send_signal(signal.SIGUSR1)
            time.sleep(1.0)
        told = (self.place / "stderr.txt").read_text("utf-8", "replace")[-8000:]
        ours = [line for line in told.splitlines() if "liancun_geo" in line]
        at = ours[0].strip().rpartition("/")[2] if ours else "?"
        self.stop()
        return {
            "number": number,
            "door": "?",
            "steps": 8,
            "failure": f"{self.reason} at {at}",
            "traceback": told,
        }

    def _resident(self) -> int:
        assert self.process is not None
        with contextlib.suppress(OSError, IndexError):
            return int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]) * _PAGE
        return 0

    def _cpu_s(self) -> float:
        assert self.process is not None
        with contextlib.suppress(OSError, IndexError):
            stat = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
            return (int(stat[11]) + int(stat[12])) / _TICK
        return 0.0

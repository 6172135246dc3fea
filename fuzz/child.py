"""The process that meets the damaged input, so that only it dies of it.

Reads a number a line and answers with one line of JSON on what the input did.
"""

from __future__ import annotations

import contextlib
import ctypes
import faulthandler
import hashlib
import json
import os
import shutil
import signal
import sys
import tempfile
import time
import traceback
import warnings
from pathlib import Path
from typing import Any

CLONE_NEWNET, CLONE_NEWUSER = 0x40000000, 0x10000000


def without_network() -> bool:
    """Enter a namespace without any network, where every attempt is counted."""
    libc = ctypes.CDLL(None, use_errno=True)
    flags = CLONE_NEWNET if os.geteuid() == 0 else CLONE_NEWNET | CLONE_NEWUSER
    return sys.platform == "linux" and libc.unshare(flags) == 0


def sent() -> tuple[str, ...]:
    """Return how many packets and connections were tried in this namespace."""
    wanted = {"Ip": ("OutRequests", "OutNoRoutes"), "Tcp": ("ActiveOpens",)}
    with contextlib.suppress(OSError):
        lines = Path("/proc/net/snmp").read_text().splitlines()
        counts = []
        for head, values in zip(lines[::2], lines[1::2], strict=True):
            topic, _, names = head.partition(": ")
            known = dict(zip(names.split(), values.split()[1:], strict=True))
            counts += [known[name] for name in wanted.get(topic, ())]
        return tuple(counts)
    return ()


class Network:
    """Python's own attempts to look a name up or to connect."""

    def __init__(self) -> None:
        self.tried: list[str] = []
        sys.addaudithook(self._hear)

    def _hear(self, event: str, args: tuple[Any, ...]) -> None:
        if event in ("socket.connect", "socket.getaddrinfo", "socket.sendto", "urllib.Request"):
            self.tried.append(f"{event} {args[-1]!r}")


def state(folder: Path) -> dict[str, str]:
    """Return the digest of every file below a folder."""
    return {
        str(path.relative_to(folder)): (
            hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "folder"
        )
        for path in sorted(folder.rglob("*"))
    }


def signature(cause: BaseException) -> str:
    """Return the exception's type and the innermost line of this project it came through."""
    frames = traceback.extract_tb(cause.__traceback__)
    ours = [f for f in frames if "liancun_geo" in f.filename] or frames
    at = f"{Path(ours[-1].filename).name}:{ours[-1].name}:{ours[-1].line}" if ours else "?"
    return f"{type(cause).__name__} at {at}"


def meet(
    seeds: Path, place: Path, seed: int, number: int, skip: list[int], network: Network
) -> dict[str, Any]:
    """Build an input, bring it to its door, and look at what it left behind."""
    from fuzz.cases import build
    from fuzz.doors import enter

    folder, out, temporary, here = (place / n for n in ("input", "out", "tmp", "cwd"))
    for one in (folder, out, temporary, here):
        shutil.rmtree(one, ignore_errors=True)
        one.mkdir()
    os.environ["TMPDIR"] = str(temporary)
    tempfile.tempdir = str(temporary)
    os.chdir(here)
    case, steps = build(seeds, folder, seed, number, skip)
    before, packets, started = state(folder), sent(), time.process_time()
    answer: dict[str, Any] = {"number": number, "door": case.door, "steps": steps.count}
    network.tried.clear()
    print("entering", file=sys.__stderr__, flush=True)
    try:
        answer["came"] = enter(case, seeds, out)
    except BaseException as cause:
        answer["failure"] = signature(cause)
        answer["traceback"] = traceback.format_exc()[-6000:]
    answer["seconds"] = time.process_time() - started
    after = state(folder)
    if "failure" not in answer:
        changed = sorted(set(before.items()) ^ set(after.items()))
        if changed:
            answer["failure"] = f"changed beside the input: {sorted({c[0] for c in changed})}"
        elif left := [*temporary.iterdir(), *here.iterdir()]:
            answer["failure"] = f"left behind: {[path.name for path in left]}"
        elif network.tried or sent() != packets:
            answer["failure"] = f"network: {network.tried} {packets} -> {sent()}"
    return answer


def main() -> None:
    """Answer numbers until the input ends."""
    seeds, place, seed = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    # What libraries print must not stand among the answers.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    faulthandler.enable()
    faulthandler.register(signal.SIGUSR1)
    isolated = without_network()
    warnings.simplefilter("ignore")
    network = Network()
    import fuzz.doors  # noqa: F401  its imports are not to count as time of the first answer

    print(json.dumps({"ready": isolated}), file=answers, flush=True)
    for line in sys.stdin:
        number, skip = json.loads(line)
        try:
            answer = meet(seeds, place, seed, number, skip, network)
        except BaseException as cause:
            answer = {
                "number": number, "door": "harness", "steps": 0,
                "failure": "HARNESS " + signature(cause), "traceback": traceback.format_exc(),
            }  # fmt: skip
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()

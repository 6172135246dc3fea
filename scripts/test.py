"""The test command: lint, types, floors, tests. Run ``python -m scripts.test``.

Arguments go to pytest, for example ``python -m scripts.test -k solve``.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CHECKS = (
    ("ruff", "check", "."),
    ("ruff", "format", "--check", "."),
    ("mypy",),
    ("lint-imports",),
    ("pytest", "-n", "2", "--dist", "worksteal"),
)


def main() -> int:
    """Run every check, also after one has failed, and return how many failed."""
    failed = []
    for tool, *arguments in CHECKS:
        extra = sys.argv[1:] if tool == "pytest" else []
        print(f"== {tool} {' '.join([*arguments, *extra])}", flush=True)
        command = [str(Path(sys.executable).with_name(tool)), *arguments, *extra]
        if subprocess.run(command, cwd=ROOT, check=False).returncode != 0:
            failed.append(tool)
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return len(failed)


if __name__ == "__main__":
    sys.exit(main())

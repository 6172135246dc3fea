"""Show what is found in cases, as the catalogue writes it."""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from pathlib import Path

from faulty import cases  # noqa: F401  registers them
from faulty.build import CASES, build
from faulty.catalogue import examined, listed


def main() -> None:
    verbose = "-v" in sys.argv
    names = [name for name in sys.argv[1:] if name != "-v"] or list(CASES)
    with tempfile.TemporaryDirectory() as folder:
        usual: Counter[str] = Counter()
        for name in ["clean", *names]:
            place = Path(folder) / name
            place.mkdir(exist_ok=True)
            found, _ = examined(build(name, place))
            lines = listed(found, usual=usual)
            if name == "clean":
                usual = Counter(lines)
            print(f"[{name}]\nplan = {str(found.ok).lower()}\nfindings = [")
            print("".join(f'    "{line}",\n' for line in lines) + "]")
            for finding in found.findings if verbose else ():
                print(f"# {finding.severity} {finding.fault.text()}")
                for fix in finding.fault.fixes:
                    print(f"#    -> {fix.text()}  {fix.model_dump(exclude_none=True)}")


if __name__ == "__main__":
    main()

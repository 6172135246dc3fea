"""Make the fictional county of data/boundaries/demo_county.

Run ``python scripts/make_demo_county.py``. The geometry and the attributes depend on the seed
alone; the bytes of the files also depend on the versions of GDAL and openpyxl.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from demo_county.checksums import BOUNDARIES, write_checksums
from demo_county.county import build_demo_county
from demo_county.delivery import deliver


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--into", type=Path, default=BOUNDARIES / "demo_county")
    folder = parser.parse_args().into
    county = build_demo_county()
    deliver(county, folder)
    if folder == BOUNDARIES / "demo_county":
        write_checksums()
    print(
        f"{len(county.villages)} villages, {county.villages['township_code'].nunique()} townships"
    )
    print(f"cut off by the river: {county.cut_off}; owner of the exclave: {county.exclave_owner}")


if __name__ == "__main__":
    main()

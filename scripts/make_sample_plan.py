"""Make the sample county's plan that the app shows to a first visitor without solving anything.

Run from the checkout after any change of the sample, of its settings, of the rules or of the
solver: ``python -m scripts.make_sample_plan``. A plan that is still current is left alone.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from liancun_geo.project import Inputs, saved_result
from liancun_geo.project.inputs import base_settings, read_inputs
from liancun_geo.scenario import plan_alliances
from liancun_geo.solve.warm import warm_up

TARGET = Path(__file__).parents[1] / "liancun_geo" / "studio" / "sample_plan.json"
_CHANGING = ("checksum", "liancun_geo", "seconds")


def solved() -> dict[str, Any]:
    """Return the plan with its proof, solved now."""
    settings = base_settings(Inputs())
    return saved_result(plan_alliances(read_inputs(Inputs(), settings), settings))


def essence(document: dict[str, Any]) -> dict[str, Any]:
    """Return what does not depend on the machine, the time it took or the version."""
    zones = [{k: v for k, v in zone.items() if k not in _CHANGING} for zone in document["zones"]]
    kept = {name: value for name, value in document.items() if name not in _CHANGING}
    return {**kept, "zones": zones}


def main() -> None:
    """Write the plan."""
    # The time it took goes into the file: without that of the compiler.
    warm_up()
    document = solved()
    if TARGET.is_file() and essence(json.loads(TARGET.read_text("utf-8"))) == essence(document):
        print(f"{TARGET} is current")
        return
    text = json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    TARGET.write_text(text + "\n", encoding="utf-8")
    print(f"{TARGET}: {len(text):,} bytes")


if __name__ == "__main__":
    main()

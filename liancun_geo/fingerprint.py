"""What tells whether a plan was made from these data and these settings."""

from __future__ import annotations

import hashlib
import json

from liancun_geo.settings import Settings
from liancun_geo.villages import VillageTable


def fingerprint(villages: VillageTable, settings: Settings) -> str:
    """Return a SHA-256 that changes when the data or any setting that shapes the plan changes.

    Data read from files count by the files' own checksums, other data by geometry and values.
    """
    shaping = settings.model_dump(mode="json", exclude={"solver": {"workers"}, "types": True})
    if not settings.contiguity.drawn_barriers:
        # Plans made before barriers could be drawn are still plans of these settings.
        del shaping["contiguity"]["drawn_barriers"]
    digest = hashlib.sha256(json.dumps(shaping, sort_keys=True, ensure_ascii=True).encode())
    for source in sorted(villages.sources, key=lambda s: (s.role, s.sha256)):
        digest.update(f"{source.role} {source.sha256} {source.layer}".encode())
    if not villages.sources:
        for shape in villages.frame.geometry.to_wkb():
            digest.update(shape or b"")
        table = villages.frame.drop(columns=villages.frame.geometry.name)
        digest.update(table.to_json(orient="split", default_handler=str).encode())
        digest.update(repr(villages.places).encode())
    return digest.hexdigest()

"""A county's borders, places and names as a browser takes them: small, and plain texts only."""

from __future__ import annotations

import base64
import unicodedata
from collections.abc import Iterable
from typing import Any

import numpy as np

from liancun_geo.naming import alliance_name
from liancun_geo.output.picture.arcs import DEGREES_PER_STEP, encoded
from liancun_geo.output.picture.borders import MapGeometry
from liancun_geo.output.picture.colours import PALETTE


def packed_county(geometry: MapGeometry, weak: Iterable[int] = ()) -> dict[str, Any]:
    """Return what ``county.js`` makes a county of.

    Parameters
    ----------
    geometry
        Of the county.
    weak
        Positions of the weak villages.
    """
    places = np.rint(geometry.points / DEGREES_PER_STEP).astype(np.int64)
    names = [one_line(name) for name in geometry.names]
    return {
        "step": DEGREES_PER_STEP,
        "n": geometry.n,
        "names": names,
        "alliance_names": [one_line(alliance_name(name)) for name in names],
        "townships": [one_line(name) for name in geometry.townships],
        "township_of": geometry.township_of.tolist(),
        "points": encoded(places),
        "radii_m": np.rint(geometry.radii_m).astype(int).tolist(),
        "arcs": " ".join(encoded(line) for line in geometry.arcs.lines),
        "sides": (geometry.arcs.sides + 1).ravel().tolist(),
        "rings": [[list(ring) for ring in rings] for rings in geometry.arcs.rings],
        "barriers": [encoded(line) for line in geometry.barriers],
        "links": [encoded(line) for line in geometry.links],
        "weak": bits(weak, geometry.n),
        "palette": list(PALETTE),
    }


def bits(positions: Iterable[int], n: int) -> str:
    """Return a set of positions as base64, eight villages a byte; empty for none."""
    flags = np.zeros(n, dtype=bool)
    flags[np.fromiter(positions, dtype=np.intp)] = True
    packed = np.packbits(flags, bitorder="little").tobytes()
    return base64.b64encode(packed).decode() if flags.any() else ""


def one_line(text: str) -> str:
    """Return a name without what could turn the line about or break it."""
    seen = "".join(
        " " if unicodedata.category(one) in {"Cc", "Cf", "Cs", "Zl", "Zp"} else one for one in text
    )
    return " ".join(seen.split())

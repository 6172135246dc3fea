"""How fast one travels on a road, by what its layer calls it.

Administrative classes and route numbers (G, S, X, Y, C) follow GB/T 917-2017, the classes of
OpenStreetMap the Chinese tagging guidelines of its wiki (trunk for national roads down to
unclassified for village roads). Speeds are averages for planning, not limits: a planner may
change every one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from types import MappingProxyType

DEFAULT_SPEEDS_KM_H: Mapping[str, float] = MappingProxyType(
    {
        "高速": 100.0,
        "国道": 60.0,
        "省道": 50.0,
        "县道": 40.0,
        "乡道": 30.0,
        "村道": 20.0,
        "快速路": 60.0,
        "主干": 40.0,
        "次干": 30.0,
        "支路": 20.0,
        "一级": 60.0,
        "二级": 50.0,
        "三级": 40.0,
        "四级": 30.0,
        "等外": 20.0,
        "motorway": 100.0,
        "motorway_link": 60.0,
        "trunk": 60.0,
        "trunk_link": 40.0,
        "primary": 50.0,
        "primary_link": 40.0,
        "secondary": 40.0,
        "secondary_link": 30.0,
        "tertiary": 30.0,
        "tertiary_link": 20.0,
        "unclassified": 20.0,
        "residential": 20.0,
        "living_street": 10.0,
        "service": 15.0,
        "track": 15.0,
        "path": 5.0,
        "footway": 5.0,
        "pedestrian": 5.0,
        "bridleway": 5.0,
        "cycleway": 5.0,
        "steps": 5.0,
        "construction": 0.0,
        "proposed": 0.0,
    }
)
"""Class -> km/h; 0 is a road nobody travels on (yet)."""

WITHOUT_ACCESS = frozenset({"高速", "motorway", "motorway_link"})
"""Classes that a village beside the road cannot enter."""

_LETTERS = {"g": "国道", "s": "省道", "x": "县道", "y": "乡道", "c": "村道"}
_ROUTE = re.compile(r"([gsxyc])(\d*)")


def class_name(text: object) -> str:
    """Return a class as it is compared: NFKC, no blanks around it, small letters."""
    return unicodedata.normalize("NFKC", str(text)).strip().lower()


def known_class(text: object, table: Mapping[str, float] = DEFAULT_SPEEDS_KM_H) -> str | None:
    """Return the entry of a speed table that a class of a road layer means.

    In this order: the class itself; a route number (``G205`` a national road, ``G15`` and
    ``G1511`` expressways, ``C`` alone a village road; GB/T 917-2017); the longest Chinese entry
    it contains (县道公路: 县道); the part before the first ``_`` (``track_grade1``: track).

    Parameters
    ----------
    text
        As it stands in the layer.
    table
        Its names in small letters, see :func:`class_name`.

    Returns
    -------
    str or None
        A name of ``table``; None for a class it does not know.
    """
    name = class_name(text)
    if name in table:
        return name
    route = _ROUTE.fullmatch(name)
    if route is not None:
        letter, digits = route.groups()
        express = letter in "gs" and len(digits) in (1, 2, 4)
        meant = "高速" if express else _LETTERS[letter]
        return meant if meant in table else None
    contained = [known for known in table if not known.isascii() and known in name]
    if contained:
        return max(contained, key=len)
    head = name.partition("_")[0]
    return head if head in table else None

"""How an alliance is called: after its lead village."""

from __future__ import annotations

_SUFFIXES = (
    "村民委员会",
    "居民委员会",
    "社区居委会",
    "村委会",
    "居委会",
    "社区",
    "村",
)


def alliance_name(lead_village: str) -> str:
    """Return the name of the alliance led by a village: 西泉村 leads 西泉片区.

    A name of which fewer than two characters would be left keeps its ending (东村片区).
    """
    for suffix in _SUFFIXES:
        short = lead_village.removesuffix(suffix)
        if short != lead_village and len(short) >= 2:
            return f"{short}片区"
    return f"{lead_village}片区"

"""The icons of the design as masks of the style sheet: 24 px, strokes of 1.7 px."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import quote

ICONS: Mapping[str, str] = MappingProxyType(
    {
        "data": "M4 6c0-1.7 3.6-3 8-3s8 1.3 8 3-3.6 3-8 3-8-1.3-8-3zM4 6v12c0 1.7 3.6 3 8 3s8-1.3 "
        "8-3V6M4 12c0 1.7 3.6 3 8 3s8-1.3 8-3",
        "villages": "M3 11.5 9 6l6 5.5M5 10v9h8v-9M15 13l3-2.7 3 2.7V19h-8M8 19v-4h2v4",
        "rules": "M4 7h9M17 7h3M4 17h3M11 17h9M15 7m-2 0a2 2 0 1 0 4 0a2 2 0 1 0-4 0"
        "M9 17m-2 0a2 2 0 1 0 4 0a2 2 0 1 0-4 0",
        "plans": "M3 5h5v14H3zM9.5 5h5v14h-5zM16 5h5v14h-5z",
        "adjust": "M12 3v18M3 12h18M12 3l-3 3M12 3l3 3M12 21l-3-3M12 21l3-3M3 12l3-3M3 12l3 3"
        "M21 12l-3-3M21 12l-3 3",
        "compare": "M8 4v16M8 4 4 8M8 4l4 4M16 20V4M16 20l-4-4M16 20l4-4",
        "export": "M12 15V4M12 4 8 8M12 4l4 4M5 13v6h14v-6",
        "help": "M9 9a3 3 0 1 1 4.5 2.6c-1 .6-1.5 1.2-1.5 2.4M12 17v.4"
        "M12 2.8a9.2 9.2 0 1 0 0 18.4 9.2 9.2 0 0 0 0-18.4z",
        "check": "M5 12.5l4.5 4.5L19 7",
        "left": "M15 5l-7 7 7 7",
        "right": "M9 5l7 7-7 7",
    }
)
"""Name -> path."""


def mask(name: str) -> str:
    """Return an icon as the value of ``mask-image``: it takes the colour behind the mask."""
    return image(name, "#000", 1.7)


def image(name: str, colour: str, width: float) -> str:
    """Return an icon as the value of ``background-image``."""
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" '
        f'stroke="{colour}" stroke-width="{width:g}" stroke-linecap="round" '
        f'stroke-linejoin="round"><path d="{ICONS[name]}"/></svg>'
    )
    return as_url(svg)


def as_url(svg: str) -> str:
    """Return a picture as a value of the style sheet."""
    return f'url("data:image/svg+xml,{quote(svg)}")'

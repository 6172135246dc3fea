"""The signs of the map and what they mean."""

from __future__ import annotations

from liancun_geo.output.picture.markup import Element, add, new
from liancun_geo.output.picture.symbols import star
from liancun_geo.studio.words import Words


def legend(words: Words) -> Element:
    """Return the strip below the map: every sign with its meaning."""
    strip = new("footer")
    for kind in ("lead", "member", "unplaced", "alliance", "township", "barrier"):
        entry = add(strip, "span", class_="entry")
        sign = add(entry, "svg", class_=f"sign {kind}", viewBox="0 0 18 12", aria_hidden="true")
        if kind == "lead":
            add(sign, "path", d=star(9, 6.4, 6))
        elif kind == "member":
            add(sign, "circle", cx=9, cy=6, r=2.4)
        elif kind == "unplaced":
            add(sign, "rect", x=1, y=1, width=16, height=10)
        else:
            add(sign, "path", d="M0,6H18")
        add(entry, "span", words(f"legend_{kind}"))
    add(strip, "span", words("disclaimer"), class_="disclaimer")
    return strip

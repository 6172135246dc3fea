"""Signs of the map."""

from __future__ import annotations

import math


def star(x: float, y: float, radius: float) -> str:
    """Return the ``d`` of a five-pointed star."""
    points = []
    for corner in range(10):
        reach = radius if corner % 2 == 0 else 0.42 * radius
        angle = math.pi * (corner / 5 - 0.5)
        points.append(f"{x + reach * math.cos(angle):.2f},{y + reach * math.sin(angle):.2f}")
    return "M" + "L".join(points) + "Z"


def triangle(x: float, y: float, radius: float) -> str:
    """Return the ``d`` of a triangle on its tip: a weak village."""
    left, top = x - radius, y - 0.7 * radius
    return f"M{left:.2f},{top:.2f}h{2 * radius:.2f}l{-radius:.2f},{1.6 * radius:.2f}Z"

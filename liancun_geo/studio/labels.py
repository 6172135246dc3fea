"""Which names fit on the map, and where."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field

import numpy as np
import shapely

_TRIES = 24


@dataclass
class Labels:
    """Names placed so far; a name that would cover another is left out.

    Parameters
    ----------
    view
        Left, top, width and height of what is shown, in drawing units.
    """

    view: tuple[float, float, float, float]
    _taken: list[tuple[float, float, float, float]] = field(default_factory=list)

    def block(self, x: float, y: float, radius: float) -> None:
        """Keep names off a symbol."""
        self._taken.append((x - radius, y - radius, x + radius, y + radius))

    def place(
        self, text: str, x: float, y: float, size: float, gap: float
    ) -> tuple[float, float] | None:
        """Return the middle of the name's base line, None if there is no room.

        Parameters
        ----------
        text
            The name.
        x, y
            The point it belongs to.
        size
            Height of the type.
        gap
            Distance from the point.

        Notes
        -----
        Tried in turn: below, above, right, left.
        """
        wide = width(text) * size
        aside = gap + wide / 2
        middles = [(0.0, gap + size / 2), (0.0, -gap - size / 2), (aside, 0.0), (-aside, 0.0)]
        for dx, dy in middles:
            box = (
                x + dx - wide / 2,
                y + dy - size / 2,
                x + dx + wide / 2,
                y + dy + size / 2,
            )
            if self._is_free(box):
                self._taken.append(box)
                return x + dx, y + dy + 0.36 * size
        return None

    def place_inside(
        self, text: str, shape: shapely.Polygon | shapely.MultiPolygon, size: float, spacing: float
    ) -> tuple[float, float] | None:
        """Return the middle of the base line of a name that fits into a shape, else None.

        Parameters
        ----------
        text
            The name.
        shape
            The polygon it belongs to.
        size
            Height of the type.
        spacing
            Between letters, in heights of the type.
        """
        wide = (width(text) + spacing * len(text)) * size
        left, top, right, bottom = shape.bounds
        if shape.is_empty or right - left < wide:
            return None
        x, y = (
            axis.ravel()
            for axis in np.meshgrid(
                np.linspace(left + wide / 2, right - wide / 2, _TRIES),
                np.linspace(top + size / 2, bottom - size / 2, _TRIES),
            )
        )
        boxes = shapely.box(x - wide / 2, y - size / 2, x + wide / 2, y + size / 2)
        fits = np.flatnonzero(shapely.covers(shape, boxes))
        centre = shape.centroid
        for place in fits[
            np.argsort(np.hypot(x[fits] - centre.x, y[fits] - centre.y), kind="stable")
        ]:
            left, top, right, bottom = (float(edge) for edge in boxes[place].bounds)
            box = (left, top, right, bottom)
            if self._is_free(box):
                self._taken.append(box)
                return float(x[place]), float(y[place] + 0.36 * size)
        return None

    def _is_free(self, box: tuple[float, float, float, float]) -> bool:
        left, top, wide, high = self.view
        inside = box[0] >= left and box[1] >= top and box[2] <= left + wide and box[3] <= top + high
        return inside and all(
            box[2] <= other[0] or box[0] >= other[2] or box[3] <= other[1] or box[1] >= other[3]
            for other in self._taken
        )


def width(text: str) -> float:
    """Return the width of a text in heights of its type: a Chinese character is square."""
    return sum(1.0 if unicodedata.east_asian_width(char) in "WF" else 0.56 for char in text)

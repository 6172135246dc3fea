"""Which names fit on the map, and where."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field

import numpy as np
import shapely

_TRIES = 24

Box = tuple[float, float, float, float]


@dataclass
class Labels:
    """Names placed so far; a name that would cover another is left out.

    Parameters
    ----------
    view
        Left, top, width and height of what is shown, in drawing units.
    """

    view: Box
    _taken: list[Box] = field(default_factory=list)

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
        edges = np.column_stack((x - wide / 2, y - size / 2, x + wide / 2, y + size / 2))
        free = np.asarray(shapely.covers(shape, shapely.box(*edges.T)))
        if self._taken:
            taken = np.array(self._taken)[:, None, :]
            apart = (edges[:, :2] >= taken[..., 2:]) | (edges[:, 2:] <= taken[..., :2])
            free &= apart.any(axis=2).all(axis=0)
        free &= np.array([self._is_inside(_box(box)) for box in edges])
        if not free.any():
            return None
        centre = shape.centroid
        far = np.where(free, np.hypot(x - centre.x, y - centre.y), np.inf)
        best = int(np.argmin(far))
        self._taken.append(_box(edges[best]))
        return float(x[best]), float(y[best] + 0.36 * size)

    def _is_free(self, box: Box) -> bool:
        return self._is_inside(box) and all(
            box[2] <= other[0] or box[0] >= other[2] or box[3] <= other[1] or box[1] >= other[3]
            for other in self._taken
        )

    def _is_inside(self, box: Box) -> bool:
        left, top, wide, high = self.view
        return box[0] >= left and box[1] >= top and box[2] <= left + wide and box[3] <= top + high


def _box(edges: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> Box:
    left, top, right, bottom = edges.tolist()
    return left, top, right, bottom


def width(text: str) -> float:
    """Return the width of a text in heights of its type: a Chinese character is square."""
    return sum(1.0 if unicodedata.east_asian_width(char) in "WF" else 0.56 for char in text)

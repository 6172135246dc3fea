"""Which piece of land a map shows, at which scale, and where its furniture stands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.affinity import affine_transform

_FINE = (1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.8, 2.0, 2.2, 2.5, 2.8)
_COARSE = (3.0, 3.5, 4.0, 4.5, 5.0, 5.5, 6.0, 6.5, 7.0, 7.5, 8.0, 9.0)
LADDER: Final = (*_FINE, *_COARSE)
"""Leading figures of the scales a map is drawn at."""

_STEPS = 9
_SMALLEST, _LARGEST = 500.0, 1e9
_CORNERS = ("left low", "right high", "right low", "left high")
_HELD_FREE_MM = 2.5

Box = tuple[float, float, float, float]
"""Left, top, right, bottom in millimetres of the map, y down."""


@dataclass(frozen=True, slots=True)
class Window:
    """A map's piece of land on its piece of paper.

    Attributes
    ----------
    width_mm, height_mm
        Of the map.
    denominator
        Of the scale: 55,000 at 1 : 55,000.
    left_m, top_m
        Corner of the map on the ground.
    furniture
        Box of each piece: ``scale``, ``north`` and, where there is one, ``inset``.
    """

    width_mm: float
    height_mm: float
    denominator: float
    left_m: float
    top_m: float
    furniture: dict[str, Box]

    @property
    def metres_per_mm(self) -> float:
        """Ground under a millimetre of paper."""
        return self.denominator / 1000.0

    @property
    def bounds_m(self) -> Box:
        """Least x, least y, greatest x, greatest y on the ground."""
        wide, high = self.width_mm * self.metres_per_mm, self.height_mm * self.metres_per_mm
        return self.left_m, self.top_m - high, self.left_m + wide, self.top_m

    def drawn(self, shapes: Any) -> NDArray[Any]:
        """Return shapes of the ground in millimetres of the map, y down."""
        metres, left, top = self.metres_per_mm, self.left_m, self.top_m
        placed: NDArray[Any] = shapely.transform(
            np.asarray(shapes, dtype=object),
            lambda xy: np.column_stack((xy[:, 0] - left, top - xy[:, 1])) / metres,
        )
        return placed


def fit(
    subject: Any,
    bounds_m: Sequence[float],
    width_mm: float,
    height_mm: float,
    sizes: dict[str, tuple[float, float]],
    *,
    margin_mm: float,
) -> Window:
    """Return the largest scale of the ladder at which the subject and the furniture fit.

    Parameters
    ----------
    subject
        What no furniture should cover; polygon in metres, roughly.
    bounds_m
        What must be shown whole: least x, least y, greatest x, greatest y.
    width_mm, height_mm
        Of the map.
    sizes
        Width and height of each piece of furniture in millimetres, by name.
    margin_mm
        Kept free around the subject.

    Notes
    -----
    The subject is moved aside within its frame, and drawn up to eight steps of the ladder
    smaller, so that no piece covers it. Where even that does not help, the way that covers
    least is taken.
    """
    left, low, right, high = bounds_m
    room = max(width_mm - 2 * margin_mm, 1.0), max(height_mm - 2 * margin_mm, 1.0)
    least = 1000.0 * max((right - left) / room[0], (high - low) / room[1])
    best: tuple[float, Window] | None = None
    for denominator in _from(least):
        metres = denominator / 1000.0
        slack = room[0] - (right - left) / metres, room[1] - (high - low) / metres
        # Shapes in millimetres, the subject's upper left corner at the origin.
        turned = [1 / metres, 0, 0, -1 / metres, -left / metres, high / metres]
        shape = affine_transform(subject, turned)
        shape = shapely.buffer(shapely.simplify(shape, 0.3), _HELD_FREE_MM, quad_segs=2)
        shapely.prepare(shape)
        for across, down in ((0.5, 0.5), (0, 0.5), (1, 0.5), (0.5, 0), (0.5, 1), (0, 0), (1, 0)):
            x, y = margin_mm + across * slack[0], margin_mm + down * slack[1]
            covered, furniture = _furnished(shape, x, y, width_mm, height_mm, sizes)
            if best is None or covered < best[0] - 1e-6:
                window = Window(
                    width_mm,
                    height_mm,
                    denominator,
                    left - x * metres,
                    high + y * metres,
                    furniture,
                )
                best = covered, window
            if covered == 0.0:
                return best[1]
    assert best is not None
    return best[1]


def _from(least: float) -> Iterator[float]:
    """Return the steps of the ladder from the first that is no larger than asked."""
    least = min(max(least, _SMALLEST), _LARGEST)
    power = 10.0 ** np.floor(np.log10(least))
    steps = [float(power * 10.0**more * step) for more in (0, 1, 2) for step in LADDER]
    yield from [step for step in steps if step >= least * (1 - 1e-9)][:_STEPS]


def _furnished(
    shape: Any,
    x: float,
    y: float,
    width_mm: float,
    height_mm: float,
    sizes: dict[str, tuple[float, float]],
) -> tuple[float, dict[str, Box]]:
    """Return how much the furniture covers in the best corners, and its boxes."""
    names = list(sizes)
    covers: dict[tuple[str, str], tuple[float, Box]] = {}
    for name in names:
        for corner in _CORNERS:
            box = _at(corner, sizes[name], width_mm, height_mm)
            ground = shapely.box(box[0] - x, box[1] - y, box[2] - x, box[3] - y)
            area = shapely.area(shapely.intersection(shape, ground))
            covers[name, corner] = float(area), box
    # Permutations come in the order of the corners, so the usual places win where all are free.
    best = min(
        permutations(_CORNERS, len(names)),
        key=lambda corners: sum(covers[key][0] for key in zip(names, corners, strict=True)),
    )
    chosen = {name: covers[name, corner] for name, corner in zip(names, best, strict=True)}
    return sum(one[0] for one in chosen.values()), {name: one[1] for name, one in chosen.items()}


def _at(corner: str, size: tuple[float, float], width_mm: float, height_mm: float) -> Box:
    gap = 0.015 * width_mm
    wide, high = size
    left = gap if "left" in corner else width_mm - gap - wide
    top = gap if "high" in corner else height_mm - gap - high
    return left, top, left + wide, top + high

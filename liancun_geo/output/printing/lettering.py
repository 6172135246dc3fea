"""Names on a printed map: none covers another, and none is lost."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import numpy as np
import shapely
from numpy.typing import NDArray

from liancun_geo.output.printing.window import Box

Kind = Literal["lead", "member", "unplaced", "township", "around"]

_WIDE: Final = frozenset("mwMW@%—…")
_NARROW: Final = frozenset("ijlI.,:;'|!()[] ")
_LONGEST: Final = 16.0
_AIR: Final = 0.12
"""Space kept around a name, in heights of its type."""
_DIRECTIONS: Final = 32
_RINGS: Final = 60


@dataclass(frozen=True, eq=False)
class Name:
    """A name that wants a place.

    Attributes
    ----------
    text
        On one line, shortened if it is very long.
    kind
        What it names.
    x, y
        The point it belongs to, millimetres.
    size
        Height of its type, millimetres.
    gap
        From the point to the name, millimetres.
    home
        The area it should stay in.
    spacing
        Between its letters, in heights of its type.
    """

    text: str
    kind: Kind
    x: float
    y: float
    size: float
    gap: float
    home: Any
    spacing: float = 0.0

    @property
    def width(self) -> float:
        """Width of the name in millimetres."""
        return (text_width(self.text) + self.spacing * len(self.text)) * self.size


@dataclass(frozen=True, eq=False)
class Placed:
    """A name in its place.

    Attributes
    ----------
    name
        What it is.
    x, y
        Middle of its base line, millimetres.
    box
        What it covers.
    leader
        Line from the point to the name where it stands apart: x, y, x, y; else None.
    """

    name: Name
    x: float
    y: float
    box: Box
    leader: Box | None = None


def text_width(text: str) -> float:
    """Return the width of a text in heights of its type, rather too much than too little."""
    return sum(map(_char_width, text))


def _char_width(char: str) -> float:
    if unicodedata.east_asian_width(char) in "WFA":
        return 1.0
    if unicodedata.combining(char):
        return 0.0
    if char in _WIDE:
        return 0.98
    if char in _NARROW:
        return 0.34
    return 0.7 if char.isupper() else 0.6


def shortened(text: str, longest: float = _LONGEST) -> str:
    """Return a name that is no wider than so many heights of its type, cut with an ellipsis."""
    if text_width(text) <= longest:
        return text
    kept = ""
    for char in text:
        if text_width(kept + char) > longest - 1:
            break
        kept += char
    return kept + "…"


@dataclass
class Lettering:
    """A sheet that fills with names.

    Parameters
    ----------
    view
        What may be written on, millimetres.
    """

    view: Box
    placed: list[Placed] = field(default_factory=list)
    _taken: list[Box] = field(default_factory=list)
    _leaders: list[Any] = field(default_factory=list)

    def block(self, box: Box) -> None:
        """Keep names off a sign or a piece of furniture."""
        self._taken.append(box)

    @property
    def taken(self) -> tuple[Box, ...]:
        """Everything that is kept off: signs, furniture and the names placed so far."""
        return tuple(self._taken)

    def start_again(self, taken: tuple[Box, ...]) -> None:
        """Take all names away and keep off no more than was taken then."""
        self._taken[:] = taken
        self.placed.clear()
        self._leaders.clear()

    def place_all(self, names: Sequence[Name]) -> list[Name]:
        """Place names at their points, in the given order, and return those that found no room.

        A place is the better, the earlier it comes in the usual order (above, below, beside)
        and the less of it lies outside the home of the name.
        """
        return [name for name in names if not self._place(name)]

    def place_inside(self, name: Name, *, whole: bool = True, every: int = 24) -> bool:
        """Place a name anywhere in its home, as near to the point as there is room.

        Parameters
        ----------
        name
            Where it belongs is its home rather than its point.
        whole
            Keep it wholly inside; else two thirds are enough.
        every
            Places tried across and down.
        """
        if name.home.is_empty:
            return False
        wide, high = name.width / 2, name.size / 2
        left, top, right, bottom = shapely.bounds(name.home)
        if whole and (right - left < 2 * wide or bottom - top < 2 * high):
            return False
        if not whole:
            left, right = left - wide / 2, right + wide / 2
        x, y = (
            axis.ravel()
            for axis in np.meshgrid(
                np.linspace(left + wide, right - wide, every),
                np.linspace(top + high, bottom - high, every),
            )
        )
        boxes = _boxes(x, y, wide, high, _AIR * name.size)
        free = self._free(boxes)
        outside = 1 - _share_inside(boxes, name.home)
        free &= outside < (1e-9 if whole else 0.34)
        if not free.any():
            return False
        far = np.hypot(x - name.x, y - name.y) + 8 * wide * outside
        far = np.where(free, far, np.inf)
        best = int(np.argmin(far))
        self._take(name, float(x[best]), float(y[best]), boxes[best])
        return True

    def lead_out(self, name: Name, keep_off: Any) -> bool:
        """Place a name in free space, with a line to its point.

        Parameters
        ----------
        name
            What found no room at its point.
        keep_off
            Area that is better left to others.
        """
        wide, high, air = name.width / 2, name.size / 2, _AIR * name.size
        reach = name.size * (1.2 + 0.7 * np.arange(_RINGS))
        angles = np.linspace(0, 2 * math.pi, _DIRECTIONS, endpoint=False)
        distance, angle = (axis.ravel() for axis in np.meshgrid(reach, angles, indexing="ij"))
        # Out of the point to the near edge of the box, wherever it lies.
        x = name.x + np.cos(angle) * (distance + wide)
        y = name.y + np.sin(angle) * (distance + high)
        boxes = _boxes(x, y, wide, high, air)
        near = np.column_stack(
            (
                np.clip(name.x, boxes[:, 0], boxes[:, 2]),
                np.clip(name.y, boxes[:, 1], boxes[:, 3]),
            )
        )
        length = np.hypot(near[:, 0] - name.x, near[:, 1] - name.y)
        free = np.flatnonzero(self._free(boxes) & (length > 0.6 * name.size))
        if not len(free):
            return False
        areas = shapely.box(*boxes[free].T)
        covered = _share_inside(boxes[free], keep_off)
        lines = shapely.linestrings([[(name.x, name.y), tuple(end)] for end in near[free].tolist()])
        # A line over a name is worse than a long way round.
        taken = shapely.STRtree(shapely.box(*np.array(self._taken).reshape(-1, 4).T))
        crossing = np.bincount(
            taken.query(lines, predicate="intersects")[0], minlength=len(lines)
        ).astype(float)
        for line in self._leaders:
            crossing += 3 * shapely.intersects(lines, line)
        for other in self._leaders:
            crossing += 3 * shapely.intersects(areas, other)
        cost = length[free] / name.size + 4 * covered + 6 * crossing
        best = int(np.argmin(cost))
        at = int(free[best])
        end = near[at].tolist()
        self._leaders.append(lines[best])
        leader = (name.x, name.y, float(end[0]), float(end[1]))
        self._take(name, float(x[at]), float(y[at]), boxes[at], leader)
        return True

    def _place(self, name: Name) -> bool:
        wide, high = name.width / 2, name.size / 2
        dx, dy, rank = _around(name, wide, high)
        x, y = name.x + dx, name.y + dy
        boxes = _boxes(x, y, wide, high, _AIR * name.size)
        free = np.flatnonzero(self._free(boxes))
        if not len(free):
            return False
        cost = rank[free] + 1.5 * (1 - _share_inside(boxes[free], name.home))
        best = int(free[np.argmin(cost)])
        self._take(name, float(x[best]), float(y[best]), boxes[best])
        return True

    def _take(
        self,
        name: Name,
        x: float,
        y: float,
        box: NDArray[np.float64],
        leader: Box | None = None,
    ) -> None:
        left, top, right, bottom = box.tolist()
        covers = left, top, right, bottom
        self._taken.append(covers)
        self.placed.append(Placed(name, x, y + 0.36 * name.size, covers, leader))

    def _free(self, boxes: NDArray[np.float64]) -> NDArray[np.bool_]:
        left, top, right, bottom = self.view
        free: NDArray[np.bool_] = (
            (boxes[:, 0] >= left)
            & (boxes[:, 1] >= top)
            & (boxes[:, 2] <= right)
            & (boxes[:, 3] <= bottom)
        )
        taken = np.array(self._taken).reshape(-1, 4)
        low, high = boxes.min(axis=0), boxes.max(axis=0)
        near = (taken[:, :2] < high[2:]).all(axis=1) & (taken[:, 2:] > low[:2]).all(axis=1)
        for left, top, right, bottom in taken[near].tolist():
            free &= (
                (boxes[:, 0] >= right)
                | (boxes[:, 2] <= left)
                | (boxes[:, 1] >= bottom)
                | (boxes[:, 3] <= top)
            )
        return free


def _around(
    name: Name, wide: float, high: float
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return the places around a point: shift to the middle of the name, and their rank."""
    up, down, aside = -name.gap - high, name.gap + high, name.gap + wide
    first, second = (down, up) if name.kind == "lead" else (up, down)
    places = [
        (0.0, first, 0.0),
        (0.0, second, 0.15),
        (aside, 0.0, 0.3),
        (-aside, 0.0, 0.3),
        *((share * wide, first, 0.2 + 0.2 * abs(share)) for share in (-0.5, 0.5, -0.95, 0.95)),
        *((share * wide, second, 0.3 + 0.2 * abs(share)) for share in (-0.5, 0.5, -0.95, 0.95)),
        *((side * aside, lift * high, 0.45) for side in (1, -1) for lift in (-0.8, 0.8)),
    ]
    dx, dy, rank = np.array(places).T
    return dx, dy, rank


def _share_inside(boxes: NDArray[np.float64], home: Any) -> NDArray[np.float64]:
    """Return (k,) how much of each box lies inside a shape, told by fifteen of its points."""
    shapely.prepare(home)
    across, down = (axis.ravel() for axis in np.meshgrid(np.linspace(0, 1, 5), (0.0, 0.5, 1.0)))
    x = boxes[:, :1] + (boxes[:, 2:3] - boxes[:, :1]) * across
    y = boxes[:, 1:2] + (boxes[:, 3:4] - boxes[:, 1:2]) * down
    inside: NDArray[np.float64] = shapely.contains_xy(home, x, y).mean(axis=1)
    return inside


def _boxes(
    x: NDArray[np.float64], y: NDArray[np.float64], wide: float, high: float, air: float
) -> NDArray[np.float64]:
    """Return (k, 4) boxes around middles, with air around the type."""
    return np.column_stack((x - wide - air, y - high, x + wide + air, y + high))

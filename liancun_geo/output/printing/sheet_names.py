"""The names of one sheet: which there are, how large, and where they find room."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from liancun_geo.output.picture.scene import middles
from liancun_geo.output.printing.chart import Chart, Shapes
from liancun_geo.output.printing.lettering import Kind, Lettering, Name, Placed, shortened
from liancun_geo.output.printing.paper import PX
from liancun_geo.output.printing.window import Box, Window

_SHRINK = (1.0, 0.92, 0.84, 0.77, 0.7, 0.64, 0.58, 0.5, 0.43, 0.36)
_GOOD = 0.06
"""Share of names that may stand apart before smaller type is tried."""
_READABLE = 0.55
"""Type is not made smaller than this for the sake of fewer leader lines."""
_MOST_LEAD_NAMES = 90
_TOWNSHIP_PX = (21, 18, 15, 12.5)
_MOST_SMALLER = 0.15
_MOST_WITHOUT = 0.25
"""Share of leads without a name on the map of the county, past which none is named."""


@dataclass(frozen=True, eq=False)
class SheetNames:
    """The names of one sheet, tried at smaller and smaller type."""

    chart: Chart
    window: Window
    zone: int | None
    villages: NDArray[np.intp]
    shapes: Shapes
    points: NDArray[np.float64]
    subject: NDArray[np.bool_]
    townships: dict[int, Any]
    ours: Any

    def lettered(self, scale: float) -> tuple[tuple[Placed, ...], float]:
        """Return all names in their places, and the size of type that let them."""
        best: tuple[int, Lettering, float] | None = None
        for shrink in _SHRINK:
            size = scale * shrink
            lettering, apart, lost = self._tried(size)
            if lost:
                continue
            if best is None or apart < best[0]:
                best = apart, lettering, size
            names = int(self.subject.sum()) if self.zone is not None else len(self.townships)
            allowed = max(1.0, _GOOD * names)
            if apart <= allowed or shrink <= _READABLE:
                break
        if best is None:
            best = apart, lettering, size
        self._around(best[1], scale)
        return tuple(best[1].placed), best[2]

    def _tried(self, size: float) -> tuple[Lettering, int, int]:
        """Return the sheet at a size of type, how many names stand apart, how many are lost."""
        window = self.window
        lettering = Lettering((1.0, 1.0, window.width_mm - 1.0, window.height_mm - 1.0))
        for box in window.furniture.values():
            lettering.block(box)
        for at in np.flatnonzero(self.subject).tolist():
            sign = self._sign(at, size)
            if sign is not None:
                lettering.block(sign)
        if self.zone is None:
            without = self._townships(lettering, size)
        else:
            without = lettering.place_all(self._names(size))
        lost = sum(not lettering.lead_out(name, self.ours) for name in without)
        if self.zone is None:
            self._leads(lettering, size)
        return lettering, len(without), lost

    def _sign(self, at: int, size: float) -> Box | None:
        village = int(self.villages[at])
        number = int(self.chart.alliance_of[village])
        leads = number >= 0 and self.chart.scenario.alliances[number].lead == village
        if self.zone is None and not leads:
            return None
        if self.zone is None:
            radius = star_radius(self.chart, self.window, size)
        else:
            radius = sign_radius(leads, bool(self.chart.weak[village]), size)
        x, y = self.points[at]
        return x - radius, y - radius, x + radius, y + radius

    def _names(self, size: float) -> list[Name]:
        """Return the names of the villages, leads first, then those with the least room."""
        chart, names = self.chart, []
        for at in np.flatnonzero(self.subject).tolist():
            village = int(self.villages[at])
            number = int(chart.alliance_of[village])
            leads = number >= 0 and chart.scenario.alliances[number].lead == village
            kind: Kind = "lead" if leads else "member" if number >= 0 else "unplaced"
            type_mm = (18 if leads else 15) * PX * size
            radius = sign_radius(leads, bool(chart.weak[village]), size)
            names.append(
                Name(
                    shortened(chart.names[village]),
                    kind,
                    float(self.points[at, 0]),
                    float(self.points[at, 1]),
                    type_mm,
                    radius + 0.1 * type_mm,
                    self.shapes[at],
                )
            )
        order = {"lead": 0, "member": 1, "unplaced": 1}
        return sorted(names, key=lambda name: (order[name.kind], shapely.area(name.home)))

    def _townships(self, lettering: Lettering, size: float) -> list[Name]:
        """Name the townships of the county, and return those whose names found no room.

        In the largest type that nearly all have room for; the others are set smaller.
        """
        signs = lettering.taken
        without: list[Name] = []
        for start, pixels in enumerate(_TOWNSHIP_PX):
            lettering.start_again(signs)
            without, smaller = [], 0
            for name in self._township_names(size):
                sizes = [replace(name, size=one * PX * size) for one in _TOWNSHIP_PX[start:]]
                if lettering.place_inside(sizes[0]):
                    continue
                smaller += 1
                if not any(map(lettering.place_inside, sizes[1:])) and not any(
                    lettering.place_inside(one, whole=False) for one in sizes
                ):
                    without.append(sizes[-1])
            if smaller <= _MOST_SMALLER * len(self.townships) or pixels == _TOWNSHIP_PX[-1]:
                break
        return without

    def _township_names(self, size: float) -> list[Name]:
        """Return the names of all townships, the smallest first: they have the least choice."""
        names = []
        for zone, outline in sorted(
            self.townships.items(), key=lambda item: (shapely.area(item[1]), item[0])
        ):
            home = max(shapely.get_parts(outline), key=shapely.area)
            home = shapely.simplify(home, 0.3)
            x, y = middles(np.array([home], dtype=object))[0].tolist()
            text = shortened(self.chart.zones[zone].name)
            names.append(Name(text, "township", x, y, PX * size, 0.0, home, 0.12))
        return names

    def _leads(self, lettering: Lettering, size: float) -> None:
        """Name the leads of the county, if they are few enough and nearly all find room."""
        chart, names = self.chart, []
        alliances = chart.scenario.alliances
        if len(alliances) > _MOST_LEAD_NAMES:
            return
        place = {int(village): at for at, village in enumerate(self.villages)}
        for alliance in alliances:
            at = place[alliance.lead]
            text = shortened(chart.names[alliance.lead], 10)
            x, y = self.points[at].tolist()
            radius = star_radius(chart, self.window, size)
            gap = radius + 0.5 * PX
            names.append(Name(text, "lead", x, y, 12 * PX * size, gap, self.shapes[at]))
        before = lettering.placed.copy()
        if len(lettering.place_all(names)) > _MOST_WITHOUT * len(names):
            lettering.placed[:] = before

    def _around(self, lettering: Lettering, scale: float) -> None:
        """Name the townships around, where there is room."""
        if self.zone is None:
            return
        view = shapely.box(*lettering.view)
        for zone, outline in sorted(self.townships.items()):
            if zone == self.zone:
                continue
            home = shapely.intersection(shapely.difference(outline, self.ours), view)
            home = max(shapely.get_parts(home), key=shapely.area, default=home)
            if home.is_empty or home.geom_type != "Polygon":
                continue
            middle = middles(np.array([home], dtype=object))[0]
            text = shortened(self.chart.zones[zone].name)
            x, y = float(middle[0]), float(middle[1])
            for size in (15, 12):
                name = Name(text, "around", x, y, size * PX * scale, 0.0, home, 0.2)
                if lettering.place_inside(name):
                    break


def sign_radius(leads: bool, weak: bool, scale: float) -> float:
    """Return the radius of a village's sign in millimetres."""
    return (9.0 if leads else 5.0 if weak else 1.8) * PX * scale


def star_radius(chart: Chart, window: Window, scale: float) -> float:
    """Return the radius of a lead's star on the map of the county, millimetres.

    The smaller, the less room an alliance has: 6.5 px of the design at 16 mm across, never less
    than half of that.
    """
    ground = float(np.sum(shapely.area(chart.outlines))) / window.metres_per_mm**2
    across = (ground / max(len(chart.scenario.alliances), 1)) ** 0.5
    return float(6.5 * PX * scale * min(max(across / (16.0 * scale), 0.5), 1.0))

"""What is drawn: areas in metres, their names and zones, and the plan on them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Self

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from liancun_geo.colours import assign_colours
from liancun_geo.errors import DataError, error
from liancun_geo.messages import Listing
from liancun_geo.plan import UNASSIGNED, Plan
from liancun_geo.sample import is_sample
from liancun_geo.scenario import Scenario


@dataclass(frozen=True, eq=False)
class Ground:
    """The places of a map, in the order of the caller's table.

    Attributes
    ----------
    areas
        (n,) polygons; in metres wherever the table has a CRS.
    metric
        Whether lengths are metres: then there is a scale bar.
    names, zones
        (n,) of each place.
    zoned
        Whether zones were given at all.
    lead_of
        (n,) position of the lead of each place, -1 if left out; None: no plan is drawn.
    sample
        Whether the data is the fictional sample county.
    """

    areas: gpd.GeoSeries
    metric: bool
    names: list[str]
    zones: list[Any]
    zoned: bool
    lead_of: NDArray[np.intp] | None
    sample: bool

    @classmethod
    def of(
        cls,
        where: Any,
        plan: Plan | ArrayLike | None = None,
        *,
        names: str | None = None,
        zones: str | None = None,
    ) -> Self:
        """Return what a scenario or a table of areas has to show.

        Raises
        ------
        DataError
            If it is neither, lacks a column, or the plan has another length.
        """
        if isinstance(where, Scenario):
            frame, sample = (
                where.villages.frame,
                is_sample((source.path, source.sha256) for source in where.villages.sources),
            )
            names, zones = names or "name", zones or "township"
            plan = where.plan if plan is None else plan
        elif isinstance(where, gpd.GeoDataFrame):
            frame, sample = where, False
        elif isinstance(where, gpd.GeoSeries):
            frame, sample = where.to_frame("geometry").set_geometry("geometry"), False
        else:
            raise DataError([error("figures.areas")])
        missing = [one for one in (names, zones) if one is not None and one not in frame.columns]
        if missing:
            columns = Listing(str(column) for column in frame.columns)
            raise DataError(
                [error("figures.no_column", column=c, columns=columns) for c in missing]
            )
        areas, metric = in_metres(frame.geometry)
        told = None
        if plan is not None:
            told = per_place(plan.lead_of if isinstance(plan, Plan) else plan, len(frame), np.intp)
        return cls(
            areas=areas,
            metric=metric,
            names=[str(name) for name in frame[names]] if names else [""] * len(frame),
            zones=frame[zones].tolist() if zones else [0] * len(frame),
            zoned=zones is not None,
            lead_of=told,
            sample=sample,
        )

    def under(self, plan: Plan | ArrayLike | None) -> Self:
        """Return the same places under another plan."""
        if plan is None:
            return self
        given = plan.lead_of if isinstance(plan, Plan) else plan
        return replace(self, lead_of=per_place(given, len(self.names), np.intp))

    @property
    def leads(self) -> list[int]:
        """Return positions of the leads, ascending."""
        if self.lead_of is None:
            return []
        return [int(lead) for lead in np.unique(self.lead_of[self.lead_of != UNASSIGNED])]

    def colours(self) -> dict[int, int]:
        """Return lead -> place in the palette; alliances that touch are never alike."""
        if self.lead_of is None:
            return {}
        number = {lead: at for at, lead in enumerate(self.leads)}
        first, second = touching(self.areas)
        pairs = {
            (min(a, b), max(a, b))
            for a, b in zip(
                self.lead_of[first].tolist(), self.lead_of[second].tolist(), strict=True
            )
            if a != b and UNASSIGNED not in (a, b)
        }
        told = assign_colours(
            [(number[a], number[b]) for a, b in sorted(pairs)],
            [self.zones[lead] for lead in self.leads],
        )
        return dict(zip(self.leads, told, strict=True))

    def middles(self) -> NDArray[np.float64]:
        """Return (n, 2) points inside the areas."""
        return np.asarray(
            shapely.get_coordinates(shapely.point_on_surface(self.areas.to_numpy())),
            dtype=np.float64,
        )

    def outlines(self, of: list[Any]) -> gpd.GeoSeries:
        """Return the borders of the unions of the areas of each group, empty names left out."""
        groups: dict[Any, list[int]] = {}
        for place, group in enumerate(of):
            if group is not None:
                groups.setdefault(group, []).append(place)
        shapes = self.areas.to_numpy()
        whole = [shapely.union_all(shapes[group]) for group in groups.values()]
        return gpd.GeoSeries(whole, crs=self.areas.crs).boundary

    def alliance_outlines(self) -> gpd.GeoSeries:
        """Return the border of every alliance."""
        led = [] if self.lead_of is None else self.lead_of.tolist()
        return self.outlines([None if lead == UNASSIGNED else lead for lead in led])


def in_metres(areas: gpd.GeoSeries) -> tuple[gpd.GeoSeries, bool]:
    """Return areas as they can be drawn, and whether their lengths are metres."""
    areas = areas.reset_index(drop=True)
    if areas.crs is None:
        return areas, False
    if areas.crs.is_geographic:
        # To be looked at, not measured: any projection without distortion at this place will do.
        areas = areas.to_crs(areas.estimate_utm_crs())
    return areas, areas.crs.axis_info[0].unit_name == "metre"


def per_place(values: ArrayLike, n: int, kind: type) -> NDArray[Any]:
    """Return one value a place.

    Raises
    ------
    DataError
        If there are more or fewer.
    """
    given: NDArray[Any] = np.asarray(values, dtype=kind)
    if given.shape != (n,):
        raise DataError([error("figures.lengths", places=n, values=given.size)])
    return given


def touching(areas: gpd.GeoSeries) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return pairs of areas that an eye sees side by side."""
    shapes = shapely.make_valid(areas.to_numpy())
    west, south, east, north = areas.total_bounds
    near = max(east - west, north - south) / 2_000.0
    first, second = shapely.STRtree(shapes).query(shapes, predicate="dwithin", distance=near)
    apart = first < second
    return first[apart], second[apart]

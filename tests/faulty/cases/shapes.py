"""Geometry: gaps, overlaps, slivers, exclaves, polygons that are none."""

from __future__ import annotations

import struct

from shapely import affinity
from shapely.geometry import MultiPolygon, Polygon, box
from shapely.ops import unary_union

from faulty.build import case
from faulty.county import SIDE_M, SOUTH_M, WEST_M, County, Inputs


def spot(column: float, row: float) -> tuple[float, float]:
    """Return the metres of a place counted in sides from the south-west corner."""
    return WEST_M + SIDE_M * column, SOUTH_M + SIDE_M * row


def block(column: float, row: float, width_m: float, height_m: float) -> Polygon:
    x, y = spot(column, row)
    return box(x, y, x + width_m, y + height_m)


def cut(county: County, position: int, hole: Polygon) -> None:
    county.shapes[position] = county.shapes[position].difference(hole)


@case
def gap(county: County) -> None:
    """An enclosed lake of 300 m by 200 m between three villages."""
    lake = block(1.35, 0.9, 300, 200)
    for position in (1, 4, 5):
        cut(county, position, lake)


@case
def gap_narrow(county: County) -> None:
    """Two villages 1 m apart along their border: within the tolerance."""
    cut(county, 1, block(1, 0, 1, 1000))


@case
def gap_wide(county: County) -> None:
    """Two villages 8 m apart along their border: beyond the tolerance."""
    cut(county, 1, block(1, 0, 8, 1000))


@case
def gap_like_a_village(county: County) -> None:
    """A village that nobody drew."""
    kept = [n for n in range(12) if n != 5]
    for name in ("codes", "names", "township_codes", "townships", "shapes", "rows"):
        values = getattr(county, name)
        setattr(county, name, [values[n] for n in kept])


@case
def overlap(county: County) -> None:
    """One village drawn 60 m into another."""
    county.shapes[0] = county.shapes[0].union(block(1, 0.2, 60, 500))


@case
def overlap_narrow(county: County) -> None:
    county.shapes[0] = county.shapes[0].union(block(1, 0.2, 1, 500))


@case
def sliver(county: County) -> None:
    """A village whose shape is what was left of cutting: 0.6 m wide."""
    county.shapes[11] = block(3, 2, 0.6, 1000)


@case
def part_sliver(county: County) -> None:
    rest = block(2.1, 3.0, 300, 0.4)
    county.shapes[8] = MultiPolygon([county.shapes[8], rest])


@case
def tiny_part(county: County) -> None:
    speck = block(2.4, 3.05, 3, 3)
    county.shapes[8] = MultiPolygon([county.shapes[8], speck])


@case
def exclave(county: County) -> None:
    """A part of a village beyond the next one, outside all others."""
    county.shapes[0] = MultiPolygon([county.shapes[0], block(0.5, -0.8, 400, 300)])


@case
def exclave_inside(county: County) -> None:
    """A part of a village in the middle of another, which leaves room for it."""
    part = block(2.3, 0.3, 300, 300)
    cut(county, 2, part)
    county.shapes[0] = MultiPolygon([county.shapes[0], part])


@case
def inside_without_room(county: County) -> None:
    county.shapes[3] = block(2.3, 0.3, 300, 300)


@case
def bow_tie(county: County) -> None:
    a, b, c, d = spot(0, 0), spot(1, 0), spot(1, 1), spot(0, 1)
    county.shapes[0] = Polygon([a, b, d, c])


@case
def hole_outside(county: County) -> Inputs:
    """A ring drawn as a hole lies far outside: it is read as a part of the village."""
    village, lone = county.shapes[0], block(-2, -2, 50, 50)
    county.shapes[0] = Polygon(village.exterior, [lone.exterior])
    inputs = county.inputs()
    inputs.drawn[county.codes[0]] = MultiPolygon([village, lone])
    return inputs


@case
def spike(county: County) -> None:
    ring = list(county.shapes[0].exterior.coords)[:-1]
    at = ring.index(spot(0, 0))
    x, y = spot(0, 0)
    county.shapes[0] = Polygon([*ring[: at + 1], (x - 90, y - 90), (x, y), *ring[at + 1 :]])


@case
def duplicate_polygon(county: County) -> None:
    county.shapes[7] = county.shapes[6]


@case
def village_in_two_features(county: County) -> None:
    """A village drawn in two halves with its code and name twice: one village."""
    west, east = block(3, 2, 500, 1000), block(3.5, 2, 500, 1000)
    county.shapes[11] = west
    county.shapes.append(east)
    for values in (county.codes, county.names, county.township_codes, county.townships):
        values.append(values[11])


@case
def beside_another_township(county: County) -> None:
    """A village 700 m off its township, bordering on another one only."""
    county.shapes[11] = affinity.translate(county.shapes[11], 700, 0)


@case
def touching_nothing(county: County) -> None:
    county.shapes[11] = affinity.translate(county.shapes[11], 2500, 0)


@case
def far_from_everything(county: County) -> None:
    county.shapes[11] = affinity.translate(county.shapes[11], 150_000, 0)


@case
def touching_in_a_point(county: County) -> None:
    county.shapes[11] = affinity.translate(county.shapes[11], 1000, 1000)
    county.shapes[10] = unary_union([county.shapes[10], block(3, 2, 1000, 1000)])


@case
def all_apart(county: County) -> None:
    """Every village was shrunk by 3 m: no two touch."""
    county.shapes = [shape.buffer(-3, join_style="mitre") for shape in county.shapes]


@case
def shape_missing(county: County) -> None:
    county.shapes[4] = None


@case
def shape_empty(county: County) -> Inputs:
    county.shapes[4] = Polygon()
    path = county.gpkg()
    county.shapes[4] = None
    return Inputs(path, county.workbook())


@case
def shape_without_area(county: County) -> None:
    x, y = spot(0, 1)
    county.shapes[4] = Polygon([(x, y), (x + 500, y), (x + 900, y), (x, y)])


@case
def nan_coordinates(county: County) -> Inputs:
    path = county.shapefile()
    raw = bytearray(path.read_bytes())
    # Third vertex of the first record: header, record header, type, box, counts, part.
    at = 100 + 8 + 4 + 32 + 8 + 4 + 2 * 16
    raw[at : at + 8] = struct.pack("<d", float("nan"))
    path.write_bytes(bytes(raw))
    return Inputs(path, county.workbook())


@case
def infinite_coordinates(county: County) -> Inputs:
    path = county.shapefile()
    raw = bytearray(path.read_bytes())
    at = 100 + 8 + 4 + 32 + 8 + 4 + 2 * 16
    raw[at : at + 8] = struct.pack("<d", float("inf"))
    path.write_bytes(bytes(raw))
    return Inputs(path, county.workbook())

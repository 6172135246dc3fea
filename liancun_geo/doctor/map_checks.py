"""Checks of the map: how borders fit, who is whose neighbour, whether everything is in place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import pyproj
from shapely.geometry.base import BaseGeometry

from liancun_geo.contiguity import build_contiguity
from liancun_geo.doctor.layers import as_frame, side_layer, township_shapes
from liancun_geo.doctor.noticed import Examined, Noticed, flaws_noticed
from liancun_geo.doctor.places import County
from liancun_geo.doctor.readings import compare_readings
from liancun_geo.errors import DataError, Fault, SettingsError, Where
from liancun_geo.intake.places import read_places
from liancun_geo.intake.reading import Reading
from liancun_geo.intake.roads import read_surroundings
from liancun_geo.intake.vector.datum import compare_with_reference
from liancun_geo.posing import zone_labels
from liancun_geo.topology import examine_topology
from liancun_geo.travel import network_for, travelled_roads
from liancun_geo.villages import VillageTable


def borders(examined: Examined) -> Iterator[Noticed]:
    """Look for gaps, overlaps, slivers and villages out of their township."""
    county, reading = examined.county, examined.reading
    if county.geometry is None or not len(county.geometry):
        return
    towns = county.identity["township"].tolist()
    known, faults = _townships(examined, towns, county.geometry.crs)
    yield from map(Noticed, faults)
    flaws = examine_topology(
        county.geometry,
        county.places.__getitem__,
        original=_as_drawn(reading, county),
        townships=towns if any(towns) else None,
        township_shapes=known,
        gap_tolerance_m=reading.settings.contiguity_in_force.gap_tolerance_m,
    )
    # Those without a neighbour are asked about one by one, see neighbours().
    told = [flaw for flaw in flaws if flaw.fault.key != "topology.isolated"]
    out = set(range(len(county.places))) - set(_planned(reading, county))
    # What lies between villages that are planned, or concerns one, still matters.
    told = [f for f in told if len(set(f.villages) - out) >= min(2, len(f.villages))]
    yield from flaws_noticed(told, county)


def _planned(reading: Reading, county: County) -> list[int]:
    """Return the positions of the villages that were not left out."""
    out = set() if reading.joined is None else {fault.where for fault in reading.joined.excluded}
    return [position for position, where in enumerate(county.places) if where not in out]


def _townships(
    examined: Examined, towns: list[str], crs: pyproj.CRS
) -> tuple[Mapping[str, BaseGeometry] | None, list[Fault]]:
    if examined.townships is None or not any(towns):
        return None, []
    layer, faults = side_layer(Path(examined.townships), examined)
    if layer is None:
        return None, faults
    known, more = township_shapes(layer, towns, crs)
    return known, [*faults, *more]


def place(examined: Examined) -> Iterator[Noticed]:
    """Compare the place of the villages with a layer whose place is known to be right."""
    layer, reading = examined.reading.layer, examined.reading
    if examined.reference is None or layer is None:
        return
    reference, faults = side_layer(Path(examined.reference), examined)
    yield from map(Noticed, faults)
    if reference is None or layer.frame.crs is None or reading.geometry is None:
        return
    where = Where(file=Path(layer.source.path).name)
    usable = layer.frame.iloc[list(reading.geometry.index)]
    yield from map(Noticed, compare_with_reference(usable, as_frame(reference), where))


def _as_drawn(reading: Reading, county: County) -> gpd.GeoSeries | None:
    """Return the polygons before they were repaired, if each village has one."""
    if reading.layer is None or any(len(parts) != 1 for parts in county.features):
        return None
    drawn = reading.layer.frame.geometry.iloc[[parts[0] for parts in county.features]]
    return gpd.GeoSeries(drawn.reset_index(drop=True))


def neighbours(examined: Examined) -> Iterator[Noticed]:
    """Compare the neighbours under several readings of the map, and find them as planning does."""
    settings = examined.reading.settings
    county = examined.county.only(_planned(examined.reading, examined.county))
    asked: set[str] = set()
    if county.geometry is not None and len(county.geometry) > 1:
        compared = compare_readings(
            gpd.GeoDataFrame(county.identity, geometry=county.geometry),
            settings.contiguity_in_force,
            where_of=county.places.__getitem__,
        )
        codes = county.identity["code"].tolist()
        asked = {codes[village] for village in compared.in_force.isolates}
        yield from flaws_noticed(compared.flaws, county)
    for fault in _as_planned(examined):
        if fault.key != "contiguity.isolated" or fault.where.code not in asked:
            yield Noticed(fault)


def _as_planned(examined: Examined) -> list[Fault]:
    """Return what is said of neighbours, barriers, bridges and roads when a plan is made."""
    reading = examined.reading
    villages, settings = reading.villages, reading.settings
    if villages is None:
        return []
    try:
        bare = replace(villages, sources=(), warnings=())
        around, found = read_surroundings(settings, examined.folder, bare)
        graph = build_contiguity(
            villages,
            settings.contiguity_in_force,
            barriers=found.barriers,
            bridges=found.bridges,
            roads=travelled_roads(found.roads, settings.travel),
            zones=zone_labels(villages, settings.rules),
        )
        network = network_for(villages, found.roads, settings, seats=found.seats)
    except (DataError, SettingsError) as cause:
        return _told(cause.faults, reading)
    reading.sources.extend(around.sources)
    told = [*_without_notices(around, reading), *graph.warnings]
    return told if network is None else [*told, *network.warnings]


def places(examined: Examined) -> Iterator[Noticed]:
    """Read the lists of enterprises and other places as planning does."""
    reading = examined.reading
    if reading.villages is None:
        return
    bare = replace(reading.villages, sources=(), warnings=())
    try:
        found = read_places(reading.settings, examined.folder, bare)
    except DataError as cause:
        yield from map(Noticed, _told(cause.faults, reading))
        return
    reading.sources.extend(found.sources)
    yield from map(Noticed, _without_notices(found, reading))


def _told(faults: Iterable[Fault], reading: Reading) -> list[Fault]:
    """Return faults; a decision that one of them is about is not told a second time."""
    told = list(faults)
    for fault in told:
        if fault.key == "layers.crs_of_other_content":
            reading.replay.pass_over(fault.params["decision"])
    return told


def _without_notices(around: VillageTable, reading: Reading) -> Iterator[Fault]:
    for fault in _told(around.warnings, reading):
        if fault.key == "decisions.applied":
            reading.replay.use(fault.params["decision"])
        elif not fault.key.startswith("decisions.unused"):
            yield fault

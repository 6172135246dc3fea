"""The small maps of the step 方案."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import geopandas as gpd
import shapely

from liancun_geo.output.picture.scene import build_scene
from liancun_geo.studio.small_map import small_map

WATER = 'stroke="#4F8FC0"'


def test_barriers_are_drawn_of_layers_and_by_hand(planned_county: Any) -> None:
    _, _, scenario = planned_county
    crs = scenario.villages.frame.crs
    left, low, right, high = scenario.villages.frame.total_bounds
    assert small_map(build_scene(scenario), "x").count(WATER) == 0
    rivers = gpd.GeoSeries([shapely.LineString([(left, low), (right, high)])], crs=crs)
    assert small_map(build_scene(scenario, rivers), "x").count(WATER) == 1
    (drawn,) = rivers.to_crs(4326)
    rules = scenario.settings.contiguity.model_copy(
        update={"drawn_barriers": (tuple(drawn.coords),)}
    )
    planned = replace(scenario, settings=scenario.settings.model_copy(update={"contiguity": rules}))
    for township in (None, 0):
        scene = build_scene(planned, rivers)
        assert small_map(scene, "x", township=township).count(WATER) == 2

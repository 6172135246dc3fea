"""Borders of alliances: the same on the map of one plan and of two."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from liancun_geo.output.picture.markup import Element, add
from liancun_geo.output.picture.scene import Scene, path_data


def outline_alliances(layer: Element, scene: Scene, shows: Callable[[int], bool]) -> None:
    """Draw the borders of the alliances, and of the villages in none, where they are shown."""
    for number, shape in enumerate(scene.alliances):
        if shows(scene.scenario.alliances[number].lead):
            add(layer, "path", class_="alliance", d=path_data(shape))
    for village in np.flatnonzero(scene.alliance_of < 0).tolist():
        if shows(village):
            add(layer, "path", class_="left-out", d=path_data(scene.villages[village]))

"""Shapes of :mod:`liancun_geo.output.picture`, under their old name."""

from liancun_geo.output.picture.scene import WIDTH, Scene, Shapes, build_scene, path_data

__all__ = ["WIDTH", "Scene", "Shapes", "build_scene", "path_data"]

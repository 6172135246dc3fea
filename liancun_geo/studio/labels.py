"""Places of names, of :mod:`liancun_geo.output.picture`, under their old name."""

from liancun_geo.output.picture.labels import Box, Labels, width

__all__ = ["Box", "Labels", "width"]

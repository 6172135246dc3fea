"""Colours of :mod:`liancun_geo.output.picture`, under their old name."""

from liancun_geo.output.picture.colours import PALETTE, TOO_LIKE, assign_colours

__all__ = ["PALETTE", "TOO_LIKE", "assign_colours"]

"""Colours for alliances, as every drawing of the outputs takes them."""

from liancun_geo.colours import PALETTE, TOO_LIKE, assign_colours

__all__ = ["PALETTE", "TOO_LIKE", "assign_colours"]

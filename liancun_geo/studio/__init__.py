"""The planner's application: one page from files to a plan with its proof, a map and a pack."""

from liancun_geo.studio.launch import launch

__all__ = ["launch"]

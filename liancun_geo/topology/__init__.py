"""Topology: whether the borders of villages fit together, and what to do where they do not."""

from liancun_geo.topology.examine import examine_topology
from liancun_geo.topology.flaws import Flaw, summarised
from liancun_geo.topology.repair import Change, Repair, repair_topology

__all__ = ["Change", "Flaw", "Repair", "examine_topology", "repair_topology", "summarised"]

"""Travel: how long the way from one village to another takes on the roads."""

from liancun_geo.travel.classes import travelled_roads
from liancun_geo.travel.network import RoadNetwork, build_network, network_for, travel_notes

__all__ = ["RoadNetwork", "build_network", "network_for", "travel_notes", "travelled_roads"]

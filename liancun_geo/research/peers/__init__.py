"""Peers: other people's software, asked the same question when it is installed.

spopt, pygeoda and GerryChain divide a map; none knows lead villages, costs or an upper size. They
are given what they can use, and their answer goes through the same repair as the baselines.
"""

from liancun_geo.research.peers.asking import Setting, Told
from liancun_geo.research.peers.registry import (
    PEERS,
    Division,
    Peer,
    divide,
    installed,
    peer,
    peer_labels,
)

__all__ = [
    "PEERS",
    "Division",
    "Peer",
    "Setting",
    "Told",
    "divide",
    "installed",
    "peer",
    "peer_labels",
]

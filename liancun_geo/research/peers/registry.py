"""The peers by name, and how to ask one."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from liancun_geo.errors import DataError, error
from liancun_geo.messages import Listing
from liancun_geo.plan import UNASSIGNED, Plan
from liancun_geo.problem import AllianceProblem, Zone
from liancun_geo.research.baselines.pieces import pieces_of
from liancun_geo.research.baselines.repair import repaired
from liancun_geo.research.needs import needed
from liancun_geo.research.peers import geoda, gerry, pysal
from liancun_geo.research.peers.asking import Amount, Answer, Setting, Told, quiet

Ints = NDArray[np.intp]
Floats = NDArray[np.float64]

_AMOUNTS: tuple[Amount, ...] = ("few", "middling", "many")
_COUNTED = tuple(Setting(amount) for amount in _AMOUNTS)
_FLOORED = (Setting(), Setting(extra=1))
_TREES = tuple(Setting(amount, floor) for amount in _AMOUNTS for floor in (True, False))
_LINKED = tuple(
    Setting(amount, floor, linkage=linkage)
    for linkage in ("fullorder-completelinkage", "fullorder-averagelinkage")
    for amount in _AMOUNTS
    for floor in (True, False)
)


@dataclass(frozen=True)
class Peer:
    """One method of a package.

    Attributes
    ----------
    package
        As pip knows it and Python imports it.
    ask
        Divides a piece.
    settings
        Choices of its parameters worth trying; the first is the default.
    """

    package: str
    ask: Callable[[Told], Answer]
    settings: tuple[Setting, ...]


PEERS: Mapping[str, Peer] = MappingProxyType(
    {
        "spopt_maxp": Peer("spopt", pysal.max_p, _FLOORED),
        "spopt_skater": Peer("spopt", pysal.skater, _COUNTED),
        "spopt_azp": Peer("spopt", pysal.azp, _COUNTED),
        "spopt_ward": Peer("spopt", pysal.ward, _COUNTED),
        "spopt_region_k_means": Peer("spopt", pysal.region_k_means, _COUNTED),
        "pygeoda_skater": Peer("pygeoda", geoda.skater, _TREES),
        "pygeoda_redcap": Peer("pygeoda", geoda.redcap, _LINKED),
        "pygeoda_maxp_greedy": Peer("pygeoda", geoda.max_p, _FLOORED),
        "gerrychain_recom": Peer("gerrychain", gerry.recom, _COUNTED),
    }
)
"""Peers by name."""


@dataclass(frozen=True, eq=False)
class Division:
    """What a peer drew.

    Attributes
    ----------
    labels
        (n,) alliances by number, over all zones; -1 in pieces too small for any.
    lead_of
        (n,) leads after the shared repair, -1 where it found no place.
    seconds
        Of the peer's own calls, without building its input and without the repair.
    failures
        Pieces on which it gave up: they stay one alliance, and the repair divides them.
    first_failure
        What it said.
    """

    labels: Ints
    lead_of: Ints
    seconds: float
    failures: int
    first_failure: str


def installed() -> tuple[str, ...]:
    """Return the peers whose packages are there, by name."""
    return tuple(name for name, peer in PEERS.items() if find_spec(peer.package) is not None)


def peer(
    name: str,
    problem: AllianceProblem,
    *,
    attributes: Floats,
    setting: Setting | None = None,
    seed: int = 0,
) -> Plan:
    """Return the plan that a peer's division comes to after the repair that baselines get.

    Parameters
    ----------
    name
        One of :data:`PEERS`.
    problem
        Zones, contiguity, sizes, costs. Other rules are not looked at by any peer;
        :func:`liancun_geo.check` tells what that breaks.
    attributes
        (n, p) numbers without gaps that likeness is judged by: places, strength.
    setting
        Choice of its parameters. Default: the first of :attr:`Peer.settings`.
    seed
        Of peers that draw.

    Raises
    ------
    DataError
        If there is no such peer, or its package is not installed.
    """
    return Plan.from_lead_of(_asked(name, problem, attributes, setting, seed).lead_of)


def peer_labels(
    name: str,
    problem: AllianceProblem,
    *,
    attributes: Floats,
    setting: Setting | None = None,
    seed: int = 0,
) -> Ints:
    """Return what a peer drew, unrepaired: (n,) numbers of alliances without leads.

    Parameters and errors as of :func:`peer`. A piece too small for any alliance has -1.
    """
    return _asked(name, problem, attributes, setting, seed).labels


def _asked(
    name: str, problem: AllianceProblem, attributes: Floats, setting: Setting | None, seed: int
) -> Division:
    if name not in PEERS:
        raise DataError([error("research.peer_unknown", name=name, known=Listing(PEERS))])
    chosen = PEERS[name]
    needed(chosen.package)
    values = np.asarray(attributes, dtype=np.float64).reshape(problem.n, -1)

    def ask(told: Told) -> Answer:
        return chosen.ask(told)

    found = divide(problem.n, problem.zones, values, ask, setting or chosen.settings[0], seed=seed)
    assert found is not None, "there was no time limit"
    lead_of = found.lead_of.copy()
    for villages in problem.rules.frozen:
        lead_of[list(villages)] = villages[0]
    return Division(found.labels, lead_of, found.seconds, found.failures, found.first_failure)


def divide(
    n: int,
    zones: Iterable[Zone],
    attributes: Floats,
    ask: Callable[[Told], Answer],
    setting: Setting,
    *,
    seed: int = 0,
    deadline: float = np.inf,
) -> Division | None:
    """Ask a peer for every connected piece of every zone.

    Parameters
    ----------
    n
        Number of villages.
    zones
        Of a problem.
    attributes
        (n, p) what likeness is judged by.
    ask
        The peer.
    setting, seed
        Told to it.
    deadline
        By ``time.perf_counter()``: no piece is begun after it.

    Returns
    -------
    Division or None
        None if the time ran out.
    """
    labels = np.full(n, -1, dtype=np.intp)
    lead_of = np.full(n, UNASSIGNED, dtype=np.intp)
    seconds, failures, first = 0.0, 0, ""
    for piece in pieces_of(zones):
        if time.perf_counter() > deadline:
            return None
        try:
            with quiet():
                took, own = ask(Told(piece, attributes[piece.villages], setting, seed))
        except Exception as cause:  # a peer that gives up on a piece is judged, not fatal
            took, own = 0.0, np.zeros(piece.n, dtype=np.intp)
            failures += 1
            first = first or f"{type(cause).__name__}: {cause}"[:200]
        seconds += took
        drawn = own >= 0
        labels[piece.villages[drawn]] = own[drawn] + labels.max() + 1
        leads = repaired(piece, own)
        placed = leads != UNASSIGNED
        lead_of[piece.villages[placed]] = piece.villages[leads[placed]]
    return Division(labels, lead_of, seconds, failures, first)

"""What a peer is told, and with which settings it is tried."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from liancun_geo.research.baselines.pieces import Piece

Ints = NDArray[np.intp]
Floats = NDArray[np.float64]
Answer = tuple[float, Ints]
"""Seconds of the peer's own call, and (k,) labels."""

Amount = Literal["few", "middling", "many"]


@dataclass(frozen=True)
class Setting:
    """One choice of a peer's parameters.

    Attributes
    ----------
    amount
        How many alliances a peer that wants a number is asked for: ``few`` large ones, of
        ``middling`` size, or ``many`` small ones.
    floor
        Whether the least size is told.
    extra
        Added to the least size: some peers end better when asked for more.
    linkage
        Of pygeoda's REDCAP.
    steps
        Of a chain.
    """

    amount: Amount = "middling"
    floor: bool = True
    extra: int = 0
    linkage: str = ""
    steps: int = 0

    def __str__(self) -> str:
        parts = [self.linkage, self.amount, "" if self.floor else "no floor"]
        parts += [f"floor +{self.extra}"] if self.extra else []
        parts += [f"{self.steps} steps"] if self.steps else []
        return ", ".join(part for part in parts if part)


@dataclass(frozen=True, eq=False)
class Told:
    """A question to a peer.

    Attributes
    ----------
    piece
        Connected villages of one zone.
    features
        (k, p) what likeness is judged by.
    setting
        The choice of parameters.
    seed
        Of peers that draw.
    """

    piece: Piece
    features: Floats
    setting: Setting
    seed: int

    @property
    def edges(self) -> list[tuple[int, int]]:
        """Contiguities, each once, sorted."""
        return sorted((min(a, b), max(a, b)) for a, b in self.piece.graph.edges)

    @property
    def neighbours(self) -> list[list[int]]:
        """The neighbours of each village."""
        return [sorted(self.piece.graph.adj[village]) for village in range(self.piece.n)]

    @property
    def floor(self) -> int:
        """Least number of villages asked for, 0 for none."""
        return self.piece.zone.min_size + self.setting.extra if self.setting.floor else 0

    @property
    def count(self) -> int:
        """How many alliances are asked for; the very number where the rules say one."""
        least, most = self.piece.zone.n_alliances
        if least == most:
            return int(least)
        low, high = self.piece.zone.min_size, self.piece.zone.max_size
        size = {
            "few": (low + 2 * high) / 3,
            "middling": (low + high) / 2,
            "many": (2 * low + high) / 3,
        }[self.setting.amount]
        return max(1, round(self.piece.n / size))


@contextmanager
def quiet() -> Iterator[None]:
    """Let a peer warn of its own insides without troubling anybody."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def timed(call: Callable[[], object]) -> tuple[float, object]:
    """Return how long a peer's own call took, and what it returned."""
    start = time.perf_counter()
    answer = call()
    return time.perf_counter() - start, answer

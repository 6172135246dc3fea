"""Samples of feasible plans, and where a plan stands among them.

Every zone is sampled by a Markov chain on its divisions into alliances. Its moves are those of
reversible recombination (Cannon, Duchin, Randall & Rule 2022, arXiv:2210.01401) with parts of
bounded size in place of parts of equal population, and with merging, splitting, taking in and
leaving out beside them, so that the number of alliances and the villages placed may vary:

- draw one of the zone's contiguities, uniformly;
- between two alliances: half the time merge them; else draw a spanning tree of their union
  uniformly (Wilson 1996) and cut one of its edges, drawn uniformly;
- inside an alliance: half the time cut a spanning tree of it likewise; else leave one end out;
- between an alliance and a village without one: take the village in.

A move is accepted by the rule of Metropolis and Hastings. The chance of each move and of its way
back are known in closed form, since a part with ``t`` spanning trees comes out of a tree's cut in
proportion to ``t`` (the matrix-tree theorem), so the chain samples exactly from

    chance of a plan  ~  exp(-beta * cost) * product over alliances of (spanning trees) ** gamma

over the feasible plans it can reach. ``beta = gamma = 0`` is uniform; ``gamma = 1`` prefers
compact alliances, as recombination does; ``beta > 0`` prefers cheap plans. The lead of an alliance
is summed over in the chain and drawn afterwards from its own distribution. Villages that cannot
all be left out at once stay in an alliance: the chain never dissolves the last one.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from liancun_geo.check import check
from liancun_geo.errors import DataError, error
from liancun_geo.plan import UNASSIGNED
from liancun_geo.problem import AllianceProblem
from liancun_geo.research.zone_chain import ZoneChain
from liancun_geo.solve import solve
from liancun_geo.zone import Zone

Ints = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Ensemble:
    """Plans sampled by several chains.

    Attributes
    ----------
    problem
        Whose plans they are.
    lead_of
        (chains, draws, n) lead of each village, -1 if left out.
    beta, gamma, thin, burn, seed
        How they were drawn.
    accepted
        (chains,) share of moves that were accepted.
    """

    problem: AllianceProblem
    lead_of: NDArray[np.int32]
    beta: float
    gamma: float
    thin: int
    burn: int
    seed: int
    accepted: NDArray[np.float64]

    @property
    def plans(self) -> NDArray[np.int32]:
        """(chains * draws, n) all of them, chain by chain."""
        return self.lead_of.reshape(-1, self.lead_of.shape[-1])

    def __len__(self) -> int:
        return int(self.lead_of.shape[0] * self.lead_of.shape[1])


def sample_plans(
    problem: AllianceProblem,
    *,
    draws: int = 500,
    chains: int = 4,
    seed: int = 0,
    beta: float = 0.0,
    gamma: float = 1.0,
    thin: int | None = None,
    burn: int | None = None,
    starts: Sequence[ArrayLike] | None = None,
    time_limit: float = 30.0,
    progress: Callable[[int, int], None] | None = None,
) -> Ensemble:
    """Sample feasible plans.

    Parameters
    ----------
    problem
        Any rules but those that look at all zones together.
    draws, chains
        Plans to keep of each chain, and chains.
    seed
        Equal seeds give equal plans.
    beta, gamma
        Of the distribution, see the module.
    thin
        Moves tried in each zone between two plans that are kept; default: the zone's
        contiguities, at least 20.
    burn
        Moves tried in each zone before the first, in units of ``thin``; default 50.
    starts
        A feasible plan for each chain, (n,) leads; default: the engine's plan, found within
        ``time_limit``, for all. Chains that start apart show better whether they have mixed.
    time_limit
        Seconds for that plan.
    progress
        Called with (plans kept, plans in all).

    Raises
    ------
    DataError
        If a rule looks at all zones together, if there is no feasible plan to start from, or a
        given one breaks a rule.
    """
    if problem.rules.couples_zones:
        raise DataError([error("research.ensemble_coupled")])
    given = _starts(problem, starts, chains, time_limit)
    burn = 50 if burn is None else burn
    seeds = np.random.SeedSequence(seed).generate_state(chains * len(problem.zones), np.uint64)
    kept = np.full((chains, draws, problem.n), UNASSIGNED, dtype=np.int32)
    accepted = np.zeros(chains)
    told = 0

    def one_more() -> None:
        nonlocal told
        told += 1
        if progress is not None:
            progress(told, chains * draws)

    for villages in problem.rules.frozen:
        kept[:, :, list(villages)] = villages[0]
    steps = [thin or max(20, len(zone.edges)) for zone in problem.zones]
    for number, start in enumerate(given):
        own = seeds[number * len(problem.zones) :]
        walkers = [
            ZoneChain(
                zone, start[zone.villages], random.Random(int(own[at])), beta=beta, gamma=gamma
            )
            for at, zone in enumerate(problem.zones)
        ]
        accepted[number] = _walked(problem.zones, walkers, steps, burn, kept[number], one_more)
    return Ensemble(problem, kept, beta, gamma, thin or 0, burn, seed, accepted)


def _walked(
    zones: Sequence[Zone],
    walkers: Sequence[ZoneChain],
    steps: Sequence[int],
    burn: int,
    plans: NDArray[np.int32],
    one_more: Callable[[], None],
) -> float:
    """Write (draws, n) plans of one chain of the county; return the share of moves it accepted."""
    for walker, step in zip(walkers, steps, strict=True):
        walker.walk(burn * step)
    for plan in plans:
        for walker, step in zip(walkers, steps, strict=True):
            walker.walk(step)
        _keep(plan, zones, walkers)
        one_more()
    tried = sum(walker.tried for walker in walkers)
    return sum(walker.accepted for walker in walkers) / max(tried, 1)


def _keep(plan: NDArray[np.int32], zones: Sequence[Zone], walkers: Sequence[ZoneChain]) -> None:
    """Write where the chains of all zones stand into one plan of the county."""
    for zone, walker in zip(zones, walkers, strict=True):
        leads = walker.leads()
        placed = leads >= 0
        plan[zone.villages[placed]] = zone.villages[leads[placed]]


def _starts(
    problem: AllianceProblem,
    starts: Sequence[ArrayLike] | None,
    chains: int,
    time_limit: float,
) -> list[Ints]:
    if starts is None:
        result = solve(problem, time_limit=time_limit)
        if not math.isfinite(result.objective) or result.status in ("infeasible", "unknown"):
            raise DataError([error("research.ensemble_no_start")])
        return [np.asarray(result.lead_of, dtype=np.intp)] * chains
    given = [np.asarray(start, dtype=np.intp) for start in starts]
    if not given:
        raise DataError([error("research.ensemble_no_start")])
    broken = [len(check(problem, start)) for start in given]
    if any(broken):
        raise DataError([error("research.ensemble_bad_start", count=max(broken))])
    return [given[number % len(given)] for number in range(chains)]

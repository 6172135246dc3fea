"""The exact Pareto front of a county between two or three criteria, its knees and its plans."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from liancun_geo.arrays import FloatArray, IntArray
from liancun_geo.errors import DataError, error
from liancun_geo.plan import UNASSIGNED, Plan
from liancun_geo.problem import AllianceProblem
from liancun_geo.research.directions import CLOSE
from liancun_geo.research.dominance import chord_distance, summed, thinned, undominated
from liancun_geo.research.objectives import Criterion, Ground, value_of
from liancun_geo.research.zone_front import ZoneFront, zone_front
from liancun_geo.solve.context import alone
from liancun_geo.solve.result import Status
from liancun_geo.solve.stopping import Stop

POINTS_AT_MOST = 20_000
"""Points kept while zones are put together; past it a step is taken, and told."""


@dataclass(frozen=True, eq=False)
class ParetoPoint:
    """One plan of the front.

    Attributes
    ----------
    values
        Criterion -> what the plan costs by it.
    plan
        The plan; :func:`liancun_geo.check` judges it.
    status
        ``"optimal"``: proven that no plan is as good in every criterion and better in one (by
        more than the front's ``epsilon``); ``"feasible"``: a plan, not proven so.
    names
        What the point is called: ``best_<criterion>``, ``knee``.
    """

    values: dict[str, float]
    plan: Plan
    status: Status
    names: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class ParetoFront:
    """All plans of a county that no plan beats, ascending by the first criterion.

    Attributes
    ----------
    criteria
        Their names.
    points
        (m, q) values.
    status
        ``"optimal"``: complete and proven within ``epsilon``; ``"feasible"``: time ran out.
    epsilon
        (q,) for every plan there is a point that is worse by no more than this in each
        criterion; 0: the front is exact, to one part in 10⁹.
    zones
        The fronts it was put together from.
    without
        Labels of zones that have no plan, with the reason; they count nothing.
    seconds
        Time it took.
    """

    criteria: tuple[str, ...]
    points: FloatArray
    status: Status
    epsilon: FloatArray
    zones: tuple[ZoneFront, ...]
    without: tuple[tuple[Hashable, Status], ...]
    seconds: float
    _choices: IntArray
    _problem: AllianceProblem
    _codes: tuple[str, ...] | None = None

    def __len__(self) -> int:
        return len(self.points)

    def __iter__(self) -> Iterator[ParetoPoint]:
        return (self[at] for at in range(len(self)))

    def __getitem__(self, at: int) -> ParetoPoint:
        at = range(len(self))[at]
        values = dict(zip(self.criteria, self.points[at].tolist(), strict=True))
        named = tuple(name for name, where in self.names().items() if where == at)
        return ParetoPoint(values, self.plan(at), self.status, named)

    def plan(self, at: int) -> Plan:
        """Return the plan of one point."""
        lead_of = np.full(self._problem.n, UNASSIGNED, dtype=np.intp)
        for villages in self._problem.rules.frozen:
            lead_of[list(villages)] = villages[0]
        for front, row in zip(self.zones, self._choices[at].tolist(), strict=True):
            local, villages_here = front.lead_of[row], front.zone.villages
            placed = local >= 0
            lead_of[villages_here[placed]] = villages_here[local[placed]]
        return Plan.from_lead_of(lead_of)

    def names(self) -> dict[str, int]:
        """Return the points with a name: the best of each criterion, and the knee.

        The knee is the point farthest below the chord of the ends, all ranges brought to 1 (Das
        1999); with three criteria, below the plane through the best of each. A front that lies
        on its chord has none.
        """
        if len(self) == 0:
            return {}
        named = {}
        for k, name in enumerate(self.criteria):
            order = np.lexsort((self.points.sum(axis=1), self.points[:, k]))
            named[f"best_{name}"] = int(order[0])
        if (knees := self.knees(1)) != ():
            named["knee"] = knees[0]
        return named

    def knees(self, most: int = 3) -> tuple[int, ...]:
        """Return the knee, and with two criteria those of the stretches between it and the ends.

        Parameters
        ----------
        most
            How many at most; the most pronounced first.
        """
        found: list[tuple[float, int]] = []
        stretches = [(0, len(self) - 1)]
        while stretches and len(found) < most:
            looked = []
            for begin, end in stretches:
                if end - begin < 2:
                    continue
                distance = chord_distance(self.points[begin : end + 1])
                at = int(distance.argmax())
                if distance[at] > CLOSE:
                    looked.append((float(distance[at]), begin, begin + at, end))
            fresh = sorted(looked, key=lambda each: (-each[0], each[2]))
            found += [(each[0], each[2]) for each in fresh]
            stretches = [part for _, a, m, b in fresh for part in ((a, m), (m, b))]
            if len(self.criteria) > 2:
                break
        return tuple(at for _, at in found[:most])

    def frame(self) -> pd.DataFrame:
        """Return a row a point: its criteria, number of alliances and villages left out, name."""
        named: dict[int, list[str]] = {}
        for name, at in self.names().items():
            named.setdefault(at, []).append(name)
        frame = pd.DataFrame(self.points, columns=list(self.criteria))
        counts = [self._counts(front) for front in self.zones]
        for column, key in enumerate(("n_alliances", "n_left_out")):
            total = np.zeros(len(self), dtype=np.intp)
            for z, of_zone in enumerate(counts):
                total += of_zone[self._choices[:, z], column]
            if key == "n_alliances":
                total += len(self._problem.rules.frozen)
            frame[key] = total
        frame["status"] = self.status
        frame["name"] = [" ".join(named.get(at, ())) for at in range(len(self))]
        frame.index.name = "point"
        return frame

    @staticmethod
    def _counts(front: ZoneFront) -> IntArray:
        leads = (front.lead_of == np.arange(front.zone.n)).sum(axis=1)
        return np.column_stack([leads, (front.lead_of < 0).sum(axis=1)])

    def plans_frame(self, points: Sequence[int] | None = None) -> pd.DataFrame:
        """Return a row a village and point: who leads it.

        Parameters
        ----------
        points
            Which; default: those with a name.
        """
        wanted = sorted(set(self.names().values())) if points is None else list(points)
        ids: list[Any] = list(range(self._problem.n) if self._codes is None else self._codes)
        blank = None if self._codes is None else ""
        rows = []
        for at in wanted:
            lead_of = self.plan(at).lead_of.tolist()
            rows += [
                (at, code, ids[lead] if lead >= 0 else blank)
                for code, lead in zip(ids, lead_of, strict=True)
            ]
        return pd.DataFrame(rows, columns=["point", "code", "lead_code"])

    def tables(self) -> dict[str, pd.DataFrame]:
        """Return the tables by name: ``points``, and ``plans`` of those that have a name."""
        return {"points": self.frame().reset_index(), "plans": self.plans_frame()}

    def as_dict(self) -> dict[str, Any]:
        """Return the points and what is proven of them as plain values."""
        return {
            "criteria": list(self.criteria),
            "status": self.status,
            "epsilon": self.epsilon.tolist(),
            "names": self.names(),
            "points": self.points.tolist(),
        }


def pareto_front(
    given: Any,
    criteria: Sequence[str | Criterion],
    *,
    resolution: float = 0.0,
    before: Plan | ArrayLike | None = None,
    time_limit: float = 60.0,
    workers: int = 1,
) -> ParetoFront:
    """Find every plan that no other plan beats in two or three criteria.

    Parameters
    ----------
    given
        A :class:`~liancun_geo.scenario.Scenario`, a
        :class:`~liancun_geo.scenario.Groundwork`, or an :class:`AllianceProblem`.
    criteria
        Two or three, lower is better: names of :data:`~liancun_geo.research.objectives.NAMES`, or
        a :class:`~liancun_geo.research.objectives.Criterion` of one's own.
    resolution
        0: exact. Else the share of each criterion's range (within a zone: of its zone) that a
        point may be worse than the plan it stands for: fewer points, sooner.
    before
        For the criterion ``"moved"``: the plan that villages move from.
    time_limit
        Seconds for all zones together.
    workers
        Threads; the front does not depend on it unless time runs out.

    Raises
    ------
    DataError
        If a criterion is not known or has no data, or a zone has too many candidates to list.
    ProblemError
        If ``given`` or arrays of a criterion cannot be used.
    ValueError
        If there are not two or three criteria, or ``resolution`` is not in [0, 1).

    Notes
    -----
    Each zone has a front of its own, found by weighted sums, ranking and the epsilon-constraint
    (:mod:`liancun_geo.research.zone_front`). A plan of the county is one plan of each zone and
    criteria add up, so the front of the county is the set of undominated sums of points of the
    zones' fronts: a beaten point of a zone could always be replaced by what beats it.
    """
    if len(criteria) not in (2, 3) or not 0.0 <= resolution < 1.0:
        raise ValueError("need two or three criteria, and a resolution in [0, 1)")
    ground = Ground.of(given)
    problem = ground.problem
    wanted = [ground.criterion(each, before) for each in criteria]
    rules = problem.rules
    if np.isfinite(rules.budget) or (rules.couples_zones and len(problem.zones) > 1):
        raise DataError([error("research.front_coupled")])
    with Stop(time_limit) as stop:
        fronts = _of_zones(problem, wanted, resolution, stop, workers)
        planned = [front for front in fronts if len(front.points)]
        points, choices, spent = _together(planned, len(wanted), resolution)
        return ParetoFront(
            criteria=tuple(criterion.name for criterion in wanted),
            points=points + _of_frozen(problem, wanted),
            status=_status(fronts),
            epsilon=spent,
            zones=tuple(planned),
            without=tuple((f.zone.label, f.status) for f in fronts if not len(f.points)),
            seconds=stop.elapsed,
            _choices=choices,
            _problem=problem,
            _codes=ground.codes,
        )


def _of_frozen(problem: AllianceProblem, criteria: Sequence[Criterion]) -> FloatArray:
    """Return (q,) what the alliances that are agreed to stay add to every plan."""
    spent = np.zeros(len(criteria))
    for villages in problem.rules.frozen:
        lead_of = np.full(problem.n, UNASSIGNED, dtype=np.intp)
        lead_of[list(villages)] = villages[0]
        spent += [value_of(each, problem, lead_of, np.ones(problem.n)) for each in criteria]
    return spent


def _status(fronts: Sequence[ZoneFront]) -> Status:
    if all(front.status in ("optimal", "infeasible") for front in fronts):
        return "optimal"
    return "feasible" if any(len(front.points) for front in fronts) else "unknown"


def _of_zones(
    problem: AllianceProblem,
    criteria: Sequence[Criterion],
    resolution: float,
    stop: Stop,
    workers: int,
) -> list[ZoneFront]:
    """Return the front of every zone, in their order.

    Small ones are begun first: what they leave of their time goes to the hard ones. A zone whose
    share was too short for any plan is tried once more with what is left: where nothing was
    compiled yet, that is the compiler's doing and not the zone's.
    """
    found: dict[int, ZoneFront] = {}
    waiting = sorted(range(len(problem.zones)), key=lambda z: (problem.zones[z].n, z))

    def front(place: int) -> None:
        zone, _ = alone(problem, waiting[place])
        share = min(1.0, workers / (len(waiting) - place))
        with Stop(stop.left * share) as own:
            found[waiting[place]] = zone_front(
                zone, criteria, resolution=resolution / 2.0, stop=own
            )

    for _ in range(2):
        with ThreadPoolExecutor(workers) as threads:
            for _ in threads.map(front, range(len(waiting))):
                pass
        waiting = [z for z in waiting if found[z].status == "unknown"]
        if stop.left <= 0.0:
            break
    return [found[z] for z in range(len(problem.zones))]


def _together(
    fronts: Sequence[ZoneFront], q: int, resolution: float
) -> tuple[FloatArray, IntArray, FloatArray]:
    """Return the front of the county, the choice of each zone, and the step that was spent."""
    points, choices = np.zeros((1, q)), np.zeros((1, 0), dtype=np.intp)
    spent, range_all = np.zeros(q), np.zeros(q)
    for front in fronts:
        range_all += np.ptp(front.points, axis=0)
        spent += front.step
    # What a merge may blur: half of the resolution, shared among the merges.
    share = resolution / 2.0 / max(1, len(fronts)) * range_all
    for front in fronts:
        slack = CLOSE * np.maximum(1.0, np.abs(points).max(axis=0, initial=0.0))
        points, left, right = summed(points, front.points, slack)
        choices = np.column_stack([choices[left], right])
        step = share
        kept = thinned(points, step)
        while len(kept) > POINTS_AT_MOST:
            step = np.maximum(2.0 * step, 1e-5 * range_all)
            kept = thinned(points, step)
        if len(kept) < len(points):
            spent = spent + step
        points, choices = points[kept], choices[kept]
    final = undominated(points, np.zeros(q))
    return points[final], choices[final], spent

"""The benchmark pack: instances in an open format, read and scored without the solver.

The format is specified in docs/benchmark_pack.md, field by field, and as a JSON Schema beside the
instances; both follow from :class:`InstanceFile`. All costs are whole numbers, so that costs and
proofs can be compared exactly in any language.
"""

from __future__ import annotations

import gzip
import math
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from scipy import sparse

from liancun_geo.check import Violation, check, plan_cost
from liancun_geo.errors import DataError, Fault, ProblemError, error
from liancun_geo.plan import UNASSIGNED
from liancun_geo.problem import AllianceProblem

FORMAT = "liancun-instance/1"
MOST_BYTES = 64_000_000
"""Unpacked, a file larger than this is refused."""

Position = Annotated[int, Field(ge=0)]
Cost = Annotated[int, Field(ge=0)]
Pair = Annotated[list[Position], Field(min_length=2, max_length=2)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Edges(_Strict):
    """Contiguities: village ``a[k]`` borders village ``b[k]``, ``a < b``, each once."""

    a: list[Position]
    b: list[Position]


class PairCosts(_Strict):
    """Cost of ``member[k]`` under ``lead[k]``; a pair that is not listed is forbidden."""

    lead: list[Position]
    member: list[Position]
    cost: list[Cost]


class AgreedRules(_Strict):
    """What is agreed; an empty list or null is no rule."""

    weak: list[Position] = Field(default=[], description="weak villages")
    max_weak: Position | None = Field(
        default=None, description="most weak members of one alliance, its lead not counted"
    )
    must_together: list[Pair] = Field(
        default=[], description="share an alliance, or are both left out"
    )
    never_together: list[Pair] = Field(default=[], description="never share an alliance")
    fixed_lead: list[Pair] = Field(
        default=[], description="[village, the only village that may lead it]"
    )
    must_lead: list[Position] = Field(default=[], description="are placed, and lead")
    frozen: list[list[Position]] = Field(
        default=[],
        description="alliances, lead first, part of every plan, exempt from all other rules",
    )


class Villages(_Strict):
    """What methods that know no costs may look at, a number a village."""

    x_km: list[float]
    y_km: list[float]
    strength: list[float] = Field(description="how capable, 0 to 1: rank of its income")
    population_persons: list[int]
    income_wan_yuan: list[float] = Field(description="10,000 yuan a year")
    industries: list[list[int]] = Field(description="numbers of its industries")


class BestKnown(_Strict):
    """The best plan that is known, and what is proven of it."""

    lead_of: list[int] = Field(
        description="lead of each village's alliance, a lead has itself, -1 if left out"
    )
    cost: Cost
    bound: Cost = Field(description="no plan costs less; equal to the cost if it is optimal")
    status: Literal["optimal", "feasible"]
    by: str = Field(description="what found and proved it")


class InstanceFile(_Strict):
    """One instance: villages are numbered from 0, every list of length n is in their order."""

    format: Literal["liancun-instance/1"]
    name: str
    about: str
    licence: Literal["CC0-1.0"]
    n: Annotated[int, Field(ge=1)] = Field(description="number of villages")
    min_size: Annotated[int, Field(ge=1)] = Field(description="fewest villages, lead included")
    max_size: Annotated[int, Field(ge=1)] = Field(description="most villages, lead included")
    zone: list[Position] = Field(description="township; an alliance stays inside one")
    edges: Edges
    pair_cost: PairCosts
    lead_cost: list[Cost | None] = Field(
        description="cost of opening an alliance led by the village; null: it cannot lead"
    )
    unassigned_cost: list[Cost | None] = Field(
        description="cost of leaving the village out; null: it must be placed"
    )
    rules: AgreedRules
    villages: Villages
    best: BestKnown | None


@dataclass(frozen=True, eq=False)
class PackInstance:
    """An instance of the pack.

    Attributes
    ----------
    file
        As it was read.
    """

    file: InstanceFile

    @property
    def name(self) -> str:
        """Of the instance."""
        return self.file.name

    @property
    def xy(self) -> NDArray[np.float64]:
        """(n, 2) places of the villages, kilometres."""
        return np.column_stack([self.file.villages.x_km, self.file.villages.y_km])

    @property
    def strength(self) -> NDArray[np.float64]:
        """(n,) how capable each village is, 0 to 1."""
        return np.asarray(self.file.villages.strength, dtype=np.float64)

    @cached_property
    def problem(self) -> AllianceProblem:
        """The problem, as the solver and the checker take it.

        Raises
        ------
        ProblemError
            If the arrays do not fit each other; :func:`read_instance` has asked already.
        """
        file, rules = self.file, self.file.rules
        pairs = file.pair_cost
        shape = (file.n, file.n)
        costs = sparse.coo_array(
            (np.asarray(pairs.cost, dtype=np.float64), (pairs.lead, pairs.member)), shape=shape
        )
        lead_cost = np.array([np.inf if c is None else c for c in file.lead_cost], dtype=np.float64)
        weak = np.zeros(file.n, dtype=bool)
        weak[rules.weak] = True
        return AllianceProblem.from_arrays(
            costs,
            np.column_stack([file.edges.a, file.edges.b]).astype(np.intp).reshape(-1, 2),
            file.min_size,
            file.max_size,
            zones=file.zone,
            lead_cost=np.where(np.isfinite(lead_cost), lead_cost, 0.0),
            can_lead=np.isfinite(lead_cost),
            unassigned_cost=[np.inf if c is None else c for c in file.unassigned_cost],
            must_together=_pairs(rules.must_together),
            never_together=_pairs(rules.never_together),
            fixed_lead={pair[0]: pair[1] for pair in rules.fixed_lead},
            must_lead=rules.must_lead,
            frozen=rules.frozen,
            weak=weak if rules.max_weak is not None else None,
            max_weak=rules.max_weak,
        )


def _pairs(pairs: list[list[int]]) -> NDArray[np.intp] | None:
    return np.array(pairs, dtype=np.intp) if pairs else None


@dataclass(frozen=True)
class Score:
    """What a plan is worth on an instance.

    Attributes
    ----------
    cost
        Of the plan; ``inf`` if it uses a pair or a lead that is forbidden.
    violations
        Every rule it breaks; empty for a plan that counts.
    gap
        ``(cost - best known) / best known``: 0 for as good, below 0 for a new best plan; ``nan``
        if it breaks a rule or nothing is known.
    """

    cost: float
    violations: tuple[Violation, ...]
    gap: float

    @property
    def feasible(self) -> bool:
        """Whether it keeps every rule."""
        return not self.violations and math.isfinite(self.cost)


def read_instance(path: str | Path) -> PackInstance:
    """Read an instance of the pack, ``.json`` or ``.json.gz``.

    Raises
    ------
    DataError
        If the file cannot be read or is not of the format: every field at fault.
    """
    path = Path(path)
    try:
        with path.open("rb") as raw:
            packed = path.suffix == ".gz"
            text = (gzip.GzipFile(fileobj=raw) if packed else raw).read(MOST_BYTES + 1)
    except (OSError, EOFError, zlib.error) as cause:
        fault = error("research.pack_unreadable", file=path.name, cause=str(cause))
        raise DataError([fault]) from None
    if len(text) > MOST_BYTES:
        raise DataError([error("research.pack_large", file=path.name, most_mb=MOST_BYTES // 10**6)])
    try:
        file = InstanceFile.model_validate_json(text)
    except ValidationError as cause:
        raise DataError(
            [
                _field_fault(path, ".".join(map(str, one["loc"])) or "JSON", one["msg"])
                for one in cause.errors(include_url=False, include_input=False)[:20]
            ]
        ) from None
    faults = [_field_fault(path, field, told) for field, told in _misfits(file)]
    if faults:
        raise DataError(faults)
    instance = PackInstance(file)
    try:
        _ = instance.problem
    except ProblemError as cause:
        raise DataError(
            [_field_fault(path, "rules", line) for line in str(cause).splitlines()]
        ) from None
    return instance


def _field_fault(path: Path, field: str, told: str) -> Fault:
    return error("research.pack_field", file=path.name, field=field, told=told)


def _misfits(file: InstanceFile) -> list[tuple[str, str]]:
    """Return the fields whose lengths or positions do not fit the others."""
    n, villages = file.n, file.villages
    lengths: dict[str, tuple[Sequence[Any], int]] = {
        name: (getattr(file, name), n) for name in ("zone", "lead_cost", "unassigned_cost")
    }
    lengths |= {f"villages.{k}": (getattr(villages, k), n) for k in type(villages).model_fields}
    lengths |= {"edges.b": (file.edges.b, len(file.edges.a))}
    pairs = file.pair_cost
    lengths |= {f"pair_cost.{k}": (getattr(pairs, k), len(pairs.lead)) for k in ("member", "cost")}
    if file.best is not None:
        lengths["best.lead_of"] = (file.best.lead_of, n)
    found = [
        (name, f"{len(values)} values, {need} needed")
        for name, (values, need) in lengths.items()
        if len(values) != need
    ]
    rules = file.rules
    positions: dict[str, list[int]] = {
        "edges": [*file.edges.a, *file.edges.b],
        "pair_cost": [*pairs.lead, *pairs.member],
        "rules.weak": rules.weak,
        "rules.must_lead": rules.must_lead,
    }
    for name in ("must_together", "never_together", "fixed_lead", "frozen"):
        positions[f"rules.{name}"] = [v for villages in getattr(rules, name) for v in villages]
    found += [
        (name, f"villages are 0 to {n - 1}")
        for name, values in positions.items()
        if values and max(values) >= n
    ]
    return found


def score(
    instance: PackInstance,
    labels: ArrayLike,
    leads: Mapping[int, int] | Sequence[int] | None = None,
) -> Score:
    """Score a plan with nothing but the checker.

    Parameters
    ----------
    instance
        What was asked.
    labels
        (n,) number of each village's alliance; a negative one is left out.
    leads
        Lead of each alliance: label -> village, or the leads in any order, each standing for the
        label it has. Default: ``labels`` are leads already, -1 if left out.

    Raises
    ------
    ValueError
        If ``labels`` are not n whole numbers.
    """
    given = np.asarray(labels)
    n = instance.problem.n
    if given.shape != (n,) or not np.issubdtype(given.dtype, np.integer):
        raise ValueError(f"labels must be {n} whole numbers, got {given.dtype} {given.shape}")
    found, lead_of = _with_leads(given.tolist(), leads)
    # What has no lead of its own cannot be costed: the checker sees it left out.
    plan = np.array(lead_of, dtype=np.intp)
    violations = (*found, *check(instance.problem, plan))
    cost = math.inf if found else plan_cost(instance.problem, plan)
    best = instance.file.best
    known = best is not None and not violations and math.isfinite(cost)
    gap = (cost - best.cost) / max(best.cost, 1) if known and best is not None else math.nan
    return Score(cost, violations, gap)


def _with_leads(
    labels: list[int], leads: Mapping[int, int] | Sequence[int] | None
) -> tuple[list[Violation], list[int]]:
    """Return lead of each village, and the alliances whose lead is none of their villages."""
    if leads is None:
        own: dict[int, int] = {label: label for label in set(labels) if label >= 0}
    elif isinstance(leads, Mapping):
        own = {int(label): int(lead) for label, lead in leads.items()}
    else:
        own = {labels[int(v)]: int(v) for v in leads if 0 <= int(v) < len(labels)}
    villages: dict[int, list[int]] = {}
    for village, label in enumerate(labels):
        if label >= 0:
            villages.setdefault(label, []).append(village)
    found, lead_of = [], [UNASSIGNED] * len(labels)
    for label, members in sorted(villages.items()):
        lead = own.get(label, UNASSIGNED)
        if lead not in members:
            detail = f"alliance {label} has no lead among its villages"
            found.append(Violation("lead_of", None, tuple(members), detail))
            continue
        for village in members:
            lead_of[village] = lead
    return found, lead_of

"""Rules beyond sizes, zones and leads: what planners agree on before anything is solved."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from liancun_geo.arrays import BoolArray, Faults, FloatArray, IntArray

Bounds = tuple[float, float]


@dataclass(frozen=True, eq=False)
class GroupTerm:
    """A cost of an alliance that depends on the sum of an amount over its villages.

    ``weight * |sum - target|`` if a target is given, plus ``shortfall_weight * max(0, threshold -
    sum)`` if a threshold is given: a target population, a least area of transferable land.

    Attributes
    ----------
    amount
        (n,) of each village, for example persons or mu.
    target, weight
        The sum aimed at, and the cost of each unit away from it.
    threshold, shortfall_weight
        The least sum wanted, and the cost of each unit that is missing.
    """

    amount: ArrayLike
    target: float | None = None
    weight: float = 0.0
    threshold: float | None = None
    shortfall_weight: float = 0.0


@dataclass(frozen=True, eq=False)
class Rules:
    """The rules of a problem, validated; positions throughout.

    Attributes
    ----------
    resource, resource_bounds
        (n, r) amounts and (r, 2) least and greatest sum over an alliance.
    group_terms
        Costs by sums over an alliance.
    n_alliances
        Fewest and most alliances overall.
    zone_alliances
        Zone label -> fewest and most alliances in it.
    max_hops
        Most contiguity steps, inside the zone, from lead to member; None: any.
    max_distance
        Greatest distance from lead to member; None: any.
    must_together, never_together
        (k, 2) pairs that share an alliance (or are both left out), and that never do.
    fixed_lead
        Village -> the only village that may lead it.
    must_lead
        Villages that are placed and lead.
    frozen
        Alliances, lead first, that are part of every plan and exempt from all other rules.
    weak, max_weak
        (n,) weak villages, and how many weak members one lead may have.
    classes
        (n, q) membership; every alliance holds at least one village of each class.
    budget_use, budget
        (n,) what an alliance led by ``i`` uses, and the most that all may use together.
    """

    resource: FloatArray
    resource_bounds: FloatArray
    group_terms: tuple[GroupTerm, ...] = ()
    n_alliances: Bounds = (0, np.inf)
    zone_alliances: Mapping[Hashable, Bounds] = field(default_factory=lambda: MappingProxyType({}))
    max_hops: int | None = None
    max_distance: float | None = None
    must_together: IntArray = field(default_factory=lambda: np.zeros((0, 2), dtype=np.intp))
    never_together: IntArray = field(default_factory=lambda: np.zeros((0, 2), dtype=np.intp))
    fixed_lead: Mapping[int, int] = field(default_factory=lambda: MappingProxyType({}))
    must_lead: tuple[int, ...] = ()
    frozen: tuple[tuple[int, ...], ...] = ()
    weak: BoolArray | None = None
    max_weak: int | None = None
    classes: BoolArray | None = None
    budget_use: FloatArray | None = None
    budget: float = np.inf

    @property
    def couples_zones(self) -> bool:
        """Whether a rule looks at all zones together."""
        return self.n_alliances != (0, np.inf) or self.budget_use is not None


def _number(value: Any) -> float:
    number = float(value)
    if isinstance(value, str) or np.isnan(number) or number < 0:
        raise ValueError(value)
    return number


def _whole(value: Any) -> int:
    whole = int(value)
    if isinstance(value, str) or whole != value or whole < 0:
        raise ValueError(value)
    return whole


def _village(value: Any) -> int:
    village = int(value)
    if isinstance(value, str) or village != value:
        raise ValueError(value)
    return village


def _bools(value: Any) -> BoolArray:
    array = np.asarray(value)
    if array.dtype.kind not in "biuf":
        raise ValueError(array.dtype)
    flags: BoolArray = array != 0
    return flags


_READERS: Mapping[str, Callable[[Any], Any]] = MappingProxyType(
    {
        "resource": lambda value: np.array(value, dtype=np.float64),
        "resource_bounds": lambda value: np.array(value, dtype=np.float64),
        "group_terms": tuple,
        "zone_alliances": dict,
        "max_distance": _number,
        "max_hops": _whole,
        "must_together": np.asarray,
        "never_together": np.asarray,
        "fixed_lead": lambda value: {_village(v): _village(lead) for v, lead in value.items()},
        "must_lead": lambda value: [_village(v) for v in value],
        "frozen": lambda value: tuple(tuple(_village(v) for v in villages) for villages in value),
        "weak": _bools,
        "max_weak": _whole,
        "classes": _bools,
        "budget_use": lambda value: np.array(value, dtype=np.float64),
        "budget": _number,
    }
)
_EXPECTED: Mapping[str, str] = MappingProxyType(
    {
        "resource": "numbers of shape (n,) or (n, r)",
        "resource_bounds": "numbers of shape (2,) or (r, 2)",
        "group_terms": "a sequence of GroupTerm",
        "zone_alliances": "zone label -> (fewest, most)",
        "max_distance": "a number, not negative",
        "max_hops": "a whole number, not negative",
        "must_together": "pairs of villages",
        "never_together": "pairs of villages",
        "fixed_lead": "village -> lead",
        "must_lead": "villages",
        "frozen": "alliances, each a sequence of villages",
        "weak": "(n,) bool",
        "max_weak": "a whole number, not negative",
        "classes": "(n,) or (n, q) bool",
        "budget_use": "(n,) numbers",
        "budget": "a number, not negative",
    }
)


def read_rules(n: int, given: Mapping[str, Any], faults: Faults) -> Rules:
    """Check the rules against the number of villages and against each other.

    Parameters
    ----------
    n
        Villages.
    given
        Arguments of :meth:`liancun_geo.problem.AllianceProblem.from_arrays`.
    faults
        Gathers what is wrong.
    """
    given = _of_their_kinds(given, faults)
    resource, bounds = _resources(n, given, faults)
    together = _pairs("must_together", given.get("must_together"), n, faults)
    apart = _pairs("never_together", given.get("never_together"), n, faults)
    frozen = _frozen(given.get("frozen") or (), n, faults)
    weak = _with_partner("weak", "max_weak", given, faults)
    use = _with_partner("budget_use", "budget", given, faults)
    uses = None if use is None else faults.vector("budget_use", use, n, default=0.0)
    if uses is not None and (not np.isfinite(uses).all() or (uses < 0).any()):
        faults.add("budget_use must be finite and not negative")
    hops, distance = given.get("max_hops"), given.get("max_distance")
    if (distance is None) != (given.get("distance") is None):
        faults.add("distance and max_distance belong together")
    return Rules(
        resource=resource,
        resource_bounds=bounds,
        group_terms=_terms(given.get("group_terms") or (), n, faults),
        n_alliances=_count("n_alliances", given.get("n_alliances"), faults),
        zone_alliances=MappingProxyType(
            {
                label: _count(f"zone_alliances[{label!r}]", count, faults)
                for label, count in (given.get("zone_alliances") or {}).items()
            }
        ),
        max_hops=hops,
        max_distance=distance,
        must_together=together,
        never_together=apart,
        fixed_lead=_leads(given.get("fixed_lead") or {}, n, faults),
        must_lead=_villages("must_lead", given.get("must_lead"), n, faults),
        frozen=frozen,
        weak=None if weak is None else faults.vector("weak", weak, n, default=0.0) != 0,
        max_weak=given.get("max_weak"),
        classes=_classes(given.get("classes"), n, faults),
        budget_use=uses,
        budget=np.inf if use is None else float(given["budget"]),
    )


def _of_their_kinds(given: Mapping[str, Any], faults: Faults) -> dict[str, Any]:
    """Return the arguments as the kinds that they should be; None for what is of another."""
    given = dict(given)
    for name, read in _READERS.items():
        if given.get(name) is not None:
            try:
                given[name] = read(given[name])
            except (TypeError, ValueError, AttributeError):
                faults.add(f"{name}: expected {_EXPECTED[name]}, got {given[name]!r:.80}")
                given[name] = None
    return given


def _with_partner(name: str, partner: str, given: Mapping[str, Any], faults: Faults) -> Any:
    """Return an argument that is of use with another only; None, and a fault, if one lacks."""
    value = given.get(name)
    if (value is None) == (given.get(partner) is None):
        return value
    faults.add(f"{name} and {partner} belong together")
    return None


def _resources(n: int, given: Mapping[str, Any], faults: Faults) -> tuple[FloatArray, FloatArray]:
    none = np.zeros((n, 0)), np.zeros((0, 2))
    amounts, bounds = given.get("resource"), given.get("resource_bounds")
    if amounts is None and bounds is None:
        return none
    if amounts is None or bounds is None:
        faults.add("resource and resource_bounds belong together")
        return none
    resource = np.array(amounts, dtype=np.float64)
    limits = np.array(bounds, dtype=np.float64)
    if resource.ndim == 1:
        resource = resource[:, None]
        limits = limits[None, :] if limits.ndim == 1 else limits
    if resource.ndim != 2 or len(resource) != n or limits.shape != (resource.shape[1], 2):
        faults.add(
            f"resource must be ({n},) or ({n}, r) with resource_bounds (r, 2), "
            f"got {resource.shape} and {limits.shape}"
        )
        return none
    if not np.isfinite(resource).all():
        faults.add("resource must be finite")
    if np.isnan(limits).any() or (limits[:, 0] > limits[:, 1]).any():
        faults.add("resource_bounds must be least <= greatest")
    return resource, limits


def _terms(given: Iterable[Any], n: int, faults: Faults) -> tuple[GroupTerm, ...]:
    terms = []
    for number, term in enumerate(given):
        if not isinstance(term, GroupTerm):
            faults.add(f"group_terms[{number}] must be a GroupTerm")
            continue
        amount = faults.vector(f"group_terms[{number}].amount", term.amount, n, default=0.0)
        numbers = (term.target or 0.0, term.weight, term.threshold or 0.0, term.shortfall_weight)
        if not (np.isfinite(amount).all() and np.isfinite(numbers).all()):
            faults.add(f"group_terms[{number}] must be finite")
        if min(term.weight, term.shortfall_weight) < 0:
            faults.add(f"group_terms[{number}] must not have a negative weight")
        terms.append(
            GroupTerm(amount, term.target, term.weight, term.threshold, term.shortfall_weight)
        )
    return tuple(terms)


def _count(name: str, given: Any, faults: Faults) -> Bounds:
    if given is None:
        return (0, np.inf)
    try:
        least, most = given
        bounds = (0 if least is None else float(least), np.inf if most is None else float(most))
    except (TypeError, ValueError):
        faults.add(f"{name} must be (fewest, most), got {given!r}")
        return (0, np.inf)
    if not 0 <= bounds[0] <= bounds[1]:
        faults.add(f"{name} must be 0 <= fewest <= most, got {given!r}")
    return bounds


def _pairs(name: str, given: ArrayLike | None, n: int, faults: Faults) -> IntArray:
    none = np.zeros((0, 2), dtype=np.intp)
    if given is None:
        return none
    raw = np.asarray(given)
    if raw.size == 0:
        return none
    if raw.ndim != 2 or raw.shape[1] != 2 or not np.issubdtype(raw.dtype, np.integer):
        faults.add(f"{name} must be integers of shape (k, 2), got {raw.dtype} {raw.shape}")
        return none
    pairs = np.sort(raw.astype(np.intp), axis=1)
    if (pairs < 0).any() or (pairs >= n).any() or (pairs[:, 0] == pairs[:, 1]).any():
        faults.add(f"{name} must name two different villages 0 .. {n - 1} each")
        return none
    unique: NDArray[np.intp] = np.unique(pairs, axis=0)
    return unique


def _villages(name: str, given: Iterable[int] | None, n: int, faults: Faults) -> tuple[int, ...]:
    villages = sorted({int(v) for v in ([] if given is None else given)})
    if any(not 0 <= v < n for v in villages):
        faults.add(f"{name} must name villages 0 .. {n - 1}")
        return ()
    return tuple(villages)


def _leads(given: Mapping[Any, Any], n: int, faults: Faults) -> Mapping[int, int]:
    leads = {int(village): int(lead) for village, lead in given.items()}
    if any(not (0 <= v < n and 0 <= lead < n) for v, lead in leads.items()):
        faults.add(f"fixed_lead must name villages 0 .. {n - 1}")
        return MappingProxyType({})
    return MappingProxyType(dict(sorted(leads.items())))


def _frozen(given: Sequence[Iterable[int]], n: int, faults: Faults) -> tuple[tuple[int, ...], ...]:
    alliances = tuple(tuple(int(v) for v in villages) for villages in given)
    everyone = [v for villages in alliances for v in villages]
    if any(not 0 <= v < n for v in everyone) or not all(alliances):
        faults.add(f"frozen must list alliances, lead first, of villages 0 .. {n - 1}")
        return ()
    if len(set(everyone)) < len(everyone):
        faults.add("frozen alliances must not share a village")
        return ()
    return alliances


def _classes(given: ArrayLike | None, n: int, faults: Faults) -> BoolArray | None:
    if given is None:
        return None
    classes = np.asarray(given)
    if classes.ndim == 1:
        classes = classes[:, None]
    if classes.ndim != 2 or len(classes) != n:
        faults.add(f"classes must be ({n},) or ({n}, q), got {classes.shape}")
        return None
    return classes.astype(bool)

"""Sharing a pot of money among the villages of an alliance: to the cent, and nothing lost."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from fractions import Fraction

import numpy as np

from liancun_geo.benefit.burden import AllianceBenefit, VillageBenefit
from liancun_geo.benefit_rules import BenefitSettings, SharingWeights
from liancun_geo.equity import gini, jain
from liancun_geo.errors import DataError, Fault, Where, error, warning

FEN_PER_WAN_YUAN = 1_000_000
"""Cents in 10,000 yuan."""

Pot = Decimal | str | int | float


@dataclass(frozen=True)
class SharingRule:
    """A pot and how it is shared.

    Attributes
    ----------
    pots_wan_yuan
        Parts of the pot, 10,000 yuan each; added up exactly.
    weights
        By what, only their ratio counts.
    shares
        Code of a village -> its shares.
    dividend_share
        Part of a village's share that is paid out to its people.
    """

    pots_wan_yuan: tuple[Pot, ...]
    weights: SharingWeights = field(default_factory=SharingWeights)
    shares: Mapping[str, float] | None = None
    dividend_share: float = 1.0

    @classmethod
    def of(cls, settings: BenefitSettings) -> SharingRule | None:
        """Return the rule of the settings; None if they name no pot."""
        if settings.pot_wan_yuan is None:
            return None
        return cls(
            (settings.pot_wan_yuan,), settings.sharing, settings.shares, settings.dividend_share
        )


@dataclass(frozen=True, slots=True)
class Fairness:
    """How evenly something is spread over the villages whose figure is known; None: undefined."""

    gini: float | None
    jain: float | None
    known: int
    unknown: int


@dataclass(frozen=True, slots=True)
class Share:
    """What one village gets, and what it has before and after.

    ``amount_fen`` is in cents. Collective income rises by the whole share, income per head by
    what is paid out of it, spread over the population; None where a figure is missing.
    """

    village: int
    code: str
    name: str
    share: float
    amount_fen: int
    collective_before_wan_yuan: float | None
    collective_after_wan_yuan: float | None
    per_head_before_yuan: float | None
    per_head_after_yuan: float | None

    @property
    def amount_wan_yuan(self) -> float:
        """The amount in 10,000 yuan."""
        return self.amount_fen / FEN_PER_WAN_YUAN


@dataclass(frozen=True)
class Sharing:
    """A pot shared among the villages of one alliance.

    Attributes
    ----------
    id, name
        Of the alliance.
    pot_fen
        The pot in cents: the sum of all amounts.
    weights
        As used, adding up to 1.
    shares
        In the order of the alliance; empty with an error among ``faults``.
    amounts, collective_before, collective_after, per_head_before, per_head_after
        How evenly they are spread over the villages.
    faults
        Figures that are missing (errors: the pot is not shared), and shares that do not add up
        (a warning).
    """

    id: str
    name: str
    pot_fen: int
    weights: Mapping[str, float]
    shares: tuple[Share, ...]
    amounts: Fairness
    collective_before: Fairness
    collective_after: Fairness
    per_head_before: Fairness
    per_head_after: Fairness
    faults: tuple[Fault, ...] = ()

    @property
    def pot_wan_yuan(self) -> float:
        """The pot in 10,000 yuan."""
        return self.pot_fen / FEN_PER_WAN_YUAN


def fairness(values: Sequence[float | None]) -> Fairness:
    """Return Gini and Jain of the known values (:mod:`liancun_geo.equity`)."""
    known = [value for value in values if value is not None]
    return Fairness(
        _defined(gini(known)), _defined(jain(known)), len(known), len(values) - len(known)
    )


def pot_fen(pots_wan_yuan: Sequence[Pot]) -> int:
    """Return the sum of the parts of a pot in cents, exactly.

    Raises
    ------
    DataError
        With every part that is no amount above 0, or not a whole number of cents.
    """
    faults: list[Fault] = []
    total = 0
    for pot in pots_wan_yuan:
        try:
            fen = Decimal(str(pot)) * FEN_PER_WAN_YUAN
        except InvalidOperation:
            faults.append(error("benefit.pot_unreadable", pot=pot))
            continue
        if not fen.is_finite() or fen <= 0:
            faults.append(error("benefit.pot_unreadable", pot=pot))
        elif fen != fen.to_integral_value():
            faults.append(error("benefit.pot_cents", pot=pot))
        else:
            total += int(fen)
    if not pots_wan_yuan:
        faults.append(error("benefit.pot_missing"))
    if faults:
        raise DataError(faults)
    return total


def share_pot(fen: int, quotas: Sequence[Fraction], codes: Sequence[str]) -> tuple[int, ...]:
    """Divide cents in the ratio of quotas, so that they add up again.

    Everyone gets the whole cents of its exact share; the cents left over go one each to the
    largest remainders, of equal ones to the smaller code.

    Parameters
    ----------
    fen
        The pot, 0 or more.
    quotas
        (n,) none below 0, not all 0.
    codes
        (n,) of the villages, so that the order of a file makes no difference.

    Raises
    ------
    ValueError
        If there is nothing to divide by.

    Notes
    -----
    Method of largest remainders (Hamilton): Balinski and Young (1982), *Fair Representation*.
    """
    total = sum(quotas, Fraction(0))
    if total <= 0 or min(quotas) < 0:
        raise ValueError("quotas need a sum above 0 and none below 0")
    exact = [fen * quota / total for quota in quotas]
    cents = [int(amount) for amount in exact]
    by_remainder = sorted(range(len(exact)), key=lambda i: (cents[i] - exact[i], codes[i]))
    for i in by_remainder[: fen - sum(cents)]:
        cents[i] += 1
    return tuple(cents)


def share_among(alliance: AllianceBenefit, rule: SharingRule) -> Sharing:
    """Share a pot among the villages of an alliance.

    Village ``i`` gets ``sum over k of w(k) b(k,i) / sum over j of b(k,j)`` of the pot, with the
    weights ``w`` scaled to 1 and the bases ``b``: 1 (equal), population, transferable land,
    shares. A basis that is missing for a village is never taken for zero: the pot is then not
    shared, and ``faults`` name every such village.

    Raises
    ------
    DataError
        If the pot itself is wrong.
    """
    fen = pot_fen(rule.pots_wan_yuan)
    weights = {
        name: Fraction(str(weight)) for name, weight in rule.weights.model_dump().items() if weight
    }
    total = sum(weights.values(), Fraction(0))
    villages = alliance.villages
    faults: list[Fault] = []
    quotas = [Fraction(0)] * len(villages)
    for name, weight in weights.items():
        basis = _basis(name, alliance, rule, faults)
        whole = sum(basis, Fraction(0))
        if whole:
            quotas = [q + weight / total * b / whole for q, b in zip(quotas, basis, strict=True)]
    shares: tuple[Share, ...] = ()
    if not any(fault.severity == "error" for fault in faults):
        cents = share_pot(fen, quotas, [village.code for village in villages])
        shares = tuple(
            _share(village, quota, amount, rule.dividend_share)
            for village, quota, amount in zip(villages, quotas, cents, strict=True)
        )
    return Sharing(
        id=alliance.id,
        name=alliance.name,
        pot_fen=fen,
        weights={name: float(weight / total) for name, weight in weights.items()},
        shares=shares,
        amounts=fairness([share.amount_wan_yuan for share in shares]),
        collective_before=fairness([v.collective_income_wan_yuan for v in villages]),
        collective_after=fairness([share.collective_after_wan_yuan for share in shares]),
        per_head_before=fairness([v.income_per_head_yuan for v in villages]),
        per_head_after=fairness([share.per_head_after_yuan for share in shares]),
        faults=tuple(faults),
    )


def _basis(
    name: str, alliance: AllianceBenefit, rule: SharingRule, faults: list[Fault]
) -> list[Fraction]:
    given = rule.shares or {}
    figures: dict[str, Callable[[VillageBenefit], float | None]] = {
        "equal": lambda village: 1.0,
        "population": lambda village: village.population_persons,
        "land": lambda village: village.transferable_land_mu,
        "shares": lambda village: given.get(village.code),
    }
    found: list[Fraction] = []
    unknown = 0
    for village in alliance.villages:
        figure = figures[name](village)
        if figure is None:
            unknown += 1
            where = Where(village=village.name, code=village.code, township=alliance.township)
            faults.append(error(f"benefit.{name}_missing", where, alliance=alliance.name))
        # Negative figures are refused while reading.
        found.append(Fraction(str(figure)) if figure is not None else Fraction(0))
    total = sum(found, Fraction(0))
    if total == 0 and not unknown:
        faults.append(error(f"benefit.{name}_zero", alliance=alliance.name))
    elif name == "shares" and not unknown and total not in (1, 100):
        faults.append(
            warning("benefit.shares_sum", alliance=alliance.name, total=f"{float(total):g}")
        )
    return found


def _share(village: VillageBenefit, quota: Fraction, fen: int, dividend: float) -> Share:
    before, per_head = village.collective_income_wan_yuan, village.income_per_head_yuan
    people = village.population_persons
    paid_yuan = fen / 100 * dividend
    return Share(
        village=village.position,
        code=village.code,
        name=village.name,
        share=float(quota),
        amount_fen=fen,
        collective_before_wan_yuan=before,
        collective_after_wan_yuan=None
        if before is None
        else float(np.round(before + fen / FEN_PER_WAN_YUAN, 6)),
        per_head_before_yuan=per_head,
        per_head_after_yuan=None
        if per_head is None or not people
        else per_head + paid_yuan / people,
    )


def _defined(value: float) -> float | None:
    return None if math.isnan(value) else value

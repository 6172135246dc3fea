"""How far two plans of the same villages agree: pairs, partition, leads."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from liancun_geo.plan import UNASSIGNED, Plan

Ints = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far a plan agrees with the one that is held for true.

    Attributes
    ----------
    precision, recall, f1
        Of pairs of villages that share an alliance. A village left out shares one with nobody.
        1 where neither plan has such a pair.
    adjusted_rand
        Hubert & Arabie 1985, doi:10.1007/BF01908075: 1 for equal partitions, 0 as by chance; a
        village left out is a part of its own.
    lead
        Share of the true leads that lead in the plan as well; 1 if there is none.
    led_alike
        Share of the villages placed by both that have the same lead; NaN if there is none.
    """

    precision: float
    recall: float
    f1: float
    adjusted_rand: float
    lead: float
    led_alike: float


def agreement(plan: Plan | ArrayLike, truth: Plan | ArrayLike) -> Agreement:
    """Hold a plan against another.

    Parameters
    ----------
    plan, truth
        (n,) leads, -1 if left out, or plans.

    Raises
    ------
    ValueError
        If they are not of the same villages.
    """
    own, true = _leads(plan), _leads(truth)
    if own.shape != true.shape:
        raise ValueError(f"plans of {own.size} and {true.size} villages cannot be compared")
    ours, theirs = _parts(own), _parts(true)
    both = np.unique(np.column_stack([ours, theirs]), axis=0, return_counts=True)[1]
    common = _pairs(both)
    in_own, in_true = (
        _pairs(np.unique(ours, return_counts=True)[1]),
        _pairs(np.unique(theirs, return_counts=True)[1]),
    )
    precision = common / in_own if in_own else 1.0
    recall = common / in_true if in_true else 1.0
    f1 = 2.0 * common / (in_own + in_true) if in_own or in_true else 1.0
    placed = (own != UNASSIGNED) & (true != UNASSIGNED)
    leads = set(np.unique(true[true != UNASSIGNED]).tolist())
    found = set(np.unique(own[own != UNASSIGNED]).tolist())
    return Agreement(
        precision=precision,
        recall=recall,
        f1=f1,
        adjusted_rand=_adjusted_rand(common, in_own, in_true, len(own)),
        lead=len(leads & found) / len(leads) if leads else 1.0,
        led_alike=float((own == true)[placed].mean()) if placed.any() else float("nan"),
    )


def _leads(plan: Plan | ArrayLike) -> Ints:
    lead_of = plan.lead_of if isinstance(plan, Plan) else plan
    return np.asarray(lead_of, dtype=np.intp)


def _parts(lead_of: Ints) -> Ints:
    """Return part numbers, a village left out alone in its own."""
    return np.where(lead_of == UNASSIGNED, -1 - np.arange(len(lead_of)), lead_of)


def _pairs(counts: NDArray[np.intp]) -> float:
    sizes = counts.astype(np.float64)
    return float((sizes * (sizes - 1.0) / 2.0).sum())


def _adjusted_rand(common: float, own: float, true: float, n: int) -> float:
    every = n * (n - 1) / 2.0
    if every == 0.0:
        return 1.0
    chance = own * true / every
    most = (own + true) / 2.0
    return 1.0 if most == chance else (common - chance) / (most - chance)

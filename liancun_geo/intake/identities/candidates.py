"""Likely villages for rows whose name nothing matches: ranked, for a person to confirm."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
from rapidfuzz import fuzz, process

from liancun_geo.intake.identities.names import Form, Kind, kinds_meet, markers, township_form
from liancun_geo.intake.identities.register import Register, Towns

_MOST: Final = 3
_LEAST_SCORE: Final = 50.0
_LEAST_SCORE_OF_TOWNSHIP: Final = 60.0


class Candidate(NamedTuple):
    """A village that may be meant, and how alike the names are (0 to 100)."""

    position: int
    score: float


class Stray(NamedTuple):
    """A row without a village: the forms of its name and its townships, if stated."""

    forms: Sequence[Form]
    towns: Towns


def rank_candidates(
    register: Register, strays: Sequence[Stray], free: Iterable[int]
) -> list[list[Candidate]]:
    """Return up to three likely villages for each stray row, the likeliest first.

    Parameters
    ----------
    register
        Villages of the map.
    strays
        Rows without a village.
    free
        Positions of the villages no other row has; only these are proposed.

    Returns
    -------
    list of list of Candidate
        Inside the township only. Names of different kind (大黎村, 大黎社区) and names that
        differ in a direction, a size or a number (东河岔, 西河岔) are never proposed for each
        other.
    """
    ranked: list[list[Candidate]] = [[] for _ in strays]
    places: dict[Towns, list[int]] = {}
    for number, stray in enumerate(strays):
        if stray.forms and (stray.towns or len(register.towns) == 1):
            places.setdefault(stray.towns, []).append(number)
    pool_of: dict[int, list[int]] = {}
    for position in sorted(set(free)):
        if register.forms[position]:
            pool_of.setdefault(register.town_of[position], []).append(position)
    for towns, numbers in places.items():
        pool = [p for town in towns or (0,) for p in pool_of.get(town, ())]
        if not pool:
            continue
        rows = [strays[number].forms[0] for number in numbers]
        scores = likeness(rows, [register.forms[position][0] for position in pool])
        every = np.arange(len(rows))
        # The greatest, three times, is far quicker than an order of all.
        for _ in range(_MOST):
            columns = scores.argmax(axis=1)
            best = scores[every, columns].tolist()
            for number, column, score in zip(numbers, columns.tolist(), best, strict=True):
                if score >= _LEAST_SCORE:
                    ranked[number].append(Candidate(pool[column], round(score, 1)))
            scores[every, columns] = 0
    return ranked


def likeness(rows: Sequence[Form], villages: Sequence[Form]) -> npt.NDArray[np.float32]:
    """Return how alike names are, shape (rows, villages), 0 to 100.

    Normalised indel similarity (``rapidfuzz.fuzz.ratio``) of the cores; 0 for names of different
    kind, and for namesakes that a direction, a size or a number tells apart.
    """
    cores = [[form.core for form in forms] for forms in (rows, villages)]
    scores = process.cdist(*cores, scorer=fuzz.ratio, dtype=np.float32)
    return np.where(_may_meet(rows, villages), scores, np.float32(0))


def likely_townships(register: Register, stated: str, villages: Sequence[str] = ()) -> Towns:
    """Return up to three townships whose name is like this one, or which have these villages.

    Parameters
    ----------
    register
        Villages of the map.
    stated
        The township that is stated.
    villages
        Names of the villages it is stated for: a township that has most of them is likely, even
        if only half of a name of two characters is right.
    """
    core = township_form(stated).core
    scored = []
    for number, town in enumerate(register.towns):
        other = township_form(town.name).core
        if markers(core) != markers(other):
            continue
        score = fuzz.ratio(core, other)
        known = sum(bool(register.named(name, (number,))) for name in villages)
        if len(villages) > 1 and score > 0:
            score = max(score, 100.0 * known / len(villages))
        scored.append((-score, number))
    return tuple(n for score, n in sorted(scored)[:_MOST] if -score >= _LEAST_SCORE_OF_TOWNSHIP)


def _may_meet(rows: Sequence[Form], villages: Sequence[Form]) -> npt.NDArray[np.bool_]:
    numbers: dict[str, int] = {}

    def marked(forms: Sequence[Form]) -> npt.NDArray[np.int64]:
        return np.array([numbers.setdefault(markers(form.core), len(numbers)) for form in forms])

    equal = marked(rows)[:, None] == marked(villages)[None, :]
    kinds: tuple[Kind, ...] = ("village", "residents", "")
    meet = np.array([[kinds_meet(a, b, loosely=True) for b in kinds] for a in kinds])
    first = np.array([kinds.index(form.kind) for form in rows])
    second = np.array([kinds.index(form.kind) for form in villages])
    return np.asarray(equal & meet[first[:, None], second[None, :]])

"""Which village a person means: by code, by name, never by guess."""

from __future__ import annotations

from rapidfuzz import fuzz, process

from liancun_geo.errors import DataError, error
from liancun_geo.intake.identities.names import canonical, village_forms
from liancun_geo.messages import Language, message
from liancun_geo.villages import VillageTable
from liancun_geo.why.wording_sure import Listed

MOST_CHOICES = 8
LIKELY = 60.0
"""Least similarity, of 100, of a name that is offered."""


def find_village(given: str, villages: VillageTable) -> int:
    """Return the position of the village that a code or a name stands for.

    A name is taken exactly, else without its ending (双泉洼, 双泉洼村, 双泉洼村委会), with or
    without its township before it; whatever stands for several villages is asked about.

    Raises
    ------
    DataError
        If no village, or more than one, is called so; the candidates are named.
    """
    frame = villages.frame
    codes = [str(code) for code in frame["code"]]
    names = [str(name) for name in frame["name"]]
    townships = [str(name) for name in frame["township"]]
    wanted = canonical(given)
    if wanted in codes:
        return codes.index(wanted)
    plain = [canonical(name) for name in names]
    full = [canonical(township + name) for township, name in zip(townships, names, strict=True)]
    found = [i for i, name in enumerate(plain) if wanted in (name, full[i])]
    if not found:
        cores = {form.core for form in village_forms(given)}
        found = [
            i for i, name in enumerate(names) if cores & {form.core for form in village_forms(name)}
        ]
    if len(found) == 1:
        return found[0]
    key = "why.village_ambiguous"
    if not found:
        near = process.extract(wanted, plain, scorer=fuzz.ratio, limit=MOST_CHOICES)
        found = [i for _, score, i in near if score >= LIKELY]
        key = "why.village_similar" if found else "why.village_unknown"
    choices = Listed(_Choice(names[i], townships[i], codes[i]) for i in found[:MOST_CHOICES])
    raise DataError([error(key, given=given, villages=choices)])


class _Choice:
    """A village told apart from all others of its name."""

    def __init__(self, name: str, township: str, code: str) -> None:
        self.name, self.township, self.code = name, township, code

    def text(self, language: Language) -> str:
        """Return name, township and code."""
        told = {"name": self.name, "township": self.township, "code": self.code}
        return message("why.village_choice", language, **told)

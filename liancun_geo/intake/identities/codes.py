"""Village codes: what a damaged one still says, and which ones do not fit their place.

A code of the statistics (统计用区划代码) has 12 digits: 6 of the county, 3 of the township, 3 of
the village, of which 001-199 are 居委会 and 200-399 are 村委会.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

import pandas as pd

from liancun_geo.decisions import accepting
from liancun_geo.errors import Fault, Where, warning
from liancun_geo.intake.identities.identity import WhereOf, mostly_official
from liancun_geo.intake.identities.names import village_forms
from liancun_geo.messages import Listing

_OFFICIAL: Final = re.compile(r"\d{12}")
_SCIENTIFIC: Final = re.compile(r"(\d)\.?(\d*)[eE]\+?(\d{1,2})")
_TELLING_DIGITS: Final = 9
_MOST: Final = 3
_USUAL_SHARE: Final = 0.8
_FEWEST: Final = 4
_SHOWN: Final = 5


def likely_by_code(found: str, by_code: Mapping[str, int]) -> list[int]:
    """Return the villages a damaged code may stand for, at most three.

    Parameters
    ----------
    found
        As it stands in the file: ``3.7049910020E+11``, 11 digits, 15 or 19 digits.
    by_code
        Code -> position.
    """
    text = unicodedata.normalize("NFKC", found).strip()
    scientific = _SCIENTIFIC.fullmatch(text)
    if scientific is not None:
        digits = (scientific.group(1) + scientific.group(2)).rstrip("0")
        length = int(scientific.group(3)) + 1
        if len(digits) < _TELLING_DIGITS:
            return []
        # Beyond 12 digits the sheet has cut what follows the code of the village.
        starts = digits[:12]
        fitting = [
            position
            for code, position in by_code.items()
            if code.startswith(starts) and (len(code) == length or length > 12)
        ]
        return fitting if len(fitting) <= _MOST else []
    if not text.isdecimal():
        return []
    tried = [text.zfill(len(text) + lost) for lost in (1, 2)]
    if len(text) > 12:
        tried.append(text[:12])
    return [by_code[code] for code in dict.fromkeys(tried) if code in by_code]


def doubtful_codes(villages: pd.DataFrame, where_of: WhereOf, where: Where) -> list[Fault]:
    """Return a question for each code that does not fit its township or county.

    Parameters
    ----------
    villages
        Table with code, name and township filled, index 0 .. n-1.
    where_of
        Position -> place.
    where
        Place of the layer.

    Returns
    -------
    list of Fault
        A question for each village whose first 9 digits differ from those of its township, for
        each township whose first 6 digits differ from those of the county, and one notice if
        codes of villages are used for residents' committees or the other way round. Nothing
        unless nine in ten codes have 12 digits.
    """
    codes = [str(code) for code in villages["code"]]
    towns = [str(town) for town in villages["township"]]
    official = [i for i, code in enumerate(codes) if _OFFICIAL.fullmatch(code)]
    if not mostly_official(codes) or len(official) < 0.9 * len(codes):
        return []
    members: dict[str, list[int]] = {}
    for position in official:
        members.setdefault(towns[position], []).append(position)
    county = _usual([codes[p][:6] for p in official])
    faults: list[Fault] = []
    for township, positions in members.items():
        usual = _usual([codes[p][:9] for p in positions])
        if usual is None:
            continue
        if county is not None and usual[:6] != county:
            place = Where(file=where.file, township=township)
            params = {"prefix": usual[:6], "usual": county}
            faults.append(_question("names.county_prefix", place, **params))
        for position in positions:
            if codes[position][:9] != usual:
                params = {"prefix": codes[position][:9], "usual": usual}
                faults.append(_question("names.township_prefix", where_of(position), **params))
    names = [str(name) for name in villages["name"]]
    return [*faults, *_kinds([(names[p], codes[p]) for p in official], where)]


def _kinds(villages: Sequence[tuple[str, str]], where: Where) -> list[Fault]:
    """Return a notice of the codes of one kind whose names say the other."""
    odd = []
    for name, code in villages:
        part = int(code[9:])
        kind = "residents" if 1 <= part <= 199 else "village" if 200 <= part <= 399 else ""
        said = village_forms(name)[0].kind
        if kind and said and kind != said:
            odd.append(f"{name} {code}")
    if not odd:
        return []
    examples = Listing(odd[:_SHOWN])
    return [warning("names.kind_against_code", where, count=len(odd), examples=examples)]


def _question(key: str, where: Where, **params: object) -> Fault:
    fault = warning(key, where, **params)
    return fault.proposing(accepting(fault))


def _usual(prefixes: Sequence[str]) -> str | None:
    """Return the prefix that four in five, or all but one, share; None if there is none."""
    if len(prefixes) < _FEWEST:
        return None
    prefix, count = Counter(prefixes).most_common(1)[0]
    usual = count >= min(_USUAL_SHARE * len(prefixes), len(prefixes) - 1)
    return prefix if usual else None

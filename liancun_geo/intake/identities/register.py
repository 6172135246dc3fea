"""The villages of the map as they can be looked up: by code, by township and name, by form."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Final, NamedTuple

import pandas as pd

from liancun_geo.intake.identities.identity import key_of, mostly_official, usual_lengths
from liancun_geo.intake.identities.names import (
    Form,
    canonical,
    same_village,
    township_form,
    village_forms,
)
from liancun_geo.messages import Listing

_PADDED: Final = re.compile(r"(\d{9})0{3,10}")
_LONGEST_TOWNSHIP: Final = 12

Towns = tuple[int, ...]
"""Townships by number; ``()`` where none is stated."""


class Township(NamedTuple):
    """A township of the map; its name is its code where the map has no names."""

    name: str
    codes: frozenset[str]


class Sought(NamedTuple):
    """Which townships a ledger may mean by a name.

    ``how``: ``exact``, ``form`` (another way to write the only one it can be), ``unsure``
    (``towns`` are likely ones), ``unknown``.
    """

    towns: Towns
    how: str


class Register:
    """Villages of the map by everything a ledger may call them.

    Parameters
    ----------
    villages
        Parsed attributes, index 0 .. n-1; not changed.
    """

    def __init__(self, villages: pd.DataFrame) -> None:
        def column(name: str) -> list[str | None]:
            return list(villages[name]) if name in villages else [None] * len(villages)

        self.codes, self.names = column("code"), column("name")
        self.town_names, self.town_codes = column("township"), column("township_code")
        self.by_code = {code: i for i, code in enumerate(self.codes) if code is not None}
        self.lengths = usual_lengths(list(self.by_code))
        self.town_of, self.towns = self._towns()
        self._by_name: dict[str, list[int]] = {}
        self._by_core: dict[str, list[int]] = {}
        for position, name in enumerate(self.names):
            if name is not None:
                self._by_name.setdefault(key_of(name), []).append(position)
                for core in dict.fromkeys(form.core for form in self.forms[position]):
                    self._by_core.setdefault(core, []).append(position)

    def __len__(self) -> int:
        return len(self.codes)

    def reference(self, position: int) -> str:
        """Return what a decision calls a village: its code, or ``township/name``."""
        code = self.codes[position]
        return f"{self.township(position)}/{self.names[position] or ''}" if code is None else code

    @property
    def nameless(self) -> list[int]:
        """Villages with neither code nor name: errors of their own, which nothing can refer to."""
        both = enumerate(zip(self.codes, self.names, strict=True))
        return [position for position, known in both if known == (None, None)]

    def label(self, position: int) -> str | None:
        """Return township and name of a village, to be read beside its code."""
        known = [self.town_names[position], self.names[position]]
        return " ".join(part for part in known if part is not None) or None

    def shown(self, positions: Iterable[int]) -> str:
        """Return villages as a list of names and codes."""
        return Listing(
            reference if label is None or "/" in reference else f"{label} {reference}"
            for reference, label in ((self.reference(p), self.label(p)) for p in positions)
        )

    def township(self, position: int) -> str:
        """Return the name of the township of a village, else its code, else nothing."""
        return self.town_names[position] or self.town_codes[position] or ""

    def referred(self, reference: str) -> int | None:
        """Return the position of the village a decision names, None if there is none."""
        return self._references.get(reference)

    def town_numbers(self, codes: str) -> Towns:
        """Return the townships with this code, of 9 digits or filled up with zeros."""
        return self._towns_by_code.get(_short(codes), ())

    def sought(self, stated: str) -> Sought:
        """Return which townships a stated name means, or may mean."""
        exact = self._towns_by_name.get(key_of(stated))
        if exact:
            return Sought(exact, "exact")
        core, kind = township_form(stated)
        namesakes = self._towns_by_core.get(core, ())
        kinds = {town: township_form(self.towns[town].name).kind for town in namesakes}
        equal = tuple(town for town in namesakes if kinds[town] == kind)
        # 城关 is 城关镇 only if there is no 城关街道, and the other way round.
        fitting = equal or tuple(town for town in namesakes if not (kind and kinds[town]))
        if len(fitting) == 1 and (equal or len(namesakes) == 1):
            return Sought(fitting, "form")
        return Sought(namesakes, "unsure" if namesakes else "unknown")

    def town_before(self, name: str) -> Towns:
        """Return the townships whose full name stands before this one: 城关镇东村."""
        text = canonical(name)
        for length in range(1, min(len(text), _LONGEST_TOWNSHIP)):
            towns = self._towns_by_core.get(text[:length], ())
            if towns and village_forms(text)[0] != village_forms(text, (text[:length],))[0]:
                return towns
        return ()

    def named(self, name: str, towns: Towns) -> list[int]:
        """Return the villages of exactly this name, in these townships if any are given."""
        return self._within(self._by_name.get(key_of(name), []), towns)

    def formed(self, forms: Sequence[Form], towns: Towns, *, loosely: bool = False) -> list[int]:
        """Return the villages whose name may be another form of this one."""
        found = dict.fromkeys(p for form in forms for p in self._by_core.get(form.core, []))
        return [
            position
            for position in self._within(list(found), towns)
            if same_village(self.forms[position], forms, loosely=loosely)
        ]

    @cached_property
    def forms(self) -> list[tuple[Form, ...]]:
        """Return the ways to read the name of each village."""
        return [
            () if name is None else village_forms(name, () if town is None else (town,))
            for name, town in zip(self.names, self.town_names, strict=True)
        ]

    @cached_property
    def members(self) -> list[list[int]]:
        """Return the villages of each township."""
        members: list[list[int]] = [[] for _ in self.towns]
        for position, town in enumerate(self.town_of):
            members[town].append(position)
        return members

    @cached_property
    def has_township_names(self) -> bool:
        """Whether the map names its townships."""
        return any(name is not None for name in self.town_names)

    @cached_property
    def has_township_codes(self) -> bool:
        """Whether the map gives codes of townships, or codes of villages that begin with them."""
        return any(town.codes for town in self.towns)

    def _within(self, positions: list[int], towns: Towns) -> list[int]:
        return [p for p in positions if self.town_of[p] in towns] if towns else positions

    def _towns(self) -> tuple[list[int], list[Township]]:
        """Give each township a number; one name is one township, whatever its codes."""
        numbers: dict[str, int] = {}
        codes: list[set[str]] = []
        town_of = []
        given = [code for code in self.codes if code is not None]
        cut = mostly_official(given) and not any(self.town_codes)
        for name, town_code, code in zip(self.town_names, self.town_codes, self.codes, strict=True):
            key = key_of(name) or key_of(town_code)
            if not key and cut and code is not None:
                key = code[:9]
            number = numbers.setdefault(key, len(numbers))
            if number == len(codes):
                codes.append(set())
            if town_code is not None:
                codes[number].add(_short(town_code))
            elif cut and code is not None:
                codes[number].add(code[:9])
            town_of.append(number)
        return town_of, [
            Township(name, frozenset(known)) for name, known in zip(numbers, codes, strict=True)
        ]

    @cached_property
    def _towns_by_code(self) -> dict[str, Towns]:
        return _listed((code, i) for i, t in enumerate(self.towns) for code in sorted(t.codes))

    @cached_property
    def _towns_by_name(self) -> dict[str, Towns]:
        return _listed((town.name, i) for i, town in enumerate(self.towns) if town.name)

    @cached_property
    def _towns_by_core(self) -> dict[str, Towns]:
        return _listed(
            (township_form(town.name).core, i) for i, town in enumerate(self.towns) if town.name
        )

    @cached_property
    def _references(self) -> dict[str, int]:
        return {self.reference(position): position for position in range(len(self))}


def _short(code: str) -> str:
    padded = _PADDED.fullmatch(key_of(code))
    return key_of(code) if padded is None else padded.group(1)


def _listed(pairs: Iterable[tuple[str, int]]) -> dict[str, Towns]:
    found: dict[str, Towns] = {}
    for key, number in pairs:
        found[key] = (*found.get(key, ()), number)
    return found
